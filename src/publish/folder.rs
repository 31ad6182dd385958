//! Writes stored bytes into the output folder, each file whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::ledger::StoredFile;
use crate::{Error, Result};

/// The folder in which files are made before they get their names; no reader's glob sees it.
const TEMPORARY: &str = "_tmp";

/// Whether the output holds exactly these bytes.
#[must_use]
pub fn is_whole(out: &Path, files: &[StoredFile]) -> bool {
    files.iter().all(|file| fs::read(out.join(&file.path)).is_ok_and(|bytes| bytes == file.bytes))
}

/// Checks that the output can be written before anything is charged.
///
/// # Errors
/// I/O, naming the folder.
pub fn check_writable(out: &Path) -> Result<()> {
    let refused = |error: std::io::Error| {
        Error::io(format!("the output folder {} cannot be written", out.display()))
            .help("correct `--out` or the folder's permissions; nothing was charged")
            .because(error)
    };
    fs::create_dir_all(out).map_err(refused)?;
    tempfile::Builder::new().prefix("_tmp").tempfile_in(out).map(drop).map_err(refused)
}

/// Writes the files under `out`: made and synced in a temporary folder, renamed, folders synced.
///
/// The manifest is the last file, so that a day with a manifest is a whole day.
///
/// # Errors
/// I/O, naming the folder; nothing that was whole before is damaged, and the next run goes on.
pub fn write_out(out: &Path, release_id: &str, files: &[StoredFile]) -> Result<()> {
    let written = place(out, &temporary(out, release_id), files);
    remove_leftovers(out, release_id);
    written
}

/// Removes what a run of this release left behind when it was killed.
///
/// Leftovers hold public bytes only; what cannot be removed now goes at the next run.
pub fn remove_leftovers(out: &Path, release_id: &str) {
    let _not_there = fs::remove_dir_all(temporary(out, release_id));
    let _not_empty = fs::remove_dir(out.join(TEMPORARY));
}

fn temporary(out: &Path, release_id: &str) -> PathBuf {
    out.join(TEMPORARY).join(release_id.get(..16).unwrap_or(release_id))
}

fn place(out: &Path, temporary: &Path, files: &[StoredFile]) -> Result<()> {
    let failed = |path: &Path, error: std::io::Error| {
        Error::io(format!("{} cannot be written", path.display()))
            .help("make room or correct the permissions, then run again: nothing is charged twice")
            .because(error)
    };
    fs::create_dir_all(temporary).map_err(|error| failed(temporary, error))?;
    for (number, file) in files.iter().enumerate() {
        let made = temporary.join(format!("{number}.partial"));
        let mut target = File::create(&made).map_err(|error| failed(&made, error))?;
        target.write_all(&file.bytes).map_err(|error| failed(&made, error))?;
        target.sync_all().map_err(|error| failed(&made, error))?;
        let reread = fs::read(&made).map_err(|error| failed(&made, error))?;
        if reread != file.bytes {
            return Err(Error::io(format!("{} does not read back as written", made.display()))
                .help("the disk may be failing"));
        }
    }
    for (number, file) in files.iter().enumerate() {
        let path = out.join(&file.path);
        let folder = path.parent().unwrap_or(out);
        fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        let made = temporary.join(format!("{number}.partial"));
        fs::rename(&made, &path).map_err(|error| failed(&path, error))?;
        sync_folder(folder).map_err(|error| failed(folder, error))?;
    }
    sync_folder(out).map_err(|error| failed(out, error))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
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

    #[test]
    fn files_are_written_whole_and_healed() {
        let out = tempfile::tempdir().unwrap();
        assert!(!is_whole(out.path(), &files()));
        write_out(out.path(), "0123456789abcdef0123", &files()).unwrap();
        assert!(is_whole(out.path(), &files()));
        assert!(!out.path().join(TEMPORARY).exists());
        fs::write(out.path().join(&files()[0].path), b"damaged").unwrap();
        assert!(!is_whole(out.path(), &files()));
        write_out(out.path(), "0123456789abcdef0123", &files()).unwrap();
        assert!(is_whole(out.path(), &files()));
    }

    #[test]
    fn an_output_that_is_a_file_is_an_io_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        fs::write(&taken, b"x").unwrap();
        let error = write_out(&taken, "id", &files()).unwrap_err();
        assert_eq!(error.kind(), crate::Kind::Io);
        assert!(error.to_string().contains("taken"), "{error}");
        assert_eq!(fs::read(&taken).unwrap(), b"x");
    }
}
