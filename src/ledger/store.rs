//! The steps of a release's life: each one transaction, durable when it returns.
//!
//! In: a [`Step`], which is an open transaction with the terms and the instant. Out: changed rows
//! and one event, or nothing at all. Invariant: what is checked and what is written lie in the same
//! transaction, the search for an earlier entry of the same release too, so that nothing can be
//! charged twice or without room. Drawing noise and writing files are not here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::account::{Balance, Loss, Short};
use super::chain::Chain;
use super::entry::{Entry, Reservation};
use super::event::Event;
use super::files::{self, StoredFile};
use super::instant::Instant;
use super::journal::{self, Journal, NOTHING_MORE};
use super::rules::Rules;
use super::state::{EntryId, State};
use super::sums;
use super::terms::Terms;
use super::thirty_days::{self, Cap};
use super::trouble::{Outcome, Trouble};
use crate::Error;
use crate::release_file::day::Day;

/// One durable step under way.
pub(super) struct Step<'a> {
    pub(super) transaction: Transaction<'a>,
    pub(super) chain: &'a Chain,
    pub(super) terms: &'a Terms,
    pub(super) cap: Option<Cap>,
    pub(super) at: Timestamp,
}

impl Step<'_> {
    /// Makes all of it durable; without this call none of it happened.
    pub(super) fn finish(self) -> Outcome<()> {
        Ok(self.transaction.commit()?)
    }

    /// The journal, in this transaction.
    pub(super) fn journal(&self) -> Journal<'_> {
        Journal { connection: &self.transaction, chain: self.chain }
    }

    /// Caps what 30 consecutive days may cost together.
    pub(super) fn cap(&self, cap: &Cap) -> Outcome<()> {
        let charges = sums::all(self.journal())?;
        cap.require_past(charges.into_iter().map(|(day, spent)| (day, spent.rho)))?;
        let payload = journal::payload(cap)?;
        self.journal().append(self.at, Event::Capped, None, &payload)
    }

    /// Notes the rules by which times and numbers are read from here on.
    pub(super) fn change_rules(&self, rules: &Rules) -> Outcome<()> {
        let payload = journal::payload(rules)?;
        self.journal().append(self.at, Event::RulesChanged, None, &payload)
    }

    /// Charges every block and makes the entry, or finds the entry that the release has already.
    pub(super) fn reserve(&self, asked: &Reservation) -> Outcome<Entry> {
        let blocks = checked_blocks(asked)?;
        if !mutant!("asked-twice-charged-twice")
            && let Some(live) = Entry::live(self.journal(), &asked.release_id)?
        {
            require_same_release(&live, asked, &blocks)?;
            return Ok(live);
        }
        self.reserve_again(asked, &blocks)
    }

    /// Charges every block and makes the entry, whether the release has one already or not.
    pub(super) fn reserve_again(&self, asked: &Reservation, blocks: &[Day]) -> Outcome<Entry> {
        let loss = Loss { rho: asked.charge, key_delta: asked.key_delta };
        let sums = self.charge(blocks, loss)?;
        if let Some(cap) = &self.cap {
            cap.require_room(&sums, blocks, asked.charge)?;
        }
        let id = self.insert(asked, blocks)?;
        let made = Entry::load(&self.transaction, id)?;
        let made = made.ok_or_else(|| Error::internal("an entry was made and is not there"))?;
        let payload = journal::payload(&made.reserved)?;
        self.journal().append(self.at, Event::Reserved, Some(id), &payload)?;
        self.known(id)
    }

    /// Notes that noise is about to be drawn, for the first time or again after a draw that died.
    pub(super) fn mark_drawn(&self, id: EntryId) -> Outcome<()> {
        let entry = self.advance(id, State::Drawn)?;
        self.append(State::Drawn, id, &journal::attempt_payload(entry.attempts + 1)?)
    }

    /// Stores the bytes to publish.
    pub(super) fn commit(&self, id: EntryId, stored: &[StoredFile]) -> Outcome<()> {
        self.advance(id, State::Committed)?;
        let payload = files::write(&self.transaction, id, stored)?;
        self.append(State::Committed, id, &payload)
    }

    /// Notes that the stored bytes were written out.
    pub(super) fn mark_published(&self, id: EntryId) -> Outcome<()> {
        self.advance(id, State::Published)?;
        self.append(State::Published, id, NOTHING_MORE)
    }

    /// Gives a reservation up and frees what it charged.
    pub(super) fn void(&self, id: EntryId) -> Outcome<()> {
        self.end(id, State::Void)
    }

    /// Ends an entry early, and frees the part of its charge that it need not keep.
    pub(super) fn end(&self, id: EntryId, end: State) -> Outcome<()> {
        let (first, last) = thirty_days::around(&self.known(id)?.blocks);
        let sums = sums::between(self.journal(), first, last)?;
        let entry = self.advance(id, end)?;
        let freed = entry.freed(end);
        for &block in &entry.blocks {
            let Some(spent) = sums.get(&block).and_then(|spent| spent.less(freed)) else {
                return Err(Trouble::Damaged(format!("the day {block} has spent too little")));
            };
            self.set_spent(block, spent)?;
        }
        self.append(end, id, NOTHING_MORE)
    }

    fn append(&self, state: State, id: EntryId, payload: &str) -> Outcome<()> {
        self.journal().append(self.at, Event::of(state), Some(id), payload)
    }

    /// The entry of a number.
    pub(super) fn known(&self, id: EntryId) -> Outcome<Entry> {
        Entry::read(self.journal(), id)?.ok_or_else(|| {
            Error::usage(format!("the ledger has no entry {id}"))
                .help("`pointillist ledger show` lists the entries")
                .into()
        })
    }

    /// Checks that a release goes on by this entry. An older program reserved again after a draw
    /// that died, so a release may have several entries, and only one of them goes on.
    pub(super) fn require_live(&self, entry: &Entry, what: &str) -> Outcome<()> {
        let id = entry.id;
        match Entry::live(self.journal(), &entry.release_id)? {
            Some(other) if other.id != id => Err(Error::internal(format!(
                "entry {id} cannot {what}: its release goes on as entry {}",
                other.id
            ))
            .into()),
            _ => Ok(()),
        }
    }

    /// Moves an entry on, if its state allows it, and returns it as it was.
    pub(super) fn advance(&self, id: EntryId, next: State) -> Outcome<Entry> {
        let entry = self.known(id)?;
        if !entry.state.may_become(next) {
            return Err(not_allowed(&entry, next).into());
        }
        if matches!(next, State::Drawn | State::Committed | State::Empty) {
            self.require_live(&entry, &format!("become {next}"))?;
        }
        if entry.state != next {
            self.transaction
                .prepare_cached("UPDATE entries SET state = ?2 WHERE id = ?1")?
                .execute(params![id, next])?;
        }
        Ok(entry)
    }

    /// Adds a loss to every block, or to none, and returns what these and the blocks within 30 days
    /// of them have spent then.
    fn charge(&self, blocks: &[Day], loss: Loss) -> Outcome<BTreeMap<Day, Loss>> {
        let (first, last) = thirty_days::around(blocks);
        let mut sums = sums::between(self.journal(), first, last)?;
        let mut short: Option<Short> = None;
        for &block in blocks {
            let spent = sums.entry(block).or_default();
            let balance = Balance::new(self.terms, *spent);
            match (balance.charge(loss), &mut short) {
                (Ok(_), None) if mutant!("charge-forgotten") => {}
                (Ok(sum), None) => {
                    *spent = sum;
                    self.set_spent(block, sum)?;
                }
                (Ok(_), Some(_)) => {}
                (Err(_), Some(first)) => first.more += 1,
                (Err(coin), None) => {
                    let unfinished = self.unfinished(block)?;
                    short = Some(Short { block, balance, coin, more: 0, unfinished });
                }
            }
        }
        // The caller drops the transaction, and with it what the blocks before were charged.
        short.map_or(Ok(sums), |short| Err(short.refuse(loss).into()))
    }

    fn set_spent(&self, block: Day, spent: Loss) -> Outcome<()> {
        let block = match block.next() {
            Some(next) if mutant!("charge-of-another-day") => next,
            _ => block,
        };
        self.transaction
            .prepare_cached(
                "INSERT INTO blocks (day, spent, key_delta_spent) VALUES (?1, ?2, ?3)
                 ON CONFLICT (day) DO UPDATE SET spent = ?2, key_delta_spent = ?3",
            )?
            .execute(params![block, spent.rho, spent.key_delta])?;
        Ok(())
    }

    fn insert(&self, asked: &Reservation, blocks: &[Day]) -> Outcome<EntryId> {
        self.transaction
            .prepare_cached(
                "INSERT INTO entries (release, release_id, fingerprint, charge, look_charge,
                     key_delta, state, plan, logs_digest, code_version, reserved_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                asked.release,
                asked.release_id,
                asked.fingerprint,
                asked.charge,
                asked.look_charge,
                asked.key_delta,
                State::Reserved,
                asked.plan,
                asked.logs_digest,
                asked.code_version,
                Instant(self.at)
            ])?;
        let id = u64::try_from(self.transaction.last_insert_rowid())
            .map(EntryId)
            .map_err(|_| Trouble::Damaged("it numbers an entry below zero".to_owned()))?;
        let mut charge = self.transaction.prepare_cached(
            "INSERT INTO charges (entry, block, charge, key_delta) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for block in blocks {
            charge.execute(params![id, block, asked.charge, asked.key_delta])?;
        }
        Ok(id)
    }

    fn unfinished(&self, block: Day) -> Outcome<Vec<EntryId>> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT id FROM charges JOIN entries ON id = entry
             WHERE block = ?1 AND state = 'reserved' ORDER BY id",
        )?;
        let ids = statement.query_map([block], |row| row.get(0))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }
}

