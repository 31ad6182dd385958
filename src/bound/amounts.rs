//! Amounts on their way from the first stage of persons to the second, partitioned by target.

use std::sync::Arc;

use super::hasher::PartitionHasher;
use super::rows::PARTITIONS;
use super::scramble;
use super::spill::{Memory, MemoryShare, Partitioned, Record, Stored};
use crate::Result;

/// What one requester's rows about one target add to a cell of a table, after the first stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetAmount {
    /// The target: a number, or half of the hash of a name.
    pub target: u64,
    /// The place of the table in the plan.
    pub table: u32,
    /// The cell of the table.
    pub cell: u32,
    /// In lattice steps.
    pub steps: i64,
}

impl Record for TargetAmount {
    const WORDS: usize = 3;

    fn words(self) -> impl IntoIterator<Item = u64> {
        [
            self.target,
            u64::from(self.table) << 32 | u64::from(self.cell),
            self.steps.cast_unsigned(),
        ]
    }

    fn of_words(words: &[u64]) -> Option<Self> {
        let &[target, place, steps] = words else { return None };
        let (table, cell) = (u32::try_from(place >> 32).ok()?, u32::try_from(place & LOWER).ok()?);
        Some(Self { target, table, cell, steps: steps.cast_signed() })
    }
}

const LOWER: u64 = u32::MAX as u64;

/// One thread's amounts of each partition of targets.
pub struct PartitionedAmounts {
    share: MemoryShare,
    stored: Vec<Stored<TargetAmount>>,
}

impl PartitionedAmounts {
    /// Appends the amounts of one partition to `amounts`.
    pub(super) fn collect(&self, partition: usize, amounts: &mut Vec<TargetAmount>) -> Result<()> {
        self.stored.get(partition).map_or(Ok(()), |stored| stored.collect(&self.share, amounts))
    }
}

/// One thread's amounts, partitioned by target, while they come.
pub struct AmountPartitioner {
    hasher: PartitionHasher,
    share: MemoryShare,
    amounts: Partitioned<TargetAmount>,
}

impl AmountPartitioner {
    /// Starts empty.
    pub fn new(hasher: &PartitionHasher, memory: &Arc<Memory>) -> Self {
        Self {
            hasher: hasher.clone(),
            share: MemoryShare::new(memory),
            amounts: Partitioned::new(PARTITIONS),
        }
    }

    /// Takes an amount to the partition of its target.
    ///
    /// # Errors
    /// I/O, when the memory is used up and amounts cannot be written out.
    pub fn add(&mut self, amount: TargetAmount) -> Result<()> {
        // Names are hashes already, and the lower bits of longer numbers spread as evenly.
        let (partition, _) = self.hasher.place_of_number(amount.target & scramble::MASK);
        self.amounts.push(partition, amount);
        if self.share.take(size_of::<TargetAmount>()) {
            self.amounts.write_out(self.share.file()?)?;
            self.share.give_back();
        }
        Ok(())
    }

    /// Ends the adding.
    pub fn finish(self) -> PartitionedAmounts {
        PartitionedAmounts { share: self.share, stored: self.amounts.finish().collect() }
    }
}
