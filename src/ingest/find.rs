//! Finds the log files of a release and their formats.
//!
//! In: the glob of a release file. Out: the files that it matches, in order of their paths. The
//! name of a file decides its format, or else the content does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::foreign;
use super::format::{Compression, Format, TextFormat};
use super::json_array;
use super::text_pieces::TextPieces;
use super::walk::{PassedOver, Walked, matches, walk};
use crate::release_file::day::{Day, DayBounds};
use crate::release_file::dialect::{Dialect, Marks};
use crate::release_file::logs::Logs;
use crate::release_file::place::Place;
use crate::{Error, Result};

/// How logs in the extended format of the W3C begin.
const W3C_BEGINS: [&[u8]; 5] =
    [b"#Version:", b"#Fields:", b"#Software:", b"#Date:", b"#Start-Date:"];

/// A file that the glob of a release matches.
#[derive(Debug, Clone)]
pub(super) struct FoundFile {
    pub(super) path: PathBuf,
    pub(super) format: Format,
}

/// What the glob of a release finds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files that may hold rows of the bounds, sorted by path.
    pub(super) files: Vec<FoundFile>,
    /// How many files match, also those of days outside of the bounds.
    pub(super) matching: usize,
    /// What matches and is not read, sorted by path.
    pub(super) passed_over: Vec<PassedOver>,
}

/// Lists the files of a release.
pub(super) fn find(logs: &Logs, bounds: Option<&DayBounds>) -> Result<Found> {
    let found = list(logs, bounds)?;
    if found.matching == 0 {
        return Err(Error::input(format!("no log file matches {}", logs.place.path().display()))
            .help("check `[logs] path`; a relative path starts from the release file's folder"));
    }
    Ok(found)
}

/// Like [`find`], but no file at all is no error.
pub(super) fn list(logs: &Logs, bounds: Option<&DayBounds>) -> Result<Found> {
    let Walked { files, passed_over } = walk(&logs.place)?;
    let matching = files.len();
    let inside = files.into_iter().filter(|path| reaches(path, logs, bounds));
    let found = |path: PathBuf| Ok(FoundFile { format: format_of(&path, &logs.dialect)?, path });
    let files: Vec<FoundFile> = inside.map(found).collect::<Result<_>>()?;
    require_apart(&files)?;
    Ok(Found { files, matching, passed_over })
}

/// The days, in the zone of the logs, that names of log files promise; `None` without `day_folder`
/// and `day_file`, or if the name of a file promises no day.
///
/// # Errors
/// As [`walk`].
pub fn dated_logs(logs: &Logs) -> Result<Option<BTreeSet<Day>>> {
    let Some(names) = &logs.day_names else { return Ok(None) };
    Ok(walk(&logs.place)?.files.iter().map(|path| names.day_of(path)).collect())
}

/// The files below a folder that may be logs, whatever their formats.
///
/// # Errors
/// As [`walk`].
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let place = Place { folder: folder.to_path_buf(), glob: "**/*".to_owned() };
    Ok(walk(&place)?.files)
}

/// Refuses two files that hold the same rows: two names of one file, or a log beside its packed form.
fn require_apart(files: &[FoundFile]) -> Result<()> {
    let (mut same, mut stems) = (BTreeMap::new(), BTreeMap::new());
    for FoundFile { path, format } in files {
        let other = identity(path).and_then(|identity| same.insert(identity, path));
        if let Some(other) = other {
            return Err(twice(other, path, "are two names of one file"));
        }
        let stem = if format.is_packed_text() { path.with_extension("") } else { path.clone() };
        if let Some(other) = stems.insert(stem, path) {
            return Err(twice(other, path, "look like one log, as it is and packed"));
        }
    }
    Ok(())
}

fn twice(first: &Path, second: &Path, what: &str) -> Error {
    Error::input(format!("{} and {} {what}", first.display(), second.display()))
        .help("their rows would count twice: remove one of them, or narrow `[logs] path`")
}

/// What is the same for two names of one file; `None` for a file that has a single name.
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let facts = path.metadata().ok()?;
    (facts.nlink() > 1).then(|| (facts.dev(), facts.ino()))
}

/// Whether the glob matches a file of this name, and its name gives this format.
pub(super) fn is_found(logs: &Logs, path: &Path, format: Format) -> bool {
    matches(&logs.place, path) && format_of(path, &logs.dialect).is_ok_and(|found| found == format)
}

/// Whether a file may hold rows of a day. It may not if its name promises a day, in the zone of the
/// logs, that does not overlap the bounds.
pub(super) fn reaches(path: &Path, logs: &Logs, bounds: Option<&DayBounds>) -> bool {
    match (promised_day(path, logs), bounds) {
        (Some(day), Some(bounds)) => bounds.days_in(&logs.time_zone).contains(&day),
        _ => true,
    }
}

