//! Contributions bounded at both ends: first by requester, then by target.
//!
//! In the first stage each requester's vector is scaled into the ball of the table's clip, and what
//! is left of a cell is divided over the requester's rows in it. In the second stage everything that
//! is left about one target is a vector again, and is scaled into the ball of the target clip. A
//! person's rows, as requester and as target together, then count for at most the sum of both clips.
//! Counting them as nothing changes no other row's part (docs/mechanisms.md, section 11).

use std::collections::HashSet;

use super::amounts::{AmountPartitioner, PairAmount};
use super::ball::Ball;
use super::pairs::{Pair, PartitionedRows, RowsBuffer};
use super::vector::TableBound;
use crate::Result;
use crate::plan::Contribution;
use crate::release_file::lattice::{Clip, LATTICE_ONE};
use crate::release_file::measure::{Counted, histogram_edges};

/// Bounds persons, with buffers that are used for one partition after another.
#[derive(Default)]
pub struct PersonBounder {
    buffer: RowsBuffer,
    amounts: Vec<PairAmount>,
}

impl PersonBounder {
    /// The first stage of one table: scales each requester and hands on what is left of each pair.
    ///
    /// # Privacy
    /// One requester's amounts, added up by cell without their signs, have a norm of at most the
    /// clip.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn requesters(
        &mut self,
        day: &PartitionedRows<'_>,
        partition: usize,
        table: &TableBound<'_>,
        emit: &mut impl FnMut(PairAmount) -> Result<()>,
    ) -> Result<()> {
        let amounts = &mut self.amounts;
        let counts_once =
            matches!(table.contribution, Contribution::Presence { .. } | Contribution::Histogram);
        self.buffer.of_each_requester(day, partition, |_, pairs| {
            divide(pairs, table, amounts);
            merge(amounts);
            let one = LATTICE_ONE.cast_signed();
            let square =
                square(amounts, |cell| if counts_once { LATTICE_ONE.into() } else { size(cell) });
            let ball = Ball::around(square, table.clip);
            for cell in amounts.chunk_by(is_same_cell) {
                let rows: i64 = cell.iter().map(|amount| amount.steps).sum();
                for amount in cell {
                    let steps = if counts_once {
                        // Each row has an equal part in the requester's presence.
                        ball.scale(one) * amount.steps / rows.max(1)
                    } else {
                        ball.scale(amount.steps)
                    };
                    if steps != 0 {
                        emit(PairAmount { steps, ..*amount })?;
                    }
                }
            }
            Ok(())
        })
    }

    /// The second stage: scales each target but the exempt ones, and hands each contribution on as
    /// (cell, steps).
    ///
    /// # Privacy
    /// One target's contributions have a norm of at most the clip, and none exceeds its amount.
    ///
    /// # Errors
    /// I/O, when amounts that were written out cannot be read back.
    pub fn targets(
        &mut self,
        partitioners: &[AmountPartitioner],
        partition: usize,
        clip: Clip,
        exempt: &HashSet<u64>,
        add: &mut impl FnMut(u32, i64),
    ) -> Result<()> {
        let amounts = &mut self.amounts;
        amounts.clear();
        partitioners.iter().try_for_each(|partitioner| partitioner.collect(partition, amounts))?;
        amounts.sort_unstable_by_key(|amount| (amount.target, amount.cell));
        for own in amounts.chunk_by(|left, right| left.target == right.target) {
            let ball = if exempt.contains(&own[0].target) {
                Ball::whole()
            } else {
                Ball::around(square(own, size), clip)
            };
            own.iter().for_each(|amount| add(amount.cell, ball.scale(amount.steps)));
        }
        Ok(())
    }
}

/// Divides a table's vector of one requester, before scaling, over its rows, which are sorted. Where
/// a requester counts once in a cell, the amounts are numbers of rows.
fn divide(pairs: &[Pair], table: &TableBound<'_>, amounts: &mut Vec<PairAmount>) {
    amounts.clear();
    for same in pairs.chunk_by(|left, right| left == right) {
        let Pair { atom, target } = same[0];
        let rows = i64::try_from(same.len()).unwrap_or(i64::MAX);
        let lookups = rows.saturating_mul(LATTICE_ONE.cast_signed());
        let mut push = |cell, steps| amounts.push(PairAmount { target, cell, steps });
        match table.contribution {
            Contribution::Histogram => push(bin(pairs.len()), rows),
            // Prefixes are not known yet, and only requesters are measured in layers.
            Contribution::KeyWeights { .. }
            | Contribution::KeyCounts { .. }
            | Contribution::Layers { .. } => {}
            contribution => {
                let Some(cell) = table.cells.cell(atom) else { continue };
                match (contribution, table.cells.units(atom)) {
                    (Contribution::Lookups, _) => push(cell, lookups),
                    (Contribution::Presence { .. }, _) => push(cell, rows),
                    (Contribution::Sum { .. }, Some(steps)) => {
                        push(cell, steps.saturating_mul(rows));
                    }
                    (Contribution::Mean { .. }, Some(steps)) => {
                        push(2 * cell, steps.saturating_mul(rows));
                        push(2 * cell + 1, lookups);
                    }
                    _ => {}
                }
            }
        }
    }
    if let Contribution::Presence { at_least, of } = table.contribution {
        keep_present(amounts, *at_least, *of);
    }
}

/// Keeps the cells in which the requester has enough rows or targets.
fn keep_present(amounts: &mut Vec<PairAmount>, at_least: u32, of: Counted) {
    merge(amounts);
    let mut kept = Vec::with_capacity(amounts.len());
    for cell in amounts.chunk_by(is_same_cell) {
        let count = match of {
            Counted::Lookups => cell.iter().map(|amount| amount.steps).sum(),
            Counted::Targets => i64::try_from(cell.len()).unwrap_or(i64::MAX),
        };
        if count >= i64::from(at_least) {
            kept.extend_from_slice(cell);
        }
    }
    *amounts = kept;
}

fn bin(lookups: usize) -> u32 {
    let above = histogram_edges().partition_point(|edge| *edge as usize <= lookups);
    u32::try_from(above.saturating_sub(1)).unwrap_or(0)
}

/// Sorts by cell and target and adds equal ones up.
fn merge(amounts: &mut Vec<PairAmount>) {
    amounts.sort_unstable_by_key(|amount| (amount.cell, amount.target));
    amounts.dedup_by(|later, kept| {
        let same = is_same_cell(later, kept) && later.target == kept.target;
        if same {
            kept.steps = kept.steps.saturating_add(later.steps);
        }
        same
    });
}

fn is_same_cell(left: &PairAmount, right: &PairAmount) -> bool {
    left.cell == right.cell
}

/// The sum over cells of the square of what a cell counts for; amounts of a cell stand together.
fn square(amounts: &[PairAmount], of_cell: impl Fn(&[PairAmount]) -> u128) -> u128 {
    let squares = amounts.chunk_by(is_same_cell).map(|cell| {
        let whole = of_cell(cell);
        whole.saturating_mul(whole)
    });
    squares.fold(0, u128::saturating_add)
}

/// What amounts add up to without their signs.
fn size(amounts: &[PairAmount]) -> u128 {
    amounts.iter().map(|amount| u128::from(amount.steps.unsigned_abs())).sum()
}
