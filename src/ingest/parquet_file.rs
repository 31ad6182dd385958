//! Parquet files → raw batches. Footers are checked before rows are read, row counts after.
//!
//! A file is read one row group at a time, phone numbers straight from its pages and other text as views into them.
//! Page checksums are verified where the file has them. Text is read as bytes: a value that is not UTF-8
//! makes its row a reject, and the file is read. The types that a writer's own Arrow schema names are
//! ignored: the Parquet types decide, so that every writer's files mean the same.

use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::tz::TimeZone;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::ColumnDescriptor;

use super::nested;
use super::open::{guarded, open};
use super::parquet_pages::{self, Bounded};
use super::parquet_schema::{as_read, text_as_bytes};
use super::parquet_texts::TextColumn;
use super::raw_batch::RawBatch;
use super::time;
use super::wanted::Wanted;
use crate::release_file::day::{DayBounds, MICROS_PER_DAY};
use crate::release_file::logs::Logs;
use crate::{Error, Result};

/// Rows of one batch: large enough to spread the cost, small enough to stay in cache.
const BATCH_ROWS: usize = 32_768;

/// What the footer of a Parquet file says.
#[derive(Debug, Clone)]
pub(super) struct ParquetFooter {
    metadata: ArrowReaderMetadata,
}

/// The least and the greatest time of some rows; `None` if the statistics do not vouch for both.
type Bounds = Option<(i64, i64)>;

/// A wanted column that is read text by text.
struct OwnColumn {
    place: usize,
    leaf: usize,
    column: TextColumn,
}

impl ParquetFooter {
    /// Reads and checks a footer.
    pub(super) fn read(path: &Path, wanted: &Wanted, logs: &Logs) -> Result<Self> {
        let file = bounded(path)?;
        let load = |options: &ArrowReaderOptions| {
            guarded(path, || ArrowReaderMetadata::load(&file, options.clone()))
        };
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = load(&options)?;
        wanted.check_schema(&path.display().to_string(), metadata.schema(), logs)?;
        check_value_counts(path, metadata.metadata(), wanted)?;
        let schema = guarded(path, || text_as_bytes(&metadata, wanted))?;
        let options = options.with_parquet_schema(Arc::new(schema));
        let schema = as_read(&load(&options)?, wanted);
        Ok(Self { metadata: load(&options.with_schema(Arc::new(schema)))? })
    }

    /// Whether the times of all rows lie within the bounds of their row groups.
    pub(super) fn has_true_statistics(
        &self,
        path: &Path,
        only_time: &Wanted,
        logs: &Logs,
    ) -> Result<bool> {
        let mut are_true = true;
        for (group, bounds) in self.group_bounds(logs)?.into_iter().enumerate() {
            let Some((least, greatest)) = bounds else { continue };
            self.read_group(path, group, only_time, &mut |raw| {
                let times = raw.times(only_time, logs)?;
                are_true &= times
                    .iter()
                    .all(|time| time.is_some_and(|time| (least..=greatest).contains(&time)));
                Ok(())
            })?;
        }
        Ok(are_true)
    }

    /// The row groups that may have rows of a day; all of them without one.
    pub(super) fn groups_of(&self, day: Option<&DayBounds>, logs: &Logs) -> Result<Vec<usize>> {
        let all = 0..self.row_groups();
        let Some(day) = day else { return Ok(all.collect()) };
        let may_have = |bounds: &Bounds| {
            bounds.is_none_or(|(least, greatest)| {
                least < day.end_micros() && greatest >= day.start_micros()
            })
        };
        let bounds = self.group_bounds(logs)?;
        Ok(all
            .zip(&bounds)
            .filter(|(_, bounds)| may_have(bounds))
            .map(|(group, _)| group)
            .collect())
    }

    /// The columns of the file.
    pub(super) fn schema(&self) -> &Schema {
        self.metadata.schema()
    }

    /// How many row groups the file has.
    pub(super) fn row_groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// How many rows these row groups have.
    pub(super) fn rows_of(&self, groups: &[usize]) -> u64 {
        let all = self.metadata.metadata().row_groups();
        let rows = groups.iter().filter_map(|group| all.get(*group)).map(|group| group.num_rows());
        rows.sum::<i64>().try_into().unwrap_or(0)
    }

    /// Reads the wanted columns of one row group, batch by batch.
    pub(super) fn read_group(
        &self,
        path: &Path,
        group: usize,
        wanted: &Wanted,
        take: &mut dyn FnMut(RawBatch) -> Result<()>,
    ) -> Result<()> {
        let metadata = self.metadata.metadata();
        let mut texts = self.text_columns(path, group, wanted)?;
        let descriptor = metadata.file_metadata().schema_descr();
        let is_read = |leaf: &usize| {
            is_wanted(&descriptor.column(*leaf), wanted)
                && texts.iter().all(|column| column.leaf != *leaf)
        };
        let leaves: Vec<usize> = (0..descriptor.num_columns()).filter(is_read).collect();
        let mask = ProjectionMask::leaves(descriptor, leaves);
        let mut reader = reader(path, self.metadata.clone(), group, mask)?;
        let mut rows = 0_i64;
        while let Some(batch) = guarded(path, || reader.next().transpose())? {
            rows += i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
            let column = |name: &String| nested::column(&batch, name);
            let columns = wanted.names.iter().map(column).collect();
            let own = texts.iter_mut();
            let own = own.map(|own| Ok((own.place, own.column.take(batch.num_rows())?)));
            let texts = guarded(path, || own.collect::<parquet::errors::Result<_>>())?;
            take(RawBatch { rows: batch.num_rows(), columns, texts, records: None })?;
        }
        guarded(path, || texts.into_iter().try_for_each(|own| own.column.finish()))?;
        if rows == metadata.row_group(group).num_rows() {
            return Ok(());
        }
        Err(Error::input(format!(
            "{} holds another number of rows than its footer says",
            path.display()
        ))
        .help("the file is damaged: fetch it again, or move it away"))
    }

