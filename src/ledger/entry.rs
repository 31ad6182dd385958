//! Entries: one release over its blocks, from reservation to publication.
//!
//! In: what a caller asks. Out: the types that the ledger speaks in, and the text that its journal
//! keeps of a reservation. Invariant: everything but the state is fixed at reservation, the frozen
//! plan above all; which state may follow which is said once, in [`State::may_become`], and
//! repeated by a trigger of the schema. Reading and writing rows is not here.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::trouble::Outcome;
use crate::spec::privacy_loss::{AttoDelta, NanoRho};
use crate::spec::window::Day;

/// The number of an entry, counted from 1 in the order of reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EntryId(pub u64);

impl fmt::Display for EntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// How far a release has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Charged; the logs may have been read, no noise was drawn.
    Reserved,
    /// Noise may have been drawn; its bytes are lost unless a commit follows in the same run.
    Drawn,
    /// The bytes to publish are stored.
    Committed,
    /// The bytes were written out.
    Published,
    /// Given up by a person before any noise was drawn; its charge is free again.
    Void,
}

impl State {
    /// Every state, in the order of a release's life.
    pub const ALL: [Self; 5] =
        [Self::Reserved, Self::Drawn, Self::Committed, Self::Published, Self::Void];

    /// The word in the ledger and in messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Drawn => "drawn",
            Self::Committed => "committed",
            Self::Published => "published",
            Self::Void => "void",
        }
    }

    /// The state of a word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether `next` may follow.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Reserved, Self::Drawn | Self::Void)
                | (Self::Drawn, Self::Committed)
                | (Self::Committed, Self::Published)
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// What a release asks of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The release's name.
    pub release: String,
    /// The hash of name, fingerprint and blocks, made by the caller.
    pub release_id: String,
    /// The fingerprint of the release file.
    pub fingerprint: String,
    /// Every day of the window, whether it has data or not.
    pub blocks: Vec<Day>,
    /// What each block is charged: the map of the built measurements.
    pub charge: NanoRho,
    /// What private keys cost each block.
    pub key_delta: AttoDelta,
    /// The plan with its mechanism events, as JSON, which a resumed run must use.
    pub plan: String,
    /// The keyed digest of the log files.
    ///
    /// # Privacy
    /// Never published.
    pub logs_digest: String,
    /// The version of the program.
    pub code_version: String,
}

/// One release over its blocks, as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: EntryId,
    /// The release's name.
    pub release: String,
    /// The hash of name, fingerprint and blocks.
    pub release_id: String,
    /// The fingerprint of the release file.
    pub fingerprint: String,
    /// The charged days, oldest first.
    pub blocks: Vec<Day>,
    /// What each block was charged.
    pub charge: NanoRho,
    /// What private keys cost each block.
    pub key_delta: AttoDelta,
    /// How far it has come.
    pub state: State,
    /// The frozen plan.
    pub plan: String,
    /// The keyed digest of the log files, never published.
    pub logs_digest: String,
    /// The version of the program that reserved it.
    pub code_version: String,
    /// When it was reserved.
    pub reserved_at: Timestamp,
}

/// Which entries to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// All of them.
    All,
    /// The last so many that were reserved.
    Newest(u32),
    /// Those that charged a block.
    Block(Day),
    /// Those of a release name.
    Release(&'a str),
}

impl Entry {
    /// The text that the journal keeps of the reservation.
    pub(super) fn payload(&self) -> Outcome<String> {
        #[derive(Serialize)]
        struct Payload<'a> {
            release: &'a str,
            release_id: &'a str,
            fingerprint: &'a str,
            blocks: &'a [Day],
            charge: NanoRho,
            key_delta: AttoDelta,
            plan: &'a str,
            logs_digest: &'a str,
            code_version: &'a str,
        }
        super::journal::payload(&Payload {
            release: &self.release,
            release_id: &self.release_id,
            fingerprint: &self.fingerprint,
            blocks: &self.blocks,
            charge: self.charge,
            key_delta: self.key_delta,
            plan: &self.plan,
            logs_digest: &self.logs_digest,
            code_version: &self.code_version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_per_pair_of_states() {
        let rows = [
            "     reserved drawn committed published void",
            "reserved  -  yes  -  -  yes",
            "drawn     -  -  yes  -  -",
            "committed -  -  -  yes  -",
            "published -  -  -  -  -",
            "void      -  -  -  -  -",
        ];
        for (from, row) in State::ALL.into_iter().zip(&rows[1..]) {
            let cells: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(cells[0], from.word());
            for (next, cell) in State::ALL.into_iter().zip(&cells[1..]) {
                assert_eq!(from.may_become(next), *cell == "yes", "{from} to {next}");
            }
        }
    }

    #[test]
    fn words_come_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.word()), Some(state));
        }
        assert_eq!(State::parse("refunded"), None);
    }
}
