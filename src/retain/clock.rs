//! Can this instant be right? Asked before anything is deleted by it.
//!
//! A clock that jumped ahead, or a unit of time that was declared wrong, would make every row look
//! expired. The logs themselves are the witness: a service that writes them is never silent for
//! longer than retention, and no row is a decade old or from tomorrow.

use std::path::Path;

use jiff::Timestamp;

use crate::spec::window::{Clock, MICROS_PER_DAY};
use crate::{Error, Result};

/// Rows older than this are taken for a mistake of the time column.
const OLDEST_DAYS: i64 = 3_660;
/// Rows later than this after now are taken for one too.
const AHEAD_DAYS: i64 = 1;
/// How much longer than retention the logs may be silent when a person names the instant.
const NAMED_SLACK_DAYS: i64 = 366;

/// The instant to decide by, and who says so.
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

    /// Refuses an instant at which the logs would have been silent for too long.
    pub(super) fn require_credible(self, newest: Option<i64>, retention_days: u32) -> Result<()> {
        let slack = if self.is_named { NAMED_SLACK_DAYS } else { 0 };
        let longest = (i64::from(retention_days) + slack) * MICROS_PER_DAY;
        let silent = newest.map(|newest| self.as_of.as_microsecond().saturating_sub(newest));
        if silent.is_none_or(|silent| silent <= longest) {
            return Ok(());
        }
        let days = silent.unwrap_or_default() / MICROS_PER_DAY;
        let who = if self.is_named { "`--as-of`" } else { "the clock" };
        Err(Error::input(format!(
            "{who} says {}, and the newest row of the logs is {days} days older, so that every \
             row would go: either the clock or the time column is wrong",
            self.as_of
        ))
        .help(if self.is_named {
            "name an instant nearer to the logs, or check `[logs] time_unit`"
        } else {
            "set the clock right; when the logs did end long ago, name the instant with --as-of"
        }))
    }
}

/// The times that a row may carry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plausible {
    least: i64,
    greatest: i64,
}

impl Plausible {
    pub(super) fn around(now: Now) -> Self {
        // A named instant may lie in the past of rows that are there by right.
        let latest = now.as_of.max(Clock::System.now()).as_microsecond();
        Self {
            least: now.as_of.as_microsecond().saturating_sub(OLDEST_DAYS * MICROS_PER_DAY),
            greatest: latest.saturating_add(AHEAD_DAYS * MICROS_PER_DAY),
        }
    }

    pub(super) fn require(&self, time: i64, path: &Path) -> Result<()> {
        let what = if time < self.least {
            "more than ten years before now"
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
    use crate::spec::window::parse_instant;

    #[test]
    fn silence_longer_than_retention_is_believed_from_a_person_only() {
        let as_of = parse_instant("2026-03-31").unwrap();
        let day = |text| Some(parse_instant(text).unwrap().as_microsecond());
        for (newest, is_named, is_credible) in [
            ("2026-03-30", false, true),
            ("2026-03-01", false, true),
            ("2026-02-28", false, false),
            ("2026-02-28", true, true),
            ("2025-02-28", true, true),
            ("2025-02-26", true, false),
        ] {
            let found = Now { as_of, is_named }.require_credible(day(newest), 30);
            assert_eq!(found.is_ok(), is_credible, "{newest} {is_named}");
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
