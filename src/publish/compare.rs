//! Two published files of one question → the difference and the ratio of each row that both have.
//!
//! Only published values are read. Intervals are combined by the method of variance estimates recovery
//! (docs/mechanisms.md, section 13), which needs the two values and the ends of their intervals. Where
//! several rows are compared, intervals are widened so that all of them hold at once as often as one
//! of them would alone.

mod interval;
mod side;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::release::{Z_95, normal_quantile};
use crate::release_file::keys::OTHER;
use crate::{Error, Result};
pub use interval::Range;
use interval::{Measured, difference, ratio};
use side::Side;

/// How two files of a question differ.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// The question.
    pub question: String,
    /// `day`, `week` or `month`.
    pub grain: &'static str,
    /// The periods, in the order in which the command names them.
    pub periods: [String; 2],
    /// The time zone of days.
    pub time_zone: String,
    /// Whether values are those of an average day, because the periods have different numbers of days.
    pub per_day: bool,
    /// The keys of its rows, in their order.
    pub keys: Vec<String>,
    /// How much wider intervals are than those of one row alone.
    pub widened: f64,
    /// Whether no full count is below zero, as noise may be.
    #[serde(skip)]
    pub never_negative: bool,
    /// The rows that both files have, in the order of the second.
    pub rows: Vec<Row>,
    /// How many rows only one of the files has.
    pub in_one_alone: usize,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// How one row differs.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The values of the keys, by name.
    pub keys: Map<String, Value>,
    /// The two values.
    pub values: [f64; 2],
    /// The second value less the first, with an interval for all rows at once.
    pub difference: Range,
    /// The same difference with the interval of this row alone, for readers who chose the row
    /// beforehand.
    pub difference_alone: Range,
    /// The second value divided by the first, with an interval for all rows at once; `None` if the
    /// first may be zero or values may be negative.
    pub ratio: Option<Range>,
    /// Whether the difference is real.
    pub real: Real,
}

/// Whether a difference is real: whether its interval lies on one side of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Real {
    /// The second value is higher.
    Higher,
    /// The second value is lower.
    Lower,
    /// The interval holds zero.
    NotShown,
}

impl Real {
    fn of(difference: Range) -> Self {
        match difference {
            Range { low: Some(low), .. } if low > 0.0 => Self::Higher,
            Range { high: Some(high), .. } if high < 0.0 => Self::Lower,
            Range { .. } => Self::NotShown,
        }
    }
}

/// Compares two days, weeks or months of a question in an output folder.
///
/// # Errors
/// Usage, for a text that is no period and for a file that is not there; refused, for values whose
/// difference has no right interval; input, for a file that was not published by this program.
pub fn compare(out: &Path, question: &str, periods: [&str; 2]) -> Result<Comparison> {
    let [first, second] = periods;
    let grain = side::grain_of(first)?;
    if side::grain_of(second)? != grain {
        return Err(Error::usage(format!("{first} and {second} are not of one kind"))
            .help("compare two days, two weeks or two months"));
    }
    if first == second {
        return Err(Error::usage(format!("{first} is compared with itself"))
            .help("name two different periods"));
    }
    let [before, after] =
        [Side::read(out, question, grain, first)?, Side::read(out, question, grain, second)?];
    before.require_alike(&after)?;
    let per_day = before.days() != after.days() && after.adds_up();
    let Pairs { pairs, in_one_alone } = pairs(&before, &after, per_day)?;
    if pairs.is_empty() {
        let what = format!("{first} and {second} of `{question}` have no row in common");
        return Err(Error::refused(what).help(
            "the hours of different weekdays, for example, are different rows: compare the same weekday",
        ));
    }
    let widened = normal_quantile(0.025 / pairs.len() as f64) / Z_95;
    let is_signed = after.is_signed();
    let row = |(before, after, keys): (Measured, Measured, Map<String, Value>)| {
        let wide = [before.widened(widened), after.widened(widened)];
        let at_once = difference(wide);
        Row {
            keys,
            values: [before.value, after.value],
            difference: at_once,
            difference_alone: difference([before, after]),
            ratio: if is_signed { None } else { ratio(wide) },
            real: Real::of(at_once),
        }
    };
    Ok(Comparison {
        question: question.to_owned(),
        grain: grain.word(),
        periods: periods.map(str::to_owned),
        time_zone: after.fact("time_zone"),
        per_day,
        keys: after.key_names(),
        widened,
        never_negative: !is_signed,
        rows: pairs.into_iter().map(row).collect(),
        in_one_alone,
        warnings: before.warnings(&after),
    })
}

/// The rows that both files have, and how many only one has.
struct Pairs {
    pairs: Vec<(Measured, Measured, Map<String, Value>)>,
    in_one_alone: usize,
}

fn pairs(before: &Side, after: &Side, per_day: bool) -> Result<Pairs> {
    let scaled = |side: &Side| side.rows(if per_day { side.days() } else { 1 });
    let name = |keys: &Map<String, Value>| json!(keys).to_string();
    let later = scaled(after)?;
    let mut known: BTreeMap<String, Measured> =
        scaled(before)?.into_iter().map(|(keys, value)| (name(&keys), value)).collect();
    let all = known.len();
    let mut pairs = Vec::new();
    for (keys, value) in &later {
        if let Some(before) = known.remove(&name(keys)) {
            pairs.push((before, *value, keys.clone()));
        }
    }
    let in_one_alone = all + later.len() - 2 * pairs.len();
    // Values that a file does not list are in its rows `other`, so these count different things.
    if !before.has_the_rows_of(after) {
        pairs.retain(|(_, _, keys)| keys.values().all(|value| value != OTHER));
    }
    Ok(Pairs { pairs, in_one_alone })
}
