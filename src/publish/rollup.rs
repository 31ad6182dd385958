//! Days → weeks, months and coarser keys: sums of what was published, which cost nothing.
//!
//! The published tables of all days are stacked into one frame and grouped by period and keys. A sum's
//! noise and interval follow from the published columns alone ([`sum`]), first over the cells of each
//! day and then over days. There are no sums of distinct counts, of ratios and of the largest rows.

mod asked;
mod day;
mod frame;
mod promise;
pub mod sum;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, UInt8Array};
use arrow_schema::{Field, Schema};
use polars::prelude::DataFrame;
use serde_json::{Value, json};

use super::read::Published;
use super::table::{FINGERPRINT, encode};
use crate::ledger::StoredFile;
use crate::release_file::ReleaseFile;
use crate::release_file::question::Question;
use crate::release_file::regions::region_of;
use crate::release_file::window::Day;
use crate::{Error, Result};
use asked::KeyBecomes;
pub use asked::{Coarser, Countries, Period};
pub use day::ReleasedDay;
use frame::{PERIOD, add_up, broken, from_key, keys, summands, text};
use promise::Losses;
use sum::{Counted, Over, Summand};

/// The days of one period that were added up, and how many days it has.
struct Days {
    length: u8,
    added: Vec<Day>,
    /// Those whose intervals are about what bounding left.
    bounded: Vec<Day>,
    losses: Losses,
}

/// Adds a question's days up: one file for each period with a released day.
///
/// # Shapes
/// Rows are those of a day, or one for each combination of what its keys become; beside the sum, its
/// noise and its interval stand how many days were added and how many the period has.
///
/// # Errors
/// Refused, for a question whose values do not add up; internal, when stored bytes are not as
/// published.
pub fn rollup(
    release_file: &ReleaseFile,
    question: &Question,
    days: &[ReleasedDay],
    coarser: &Coarser,
) -> Result<Vec<StoredFile>> {
    if let Some(reason) = coarser.unfit(question) {
        return Err(Error::refused(format!("`{}` cannot be rolled up", question.name)).help(reason));
    }
    let counted = Counted::by(&question.measure);
    let mut periods: BTreeMap<String, Days> = BTreeMap::new();
    let mut rows = DataFrame::empty();
    for released in days {
        let (period, length) = coarser.period.of(released.day);
        let published = Published::read(&released.file.bytes)?;
        let cells = published.cells(question, coarser, &period)?;
        rows.vstack_mut(&cells).map_err(|_| broken())?;
        let of_period = periods.entry(period).or_insert_with(|| Days::none_of(length));
        of_period.add(released, &published, counted);
    }
    if rows.height() == 0 {
        return Ok(Vec::new());
    }
    let sums = add_up(&rows, |days| sum::add_up(days, Over::DAYS, counted))?;
    let sums = sums.partition_by_stable([PERIOD], true).map_err(|_| broken())?;
    let (folder, word) = (coarser.folder(question), coarser.period.word());
    sums.into_iter()
        .map(|sums| {
            let period = text(&sums, PERIOD)?.remove(0);
            let days = periods.get(&period).ok_or_else(broken)?;
            let metadata = metadata(release_file, question, coarser, &period, days)?;
            let batch = batch(&sums, counted, days, coarser.period)?;
            let path = format!("{folder}/{word}={period}/part-0.parquet");
            Ok(StoredFile { path, bytes: encode(&batch, &metadata)? })
        })
        .collect()
}

impl Days {
    const fn none_of(length: u8) -> Self {
        Self { length, added: Vec::new(), bounded: Vec::new(), losses: Losses::NONE }
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
        "grain": coarser.period.word(),
        "period": period,
        "days": days.added,
        "bounded_days": days.bounded,
        "time_zone": terms.time_zone_name,
        "unit": terms.unit.word(),
        "confidence": 0.95,
        "cost": "none: a sum of published values",
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

/// The sums of one period as a table of a file.
fn batch(sums: &DataFrame, counted: Counted, days: &Days, period: Period) -> Result<RecordBatch> {
    let rows = summands(sums)?;
    let column = |of: fn(&Summand) -> f64| -> Vec<f64> { rows.iter().map(of).collect() };
    let rounded = |values: Vec<f64>, round: fn(f64) -> f64| -> ArrayRef {
        if counted == Counted::Number {
            return Arc::new(Float64Array::from(values));
        }
        #[expect(clippy::cast_possible_truncation, reason = "sums of whole numbers")]
        let whole = values.into_iter().map(|value| round(value) as i64);
        Arc::new(whole.collect::<Int64Array>())
    };
    let mean = rows.iter().map(|row| row.value).sum::<f64>() / rows.len().max(1) as f64;
    let uninformative: BooleanArray =
        rows.iter().map(|row| Some(row.is_uninformative(counted, mean))).collect();
    let keys = keys(sums);
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for key in &keys {
        columns.push((key, from_key(sums.column(key).map_err(|_| broken())?)?));
    }
    columns.push(("value", rounded(column(|row| row.value), f64::round)));
    columns.push(("noise_sd", Arc::new(Float64Array::from(column(|row| row.noise_sd)))));
    columns.push(("ci_low", rounded(column(|row| row.low), f64::floor)));
    columns.push(("ci_high", rounded(column(|row| row.high), f64::ceil)));
    columns.push(("uninformative", Arc::new(uninformative)));
    if period != Period::Day {
        let added = u8::try_from(days.added.len()).map_err(|_| broken())?;
        columns.push(("days", Arc::new(UInt8Array::from(vec![added; rows.len()]))));
        columns.push(("of_days", Arc::new(UInt8Array::from(vec![days.length; rows.len()]))));
    }
    let field = |(name, column): &(&str, ArrayRef)| {
        Field::new(*name, column.data_type().clone(), column.null_count() > 0)
    };
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|_| broken())
}
