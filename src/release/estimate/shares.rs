//! Shares: some cells of a level over all of them.
//!
//! To first order a share is off by the sum of (meets - share) / n times what each cell is off, so
//! that its interval is that of such a sum (docs/mechanisms.md, section 9).

use super::answer::{Answer, Rows, of_lookups, real_columns};
use super::deviations::{DayEstimate, Sums};
use super::drawn::{Drawn, Estimator};
use super::informative::{may_be_none, takes_up};
use super::levels::Level;
use super::value::Estimate;
use crate::Result;
use crate::plan::{Axis, condition_met};
use crate::release_file::expression::Condition;
use crate::release_file::keys::Key;
use crate::release_file::question::Question;

/// The share of the lookups that meets a condition.
pub(super) struct Shares<'a> {
    /// The condition.
    pub(super) condition: &'a Condition,
    /// The keys that it reads.
    pub(super) keys: &'a [Key],
}

impl Shares<'_> {
    /// The axes of the question's level, those of `by` first, and whether each combination of their
    /// values meets the condition, the last axis changing fastest.
    fn met(&self, question: &Question, drawn: &Drawn<'_>) -> Result<(Vec<Axis>, Vec<bool>)> {
        let by = question.by.iter().map(Axis::of);
        let own = Axis::Condition(question.name.clone());
        if drawn.plan.asked.axes.iter().any(|known| known.axis == own) {
            let combinations: u64 = question.by.iter().map(Key::size).product();
            let combinations = usize::try_from(combinations).unwrap_or(usize::MAX);
            return Ok((by.chain([own]).collect(), [false, true].repeat(combinations)));
        }
        let names: Vec<&str> = question.by.iter().map(Key::name).collect();
        let read = self.keys.iter().filter(|key| !names.contains(&key.name()));
        let every: Vec<Key> = question.by.iter().chain(read).cloned().collect();
        Ok((every.iter().map(Axis::of).collect(), condition_met(self.condition, &every)?))
    }
}

impl Estimator for Shares<'_> {
    /// One row for each combination of the question's keys.
    fn answer(&self, question: &Question, drawn: &Drawn<'_>) -> Result<Answer> {
        let (axes, met) = self.met(question, drawn)?;
        let level = drawn.level(&axes)?;
        let by_axes: Vec<Axis> = question.by.iter().map(Axis::of).collect();
        let by = drawn.level(&by_axes)?;
        let cells = drawn.cells_in_order(&axes)?;
        let mut meets = vec![0.0; cells.len()];
        for (cell, met) in cells.into_iter().zip(met) {
            meets[cell] = f64::from(met);
        }
        let cells = drawn.day.shares(&level, &by, &meets)?;
        let order = drawn.cells_in_order(&by_axes)?;
        let rows: Vec<Estimate> = order.into_iter().map(|cell| cells[cell]).collect();
        let counts = drawn.counts(question, 1.0)?;
        let mut columns = real_columns(&rows, uninformative(&rows, &counts));
        columns.extend(of_lookups(&counts));
        let mut answer = Answer::new(Rows::Each(1), columns);
        answer.measured_tables = drawn.sources(question);
        Ok(answer)
    }
}

/// Which shares say nothing: by their intervals, or because they may be of no lookups.
pub(super) fn uninformative(shares: &[Estimate], counts: &[Estimate]) -> Vec<bool> {
    let of = |(share, count): (&Estimate, &Estimate)| {
        takes_up([share.low, share.high], [0.0, 1.0]) || may_be_none(count.low)
    };
    shares.iter().zip(counts).map(of).collect()
}

impl DayEstimate {
    /// The share of each cell of `by` that lies in cells of the level with a one in `meets`.
    ///
    /// # Errors
    /// Internal, when no question has the level.
    pub(super) fn shares(&self, level: &Level, by: &Level, meets: &[f64]) -> Result<Vec<Estimate>> {
        let values = self.values(level)?;
        let geometry = &self.shapes.geometry;
        let to_row = geometry.places(level, by);
        let wholes = geometry.margin(&values, level, by);
        let wholes: Vec<f64> = wholes.into_iter().map(|sum| sum.max(1e-9)).collect();
        let parts: Vec<f64> =
            values.iter().zip(meets).map(|(value, meets)| value * meets).collect();
        let parts = geometry.margin(&parts, level, by);
        let shares: Vec<f64> =
            parts.iter().zip(&wholes).map(|(part, whole)| part / whole).collect();
        let factors: Vec<f64> = meets
            .iter()
            .zip(to_row.iter())
            .map(|(meets, row)| (meets - shares[row]) / wholes[row])
            .collect();
        let sums = Sums { level, by, factors: Some(&factors), values: Some(&shares) };
        Ok(self.sums(&sums)?.into_iter().map(|share| share.within(0.0, 1.0)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_says_nothing_by_its_width_or_of_lookups_that_may_be_none() {
        let of = |value, low, high| Estimate { value, noise_sd: 0.0, low, high };
        let some = of(800.0, 300.0, 1_300.0);
        for (share, count, says_nothing) in [
            (of(0.3, 0.1, 0.5), some, false),
            (of(0.9, 0.45, 1.0), some, true),
            (of(0.05, 0.0, 0.55), some, true),
            (of(0.3, 0.25, 0.35), of(800.0, 0.0, 1_300.0), true),
        ] {
            assert_eq!(uninformative(&[share], &[count]), [says_nothing], "{share:?} {count:?}");
        }
    }
}
