//! Counts the private prefixes that are found, and compares with one Gaussian threshold whose cap is the
//! best in hindsight.
//!
//! 50,000 requesters ask about five keys each on average, as different as activity is (lognormal,
//! sigma 1.2), out of 50,000 keys whose popularity follows Zipf's law with exponent 1.1.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};

use crate::world::{Chance, START, write};

const REQUESTERS: usize = 50_000;
const KEYS: usize = 50_000;
const MEAN: f64 = 5.0;
const SIGMA: f64 = 1.2;

/// The price of finding the keys: half of the rho of epsilon 1 at delta 9e-7, and a delta of 1e-7.
const RHO: f64 = 0.027_730 / 2.0;
const DELTA: f64 = 1e-7;

/// The keys of each requester.
pub(crate) struct Asked(Vec<Vec<usize>>);

impl Asked {
    pub(crate) fn simulate(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let mut ends = Vec::with_capacity(KEYS);
        let mut sum = 0.0;
        for rank in 1..=KEYS {
            sum += (rank as f64).powf(-1.1);
            ends.push(sum);
        }
        let own = |chance: &mut Chance| {
            let activity = (MEAN.ln() - SIGMA * SIGMA / 2.0 + SIGMA * chance.normal()).exp();
            let keys: BTreeSet<usize> = (0..10_000)
                .take_while(|asked| f64::from(*asked) < activity)
                .map(|_| {
                    let at = chance.unit() * sum;
                    ends.partition_point(|end| *end <= at).min(KEYS - 1)
                })
                .collect();
            keys.into_iter().collect()
        };
        Self((0..REQUESTERS).map(|_| own(&mut chance)).collect())
    }

    pub(crate) fn mean(&self) -> f64 {
        self.0.iter().map(Vec::len).sum::<usize>() as f64 / REQUESTERS as f64
    }

    /// The expected number of keys above the threshold, and the cap of keys for each requester that
    /// gives the most.
    pub(crate) fn gaussian_threshold(&self) -> (f64, usize) {
        let mut chance = Chance::new(99);
        let of_cap = |cap: usize| {
            let mut counts = vec![0_u32; KEYS];
            for own in &self.0 {
                let mut own = own.clone();
                for place in 0..own.len().min(cap) {
                    let other = place + (chance.unit() * (own.len() - place) as f64) as usize;
                    let last = own.len() - 1;
                    own.swap(place, other.min(last));
                }
                own.iter().take(cap).for_each(|key| counts[*key] += 1);
            }
            let sd = (cap as f64 / (2.0 * RHO)).sqrt();
            let threshold = 1.0 + sd * deviations(DELTA / cap as f64);
            let touched = counts.iter().filter(|count| **count > 0);
            touched.map(|count| tail((threshold - f64::from(*count)) / sd)).sum::<f64>()
        };
        let caps = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 30];
        caps.into_iter()
            .map(of_cap)
            .zip(caps)
            .fold((0.0, 0), |best, one| if one.0 > best.0 { one } else { best })
    }

    /// A log in which each key is a prefix of nine digits.
    pub(crate) fn write(&self, folder: &Path) {
        let pairs = || {
            let all = self.0.iter().enumerate();
            all.flat_map(|(requester, own)| own.iter().map(move |key| (requester, *key)))
        };
        let texts = |of: &dyn Fn((usize, usize)) -> String| -> ArrayRef {
            Arc::new(pairs().map(|pair| Some(of(pair))).collect::<StringArray>())
        };
        let times: TimestampMicrosecondArray = pairs().map(|_| Some(START)).collect();
        let batch = RecordBatch::try_from_iter([
            ("requester", texts(&|(requester, _)| format!("+1415{:07}", 2_000_000 + requester))),
            ("target", texts(&|(_, key)| format!("+4915{:05}0000", key + 10_000))),
            ("requested_at", Arc::new(times.with_timezone("UTC")) as ArrayRef),
        ])
        .expect("a batch");
        write(&batch, folder);
    }
}

/// The probability that a standard normal exceeds `z`: Simpson's rule over twelve deviations.
fn tail(z: f64) -> f64 {
    if z < -8.0 {
        return 1.0;
    }
    let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let (steps, width) = (1_200, 12.0 / 1_200.0);
    (0..steps)
        .map(|step| {
            let left = z + f64::from(step) * width;
            (density(left) + 4.0 * density(left + width / 2.0) + density(left + width)) * width
                / 6.0
        })
        .sum()
}

/// What a standard normal exceeds with this probability.
fn deviations(probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 12.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if tail(middle) > probability { low = middle } else { high = middle }
    }
    high
}
