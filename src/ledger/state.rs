//! How far an entry has come, and the number by which it is known.
//!
//! Which state may follow which is decided here, in [`State::may_become`], and repeated by a trigger
//! of the schema.

use std::fmt;

use serde::Serialize;

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
    /// Noise may have been drawn, of which at most the look and found prefixes are stored. Unless this
    /// run commits the entry, the next one goes on from these and draws the rest again, for the same
    /// charge.
    Drawn,
    /// The bytes to publish are stored.
    Committed,
    /// The bytes were written out.
    Published,
    /// Given up before any noise was drawn; its charge is free again.
    Void,
    /// Its look shows nobody, and nothing more was drawn; the charge of the look stays spent, and the
    /// rest is free again.
    Empty,
}

impl State {
    /// Every state, in the order of a release's life; the last two end it early.
    pub const ALL: [Self; 6] =
        [Self::Reserved, Self::Drawn, Self::Committed, Self::Published, Self::Void, Self::Empty];

    /// Whether the answers are stored in the ledger.
    pub const fn has_answers(self) -> bool {
        matches!(self, Self::Committed | Self::Published)
    }

    /// The word in the ledger and in messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Drawn => "drawn",
            Self::Committed => "committed",
            Self::Published => "published",
            Self::Void => "void",
            Self::Empty => "empty",
        }
    }

    /// The state of a word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether `next` may follow.
    pub fn may_become(self, next: Self) -> bool {
        if mutant!("void-after-the-draw") && matches!((self, next), (Self::Drawn, Self::Void)) {
            return true;
        }
        matches!(
            (self, next),
            (Self::Reserved, Self::Drawn | Self::Void)
                | (Self::Drawn, Self::Drawn | Self::Committed | Self::Empty)
                | (Self::Committed, Self::Published)
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_per_pair_of_states() {
        let rows = [
            "     reserved drawn committed published void empty",
            "reserved  -  yes  -  -  yes  -",
            "drawn     -  yes  yes  -  -  yes",
            "committed -  -  -  yes  -  -",
            "published -  -  -  -  -  -",
            "void      -  -  -  -  -  -",
            "empty     -  -  -  -  -  -",
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
