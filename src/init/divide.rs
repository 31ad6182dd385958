//! Finds out how the text of a log is divided.
//!
//! A log whose files show by themselves how they are written needs nothing. Otherwise the first
//! lines are looked at: lines of programs that are known, fields with a mark or blanks between
//! them, and lines that are alike, in this order. The reader of a run tries each proposal, and the
//! next one if it finds no times.

use super::known::{apart, known};
use super::text_division::TextDivision;
use super::times::logs_with;
use super::words::is_marked;
use super::{fields, lines};
use crate::Result;
use crate::ingest::first_lines;
use crate::release_file::place::Place;

/// How many lines are looked at.
const MOST_LINES: usize = 3_000;

/// Proposes how the logs at a place are divided, the likeliest way first; there is one at least.
///
/// # Errors
/// Input, for an empty glob or damaged files; I/O.
pub(super) fn divisions_of(place: &Place) -> Result<Vec<TextDivision>> {
    let files = first_lines(&logs_with(place, "header = true")?)?;
    let all = files.iter().flat_map(|file| &file.lines).map(String::as_str);
    let all: Vec<&str> = all.take(MOST_LINES).collect();
    let Some(named) = files.first().filter(|_| !all.is_empty()).map(|file| file.named) else {
        return Ok(vec![TextDivision::default()]);
    };
    let known = known(&all);
    if let (None, Some(refusal)) = (&known, apart(place, &all)) {
        return Err(refusal);
    }
    // In CEF and LEEF the marks divide the head of a line and not the rest.
    let are_marked = all.iter().filter(|line| is_marked(line)).count() * 2 > all.len();
    let divided = if are_marked { None } else { fields::divided(&all, named) };
    let blanks = |is_text: bool| fields::between_blanks(&all, is_text);
    let ways = [known, divided, blanks(false), lines::alike(&all), blanks(true)];
    let mut ways: Vec<TextDivision> = ways.into_iter().flatten().collect();
    if ways.is_empty() {
        ways.push(TextDivision::default());
    }
    Ok(ways)
}
