//! The journal: every event of the ledger, each chained to the one before it.
//!
//! In: an event with its payload, inside the transaction that carries the event out. Out: a row
//! whose hash covers its fields and the hash before it. Invariant: rows are only ever added;
//! entries, charges and blocks can be computed from them again, which `verify` does. The chain shows
//! that a row was changed. It does not show that the last rows were cut off together with the
//! changes that they record: for that, note the head elsewhere now and then.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::state::{EntryId, State};
use super::trouble::{Outcome, Trouble};
use crate::Error;

/// What can happen to a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The ledger was made, with its terms.
    Created,
    /// What 30 consecutive days may cost together was capped.
    Capped,
    /// An entry was reserved and its blocks charged.
    Reserved,
    /// Noise is about to be drawn, for the first time or again.
    Drawn,
    /// The noisy numbers that the rest is planned from were stored.
    Looked,
    /// The bytes to publish were stored.
    Committed,
    /// The bytes were written out.
    Published,
    /// A person gave the reservation up.
    Voided,
    /// The look shows nobody, and the entry ended with it.
    FoundEmpty,
    /// Files of the logs are about to be deleted or rewritten.
    RetentionBegun,
    /// They were.
    RetentionDone,
    /// A legal hold was entered.
    HoldAdded,
    /// A hold got a later end.
    HoldExtended,
    /// A hold was given up before its end.
    HoldLifted,
    /// Rows under holds were sealed before their deletion.
    HoldSealed,
    /// The archives of a hold that ended were deleted.
    HoldPurged,
    /// A custodian opened the archives of an order.
    HoldOpened,
    /// An attempt to open them failed.
    OpeningRefused,
}

impl Event {
    const ALL: [Self; 18] = [
        Self::Created,
        Self::Capped,
        Self::Reserved,
        Self::Drawn,
        Self::Looked,
        Self::Committed,
        Self::Published,
        Self::Voided,
        Self::FoundEmpty,
        Self::RetentionBegun,
        Self::RetentionDone,
        Self::HoldAdded,
        Self::HoldExtended,
        Self::HoldLifted,
        Self::HoldSealed,
        Self::HoldPurged,
        Self::HoldOpened,
        Self::OpeningRefused,
    ];

    /// The word in the journal.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Capped => "capped",
            Self::Reserved => "reserved",
            Self::Drawn => "drawn",
            Self::Looked => "looked",
            Self::Committed => "committed",
            Self::Published => "published",
            Self::Voided => "voided",
            Self::FoundEmpty => "found-empty",
            Self::RetentionBegun => "retention-begun",
            Self::RetentionDone => "retention-done",
            Self::HoldAdded => "hold-added",
            Self::HoldExtended => "hold-extended",
            Self::HoldLifted => "hold-lifted",
            Self::HoldSealed => "hold-sealed",
            Self::HoldPurged => "hold-purged",
            Self::HoldOpened => "hold-opened",
            Self::OpeningRefused => "opening-refused",
        }
    }

    /// The event of a word; `None` for a word that this version does not know.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.word() == word)
    }

    /// The event that moves an entry into a state.
    pub(super) const fn of(state: State) -> Self {
        match state {
            State::Reserved => Self::Reserved,
            State::Drawn => Self::Drawn,
            State::Committed => Self::Committed,
            State::Published => Self::Published,
            State::Void => Self::Voided,
            State::Empty => Self::FoundEmpty,
        }
    }

    /// The state that an entry is in after the event, if the event moves one.
    pub(super) fn state(self) -> Option<State> {
        State::ALL.into_iter().find(|state| Self::of(*state) == self)
    }
}

/// One row, as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) sequence: i64,
    pub(super) at: String,
    pub(super) event: String,
    pub(super) entry: Option<i64>,
    pub(super) payload: String,
    pub(super) previous: String,
    pub(super) hash: String,
}

impl Record {
    /// What the hash should be.
    pub(super) fn computed_hash(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("pointillist 2026-01 ledger journal");
        let entry = self.entry.map_or_else(|| "-".to_owned(), |entry| entry.to_string());
        let fields = [
            &self.previous,
            &self.sequence.to_string(),
            &self.at,
            &self.event,
            &entry,
            &self.payload,
        ];
        for field in fields {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            sequence: row.get(0)?,
            at: row.get(1)?,
            event: row.get(2)?,
            entry: row.get(3)?,
            payload: row.get(4)?,
            previous: row.get(5)?,
            hash: row.get(6)?,
        })
    }
}

