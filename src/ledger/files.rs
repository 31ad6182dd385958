//! The bytes to publish, kept so that a release is drawn once and written out as often as needed.
//!
//! In: the files of one release. Out: the same files, each checked against its digest, and all of
//! them against the journal. Invariant: a path is relative and stays inside the output folder, so
//! that healing an output can never write elsewhere. Deliberately not here: writing to the output.

use std::path::{Component, Path};

use rusqlite::{Connection, params};
use serde::Serialize;

use super::event::Event;
use super::journal::{self, Journal};
use super::state::EntryId;
use super::trouble::{Outcome, Trouble};
use crate::Error;

/// One file of a release, ready to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Relative to the output folder, with `/`: `volume/day=2026-01-01/part-0.parquet`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl StoredFile {
    /// Whether it holds the answer to this question.
    pub fn is_of(&self, question: &str) -> bool {
        self.path.strip_prefix(question).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether a path is relative and stays inside the output.
    pub fn stays_inside(path: &str) -> bool {
        !path.is_empty()
            && !path.contains(['\\', '\0'])
            && !path.ends_with('/')
            && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
    }
}

/// What the journal keeps of one file.
#[derive(Debug, Serialize)]
struct Mark {
    path: String,
    size_bytes: usize,
    digest: String,
}

/// Stores the files of an entry and returns the text that the journal keeps of them.
pub(super) fn write(
    connection: &Connection,
    entry: EntryId,
    files: &[StoredFile],
) -> Outcome<String> {
    if files.is_empty() {
        return Err(Error::internal("a release without files cannot be committed").into());
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO stored (entry, path, digest, bytes) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let mut sorted: Vec<&StoredFile> = files.iter().collect();
    sorted.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    if sorted.windows(2).any(|pair| pair[0].path == pair[1].path) {
        return Err(Error::internal("a release has two files of one path").into());
    }
    let mut marks = Vec::with_capacity(files.len());
    for file in sorted {
        if !StoredFile::stays_inside(&file.path) {
            let path = &file.path;
            return Err(Error::internal(format!(
                "a release has a file outside its output: {path}"
            ))
            .into());
        }
        let mark = Mark::of(&file.path, &file.bytes);
        insert.execute(params![entry, file.path, mark.digest, file.bytes])?;
        marks.push(mark);
    }
    payload(&marks)
}

/// Reads the files of an entry, whole and unchanged or not at all.
pub(super) fn read(journal: Journal<'_>, entry: EntryId) -> Outcome<Vec<StoredFile>> {
    let (files, payload) = read_unchecked(journal.connection, entry)?;
    if !journal.agrees(Event::Committed, Some(entry), &payload)? {
        return Err(Trouble::Damaged(format!(
            "the stored files of entry {entry} are not those that were committed"
        )));
    }
    Ok(files)
}

/// Reads what is stored for an entry, with the text that the journal should keep of it.
pub(super) fn read_unchecked(
    connection: &Connection,
    entry: EntryId,
) -> Outcome<(Vec<StoredFile>, String)> {
    let mut statement = connection
        .prepare_cached("SELECT path, bytes, digest FROM stored WHERE entry = ?1 ORDER BY path")?;
    let mut rows = statement.query([entry])?;
    let (mut files, mut marks) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let file = StoredFile { path: row.get(0)?, bytes: row.get(1)? };
        let mark = Mark::of(&file.path, &file.bytes);
        if mark.digest != row.get::<_, String>(2)? {
            return Err(Trouble::Damaged(format!(
                "a stored file of entry {entry} does not match its digest"
            )));
        }
        files.push(file);
        marks.push(mark);
    }
    Ok((files, payload(&marks)?))
}

impl Mark {
    fn of(path: &str, bytes: &[u8]) -> Self {
        let digest = blake3::hash(bytes).to_hex().to_string();
        Self { path: path.to_owned(), size_bytes: bytes.len(), digest }
    }
}

fn payload(marks: &[Mark]) -> Outcome<String> {
    #[derive(Serialize)]
    struct Payload<'a> {
        files: &'a [Mark],
    }
    journal::payload(&Payload { files: marks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_inside_the_output_are_stored() {
        for good in ["a", "volume/day=2026-01-01/part-0.parquet", "a..b/c", "_manifest/x.json"] {
            assert!(StoredFile::stays_inside(good), "{good}");
        }
        for bad in ["", "/a", "..", "a/../../b", "../a", "./a", "a\\..\\b", "a/", "a\0b"] {
            assert!(!StoredFile::stays_inside(bad), "{bad:?}");
        }
    }
}
