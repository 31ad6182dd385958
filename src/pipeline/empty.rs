//! Days that look empty: their look was drawn and showed nobody, and nothing was published.

use super::same_logs::are_the_same;
use crate::Result;
use crate::ingest::LogDigests;
use crate::ledger::{Ledger, State};
use crate::release_file::ReleaseFile;
use crate::release_file::day::DayBounds;

/// Whether a day looked empty under this release file with the logs that it has now. Another look at
/// them would cost as much again and show no more; when its logs have changed, the day is new.
///
/// # Errors
/// I/O, when the ledger cannot be read; internal, without its key.
pub(super) fn looked_empty(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    bounds: &DayBounds,
    now: &LogDigests,
) -> Result<bool> {
    let fingerprint = release_file.fingerprint();
    for entry in ledger.find(&release_file.name, bounds.day())? {
        if entry.state == State::Empty
            && entry.fingerprint == fingerprint
            && are_the_same(release_file, ledger, bounds, &entry, now)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
