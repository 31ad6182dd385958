//! Values of keys that are on no list, for the owner of the logs.
//!
//! They are counted, and none is kept, unless it differs from a spelling of the release file in capitals or
//! blanks alone. One is shown only if many requesters have it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow_array::Array;

use super::raw_batch::RawBatch;
use super::wanted::Wanted;
use crate::Result;
use crate::release_file::columns::Made;
use crate::release_file::keys::{Key, KeySource, ROUTE_WORDS, UNKNOWN};

/// How many requesters a spelling needs to be shown; no more are remembered.
const MANY: usize = 20;
/// How many spellings of one key are remembered.
const MOST: usize = 50;

/// What was seen of one key. Secret.
#[derive(Debug, Clone, Default)]
pub struct Unlisted {
    lookups: u64,
    /// By the spelling of the release file and that of the logs.
    alike: BTreeMap<(String, String), Alike>,
}

#[derive(Debug, Clone, Default)]
struct Alike {
    lookups: u64,
    requesters: HashSet<u64>,
}

impl Unlisted {
    /// How many lookups have a value that is on no list.
    pub const fn lookups(&self) -> u64 {
        self.lookups
    }

    /// Spellings of the release file, each with one of the logs that differs in capitals or blanks alone
    /// and that many requesters have, and with the lookups of that.
    pub fn alike(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        let shown = self.alike.iter().filter(|(_, alike)| alike.requesters.len() >= MANY);
        shown.map(|((listed, seen), alike)| (listed.as_str(), seen.as_str(), alike.lookups))
    }

    fn count(&mut self, value: &str, listed: Option<&String>, requester: u64) {
        self.lookups += 1;
        let Some(listed) = listed else { return };
        let spelling = (listed.clone(), value.to_owned());
        if self.alike.len() >= MOST && !self.alike.contains_key(&spelling) {
            return;
        }
        let alike = self.alike.entry(spelling).or_default();
        alike.lookups += 1;
        if alike.requesters.len() < MANY {
            alike.requesters.insert(requester);
        }
    }
}

/// The rows of a batch as they were read.
pub(super) struct ReadRows<'a> {
    pub(super) keys: &'a [Key],
    /// For each key the positions of its values.
    pub(super) positions: &'a [Vec<u16>],
    pub(super) readable: &'a [bool],
    /// A number that stands for the requester of a row.
    pub(super) requester: &'a dyn Fn(usize) -> u64,
}

/// Adds what a batch has of each key, by its name.
pub(super) fn add(
    seen: &mut BTreeMap<String, Unlisted>,
    raw: &RawBatch,
    wanted: &Wanted,
    read: &ReadRows<'_>,
) -> Result<()> {
    for ((key, place), positions) in read.keys.iter().zip(&wanted.keys).zip(read.positions) {
        let Some(place) = *place else { continue };
        let made = wanted.derived.iter().find(|derived| derived.place == place);
        let source = made.and_then(|derived| derived.parts.first().copied()).unwrap_or(place);
        let rows = read.readable.iter().zip(positions).enumerate();
        let mut rows = rows
            .filter(|(_, (readable, position))| **readable && **position == key.fallback())
            .map(|(row, _)| row)
            .peekable();
        let Some(known) = Known::of(key, made.map(|derived| &derived.made)) else { continue };
        if rows.peek().is_none() || raw.column(source).is_none() {
            continue;
        }
        let values = raw.values(raw.column(source))?;
        let of_key = seen.entry(key.name().to_owned()).or_default();
        for row in rows.filter(|row| values.is_valid(*row)) {
            let Ok(value) = std::str::from_utf8(values.value(row)) else { continue };
            if !value.is_empty() && !known.has(value) {
                of_key.count(value, known.folded.get(&folded(value)), (read.requester)(row));
            }
        }
    }
    Ok(())
}

/// The spellings that a release file has for the values of a key.
struct Known {
    exact: BTreeSet<String>,
    /// The same by what they are without capitals and blanks around them.
    folded: BTreeMap<String, String>,
    /// Whether words count in any capitals.
    is_folded: bool,
}

impl Known {
    /// `None` for what has no list of texts.
    fn of(key: &Key, made: Option<&Made>) -> Option<Self> {
        let (exact, is_folded): (BTreeSet<String>, bool) = match (key.source(), made) {
            (_, Some(Made::Mapped(_, map))) => (map.keys().cloned().collect(), false),
            (_, Some(_)) => return None,
            (KeySource::Route, None) => {
                let words = ROUTE_WORDS.iter().flat_map(|(_, words)| words).chain([&UNKNOWN]);
                (words.map(|word| (*word).to_owned()).collect(), true)
            }
            (KeySource::App | KeySource::Column(_), None) => {
                (key.values().iter().cloned().collect(), false)
            }
            _ => return None,
        };
        let spellings = exact.iter().map(|listed| (folded(listed), listed.clone()));
        let folded = if is_folded { BTreeMap::new() } else { spellings.collect() };
        Some(Self { exact, folded, is_folded })
    }

    fn has(&self, value: &str) -> bool {
        if self.is_folded {
            self.exact.contains(&folded(value))
        } else {
            self.exact.contains(value)
        }
    }
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_is_shown_only_if_many_requesters_have_it() {
        let listed = "Sms".to_owned();
        for (requesters, shown) in [(MANY as u64 - 1, 0), (MANY as u64, 1)] {
            let mut unlisted = Unlisted::default();
            for lookup in 0..1_000 {
                unlisted.count("SMS", Some(&listed), lookup % requesters);
                unlisted.count("alice", None, lookup);
            }
            assert_eq!(unlisted.lookups(), 2_000);
            let alike: Vec<_> = unlisted.alike().collect();
            assert_eq!(alike, vec![("Sms", "SMS", 1_000); shown]);
        }
    }
}
