//! How often each value of a key occurs.

use serde::Serialize;

use crate::phone::CallingCodes;
use crate::plan::Layout;
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::number::{Grid, Steps};

/// A key with the lookups of its values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeySeen {
    /// The key's name, or what a number is read for.
    #[serde(rename = "key")]
    pub name: String,
    /// The column that a number is read from; `None` for other keys.
    pub number: Option<String>,
    /// Whether the owner listed the values, so that one that is never seen is reported.
    #[serde(skip)]
    pub is_listed: bool,
    /// The values that occur, the commonest first; nothing for a number.
    pub values: Vec<ValueSeen>,
    /// The values that no lookup has, of those that the owner listed.
    #[serde(rename = "never_seen")]
    pub unseen: Vec<String>,
    /// Lookups whose value is on no list, or no number.
    pub other: u64,
    /// For a number how many lie on each side of its range; `None` for other keys.
    pub range: Option<RangeSeen>,
}

/// A range with the lookups whose number lies below, inside and above it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RangeSeen {
    /// The lower end of the range.
    pub low: f64,
    /// The upper end of the range.
    pub high: f64,
    /// Lookups below it, which count as its lower end.
    pub below: u64,
    /// Lookups inside, ends included.
    pub inside: u64,
    /// Lookups above it, which count as its upper end.
    pub above: u64,
    /// Lookups with what is a number with the other decimal mark alone, which count as no number.
    pub otherwise_written: u64,
}

/// The keys as `check` reads them. A number is read as the side of its range on which it lies, once
/// for each range of a column, however many questions ask for it.
pub fn keys_of(layout: &Layout) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for key in layout.keys() {
        let Some(grid) = key.grid() else {
            keys.push(key.clone());
            continue;
        };
        let grid = grid.with_steps(Steps::Sides);
        if !keys.iter().any(|key| key.grid() == Some(&grid)) {
            keys.push(Key::number(key.name().to_owned(), grid));
        }
    }
    keys
}

/// A value with its lookups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueSeen {
    /// The value, as the public list has it.
    pub value: String,
    /// How many lookups have it.
    pub lookups: u64,
}

/// The keys that have positions, with the lookups of each position.
pub(super) fn seen(keys: &[Key], counts: &[Vec<u64>]) -> Vec<KeySeen> {
    let with_positions = keys.iter().zip(counts).filter(|(key, _)| !key.is_hour());
    with_positions.map(|(key, counts)| one(key, counts)).collect()
}

fn one(key: &Key, counts: &[u64]) -> KeySeen {
    let fallback = usize::from(key.fallback());
    let is_built_in = match key.source() {
        KeySource::Route => true,
        KeySource::TargetCountry | KeySource::RequesterCountry => {
            key.values().len() >= CallingCodes::shipped().countries().len()
        }
        _ => false,
    };
    let listed = || {
        let values = key.values().iter().zip(counts).enumerate();
        values.filter(|(place, _)| *place != fallback).map(|(_, value)| value)
    };
    let mut values: Vec<ValueSeen> = listed()
        .filter(|(_, lookups)| **lookups > 0)
        .map(|(value, lookups)| ValueSeen { value: value.clone(), lookups: *lookups })
        .collect();
    values.sort_by_key(|seen| std::cmp::Reverse(seen.lookups));
    let range = key.grid().map(|grid| range(grid, counts));
    let is_listed = !is_built_in && key.grid().is_none();
    let unseen = listed().filter(|(_, lookups)| is_listed && **lookups == 0);
    KeySeen {
        name: key.name().to_owned(),
        number: key.grid().map(|grid| grid.column().to_owned()),
        is_listed,
        values,
        unseen: unseen.map(|(value, _)| value.clone()).collect(),
        other: counts.get(fallback).copied().unwrap_or(0)
            + range.as_ref().map_or(0, |range| range.otherwise_written),
        range,
    }
}

fn range(grid: &Grid, counts: &[u64]) -> RangeSeen {
    let (low, high) = grid.range();
    let at = |position: usize| counts.get(position).copied().unwrap_or(0);
    let otherwise = grid.otherwise_written().map_or(0, |position| at(usize::from(position)));
    RangeSeen { low, high, below: at(0), inside: at(1), above: at(2), otherwise_written: otherwise }
}
