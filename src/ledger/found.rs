//! What the rounds found that look for private prefixes: stored after each round, and found again.
//!
//! In: the prefixes that one round of an entry found. Out: the same prefixes, for this run and every later
//! one. Invariant: rounds stand only in the journal, in the order in which they were drawn, so that none
//! can be changed without breaking the chain. Which rounds a release has is not known here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::journal;
use super::look;
use super::record::Record;
use super::state::{EntryId, State};
use super::store::Step;
use super::trouble::{Outcome, Trouble};
use super::verbs::Ledger;
use crate::{Error, Result};

/// How much room a found prefix takes in the ledger at most.
pub const ROOM_OF_A_FOUND_PREFIX: u64 = 48;

/// What one round found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundRound {
    /// The question that the prefixes are of.
    pub question: String,
    /// The prefixes.
    pub found: BTreeSet<u64>,
}

impl Ledger {
    /// Stores what a round found.
    ///
    /// # Privacy
    /// What is drawn after it depends on these prefixes, and a later run goes on with them. Were they
    /// drawn again, whatever makes a run die after a round would choose among rounds.
    ///
    /// # Errors
    /// Internal, unless the entry is drawn and has a look; usage, when there is no such entry.
    pub fn note_found(&mut self, entry: EntryId, round: &FoundRound) -> Result<()> {
        self.give_room_for(ROOM_OF_A_FOUND_PREFIX * round.found.len() as u64);
        self.step(|step| step.note_found(entry, round))
    }

    /// What the rounds of an entry found, in the order in which they were drawn.
    ///
    /// # Errors
    /// I/O, when they are not what was stored.
    pub fn found(&self, entry: EntryId) -> Result<Vec<FoundRound>> {
        let rounds = || {
            let records = self.journal().of(Event::PrefixesFound, Some(entry))?;
            records.iter().map(|record| parse(record, entry)).collect()
        };
        self.read(rounds())
    }
}

impl Step<'_> {
    fn note_found(&self, id: EntryId, round: &FoundRound) -> Outcome<()> {
        let entry = self.known(id)?;
        if entry.state != State::Drawn || look::read(self.journal(), id)?.is_none() {
            let mistake = format!("entry {id} is {} and cannot find prefixes", entry.state);
            return Err(Error::internal(mistake).into());
        }
        self.require_live(&entry, "find prefixes")?;
        let payload = journal::payload(round)?;
        self.journal().append(self.at, Event::PrefixesFound, Some(id), &payload)
    }
}

/// Reads what the journal keeps of a round.
pub(super) fn parse(record: &Record, id: EntryId) -> Outcome<FoundRound> {
    let round = serde_json::from_str(&record.payload).ok();
    // Another spelling of the same prefixes is an edit.
    match round {
        Some(round) if journal::payload(&round)? == record.payload => Ok(round),
        _ => Err(Trouble::Damaged(format!(
            "the prefixes that entry {id} found are not those that were stored"
        ))),
    }
}
