//! The cap on what any 30 consecutive days may cost together.
//!
//! In: charges by day. Out: the span of days that costs the most, and whether the cap allows it.
//! Invariant: once a ledger has a cap, no 30 consecutive days of the calendar are charged more than
//! that, whatever order they come in. A day that was never charged counts as nothing, a reservation
//! counts in full. The cap is only an event of the journal, so that it can be neither raised nor
//! removed without breaking the chain.

use std::collections::{BTreeMap, VecDeque};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::account::Loss;
use super::event::Event;
use super::journal::{self, Journal};
use super::trouble::{Outcome, Trouble};
use crate::Error;
use crate::release_file::day::Day;
use crate::release_file::privacy_loss::{Epsilon, NanoRho};

/// How many consecutive days the cap is about.
const DAYS: i32 = 30;

/// What any 30 consecutive days may cost together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cap {
    /// As typed.
    pub epsilon: Epsilon,
    /// The same in rho.
    pub budget: NanoRho,
}

impl Cap {
    /// What the planner may spend of a block that may spend `block`: a thirtieth of the cap at most,
    /// since otherwise the last of 30 days would find nothing left.
    pub fn day_budget(&self, block: NanoRho) -> NanoRho {
        block.min(self.budget.part(1, DAYS.unsigned_abs().into()))
    }

    /// What any 365 consecutive days may cost, where a block may spend `block`: twelve times 30 days,
    /// and five.
    pub fn of_a_year(&self, block: NanoRho) -> NanoRho {
        let cap = self.budget.nano();
        let five = cap.min(block.nano().saturating_mul(5));
        NanoRho::new(cap.saturating_mul(12).saturating_add(five))
    }

    /// Reads the cap of a ledger from its journal.
    pub(super) fn read(journal: Journal<'_>) -> Outcome<Option<Self>> {
        match journal.of(Event::Capped, None)?.as_slice() {
            [] => Ok(None),
            [only] => Self::parse(&only.payload).map(Some),
            _ => Err(changed()),
        }
    }

    /// Reads what the journal keeps of a cap.
    pub(super) fn parse(payload: &str) -> Outcome<Self> {
        #[derive(Deserialize)]
        struct Written {
            epsilon: f64,
            budget: NanoRho,
        }
        let Written { epsilon, budget } = serde_json::from_str(payload).map_err(|_| changed())?;
        let epsilon = Epsilon::new(epsilon, "epsilon").map_err(|_| changed())?;
        let cap = Self { epsilon, budget };
        if journal::payload(&cap)? == payload { Ok(cap) } else { Err(changed()) }
    }

    /// The costliest 30 days; `None` if they cost no more than the cap allows.
    pub(super) fn exceeded(
        &self,
        charges: impl IntoIterator<Item = (Day, NanoRho)>,
    ) -> Option<Costliest> {
        let charges = charges.into_iter().map(|(day, spent)| (day, spent.nano()));
        costliest(charges, DAYS).filter(|found| found.sum > self.budget.nano())
    }

    /// Refuses to cap what has already cost more.
    pub(super) fn require_past(
        &self,
        charges: impl IntoIterator<Item = (Day, NanoRho)>,
    ) -> Result<(), Error> {
        let Some(found) = self.exceeded(charges) else { return Ok(()) };
        Err(Error::refused(format!(
            "`[ledger] epsilon_30_days` is {}, which is rho {}, but the 30 days up to {} have \
             already cost {}",
            self.epsilon.value(),
            self.budget,
            found.last,
            NanoRho::new(found.sum)
        ))
        .help(
            "raise it to what `pointillist ledger show` says of 30 days at least, or leave it out",
        ))
    }

    /// Refuses a charge that brings any 30 days above the cap. `sums` holds the charge of `blocks`
    /// already, and every block [`around`] them. Spans with none of these blocks were within the
    /// cap before.
    pub(super) fn require_room(
        &self,
        sums: &BTreeMap<Day, Loss>,
        blocks: &[Day],
        charge: NanoRho,
    ) -> Outcome<()> {
        let charges = sums.iter().map(|(day, spent)| (*day, spent.rho));
        let Some(found) = self.exceeded(charges) else { return Ok(()) };
        let asked = blocks.iter().filter(|block| found.holds(**block, DAYS)).count() as u64;
        let asked = NanoRho::new(charge.nano().saturating_mul(asked));
        let before = NanoRho::new(found.sum.saturating_sub(asked.nano()));
        let left = self.budget.left_after(before);
        Err(Error::refused(format!(
            "the 30 days up to {} have {left} rho left of {} (`[ledger] epsilon_30_days` = {}), and \
             this release asks for {asked}",
            found.last,
            self.budget,
            self.epsilon.value()
        ))
        .help(
            "there are three ways out: ask for less, with a smaller `[privacy] budget_share`; \
             release days that are further away (--day, --from, --to); use what was already \
             published about these days, which `pointillist ledger show` lists",
        )
        .into())
    }
}

/// The first and the last day of all spans of 30 days that hold any of these blocks.
pub(super) fn around(blocks: &[Day]) -> (Day, Day) {
    let around = (DAYS - 1).days();
    let first = blocks.iter().min().map_or(Date::MIN, |day| day.date());
    let last = blocks.iter().max().map_or(Date::MAX, |day| day.date());
    (Day::new(first.saturating_sub(around)), Day::new(last.saturating_add(around)))
}

