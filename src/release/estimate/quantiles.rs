//! Quantiles of a number from the estimated counts of its bins.
//!
//! F(x) is the share of lookups below x. It is straight within a bin, or straight in the logarithm
//! where bins grow by a constant factor. The quantile at p is where F crosses p. How far F may be
//! off at a place is computed at the upper end of its bin, as an interval. The interval of the quantile
//! begins where F could first cross p, and ends where it must have, by how far it may be off there.

use super::answer::{Answer, Column, Rows, real_columns};
use super::deviations::{DayEstimate, Sums};
use super::drawn::{Drawn, Estimator};
use super::fitted::LEAST;
use super::informative::{is_wider_than_value, may_be_none, takes_up};
use super::levels::Level;
use super::value::Estimate;
use crate::plan::Axis;
use crate::release_file::keys::Key;
use crate::release_file::question::Question;
use crate::{Error, Result};

/// What the mean of a normal number of deviation one becomes when all below zero becomes zero.
const LIFTED: f64 = 0.398_942_280_401_432_7;

/// Quantiles of a number over the lookups that have one.
pub(super) struct Quantiles<'a> {
    /// The number, on a grid of bins.
    pub(super) of: &'a Key,
    /// Which quantiles, ascending, each between 0 and 1.
    pub(super) at: &'a [f64],
}

impl Estimator for Quantiles<'_> {
    /// For each combination of keys one row for each quantile.
    fn answer(&self, question: &Question, drawn: &Drawn<'_>) -> Result<Answer> {
        let grid = self.of.grid().ok_or_else(|| Error::internal("a number's key has no grid"))?;
        let edges: Vec<f64> = (0..=grid.none()).map(|bin| grid.edge(bin)).collect();
        let by_axes: Vec<Axis> = question.by.iter().map(Axis::of).collect();
        let axes: Vec<Axis> = by_axes.iter().cloned().chain([Axis::of(self.of)]).collect();
        let level = drawn.level(&axes)?;
        let by = drawn.level(&by_axes)?;
        let (cells, rows) = (drawn.cells_in_order(&axes)?, drawn.cells_in_order(&by_axes)?);
        let bins = Bins { cells: &cells, rows: &rows, edges: &edges, is_log: grid.is_log() };
        let estimates = bins.quantiles(&drawn.day, &level, &by, self.at)?;
        let is_lost = bins.uninformative(&drawn.day, &level, &by, &estimates)?;
        let estimates: Vec<Estimate> = estimates.into_iter().flatten().collect();
        let mut columns = real_columns(&estimates, is_lost);
        let at = self.at.iter().copied().cycle().take(estimates.len()).collect();
        columns.insert(0, Column::real("quantile", at));
        let mut answer = Answer::new(Rows::Each(self.at.len()), columns);
        answer.measured_tables = drawn.sources(question);
        Ok(answer)
    }
}

/// Where the bins of each row lie in a level.
pub(super) struct Bins<'a> {
    /// For each row the cells of its bins, and behind them that of lookups without a number.
    pub(super) cells: &'a [usize],
    /// The cell of each row in the level without bins.
    pub(super) rows: &'a [usize],
    /// The ends of the bins.
    pub(super) edges: &'a [f64],
    /// Whether bins grow by a constant factor.
    pub(super) is_log: bool,
}

