//! Private prefixes: the weights by which they are found, and the lookups by those that were found.
//!
//! # Claim
//! Weights: the sensitivity is one, and one lookup moves the vector by at most one. Counts: as for
//! lookups by public keys. *Proof.* A requester spreads a vector of length one over its prefixes in
//! equal parts that round down. All its lookups about one target have one prefix: without them that
//! prefix is gone. Then either t - 1 larger weights are left of t, at a distance whose square is
//! 2 - 2 sqrt((t - 1) / t), or another prefix takes its place among ten, at a distance of
//! sqrt(2 / 10) (docs/mechanisms.md, "Private prefixes" and "Pairs and targets"). ∎

use std::collections::HashSet;

use super::kind::{Kind, Needs, Reach, TableBound};
use super::rows::{CellAmount, Pair, PairAmount, RequesterRows};
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::prefix::{Prefix, PrefixOf};

/// How many prefixes one requester may put weight on: those it has the most lookups for.
pub const MOST_PREFIXES_OF_ONE: usize = 10;
/// How many prefixes one round of a question may find, those of the greatest noisy weight, and how
/// many may be known from the days before.
pub const MOST_PREFIXES: usize = 16_384;
/// The most prefixes of a count: the known ones and those of at most two rounds.
pub const MOST_PREFIX_CELLS: u32 = 3 * MOST_PREFIXES as u32;

/// The weight of each prefix of a requester, by how many prefixes the requester has.
pub const PREFIX_WEIGHTS: [i64; MOST_PREFIXES_OF_ONE + 1] = {
    let mut weights = [LATTICE_ONE.cast_signed(); MOST_PREFIXES_OF_ONE + 1];
    let mut count = 1;
    while count < weights.len() {
        weights[count] = (LATTICE_ONE * LATTICE_ONE / count as u64).isqrt().cast_signed();
        count += 1;
    }
    weights
};

/// Prefixes that are known or were found.
pub type FoundPrefixes = HashSet<u64, foldhash::fast::RandomState>;

/// A vector of length one, spread evenly over a requester's prefixes that are not found yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrefixWeights {
    /// Which prefixes.
    pub prefix: Prefix,
}

impl PrefixWeights {
    /// Hands on the weight that each prefix gets from a requester with this number and these rows.
    ///
    /// # Privacy
    /// The contributions have an L2 norm of at most one, over at most [`MOST_PREFIXES_OF_ONE`] prefixes,
    /// all of them alike: those with the most lookups, the smaller prefix first among equals.
    pub fn spread(
        &self,
        number: u64,
        pairs: &[Pair],
        found: &FoundPrefixes,
        buffer: &mut OwnPrefixes,
        add: &mut impl FnMut(u64, i64),
    ) {
        buffer.count(self.prefix, number, pairs);
        let own = &mut buffer.own;
        if !found.is_empty() {
            own.retain(|(prefix, _)| !found.contains(prefix));
        }
        if own.len() > MOST_PREFIXES_OF_ONE && !mutant!("any-number-of-prefixes") {
            own.sort_unstable_by_key(|(prefix, lookups)| (-lookups, *prefix));
            own.truncate(MOST_PREFIXES_OF_ONE);
        }
        let spread = if mutant!("prefixes-weigh-one-each") { 1 } else { own.len() };
        let weight = PREFIX_WEIGHTS[spread.min(MOST_PREFIXES_OF_ONE)];
        own.iter().for_each(|(prefix, _)| add(*prefix, weight));
    }
}

impl Kind for PrefixWeights {
    fn word(&self) -> &'static str {
        "weights of keys"
    }

    fn cells_per_combination(&self) -> u64 {
        0
    }

    fn needs(&self) -> Needs {
        Needs::Prefixes
    }

    /// Its cells are not known: see [`Self::spread`].
    fn fill(&self, _: &RequesterRows<'_>, _: &TableBound<'_>, _: &mut Vec<CellAmount>) {}

    /// Release files with private prefixes are refused where persons are the unit.
    fn divide(&self, _: &[Pair], _: &TableBound<'_>, _: &mut Vec<PairAmount>) {}

    fn reach(&self, _: f64) -> Reach {
        Reach { one_lookup: 1.0, any_two: 1.0 }
    }

    fn touched_cells(&self, _: u32) -> u32 {
        MOST_PREFIXES_OF_ONE as u32
    }
}

/// The prefixes of one requester with its lookups of each, in memory that is used for one requester
/// after another.
#[derive(Default)]
pub struct OwnPrefixes {
    /// Prefixes ascending.
    own: Vec<(u64, i64)>,
    of_rows: Vec<u64>,
}

impl OwnPrefixes {
    fn count(&mut self, prefix: Prefix, number: u64, pairs: &[Pair]) {
        let Self { own, of_rows } = self;
        own.clear();
        if prefix.of == PrefixOf::Requester {
            own.extend(prefix.of(number).map(|prefix| (prefix, lookups(pairs))));
            return;
        }
        of_rows.clear();
        of_rows.reserve(pairs.len());
        for pair in pairs {
            // A number that is too short for a prefix has none.
            if let Some(prefix) = prefix.of(pair.target) {
                of_rows.push(prefix);
            }
        }
        of_rows.sort_unstable();
        let same = of_rows.chunk_by(|left, right| left == right);
        own.extend(same.map(|same| (same[0], lookups(same))));
    }
}

fn lookups<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
