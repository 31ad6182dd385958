//! What one thread adds up while it reads.

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::distinct::{Distinct, FEWER, MOST, People};
use super::heavy::Heaviest;
use crate::ingest::{Identifiers, Lookups};
use crate::release_file::day::{Day, MICROS_PER_QUARTER};
use crate::release_file::keys::Key;

/// Sums over lookups.
pub(super) struct Counts {
    /// Lookups by quarter of an hour since 1970 in UTC.
    pub(super) quarters: HashMap<i64, u64, foldhash::fast::RandomState>,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) requesters: Distinct,
    pub(super) targets: Distinct,
    /// Requesters, each once for each day on which it asks.
    pub(super) requester_days: Distinct,
    /// Lookups by position, for each key.
    pub(super) keys: Vec<Vec<u64>>,
    /// The requesters with the most lookups.
    pub(super) heaviest: Heaviest,
    /// The same for each key and value; nothing for numbers.
    pub(super) heaviest_of: Vec<Vec<Heaviest>>,
    days: Days,
}

/// The day of each quarter of an hour in the zone of the ledger, looked up once.
struct Days {
    zone: TimeZone,
    known: HashMap<i64, Option<Day>, foldhash::fast::RandomState>,
    /// Neighbouring rows are mostly of the same quarter.
    last: Option<(i64, Option<Day>)>,
}

impl Days {
    fn of(&mut self, instant: i64) -> Option<Day> {
        let quarter = instant.div_euclid(MICROS_PER_QUARTER);
        if let Some((_, day)) = self.last.filter(|(last, _)| *last == quarter) {
            return day;
        }
        let zone = &self.zone;
        let day = *self.known.entry(quarter).or_insert_with(|| {
            let instant = Timestamp::from_microsecond(quarter * MICROS_PER_QUARTER).ok()?;
            Some(Day::new(zone.to_datetime(instant).date()))
        });
        self.last = Some((quarter, day));
        day
    }
}

impl Counts {
    pub(super) fn new(keys: &[Key], zone: &TimeZone) -> Self {
        let sizes = keys.iter().map(|key| usize::try_from(key.size()).unwrap_or(0));
        let values = |key: &Key| key.values().iter().map(|_| Heaviest::default()).collect();
        Self {
            quarters: HashMap::default(),
            first: i64::MAX,
            last: i64::MIN,
            requesters: Distinct::new(MOST),
            targets: Distinct::new(MOST),
            requester_days: Distinct::new(FEWER),
            keys: sizes.map(|size| vec![0; size]).collect(),
            days: Days { zone: zone.clone(), known: HashMap::default(), last: None },
            heaviest: Heaviest::default(),
            heaviest_of: keys.iter().map(values).collect(),
        }
    }

    pub(super) fn add(&mut self, lookups: &Lookups, hasher: &foldhash::quality::RandomState) {
        let rows = lookups.readable.iter().enumerate();
        let readable = || rows.clone().filter(|(_, readable)| **readable).map(|(row, _)| row);
        // Neighbouring rows are mostly of the same quarter.
        let (mut quarter, mut same) = (i64::MIN, 0);
        for row in readable() {
            let instant = lookups.requested_at[row];
            self.first = self.first.min(instant);
            self.last = self.last.max(instant);
            let this = instant.div_euclid(MICROS_PER_QUARTER);
            if this != quarter {
                self.count(quarter, same);
                (quarter, same) = (this, 0);
            }
            same += 1;
        }
        self.count(quarter, same);
        for (counts, positions) in self.keys.iter_mut().zip(&lookups.keys) {
            // The hours have no positions.
            if positions.is_empty() {
                continue;
            }
            for row in readable() {
                if let Some(count) = counts.get_mut(usize::from(positions[row])) {
                    *count += 1;
                }
            }
        }
        match &lookups.requester {
            Identifiers::Numbers(numbers) => self.count_heaviest(lookups, |row| numbers[row]),
            Identifiers::Names(names) => {
                self.count_heaviest(lookups, |row| hasher.hash_one(names.value(row)));
            }
        }
        for row in readable() {
            let day = self.days.of(lookups.requested_at[row]);
            match &lookups.requester {
                Identifiers::Numbers(numbers) => {
                    self.requester_days.add((numbers[row], day), hasher);
                }
                Identifiers::Names(names) => {
                    self.requester_days.add((names.value(row), day), hasher);
                }
            }
        }
        let people =
            [(&lookups.requester, &mut self.requesters), (&lookups.target, &mut self.targets)];
        for (identifiers, distinct) in people {
            match identifiers {
                Identifiers::Numbers(numbers) => {
                    readable().for_each(|row| distinct.add(numbers[row], hasher));
                }
                Identifiers::Names(names) => {
                    readable().for_each(|row| distinct.add(names.value(row), hasher));
                }
            }
        }
    }

    fn count_heaviest(&mut self, lookups: &Lookups, requester: impl Fn(usize) -> u64) {
        let rows = lookups.readable.iter().enumerate();
        for row in rows.filter(|(_, readable)| **readable).map(|(row, _)| row) {
            let requester = requester(row);
            self.heaviest.add(requester);
            for (heaviest, positions) in self.heaviest_of.iter_mut().zip(&lookups.keys) {
                let position = positions.get(row).map(|position| usize::from(*position));
                if let Some(of_value) = position.and_then(|place| heaviest.get_mut(place)) {
                    of_value.add(requester);
                }
            }
        }
    }

    pub(super) fn merge(mut self, other: Self) -> Self {
        other.quarters.into_iter().for_each(|(quarter, lookups)| self.count(quarter, lookups));
        for (counts, more) in self.keys.iter_mut().zip(other.keys) {
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        let of_key = |(one, other): (Vec<Heaviest>, Vec<Heaviest>)| {
            one.into_iter().zip(other).map(|(one, other)| one.merge(other)).collect()
        };
        Self {
            heaviest: self.heaviest.merge(other.heaviest),
            heaviest_of: self.heaviest_of.into_iter().zip(other.heaviest_of).map(of_key).collect(),
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            requesters: self.requesters.merge(other.requesters),
            targets: self.targets.merge(other.targets),
            requester_days: self.requester_days.merge(other.requester_days),
            ..self
        }
    }

    /// How many requesters ask on a day, on average over the days with lookups.
    pub(super) fn requesters_a_day(&mut self) -> People {
        let days: BTreeSet<Option<Day>> = self
            .quarters
            .keys()
            .map(|quarter| self.days.of(quarter * MICROS_PER_QUARTER))
            .collect();
        let (asked, days) = (self.requester_days.people(), days.len() as u64);
        People { count: (asked.count + days / 2) / days.max(1), ..asked }
    }

    fn count(&mut self, quarter: i64, lookups: u64) {
        if lookups > 0 {
            *self.quarters.entry(quarter).or_default() += lookups;
        }
    }
}
