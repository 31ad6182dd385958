//! Deletions that were cut short: by which path they are finished, and what they did not take.
//!
//! The journal holds no path, since a path may name a person, but keyed digests: of the `[logs] path` that
//! the files were found by, and of each file's own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::expired::Expired;
use super::files::{number_of, remove_empty};
use crate::ingest::{find_log_files, path_digest};
use crate::ledger::{Custody, Ledger, LedgerKey, Retention};
use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// Refuses to go on with a deletion that found its files by another `[logs] path`: by this one they may not
/// be found, and the journal would say that they are gone.
pub(super) fn require_same_place(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    custody: &Custody,
) -> Result<()> {
    let Some(pending) = custody.pending() else { return Ok(()) };
    let Some(begun) = &pending.place_digest else { return Ok(()) };
    if *begun == place_digest(release_file, ledger.key())? {
        return require_same_folder(release_file, pending);
    }
    Err(Error::refused(
        "a deletion was cut short that had found its files by another `[logs] path`",
    )
    .help(
        "finish it first with the path of then (`pointillist retain --logs`), and then go on with \
             this one; if the logs were moved meanwhile, a link at their old place will do",
    ))
}

/// Refuses to take an empty folder for that of the logs, with all of its files gone, if it is
/// another folder than when the deletion began: it may be the one over which a volume is mounted.
fn require_same_folder(release_file: &ReleaseFile, pending: &Retention) -> Result<()> {
    let is_same = pending.folder_number == folder_number(release_file);
    if is_same || !find_log_files(&release_file.logs)?.is_empty() {
        return Ok(());
    }
    Err(Error::input(format!(
        "a deletion was cut short, and {} is empty and another folder than then; nothing was deleted",
        release_file.logs.place.base().display()
    ))
    .help("mount the folder of the logs, or put them back, and run again"))
}

/// The inode number of the folder of the logs, if it can be read.
pub(super) fn folder_number(release_file: &ReleaseFile) -> Option<u64> {
    number_of(&release_file.logs.place.base())
}

/// The keyed digests of the folders, below that of the logs, that whole files go from.
pub(super) fn folder_digests(
    release_file: &ReleaseFile,
    files: &[Expired<'_>],
    key: &LedgerKey,
) -> Vec<String> {
    let base = release_file.logs.place.base();
    let gone = files.iter().filter(|file| !file.is_mixed());
    let inside = gone.filter_map(|file| file.log.path().strip_prefix(&base).ok());
    let folders: BTreeSet<&Path> = inside.flat_map(|path| path.ancestors().skip(1)).collect();
    let folders = folders.into_iter().filter(|folder| *folder != Path::new(""));
    folders.map(|folder| path_digest(folder, key)).collect()
}

/// Removes the folders that a deletion had emptied when it was cut short.
pub(super) fn remove_emptied(
    release_file: &ReleaseFile,
    key: &LedgerKey,
    pending: &Retention,
) -> Result<()> {
    let base = release_file.logs.place.base();
    let mut waiting = vec![base.clone()];
    while let Some(folder) = waiting.pop() {
        // What cannot be listed holds no logs that were found.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(entry.path());
            }
        }
        let inside = folder.strip_prefix(&base).unwrap_or(&folder);
        if pending.folder_digests.contains(&path_digest(inside, key)) {
            remove_empty(&folder, &base)?;
        }
    }
    Ok(())
}

/// The keyed digest by which the journal knows a `[logs] path`.
pub(super) fn place_digest(release_file: &ReleaseFile, key: &LedgerKey) -> Result<String> {
    let path = std::path::absolute(release_file.logs.place.path()).map_err(|error| {
        Error::input("`[logs] path` has no absolute form").help("correct it").because(error)
    })?;
    Ok(key.digest("log place", &[path.as_os_str().as_encoded_bytes()]))
}

/// The positions of files that are still there and are not the shortened copy that was to stay.
pub(super) fn left(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    pending: &Retention,
) -> Result<Vec<usize>> {
    let (base, key) = (release_file.logs.place.base(), ledger.key());
    let logs = find_log_files(&release_file.logs)?;
    let inside = |path: &Path| path_digest(path.strip_prefix(&base).unwrap_or(path), key);
    let digests: Vec<String> = logs.iter().map(|log| inside(log.path())).collect();
    let mut left = Vec::new();
    for (place, file) in pending.files.iter().enumerate() {
        // Earlier versions wrote paths, but for those that name a person.
        let of_path = file.path.as_ref().map(|path| path_digest(Path::new(path), key));
        let Some(wanted) = file.path_digest.clone().or(of_path) else { continue };
        let found = digests.iter().position(|digest| *digest == wanted).map(|place| &logs[place]);
        let now = found.map(|log| log.digest(key)).transpose()?;
        if now.is_some() && now != file.digest_after {
            left.push(place);
        }
    }
    Ok(left)
}
