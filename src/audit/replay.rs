//! A ledger put through many charges and compared with plain sums.

use std::collections::BTreeMap;

use fastrand::Rng;
use jiff::ToSpan;

use super::days::bench;
use super::finding::Finding;
use super::world::World;
use crate::ledger::{Cap, Ledger, Reservation};
use crate::pipeline::open_ledger;
use crate::release_file::day::Day;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::{Kind, Result};

const TEST: &str = "ledger against plain sums";
/// How many days are charged, in any order, and how often.
const DAYS: u64 = 75;
const CHARGES: u64 = 400;
const CHARGES_IN_SHORT: u64 = 120;
/// Every other charge is of one of the first 31 days, so that spans of 30 days begin and end among
/// them.
const CLOSE_DAYS: u64 = 31;

/// What an audit keeps beside the ledger.
#[derive(Default)]
struct Sums {
    /// By day, in billionths.
    spent: BTreeMap<Day, u64>,
    wrong: Vec<&'static str>,
}

/// Charges days at random, voids some, asks twice for some, and compares each outcome with plain sums.
pub(super) fn check(world: &World<'_>) -> Result<Vec<Finding>> {
    let (_folder, job) = bench(world.release_file)?;
    let mut ledger = open_ledger(&job)?;
    let mut sums = Sums::default();
    let mut search = Rng::with_seed(3);
    let first = world.bounds.day();
    let (budget, cap) = (ledger.terms().budget.nano(), ledger.cap());
    let charges = if world.is_short() { CHARGES_IN_SHORT } else { CHARGES };
    for number in 0..charges {
        let days = if number % 2 == 0 { DAYS } else { CLOSE_DAYS };
        let day = i64::try_from(search.u64(..days)).unwrap_or(0);
        let day = Day::new(first.date().saturating_add(day.days()));
        let asked = 1 + search.u64(..budget);
        let wanted = Reservation {
            release_id: format!("charge {number}"),
            ..reservation(NanoRho::new(asked), day)
        };
        let fits = sums.fits(day, asked, budget, cap);
        match ledger.reserve(&wanted) {
            Ok(_) if !fits => sums.wrong.push("a charge beyond the budget was granted"),
            Ok(entry) => {
                *sums.spent.entry(day).or_default() += asked;
                if ledger.reserve(&wanted)?.id != entry.id {
                    sums.wrong.push("asking twice made two entries");
                }
                sums.go_on(&mut ledger, entry.id, day, asked, number)?;
            }
            Err(error) if error.kind() != Kind::Refused => return Err(error),
            Err(_) if fits => sums.wrong.push("a charge within the budget was refused"),
            Err(_) => {}
        }
    }
    sums.compare(&ledger)?;
    let head = ledger.verify().map(|sound| sound.head);
    drop(ledger);
    let again = open_ledger(&job)?.verify().map(|sound| sound.head);
    if head.is_err() || head.ok() != again.ok() {
        sums.wrong.push("the journal does not add up to the tables");
    }
    let subject = format!("{charges} charges of {DAYS} days");
    Ok(vec![Finding::none_wrong(TEST, subject, &sums.wrong, "all agree")])
}

impl Sums {
    fn fits(&self, day: Day, asked: u64, budget: u64, cap: Option<Cap>) -> bool {
        let spent = |day: Day| self.spent.get(&day).copied().unwrap_or(0);
        let span = |from: i64| -> u64 {
            let of = |offset: i64| Day::new(day.date().saturating_add((from + offset).days()));
            (0..30).map(|offset| spent(of(offset))).sum()
        };
        spent(day) + asked <= budget
            && cap.is_none_or(|cap| (-29..=0).all(|from| span(from) + asked <= cap.budget.nano()))
    }

    /// Gives some reservations up, and tries to give up others after their draw.
    fn go_on(
        &mut self,
        ledger: &mut Ledger,
        entry: crate::ledger::EntryId,
        day: Day,
        asked: u64,
        number: u64,
    ) -> Result<()> {
        let is_refused =
            |result: Result<()>| result.is_err_and(|error| error.kind() == Kind::Refused);
        match number % 4 {
            0 => {
                ledger.void(entry)?;
                *self.spent.entry(day).or_default() -= asked;
                if !is_refused(ledger.void(entry)) {
                    self.wrong.push("a charge came back twice");
                }
            }
            1 => {
                let _unused = ledger.mark_drawn(entry)?;
                if !is_refused(ledger.void(entry)) {
                    self.wrong.push("a charge came back after the draw");
                }
                if ledger.mark_drawn(entry).is_ok() {
                    self.wrong.push("one run may draw an entry twice");
                }
            }
            2 => {
                let _unused = ledger.mark_drawn(entry)?;
                ledger.note_look(entry, &[1, 2, 3])?;
                if ledger.note_look(entry, &[4, 5, 6]).is_ok() {
                    self.wrong.push("a look was drawn twice");
                }
                ledger.mark_empty(entry)?;
                // The look keeps its part, a tenth, and the rest is free.
                *self.spent.entry(day).or_default() -= asked - look_of(asked);
            }
            _ => {}
        }
        Ok(())
    }

    fn compare(&mut self, ledger: &Ledger) -> Result<()> {
        let balances: BTreeMap<Day, u64> = ledger
            .balances()?
            .into_iter()
            .map(|(day, balance)| (day, balance.spent.nano()))
            .collect();
        let spent = |sums: &BTreeMap<Day, u64>, day| sums.get(day).copied().unwrap_or(0);
        let days = balances.keys().chain(self.spent.keys());
        if days.into_iter().any(|day| spent(&balances, day) != spent(&self.spent, day)) {
            self.wrong.push("a day's balance is not the sum of its charges");
        }
        Ok(())
    }
}

/// What the look of a reservation costs here.
fn look_of(asked: u64) -> u64 {
    asked.div_ceil(10)
}

/// A reservation of one day.
pub(super) fn reservation(charge: NanoRho, day: Day) -> Reservation {
    Reservation {
        release: "audit".to_owned(),
        release_id: "audit".to_owned(),
        fingerprint: "audit".to_owned(),
        blocks: vec![day],
        charge,
        look_charge: Some(NanoRho::new(look_of(charge.nano()))),
        key_delta: AttoDelta::ZERO,
        plan: "{}".to_owned(),
        logs_digest: "made up".to_owned(),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
