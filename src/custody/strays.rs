//! Files among the logs that look like logs and are not read as such.
//!
//! In: the release and the log files that its glob found. Out: temporary files that other programs
//! left behind and files that a narrow glob misses. They may hold expired rows, but not in a form that
//! the release file describes, so they are reported and left alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::files::{PARTIAL_ENDING, age};
use crate::ingest::LogFile;
use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// Names of logs contain one of these.
const ENDINGS: [&str; 11] = [
    ".parquet", ".pq", ".arrow", ".ipc", ".feather", ".csv", ".tsv", ".ndjson", ".jsonl", ".json",
    ".log",
];
/// Younger files may still be being written.
const YOUNG: Duration = Duration::from_hours(24);

/// Lists these files, in the order of their paths.
pub(super) fn find(release_file: &ReleaseFile, logs: &[LogFile<'_>]) -> Result<Vec<PathBuf>> {
    let known: BTreeSet<&Path> = logs.iter().map(LogFile::path).collect();
    let base = release_file.logs.place.base();
    // What this program itself writes may lie among the logs.
    let published = fs::canonicalize(&release_file.output).ok();
    let mut strays = Vec::new();
    let mut folders = vec![if base == Path::new("") { PathBuf::from(".") } else { base }];
    while let Some(folder) = folders.pop() {
        if published.is_some() && fs::canonicalize(&folder).ok() == published {
            continue;
        }
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries.map_err(|error| unlisted(&folder, error))?,
        };
        for entry in entries {
            let entry = entry.map_err(|error| unlisted(&folder, error))?;
            let kind = entry.file_type().map_err(|error| unlisted(&folder, error))?;
            let path = entry.path();
            let plain = path.strip_prefix(".").unwrap_or(&path);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && !known.contains(plain) && looks_like_a_log(&path) {
                strays.push(path);
            }
        }
    }
    strays.sort();
    Ok(strays)
}

fn looks_like_a_log(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let has_ending = ENDINGS.iter().any(|ending| name.contains(ending));
    // Deletion takes a checksum along with its file, and sweeps partial files of this program.
    let is_known = name.ends_with(".crc") || name.ends_with(PARTIAL_ENDING);
    let is_old = fs::metadata(path)
        .and_then(|facts| facts.modified())
        .is_ok_and(|at| age(at).is_some_and(|age| age > YOUNG));
    (has_ending || name.starts_with(".nfs")) && !is_known && is_old
}

fn unlisted(folder: &Path, error: std::io::Error) -> Error {
    Error::input(format!("the folder {} cannot be listed", folder.display()))
        .help("check its permissions: its content is unknown")
        .because(error)
}
