//! What a run is asked to do.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::stop::Stop;
use crate::ingest::Meter;
use crate::ledger::Second;
use crate::release_file::ReleaseFile;

/// A release with what the command line adds to it.
#[derive(Debug, Clone)]
pub struct Job {
    /// The release file.
    pub release_file: ReleaseFile,
    /// The folder of the published tables.
    pub out: PathBuf,
    /// The instant to decide by.
    pub as_of: Timestamp,
    /// How long to wait for a ledger that another run holds.
    pub wait: Duration,
    /// Whether a day may be released again under a changed release file.
    pub again: Again,
    /// Whether a day whose files look half-delivered may be released.
    pub incomplete: Incomplete,
    /// Whether a second ledger may charge the same logs.
    pub second_ledger: Second,
    /// The folder that gets the rows that cannot be read, when it is asked for.
    pub rejects: Option<PathBuf>,
    /// How much memory to take, in bytes.
    pub memory: usize,
    /// What to do with rows that do not fit into it.
    pub spill: Spill,
    /// Whether somebody has asked the run to stop.
    pub stop: Stop,
    /// Who watches how much of the logs is read.
    pub meter: Meter,
    /// What the operator should know of the logs.
    pub notices: Notices,
}

impl Job {
    /// A release as its file has it, decided by an instant: it waits for no other run, takes any memory, and
    /// refuses whatever somebody would have to allow.
    pub fn new(release_file: ReleaseFile, as_of: Timestamp) -> Self {
        Self {
            out: release_file.output.clone(),
            release_file,
            as_of,
            wait: Duration::ZERO,
            again: Again::Refuse,
            incomplete: Incomplete::Refuse,
            second_ledger: Second::Refuse,
            rejects: None,
            memory: usize::MAX,
            spill: Spill::Allow,
            stop: Stop::default(),
            meter: Meter::default(),
            notices: Notices::default(),
        }
    }
}

/// Warnings that a run gathers, each once, however many days they hold for.
///
/// # Privacy
/// They are for the operator's screen and decide nothing.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    all: BTreeSet<String>,
    new: Vec<String>,
}

impl Notices {
    /// Adds one that is not known yet.
    pub(super) fn add(&self, notice: String) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.all.insert(notice.clone()) {
            seen.new.push(notice);
        }
    }

    /// Those that came since this was asked before.
    pub fn new_ones(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).new)
    }
}

/// What to do with rows that do not fit into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spill {
    /// Write them to encrypted temporary files.
    Allow,
    /// Refuse logs that may not fit, before anything is spent.
    Refuse,
}

/// What to do when a day was already released under another fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Refuse it.
    Refuse,
    /// Release it once more, at a further charge.
    Release,
}

/// What to do with a day whose files look half-delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incomplete {
    /// Refuse it.
    Refuse,
    /// Release it as it is.
    Release,
}
