//! One UTC day: who asks how often, in shards of requesters, and the rows in slices of time.
//!
//! First each shard of requesters makes its lookups (16 bytes each, held until the day is done);
//! then each slice of time gathers its lookups from all shards and sorts them. Both halves run in
//! parallel. How a day is cut depends on the settings alone, never on the number of threads.

use rayon::prelude::*;

use super::asks::{Ask, Asker};
use super::chance::{Chance, Purpose};
use super::population::Population;
use super::rhythm::{Clock, Curve, DAY};
use super::settings::Settings;
use crate::Result;

/// Requesters of a shard: few enough that it fits into a core's cache.
const SHARD_MOST: u32 = 16_384;
/// Shards of a small population, so that every thread has some.
const SHARDS_LEAST: u32 = 64;
/// Lookups of a slice, on average.
const SLICE_LOOKUPS: u64 = 400_000;

/// Everything that days have in common.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) population: Population,
    /// One per home.
    clocks: Vec<Clock>,
    lookups_per_day: u64,
}

/// The lookups of one day.
#[derive(Debug)]
pub(super) struct Day<'a> {
    pub(super) population: &'a Population,
    /// The day's first microsecond.
    pub(super) midnight: i64,
    slices: usize,
    shards: Vec<Shard>,
}

/// The lookups of a range of requesters, grouped by slice.
#[derive(Debug)]
struct Shard {
    asks: Vec<Ask>,
    /// Where each slice ends.
    ends: Vec<usize>,
}

impl Service {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        settings.validate()?;
        let requesters = u32::try_from(settings.requesters).unwrap_or(u32::MAX);
        let population = Population::new(settings.seed, requesters);
        let zones = population.homes.iter().map(|settled| Clock::new(settled.home.zone));
        let clocks = zones.collect::<Result<_>>()?;
        Ok(Self { population, clocks, lookups_per_day: settings.lookups_per_day })
    }

    /// Makes the lookups of a day, given in days since 1970.
    pub(super) fn day(&self, day: i64) -> Result<Day<'_>> {
        let population = &self.population;
        let midnight = day * DAY;
        let curves = self.clocks.iter().map(|clock| clock.curve(midnight));
        let curves = curves.collect::<Result<Vec<Curve>>>()?;
        let requesters = population.requesters;
        let width = requesters.div_ceil(SHARDS_LEAST).clamp(1, SHARD_MOST);
        let slices = self.lookups_per_day.div_ceil(SLICE_LOOKUPS).max(1) as usize;

        let firsts: Vec<u32> = (0..requesters).step_by(width as usize).collect();
        let weights: Vec<Vec<f64>> = firsts
            .par_iter()
            .map(|&first| {
                let last = first.saturating_add(width).min(requesters);
                (first..last).map(|person| weight(population, &curves, person, day)).collect()
            })
            .collect();
        let quotas = quotas(self.lookups_per_day, &weights);
        let shards = firsts
            .par_iter()
            .zip(&weights)
            .zip(&quotas)
            .map(|((&first, weights), &quota)| {
                let mut asker = Asker::new(population, day);
                let mut asks = Vec::with_capacity(quota as usize);
                for (person, count) in (first..).zip(counts(quota, weights)) {
                    if count > 0 {
                        let curve = &curves[usize::from(population.home_of(person))];
                        let requester = population.requester(person);
                        asker.ask(person, requester, curve, count, &mut asks);
                    }
                }
                Shard::new(&asks, slices)
            })
            .collect();
        Ok(Day { population, midnight, slices, shards })
    }
}

impl Day<'_> {
    /// How many slices of time the day has.
    pub(super) const fn slices(&self) -> usize {
        self.slices
    }

    /// The lookups of one slice, by time.
    pub(super) fn slice(&self, slice: usize) -> Vec<Ask> {
        let parts = self.shards.iter().map(|shard| shard.slice(slice));
        let mut asks = Vec::with_capacity(parts.clone().map(<[Ask]>::len).sum());
        for part in parts {
            asks.extend_from_slice(part);
        }
        // Equal lookups are equal in every column, so an unstable sort decides nothing.
        asks.sort_unstable();
        asks
    }
}

