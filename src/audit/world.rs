//! Days that are made up in memory, and what the program's own stages make of them.

use std::time::{Duration, Instant};

use arrow_array::StringViewArray;
use fastrand::Rng;

use crate::engine::DayRows;
use crate::ingest::{Identifiers, Lookups};
use crate::pipeline::planned;
use crate::plan::kinds::CLASSES;
use crate::plan::{ClassNumbers, FoundPrefixes, Plan, Split};
use crate::release::PricedTable;
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds, MICROS_PER_HOUR};
use crate::release_file::keys::Key;
use crate::release_file::logs::Identifier;
use crate::release_file::question::Question;
use crate::{Error, Result};

/// The day of all tests that need one day alone.
const DAY: &str = "2025-06-04";
/// Made-up numbers have eleven digits; these are their first ones.
const REQUESTERS: u64 = 21_000_000_000;
const TARGETS: u64 = 35_000_000_000;

/// One made-up lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) requester: u64,
    pub(super) target: u64,
    pub(super) micros: i64,
    /// A position in the list of each key of the layout; those of hours mean nothing.
    pub(super) keys: Vec<u16>,
}

/// The release under audit, and a made-up day of it.
pub(super) struct World<'a> {
    pub(super) release_file: &'a ReleaseFile,
    pub(super) split: &'a Split,
    pub(super) bounds: DayBounds,
    /// The plan of the look.
    pub(super) first: Plan,
    /// How long an audit may take.
    pub(super) effort: Duration,
}

/// A plan with the mechanism of each of its tables.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) priced: Vec<PricedTable>,
}

impl<'a> World<'a> {
    /// The world of a release that may spend this much.
    pub(super) fn new(
        release_file: &'a ReleaseFile,
        split: &'a Split,
        effort: Duration,
    ) -> Result<Self> {
        let day: Day = DAY.parse()?;
        let bounds = DayBounds::new(day, &release_file.ledger.time_zone)?;
        let first = Plan::of_look(release_file, split)?;
        Ok(Self { release_file, split, bounds, first, effort })
    }

    /// Whether only little is to be done: enough to find what is wrong at all.
    pub(super) const fn is_short(&self) -> bool {
        self.effort.as_secs() < 5
    }

    /// The end of a part of the effort that begins now.
    pub(super) fn deadline(&self, part: f64) -> Instant {
        Instant::now() + self.effort.mul_f64(part)
    }

    /// The look with its mechanism.
    pub(super) fn look(&self) -> Result<Planned> {
        let plan = self.first.clone();
        let priced = plan.tables.iter().cloned().map(PricedTable::new).collect::<Result<_>>()?;
        Ok(Planned { plan, priced })
    }

