//! The rows of a day by partition, sorted once, and read requester by requester.
//!
//! A day is passed over several times: for the look, for the tables that the look asks for, and in each
//! round that finds private prefixes. Rows are sorted where they lie in memory; a partition that
//! has rows on disk is sorted again in every pass.

use rayon::prelude::*;

use super::hasher::PartitionHasher;
use super::partitioner::RowPartitioner;
use super::rows::{
    Narrow, NarrowWithTarget, PARTITIONS, Partition, REQUESTER_BITS, RequesterId, Rows, Wide,
    WideWithTarget,
};
use super::sort::sort;
use super::spill::MemoryShare;
use crate::Result;
use crate::plan::kinds::{AtomCount, Needs, Pair, RequesterRows};

/// Where all rows of a day are.
pub struct PartitionedRows {
    partitions: Vec<Partition>,
    /// What each thread that read logs holds of the memory, and its temporary file.
    shares: Vec<MemoryShare>,
    hasher: PartitionHasher,
    /// The bits of the layout's atoms.
    atom_bits: u32,
}

impl PartitionedRows {
    /// Takes the rows of all threads, whose atoms have this many bits.
    pub fn new(threads: Vec<RowPartitioner>, hasher: &PartitionHasher, atom_bits: u32) -> Self {
        let mut partitions: Vec<Partition> =
            (0..PARTITIONS).map(|_| Partition::default()).collect();
        let shares = threads.into_iter().map(|thread| thread.finish(&mut partitions)).collect();
        Self { partitions, shares, hasher: hasher.clone(), atom_bits }
    }

    /// Sorts the rows of every partition that lies in memory, so that later passes need not.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn sort(&mut self) -> Result<()> {
        let Self { partitions, shares, atom_bits, .. } = self;
        let unsorted = partitions.par_iter_mut().filter(|own| !own.is_sorted && own.is_in_memory());
        unsorted.try_for_each_init(RowsBuffer::default, |buffer, partition| {
            partition.collect(shares, &mut buffer.rows)?;
            buffer.sort(*atom_bits);
            partition.replace(&buffer.rows);
            partition.is_sorted = true;
            Ok(())
        })
    }
}

/// The rows of one partition, in memory that is used for one partition after another.
#[derive(Default)]
pub(super) struct RowsBuffer {
    rows: Rows,
    spare: (Vec<Narrow>, Vec<NarrowWithTarget>),
    own: OwnRows,
}

impl RowsBuffer {
    /// Calls `work` with what the tables need of each requester of a partition.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back; whatever `work` fails with.
    pub(super) fn of_each_requester(
        &mut self,
        day: &PartitionedRows,
        partition: usize,
        needs: Needs,
        mut work: impl FnMut(&RequesterRows<'_>) -> Result<()>,
    ) -> Result<()> {
        let Some(stored) = day.partitions.get(partition) else { return Ok(()) };
        stored.collect(&day.shares, &mut self.rows)?;
        if !stored.is_sorted {
            self.sort(day.atom_bits);
        }
        let Self { rows, own, .. } = self;
        let bits = day.atom_bits;
        let number = |(rest, _): RequesterId| {
            // Only tables that go by prefixes need the number.
            if needs >= Needs::Places { day.hasher.number(partition, rest) } else { 0 }
        };
        each_of(&rows.narrow, own, bits, needs, number, &mut work)?;
        each_of(&rows.narrow_with_target, own, bits, needs, number, &mut work)?;
        let number = |(number, _): RequesterId| number;
        each_of(&rows.wide, own, bits, needs, number, &mut work)?;
        each_of(&rows.wide_with_target, own, bits, needs, number, &mut work)
    }

    /// Sorts by requester, then by atom and target: rows of a requester, and those of one atom among
    /// them, are next to each other.
    fn sort(&mut self, atom_bits: u32) {
        let bits = REQUESTER_BITS + atom_bits;
        let Self { rows, spare, .. } = self;
        sort(&mut rows.narrow, |word| *word, bits, &mut spare.0);
        sort(&mut rows.narrow_with_target, |row| row.word, bits, &mut spare.1);
        rows.wide.sort_unstable();
        rows.wide_with_target.sort_unstable();
    }
}

/// Calls `work` with each requester of sorted rows.
fn each_of<R: Row>(
    rows: &[R],
    own: &mut OwnRows,
    atom_bits: u32,
    needs: Needs,
    number: impl Fn(RequesterId) -> u64,
    work: &mut impl FnMut(&RequesterRows<'_>) -> Result<()>,
) -> Result<()> {
    let same = |left: &R, right: &R| left.requester(atom_bits) == right.requester(atom_bits);
    let whole = rows.chunk_by(same);
    whole.flat_map(in_one_piece).try_for_each(|rows| {
        own.take(rows, atom_bits, needs);
        work(&RequesterRows {
            number: number(rows[0].requester(atom_bits)),
            lookups: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            atoms: &own.atoms,
            pairs: &own.pairs,
        })
    })
}

/// All rows of a requester at once.
fn in_one_piece<R>(rows: &[R]) -> std::slice::Chunks<'_, R> {
    rows.chunks(if mutant!("bounded-batch-by-batch") { 64 } else { rows.len() })
}

/// What tables need of one requester's rows, in memory that is used for one after another.
#[derive(Default)]
struct OwnRows {
    atoms: Vec<AtomCount>,
    pairs: Vec<Pair>,
}

impl OwnRows {
    fn take<R: Row>(&mut self, rows: &[R], atom_bits: u32, needs: Needs) {
        self.atoms.clear();
        self.pairs.clear();
        // Rounds that find prefixes read targets alone.
        if needs >= Needs::Atoms && needs < Needs::Prefixes {
            for row in rows {
                let atom = row.atom(atom_bits);
                match self.atoms.last_mut() {
                    Some(last) if last.atom == atom => last.lookups += 1,
                    _ => self.atoms.push(AtomCount { atom, lookups: 1 }),
                }
            }
        }
        if needs >= Needs::Targets {
            let pair = |row: &R| Some(Pair { atom: row.atom(atom_bits), target: row.target()? });
            self.pairs.extend(rows.iter().filter_map(pair));
        }
    }
}

/// What is read of a row, whatever its form.
trait Row {
    /// The requester, or of a narrow row the bits of it that the partition leaves open.
    fn requester(&self, atom_bits: u32) -> RequesterId;

    fn atom(&self, atom_bits: u32) -> u64;

    /// The target, if rows keep it.
    fn target(&self) -> Option<u64> {
        None
    }
}

impl Row for Narrow {
    fn requester(&self, atom_bits: u32) -> RequesterId {
        (self >> atom_bits, 0)
    }

    fn atom(&self, atom_bits: u32) -> u64 {
        self & ((1 << atom_bits) - 1)
    }
}

impl Row for NarrowWithTarget {
    fn requester(&self, atom_bits: u32) -> RequesterId {
        self.word.requester(atom_bits)
    }

    fn atom(&self, atom_bits: u32) -> u64 {
        self.word.atom(atom_bits)
    }

    fn target(&self) -> Option<u64> {
        Some(self.target)
    }
}

impl Row for Wide {
    fn requester(&self, _: u32) -> RequesterId {
        self.requester
    }

    fn atom(&self, _: u32) -> u64 {
        self.atom
    }
}

impl Row for WideWithTarget {
    fn requester(&self, _: u32) -> RequesterId {
        self.requester
    }

    fn atom(&self, _: u32) -> u64 {
        self.atom
    }

    fn target(&self) -> Option<u64> {
        Some(self.target)
    }
}
