//! Rows dealt into partitions by requester, each reduced to one word, or up to four.

use std::sync::Arc;

use siphasher::sip128::SipHasher13;

use super::chunks::Dealt;
use super::memory::Memory;
use super::person::in_transit;
use super::scramble::{self, Scramble};
use super::spill::Spill;
use crate::ingest::Identifiers;
use crate::plan::Layout;
use crate::retain::Retained;
use crate::spec::keys::KeySource;
use crate::spec::window::DayWindow;
use crate::{Error, Result};

/// How many partitions rows are dealt into: each is small enough to sort in cache.
pub const PARTITIONS: usize = 1 << PARTITION_BITS;
const PARTITION_BITS: u32 = 8;

/// How many bits of a scrambled number its partition does not tell.
pub(super) const UNIT_BITS: u32 = scramble::BITS - PARTITION_BITS;

const UNIT_MASK: u64 = (1 << UNIT_BITS) - 1;

/// What tells a unit from all others: a number and zero, or the 128-bit hash of a name.
pub(super) type UnitId = (u64, u64);

/// The secret key of one run, by which units are told apart and dealt out.
///
/// # Privacy
/// Numbers are told apart exactly, opaque names by a 128-bit hash under a key drawn anew for each
/// run: nobody can choose names that collide, and results do not depend on the key.
#[derive(Clone)]
pub struct UnitKey {
    names: SipHasher13,
    numbers: Scramble,
}

impl UnitKey {
    /// The partition of a number, and what that does not tell of it; none of it for the longest
    /// numbers, which are few: it does not matter how evenly they are dealt.
    #[inline]
    fn place(&self, number: u64) -> (usize, Option<u64>) {
        match self.numbers.of(number) {
            Some(scrambled) => ((scrambled >> UNIT_BITS) as usize, Some(scrambled & UNIT_MASK)),
            None => ((number % PARTITIONS as u64) as usize, None),
        }
    }

    /// The partition of a name, and its hash.
    #[inline]
    fn place_of_name(&self, name: &str) -> (usize, (u64, u64)) {
        let hash = self.names.hash(name.as_bytes());
        ((hash.h1 >> (u64::BITS - PARTITION_BITS)) as usize, (hash.h1, hash.h2))
    }

    /// The target that a name stands for in rows.
    #[must_use]
    pub fn target_of(&self, name: &str) -> u64 {
        // Half of a hash: among the targets of a day, two names that meet are far to seek, and would
        // be bounded as one.
        self.names.hash(name.as_bytes()).h1
    }

    /// Draws a key from the system's randomness.
    ///
    /// # Errors
    /// I/O, when the system has none to give.
    pub fn draw() -> Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)
            .map_err(|error| Error::io("the system gives no randomness").because(error))?;
        let word =
            |at: usize| key[at..at + 8].iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        Ok(Self {
            names: SipHasher13::new_with_keys(word(0), word(8)),
            numbers: Scramble::new(word(16), word(24)),
        })
    }
}

/// A row in one word: what its partition does not tell of its unit, above its atom. A third of the
/// size of [`Wide`], and sorted as a plain integer; where it fits, it makes the day's memory.
pub(super) type Narrow = u64;

/// A row whose unit or atom is too long for one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wide {
    pub(super) unit: (u64, u64),
    pub(super) atom: u64,
}

/// A narrow row that keeps its target, of a release that tells targets apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tied {
    pub(super) word: Narrow,
    pub(super) target: u64,
}

/// A wide row that keeps its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Paired {
    pub(super) unit: (u64, u64),
    pub(super) atom: u64,
    pub(super) target: u64,
}

/// One thread's rows in partitions. A unit's rows are all of one form.
pub(super) struct Forms {
    pub(super) narrow: Dealt<Narrow>,
    pub(super) wide: Dealt<Wide>,
    pub(super) tied: Dealt<Tied>,
    pub(super) paired: Dealt<Paired>,
}

