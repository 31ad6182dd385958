//! Files that are cut short, altered or not what their names say.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, FixedSizeBinaryArray, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    types,
};
use arrow_cast::cast;
use arrow_ipc::CompressionType;
use arrow_schema::{DataType, Field, TimeUnit};
use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterVersion;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::Made;
use super::damaged_text;
use super::ipc_kinds;
use super::pages::with_checksums;
use super::parquet_kinds::{self, batch, replaced};
use super::rows::Row;
use super::text_kinds::{csv, gzip, json, zstd};

pub(super) fn all(rows: &[Row]) -> Vec<Made> {
    let batch = batch(rows);
    let mut files = of_parquet(&batch);
    files.extend(of_arrow(&batch));
    files.extend(of_types(&batch));
    files.extend(damaged_text::all(rows));
    files
}

/// Whole files, in which a byte may be changed anywhere.
pub(super) fn wholes(rows: &[Row]) -> Vec<Made> {
    let batch = batch(rows);
    let snappy = parquet_kinds::properties().set_compression(Compression::SNAPPY);
    let second = parquet_kinds::properties().set_writer_version(WriterVersion::PARQUET_2_0);
    let mut delta = parquet_kinds::properties().set_dictionary_enabled(false);
    for (name, encoding) in [
        ("requester", Encoding::DELTA_BYTE_ARRAY),
        ("target", Encoding::DELTA_LENGTH_BYTE_ARRAY),
        ("requested_at", Encoding::DELTA_BINARY_PACKED),
    ] {
        delta = delta.set_column_encoding(ColumnPath::from(name), encoding);
    }
    let packed = |compression| {
        let options = ipc_kinds::options().try_with_compression(Some(compression)).unwrap();
        ipc_kinds::file(&batch, options)
    };
    vec![
        Made::new("parquet of differences", "x.parquet", parquet_kinds::file(&batch, delta)),
        Made::new("arrow in LZ4", "x.arrow", packed(CompressionType::LZ4_FRAME)),
        Made::new("arrow in ZSTD", "x.arrow", packed(CompressionType::ZSTD)),
        Made::new("parquet in snappy", "x.parquet", parquet_kinds::file(&batch, snappy)),
        Made::new("parquet of version 2", "x.parquet", parquet_kinds::file(&batch, second)),
        Made::new("arrow", "x.arrow", ipc_kinds::file(&batch, ipc_kinds::options())),
        Made::new("csv in gzip", "x.csv.gz", gzip(&csv(rows))),
        Made::new("json in zstd", "x.json.zst", zstd(&json(rows))),
        Made::new("csv", "x.csv", csv(rows)),
        Made::new("json", "x.json", json(rows)),
    ]
}

/// The first `part` of `of` parts.
pub(super) fn cut(bytes: &[u8], part: usize, of: usize) -> Vec<u8> {
    bytes[..bytes.len() * part / of].to_vec()
}

/// With one bit of one byte changed, counted from the end where it is negative.
pub(super) fn flipped(bytes: &[u8], place: isize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let place = if place < 0 { bytes.len().wrapping_add_signed(place) } else { place as usize };
    bytes[place] ^= 0x10;
    bytes
}

