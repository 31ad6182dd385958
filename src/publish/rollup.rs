//! Days → weeks, months and coarser keys: sums of what was published, which cost nothing.
//!
//! The published tables of all days are stacked into one frame and grouped by period and keys. Days
//! carry independent noise, so variances add up. Cells of one day do not: they share the noise of
//! the total and of the tables, and [`sums`](crate::release::sums) finds what the noise of their sum
//! is from the plan that the ledger froze. There are no sums of distinct counts, of ratios and of the
//! largest rows.

mod asked;
mod day;
mod frame;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, UInt8Array};
use arrow_schema::{Field, Schema};
use polars::prelude::DataFrame;
use serde_json::{Value, json};

use super::table::encode;
use crate::ledger::StoredFile;
use crate::plan::LookupMarginals;
use crate::release::Z_95;
use crate::release_file::ReleaseFile;
use crate::release_file::question::Question;
use crate::release_file::window::Day;
use crate::{Error, Result};
use asked::KeyBecomes;
pub use asked::{Coarser, Countries, Period};
pub use day::ReleasedDay;
use frame::{PERIOD, add_up, broken, from_key, keys, numbers, text};

/// The days of one period that were added up, and how many days it has.
struct Days {
    length: u8,
    added: Vec<Day>,
}

/// Adds a question's days up: one file for each period with a released day.
///
/// # Shapes
/// Rows are those of a day, or one for each combination of what its keys become; beside the sum, its
/// noise and its interval stand how many days were added and how many the period has.
///
/// # Errors
/// Refused, for a question whose values do not add up, or a day that does not state what the noise of
/// a sum needs; internal, when stored bytes are not as published.
pub fn rollup(
    release_file: &ReleaseFile,
    question: &Question,
    days: &[ReleasedDay],
    coarser: &Coarser,
) -> Result<Vec<StoredFile>> {
    if let Some(reason) = coarser.unfit(question) {
        return Err(Error::refused(format!("`{}` cannot be rolled up", question.name)).help(reason));
    }
    let lookups = LookupMarginals::new(&release_file.questions)?;
    let mut periods: BTreeMap<String, Days> = BTreeMap::new();
    let mut rows = DataFrame::empty();
    for released in days {
        let (period, length) = coarser.period.of(released.day);
        let cells = day::cells(released, question, &lookups, coarser, &period)?;
        rows.vstack_mut(&cells).map_err(|_| broken())?;
        let of_period = periods.entry(period).or_insert(Days { length, added: Vec::new() });
        of_period.added.push(released.day);
    }
    if rows.height() == 0 {
        return Ok(Vec::new());
    }
    let sums = add_up(&rows)?;
    let sums = sums.partition_by_stable([PERIOD], true).map_err(|_| broken())?;
    let (folder, word) = (coarser.folder(question), coarser.period.word());
    sums.into_iter()
        .map(|sums| {
            let period = text(&sums, PERIOD)?.remove(0);
            let days = periods.get(&period).ok_or_else(broken)?;
            let metadata = metadata(release_file, question, coarser, &period, &days.added);
            let batch = batch(&sums, question, days, coarser.period)?;
            let path = format!("{folder}/{word}={period}/part-0.parquet");
            Ok(StoredFile { path, bytes: encode(&batch, &metadata)? })
        })
        .collect()
}

fn metadata(
    release_file: &ReleaseFile,
    question: &Question,
    coarser: &Coarser,
    period: &str,
    days: &[Day],
) -> Value {
    let mut metadata = json!({
        "release": release_file.name,
        "question": question.name,
        "asks": question.measure.word(),
        "grain": coarser.period.word(),
        "period": period,
        "days": days,
        "time_zone": release_file.ledger.time_zone_name,
        "unit": release_file.ledger.unit.word(),
        "confidence": 0.95,
        "cost": "none: a sum of published values",
        "guarantee": "The promise is that of the days it was made of, whose files carry it: adding published values up \
                      tells nothing more about anybody.",
        "spec_fingerprint": release_file.fingerprint(),
        "code_version": env!("CARGO_PKG_VERSION"),
    });
    if coarser.adds_cells() {
        metadata["dropped"] = json!(coarser.drop);
        metadata["grouped"] = regions(question, coarser);
    }
    metadata
}

/// The countries in each region, by key.
fn regions(question: &Question, coarser: &Coarser) -> Value {
    let keys = question.by.iter().filter_map(|key| match coarser.of(key) {
        KeyBecomes::Regions(regions, groups) => {
            let members = |region: usize| -> Vec<&String> {
                let inside = key.values().iter().zip(&groups.of);
                inside.filter(|(_, of)| **of == region).map(|(country, _)| country).collect()
            };
            let named = regions.into_iter().enumerate();
            let named: BTreeMap<_, _> =
                named.map(|(place, region)| (region, members(place))).collect();
            Some((key.name(), named))
        }
        _ => None,
    });
    json!(keys.collect::<BTreeMap<_, _>>())
}

/// The sums of one period as a table of a file.
fn batch(
    sums: &DataFrame,
    question: &Question,
    days: &Days,
    period: Period,
) -> Result<RecordBatch> {
    let value = numbers(sums, "value")?;
    let sd: Vec<f64> = numbers(sums, "variance")?.into_iter().map(f64::sqrt).collect();
    let bound = |side: f64| value.iter().zip(&sd).map(move |(value, sd)| value + side * Z_95 * sd);
    let (low, high): (Vec<f64>, Vec<f64>) = (bound(-1.0).collect(), bound(1.0).collect());
    let is_whole = question.measure.number().is_none();
    let rounded = |values: Vec<f64>, round: fn(f64) -> f64| -> ArrayRef {
        if is_whole {
            #[expect(clippy::cast_possible_truncation, reason = "sums of whole numbers")]
            let whole = values.into_iter().map(|value| round(value) as i64);
            Arc::new(whole.collect::<Int64Array>())
        } else {
            Arc::new(Float64Array::from(values))
        }
    };
    let keys = keys(sums);
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for key in &keys {
        columns.push((key, from_key(sums.column(key).map_err(|_| broken())?)?));
    }
    let rows = sums.height();
    columns.push(("value", rounded(value.clone(), f64::round)));
    columns.push(("noise_sd", Arc::new(Float64Array::from(sd.clone()))));
    columns.push(("ci_low", rounded(low, f64::floor)));
    columns.push(("ci_high", rounded(high, f64::ceil)));
    if period != Period::Day {
        let added = u8::try_from(days.added.len()).map_err(|_| broken())?;
        columns.push(("days", Arc::new(UInt8Array::from(vec![added; rows]))));
        columns.push(("of_days", Arc::new(UInt8Array::from(vec![days.length; rows]))));
    }
    let field = |(name, column): &(&str, ArrayRef)| {
        Field::new(*name, column.data_type().clone(), column.null_count() > 0)
    };
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|_| broken())
}
