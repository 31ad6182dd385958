//! Rows of requesters of few lookups, added up once for all tables that each row enters by itself.
//!
//! In most tables of the first classes the clip cuts nothing, so that a row of a requester of up to
//! [`LIGHT`] lookups adds the same part to its cell in each of them. Such rows are added up once,
//! by all keys of those tables together, and the sums are spread over the tables at the end. This
//! gives the same integers with one addition for each row in place of one for each table.

use std::cmp::Reverse;

use crate::plan::kinds::{LIGHT, TableBound, nodes};

/// The classes in which requesters of few lookups have weight.
pub(super) const LIGHT_CLASSES: usize = 2;
// A requester of more lookups has weight in later classes.
const _: () = assert!(LIGHT <= nodes()[LIGHT_CLASSES - 1]);
/// The most bits of an atom that sums distinguish: then they take four mebibytes, of which few are
/// in use.
const MOST_BITS: u32 = 18;
/// The most [`RowSums`] that are made. Rows are added one by one to tables that none of them
/// covers.
const MOST_SUMS: usize = 4;

/// Sums by some bits of the atom, for both classes.
pub(super) struct RowSums {
    /// Its place behind the tables of the plan.
    pub(super) place: usize,
    /// The bits of the atom that it distinguishes, and the runs of them that lie next to each other.
    mask: u64,
    runs: Vec<Run>,
    /// The tables that the sums are spread over.
    tables: Vec<Entered>,
}

/// Bits of an atom that lie next to each other.
#[derive(Clone, Copy)]
struct Run {
    shift: u32,
    mask: u64,
    /// How many bits of the cell lie below it.
    below: u32,
}

/// A table of the first classes that each row of a requester of few lookups enters by itself.
pub(super) struct Entered {
    /// The bits of an atom that decide its cell.
    pub(super) bits: u64,
    pub(super) class: usize,
    /// Its place in the plan.
    pub(super) table: usize,
    pub(super) vector: usize,
}

impl RowSums {
    /// Makes sums that cover as many of these tables as the limits allow; `first` is the place of
    /// the first sums.
    pub(super) fn of(mut entered: Vec<Entered>, first: usize) -> Vec<Self> {
        entered.sort_by_key(|table| Reverse(table.bits.count_ones()));
        let mut all: Vec<Self> = Vec::new();
        for table in entered {
            let fits = |mask: u64| (mask | table.bits).count_ones() <= MOST_BITS;
            let known = all.iter_mut().find(|sums| fits(sums.mask));
            if let Some(sums) = known {
                sums.mask |= table.bits;
                sums.tables.push(table);
            } else if all.len() < MOST_SUMS && fits(0) {
                let (place, mask) = (first + all.len(), table.bits);
                all.push(Self { place, mask, runs: Vec::new(), tables: vec![table] });
            }
        }
        all.iter_mut().for_each(|sums| sums.runs = runs(sums.mask));
        all
    }

    /// Whether the sums are spread over a table.
    pub(super) fn have(&self, table: usize) -> bool {
        self.tables.iter().any(|own| own.table == table)
    }

    /// How many cells the sums have.
    pub(super) fn cells(&self) -> u32 {
        (LIGHT_CLASSES as u32) << self.mask.count_ones()
    }

    /// The cell of an atom in the first class; that of the second follows.
    #[inline]
    pub(super) fn cell(&self, atom: u64) -> u32 {
        let part = |run: &Run| (atom >> run.shift & run.mask) << run.below;
        let cell: u64 = self.runs.iter().map(part).sum();
        // The cell has at most [`MOST_BITS`] bits.
        cell as u32 * LIGHT_CLASSES as u32
    }

    /// Hands the sums on to the tables as (table, cell, steps).
    pub(super) fn spread(
        &self,
        sums: &[i64],
        vectors: &[TableBound<'_>],
        add: &mut impl FnMut(usize, u32, i64),
    ) {
        for (cell, sums) in sums.chunks_exact(LIGHT_CLASSES).enumerate() {
            if sums.iter().all(|sum| *sum == 0) {
                continue;
            }
            let atom = self.atom(cell as u64);
            for own in &self.tables {
                add(own.table, vectors[own.vector].cells.cell(atom), sums[own.class]);
            }
        }
    }

    /// The atom of a cell, without the bits that are not distinguished.
    fn atom(&self, cell: u64) -> u64 {
        self.runs.iter().map(|run| (cell >> run.below & run.mask) << run.shift).sum()
    }
}

fn runs(mut mask: u64) -> Vec<Run> {
    let (mut runs, mut below) = (Vec::new(), 0);
    while mask != 0 {
        let shift = mask.trailing_zeros();
        let long = (mask >> shift).trailing_ones();
        let own = (1 << long) - 1;
        runs.push(Run { shift, mask: own, below });
        mask &= !(own << shift);
        below += long;
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_atom_is_found_again_from_its_cell(mask in any::<u64>(), kept in any::<u64>(), atom in any::<u64>()) {
            // No more bits than fit.
            let mask = (mask & kept) >> 20 & 0x0f0f_ff3f_f000;
            let mask = (0..64).filter(|bit| mask >> bit & 1 == 1).take(18).map(|bit| 1 << bit).sum();
            let sums = RowSums { place: 0, mask, runs: runs(mask), tables: Vec::new() };
            let cell = sums.cell(atom);
            prop_assert!(cell < sums.cells());
            prop_assert_eq!(sums.atom(u64::from(cell) / 2), atom & mask);
        }
    }
}
