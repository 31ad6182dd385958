//! Every quantile from one noisy histogram of bins.
//!
//! F(x) is the share of lookups below x, straight within a bin. A quantile is where F crosses it; of
//! several crossings, which noise makes, the middle of the first and the last. The interval holds
//! every x whose F cannot be told from the quantile (MECHANISMS 5.5).

use super::answer::{Answer, Column, Rows, Z_95, is_uninformative};
use crate::spec::number::Grid;

/// Quantiles are published where the lookups are at least so many standard deviations of their sum.
const LEAST_SIGNAL: f64 = 5.0;
/// How many places within each bin are looked at.
const STEPS: u32 = 16;

/// The answer: for each combination of keys one row for each quantile.
///
/// # Shapes
/// `bins` has the noisy bins of each combination side by side, each with this variance.
pub(super) fn quantiles(bins: &[f64], variance: f64, grid: &Grid, at: &[f64]) -> Answer {
    let mut rows = Found::default();
    for combination in bins.chunks_exact(usize::from(grid.none())) {
        let total: f64 = combination.iter().sum();
        let spread = (variance * combination.len() as f64).sqrt();
        let curve = (total >= LEAST_SIGNAL * spread).then(|| curve(combination, variance, total));
        for quantile in at {
            rows.push(*quantile, curve.as_deref(), grid);
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
    Answer { rows: Rows::Each(at.len()), columns, measured_tables: Vec::new(), coverage: None }
}

/// A point of the noisy distribution: a place in bins, F there, and the variance of its noise.
struct Point {
    place: f64,
    below: f64,
    variance: f64,
}

fn curve(bins: &[f64], variance: f64, total: f64) -> Vec<Point> {
    let count = bins.len() as f64;
    let mut points = Vec::with_capacity(bins.len() * STEPS as usize + 1);
    let mut sum = 0.0;
    for (bin, value) in bins.iter().enumerate() {
        for step in 0..STEPS {
            let part = f64::from(step) / f64::from(STEPS);
            let below = (sum + part * value) / total;
            let (left, right) = (bin as f64, count - bin as f64 - 1.0);
            let factors =
                left * (1.0 - below).powi(2) + (part - below).powi(2) + right * below.powi(2);
            points.push(Point {
                place: bin as f64 + part,
                below,
                variance: variance * factors / (total * total),
            });
        }
        sum += value;
    }
    points.push(Point { place: count, below: 1.0, variance: 0.0 });
    points
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
    fn push(&mut self, quantile: f64, curve: Option<&[Point]>, grid: &Grid) {
        let found = curve.and_then(|curve| find(curve, quantile));
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
fn find(curve: &[Point], quantile: f64) -> Option<(f64, f64, f64)> {
    let first = curve.iter().position(|point| point.below >= quantile)?;
    let last = curve.iter().rposition(|point| point.below <= quantile).unwrap_or(0);
    let place = f64::midpoint(curve[first].place, curve[last].place);
    let held = |point: &&Point| (point.below - quantile).powi(2) <= Z_95 * Z_95 * point.variance;
    // A step to each side, since the curve is looked at in steps.
    let step = 1.0 / f64::from(STEPS);
    let low = curve.iter().find(held).map_or(place, |point| point.place) - step;
    let high = curve.iter().rev().find(held).map_or(place, |point| point.place) + step;
    Some((place, low.min(place).max(0.0), high.max(place)))
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
    use crate::spec::number::Steps;

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
