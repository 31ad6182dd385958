//! A simulated lookup service: realistic logs of any size, made from a seed.
//!
//! In: [`Settings`]. Out: one hive folder per UTC day, with rows as a real service would log them
//! ([`write`]), or the same rows in memory ([`for_each_chunk`]). Every day has exactly the lookups
//! asked for; the same settings give the same bytes, whatever the number of threads, and a day
//! depends on its date, not on where the run began. Days are made one at a time, in memory: 16
//! bytes per lookup of the day beside the rows in work.
//!
//! Not here: privacy. No simulated person exists; a number can belong to a real person by chance.

mod asks;
mod chance;
mod columns;
mod contacts;
mod countries;
mod lookups;
mod population;
mod rhythm;
#[cfg(test)]
mod tests;
mod text;
mod write;

use std::path::Path;

use arrow_array::RecordBatch;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use rayon::prelude::*;

pub use columns::schema;

use crate::{Error, Result};
use lookups::{Day, Service};

/// The longest log, in days.
pub const DAYS_MOST: u32 = 3_660;
/// The most requesters.
pub const REQUESTERS_MOST: u64 = 10_000_000;
/// The most lookups of a day: they are held in memory, 16 bytes each.
pub const LOOKUPS_MOST: u64 = 1_000_000_000;

/// What to simulate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The first day, in UTC.
    pub start: Date,
    /// The number of days.
    pub days: u32,
    /// The exact number of lookups of each UTC day.
    pub lookups_per_day: u64,
    /// The number of requesters; on a given day some of them ask nothing.
    pub requesters: u64,
    /// Decides everything that the other settings leave open.
    pub seed: u64,
    /// How [`write`] writes files.
    pub format: Format,
}

/// A file format of logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Parquet with zstd, a row group per slice of the day.
    Parquet,
    /// CSV with a header.
    Csv,
    /// One JSON object per line.
    Ndjson,
    /// An Arrow IPC file, not compressed.
    Arrow,
}

impl Format {
    /// The ending of a file's name, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Arrow => "arrow",
        }
    }
}

/// What [`write`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Files, one per day.
    pub files: u64,
    /// Rows in all files.
    pub lookups: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

impl Settings {
    /// Checks that the settings can be simulated.
    ///
    /// # Errors
    /// A usage error names the setting and its bounds.
    pub fn validate(&self) -> Result<()> {
        in_range("days", self.days.into(), DAYS_MOST.into())?;
        in_range("lookups per day", self.lookups_per_day, LOOKUPS_MOST)?;
        in_range("requesters", self.requesters, REQUESTERS_MOST)?;
        let last = self.date(self.days - 1)?;
        if self.start < date(1970, 1, 1) || last > date(2199, 12, 31) {
            return Err(Error::usage("the simulated days must lie in the years 1970 to 2199")
                .help("choose another --start, or fewer --days"));
        }
        Ok(())
    }

    /// The UTC date of a day; 0 is the first.
    ///
    /// # Errors
    /// A usage error if the calendar ends before that day.
    pub fn date(&self, day: u32) -> Result<Date> {
        self.start.checked_add(i64::from(day).days()).map_err(|cause| {
            Error::usage("the simulated days must lie in the years 1970 to 2199").because(cause)
        })
    }
}

/// Makes one day and hands its rows over in order of time, in chunks of a few hundred thousand.
///
/// `day` 0 is the first day. The chunks are the rows that [`write`] writes for that day, in the
/// columns of [`schema`]; no chunk is empty.
///
/// # Errors
/// Usage errors of [`Settings::validate`], a day past the last one, and whatever `take` returns.
pub fn for_each_chunk(
    settings: &Settings,
    day: u32,
    mut take: impl FnMut(RecordBatch) -> Result<()>,
) -> Result<()> {
    let service = Service::new(settings)?;
    if day >= settings.days {
        return Err(Error::usage(format!(
            "day {day} is past the last simulated day; there are {}",
            settings.days
        )));
    }
    let day = service.day(number_of(settings.date(day)?))?;
    each_slice(
        &day,
        |slice| columns::batch(&day, slice),
        |batch| {
            if batch.num_rows() == 0 { Ok(()) } else { take(batch) }
        },
    )
}

/// Writes the log under `out`, as `day=YYYY-MM-DD/part-0.` and the format's ending.
///
/// The folder's date is the UTC date of every row in it; there is no column for it. A file that
/// was there is replaced. `progress` gets the number of rows just written, from one thread at a
/// time.
///
/// # Errors
/// Usage errors of [`Settings::validate`]; an I/O error with its path if a folder or file cannot
/// be written, in which case complete days stay and no partial file does.
pub fn write(settings: &Settings, out: &Path, progress: &(dyn Fn(u64) + Sync)) -> Result<Summary> {
    let service = Service::new(settings)?;
    let mut summary = Summary { files: 0, lookups: 0, bytes: 0 };
    for day in 0..settings.days {
        let date = settings.date(day)?;
        let folder = out.join(format!("day={date}"));
        let day = service.day(number_of(date))?;
        summary.bytes += write::write_day(&day, &folder, settings.format, progress)?;
        summary.lookups += settings.lookups_per_day;
        summary.files += 1;
    }
    Ok(summary)
}

/// Runs `make` for the slices of a day in parallel, a few at a time, and `take` in their order.
fn each_slice<T: Send>(
    day: &Day<'_>,
    make: impl Fn(usize) -> Result<T> + Sync,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let at_a_time = rayon::current_num_threads() * 2;
    for first in (0..day.slices()).step_by(at_a_time) {
        let last = (first + at_a_time).min(day.slices());
        let made: Vec<Result<T>> =
            (first..last).into_par_iter().with_max_len(1).map(&make).collect();
        for made in made {
            take(made?)?;
        }
    }
    Ok(())
}

/// Days since 1970.
fn number_of(date: Date) -> i64 {
    let span = date.since((jiff::Unit::Day, jiff::civil::date(1970, 1, 1)));
    span.map_or(0, |span| i64::from(span.get_days()))
}

fn in_range(what: &str, value: u64, most: u64) -> Result<()> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::usage(format!("{what} must be from 1 to {most}, not {value}")))
}
