//! How informative published values are: their error beside their size, read back from stored bytes.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_cast::cast;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use crate::ledger::StoredFile;
use crate::{Error, Result};

/// How informative the values of one question were on one day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Worth {
    /// The root mean square of half the width of the intervals.
    pub absolute: f64,
    /// The same, as a part of the mean absolute value.
    pub relative: f64,
    /// How many values were published, nulls left out.
    pub rows: usize,
    /// How many of them say nothing.
    pub uninformative: usize,
}

/// Reads the worth of the file of every question; the manifest is skipped.
///
/// # Errors
/// Internal, when stored bytes are not what was published.
pub fn worth(files: &[StoredFile]) -> Result<BTreeMap<String, Worth>> {
    let mut worth = BTreeMap::new();
    for file in files {
        if let Some((question, _)) =
            file.path.split_once('/').filter(|(name, _)| *name != "_manifest")
        {
            worth.insert(question.to_owned(), of_file(file)?);
        }
    }
    Ok(worth)
}

/// The prefixes whose published count is well above zero, largest first; empty if the files
/// have no such question.
///
/// # Errors
/// Internal, when stored bytes are not what was published.
pub fn seen_prefixes(files: &[StoredFile], question: &str) -> Result<Vec<u64>> {
    let Some(file) = files.iter().find(|file| file.is_of(question)) else { return Ok(Vec::new()) };
    let (values, lows) = (column(file, "value")?, column(file, "ci_low")?);
    let names = batches(file)?.into_iter().flat_map(|batch| {
        let names = batch.column(0).as_string_opt::<i32>().cloned();
        let digits = |name: Option<&str>| name?.strip_prefix('+')?.parse::<u64>().ok();
        names.into_iter().flat_map(move |names| names.iter().map(digits).collect::<Vec<_>>())
    });
    let stands_out = |value: f64, low: f64| value > 0.0 && value - low <= value / SEEN;
    let rows = names.zip(values.into_iter().zip(lows));
    let mut seen: Vec<(f64, u64)> = rows
        .filter_map(|(name, (value, low))| {
            let (name, value, low) = (name?, value?, low?);
            stands_out(value, low).then_some((value, name))
        })
        .collect();
    seen.sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
    Ok(seen.into_iter().map(|(_, name)| name).collect())
}

/// A published value that lies this many times as far above zero as above the lower end of its interval is
/// taken for real: about three standard deviations.
const SEEN: f64 = 1.5;

fn of_file(file: &StoredFile) -> Result<Worth> {
    let (mut squares, mut sizes, mut rows, mut uninformative) = (0.0, 0.0, 0_usize, 0);
    let (lows, highs) = (column(file, "ci_low")?, column(file, "ci_high")?);
    let intervals = lows.into_iter().zip(highs);
    let flags = column(file, "uninformative")?;
    for ((value, interval), flag) in column(file, "value")?.into_iter().zip(intervals).zip(flags) {
        let (Some(value), (Some(low), Some(high))) = (value, interval) else { continue };
        rows += 1;
        squares += ((high - low) / 2.0).powi(2);
        sizes += value.abs();
        uninformative += usize::from(flag.is_some_and(|flag| flag > 0.0));
    }
    let count = rows.max(1) as f64;
    let absolute = (squares / count).sqrt();
    Ok(Worth { absolute, relative: absolute / (sizes / count).max(1e-12), rows, uninformative })
}

/// A column of a stored file as numbers.
fn column(file: &StoredFile, name: &str) -> Result<Vec<Option<f64>>> {
    let mut numbers = Vec::new();
    for batch in batches(file)? {
        let column = batch.column_by_name(name).ok_or_else(broken)?;
        let column = cast(column, &DataType::Float64).map_err(|_| broken())?;
        numbers.extend(column.as_primitive::<Float64Type>().iter());
    }
    Ok(numbers)
}

fn batches(file: &StoredFile) -> Result<Vec<RecordBatch>> {
    let bytes = bytes::Bytes::copy_from_slice(&file.bytes);
    ParquetRecordBatchReaderBuilder::try_new(bytes)
        .and_then(|builder| builder.build())
        .map_err(|_| broken())?
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| broken())
}

fn broken() -> Error {
    Error::internal("a stored file does not read back as published")
}
