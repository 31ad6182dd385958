//! One of two published files that are compared: where it is, what it says of itself, its rows.

use std::path::{Path, PathBuf};

use arrow_array::ArrayRef;
use arrow_cast::display::array_value_to_string;
use arrow_schema::DataType;
use serde_json::{Map, Value};

use super::super::checked::Checked;
use super::super::read::{Published, name_a_question};
use super::super::rollup::Period;
use super::super::table::FINGERPRINT;
use super::interval::Measured;
use crate::release_file::day::Day;
use crate::release_file::keys::OTHER;
use crate::{Error, Result};

/// What the text of a period names: a day, a week (`2026-W10`) or a month (`2026-03`).
///
/// # Errors
/// Usage, for a text that names none.
pub(super) fn grain_of(text: &str) -> Result<Period> {
    let number = |text: &str, digits: usize, most: u32| {
        text.len() == digits
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse().is_ok_and(|number: u32| (1..=most).contains(&number))
    };
    let is_year = |year: &str| number(year, 4, 9_999);
    match text.split_once('-') {
        Some((year, rest)) if is_year(year) && number(rest, 2, 12) => Ok(Period::Month),
        Some((year, rest))
            if is_year(year) && rest.strip_prefix('W').is_some_and(|week| number(week, 2, 53)) =>
        {
            Ok(Period::Week)
        }
        _ if text.parse::<Day>().is_ok() => Ok(Period::Day),
        _ => Err(Error::usage(format!("`{text}` is no day, week or month"))
            .help("write a day as 2026-03-02, a week as 2026-W10, a month as 2026-03")),
    }
}

/// A published file.
pub(super) struct Side {
    path: PathBuf,
    table: Published,
    /// What a reader must know of where it comes from.
    warning: Option<String>,
}

impl Side {
    /// Finds the file of a question and period: of a day, or of the sums that `rollup` made.
    pub(super) fn read(out: &Path, question: &str, grain: Period, period: &str) -> Result<Self> {
        let word = grain.word();
        let path = |folder: &str| format!("{folder}/{word}={period}/part-0.parquet");
        let paths = [path(question), path(&format!("{question}_by_{word}"))];
        let Some(path) = paths.iter().find(|path| out.join(path).exists()) else {
            let expected = &paths[usize::from(grain != Period::Day)];
            return Err(missing(out, question, grain, &out.join(expected)));
        };
        let checked = Checked::read(out, path, period)?;
        let path = out.join(path);
        Ok(Self { warning: checked.warning(&path), path, table: checked.table })
    }

    pub(super) fn fact(&self, name: &str) -> String {
        self.table.facts[name].as_str().unwrap_or_default().to_owned()
    }

    /// Refuses two files whose values have no right difference.
    pub(super) fn require_alike(&self, other: &Self) -> Result<()> {
        let question = self.fact("question");
        let refuse = |why: &str| Error::refused(format!("`{question}` cannot be compared: {why}"));
        for side in [self, other] {
            if side.table.facts["interval"].is_null() {
                return Err(refuse("intervals of an earlier version are not about a full count")
                    .help(format!("{} is such a file", side.path.display())));
            }
        }
        if self.fact("asks") == "quantiles" {
            return Err(refuse(
                "quantiles are found in bins whose width is not in their intervals",
            )
            .help("ask for a mean, or, if a column says which lookups lie below a bound, for their share"));
        }
        // Earlier versions do not say which rows counted.
        let are_known =
            |name: &str| [self, other].iter().all(|side| side.table.facts.get(name).is_some());
        for name in ["question", "asks", "details", "unit", "time_zone", "where"] {
            let differs = self.table.facts[name] != other.table.facts[name];
            if differs && (name != "where" || are_known(name)) {
                return Err(refuse("the two files answer different questions")
                    .help(format!("their `{name}` differs")));
            }
        }
        if self.table.keys() != other.table.keys() {
            return Err(refuse("the two files have different keys")
                .help("compare files of one release file"));
        }
        Ok(())
    }

