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
mod scatter;
mod settings;
#[cfg(test)]
mod tests;
mod text;
mod write;

use std::path::Path;

use arrow_array::RecordBatch;
use jiff::civil::Date;

pub use columns::schema;
pub use settings::{DAYS_MOST, Format, LOOKUPS_MOST, REQUESTERS_MOST, Settings};

use crate::{Error, Result};
use lookups::{Service, each_slice};

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

/// Refuses a folder that has a file of one of the names that [`write`] would write: it may be a real log.
///
/// # Errors
/// Usage, naming the file; also usage errors of [`Settings::validate`].
pub fn require_absent(settings: &Settings, out: &Path) -> Result<()> {
    settings.validate()?;
    for day in 0..settings.days {
        let file = write::place(&out.join(folder_of(settings.date(day)?)), settings.format);
        if file.exists() {
            return Err(Error::usage(format!("{} is there already", file.display()))
                .help("nothing was written: name a folder without logs"));
        }
    }
    Ok(())
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
        let folder = out.join(folder_of(date));
        let day = service.day(number_of(date))?;
        summary.bytes += write::write_day(&day, &folder, settings.format, progress)?;
        summary.lookups += settings.lookups_per_day;
        summary.files += 1;
    }
    Ok(summary)
}

fn folder_of(date: Date) -> String {
    format!("day={date}")
}

/// Days since 1970.
fn number_of(date: Date) -> i64 {
    let span = date.since((jiff::Unit::Day, jiff::civil::date(1970, 1, 1)));
    span.map_or(0, |span| i64::from(span.get_days()))
}
