//! An attacker who knows everything but whether some requesters were there, and how often it is right.
//!
//! For each table of a plan, noise is drawn over the exact sums with and without a group of requesters that
//! move it as far as rows can. The attacker projects what it sees on that move, and guesses by
//! which side of the middle it lies on. How often the attacker errs gives, by the limits of Clopper
//! and Pearson, lower bounds on the shift `mu` of the Gaussian that hides the group and, since a
//! group of `g` shifts `g` times as far, on the epsilon of one requester. A group makes small
//! losses visible: `g` is chosen so that the claim is a shift of two.

use std::collections::BTreeMap;
use std::time::Instant;

use super::finding::{Finding, number};
use super::sensitivity::subject;
use super::statistics::{deviations, gaussian_epsilon, rate_at_most};
use super::world::{Row, World};
use crate::Result;
use crate::plan::kinds::nodes;
use crate::release::{DiscreteGaussian, PricedTable};

const TEST: &str = "distinguishing";
/// Over all tables together.
const FALSE_ALARM: f64 = 1e-3;
/// The shift that is claimed of a whole group.
const SHIFT: f64 = 2.0;
/// The largest group.
const MOST: u64 = 60;
/// How many draws of each side at least, and how many more at a time.
const DRAWS: u64 = 50;
/// Larger tables are left to the tests of noise.
const MOST_CELLS: usize = 20_000;

/// One table whose noise must hide the group.
struct Duel {
    subject: String,
    /// The shift that is claimed of the whole group.
    claim: f64,
    group: u64,
    mechanism: DiscreteGaussian,
    without: Vec<i64>,
    with: Vec<i64>,
    /// Draws of each side, and how often the attacker erred.
    draws: u64,
    errors: [u64; 2],
}

/// Lets the attacker guess until a part of the effort is spent.
pub(super) fn check(world: &World<'_>) -> Result<Vec<Finding>> {
    let mut duels = duels(world)?;
    let deadline = world.deadline(0.25);
    loop {
        for duel in &mut duels {
            duel.fight(DRAWS)?;
        }
        if Instant::now() >= deadline {
            break;
        }
    }
    let alpha = FALSE_ALARM / duels.len().max(1) as f64;
    let conversion = world.release_file.ledger.conversion_delta();
    Ok(duels.iter().map(|duel| duel.finding(alpha, conversion)).collect())
}

/// The look and, of each kind of table, the one of the first class or the only one.
fn duels(world: &World<'_>) -> Result<Vec<Duel>> {
    let mut plans = vec![world.look()?];
    plans.extend(world.plans()?.into_iter().take(2));
    let crowd = world.crowd(40);
    let mut duels: BTreeMap<String, Duel> = BTreeMap::new();
    for planned in plans {
        let without = world.tally(&planned.plan, &crowd)?;
        for (place, priced) in planned.priced.iter().enumerate() {
            let name = subject(&priced.table);
            if duels.contains_key(&name) || without[place].len() > MOST_CELLS {
                continue;
            }
            // Lookups that give a whole weight in the class or, in a table without classes, reach
            // most thresholds.
            let class = priced.table.class();
            let lookups = class.and_then(|class| nodes().get(class).copied()).unwrap_or(256);
            let shift = priced.table.sensitivity().steps() as f64 / priced.noise_scale.steps();
            let group = group(shift);
            let rows = crowd.iter().cloned().chain(members(world, group, lookups));
            let with = world.tally(&planned.plan, &rows.collect::<Vec<Row>>())?.swap_remove(place);
            let duel = Duel::new(priced, &name, group, without[place].clone(), with)?;
            duels.insert(name, duel);
        }
    }
    Ok(duels.into_values().collect())
}

/// How many requesters together have a claim of [`SHIFT`].
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to the most")]
fn group(shift: f64) -> u64 {
    (SHIFT / shift).round().clamp(1.0, MOST as f64) as u64
}

/// Requesters with all of their lookups in one cell, and one target each, if any.
fn members(world: &World<'_>, group: u64, lookups: u64) -> Vec<Row> {
    let row = |number: u64| {
        let member = number / lookups;
        world.row_of(World::requester(700_000 + member), World::target(700_000 + number), 5)
    };
    (0..group * lookups).map(row).collect()
}

impl Duel {
    fn new(
        priced: &PricedTable,
        subject: &str,
        group: u64,
        without: Vec<i64>,
        with: Vec<i64>,
    ) -> Result<Self> {
        let sensitivity = priced.table.sensitivity();
        Ok(Self {
            subject: subject.to_owned(),
            claim: (2.0 * priced.charge.rho()).sqrt() * group as f64,
            group,
            mechanism: DiscreteGaussian::new(sensitivity, priced.noise_scale)?,
            without,
            with,
            draws: 0,
            errors: [0; 2],
        })
    }

    fn fight(&mut self, draws: u64) -> Result<()> {
        let moved = |cell: usize| (self.with[cell] - self.without[cell]) as f64;
        let middle: f64 = (0..self.with.len()).map(|cell| moved(cell).powi(2) / 2.0).sum();
        for _ in 0..draws {
            for (side, exact) in [&self.without, &self.with].into_iter().enumerate() {
                let noisy = self.mechanism.draw(exact)?;
                let seen: f64 = noisy
                    .iter()
                    .enumerate()
                    .map(|(cell, noisy)| (noisy - self.without[cell]) as f64 * moved(cell))
                    .sum();
                let guess = usize::from(seen > middle);
                self.errors[side] += u64::from(guess != side);
            }
        }
        self.draws += draws;
        Ok(())
    }

    /// The finding if both rates of errors are as large as their limits allow.
    fn finding(&self, alpha: f64, delta: f64) -> Finding {
        let rates = self.errors.map(|errors| rate_at_most(errors, self.draws, alpha / 2.0));
        let rates = rates.map(|rate| rate.max(1e-300));
        let shift = deviations(rates[0]) + deviations(rates[1]);
        let epsilon = |shift: f64| number(gaussian_epsilon(shift / self.group as f64, delta));
        Finding {
            test: TEST,
            subject: self.subject.clone(),
            statistic: format!(
                "epsilon {}, {} of {} draws wrong",
                epsilon(shift),
                self.errors.iter().sum::<u64>(),
                2 * self.draws
            ),
            bound: format!("at most {}", epsilon(self.claim)),
            passed: shift <= self.claim * (1.0 + 1e-9),
            false_alarm: alpha,
        }
    }
}
