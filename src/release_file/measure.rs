//! What a question measures: its kind, read from the fields of a `[[question]]` and checked.

use serde_json::{Value, json};

use super::expression::Condition;
pub use super::fields::Counted;
use super::fields::{having, number, quantiles, share};
use super::keys::{Key, KeyLists};
use super::logs::Logs;
use super::number::Steps;
use super::prefix::Prefix;
use super::raw::RawQuestion;
use crate::{Error, Result};

/// What a question measures.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// How many lookups.
    Count,
    /// How many different requesters, or how many of those who have enough lookups in the cell.
    DistinctRequesters {
        /// The least number that a requester needs in the cell on the day to count.
        at_least: u32,
        /// What this number counts: lookups, or different targets.
        of: Counted,
    },
    /// Which share of the lookups meets a condition on public keys.
    Share {
        /// The condition.
        condition: Condition,
        /// The keys that it reads, each with its public list.
        keys: Vec<Key>,
    },
    /// The sum of a number over the lookups that have one.
    Sum(Key),
    /// The mean of a number over the lookups that have one.
    Mean(Key),
    /// Quantiles of a number over the lookups that have one.
    Quantiles {
        /// The number, on a grid of bins.
        of: Key,
        /// Which quantiles, ascending, each between 0 and 1.
        at: Vec<f64>,
    },
    /// How many requesters made how many lookups.
    RequesterHistogram,
    /// How many lookups have each prefix that enough requesters share: the keys themselves are
    /// private.
    Prefixes(Prefix),
}

impl Measure {
    /// Checks what a `[[question]]` asks.
    pub(super) fn parse(raw: &RawQuestion, lists: &KeyLists, logs: &Logs) -> Result<Self> {
        parse(raw, lists, logs)
    }

