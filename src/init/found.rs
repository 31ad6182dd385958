//! What was found out about a log, before it is written down.

use super::column::Column;
use super::keys::Keys;
use super::named_days::NamedDays;
use super::people::{Names, People};
use super::text_division::TextDivision;
use super::times::TimeGuess;

/// What was found out about a log.
pub(super) struct Found<'s> {
    pub(super) name: &'s str,
    /// The release file's own name.
    pub(super) file: &'s str,
    pub(super) glob: &'s str,
    pub(super) files: usize,
    /// How many rows were looked at.
    pub(super) rows: usize,
    pub(super) named_days: Option<NamedDays>,
    pub(super) columns: &'s [Column<'s>],
    pub(super) division: &'s TextDivision,
    pub(super) time: TimeGuess,
    pub(super) people: People,
    pub(super) names: Names,
    pub(super) keys: Keys,
    /// The countries of targets that are listed; nothing without phone numbers.
    pub(super) countries: Vec<String>,
    /// About how many rows a day has; `None` if names do not show how many days there are.
    pub(super) rows_a_day: Option<f64>,
}
