//! Arrow IPC files.

use std::sync::Arc;

use arrow_array::types::{
    ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, RecordBatch, UInt64Array};
use arrow_cast::cast;
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions};
use arrow_ipc::{CompressionType, MetadataVersion};
use arrow_schema::{DataType, TimeUnit};

use super::Made;
use super::parquet_kinds::{batch, replaced};
use super::rows::Row;

/// A file of three batches.
pub(super) fn file(batch: &RecordBatch, options: IpcWriteOptions) -> Vec<u8> {
    let mut writer =
        FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
    for (from, length) in [(0, 100), (100, 1), (101, batch.num_rows() - 101)] {
        writer.write(&batch.slice(from, length)).unwrap();
    }
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// A file of one batch.
pub(super) fn file_of_one(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

pub(super) fn options() -> IpcWriteOptions {
    IpcWriteOptions::default()
}

fn dictionary<K: ArrowDictionaryKeyType>() -> DataType {
    DataType::Dictionary(Box::new(K::DATA_TYPE), Box::new(DataType::Utf8))
}

pub(super) fn all(rows: &[Row]) -> Vec<Made> {
    let batch = batch(rows);
    let mut kinds = Vec::new();
    let mut add = |what: String, batch: &RecordBatch, options: IpcWriteOptions| {
        kinds.push(Made::new(what, "x.arrow", file(batch, options)));
    };
    for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        let options = options().try_with_compression(compression).unwrap();
        add(format!("arrow with compression {compression:?}"), &batch, options);
    }
    for alignment in [8, 16, 32] {
        let options = IpcWriteOptions::try_new(alignment, false, MetadataVersion::V5).unwrap();
        add(format!("arrow aligned to {alignment} bytes"), &batch, options);
    }
    for is_legacy in [false, true] {
        let options = IpcWriteOptions::try_new(64, is_legacy, MetadataVersion::V4).unwrap();
        add(format!("arrow of version 4, legacy {is_legacy}"), &batch, options);
    }
    for (name, dictionary) in [
        ("app", dictionary::<Int8Type>()),
        ("app", dictionary::<Int16Type>()),
        ("app", dictionary::<Int32Type>()),
        ("app", dictionary::<Int64Type>()),
        ("route", dictionary::<UInt8Type>()),
        ("route", dictionary::<UInt16Type>()),
        ("requester", dictionary::<UInt32Type>()),
        ("requester", dictionary::<UInt64Type>()),
        ("target", DataType::LargeUtf8),
        ("requester", DataType::Utf8View),
        ("app", DataType::Utf8View),
        ("target", DataType::Binary),
        ("requester", DataType::LargeBinary),
        ("app", DataType::BinaryView),
        ("requested_at", DataType::Timestamp(TimeUnit::Second, Some("UTC".into()))),
        ("requested_at", DataType::Timestamp(TimeUnit::Millisecond, Some("+01:00".into()))),
        ("requested_at", DataType::Timestamp(TimeUnit::Nanosecond, None)),
        ("requested_at", {
            let instants = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(instants))
        }),
        ("latency_ms", DataType::Float32),
    ] {
        let column: ArrayRef = cast(batch.column_by_name(name).unwrap(), &dictionary).unwrap();
        let what = format!("arrow with {name} as {dictionary}");
        add(what, &replaced(&batch, name, column), options());
    }
    kinds.push(growing_dictionary(&batch));
    let numbers: ArrayRef = Arc::new(rows.iter().map(|row| row.requester).collect::<UInt64Array>());
    for data_type in [DataType::Float64, DataType::Decimal64(15, 1)] {
        let column = cast(&numbers, &data_type).unwrap();
        let coded = DataType::Dictionary(Box::new(DataType::Int16), Box::new(data_type));
        for data_type in [column.data_type().clone(), coded] {
            let column = cast(&column, &data_type).unwrap();
            let made = file(&replaced(&batch, "requester", column), options());
            let made = Made::new(format!("arrow with requester as {data_type}"), "x.arrow", made);
            kinds.push(made.with_logs("default_region = \"US\""));
        }
    }
    kinds
}

/// Its dictionary gets more values with the second batch.
fn growing_dictionary(batch: &RecordBatch) -> Made {
    let app = batch.column_by_name("app").unwrap();
    let coded = cast(app, &dictionary::<Int32Type>()).unwrap();
    let batch = replaced(batch, "app", coded);
    let options = options().with_dictionary_handling(DictionaryHandling::Delta);
    let mut writer =
        FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
    let whole = batch.column_by_name("app").unwrap();
    let few = whole.slice(0, 2);
    let few = cast(&cast(&few, &DataType::Utf8).unwrap(), &dictionary::<Int32Type>()).unwrap();
    let first = replaced(&batch.slice(0, 2), "app", few);
    writer.write(&first).unwrap();
    writer.write(&batch.slice(2, batch.num_rows() - 2)).unwrap();
    writer.finish().unwrap();
    Made::new("arrow with a dictionary that grows", "x.feather", writer.into_inner().unwrap())
}

/// The same rows as a stream, which has no footer.
pub(super) fn stream(batch: &RecordBatch) -> Vec<u8> {
    let schema = Arc::clone(&batch.schema());
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &schema).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}
