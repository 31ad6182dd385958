//! Parquet and Arrow IPC files → raw batches: footers checked before, row counts checked after.
//!
//! Parquet is read one row group at a time, text as views into the pages, INT96 as microseconds,
//! page checksums verified where the file has them. A type written into the file's own Arrow hint
//! is ignored: the Parquet types decide, so that every writer's files mean the same.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use jiff::tz::TimeZone;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Type as PhysicalType;
use parquet::file::metadata::ParquetMetaData;

use super::raw_metadata;
use super::shard::{Shard, open};
use super::time;
use super::wanted::{RawBatch, Wanted};
use crate::release_file::logs::Logs;
use crate::release_file::window::{DayWindow, MICROS_PER_DAY};
use crate::{Error, Result};

/// Rows of one batch: large enough to spread the cost, small enough to stay in cache.
const BATCH_ROWS: usize = 32_768;

/// What the footer of a Parquet file said.
#[derive(Debug, Clone)]
pub(super) struct ParquetFooter {
    metadata: ArrowReaderMetadata,
}

impl ParquetFooter {
    /// Reads and checks a footer.
    ///
    /// # Errors
    /// Input, for a damaged footer, a missing column or a type that cannot be read; I/O.
    pub(super) fn read(shard: &Shard, wanted: &Wanted, logs: &Logs) -> Result<Self> {
        let file = open(&shard.path)?;
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = guarded(shard, || ArrowReaderMetadata::load(&file, options.clone()))?;
        wanted.check_schema(&name(shard), metadata.schema(), logs)?;
        check_value_counts(shard, metadata.metadata(), wanted)?;
        let schema = Arc::new(as_read(&metadata, wanted));
        let options = options.with_schema(schema);
        let metadata = guarded(shard, || {
            ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options.clone())
        })?;
        Ok(Self { metadata })
    }

    /// The least and the greatest time of all rows, where the statistics are sure of both.
    ///
    /// # Errors
    /// Input, when a bound cannot be read as a time.
    pub(super) fn time_bounds(&self, logs: &Logs) -> Result<Option<(i64, i64)>> {
        let groups = self.group_bounds(logs)?;
        let least = groups.iter().map(|bounds| bounds.map(|(least, _)| least)).min().flatten();
        let greatest = groups.iter().flatten().map(|(_, greatest)| *greatest).max();
        let is_sure = groups.iter().all(Option::is_some);
        Ok(least.zip(greatest).filter(|_| is_sure))
    }

    /// The same of each row group.
    ///
    /// # Errors
    /// Input, when a bound cannot be read as a time.
    pub(super) fn group_bounds(&self, logs: &Logs) -> Result<Vec<Option<(i64, i64)>>> {
        let name = logs.column("requested_at");
        let schema = self.metadata.schema();
        let is_ordered = schema.field_with_name(name).is_ok_and(|field| {
            matches!(field.data_type(), DataType::Timestamp(_, _)) || field.data_type().is_integer()
        });
        let groups = self.metadata.metadata().row_groups();
        let unknown = || Ok(vec![None; groups.len()]);
        if !is_ordered || groups.is_empty() {
            return unknown();
        }
        let Ok(converter) =
            StatisticsConverter::try_new(name, schema, self.metadata.parquet_schema())
        else {
            return unknown();
        };
        let bounds = (
            converter.row_group_null_counts(groups),
            converter.row_group_mins(groups),
            converter.row_group_maxes(groups),
        );
        let (Ok(nulls), Ok(least), Ok(greatest)) = bounds else { return unknown() };
        let (least, greatest) = (time::to_micros(&least, logs)?, time::to_micros(&greatest, logs)?);
        // Where a clock is put back, naive times and instants are not in the same order.
        let slack = if logs.time_zone == TimeZone::UTC { 0 } else { MICROS_PER_DAY };
        let of_group = |((nulls, least), greatest): ((Option<u64>, Option<i64>), Option<i64>)| {
            let is_sure = nulls == Some(0) && least <= greatest;
            least.zip(greatest).filter(|_| is_sure).map(|(least, greatest)| {
                (least.saturating_sub(slack), greatest.saturating_add(slack))
            })
        };
        Ok(nulls.iter().zip(&least).zip(&greatest).map(of_group).collect())
    }

    /// The row groups that may have rows of a day; all of them without one.
    ///
    /// # Errors
    /// Input, when a bound cannot be read as a time.
    pub(super) fn groups_of(&self, day: Option<&DayWindow>, logs: &Logs) -> Result<Vec<usize>> {
        let Some(day) = day else { return Ok((0..self.row_groups()).collect()) };
        let may_have = |(_, bounds): &(usize, Option<(i64, i64)>)| {
            bounds.is_none_or(|(least, greatest)| {
                least < day.end_micros() && greatest >= day.start_micros()
            })
        };
        let bounds = self.group_bounds(logs)?;
        Ok(bounds.into_iter().enumerate().filter(may_have).map(|(group, _)| group).collect())
    }

    /// Reads one row group with every column of the file.
    ///
    /// # Errors
    /// Input, when the data are damaged; whatever `take` fails with.
    pub(super) fn read_whole_group(
        &self,
        shard: &Shard,
        group: usize,
        take: &mut dyn FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let file = open(&shard.path)?;
        let mut reader = guarded(shard, || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_row_groups(vec![group])
                .with_batch_size(BATCH_ROWS)
                .build()
        })?;
        while let Some(batch) = guarded(shard, || reader.next().transpose())? {
            take(batch)?;
        }
        Ok(())
    }

    /// The texts of the footer that are no rows.
    pub(super) fn texts(&self) -> Vec<Vec<u8>> {
        raw_metadata::of_parquet(self.metadata.metadata().file_metadata().key_value_metadata())
    }

    /// How many rows the footer tells of in these row groups.
    pub(super) fn rows_of(&self, groups: &[usize]) -> u64 {
        let all = self.metadata.metadata().row_groups();
        let rows = groups.iter().filter_map(|group| all.get(*group)).map(|group| group.num_rows());
        rows.sum::<i64>().try_into().unwrap_or(0)
    }

    /// How many row groups the file has.
    pub(super) fn row_groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// Reads one row group, batch by batch.
    ///
    /// # Errors
    /// Input, when the data are damaged or rows are missing; whatever `take` fails with.
    pub(super) fn read_group(
        &self,
        shard: &Shard,
        group: usize,
        wanted: &Wanted,
        take: &mut dyn FnMut(RawBatch) -> Result<()>,
    ) -> Result<()> {
        let metadata = self.metadata.metadata();
        let expected = metadata.row_group(group).num_rows();
        let schema = metadata.file_metadata().schema_descr();
        let roots = self
            .metadata
            .schema()
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| wanted.names.contains(field.name()))
            .map(|(root, _)| root);
        let mask = ProjectionMask::roots(schema, roots);
        let file = open(&shard.path)?;
        let mut reader = guarded(shard, || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_row_groups(vec![group])
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS)
                .build()
        })?;
        let mut rows = 0_i64;
        while let Some(batch) = guarded(shard, || reader.next().transpose())? {
            rows += i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
            let column = |name: &String| batch.column_by_name(name).cloned();
            take(RawBatch {
                rows: batch.num_rows(),
                columns: wanted.names.iter().map(column).collect(),
                is_utf8: false,
            })?;
        }
        if rows == expected {
            return Ok(());
        }
        Err(Error::input(format!(
            "{} holds another number of rows than its footer says",
            name(shard)
        ))
        .help("the file is damaged: fetch it again, or move it away"))
    }
}

