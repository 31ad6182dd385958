//! The deletion: sealed first, noted in the journal, then carried out.
//!
//! In: a release, its ledger, an instant. Out: logs without expired rows. The order of steps is what
//! a crash cannot harm: (1) shortened copies of mixed files are written and read back; (2) the
//! journal tells what will go; (3) rows under hold are sealed, verified, and noted; (4) files go and
//! copies take their places; (5) the journal tells that it is done. A second run finds the deletion
//! that was begun, takes the files that it named and that are still the same, seals nothing twice,
//! and finishes; then it looks for more. A file that somebody else changed in between waits for the
//! next deletion, and what was sealed of it is sealed again there: twice rather than not at all.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use super::clock::Now;
use super::expired::{Expired, Expiry, find_before, find_expired, nothing_deleted};
use super::rewrite::{self, cannot_write};
use super::seal;
use crate::ledger::{Custody, DeletedFile, Hold, Ledger, Retention, Sealed};
use crate::spec::Release;
use crate::spec::window::Day;
use crate::{Error, Result};

/// What a deletion did.
#[derive(Debug, Default)]
pub struct Purged {
    /// The cutoff, once there was one.
    pub cutoff: Option<Timestamp>,
    /// Files that are gone.
    pub deleted: Vec<PathBuf>,
    /// Files that are shorter now.
    pub rewritten: Vec<PathBuf>,
    /// Days of which rows went though they were never released.
    pub unreleased: BTreeSet<Day>,
    /// Orders whose archives were deleted.
    pub ended_orders: Vec<String>,
    /// How many archives were sealed.
    pub archives: usize,
    /// Whether a deletion that was cut short was finished first.
    pub is_resumed: bool,
}

/// What a deletion would do; changes nothing.
///
/// # Errors
/// As [`purge`].
pub fn preview<'a>(
    release: &'a Release,
    ledger: Option<&Ledger>,
    now: Now,
) -> Result<(Expiry<'a>, Vec<String>)> {
    let custody = ledger.map_or_else(|| Ok(Custody::default()), Ledger::custody)?;
    let noted = ledger.map_or(Ok(None), |ledger| ledger.last_event_at().map(Some))?;
    now.require_past().and_then(|()| now.require_after(noted)).map_err(nothing_deleted)?;
    let expiry = find_expired(release, now)?;
    require_found(release, &expiry, &custody)?;
    let due = custody.holds.iter().filter(|hold| hold.is_due(now.as_of));
    let orders: Vec<String> = due.map(|hold| hold.terms.order.clone()).collect();
    if !orders.is_empty() {
        // Archives are the last copy of their rows. Without logs the ledger is the witness.
        let alive = expiry.newest.or_else(|| noted.map(Timestamp::as_microsecond));
        now.require_credible(alive, release).map_err(nothing_deleted)?;
    }
    Ok((expiry, orders))
}

/// Deletes what is past retention and the archives of holds that ended.
///
/// # Privacy
/// The journal gets exact row counts; it is its owner's alone. Nothing that is returned tells any.
///
/// # Errors
/// Input, when a file, a time or the clock cannot be trusted: then nothing is deleted. I/O.
pub fn purge(
    release: &Release,
    ledger: &mut Ledger,
    now: Now,
    released: &BTreeSet<Day>,
) -> Result<Purged> {
    let mut purged = Purged::default();
    let (mut expiry, _) = preview(release, Some(ledger), now)?;
    rewrite::sweep(&expiry.folders)?;
    if let Some(pending) = ledger.custody()?.pending().cloned() {
        purged.is_resumed = true;
        purged.unreleased.extend(&pending.unreleased);
        resume(release, ledger, now, &pending, &mut purged)?;
        expiry = find_expired(release, now)?;
    }
    purged.cutoff = Some(expiry.cutoff);
    if !expiry.files.is_empty() {
        let copies = prepare(&expiry)?;
        let files = described(release, ledger, &expiry.files)?;
        let days = expiry.files.iter().flat_map(|file| file.days.iter().copied());
        let unreleased: BTreeSet<Day> = days.filter(|day| !released.contains(day)).collect();
        purged.unreleased.extend(&unreleased);
        let retention = ledger.begin_retention(Retention {
            retention: 0,
            as_of: now.as_of,
            cutoff: expiry.cutoff,
            files,
            unreleased: unreleased.into_iter().collect(),
        })?;
        carry_out(release, ledger, now, &expiry, &copies, retention, &mut purged)?;
    }
    end_holds(release, ledger, now, &mut purged)?;
    Ok(purged)
}

/// Finishes a deletion that a crash cut short, on the files that it named.
fn resume(
    release: &Release,
    ledger: &mut Ledger,
    now: Now,
    pending: &Retention,
    purged: &mut Purged,
) -> Result<()> {
    let mut expiry = find_before(release, now, pending.cutoff)?;
    let named: BTreeSet<&str> =
        pending.files.iter().map(|file| file.digest_before.as_str()).collect();
    let key = ledger.key()?;
    let digests: Vec<String> =
        expiry.files.par_iter().map(|file| file.log.digest(key)).collect::<Result<_>>()?;
    let mut digests = digests.iter();
    expiry.files.retain(|_| digests.next().is_some_and(|digest| named.contains(digest.as_str())));
    let copies = prepare(&expiry)?;
    carry_out(release, ledger, now, &expiry, &copies, pending.retention, purged)
}

