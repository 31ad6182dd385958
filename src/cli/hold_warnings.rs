//! What an operator must know of legal holds before it is too late: ends that come near, archives that are
//! gone, and a key with which others can test guesses at their numbers.

use jiff::Timestamp;

use super::output::Output;
use crate::Result;
use crate::custody::{Sign, lost_archives};
use crate::ledger::{Hold, Ledger};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Clock, MICROS_PER_DAY, days_before};
use crate::words;

/// How many days before its end a hold is reported.
const AHEAD_DAYS: i64 = 7;

/// Warnings about holds that end soon, by the clock, and about archives; `sign` says how these are checked.
pub(super) fn warnings(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    sign: Sign,
) -> Result<Vec<String>> {
    let now = Clock::System.now();
    let ends_soon = |hold: &&Hold| {
        let left = hold.expires.as_microsecond() - now.as_microsecond();
        hold.is_active(now) && left < AHEAD_DAYS * MICROS_PER_DAY
    };
    let end = |hold: &Hold| {
        format!(
            "the hold of order {} ends on {}: what it keeps goes then, unless `pointillist hold extend` \
             comes before",
            hold.terms.order,
            words::instant(hold.expires)
        )
    };
    let mut warnings: Vec<String> =
        ledger.custody()?.holds.iter().filter(ends_soon).map(end).collect();
    warnings.extend(of_archives(release_file, ledger, sign)?);
    Ok(warnings)
}

/// Warnings about archives that are gone or damaged.
pub(super) fn of_archives(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    sign: Sign,
) -> Result<Vec<String>> {
    let now = Clock::System.now();
    let custody = ledger.custody()?;
    let lost = |hold: &Hold| {
        let order = hold.terms.order.clone();
        lost_archives(release_file, hold, now, sign).into_iter().map(move |path| {
            format!(
                "the archive {} of order {order} is damaged or gone: restore it from a backup, since \
                 its rows are nowhere else",
                path.display()
            )
        })
    };
    Ok(custody.holds.iter().flat_map(lost).collect())
}

/// The warning about a key that others can read.
pub(super) fn key_warning(ledger: &Ledger) -> Option<String> {
    ledger.key_is_exposed().then(|| {
        "others can read the .key file beside the ledger, and with it test guesses at logs and at \
         numbers under hold: let its owner alone read it (chmod 600)"
            .to_owned()
    })
}

/// Warns of rows that an order asks for and that it cannot keep any more.
pub(super) fn warn_of_what_is_gone(
    release_file: &ReleaseFile,
    now: Timestamp,
    to: Timestamp,
    earlier: Option<&Hold>,
    output: &Output,
) -> Result<()> {
    if earlier.is_some_and(|hold| hold.purged_at.is_none() && !hold.archives.is_empty()) {
        output.warning(
            "an earlier hold of this order ended, and its archives go at the next deletion: this \
             one does not keep them",
        );
    }
    let kept = days_before(now, release_file.retention_days)?;
    if to <= kept {
        output.warning(&format!(
            "the whole period of this order is past retention: rows before {kept} that were deleted \
             cannot be held, and those that are still there are sealed by the next `pointillist retain`"
        ));
    }
    Ok(())
}