/// Checks that the entry found is what the caller asks for.
fn require_same_release(live: &Entry, asked: &Reservation, blocks: &[Day]) -> Result<(), Error> {
    let same = live.release == asked.release
        && live.fingerprint == asked.fingerprint
        && live.blocks == blocks;
    if same {
        return Ok(());
    }
    Err(Error::internal(format!(
        "entry {} has the same release id, but another name, fingerprint or days",
        live.id
    )))
}

/// The blocks oldest first, or why the reservation is a mistake of the program.
fn checked_blocks(asked: &Reservation) -> Result<Vec<Day>, Error> {
    let mut blocks = asked.blocks.clone();
    blocks.sort_unstable();
    let listed = blocks.len();
    blocks.dedup();
    let mistake = if asked.release.is_empty()
        || asked.release_id.is_empty()
        || asked.fingerprint.is_empty()
    {
        "a reservation has no name, release id or fingerprint"
    } else if blocks.is_empty() {
        "a reservation names no day, so that nothing would be charged"
    } else if blocks.len() != listed {
        "a reservation names a day twice"
    } else if asked.charge.nano() == 0 {
        "a reservation costs nothing, so that its release would have no noise"
    } else if asked.look_charge.is_some_and(|look| look.nano() == 0 || look > asked.charge) {
        "the look of a reservation costs nothing, or more than all of it"
    } else {
        return Ok(blocks);
    };
    Err(Error::internal(mistake))
}

fn not_allowed(entry: &Entry, next: State) -> Error {
    let (id, state) = (entry.id, entry.state);
    if next != State::Void {
        return Error::internal(format!("entry {id} is {state} and cannot become {next}"));
    }
    let why = match state {
        State::Drawn => {
            "its noise may have been drawn, so its charge stays spent and the next run draws it again"
        }
        State::Committed | State::Published => "its answers exist, so that its charge stays spent",
        State::Empty => "its look was drawn, and what that did not cost is free again",
        State::Reserved | State::Void => "that was done before",
    };
    Error::refused(format!("entry {id} is {state} and cannot be made void"))
        .help(format!("{why}; only a reserved entry can be made void"))
}
