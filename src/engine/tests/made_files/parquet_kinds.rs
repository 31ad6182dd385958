//! Parquet files.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray,
    Float64Array, Int32Array, Int64Array, NullArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray, UInt64Array,
};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::schema::types::ColumnPath;

use super::Made;
use super::pages::with_checksums;
use super::parquet_before;
use super::rows::Row;

/// The rows as most programs have them in columns.
pub(super) fn batch(rows: &[Row]) -> RecordBatch {
    let number = |number: u64| format!("+{number}");
    let columns: [(&str, ArrayRef); 6] = [
        (
            "requester",
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| number(row.requester)))),
        ),
        (
            "target",
            Arc::new(rows.iter().map(|row| row.target.map(number)).collect::<StringArray>()),
        ),
        ("requested_at", Arc::new(times(rows).with_timezone("UTC"))),
        ("app", Arc::new(rows.iter().map(|row| row.app).collect::<StringArray>())),
        ("route", Arc::new(StringArray::from_iter_values(rows.iter().map(Row::route)))),
        ("latency_ms", Arc::new(rows.iter().map(|row| row.latency).collect::<Float64Array>())),
    ];
    of(columns.iter().map(|(name, column)| (*name, Arc::clone(column))).collect())
}

fn times(rows: &[Row]) -> TimestampMicrosecondArray {
    rows.iter().map(|row| row.at).collect()
}

fn of(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let field = |(name, column): &(&str, ArrayRef)| {
        Field::new(
            *name,
            column.data_type().clone(),
            column.null_count() > 0 || column.data_type() == &DataType::Null,
        )
    };
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

/// The batch with another column in place of the one of this name.
pub(super) fn replaced(batch: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let schema = batch.schema();
    let mut columns = batch.columns().to_vec();
    columns[schema.index_of(name).unwrap()] = column;
    of(schema.fields().iter().map(|field| field.name().as_str()).zip(columns).collect())
}

/// Several row groups of several pages each.
pub(super) fn properties() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_max_row_group_row_count(Some(170))
        .set_data_page_row_count_limit(60)
        .set_write_batch_size(20)
}

pub(super) fn file(batch: &RecordBatch, properties: WriterPropertiesBuilder) -> Vec<u8> {
    let options = ArrowWriterOptions::new().with_properties(properties.build());
    let mut writer =
        ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

/// Files that differ in how they are encoded alone.
pub(super) fn containers(rows: &[Row]) -> Vec<Made> {
    let batch = batch(rows);
    let mut kinds = Vec::new();
    let mut add = |what: String, properties: WriterPropertiesBuilder| {
        kinds.push(Made::new(what, "x.parquet", file(&batch, properties)));
    };
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ];
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for codec in codecs {
            let properties = properties().set_writer_version(version).set_compression(codec);
            add(format!("parquet {version:?} in {codec}"), properties);
        }
        for (text, time, number) in [
            (Encoding::PLAIN, Encoding::PLAIN, Encoding::PLAIN),
            (Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BINARY_PACKED, Encoding::PLAIN),
            (Encoding::DELTA_BYTE_ARRAY, Encoding::BYTE_STREAM_SPLIT, Encoding::BYTE_STREAM_SPLIT),
        ] {
            let mut properties =
                properties().set_writer_version(version).set_dictionary_enabled(false);
            for (name, encoding) in [
                ("requester", text),
                ("target", text),
                ("app", text),
                ("route", text),
                ("requested_at", time),
                ("latency_ms", number),
            ] {
                properties = properties.set_column_encoding(ColumnPath::from(name), encoding);
            }
            add(format!("parquet {version:?} of {text}, {time} and {number}"), properties);
        }
    }
    let small = properties().set_dictionary_page_size_limit(64);
    add("parquet whose dictionaries overflow".to_owned(), small);
    for statistics in [EnabledStatistics::None, EnabledStatistics::Chunk] {
        let properties = properties().set_statistics_enabled(statistics);
        add(format!("parquet with statistics {statistics:?}"), properties);
    }
    let in_pages = properties()
        .set_write_page_header_statistics(true)
        .set_statistics_truncate_length(Some(1))
        .set_column_index_truncate_length(Some(1));
    add("parquet with cut statistics in its pages".to_owned(), in_pages);
    add("parquet with bloom filters".to_owned(), properties().set_bloom_filter_enabled(true));
    add(
        "parquet without an index".to_owned(),
        properties()
            .set_offset_index_disabled(true)
            .set_statistics_enabled(EnabledStatistics::Chunk),
    );
    for (version, codec) in [
        (WriterVersion::PARQUET_1_0, Compression::UNCOMPRESSED),
        (WriterVersion::PARQUET_2_0, Compression::SNAPPY),
    ] {
        let properties = properties().set_writer_version(version).set_compression(codec);
        let bytes = with_checksums(&file(&batch, properties));
        kinds.push(Made::new(format!("parquet {version:?} with checksums"), "x.parquet", bytes));
    }
    kinds
}

