//! The forms in which rows wait to be bounded: requester, atom and, if a question needs it, target.
//!
//! A row is as small as it can be, since the rows of a whole day are held at once. Whether rows keep
//! their target follows from the release file; whether they fit one word, from the length of the
//! requester's number. All rows of one requester have the same form.

use super::scramble;
use super::spill::{MemoryShare, Record, Stored};
use crate::Result;

/// How many partitions a day's rows are spread over: each is small enough to be sorted in cache.
pub const PARTITIONS: usize = 1 << PARTITION_BITS;
pub(super) const PARTITION_BITS: u32 = 8;

/// How many bits of a scrambled number are left once its partition is known.
pub(super) const REQUESTER_BITS: u32 = scramble::BITS - PARTITION_BITS;

/// A requester: its number and zero, or the 128-bit hash of its name.
pub(super) type RequesterId = (u64, u64);

/// A row in one word: the bits of the requester that its partition leaves open, above the atom. It
/// takes a third of [`Wide`] and is sorted as an integer.
pub(super) type Narrow = u64;

/// A row whose requester and atom do not fit one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wide {
    pub(super) requester: RequesterId,
    pub(super) atom: u64,
}

/// A narrow row with its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NarrowWithTarget {
    pub(super) word: Narrow,
    pub(super) target: u64,
}

/// A wide row with its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WideWithTarget {
    pub(super) requester: RequesterId,
    pub(super) atom: u64,
    pub(super) target: u64,
}

/// Where the rows of one partition are: in each list there is an item for each thread that read logs.
#[derive(Default)]
pub(super) struct Partition {
    pub(super) narrow: Vec<Stored<Narrow>>,
    pub(super) wide: Vec<Stored<Wide>>,
    pub(super) narrow_with_target: Vec<Stored<NarrowWithTarget>>,
    pub(super) wide_with_target: Vec<Stored<WideWithTarget>>,
    /// Whether they are sorted: then all of them are in memory.
    pub(super) is_sorted: bool,
}

impl Partition {
    /// Whether none of the rows is in a temporary file.
    pub(super) fn is_in_memory(&self) -> bool {
        self.narrow.iter().all(Stored::is_in_memory)
            && self.wide.iter().all(Stored::is_in_memory)
            && self.narrow_with_target.iter().all(Stored::is_in_memory)
            && self.wide_with_target.iter().all(Stored::is_in_memory)
    }

    /// Takes the rows in place of those that `rows` holds; `shares` are those of the threads.
    pub(super) fn collect(&self, shares: &[MemoryShare], rows: &mut Rows) -> Result<()> {
        collect(&self.narrow, shares, &mut rows.narrow)?;
        collect(&self.wide, shares, &mut rows.wide)?;
        collect(&self.narrow_with_target, shares, &mut rows.narrow_with_target)?;
        collect(&self.wide_with_target, shares, &mut rows.wide_with_target)
    }

    /// Replaces the rows in memory by the same rows in another order.
    pub(super) fn replace(&mut self, rows: &Rows) {
        replace(&mut self.narrow, &rows.narrow);
        replace(&mut self.wide, &rows.wide);
        replace(&mut self.narrow_with_target, &rows.narrow_with_target);
        replace(&mut self.wide_with_target, &rows.wide_with_target);
    }
}

fn collect<T: Record>(
    stored: &[Stored<T>],
    shares: &[MemoryShare],
    items: &mut Vec<T>,
) -> Result<()> {
    items.clear();
    stored.iter().zip(shares).try_for_each(|(stored, share)| stored.collect(share, items))
}

fn replace<T: Record>(stored: &mut [Stored<T>], mut items: &[T]) {
    stored.iter_mut().for_each(|stored| stored.replace(&mut items));
}

/// All rows of one partition, in memory that is used for one partition after another.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) narrow: Vec<Narrow>,
    pub(super) wide: Vec<Wide>,
    pub(super) narrow_with_target: Vec<NarrowWithTarget>,
    pub(super) wide_with_target: Vec<WideWithTarget>,
}

impl Record for Narrow {
    const WORDS: usize = 1;

    fn words(self) -> impl IntoIterator<Item = u64> {
        [self]
    }

    fn of_words(words: &[u64]) -> Option<Self> {
        words.first().copied()
    }
}

impl Record for Wide {
    const WORDS: usize = 3;

    fn words(self) -> impl IntoIterator<Item = u64> {
        [self.requester.0, self.requester.1, self.atom]
    }

    fn of_words(words: &[u64]) -> Option<Self> {
        let &[first, second, atom] = words else { return None };
        Some(Self { requester: (first, second), atom })
    }
}

impl Record for NarrowWithTarget {
    const WORDS: usize = 2;

    fn words(self) -> impl IntoIterator<Item = u64> {
        [self.word, self.target]
    }

    fn of_words(words: &[u64]) -> Option<Self> {
        let &[word, target] = words else { return None };
        Some(Self { word, target })
    }
}

impl Record for WideWithTarget {
    const WORDS: usize = 4;

    fn words(self) -> impl IntoIterator<Item = u64> {
        [self.requester.0, self.requester.1, self.atom, self.target]
    }

    fn of_words(words: &[u64]) -> Option<Self> {
        let &[first, second, atom, target] = words else { return None };
        Some(Self { requester: (first, second), atom, target })
    }
}
