//! Rows as lines of CSV and NDJSON.
//!
//! No simulated value holds a comma, a quote, a backslash or a line break, so RFC 4180 asks for no
//! quoting and JSON for no escapes; lines end in a line feed, as logs do. Times are RFC 3339 in UTC
//! with microseconds. A missing value is an empty field in CSV and `null` in NDJSON, so that every
//! line names every column.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::DataType;
use jiff::Timestamp;

use super::columns::schema;
use super::rhythm::DAY;
use crate::{Error, Result};

/// The first line of a CSV file.
pub(super) fn csv_header() -> Vec<u8> {
    let schema = schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut line = names.join(",").into_bytes();
    line.push(b'\n');
    line
}

/// A batch as lines of CSV.
pub(super) fn csv(batch: &RecordBatch) -> Result<Vec<u8>> {
    let columns = batch.columns().iter().map(Column::new).collect::<Result<Vec<_>>>()?;
    let mut text = Vec::with_capacity(batch.num_rows() * 110);
    for row in 0..batch.num_rows() {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                text.push(b',');
            }
            if !column.is_null(row) {
                column.write(row, &mut text)?;
            }
        }
        text.push(b'\n');
    }
    Ok(text)
}

/// A batch as lines of JSON.
pub(super) fn ndjson(batch: &RecordBatch) -> Result<Vec<u8>> {
    let columns = batch.columns().iter().map(Column::new).collect::<Result<Vec<_>>>()?;
    let schema = batch.schema();
    let labels: Vec<String> =
        schema.fields().iter().map(|field| format!("\"{}\":", field.name())).collect();
    let mut text = Vec::with_capacity(batch.num_rows() * 200);
    for row in 0..batch.num_rows() {
        for (at, (column, label)) in columns.iter().zip(&labels).enumerate() {
            text.push(if at == 0 { b'{' } else { b',' });
            text.extend_from_slice(label.as_bytes());
            let quote: &[u8] = if column.is_quoted() { b"\"" } else { b"" };
            if column.is_null(row) {
                text.extend_from_slice(b"null");
            } else {
                text.extend_from_slice(quote);
                column.write(row, &mut text)?;
                text.extend_from_slice(quote);
            }
        }
        text.extend_from_slice(b"}\n");
    }
    Ok(text)
}

/// A column, ready to be written value by value.
enum Column<'a> {
    Text(&'a StringArray),
    Time(Times<'a>),
    Number(&'a Float64Array),
}

/// A column of times that all lie in one UTC day, as a batch's do.
struct Times<'a> {
    values: &'a TimestampMicrosecondArray,
    midnight: i64,
    date: String,
}

impl<'a> Column<'a> {
    fn new(column: &'a ArrayRef) -> Result<Self> {
        match column.data_type() {
            DataType::Utf8 => Ok(Self::Text(column.as_string())),
            DataType::Float64 => Ok(Self::Number(column.as_primitive::<Float64Type>())),
            DataType::Timestamp(_, _) => {
                let values = column.as_primitive::<TimestampMicrosecondType>();
                let first = values.values().first().copied().unwrap_or_default();
                let midnight = first - first.rem_euclid(DAY);
                let date = Timestamp::from_microsecond(midnight).map_err(broken)?;
                let date = date.strftime("%Y-%m-%dT").to_string();
                Ok(Self::Time(Times { values, midnight, date }))
            }
            _ => Err(Error::internal("a simulated column has a type that no text format writes")),
        }
    }

    const fn is_quoted(&self) -> bool {
        !matches!(self, Self::Number(_))
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(values) => values.is_null(row),
            Self::Time(times) => times.values.is_null(row),
            Self::Number(values) => values.is_null(row),
        }
    }

    fn write(&self, row: usize, text: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Text(values) => {
                text.extend_from_slice(values.value(row).as_bytes());
                Ok(())
            }
            Self::Time(times) => {
                let moment = times.values.value(row) - times.midnight;
                let (second, micros) = (moment / 1_000_000, moment % 1_000_000);
                let (hour, minute) = (second / 3_600, second / 60 % 60);
                let (date, second) = (&times.date, second % 60);
                write!(text, "{date}{hour:02}:{minute:02}:{second:02}.{micros:06}Z").map_err(broken)
            }
            Self::Number(values) => write!(text, "{}", values.value(row)).map_err(broken),
        }
    }
}

fn broken(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("simulated lookups cannot be written as text").because(cause)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn two_rows() -> RecordBatch {
        let times = vec![1_740_960_000_000_007, 1_741_046_399_999_999];
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec!["+4915112345678", "+3161234567"])),
            Arc::new(StringArray::from(vec!["+331", "+332"])),
            Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")),
            Arc::new(StringArray::from(vec![None, Some("::ffff:9.8.7.6")])),
            Arc::new(StringArray::from(vec![Some("calls"), None])),
            Arc::new(StringArray::from(vec!["sms", "messenger"])),
            Arc::new(Float64Array::from(vec![Some(41.3), None])),
        ];
        RecordBatch::try_new(schema(), columns).unwrap()
    }

    #[test]
    fn csv_leaves_missing_values_empty() {
        let text = String::from_utf8(csv(&two_rows()).unwrap()).unwrap();
        let first = "+4915112345678,+331,2025-03-03T00:00:00.000007Z,,calls,sms,41.3\n";
        let second = "+3161234567,+332,2025-03-03T23:59:59.999999Z,::ffff:9.8.7.6,,messenger,\n";
        assert_eq!(text, format!("{first}{second}"));
        assert_eq!(csv_header().iter().filter(|byte| **byte == b',').count(), 6);
    }

    #[test]
    fn ndjson_writes_missing_values_as_null() {
        let text = ndjson(&two_rows()).unwrap();
        let mut lines = text.split(|byte| *byte == b'\n');
        let first: serde_json::Value = serde_json::from_slice(lines.next().unwrap()).unwrap();
        let second: serde_json::Value = serde_json::from_slice(lines.next().unwrap()).unwrap();
        assert_eq!(lines.next().unwrap().len() + lines.count(), 0);
        assert_eq!(first["requested_at"], "2025-03-03T00:00:00.000007Z");
        assert_eq!(first["latency_ms"], 41.3);
        assert!(first["client_ip"].is_null() && second["app"].is_null());
        assert!(second["latency_ms"].is_null());
        assert_eq!(second["target"], "+332");
    }

    #[test]
    fn an_empty_batch_is_no_text() {
        let empty = RecordBatch::new_empty(schema());
        assert!(csv(&empty).unwrap().is_empty() && ndjson(&empty).unwrap().is_empty());
    }
}
