//! Days → weeks and months: sums of what was published, which cost nothing.
//!
//! Days carry independent noise, so variances add up. Within a day cells share the noise of the
//! total they are scaled to, and sums over keys are therefore not made here: a coarser question
//! comes from the same measured tables and knows its own error.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, UInt8Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

use super::table::encode;
use crate::ledger::StoredFile;
use crate::release::Z_95;
use crate::spec::keys::KeySource;
use crate::spec::measure::Measure;
use crate::spec::question::Question;
use crate::spec::window::Day;
use crate::{Error, Result};

/// What days are added up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// ISO weeks, Monday to Sunday.
    Week,
    /// Calendar months.
    Month,
}

impl Period {
    /// The word in folders and columns.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The period that a day is in, and how many days it has.
    fn of(self, day: Day) -> (String, u8) {
        let date = day.date();
        match self {
            Self::Week => {
                let week = date.iso_week_date();
                (format!("{}-W{:02}", week.year(), week.week()), 7)
            }
            Self::Month => {
                let days = date.days_in_month().unsigned_abs();
                (format!("{:04}-{:02}", date.year(), date.month()), days)
            }
        }
    }
}

/// Why a question's days cannot be added up; none when they can.
#[must_use]
pub fn unfit_for_rollup(question: &Question) -> Option<&'static str> {
    let by_week_hour = question.by.iter().any(|key| *key.source() == KeySource::HourOfWeek);
    match &question.measure {
        _ if question.top.is_some() => Some("each day has other rows"),
        Measure::Prefixes(_) => Some("each day finds other keys"),
        _ if by_week_hour => Some("each day has hours of its own: read the days side by side"),
        Measure::Count | Measure::Sum(_) | Measure::RequesterHistogram => None,
        Measure::DistinctRequesters { .. } => {
            Some("a requester of two days is one person: distinct counts do not add up")
        }
        Measure::Share { .. } | Measure::Mean(_) | Measure::Quantiles { .. } => {
            Some("a ratio of several days is no sum of ratios: ask for the counts behind it")
        }
    }
}

/// Adds a question's days up: one file for each period with a released day.
///
/// # Shapes
/// `days` gives the stored file of each day. Rows are those of a day; beside the sum, its noise and
/// its interval stand how many days were added and how many the period has.
///
/// # Errors
/// Refused, for a question whose days do not add up; internal, when stored bytes are not as
/// published.
pub fn rollup(
    question: &Question,
    days: &[(Day, StoredFile)],
    period: Period,
) -> Result<Vec<StoredFile>> {
    if let Some(reason) = unfit_for_rollup(question) {
        return Err(Error::refused(format!("`{}` cannot be rolled up", question.name)).help(reason));
    }
    let mut periods: BTreeMap<String, Sum> = BTreeMap::new();
    for (day, file) in days {
        let (name, length) = period.of(*day);
        let sum = periods.entry(name).or_insert_with(|| Sum { length, ..Sum::default() });
        sum.add(*day, &read(file)?)?;
    }
    let word = period.word();
    periods
        .into_iter()
        .map(|(name, sum)| {
            let metadata = json!({
                "question": question.name,
                "asks": question.measure.word(),
                "period": name,
                "days": sum.days,
                "unit": "requester-day",
                "confidence": 0.95,
                "cost": "none: a sum of published values",
            });
            let bytes = encode(&sum.batch(question)?, &metadata)?;
            let path = format!("{}_by_{word}/{word}={name}/part-0.parquet", question.name);
            Ok(StoredFile { path, bytes })
        })
        .collect()
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
    fn add(&mut self, day: Day, batch: &RecordBatch) -> Result<()> {
        let number = |name: &str| -> Result<Vec<f64>> {
            let column = batch.column_by_name(name).ok_or_else(broken)?;
            let column = cast(column, &DataType::Float64).map_err(|_| broken())?;
            Ok(column.as_primitive::<Float64Type>().values().to_vec())
        };
        let (value, sd) = (number("value")?, number("noise_sd")?);
        let schema = batch.schema();
        let names = schema.fields().iter().take_while(|field| field.name() != "value");
        let keys: Vec<(Field, ArrayRef)> = names
            .zip(batch.columns())
            .map(|(field, column)| (field.as_ref().clone(), Arc::clone(column)))
            .collect();
        if self.days.is_empty() {
            self.keys = keys;
            (self.value, self.variance) = (vec![0.0; value.len()], vec![0.0; value.len()]);
        } else if self.keys != keys {
            return Err(Error::internal("days of one release have different rows"));
        }
        self.days.push(day);
        self.value.iter_mut().zip(value).for_each(|(sum, value)| *sum += value);
        self.variance.iter_mut().zip(sd).for_each(|(sum, sd)| *sum += sd * sd);
        Ok(())
    }

    fn batch(&self, question: &Question) -> Result<RecordBatch> {
        let rows = self.value.len();
        let half: Vec<f64> = self.variance.iter().map(|variance| Z_95 * variance.sqrt()).collect();
        let low: Vec<f64> =
            self.value.iter().zip(&half).map(|(value, half)| value - half).collect();
        let high: Vec<f64> =
            self.value.iter().zip(&half).map(|(value, half)| value + half).collect();
        let is_whole = !matches!(question.measure, Measure::Sum(_));
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
        for (name, column) in [
            ("value", numbers(&self.value, f64::round)),
            ("noise_sd", Arc::new(noise_sd)),
            ("ci_low", numbers(&low, f64::floor)),
            ("ci_high", numbers(&high, f64::ceil)),
            ("days", Arc::new(UInt8Array::from(vec![days; rows]))),
            ("of_days", Arc::new(UInt8Array::from(vec![self.length; rows]))),
        ] {
            fields.push(Field::new(name, column.data_type().clone(), false));
            columns.push(column);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|_| broken())
    }
}

fn read(file: &StoredFile) -> Result<RecordBatch> {
    let bytes = bytes::Bytes::copy_from_slice(&file.bytes);
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|_| broken())?;
    let rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mut reader = builder.with_batch_size(rows.max(1)).build().map_err(|_| broken())?;
    reader.next().and_then(std::result::Result::ok).ok_or_else(broken)
}

fn broken() -> Error {
    Error::internal("a stored file does not read back as published")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_iso_weeks_and_calendar_months() {
        for (day, week, month, days) in [
            ("2026-01-01", "2026-W01", "2026-01", 31),
            ("2027-01-01", "2026-W53", "2027-01", 31),
            ("2024-12-30", "2025-W01", "2024-12", 31),
            ("2028-02-29", "2028-W09", "2028-02", 29),
        ] {
            let day: Day = day.parse().unwrap();
            assert_eq!(Period::Week.of(day), (week.to_owned(), 7));
            assert_eq!(Period::Month.of(day), (month.to_owned(), days));
        }
    }
}
