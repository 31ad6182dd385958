//! Contributions bounded at both ends: first by requester, then by target.
//!
//! In the first stage each requester's vector is scaled into the ball of the table's clip, and what
//! is left of a cell is divided over the requester's rows in it. In the second stage everything that
//! is left about one target is a vector again, and is scaled into the ball of the target clip. A
//! person's rows, as requester and as target together, then count for at most the sum of both clips.
//! Counting them as nothing changes no other row's part (docs/mechanisms.md, section 11).

use std::collections::HashSet;

use super::ball::Ball;
use super::gather::{Gatherer, Paired, Rows};
use super::pairs::{DayPairs, Pair, Pairs};
use super::partition::TableBound;
use crate::Result;
use crate::plan::Contribution;
use crate::spec::lattice::{Clip, LATTICE_ONE};
use crate::spec::measure::{Counted, histogram_edges};

/// What one requester's rows about one target add to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    cell: u32,
    target: u64,
    /// In units of 2^-16, or rows where each requester counts as one.
    units: i64,
}

/// Bounds persons, with room that is used for one after another.
#[derive(Default)]
pub struct PersonBounder {
    pairs: Pairs,
    rows: Rows,
    parts: Vec<Part>,
    squares: Vec<u128>,
}

impl PersonBounder {
    /// The first stage of one table: scales each requester and hands its parts on as
    /// (target, cell, units).
    ///
    /// # Privacy
    /// One requester's parts, added up by cell without their signs, have a norm of at most the clip.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn requesters(
        &mut self,
        day: &DayPairs<'_>,
        partition: usize,
        table: &TableBound<'_>,
        emit: &mut impl FnMut(u64, u32, i64) -> Result<()>,
    ) -> Result<()> {
        let (parts, squares) = (&mut self.parts, &mut self.squares);
        self.pairs.of_each_unit(day, partition, |_, unit| {
            divide(unit, table, parts);
            merge(parts);
            let by_cell = |left: &Part, right: &Part| left.cell == right.cell;
            squares.clear();
            let counts_once = matches!(
                table.contribution,
                Contribution::Presence { .. } | Contribution::Histogram
            );
            for cell in parts.chunk_by(by_cell) {
                let whole = if counts_once { LATTICE_ONE.into() } else { size(cell) };
                squares.push(whole.saturating_mul(whole));
            }
            let square = squares.iter().fold(0, |sum: u128, one| sum.saturating_add(*one));
            let ball = Ball::around(square, table.clip);
            for cell in parts.chunk_by(by_cell) {
                let rows: i64 = cell.iter().map(|part| part.units).sum();
                for part in cell {
                    let units = if counts_once {
                        // Each row has an equal part in that the requester is there.
                        ball.scale(LATTICE_ONE.cast_signed()) * part.units / rows.max(1)
                    } else {
                        ball.scale(part.units)
                    };
                    if units != 0 {
                        emit(part.target, part.cell, units)?;
                    }
                }
            }
            Ok(())
        })
    }

    /// The second stage: scales each target, but for the exempt, and hands each contribution on as
    /// (cell, units).
    ///
    /// # Privacy
    /// One target's contributions have a norm of at most the clip, and none exceeds its part.
    ///
    /// # Errors
    /// I/O, when parts that were written out cannot be read back.
    pub fn targets(
        &mut self,
        parts: &[Gatherer],
        partition: usize,
        clip: Clip,
        exempt: &HashSet<u64>,
        add: &mut impl FnMut(u32, i64),
    ) -> Result<()> {
        self.rows.clear();
        for gatherer in parts {
            gatherer.collect(partition, &mut self.rows)?;
        }
        self.rows.paired.sort_unstable();
        for target in self.rows.paired.chunk_by(|left, right| left.unit == right.unit) {
            let is_exempt = target.first().is_some_and(|part| exempt.contains(&part.unit.0));
            let cells = target.chunk_by(|left, right| left.atom == right.atom);
            let square = cells.map(|cell| {
                let whole: u128 =
                    cell.iter().map(|part| u128::from(units_of(part).unsigned_abs())).sum();
                whole.saturating_mul(whole)
            });
            let square = square.fold(0, u128::saturating_add);
            let ball = if is_exempt { Ball::whole() } else { Ball::around(square, clip) };
            for part in target {
                add(u32::try_from(part.atom).unwrap_or(u32::MAX), ball.scale(units_of(part)));
            }
        }
        Ok(())
    }
}

/// A part on its way to its target's partition, in the form of a row.
pub(super) const fn in_transit(target: u64, cell: u32, units: i64) -> Paired {
    Paired { unit: (target, 0), atom: cell as u64, target: units.cast_unsigned() }
}

const fn units_of(part: &Paired) -> i64 {
    part.target.cast_signed()
}

/// The parts of one requester's rows, which are sorted, before scaling.
fn divide(unit: &[Pair], table: &TableBound<'_>, parts: &mut Vec<Part>) {
    parts.clear();
    let cells = table.cells;
    let same = unit.chunk_by(|left, right| left.atom == right.atom && left.target == right.target);
    for rows in same {
        let (atom, target) = (rows[0].atom, rows[0].target);
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let lattice = count.saturating_mul(LATTICE_ONE.cast_signed());
        let mut push = |cell, units| parts.push(Part { cell, target, units });
        match table.contribution {
            Contribution::Histogram => push(bin(unit.len()), count),
            // Keys are not known yet, and layers are measured of requesters alone.
            Contribution::KeyWeights { .. }
            | Contribution::KeyCounts { .. }
            | Contribution::Layers { .. } => {}
            contribution => {
                let Some(cell) = cells.cell(atom) else { continue };
                match (contribution, cells.units(atom)) {
                    (Contribution::Lookups, _) => push(cell, lattice),
                    (Contribution::Presence { .. }, _) => push(cell, count),
                    (Contribution::Sum { .. }, Some(units)) => {
                        push(cell, units.saturating_mul(count));
                    }
                    (Contribution::Mean { .. }, Some(units)) => {
                        push(2 * cell, units.saturating_mul(count));
                        push(2 * cell + 1, lattice);
                    }
                    _ => {}
                }
            }
        }
    }
    if let Contribution::Presence { at_least, of } = table.contribution {
        keep_present(parts, *at_least, *of);
    }
}

/// Leaves the cells in which there is enough.
fn keep_present(parts: &mut Vec<Part>, at_least: u32, of: Counted) {
    merge(parts);
    let mut kept = Vec::with_capacity(parts.len());
    for cell in parts.chunk_by(|left, right| left.cell == right.cell) {
        let there = match of {
            Counted::Lookups => cell.iter().map(|part| part.units).sum(),
            Counted::Targets => i64::try_from(cell.len()).unwrap_or(i64::MAX),
        };
        if there >= i64::from(at_least) {
            kept.extend_from_slice(cell);
        }
    }
    *parts = kept;
}

fn bin(lookups: usize) -> u32 {
    let above = histogram_edges().partition_point(|edge| *edge as usize <= lookups);
    u32::try_from(above.saturating_sub(1)).unwrap_or(0)
}

/// Sorts by cell and target and adds equal ones up.
fn merge(parts: &mut Vec<Part>) {
    parts.sort_unstable_by_key(|part| (part.cell, part.target));
    parts.dedup_by(|later, kept| {
        let same = later.cell == kept.cell && later.target == kept.target;
        if same {
            kept.units = kept.units.saturating_add(later.units);
        }
        same
    });
}

/// What parts add up to without their signs.
fn size(parts: &[Part]) -> u128 {
    parts.iter().map(|part| u128::from(part.units.unsigned_abs())).sum()
}
