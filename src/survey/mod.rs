//! What do these logs hold? Exact facts for the eyes of their owner, and what follows from them.
//!
//! In: an opened reader and its release file. Out: a [`Survey`] of days, hours, people, keys and
//! rejects, and sentences that say how to mend what is wrong. Nothing of it is ever published, and
//! no run reads it.

mod advice;
mod counts;
mod distinct;
mod finding;
mod heavy;
mod identifiers;
mod key_advice;
mod keys;
mod times;

pub use advice::findings;
pub use distinct::People;
pub use finding::Finding;
pub use heavy::HeavySeen;
pub use keys::{KeySeen, RangeSeen, ValueSeen, keys_of};
pub use times::{DaySeen, Times};

use counts::Counts;

use crate::Result;
use crate::ingest::{LogReader, RejectForms, RowCounts};
use crate::release_file::ReleaseFile;
use crate::release_file::keys::Key;

/// What was found in logs. Secret.
pub struct Survey {
    /// Rows, and those that do not count.
    pub rows: RowCounts,
    /// What rejected rows look like.
    pub forms: RejectForms,
    /// When lookups were made; `None` without a lookup.
    pub times: Option<Times>,
    /// How many different requesters there are.
    pub requesters: People,
    /// How many of them ask on a day, on average over the days with lookups.
    pub requesters_a_day: People,
    /// How many different targets there are.
    pub targets: People,
    /// The keys that the questions use, but for hours.
    pub keys: Vec<KeySeen>,
    /// Values of keys, or all lookups together, of which one requester makes a considerable part.
    pub heavy: Vec<HeavySeen>,
}

impl Survey {
    /// Reads every row once, with a reader of these keys that notes what rejected rows look like.
    ///
    /// # Privacy
    /// Everything in it is exact and secret.
    ///
    /// # Errors
    /// Input, for data that are damaged; I/O.
    pub fn take(release_file: &ReleaseFile, keys: &[Key], reader: &LogReader<'_>) -> Result<Self> {
        let zone = &release_file.ledger.time_zone;
        let hasher = foldhash::quality::RandomState::default();
        let (counts, rows) = reader.fold(
            || Counts::new(keys, zone),
            |counts, lookups| {
                counts.add(lookups, &hasher);
                Ok(())
            },
        )?;
        let counts = counts.into_iter().reduce(Counts::merge);
        let mut counts = counts.unwrap_or_else(|| Counts::new(keys, zone));
        let times = Times::of(&counts, zone);
        let heavy = heavy::seen(&counts.heaviest, keys, &counts.heaviest_of);
        let keys = keys::seen(keys, &counts.keys);
        let (requesters, targets) = (counts.requesters.people(), counts.targets.people());
        let requesters_a_day = counts.requesters_a_day();
        let forms = reader.forms();
        Ok(Self { rows, forms, times, requesters, requesters_a_day, targets, keys, heavy })
    }

    /// How many rows count.
    pub fn lookups(&self) -> u64 {
        self.rows.rows - self.rows.filtered - self.rows.rejects.all()
    }

    /// Whether the logs can be used as the release file reads them: at least one row in ten of those that
    /// `where` lets pass.
    pub fn is_usable(&self) -> bool {
        let passed = self.rows.rows - self.rows.filtered;
        self.lookups() > 0 && self.lookups().saturating_mul(10) >= passed
    }
}

/// A part of a whole in percent, never rounded to none or all of it.
pub fn percent(part: u64, whole: u64) -> String {
    let share = part as f64 * 100.0 / whole.max(1) as f64;
    match share {
        _ if part == 0 => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        share if share < 0.1 => "under 0.1 %".to_owned(),
        share if share > 99.9 => "over 99.9 %".to_owned(),
        share => format!("{share:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shares_are_written_for_people() {
        for (part, whole, text) in [
            (0, 0, "0 %"),
            (0, 9, "0 %"),
            (9, 9, "100 %"),
            (1, 3, "33.3 %"),
            (1, 10_000, "under 0.1 %"),
            (9_999, 10_000, "over 99.9 %"),
        ] {
            assert_eq!(percent(part, whole), text);
        }
    }
}
