//! The rules by which times and numbers are read. They come from libraries, whose newer versions
//! may have other rules.
//!
//! In: the rules of this program. Out: an event of the journal when they are not those of the events
//! before it, and no refusal: what was released stays as it is, and heals. What keeps days apart whose
//! rules differ is fixed with each reservation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::journal::{self, Journal};
use super::terms::Terms;
use super::trouble::{Outcome, Trouble};

/// The versions of the rules of times and of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Of the time zone database.
    #[serde(rename = "time zone database")]
    pub zones: String,
    /// Of the number library, or `none` if identifiers are taken as they are.
    #[serde(rename = "number normaliser")]
    pub numbers: String,
}

impl Rules {
    /// The rules that a ledger was made with.
    pub fn made_with(terms: &Terms) -> Self {
        let fact = |name| terms.identity.get(name).cloned().unwrap_or_default();
        Self { zones: fact(Terms::ZONES), numbers: fact(Terms::NUMBERS) }
    }

    /// These rules as facts of the terms of a new ledger.
    pub fn facts(self) -> BTreeMap<String, String> {
        [(Terms::ZONES.to_owned(), self.zones), (Terms::NUMBERS.to_owned(), self.numbers)].into()
    }

    /// The rules of the journal's last events.
    pub(super) fn read(journal: Journal<'_>, terms: &Terms) -> Outcome<Self> {
        match journal.of(Event::RulesChanged, None)?.last() {
            None => Ok(Self::made_with(terms)),
            Some(last) => Self::parse(&last.payload),
        }
    }

    /// Reads what the journal keeps of a change.
    pub(super) fn parse(payload: &str) -> Outcome<Self> {
        let changed = || Trouble::Damaged("a change of its rules was changed".to_owned());
        let rules: Self = serde_json::from_str(payload).map_err(|_| changed())?;
        // Another spelling of the same rules is an edit.
        if journal::payload(&rules)? == payload { Ok(rules) } else { Err(changed()) }
    }
}