/// Files that differ in the types of their columns.
pub(super) fn types(rows: &[Row]) -> Vec<Made> {
    let batch = batch(rows);
    let mut kinds = Vec::new();
    let mut add = |what: String, logs: &'static str, batch: &RecordBatch| {
        kinds.push(Made::new(what, "x.parquet", file(batch, properties())).with_logs(logs));
    };
    for (name, data_type) in [
        ("requester", DataType::LargeUtf8),
        ("requester", DataType::Utf8View),
        ("target", DataType::Binary),
        ("requester", DataType::LargeBinary),
        ("target", DataType::BinaryView),
        ("app", DataType::BinaryView),
        ("app", DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8))),
        ("route", DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::LargeUtf8))),
        ("latency_ms", DataType::Float32),
        ("latency_ms", DataType::Utf8),
        ("latency_ms", DataType::Float16),
        ("requested_at", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))),
        ("requested_at", DataType::Timestamp(TimeUnit::Nanosecond, Some("Europe/Berlin".into()))),
        ("requested_at", DataType::Timestamp(TimeUnit::Microsecond, None)),
    ] {
        let column = cast(batch.column_by_name(name).unwrap(), &data_type).unwrap();
        add(format!("parquet with {name} as {data_type}"), "", &replaced(&batch, name, column));
    }
    for (unit, divisor, logs) in [
        ("seconds", 1_000_000, "time_unit = \"s\""),
        ("milliseconds", 1_000, "time_unit = \"ms\""),
        ("microseconds", 1, "time_unit = \"us\""),
    ] {
        let epochs = |row: &Row| row.at.map(|at| at.div_euclid(divisor));
        let column: ArrayRef = Arc::new(rows.iter().map(epochs).collect::<Int64Array>());
        for data_type in [DataType::Int64, DataType::UInt64, DataType::Int32] {
            let fits = data_type != DataType::Int32 || divisor == 1_000_000;
            if fits {
                let what = format!("parquet with {unit} as {data_type}");
                let column = cast(&column, &data_type).unwrap();
                add(what, logs, &replaced(&batch, "requested_at", column));
            }
        }
    }
    let column: ArrayRef =
        Arc::new(rows.iter().map(|row| row.at.map(|at| at * 1_000)).collect::<Int64Array>());
    add(
        "parquet with nanoseconds".to_owned(),
        "time_unit = \"ns\"",
        &replaced(&batch, "requested_at", column),
    );
    let seconds = rows.iter().map(|row| row.at.map(|at| at as f64 / 1e6)).collect::<Float64Array>();
    add(
        "parquet with seconds as Float64".to_owned(),
        "time_unit = \"s\"",
        &replaced(&batch, "requested_at", Arc::new(seconds)),
    );
    for (what, logs, format) in [
        ("instants as text", "", "%Y-%m-%dT%H:%M:%S%.6fZ"),
        ("times of another offset as text", "", "%Y-%m-%dT%H:%M:%S%.f%:z"),
        ("naive times as text", "time_zone = \"Asia/Kolkata\"", "%Y-%m-%d %H:%M:%S%.f"),
    ] {
        let zone = jiff::tz::TimeZone::get("Asia/Kolkata").unwrap();
        let zone = if what.starts_with("instants") { jiff::tz::TimeZone::UTC } else { zone };
        let text = |at| {
            jiff::Timestamp::from_microsecond(at)
                .unwrap()
                .to_zoned_datetime(zone.clone())
                .strftime(format)
                .to_string()
        };
        let column = rows.iter().map(|row| row.at.map(text)).collect::<StringArray>();
        add(
            format!("parquet with {what}"),
            logs,
            &replaced(&batch, "requested_at", Arc::new(column)),
        );
    }
    let kolkata = rows.iter().map(|row| row.at.map(|at| at + 19_800_000_000));
    let kolkata: TimestampMicrosecondArray = kolkata.collect();
    add(
        "parquet with naive timestamps of a zone".to_owned(),
        "time_zone = \"Asia/Kolkata\"",
        &replaced(&batch, "requested_at", Arc::new(kolkata)),
    );

    let numbers: ArrayRef = Arc::new(rows.iter().map(|row| row.requester).collect::<UInt64Array>());
    let of_type = |data_type| cast(&numbers, &data_type).unwrap();
    let others = [
        ("Int64", of_type(DataType::Int64)),
        ("Float64", of_type(DataType::Float64)),
        ("a decimal of scale 0", of_type(DataType::Decimal128(20, 0))),
        ("a decimal of scale 2", of_type(DataType::Decimal128(20, 2))),
    ];
    for (what, column) in [("UInt64", Arc::clone(&numbers))].into_iter().chain(others) {
        let what = format!("parquet with requester as {what}");
        add(what, "default_region = \"US\"", &replaced(&batch, "requester", column));
    }
    let routes: BooleanArray = rows.iter().map(|row| Some(!row.is_sms)).collect();
    add(
        "parquet with route as Boolean".to_owned(),
        "",
        &replaced(&batch, "route", Arc::new(routes)),
    );
    add("parquet with nested and other columns beside".to_owned(), "", &beside(&batch));
    kinds.extend(parquet_before::all(rows));
    kinds
}

