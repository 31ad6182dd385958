//! How events are hashed: with the ledger's key, so that only its holder can write a journal.
//!
//! In: an event with the hash of the one before it. Out: its own hash. Invariant: once one event is
//! hashed with the key, every later one is. In a ledger of an earlier version the first events were
//! hashed without the key and stay as they were written; a `keyed` event, itself hashed with the
//! key, marks where the key begins. A ledger that was made with the key says so by the check of its
//! key, which nobody else can compute, so no part of its journal can be passed off as one of an
//! earlier version.

use rusqlite::Connection;

use super::event::Event;
use super::key::LedgerKey;
use super::record::Record;
use super::trouble::Outcome;

/// The hashes of one ledger's journal.
///
/// # Privacy
/// It holds a key and cannot be printed.
pub(super) struct Chain {
    keyed: blake3::Hasher,
    /// The first event that is hashed with the key; `None` in a ledger of an earlier version to
    /// which this version has added no event yet.
    first: Option<i64>,
}

impl Chain {
    /// The chain of a new ledger.
    pub(super) fn new(key: &LedgerKey) -> Self {
        Self { keyed: key.hasher("pointillist journal"), first: Some(1) }
    }

    /// The chain of a ledger that stores `check` as the check of its key; `None` if another key
    /// gave it.
    pub(super) fn of(
        connection: &Connection,
        key: &LedgerKey,
        check: &str,
    ) -> Outcome<Option<Self>> {
        let new = Self::new(key);
        if check == key.check() {
            return Ok(Some(new));
        }
        if check != key.earlier_check() {
            return Ok(None);
        }
        let rest = "WHERE entry IS NULL AND event = ?1 ORDER BY sequence LIMIT 1";
        let begun = Record::select(connection, rest, [Event::Keyed])?.pop();
        Ok(Some(Self { first: begun.map(|begun| begun.sequence), ..new }))
    }

    /// The same chain, hashed with the key from an event on.
    pub(super) fn keyed_from(self, first: i64) -> Self {
        Self { first: Some(first), ..self }
    }

    /// Whether the next event is hashed with the key.
    pub(super) const fn is_keyed(&self) -> bool {
        self.first.is_some()
    }

    /// Whether the stored hash of a row is the one that this chain computes for it.
    pub(super) fn has_made(&self, record: &Record) -> bool {
        record.hash == self.hash(record)
    }

    /// Whether an event is the first one that is hashed with the key.
    pub(super) fn begins_with(&self, record: &Record) -> bool {
        self.first == Some(record.sequence)
    }

    /// The hash that a row should have.
    pub(super) fn hash(&self, record: &Record) -> String {
        let mut hasher = match self.first {
            Some(first) if first <= record.sequence => self.keyed.clone(),
            _ => blake3::Hasher::new_derive_key("pointillist 2026-01 ledger journal"),
        };
        let entry = record.entry.map_or_else(|| "-".to_owned(), |entry| entry.to_string());
        let fields = [
            &record.previous,
            &record.sequence.to_string(),
            &record.at,
            &record.event,
            &entry,
            &record.payload,
        ];
        for field in fields {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::GENESIS;
    use super::*;

    fn record() -> Record {
        Record {
            sequence: 2,
            at: "2026-01-01T00:00:00Z".to_owned(),
            event: "drawn".to_owned(),
            entry: Some(1),
            payload: "{}".to_owned(),
            previous: GENESIS.to_owned(),
            hash: String::new(),
        }
    }

    #[test]
    fn every_field_and_the_key_are_in_the_hash() {
        let chain = Chain::new(&LedgerKey::for_test([1; 32]));
        let hash = chain.hash(&record());
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
            let mut changed = record();
            change(&mut changed);
            assert_ne!(chain.hash(&changed), hash, "{field}");
        }
        assert_ne!(Chain::new(&LedgerKey::for_test([2; 32])).hash(&record()), hash);
    }

    #[test]
    fn events_before_the_key_are_hashed_as_earlier_versions_did() {
        let key = LedgerKey::for_test([1; 32]);
        let from = |first| Chain { first, ..Chain::new(&key) }.hash(&record());
        assert_eq!(from(None), from(Some(3)));
        assert_eq!(from(Some(1)), from(Some(2)));
        assert_ne!(from(None), from(Some(1)));
        // Written by version 0.1.0.
        assert_eq!(from(None), "b8d846641564f9a0c408f99c163fb4d995ad796585ea0a2ca29d88a8ce93bb11");
    }
}
