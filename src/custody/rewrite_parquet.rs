//! A Parquet file without some of its rows.
//!
//! In: the file and one flag for each row. Out: a file of the same Parquet schema, row order,
//! metadata and, for each column, codec, dictionary use, encoding, bloom filter and level of
//! statistics. Columns are copied as physical values with their levels, never through another type
//! system, so that nested columns and INT96 stay what they were. Pages, dictionaries, filters and
//! statistics are all built again from the rows that stay.

use std::fs::File;
use std::sync::Arc;

use parquet::basic::{ColumnOrder, Encoding};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::column::writer::{ColumnWriter, get_typed_column_writer_mut};
use parquet::data_type::{AsBytes, DataType};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, KeyValue, ParquetMetaData, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnDescriptor;

use crate::footer;

/// Records that are read at a time.
const RECORDS: usize = 16_384;

/// An expression with the reader of whatever physical type a column has.
macro_rules! typed {
    ($reader:expr, $from:ident => $body:expr) => {
        match $reader {
            ColumnReader::BoolColumnReader($from) => $body,
            ColumnReader::Int32ColumnReader($from) => $body,
            ColumnReader::Int64ColumnReader($from) => $body,
            ColumnReader::Int96ColumnReader($from) => $body,
            ColumnReader::FloatColumnReader($from) => $body,
            ColumnReader::DoubleColumnReader($from) => $body,
            ColumnReader::ByteArrayColumnReader($from) => $body,
            ColumnReader::FixedLenByteArrayColumnReader($from) => $body,
        }
    };
}

