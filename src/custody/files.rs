//! File operations that sealing, deletion and disclosure share: folders that only their owner can list,
//! digests, and the names of files that are still being written.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::release_file::day::Clock;
use crate::{Error, Result};

/// The end of the name of a shortened copy that has not taken its log's name yet.
pub(super) const PARTIAL_ENDING: &str = ".retain-partial";

/// The error for a file or folder that the disk or its rights keep from being written.
pub(super) fn cannot_write(path: &Path, error: io::Error) -> Error {
    Error::io(format!("{} cannot be written", path.display()))
        .help("give this user the right to write there, and check the disk; then run again")
        .because(error)
}

/// Makes a folder, and those above it, that only its owner can list.
pub(super) fn owner_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The inode number of a folder, if it can be read.
pub(super) fn number_of(folder: &Path) -> Option<u64> {
    fs::metadata(folder).ok().map(|facts| facts.ino())
}

/// The path of the shortened copy of a log, beside it. Its name is a digest, because the log's own
/// may hold an identifier.
pub(super) fn partial_path(log: &Path) -> PathBuf {
    let name = log.file_name().map(|name| name.as_encoded_bytes()).unwrap_or_default();
    let digest = blake3::hash(name).to_hex();
    log.with_file_name(format!(".{}{PARTIAL_ENDING}", &digest[..16]))
}

/// Removes what other programs wrote about a Parquet file that changes: `_metadata` files, which
/// repeat its statistics, and its checksum.
pub(super) fn remove_summaries(path: &Path, base: &Path) -> Result<()> {
    let mut stale: Vec<PathBuf> = path
        .ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(base))
        .map(|folder| folder.join("_metadata"))
        .collect();
    if let Some(name) = path.file_name() {
        stale.push(path.with_file_name(format!(".{}.crc", name.to_string_lossy())));
    }
    for path in stale.iter().filter(|path| path.is_file()) {
        fs::remove_file(path).map_err(|error| cannot_write(path, error))?;
    }
    Ok(())
}

/// Removes folders that a deletion emptied, up to the one that holds all logs. Those that are not empty
/// or may not be removed stay.
pub(super) fn remove_empty(folder: &Path, base: &Path) -> Result<()> {
    use io::ErrorKind::{DirectoryNotEmpty, NotFound, PermissionDenied, ResourceBusy};
    let inside = folder.ancestors().take_while(|part| *part != base && part.starts_with(base));
    for folder in inside {
        match fs::remove_dir(folder) {
            Err(error) if error.kind() == NotFound => {}
            Err(error)
                if [DirectoryNotEmpty, PermissionDenied, ResourceBusy].contains(&error.kind()) =>
            {
                break;
            }
            removed => removed.map_err(|error| cannot_write(folder, error))?,
        }
    }
    Ok(())
}

/// The BLAKE3 digest of a file.
pub(super) fn digest_of(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// How long ago a file was written to; `None` for a time of writing that lies in the future.
pub(super) fn age(modified: SystemTime) -> Option<Duration> {
    let at = Timestamp::try_from(modified).ok()?;
    Duration::try_from(Clock::System.now().duration_since(at)).ok()
}

/// Whether a file has further names (hard links), under which deletion leaves its rows.
pub(super) fn has_other_names(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|facts| facts.nlink() > 1)
}
