//! The cell of a table in which an atom counts, and what it adds there, as expressions.

use crate::plan::kinds::LEVEL_BITS;
use crate::plan::{CellPart, Cells, Digit};
use crate::{Error, Result};

/// Stands in place of a table for the totals that a look returns beside its table: how many
/// requesters there are, and how many lookups. Later answers are checked against them.
pub const TOTALS: i64 = -1;

/// The cell of an atom: as [`Cells::cell`] finds it.
pub(super) fn cell(cells: &Cells) -> String {
    let parts = cells.parts().map(|part| match part {
        CellPart::Key(key, stride) => format!("{} * {stride}L", digit(key)),
        CellPart::Condition(digits, met, stride) => {
            let digits = digits.iter().map(|(key, stride)| format!("{} * {stride}L", digit(*key)));
            let place = digits.collect::<Vec<_>>().join(" + ");
            // The condition is written as the shorter of two lists: what meets it, or what does
            // not.
            let is_met = met.iter().filter(|met| **met).count() * 2 <= met.len();
            let listed = (0..).zip(met).filter(|(_, met)| **met == is_met);
            let listed: Vec<String> =
                listed.map(|(place, _): (u64, _)| format!("{place}L")).collect();
            let (yes, no) = if is_met { (stride, 0) } else { (0, stride) };
            if listed.is_empty() {
                return format!("{no}L");
            }
            format!("(CASE WHEN {place} IN ({}) THEN {yes}L ELSE {no}L END)", listed.join(", "))
        }
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "0L".to_owned() } else { parts.join(" + ") }
}

/// What the rows of an atom add to its cell: how many they are, or that times the level of the
/// number that they hold; null without such a number.
pub(super) fn amount(cells: &Cells) -> Result<String> {
    let Some((key, steps)) = cells.number() else { return Ok("lookups".to_owned()) };
    let levels = 0..=1_i64 << LEVEL_BITS;
    if !levels.eq(steps.iter().copied()) {
        return Err(Error::internal("the levels of a number are no whole numbers in order"));
    }
    let level = digit(key);
    Ok(format!("CASE WHEN {level} < {}L THEN {level} * lookups END", steps.len()))
}

/// One digit of an atom.
fn digit(Digit { shift, mask }: Digit) -> String {
    format!("(shiftright(atom, {shift}) & {mask}L)")
}
