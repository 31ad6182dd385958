//! The countries that are asked about most.

use std::collections::{BTreeMap, HashSet};

use super::column::Column;
use super::people::{Names, People};
use crate::phone::{CallingCodes, CountryIndex, Normaliser};

/// The most countries, and the least part of the rows that each must have: one in this many. The
/// noise would hide rarer ones.
const MOST: usize = 12;
const ONE_IN: usize = 100;
/// How many rows a country must have to be listed, of more than one requester.
const ROWS: usize = 5;

/// The countries of targets that several requesters ask about, sorted by name; nothing without numbers.
pub(super) fn countries_of(columns: &[Column<'_>], people: &People, names: &Names) -> Vec<String> {
    if !names.are_numbers() {
        return Vec::new();
    }
    let Ok(mut normaliser) = Normaliser::new(names.region()) else { return Vec::new() };
    let values = |place: usize| columns[place].sample.values().iter();
    let mut seen: BTreeMap<CountryIndex, (usize, HashSet<&String>)> = BTreeMap::new();
    let mut read = 0;
    for (requester, target) in values(people.requester).zip(values(people.target)) {
        let (Some(requester), Some(target)) = (requester, target) else { continue };
        let Some((_, country)) = normaliser.number(target.as_bytes()) else { continue };
        read += 1;
        if let Some(country) = country {
            let (rows, requesters) = seen.entry(country).or_default();
            *rows += 1;
            requesters.insert(requester);
        }
    }
    let is_common = |rows: usize| rows >= ROWS && rows * ONE_IN >= read;
    let mut common: Vec<(usize, &str)> = seen
        .into_iter()
        .filter(|(_, (rows, requesters))| is_common(*rows) && requesters.len() > 1)
        .map(|(country, (rows, _))| (rows, CallingCodes::shipped().name(country)))
        .collect();
    common.sort_unstable_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(right.1)));
    common.truncate(MOST);
    let mut names: Vec<String> = common.into_iter().map(|(_, name)| name.to_owned()).collect();
    names.sort_unstable();
    names
}
