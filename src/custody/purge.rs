//! The deletion: noted in the journal, rows under hold sealed, then carried out.
//!
//! In: a release, its ledger, an instant. Out: logs without expired rows. What earlier attempts
//! left is dealt with first: rows in clear of an opening and shortened copies are removed, and a
//! deletion that was cut short is finished. A crash after any of the steps that follow loses no row
//! that must stay and no row under hold: (1) shortened copies of mixed files are written and read
//! back; (2) the journal notes what will go; (3) rows under hold are sealed, verified and noted;
//! (4) Parquet summaries are removed; (5) files are removed, and copies take their places; (6)
//! folders that are empty now are removed; (7) the journal notes the end. Archives of holds that
//! ended go last. The next run finds a deletion that was begun, finishes it for the files that it
//! named and that have not changed, without sealing them twice, and then looks for more. A file
//! that another program changed in between waits for the next deletion, which seals its rows again:
//! a row may be sealed twice, but never deleted unsealed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use super::consent::{Consent, Waiting};
use super::expired::{Expired, Expiry, find_before, find_expired, nothing_deleted};
use super::files::{cannot_write, has_other_names, remove_empty, remove_summaries};
use super::held::require_known_numbers;
use super::resumed::{
    folder_digests, folder_number, left, place_digest, remove_emptied, require_same_place,
};
use super::unfinished::{self, Unreached};
use super::writers::{require_closed, require_quiet, written_to};
use super::{rewrite, seal};
use crate::files::sync_folder;
use crate::ingest::{Format, path_digest};
use crate::ledger::{Custody, DeletedFile, Finished, Hold, Ledger, Retention, Sealed};
use crate::release_file::ReleaseFile;
use crate::release_file::day::Day;
use crate::retain::Now;
use crate::{Error, Result};

/// What a deletion did.
#[derive(Debug, Default)]
pub struct Purged {
    /// The cutoff, once there was one.
    pub cutoff: Option<Timestamp>,
    /// Files that are gone.
    pub deleted: Vec<String>,
    /// Files that are shorter now.
    pub rewritten: Vec<String>,
    /// Files of which nothing but lines without a time stays.
    pub left_with_lines: Vec<String>,
    /// Days that lost rows though they were never released.
    pub unreleased: BTreeSet<Day>,
    /// Files that stay on request, since they hold rows of such days.
    pub waiting: Waiting,
    /// Orders whose archives were deleted.
    pub ended_orders: Vec<String>,
    /// How many archives were sealed.
    pub archives: usize,
    /// Files that are not read as logs and may hold rows past retention; an operator must look at them.
    pub strays: Vec<PathBuf>,
    /// Rows in clear that an opening left on a volume that is not there.
    pub unreached: Option<Unreached>,
    /// Deleted or shortened files that had another name, under which their rows are still there.
    pub linked: Vec<String>,
    /// Whether a deletion that was cut short was finished first.
    pub is_resumed: bool,
}

/// What a deletion would do; changes nothing.
///
/// # Errors
/// As [`purge`].
pub fn preview<'a>(
    release_file: &'a ReleaseFile,
    ledger: Option<&Ledger>,
    now: Now,
) -> Result<(Expiry<'a>, Vec<String>)> {
    let custody = ledger.map_or_else(|| Ok(Custody::default()), Ledger::custody)?;
    let noted = ledger.map_or(Ok(None), |ledger| ledger.last_event_at().map(Some))?;
    now.require_after(noted).map_err(nothing_deleted)?;
    if let Some(ledger) = ledger {
        require_same_place(release_file, ledger, &custody)?;
        require_known_numbers(ledger, &custody, now)?;
    }
    let expiry = find_expired(release_file, &custody, now).map_err(nothing_deleted)?;
    require_found(release_file, &expiry, &custody)?;
    let written = written_to(&expiry.files);
    let mut left = expiry.files.iter().zip(written);
    left.try_for_each(|(file, is_written)| require_closed(file, is_written))
        .map_err(nothing_deleted)?;
    let due = custody.holds.iter().filter(|hold| hold.is_due(now.of_holds()));
    let orders: Vec<String> = due.map(|hold| hold.terms.order.clone()).collect();
    if !orders.is_empty() {
        // Archives are the last copy of their rows. Without rows in the logs, the last event of the
        // ledger shows what time it is.
        let alive = expiry.newest.or_else(|| noted.map(Timestamp::as_microsecond));
        now.ending_holds().require_credible(alive, release_file).map_err(nothing_deleted)?;
    }
    Ok((expiry, orders))
}