/// Writes the rows whose flag is set, and reads the new file back. Says whether each column of it holds
/// what was to stay.
///
/// # Shapes
/// `keep` has one list per row group, and in it one flag per row.
pub(super) fn rewrite(
    from: File,
    to: &File,
    keep: &[Vec<bool>],
    may_stay: &dyn Fn(&str) -> bool,
) -> Result<bool> {
    let reader = SerializedFileReader::new(from)?;
    let metadata = reader.metadata();
    let schema = metadata.file_metadata().schema_descr().root_schema_ptr();
    let properties = Arc::new(properties(metadata, may_stay));
    let mut writer = SerializedFileWriter::new(to, schema, properties)?;
    let mut written = Vec::new();
    for (group, keep) in keep.iter().enumerate() {
        if !keep.contains(&true) {
            continue;
        }
        let columns = reader.get_row_group(group)?;
        let mut group = writer.next_row_group()?;
        for column in 0..columns.num_columns() {
            let source = columns.get_column_reader(column)?;
            let mut target = group.next_column()?.ok_or_else(|| misfit("columns"))?;
            written.push(typed!(source, from => copy(from, target.untyped(), keep))?);
            target.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    // A file with only the older column orders stays one, so that older readers can still read it.
    let was_plain = metadata.file_metadata().column_orders().is_none_or(|orders| {
        orders.iter().all(|order| matches!(order, ColumnOrder::TYPE_DEFINED_ORDER(_)))
    });
    if was_plain {
        footer::plain_orders_on_disk(&mut to.try_clone()?)?;
    }
    Ok(contents(to.try_clone()?)? == written)
}

/// The content of every column chunk of a file, by row group and column.
fn contents(file: File) -> Result<Vec<Content>> {
    let reader = SerializedFileReader::new(file)?;
    let mut contents = Vec::new();
    for (place, group) in reader.metadata().row_groups().iter().enumerate() {
        let rows = usize::try_from(group.num_rows()).map_err(|_| misfit("rows"))?;
        let (keep, columns) = (vec![true; rows], reader.get_row_group(place)?);
        for (column, chunk) in group.columns().iter().enumerate() {
            let mut digests = Digests::default();
            let source = columns.get_column_reader(column)?;
            typed!(source, from => kept(from, chunk.column_descr(), &keep, |part| {
                digests.add(&part);
                Ok(())
            }))?;
            contents.push(digests.content());
        }
    }
    Ok(contents)
}

/// Copies one column chunk, and returns what it wrote.
fn copy<T: DataType>(
    from: ColumnReaderImpl<T>,
    to: &mut ColumnWriter<'_>,
    keep: &[bool],
) -> Result<Content> {
    let to = get_typed_column_writer_mut::<T>(to);
    let descriptor = Arc::clone(to.get_descriptor());
    let (definition, repetition) = (descriptor.max_def_level(), descriptor.max_rep_level());
    let mut digests = Digests::default();
    kept(from, &descriptor, keep, |part| {
        digests.add(&part);
        if part.values.is_empty() && part.definitions.is_empty() {
            return Ok(());
        }
        let definitions = (definition > 0).then_some(part.definitions.as_slice());
        let repetitions = (repetition > 0).then_some(part.repetitions.as_slice());
        to.write_batch(&part.values, definitions, repetitions).map(|_| ())
    })?;
    Ok(digests.content())
}

/// Some records of a column chunk.
struct Part<T> {
    values: Vec<T>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

/// Digests of the values and of the levels of a column chunk; they do not depend on how it is divided into
/// parts.
#[derive(Default)]
struct Digests([blake3::Hasher; 3]);

type Content = [blake3::Hash; 3];

impl Digests {
    fn add<T: AsBytes>(&mut self, part: &Part<T>) {
        let [values, definitions, repetitions] = &mut self.0;
        for value in &part.values {
            let bytes = value.as_bytes();
            values.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        }
        part.definitions.iter().for_each(|level| _ = definitions.update(&level.to_le_bytes()));
        part.repetitions.iter().for_each(|level| _ = repetitions.update(&level.to_le_bytes()));
    }

    fn content(&self) -> Content {
        self.0.each_ref().map(blake3::Hasher::finalize)
    }
}

/// Reads a column chunk and hands the records on whose flag is set. A record begins where the repetition
/// level is 0.
fn kept<T: DataType>(
    mut from: ColumnReaderImpl<T>,
    descriptor: &ColumnDescriptor,
    keep: &[bool],
    mut take: impl FnMut(Part<T::T>) -> Result<()>,
) -> Result<()> {
    let (definition, repetition) = (descriptor.max_def_level(), descriptor.max_rep_level());
    let (mut definitions, mut repetitions, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut records_before = 0;
    while records_before < keep.len() {
        definitions.clear();
        repetitions.clear();
        values.clear();
        let (records, _, levels) = from.read_records(
            RECORDS.min(keep.len() - records_before),
            Some(&mut definitions),
            Some(&mut repetitions),
            &mut values,
        )?;
        if records == 0 {
            return Err(misfit("rows"));
        }
        let values_of = Vec::with_capacity(values.len());
        let mut part = Part { values: values_of, definitions: Vec::new(), repetitions: Vec::new() };
        let (mut next_record, mut next_value) = (records_before, 0);
        for level in 0..levels {
            if repetition == 0 || repetitions[level] == 0 {
                next_record += 1;
            }
            let has_value = definition == 0 || definitions[level] == definition;
            let stays = next_record > 0 && keep.get(next_record - 1) == Some(&true);
            if stays {
                part.definitions.extend(definitions.get(level).copied());
                part.repetitions.extend(repetitions.get(level).copied());
                if has_value {
                    part.values.extend(values.get(next_value).cloned());
                }
            }
            next_value += usize::from(has_value);
        }
        take(part)?;
        records_before += records;
    }
    Ok(())
}

fn properties(metadata: &ParquetMetaData, may_stay: &dyn Fn(&str) -> bool) -> WriterProperties {
    let file = metadata.file_metadata();
    let pairs = file.key_value_metadata().map(|pairs| {
        let stays =
            |pair: &&KeyValue| may_stay(&pair.key) && pair.value.as_deref().is_none_or(may_stay);
        pairs.iter().filter(stays).cloned().collect::<Vec<_>>()
    });
    let mut builder = WriterProperties::builder()
        .set_key_value_metadata(pairs)
        .set_sorting_columns(sorting(metadata))
        .set_max_row_group_row_count(None);
    for place in 0..file.schema_descr().num_columns() {
        let mut chunks = metadata.row_groups().iter().map(|group| group.column(place));
        if let Some(first) = chunks.next() {
            let any = |has: fn(&ColumnChunkMetaData) -> bool| has(first) || chunks.clone().any(has);
            builder = column(builder, first, &any);
        }
    }
    builder.build()
}

/// Sets what the source shows of how a column was written.
fn column(
    builder: WriterPropertiesBuilder,
    chunk: &ColumnChunkMetaData,
    any: &dyn Fn(fn(&ColumnChunkMetaData) -> bool) -> bool,
) -> WriterPropertiesBuilder {
    let path = chunk.column_path().clone();
    let has_dictionary = any(|chunk| {
        chunk.dictionary_page_offset().is_some()
            || chunk.encodings().any(|encoding| encoding == Encoding::RLE_DICTIONARY)
    });
    let statistics = if any(|chunk| chunk.column_index_offset().is_some()) {
        EnabledStatistics::Page
    } else if any(|chunk| chunk.statistics().is_some()) {
        EnabledStatistics::Chunk
    } else {
        EnabledStatistics::None
    };
    let special = chunk.encodings().find(|encoding| {
        matches!(
            encoding,
            Encoding::DELTA_BINARY_PACKED
                | Encoding::DELTA_BYTE_ARRAY
                | Encoding::DELTA_LENGTH_BYTE_ARRAY
                | Encoding::BYTE_STREAM_SPLIT
        )
    });
    builder
        .set_column_compression(path.clone(), chunk.compression())
        .set_column_dictionary_enabled(path.clone(), has_dictionary)
        .set_column_encoding(path.clone(), special.unwrap_or(Encoding::PLAIN))
        .set_column_statistics_enabled(path.clone(), statistics)
        .set_column_bloom_filter_enabled(path, any(|chunk| chunk.bloom_filter_offset().is_some()))
}

/// The order that every row group claims, if all claim the same: leaving rows out keeps it.
fn sorting(metadata: &ParquetMetaData) -> Option<Vec<SortingColumn>> {
    let mut claims = metadata.row_groups().iter().map(|group| group.sorting_columns());
    let first = claims.next()??;
    claims.all(|claim| claim == Some(first)).then(|| first.clone())
}

fn misfit(what: &str) -> ParquetError {
    ParquetError::General(format!("the file holds other {what} than its footer says"))
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, ListArray, RecordBatch, StringArray, types::Int32Type};
    use parquet::arrow::ArrowWriter;

    use super::*;

    /// Four rows of a text and of a list of numbers, of which some are null.
    fn file(texts: [Option<&str>; 4], lists: [Option<Vec<Option<i32>>>; 4]) -> File {
        let lists: ListArray = ListArray::from_iter_primitive::<Int32Type, _, _>(lists);
        let batch = RecordBatch::try_from_iter([
            ("text", Arc::new(StringArray::from(texts.to_vec())) as ArrayRef),
            ("list", Arc::new(lists) as ArrayRef),
        ]);
        let batch = batch.unwrap();
        let file = tempfile::tempfile().unwrap();
        let mut writer =
            ArrowWriter::try_new(file.try_clone().unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        file
    }

    #[test]
    fn what_stays_is_compared_in_every_column() {
        let texts = [Some("a"), None, Some("ccc"), Some("")];
        let one = |value: i32| Some(vec![Some(value), None]);
        let whole = file(texts, [one(1), None, Some(vec![]), one(4)]);
        let to = tempfile::tempfile().unwrap();
        let keep = [vec![true, true, false, true]];
        assert!(rewrite(whole.try_clone().unwrap(), &to, &keep, &|_| true).unwrap());
        let kept = contents(to).unwrap();
        assert_ne!(kept, contents(whole).unwrap());
        // Files that differ in one value, in a null, and in where a list ends.
        let left = [Some("a"), None, Some(""), Some("")];
        let lists = [one(1), None, one(4), one(5)];
        let same = contents(file(left, lists.clone())).unwrap();
        for other in [
            file([Some("a"), None, Some(" "), Some("")], lists.clone()),
            file([Some("a"), Some(""), Some(""), Some("")], lists),
            file(left, [one(1), None, one(4), Some(vec![Some(5)])]),
        ] {
            assert_ne!(contents(other).unwrap(), same);
        }
    }
}
