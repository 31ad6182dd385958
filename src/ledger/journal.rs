//! The journal: every event of the ledger, each chained to the one before it.
//!
//! In: an event with its payload, inside the transaction that carries the event out. Out: a row
//! whose keyed hash covers its fields and the hash before it. Invariant: rows are only ever added;
//! entries, charges and blocks can be computed from them again, which `verify` does. The chain shows
//! that a row was changed. It does not show that the last rows were cut off together with the
//! changes that they record: the marks do, or a head that was noted elsewhere.

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};
use serde::Serialize;

use super::chain::Chain;
use super::event::Event;
use super::record::{GENESIS, Record};
use super::state::EntryId;
use super::trouble::{Outcome, Trouble};
use crate::Error;

/// The journal of an open database.
#[derive(Clone, Copy)]
pub(super) struct Journal<'a> {
    pub(super) connection: &'a Connection,
    pub(super) chain: &'a Chain,
}

impl Journal<'_> {
    /// Adds an event at the end, unless the last row was changed.
    pub(super) fn append(
        self,
        at: Timestamp,
        event: Event,
        entry: Option<EntryId>,
        payload: &str,
    ) -> Outcome<()> {
        let last = Record::last(self.connection)?;
        if last.as_ref().is_some_and(|last| !self.chain.has_made(last)) {
            return Err(Trouble::Damaged("the last event of its journal was changed".to_owned()));
        }
        let entry = entry.map(|id| i64::try_from(id.0)).transpose();
        let mut record = Record {
            sequence: last.as_ref().map_or(0, |last| last.sequence) + 1,
            at: at.to_string(),
            event: event.word().to_owned(),
            entry: entry.map_err(|_| Error::internal("the entries have run out of numbers"))?,
            payload: payload.to_owned(),
            previous: last.map_or_else(|| GENESIS.to_owned(), |last| last.hash),
            hash: String::new(),
        };
        record.hash = self.chain.hash(&record);
        let sql = format!(
            "INSERT INTO journal ({}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            Record::COLUMNS
        );
        self.connection.prepare_cached(&sql)?.execute(params![
            record.sequence,
            record.at,
            record.event,
            record.entry,
            record.payload,
            record.previous,
            record.hash
        ])?;
        Ok(())
    }

    /// The events of one kind that concern an entry, or none, oldest first.
    pub(super) fn of(self, event: Event, entry: Option<EntryId>) -> Outcome<Vec<Record>> {
        let rest = "WHERE entry IS ?1 AND event = ?2 ORDER BY sequence";
        self.unchanged(Record::select(self.connection, rest, params![entry, event])?)
    }

    /// All events of an entry, oldest first.
    pub(super) fn of_entry(self, entry: EntryId) -> Outcome<Vec<Record>> {
        let rest = "WHERE entry = ?1 ORDER BY sequence";
        self.unchanged(Record::select(self.connection, rest, [entry])?)
    }

    /// All events that concern no entry, oldest first.
    pub(super) fn of_no_entry(self) -> Outcome<Vec<Record>> {
        let rest = "WHERE entry IS NULL ORDER BY sequence";
        self.unchanged(Record::select(self.connection, rest, [])?)
    }

    /// Whether there is exactly one such event and it has this payload.
    pub(super) fn agrees(
        self,
        event: Event,
        entry: Option<EntryId>,
        payload: &str,
    ) -> Outcome<bool> {
        Ok(matches!(self.of(event, entry)?.as_slice(), [only] if only.payload == payload))
    }

    /// The last hash, which stands for the whole journal.
    pub(super) fn head(self) -> Outcome<String> {
        Ok(Record::last(self.connection)?.map_or_else(|| GENESIS.to_owned(), |last| last.hash))
    }

    /// Whether a hash is, or once was, the head of this journal.
    pub(super) fn holds(self, head: &str) -> Outcome<bool> {
        let sql = "SELECT 1 FROM journal WHERE hash = ?1";
        Ok(self.connection.prepare_cached(sql)?.exists([head])?)
    }

    fn unchanged(self, records: Vec<Record>) -> Outcome<Vec<Record>> {
        match records.iter().find(|record| !self.chain.has_made(record)) {
            None => Ok(records),
            Some(record) => {
                let what = format!("event {} of its journal was changed", record.sequence);
                Err(Trouble::Damaged(what))
            }
        }
    }
}

/// Begins to hash with the key, in a ledger of an earlier version.
pub(super) fn begin_key(
    connection: &mut Connection,
    chain: Chain,
    at: Timestamp,
) -> Outcome<Chain> {
    if chain.is_keyed() {
        return Ok(chain);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let last = Record::last(&transaction)?.map_or(0, |last| last.sequence);
    let keyed = chain.keyed_from(last + 1);
    let journal = Journal { connection: &transaction, chain: &keyed };
    journal.append(at, Event::Keyed, None, NOTHING_MORE)?;
    transaction.commit()?;
    Ok(keyed)
}

/// The payload of the note that an entry is drawn, which numbers every attempt but the first.
pub(super) fn attempt_payload(attempt: u64) -> Outcome<String> {
    #[derive(Serialize)]
    struct Attempt {
        attempt: u64,
    }
    match attempt {
        1 => Ok(NOTHING_MORE.to_owned()),
        attempt => payload(&Attempt { attempt }),
    }
}

/// The text of a payload. The same value gives the same text, always.
pub(super) fn payload(value: &impl Serialize) -> Outcome<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::internal("an event cannot be written as JSON").because(error).into()
    })
}

/// The payload of events that need none.
pub(super) const NOTHING_MORE: &str = "{}";