/// In a column that is not nested, every row has a value or a null: the footer must agree.
fn check_value_counts(shard: &Shard, metadata: &ParquetMetaData, wanted: &Wanted) -> Result<()> {
    for group in metadata.row_groups() {
        for column in group.columns() {
            let descriptor = column.column_descr();
            let path = descriptor.path().parts();
            let is_wanted = path.len() == 1 && wanted.names.contains(&path[0]);
            if is_wanted
                && descriptor.max_rep_level() == 0
                && column.num_values() != group.num_rows()
            {
                return Err(Error::input(format!(
                    "{}: the footer counts other rows for the column `{}` than for the file",
                    name(shard),
                    path[0]
                ))
                .help("the file is damaged: fetch it again, rewrite it, or move it away"));
            }
        }
    }
    Ok(())
}

/// The types to read: text as views, small sets of values as dictionaries, INT96 as microseconds.
fn as_read(metadata: &ArrowReaderMetadata, wanted: &Wanted) -> Schema {
    let schema = metadata.schema();
    let descriptor = metadata.metadata().file_metadata().schema_descr();
    let fields = schema.fields().iter().enumerate().map(|(root, field)| {
        let place = wanted.names.iter().position(|name| name == field.name());
        let is_key = place.is_some_and(|place| wanted.keys.contains(&Some(place)));
        let is_int96 = (0..descriptor.num_columns())
            .find(|leaf| descriptor.get_column_root_idx(*leaf) == root)
            .is_some_and(|leaf| descriptor.column(leaf).physical_type() == PhysicalType::INT96);
        let data_type = match field.data_type() {
            DataType::Utf8 if is_key => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
            }
            DataType::Utf8 if place.is_some() => DataType::Utf8View,
            DataType::Timestamp(_, zone) if is_int96 => {
                DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
            }
            other => other.clone(),
        };
        Field::new(field.name(), data_type, field.is_nullable())
    });
    Schema::new(fields.collect::<Vec<_>>())
}

