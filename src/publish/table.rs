//! One question's answers as a Parquet file.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    UInt8Array,
};
use arrow_schema::{Field, Schema};
use jiff::civil::Date;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use serde_json::{Value, json};

use crate::release::{Answer, Rows, Values};
use crate::release_file::day::Day;
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::question::Question;
use crate::{Error, Result, footer};

/// The key of the JSON in a file's metadata.
const METADATA_KEY: &str = "pointillist";
/// The key under which pandas looks for the `attrs` of a table.
const PANDAS_KEY: &str = "PANDAS_ATTRS";
/// What a file calls the fingerprint of its release file.
pub const FINGERPRINT: &str = "spec_fingerprint";

/// Makes the file and reads it back.
pub(super) fn to_parquet(
    question: &Question,
    day: Day,
    answer: &Answer,
    metadata: &Value,
) -> Result<Vec<u8>> {
    encode(&batch(question, day, answer)?, metadata)
}

/// Makes a file of a batch and reads it back.
pub(super) fn encode(batch: &RecordBatch, metadata: &Value) -> Result<Vec<u8>> {
    let level = ZstdLevel::try_new(3).map_err(|_| broken())?;
    let pair = |key: &str, value: &Value| KeyValue::new(key.to_owned(), Some(value.to_string()));
    // Statistics of pages add nothing, because files this small are read whole.
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by(format!("pointillist {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(vec![
            pair(METADATA_KEY, metadata),
            pair(PANDAS_KEY, &json!({ METADATA_KEY: of_all_days(metadata) })),
        ]))
        .build();
    // With a schema of Arrow's own in the file, readers such as pyarrow hide the rest of the
    // metadata. That schema would add nothing: Parquet's types say the same of every column.
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options)
        .map_err(|_| broken())?;
    writer.write(batch).map_err(|_| broken())?;
    writer.close().map_err(|_| broken())?;
    footer::plain_orders(&mut bytes);
    let read = ParquetRecordBatchReaderBuilder::try_new(arrow_bytes(&bytes))
        .and_then(|builder| builder.with_batch_size(batch.num_rows().max(1)).build())
        .map_err(|_| broken())?;
    let back: Vec<RecordBatch> = read.collect::<Result<_, _>>().map_err(|_| broken())?;
    match back.as_slice() {
        [only] if only.columns() == batch.columns() => Ok(bytes),
        _ => Err(broken()),
    }
}

/// The facts that are the same on all days, since pandas shows those of the first file for all of them.
fn of_all_days(facts: &Value) -> Value {
    const NAMES: [&str; 10] = [
        "release",
        "question",
        "asks",
        "details",
        "unit",
        "epsilon",
        "delta",
        "time_zone",
        "confidence",
        "interval",
    ];
    let known = NAMES.into_iter().filter_map(|name| Some((name, facts.get(name)?)));
    known.map(|(name, fact)| (name.to_owned(), fact.clone())).collect()
}

/// The column that holds the day, or the first of the days that were added up. The name of the
/// folder says it as well, but not every reader takes that for a date, and pyarrow reads no folder
/// whose files have a column of the folder's name.
pub(super) const DATE: &str = "date";

/// The same date in every row.
pub(super) fn dates(date: Date, rows: usize) -> ArrayRef {
    let since = date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
    Arc::new(Date32Array::from(vec![i32::try_from(since).unwrap_or(i32::MAX); rows]))
}

/// The rows of a published file, and what it says of itself; `None` if it is none.
pub(super) fn decode(bytes: &[u8]) -> Option<(RecordBatch, Value)> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(arrow_bytes(bytes)).ok()?;
    let about = builder.metadata().file_metadata();
    let rows = usize::try_from(about.num_rows()).unwrap_or(0);
    let pair = about.key_value_metadata()?.iter().find(|pair| pair.key == METADATA_KEY)?;
    let facts = serde_json::from_str(pair.value.as_deref()?).ok()?;
    let mut reader = builder.with_batch_size(rows.max(1)).build().ok()?;
    Some((reader.next()?.ok()?, facts))
}

fn arrow_bytes(bytes: &[u8]) -> bytes::Bytes {
    bytes::Bytes::copy_from_slice(bytes)
}

fn batch(question: &Question, day: Day, answer: &Answer) -> Result<RecordBatch> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    let mut add = |name: &str, array: ArrayRef, nullable: bool| {
        fields.push(Field::new(name, array.data_type().clone(), nullable));
        columns.push(array);
    };
    let combinations: usize = question.by.iter().map(|key| key.values().len()).product();
    // The combination of keys that each row is of.
    let rows: Vec<usize> = match &answer.rows {
        Rows::Each(times) => (0..combinations * times).map(|row| row / times).collect(),
        Rows::Picked(picked) => picked.clone(),
    };
    let mut repeat = combinations;
    for key in &question.by {
        repeat /= key.values().len();
        add(key.name(), key_column(key, day, &rows, repeat), false);
    }
    for column in &answer.columns {
        let array: ArrayRef = match &column.values {
            Values::Whole(values) => Arc::new(Int64Array::from(values.clone())),
            Values::Real(values) => Arc::new(Float64Array::from(values.clone())),
            Values::Flag(values) => Arc::new(BooleanArray::from(values.clone())),
            Values::Text(values) => Arc::new(StringArray::from_iter_values(values)),
        };
        add(column.name, array, column.nullable);
    }
    add(DATE, dates(day.date(), rows.len()), false);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|_| broken())
}

/// A key's value in every row: each value stands for `repeat` combinations, one after another.
fn key_column(key: &Key, day: Day, rows: &[usize], repeat: usize) -> ArrayRef {
    let positions = rows.iter().map(|row| row / repeat % key.values().len());
    match key.source() {
        KeySource::Hour => {
            Arc::new(positions.map(|hour| u8::try_from(hour).ok()).collect::<UInt8Array>())
        }
        KeySource::HourOfWeek => {
            let weekday = day.date().weekday().to_monday_zero_offset();
            let before = usize::try_from(weekday).unwrap_or(0) * 24;
            Arc::new(positions.map(|hour| u8::try_from(before + hour).ok()).collect::<UInt8Array>())
        }
        _ => {
            let values = positions.map(|place| key.values().get(place));
            Arc::new(values.collect::<StringArray>())
        }
    }
}

fn broken() -> Error {
    Error::internal("a published file could not be made or does not read back as written")
}
