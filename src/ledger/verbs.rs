//! An open ledger and the verbs of a release's life: reserve, draw, commit, publish, void, verify.
//!
//! Each verb is one [`Step`]: a transaction that is durable when the verb returns, or nothing at all.
//! What a step does to the tables is in [`super::store`].

use std::collections::BTreeSet;
use std::fmt;

use rusqlite::{Connection, TransactionBehavior};

use super::account::Balance;
use super::chain::Chain;
use super::entry::{Entry, Reservation, Which};
use super::files::{self, StoredFile};
use super::journal::Journal;
use super::key::LedgerKey;
use super::ledger_files::LedgerFiles;
use super::lock::RunLock;
use super::mark::Raised;
use super::room::Room;
use super::rules::Rules;
use super::state::EntryId;
use super::store::Step;
use super::sums;
use super::terms::Terms;
use super::thirty_days::{self, Cap};
use super::trouble::Outcome;
use super::verify::{self, Verification};
use crate::release_file::day::{Clock, Day};
use crate::{Error, Kind, Result};

/// An open ledger.
pub struct Ledger {
    // Fields are dropped in this order: the database is closed before the lock is freed.
    pub(super) connection: Connection,
    pub(super) place: LedgerFiles,
    pub(super) terms: Terms,
    pub(super) key: LedgerKey,
    pub(super) chain: Chain,
    /// The name by which marks know it: the check of its key.
    pub(super) identity: String,
    pub(super) cap: Option<Cap>,
    /// The rules by which times and numbers are read now.
    pub(super) rules: Rules,
    pub(super) writer: Option<Writer>,
}

/// The right to draw noise once, given after the ledger has durably noted the draw.
///
/// An entry whose draw died with its run gets another one from the next run. A permit can be
/// neither made elsewhere nor copied, so no noise is drawn before the note.
pub struct DrawPermit(());

#[cfg(test)]
impl DrawPermit {
    /// A permit for tests that draw without a ledger.
    pub(crate) const fn for_test() -> Self {
        Self(())
    }
}

/// What only a ledger that may be written has.
pub(super) struct Writer {
    pub(super) clock: Clock,
    /// What this run has drawn, so that it draws nothing twice.
    pub(super) drawn: BTreeSet<EntryId>,
    /// Whether a step failed because the disk did.
    pub(super) disk_failed: bool,
    /// Room on the disk for what is drawn.
    pub(super) room: Option<Room>,
    /// The marks outside of it.
    pub(super) marks: Raised,
    /// What is to be said of the file system that it lies on.
    pub(super) doubt: Option<String>,
    pub(super) _lock: RunLock,
}

impl Ledger {
    /// What the ledger fixed when it was made.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What any 30 consecutive blocks may cost together, if the ledger limits it.
    pub const fn cap(&self) -> Option<Cap> {
        self.cap
    }

    /// Takes on the cap that a release asks for, or makes sure that the ledger has it.
    ///
    /// # Privacy
    /// From here on no reservation brings any 30 consecutive blocks above it. It never changes again.
    ///
    /// # Errors
    /// Refused, when 30 days have cost more already, or the ledger has another cap.
    pub fn agree_on_cap(&mut self, asked: Option<Cap>) -> Result<()> {
        match (self.cap, asked) {
            (None, Some(cap)) => {
                self.step(|step| step.cap(&cap))?;
                self.cap = Some(cap);
                Ok(())
            }
            (made, asked) => thirty_days::require_same(made, asked, &self.place.shown),
        }
    }

    /// The rules by which times and numbers are read: those of the last events.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Notes the rules of this program, if the last events had others.
    ///
    /// # Errors
    /// I/O; internal, when the ledger was opened for reading.
    pub fn agree_on_rules(&mut self, rules: Rules) -> Result<()> {
        if self.rules == rules {
            return Ok(());
        }
        self.step(|step| step.change_rules(&rules))?;
        self.rules = rules;
        Ok(())
    }

