//! Amounts on their way from the first stage of persons to the second, partitioned by target.

use std::sync::Arc;

use super::hasher::PartitionHasher;
use super::rows::PARTITIONS;
use super::scramble;
use super::spill::{Memory, MemoryShare, Partitioned, Record};
use crate::Result;
use crate::plan::kinds::PairAmount;

impl Record for PairAmount {
    const WORDS: usize = 3;

    fn words(self) -> impl IntoIterator<Item = u64> {
        [self.target, self.cell.into(), self.steps.cast_unsigned()]
    }

    fn of_words(words: &[u64]) -> Option<Self> {
        let &[target, cell, steps] = words else { return None };
        Some(Self { target, cell: u32::try_from(cell).ok()?, steps: steps.cast_signed() })
    }
}

/// One thread's amounts, partitioned by target.
pub struct AmountPartitioner {
    hasher: PartitionHasher,
    share: MemoryShare,
    amounts: Partitioned<PairAmount>,
}

impl AmountPartitioner {
    /// Starts empty.
    #[must_use]
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
    pub fn add(&mut self, amount: PairAmount) -> Result<()> {
        // Names are hashes already; of longer numbers the lower bits spread as evenly.
        let (partition, _) = self.hasher.place_of_number(amount.target & scramble::MASK);
        self.amounts.push(partition, amount);
        if self.share.take(size_of::<PairAmount>()) {
            self.amounts.write_out(self.share.file()?)?;
            self.share.give_back();
        }
        Ok(())
    }

    /// Appends the amounts of one partition to `amounts`.
    pub(super) fn collect(&self, partition: usize, amounts: &mut Vec<PairAmount>) -> Result<()> {
        self.amounts.collect(partition, &self.share, amounts)
    }
}
