//! A mixed file without its expired rows: written beside it, read again, then put in its place.
//!
//! In: an [`Expired`] file. Out: the same file with the rows that stay. The new file first has a name
//! that no glob of logs reads; it is synced and read back, row by row, before it takes the old one's
//! name. After a crash there is the old file or the new one, and perhaps a partial copy, which holds
//! only rows that stay and which the next deletion sweeps.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::expired::Expired;
use super::files::{PARTIAL_ENDING, cannot_write, partial_path};
use super::naming::holds_any;
use super::undated::Undated;
use super::{rewrite_ipc, rewrite_parquet, rewrite_text};
use crate::files::{self, OWNER};
use crate::ingest::{Format, LogRows, OpenLog};
use crate::{Error, Result};

/// Writes the new file and reads it back; the old one is not touched.
pub(super) fn prepare(expired: &Expired<'_>, cutoff: i64) -> Result<PathBuf> {
    let log = &expired.log;
    let has_lines = expired.fates.is_some();
    let kept = survey(log, cutoff, has_lines)?;
    let path = partial_path(log.path());
    let file = files::make(&path, OWNER).map_err(|error| cannot_write(&path, error))?;
    let written = write(expired, &file, cutoff, &kept).and_then(|holds_each_column| {
        like(log.path(), &file).map_err(|error| cannot_write(&path, error))?;
        file.sync_all().map_err(|error| cannot_write(&path, error))?;
        // Every column was compared while it was written. The copy is also read back as any other log: its
        // times and identifiers must be those of the rows that stay, in order.
        let copy = log.file().twin(&path).open()?;
        let found = survey(&copy, cutoff, has_lines)?;
        let is_same = found.rows == kept.rows
            && found.digest == kept.digest
            && found.gone == 0
            && found.lines == expired.kept_lines;
        if holds_each_column && is_same {
            return Ok(());
        }
        expired.require_unchanged()?;
        Err(Error::internal(format!("{} was not rewritten faithfully", log.path().display())))
    });
    if let Err(error) = written {
        let _gone = fs::remove_file(&path);
        return Err(error);
    }
    Ok(path)
}

/// Gives the new file the old one's name or, if that contains an identifier, the path chosen
/// instead.
pub(super) fn replace(partial: &Path, expired: &Expired<'_>) -> Result<()> {
    let (path, name) = (expired.log.path(), &expired.kept_as);
    let old = File::open(path).map_err(|error| cannot_write(path, error))?;
    if name != path {
        // The old file moves first: a crash in between leaves one file, and the next deletion
        // shortens it.
        fs::rename(path, name).map_err(|error| cannot_write(name, error))?;
    }
    fs::rename(partial, name).map_err(|error| cannot_write(name, error))?;
    carry_over(old, expired.bytes(), name)
}

/// Appends what another program wrote to the old file after it was looked at; text, gzip and zstd
/// streams can all be concatenated.
fn carry_over(mut old: File, seen: u64, name: &Path) -> Result<()> {
    let failed = |error| cannot_write(name, error);
    if old.metadata().map_err(failed)?.len() <= seen {
        return Ok(());
    }
    old.seek(SeekFrom::Start(seen)).map_err(failed)?;
    let mut new = File::options().append(true).open(name).map_err(failed)?;
    io::copy(&mut old, &mut new).and_then(|_| new.sync_all()).map_err(failed)?;
    Err(Error::io(format!("{} was written to while it was shortened", name.display())).help(
        "nothing is lost so far, but its writer may still hold the old file: have it open the \
         file again, and let files be closed before they pass retention",
    ))
}

/// Removes the partial copies that crashed deletions left in these folders.
pub(super) fn sweep(folders: &BTreeSet<PathBuf>) -> Result<()> {
    for folder in folders {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(|error| cannot_write(folder, error))?,
        };
        for entry in entries {
            let path = entry.map_err(|error| cannot_write(folder, error))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with('.') && name.ends_with(PARTIAL_ENDING) {
                fs::remove_file(&path).map_err(|error| cannot_write(&path, error))?;
            }
        }
    }
    Ok(())
}

/// What one reading found of the rows that stay and go.
struct Kept {
    /// For each row group, batch or piece of text one flag per row.
    flags: Vec<Vec<bool>>,
    rows: u64,
    gone: u64,
    /// How many lines without a time there are, in a log that a pattern reads.
    lines: u64,
    /// The digest of times and identifiers of the rows that stay, in order.
    digest: blake3::Hash,
}