/// Refuses a release that asks for another cap than the ledger has.
pub(super) fn require_same(
    made: Option<Cap>,
    asked: Option<Cap>,
    shown: &str,
) -> Result<(), Error> {
    let epsilon = |cap: Option<Cap>| cap.map(|cap| cap.epsilon);
    if epsilon(made) == epsilon(asked) {
        return Ok(());
    }
    let word = |cap| epsilon(cap).map_or("absent".to_owned(), |cap| cap.value().to_string());
    Err(Error::refused(format!(
        "`[ledger] epsilon_30_days` is {} in this release, but the ledger {shown} has {}",
        word(asked),
        word(made)
    ))
    .help(
        "a ledger keeps the first one that it is given: set it back, or charge another ledger, \
         knowing that what two ledgers promise about the same logs adds up",
    ))
}

/// A span of consecutive days, known by its last one, and what they cost together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costliest {
    /// The last of the days.
    pub last: Day,
    /// The sum of their charges.
    pub sum: u64,
}

impl Costliest {
    fn holds(&self, day: Day, days: i32) -> bool {
        day <= self.last && is_within(day, self.last, days)
    }
}

/// The `days` consecutive days that cost the most, the first ones of equal cost, or `None` if
/// nothing was charged. Charges are counts of any unit, in the order of their days.
///
/// A span costs no less if it ends on the last of its days that was charged, so only such spans are
/// compared. A sum that is too large for `u64` counts as `u64::MAX`.
pub fn costliest(charges: impl IntoIterator<Item = (Day, u64)>, days: i32) -> Option<Costliest> {
    let mut inside: VecDeque<(Day, u64)> = VecDeque::new();
    let (mut sum, mut most) = (0_u128, None);
    for (last, charge) in charges {
        inside.push_back((last, charge));
        sum += u128::from(charge);
        while let Some((_, left)) = inside.pop_front_if(|(first, _)| !is_within(*first, last, days))
        {
            sum -= u128::from(left);
        }
        let sum = u64::try_from(sum).unwrap_or(u64::MAX);
        if most.is_none_or(|most: Costliest| sum > most.sum) {
            most = Some(Costliest { last, sum });
        }
    }
    most
}

/// Whether `first` is one of the `days` days that end with `last`.
fn is_within(first: Day, last: Day, days: i32) -> bool {
    let before = if mutant!("cap-of-29-days") { days - 2 } else { days - 1 };
    first.date() >= last.date().saturating_sub(before.days())
}

fn changed() -> Trouble {
    Trouble::Damaged("its cap on 30 days was changed".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spent(day: &str, sum: u64) -> (Day, u64) {
        (day.parse().unwrap(), sum)
    }

    #[test]
    fn a_span_holds_its_days_and_no_more() {
        let charges = [
            spent("2026-01-01", 5),
            spent("2026-01-30", 7),
            spent("2026-01-31", 4),
            spent("2026-06-01", 11),
        ];
        // 1 and 30 January lie within 30 days, 1 and 31 January do not.
        let most = |days| costliest(charges, days).map(|most| (most.last.to_string(), most.sum));
        assert_eq!(most(30), Some(("2026-01-30".to_owned(), 12)));
        assert_eq!(most(1), Some(("2026-06-01".to_owned(), 11)));
        assert_eq!(most(365), Some(("2026-06-01".to_owned(), 27)));
        assert_eq!(costliest([], 30), None);
        let ends =
            [spent("0001-01-01", u64::MAX), spent("9999-12-30", 1), spent("9999-12-31", u64::MAX)];
        assert_eq!(costliest(ends, 30).map(|most| most.sum), Some(u64::MAX));
    }

    #[test]
    fn a_day_gets_a_thirtieth_and_a_year_twelve_times_30_days_and_five() {
        let epsilon = Epsilon::new(4.0, "epsilon").unwrap();
        let cap = Cap { epsilon, budget: NanoRho::new(3_019) };
        assert_eq!(cap.day_budget(NanoRho::new(1_000)).nano(), 100);
        assert_eq!(cap.day_budget(NanoRho::new(99)).nano(), 99);
        assert_eq!(cap.of_a_year(NanoRho::new(1_000)).nano(), 13 * 3_019);
        assert_eq!(cap.of_a_year(NanoRho::new(200)).nano(), 12 * 3_019 + 1_000);
    }

    #[test]
    fn a_cap_reads_back_as_it_was_written_and_in_no_other_spelling() {
        let epsilon = Epsilon::new(4.0, "epsilon").unwrap();
        let cap = Cap { epsilon, budget: NanoRho::new(348_117_869) };
        let text = journal::payload(&cap).unwrap();
        assert_eq!(Cap::parse(&text).unwrap(), cap);
        for other in [text.replace("4.0", "4"), text.replace("4.0", "400.0"), "{}".to_owned()] {
            assert!(Cap::parse(&other).is_err(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_span_of_the_calendar_costs_more(
            charges in proptest::collection::btree_map(0..200_i32, 0..1_000_u64, 0..60),
            days in 1..40_i32,
        ) {
            let first: Day = "2025-12-01".parse().unwrap();
            let day = |number: i32| Day::new(first.date().saturating_add(number.days()));
            let found = costliest(charges.iter().map(|(number, sum)| (day(*number), *sum)), days);
            // Every span of the calendar, by its first day.
            let sums = (-40..240).map(|start| charges.range(start..start + days).map(|(_, sum)| sum).sum());
            let most: u64 = sums.max().unwrap_or(0);
            prop_assert_eq!(found.map_or(0, |found| found.sum), most);
            if let Some(found) = found {
                let inside = charges.iter().filter(|(number, _)| found.holds(day(**number), days));
                prop_assert_eq!(inside.map(|(_, sum)| sum).sum::<u64>(), most);
            }
        }
    }
}
