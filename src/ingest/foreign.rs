//! Files that are no logs, or hold some in a form that is not read: what they are, and what makes
//! logs of them.
//!
//! No row decides it: what counts is the name of a file, or its first bytes where these are a
//! header or the file is refused anyway.

use std::path::Path;

use crate::Error;

/// What a file is, and what to do with it.
type Known = (&'static str, &'static str);

const ARCHIVE: Known = ("is an archive", "unpack it, and name the folder with its files");
const WORKBOOK: Known =
    ("is a workbook", "save its sheet as \"CSV UTF-8\" or \"Unicode text\", and name that file");
const PACKED: Known =
    ("is packed in a way that is not read", "unpack it, or pack it with gzip (.gz) or zstd (.zst)");
const GZIP: Known = ("is packed with gzip", "let its name end with .gz");
const ZSTD: Known = ("is packed with zstd", "let its name end with .zst");
const OTHER: Known =
    ("is in a format that is not read", "export it as Parquet, CSV or lines of JSON");
const SQL: Known = ("is a dump of SQL", "load it, and export the table as CSV");
const STREAM: Known = (
    "is a stream of Arrow batches, not a file",
    "write it by the file format, which Feather is, too",
);
const COLUMNS: Known = ("is in a columnar format", "let its name end with .parquet or .arrow");

/// Endings of names, in small letters and without `.gz` and `.zst`.
const ENDINGS: [(&[&str], Known); 4] = [
    (&["tar", "tgz", "tbz", "tbz2", "txz", "zip", "7z", "rar"], ARCHIVE),
    (&["xlsx", "xlsm", "xls", "ods"], WORKBOOK),
    (&["bz2", "xz", "lz4", "lzma", "br", "z"], PACKED),
    (&["avro", "orc", "sqlite", "sqlite3", "pcap", "pcapng", "pdf", "journal"], OTHER),
];
/// First bytes of such files, which hardly any name of a column begins with. A workbook is a zip
/// archive too, so these bytes do not show which of the two a file is.
const BEGINNINGS: [(&[u8], Known); 18] = [
    (
        b"PK\x03\x04",
        ("is an archive or a workbook", "unpack it, or save its sheet as \"CSV UTF-8\""),
    ),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"Rar!\x1a\x07", ARCHIVE),
    (b"\xd0\xcf\x11\xe0", WORKBOOK),
    (b"BZh91AY&SY", PACKED),
    (b"\xfd7zXZ", PACKED),
    (b"\x04\x22\x4d\x18", PACKED),
    (b"\x1f\x8b", GZIP),
    (b"\x28\xb5\x2f\xfd", ZSTD),
    (b"SQLite format 3\0", OTHER),
    (b"Obj\x01", OTHER),
    (b"%PDF-", OTHER),
    (b"PAR1\x15", COLUMNS),
    (b"ARROW1\0\0", COLUMNS),
    (b"\xff\xff\xff\xff", STREAM),
    (b"-- MySQL dump", SQL),
    (b"INSERT INTO ", SQL),
    (b"--\n-- PostgreSQL database dump", SQL),
];
/// Where the mark of a tape archive stands.
const TAR: std::ops::Range<usize> = 257..262;

/// How many bytes [`by_bytes`] looks at.
pub(super) const LOOKED_AT: usize = TAR.end;

/// The refusal of a file by the ending of its name.
pub(super) fn by_name(path: &Path, ending: &str) -> Option<Error> {
    let known = ENDINGS.into_iter().find(|(endings, _)| endings.contains(&ending));
    known.map(|(_, known)| refusal(path, known))
}

/// The refusal of a file by its first bytes.
pub(super) fn by_bytes(path: &Path, head: &[u8]) -> Option<Error> {
    let known = BEGINNINGS.into_iter().find(|(begins, _)| head.starts_with(begins));
    let known = known.map(|(_, known)| known);
    let is_tar = head.get(TAR) == Some(b"ustar");
    known.or(is_tar.then_some(ARCHIVE)).map(|known| refusal(path, known))
}

fn refusal(path: &Path, (what, help): Known) -> Error {
    Error::input(format!("{} {what}", path.display())).help(help)
}
