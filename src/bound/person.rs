//! Contributions bounded at both ends: first by requester, then by target.
//!
//! In the first stage each requester's vector is scaled into the ball of the table's clip, and what
//! is left of a cell is divided over the requester's rows in it. In the second stage everything that
//! is left about one target is a vector again, and is scaled into the ball of the target clip. A
//! person's rows, as requester and as target together, then count for at most the sum of both clips.
//! Counting them as nothing changes no other row's part (docs/mechanisms.md, section 11).

use std::collections::HashSet;

use super::amounts::AmountPartitioner;
use super::ball::Ball;
use super::pairs::{PartitionedRows, RowsBuffer};
use crate::Result;
use crate::plan::kinds::{PairAmount, TableBound};
use crate::release_file::lattice::Clip;

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
        self.buffer.of_each_requester(day, partition, |_, pairs| {
            table.divide(pairs, amounts);
            let whole = |cell: &[PairAmount], rows| table.kind.whole(cell[0].cell, rows);
            let square = square(amounts, |cell| {
                let size = size(cell);
                let rows = i64::try_from(size).unwrap_or(i64::MAX);
                whole(cell, rows).map_or(size, |whole| whole.unsigned_abs().into())
            });
            let ball = Ball::around(square, table.clip);
            for cell in amounts.chunk_by(is_same_cell) {
                let rows: i64 = cell.iter().map(|amount| amount.steps).sum();
                let whole = whole(cell, rows).map(|whole| ball.scale(whole));
                for amount in cell {
                    let steps = match whole {
                        // Each row has an equal part in the whole.
                        Some(whole) => whole * amount.steps / rows.max(1),
                        None => ball.scale(amount.steps),
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
