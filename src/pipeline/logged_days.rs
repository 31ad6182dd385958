//! Which days have log files, where names of folders or files say so.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::Result;
use crate::ingest::dated_logs;
use crate::ledger::{Ledger, State, Which};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds};

/// The days that log files are named after. Names and the ledger decide, never rows.
#[derive(Debug)]
pub struct LoggedDays {
    /// The days that names say, and their zone.
    named: BTreeSet<Day>,
    zone: TimeZone,
    first: Option<Day>,
}

impl LoggedDays {
    /// Lists the files; `None` if names do not say of which day each is, if the files lie on a
    /// cluster, or if neither a file nor the ledger knows of any day. If all files are gone, for
    /// example from a volume that is not mounted, the ledger still knows days.
    ///
    /// # Errors
    /// Input or I/O, when the logs cannot be listed; I/O, when the ledger is damaged.
    pub fn find(release_file: &ReleaseFile, ledger: Option<&Ledger>) -> Result<Option<Self>> {
        if release_file.engine.is_some() {
            return Ok(None);
        }
        let Some(named) = dated_logs(&release_file.logs)? else { return Ok(None) };
        let zone = release_file.logs.time_zone.clone();
        let mut first = None;
        if let Some(day) = named.first() {
            let start = DayBounds::new(*day, &zone)?.start_micros();
            let published = &release_file.ledger.time_zone;
            // A day that begins before the day of the first file does is not whole.
            first = Day::of(start, published);
            if let Some(day) = first
                && DayBounds::new(day, published)?.start_micros() < start
            {
                first = day.next();
            }
        }
        if let Some(ledger) = ledger {
            let mut entries = ledger.entries(Which::Release(&release_file.name))?;
            entries.retain(|entry| !matches!(entry.state, State::Empty | State::Void));
            let begun = entries.iter().filter_map(|entry| entry.blocks.first().copied());
            first = first.into_iter().chain(begun).min();
        }
        Ok(first.is_some().then_some(Self { named, zone, first }))
    }

    /// Whether all files are there that may hold rows of a day.
    pub fn has(&self, bounds: &DayBounds) -> bool {
        bounds.days_in(&self.zone).iter().all(|day| self.named.contains(day))
    }

    /// Whether a day lies before the first that has a file, or an entry in the ledger that is
    /// neither void nor empty.
    pub fn begin_after(&self, day: Day) -> bool {
        self.first.is_some_and(|first| day < first)
    }
}
