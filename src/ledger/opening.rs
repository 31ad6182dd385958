//! Opening a ledger: for a run, for a person, or for reading.
//!
//! In: a path, and for a run the terms of its release. Out: a [`Ledger`] whose terms are those that
//! it was made with. Invariant: a ledger that may be written holds the lock; a reader takes none, makes
//! nothing, and holds up nobody. Both need the key, without which the journal cannot be checked.
//! The order is: place, lock, make if absent, version, key, terms against the journal, terms
//! against the release.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::chain::Chain;
use super::event::Event;
use super::file_system::require_local;
use super::journal::{self, Journal};
use super::key::{self, LedgerKey};
use super::ledger_files::{Found, LedgerFiles};
use super::lock::RunLock;
use super::mark::Raised;
use super::rules::Rules;
use super::schema::{self, Access};
use super::terms::Terms;
use super::thirty_days::{self, Cap};
use super::trouble::{Outcome, Trouble};
use super::verbs::{Ledger, Writer};
use crate::files::remove_if_there;
use crate::release_file::day::Clock;
use crate::{Error, Result};

impl Ledger {
    /// Opens the ledger for a run, making it on first use, and holds it until it is dropped.
    ///
    /// # Privacy
    /// A release whose terms differ is refused: its loss could not be added to the others'.
    ///
    /// # Errors
    /// Busy, when another run holds it for longer than `wait`; refused, when the terms differ, a
    /// newer program wrote it, its unit is unknown, it is gone while its key is there, its file has
    /// another name, or it lies on a network file system; I/O, when it is damaged, its key is lost,
    /// or it cannot be written.
    pub fn open(path: &Path, terms: &Terms, wait: Duration, clock: Clock) -> Result<Self> {
        let place = LedgerFiles::new(path)?;
        // Checked before the lock, so that no lock file is left beside something that is no ledger.
        place.find()?;
        let doubt = require_local(&place)?;
        let lock = RunLock::take(&place, wait)?;
        place.require_one_name()?;
        if place.find()? == Found::Nothing {
            schema::make(&place, terms, clock.now())?;
        }
        let ledger = Self::attach(&place, Some(Writer::new(lock, clock, doubt)), wait)?;
        ledger.terms.same_as(terms, &ledger.place.shown)?;
        Ok(ledger)
    }

    /// Opens an existing ledger for a person's own verbs, on the terms that it was made with.
    ///
    /// # Errors
    /// As [`Ledger::open`]; I/O, when there is none.
    pub fn reopen(path: &Path, wait: Duration, clock: Clock) -> Result<Self> {
        let place = Self::existing(path)?;
        let doubt = require_local(&place)?;
        let lock = RunLock::take(&place, wait)?;
        place.require_one_name()?;
        Self::attach(&place, Some(Writer::new(lock, clock, doubt)), wait)
    }

    /// Refuses a release that no run could charge to this ledger, because it asks for other terms.
    ///
    /// # Errors
    /// Refused, naming the first field that differs.
    pub fn require_same_terms(&self, asked: &Terms, cap: Option<Cap>) -> Result<()> {
        self.terms.same_as(asked, &self.place.shown)?;
        // A ledger without a cap takes the first one that it is given.
        match self.cap {
            None => Ok(()),
            made => thirty_days::require_same(made, cap, &self.place.shown),
        }
    }

    /// Refuses a release whose rules for identifiers or times differ from those in this ledger's
    /// terms. Budgets are not compared, since a deletion does not depend on them.
    ///
    /// # Errors
    /// Refused, naming the first field that differs.
    pub fn require_same_rows(&self, identity: BTreeMap<String, String>) -> Result<()> {
        let asked = Terms { identity, ..self.terms.clone() };
        self.terms.same_as(&asked, &self.place.shown)
    }

    /// Opens an existing ledger for reading, beside a run if there is one.
    ///
    /// # Errors
    /// I/O, when there is none, it is damaged, or its key is lost; refused, when its version is not
    /// this program's or its unit is unknown.
    pub fn open_existing(path: &Path) -> Result<Self> {
        Self::attach(&Self::existing(path)?, None, READ_WAIT)
    }

    /// Whether others than its owner may read the ledger's key.
    pub fn key_is_exposed(&self) -> bool {
        key::is_exposed(&self.place)
    }

    fn existing(path: &Path) -> Result<LedgerFiles> {
        let place = LedgerFiles::new(path)?;
        match place.find()? {
            Found::Ledger => Ok(place),
            Found::Nothing => Err(Error::io(format!("there is no ledger {}", place.shown))
                .help("correct its path; the first `pointillist run` makes it")),
        }
    }

    fn attach(place: &LedgerFiles, writer: Option<Writer>, wait: Duration) -> Result<Self> {
        let access = if writer.is_some() { Access::Write } else { Access::Read };
        let open = || -> Outcome<Self> {
            let mut connection = schema::open(place, access, wait)?;
            let key = LedgerKey::read(place)?;
            let (terms, identity) = Terms::read(&connection)?;
            let chain = Chain::of(&connection, &key, &identity)?;
            let mut chain = chain.ok_or_else(|| key::foreign(place))?;
            let journal = Journal { connection: &connection, chain: &chain };
            // A budget that was raised by hand is noticed here, before it is spent.
            if !journal.agrees(Event::Created, None, &terms.payload(&identity)?)? {
                let what = "its terms are not those that it was made with".to_owned();
                return Err(Trouble::Damaged(what));
            }
            terms.require_known_unit(&place.shown)?;
            let cap = Cap::read(journal)?;
            let rules = Rules::read(journal, &terms)?;
            if let Some(writer) = &writer {
                // A run that was killed while it drew leaves this file.
                remove_if_there(&place.room).map_err(|error| place.cannot_make("room", error))?;
                chain = journal::begin_key(&mut connection, chain, writer.clock.now())?;
            }
            let place = place.clone();
            Ok(Self { connection, place, terms, key, chain, identity, cap, rules, writer: None })
        };
        let ledger = open().map_err(|trouble| trouble.into_error(place))?;
        Ok(Self { writer, ..ledger })
    }
}

impl Writer {
    fn new(lock: RunLock, clock: Clock, doubt: Option<String>) -> Self {
        let drawn = BTreeSet::new();
        let marks = Raised::default();
        Self { clock, drawn, disk_failed: false, room: None, marks, doubt, _lock: lock }
    }
}

/// How long a reader waits while another connection undoes what a crash left.
const READ_WAIT: Duration = Duration::from_secs(10);
