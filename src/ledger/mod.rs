//! The durable budget: what each day may spend, what was spent, and what was drawn for it.
//!
//! In: what a release asks of its days. Out: an entry that says how far the release has come, and
//! the bytes to publish. Each verb is one durable transaction; a crash leaves one of these:
//!
//! | state | charge | what the next run does |
//! |---|---|---|
//! | `reserved` | spent | resumes with the entry's frozen plan and charges nothing more |
//! | `drawn` | stays spent | reserves anew if the blocks have room: the noise is lost |
//! | `committed` | spent | publishes the stored bytes and reads no logs |
//! | `published` | spent | nothing, or heals the output from the stored bytes |
//! | `void` | free again | reserves anew; only a person makes an entry void |
//!
//! The world around it changes too. Each change has one outcome, and a test that shows it:
//!
//! | what changed | outcome | test |
//! |---|---|---|
//! | the release file, after a day was released | refused (1) unless `--again`, which charges the day once more | `reruns::a_changed_release_file_does_not_release_a_day_twice_unless_told_to` |
//! | the release file, in what a ledger fixes: budget, unit, zone, who a requester is | refused (1), naming the field | `refusals::other_terms_than_the_ledgers_are_refused_by_name` |
//! | the logs of a released day, or a late file for it | the stored bytes stay; `status --check-logs` tells the day | `changed_worlds::a_late_file_is_told_and_never_released` |
//! | the logs of a reserved day | refused (65) until they are restored or a person voids the entry | `reruns::a_damaged_file_leaves_a_reservation_that_a_person_can_give_up` |
//! | `retain` took rows of other days from its files | nothing: the journal excuses it | `changed_worlds::what_retention_takes_is_no_change_of_a_released_day` and the test after it |
//! | the folder that logs or job are in | nothing | `changed_worlds::it_does_not_matter_from_where_logs_are_read` |
//! | the clock went back | released days stay done, unclosed days are refused (1) | `changed_worlds::a_clock_that_went_back_neither_draws_again_nor_opens_a_day` |
//! | a second ledger over the same logs | refused (1) unless `--new-ledger` | `changed_worlds::a_second_ledger_over_the_same_logs_is_refused_unless_it_is_meant` |
//! | a newer program wrote the ledger | refused (1); an older one's is brought up to date in one transaction | `opening::one_row_per_thing_that_is_wrong_on_the_disk` |
//! | the ledger may not be written | I/O (74) when a run opens it; readers go on | `opening::a_ledger_that_may_not_be_written_says_so_when_a_run_opens_it` |
//! | another run holds it | waits, then busy (75) | `opening::one_run_at_a_time_and_readers_beside_it`, `race` in `tests/ledger_sim` |
//! | truncated, no ledger, or damaged | I/O (74), nothing is made in its place | `opening::one_row_per_thing_that_is_wrong_on_the_disk` |
//! | gone, while its key is there | refused (1), nothing is made anew | `opening::one_row_per_thing_that_is_wrong_on_the_disk` |
//! | its unit is one that this version does not have | refused (1), naming it | `opening::a_ledger_of_a_unit_that_is_gone_is_refused_by_name` |
//! | its key is gone | I/O (74): restore it | `opening::one_row_per_thing_that_is_wrong_on_the_disk` |
//! | the disk is full | I/O (74), the entry stays where it was | `steps::a_full_disk_leaves_the_entry_where_it_was`, `refusals::a_full_disk_is_an_io_error_and_leaves_nothing_half_written` |
//! | edited by hand | found by `verify` (1), and before anything is built upon it | `edits`, in this module's tests |
//!
//! A reservation holds the digest of all files that were opened, because which of them have rows of
//! the day cannot be known without reading rows, and after the reservation nothing may depend on a
//! row. Without `day_folder` a new day's file is therefore a change of the logs of a reserved day.

mod account;
mod columns;
mod custody;
mod custody_verbs;
mod entry;
mod files;
mod finding;
mod journal;
mod key;
mod lock;
mod mark;
mod opening;
mod place;
mod recount;
mod schema;
mod store;
mod terms;
mod trouble;
mod verify;

use std::fmt;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

pub use self::account::Balance;
pub use self::custody::{
    Archive, Custody, DeletedFile, Finished, Hold, HoldTerms, MonthCounts, Opening, Retention,
    Role, Sealed,
};
pub use self::entry::{Entry, EntryId, Reservation, State, Which};
pub use self::files::StoredFile;
pub use self::key::{KeyedDigest, LedgerKey};
pub use self::lock::RunLock;
pub use self::mark::{Marks, Second};
pub use self::terms::Terms;
pub use self::verify::Verification;

use self::place::Place;
use self::store::Step;
use self::trouble::Outcome;
use crate::spec::window::{Clock, Day};
use crate::{Error, Result};

/// An open ledger.
pub struct Ledger {
    // Fields are dropped in this order: the database is closed before the lock is freed.
    connection: Connection,
    place: Place,
    terms: Terms,
    writer: Option<Writer>,
}

/// The right to draw noise once, given when the ledger has durably noted that it will be.
///
/// It can be neither made elsewhere nor copied, so that no draw goes before its note.
pub struct DrawPermit(());

#[cfg(test)]
impl DrawPermit {
    /// A permit for tests that draw without a ledger.
    pub(crate) const fn for_test() -> Self {
        Self(())
    }
}

/// What only a ledger that may be written has.
struct Writer {
    key: LedgerKey,
    clock: Clock,
    wait: Duration,
    _lock: RunLock,
}

