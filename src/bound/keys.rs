//! One partition's rows → bounded contributions to private keys, which no list holds beforehand.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::ball::{Entry, scale_into_ball};
use super::pairs::{DayPairs, Pair, Pairs};
use crate::Result;
use crate::plan::MOST_KEYS_OF_ONE;
use crate::spec::lattice::{Clip, LATTICE_ONE};
use crate::spec::prefix::{Prefix, PrefixOf};

/// Bounds units by private keys, with room that is used for one after another.
#[derive(Default)]
pub struct KeyBounder {
    pairs: Pairs,
    own: Vec<(u64, i64)>,
    keys: Vec<u64>,
}

impl KeyBounder {
    /// Spreads one whole over each unit's keys that are not found yet and hands each contribution on
    /// as (key, units).
    ///
    /// # Privacy
    /// A unit's contributions have an L2 norm of at most one, in units of 2^-16, over at most
    /// [`MOST_KEYS_OF_ONE`] keys, all of them alike: those it has the most lookups for, the smaller
    /// key first among equals. Nothing depends on another unit's rows.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn weights(
        &mut self,
        day: &DayPairs<'_>,
        partition: usize,
        prefix: Prefix,
        found: &BTreeSet<u64>,
        add: &mut impl FnMut(u64, i64),
    ) -> Result<()> {
        // What each of so many keys gets.
        let weights: [i64; MOST_KEYS_OF_ONE + 1] = std::array::from_fn(|keys| {
            (LATTICE_ONE * LATTICE_ONE / keys.max(1) as u64).isqrt().cast_signed()
        });
        let found: HashSet<u64, foldhash::fast::RandomState> = found.iter().copied().collect();
        let (own, keys) = (&mut self.own, &mut self.keys);
        self.pairs.of_each_unit(day, partition, |(number, _), unit| {
            count(number, unit, prefix, keys, own);
            if !found.is_empty() {
                own.retain(|(key, _)| !found.contains(key));
            }
            if own.len() > MOST_KEYS_OF_ONE {
                own.sort_unstable_by_key(|(key, lookups)| (-lookups, *key));
                own.truncate(MOST_KEYS_OF_ONE);
            }
            let weight = weights[own.len()];
            own.iter().for_each(|(key, _)| add(*key, weight));
            Ok(())
        })
    }

    /// Counts each unit's lookups by the keys of `places`, the rest in the place behind them, scales
    /// them into the ball, and hands each contribution on as (place, units).
    ///
    /// # Privacy
    /// A unit's contributions have an L2 norm of at most the clip; see [`scale_into_ball`].
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn counts(
        &mut self,
        day: &DayPairs<'_>,
        partition: usize,
        prefix: Prefix,
        places: &HashMap<u64, u32>,
        clip: Clip,
        add: &mut impl FnMut(u32, i64),
    ) -> Result<()> {
        let rest = u32::try_from(places.len()).unwrap_or(u32::MAX);
        let entry = |cell: u32, lookups: i64| Entry {
            cell,
            units: lookups.saturating_mul(LATTICE_ONE.cast_signed()),
        };
        let mut entries = Vec::new();
        let (own, keys) = (&mut self.own, &mut self.keys);
        self.pairs.of_each_unit(day, partition, |(number, _), unit| {
            count(number, unit, prefix, keys, own);
            entries.clear();
            let mut others = lookups(unit);
            for (key, lookups) in own.iter() {
                if let Some(place) = places.get(key) {
                    entries.push(entry(*place, *lookups));
                    others -= lookups;
                }
            }
            if others > 0 {
                entries.push(entry(rest, others));
            }
            scale_into_ball(&entries, clip, &mut *add);
            Ok(())
        })
    }
}

/// Fills `own` with how many of a unit's rows have each key, ascending; `keys` is room for work.
fn count(
    number: u64,
    unit: &[Pair],
    prefix: Prefix,
    keys: &mut Vec<u64>,
    own: &mut Vec<(u64, i64)>,
) {
    own.clear();
    if prefix.of == PrefixOf::Requester {
        own.extend(prefix.of(number).map(|key| (key, lookups(unit))));
        return;
    }
    keys.clear();
    keys.reserve(unit.len());
    for pair in unit {
        // A number that is too short for a prefix has no key.
        if let Some(key) = prefix.of(pair.target) {
            keys.push(key);
        }
    }
    keys.sort_unstable();
    own.extend(keys.chunk_by(|left, right| left == right).map(|same| (same[0], lookups(same))));
}

fn lookups<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