/// Checks the schema of an Arrow IPC file and says how many batches it has.
///
/// # Errors
/// Input, for a damaged file, a missing column or a type that cannot be read; I/O.
pub(super) fn check_ipc(shard: &Shard, wanted: &Wanted, logs: &Logs) -> Result<usize> {
    let reader = ipc_reader(shard, None)?;
    wanted.check_schema(&name(shard), &reader.schema(), logs)?;
    Ok(reader.num_batches())
}

/// Reads one batch of an Arrow IPC file.
///
/// # Errors
/// Input, when the data are damaged; whatever `take` fails with.
pub(super) fn read_ipc(
    shard: &Shard,
    batch: usize,
    wanted: &Wanted,
    take: &mut dyn FnMut(RawBatch) -> Result<()>,
) -> Result<()> {
    let schema = ipc_reader(shard, None)?.schema();
    let columns = wanted.names.iter().filter_map(|name| schema.index_of(name).ok()).collect();
    let mut reader = ipc_reader(shard, Some(columns))?;
    let batch = guarded(shard, || {
        reader.set_index(batch)?;
        reader.next().transpose()
    })?;
    let Some(batch) = batch else { return Ok(()) };
    let column = |name: &String| batch.column_by_name(name).cloned();
    let columns = wanted.names.iter().map(column).collect();
    take(RawBatch { rows: batch.num_rows(), columns, is_utf8: false })
}

/// Reads one batch of an Arrow IPC file with every column.
///
/// # Errors
/// Input, when the data are damaged.
pub(super) fn read_whole_ipc(shard: &Shard, batch: usize) -> Result<Option<RecordBatch>> {
    let mut reader = ipc_reader(shard, None)?;
    guarded(shard, || {
        reader.set_index(batch)?;
        reader.next().transpose()
    })
}

/// The texts of an Arrow IPC file that are no rows.
///
/// # Errors
/// Input, when the file is damaged; I/O.
pub(super) fn ipc_texts(shard: &Shard) -> Result<Vec<Vec<u8>>> {
    let reader = ipc_reader(shard, None)?;
    Ok(raw_metadata::of_arrow(&reader.schema(), reader.custom_metadata()))
}

fn ipc_reader(shard: &Shard, columns: Option<Vec<usize>>) -> Result<FileReader<BufReader<File>>> {
    let file = open(&shard.path)?;
    guarded(shard, || FileReader::try_new_buffered(file, columns))
}

/// Runs a decoder on bytes that nobody vouches for: its failure, or its panic, is a damaged file.
/// The decoder's own words are not passed on, since they may quote the data.
fn guarded<T, E>(shard: &Shard, decode: impl FnOnce() -> std::result::Result<T, E>) -> Result<T> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(decode));
    match outcome {
        Ok(Ok(decoded)) => Ok(decoded),
        Ok(Err(_)) | Err(_) => Err(Error::input(format!("{} cannot be decoded", name(shard)))
            .help(
                "it is damaged, cut short or unusual: fetch it again, rewrite it, or move it away",
            )),
    }
}

fn name(shard: &Shard) -> String {
    shard.path.display().to_string()
}

#[cfg(test)]
mod tests;