    /// What a reader must know of the two.
    pub(super) fn warnings(&self, other: &Self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.table.facts[FINGERPRINT] != other.table.facts[FINGERPRINT] {
            warnings.push(
                "the release file was changed between the two: see that the question means the same"
                    .to_owned(),
            );
        }
        if !self.has_the_rows_of(other) && self.has_other() && other.has_other() {
            warnings.push(
                "the two list different values, so their rows `other` are of different things and left \
                 out"
                    .to_owned(),
            );
        }
        warnings.extend([self, other].into_iter().filter_map(|side| side.warning.clone()));
        for side in [self, other] {
            if let Some(of) = side.number("of_days").filter(|of| *of > f64::from(side.days())) {
                warnings.push(format!(
                    "{} adds up {} of {of} days, and days are not alike: weekends, for example",
                    side.fact("period"),
                    side.days()
                ));
            }
        }
        warnings
    }

    /// How many days it adds up.
    pub(super) fn days(&self) -> u32 {
        let days = self.table.facts["days"].as_array().map_or(1, Vec::len);
        u32::try_from(days).unwrap_or(1).max(1)
    }

    /// Whether a longer period has a larger value.
    pub(super) fn adds_up(&self) -> bool {
        ["count", "sum", "histogram"].contains(&self.fact("asks").as_str())
    }

    /// Whether the value of a full count may be negative.
    pub(super) fn is_signed(&self) -> bool {
        let lows =
            self.table.batch.column_by_name("value").map(|column| column.data_type().clone());
        lows == Some(DataType::Float64) && self.fact("asks") != "share"
    }

    /// Whether it has a row for what its lists do not name.
    fn has_other(&self) -> bool {
        let words = |key: &String| self.table.words(key).unwrap_or_default();
        self.table.keys().iter().flat_map(words).any(|word| word == OTHER)
    }

    /// Whether both files have the same rows.
    pub(super) fn has_the_rows_of(&self, other: &Self) -> bool {
        let keys = |side: &Self| side.table.batch.columns()[..side.table.keys().len()].to_vec();
        keys(self) == keys(other)
    }

    /// The names of its keys.
    pub(super) fn key_names(&self) -> Vec<String> {
        self.table.keys()
    }

    /// The first number of a column.
    fn number(&self, name: &str) -> Option<f64> {
        self.table.numbers(name).ok()?.into_iter().next().flatten()
    }

    /// Its rows that have a value, with their keys, as those of an average day out of `days`.
    pub(super) fn rows(&self, days: u32) -> Result<Vec<(Map<String, Value>, Measured)>> {
        let broken = || {
            Error::input(format!("{} has no values with intervals", self.path.display()))
                .help("write it again: `pointillist run`, or `pointillist rollup`")
        };
        let column = |name: &str| self.table.numbers(name).map_err(|_| broken());
        let (values, lows, highs) = (column("value")?, column("ci_low")?, column("ci_high")?);
        let names = self.table.keys();
        let mut rows = Vec::new();
        for (row, (value, (low, high))) in
            values.into_iter().zip(lows.into_iter().zip(highs)).enumerate()
        {
            let key = |(place, name): (usize, &String)| {
                Some((name.clone(), shown(self.table.batch.column(place), row)?))
            };
            let keys =
                names.iter().enumerate().map(key).collect::<Option<_>>().ok_or_else(broken)?;
            if let (Some(value), Some(low), Some(high)) = (value, low, high) {
                rows.push((keys, Measured { value, low, high }.divided(f64::from(days))));
            }
        }
        Ok(rows)
    }
}

/// The value of a key.
fn shown(column: &ArrayRef, row: usize) -> Option<Value> {
    if column.is_null(row) {
        return Some(Value::Null);
    }
    let text = array_value_to_string(column, row).ok()?;
    let number =
        column.data_type().is_numeric().then(|| serde_json::from_str(&text).ok()).flatten();
    Some(number.unwrap_or(Value::String(text)))
}

fn missing(out: &Path, question: &str, grain: Period, path: &Path) -> Error {
    let error = Error::usage(format!("there is no {}", path.display()));
    if !out.join(question).exists() {
        return error.help(name_a_question(out));
    }
    match grain {
        Period::Day => error.help("see `pointillist status` for the days that are published"),
        Period::Week | Period::Month => error.help(format!(
            "make it with `pointillist rollup RELEASE.toml --to {} --question {question}`, which says why if \
             values of this kind do not add up",
            grain.word()
        )),
    }
}
