//! The verbs of deletion and of holds: each one event, durable when it returns.
//!
//! In: what is about to happen, or has happened. Out: a row of the journal. Invariant: an event is
//! checked against all events before it in the transaction that writes it.

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use super::custody::Custody;
use super::custody_records::{Finished, HoldTerms, Opening, Retention, Sealed};
use super::instant::Instant;
use super::journal::{self, Event, Record};
use super::trouble::{Outcome, Trouble};
use super::verbs::Ledger;
use crate::Result;

impl Ledger {
    /// All deletions and holds so far.
    ///
    /// # Errors
    /// I/O, when the ledger is damaged or cannot be read.
    pub fn custody(&self) -> Result<Custody> {
        self.read(replay(&self.connection))
    }

    /// When the last event was noted.
    ///
    /// # Errors
    /// I/O, when the ledger is damaged or cannot be read.
    pub fn last_event_at(&self) -> Result<Timestamp> {
        let last = self.connection.query_row(
            "SELECT at FROM journal ORDER BY sequence DESC LIMIT 1",
            [],
            |row| row.get::<_, Instant>(0),
        );
        self.read(last.map(|at| at.0).map_err(Trouble::from))
    }

    /// Notes that files are about to be deleted or rewritten; returns the number of the deletion.
    ///
    /// # Privacy
    /// Exact row counts stay in the ledger, which only its owner can read.
    ///
    /// # Errors
    /// I/O; internal, while another deletion is unfinished.
    pub fn begin_retention(&mut self, mut retention: Retention) -> Result<u64> {
        self.step(|step| {
            retention.retention = replay(&step.transaction)?.retentions.len() as u64 + 1;
            note(&step.transaction, step.at, Event::RetentionBegun, &retention)?;
            Ok(retention.retention)
        })
    }

    /// Notes that a deletion is done.
    ///
    /// # Errors
    /// I/O; internal, when it is not under way.
    pub fn finish_retention(&mut self, finished: &Finished) -> Result<()> {
        self.step(|step| note(&step.transaction, step.at, Event::RetentionDone, finished))
    }

    /// Notes what a deletion sealed; only after this may the rows go.
    ///
    /// # Errors
    /// I/O; internal, when the deletion is not under way or a file was sealed for a hold before.
    pub fn note_sealed(&mut self, sealed: &Sealed) -> Result<()> {
        self.step(|step| note(&step.transaction, step.at, Event::HoldSealed, sealed))
    }

    /// Enters a hold; its number is given here.
    ///
    /// # Errors
    /// I/O.
    pub fn add_hold(&mut self, mut terms: HoldTerms) -> Result<u64> {
        self.step(|step| {
            terms.hold = replay(&step.transaction)?.holds.len() as u64 + 1;
            note(&step.transaction, step.at, Event::HoldAdded, &terms)?;
            Ok(terms.hold)
        })
    }

    /// Gives a hold a later end.
    ///
    /// # Errors
    /// I/O; internal, when the hold has ended or the end is no later.
    pub fn extend_hold(&mut self, hold: u64, until: Timestamp) -> Result<()> {
        let payload = (hold, until.to_string());
        self.step(|step| note(&step.transaction, step.at, Event::HoldExtended, &payload))
    }

    /// Gives a hold up; its archives go at the next deletion.
    ///
    /// # Errors
    /// I/O; internal, when it has ended.
    pub fn lift_hold(&mut self, hold: u64) -> Result<()> {
        self.step(|step| note(&step.transaction, step.at, Event::HoldLifted, &hold))
    }

    /// Notes that the archives of an ended hold were deleted.
    ///
    /// # Errors
    /// I/O; internal, when they were before.
    pub fn note_purged(&mut self, hold: u64) -> Result<()> {
        self.step(|step| note(&step.transaction, step.at, Event::HoldPurged, &hold))
    }

    /// Notes an opening.
    ///
    /// # Errors
    /// I/O; internal, for a hold that is not there.
    pub fn note_opening(&mut self, opening: &Opening, is_refused: bool) -> Result<()> {
        let event = if is_refused { Event::OpeningRefused } else { Event::HoldOpened };
        self.step(|step| note(&step.transaction, step.at, event, opening))
    }
}

/// Checks an event against all before it and adds it.
fn note(
    connection: &Connection,
    at: Timestamp,
    event: Event,
    payload: &impl Serialize,
) -> Outcome<()> {
    let payload = journal::payload(payload)?;
    let mut custody = replay(connection)?;
    custody.take(event, &at.to_string(), &payload).map_err(|what| {
        crate::Error::internal(format!("a `{}` cannot be noted: {what}", event.word()))
    })?;
    journal::append(connection, at, event, None, &payload)
}

fn replay(connection: &Connection) -> Outcome<Custody> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, at, event, entry, payload, previous, hash FROM journal
         WHERE entry IS NULL ORDER BY sequence",
    )?;
    let mut rows = statement.query([])?;
    let mut custody = Custody::default();
    while let Some(row) = rows.next()? {
        let record = Record::from_row(row)?;
        let damaged = |what: &str| {
            Trouble::Damaged(format!("event {} of its journal {what}", record.sequence))
        };
        if record.hash != record.computed_hash() {
            return Err(damaged("was changed"));
        }
        let event = Event::parse(&record.event).ok_or_else(|| damaged("is of an unknown kind"))?;
        if Custody::is_about(event) {
            custody
                .take(event, &record.at, &record.payload)
                .map_err(|what| damaged(&format!("cannot have happened: {what}")))?;
        }
    }
    Ok(custody)
}
