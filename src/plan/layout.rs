//! Where a row's key values land: one atom per combination, as digits of one number.
//!
//! The keys of all questions together are bit fields of one number, the *atom*. A row is reduced to
//! its atom once; every table's cell follows from it by shifts, which are much cheaper than the
//! divisions that tightly packed digits would need. The first key has the highest bits, so that
//! sorted atoms are sorted by the axes of a question over the same keys. All of it is fixed by the
//! release file.

use super::axis::axis_name;
use crate::release_file::keys::Key;
use crate::release_file::question::Question;
use crate::{Error, Result};

/// The keys of a release as digits of one number.
#[derive(Debug, Clone)]
pub struct Layout {
    keys: Vec<Key>,
    strides: Vec<u64>,
    bits: u32,
    has_targets: bool,
}

/// One key's digit in an atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digit {
    /// How many bits of the atom lie below it.
    pub shift: u32,
    /// All of its own bits.
    pub mask: u64,
}

impl Digit {
    /// The position of an atom's key value.
    pub(super) const fn of(self, atom: u64) -> u64 {
        atom >> self.shift & self.mask
    }

    /// The digit of the block that a value lies in; blocks have a power of two of values.
    pub(super) const fn in_blocks(self, block: u64) -> Self {
        let bits = block.trailing_zeros();
        Self { shift: self.shift + bits, mask: self.mask >> bits }
    }
}

impl Layout {
    /// Lays out every key that any question names or any condition or number reads, each once.
    ///
    /// # Errors
    /// Usage, when the keys together have too many combinations for one number.
    pub fn new(questions: &[Question]) -> Result<Self> {
        let mut keys: Vec<Key> = Vec::new();
        for question in questions {
            let read = question.measure.condition().map_or(&[][..], |(_, keys)| keys);
            for key in question.by.iter().chain(read).chain(question.measure.number()) {
                if !keys.iter().any(|known| axis_name(known) == axis_name(key)) {
                    keys.push(key.clone());
                }
            }
        }
        let mut strides = Vec::with_capacity(keys.len());
        let mut shift = 0;
        for key in keys.iter().rev() {
            strides.push(1_u64 << shift);
            shift += bits(key.size());
            if shift >= u64::BITS {
                return Err(Error::usage(
                    "the keys of all questions together have too many combinations",
                )
                .help("split the questions over two release files with one ledger"));
            }
        }
        strides.reverse();
        Ok(Self { keys, strides, bits: shift, has_targets: false })
    }

    /// Has rows keep their target beside the atom, or not.
    #[must_use]
    pub(super) fn with_targets(self, has_targets: bool) -> Self {
        Self { has_targets, ..self }
    }

    /// How many bits hold every atom; fewer than 64.
    pub const fn bits(&self) -> u32 {
        self.bits
    }

    /// Whether rows must keep their target beside the atom.
    pub const fn has_targets(&self) -> bool {
        self.has_targets
    }

    /// The keys, in the order of their digits.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// How much one position in the list of each key adds to an atom, in the same order.
    pub fn strides(&self) -> &[u64] {
        &self.strides
    }

    /// The digit of the key with this axis name.
    ///
    /// # Errors
    /// Internal, when no question has such a key.
    pub(super) fn digit(&self, axis: &str) -> Result<Digit> {
        self.keys
            .iter()
            .zip(&self.strides)
            .find(|(key, _)| axis_name(key) == axis)
            .map(|(key, stride)| Digit {
                shift: stride.trailing_zeros(),
                mask: (1 << bits(key.size())) - 1,
            })
            .ok_or_else(|| Error::internal("a key is missing from the layout"))
    }

    /// The key with this axis name.
    pub(super) fn key(&self, axis: &str) -> Result<&Key> {
        self.keys
            .iter()
            .find(|key| axis_name(key) == axis)
            .ok_or_else(|| Error::internal("a key is missing from the layout"))
    }
}

/// How many bits hold every position of a key.
const fn bits(positions: u64) -> u32 {
    u64::BITS - positions.saturating_sub(1).leading_zeros()
}