impl Bins<'_> {
    /// For each row its quantiles.
    ///
    /// # Errors
    /// Internal, when no question has the level.
    pub(super) fn quantiles(
        &self,
        day: &DayEstimate,
        level: &Level,
        by: &Level,
        at: &[f64],
    ) -> Result<Vec<Vec<Estimate>>> {
        let values = day.values(level)?;
        let of_rows = || self.cells.chunks_exact(self.edges.len());
        let curve = |cells: &[usize]| {
            let bins = cells[..self.edges.len() - 1].iter().map(|cell| values[*cell]);
            Curve::new(bins.collect(), self.edges, self.is_log)
        };
        let curves: Vec<Curve<'_>> = of_rows().map(curve).collect();
        let nothing = vec![0.0; self.rows.len()];
        // How far F may be off at one bin of each row.
        let off = |bins: &[usize]| -> Result<Vec<Estimate>> {
            let mut factors = vec![0.0; values.len()];
            for ((cells, curve), bin) in of_rows().zip(&curves).zip(bins) {
                let below = curve.below[bin + 1];
                for (place, cell) in cells[..self.edges.len() - 1].iter().enumerate() {
                    factors[*cell] = (f64::from(u8::from(place <= *bin)) - below) / curve.whole;
                }
            }
            let sums = Sums { level, by, factors: Some(&factors), values: Some(&nothing) };
            let found = day.sums(&sums)?;
            Ok(self.rows.iter().map(|row| found[*row]).collect())
        };
        let mut found = vec![Vec::new(); curves.len()];
        for at in at {
            let bins: Vec<usize> = curves.iter().map(|curve| curve.bin(*at)).collect();
            let own = off(&bins)?;
            let down = bins.iter().map(|bin| (0, *bin)).collect();
            let low =
                first(down, &off, |row, bin, off| curves[row].below[bin + 1] + off.high >= *at)?;
            let up = bins.iter().map(|bin| (*bin, self.edges.len() - 2)).collect();
            let high =
                first(up, &off, |row, bin, off| curves[row].below[bin + 1] + off.low >= *at)?;
            for (row, found) in found.iter_mut().enumerate() {
                let ends =
                    [(low[row].0, at - low[row].1.high), (high[row].0, at - high[row].1.low)];
                found.push(curves[row].quantile(*at, own[row].noise_sd, ends));
            }
        }
        Ok(found)
    }

    /// Which quantiles say nothing, row after row: by their intervals, or because no lookup may have a
    /// number. The bins of a row without any are as even as their floor, and that looks like knowledge.
    ///
    /// # Errors
    /// Internal, when no question has the level.
    pub(super) fn uninformative(
        &self,
        day: &DayEstimate,
        level: &Level,
        by: &Level,
        quantiles: &[Vec<Estimate>],
    ) -> Result<Vec<bool>> {
        let counts = self.counts(day, level, by)?;
        let rows = quantiles.iter().zip(counts);
        let of_row = |(row, count): (&Vec<Estimate>, Estimate)| {
            let is_lost = |one: &Estimate| self.is_unknown(one) || may_be_none(count.low);
            row.iter().map(is_lost).collect::<Vec<bool>>()
        };
        Ok(rows.flat_map(of_row).collect())
    }

    /// For each row how many lookups have a number.
    ///
    /// # Errors
    /// Internal, when no question has the level.
    fn counts(&self, day: &DayEstimate, level: &Level, by: &Level) -> Result<Vec<Estimate>> {
        let mut factors = vec![0.0; self.cells.len()];
        for cells in self.cells.chunks_exact(self.edges.len()) {
            cells[..self.edges.len() - 1].iter().for_each(|cell| factors[*cell] = 1.0);
        }
        let counts = day.sums(&Sums { level, by, factors: Some(&factors), values: None })?;
        let bins = day.sums(&Sums { level, by: level, factors: None, values: None })?;
        // Nearly all cells may be empty bins, which together keep that part of the day at most. And none lies
        // below zero, so that noise lifts each empty bin.
        let floor = LEAST * day.total().value;
        let count = |(row, cells): (&usize, &[usize])| {
            let noise = cells[..self.edges.len() - 1].iter().map(|cell| bins[*cell].noise_sd);
            let lifted = LIFTED * noise.sum::<f64>();
            counts[*row].less_floor(floor + lifted).within(0.0, f64::INFINITY)
        };
        let cells = self.cells.chunks_exact(self.edges.len());
        Ok(self.rows.iter().zip(cells).map(count).collect())
    }

    /// Whether a quantile says nothing by its interval, which takes up as much of the range as of its
    /// bins: where they grow by a constant factor, that is seen in the logarithm.
    fn is_unknown(&self, quantile: &Estimate) -> bool {
        let ends = [self.edges[0], self.edges[self.edges.len() - 1]];
        let scale = |number: f64| if self.is_log { number.ln() } else { number };
        is_wider_than_value(quantile)
            || takes_up([quantile.low, quantile.high].map(scale), ends.map(scale))
    }
}

/// The distribution of one combination of keys.
struct Curve<'a> {
    edges: &'a [f64],
    is_log: bool,
    /// All lookups with a number.
    whole: f64,
    /// The share of lookups below each edge.
    below: Vec<f64>,
}

impl<'a> Curve<'a> {
    fn new(bins: Vec<f64>, edges: &'a [f64], is_log: bool) -> Self {
        let whole = bins.iter().sum::<f64>().max(1e-9);
        let sums = bins.into_iter().scan(0.0, |sum, bin| {
            *sum += bin;
            Some(*sum / whole)
        });
        Self { edges, is_log, whole, below: std::iter::once(0.0).chain(sums).collect() }
    }

    /// The bin in which F crosses a rank.
    fn bin(&self, rank: f64) -> usize {
        let above = self.below.partition_point(|below| *below < rank);
        above.saturating_sub(1).min(self.below.len() - 2)
    }

    /// Where F crosses a rank.
    fn inverse(&self, rank: f64) -> f64 {
        let rank = rank.clamp(0.0, 1.0);
        self.inverse_in(self.bin(rank), rank)
    }

