//! The file of marks in a folder: a line for each ledger, written whole or not at all.
//!
//! In: a folder, and the head of a ledger's chain. Out: the lines that are there; the ledger's own
//! line is replaced, durably, by one with that head. What a mark means is in [`super::marks`].

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ledger_files::{MARK, beside};
use crate::files::{self, EVERYBODY, remove_if_there, sync_folder};
use crate::{Error, Result};

/// A line of a file of marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    #[serde(default)]
    pub(super) of: Of,
    /// The name of a single file, or nothing for a whole folder.
    pub(super) logs: Option<String>,
    /// Whether the logs lie in folders of that folder too.
    #[serde(default = "is_deep_unless_stated")]
    pub(super) deep: bool,
    /// The ledger, by the check of its key.
    pub(super) ledger: String,
    /// Where the ledger lies; empty in an output, which others read.
    #[serde(default)]
    pub(super) path: String,
    /// The last hash of its journal.
    pub(super) head: Option<String>,
}

/// What is marked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Of {
    #[default]
    Logs,
    Output,
}

const fn is_deep_unless_stated() -> bool {
    true
}

/// The marks that an open ledger raises.
#[derive(Default)]
pub(super) struct Raised {
    pub(super) own: Vec<(PathBuf, Mark)>,
    /// Folders whose mark could not be raised.
    unwritable: Vec<PathBuf>,
}

impl Mark {
    /// Whether both mark the same things.
    pub(super) fn same_place(&self, other: &Self) -> bool {
        self.of == other.of && self.logs == other.logs
    }
}

/// The folders of some marks, locked until this is dropped.
pub(super) struct Locked {
    _folders: Vec<File>,
}

impl Raised {
    /// Locks those of the folders that exist, so that other ledgers wait. A folder that cannot be
    /// locked is written without a lock.
    pub(super) fn lock(&self) -> Locked {
        // Each folder is locked once, so that nobody waits for their own lock, and all programs
        // lock in the same order, so that no two wait for each other.
        let folders: BTreeMap<(u64, u64), File> = self
            .own
            .iter()
            .filter_map(|(folder, _)| {
                let file = File::open(folder).ok()?;
                let about = file.metadata().ok()?;
                Some(((about.dev(), about.ino()), file))
            })
            .collect();
        Locked { _folders: folders.into_values().filter(|file| file.lock().is_ok()).collect() }
    }

    /// Writes the ledger's head into each mark, unless any of them has a head that `knows` refuses;
    /// folders that cannot be written are remembered.
    ///
    /// # Errors
    /// The error that `knows` gives for a mark, or I/O when a file of marks cannot be read. In both
    /// cases no mark is raised.
    pub(super) fn raise(
        &mut self,
        head: &str,
        knows: impl Fn(&Path, &Mark) -> Result<()>,
        _locked: &Locked,
    ) -> Result<()> {
        // A folder that is not there holds no logs to draw from and no output to write over.
        let mut there: Vec<_> = self.own.iter_mut().filter(|(folder, _)| folder.exists()).collect();
        for (folder, mark) in &there {
            let found = lines(folder)?;
            let mut own = found.iter().filter(|found| found.ledger == mark.ledger);
            own.try_for_each(|found| knows(&folder.join(MARK), found))?;
        }
        self.unwritable.clear();
        for (folder, mark) in &mut there {
            mark.head = Some(head.to_owned());
            if put(folder, mark, true).is_err() {
                self.unwritable.push(folder.clone());
            }
        }
        Ok(())
    }

    /// The folders whose mark could not be raised.
    pub(super) fn unwritable(&self) -> &[PathBuf] {
        &self.unwritable
    }

    /// Takes the marks out again.
    pub(super) fn withdraw(&self, _locked: &Locked) {
        for (folder, mark) in &self.own {
            // A mark that stays refuses the next ledger too, which is safe.
            let _stays = put(folder, mark, false);
        }
    }
}

/// Puts a line into a folder's marks in place of the ledger's earlier one, or takes it out, durably.
fn put(folder: &Path, mark: &Mark, stays: bool) -> io::Result<()> {
    let mut marks = lines(folder).map_err(io::Error::other)?;
    marks.retain(|other| other.ledger != mark.ledger || !other.same_place(mark));
    if stays {
        marks.push(mark.clone());
    }
    let mut text = String::new();
    for mark in marks {
        text.push_str(&serde_json::to_string(&mark)?);
        text.push('\n');
    }
    // Renamed into its place, so that a link there is replaced and never followed.
    let (path, new) = (folder.join(MARK), beside(&folder.join(MARK), ".new"));
    let written = files::make(&new, EVERYBODY).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)
    });
    if written.is_err() {
        // The first failure is the one to report; a file that stays is replaced by the next mark.
        let _stays = remove_if_there(&new);
    }
    written.and_then(|()| sync_folder(folder))
}

/// The marks in one folder.
pub(super) fn lines(folder: &Path) -> Result<Vec<Mark>> {
    let file = folder.join(MARK);
    let unreadable = |what: &str| {
        Error::io(format!("the mark {} {what}", file.display())).help(
            "it names the ledger that logs or tables there are charged to: restore it, or remove it if \
             no other ledger charges them",
        )
    };
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            String::new()
        }
        Err(error) => return Err(unreadable("cannot be read").because(error)),
    };
    let marks: std::result::Result<_, _> = text.lines().map(serde_json::from_str).collect();
    marks.map_err(|_| unreadable("is damaged"))
}
