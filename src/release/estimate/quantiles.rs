//! Every quantile from one noisy histogram of bins.
//!
//! F(x) is the share of lookups below x, straight within a bin. A quantile is where F crosses it; of
//! several crossings, which noise makes, the middle of the first and the last. The interval reaches
//! from the first to the last place x where the lookups below x cannot be distinguished from the
//! quantile's part of all lookups, measured by the noise of that difference (docs/mechanisms.md,
//! section 9).
//!
//! # What the interval promises
//! The true place cannot be distinguished in exactly 95 of 100 draws, so the interval holds at least
//! that often, whatever the curve. If the bins near the quantile are well above their noise, F
//! crosses its band once on either side and the interval holds in 95 of 100. Where the curve is
//! flat (few lookups near the quantile) every number along the flat part is as good a quantile; the
//! noisy curve then wanders in and out of the band, the interval spans all of it, and it holds more
//! often.

use super::answer::{Answer, Column, Rows, Z_95, is_uninformative};
use super::estimator::{Drawn, Estimator, Planned, grid};
use super::expected::{Expected, Load};
use crate::Result;
use crate::release_file::keys::Key;
use crate::release_file::number::Grid;
use crate::release_file::question::Question;

/// Quantiles are published if the lookups are at least this many standard deviations of their sum.
const LEAST_SIGNAL: f64 = 5.0;
/// How many places within each bin are looked at.
const STEPS: u32 = 16;

/// Quantiles of a number over the lookups that have one.
pub(super) struct Quantiles<'a> {
    /// The number, on a grid of bins.
    pub(super) of: &'a Key,
    /// Which quantiles, ascending, each between 0 and 1.
    pub(super) at: &'a [f64],
}

impl Estimator for Quantiles<'_> {
    fn answer(&self, question: &Question, drawn: &mut Drawn<'_>) -> Result<Answer> {
        let own = drawn.own(question)?;
        Ok(own.answered(quantiles(&own.cells, own.variance, grid(self.of)?, self.at)))
    }

    fn expected(&self, question: &Question, planned: &Planned<'_>) -> Option<Expected> {
        let whole = planned.own_noise(question)? * (self.of.size() as f64 - 1.0).sqrt();
        let least = LEAST_SIGNAL * whole;
        Some(Expected::PerLookup { sd: whole / 2.0, least, of: "rank" })
    }

    fn typical(&self, _: Load, _: f64) -> Option<(f64, f64)> {
        Some((0.5, 1.0))
    }
}

/// The answer: for each combination of keys one row for each quantile.
///
/// # Shapes
/// `bins` has the noisy bins of each combination side by side, each with this variance.
fn quantiles(bins: &[f64], variance: f64, grid: &Grid, at: &[f64]) -> Answer {
    let mut rows = Found::default();
    for combination in bins.chunks_exact(usize::from(grid.none())) {
        let total: f64 = combination.iter().sum();
        let spread = (variance * combination.len() as f64).sqrt();
        let curve =
            (total >= LEAST_SIGNAL * spread).then(|| Curve::new(combination, variance, total));
        for quantile in at {
            rows.push(*quantile, curve.as_ref(), grid);
        }
    }
    let columns = vec![
        Column::real("quantile", rows.quantile),
        Column::maybe("value", rows.value),
        Column::maybe("noise_sd", rows.noise_sd),
        Column::real("ci_low", rows.low),
        Column::real("ci_high", rows.high),
        Column::flag("uninformative", rows.uninformative),
    ];
    Answer::new(Rows::Each(at.len()), columns)
}

/// A point of the noisy distribution: a place in bins, and F there.
struct Point {
    place: f64,
    below: f64,
}

/// The noisy distribution of one combination of keys.
struct Curve {
    points: Vec<Point>,
    /// The standard deviation of a bin's noise, as a part of all lookups.
    noise: f64,
    bins: f64,
}

impl Curve {
    fn new(bins: &[f64], variance: f64, total: f64) -> Self {
        let mut points = Vec::with_capacity(bins.len() * STEPS as usize + 1);
        let mut sum = 0.0;
        for (bin, value) in bins.iter().enumerate() {
            for step in 0..STEPS {
                let part = f64::from(step) / f64::from(STEPS);
                points
                    .push(Point { place: bin as f64 + part, below: (sum + part * value) / total });
            }
            sum += value;
        }
        let count = bins.len() as f64;
        points.push(Point { place: count, below: 1.0 });
        Self { points, noise: variance.sqrt() / total, bins: count }
    }

    /// How far F lies above a quantile at a point, with `sds` standard deviations of that
    /// difference added.
    ///
    /// Bins below count in it with one less the quantile, those above with the quantile.
    fn above(&self, point: &Point, quantile: f64, sds: f64) -> f64 {
        let left = point.place.floor().min(self.bins - 1.0);
        let part = point.place - left;
        let (right, rest) = (self.bins - left - 1.0, 1.0 - quantile);
        let factors = left * rest * rest + (part - quantile).powi(2) + right * quantile * quantile;
        point.below - quantile + sds * self.noise * factors.sqrt()
    }

