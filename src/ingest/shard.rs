//! Which files a release reads, and in which format each is.
//!
//! In: the glob of a release. Out: its files in a fixed order. A format follows from the name; a
//! name that says nothing is looked into, at its first bytes only.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crate::release_file::logs::Logs;
use crate::release_file::window::{Day, DayWindow};
use crate::{Error, Result};

/// A log file.
#[derive(Debug, Clone)]
pub(super) struct Shard {
    pub(super) path: PathBuf,
    pub(super) format: Format,
}

impl Shard {
    /// Whether it is compressed text.
    pub(super) fn is_packed(&self) -> bool {
        matches!(self.format, Format::Text(_, Compression::Gzip | Compression::Zstd))
    }
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Parquet,
    Arrow,
    Text(TextFormat, Compression),
}

/// A text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextFormat {
    /// Comma-separated, with a header.
    Csv,
    /// Tab-separated, with a header.
    Tsv,
    /// Tab-separated, with the header in `#fields` and `-` for null.
    Zeek,
    /// One JSON object per line.
    Ndjson,
}

/// How a text file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// Lists the files of a release, sorted by path.
///
/// # Errors
/// Usage, for a glob that is not one; input, when no file matches or a format is unknown; I/O,
/// when a folder cannot be listed.
pub(super) fn find(logs: &Logs, window: Option<&DayWindow>) -> Result<Vec<Shard>> {
    let (shards, files) = list(logs, window)?;
    if files == 0 {
        return Err(Error::input(format!("no log file matches {}", logs.place.path().display()))
            .help("check `[logs] path`; a relative path starts from the release file's folder"));
    }
    Ok(shards)
}

/// The same, where there may be none; and how many files match, inside the window or not.
pub(super) fn list(logs: &Logs, window: Option<&DayWindow>) -> Result<(Vec<Shard>, usize)> {
    let pattern = logs.place.pattern();
    let matches = glob::glob(&pattern).map_err(|error| {
        Error::usage(format!("`[logs] path` is not a glob: {}", error.msg))
            .help("use * within a folder name and ** for folders of any depth")
    })?;
    let mut shards = Vec::new();
    let mut files = 0_usize;
    for path in matches {
        let path = path.map_err(|error| {
            Error::io(format!("the folder {} cannot be listed", error.path().display()))
                .help("check its permissions")
        })?;
        if !path.is_file() || !is_log(&path) {
            continue;
        }
        files += 1;
        if in_window(&path, logs, window) {
            shards.push(Shard { format: format_of(&path)?, path });
        }
    }
    shards.sort_by(|left, right| left.path.cmp(&right.path));
    Ok((shards, files))
}

/// Whether the glob would find a file of this name, and take it for this format.
pub(super) fn is_found(logs: &Logs, path: &Path, format: Format) -> bool {
    let is_matched =
        glob::Pattern::new(&logs.place.pattern()).is_ok_and(|pattern| pattern.matches_path(path));
    is_matched && is_log(path) && format_of(path).is_ok_and(|found| found == format)
}

/// Opens a text file, decompressed.
///
/// # Errors
/// I/O, when the file cannot be opened.
pub(super) fn open_text(path: &Path, compression: Compression) -> Result<Box<dyn Read + Send>> {
    let file = open(path)?;
    let plain: Box<dyn Read + Send> = match compression {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))),
        Compression::Zstd => Box::new(
            zstd::stream::read::Decoder::new(file).map_err(|error| unreadable(path, error))?,
        ),
    };
    Ok(plain)
}

/// Opens a file.
///
/// # Errors
/// I/O, naming the file.
pub(super) fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| unreadable(path, error))
}

/// The error of a file that the operating system, or a decompressor, cannot read. An error that the
/// operating system gave has its code; all others come from a decompressor, whatever their kind.
pub(super) fn unreadable(path: &Path, error: std::io::Error) -> Error {
    if error.raw_os_error().is_none() {
        Error::input(format!("{} is damaged or cut short", path.display()))
            .help("fetch the file again, or move it away")
            .because(error)
    } else {
        Error::io(format!("{} cannot be read", path.display()))
            .help("check that it is there and may be read")
            .because(error)
    }
}

/// Whether a matched file is meant as a log: names that begin with a dot or an underscore are the
/// side files of other programs.
pub(super) fn is_log(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| !name.starts_with(['.', '_']))
}

/// With a promised day folder only the UTC days that overlap the block are read.
pub(super) fn in_window(path: &Path, logs: &Logs, window: Option<&DayWindow>) -> bool {
    match (folder_day(path, logs), window) {
        (Some(day), Some(window)) => window.utc_days().contains(&day),
        _ => true,
    }
}

/// The UTC day whose rows alone a promised day folder holds.
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

/// Logs named `.log` are told apart by their first bytes.
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
