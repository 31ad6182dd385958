//! Contributions bounded at both ends: first by requester, then by target.
//!
//! In the first stage each requester's vector is bounded as where requesters are the unit, and what is
//! left of a cell is divided over the requester's rows in it. In the second stage everything that is
//! left about one target is a vector again, and is scaled into the ball of the target clip, table by
//! table, or for tables of shapes into one limit over all of them (see [`super::limit`]). A person's
//! rows, as requester and as target together, then count for at most the sum of both bounds. Counting
//! them as nothing changes no other row's part (docs/mechanisms.md, section 11).

use std::collections::HashSet;

use super::amounts::{PartitionedAmounts, TargetAmount};
use super::ball::Ball;
use super::limit::within_limit;
use super::sorted::{PartitionedRows, RowsBuffer};
use super::tables::TableBounds;
use crate::Result;
use crate::plan::ShapeTargets;
use crate::plan::kinds::{Hat, Needs, Pair, PairAmount, Shape, TableBound, contribution};
use crate::release_file::lattice::Clip;

/// Tables that are bounded together at both ends.
#[derive(Clone, Copy)]
pub enum Together<'a> {
    /// One table, with its place in the plan and the clip of what is asked about one target.
    Table(usize, &'a TableBound<'a>, Clip),
    /// All tables of shapes.
    Shapes(&'a TableBounds<'a>, &'a ShapeTargets),
}

/// Bounds persons, with buffers that are used for one partition after another.
#[derive(Default)]
pub struct PersonBounder {
    buffer: RowsBuffer,
    requester: OneRequester,
    amounts: Vec<TargetAmount>,
}

/// Buffers for one requester after another.
#[derive(Default)]
struct OneRequester {
    amounts: Vec<PairAmount>,
    /// What its rows add in tables of shapes, each made when the first table needs it.
    shapes: Vec<(Vec<PairAmount>, Option<Shape>)>,
}

impl PersonBounder {
    /// The first stage: bounds each requester and hands on what is left of each pair.
    ///
    /// # Privacy
    /// One requester's amounts, added up by cell without their signs, have a norm of at most the clip
    /// of a table; in tables of shapes they lose at most what one requester may lose in all of them
    /// together.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn requesters(
        &mut self,
        day: &PartitionedRows,
        partition: usize,
        together: Together<'_>,
        emit: &mut impl FnMut(TargetAmount) -> Result<()>,
    ) -> Result<()> {
        let Self { buffer, requester, .. } = self;
        // Amounts of zero are not handed on.
        let mut emit = |table: usize, PairAmount { target, cell, .. }, steps| {
            let table = u32::try_from(table).unwrap_or(u32::MAX);
            if steps == 0 { Ok(()) } else { emit(TargetAmount { target, table, cell, steps }) }
        };
        buffer.of_each_requester(day, partition, Needs::Targets, |rows| match together {
            Together::Table(place, bound, _) => {
                bound.divide(rows.pairs, &mut requester.amounts);
                scale(&requester.amounts, bound, |amount, steps| emit(place, amount, steps))
            }
            Together::Shapes(tables, _) => {
                bound_shapes(rows.pairs, tables, &mut requester.shapes, &mut emit)
            }
        })
    }

    /// The second stage: scales each target but the exempt ones, and hands each contribution on as
    /// (table, cell, steps).
    ///
    /// # Privacy
    /// One target's contributions have a norm of at most the target clip, or in tables of shapes a loss
    /// of at most the limit, and none exceeds its amount.
    ///
    /// # Errors
    /// I/O, when amounts that were written out cannot be read back.
    pub fn targets(
        &mut self,
        threads: &[PartitionedAmounts],
        partition: usize,
        together: Together<'_>,
        exempt: &HashSet<u64>,
        add: &mut impl FnMut(usize, u32, i64),
    ) -> Result<()> {
        let amounts = &mut self.amounts;
        amounts.clear();
        threads.iter().try_for_each(|thread| thread.collect(partition, amounts))?;
        amounts.sort_unstable_by_key(|amount| (amount.target, amount.table, amount.cell));
        for own in amounts.chunk_by(|left, right| left.target == right.target) {
            let ball = match together {
                _ if exempt.contains(&own[0].target) => Ball::whole(),
                _ if mutant!("exemptions-leak") && !exempt.is_empty() => Ball::whole(),
                Together::Table(_, _, clip) => {
                    let cells = own.chunk_by(|left, right| left.cell == right.cell);
                    let sizes = cells.map(|cell| size(cell.iter().map(|amount| amount.steps)));
                    Ball::around(sum_of_squares(sizes), clip)
                }
                Together::Shapes(_, targets) => within_limit(targets, own),
            };
            for TargetAmount { table, cell, steps, .. } in own {
                add(*table as usize, *cell, ball.scale(*steps));
            }
        }
        Ok(())
    }
}