    /// Whether a step or the room for a draw could not be written, so that other work had better
    /// wait.
    pub fn disk_failed(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.disk_failed)
    }

    /// The key of its digests.
    pub const fn key(&self) -> &LedgerKey {
        &self.key
    }

    /// The balances of all blocks that were ever charged, oldest first.
    ///
    /// # Errors
    /// I/O, when the ledger cannot be read.
    pub fn balances(&self) -> Result<Vec<(Day, Balance)>> {
        let spent = self.read(sums::all(self.journal()))?;
        Ok(spent.into_iter().map(|(day, spent)| (day, Balance::new(&self.terms, spent))).collect())
    }

    /// The entries of a release name that charged a block, newest last, without void ones.
    ///
    /// # Errors
    /// I/O, when the ledger cannot be read.
    pub fn find(&self, release: &str, block: Day) -> Result<Vec<Entry>> {
        self.read(Entry::standing(self.journal(), release, block))
    }

    /// One entry, if there is one of that number.
    ///
    /// # Errors
    /// I/O, when the ledger cannot be read.
    pub fn entry(&self, id: EntryId) -> Result<Option<Entry>> {
        self.read(Entry::read(self.journal(), id))
    }

    /// Entries with void ones, oldest first.
    ///
    /// # Errors
    /// I/O, when the ledger cannot be read.
    pub fn entries(&self, which: Which<'_>) -> Result<Vec<Entry>> {
        self.read(Entry::list(self.journal(), which))
    }

    /// The blocks for which a release's bytes are stored, oldest first.
    ///
    /// # Errors
    /// I/O, when the ledger cannot be read.
    pub fn stored_blocks(&self, release: &str) -> Result<Vec<Day>> {
        self.read(Entry::stored_blocks(&self.connection, release))
    }

    /// Charges every block of a release, or returns the entry that the release has already.
    ///
    /// A returned entry that is `reserved` or `drawn` is drawn with *its* plan, not the caller's; one
    /// that is `committed` or `published` is never drawn again. The caller compares its
    /// `logs_digest` with that of the logs.
    ///
    /// # Privacy
    /// Every block is charged, with data or without, so that a charge says nothing about the logs.
    ///
    /// # Errors
    /// Refused, when a block has too little left; internal, when the reservation has no days, no
    /// name or no cost.
    pub fn reserve(&mut self, reservation: &Reservation) -> Result<Entry> {
        self.step(|step| step.reserve(reservation))
    }

    /// Notes that noise is about to be drawn; from here on the charge cannot come back.
    ///
    /// An entry that is drawn already is drawn again: the run before died before its commit, and
    /// nothing of its noise is left but the look and found prefixes that were stored. The charge stays the one of the
    /// reservation, and the journal numbers the attempt.
    ///
    /// # Privacy
    /// The caller draws nothing before this has returned. One open ledger gives one permit per
    /// entry, so no run can draw until it likes what it sees.
    ///
    /// # Errors
    /// Internal, unless the entry is reserved, or drawn by an earlier run; I/O, when the entry is
    /// not as it was reserved.
    pub fn mark_drawn(&mut self, entry: EntryId) -> Result<DrawPermit> {
        if self.writer.as_ref().is_some_and(|writer| writer.drawn.contains(&entry)) {
            return Err(Error::internal(format!("this run has drawn entry {entry} before")));
        }
        self.step(|step| step.mark_drawn(entry))?;
        if let Some(writer) = &mut self.writer {
            writer.drawn.insert(entry);
        }
        Ok(DrawPermit(()))
    }

    /// Stores the bytes to publish.
    ///
    /// # Errors
    /// Internal, unless the entry is drawn and there are files, each of a path of its own inside
    /// the output; refused, when one is larger than a ledger can store.
    pub fn commit(&mut self, entry: EntryId, files: &[StoredFile]) -> Result<()> {
        self.give_room();
        self.step(|step| step.commit(entry, files))
    }

    /// Notes that the stored bytes were written out.
    ///
    /// # Errors
    /// Internal, unless the entry is committed.
    pub fn mark_published(&mut self, entry: EntryId) -> Result<()> {
        self.step(|step| step.mark_published(entry))
    }

    /// The bytes to publish, checked against their digests and the journal.
    ///
    /// # Errors
    /// I/O, when they are not what was committed, or nothing was.
    pub fn stored(&self, entry: EntryId) -> Result<Vec<StoredFile>> {
        self.read(files::read(self.journal(), entry))
    }

    /// Gives a reservation up and frees its charge: because a person says so, or because a run finds other logs than
    /// those that it was made for.
    ///
    /// # Privacy
    /// Only a reserved entry can go: nothing that depends on the logs has left it.
    ///
    /// # Errors
    /// Refused, unless the entry is reserved; usage, when there is no such entry.
    pub fn void(&mut self, entry: EntryId) -> Result<()> {
        self.step(|step| step.void(entry))
    }

    /// Walks the journal, computes every other table from it, and returns what it counted.
    ///
    /// # Errors
    /// Refused, naming the first faults, when the ledger was edited; I/O, when it cannot be read.
    pub fn verify(&self) -> Result<Verification> {
        let (verification, faults) = self.read(verify::walk(self.journal()))?;
        if faults.is_empty() {
            return Ok(verification);
        }
        Err(Error::refused(format!(
            "the ledger {} does not verify: {}",
            self.place.shown,
            faults.join("; ")
        ))
        .help("it was damaged or edited: restore it from a backup before the next run"))
    }

    /// Runs one step in a transaction that locks the database for writing from its beginning.
    pub(super) fn step<T>(&mut self, work: impl FnOnce(&Step<'_>) -> Outcome<T>) -> Result<T> {
        let Some(Writer { clock, .. }) = &self.writer else {
            return Err(self.only_read());
        };
        let Self { connection, terms, chain, cap, place, .. } = self;
        let run = || -> Outcome<T> {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let step = Step { transaction, chain, terms, cap: *cap, at: clock.now() };
            let done = work(&step)?;
            step.finish()?;
            Ok(done)
        };
        let mut outcome = run().map_err(|trouble| trouble.into_error(place));
        if outcome.is_ok()
            && let Err(error) = self.raise_marks()
        {
            outcome = Err(error);
        }
        if let (Err(error), Some(writer)) = (&outcome, &mut self.writer) {
            writer.disk_failed |= error.kind() == Kind::Io;
        }
        outcome
    }

    /// The last hash of the journal.
    pub(super) fn head(&self) -> Result<String> {
        self.read(self.journal().head())
    }

    pub(super) const fn journal(&self) -> Journal<'_> {
        Journal { connection: &self.connection, chain: &self.chain }
    }

    pub(super) fn read<T>(&self, outcome: Outcome<T>) -> Result<T> {
        outcome.map_err(|trouble| trouble.into_error(&self.place))
    }

    pub(super) fn only_read(&self) -> Error {
        Error::internal(format!("the ledger {} was opened for reading", self.place.shown))
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ledger").field("path", &self.place.shown).finish_non_exhaustive()
    }
}
