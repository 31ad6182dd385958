//! Are these the logs that a day was reserved with? Deletion's own changes are excused: it takes no
//! row of a day that may still be released.

use std::path::Path;

use crate::Result;
use crate::ingest::{LogDigests, LogReader, is_read_for};
use crate::ledger::{DeletedFile, Entry, Ledger};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds};
use crate::release_file::logs::Logs;

/// Whether the files of a day are those of its reservation, or what deletion has left of them.
///
/// # Errors
/// I/O, when the ledger cannot be read; internal, without its key.
pub(super) fn are_the_same(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    bounds: &DayBounds,
    entry: &Entry,
    now: &LogDigests,
) -> Result<bool> {
    let key = ledger.key();
    if now.whole(key) == entry.logs_digest {
        return Ok(true);
    }
    let mut before = now.clone();
    for (retention, _) in ledger.custody()?.retentions.iter().rev() {
        for file in &retention.files {
            // A shortened file is known by its digest, a deleted one only by where it lay.
            if file.digest_after.is_some() || was_read_for(file, &release_file.logs, bounds) {
                before.undo(&file.digest_before, file.digest_after.as_deref());
            }
        }
        if before.whole(key) == entry.logs_digest {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the logs of a released day are other than when it was released.
///
/// # Errors
/// Input or I/O, when they cannot be read; internal, without the ledger's key.
pub fn logs_changed_since(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    bounds: &DayBounds,
) -> Result<bool> {
    let fingerprint = release_file.fingerprint();
    let entries = ledger.find(&release_file.name, bounds.day())?;
    let stored = |entry: &&Entry| entry.fingerprint == fingerprint && entry.state.has_answers();
    let Some(entry) = entries.iter().rfind(stored) else { return Ok(false) };
    let reader = LogReader::open(&release_file.logs, &[], Some(bounds))?;
    let now = reader.digests(ledger.key())?;
    Ok(!are_the_same(release_file, ledger, bounds, entry, &now)?)
}

/// Whether a file that a deletion took or shortened was read for a day, as far as the journal says where it
/// lay.
pub fn was_read_for(file: &DeletedFile, logs: &Logs, bounds: &DayBounds) -> bool {
    match &file.path {
        Some(path) => is_read_for(Path::new(path), logs, bounds),
        None => {
            let is_of_day = |day: Day| bounds.days_in(&logs.time_zone).contains(&day);
            file.path_digest.is_some() && file.folder_day.is_none_or(is_of_day)
        }
    }
}
