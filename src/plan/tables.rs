//! Questions → measured tables with their clips and parts of the budget.
//!
//! In: the questions and what the release may spend of a block. Out: the tables that get noise.
//! Counts and shares of lookups are one family: the marginals they need are measured together, with
//! a loosely clipped total beside them, and each question is answered from all of them. Every other
//! question has a table of its own. Nothing is read from logs. Deliberately not here: the noise
//! scale, which `release` finds for each part.

use serde::{Deserialize, Serialize};

use super::family::Lookups;
use super::history::History;
use super::layers::Layering;
use super::private_keys;
use crate::release_file::ReleaseFile;
use crate::release_file::lattice::Clip;
use crate::release_file::measure::{Counted, Measure};
use crate::release_file::prefix::Prefix;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::question::Question;
use crate::release_file::unit::Unit;
use crate::{Error, Result};

/// The clip of distinct requesters over several cells: touching up to four keeps full weight.
const DISTINCT_CLIP: Clip = Clip::whole(2);
/// The clip of sums and means, in lookups, when the release file sets none.
const NUMBER_CLIP: Clip = Clip::whole(10);

/// An axis of a measured table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// The values of a key.
    Key(String),
    /// Whether the condition of this question is met.
    Condition(String),
}

impl Axis {
    /// Whether it is the hour of the day.
    #[must_use]
    pub fn is_hour(&self) -> bool {
        matches!(self, Self::Key(name) if name == "hour")
    }
}

/// What one requester adds to a cell before scaling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contribution {
    /// The number of lookups in it.
    Lookups,
    /// The number of all its lookups up to a bound, divided over layers of equal width.
    Layers {
        /// How many; a square.
        count: u32,
    },
    /// One, where there are enough lookups in it.
    Presence {
        /// The fewest that make the requester count.
        at_least: u32,
        /// Of what.
        #[serde(default)]
        of: Counted,
    },
    /// The sum of a number, as a part of the range's largest absolute value.
    Sum {
        /// The key of the number.
        number: String,
    },
    /// The sum of a number, from -1 to 1 over its range, and beside it how many lookups have one.
    Mean {
        /// The key of the number.
        number: String,
    },
    /// One, in the bin of the number of all its lookups.
    Histogram,
    /// A vector of length one, spread evenly over its prefixes that were not found before.
    KeyWeights {
        /// Which prefixes.
        prefix: Prefix,
    },
    /// The number of lookups with each prefix that was found.
    KeyCounts {
        /// Which prefixes.
        prefix: Prefix,
    },
}

impl Contribution {
    /// One word for metadata.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Lookups => "lookups",
            Self::Layers { .. } => "lookups in layers",
            Self::Presence { .. } => "presence",
            Self::Sum { .. } => "sum",
            Self::Mean { .. } => "sum and count",
            Self::Histogram => "bin",
            Self::KeyWeights { .. } => "weights of keys",
            Self::KeyCounts { .. } => "lookups by found keys",
        }
    }

    /// Whether it counts lookups by public keys, or all of them.
    #[must_use]
    pub const fn is_of_lookups(&self) -> bool {
        matches!(self, Self::Lookups | Self::Layers { .. })
    }

    /// Whether its cells are known only once keys were found: it is tallied after them.
    #[must_use]
    pub const fn is_of_private_keys(&self) -> bool {
        matches!(self, Self::KeyWeights { .. } | Self::KeyCounts { .. })
    }
}

/// A table that gets noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredTable {
    /// Its name in metadata and plans.
    pub name: String,
    /// Its axes; the last changes fastest.
    pub axes: Vec<Axis>,
    /// What a requester adds to a cell.
    pub contribution: Contribution,
    /// The bound on one requester-day's L2 norm, in units of 2^-16.
    pub clip: Clip,
    /// The bound on what is asked about one target, where persons are the unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_clip: Option<Clip>,
    /// The most that drawing it may charge, in billionths of rho.
    pub charge: NanoRho,
    /// The delta that it spends on keys that only one requester has.
    #[serde(default)]
    pub key_delta: AttoDelta,
}

impl MeasuredTable {
    /// How a requester's lookups are divided; none where they are not.
    #[must_use]
    pub const fn layering(&self) -> Option<Layering> {
        match self.contribution {
            Contribution::Layers { count } => Some(Layering::of(count, self.clip)),
            _ => None,
        }
    }

