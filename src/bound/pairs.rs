//! The units of one partition whose rows keep their targets, whichever form the rows have.
//!
//! Private keys are looked for in several passes. Where there is memory for it the first pass leaves
//! the rows sorted for the others.

use std::sync::OnceLock;

use super::gather::{Gatherer, PARTITIONS, Rows, Tied, UNIT_BITS, UnitId};
use super::sort::sort;
use crate::Result;

/// One row of a unit: what it counts in, and about whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) atom: u64,
    pub(super) target: u64,
}

/// The tied rows of each partition, sorted, once a pass has left them.
pub struct SortedRows {
    partitions: Vec<OnceLock<Vec<Tied>>>,
}

impl Default for SortedRows {
    fn default() -> Self {
        Self { partitions: (0..PARTITIONS).map(|_| OnceLock::new()).collect() }
    }
}

impl SortedRows {
    /// The rows of a partition; none where no pass left them.
    fn of(&self, partition: usize) -> Option<&[Tied]> {
        self.partitions.get(partition)?.get().map(Vec::as_slice)
    }

    /// Leaves a partition's rows for later passes.
    pub(super) fn leave(&self, partition: usize, rows: &[Tied]) {
        if let Some(place) = self.partitions.get(partition) {
            // Whoever came first left the same rows.
            let _again = place.set(rows.to_vec());
        }
    }
}

/// Where all rows of a day with targets are.
#[derive(Clone, Copy)]
pub struct DayPairs<'a> {
    /// Every thread's rows.
    pub gatherers: &'a [Gatherer],
    /// Those of them that a pass left sorted.
    pub sorted: Option<&'a SortedRows>,
    /// The bits of the layout's atoms.
    pub atom_bits: u32,
}

/// Room for one partition after another.
#[derive(Default)]
pub(super) struct Pairs {
    rows: Rows,
    room: Vec<Tied>,
    unit: Vec<Pair>,
}

impl Pairs {
    /// Hands on each unit's rows, sorted by atom and target, with what tells the unit from others.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back; whatever `work` fails with.
    pub(super) fn of_each_unit(
        &mut self,
        day: &DayPairs<'_>,
        partition: usize,
        work: impl FnMut(UnitId, &[Pair]) -> Result<()>,
    ) -> Result<()> {
        let DayPairs { gatherers, sorted, atom_bits } = *day;
        self.rows.clear();
        for gatherer in gatherers {
            gatherer.collect(partition, &mut self.rows)?;
        }
        let sorted = sorted.and_then(|sorted| sorted.of(partition));
        let unit_of = |unit: u64| Gatherer::number_of(gatherers, partition, unit);
        sort_tied(&mut self.rows, atom_bits, &mut self.room);
        of_each_unit(&mut self.rows, sorted, atom_bits, unit_of, &mut self.unit, work)
    }
}

pub(super) fn sort_tied(rows: &mut Rows, atom_bits: u32, room: &mut Vec<Tied>) {
    sort(&mut rows.tied, |row| row.word, UNIT_BITS + atom_bits, room);
}

/// The same over rows that were collected, the tied ones sorted, or sorted before.
pub(super) fn of_each_unit(
    rows: &mut Rows,
    sorted: Option<&[Tied]>,
    atom_bits: u32,
    number_of: impl Fn(u64) -> u64,
    unit: &mut Vec<Pair>,
    mut work: impl FnMut(UnitId, &[Pair]) -> Result<()>,
) -> Result<()> {
    rows.paired.sort_unstable();
    let mask = (1 << atom_bits) - 1;
    let is_one = |left: &Tied, right: &Tied| left.word >> atom_bits == right.word >> atom_bits;
    for own in sorted.unwrap_or(&rows.tied).chunk_by(is_one) {
        unit.clear();
        unit.extend(own.iter().map(|row| Pair { atom: row.word & mask, target: row.target }));
        work((number_of(own[0].word >> atom_bits), 0), unit)?;
    }
    for own in rows.paired.chunk_by(|left, right| left.unit == right.unit) {
        unit.clear();
        unit.extend(own.iter().map(|row| Pair { atom: row.atom, target: row.target }));
        work(own[0].unit, unit)?;
    }
    Ok(())
}
