//! The verbs of deletion and of holds: each one event, durable when it returns.
//!
//! In: what is about to happen, or has happened. Out: a row of the journal. Invariant: an event is
//! checked against all events before it in the transaction that writes it.

use jiff::Timestamp;
use serde::Serialize;

use super::custody::{Custody, Hold};
use super::custody_records::{Finished, HoldTerms, Opening, Renewal, Retention, Sealed};
use super::event::Event;
use super::journal::{self, Journal};
use super::record::Record;
use super::rules::Rules;
use super::store::Step;
use super::trouble::{Outcome, Trouble};
use super::verbs::Ledger;
use crate::Result;

impl Ledger {
    /// All deletions and holds so far.
    ///
    /// # Errors
    /// I/O, when the ledger is damaged or cannot be read.
    pub fn custody(&self) -> Result<Custody> {
        self.read(replay(self.journal()))
    }

    /// The rules by which the numbers of a hold were read.
    pub fn number_rules(&self, hold: &Hold) -> String {
        let made_with = || Rules::made_with(&self.terms).numbers;
        hold.terms.number_rules.clone().unwrap_or_else(made_with)
    }

    /// When the last event was noted.
    ///
    /// # Errors
    /// I/O, when the ledger is damaged or cannot be read.
    pub fn last_event_at(&self) -> Result<Timestamp> {
        let last = self.read(Record::last(&self.connection))?;
        let at = last.and_then(|last| last.at.parse().ok());
        at.ok_or_else(|| {
            Trouble::Damaged("its last event has no time".to_owned()).into_error(&self.place)
        })
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
            retention.retention = replay(step.journal())?.retentions.len() as u64 + 1;
            note(step, Event::RetentionBegun, &retention)?;
            Ok(retention.retention)
        })
    }

    /// Notes that a deletion is done.
    ///
    /// # Errors
    /// I/O; internal, when it is not under way.
    pub fn finish_retention(&mut self, finished: &Finished) -> Result<()> {
        self.step(|step| note(step, Event::RetentionDone, finished))
    }

    /// Notes what a deletion sealed; only after this may the rows go.
    ///
    /// # Errors
    /// I/O; internal, when the deletion is not under way or a file was sealed for a hold before.
    pub fn note_sealed(&mut self, sealed: &Sealed) -> Result<()> {
        self.step(|step| note(step, Event::HoldSealed, sealed))
    }

    /// Enters a hold; its number is given here.
    ///
    /// # Errors
    /// I/O.
    pub fn add_hold(&mut self, mut terms: HoldTerms) -> Result<u64> {
        self.step(|step| {
            terms.hold = replay(step.journal())?.holds.len() as u64 + 1;
            note(step, Event::HoldAdded, &terms)?;
            Ok(terms.hold)
        })
    }

    /// Gives a hold a later end.
    ///
    /// # Errors
    /// I/O; internal, when the hold has ended or the end is no later.
    pub fn extend_hold(&mut self, hold: u64, until: Timestamp) -> Result<()> {
        let payload = (hold, until.to_string());
        self.step(|step| note(step, Event::HoldExtended, &payload))
    }

    /// Notes a hold's numbers again, as other rules of numbers read them.
    ///
    /// # Errors
    /// I/O; internal, when the hold has ended or has another number of them.
    pub fn renew_hold(&mut self, renewal: &Renewal) -> Result<()> {
        self.step(|step| note(step, Event::HoldRenewed, renewal))
    }

    /// Gives a hold up; its archives go at the next deletion.
    ///
    /// # Errors
    /// I/O; internal, when the hold has ended.
    pub fn lift_hold(&mut self, hold: u64) -> Result<()> {
        self.step(|step| note(step, Event::HoldLifted, &hold))
    }

    /// Notes that the archives of an ended hold were deleted.
    ///
    /// # Errors
    /// I/O; internal, when they were deleted before.
    pub fn note_purged(&mut self, hold: u64) -> Result<()> {
        self.step(|step| note(step, Event::HoldPurged, &hold))
    }

    /// Notes an opening.
    ///
    /// # Errors
    /// I/O; internal, for a hold that is not there.
    pub fn note_opening(&mut self, opening: &Opening, is_refused: bool) -> Result<()> {
        let event = if is_refused { Event::OpeningRefused } else { Event::HoldOpened };
        self.step(|step| note(step, event, opening))
    }
}

/// Checks an event against all before it and adds it.
fn note(step: &Step<'_>, event: Event, payload: &impl Serialize) -> Outcome<()> {
    let payload = journal::payload(payload)?;
    let mut custody = replay(step.journal())?;
    custody.take(event, &step.at.to_string(), &payload).map_err(|what| {
        crate::Error::internal(format!("a `{}` cannot be noted: {what}", event.word()))
    })?;
    step.journal().append(step.at, event, None, &payload)
}

fn replay(journal: Journal<'_>) -> Outcome<Custody> {
    let mut custody = Custody::default();
    for record in journal.of_no_entry()? {
        let damaged = |what: &str| {
            Trouble::Damaged(format!("event {} of its journal {what}", record.sequence))
        };
        let event = Event::parse(&record.event).ok_or_else(|| damaged("is of an unknown kind"))?;
        if Custody::is_about(event) {
            custody
                .take(event, &record.at, &record.payload)
                .map_err(|what| damaged(&format!("cannot have happened: {what}")))?;
        }
    }
    Ok(custody)
}