/// Adds an event at the end, unless the last row was changed.
pub(super) fn append(
    connection: &Connection,
    at: Timestamp,
    event: Event,
    entry: Option<EntryId>,
    payload: &str,
) -> Outcome<()> {
    let last = connection
        .prepare_cached(
            "SELECT sequence, at, event, entry, payload, previous, hash FROM journal
             ORDER BY sequence DESC LIMIT 1",
        )?
        .query_row([], Record::from_row)
        .optional()?;
    if last.as_ref().is_some_and(|last| last.hash != last.computed_hash()) {
        return Err(Trouble::Damaged("the last event of its journal was changed".to_owned()));
    }
    let entry_number = entry.map(|id| i64::try_from(id.0)).transpose();
    let mut record = Record {
        sequence: last.as_ref().map_or(0, |last| last.sequence) + 1,
        at: at.to_string(),
        event: event.word().to_owned(),
        entry: entry_number.map_err(|_| Error::internal("the entries have run out of numbers"))?,
        payload: payload.to_owned(),
        previous: last.map_or_else(|| GENESIS.to_owned(), |last| last.hash),
        hash: String::new(),
    };
    record.hash = record.computed_hash();
    connection
        .prepare_cached(
            "INSERT INTO journal (sequence, at, event, entry, payload, previous, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
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

/// The events of one kind that concern an entry, or none.
pub(super) fn of(
    connection: &Connection,
    event: Event,
    entry: Option<EntryId>,
) -> Outcome<Vec<Record>> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, at, event, entry, payload, previous, hash FROM journal
         WHERE entry IS ?1 AND event = ?2",
    )?;
    let records = statement.query_map(params![entry, event], Record::from_row)?;
    Ok(records.collect::<rusqlite::Result<_>>()?)
}

/// Whether the journal holds one such event, unchanged and with this payload.
pub(super) fn agrees(
    connection: &Connection,
    event: Event,
    entry: Option<EntryId>,
    payload: &str,
) -> Outcome<bool> {
    Ok(matches!(of(connection, event, entry)?.as_slice(),
        [only] if only.payload == payload && only.hash == only.computed_hash()))
}

/// The last hash, which stands for all of it.
pub(super) fn head(connection: &Connection) -> Outcome<String> {
    let sql = "SELECT hash FROM journal ORDER BY sequence DESC LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Whether it has, or had, this head.
pub(super) fn holds(connection: &Connection, head: &str) -> Outcome<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM journal WHERE hash = ?1")?.exists([head])?)
}

/// The state that the last of an entry's events left it in.
pub(super) fn state(connection: &Connection, entry: EntryId) -> Outcome<Option<State>> {
    let last = connection
        .prepare_cached(
            "SELECT sequence, at, event, entry, payload, previous, hash FROM journal
             WHERE entry = ?1 AND event <> ?2 ORDER BY sequence DESC LIMIT 1",
        )?
        .query_row(params![entry, Event::Looked], Record::from_row)
        .optional()?;
    let last = last.filter(|last| last.hash == last.computed_hash());
    Ok(last.and_then(|last| Event::parse(&last.event)).and_then(Event::state))
}

/// How often an event happened to an entry.
pub(super) fn count(connection: &Connection, event: Event, entry: EntryId) -> Outcome<u64> {
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM journal WHERE entry = ?1 AND event = ?2")?
        .query_row(params![entry, event], |row| row.get(0))?;
    Ok(count.unsigned_abs())
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

/// What stands before the first hash.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_the_hash() {
        let record = Record {
            sequence: 2,
            at: "2026-01-01T00:00:00Z".to_owned(),
            event: "drawn".to_owned(),
            entry: Some(1),
            payload: "{}".to_owned(),
            previous: GENESIS.to_owned(),
            hash: String::new(),
        };
        let hash = record.computed_hash();
        type Change = fn(&mut Record);
        let rows: [(&str, Change); 8] = [
            ("sequence", |record| record.sequence = 3),
            ("at", |record| record.at.push('0')),
            ("event", |record| record.event = "voided".to_owned()),
            ("entry", |record| record.entry = Some(2)),
            ("no entry", |record| record.entry = None),
            ("payload", |record| record.payload.push(' ')),
            ("previous", |record| record.previous.replace_range(..1, "1")),
            ("a split", |record| {
                record.event = "drawn1".to_owned();
                record.entry = None;
            }),
        ];
        for (field, change) in rows {
            let mut changed = record.clone();
            change(&mut changed);
            assert_ne!(changed.computed_hash(), hash, "{field}");
        }
    }

    #[test]
    fn events_and_states_go_together() {
        for state in State::ALL {
            assert_eq!(Event::of(state).state(), Some(state));
        }
        for event in Event::ALL {
            assert_eq!(Event::parse(event.word()), Some(event));
        }
        assert_eq!(Event::parse("refunded"), None);
    }
}