/// The day, in the zone of the logs, whose rows alone a file is promised to hold.
pub(super) fn promised_day(path: &Path, logs: &Logs) -> Option<Day> {
    logs.day_names.as_ref()?.day_of(path)
}

/// The marks that the ending of a file's name stands for; `None` for endings that stand for none.
pub(super) fn marks_by_name(path: &Path) -> Option<Marks> {
    match ending(path).0.as_str() {
        "csv" => Some(Marks::CSV),
        "tsv" => Some(Marks::TSV),
        _ => None,
    }
}

/// A name without what rotation puts behind it, as in `x.log.1`, `x.csv-20260105` and `x.log.2026-01-05`.
pub fn unrotated(name: &str) -> &str {
    let stem = name.trim_end_matches(|one: char| one.is_ascii_digit() || "-_.".contains(one));
    let rest = &name[stem.len()..];
    let is_rotated = rest.starts_with(['-', '_', '.']) && rest.ends_with(|one| one != '.');
    if is_rotated && !stem.is_empty() { stem } else { name }
}

/// The ending of a file's name in small letters, without those of packing and rotation, and how the
/// file is packed.
fn ending(path: &Path) -> (String, Compression) {
    let name =
        path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let (stem, compression) = match name.rsplit_once('.') {
        Some((stem, "gz")) => (stem, Compression::Gzip),
        Some((stem, "zst")) => (stem, Compression::Zstd),
        _ => (name.as_str(), Compression::None),
    };
    let stem = unrotated(stem);
    (stem.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default().to_owned(), compression)
}

fn format_of(path: &Path, dialect: &Dialect) -> Result<Format> {
    let (ending, compression) = ending(path);
    let text = |format| Ok(Format::Text(format, compression));
    let separated = |marks| text(TextFormat::Separated(dialect.marks(marks)));
    if let Some(refusal) = foreign::by_name(path, &ending) {
        return Err(refusal);
    }
    match ending.as_str() {
        "parquet" | "pq" if compression == Compression::None => Ok(Format::Parquet),
        "arrow" | "ipc" | "feather" if compression == Compression::None => Ok(Format::Arrow),
        "ndjson" | "jsonl" | "json" => text(TextFormat::Json),
        _ if dialect.pattern().is_some() => text(TextFormat::Pattern),
        _ => match marks_by_name(path) {
            Some(marks) => separated(marks),
            None if dialect.is_declared() => separated(Marks::CSV),
            None => match look_into(path, compression)? {
                // The marks are a known program's, but the release file may name another null.
                TextFormat::Separated(marks) => {
                    let null = dialect.null().or(marks.null);
                    text(TextFormat::Separated(Marks { null, ..marks }))
                }
                other => text(other),
            },
        },
    }
}

/// Recognises a format by the content, for names such as `.log`. A Zeek log begins with a header.
/// JSON lines have none, and the first of them may be unreadable, so any line that begins as an
/// object does is enough.
fn look_into(path: &Path, compression: Compression) -> Result<TextFormat> {
    let mut pieces = TextPieces::open(path.to_owned(), TextFormat::Json, compression)?;
    let foreign = foreign::by_bytes(path, pieces.head(foreign::LOOKED_AT)?);
    let (mut is_first, mut has_lines) = (true, false);
    while let Some(piece) = pieces.next().transpose()? {
        let bytes = piece.bytes.as_slice();
        if std::mem::take(&mut is_first)
            && let Some(format) = by_first_bytes(bytes)
        {
            return Ok(format);
        }
        for line in bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_start) {
            if line.starts_with(b"{") {
                return Ok(TextFormat::Json);
            }
            has_lines |= !line.is_empty();
        }
    }
    // A file without a line has no row in any format.
    if !has_lines {
        return Ok(TextFormat::Json);
    }
    let unknown = || {
        Error::input(format!("{} is in no known format", path.display())).help(
            "name files .parquet, .csv, .tsv, .ndjson or .arrow (text also with .gz or .zst), say how \
             text is written (`[logs] delimiter` or `pattern`), or narrow `[logs] path`",
        )
    };
    Err(foreign.unwrap_or_else(unknown))
}

/// The format of a file that begins with a header, or is one array of objects.
pub(super) fn by_first_bytes(bytes: &[u8]) -> Option<TextFormat> {
    if bytes.starts_with(b"#separator") {
        return Some(TextFormat::Separated(Marks::ZEEK));
    }
    if W3C_BEGINS.iter().any(|word| bytes.starts_with(word)) && !has_commas(bytes) {
        return Some(TextFormat::Separated(Marks::W3C));
    }
    json_array::begins(bytes).then_some(TextFormat::Json)
}

/// Whether commas stand between the names of the columns, as Exchange writes them. The release file
/// must then say so.
fn has_commas(bytes: &[u8]) -> bool {
    let fields = bytes.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"#Fields:"));
    fields.is_some_and(|names| names.contains(&b',') && !names.trim_ascii().contains(&b' '))
}
