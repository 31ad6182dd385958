//! Rows partitioned by requester, each packed into one word if it fits and up to four otherwise.

use std::sync::Arc;

use super::hasher::PartitionHasher;
use super::rows::{
    Narrow, NarrowWithTarget, PARTITIONS, Partition, REQUESTER_BITS, Wide, WideWithTarget,
};
use super::spill::{Memory, MemoryShare, Partitioned};
use crate::Result;
use crate::ingest::Identifiers;
use crate::plan::Layout;
use crate::release_file::day::DayBounds;
use crate::release_file::keys::KeySource;
use crate::retain::Retained;

/// One thread's rows, partitioned by requester.
pub struct RowPartitioner {
    hasher: PartitionHasher,
    share: MemoryShare,
    narrow: Partitioned<Narrow>,
    wide: Partitioned<Wide>,
    narrow_with_target: Partitioned<NarrowWithTarget>,
    wide_with_target: Partitioned<WideWithTarget>,
    atoms: Vec<u64>,
}

impl RowPartitioner {
    /// Starts empty.
    pub fn new(hasher: &PartitionHasher, memory: &Arc<Memory>) -> Self {
        Self {
            hasher: hasher.clone(),
            share: MemoryShare::new(memory),
            narrow: Partitioned::new(PARTITIONS),
            wide: Partitioned::new(PARTITIONS),
            narrow_with_target: Partitioned::new(PARTITIONS),
            wide_with_target: Partitioned::new(PARTITIONS),
            atoms: Vec::new(),
        }
    }

    /// Takes the kept rows of a batch.
    ///
    /// # Errors
    /// I/O, when the memory is used up and rows cannot be written out.
    pub fn add(
        &mut self,
        retained: &Retained<'_>,
        layout: &Layout,
        bounds: &DayBounds,
    ) -> Result<()> {
        self.fill_atoms(retained, layout, bounds);
        let bytes = if layout.has_targets() {
            self.push_with_targets(retained, layout)
        } else {
            self.push(retained, layout)
        };
        if self.share.take(bytes) {
            let file = self.share.file()?;
            self.narrow.write_out(file)?;
            self.wide.write_out(file)?;
            self.narrow_with_target.write_out(file)?;
            self.wide_with_target.write_out(file)?;
            self.share.give_back();
        }
        Ok(())
    }

    /// Hands every partition its rows, and returns the thread's share of the memory.
    pub(super) fn finish(self, partitions: &mut [Partition]) -> MemoryShare {
        let narrow = self.narrow.finish();
        partitions.iter_mut().zip(narrow).for_each(|(part, rows)| part.narrow.push(rows));
        let wide = self.wide.finish();
        partitions.iter_mut().zip(wide).for_each(|(part, rows)| part.wide.push(rows));
        let narrow = self.narrow_with_target.finish();
        partitions
            .iter_mut()
            .zip(narrow)
            .for_each(|(part, rows)| part.narrow_with_target.push(rows));
        let wide = self.wide_with_target.finish();
        partitions.iter_mut().zip(wide).for_each(|(part, rows)| part.wide_with_target.push(rows));
        self.share
    }

    /// Pushes rows without targets; returns how many bytes they take.
    fn push(&mut self, retained: &Retained<'_>, layout: &Layout) -> usize {
        let mut bytes = 0;
        match &retained.lookups().requester {
            Identifiers::Numbers(numbers) => {
                let fits = fits_one_word(layout);
                for row in retained.rows() {
                    let (number, atom) = (numbers[row], self.atoms[row]);
                    match self.hasher.place_of_number(number) {
                        (partition, Some(rest)) if fits => {
                            self.narrow.push(partition, rest << layout.bits() | atom);
                            bytes += size_of::<Narrow>();
                        }
                        (partition, _) => {
                            self.wide.push(partition, Wide { requester: (number, 0), atom });
                            bytes += size_of::<Wide>();
                        }
                    }
                }
            }
            Identifiers::Names(names) => {
                for row in retained.rows() {
                    let (partition, requester) = self.hasher.place_of_name(names.value(row));
                    self.wide.push(partition, Wide { requester, atom: self.atoms[row] });
                    bytes += size_of::<Wide>();
                }
            }
        }
        bytes
    }

    /// The same for rows that keep their targets.
    fn push_with_targets(&mut self, retained: &Retained<'_>, layout: &Layout) -> usize {
        let lookups = retained.lookups();
        let hasher = &self.hasher;
        let target_of = |row: usize| match &lookups.target {
            Identifiers::Numbers(numbers) => numbers[row],
            Identifiers::Names(names) => hasher.target_of(names.value(row)),
        };
        let fits = fits_one_word(layout);
        let mut bytes = 0;
        for row in retained.rows() {
            let (atom, target) = (self.atoms[row], target_of(row));
            let (partition, requester) = match &lookups.requester {
                Identifiers::Numbers(numbers) => match hasher.place_of_number(numbers[row]) {
                    (partition, Some(rest)) if fits => {
                        let word = rest << layout.bits() | atom;
                        let row = NarrowWithTarget { word, target };
                        self.narrow_with_target.push(partition, row);
                        bytes += size_of::<NarrowWithTarget>();
                        continue;
                    }
                    (partition, _) => (partition, (numbers[row], 0)),
                },
                Identifiers::Names(names) => hasher.place_of_name(names.value(row)),
            };
            self.wide_with_target.push(partition, WideWithTarget { requester, atom, target });
            bytes += size_of::<WideWithTarget>();
        }
        bytes
    }

    /// The atom of every row of the batch, kept or not.
    fn fill_atoms(&mut self, retained: &Retained<'_>, layout: &Layout, bounds: &DayBounds) {
        let lookups = retained.lookups();
        self.atoms.clear();
        self.atoms.resize(lookups.requested_at.len(), 0);
        for ((key, stride), positions) in
            layout.keys().iter().zip(layout.strides()).zip(&lookups.keys)
        {
            match key.source() {
                KeySource::Hour | KeySource::HourOfWeek => {
                    for row in retained.rows() {
                        let hour = bounds.hour(lookups.requested_at[row]);
                        self.atoms[row] += u64::from(hour) * stride;
                    }
                }
                _ => {
                    for (atom, position) in self.atoms.iter_mut().zip(positions) {
                        *atom += u64::from(*position) * stride;
                    }
                }
            }
        }
    }
}

/// Whether an atom fits one word with the bits of a scrambled number.
fn fits_one_word(layout: &Layout) -> bool {
    REQUESTER_BITS + layout.bits() <= u64::BITS
}
