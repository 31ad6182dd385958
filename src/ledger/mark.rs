//! The mark that a ledger leaves beside the logs, so that a second one is noticed.
//!
//! What two ledgers over the same logs promise adds up, and neither shows it. The first run through
//! a ledger therefore writes the ledger's name into `.pointillist-ledger` in the folder of the logs,
//! which no glob reads; a run through another ledger is refused unless a person says that it is
//! meant. A folder that cannot be written gets no mark, and a mark that was removed is not missed:
//! this guards against mistakes, not against a person.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::verbs::Ledger;
use crate::release_file::logs::Place;
use crate::{Error, Result};

/// The name of the file; names that begin with a dot are never logs.
const NAME: &str = ".pointillist-ledger";

/// What to do about a second ledger over the same logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    /// Refuse it.
    Refuse,
    /// Let it add its own promise to the first one's.
    Allow,
}

/// The marks beside the logs of one release.
pub struct Marks {
    file: PathBuf,
    /// The name of a single file, or nothing for a whole folder.
    logs: Option<String>,
    marks: Vec<Mark>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// The name of a single file, or nothing for a whole folder.
    logs: Option<String>,
    /// The ledger, by the check of its key.
    ledger: String,
    /// Where it lay.
    path: String,
}

impl Marks {
    /// Reads the marks beside these logs; empty if there is no such file.
    ///
    /// # Errors
    /// I/O, when there is one that cannot be read.
    pub fn read(place: &Place) -> Result<Self> {
        let file = place.base().join(NAME);
        let path = place.path();
        let logs = path.is_file().then(|| {
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        });
        let unreadable = |what: &str| {
            Error::io(format!("the mark {} {what}", file.display())).help(
                "it names the ledger that these logs are charged to: restore it, or remove it if no \
                 other ledger charges them",
            )
        };
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(unreadable("cannot be read").because(error)),
        };
        let marks = text
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .map_err(|_| unreadable("is damaged"))?;
        Ok(Self { file, logs, marks })
    }

    /// Refuses a ledger that is yet to be made, where another charges these logs.
    ///
    /// # Errors
    /// Refused, naming the other ledger.
    pub fn allow_new(&self, ledger: &Path, second: Second) -> Result<()> {
        match self.others("").next() {
            Some(other) if second == Second::Refuse && !ledger.exists() => Err(refused(other)),
            _ => Ok(()),
        }
    }

    /// Marks the logs as charged to this ledger.
    ///
    /// # Errors
    /// Refused, naming the other ledger, where another charges them.
    pub fn claim(&self, ledger: &Ledger, second: Second) -> Result<()> {
        let id = ledger.writer.as_ref().map(|writer| writer.key.check()).unwrap_or_default();
        let mine = Mark {
            logs: self.logs.clone(),
            ledger: id,
            path: ledger.place.ledger.display().to_string(),
        };
        let known = |mark: &Mark| mark.logs == mine.logs && mark.ledger == mine.ledger;
        if self.marks.iter().any(known) {
            return Ok(());
        }
        if let (Some(other), Second::Refuse) = (self.others(&mine.ledger).next(), second) {
            return Err(refused(other));
        }
        let line = serde_json::to_string(&mine)
            .map_err(|_| Error::internal("a mark cannot be written down"))?;
        let written = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)
            .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
        if written.is_err() {
            tracing::info!(
                "the folder of the logs cannot be written: a second ledger over them would go unnoticed"
            );
        }
        Ok(())
    }

    /// Refuses to delete rows that another ledger over the same logs may hold: only that one can
    /// seal them.
    ///
    /// # Errors
    /// Refused, naming the other ledger; I/O, when it cannot be read.
    pub fn require_no_holds_elsewhere(&self, ledger: &Ledger, now: Timestamp) -> Result<()> {
        let id = ledger.writer.as_ref().map(|writer| writer.key.check()).unwrap_or_default();
        for other in self.others(&id) {
            let path = Path::new(&other.path);
            let unknown = |error: Error| {
                Error::refused(format!("another ledger over these logs may hold rows, {}", other.path))
                    .help(format!(
                        "it cannot be asked: restore it, or, if it is gone for good, remove its line from {}",
                        self.file.display()
                    ))
                    .because(error)
            };
            let custody =
                Ledger::open_existing(path).and_then(|other| other.custody()).map_err(unknown)?;
            if custody.holds.iter().any(|hold| hold.is_active(now)) {
                return Err(Error::refused(format!(
                    "another ledger over these logs holds rows for an order, {}",
                    other.path
                ))
                .help("delete through that ledger (--ledger), which seals them first"));
            }
        }
        Ok(())
    }

    /// The marks of other ledgers over the same logs: a folder and a file in it overlap.
    fn others<'a>(&'a self, ledger: &'a str) -> impl Iterator<Item = &'a Mark> {
        self.marks.iter().filter(move |mark| {
            let overlap = mark.logs.is_none() || self.logs.is_none() || mark.logs == self.logs;
            overlap && mark.ledger != ledger
        })
    }
}

fn refused(other: &Mark) -> Error {
    Error::refused(format!("these logs are charged to another ledger, {}", other.path)).help(
        "use that ledger: what two ledgers promise about the same logs adds up. If that is meant, \
         run once with --new-ledger",
    )
}
