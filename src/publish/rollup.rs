//! Days → weeks, months and coarser keys: sums of what was published, which cost nothing.
//!
//! Days carry independent noise, so variances add up. Cells of one day do not: they share the noise
//! of the total and of the tables, and [`sums`](crate::release::sums) finds what the noise of their
//! sum is from the plan that the ledger froze. Deliberately not here: distinct counts, ratios and
//! the largest rows, of which there are no sums.

mod asked;
mod day;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, UInt8Array};
use arrow_schema::{Field, Schema};
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
use day::{Cells, broken};

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
    let mut periods: BTreeMap<String, Sum> = BTreeMap::new();
    for released in days {
        let (name, length) = coarser.period.of(released.day);
        let sum = periods.entry(name).or_insert_with(|| Sum { length, ..Sum::default() });
        sum.add(released.day, Cells::read(released, question, &lookups, coarser)?)?;
    }
    let (folder, word) = (coarser.folder(question), coarser.period.word());
    periods
        .into_iter()
        .map(|(name, sum)| {
            let mut metadata = json!({
                "release": release_file.name,
                "question": question.name,
                "asks": question.measure.word(),
                "grain": word,
                "period": name,
                "days": sum.days,
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
            let bytes = encode(&sum.batch(question, coarser.period)?, &metadata)?;
            let path = format!("{folder}/{word}={name}/part-0.parquet");
            Ok(StoredFile { path, bytes })
        })
        .collect()
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

#[derive(Default)]
struct Sum {
    length: u8,
    days: Vec<Day>,
    keys: Vec<(Field, ArrayRef)>,
    value: Vec<f64>,
    variance: Vec<f64>,
}

impl Sum {
    fn add(&mut self, day: Day, cells: Cells) -> Result<()> {
        if self.days.is_empty() {
            self.keys = cells.keys;
            let rows = cells.value.len();
            (self.value, self.variance) = (vec![0.0; rows], vec![0.0; rows]);
        } else if self.keys != cells.keys {
            return Err(Error::internal("days of one release have different rows"));
        }
        self.days.push(day);
        self.value.iter_mut().zip(cells.value).for_each(|(sum, value)| *sum += value);
        self.variance.iter_mut().zip(cells.variance).for_each(|(sum, one)| *sum += one);
        Ok(())
    }

    fn batch(&self, question: &Question, period: Period) -> Result<RecordBatch> {
        let rows = self.value.len();
        let half: Vec<f64> = self.variance.iter().map(|variance| Z_95 * variance.sqrt()).collect();
        let low: Vec<f64> =
            self.value.iter().zip(&half).map(|(value, half)| value - half).collect();
        let high: Vec<f64> =
            self.value.iter().zip(&half).map(|(value, half)| value + half).collect();
        let is_whole = question.measure.number().is_none();
        let numbers = |values: &[f64], round: fn(f64) -> f64| -> ArrayRef {
            if is_whole {
                #[expect(clippy::cast_possible_truncation, reason = "sums of whole numbers")]
                let whole = values.iter().map(|value| round(*value) as i64);
                Arc::new(whole.collect::<Int64Array>())
            } else {
                Arc::new(Float64Array::from(values.to_vec()))
            }
        };
        let noise_sd: Float64Array =
            self.variance.iter().map(|variance| Some(variance.sqrt())).collect();
        let days = u8::try_from(self.days.len()).map_err(|_| broken())?;
        let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) =
            self.keys.iter().cloned().unzip();
        let mut add = |name: &str, column: ArrayRef| {
            fields.push(Field::new(name, column.data_type().clone(), false));
            columns.push(column);
        };
        add("value", numbers(&self.value, f64::round));
        add("noise_sd", Arc::new(noise_sd));
        add("ci_low", numbers(&low, f64::floor));
        add("ci_high", numbers(&high, f64::ceil));
        if period != Period::Day {
            add("days", Arc::new(UInt8Array::from(vec![days; rows])));
            add("of_days", Arc::new(UInt8Array::from(vec![self.length; rows])));
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|_| broken())
    }
}
