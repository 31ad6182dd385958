//! Sums and means of a number.

use super::answer::{Answer, Column, Rows, Z_95, is_uninformative};
use super::estimator::{Drawn, Estimator, Planned, grid, middle};
use super::expected::{Expected, Load};
use super::ratios::{self, Pair, Spread};
use crate::Result;
use crate::release_file::keys::Key;
use crate::release_file::question::Question;

/// The sum of a number over the lookups that have one.
pub(super) struct NumberSums<'a> {
    /// The number.
    pub(super) key: &'a Key,
}

impl Estimator for NumberSums<'_> {
    fn answer(&self, question: &Question, drawn: &mut Drawn<'_>) -> Result<Answer> {
        let own = drawn.own(question)?;
        Ok(own.answered(sums(&own.cells, own.variance, grid(self.key)?.most())))
    }

    fn expected(&self, question: &Question, planned: &Planned<'_>) -> Option<Expected> {
        Some(Expected::Fixed(planned.own_noise(question)? * grid(self.key).ok()?.most()))
    }

    fn typical(&self, load: Load, combinations: f64) -> Option<(f64, f64)> {
        let value = load.lookups / combinations * middle(grid(self.key).ok()?);
        Some((value, 1.0))
    }
}

/// The answer of sums that are measured as a part of `most`.
fn sums(cells: &[f64], variance: f64, most: f64) -> Answer {
    let half = Z_95 * variance.sqrt();
    let scaled =
        |shift: f64| -> Vec<f64> { cells.iter().map(|cell| (cell + shift) * most).collect() };
    let (value, low, high) = (scaled(0.0), scaled(-half), scaled(half));
    let uninformative = value
        .iter()
        .zip(low.iter().zip(&high))
        .map(|(value, (low, high))| is_uninformative(Some(*value), *low, *high))
        .collect();
    let columns = vec![
        Column::real("value", value),
        Column::real("noise_sd", vec![variance.sqrt() * most; cells.len()]),
        Column::real("ci_low", low),
        Column::real("ci_high", high),
        Column::flag("uninformative", uninformative),
    ];
    Answer::new(Rows::Each(1), columns)
}

/// The mean of a number over the lookups that have one.
pub(super) struct NumberMeans<'a> {
    /// The number.
    pub(super) key: &'a Key,
}

impl Estimator for NumberMeans<'_> {
    fn answer(&self, question: &Question, drawn: &mut Drawn<'_>) -> Result<Answer> {
        let own = drawn.own(question)?;
        let (low, high) = grid(self.key)?.range();
        let spread = Spread { part: own.variance, whole: own.variance, both: 0.0 };
        let pairs: Vec<Pair> = own
            .cells
            .chunks_exact(2)
            .map(|pair| Pair { part: pair[0], whole: pair[1], spread })
            .collect();
        Ok(own.answered(ratios::ratios(&pairs, -1.0, 1.0, low, high)))
    }

    fn expected(&self, question: &Question, planned: &Planned<'_>) -> Option<Expected> {
        let own = planned.own_noise(question)?;
        let least = ratios::LEAST_SIGNAL * own;
        Some(Expected::PerLookup { sd: own / 2.0, least, of: "range" })
    }

    fn typical(&self, _: Load, _: f64) -> Option<(f64, f64)> {
        let grid = grid(self.key).ok()?;
        Some((middle(grid), grid.range().1 - grid.range().0))
    }
}