/// The batch with unread columns between the others, of types that could not be read.
fn beside(batch: &RecordBatch) -> RecordBatch {
    let rows = batch.num_rows();
    let numbers: ArrayRef = Arc::new((0..rows as i64).map(Some).collect::<Int64Array>());
    let mut lists = ListBuilder::new(Int64Builder::new());
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    for row in 0..rows {
        for value in 0..row % 4 {
            lists.values().append_option((value != 2).then_some(value as i64));
            maps.keys().append_value(format!("app {value}"));
            maps.values().append_null();
        }
        lists.append(row % 5 > 0);
        maps.append(true).unwrap();
    }
    let fields =
        vec![(Arc::new(Field::new("requester", DataType::Int64, true)), Arc::clone(&numbers))];
    let decimals = Decimal128Array::from_iter_values((0..rows).map(|row| row as i128));
    let binary =
        FixedSizeBinaryArray::try_from_iter((0..rows).map(|row| (row as u32).to_le_bytes()))
            .unwrap();
    let days = Date32Array::from_iter_values((0..rows).map(|row| row as i32));
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("lists", Arc::new(lists.finish())),
        ("maps", Arc::new(maps.finish())),
        ("structs", Arc::new(StructArray::from(fields))),
        ("nothing", Arc::new(NullArray::new(rows))),
        ("decimals", Arc::new(decimals)),
        ("binary", Arc::new(binary)),
        ("days", Arc::new(days)),
        ("small", Arc::new(Int32Array::from_iter_values((0..rows).map(|row| row as i32)))),
    ];
    let schema = batch.schema();
    for (place, (field, column)) in schema.fields().iter().zip(batch.columns()).enumerate() {
        columns.insert(2 * place, (field.name(), Arc::clone(column)));
    }
    of(columns)
}