    /// The plans that follow from looks at days of several sizes, and from some that no day has.
    pub(super) fn plans(&self) -> Result<Vec<Planned>> {
        const LOOKS: [ClassNumbers; 4] = [
            [178.0, 25.0, 3.7, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [607_360.0, 91_004.0, 9_620.0, 1_058.0, 171.0, 12.0, 0.1, 0.0, 0.0, 0.0],
            [1e9; CLASSES],
            [2e3, 3e2, 5e2, 1e5, 0.0, 1e5, 0.0, 1e5, 0.0, 1e5],
        ];
        let found = self.found();
        LOOKS.iter().map(|numbers| self.planned(numbers, &found)).collect()
    }

    /// Private prefixes that some made-up people have.
    fn found(&self) -> FoundPrefixes {
        let numbers = [Self::requester(0), Self::target(0), Self::target(6_000_000_000)];
        let questions = self.release_file.questions.iter();
        let of_question = |question: &Question| {
            let prefix = question.measure.prefix()?;
            let prefixes = numbers.iter().filter_map(|number| prefix.of(*number)).collect();
            Some((question.name.clone(), prefixes))
        };
        questions.filter_map(of_question).collect()
    }

    /// The plan that follows from a look.
    pub(super) fn planned(&self, numbers: &ClassNumbers, found: &FoundPrefixes) -> Result<Planned> {
        let (plan, priced) = planned(self.release_file, self.split, numbers, found)?;
        Ok(Planned { plan, priced })
    }

    /// The keys of the layout.
    pub(super) fn keys(&self) -> &[Key] {
        self.first.layout.keys()
    }

    /// An ordinary requester of this number.
    pub(super) const fn requester(number: u64) -> u64 {
        REQUESTERS + number
    }

    /// A target of this number, which no list exempts.
    pub(super) const fn target(number: u64) -> u64 {
        TARGETS + number
    }

    /// An instant of the day.
    pub(super) fn instant(&self, hour: i64) -> i64 {
        self.bounds.start_micros() + hour.rem_euclid(23) * MICROS_PER_HOUR + MICROS_PER_HOUR / 2
    }

    /// A lookup with any values.
    pub(super) fn any_row(&self, requester: u64, target: u64, search: &mut Rng) -> Row {
        let position = |key: &Key, search: &mut Rng| place(search.u64(..key.size()));
        let keys = self.keys().iter().map(|key| position(key, search)).collect();
        let hour = i64::try_from(search.u64(..23)).unwrap_or(0);
        Row { requester, target, micros: self.instant(hour), keys }
    }

    /// The lookup whose values are the digits of `number`: rows of successive numbers go through all
    /// combinations.
    pub(super) fn row_of(&self, requester: u64, target: u64, mut number: u64) -> Row {
        let hour = i64::try_from(number % 23).unwrap_or(0);
        let digit = |key: &Key| {
            let position = number % key.size();
            if !key.is_hour() {
                number /= key.size();
            }
            place(position)
        };
        let keys = self.keys().iter().map(digit).collect();
        Row { requester, target, micros: self.instant(hour), keys }
    }

    /// A lookup with values that are on no list.
    pub(super) fn unlisted_row(&self, requester: u64, target: u64) -> Row {
        let keys = self.keys().iter().map(Key::fallback).collect();
        Row { requester, target, micros: self.instant(0), keys }
    }

    /// Some ordinary requesters, each with one to eight lookups and now and then more.
    pub(super) fn crowd(&self, requesters: u64) -> Vec<Row> {
        let mut search = Rng::with_seed(requesters);
        let mut rows = Vec::new();
        for requester in 0..requesters {
            let lookups = 1 + if requester % 50 == 7 { search.u64(..150) } else { search.u64(..8) };
            for _ in 0..lookups {
                let target = Self::target(search.u64(..1 + requesters / 2));
                rows.push(self.any_row(Self::requester(requester), target, &mut search));
            }
        }
        rows
    }

    /// Rows as the stage that reads logs hands them on.
    pub(super) fn batch(&self, rows: &[Row]) -> Lookups {
        let of_key = |(place, key): (usize, &Key)| match key.is_hour() {
            true => Vec::new(),
            false => rows.iter().map(|row| row.keys[place]).collect(),
        };
        Lookups {
            requester: self.identifiers(rows.iter().map(|row| row.requester)),
            target: self.identifiers(rows.iter().map(|row| row.target)),
            requested_at: rows.iter().map(|row| row.micros).collect(),
            keys: self.keys().iter().enumerate().map(of_key).collect(),
            readable: vec![true; rows.len()],
        }
    }

    fn identifiers(&self, numbers: impl Iterator<Item = u64>) -> Identifiers {
        match self.release_file.logs.identifier {
            Identifier::E164 | Identifier::E164Exact => Identifiers::Numbers(numbers.collect()),
            Identifier::Opaque => {
                let names: Vec<String> =
                    numbers.map(|number| format!("made-up-{number}")).collect();
                Identifiers::Names(StringViewArray::from_iter_values(names))
            }
        }
    }

    /// The rows of a day, partitioned as in a run.
    pub(super) fn day(&self, batches: &[Lookups], memory: usize) -> Result<DayRows> {
        let names = self.release_file.logs.identifier;
        DayRows::of_lookups(batches, names, &self.bounds, &self.first, memory)
    }

    /// What a plan's tables hold of these rows before noise.
    pub(super) fn tally(&self, plan: &Plan, rows: &[Row]) -> Result<Vec<Vec<i64>>> {
        self.tally_of(plan, &[self.batch(rows)], usize::MAX)
    }

    /// The same for batches, with this much memory for rows.
    pub(super) fn tally_of(
        &self,
        plan: &Plan,
        batches: &[Lookups],
        memory: usize,
    ) -> Result<Vec<Vec<i64>>> {
        let tally = self.day(batches, memory)?.tally(plan, &self.release_file.exempt)?;
        let table = |place| tally.table(place).map(<[i64]>::to_vec);
        let tables = (0..plan.tables.len()).map(table).collect::<Option<_>>();
        tables.ok_or_else(|| Error::internal("the tally lacks a measured table"))
    }
}

/// A position in a list.
fn place(position: u64) -> u16 {
    u16::try_from(position).unwrap_or(0)
}