    /// The word in a release file.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Count | Self::Prefixes(_) => "count",
            Self::DistinctRequesters { .. } => "distinct",
            Self::Share { .. } => "share",
            Self::Sum(_) => "sum",
            Self::Mean(_) => "mean",
            Self::Quantiles { .. } => "quantiles",
            Self::RequesterHistogram => "histogram",
        }
    }

    /// The key that holds the row's number, where the question is about one.
    pub const fn number(&self) -> Option<&Key> {
        match self {
            Self::Sum(key) | Self::Mean(key) | Self::Quantiles { of: key, .. } => Some(key),
            _ => None,
        }
    }

    /// The condition of a share, with the keys that it reads.
    pub const fn condition(&self) -> Option<(&Condition, &[Key])> {
        match self {
            Self::Share { condition, keys } => Some((condition, keys.as_slice())),
            _ => None,
        }
    }

    /// The private prefixes by which it counts.
    pub const fn prefix(&self) -> Option<Prefix> {
        match self {
            Self::Prefixes(prefix) => Some(*prefix),
            _ => None,
        }
    }

    /// Whether it is about which targets a requester asks about, and not only how often it asks.
    pub const fn reads_targets(&self) -> bool {
        matches!(self, Self::Prefixes(_) | Self::DistinctRequesters { of: Counted::Targets, .. })
    }

    /// Whether it counts lookups by public keys, or all of them.
    pub const fn is_count(&self) -> bool {
        matches!(self, Self::Count)
    }

    /// Whether it counts requesters and not their lookups.
    pub const fn is_of_requesters(&self) -> bool {
        matches!(self, Self::DistinctRequesters { .. } | Self::RequesterHistogram)
    }

    /// Whether a requester's lookups together decide if it counts somewhere.
    pub const fn has_threshold(&self) -> bool {
        match self {
            Self::DistinctRequesters { at_least, .. } => *at_least > 1,
            _ => matches!(self, Self::RequesterHistogram),
        }
    }

    /// The number that it adds up; `None` if it adds up none.
    pub const fn summed(&self) -> Option<&Key> {
        match self {
            Self::Sum(key) | Self::Mean(key) => Some(key),
            _ => None,
        }
    }

    /// Why its values of several days or cells do not add up; `None` if they do.
    pub const fn why_no_sums(&self) -> Option<&'static str> {
        match self {
            Self::Prefixes(_) => Some("each day finds other keys"),
            Self::DistinctRequesters { .. } => Some(
                "distinct counts do not add up: a requester of two days, or of two rows, would count twice",
            ),
            Self::Quantiles { .. } => Some(
                "quantiles of several days or cells do not follow from those of each: ask for a mean, or, if \
                 a column says which lookups lie below a bound, for their share",
            ),
            Self::Count
            | Self::Sum(_)
            | Self::Share { .. }
            | Self::Mean(_)
            | Self::RequesterHistogram => None,
        }
    }

    /// What the interval of its values is about, and what it allows for beside the noise.
    pub const fn interval_words(&self) -> (&'static str, &'static str) {
        const HEAVY: &str = " and for how far heavy users usually differ from light ones";
        const NUMBERS: &str = ", for how far heavy users usually differ from light ones, and upwards \
                               for what bounding takes from numbers";
        match self {
            Self::Count => ("the number of lookups", HEAVY),
            Self::Prefixes(_) => ("the number of lookups with the prefix", HEAVY),
            Self::DistinctRequesters { .. } => (
                "the number of requesters",
                " and, upwards, for requesters who are in more rows than one of them may count in",
            ),
            Self::RequesterHistogram => {
                ("the number of requesters in the bin", ", and lacks nothing else")
            }
            Self::Share { .. } => ("the share of lookups that meet the condition", HEAVY),
            Self::Sum(_) => {
                ("the sum over all lookups with a number, each moved to the range,", NUMBERS)
            }
            Self::Mean(_) => {
                ("the mean over all lookups with a number, each moved to the range,", NUMBERS)
            }
            Self::Quantiles { .. } => (
                "the quantile over all lookups with a number, each moved to the range,",
                " and for how far heavy users usually differ from light ones, but not for the width of \
                 the 128 bins in which quantiles are found",
            ),
        }
    }

    /// How many rows each combination of `by` has; `None` if they must be found.
    pub const fn rows_per_combination(&self) -> Option<u64> {
        match self {
            Self::Prefixes(_) => None,
            Self::Quantiles { at, .. } => Some(at.len() as u64),
            Self::RequesterHistogram => Some(HISTOGRAM_BINS as u64),
            _ => Some(1),
        }
    }

    /// Checks that it goes with the keys of `by`.
    pub(super) fn require_fit(&self, by: &[Key], question: &str) -> Result<()> {
        let refuse = |detail: &str| Error::usage(format!("question `{question}`: {detail}"));
        let hour = by.iter().find(|key| key.is_hour()).map(Key::name);
        let is_other = |key: &Key| key.is_hour() && hour.is_some_and(|hour| key.name() != hour);
        match self {
            Self::Share { keys, .. } if keys.iter().any(is_other) => {
                Err(refuse("`by` and `share` name two hours").help("name the same hour in both"))
            }
            Self::RequesterHistogram if !by.is_empty() => {
                Err(refuse("a histogram of requesters takes no `by`")
                    .help("each requester is counted once, by all of its lookups of the day"))
            }
            _ => Ok(()),
        }
    }

    /// What it says beyond its word, as far as it changes an answer.
    pub fn details(&self) -> Value {
        match self {
            Self::Count | Self::RequesterHistogram => Value::Null,
            Self::DistinctRequesters { at_least, of: Counted::Lookups } => {
                json!({ "at_least": at_least })
            }
            Self::DistinctRequesters { at_least, of } => json!({ "at_least": at_least, "of": of }),
            Self::Share { condition, .. } => json!({ "condition": condition.text() }),
            Self::Sum(key) | Self::Mean(key) => json!({ "of": key.name() }),
            Self::Quantiles { of, at } => json!({ "of": of.name(), "at": at }),
            Self::Prefixes(prefix) => json!({ "prefix": prefix.name() }),
        }
    }

    /// How many cells each combination of `by` takes at most.
    pub(super) fn cells_per_combination(&self) -> u64 {
        match self {
            Self::Count | Self::DistinctRequesters { .. } | Self::Sum(_) => 1,
            Self::Share { .. } | Self::Mean(_) => 2,
            Self::Quantiles { of, .. } => of.size(),
            Self::RequesterHistogram => HISTOGRAM_BINS as u64,
            // Known only once they are found.
            Self::Prefixes(_) => 0,
        }
    }
}

