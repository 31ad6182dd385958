//! An Arrow IPC file without some of its rows.
//!
//! In: the file and one flag for each row. Out: a file of the same schema, metadata, batches and
//! compression. Filtering alone would leave bytes of deleted rows in dictionaries and in the buffers
//! of views, so both are built again. A nested column with either is refused, because its values
//! cannot be rebuilt here.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, make_array};
use arrow_cast::cast;
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_ipc::{CompressionType, root_as_footer, root_as_message};
use arrow_schema::ArrowError;
use arrow_schema::{DataType, Field, Schema};
use arrow_select::concat::concat;
use arrow_select::filter::filter_record_batch;

type Result<T> = std::result::Result<T, ArrowError>;

/// Writes the rows whose flag is set, and reads the new file back. Says whether each column of it holds
/// what was to stay.
///
/// # Shapes
/// `keep` has one list per batch, and in it one flag per row.
pub(super) fn rewrite(
    mut from: File,
    to: &File,
    keep: &[Vec<bool>],
    may_stay: &dyn Fn(&str) -> bool,
) -> Result<bool> {
    let compression = compression(&mut from)?;
    from.rewind()?;
    let reader = FileReader::try_new(BufReader::new(from), None)?;
    let schema = reader.schema();
    for field in schema.fields() {
        require_flat(field)?;
    }
    let custom = reader.custom_metadata().clone();
    let mut batches = Vec::new();
    for (batch, keep) in reader.zip(keep) {
        let kept = filter_record_batch(&batch?, &BooleanArray::from(keep.clone()))?;
        if kept.num_rows() > 0 {
            batches.push(kept);
        }
    }
    let fields: Vec<Field> = schema.fields().iter().map(|field| cleared(field, may_stay)).collect();
    let metadata = staying(schema.metadata(), may_stay);
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let columns = (0..schema.fields().len())
        .map(|place| compacted(batches.iter().map(|batch| batch.column(place)).collect()))
        .collect::<Result<Vec<_>>>()?;
    let options = IpcWriteOptions::default().try_with_compression(compression)?;
    let mut writer = FileWriter::try_new_with_options(to, &schema, options)?;
    for (key, text) in custom {
        if may_stay(&key) && may_stay(&text) {
            writer.write_metadata(key, text);
        }
    }
    for place in 0..batches.len() {
        let arrays = columns.iter().zip(schema.fields()).map(|(column, field)| {
            let data = column[place].to_data().into_builder().data_type(field.data_type().clone());
            data.build().map(make_array)
        });
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), arrays)?)?;
    }
    writer.finish()?;
    holds(to, &batches)
}

/// Whether a file has the columns of these batches.
fn holds(file: &File, batches: &[RecordBatch]) -> Result<bool> {
    let mut found = FileReader::try_new(BufReader::new(file.try_clone()?), None)?;
    for expected in batches {
        match found.next().transpose()? {
            Some(batch) if batch.columns() == expected.columns() => {}
            _ => return Ok(false),
        }
    }
    Ok(found.next().is_none())
}

/// The metadata whose key and value may both stay.
fn staying<'p>(
    pairs: impl IntoIterator<Item = (&'p String, &'p String)>,
    may_stay: &dyn Fn(&str) -> bool,
) -> HashMap<String, String> {
    let stays = |(key, text): &(&String, &String)| may_stay(key) && may_stay(text);
    pairs.into_iter().filter(stays).map(|(key, text)| (key.clone(), text.clone())).collect()
}

