//! Parquet as programs wrote it before there were logical types: texts that are bytes, times of 96 bits or of a
//! converted type, and whole numbers in bytes.

use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type, Int96, Int96Type};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::Made;
use super::parquet_kinds::properties;
use super::rows::Row;

pub(super) fn all(rows: &[Row]) -> Vec<Made> {
    let int96 = |at: i64| {
        let (day, within) = (at.div_euclid(86_400_000_000), at.rem_euclid(86_400_000_000) * 1_000);
        let mut value = Int96::new();
        // Days are counted from the first of the Julian calendar.
        value.set_data(within as u32, (within >> 32) as u32, (day + 2_440_588) as u32);
        value
    };
    let times96: Vec<Int96> = rows.iter().filter_map(|row| row.at.map(int96)).collect();
    let millis: Vec<i64> =
        rows.iter().filter_map(|row| row.at.map(|at| at.div_euclid(1_000))).collect();
    let legacy96 = low_level(rows, "int96 requested_at", "", TEXT, |group, levels| {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int96Type>().write_batch(&times96, Some(levels), None).unwrap();
        column.close().unwrap();
    });
    let write_millis = |group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, levels: &[i16]| {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&millis, Some(levels), None).unwrap();
        column.close().unwrap();
    };
    let millis_name = "int64 requested_at (TIMESTAMP_MILLIS)";
    let converted = low_level(rows, millis_name, "(UTF8)", TEXT, write_millis);
    let decimals = low_level(rows, millis_name, "(UTF8)", DECIMAL, write_millis);
    vec![
        Made::new("parquet with times of 96 bits and texts of bytes", "x.parquet", legacy96),
        Made::new("parquet with converted types", "x.parquet", converted),
        Made::new("parquet with requesters as decimals in bytes", "x.parquet", decimals)
            .with_logs("default_region = \"world\""),
    ]
}

/// How requesters are written: their annotation, if it is not that of other texts, and their bytes.
type Requesters = (Option<&'static str>, fn(u64) -> Vec<u8>);

const TEXT: Requesters = (None, |number| format!("+{number}").into_bytes());
const DECIMAL: Requesters = (Some("(DECIMAL(15,0))"), |number| number.to_be_bytes().to_vec());

/// A file of one row group, its time column written by the caller.
fn low_level(
    rows: &[Row],
    time: &str,
    text: &str,
    (annotation, requester): Requesters,
    write_times: impl Fn(&mut SerializedRowGroupWriter<'_, Vec<u8>>, &[i16]),
) -> Vec<u8> {
    let annotation = annotation.unwrap_or(text);
    let schema = format!(
        "message lookups {{
            optional {time};
            required byte_array requester {annotation};
            optional byte_array target {text};
            optional byte_array app {text};
            required byte_array route {text};
            optional double latency_ms;
        }}"
    );
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let properties = Arc::new(properties().build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    write_times(&mut group, &levels(rows.iter().map(|row| row.at)));
    write_texts(&mut group, rows.iter().map(|row| Some(requester(row.requester))));
    write_texts(&mut group, rows.iter().map(|row| row.target.map(TEXT.1)));
    write_texts(&mut group, rows.iter().map(|row| row.app.map(|app| app.as_bytes().to_vec())));
    write_texts(&mut group, rows.iter().map(|row| Some(row.route().as_bytes().to_vec())));
    let latencies: Vec<f64> = rows.iter().filter_map(|row| row.latency).collect();
    let mut column = group.next_column().unwrap().unwrap();
    let defined = levels(rows.iter().map(|row| row.latency));
    column.typed::<DoubleType>().write_batch(&latencies, Some(&defined), None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

fn write_texts(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    texts: impl Iterator<Item = Option<Vec<u8>>>,
) {
    let texts: Vec<Option<Vec<u8>>> = texts.collect();
    let defined = levels(texts.iter().map(Option::as_ref));
    let values: Vec<ByteArray> = texts.into_iter().flatten().map(ByteArray::from).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&values, Some(&defined), None).unwrap();
    column.close().unwrap();
}

fn levels<T>(values: impl Iterator<Item = Option<T>>) -> Vec<i16> {
    values.map(|value| i16::from(value.is_some())).collect()
}
