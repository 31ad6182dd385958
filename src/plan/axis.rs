//! The axes of measured tables.

use crate::release_file::keys::{Key, KeySource};

/// An axis of a measured table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Axis {
    /// The values of a key.
    Key(String),
    /// The blocks of a key's neighbouring values.
    Blocks(String),
    /// Whether the condition of this question is met.
    Condition(String),
    /// Whether the row has a number on the grid of this key.
    HasNumber(String),
    /// The prefixes that were found for this question, and behind them all others.
    Prefix(String),
}

impl Axis {
    /// The axis of a key.
    pub fn of(key: &Key) -> Self {
        Self::Key(axis_name(key).to_owned())
    }

    /// A few words for metadata and plans.
    pub fn words(&self) -> String {
        match self {
            Self::Key(name) => name.clone(),
            Self::Blocks(name) => format!("blocks of {name}"),
            Self::Condition(question) => format!("{question} met"),
            Self::HasNumber(key) => format!("has {key}"),
            Self::Prefix(question) => format!("keys of {question}"),
        }
    }
}

/// The name that a key has as an axis: within one day the hour of the week is the hour.
pub(super) fn axis_name(key: &Key) -> &str {
    if key.is_hour() { "hour" } else { key.name() }
}

/// How many neighbouring values of a key move together, so that they are also seen as one: hours in
/// fours, bins of a number in eights. `None` for keys whose order means nothing.
pub(super) fn block(key: &Key) -> Option<u64> {
    match key.source() {
        KeySource::Hour | KeySource::HourOfWeek => Some(4),
        KeySource::Number(_) => Some(8),
        _ => None,
    }
}