impl Ledger {
    /// What the ledger fixed when it was made.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The key of log digests.
    ///
    /// # Errors
    /// Internal, when the ledger was opened for reading.
    pub fn key(&self) -> Result<&LedgerKey> {
        self.writer.as_ref().map(|writer| &writer.key).ok_or_else(|| self.only_read())
    }

    /// What a block may spend, has spent and has left.
    ///
    /// # Errors
    /// I/O, when the ledger cannot be read.
    pub fn balance(&self, block: Day) -> Result<Balance> {
        let spent = self.read(store::spent(&self.connection, block))?;
        Ok(Balance::new(&self.terms, spent))
    }

    /// The balances of all blocks that were ever charged, oldest first.
    ///
    /// # Errors
    /// I/O, when the ledger cannot be read.
    pub fn balances(&self) -> Result<Vec<(Day, Balance)>> {
        let spent = self.read(store::all_spent(&self.connection))?;
        Ok(spent.into_iter().map(|(day, spent)| (day, Balance::new(&self.terms, spent))).collect())
    }

    /// The entries of a release name that charged a block, newest last, without void ones.
    ///
    /// # Errors
    /// I/O, when the ledger cannot be read.
    pub fn find(&self, release: &str, block: Day) -> Result<Vec<Entry>> {
        self.read(Entry::standing(&self.connection, release, block))
    }

    /// One entry, if there is one of that number.
    ///
    /// # Errors
    /// I/O, when the ledger cannot be read.
    pub fn entry(&self, id: EntryId) -> Result<Option<Entry>> {
        self.read(Entry::read(&self.connection, id))
    }

    /// Entries with void ones, oldest first.
    ///
    /// # Errors
    /// I/O, when the ledger cannot be read.
    pub fn entries(&self, which: Which<'_>) -> Result<Vec<Entry>> {
        self.read(Entry::list(&self.connection, which))
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
    /// A returned entry that is `reserved` is to be drawn with *its* plan, not the caller's; one
    /// that is `committed` or `published` must not be drawn at all. The caller compares its
    /// `logs_digest` with that of the logs. A draw that was lost before stays spent and does not
    /// keep its release from being reserved again.
    ///
    /// # Privacy
    /// Every block of the window is charged, with data or without, so that a charge tells nothing
    /// about the logs.
    ///
    /// # Errors
    /// Refused, when a block has too little left; internal, when the reservation has no days, no
    /// name or no cost.
    pub fn reserve(&mut self, reservation: &Reservation) -> Result<Entry> {
        self.step(|step| step.reserve(reservation))
    }

    /// Notes that noise is about to be drawn; from here on the charge cannot come back.
    ///
    /// # Privacy
    /// To be called, and to have returned, before the first draw.
    ///
    /// # Errors
    /// Internal, unless the entry is reserved.
    pub fn mark_drawn(&mut self, entry: EntryId) -> Result<DrawPermit> {
        self.step(|step| step.mark_drawn(entry))?;
        Ok(DrawPermit(()))
    }

    /// Stores the bytes to publish.
    ///
    /// # Errors
    /// Internal, unless the entry is drawn and there are files, each of a path of its own inside
    /// the output; refused, when one is larger than a ledger can store.
    pub fn commit(&mut self, entry: EntryId, files: &[StoredFile]) -> Result<()> {
        // Giving up here would lose the draw with its charge, and only a reader can be in the way.
        self.step_within(COMMIT_WAIT, |step| step.commit(entry, files))
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
        self.read(files::read(&self.connection, entry))
    }

    /// Gives a reservation up and frees its charge; for a person's command only.
    ///
    /// # Privacy
    /// Only a reserved entry can go: nothing that depends on the logs has left it.
    ///
    /// # Errors
    /// Refused, unless the entry is reserved; usage, when there is no such entry.
    pub fn void(&mut self, entry: EntryId) -> Result<()> {
        self.step(|step| step.void(entry))
    }

    /// Walks the journal, computes every other table anew, and counts what it found.
    ///
    /// # Errors
    /// Refused, naming the first faults, when the ledger was edited; I/O, when it cannot be read.
    pub fn verify(&self) -> Result<Verification> {
        let (verification, faults) = self.read(verify::walk(&self.connection))?;
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

    /// Runs one step, waiting for readers as long as the run was told to wait.
    fn step<T>(&mut self, work: impl FnOnce(&Step<'_>) -> Outcome<T>) -> Result<T> {
        self.step_within(Duration::ZERO, work)
    }

    /// Runs one step in a transaction that takes its place among the writers at once, waiting for
    /// readers at least as long as `least_wait`.
    fn step_within<T>(
        &mut self,
        least_wait: Duration,
        work: impl FnOnce(&Step<'_>) -> Outcome<T>,
    ) -> Result<T> {
        let Some(Writer { clock, wait, .. }) = &self.writer else {
            return Err(self.only_read());
        };
        let wait = (*wait).max(least_wait).min(schema::LONGEST_WAIT);
        let Self { connection, terms, place, .. } = self;
        let run = || -> Outcome<T> {
            connection.busy_timeout(wait)?;
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let step = Step { transaction, terms, at: clock.now() };
            let done = work(&step)?;
            step.finish()?;
            Ok(done)
        };
        run().map_err(|trouble| trouble.tell(place))
    }

    fn read<T>(&self, outcome: Outcome<T>) -> Result<T> {
        outcome.map_err(|trouble| trouble.tell(&self.place))
    }

    fn only_read(&self) -> Error {
        Error::internal(format!("the ledger {} was opened for reading", self.place.shown))
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ledger").field("path", &self.place.shown).finish_non_exhaustive()
    }
}

/// How long a commit waits for a reader at least: longer than any ledger takes to be read.
const COMMIT_WAIT: Duration = Duration::from_secs(3_600);

#[cfg(test)]
mod tests;
