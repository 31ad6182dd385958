//! Counts of different people in memory that does not grow with the logs.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};

/// How many hashes are kept. Up to this many people are counted exactly.
pub(super) const MOST: usize = 1 << 21;
/// The same for counts that need not be as exact: few enough to stay in the cache of the processor.
pub(super) const FEWER: usize = 1 << 18;

/// How many different people there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People {
    /// How many, or about how many.
    pub count: u64,
    /// Whether the count is exact.
    pub is_exact: bool,
}

/// The hashes of people. When there are too many, about half of them are forgotten, chosen by a bit
/// of the hash itself, and each of the rest stands for twice as many people.
pub(super) struct Distinct {
    hashes: HashSet<u64, foldhash::fast::RandomState>,
    /// Kept are hashes that end with this many zeros.
    zeros: u32,
    most: usize,
}

impl Distinct {
    /// Nobody yet; at most this number of hashes is kept.
    pub(super) fn new(most: usize) -> Self {
        Self { hashes: HashSet::default(), zeros: 0, most }
    }

    pub(super) fn add(&mut self, person: impl Hash, hasher: &foldhash::quality::RandomState) {
        self.insert(hasher.hash_one(person));
    }

    pub(super) fn merge(mut self, other: Self) -> Self {
        self.zeros = self.zeros.max(other.zeros);
        other.hashes.into_iter().for_each(|hash| self.insert(hash));
        let zeros = self.zeros;
        self.hashes.retain(|hash| hash.trailing_zeros() >= zeros);
        self
    }

    pub(super) fn people(&self) -> People {
        People { count: (self.hashes.len() as u64) << self.zeros, is_exact: self.zeros == 0 }
    }

    fn insert(&mut self, hash: u64) {
        if hash.trailing_zeros() < self.zeros || !self.hashes.insert(hash) {
            return;
        }
        while self.hashes.len() > self.most {
            self.zeros += 1;
            let zeros = self.zeros;
            self.hashes.retain(|hash| hash.trailing_zeros() >= zeros);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_people_are_counted_exactly_and_many_nearly() {
        let hasher = foldhash::quality::RandomState::default();
        let of = |from: u64, to: u64, most: usize| {
            let mut distinct = Distinct::new(most);
            (from..to).chain(from..to).for_each(|person| distinct.add(person, &hasher));
            distinct
        };
        let few = of(0, 1_000, MOST).merge(of(500, 1_500, MOST)).people();
        assert_eq!(few, People { count: 1_500, is_exact: true });
        let many = of(0, 100_000, 4_096).merge(of(50_000, 150_000, MOST)).people();
        // The standard deviation is about 150,000 / sqrt(4,096 / 2), 2.2 %: this is nine of them.
        assert!(!many.is_exact && many.count.abs_diff(150_000) < 30_000, "{}", many.count);
    }
}
