//! What to simulate, and in which bounds.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::{Error, Result};

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
    /// How [`super::write`] writes files.
    pub format: Format,
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

/// A file format of logs; the command line knows each by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Parquet
    Parquet,
    /// Comma-separated values
    Csv,
    /// One JSON object per line
    Ndjson,
    /// Arrow IPC
    Arrow,
}

impl Format {
    /// The ending of a file's name, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Arrow => "arrow",
        }
    }
}

fn in_range(what: &str, value: u64, most: u64) -> Result<()> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::usage(format!("{what} must be from 1 to {most}, not {value}")))
}