/// Runs `make` for the slices of a day in parallel, a few at a time, and `take` in their order.
pub(super) fn each_slice<T: Send>(
    day: &Day<'_>,
    make: impl Fn(usize) -> Result<T> + Sync,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let at_a_time = rayon::current_num_threads() * 2;
    for first in (0..day.slices()).step_by(at_a_time) {
        let last = (first + at_a_time).min(day.slices());
        let made: Vec<Result<T>> =
            (first..last).into_par_iter().with_max_len(1).map(&make).collect();
        for made in made {
            take(made?)?;
        }
    }
    Ok(())
}

impl Shard {
    /// Groups lookups by slice (a counting sort).
    fn new(asks: &[Ask], slices: usize) -> Self {
        let slice_of = |ask: &Ask| (ask.moment() as usize * slices) / DAY as usize;
        let mut ends = vec![0; slices];
        for ask in asks {
            ends[slice_of(ask)] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            // This is where the slice begins until filling moves it to where the slice ends.
            (*end, sum) = (sum, sum + *end);
        }
        let mut grouped = asks.to_vec();
        for ask in asks {
            let end = &mut ends[slice_of(ask)];
            grouped[*end] = *ask;
            *end += 1;
        }
        Self { asks: grouped, ends }
    }

    fn slice(&self, slice: usize) -> &[Ask] {
        let begin = if slice == 0 { 0 } else { self.ends[slice - 1] };
        &self.asks[begin..self.ends[slice]]
    }
}

/// How much a requester asks on a day, relative to others: activity, the country's day, a mood.
fn weight(population: &Population, curves: &[Curve], person: u32, day: i64) -> f64 {
    let mut chance = Chance::new(population.seed, Purpose::Mood, u64::from(person), day as u64);
    let curve = &curves[usize::from(population.home_of(person))];
    // The sum of two exponential times: some days are quiet, few are very busy.
    let mood = -libm::log(chance.unit() * chance.unit());
    population.requester(person).activity * curve.total() * mood
}

/// Shares out the day's lookups among the shards, in proportion to their weights.
fn quotas(lookups: u64, weights: &[Vec<f64>]) -> Vec<u32> {
    let sums: Vec<f64> = weights.iter().map(|weights| weights.iter().sum()).collect();
    share_out(lookups, &sums)
}

/// Shares out a shard's lookups among its requesters.
fn counts(quota: u32, weights: &[f64]) -> Vec<u32> {
    share_out(u64::from(quota), weights)
}

/// Cuts `whole` in proportion to the weights: each part is within 1 of its exact share, and the
/// parts add up to the whole.
fn share_out(whole: u64, weights: &[f64]) -> Vec<u32> {
    let total: f64 = weights.iter().sum();
    let mut upto = 0.0;
    let mut given = 0;
    let last = weights.len().saturating_sub(1);
    let part = |(at, weight): (usize, &f64)| {
        upto += weight;
        // The half keeps the first part from being always rounded down.
        let aim = if at == last { whole } else { (whole as f64 * (upto / total) + 0.5) as u64 };
        let part = aim.clamp(given, whole) - given;
        given += part;
        u32::try_from(part).unwrap_or(u32::MAX)
    };
    weights.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_whatever_the_weights() {
        assert_eq!(share_out(10, &[1.0]), [10]);
        assert_eq!(share_out(0, &[1.0, 2.0]), [0, 0]);
        assert_eq!(share_out(1, &[1.0, 1.0, 1.0]), [0, 1, 0]);
        assert_eq!(share_out(4, &[1.0, 2.0, 1.0]), [1, 2, 1]);
        for whole in [0, 1, 7, 1_000, 123_457] {
            let weights: Vec<f64> = (1..200).map(|at| 1.0 / f64::from(at * at)).collect();
            let total: f64 = weights.iter().sum();
            let parts = share_out(whole, &weights);
            assert_eq!(parts.iter().map(|&part| u64::from(part)).sum::<u64>(), whole);
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = whole as f64 * weight / total;
                assert!((f64::from(*part) - exact).abs() <= 1.0);
            }
        }
    }
}
