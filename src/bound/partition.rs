//! One partition's rows → bounded contributions, unit by unit.

use std::sync::Arc;

use super::ball::{Entry, scale_into_ball};
use super::gather::{Gatherer, Narrow, Rows, Tied, UNIT_BITS, UnitId};
use super::pairs::{Pair, SortedRows, of_each_unit, sort_tied};
use super::running::{Running, RunningCap};
use super::sort::sort;
use super::vector::{AtomCount, collect};
use crate::Result;
use crate::ledger::Spent;
use crate::plan::{Cells, Contribution};
use crate::spec::question::Clip;

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
    running: Option<Running>,
}

impl Bounder {
    /// One that holds requesters to a cap over a window.
    #[must_use]
    pub fn over_window(cap: &Arc<RunningCap>) -> Self {
        Self { running: Some(Running::new(cap)), ..Self::default() }
    }

    /// Begins a partition with what its requesters lost before.
    pub fn begin(&mut self, spent: Vec<Spent>) {
        if let Some(running) = &mut self.running {
            running.begin(spent);
        }
    }

    /// Ends it with what they have lost now.
    pub fn end(&mut self) -> Vec<Spent> {
        self.running.as_mut().map(Running::end).unwrap_or_default()
    }

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
        let Self { rows, room, tied_room, unit: pairs_room, atoms, vector, running } = self;
        rows.clear();
        for gatherer in gatherers {
            gatherer.collect(partition, rows)?;
        }
        let number_of = |unit: u64| Gatherer::number_of(gatherers, partition, unit);
        // Sorted, a unit's rows stand together, and so do its rows of one atom.
        sort(&mut rows.narrow, |word| *word, UNIT_BITS + atom_bits, room);
        rows.wide.sort_unstable();
        let mask = (1 << atom_bits) - 1;
        for unit in rows.narrow.chunk_by(|left, right| left >> atom_bits == right >> atom_bits) {
            count(unit, |row| row & mask, atoms);
            let id = || (number_of(unit[0] >> atom_bits), 0);
            contribute(running, id, (atoms, &[]), tables, vector, add);
        }
        for unit in rows.wide.chunk_by(|left, right| left.unit == right.unit) {
            count(unit, |row| row.atom, atoms);
            contribute(running, || unit[0].unit, (atoms, &[]), tables, vector, add);
        }
        sort_tied(rows, atom_bits, tied_room);
        if let Some(sorted) = sorted {
            sorted.leave(partition, &rows.tied);
        }
        of_each_unit(rows, None, atom_bits, number_of, pairs_room, |id, pairs| {
            count(pairs, |pair| pair.atom, atoms);
            contribute(running, || id, (atoms, pairs), tables, vector, add);
            Ok(())
        })
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

/// Bounds one unit, of which `id` tells who it is where that matters.
fn contribute(
    running: &mut Option<Running>,
    id: impl FnOnce() -> UnitId,
    (atoms, pairs): (&[AtomCount], &[Pair]),
    tables: &[TableBound<'_>],
    vector: &mut Vec<Entry>,
    add: &mut impl FnMut(usize, u32, i64),
) {
    if let Some(running) = running {
        return running.contribute(id(), atoms, pairs, tables, vector, add);
    }
    for (table, bound) in tables.iter().enumerate() {
        collect(atoms, pairs, bound, vector);
        scale_into_ball(vector, bound.clip, |cell, units| add(table, cell, units));
    }
}
