//! The verbs of a look: it is stored, found again, and may show that there is nothing to release.
//!
//! In: the noisy numbers of an entry that is being drawn, or the caller's decision that they show
//! nobody. Out: the same numbers, for this run and every later one; or an entry that has ended and
//! keeps only the charge of its look. Deciding whether a look is empty is not here.

use super::event::Event;
use super::look;
use super::room::ROOM_OF_A_LOOK;
use super::state::{EntryId, State};
use super::store::Step;
use super::trouble::Outcome;
use super::verbs::Ledger;
use crate::{Error, Result};

impl Ledger {
    /// Stores the noisy numbers that were drawn first.
    ///
    /// # Privacy
    /// Everything after it is planned from these numbers, and a later run goes on with them. Were they
    /// drawn again, whatever makes a run die after its look would choose among looks.
    ///
    /// # Errors
    /// Internal, unless the entry is drawn, was reserved with a look and has none yet; usage, when
    /// there is no such entry.
    pub fn note_look(&mut self, entry: EntryId, numbers: &[i64]) -> Result<()> {
        self.give_room_for(ROOM_OF_A_LOOK);
        self.step(|step| step.note_look(entry, numbers))
    }

    /// The noisy numbers that an entry's plan follows from, if they were drawn.
    ///
    /// # Errors
    /// I/O, when they are not what was stored.
    pub fn look(&self, entry: EntryId) -> Result<Option<Vec<i64>>> {
        self.read(look::read(self.journal(), entry))
    }

    /// Ends an entry whose look shows nobody: the charge of the look stays spent; the rest of the
    /// charge and the key delta are free again.
    ///
    /// # Privacy
    /// The caller decides by the look alone and draws nothing after it, so what is freed was never
    /// spent.
    ///
    /// # Errors
    /// Internal, unless the entry is drawn and its look is stored; usage, when there is no such entry;
    /// I/O, when the entry or its look is not what was stored.
    pub fn mark_empty(&mut self, entry: EntryId) -> Result<()> {
        self.give_room();
        self.step(|step| step.mark_empty(entry))
    }
}

impl Step<'_> {
    /// Stores a look, once.
    pub(super) fn note_look(&self, id: EntryId, numbers: &[i64]) -> Outcome<()> {
        let entry = self.known(id)?;
        let mistake = if entry.state != State::Drawn {
            format!("entry {id} is {} and gets no look", entry.state)
        } else if entry.look_charge.is_none() {
            format!("entry {id} was reserved without a look")
        } else if numbers.is_empty() {
            format!("the look of entry {id} has no numbers")
        } else if look::read(self.journal(), id)?.is_some() && !mutant!("look-drawn-twice") {
            format!("entry {id} has its look already")
        } else {
            self.require_live(&entry, "get a look")?;
            let payload = look::payload(numbers)?;
            return self.journal().append(self.at, Event::Looked, Some(id), &payload);
        };
        Err(Error::internal(mistake).into())
    }

    /// Ends an entry whose look shows nobody, and frees the part of its charge that is not the
    /// look's.
    pub(super) fn mark_empty(&self, id: EntryId) -> Outcome<()> {
        self.known(id)?;
        if look::read(self.journal(), id)?.is_none() {
            return Err(
                Error::internal(format!("entry {id} has no look and cannot be empty")).into()
            );
        }
        self.end(id, State::Empty)
    }
}
