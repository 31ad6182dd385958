//! What was found out about a log, before it is written down.

use super::column::Column;
use super::keys::Keys;
use super::people::{Names, People};
use super::times::TimeGuess;
use crate::ingest::Sample;

/// What was found out about a log.
pub(super) struct Found<'s> {
    pub(super) name: &'s str,
    /// The release file's own name.
    pub(super) file: &'s str,
    pub(super) glob: &'s str,
    pub(super) sample: &'s Sample,
    pub(super) columns: &'s [Column<'s>],
    pub(super) time: TimeGuess,
    pub(super) people: People,
    pub(super) names: Names,
    pub(super) keys: Keys,
}
