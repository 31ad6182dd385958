//! What a question measures: its kind, read from the fields of a `[[question]]` and checked.

use serde::{Deserialize, Serialize};

use super::expression::Condition;
use super::keys::{Key, KeyLists};
use super::logs::{Logs, PROTECTED};
use super::number::{Grid, Steps};
use super::prefix::Prefix;
use super::raw::RawQuestion;
use crate::{Error, Result};

/// How many combinations of key values a condition is worked out for before any log is read.
const MOST_CONDITION_CELLS: u64 = 1_000_000;

/// What a question measures.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// How many lookups.
    Count,
    /// How many different requesters, or how many of those who have enough lookups in the cell.
    DistinctRequesters {
        /// The fewest of the day in the cell that make a requester count.
        at_least: u32,
        /// Of what.
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

/// What a requester must have enough of to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counted {
    /// Lookups.
    #[default]
    Lookups,
    /// Different targets, however often each was looked up.
    Targets,
}

impl Measure {
    /// Checks what a `[[question]]` asks.
    ///
    /// # Errors
    /// Usage, naming the question and the field.
    pub(super) fn parse(raw: &RawQuestion, lists: &KeyLists, logs: &Logs) -> Result<Self> {
        parse(raw, lists, logs)
    }

    /// The word in a release file.
    #[must_use]
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
    #[must_use]
    pub const fn number(&self) -> Option<&Key> {
        match self {
            Self::Sum(key) | Self::Mean(key) | Self::Quantiles { of: key, .. } => Some(key),
            _ => None,
        }
    }

    /// Whether it asks which target a lookup was about.
    #[must_use]
    pub const fn tells_targets_apart(&self) -> bool {
        matches!(self, Self::DistinctRequesters { of: Counted::Targets, .. } | Self::Prefixes(_))
    }

    /// How many cells each combination of `by` takes at most.
    pub(super) fn cells_per_combination(&self) -> u64 {
        match self {
            Self::Count | Self::DistinctRequesters { .. } | Self::Sum(_) => 1,
            Self::Share { .. } | Self::Mean(_) => 2,
            Self::Quantiles { of, .. } => of.size() - 1,
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
#[must_use]
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
            _ => Err(refuse(format!("`count` is `{what}`")).help("write count = \"lookups\"")),
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
        return quantiles(raw, at, logs);
    }
    share(raw, raw.share.as_deref().unwrap_or_default(), lists, logs)
}

fn quantiles(raw: &RawQuestion, at: &[f64], logs: &Logs) -> Result<Measure> {
    let refuse = |detail: &str| Error::usage(format!("question `{}`: {detail}", raw.name));
    let ascending = at.windows(2).all(|pair| pair[0] < pair[1]);
    let inside = at.iter().all(|at| at.is_finite() && *at > 0.0 && *at < 1.0);
    if at.is_empty() || at.len() > 100 || !ascending || !inside {
        return Err(refuse("`quantiles` is not a list of ascending parts")
            .help("for example quantiles = [0.5, 0.95, 0.99]"));
    }
    let column = raw
        .of
        .as_deref()
        .ok_or_else(|| refuse("`quantiles` needs `of`").help("for example of = \"latency_ms\""))?;
    Ok(Measure::Quantiles { of: number(raw, column, Steps::Bins, logs)?, at: at.to_vec() })
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

fn share(raw: &RawQuestion, text: &str, lists: &KeyLists, logs: &Logs) -> Result<Measure> {
    let question = raw.name.as_str();
    let refuse = |detail: &str| Error::usage(format!("question `{question}`: {detail}"));
    let condition = Condition::parse(text, &format!("question {question}: share"))?;
    if condition.columns().is_empty() {
        return Err(refuse("`share` names no column").help("for example share = \"route = 'sms'\""));
    }
    let keys = condition
        .columns()
        .into_iter()
        .map(|name| lists.key(name, question, logs))
        .collect::<Result<Vec<_>>>()?;
    if keys.iter().map(Key::size).fold(1, u64::saturating_mul) > MOST_CONDITION_CELLS {
        return Err(refuse("`share` reads keys with too many combinations")
            .help("name fewer keys in the condition"));
    }
    Ok(Measure::Share { condition, keys })
}

/// The key of a column's number.
fn number(raw: &RawQuestion, column: &str, steps: Steps, logs: &Logs) -> Result<Key> {
    let question = raw.name.as_str();
    let in_log = logs.column(column);
    let hidden = PROTECTED.iter().chain(&["requested_at"]);
    if column.is_empty() || hidden.clone().any(|name| logs.column(name) == in_log) {
        return Err(Error::usage(format!(
            "question `{question}`: `{column}` may not be published as a number"
        ))
        .help("name a column such as latency_ms; who asked, about whom and when are protected"));
    }
    let is_signed = column != "latency_ms";
    let grid = Grid::new(in_log, raw.range.as_deref(), is_signed, steps, question)?;
    let (low, high) = grid.range();
    let word = if steps == Steps::Bins { "bins" } else { "levels" };
    Ok(Key::number(format!("{column} in {word} of [{low}, {high}]"), grid))
}

/// What `having` names and from how many on; one lookup without it.
fn having(raw: &RawQuestion) -> Result<(Counted, u32)> {
    let Some(text) = &raw.having else { return Ok((Counted::Lookups, 1)) };
    let parsed = [("lookups", Counted::Lookups), ("targets", Counted::Targets)]
        .into_iter()
        .find_map(|(word, counted)| Some((counted, text.strip_prefix(word)?.trim_start())))
        .and_then(|(counted, rest)| {
            let least = rest.strip_prefix(">=")?.trim().parse::<u32>().ok()?;
            (least >= 1).then_some((counted, least))
        });
    parsed.ok_or_else(|| {
        Error::usage(format!("question `{}`: `having = \"{text}\"` is not available", raw.name))
            .help("write having = \"lookups >= 100\" or \"targets >= 50\"")
    })
}

/// Refuses fields that another kind of question takes.
fn check_belonging(raw: &RawQuestion) -> Result<()> {
    let numeric = raw.sum.is_some() || raw.mean.is_some() || raw.quantiles.is_some();
    for (set, belongs, field, kind) in [
        (raw.of.is_some(), raw.quantiles.is_some(), "of", "quantiles"),
        (raw.range.is_some(), numeric, "range", "sum, mean and quantiles"),
        (raw.having.is_some(), raw.distinct.is_some(), "having", "distinct"),
        (
            raw.clip.is_some(),
            raw.histogram.is_none(),
            "clip",
            "every kind but a histogram of requesters, each of whom counts once",
        ),
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
