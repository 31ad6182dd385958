//! Writes stored bytes into the output folder, each file whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::own::{MANIFESTS, no_longer_listed};
use crate::files::{self, EVERYBODY, OWNER, remove_if_there, sync_folder};
use crate::ledger::StoredFile;
use crate::{Error, Result};

/// How the names of temporary folders begin, in which files are made; no reader's glob sees them.
const TEMPORARY: &str = "_tmp";
/// The file in such a folder that is locked as long as its process lives.
const LOCK: &str = "lock";

/// Whether the output holds exactly these bytes.
pub fn is_whole(out: &Path, files: &[StoredFile]) -> bool {
    files.iter().all(|file| fs::read(out.join(&file.path)).is_ok_and(|bytes| bytes == file.bytes))
}

/// Checks that the output can be written before anything is charged.
///
/// # Errors
/// I/O, naming the folder.
pub fn check_writable(out: &Path) -> Result<()> {
    let refused = |error: io::Error| {
        Error::io(format!("the output folder {} cannot be written", out.display()))
            .help("correct `--out` or the folder's permissions; nothing was charged")
            .because(error)
    };
    files::make_folder(out).map_err(refused)?;
    tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(out).map(drop).map_err(refused)
}

/// Writes the files under `out`: made and synced in a temporary folder, renamed, folders synced.
///
/// Tables that the manifest before listed and the new one does not are removed. The new manifest is
/// the last file, so that a day whose manifest agrees with its files is a whole day. Several
/// processes may write into one output at once.
///
/// # Errors
/// I/O, naming the folder; nothing that was whole before is damaged, and the next run goes on.
pub fn write_out(out: &Path, files: &[StoredFile]) -> Result<()> {
    let temporary = Temporary::make(out).map_err(|error| failed(out, error))?;
    let written = place(out, temporary.folder.path(), files);
    drop(temporary);
    remove_leftovers(out);
    written
}

/// Removes what killed processes left behind; what others are writing now stays.
///
/// Leftovers hold public bytes only; what cannot be removed now goes at the next run.
pub fn remove_leftovers(out: &Path) {
    for entry in fs::read_dir(out).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY)
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Ok(Some(_lock)) = lock(&entry.path())
        {
            let _stays = fs::remove_dir_all(entry.path());
        }
    }
}

/// A temporary folder of this process, removed when it is dropped.
struct Temporary {
    folder: TempDir,
    /// `None` on a file system without locks. There, leftovers look like what is being written, and
    /// all of them stay.
    _lock: Option<File>,
}

impl Temporary {
    fn make(out: &Path) -> io::Result<Self> {
        files::make_folder(out)?;
        loop {
            let folder = tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(out)?;
            match lock(folder.path()) {
                Ok(Some(lock)) => return Ok(Self { folder, _lock: Some(lock) }),
                // Another process took it for a leftover before it was locked.
                Ok(None) => {}
                Err(_) => return Ok(Self { folder, _lock: None }),
            }
        }
    }
}

