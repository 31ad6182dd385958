//! Finds the log files of a release and their formats.
//!
//! In: the glob of a release. Out: its files in order of their paths. The format follows from the
//! name; where the name does not say, the first bytes decide.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::format::{Compression, Format, TextFormat};
use super::open::{open_text, unreadable};
use crate::release_file::logs::Logs;
use crate::release_file::window::{Day, DayWindow};
use crate::{Error, Result};

/// A file that the glob of a release matches.
#[derive(Debug, Clone)]
pub(super) struct FoundFile {
    pub(super) path: PathBuf,
    pub(super) format: Format,
}

/// Lists the files of a release, sorted by path.
pub(super) fn find(logs: &Logs, window: Option<&DayWindow>) -> Result<Vec<FoundFile>> {
    let (found, matching) = list(logs, window)?;
    if matching == 0 {
        return Err(Error::input(format!("no log file matches {}", logs.place.path().display()))
            .help("check `[logs] path`; a relative path starts from the release file's folder"));
    }
    Ok(found)
}

/// Like [`find`], but no file at all is no error. The number counts every match, also those whose
/// day folder lies outside the window.
pub(super) fn list(logs: &Logs, window: Option<&DayWindow>) -> Result<(Vec<FoundFile>, usize)> {
    let pattern = logs.place.pattern();
    let matches = glob::glob(&pattern).map_err(|error| {
        Error::usage(format!("`[logs] path` is not a glob: {}", error.msg))
            .help("use * within a folder name and ** for folders of any depth")
    })?;
    let mut found = Vec::new();
    let mut matching = 0_usize;
    for path in matches {
        let path = path.map_err(|error| {
            Error::io(format!("the folder {} cannot be listed", error.path().display()))
                .help("check its permissions")
        })?;
        if !path.is_file() || !is_log(&path) {
            continue;
        }
        matching += 1;
        if in_window(&path, logs, window) {
            found.push(FoundFile { format: format_of(&path)?, path });
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    Ok((found, matching))
}

/// Whether the glob matches a file of this name, and its name gives this format.
pub(super) fn is_found(logs: &Logs, path: &Path, format: Format) -> bool {
    let is_matched =
        glob::Pattern::new(&logs.place.pattern()).is_ok_and(|pattern| pattern.matches_path(path));
    is_matched && is_log(path) && format_of(path).is_ok_and(|found| found == format)
}

/// Whether a matched file is meant as a log: names that begin with a dot or an underscore are the
/// side files of other programs.
pub(super) fn is_log(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| !name.starts_with(['.', '_']))
}

/// Whether a file may hold rows of the window: where the release promises day folders, only the UTC
/// days that overlap the window do.
pub(super) fn in_window(path: &Path, logs: &Logs, window: Option<&DayWindow>) -> bool {
    match (folder_day(path, logs), window) {
        (Some(day), Some(window)) => window.utc_days().contains(&day),
        _ => true,
    }
}

/// The UTC day of a promised day folder, which holds the rows of that day alone.
pub(super) fn folder_day(path: &Path, logs: &Logs) -> Option<Day> {
    let prefix = format!("{}=", logs.day_folder.as_ref()?);
    path.components()
        .filter_map(|part| part.as_os_str().to_str()?.strip_prefix(&prefix)?.parse().ok())
        .next_back()
}

fn format_of(path: &Path) -> Result<Format> {
    let name =
        path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let (stem, compression) = match name.rsplit_once('.') {
        Some((stem, "gz")) => (stem, Compression::Gzip),
        Some((stem, "zst")) => (stem, Compression::Zstd),
        _ => (name.as_str(), Compression::None),
    };
    let text = |format| Ok(Format::Text(format, compression));
    match stem.rsplit_once('.').map(|(_, ending)| ending) {
        Some("parquet" | "pq") if compression == Compression::None => Ok(Format::Parquet),
        Some("arrow" | "ipc" | "feather") if compression == Compression::None => Ok(Format::Arrow),
        Some("csv") => text(TextFormat::Csv),
        Some("tsv") => text(TextFormat::Tsv),
        Some("ndjson" | "jsonl" | "json") => text(TextFormat::Ndjson),
        _ => text(look_into(path, compression)?),
    }
}

/// Recognises a format by the first bytes, for names such as `.log`.
fn look_into(path: &Path, compression: Compression) -> Result<TextFormat> {
    let mut head = Vec::new();
    open_text(path, compression)?
        .take(64)
        .read_to_end(&mut head)
        .map_err(|error| unreadable(path, error))?;
    if head.starts_with(b"#separator") {
        return Ok(TextFormat::Zeek);
    }
    if head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
        return Ok(TextFormat::Ndjson);
    }
    Err(Error::input(format!("{} is in no known format", path.display())).help(
        "name files .parquet, .csv, .tsv, .ndjson or .arrow (text also with .gz or .zst), \
         or narrow `[logs] path`",
    ))
}