/// With some bytes in place of those that stand at their first occurrence.
pub(super) fn swapped(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

fn of_parquet(batch: &RecordBatch) -> Vec<Made> {
    let plain = parquet_kinds::properties().set_compression(Compression::UNCOMPRESSED);
    let plain = parquet_kinds::file(batch, plain);
    let snappy = parquet_kinds::properties().set_compression(Compression::SNAPPY);
    let snappy = parquet_kinds::file(batch, snappy);
    let second = parquet_kinds::properties().set_writer_version(WriterVersion::PARQUET_2_0);
    let summed = with_checksums(&plain);
    let summed_second = with_checksums(&parquet_kinds::file(batch, second));
    // The first of the dictionary of the first column, its header before it.
    let requester = summed.windows(8).position(|window| window == b"+1415555").unwrap() as isize;
    let make = |what: &str, bytes: Vec<u8>| Made::new(what, "x.parquet", bytes);
    vec![
        make("parquet without a byte", Vec::new()),
        make("parquet that is text", b"requester,target,requested_at\n".to_vec()),
        make("parquet cut in the middle", cut(&plain, 1, 2)),
        make("parquet without its last byte", plain[..plain.len() - 1].to_vec()),
        make("parquet without its first byte", plain[1..].to_vec()),
        make(
            "parquet with the magic of encrypted footers",
            [&plain[..plain.len() - 4], b"PARE"].concat(),
        ),
        make(
            "parquet whose footer is too long",
            [&plain[..plain.len() - 8], &[0xff; 4], b"PAR1"].concat(),
        ),
        make("parquet whose footer is shorter", flipped(&plain, -8)),
        make("parquet with a changed page of snappy", flipped(&snappy, 400)),
        make("parquet with a changed page header", flipped(&plain, 5)),
        make("parquet with a wrong checksum, a dictionary", flipped(&summed, requester)),
        make("parquet with a wrong checksum, a page of version 2", flipped(&summed_second, 2_500)),
        make("parquet with text that is not UTF-8", not_utf8()),
    ]
}

/// One row group of texts, one of which is not UTF-8.
fn not_utf8() -> Vec<u8> {
    let schema = "message lookups {
        required byte_array requester (UTF8);
        required byte_array target (UTF8);
        required byte_array requested_at (UTF8);
        required byte_array app (UTF8);
        required byte_array route (UTF8);
        required byte_array latency_ms (UTF8);
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for texts in [
        [b"+14155550123".as_slice(), b"+1415555\xff124"],
        [b"+12125550123", b"+12125550124"],
        [b"2026-01-02T10:00:00Z", b"2026-01-02T11:00:00Z"],
        [b"messages", b"messages"],
        [b"sms", b"sms"],
        [b"1", b"2"],
    ] {
        let texts = texts.map(|text| ByteArray::from(text.to_vec()));
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

fn of_arrow(batch: &RecordBatch) -> Vec<Made> {
    let plain = ipc_kinds::file(batch, ipc_kinds::options());
    let options =
        |compression| ipc_kinds::options().try_with_compression(Some(compression)).unwrap();
    let zstd = ipc_kinds::file(batch, options(CompressionType::ZSTD));
    let middle = |bytes: &[u8]| flipped(bytes, bytes.len() as isize / 2);
    let make = |what: &str, bytes: Vec<u8>| Made::new(what, "x.arrow", bytes);
    vec![
        make("arrow without a byte", Vec::new()),
        make("arrow as a stream", ipc_kinds::stream(batch)),
        make("arrow cut in the middle", cut(&plain, 1, 2)),
        make("arrow without its last byte", plain[..plain.len() - 1].to_vec()),
        make(
            "arrow whose footer is too long",
            [&plain[..plain.len() - 10], &[0xff, 0xff, 0xff, 0x7f], b"ARROW1"].concat(),
        ),
        make("arrow with a changed body of ZSTD", middle(&zstd)),
        make("arrow with a huge length of a buffer of ZSTD", {
            let frame = zstd.windows(4).position(|four| four == [0x28, 0xb5, 0x2f, 0xfd]).unwrap();
            [&zstd[..frame - 8], &(1_i64 << 60).to_le_bytes(), &zstd[frame..]].concat()
        }),
        make(
            "arrow with text that is not UTF-8",
            swapped(&plain, b"+14155550100", b"+1415555\xff100"),
        ),
    ]
}

/// Whole files whose columns cannot be what they are named.
fn of_types(batch: &RecordBatch) -> Vec<Made> {
    let rows = batch.num_rows();
    let bytes = (0..rows).map(|row| (row as u32).to_le_bytes());
    let lists = (0..rows).map(|row| Some([Some(row as i64)]));
    let lists = ListArray::from_iter_primitive::<types::Int64Type, _, _>(lists);
    let number: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows as i64));
    let inner = Arc::new(Field::new("number", DataType::Int64, false));
    let at = batch.column_by_name("requested_at").unwrap();
    let naive = DataType::Timestamp(TimeUnit::Microsecond, None);
    let days = cast(&cast(at, &naive).unwrap(), &DataType::Date32).unwrap();
    let words = Arc::new(StringArray::from_iter_values((0..rows).map(|_| "yesterday")));
    let column = |name: &str, column: ArrayRef| replaced(batch, name, column);
    let as_type =
        |name: &str, data_type: &DataType| column(name, cast(&number, data_type).unwrap());
    let without = |name: &str| {
        let mut batch = batch.clone();
        batch.remove_column(batch.schema().index_of(name).unwrap());
        batch
    };
    let twice = {
        let schema = batch.schema();
        let mut fields = schema.fields().to_vec();
        fields.push(Arc::clone(&fields[0]));
        let columns = batch.columns().iter().chain(&batch.columns()[..1]).cloned().collect();
        RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), columns).unwrap()
    };
    let cases = [
        (
            "requester as bytes of a fixed length",
            column("requester", Arc::new(FixedSizeBinaryArray::try_from_iter(bytes).unwrap())),
        ),
        ("requester as floats of 32 bits", as_type("requester", &DataType::Float32)),
        ("requester as times", column("requester", Arc::clone(at))),
        ("target as booleans", as_type("target", &DataType::Boolean)),
        ("target as lists", column("target", Arc::new(lists))),
        (
            "app as a struct",
            column("app", Arc::new(StructArray::from(vec![(inner, Arc::clone(&number))]))),
        ),
        ("times as numbers without a unit", column("requested_at", number)),
        ("times as days", column("requested_at", days)),
        ("times as words", column("requested_at", words.clone())),
        ("latencies as times", column("latency_ms", Arc::clone(at))),
        ("latencies as words", column("latency_ms", Arc::clone(&words) as ArrayRef)),
        ("no column of targets", without("target")),
        ("no column of apps", without("app")),
        ("a column twice", twice),
        ("no row", batch.slice(0, 0)),
    ];
    let both = cases.iter().flat_map(|(what, batch)| {
        let parquet = parquet_kinds::file(batch, parquet_kinds::properties());
        let arrow = ipc_kinds::file_of_one(batch);
        [
            Made::new(format!("parquet with {what}"), "x.parquet", parquet),
            Made::new(format!("arrow with {what}"), "x.arrow", arrow),
        ]
    });
    both.collect()
}
