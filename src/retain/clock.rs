//! Checks that an instant can be right, before anything is deleted by it.
//!
//! A clock that jumped ahead, or a wrong `time_unit`, would make every row look expired. The logs
//! give evidence: a service that writes them is never silent for days, and no row is a decade past
//! retention or from tomorrow. An instant that a person names may lie long after the logs, but not
//! after the machine's own clock.

use std::path::Path;

use jiff::Timestamp;

use crate::release_file::ReleaseFile;
use crate::release_file::window::{Clock, MICROS_PER_DAY};
use crate::{Error, Result};

/// Rows that are past retention for longer than this mean that the time column is misread.
const OLDEST_DAYS: i64 = 3_660;
/// How long the logs may be silent, in addition to `[logs] settle`.
const SILENT_DAYS: i64 = 3;
/// Rows later than this after now mean it too, and so does a clock that goes back by more.
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
}

impl Now {
    /// Refuses a clock that stands before the last thing that the ledger noted.
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
        .help("set the clock right, or name the instant with --as-of"))
    }

    /// Refuses an instant that a person named and that is yet to come.
    ///
    /// # Errors
    /// Input.
    pub fn require_past(self) -> Result<()> {
        let ahead = self.as_of.as_microsecond() - Clock::System.now().as_microsecond();
        if !self.is_named || ahead <= AHEAD_DAYS * MICROS_PER_DAY {
            return Ok(());
        }
        Err(Error::input(format!("`--as-of` is {}, which is yet to come", self.as_of))
            .help("rows that are inside retention now would go: name an instant that has passed"))
    }

    /// Refuses an instant at which the logs, whose newest row is `newest`, would have been silent for
    /// too long.
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
            "{who} says {}, and the last sign of life is {days} days older: either the clock or \
             the time column is wrong, and live rows would go",
            self.as_of
        ))
        .help(if self.is_named {
            "name an instant nearer to the logs, or check `[logs] time_unit`"
        } else {
            "set the clock right; when the logs did end then, name the instant with --as-of"
        }))
    }
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
        let latest = now.as_of.max(Clock::System.now()).as_microsecond();
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
    use crate::release_file::window::parse_instant;

    fn release(extra: &str) -> ReleaseFile {
        let text = format!(
            "name = \"r\"\n[logs]\npath = \"x\"\n{extra}\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
             delta = 1e-6\n[[question]]\nname = \"q\"\ncount = \"lookups\"\n"
        );
        ReleaseFile::parse(&text, "r.toml", Path::new(".")).unwrap()
    }

    #[test]
    fn silence_of_days_is_believed_from_a_person_only() {
        let as_of = parse_instant("2026-03-31").unwrap();
        let day = |text| Some(parse_instant(text).unwrap().as_microsecond());
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
            let found = Now { as_of, is_named }.require_credible(day(newest), &release(extra));
            assert_eq!(found.is_ok(), is_credible, "{newest} {extra} {is_named}");
        }
    }

    #[test]
    fn nobody_names_an_instant_that_is_yet_to_come() {
        let now = Clock::System.now();
        let later = |hours: i64| now.checked_add(jiff::SignedDuration::from_hours(hours)).unwrap();
        for (hours, is_named, is_fine) in [(23, true, true), (25, true, false), (25, false, true)] {
            let found = Now { as_of: later(hours), is_named }.require_past();
            assert_eq!(found.is_ok(), is_fine, "{hours} {is_named}");
        }
    }

    #[test]
    fn a_clock_before_the_ledgers_last_event_is_refused() {
        let as_of = parse_instant("2026-03-31").unwrap();
        let later = Some(parse_instant("2026-04-02").unwrap());
        assert!(Now { as_of, is_named: false }.require_after(later).is_err());
        assert!(Now { as_of, is_named: true }.require_after(later).is_ok());
        assert!(Now { as_of, is_named: false }.require_after(Some(as_of)).is_ok());
    }
}
