//! The axes of measured tables.

use serde::{Deserialize, Serialize};

use crate::release_file::keys::{Key, KeySource};

/// An axis of a measured table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// The values of a key.
    Key(String),
    /// Whether the condition of this question is met.
    Condition(String),
}

impl Axis {
    /// The axis of a key.
    #[must_use]
    pub fn of(key: &Key) -> Self {
        Self::Key(axis_name(key).to_owned())
    }

    /// Whether it is the hour of the day.
    #[must_use]
    pub fn is_hour(&self) -> bool {
        matches!(self, Self::Key(name) if name == "hour")
    }
}

/// The name that a key has as an axis: within one day the hour of the week is the hour.
pub(super) fn axis_name(key: &Key) -> &str {
    if key.is_hour() { "hour" } else { key.name() }
}

/// How many values a key has as an axis: rows without a number have no cell.
pub(super) fn axis_size(key: &Key) -> u64 {
    match key.source() {
        KeySource::Number(grid) => u64::from(grid.none()),
        _ => key.size(),
    }
}
