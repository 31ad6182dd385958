//! One partition's rows → bounded contributions to private prefixes, which no list holds beforehand.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::ball::{CellAmount, scale_into_ball};
use super::pairs::{Pair, PartitionedRows, RowsBuffer};
use crate::Result;
use crate::plan::MOST_KEYS_OF_ONE;
use crate::release_file::lattice::{Clip, LATTICE_ONE};
use crate::release_file::prefix::{Prefix, PrefixOf};

/// Bounds requesters by private prefixes, with buffers that are used for one partition after another.
#[derive(Default)]
pub struct PrefixBounder {
    buffer: RowsBuffer,
    /// The prefixes of one requester with its lookups of each, ascending.
    own: Vec<(u64, i64)>,
    prefixes: Vec<u64>,
}

impl PrefixBounder {
    /// Spreads one whole over each requester's prefixes that are not found yet and hands each
    /// contribution on as (prefix, steps).
    ///
    /// # Privacy
    /// A requester's contributions have an L2 norm of at most one, over at most [`MOST_KEYS_OF_ONE`]
    /// prefixes, all of them alike: those it has the most lookups for, the smaller prefix first among
    /// equals. Nothing depends on another requester's rows.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn weights(
        &mut self,
        day: &PartitionedRows<'_>,
        partition: usize,
        prefix: Prefix,
        found: &BTreeSet<u64>,
        add: &mut impl FnMut(u64, i64),
    ) -> Result<()> {
        // What each prefix gets, by how many the requester has.
        let weights: [i64; MOST_KEYS_OF_ONE + 1] = std::array::from_fn(|count| {
            (LATTICE_ONE * LATTICE_ONE / count.max(1) as u64).isqrt().cast_signed()
        });
        let found: HashSet<u64, foldhash::fast::RandomState> = found.iter().copied().collect();
        let Self { buffer, own, prefixes } = self;
        buffer.of_each_requester(day, partition, |(number, _), pairs| {
            count(number, pairs, prefix, prefixes, own);
            if !found.is_empty() {
                own.retain(|(prefix, _)| !found.contains(prefix));
            }
            if own.len() > MOST_KEYS_OF_ONE {
                own.sort_unstable_by_key(|(prefix, lookups)| (-lookups, *prefix));
                own.truncate(MOST_KEYS_OF_ONE);
            }
            let weight = weights[own.len()];
            own.iter().for_each(|(prefix, _)| add(*prefix, weight));
            Ok(())
        })
    }

    /// Counts each requester's lookups by the prefixes of `places`, the rest in the place behind
    /// them, scales them into the ball, and hands each contribution on as (place, steps).
    ///
    /// # Privacy
    /// A requester's contributions have an L2 norm of at most the clip; see [`scale_into_ball`].
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn counts(
        &mut self,
        day: &PartitionedRows<'_>,
        partition: usize,
        prefix: Prefix,
        places: &HashMap<u64, u32>,
        clip: Clip,
        add: &mut impl FnMut(u32, i64),
    ) -> Result<()> {
        let rest = u32::try_from(places.len()).unwrap_or(u32::MAX);
        let amount = |cell: u32, lookups: i64| CellAmount {
            cell,
            steps: lookups.saturating_mul(LATTICE_ONE.cast_signed()),
        };
        let mut vector = Vec::new();
        let Self { buffer, own, prefixes } = self;
        buffer.of_each_requester(day, partition, |(number, _), pairs| {
            count(number, pairs, prefix, prefixes, own);
            vector.clear();
            let mut others = lookups(pairs);
            for (prefix, lookups) in own.iter() {
                if let Some(place) = places.get(prefix) {
                    vector.push(amount(*place, *lookups));
                    others -= lookups;
                }
            }
            if others > 0 {
                vector.push(amount(rest, others));
            }
            scale_into_ball(&vector, clip, &mut *add);
            Ok(())
        })
    }
}

/// Fills `own` with the prefixes of one requester's rows and how many rows have each, ascending;
/// `prefixes` is a buffer.
fn count(
    number: u64,
    pairs: &[Pair],
    prefix: Prefix,
    prefixes: &mut Vec<u64>,
    own: &mut Vec<(u64, i64)>,
) {
    own.clear();
    if prefix.of == PrefixOf::Requester {
        own.extend(prefix.of(number).map(|prefix| (prefix, lookups(pairs))));
        return;
    }
    prefixes.clear();
    prefixes.reserve(pairs.len());
    for pair in pairs {
        // A number that is too short for a prefix has none.
        if let Some(prefix) = prefix.of(pair.target) {
            prefixes.push(prefix);
        }
    }
    prefixes.sort_unstable();
    let same = prefixes.chunk_by(|left, right| left == right);
    own.extend(same.map(|same| (same[0], lookups(same))));
}

fn lookups<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