    /// Where this difference first reaches zero.
    fn first(&self, quantile: f64, sds: f64) -> f64 {
        let at = self.points.iter().position(|point| self.above(point, quantile, sds) >= 0.0);
        self.crossing(at.unwrap_or(self.points.len() - 1), quantile, sds)
    }

    /// Where it is last at most zero.
    fn last(&self, quantile: f64, sds: f64) -> f64 {
        let at = self.points.iter().rposition(|point| self.above(point, quantile, sds) <= 0.0);
        let next = at.map_or(0, |at| (at + 1).min(self.points.len() - 1));
        self.crossing(next, quantile, sds)
    }

    /// The place between a point and the one before it where the difference is zero.
    fn crossing(&self, at: usize, quantile: f64, sds: f64) -> f64 {
        let here = &self.points[at];
        let Some(before) = at.checked_sub(1).map(|before| &self.points[before]) else {
            return here.place;
        };
        let (left, right) = (self.above(before, quantile, sds), self.above(here, quantile, sds));
        let part = if right > left { -left / (right - left) } else { 1.0 };
        before.place + (here.place - before.place) * part.clamp(0.0, 1.0)
    }
}

#[derive(Default)]
struct Found {
    quantile: Vec<f64>,
    value: Vec<Option<f64>>,
    noise_sd: Vec<Option<f64>>,
    low: Vec<f64>,
    high: Vec<f64>,
    uninformative: Vec<bool>,
}

impl Found {
    fn push(&mut self, quantile: f64, curve: Option<&Curve>, grid: &Grid) {
        let found = curve.map(|curve| find(curve, quantile));
        let (low, high) = match found {
            Some((_, low, high)) => (at(grid, low), at(grid, high)),
            None => grid.range(),
        };
        let value = found.map(|(place, _, _)| at(grid, place));
        self.quantile.push(quantile);
        self.value.push(value);
        self.noise_sd.push(found.map(|_| (high - low) / (2.0 * Z_95)));
        self.low.push(low);
        self.high.push(high);
        self.uninformative.push(is_uninformative(value, low, high));
    }
}

/// The quantile's place and the ends of its interval, in bins.
fn find(curve: &Curve, quantile: f64) -> (f64, f64, f64) {
    let place = f64::midpoint(curve.first(quantile, 0.0), curve.last(quantile, 0.0));
    let (low, high) = (curve.first(quantile, Z_95), curve.last(quantile, -Z_95));
    (place, low.min(place), high.max(place))
}

/// The number at a place in bins.
fn at(grid: &Grid, place: f64) -> f64 {
    let place = place.clamp(0.0, f64::from(grid.none()));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the bins"
    )]
    let bin = (place.floor() as u16).min(grid.none() - 1);
    let (left, right) = (grid.edge(bin), grid.edge(bin + 1));
    left + (right - left) * (place - f64::from(bin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release_file::number::Steps;

    fn grid() -> Grid {
        Grid::new("x", Some(&[0.0, 128.0]), true, Steps::Bins, "q").unwrap()
    }

    #[test]
    fn exact_bins_give_exact_quantiles() {
        let bins = vec![10.0; 128];
        let answer = quantiles(&bins, 1e-9, &grid(), &[0.25, 0.5, 0.99]);
        let values = answer.numbers("value").unwrap();
        for (value, expected) in values.iter().zip([32.0, 64.0, 126.72]) {
            assert!((value.unwrap() - expected).abs() < 0.1, "{values:?}");
        }
        assert_eq!(answer.rows, Rows::Each(3));
    }

    #[test]
    fn noise_widens_the_interval_and_too_much_of_it_leaves_null() {
        let bins = vec![100.0; 128];
        let narrow = quantiles(&bins, 1.0, &grid(), &[0.5]);
        let wide = quantiles(&bins, 400.0, &grid(), &[0.5]);
        let width = |answer: &Answer| {
            answer.numbers("ci_high").unwrap()[0].unwrap()
                - answer.numbers("ci_low").unwrap()[0].unwrap()
        };
        assert!(width(&narrow) < width(&wide));
        // At the middle, F has sd 20 sqrt(128) / 2 / 12800 = 0.0088 of 128 values, twice 1.96.
        assert!((width(&wide) - 2.0 * 1.96 * 0.008_84 * 128.0).abs() < 0.4, "{}", width(&wide));
        let lost = quantiles(&bins, 1e9, &grid(), &[0.5]);
        assert_eq!(lost.numbers("value").unwrap(), [None]);
        assert_eq!(lost.numbers("ci_high").unwrap(), [Some(128.0)]);
    }
}
