//! Finds out how the text of a log is divided.
//!
//! A log whose files say themselves how they are written needs nothing. Else the first lines are
//! looked at: lines of servers that are known, fields with a mark or blanks between them, and lines
//! that are alike, in this order. Whatever is proposed is tried by the reader of a run.

use super::layout::Layout;
use super::times::logs_with;
use super::{fields, lines};
use crate::Result;
use crate::ingest::first_lines;
use crate::release_file::logs::Place;

/// How many lines are looked at.
const MOST_LINES: usize = 3_000;

/// Proposes how the logs at a place are divided.
///
/// # Errors
/// Input, for an empty glob or damaged files; I/O.
pub(super) fn layout_of(place: &Place) -> Result<Layout> {
    let files = first_lines(&logs_with(place, "header = true")?)?;
    let all = files.iter().flat_map(|file| &file.lines).map(String::as_str);
    let all: Vec<&str> = all.take(MOST_LINES).collect();
    let Some(named) = files.first().filter(|_| !all.is_empty()).map(|file| file.named) else {
        return Ok(Layout::default());
    };
    let found = lines::known(&all).or_else(|| fields::divided(&all, named));
    let found = found.or_else(|| fields::between_blanks(&all, false));
    let found = found.or_else(|| lines::alike(&all));
    Ok(found.or_else(|| fields::between_blanks(&all, true)).unwrap_or_default())
}