/// Deletes the rows that are past retention, and the archives of holds that ended. A deletion that was begun
/// is finished whatever may go now.
///
/// # Privacy
/// Exact row counts go only to the journal, which only its owner can read; nothing that is returned
/// depends on them.
///
/// # Errors
/// Input, when a file, a time or the clock cannot be trusted: then nothing is deleted. I/O.
pub fn purge(
    release_file: &ReleaseFile,
    ledger: &mut Ledger,
    now: Now,
    consent: &Consent<'_>,
) -> Result<Purged> {
    // Rows in clear that an opening left go even if the logs cannot be trusted.
    let unreached = unfinished::sweep(release_file)?;
    let mut purged = Purged { unreached, ..Purged::default() };
    let (mut expiry, _) = preview(release_file, Some(ledger), now)?;
    purged.waiting = consent.leave(&mut expiry);
    require_quiet(release_file, &expiry).map_err(nothing_deleted)?;
    rewrite::sweep(&expiry.folders)?;
    if let Some(pending) = ledger.custody()?.pending().cloned() {
        purged.is_resumed = true;
        purged.unreleased.extend(&pending.unreleased);
        (consent.before)(&purged.unreleased);
        resume(release_file, ledger, now, &pending, &mut purged)?;
        // Something was deleted by now, so a refusal must not say that nothing was.
        expiry = find_expired(release_file, &ledger.custody()?, now)?;
        purged.waiting = consent.leave(&mut expiry);
        require_quiet(release_file, &expiry)?;
    }
    purged.cutoff = Some(expiry.cutoff);
    purged.strays.clone_from(&expiry.strays);
    if !expiry.files.is_empty() {
        let copies = prepare(&expiry)?;
        let digests = digests(ledger, &expiry.files)?;
        let files = described(release_file, ledger, &expiry.files, &copies, &digests)?;
        let unreleased = consent.unreleased(&expiry.files);
        purged.unreleased.extend(&unreleased);
        let retention = ledger.begin_retention(Retention {
            retention: 0,
            as_of: now.as_of,
            cutoff: expiry.cutoff,
            place_digest: Some(place_digest(release_file, ledger.key())?),
            folder_number: folder_number(release_file),
            folder_digests: folder_digests(release_file, &expiry.files, ledger.key()),
            files,
            unreleased: unreleased.into_iter().collect(),
        })?;
        let deletion =
            Deletion { release_file, now, expiry: &expiry, copies: &copies, digests: &digests };
        deletion.carry_out(ledger, retention, &mut purged)?;
        ledger.finish_retention(&Finished { retention, left: Vec::new() })?;
    }
    end_holds(release_file, ledger, now, &mut purged)?;
    Ok(purged)
}

/// Finishes a deletion that a crash cut short, on the files that it named.
fn resume(
    release_file: &ReleaseFile,
    ledger: &mut Ledger,
    now: Now,
    pending: &Retention,
    purged: &mut Purged,
) -> Result<()> {
    let custody = ledger.custody()?;
    let mut expiry =
        find_before(release_file, &custody, now, pending.cutoff).map_err(nothing_deleted)?;
    let named = |digest: &String| pending.files.iter().any(|file| file.digest_before == *digest);
    let digests = digests(ledger, &expiry.files)?;
    let mut of_file = digests.iter();
    expiry.files.retain(|_| of_file.next().is_some_and(named));
    let digests: Vec<String> = digests.into_iter().filter(named).collect();
    let copies = prepare(&expiry)?;
    let deletion =
        Deletion { release_file, now, expiry: &expiry, copies: &copies, digests: &digests };
    deletion.carry_out(ledger, pending.retention, purged)?;
    remove_emptied(release_file, ledger.key(), pending)?;
    let left = left(release_file, ledger, pending)?;
    ledger.finish_retention(&Finished { retention: pending.retention, left })
}

fn digests(ledger: &Ledger, files: &[Expired<'_>]) -> Result<Vec<String>> {
    let key = ledger.key();
    files.par_iter().map(|file| file.log.file().digest(key)).collect()
}

/// Writes the shortened copies; nothing of the logs is touched yet.
fn prepare(expiry: &Expiry<'_>) -> Result<Vec<Option<PathBuf>>> {
    let copy = |file: &Expired<'_>| {
        file.is_mixed().then(|| rewrite::prepare(file, expiry.cutoff_micros)).transpose()
    };
    let copies: Result<Vec<_>> = expiry.files.par_iter().map(copy).collect();
    copies.map_err(|error| {
        // Only the first failure is reported; the next deletion removes what is left.
        let _swept = rewrite::sweep(&expiry.folders);
        if error.kind() == crate::Kind::Io { error } else { nothing_deleted(error) }
    })
}

fn described(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    files: &[Expired<'_>],
    copies: &[Option<PathBuf>],
    digests: &[String],
) -> Result<Vec<DeletedFile>> {
    let key = ledger.key();
    let base = release_file.logs.place.base();
    let files = files.par_iter().zip(copies).zip(digests);
    files
        .map(|((file, copy), digest_before)| {
            let inside = file.log.path().strip_prefix(&base).unwrap_or(file.log.path());
            let after =
                copy.as_ref().map(|copy| file.log.file().digest_of_copy(copy, &file.kept_as, key));
            Ok(DeletedFile {
                path: None,
                path_digest: Some(path_digest(inside, key)),
                folder_day: file.log.file().promised_day(),
                expired_rows: file.expired_rows,
                kept_rows: file.kept_rows,
                bytes: file.bytes(),
                digest_before: digest_before.clone(),
                digest_after: after.transpose()?,
            })
        })
        .collect()
}

/// A deletion that the journal has noted.
struct Deletion<'d> {
    release_file: &'d ReleaseFile,
    now: Now,
    expiry: &'d Expiry<'d>,
    copies: &'d [Option<PathBuf>],
    digests: &'d [String],
}

