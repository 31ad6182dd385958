//! One partition's rows → bounded contributions, unit by unit.

use super::ball::{Entry, scale_into_ball};
use super::gather::{Gatherer, Narrow, Rows, Tied, UNIT_BITS};
use super::pairs::{Pair, SortedRows, of_each_unit, sort_tied};
use super::sort::sort;
use super::vector::{AtomCount, collect};
use crate::Result;
use crate::plan::{Cells, Contribution};
use crate::spec::lattice::Clip;

/// How one table takes a unit's rows.
pub struct TableBound<'a> {
    /// Where atoms land.
    pub cells: &'a Cells,
    /// What a row adds.
    pub contribution: &'a Contribution,
    /// The bound.
    pub clip: Clip,
}

/// Bounds units, with room that is used for one after another.
#[derive(Default)]
pub struct Bounder {
    rows: Rows,
    room: Vec<Narrow>,
    tied_room: Vec<Tied>,
    unit: Vec<Pair>,
    atoms: Vec<AtomCount>,
    vector: Vec<Entry>,
}

impl Bounder {
    /// Bounds all units of one partition over all threads' rows, and hands each contribution on as
    /// (table, cell, units). `atom_bits` is that of the layout; rows with targets are left in `sorted`.
    ///
    /// # Privacy
    /// For each table one unit's contributions have an L2 norm of at most the clip, whatever its
    /// rows; see [`scale_into_ball`]. No unit's scaling depends on another's rows.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn bound(
        &mut self,
        gatherers: &[Gatherer],
        partition: usize,
        atom_bits: u32,
        tables: &[TableBound<'_>],
        sorted: Option<&SortedRows>,
        add: &mut impl FnMut(usize, u32, i64),
    ) -> Result<()> {
        let Self { rows, room, tied_room, unit: pairs_room, atoms, vector } = self;
        rows.clear();
        for gatherer in gatherers {
            gatherer.collect(partition, rows)?;
        }
        // Sorted, a unit's rows stand together, and so do its rows of one atom.
        sort(&mut rows.narrow, |word| *word, UNIT_BITS + atom_bits, room);
        rows.wide.sort_unstable();
        let mask = (1 << atom_bits) - 1;
        for unit in rows.narrow.chunk_by(|left, right| left >> atom_bits == right >> atom_bits) {
            count(unit, |row| row & mask, atoms);
            contribute(atoms, &[], tables, vector, add);
        }
        for unit in rows.wide.chunk_by(|left, right| left.unit == right.unit) {
            count(unit, |row| row.atom, atoms);
            contribute(atoms, &[], tables, vector, add);
        }
        sort_tied(rows, atom_bits, tied_room);
        if let Some(sorted) = sorted {
            sorted.leave(partition, &rows.tied);
        }
        // Who a unit is plays no part.
        of_each_unit(
            rows,
            None,
            atom_bits,
            |unit| unit,
            pairs_room,
            |_, pairs| {
                count(pairs, |pair| pair.atom, atoms);
                contribute(atoms, pairs, tables, vector, add);
                Ok(())
            },
        )
    }
}

fn count<R: Copy>(unit: &[R], atom: impl Fn(R) -> u64, atoms: &mut Vec<AtomCount>) {
    atoms.clear();
    for row in unit {
        let atom = atom(*row);
        match atoms.last_mut() {
            Some(last) if last.atom == atom => last.lookups += 1,
            _ => atoms.push(AtomCount { atom, lookups: 1 }),
        }
    }
}

/// Bounds one unit in every table.
fn contribute(
    atoms: &[AtomCount],
    pairs: &[Pair],
    tables: &[TableBound<'_>],
    vector: &mut Vec<Entry>,
    add: &mut impl FnMut(usize, u32, i64),
) {
    for (table, bound) in tables.iter().enumerate() {
        collect(atoms, pairs, bound, vector);
        scale_into_ball(vector, bound.clip, |cell, units| add(table, cell, units));
    }
}