    /// The same in one bin, at an end of it if F crosses the rank elsewhere.
    fn inverse_in(&self, bin: usize, rank: f64) -> f64 {
        let (below, above) = (self.below[bin], self.below[bin + 1]);
        let part = ((rank - below) / (above - below).max(1e-300)).clamp(0.0, 1.0);
        let (low, high) = (self.edges[bin], self.edges[bin + 1]);
        if self.is_log { low * (high / low).powf(part) } else { low + (high - low) * part }
    }

    /// A quantile, with the deviation of F by noise; its interval ends at two bins, where F crosses two ranks.
    fn quantile(&self, at: f64, noise_sd: f64, ends: [(usize, f64); 2]) -> Estimate {
        let apart = self.inverse(at + noise_sd) - self.inverse(at - noise_sd);
        let [low, high] = ends.map(|(bin, rank)| self.inverse_in(bin, rank));
        Estimate { value: self.inverse(at), noise_sd: apart / 2.0, low, high }
    }
}

/// The first bin of each row's range at which a test holds, or else the last one, and how far F may be off
/// there. All rows are halved together, since it takes one sum over all cells to say that.
fn first(
    mut ranges: Vec<(usize, usize)>,
    off: &dyn Fn(&[usize]) -> Result<Vec<Estimate>>,
    holds: impl Fn(usize, usize, &Estimate) -> bool,
) -> Result<Vec<(usize, Estimate)>> {
    while ranges.iter().any(|(low, high)| low < high) {
        let middles: Vec<usize> =
            ranges.iter().map(|(low, high)| usize::midpoint(*low, *high)).collect();
        let there = off(&middles)?;
        let tested = ranges.iter_mut().zip(middles.iter().zip(&there)).enumerate();
        for (row, ((low, high), (middle, off))) in tested {
            if holds(row, *middle, off) {
                *high = *middle;
            } else {
                *low = (middle + 1).min(*high);
            }
        }
    }
    let bins: Vec<usize> = ranges.iter().map(|(low, _)| *low).collect();
    let there = off(&bins)?;
    Ok(bins.into_iter().zip(there).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_bins_give_exact_quantiles() {
        let edges: Vec<f64> = (0..=128).map(f64::from).collect();
        let curve = Curve::new(vec![10.0; 128], &edges, false);
        for (at, expected) in [(0.25, 32.0), (0.5, 64.0), (0.99, 126.72)] {
            let found = curve.quantile(at, 0.0, [(curve.bin(at), at); 2]);
            assert!((found.value - expected).abs() < 1e-9, "{found:?}");
            assert!((found.high - found.low).abs() < 1e-9, "{found:?}");
        }
        // F may be off by a tenth on either side.
        let found = curve.quantile(0.5, 0.05, [0.4, 0.6].map(|rank| (curve.bin(rank), rank)));
        let expected = [51.2, 76.8, 6.4];
        for (found, expected) in [found.low, found.high, found.noise_sd].into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn a_quantile_says_nothing_wherever_in_its_range_it_lies() {
        let bins = |edges, is_log| Bins { cells: &[], rows: &[], edges, is_log };
        let of = |value, low, high| Estimate { value, noise_sd: 0.0, low, high };
        let (even, decades) = ([0.0, 500.0, 2_000.0], [1.0, 40.0, 2_000.0]);
        for (is_log, quantile, says_nothing) in [
            (false, of(1_834.0, 0.0, 2_000.0), true),
            (false, of(1_834.0, 900.0, 2_000.0), true),
            (false, of(1_834.0, 1_200.0, 2_000.0), false),
            (false, of(30.0, 0.0, 90.0), true),
            (true, of(1_834.0, 1.0, 2_000.0), true),
            (true, of(1_500.0, 40.0, 2_000.0), true),
            // A factor of forty is less than half of these decades, of two much less.
            (true, of(1_500.0, 50.0, 2_000.0), false),
            (true, of(1_500.0, 1_000.0, 2_000.0), false),
            (true, of(30.0, 1.0, 90.0), true),
        ] {
            let bins = bins(if is_log { &decades } else { &even }, is_log);
            assert_eq!(bins.is_unknown(&quantile), says_nothing, "{is_log} {quantile:?}");
        }
    }

    #[test]
    fn bins_that_grow_are_straight_in_the_logarithm() {
        let edges = [1.0, 10.0, 100.0];
        let curve = Curve::new(vec![50.0, 50.0], &edges, true);
        assert!((curve.inverse(0.75) - 1000.0_f64.sqrt()).abs() < 1e-9);
        assert!(
            (curve.inverse(0.0) - 1.0).abs() < 1e-9 && (curve.inverse(2.0) - 100.0).abs() < 1e-9
        );
    }
}
