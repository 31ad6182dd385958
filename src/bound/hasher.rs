//! Which partition a requester is in, and how it is known there.

use siphasher::sip128::SipHasher13;

use super::rows::{PARTITION_BITS, PARTITIONS, REQUESTER_BITS, RequesterId};
use super::scramble::Scramble;
use crate::{Error, Result};

/// Spreads requesters over partitions, under a secret hash key that is drawn for each run.
///
/// # Privacy
/// Numbers are identified exactly, opaque names by a 128-bit hash under that key: names that
/// collide cannot be chosen, and results do not depend on the key.
#[derive(Clone)]
pub struct PartitionHasher {
    names: SipHasher13,
    numbers: Scramble,
}

impl PartitionHasher {
    /// Draws a key from the system's randomness.
    ///
    /// # Errors
    /// I/O, when the system has none to give.
    pub fn draw() -> Result<Self> {
        let mut key = [[0; 8]; 4];
        getrandom::fill(key.as_flattened_mut())
            .map_err(|error| Error::io("the system gives no randomness").because(error))?;
        let [first, second, third, fourth] = key.map(u64::from_le_bytes);
        Ok(Self {
            names: SipHasher13::new_with_keys(first, second),
            numbers: Scramble::new(third, fourth),
        })
    }

    /// The number by which a target's name is known: half of its hash. Two of a day's targets
    /// hardly ever share 64 bits; they would be bounded as one.
    pub fn target_of(&self, name: &str) -> u64 {
        self.names.hash(name.as_bytes()).h1
    }

    /// The partition of a number, and the bits of the scrambled number that the partition leaves
    /// open. Numbers too long to be scrambled have none and are placed by their remainder: they are
    /// few, so it does not matter how evenly they are spread.
    #[inline]
    pub(super) fn place_of_number(&self, number: u64) -> (usize, Option<u64>) {
        match self.numbers.of(number) {
            Some(scrambled) => {
                let rest = scrambled & ((1 << REQUESTER_BITS) - 1);
                ((scrambled >> REQUESTER_BITS) as usize, Some(rest))
            }
            None => ((number % PARTITIONS as u64) as usize, None),
        }
    }

    /// The partition of a name, and its hash.
    #[inline]
    pub(super) fn place_of_name(&self, name: &str) -> (usize, RequesterId) {
        let hash = self.names.hash(name.as_bytes());
        ((hash.h1 >> (u64::BITS - PARTITION_BITS)) as usize, (hash.h1, hash.h2))
    }

    /// The number of which a partition holds these bits.
    pub(super) fn number(&self, partition: usize, rest: u64) -> u64 {
        self.numbers.back((partition as u64) << REQUESTER_BITS | rest)
    }
}