/// Scales one requester's amounts, sorted by cell, into the ball of one table.
fn scale(
    amounts: &[PairAmount],
    table: &TableBound<'_>,
    mut emit: impl FnMut(PairAmount, i64) -> Result<()>,
) -> Result<()> {
    let rows = |cell: &[PairAmount]| cell.iter().map(|amount| amount.steps).sum::<i64>();
    let whole = |cell: &[PairAmount]| table.kind.whole(cell[0].cell, rows(cell));
    let sizes = cells(amounts).map(|cell| {
        whole(cell).map_or_else(|| size_of_cell(cell), |whole| whole.unsigned_abs().into())
    });
    let ball = Ball::around(sum_of_squares(sizes), table.clip);
    for cell in cells(amounts) {
        let (rows, whole) = (rows(cell), whole(cell).map(|whole| ball.scale(whole)));
        for amount in cell {
            // Each row has an equal part in a whole.
            let part = whole.map(|whole| whole * amount.steps / rows.max(1));
            emit(*amount, part.unwrap_or_else(|| ball.scale(amount.steps)))?;
        }
    }
    Ok(())
}

/// Divides one requester's parts in the tables of shapes of its one or two classes over its rows.
fn bound_shapes(
    pairs: &[Pair],
    tables: &TableBounds<'_>,
    shapes: &mut Vec<(Vec<PairAmount>, Option<Shape>)>,
    emit: &mut impl FnMut(usize, PairAmount, i64) -> Result<()>,
) -> Result<()> {
    shapes.resize_with(tables.vectors.len(), Default::default);
    let hat = Hat::of(pairs.len() as u64);
    for (class, weight) in hat.weights() {
        for table in &tables.classes[class] {
            let (amounts, shape) = &mut shapes[table.vector];
            let shape = *shape.get_or_insert_with(|| {
                tables.vectors[table.vector].divide(pairs, amounts);
                let square = sum_of_squares(cells(amounts).map(size_of_cell));
                hat.shape_of(square, table.bits)
            });
            let multiplier = shape.multiplier(table.clip, weight);
            for amount in amounts.iter() {
                let steps = contribution(amount.steps.unsigned_abs(), multiplier);
                emit(table.table, *amount, steps)?;
            }
        }
    }
    shapes.iter_mut().for_each(|(_, shape)| *shape = None);
    Ok(())
}

fn cells(amounts: &[PairAmount]) -> impl Iterator<Item = &[PairAmount]> {
    amounts.chunk_by(|left, right| left.cell == right.cell)
}

/// What the amounts of a cell add up to without their signs.
fn size_of_cell(cell: &[PairAmount]) -> u128 {
    size(cell.iter().map(|amount| amount.steps))
}

fn size(steps: impl Iterator<Item = i64>) -> u128 {
    steps.map(|steps| u128::from(steps.unsigned_abs())).sum()
}

fn sum_of_squares(sizes: impl Iterator<Item = u128>) -> u128 {
    sizes.map(|size| size.saturating_mul(size)).fold(0, u128::saturating_add)
}
