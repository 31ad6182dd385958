//! The rows of one partition that keep their targets, requester by requester.
//!
//! Looking for private prefixes takes several passes over them. If there is memory for it, the first
//! pass leaves the rows sorted for the others.

use std::sync::OnceLock;

use super::partitioner::RowPartitioner;
use super::rows::{NarrowWithTarget, PARTITIONS, REQUESTER_BITS, RequesterId, Rows};
use super::sort::sort;
use crate::Result;
use crate::plan::kinds::Pair;

/// The narrow rows with targets of each partition, sorted, once a pass has left them.
pub struct SortedRows {
    partitions: Vec<OnceLock<Vec<NarrowWithTarget>>>,
}

impl Default for SortedRows {
    fn default() -> Self {
        Self { partitions: (0..PARTITIONS).map(|_| OnceLock::new()).collect() }
    }
}

impl SortedRows {
    /// The rows of a partition; `None` if no pass left them.
    fn of(&self, partition: usize) -> Option<&[NarrowWithTarget]> {
        self.partitions.get(partition)?.get().map(Vec::as_slice)
    }

    /// Leaves a partition's rows for later passes.
    pub(super) fn leave(&self, partition: usize, rows: &[NarrowWithTarget]) {
        if let Some(place) = self.partitions.get(partition) {
            // Another thread has left the same rows before.
            let _again = place.set(rows.to_vec());
        }
    }
}

/// Where all rows of a day are.
#[derive(Clone, Copy)]
pub struct PartitionedRows<'a> {
    /// Every thread's rows.
    pub partitioners: &'a [RowPartitioner],
    /// Where the first pass leaves rows sorted and later ones find them, if there is memory for it.
    pub sorted: Option<&'a SortedRows>,
    /// The bits of the layout's atoms.
    pub atom_bits: u32,
}

/// The rows of one partition, in memory that is used for one partition after another.
#[derive(Default)]
pub(super) struct RowsBuffer {
    pub(super) rows: Rows,
    sort: Vec<NarrowWithTarget>,
    pairs: Vec<Pair>,
}

impl RowsBuffer {
    /// Calls `work` with each requester of a partition and its rows, sorted by atom and target.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back; whatever `work` fails with.
    pub(super) fn of_each_requester(
        &mut self,
        day: &PartitionedRows<'_>,
        partition: usize,
        work: impl FnMut(RequesterId, &[Pair]) -> Result<()>,
    ) -> Result<()> {
        self.collect(day, partition)?;
        self.sort_with_targets(day.atom_bits);
        self.of_each_sorted(day, partition, work)
    }

    /// Takes the rows of a partition in place of those of the one before.
    pub(super) fn collect(&mut self, day: &PartitionedRows<'_>, partition: usize) -> Result<()> {
        self.rows.clear();
        let rows = &mut self.rows;
        day.partitioners.iter().try_for_each(|partitioner| partitioner.collect(partition, rows))
    }

    /// Sorts the rows with targets, so that those of a requester are next to each other.
    pub(super) fn sort_with_targets(&mut self, atom_bits: u32) {
        let bits = REQUESTER_BITS + atom_bits;
        sort(&mut self.rows.narrow_with_target, |row| row.word, bits, &mut self.sort);
        self.rows.wide_with_target.sort_unstable();
    }

    /// As [`Self::of_each_requester`], for rows that are collected and sorted.
    pub(super) fn of_each_sorted(
        &mut self,
        day: &PartitionedRows<'_>,
        partition: usize,
        mut work: impl FnMut(RequesterId, &[Pair]) -> Result<()>,
    ) -> Result<()> {
        let Self { rows, pairs, .. } = self;
        let atom_bits = day.atom_bits;
        let narrow = day.sorted.and_then(|sorted| sorted.of(partition));
        let narrow = narrow.unwrap_or(&rows.narrow_with_target);
        for own in narrow.chunk_by(|left, right| left.word >> atom_bits == right.word >> atom_bits)
        {
            let atom = |word: u64| word & ((1 << atom_bits) - 1);
            pairs.clear();
            pairs.extend(own.iter().map(|row| Pair { atom: atom(row.word), target: row.target }));
            let rest = own[0].word >> atom_bits;
            work((RowPartitioner::number_of(day.partitioners, partition, rest), 0), pairs)?;
        }
        for own in rows.wide_with_target.chunk_by(|left, right| left.requester == right.requester) {
            pairs.clear();
            pairs.extend(own.iter().map(|row| Pair { atom: row.atom, target: row.target }));
            work(own[0].requester, pairs)?;
        }
        Ok(())
    }
}
