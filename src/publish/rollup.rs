//! Days → weeks, months and coarser keys: sums of what was published, which cost nothing.
//!
//! The published tables of all days are stacked into one frame and grouped by period and keys. A sum's
//! noise and interval follow from the published columns alone ([`sum`]), first over the cells of each
//! day and then over days. Shares and means are averaged by the lookups that they are of ([`average`]). There
//! are no sums of distinct counts, of quantiles and of the largest rows.

mod asked;
mod average;
mod day;
#[cfg(test)]
mod dice;
mod frame;
mod promise;
mod rule;
pub mod sum;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, UInt8Array};
use polars::prelude::DataFrame;
use serde_json::{Value, json};

use super::read::Published;
use super::table::{DATE, FINGERPRINT, dates, encode};
use crate::ledger::StoredFile;
use crate::release_file::ReleaseFile;
use crate::release_file::day::Day;
use crate::release_file::expression::Condition;
use crate::release_file::question::Question;
use crate::release_file::regions::region_of;
use crate::{Error, Result};
use asked::KeyBecomes;
pub use asked::{Coarser, Countries, Period};
pub use day::ReleasedDay;
use frame::{PERIOD, add_up, broken, text};
use promise::Losses;
use rule::Rule;
use sum::Counted;

/// The days of one period that were added up, and how many days it has.
struct Days {
    length: u8,
    added: Vec<Day>,
    /// Those whose intervals are about what bounding left.
    bounded: Vec<Day>,
    losses: Losses,
}

/// What was made of a question's days.
#[derive(Debug, Default)]
pub struct RolledUp {
    /// One file for each period with a released day.
    pub files: Vec<StoredFile>,
    /// How many of these hold all days of their period.
    pub whole: usize,
    /// Days that could not be added, because an earlier version published them without the lookups that
    /// their shares or means are of.
    pub left_out: Vec<Day>,
}

/// Adds a question's days up: one file for each period with a released day.
///
/// # Shapes
/// Rows are those of a day, or one for each combination of what its keys become; beside the sum, its
/// noise and its interval stand how many days were added, how many the period has, and whether it is whole.
///
/// # Errors
/// Refused, for a question whose values do not add up; internal, when stored bytes are not as
/// published.
pub fn rollup(
    release_file: &ReleaseFile,
    question: &Question,
    days: &[ReleasedDay],
    coarser: &Coarser,
) -> Result<RolledUp> {
    if let Some(reason) = coarser.unfit(question) {
        return Err(Error::refused(format!("`{}` cannot be rolled up", question.name)).help(reason));
    }
    let rule = Rule::by(&question.measure);
    let mut left_out = Vec::new();
    let mut periods: BTreeMap<String, Days> = BTreeMap::new();
    let mut rows = DataFrame::empty();
    for released in days {
        let (period, length) = coarser.period.of(released.day);
        let published = Published::read(&released.file.bytes)?;
        if rule.needs_lookups() && !published.says_lookups() {
            left_out.push(released.day);
            continue;
        }
        let cells = published.cells(question, coarser, &period)?;
        rows.vstack_mut(&cells).map_err(|_| broken())?;
        let of_period = periods.entry(period).or_insert_with(|| Days::none_of(length));
        of_period.add(released, &published, Counted::by(&question.measure));
    }
    if rows.height() == 0 {
        return Ok(RolledUp { left_out, ..RolledUp::default() });
    }
    let sums = add_up(&rows, |days| rule.add_up_days(days))?;
    let sums = sums.partition_by_stable([PERIOD], true).map_err(|_| broken())?;
    let file = |sums: DataFrame| {
        let period = text(&sums, PERIOD)?.remove(0);
        let days = periods.get(&period).ok_or_else(broken)?;
        let metadata = metadata(release_file, question, coarser, &period, days)?;
        let bytes = encode(&days.table(&sums, rule, coarser.period)?, &metadata)?;
        let (folder, word) = (coarser.folder(question), coarser.period.word());
        Ok(StoredFile { path: format!("{folder}/{word}={period}/part-0.parquet"), bytes })
    };
    let whole = periods.values().filter(|days| days.is_whole()).count();
    Ok(RolledUp { files: sums.into_iter().map(file).collect::<Result<_>>()?, whole, left_out })
}

impl Days {
    const fn none_of(length: u8) -> Self {
        Self { length, added: Vec::new(), bounded: Vec::new(), losses: Losses::NONE }
    }

    fn is_whole(&self) -> bool {
        self.added.len() == usize::from(self.length)
    }

    /// The sums as a table of a file.
    fn table(&self, sums: &DataFrame, rule: Rule, period: Period) -> Result<RecordBatch> {
        let mut columns = table::columns(sums, rule)?;
        if period != Period::Day {
            columns.extend(self.columns(sums.height()));
        }
        let first = self.added.first().copied().ok_or_else(broken)?;
        columns.push((DATE.to_owned(), dates(period.first(first), sums.height())));
        table::batch(columns)
    }

    /// How many days were added, of how many, and whether these are all, in every row.
    fn columns(&self, rows: usize) -> [(String, ArrayRef); 3] {
        let number = |number| -> ArrayRef { Arc::new(UInt8Array::from(vec![number; rows])) };
        let added = u8::try_from(self.added.len()).unwrap_or(u8::MAX);
        let is_whole = BooleanArray::from(vec![self.is_whole(); rows]);
        [
            ("days".to_owned(), number(added)),
            ("of_days".to_owned(), number(self.length)),
            ("whole_period".to_owned(), Arc::new(is_whole)),
        ]
    }

    fn add(&mut self, released: &ReleasedDay, published: &Published, counted: Counted) {
        self.added.push(released.day);
        if published.is_about_bounded(counted) {
            self.bounded.push(released.day);
        }
        self.losses.add(released, published.rho());
    }
}

fn metadata(
    release_file: &ReleaseFile,
    question: &Question,
    coarser: &Coarser,
    period: &str,
    days: &Days,
) -> Result<Value> {
    let terms = &release_file.ledger;
    let promise = days.losses.promise(terms)?;
    let mut metadata = json!({
        "release": release_file.name,
        "question": question.name,
        "asks": question.measure.word(),
        "details": question.measure.details(),
        "where": release_file.logs.filter.as_ref().map(Condition::text),
        "grain": coarser.period.word(),
        "period": period,
        "days": days.added,
        "of_days": days.length,
        "whole_period": days.is_whole(),
        "bounded_days": days.bounded,
        "time_zone": terms.time_zone_name,
        "unit": terms.unit.word(),
        "confidence": 0.95,
        "cost": "none: computed from published values",
        "promise": promise,
        "guarantee": promise.words(terms, days.added.len()),
        (FINGERPRINT): release_file.fingerprint(),
        "code_version": env!("CARGO_PKG_VERSION"),
    });
    // Days of earlier versions have intervals about what bounding left.
    if days.bounded.is_empty() {
        metadata["interval"] = json!(question.interval_words(terms.unit));
    }
    if coarser.adds_cells() {
        metadata["dropped"] = json!(coarser.drop);
        metadata["grouped"] = regions(question, coarser);
    }
    Ok(metadata)
}

/// The countries in each region, by key.
fn regions(question: &Question, coarser: &Coarser) -> Value {
    let grouped = question.by.iter().filter(|key| coarser.of(key) == KeyBecomes::Region);
    let members = grouped.map(|key| {
        let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for country in key.values() {
            members.entry(region_of(country)).or_default().push(country);
        }
        (key.name(), members)
    });
    json!(members.collect::<BTreeMap<_, _>>())
}
