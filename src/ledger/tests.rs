//! The ledger as a whole: one row per refusal, one per state and verb, one per state of the disk.

mod cap;
mod edits;
mod keyed;
mod looks;
mod opening;
mod steps;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::chain::Chain;
use super::ledger_files::LedgerFiles;
use super::terms::tests::terms;
use super::{Balance, Entry, EntryId, Ledger, LedgerKey, Reservation, StoredFile};
use crate::release_file::day::{Clock, Day};
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::{Kind, Result};

/// A folder with a ledger of a budget of 100 billionths in it, once it was opened.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    /// In memory where the system has it: a test asks what was written, not how long a disk takes.
    fn new() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Self { folder: folder.unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("daily.ledger")
    }

    fn beside(&self, ending: &str) -> PathBuf {
        self.folder.path().join(format!("daily.ledger{ending}"))
    }

    fn try_open(&self) -> Result<Ledger> {
        Ledger::open(&self.path(), &terms(100), Duration::ZERO, clock())
    }

    fn open(&self) -> Ledger {
        self.try_open().unwrap()
    }

    /// A second connection, as a person with a database tool has it.
    fn by_hand(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    /// What its holder of the key could write into the journal.
    fn chain(&self) -> Chain {
        Chain::new(&self.key())
    }

    fn key(&self) -> LedgerKey {
        LedgerKey::read(&LedgerFiles::new(&self.path()).unwrap()).ok().unwrap()
    }

    /// Copies the ledger, its key and its log to another folder, as a crash leaves them.
    fn copy_as_after_a_crash(&self) -> Self {
        let copy = Self::new();
        for ending in ["", ".key", "-journal", "-wal"] {
            if self.beside(ending).exists() {
                std::fs::copy(self.beside(ending), copy.beside(ending)).unwrap();
            }
        }
        copy
    }
}

fn clock() -> Clock {
    Clock::Fixed("2026-03-05T06:00:00Z".parse().unwrap())
}

fn day(number: u8) -> Day {
    format!("2026-03-{number:02}").parse().unwrap()
}

/// A reservation of one release over the first days of March.
fn asking(name: &str, days: std::ops::RangeInclusive<u8>, charge: u64) -> Reservation {
    Reservation {
        release: name.to_owned(),
        release_id: format!("id of {name} for {days:?}"),
        fingerprint: "fingerprint".to_owned(),
        blocks: days.map(day).collect(),
        charge: NanoRho::new(charge),
        look_charge: None,
        key_delta: AttoDelta::new(0),
        plan: format!("{{\"charge\":{charge}}}"),
        logs_digest: "digest".to_owned(),
        code_version: "0.1.0".to_owned(),
    }
}

/// The same with a look that costs a part of it.
fn asking_with_look(name: &str, number: u8, charge: u64, look: u64) -> Reservation {
    Reservation { look_charge: Some(NanoRho::new(look)), ..asking(name, number..=number, charge) }
}

fn files() -> Vec<StoredFile> {
    vec![
        StoredFile { path: "volume/day=2026-03-01/part-0.parquet".to_owned(), bytes: vec![1, 2] },
        StoredFile { path: "_manifest/day=2026-03-01.json".to_owned(), bytes: b"{}".to_vec() },
    ]
}

/// Brings a release as far as published.
fn publish(ledger: &mut Ledger, asked: &Reservation) -> EntryId {
    let id = ledger.reserve(asked).unwrap().id;
    ledger.mark_drawn(id).unwrap();
    ledger.commit(id, &files()).unwrap();
    ledger.mark_published(id).unwrap();
    id
}

fn spent(ledger: &Ledger, number: u8) -> u64 {
    balance(ledger, number).map_or(0, |balance| balance.spent.nano())
}

fn balance(ledger: &Ledger, number: u8) -> Option<Balance> {
    let balances = ledger.balances().unwrap();
    balances.into_iter().find(|(block, _)| *block == day(number)).map(|(_, balance)| balance)
}

fn kind_of<T>(result: Result<T>) -> Option<Kind> {
    result.err().map(|error| error.kind())
}

fn exists(path: &Path) -> bool {
    path.try_exists().unwrap()
}

fn entry(ledger: &Ledger, id: EntryId) -> Entry {
    ledger.entry(id).unwrap().unwrap()
}
