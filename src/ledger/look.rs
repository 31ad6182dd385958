//! What the journal keeps of a look: the noisy numbers that are drawn first.
//!
//! In: the numbers. Out: the payload that the journal keeps, and the same numbers read back from
//! it. Invariant: an entry has at most one look, and it stands only in the journal, so it cannot be
//! changed without breaking the chain.

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::journal::{self, Journal};
use super::record::Record;
use super::state::EntryId;
use super::trouble::{Outcome, Trouble};

#[derive(Debug, Serialize, Deserialize)]
struct Noted {
    look: Vec<i64>,
}

/// The text that the journal keeps of a look.
pub(super) fn payload(look: &[i64]) -> Outcome<String> {
    journal::payload(&Noted { look: look.to_vec() })
}

/// The look of an entry, if it is stored.
pub(super) fn read(journal: Journal<'_>, id: EntryId) -> Outcome<Option<Vec<i64>>> {
    match journal.of(Event::Looked, Some(id))?.as_slice() {
        [] => Ok(None),
        [only] => parse(only, id).map(Some),
        _ => Err(changed(id)),
    }
}

/// Reads what the journal keeps of a look.
pub(super) fn parse(record: &Record, id: EntryId) -> Outcome<Vec<i64>> {
    let noted: Noted = serde_json::from_str(&record.payload).map_err(|_| changed(id))?;
    // Another spelling of the same numbers is an edit.
    if noted.look.is_empty() || payload(&noted.look)? != record.payload {
        return Err(changed(id));
    }
    Ok(noted.look)
}

fn changed(id: EntryId) -> Trouble {
    Trouble::Damaged(format!("the look of entry {id} is not the one that was stored"))
}