/// Locks a temporary folder; `None` if another process holds it or has just removed it.
fn lock(folder: &Path) -> io::Result<Option<File>> {
    let path = folder.join(LOCK);
    let file = match files::open_lock(&path, OWNER) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        // Its holder may have removed it after it was opened here.
        Ok(()) => Ok(path.exists().then_some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::io(format!("{} cannot be written", path.display()))
        .help("make room or correct the permissions, then run again: nothing is charged twice")
        .because(error)
}

fn place(out: &Path, temporary: &Path, files: &[StoredFile]) -> Result<()> {
    for (number, file) in files.iter().enumerate() {
        let made = temporary.join(format!("{number}.partial"));
        let mut target = files::make(&made, EVERYBODY).map_err(|error| failed(&made, error))?;
        target.write_all(&file.bytes).map_err(|error| failed(&made, error))?;
        target.sync_all().map_err(|error| failed(&made, error))?;
        let reread = fs::read(&made).map_err(|error| failed(&made, error))?;
        if reread != file.bytes {
            return Err(Error::io(format!("{} does not read back as written", made.display()))
                .help("the disk may be failing"));
        }
    }
    let stale = no_longer_listed(out, files);
    let mut folders = BTreeSet::new();
    for file in files {
        let folder = out.join(&file.path).parent().unwrap_or(out).to_path_buf();
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
        folders.extend(
            folder.ancestors().take_while(|part| part.starts_with(out)).map(Path::to_path_buf),
        );
    }
    // A removal must last, too: no later run would know of a table that came back.
    folders.extend(stale.iter().filter_map(|path| path.parent()).map(Path::to_path_buf));
    let rename = |(number, file): (usize, &StoredFile)| {
        let path = out.join(&file.path);
        fs::rename(temporary.join(format!("{number}.partial")), &path)
            .map_err(|error| failed(&path, error))
    };
    let (manifests, tables): (Vec<_>, Vec<_>) =
        files.iter().enumerate().partition(|(_, file)| file.is_of(MANIFESTS));
    tables.into_iter().try_for_each(rename)?;
    for path in &stale {
        remove_if_there(path).map_err(|error| failed(path, error))?;
    }
    // The deepest first, and all of them before the manifest, which says that the day is whole.
    let mut deepest_first: Vec<&PathBuf> = folders.iter().collect();
    deepest_first.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
    for folder in deepest_first {
        sync_folder(folder).map_err(|error| failed(folder, error))?;
    }
    manifests.into_iter().try_for_each(rename)?;
    let manifests = out.join(MANIFESTS);
    if folders.contains(&manifests) {
        sync_folder(&manifests).map_err(|error| failed(&manifests, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<StoredFile> {
        ["volume/day=2026-01-01/part-0.parquet", "_manifest/day=2026-01-01.json"]
            .map(|path| StoredFile { path: path.to_owned(), bytes: path.as_bytes().to_vec() })
            .into()
    }

    /// How many temporary folders there are.
    fn temporary(out: &Path) -> usize {
        let names = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_str().unwrap().starts_with(TEMPORARY)).count()
    }

    #[test]
    fn files_are_written_whole_and_healed() {
        let out = tempfile::tempdir().unwrap();
        assert!(!is_whole(out.path(), &files()));
        write_out(out.path(), &files()).unwrap();
        assert!(is_whole(out.path(), &files()));
        assert_eq!(temporary(out.path()), 0);
        fs::write(out.path().join(&files()[0].path), b"damaged").unwrap();
        assert!(!is_whole(out.path(), &files()));
        write_out(out.path(), &files()).unwrap();
        assert!(is_whole(out.path(), &files()));
    }

    #[test]
    fn an_output_that_is_a_file_is_an_io_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        fs::write(&taken, b"x").unwrap();
        let error = write_out(&taken, &files()).unwrap_err();
        assert_eq!(error.kind(), crate::Kind::Io);
        assert!(error.to_string().contains("taken"), "{error}");
        assert_eq!(fs::read(&taken).unwrap(), b"x");
    }

    #[test]
    fn leftovers_go_and_what_others_write_stays() {
        let out = tempfile::tempdir().unwrap();
        // Of a process that was killed while it wrote, one that was killed while it began, and one
        // of the version that had a single folder.
        for name in ["_tmpAAAAAA/0.partial", "_tmpAAAAAA/lock", "_tmpBBBBBB", "_tmp/0123/0.partial"]
        {
            let path = out.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if name.contains('/') { fs::write(path, b"half") } else { fs::create_dir(path) }
                .unwrap();
        }
        let other = Temporary::make(out.path()).unwrap();
        fs::write(other.folder.path().join("0.partial"), b"half").unwrap();
        assert_eq!(temporary(out.path()), 4);
        write_out(out.path(), &files()).unwrap();
        assert_eq!(temporary(out.path()), 1);
        assert!(other.folder.path().join("0.partial").exists());
        let left = other.folder.path().to_owned();
        // A process that dies frees the lock and leaves its files.
        let Temporary { folder, _lock } = other;
        assert_eq!(folder.keep(), left);
        drop(_lock);
        remove_leftovers(out.path());
        assert!(!left.exists());
    }

    #[test]
    fn many_write_into_one_output_at_once() {
        let out = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..6 {
                let out = out.path();
                scope.spawn(move || {
                    for round in 0..15 {
                        let path = format!("sums_{writer}/week={round}/part-0.parquet");
                        let files = [StoredFile { bytes: path.as_bytes().to_vec(), path }];
                        write_out(out, &files).unwrap();
                        assert!(is_whole(out, &files));
                    }
                });
            }
        });
        assert_eq!(temporary(out.path()), 0);
    }
}
