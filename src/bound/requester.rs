//! The rows of one partition → bounded contributions, requester by requester.

use super::ball::scale_into_ball;
use super::pairs::{PartitionedRows, RowsBuffer};
use super::rows::{Narrow, REQUESTER_BITS};
use super::sort::sort;
use crate::Result;
use crate::plan::kinds::{
    AtomCount, Bounding, CellAmount, Hat, Pair, RequesterRows, TableBound, contribution,
};
use crate::release_file::lattice::Clip;

/// Bounds requesters, with buffers that are used for one partition after another.
#[derive(Default)]
pub struct RequesterBounder {
    buffer: RowsBuffer,
    sort: Vec<Narrow>,
    requester: OneRequester,
}

/// Buffers for one requester after another.
#[derive(Default)]
struct OneRequester {
    atoms: Vec<AtomCount>,
    vector: Vec<CellAmount>,
}

impl RequesterBounder {
    /// Bounds all requesters of one partition and hands each contribution on as (table, cell, steps).
    /// Rows with targets are left sorted for later passes, if `day` has a place for them.
    ///
    /// # Privacy
    /// For each table one requester's contributions have an L2 norm of at most the clip, whatever its
    /// rows; see [`scale_into_ball`]. No requester's scaling depends on another's rows.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn bound(
        &mut self,
        day: &PartitionedRows<'_>,
        partition: usize,
        tables: &[TableBound<'_>],
        add: &mut impl FnMut(usize, u32, i64),
    ) -> Result<()> {
        let Self { buffer, sort: spare, requester } = self;
        let atom_bits = day.atom_bits;
        buffer.collect(day, partition)?;
        // Sorted, a requester's rows stand together, and so do its rows of one atom.
        sort(&mut buffer.rows.narrow, |word| *word, REQUESTER_BITS + atom_bits, spare);
        buffer.rows.wide.sort_unstable();
        buffer.sort_with_targets(atom_bits);
        let narrow = &buffer.rows.narrow;
        for own in narrow.chunk_by(|left, right| left >> atom_bits == right >> atom_bits) {
            requester.contribute(0, own, |row| row & ((1 << atom_bits) - 1), &[], tables, add);
        }
        for own in buffer.rows.wide.chunk_by(|left, right| left.requester == right.requester) {
            requester.contribute(0, own, |row| row.atom, &[], tables, add);
        }
        if let Some(sorted) = day.sorted {
            sorted.leave(partition, &buffer.rows.narrow_with_target);
        }
        buffer.of_each_sorted(day, partition, |(number, _), own| {
            requester.contribute(number, own, |pair| pair.atom, own, tables, add);
            Ok(())
        })
    }
}

impl OneRequester {
    /// Bounds a requester in every table. `rows` are sorted by atom; `pairs` are its rows if they
    /// keep their targets.
    fn contribute<R>(
        &mut self,
        number: u64,
        rows: &[R],
        atom: impl Fn(&R) -> u64,
        pairs: &[Pair],
        tables: &[TableBound<'_>],
        add: &mut impl FnMut(usize, u32, i64),
    ) {
        self.atoms.clear();
        for row in rows {
            let atom = atom(row);
            match self.atoms.last_mut() {
                Some(last) if last.atom == atom => last.lookups += 1,
                _ => self.atoms.push(AtomCount { atom, lookups: 1 }),
            }
        }
        let lookups = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let rows = RequesterRows { number, lookups, atoms: &self.atoms, pairs };
        let hat = Hat::of(lookups.unsigned_abs());
        for (table, bound) in tables.iter().enumerate() {
            bound.fill(&rows, &mut self.vector);
            let add = |cell, steps| add(table, cell, steps);
            match bound.kind.bounding() {
                Bounding::Ball => scale_into_ball(&self.vector, bound.clip, add),
                Bounding::Shape { class, bits } => {
                    add_shape(&self.vector, &hat, (hat.weight(class), bound.clip, bits), add);
                }
            }
        }
    }
}

/// Hands each contribution of one class's part of a requester's shape to `add`.
fn add_shape(
    vector: &[CellAmount],
    hat: &Hat,
    (weight, clip, bits): (u64, Clip, u32),
    mut add: impl FnMut(u32, i64),
) {
    let square = vector.iter().map(|amount| u128::from(amount.steps.unsigned_abs()).pow(2)).sum();
    let multiplier = hat.shape_of(square, bits).multiplier(clip.units(), weight);
    vector.iter().for_each(|amount| {
        add(amount.cell, contribution(amount.steps.unsigned_abs(), multiplier));
    });
}