    /// The clip as a release file sets it: of a total in layers, how many lookups of a requester count.
    #[must_use]
    pub fn asked_clip(&self) -> Clip {
        self.layering().map_or(self.clip, Layering::most)
    }

    /// How far one unit can move the table, in L2.
    #[must_use]
    pub fn sensitivity(&self) -> Clip {
        let target = self.target_clip.map_or(0, Clip::units);
        Clip::lattice(self.clip.units().saturating_add(target))
    }
}

/// Divides what the release may spend of a block whose budget is `budget`; `history` is what an
/// earlier block published about requesters.
///
/// # Privacy
/// The charges add up to at most `budget` times the release's share: every part rounds down.
///
/// # Errors
/// Refused, when the budget is too small for so many questions; usage, for questions over lookups
/// with more axes than can be laid out.
pub fn measured_tables(
    release_file: &ReleaseFile,
    budget: NanoRho,
    history: Option<&History>,
) -> Result<Vec<MeasuredTable>> {
    let lookups = Lookups::new(&release_file.questions)?;
    let share = BudgetShare::of(release_file, budget);
    let mut tables =
        lookups.tables(share.part(lookups.weight()), release_file.ledger.unit, history)?;
    let private = |question: &&Question| matches!(question.measure, Measure::Prefixes(_));
    let private_weights: u64 =
        release_file.questions.iter().filter(private).map(|question| question.weight).sum();
    let key_delta =
        release_file.ledger.key_delta.part(release_file.budget_share_millionths, 1_000_000);
    for question in &release_file.questions {
        if let Measure::Prefixes(prefix) = question.measure {
            let charge = share.part(question.weight);
            let key_delta = key_delta.part(question.weight, private_weights);
            tables.extend(private_keys::tables(question, prefix, charge, key_delta)?);
        } else if let Some((contribution, axes)) = own_table(question) {
            tables.push(MeasuredTable {
                name: question.name.clone(),
                axes,
                clip: clip_of(question, &contribution),
                contribution,
                target_clip: None,
                charge: share.part(question.weight),
                key_delta: AttoDelta::ZERO,
            });
        }
    }
    if release_file.ledger.unit == Unit::PersonDay {
        for table in &mut tables {
            let question =
                release_file.questions.iter().find(|question| question.name == table.name);
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

/// The table of a question that is not of the family of lookups.
fn own_table(question: &Question) -> Option<(Contribution, Vec<Axis>)> {
    let by = super::family::axes_of(question);
    Some(match &question.measure {
        Measure::Count | Measure::Share { .. } | Measure::Prefixes(_) => return None,
        Measure::DistinctRequesters { at_least, of } => {
            (Contribution::Presence { at_least: *at_least, of: *of }, by)
        }
        Measure::Sum(number) => (Contribution::Sum { number: number.name().to_owned() }, by),
        Measure::Mean(number) => (Contribution::Mean { number: number.name().to_owned() }, by),
        Measure::Quantiles { of, .. } => {
            let mut axes = by;
            axes.push(Axis::Key(of.name().to_owned()));
            (Contribution::Lookups, axes)
        }
        Measure::RequesterHistogram => (Contribution::Histogram, by),
    })
}

/// The clip of the release file, or a constant; never more than a vector of that kind can need.
pub(super) fn clip_of(question: &Question, contribution: &Contribution) -> Clip {
    match contribution {
        Contribution::Histogram | Contribution::KeyWeights { .. } => Clip::whole(1),
        // In a single cell a requester is there or not: its norm is at most one.
        Contribution::Presence { .. } if question.by.is_empty() => Clip::whole(1),
        Contribution::Presence { .. } => question.clip.unwrap_or(DISTINCT_CLIP),
        Contribution::Lookups
        | Contribution::Layers { .. }
        | Contribution::Sum { .. }
        | Contribution::KeyCounts { .. } => question.clip.unwrap_or(NUMBER_CLIP),
        // Sum and count lie side by side: the vector is up to sqrt(2) longer than the lookups.
        Contribution::Mean { .. } => {
            let lookups = question.clip.unwrap_or(NUMBER_CLIP).units();
            Clip::lattice(lookups + lookups * 4_143 / 10_000)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

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
            Contribution::Presence { at_least: 1, of: Counted::Lookups }
        );
        assert!((of("q3").clip.contributions() - 14.143).abs() < 1e-3);
    }
}
