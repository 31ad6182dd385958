//! Checks that an instant can be right, before anything is deleted by it.
//!
//! A clock that jumped ahead, or a wrong `time_unit`, would make every row look expired. The logs
//! give evidence: a service that writes them is never silent for days, and no row is a decade past
//! retention or from tomorrow. An instant that a person names may lie long after the logs, but not
//! after the machine's own clock: `--as-of` only ever looks back. Legal holds and the journal know no
//! other time than that clock.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ingest::{LogFile, find_log_files};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Clock, MICROS_PER_DAY, parse_instant};
use crate::{Error, Result};

/// Rows that are past retention for longer than this mean that the time column is misread.
const OLDEST_DAYS: i64 = 3_660;
/// How long the logs may be silent, in addition to `[logs] settle`.
const SILENT_DAYS: i64 = 3;
/// Rows that are later than now by more than this mean that the time column is misread, and a clock
/// that went back by more is wrong.
const AHEAD_DAYS: i64 = 1;
/// How much longer than retention the logs may be silent when a person names the instant.
const NAMED_SLACK_DAYS: i64 = 366;

/// The instant to decide by, and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// The instant.
    pub as_of: Timestamp,
    /// Whether a person named it (`--as-of`), not the machine's clock.
    pub is_named: bool,
    /// What the machine's clock says.
    clock: Timestamp,
}

impl Now {
    /// Reads `--as-of`, which only looks back; without it the clock decides. A day stands for its start in this zone.
    ///
    /// # Errors
    /// Usage, for text that is no instant, or an instant that is yet to come.
    pub fn read(named: Option<&str>, zone: &TimeZone) -> Result<Self> {
        let now = Self::read_any(named, zone)?;
        if now.as_of <= now.clock {
            return Ok(now);
        }
        Err(Error::usage(format!("`--as-of` is {}, which is yet to come", now.as_of))
            .help("it only looks back: name an instant that has passed, or leave it out"))
    }

    /// The same for a verb that changes nothing, which may look ahead.
    ///
    /// # Errors
    /// Usage, for text that is no instant.
    pub fn read_any(named: Option<&str>, zone: &TimeZone) -> Result<Self> {
        let clock = Clock::System.now();
        let as_of = named.map_or(Ok(clock), |text| parse_instant(text, zone))?;
        Ok(Self { as_of, is_named: named.is_some(), clock })
    }

    /// The instant that decides whether a hold is in force or has ended. It is never before the
    /// machine's clock.
    pub fn of_holds(self) -> Timestamp {
        self.clock.max(self.as_of)
    }

    /// The instant of [`Self::of_holds`] for [`Self::require_credible`]: a person who names an
    /// instant within a day of the clock vouches for the clock, and a person who names an earlier
    /// one does not.
    #[must_use]
    pub fn ending_holds(self) -> Self {
        let behind = self.of_holds().as_microsecond() - self.as_of.as_microsecond();
        let is_named = self.is_named && behind <= AHEAD_DAYS * MICROS_PER_DAY;
        Self { as_of: self.of_holds(), is_named, ..self }
    }

    /// Refuses a clock that stands more than a day before the last thing that the ledger noted.
    ///
    /// # Errors
    /// Input.
    pub fn require_after(self, noted: Option<Timestamp>) -> Result<()> {
        let is_back = noted.is_some_and(|noted| {
            noted.as_microsecond() - self.as_of.as_microsecond() > AHEAD_DAYS * MICROS_PER_DAY
        });
        if self.is_named || !is_back {
            return Ok(());
        }
        Err(Error::input(format!(
            "the clock says {}, and the ledger has noted something more than a day later",
            self.as_of
        ))
        .help("set the clock right; `retain` also goes by an instant that is named with --as-of"))
    }

    /// Refuses a clock that is far ahead of the logs, before a day is released by it. Names of day
    /// folders and times of writing are the evidence, since no row may decide about a release.
    ///
    /// # Errors
    /// Input.
    pub fn require_living_logs(self, release_file: &ReleaseFile) -> Result<()> {
        if self.is_named {
            return Ok(());
        }
        // Logs that cannot be listed are refused where they are read.
        let logs = find_log_files(&release_file.logs).unwrap_or_default();
        self.require_credible(logs.iter().filter_map(written).max(), release_file)
    }

    /// Refuses an instant at which the logs, whose last sign of life is `newest`, would have been
    /// silent for too long.
    ///
    /// # Errors
    /// Input.
    pub fn require_credible(self, newest: Option<i64>, release_file: &ReleaseFile) -> Result<()> {
        let retention = i64::from(release_file.retention_days) * MICROS_PER_DAY;
        let settle = i64::try_from(release_file.logs.settle.as_micros()).unwrap_or(i64::MAX);
        let longest = if self.is_named {
            retention + NAMED_SLACK_DAYS * MICROS_PER_DAY
        } else {
            // Past retention every row would go; a clock that is days ahead would take live ones.
            settle.saturating_add(SILENT_DAYS * MICROS_PER_DAY).min(retention)
        };
        let silent = newest.map(|newest| self.as_of.as_microsecond().saturating_sub(newest));
        if silent.is_none_or(|silent| silent <= longest) {
            return Ok(());
        }
        let days = silent.unwrap_or_default() / MICROS_PER_DAY;
        let who = if self.is_named { "`--as-of`" } else { "the clock" };
        Err(Error::input(format!(
            "{who} says {:.0}, and the last sign of life in the logs is {days} days older: either that \
             instant or the time column is wrong",
            jiff::Timestamp::from_second(self.as_of.as_second()).unwrap_or(self.as_of)
        ))
        .help(if self.is_named {
            "name an instant nearer to the logs, or check `[logs] time_unit`"
        } else {
            "set the clock right; when the logs did end then, name the instant with --as-of"
        }))
    }
}