impl Deletion<'_> {
    /// Seals what is held, then removes files; a file that cannot be removed does not stop the others.
    fn carry_out(&self, ledger: &mut Ledger, retention: u64, purged: &mut Purged) -> Result<()> {
        self.seal(ledger, retention, purged)?;
        let base = self.release_file.logs.place.base();
        let files = self.expiry.files.iter().zip(self.copies);
        // Summaries go first, so that a crash leaves no summary of rows that are gone.
        for (file, _) in
            files.clone().filter(|(file, _)| file.log.file().format() == Format::Parquet)
        {
            remove_summaries(file.log.path(), &base)?;
        }
        let mut failure = None;
        let mut folders = BTreeSet::new();
        let written = written_to(&self.expiry.files);
        for ((file, copy), is_written) in files.zip(written) {
            let path = file.log.path();
            if has_other_names(path) {
                purged.linked.push(file.shown());
            }
            let left_alone =
                file.require_unchanged().and_then(|()| require_closed(file, is_written));
            let removed = left_alone.and_then(|()| match copy {
                Some(copy) => rewrite::replace(copy, file),
                None => fs::remove_file(path).map_err(|error| cannot_write(path, error)),
            });
            match removed {
                Ok(()) if copy.is_some() => {
                    purged.rewritten.push(file.shown());
                    purged.left_with_lines.extend(file.is_left_with_lines().then(|| file.shown()));
                }
                Ok(()) => purged.deleted.push(file.shown()),
                Err(error) => failure = failure.or(Some(error)),
            }
            folders.extend(path.parent().map(Path::to_path_buf));
        }
        for folder in &folders {
            sync(folder)?;
            remove_empty(folder, &base)?;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Seals for each hold in force what no earlier attempt sealed for it.
    fn seal(&self, ledger: &mut Ledger, retention: u64, purged: &mut Purged) -> Result<()> {
        let custody = ledger.custody()?;
        for hold in &custody.holds {
            for (_, archive) in hold.archives.iter().filter(|(known, _)| *known == retention) {
                seal::require_whole(self.release_file, hold.terms.hold, retention, archive)?;
            }
        }
        // Holds that wait for the same files are sealed in one reading of them.
        let mut waiting: BTreeMap<Vec<usize>, Vec<&Hold>> = BTreeMap::new();
        for hold in custody.holds.iter().filter(|hold| hold.is_active(self.now.of_holds())) {
            let before = custody.sealed_files(retention, hold.terms.hold);
            let places = (0..self.digests.len())
                .filter(|place| !before.contains(self.digests[*place].as_str()));
            waiting.entry(places.collect()).or_default().push(hold);
        }
        for (places, holds) in waiting.into_iter().filter(|(places, _)| !places.is_empty()) {
            let files: Vec<&Expired<'_>> =
                places.iter().map(|place| &self.expiry.files[*place]).collect();
            let cutoff = self.expiry.cutoff_micros;
            let archives =
                seal::seal(self.release_file, &holds, ledger.key(), &files, cutoff, retention)?;
            purged.archives += archives.len();
            let considered = holds.iter().map(|hold| hold.terms.hold).collect();
            let files = places.iter().map(|place| self.digests[*place].clone()).collect();
            ledger.note_sealed(&Sealed { retention, considered, files, archives })?;
        }
        Ok(())
    }
}

/// Deletes the archives of holds that lapsed or were lifted.
fn end_holds(
    release_file: &ReleaseFile,
    ledger: &mut Ledger,
    now: Now,
    purged: &mut Purged,
) -> Result<()> {
    for hold in ledger.custody()?.holds.iter().filter(|hold| hold.is_due(now.of_holds())) {
        let folder = seal::folder(release_file, hold.terms.hold);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(cannot_write(&folder, error));
            }
            Ok(()) => folder.parent().map_or(Ok(()), sync)?,
            Err(_) => {}
        }
        ledger.note_purged(hold.terms.hold)?;
        purged.ended_orders.push(hold.terms.order.clone());
    }
    Ok(())
}

/// Refuses a glob that finds no file, unless an earlier deletion took them all.
fn require_found(release_file: &ReleaseFile, expiry: &Expiry<'_>, custody: &Custody) -> Result<()> {
    if expiry.found > 0 || !custody.retentions.is_empty() {
        return Ok(());
    }
    let place = release_file.logs.place.path();
    Err(Error::input(format!("no log file matches {}; nothing was deleted", place.display()))
        .help("check `[logs] path`; a relative path starts from the release file's folder"))
}

fn sync(folder: &Path) -> Result<()> {
    sync_folder(folder).map_err(|error| cannot_write(folder, error))
}