/// Writes the shortened copies; nothing of the logs is touched yet.
fn prepare(expiry: &Expiry<'_>) -> Result<Vec<Option<PathBuf>>> {
    let copy = |file: &Expired<'_>| {
        (file.kept_rows > 0).then(|| rewrite::prepare(file, expiry.cutoff_micros)).transpose()
    };
    let copies: Result<Vec<_>> = expiry.files.par_iter().map(copy).collect();
    copies.map_err(|error| {
        // There is nobody to tell of a second failure; the next deletion sweeps what is left.
        let _swept = rewrite::sweep(&expiry.folders);
        if error.kind() == crate::Kind::Io { error } else { nothing_deleted(error) }
    })
}

fn described(
    release: &Release,
    ledger: &Ledger,
    files: &[Expired<'_>],
) -> Result<Vec<DeletedFile>> {
    let key = ledger.key()?;
    let base = release.logs.place.base();
    files
        .par_iter()
        .map(|file| {
            let inside = file.log.path().strip_prefix(&base).unwrap_or(file.log.path());
            Ok(DeletedFile {
                path: (!file.names_somebody).then(|| inside.display().to_string()),
                expired_rows: file.expired_rows,
                kept_rows: file.kept_rows,
                bytes: file.bytes(),
                digest_before: file.log.digest(key)?,
            })
        })
        .collect()
}

fn carry_out(
    release: &Release,
    ledger: &mut Ledger,
    now: Now,
    expiry: &Expiry<'_>,
    copies: &[Option<PathBuf>],
    retention: u64,
    purged: &mut Purged,
) -> Result<()> {
    let custody = ledger.custody()?;
    let considered = custody.considered(retention);
    let holds: Vec<&Hold> = custody
        .holds
        .iter()
        .filter(|hold| hold.is_active(now.as_of) && !considered.contains(&hold.terms.hold))
        .collect();
    if !holds.is_empty() {
        let (files, cutoff) = (&expiry.files, expiry.cutoff_micros);
        let archives = seal::seal(release, &holds, ledger.key()?, files, cutoff, retention)?;
        purged.archives += archives.len();
        let considered = holds.iter().map(|hold| hold.terms.hold).collect();
        ledger.note_sealed(&Sealed { retention, considered, archives })?;
    }
    let mut folders = BTreeSet::new();
    for (file, copy) in expiry.files.iter().zip(copies) {
        let path = file.log.path();
        file.require_unchanged()?;
        match copy {
            Some(copy) => {
                rewrite::replace(copy, path)?;
                purged.rewritten.push(path.to_path_buf());
            }
            None => {
                fs::remove_file(path).map_err(|error| cannot_write(path, error))?;
                purged.deleted.push(path.to_path_buf());
            }
        }
        remove_summaries(path, &release.logs.place.base())?;
        folders.extend(path.parent().map(Path::to_path_buf));
    }
    for folder in &folders {
        sync(folder)?;
        remove_empty(folder, &release.logs.place.base());
    }
    ledger.finish_retention(retention)
}

/// Deletes the archives of holds that lapsed or were lifted.
fn end_holds(release: &Release, ledger: &mut Ledger, now: Now, purged: &mut Purged) -> Result<()> {
    for hold in ledger.custody()?.holds.iter().filter(|hold| hold.is_due(now.as_of)) {
        let folder = seal::folder(release, hold.terms.hold);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(cannot_write(&folder, error));
            }
            _ => {}
        }
        ledger.note_purged(hold.terms.hold)?;
        purged.ended_orders.push(hold.terms.order.clone());
    }
    Ok(())
}

/// A glob without files is a mistake, unless an earlier deletion took them all.
fn require_found(release: &Release, expiry: &Expiry<'_>, custody: &Custody) -> Result<()> {
    if expiry.found > 0 || !custody.retentions.is_empty() {
        return Ok(());
    }
    let place = release.logs.place.path();
    Err(Error::input(format!("no log file matches {}; nothing was deleted", place.display()))
        .help("check `[logs] path`; a relative path starts from the release file's folder"))
}

/// Other programs' summaries of a changed Parquet file repeat its statistics, or its checksum.
fn remove_summaries(path: &Path, base: &Path) -> Result<()> {
    let mut stale: Vec<PathBuf> = path
        .ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(base))
        .map(|folder| folder.join("_metadata"))
        .collect();
    if let Some(name) = path.file_name() {
        stale.push(path.with_file_name(format!(".{}.crc", name.to_string_lossy())));
    }
    for path in stale {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(cannot_write(&path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn sync(folder: &Path) -> Result<()> {
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| cannot_write(folder, error))
}

/// Removes folders that a deletion emptied, up to the one that holds all logs.
fn remove_empty(folder: &Path, base: &Path) {
    let inside = folder.ancestors().take_while(|part| *part != base && part.starts_with(base));
    for folder in inside {
        // A folder with something in it stays; so does one that may not be removed.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}