impl Forms {
    fn new() -> Self {
        Self {
            narrow: Dealt::new(PARTITIONS),
            wide: Dealt::new(PARTITIONS),
            tied: Dealt::new(PARTITIONS),
            paired: Dealt::new(PARTITIONS),
        }
    }
}

/// The rows of one partition over all threads.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) narrow: Vec<Narrow>,
    pub(super) wide: Vec<Wide>,
    pub(super) tied: Vec<Tied>,
    pub(super) paired: Vec<Paired>,
}

impl Rows {
    /// Forgets the rows and keeps the room.
    pub(super) fn clear(&mut self) {
        self.narrow.clear();
        self.wide.clear();
        self.tied.clear();
        self.paired.clear();
    }
}

/// One thread's rows, dealt into partitions.
pub struct Gatherer {
    key: UnitKey,
    memory: Arc<Memory>,
    forms: Forms,
    /// What the rows in memory take, in bytes.
    held: usize,
    spill: Option<Spill>,
    atoms: Vec<u64>,
}

impl Gatherer {
    /// Starts empty.
    #[must_use]
    pub fn new(key: &UnitKey, memory: &Arc<Memory>) -> Self {
        Self {
            key: key.clone(),
            memory: Arc::clone(memory),
            forms: Forms::new(),
            held: 0,
            spill: None,
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
        window: &DayWindow,
    ) -> Result<()> {
        self.fill_atoms(retained, layout, window);
        let before = self.held;
        self.deal_out(retained, layout);
        if self.memory.is_used_up(self.held - before, self.held) {
            self.write_out()?;
        }
        Ok(())
    }

    fn deal_out(&mut self, retained: &Retained<'_>, layout: &Layout) {
        if layout.has_targets() {
            return self.deal_out_pairs(retained, layout);
        }
        match &retained.lookups().requester {
            Identifiers::Numbers(numbers) => {
                let fits = UNIT_BITS + layout.bits() <= u64::BITS;
                for row in retained.rows() {
                    self.add_number(numbers[row], self.atoms[row], fits.then_some(layout.bits()));
                }
            }
            Identifiers::Names(names) => {
                for row in retained.rows() {
                    let (partition, unit) = self.key.place_of_name(names.value(row));
                    self.forms.wide.push(partition, Wide { unit, atom: self.atoms[row] });
                    self.held += size_of::<Wide>();
                }
            }
        }
    }

    fn deal_out_pairs(&mut self, retained: &Retained<'_>, layout: &Layout) {
        let lookups = retained.lookups();
        let bits = layout.bits();
        if let (Identifiers::Numbers(asked), Identifiers::Numbers(about), true) =
            (&lookups.requester, &lookups.target, UNIT_BITS + bits <= u64::BITS)
        {
            for row in retained.rows() {
                let (atom, target) = (self.atoms[row], about[row]);
                let (partition, unit) = self.key.place(asked[row]);
                if let Some(unit) = unit {
                    self.forms.tied.push(partition, Tied { word: unit << bits | atom, target });
                    self.held += size_of::<Tied>();
                } else {
                    let paired = Paired { unit: (asked[row], 0), atom, target };
                    self.forms.paired.push(partition, paired);
                    self.held += size_of::<Paired>();
                }
            }
            return;
        }
        let key = &self.key;
        let asked = |row: usize| match &lookups.requester {
            Identifiers::Numbers(numbers) => (key.place(numbers[row]).0, (numbers[row], 0)),
            Identifiers::Names(names) => key.place_of_name(names.value(row)),
        };
        let about = |row: usize| match &lookups.target {
            Identifiers::Numbers(numbers) => numbers[row],
            Identifiers::Names(names) => key.target_of(names.value(row)),
        };
        for row in retained.rows() {
            let (partition, unit) = asked(row);
            let paired = Paired { unit, atom: self.atoms[row], target: about(row) };
            self.forms.paired.push(partition, paired);
            self.held += size_of::<Paired>();
        }
    }

    /// The number of a unit in a partition, of which a narrow row tells the rest; all gatherers of a
    /// day have one key.
    pub(super) fn number_of(gatherers: &[Self], partition: usize, unit: u64) -> u64 {
        let place = (partition as u64) << UNIT_BITS | unit;
        gatherers.first().map_or(0, |any| any.key.numbers.back(place))
    }

    /// Takes a part of the first stage of [`super::person`] on to its target's partition.
    ///
    /// # Errors
    /// I/O, when the memory is used up and parts cannot be written out.
    pub fn pass_on(&mut self, target: u64, cell: u32, units: i64) -> Result<()> {
        // Names are hashes already, and whatever numbers are scrambled come out even.
        let (place, _) = self.key.place(target & scramble::MASK);
        self.forms.paired.push(place, in_transit(target, cell, units));
        self.held += size_of::<Paired>();
        if self.memory.is_used_up(size_of::<Paired>(), self.held) {
            self.write_out()?;
        }
        Ok(())
    }

    /// Whether there is memory for a second copy of all rows, and none of them is on disk.
    #[must_use]
    pub fn can_be_doubled(gatherers: &[Self]) -> bool {
        let held = gatherers.iter().map(|gatherer| gatherer.held).sum();
        gatherers.iter().all(|gatherer| gatherer.spill.is_none() && gatherer.memory.has_room(held))
    }

    /// Forgets the rows that later passes find sorted.
    pub fn forget_tied(&mut self) {
        self.forms.tied = Dealt::new(PARTITIONS);
    }

    /// Adds the rows of one partition to those that are there.
    pub(super) fn collect(&self, place: usize, rows: &mut Rows) -> Result<()> {
        if let Some(spill) = &self.spill {
            spill.read(self.memory.folder(), place, rows)?;
        }
        let forms = &self.forms;
        forms.narrow.pieces(place).for_each(|piece| rows.narrow.extend_from_slice(piece));
        forms.wide.pieces(place).for_each(|piece| rows.wide.extend_from_slice(piece));
        forms.tied.pieces(place).for_each(|piece| rows.tied.extend_from_slice(piece));
        forms.paired.pieces(place).for_each(|piece| rows.paired.extend_from_slice(piece));
        Ok(())
    }

    /// Writes every row in memory to this thread's file.
    fn write_out(&mut self) -> Result<()> {
        let folder = self.memory.folder();
        let spill = match &mut self.spill {
            Some(spill) => spill,
            none => none.insert(Spill::new(folder)?),
        };
        for place in 0..PARTITIONS {
            spill.write(folder, place, &self.forms)?;
        }
        self.forms = Forms::new();
        self.memory.free(self.held);
        self.held = 0;
        Ok(())
    }

    #[inline]
    fn add_number(&mut self, number: u64, atom: u64, atom_bits: Option<u32>) {
        let (partition, unit) = self.key.place(number);
        match (unit, atom_bits) {
            (Some(unit), Some(bits)) => {
                self.forms.narrow.push(partition, unit << bits | atom);
                self.held += size_of::<Narrow>();
            }
            _ => {
                self.forms.wide.push(partition, Wide { unit: (number, 0), atom });
                self.held += size_of::<Wide>();
            }
        }
    }

    /// The atom of every row of the batch, kept or not.
    fn fill_atoms(&mut self, retained: &Retained<'_>, layout: &Layout, window: &DayWindow) {
        let lookups = retained.lookups();
        self.atoms.clear();
        self.atoms.resize(lookups.requested_at.len(), 0);
        for ((key, stride), positions) in
            layout.keys().iter().zip(layout.strides()).zip(&lookups.keys)
        {
            match key.source() {
                KeySource::Hour | KeySource::HourOfWeek => {
                    for row in retained.rows() {
                        let hour = window.hour(lookups.requested_at[row]);
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

impl Drop for Gatherer {
    fn drop(&mut self) {
        self.memory.free(self.held);
    }
}
