//! What published values were worth: their error beside their size, read back from stored bytes.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use crate::ledger::StoredFile;
use crate::{Error, Result};

/// What the values of one question were worth on one day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Worth {
    /// The root mean square of the noise's standard deviation.
    pub absolute: f64,
    /// The same, as a part of the mean absolute value.
    pub relative: f64,
    /// How many values were published, nulls left out.
    pub rows: usize,
    /// How many of them are narrower than their interval.
    pub uninformative: usize,
}

/// Reads the worth of every question's file; the manifest is passed over.
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

fn of_file(file: &StoredFile) -> Result<Worth> {
    let broken = || Error::internal("a stored file does not read back as published");
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::copy_from_slice(&file.bytes))
            .and_then(|builder| builder.build())
            .map_err(|_| broken())?;
    let (mut squares, mut sizes, mut rows, mut uninformative) = (0.0, 0.0, 0_usize, 0);
    for batch in reader {
        let batch = batch.map_err(|_| broken())?;
        let number = |name: &str| {
            let column = batch.column_by_name(name).ok_or_else(broken)?;
            cast(column, &DataType::Float64).map_err(|_| broken())
        };
        let (value, sd, flag) = (number("value")?, number("noise_sd")?, number("uninformative")?);
        let [value, sd, flag] =
            [&value, &sd, &flag].map(|array| array.as_primitive::<Float64Type>());
        for row in (0..batch.num_rows()).filter(|row| value.is_valid(*row)) {
            rows += 1;
            squares += sd.value(row).powi(2);
            sizes += value.value(row).abs();
            uninformative += usize::from(flag.value(row) > 0.0);
        }
    }
    let count = rows.max(1) as f64;
    let absolute = (squares / count).sqrt();
    Ok(Worth { absolute, relative: absolute / (sizes / count).max(1e-12), rows, uninformative })
}