fn survey(log: &OpenLog<'_>, cutoff: i64, has_lines: bool) -> Result<Kept> {
    let (mut flags, mut rows, mut gone): (Vec<Vec<bool>>, u64, u64) = (Vec::new(), 0, 0);
    let mut digest = blake3::Hasher::new();
    let mut undated = has_lines.then(|| Undated::new(cutoff, true));
    log.scan(true, &mut |piece| {
        if let Some(undated) = &mut undated {
            undated.take(&piece);
        }
        flags.resize(flags.len().max(piece.place + 1), Vec::new());
        for (row, time) in piece.times.iter().enumerate() {
            // A row without a time that can be read stays; lines without one are counted by themselves.
            let keep = time.is_none_or(|time| time >= cutoff);
            flags[piece.place].push(keep);
            if has_lines && time.is_none() {
                continue;
            }
            if !keep {
                gone += 1;
                continue;
            }
            rows += 1;
            digest.update(&time.unwrap_or_default().to_le_bytes());
            for column in [&piece.requester, &piece.target] {
                let name = LogRows::identifier(column, row);
                digest.update(&name.map_or(u64::MAX, |name| name.len() as u64).to_le_bytes());
                digest.update(name.unwrap_or_default().as_bytes());
            }
        }
        Ok(())
    })?;
    let lines = undated.map_or(0, |undated| undated.end(None).kept);
    Ok(Kept { flags, rows, gone, lines, digest: digest.finalize() })
}

/// Writes the rows that stay, and says whether each column of them reads back as it was. Text is copied
/// record by record.
fn write(expired: &Expired<'_>, to: &File, cutoff: i64, kept: &Kept) -> Result<bool> {
    let log = &expired.log;
    let path = log.path();
    // Metadata that contains an identifier whose rows all go does not stay.
    let may_stay = |text: &str| {
        let inside = BASE64_STANDARD.decode(text).unwrap_or_default();
        let named = &expired.named;
        !holds_any(text.as_bytes(), named) && !holds_any(&inside, named)
    };
    let open = || File::open(path).map_err(|error| cannot_write(path, error));
    match log.file().format() {
        Format::Text(..) => {
            rewrite_text::rewrite(log, expired.fates.as_ref(), to, cutoff).map(|()| true)
        }
        Format::Parquet => {
            log.check_lengths().map_err(|_| undecodable(path))?;
            let from = open()?;
            guarded(path, || rewrite_parquet::rewrite(from, to, &kept.flags, &may_stay))
        }
        Format::Arrow => {
            let from = open()?;
            guarded(path, || rewrite_ipc::rewrite(from, to, &kept.flags, &may_stay))
        }
    }
}

/// Treats a decoder's failure or panic as a damaged file, unless it comes from the disk. Its words are
/// dropped, since they may quote the data.
fn guarded<E: StdError + 'static>(
    path: &Path,
    work: impl FnOnce() -> std::result::Result<bool, E>,
) -> Result<bool> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(Ok(is_same)) => Ok(is_same),
        Ok(Err(error)) => {
            Err(of_disk(&error)
                .map_or_else(|| undecodable(path), |error| cannot_write(path, error)))
        }
        Err(_) => Err(undecodable(path)),
    }
}

/// The error of the system that a decoder's failure comes from. A seek to where no file can reach
/// is a fault of the file, not of the disk.
fn of_disk(error: &(dyn StdError + 'static)) -> Option<io::Error> {
    std::iter::successors(Some(error), |error: &&(dyn StdError + 'static)| (*error).source())
        .filter_map(|error| error.downcast_ref::<io::Error>()?.raw_os_error())
        .map(io::Error::from_raw_os_error)
        .find(|error| error.kind() != io::ErrorKind::InvalidInput)
}

fn undecodable(path: &Path) -> Error {
    Error::input(format!("{} cannot be rewritten", path.display())).help(
        "a column of it is damaged, or nested in a way that this version does not rewrite: fetch the \
         file again, or split it at the cutoff",
    )
}

/// Gives a file the rights, the time of writing and, if this user may, the owner of another. It is
/// the same log, and its time of writing shows whether it is still written to.
fn like(path: &Path, file: &File) -> io::Result<()> {
    let facts = fs::metadata(path)?;
    // Only a privileged user can give files away; without it the new owner is this user.
    let _owner = fchown(file, Some(facts.uid()), Some(facts.gid()));
    file.set_permissions(facts.permissions())?;
    file.set_modified(facts.modified()?)
}
