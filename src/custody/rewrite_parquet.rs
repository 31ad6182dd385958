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
use parquet::column::writer::{ColumnWriter, ColumnWriterImpl};
use parquet::data_type::DataType;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, KeyValue, ParquetMetaData, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;

use crate::footer;

/// Records that are read at a time.
const RECORDS: usize = 16_384;

/// Writes the rows whose flag is set.
///
/// # Shapes
/// `keep` has one list per row group, and in it one flag per row.
pub(super) fn rewrite(
    from: File,
    to: &File,
    keep: &[Vec<bool>],
    may_stay: &dyn Fn(&str) -> bool,
) -> Result<()> {
    let reader = SerializedFileReader::new(from)?;
    let metadata = reader.metadata();
    let schema = metadata.file_metadata().schema_descr().root_schema_ptr();
    let properties = Arc::new(properties(metadata, may_stay));
    let mut writer = SerializedFileWriter::new(to, schema, properties)?;
    for (group, keep) in keep.iter().enumerate() {
        if !keep.contains(&true) {
            continue;
        }
        let columns = reader.get_row_group(group)?;
        let mut group = writer.next_row_group()?;
        for column in 0..columns.num_columns() {
            let source = columns.get_column_reader(column)?;
            let mut target = group.next_column()?.ok_or_else(|| misfit("columns"))?;
            copy_column(source, target.untyped(), keep)?;
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
    Ok(())
}

fn copy_column(source: ColumnReader, target: &mut ColumnWriter<'_>, keep: &[bool]) -> Result<()> {
    use ColumnReader as From;
    use ColumnWriter as To;
    match (source, target) {
        (From::BoolColumnReader(from), To::BoolColumnWriter(to)) => copy(from, to, keep),
        (From::Int32ColumnReader(from), To::Int32ColumnWriter(to)) => copy(from, to, keep),
        (From::Int64ColumnReader(from), To::Int64ColumnWriter(to)) => copy(from, to, keep),
        (From::Int96ColumnReader(from), To::Int96ColumnWriter(to)) => copy(from, to, keep),
        (From::FloatColumnReader(from), To::FloatColumnWriter(to)) => copy(from, to, keep),
        (From::DoubleColumnReader(from), To::DoubleColumnWriter(to)) => copy(from, to, keep),
        (From::ByteArrayColumnReader(from), To::ByteArrayColumnWriter(to)) => copy(from, to, keep),
        (From::FixedLenByteArrayColumnReader(from), To::FixedLenByteArrayColumnWriter(to)) => {
            copy(from, to, keep)
        }
        _ => Err(misfit("types")),
    }
}

/// Copies one column chunk; a record begins where the repetition level is 0.
fn copy<T: DataType>(
    mut from: ColumnReaderImpl<T>,
    to: &mut ColumnWriterImpl<'_, T>,
    keep: &[bool],
) -> Result<()> {
    let descriptor = to.get_descriptor();
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
        let (mut kept_definitions, mut kept_repetitions) = (Vec::new(), Vec::new());
        let mut kept_values = Vec::with_capacity(values.len());
        let (mut next_record, mut next_value) = (records_before, 0);
        for level in 0..levels {
            if repetition == 0 || repetitions[level] == 0 {
                next_record += 1;
            }
            let has_value = definition == 0 || definitions[level] == definition;
            let stays = next_record > 0 && keep.get(next_record - 1) == Some(&true);
            if stays {
                kept_definitions.extend(definitions.get(level).copied());
                kept_repetitions.extend(repetitions.get(level).copied());
                if has_value {
                    kept_values.extend(values.get(next_value).cloned());
                }
            }
            next_value += usize::from(has_value);
        }
        let definitions = (definition > 0).then_some(kept_definitions.as_slice());
        let repetitions = (repetition > 0).then_some(kept_repetitions.as_slice());
        if !kept_values.is_empty() || !kept_definitions.is_empty() {
            to.write_batch(&kept_values, definitions, repetitions)?;
        }
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
