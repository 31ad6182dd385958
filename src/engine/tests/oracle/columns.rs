//! Parquet and Arrow files of many types, with the records that they hold.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, ListArray,
    RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array, types,
};
use arrow_cast::cast;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

use super::Setup;
use super::chance::Chance;
use super::rules::{Record, Value};
use super::spelled;

/// A columnar file and its records.
pub(super) fn file(
    chance: &mut Chance,
    setup: &Setup,
    format: &str,
    names: &[String],
) -> (Vec<u8>, Vec<Record>) {
    let rows = chance.below(12);
    let (batch, records) = batch(chance, setup, format, names, rows);
    (bytes(chance, format, &batch), records)
}

/// Two files, the second with some more rows.
pub(super) fn neighbours(
    chance: &mut Chance,
    setup: &Setup,
    format: &str,
    names: &[String],
) -> [Vec<u8>; 2] {
    let (others, own) = (3 + chance.below(8), 1 + chance.below(3));
    let (batch, _) = batch(chance, setup, format, names, others + own);
    [batch.slice(0, others), batch].map(|batch| bytes(chance, format, &batch))
}

fn bytes(chance: &mut Chance, format: &str, batch: &RecordBatch) -> Vec<u8> {
    if format == "arrow" { arrow(chance, batch) } else { parquet(chance, batch) }
}

fn batch(
    chance: &mut Chance,
    setup: &Setup,
    format: &str,
    names: &[String],
    rows: usize,
) -> (RecordBatch, Vec<Record>) {
    let columns: Vec<(ArrayRef, Vec<Value>)> =
        names.iter().map(|name| column(chance, setup, format, name, rows)).collect();
    let record = |row: usize| {
        let values = columns.iter().map(|(_, values)| values[row].clone());
        Ok(names.iter().cloned().zip(values).collect())
    };
    let field = |(name, (array, _)): (&String, &(ArrayRef, _))| {
        Field::new(name, array.data_type().clone(), true)
    };
    let schema = Arc::new(Schema::new(names.iter().zip(&columns).map(field).collect::<Vec<_>>()));
    let arrays = columns.iter().map(|(array, _)| Arc::clone(array)).collect();
    (RecordBatch::try_new(schema, arrays).unwrap(), (0..rows).map(record).collect())
}

/// A column of a type that may stand there, and what its rows say.
fn column(
    chance: &mut Chance,
    setup: &Setup,
    format: &str,
    name: &str,
    rows: usize,
) -> (ArrayRef, Vec<Value>) {
    let kinds: &[&str] = match name {
        "requested_at" if setup.unit.is_some() => {
            &["text", "instant", "naive", "epoch", "float epoch"]
        }
        "requested_at" => &["text", "instant", "naive"],
        "requester" | "target" => &["text", "text", "bytes", "whole", "float", "scaled"],
        "latency_ms" => &["text", "whole", "float", "scaled"],
        "app" | "route" => &["text", "text", "bytes", "whole", "float", "scaled", "bool"],
        _ => &["text", "list"],
    };
    match chance.of(kinds) {
        "text" => texts(chance, setup, name, rows),
        "bytes" => {
            let values: Vec<Value> = (0..rows)
                .map(|_| match spelled::text(chance, setup, name) {
                    None => Value::Null,
                    Some(text) if chance.once_in(5) && (setup.is_opaque || format == "arrow") => {
                        Value::Bytes([text.as_bytes(), b"\xff"].concat())
                    }
                    Some(text) => Value::Text(text),
                })
                .collect();
            let bytes = values.iter().map(|value| match value {
                Value::Text(text) => Some(text.as_bytes()),
                Value::Bytes(bytes) => Some(bytes.as_slice()),
                _ => None,
            });
            (Arc::new(bytes.collect::<BinaryArray>()), values)
        }
        "bool" => {
            let bools: Vec<Option<bool>> =
                (0..rows).map(|_| chance.of(&[None, Some(true), Some(false)])).collect();
            let values = bools.iter().map(|value| value.map_or(Value::Null, Value::Bool)).collect();
            (Arc::new(BooleanArray::from(bools)), values)
        }
        "list" => {
            let lists = (0..rows).map(|row| Some([Some(row as i64)]));
            (
                Arc::new(ListArray::from_iter_primitive::<types::Int64Type, _, _>(lists)),
                vec![Value::Nested; rows],
            )
        }
        kind @ ("instant" | "naive") => times(chance, format, rows, kind == "naive"),
        kind => numbers(chance, setup, name, kind, rows),
    }
}

fn texts(chance: &mut Chance, setup: &Setup, name: &str, rows: usize) -> (ArrayRef, Vec<Value>) {
    let texts: Vec<Option<String>> =
        (0..rows).map(|_| spelled::text(chance, setup, name)).collect();
    let coded = |key| DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8));
    let data_type = chance.of(&[
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        coded(DataType::Int32),
        coded(DataType::UInt8),
    ]);
    let array: ArrayRef = Arc::new(StringArray::from(texts.clone()));
    let values = texts.into_iter().map(|text| text.map_or(Value::Null, Value::Text)).collect();
    (cast(&array, &data_type).unwrap(), values)
}

