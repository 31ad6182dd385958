//! What a crash left of a disclosure package, rows in clear among it.
//!
//! In: the folder that an opening is about to write. Out: a note of it beside the archives, which stays until
//! the package is whole, so that the next opening or deletion removes the folder. The note also
//! holds the inode number of the folder above. If that folder is another one now, for example
//! because a volume is not mounted, the rows may still exist, and the note stays.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::files::{cannot_write, number_of};
use super::seal;
use crate::files::{self, OWNER, sync_folder};
use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// How the name of a package begins until it is whole.
pub(super) const PARTIAL: &str = ".package-";

/// Rows in clear that may still be somewhere.
#[derive(Debug)]
pub struct Unreached {
    /// The folder that holds them.
    pub folder: PathBuf,
    /// The note that names it.
    pub note: PathBuf,
}

/// Notes durably where rows in clear are about to be written; the folder above must exist.
pub(super) fn note(release_file: &ReleaseFile, partial: &Path) -> Result<()> {
    let path = note_path(release_file);
    let text = partial.to_str().ok_or_else(|| {
        Error::usage(format!("{} is not UTF-8", partial.display())).help("name another folder")
    })?;
    let number = partial.parent().and_then(number_of);
    let text = number.map_or_else(|| text.to_owned(), |number| format!("{number}\n{text}"));
    let write = || -> io::Result<()> {
        let mut file = files::make(&path, OWNER)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        path.parent().map_or(Ok(()), sync_folder)
    };
    write().map_err(|error| cannot_write(&path, error))
}

/// Removes the folder that is noted, then the note. A folder that cannot be reached is returned,
/// and its note stays.
pub(super) fn sweep(release_file: &ReleaseFile) -> Result<Option<Unreached>> {
    let note = note_path(release_file);
    let noted = match fs::read(&note) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        noted => noted.map_err(|error| cannot_write(&note, error))?,
    };
    // A note that was cut short goes: no row is written before all of it is durable.
    let noted = String::from_utf8(noted).unwrap_or_default();
    let (number, partial) =
        match noted.split_once('\n').map(|(number, path)| (number.parse(), path)) {
            Some((Ok(number), path)) => (Some(number), PathBuf::from(path)),
            // Earlier versions noted the path alone.
            _ => (None, PathBuf::from(&noted)),
        };
    let is_ours =
        partial.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PARTIAL));
    if is_ours {
        match fs::remove_dir_all(&partial) {
            Err(error) if is_absent(&error) => {
                if number.is_some() && partial.parent().and_then(number_of) != number {
                    return Ok(Some(Unreached { folder: partial, note }));
                }
            }
            removed => removed.map_err(|error| cannot_write(&partial, error))?,
        }
    }
    fs::remove_file(&note).map_err(|error| cannot_write(&note, error))?;
    Ok(None)
}

/// The same for an opening, which is refused if the note stays: its own note would replace it.
pub(super) fn require_swept(release_file: &ReleaseFile) -> Result<()> {
    let Some(Unreached { folder, note }) = sweep(release_file)? else { return Ok(()) };
    Err(Error::io(format!(
        "an opening was cut short, and {}, where it wrote rows in clear, cannot be reached",
        folder.display()
    ))
    .help(format!(
        "mount its volume and run again; if the folder is gone for good, remove {}",
        note.display()
    )))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn note_path(release_file: &ReleaseFile) -> PathBuf {
    seal::all_holds(release_file).join("unfinished-package")
}
