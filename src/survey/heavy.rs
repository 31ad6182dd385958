//! Single requesters that make a large part of the lookups of a value, found in memory that does not grow with
//! the logs.

use crate::release_file::keys::Key;

/// How many requesters are remembered for each value. The count of each is never too high, and too
/// low by at most one in this many of the value's lookups.
const MOST: usize = 40;
/// One requester is reported from this part of a value's lookups on: one in this many.
const MUCH: u64 = 10;
/// A value with fewer lookups is mostly hidden by noise in any case.
const FEWEST: u64 = 1_000;

/// A value of which one requester makes a considerable part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeavySeen {
    /// The key; `None` for all lookups.
    pub key: Option<String>,
    /// The value; `None` for all lookups.
    pub value: Option<String>,
    /// How many lookups there are.
    pub lookups: u64,
    /// How many of them one requester makes at least.
    pub by_one: u64,
}

/// The requesters with the most lookups, by the method of Misra and Gries: when there is no room for another one, each
/// loses one lookup.
#[derive(Default)]
pub(super) struct Heaviest {
    requesters: Vec<(u64, u64)>,
    lookups: u64,
}

impl Heaviest {
    pub(super) fn add(&mut self, requester: u64) {
        self.lookups += 1;
        if let Some((_, lookups)) =
            self.requesters.iter_mut().find(|(known, _)| *known == requester)
        {
            *lookups += 1;
        } else if self.requesters.len() < MOST {
            self.requesters.push((requester, 1));
        } else {
            self.lose(1);
        }
    }

    pub(super) fn merge(mut self, other: Self) -> Self {
        self.lookups += other.lookups;
        for (requester, more) in other.requesters {
            match self.requesters.iter_mut().find(|(known, _)| *known == requester) {
                Some((_, lookups)) => *lookups += more,
                None => self.requesters.push((requester, more)),
            }
        }
        self.requesters.sort_unstable_by_key(|(_, lookups)| std::cmp::Reverse(*lookups));
        if let Some((_, lookups)) = self.requesters.get(MOST) {
            let lookups = *lookups;
            self.lose(lookups);
        }
        self
    }

    fn lose(&mut self, lost: u64) {
        self.requesters.retain_mut(|(_, lookups)| {
            *lookups = lookups.saturating_sub(lost);
            *lookups > 0
        });
    }

    /// What is reported of one value; `None` if no requester stands out.
    fn seen(&self, key: Option<&str>, value: Option<&str>) -> Option<HeavySeen> {
        let by_one = self.requesters.iter().map(|(_, lookups)| *lookups).max()?;
        let is_much = self.lookups >= FEWEST && by_one.saturating_mul(MUCH) >= self.lookups;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let lookups = self.lookups;
        is_much.then(|| HeavySeen { key: owned(key), value: owned(value), lookups, by_one })
    }
}

/// The values of which one requester makes a considerable part, those with the largest parts first.
pub(super) fn seen(all: &Heaviest, keys: &[Key], heaviest: &[Vec<Heaviest>]) -> Vec<HeavySeen> {
    let mut seen: Vec<HeavySeen> = all.seen(None, None).into_iter().collect();
    for (key, heaviest) in keys.iter().zip(heaviest) {
        let values = key.values().iter().zip(heaviest);
        let mut of_key: Vec<HeavySeen> =
            values.filter_map(|(value, one)| one.seen(Some(key.name()), Some(value))).collect();
        of_key.sort_by_key(|one| std::cmp::Reverse(one.by_one * 1_000 / one.lookups.max(1)));
        seen.extend(of_key);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of many requesters once, and number 0 in every `one_in`th lookup.
    fn lookups(one_in: u64, from: u64, to: u64) -> Heaviest {
        let mut heaviest = Heaviest::default();
        (from..to).for_each(|place| heaviest.add(if place % one_in == 0 { 0 } else { place }));
        heaviest
    }

    #[test]
    fn one_requester_with_a_large_part_is_found_among_many() {
        let found = |heaviest: Heaviest| heaviest.seen(None, None).map(|seen| seen.by_one);
        for one_in in [2, 7] {
            let parts = lookups(one_in, 1, 20_000).merge(lookups(one_in, 20_000, 50_000));
            for heaviest in [parts, lookups(one_in, 1, 50_000)] {
                let by_one = found(heaviest).expect("a finding");
                let truth = 49_999 / one_in;
                assert!(by_one <= truth && by_one + 50_000 / 40 >= truth, "{by_one} {truth}");
            }
        }
        assert_eq!(found(lookups(20, 1, 50_000)), None);
        assert_eq!(found(lookups(2, 1, 1_000)), None);
    }
}