fn times(chance: &mut Chance, format: &str, rows: usize, is_naive: bool) -> (ArrayRef, Vec<Value>) {
    // Parquet has no seconds.
    let kinds = &[
        (TimeUnit::Second, 1_000_000),
        (TimeUnit::Millisecond, 1_000),
        (TimeUnit::Microsecond, 1),
        (TimeUnit::Nanosecond, 1),
    ];
    let (unit, micros) = chance.of(&kinds[usize::from(format == "parquet")..]);
    // Types hold instants far from now, but nanoseconds only those of some centuries.
    let absurd = if unit == TimeUnit::Nanosecond {
        vec![0, -1]
    } else {
        vec![0, -1, 300_000_000_000_000_000, -62_135_596_800_000_000, -62_135_596_801_000_000]
    };
    let times: Vec<Option<i64>> = (0..rows)
        .map(|_| match chance.below(12) {
            0 => None,
            1 => Some(i64::div_euclid(chance.of(&absurd), micros) * micros),
            _ => Some(spelled::instant(chance).div_euclid(micros) * micros),
        })
        .collect();
    let zone: Option<Arc<str>> =
        (!is_naive).then(|| chance.of(&["UTC", "+05:30", "Europe/Paris"]).into());
    let value = |time: &Option<i64>| match time {
        None => Value::Null,
        Some(time) if is_naive => Value::Naive(*time),
        Some(time) => Value::Instant(*time),
    };
    let values = times.iter().map(value).collect();
    let array: ArrayRef =
        Arc::new(TimestampMicrosecondArray::from(times).with_timezone_opt(zone.clone()));
    (cast(&array, &DataType::Timestamp(unit, zone)).unwrap(), values)
}

fn numbers(
    chance: &mut Chance,
    setup: &Setup,
    name: &str,
    kind: &str,
    rows: usize,
) -> (ArrayRef, Vec<Value>) {
    let whole = |chance: &mut Chance| -> i64 {
        match name {
            "requested_at" => {
                let [times, over] = setup.scale().unwrap();
                (i128::from(spelled::instant(chance)) * over / times) as i64
            }
            "requester" | "target" => chance.of(&[
                14_155_550_123,
                4_155_550_123,
                14_155_550_124,
                12,
                0,
                -14_155_550_123,
                1 << 53,
                (1 << 53) + 1,
                i64::MAX,
            ]),
            _ => chance.of(&[12, 0, 1, -5, 20, 21, 1_000_000]),
        }
    };
    let wholes: Vec<Option<i64>> =
        (0..rows).map(|_| (!chance.once_in(12)).then(|| whole(chance))).collect();
    if matches!(kind, "whole" | "epoch") {
        let is_unsigned = wholes.iter().flatten().all(|whole| *whole >= 0) && chance.once_in(2);
        let values = wholes
            .iter()
            .map(|whole| whole.map_or(Value::Null, |whole| Value::Whole(whole.into())))
            .collect();
        let array: ArrayRef = if is_unsigned {
            Arc::new(
                wholes.iter().map(|whole| whole.map(|whole| whole as u64)).collect::<UInt64Array>(),
            )
        } else {
            Arc::new(Int64Array::from(wholes))
        };
        return (array, values);
    }
    let halves: Vec<Option<f64>> = wholes
        .iter()
        .map(|whole| whole.map(|whole| whole as f64 + if chance.once_in(4) { 0.5 } else { 0.0 }))
        .collect();
    if kind == "scaled" {
        let cents = halves.iter().zip(&wholes).map(|(half, whole)| {
            whole.map(|whole| {
                i128::from(whole) * 100 + if half.unwrap().fract() == 0.0 { 0 } else { 50 }
            })
        });
        let cents: Vec<Option<i128>> = cents.collect();
        let value = |cents: &Option<i128>| match cents {
            None => Value::Null,
            Some(cents) if cents % 100 == 0 => Value::Whole(cents / 100),
            Some(cents) => Value::Float(*cents as f64 / 100.0),
        };
        let values = cents.iter().map(value).collect();
        return (
            Arc::new(Decimal128Array::from(cents).with_precision_and_scale(30, 2).unwrap()),
            values,
        );
    }
    let odd = [f64::NAN, f64::INFINITY, -0.0, 1e300, 0.1];
    let floats: Vec<Option<f64>> = halves
        .into_iter()
        .map(|half| half.map(|half| if chance.once_in(8) { chance.of(&odd) } else { half }))
        .collect();
    let values = floats.iter().map(|float| float.map_or(Value::Null, Value::Float)).collect();
    (Arc::new(Float64Array::from(floats)), values)
}

fn parquet(chance: &mut Chance, batch: &RecordBatch) -> Vec<u8> {
    let codec = chance.of(&[
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
    ]);
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_writer_version(chance.of(&[WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0]))
        .set_dictionary_enabled(chance.once_in(2))
        .set_statistics_enabled(chance.of(&[EnabledStatistics::None, EnabledStatistics::Page]))
        .set_max_row_group_row_count(Some(1 + chance.below(8)))
        .set_data_page_row_count_limit(1 + chance.below(5))
        .set_write_batch_size(1 + chance.below(3));
    let options = ArrowWriterOptions::new()
        .with_properties(properties.build())
        .with_skip_arrow_metadata(chance.once_in(2));
    let mut writer =
        ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn arrow(chance: &mut Chance, batch: &RecordBatch) -> Vec<u8> {
    let compression =
        chance.of(&[None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)]);
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut writer =
        FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
    let middle = chance.below(batch.num_rows() + 1);
    writer.write(&batch.slice(0, middle)).unwrap();
    writer.write(&batch.slice(middle, batch.num_rows() - middle)).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}