    /// The columns of a row group that are read text by text: those of phone numbers, where these are text.
    fn text_columns(&self, path: &Path, group: usize, wanted: &Wanted) -> Result<Vec<OwnColumn>> {
        if !wanted.are_numbers {
            return Ok(Vec::new());
        }
        let file = Arc::new(bounded(path)?);
        let group = self.metadata.metadata().row_group(group);
        let is_text = |name: &String| {
            let field = self.metadata.schema().field_with_name(name);
            field.is_ok_and(|field| *field.data_type() == DataType::BinaryView)
        };
        let mut columns = Vec::new();
        for place in [wanted.requester, wanted.target] {
            if wanted.is_derived(place) {
                continue;
            }
            let Some(name) = wanted.names.get(place).filter(|name| is_text(name)) else { continue };
            let mut chunks = group.columns().iter().enumerate();
            let own = chunks.find(|(_, chunk)| chunk.column_path().string() == *name);
            let Some((leaf, chunk)) = own else { continue };
            let column = guarded(path, || TextColumn::open(&file, group, chunk))?;
            columns.extend(column.map(|column| OwnColumn { place, leaf, column }));
        }
        Ok(columns)
    }

    /// Checks what the pages of all columns say of their lengths.
    pub(super) fn check_pages(&self, path: &Path) -> Result<()> {
        let file = Arc::new(bounded(path)?);
        let groups = self.metadata.metadata().row_groups();
        groups
            .iter()
            .try_for_each(|group| guarded(path, || parquet_pages::check(&file, group, |_| true)))
    }

    /// The texts of the file that are no rows: keys and values of the footer. A value in base64 is
    /// also given decoded, since some writers store their Arrow schema so.
    pub(super) fn texts(&self) -> Vec<Vec<u8>> {
        let metadata = self.metadata.metadata().file_metadata().key_value_metadata();
        let mut texts = Vec::new();
        for pair in metadata.into_iter().flatten() {
            texts.push(pair.key.clone().into_bytes());
            let value = pair.value.clone().unwrap_or_default();
            texts.extend(BASE64_STANDARD.decode(&value).ok());
            texts.push(value.into_bytes());
        }
        texts
    }

    /// The least and the greatest time of each row group.
    fn group_bounds(&self, logs: &Logs) -> Result<Vec<Bounds>> {
        let name = logs.column("requested_at");
        let schema = self.metadata.schema();
        let is_ordered = schema.field_with_name(name).is_ok_and(|field| {
            // Digits of a format need not have the order of the times that they stand for.
            matches!(field.data_type(), DataType::Timestamp(_, _))
                || field.data_type().is_integer() && logs.time_formats.is_empty()
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
}

/// Reads one row group with every column of the file, text as text.
pub(super) fn read_whole_group(
    path: &Path,
    group: usize,
    take: &mut dyn FnMut(RecordBatch) -> Result<()>,
) -> Result<()> {
    let file = bounded(path)?;
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = guarded(path, || {
        let metadata = ArrowReaderMetadata::load(&file, options.clone())?;
        let schema = as_read(&metadata, &Wanted::nothing());
        ArrowReaderMetadata::load(&file, options.with_schema(Arc::new(schema)))
    })?;
    let mut reader = reader(path, metadata, group, ProjectionMask::all())?;
    while let Some(batch) = guarded(path, || reader.next().transpose())? {
        take(batch)?;
    }
    Ok(())
}

fn bounded(path: &Path) -> Result<Bounded> {
    let file = open(path)?;
    guarded(path, || Bounded::new(file))
}

fn reader(
    path: &Path,
    metadata: ArrowReaderMetadata,
    group: usize,
    mask: ProjectionMask,
) -> Result<ParquetRecordBatchReader> {
    let (checked, file) = (Arc::new(bounded(path)?), bounded(path)?);
    guarded(path, || {
        let is_read = |leaf| mask.leaf_included(leaf);
        parquet_pages::check(&checked, metadata.metadata().row_group(group), is_read)?;
        ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_row_groups(vec![group])
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
    })
}

/// In a column without lists every row has one value or a null: the footer must agree.
fn check_value_counts(path: &Path, metadata: &ParquetMetaData, wanted: &Wanted) -> Result<()> {
    for group in metadata.row_groups() {
        for column in group.columns() {
            let descriptor = column.column_descr();
            if is_wanted(descriptor, wanted)
                && descriptor.max_rep_level() == 0
                && column.num_values() != group.num_rows()
            {
                return Err(Error::input(format!(
                    "{}: the footer counts other rows for the column `{}` than for the file",
                    path.display(),
                    descriptor.path().string()
                ))
                .help("the file is damaged: fetch it again, rewrite it, or move it away"));
            }
        }
    }
    Ok(())
}

/// Whether a column of the file is wanted by its own name, as a part of a struct, or with all of one.
fn is_wanted(column: &ColumnDescriptor, wanted: &Wanted) -> bool {
    let path = column.path();
    wanted.names.contains(&path.string())
        || path.parts().first().is_some_and(|root| wanted.names.contains(root))
}

#[cfg(test)]
mod tests;
