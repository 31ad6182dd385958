//! Questions → measured tables with their clips and parts of the budget.
//!
//! In: the questions and what the release may spend of a block. Out: one measured table for each
//! question, its clip and the most it may charge. Weights decide the parts; nothing is read from
//! logs. Deliberately not here: the noise scale, which `release` finds for each part.

use serde::{Deserialize, Serialize};

use crate::spec::Release;
use crate::spec::privacy_loss::NanoRho;
use crate::spec::question::{Clip, Measure, Question};
use crate::{Error, Result};

/// The clip of counts when the release file sets none: 97 to 99 of 100 requester-days lie below.
const COUNT_CLIP: Clip = Clip::whole(10);
/// The clip of distinct requesters over several cells: touching up to four keeps full weight.
const DISTINCT_CLIP: Clip = Clip::whole(2);

/// What one requester adds to a cell before scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contribution {
    /// The number of lookups in it.
    Lookups,
    /// One, however many lookups.
    Presence,
}

/// A table that gets noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredTable {
    /// The question it answers.
    pub question: String,
    /// What a requester adds to a cell.
    pub contribution: Contribution,
    /// The bound on one requester-day's L2 norm, in units of 2^-16.
    pub clip: Clip,
    /// The most that drawing it may charge, in billionths of rho.
    pub charge: NanoRho,
}

/// Divides what the release may spend of a block whose budget is `budget`.
///
/// # Privacy
/// The charges add up to at most `budget` times the release's share: every part rounds down.
///
/// # Errors
/// Refused, when the budget is too small for so many questions.
pub fn measured_tables(release: &Release, budget: NanoRho) -> Result<Vec<MeasuredTable>> {
    let allowed = budget.part(release.budget_share_millionths, 1_000_000);
    let weights: u64 = release.questions.iter().map(|question| question.weight).sum();
    release
        .questions
        .iter()
        .map(|question| {
            let charge = allowed.part(question.weight, weights);
            if charge == NanoRho::ZERO {
                return Err(Error::refused(format!(
                    "question `{}` would get no part of the budget",
                    question.name
                ))
                .help("raise `[privacy] budget_share` or the question's `weight`, or ask fewer"));
            }
            let contribution = match question.measure {
                Measure::Count | Measure::Share { .. } => Contribution::Lookups,
                Measure::DistinctRequesters => Contribution::Presence,
            };
            let clip = clip_of(question);
            Ok(MeasuredTable { question: question.name.clone(), contribution, clip, charge })
        })
        .collect()
}

/// The clip of the release file, or a constant; never more than a vector of that kind can need.
fn clip_of(question: &Question) -> Clip {
    match question.measure {
        Measure::Count | Measure::Share { .. } => question.clip.unwrap_or(COUNT_CLIP),
        // In a single cell a requester is there or not: its norm is at most one.
        Measure::DistinctRequesters if question.by.is_empty() => Clip::whole(1),
        Measure::DistinctRequesters => question.clip.unwrap_or(DISTINCT_CLIP),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn release(questions: usize, share: f64, weights: &[f64]) -> Release {
        use std::fmt::Write;
        let mut text = format!(
            "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
             delta = 1e-6\n[privacy]\nbudget_share = {share}\n"
        );
        for number in 0..questions {
            let weight = weights[number % weights.len()];
            let kind =
                if number % 2 == 0 { "count = \"lookups\"" } else { "distinct = \"requester\"" };
            write!(text, "[[question]]\nname = \"q{number}\"\n{kind}\nweight = {weight:.3}\n")
                .unwrap();
        }
        Release::parse(&text, "r.toml", Path::new(".")).unwrap()
    }

    proptest! {
        #[test]
        fn the_parts_never_exceed_the_share(
            questions in 1_usize..50,
            share in prop_oneof![Just(1.0), 0.01_f64..1.0],
            weights in prop::collection::vec(0.01_f64..10.0, 1..8),
            budget in 1_000_000_u64..1_000_000_000,
        ) {
            let release = release(questions, share, &weights);
            let tables = measured_tables(&release, NanoRho::new(budget)).unwrap();
            let spent: u64 = tables.iter().map(|table| table.charge.nano()).sum();
            prop_assert!(spent as f64 <= budget as f64 * share);
            prop_assert!(spent + questions as u64 + 1 >= (budget as f64 * share * 0.999_99) as u64 - budget / 500_000);
        }
    }

    #[test]
    fn a_budget_too_small_to_divide_is_refused_by_name() {
        let error = measured_tables(&release(3, 1.0, &[1.0]), NanoRho::new(2)).unwrap_err();
        assert_eq!(error.kind(), crate::Kind::Refused);
        assert!(error.to_string().contains("`q0`"), "{error}");
    }

    #[test]
    fn clips_are_constants_or_the_release_files() {
        let tables = measured_tables(&release(2, 1.0, &[1.0]), NanoRho::new(1_000)).unwrap();
        assert_eq!(tables[0].clip, Clip::whole(10));
        assert_eq!(tables[1].clip, Clip::whole(1));
        assert_eq!(tables[1].contribution, Contribution::Presence);
    }
}