/// How many bins the histogram of lookups per requester has.
pub const HISTOGRAM_BINS: usize = 21;

/// The least number of lookups in each bin of the histogram of lookups per requester; the last bin
/// has no end.
pub const fn histogram_edges() -> [u32; HISTOGRAM_BINS] {
    [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 2_000, 5_000]
}

fn parse(raw: &RawQuestion, lists: &KeyLists, logs: &Logs) -> Result<Measure> {
    let question = raw.name.as_str();
    let refuse = |detail: String| Error::usage(format!("question `{question}`: {detail}"));
    require_one(raw)?;
    check_belonging(raw)?;
    if raw.keys.as_deref() == Some("private") {
        return Ok(Measure::Prefixes(Prefix::parse(raw, logs)?));
    }
    if let Some(what) = &raw.count {
        return match what.as_str() {
            "lookups" => Ok(Measure::Count),
            _ => {
                Err(refuse(format!("`count` is `{what}`, which it cannot count")).help(match what
                    .as_str()
                {
                    "requester" | "requesters" => "write distinct = \"requester\"",
                    _ => "write count = \"lookups\"",
                }))
            }
        };
    }
    if let Some(what) = &raw.distinct {
        return match what.as_str() {
            "requester" => {
                let (of, at_least) = having(raw)?;
                Ok(Measure::DistinctRequesters { at_least, of })
            }
            _ => Err(refuse(format!("`distinct = \"{what}\"` is not available"))
                .help("write distinct = \"requester\"")),
        };
    }
    if let Some(what) = &raw.histogram {
        return match what.as_str() {
            "lookups per requester" => Ok(Measure::RequesterHistogram),
            _ => Err(refuse(format!("`histogram = \"{what}\"` is not available"))
                .help("write histogram = \"lookups per requester\"")),
        };
    }
    if let Some(column) = &raw.sum {
        return Ok(Measure::Sum(number(raw, column, Steps::Levels, logs)?));
    }
    if let Some(column) = &raw.mean {
        return Ok(Measure::Mean(number(raw, column, Steps::Levels, logs)?));
    }
    if let Some(at) = &raw.quantiles {
        let of = number(raw, quantiles(raw, at)?, Steps::Bins, logs)?;
        return Ok(Measure::Quantiles { of, at: at.clone() });
    }
    let (condition, keys) = share(raw, lists, logs)?;
    Ok(Measure::Share { condition, keys })
}

/// Refuses a question that asks nothing, or two things.
fn require_one(raw: &RawQuestion) -> Result<()> {
    let refuse = |detail: &str| Error::usage(format!("question `{}`: {detail}", raw.name));
    let asked = [
        raw.count.is_some(),
        raw.distinct.is_some(),
        raw.share.is_some(),
        raw.sum.is_some(),
        raw.mean.is_some(),
        raw.quantiles.is_some(),
        raw.histogram.is_some(),
    ];
    match asked.iter().filter(|asked| **asked).count() {
        1 => Ok(()),
        0 => Err(refuse("it asks nothing").help(
            "add count = \"lookups\", distinct = \"requester\", share, sum, mean, quantiles or \
             histogram",
        )),
        _ => Err(refuse("it asks two things at once").help("make two questions of it")),
    }
}

/// Refuses fields that another kind of question takes.
fn check_belonging(raw: &RawQuestion) -> Result<()> {
    let numeric = raw.sum.is_some() || raw.mean.is_some() || raw.quantiles.is_some();
    for (set, belongs, field, kind) in [
        (raw.of.is_some(), raw.quantiles.is_some(), "of", "quantiles"),
        (raw.range.is_some(), numeric, "range", "sum, mean and quantiles"),
        (raw.having.is_some(), raw.distinct.is_some(), "having", "distinct"),
    ] {
        if set && !belongs {
            return Err(Error::usage(format!(
                "question `{}`: `{field}` does not belong to its kind",
                raw.name
            ))
            .help(format!("`{field}` goes with {kind}")));
        }
    }
    match raw.keys.as_deref() {
        None | Some("public" | "private") => Ok(()),
        Some(other) => Err(Error::usage(format!("question `{}`: `keys` is `{other}`", raw.name))
            .help("use \"public\" or \"private\"")),
    }
}
