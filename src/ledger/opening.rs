//! Opening a ledger: for a run, for a person, or for reading.
//!
//! In: a path, and for a run the terms of its release. Out: a [`Ledger`] whose terms are those that
//! it was made with. Invariant: a ledger that may be written holds the lock and its own key; a
//! reader takes neither and makes nothing. The order is: lock, make if absent, version, terms
//! against the journal, key, terms against the release.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::journal::{self, Event};
use super::key::{self, LedgerKey};
use super::lock::RunLock;
use super::mark::Raised;
use super::place::{Found, Place};
use super::schema::{self, Access};
use super::terms::Terms;
use super::thirty_days::Cap;
use super::trouble::{Outcome, Trouble};
use super::verbs::{Ledger, Writer};
use crate::release_file::window::Clock;
use crate::{Error, Result};

impl Ledger {
    /// Opens the ledger for a run, making it on first use, and holds it until it is dropped.
    ///
    /// # Privacy
    /// A release whose terms differ is refused: its loss could not be added to the others'.
    ///
    /// # Errors
    /// Busy, when another run holds it for longer than `wait`; refused, when the terms differ, a
    /// newer program wrote it, its unit is unknown, or it is gone while its key is there; I/O, when it
    /// is damaged, its key is lost, or it cannot be written.
    pub fn open(path: &Path, terms: &Terms, wait: Duration, clock: Clock) -> Result<Self> {
        let place = Place::new(path)?;
        // Said before a lock file is left beside something that is no ledger.
        place.find()?;
        let lock = RunLock::take(&place, wait)?;
        if place.find()? == Found::Nothing {
            schema::make(&place, terms, clock.now())?;
        }
        let ledger = Self::attach(place, Some((lock, clock)), wait)?;
        ledger.terms.same_as(terms, &ledger.place.shown)?;
        Ok(ledger)
    }

    /// Opens an existing ledger for a person's own verbs, on the terms that it was made with.
    ///
    /// # Errors
    /// As [`Ledger::open`]; I/O, when there is none.
    pub fn reopen(path: &Path, wait: Duration, clock: Clock) -> Result<Self> {
        let place = Self::existing(path)?;
        let lock = RunLock::take(&place, wait)?;
        Self::attach(place, Some((lock, clock)), wait)
    }

    /// Refuses a release by which this ledger would take other rows for a requester's, or other
    /// times for theirs; budgets and the versions of zone rules are no matter of deletion.
    ///
    /// # Errors
    /// Refused, naming the first field that differs.
    pub fn require_same_rows(&self, identity: BTreeMap<String, String>) -> Result<()> {
        let mut asked = Terms { identity, ..self.terms.clone() };
        let mut ignored = vec![Terms::ZONES];
        // The versions of the number rules agree on all but a few numbers, but those may be held.
        if self.custody()?.holds.iter().all(|hold| hold.purged_at.is_some()) {
            ignored.push(Terms::NUMBERS);
        }
        for field in ignored {
            if let Some(made) = self.terms.identity.get(field) {
                asked.identity.insert(field.to_owned(), made.clone());
            }
        }
        self.terms.same_as(&asked, &self.place.shown)
    }

    /// Opens an existing ledger for reading, beside a run if there is one.
    ///
    /// # Errors
    /// I/O, when there is none or it is damaged; refused, when its version is not this
    /// program's or its unit is unknown.
    pub fn open_existing(path: &Path) -> Result<Self> {
        Self::attach(Self::existing(path)?, None, READ_WAIT)
    }

    fn existing(path: &Path) -> Result<Place> {
        let place = Place::new(path)?;
        match place.find()? {
            Found::Ledger => Ok(place),
            Found::Nothing => Err(Error::io(format!("there is no ledger {}", place.shown))
                .help("correct its path; the first `pointillist run` makes it")),
        }
    }

    fn attach(place: Place, writer: Option<(RunLock, Clock)>, wait: Duration) -> Result<Self> {
        let access = if writer.is_some() { Access::Write } else { Access::Read };
        let open = || -> Outcome<(Connection, Terms, String, Option<Cap>)> {
            let connection = schema::open(&place, access, wait)?;
            let (terms, key_check) = Terms::read(&connection)?;
            let payload = terms.payload(&key_check)?;
            // A budget that was raised by hand is noticed here, before it is spent.
            if !journal::agrees(&connection, Event::Created, None, &payload)? {
                let what = "its terms are not those that it was made with".to_owned();
                return Err(Trouble::Damaged(what));
            }
            terms.require_known_unit(&place.shown)?;
            let cap = Cap::read(&connection)?;
            Ok((connection, terms, key_check, cap))
        };
        let (connection, terms, key_check, cap) =
            open().map_err(|trouble| trouble.into_error(&place))?;
        let writer = match writer {
            None => None,
            Some((lock, clock)) => {
                let key = LedgerKey::read(&place)?;
                if key.check() != key_check {
                    return Err(key::foreign(&place));
                }
                let drawn = BTreeSet::new();
                let marks = Raised::default();
                Some(Writer { key, clock, wait, drawn, disk_failed: false, marks, _lock: lock })
            }
        };
        Ok(Self { connection, place, terms, identity: key_check, cap, writer })
    }
}

/// How long a reader waits while a run writes.
const READ_WAIT: Duration = Duration::from_secs(10);