/// When a log was written, by the day that names promise, or else by the time of its last change.
fn written(log: &LogFile<'_>) -> Option<i64> {
    if log.promised_day().is_some() {
        return Some(log.promised_bounds().ok()??.end_micros());
    }
    let modified = fs::metadata(log.path()).and_then(|facts| facts.modified()).ok()?;
    Timestamp::try_from(modified).ok().map(Timestamp::as_microsecond)
}

/// The range of times that a row may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plausible {
    least: i64,
    greatest: i64,
}

impl Plausible {
    /// The range around an instant, for logs that are kept for `retention_days`.
    pub(crate) fn around(now: Now, retention_days: u32) -> Self {
        let oldest = (i64::from(retention_days) + OLDEST_DAYS) * MICROS_PER_DAY;
        // An instant that a person names may lie before rows that are rightly there.
        let latest = now.of_holds().as_microsecond();
        Self {
            least: now.as_of.as_microsecond().saturating_sub(oldest),
            greatest: latest.saturating_add(AHEAD_DAYS * MICROS_PER_DAY),
        }
    }

    /// Refuses a time of a row of this file outside of the range.
    ///
    /// # Errors
    /// Input, naming the file alone.
    pub(crate) fn require(&self, time: i64, path: &Path) -> Result<()> {
        let what = if time < self.least {
            "more than ten years past retention"
        } else if time > self.greatest {
            "more than a day after now"
        } else {
            return Ok(());
        };
        Err(Error::input(format!("{} has a row of {what}", path.display())).help(
            "the time column is absurd, or the clock is: check `[logs] time_unit` and the clock",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release_file::day::parse_instant;

    fn release(extra: &str) -> ReleaseFile {
        let text = format!(
            "name = \"r\"\n[logs]\npath = \"x\"\n{extra}\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
             delta = 1e-6\n[[question]]\nname = \"q\"\ncount = \"lookups\"\n"
        );
        ReleaseFile::parse(&text, "r.toml", Path::new(".")).unwrap()
    }

    #[test]
    fn silence_of_days_is_believed_from_a_person_only() {
        let as_of = parse_instant("2026-03-31", &TimeZone::UTC).unwrap();
        let day = |text| Some(parse_instant(text, &TimeZone::UTC).unwrap().as_microsecond());
        let settles = "settle = \"48h\"";
        let short = "[retention]\ndays = 2";
        for (newest, extra, is_named, is_credible) in [
            ("2026-03-30", "", false, true),
            ("2026-03-28", "", false, true),
            ("2026-03-27", "", false, false),
            ("2026-03-26", settles, false, true),
            ("2026-03-25", settles, false, false),
            ("2026-03-29", short, false, true),
            ("2026-03-28", short, false, false),
            ("2026-03-01", "", true, true),
            ("2025-02-28", "", true, true),
            ("2025-02-26", "", true, false),
        ] {
            let found = Now { as_of, is_named, clock: as_of }
                .require_credible(day(newest), &release(extra));
            assert_eq!(found.is_ok(), is_credible, "{newest} {extra} {is_named}");
        }
    }

    #[test]
    fn nobody_names_an_instant_that_is_yet_to_come_but_to_look_at_it() {
        let later = Clock::System.now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        let later = later.to_string();
        assert_eq!(Now::read(Some(&later), &TimeZone::UTC).unwrap_err().kind(), crate::Kind::Usage);
        assert_eq!(
            Now::read_any(Some(&later), &TimeZone::UTC).unwrap().of_holds().to_string(),
            later
        );
        let earlier = Now::read(Some("2026-01-01"), &TimeZone::UTC).unwrap();
        assert!(earlier.is_named && earlier.of_holds() > earlier.as_of);
        assert!(!Now::read(None, &TimeZone::UTC).unwrap().is_named);
    }

    #[test]
    fn whoever_looks_back_does_not_vouch_for_the_clock() {
        let clock = parse_instant("2026-03-31", &TimeZone::UTC).unwrap();
        for (as_of, vouches) in [("2026-03-31", true), ("2026-03-30", true), ("2026-03-29", false)]
        {
            let now =
                Now { as_of: parse_instant(as_of, &TimeZone::UTC).unwrap(), is_named: true, clock };
            let ending = now.ending_holds();
            assert_eq!((ending.as_of, ending.is_named), (clock, vouches), "{as_of}");
        }
    }

    #[test]
    fn a_clock_before_the_ledgers_last_event_is_refused() {
        let as_of = parse_instant("2026-03-31", &TimeZone::UTC).unwrap();
        let later = Some(parse_instant("2026-04-02", &TimeZone::UTC).unwrap());
        assert!(Now { as_of, is_named: false, clock: as_of }.require_after(later).is_err());
        assert!(Now { as_of, is_named: true, clock: as_of }.require_after(later).is_ok());
        assert!(Now { as_of, is_named: false, clock: as_of }.require_after(Some(as_of)).is_ok());
    }
}
