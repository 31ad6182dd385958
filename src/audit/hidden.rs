//! How often noise alone shows what must stay hidden: a prefix that one requester alone has, and a day
//! without anybody.

use super::days::bench;
use super::finding::{Finding, number};
use super::statistics::{rate_at_least, upper_tail};
use super::world::World;
use crate::aggregate::PrefixTally;
use crate::ledger::{DrawPermit, Reservation};
use crate::pipeline::open_ledger;
use crate::plan::kinds::{CLASSES, MOST_PREFIXES};
use crate::plan::{MeasuredTable, Plan};
use crate::release::{DiscreteGaussian, Draws, NoisyNumbers, PricedTable, looks_empty};
use crate::release_file::day::Day;
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::privacy_loss::AttoDelta;
use crate::{Error, Result};

const LONE: &str = "rate of finding a lone prefix";
const FALSE_ALARM: f64 = 1e-3;
/// A delta large enough to be seen: a hundredth.
const VISIBLE: AttoDelta = AttoDelta::new(10_000_000_000_000_000);
/// How many lone prefixes are tried: the most that one round may find.
const LONE_PREFIXES: u64 = MOST_PREFIXES as u64;
const LONE_PREFIXES_IN_SHORT: u64 = 6_000;
/// How many prefixes each lone requester has.
const PREFIXES: [u64; 2] = [1, 10];
/// The most prefixes of one requester.
const MOST_PREFIXES_OF_ONE: u64 = 10;
/// How many deviations of its noise a class must stand out by.
const STANDS_OUT: f64 = 4.0;

/// Tests how often prefixes that one requester alone has are found, at the configured delta and at
/// one large enough to show.
pub(super) fn check_lone(world: &World<'_>) -> Result<Vec<Finding>> {
    let rounds = Plan::prefix_rounds(world.release_file, world.split);
    let mut permits = Permits::new(world)?;
    let mut findings = Vec::new();
    let tests = 2.0 * (rounds.len() * PREFIXES.len()) as f64;
    for round in rounds {
        findings.push(tail(&round)?);
        for prefixes in PREFIXES {
            let visible = MeasuredTable { key_delta: VISIBLE, ..round.clone() };
            for table in [round.clone(), visible] {
                let alpha = FALSE_ALARM / tests;
                findings.push(lone(world, &mut permits, table, prefixes, alpha)?);
            }
        }
    }
    Ok(findings)
}

/// The probability that any of one requester's prefixes passes the threshold, whatever their number: worked
/// out here, since no number of draws shows the delta of a real release.
fn tail(round: &MeasuredTable) -> Result<Finding> {
    let (delta, name) = (round.key_delta.delta(), round.name.clone());
    let priced = PricedTable::new(round.clone())?;
    let threshold = priced.threshold.ok_or_else(|| Error::internal("a round has no threshold"))?;
    let of = |prefixes: u64| {
        let above = threshold as f64 - weight(prefixes) as f64;
        prefixes as f64 * upper_tail(above / priced.noise_scale.steps())
    };
    let most = (1..=MOST_PREFIXES_OF_ONE).map(of).fold(0.0, f64::max);
    Ok(Finding::at_most("delta of a threshold", name, most, delta, 0.0))
}

/// The weight of each prefix of a requester with this number of prefixes.
const fn weight(prefixes: u64) -> i64 {
    (LATTICE_ONE * LATTICE_ONE / prefixes).isqrt().cast_signed()
}

/// How many of many lone requesters have a prefix found.
fn lone(
    world: &World<'_>,
    permits: &mut Permits,
    table: MeasuredTable,
    prefixes: u64,
    alpha: f64,
) -> Result<Finding> {
    let delta = table.key_delta.delta();
    let subject = format!("{}, {prefixes} of one requester, delta {}", table.name, number(delta));
    let priced = PricedTable::new(table)?;
    let mut weights = PrefixTally::default();
    let all = if world.is_short() { LONE_PREFIXES_IN_SHORT } else { LONE_PREFIXES };
    let requesters = all / prefixes;
    (0..requesters * prefixes).for_each(|prefix| weights.add(prefix, weight(prefixes)));
    let mut draws = Draws::new(permits.next()?, world.split);
    let found = draws.prefixes(&priced, weights)?;
    let mut whose: Vec<u64> = found.into_iter().map(|prefix| prefix / prefixes).collect();
    whose.dedup();
    let rate = rate_at_least(whose.len() as u64, requesters, alpha);
    Ok(Finding {
        test: LONE,
        subject,
        statistic: format!("{} of {requesters}: at least {}", whose.len(), number(rate)),
        bound: format!("at most {}", number(delta)),
        passed: rate <= delta,
        false_alarm: alpha,
    })
}

/// Tests how often a day without anybody does not look empty.
pub(super) fn check_empty(world: &World<'_>) -> Result<Vec<Finding>> {
    let looks = if world.is_short() { 400 } else { 4_000 };
    let look = world.look()?;
    let priced = &look.priced[0];
    let mechanism = DiscreteGaussian::new(priced.table.sensitivity(), priced.noise_scale)?;
    let mut passed = 0;
    for _ in 0..looks {
        let noisy = mechanism.draw(&[0; CLASSES])?;
        let mut seen: NoisyNumbers = [(0.0, priced.noise_sd()); CLASSES];
        for (seen, steps) in seen.iter_mut().zip(noisy) {
            seen.0 = steps as f64 / LATTICE_ONE as f64;
        }
        passed += u64::from(!looks_empty(&seen));
    }
    let bound = CLASSES as f64 * upper_tail(STANDS_OUT);
    let rate = rate_at_least(passed, looks, FALSE_ALARM);
    let statistic = format!("{passed} of {looks}: at least {}", number(rate));
    Ok(vec![Finding {
        test: "empty days that look inhabited",
        subject: "look".to_owned(),
        statistic,
        bound: format!("at most {}", number(bound)),
        passed: rate <= bound,
        false_alarm: FALSE_ALARM,
    }])
}

/// Permits to draw, each of a reservation of its own in a temporary ledger.
struct Permits {
    _folder: tempfile::TempDir,
    ledger: crate::ledger::Ledger,
    day: Day,
    asked: Reservation,
}

impl Permits {
    fn new(world: &World<'_>) -> Result<Self> {
        let (folder, job) = bench(world.release_file)?;
        let day = world.bounds.day();
        let asked = super::replay::reservation(world.split.charge(), day);
        Ok(Self { ledger: open_ledger(&job)?, _folder: folder, day, asked })
    }

    fn next(&mut self) -> Result<DrawPermit> {
        self.day = self.day.next().ok_or_else(|| Error::internal("the calendar ended"))?;
        let asked = Reservation {
            blocks: vec![self.day],
            release_id: format!("lone {}", self.day),
            ..self.asked.clone()
        };
        let entry = self.ledger.reserve(&asked)?;
        self.ledger.mark_drawn(entry.id)
    }
}
