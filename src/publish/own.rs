//! Whose an output is: a release writes only where all that is published is its own.
//!
//! In: the manifests in an output. Out: a refusal where one of them names another release, or an entry
//! that the ledger does not know; and which tables of a day a new manifest does not list any more.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::ledger::{EntryId, Ledger, StoredFile};
use crate::release_file::day::Day;
use crate::{Error, Result};

/// The folder of the manifests in an output.
pub const MANIFESTS: &str = "_manifest";

/// What a manifest says about its origin.
#[derive(Deserialize)]
struct Origin {
    release: String,
    release_id: String,
    ledger_entry: u64,
    /// Absent in what older programs published.
    ledger_head: Option<String>,
}

/// Refuses an output that holds tables of another release.
///
/// # Errors
/// Refused, naming that release.
pub fn require_own(out: &Path, release: &str) -> Result<()> {
    let manifests = fs::read_dir(out.join(MANIFESTS)).into_iter().flatten().flatten();
    let mut origins = manifests.filter_map(|file| Origin::read(&file.path()));
    match origins.find(|origin| origin.release != release) {
        None => Ok(()),
        Some(origin) => Err(Error::refused(format!(
            "the output folder {} belongs to the release `{}`",
            out.display(),
            origin.release
        ))
        .help("give each release a folder of its own, with `[output] path` or --out")),
    }
}

/// Refuses to write over the tables of a day that this ledger does not know to be released.
///
/// # Errors
/// Refused, naming the day; I/O, when the ledger cannot be read.
pub fn require_known(out: &Path, day: Day, ledger: &Ledger) -> Result<()> {
    let Some(origin) = Origin::read(&out.join(manifest_path(day))) else { return Ok(()) };
    let entry = ledger.entry(EntryId(origin.ledger_entry))?;
    let is_known = entry.is_some_and(|entry| {
        entry.release_id == origin.release_id
            && origin.ledger_head.is_none_or(|head| head == entry.head)
    });
    if is_known {
        return Ok(());
    }
    Err(Error::refused(format!(
        "the output folder {} holds tables of {day} that the ledger does not know",
        out.display()
    ))
    .help(
        "another ledger released that day, or this one was restored from an older backup: restore its \
         newest state, or write to another folder with --out",
    ))
}

impl Origin {
    /// Reads a manifest; one that cannot be read is none, and is written again if it belongs to a day.
    fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }
}

/// The path of a day's manifest in an output.
pub(super) fn manifest_path(day: Day) -> String {
    format!("{MANIFESTS}/day={day}.json")
}

/// What a manifest lists.
#[derive(Deserialize)]
struct Listing {
    files: Vec<Listed>,
}

/// One table in a manifest.
#[derive(Deserialize)]
struct Listed {
    path: String,
    blake3: String,
}

impl Listing {
    fn read(manifest: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(manifest).ok()?).ok()
    }
}

/// The digest of a day's table by the manifest beside it; `None` if no manifest lists it.
pub(super) fn listed_digest(out: &Path, day: Day, path: &str) -> Option<String> {
    let files = Listing::read(&out.join(manifest_path(day)))?.files;
    files.into_iter().find(|file| file.path == path).map(|file| file.blake3)
}

/// The tables that the manifest in `out` lists for the day of these files, and that are not among them.
pub(super) fn no_longer_listed(out: &Path, files: &[StoredFile]) -> BTreeSet<PathBuf> {
    let Some(manifest) = files.iter().find(|file| file.is_of(MANIFESTS)) else {
        return BTreeSet::new();
    };
    let listing = Listing::read(&out.join(&manifest.path));
    let before = listing.into_iter().flat_map(|listing| listing.files);
    let is_gone = |path: &String| {
        StoredFile::stays_inside(path) && !files.iter().any(|file| file.path == *path)
    };
    before.map(|listed| listed.path).filter(is_gone).map(|path| out.join(path)).collect()
}
