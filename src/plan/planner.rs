//! Questions → measured tables with their clips and parts of the budget.
//!
//! In: the questions and what the release may spend of a block. Out: the tables that get noise.
//! Counts and shares of lookups are one family: the marginals they need are measured together, with
//! a loosely clipped total beside them, and each question is answered from all of them. Every other
//! question has a table of its own. Nothing is read from logs. Deliberately not here: the noise
//! scale, which `release` finds for each part.

use super::history::History;
use super::lookup_marginals::LookupMarginals;
use super::prefix_tables::prefix_tables;
use super::question_table::own_table;
use super::table::MeasuredTable;
use crate::release_file::ReleaseFile;
use crate::release_file::privacy_loss::NanoRho;
use crate::release_file::question::Question;
use crate::release_file::unit::Unit;
use crate::{Error, Result};

/// Divides what the release may spend of a block whose budget is `budget`; `history` is what an
/// earlier block published about requesters.
///
/// # Privacy
/// The charges add up to at most `budget` times the release's share: every part rounds down.
///
/// # Errors
/// Refused, when the budget is too small for this many questions; usage, for questions over lookups
/// with more axes than can be laid out.
pub fn measured_tables(
    release_file: &ReleaseFile,
    budget: NanoRho,
    history: Option<&History>,
) -> Result<Vec<MeasuredTable>> {
    let lookups = LookupMarginals::new(&release_file.questions)?;
    let share = BudgetShare::of(release_file, budget);
    let mut tables =
        lookups.tables(share.part(lookups.weight()), release_file.ledger.unit, history)?;
    let private = |question: &&Question| question.measure.prefix().is_some();
    let private_weights: u64 =
        release_file.questions.iter().filter(private).map(|question| question.weight).sum();
    let key_delta =
        release_file.ledger.key_delta.part(release_file.budget_share_millionths, 1_000_000);
    for question in &release_file.questions {
        if let Some(prefix) = question.measure.prefix() {
            let charge = share.part(question.weight);
            let key_delta = key_delta.part(question.weight, private_weights);
            tables.extend(prefix_tables(question, prefix, charge, key_delta)?);
        } else {
            tables.extend(own_table(question, share.part(question.weight)));
        }
    }
    if release_file.ledger.unit == Unit::PersonDay {
        for table in &mut tables {
            let is_own = |question: &&Question| table.role.question() == Some(&question.name);
            let question = release_file.questions.iter().find(is_own);
            let asked = question.and_then(|question| question.target_clip);
            table.target_clip = Some(table.target_clip.or(asked).unwrap_or(table.clip));
        }
    }
    match tables.iter().find(|table| table.charge == NanoRho::ZERO) {
        None => Ok(tables),
        Some(table) => Err(Error::refused(format!(
            "the measured table `{}` would get no part of the budget",
            table.name
        ))
        .help("raise `[privacy] budget_share` or a question's `weight`, or ask fewer")),
    }
}

/// What a release may spend of a block, divided by the weights of its questions.
struct BudgetShare {
    rho: NanoRho,
    weight: u64,
}

impl BudgetShare {
    fn of(release_file: &ReleaseFile, budget: NanoRho) -> Self {
        Self {
            rho: budget.part(release_file.budget_share_millionths, 1_000_000),
            weight: release_file.questions.iter().map(|question| question.weight).sum(),
        }
    }

    /// The part of a question, or of several.
    fn part(&self, weight: u64) -> NanoRho {
        self.rho.part(weight, self.weight)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::plan::kinds::{Contribution, Presence};
    use crate::release_file::lattice::Clip;
    use crate::release_file::measure::Counted;

    fn release(questions: usize, share: f64, weights: &[f64]) -> ReleaseFile {
        use std::fmt::Write;
        let mut text = format!(
            "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
             delta = 1e-6\n[privacy]\nbudget_share = {share}\n"
        );
        for number in 0..questions {
            let weight = weights[number % weights.len()];
            let kind = match number % 5 {
                0 => "count = \"lookups\"\nby = [\"hour\"]",
                1 => "distinct = \"requester\"",
                2 => "share = \"route = 'sms'\"",
                3 => "mean = \"latency_ms\"\nrange = [1, 1000]",
                _ => "count = \"lookups\"\nby = [\"route\"]",
            };
            write!(text, "[[question]]\nname = \"q{number}\"\n{kind}\nweight = {weight:.3}\n")
                .unwrap();
        }
        ReleaseFile::parse(&text, "r.toml", Path::new(".")).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_parts_never_exceed_the_share(
            questions in 1_usize..50,
            share in prop_oneof![Just(1.0), 0.01_f64..1.0],
            weights in prop::collection::vec(0.01_f64..10.0, 1..8),
            budget in 1_000_000_u64..1_000_000_000,
        ) {
            let release_file = release(questions, share, &weights);
            let tables = measured_tables(&release_file, NanoRho::new(budget), None).unwrap();
            let spent: u64 = tables.iter().map(|table| table.charge.nano()).sum();
            prop_assert!(spent as f64 <= budget as f64 * share);
            prop_assert!(spent + questions as u64 + 10 >= (budget as f64 * share * 0.999_99) as u64 - budget / 500_000);
        }
    }

    #[test]
    fn a_budget_too_small_to_divide_is_refused_by_name() {
        let error = measured_tables(&release(3, 1.0, &[1.0]), NanoRho::new(2), None).unwrap_err();
        assert_eq!(error.kind(), crate::Kind::Refused);
        assert!(error.to_string().contains("measured table `"), "{error}");
    }

    #[test]
    fn tables_frozen_with_fields_that_are_gone_are_read() {
        let tables = measured_tables(&release(2, 1.0, &[1.0]), NanoRho::new(1_000_000), None);
        for table in tables.unwrap() {
            let mut frozen = serde_json::to_value(&table).unwrap();
            frozen["over_window"] = false.into();
            assert_eq!(serde_json::from_value::<MeasuredTable>(frozen).unwrap(), table);
        }
    }

    #[test]
    fn clips_are_constants_or_the_release_files() {
        let tables =
            measured_tables(&release(4, 1.0, &[1.0]), NanoRho::new(1_000_000), None).unwrap();
        let of = |name: &str| tables.iter().find(|table| table.name == name).unwrap();
        assert_eq!(of("q1").clip, Clip::whole(1));
        assert_eq!(
            of("q1").contribution,
            Contribution::Presence(Presence { at_least: 1, of: Counted::Lookups })
        );
        assert!((of("q3").clip.contributions() - 14.143).abs() < 1e-3);
    }
}
