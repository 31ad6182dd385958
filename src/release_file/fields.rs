//! What the fields of a `[[question]]` mean, for the measures that take them.

use serde::{Deserialize, Serialize};

use super::expression::Condition;
use super::keys::{ALIKE, Key, KeyLists};
use super::logs::Logs;
use super::nearest::nearest;
use super::number::{Grid, Steps};
use super::raw::RawQuestion;
use crate::{Error, Result};

/// The most combinations of key values for which a condition is worked out before any log is read.
const MOST_CONDITION_CELLS: u64 = 1_000_000;

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

/// The condition of a share, and the keys that it reads.
pub(super) fn share(
    raw: &RawQuestion,
    lists: &KeyLists,
    logs: &Logs,
) -> Result<(Condition, Vec<Key>)> {
    let text = raw.share.as_deref().unwrap_or_default();
    let question = raw.name.as_str();
    let refuse = |detail: &str| Error::usage(format!("question `{question}`: {detail}"));
    let condition = Condition::parse(text, &format!("question {question}: share"))?;
    if condition.columns().is_empty() {
        return Err(refuse("`share` names no column").help("for example share = \"route = 'sms'\""));
    }
    let mut keys: Vec<Key> = Vec::new();
    for name in condition.columns() {
        keys.push(lists.key(name, question, logs).map_err(|error| {
            match condition.compared_with(name) {
                // A value without its quotes.
                Some(column) => {
                    error.help(format!("write single quotes around a value: {column} = '{name}'"))
                }
                _ => error,
            }
        })?);
    }
    for (column, text) in condition.texts() {
        let key = keys.iter().find(|key| key.name() == column && !key.is_hour());
        let values = key.map_or(&[][..], Key::values);
        if !values.is_empty() && !values.iter().any(|value| value == text) {
            let near = nearest(text, values.iter().map(String::as_str), ALIKE);
            let help = near.map_or_else(
                || format!("its values are {}", values[..values.len().min(8)].join(", ")),
                |near| format!("did you mean '{near}'?"),
            );
            return Err(refuse(&format!("`{column}` has no value '{text}'")).help(help));
        }
    }
    if keys.iter().map(Key::size).fold(1, u64::saturating_mul) > MOST_CONDITION_CELLS {
        return Err(refuse("`share` reads keys with too many combinations")
            .help("name fewer keys in the condition"));
    }
    Ok((condition, keys))
}

/// The key of a column's number.
pub(super) fn number(raw: &RawQuestion, column: &str, steps: Steps, logs: &Logs) -> Result<Key> {
    let question = raw.name.as_str();
    let in_log = logs.column(column);
    if column.is_empty()
        || logs.columns().reads(column).into_iter().any(|read| logs.is_hidden(read))
    {
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

/// Checks the parts of `quantiles` and returns the column that `of` names.
pub(super) fn quantiles<'r>(raw: &'r RawQuestion, at: &[f64]) -> Result<&'r str> {
    let refuse = |detail: &str| Error::usage(format!("question `{}`: {detail}", raw.name));
    let ascending = at.windows(2).all(|pair| pair[0] < pair[1]);
    let inside = at.iter().all(|at| at.is_finite() && *at > 0.0 && *at < 1.0);
    if at.is_empty() || at.len() > 100 || !ascending || !inside {
        return Err(refuse("`quantiles` is not a list of ascending parts")
            .help("for example quantiles = [0.5, 0.95, 0.99]"));
    }
    raw.of
        .as_deref()
        .ok_or_else(|| refuse("`quantiles` needs `of`").help("for example of = \"latency_ms\""))
}

/// What `having` counts, and the fewest of it that a requester needs; one lookup without `having`.
pub(super) fn having(raw: &RawQuestion) -> Result<(Counted, u32)> {
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
