//! What the journal keeps of deletions, legal holds and openings.
//!
//! Each type is the payload of an event. Numbers under a hold are keyed digests, and no record holds
//! an identifier.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::instant;
use crate::release_file::day::Day;

/// In which column a held number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Who asked
    Requester,
    /// Who was asked about
    Target,
    /// Both
    Either,
}

/// A hold as it was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldTerms {
    /// Its number, counted from 1.
    pub hold: u64,
    /// The order's reference, as typed.
    pub order: String,
    /// Keyed digests of the canonical numbers, sorted.
    pub numbers: Vec<String>,
    /// In which column they count.
    pub role: Role,
    /// The first instant of the period, in UTC microseconds.
    pub from_micros: i64,
    /// The first instant after it.
    pub to_micros: i64,
    /// When the hold ends unless it is extended.
    #[serde(with = "instant")]
    pub expires: Timestamp,
    /// The custodians' public keys.
    pub recipients: Vec<String>,
    /// The rules by which the numbers were read; absent in what earlier versions wrote, which had those
    /// that the ledger was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_rules: Option<String>,
}

/// A hold's numbers, entered again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// The hold.
    pub hold: u64,
    /// Keyed digests of the same numbers, as other rules read them, sorted.
    pub numbers: Vec<String>,
    /// The rules by which they were read this time.
    pub number_rules: String,
}

/// One sealed archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// The hold that it belongs to.
    pub hold: u64,
    /// How many rows it has.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The BLAKE3 digest of the sealed file.
    pub digest: String,
    /// Which archive of this hold and deletion it is, counted from 0; a deletion that was cut short
    /// may need a second one.
    pub part: u64,
}

/// What one deletion sealed before it deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The deletion.
    pub retention: u64,
    /// Every hold whose rows were looked for.
    pub considered: Vec<u64>,
    /// The digests, before the deletion, of the files in which these rows were looked for.
    pub files: Vec<String>,
    /// The archives of the holds that had rows in these files.
    pub archives: Vec<Archive>,
}

/// A file that a deletion took or shortened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedFile {
    /// Its path below the folder of the logs, in what earlier versions wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The keyed digest of that path, which may name a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_digest: Option<String>,
    /// The day that its own name, or that of its folder, promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_day: Option<Day>,
    /// Rows that went.
    pub expired_rows: u64,
    /// Rows that stayed.
    pub kept_rows: u64,
    /// Its size before.
    pub bytes: u64,
    /// The keyed digest of its name and content before.
    pub digest_before: String,
    /// The keyed digest of the file that stays in its place; `None` if it is deleted.
    pub digest_after: Option<String>,
}

/// A deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Its number, counted from 1.
    pub retention: u64,
    /// The instant that it was decided by.
    #[serde(with = "instant")]
    pub as_of: Timestamp,
    /// The first instant that is kept: rows of earlier instants were deleted.
    #[serde(with = "instant")]
    pub cutoff: Timestamp,
    /// The keyed digest of the `[logs] path` that the files were found by; absent in what earlier versions
    /// wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_digest: Option<String>,
    /// The inode number of the folder that the files lie in, if it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_number: Option<u64>,
    /// The keyed digests of the paths, below the folder of the logs, of the folders that it may
    /// empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folder_digests: Vec<String>,
    /// The files that it deletes or shortens.
    pub files: Vec<DeletedFile>,
    /// Days that lost rows though they were never released.
    pub unreleased: Vec<Day>,
}

/// The end of a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Which deletion.
    pub retention: u64,
    /// Which of [`Retention::files`], by position, another program changed before they could go.
    /// The next deletion takes what is past retention in them.
    pub left: Vec<usize>,
}

/// An opening of an order's archives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The hold, where the order was known.
    pub hold: Option<u64>,
    /// How many archives were opened.
    pub archives: u64,
    /// The SHA-256 of the rows that were handed over, or why nothing was.
    pub outcome: String,
}