/// The field with only the metadata that may stay, at every depth.
fn cleared(field: &Field, may_stay: &dyn Fn(&str) -> bool) -> Field {
    let inner = |field: &Arc<Field>| Arc::new(cleared(field, may_stay));
    let data_type = match field.data_type() {
        DataType::List(field) => DataType::List(inner(field)),
        DataType::LargeList(field) => DataType::LargeList(inner(field)),
        DataType::FixedSizeList(field, length) => DataType::FixedSizeList(inner(field), *length),
        DataType::Map(field, is_sorted) => DataType::Map(inner(field), *is_sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        other => other.clone(),
    };
    let pairs = staying(field.metadata(), may_stay);
    field.clone().with_data_type(data_type).with_metadata(pairs)
}

/// The parts of one column, with buffers that hold only the values that stay.
fn compacted(parts: Vec<&ArrayRef>) -> Result<Vec<ArrayRef>> {
    let Some(first) = parts.first() else { return Ok(Vec::new()) };
    match first.data_type() {
        DataType::Utf8View => {
            Ok(parts.iter().map(|part| Arc::new(part.as_string_view().gc()) as ArrayRef).collect())
        }
        DataType::BinaryView => {
            Ok(parts.iter().map(|part| Arc::new(part.as_binary_view().gc()) as ArrayRef).collect())
        }
        DataType::Dictionary(_, values) => {
            // A file has one dictionary for all its batches.
            let arrays: Vec<&dyn Array> = parts.iter().map(|part| part.as_ref()).collect();
            let plain =
                arrays.iter().map(|part| cast(*part, values)).collect::<Result<Vec<_>>>()?;
            let plain: Vec<&dyn Array> = plain.iter().map(AsRef::as_ref).collect();
            let whole = cast(&concat(&plain)?, first.data_type())?;
            let mut start = 0;
            Ok(parts
                .iter()
                .map(|part| {
                    let slice = whole.slice(start, part.len());
                    start += part.len();
                    slice
                })
                .collect())
        }
        _ => Ok(parts.into_iter().map(Arc::clone).collect()),
    }
}

/// The compression of the first batch.
fn compression(file: &mut File) -> Result<Option<CompressionType>> {
    let damaged = || ArrowError::IpcError("the file is damaged".to_owned());
    let mut tail = [0; 10];
    file.seek(SeekFrom::End(-10))?;
    file.read_exact(&mut tail)?;
    let length = i32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    let length = u32::try_from(length).map_err(|_| damaged())?;
    file.seek(SeekFrom::End(-10 - i64::from(length)))?;
    let mut footer = vec![0; length as usize];
    file.read_exact(&mut footer)?;
    let footer = root_as_footer(&footer).map_err(|_| damaged())?;
    let Some(batches) = footer.recordBatches().filter(|batches| !batches.is_empty()) else {
        return Ok(None);
    };
    let block = batches.get(0);
    let offset = u64::try_from(block.offset()).map_err(|_| damaged())?;
    let mut message = vec![0; usize::try_from(block.metaDataLength()).map_err(|_| damaged())?];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut message)?;
    // Current files begin a message with a marker before its length; older ones do not.
    let start = if message.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let message = message.get(start..).ok_or_else(damaged)?;
    let message = root_as_message(message).map_err(|_| damaged())?;
    let batch = message.header_as_record_batch().ok_or_else(damaged)?;
    Ok(batch.compression().map(|compression| compression.codec()))
}

fn require_flat(field: &Field) -> Result<()> {
    let inner: Vec<&Field> = match field.data_type() {
        DataType::List(inner)
        | DataType::LargeList(inner)
        | DataType::FixedSizeList(inner, _)
        | DataType::Map(inner, _) => vec![inner],
        DataType::Struct(fields) => fields.iter().map(AsRef::as_ref).collect(),
        DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::Union(_, _)
        | DataType::RunEndEncoded(_, _) => return Err(too_deep()),
        _ => return Ok(()),
    };
    for inner in inner {
        let is_shared = matches!(
            inner.data_type(),
            DataType::Dictionary(_, _) | DataType::Utf8View | DataType::BinaryView
        );
        if is_shared {
            return Err(too_deep());
        }
        require_flat(inner)?;
    }
    Ok(())
}

fn too_deep() -> ArrowError {
    ArrowError::NotYetImplemented("a nested column shares values between rows".to_owned())
}
