//! What the noisy tables of a class show of one level.

use super::levels::{Axis, Level, margin};
use super::look::NoisyNumbers;
use super::plan::{ClassTable, kept};
use pointillist::plan::kinds::CLASSES;

/// A sum that is this many deviations above zero says what its clip took.
const STANDS_OUT: f64 = 5.0;

/// A noisy table of a class: cells at full depth, the last axis changing fastest, in requesters.
pub(crate) type Observed = (ClassTable, Vec<f64>);

/// The numbers of the look, each averaged with what the class's own table of no axes shows of it, by
/// the inverse of their variances.
pub(crate) fn numbers_again(
    look: &NoisyNumbers,
    observed: &[Vec<Observed>; CLASSES],
) -> NoisyNumbers {
    std::array::from_fn(|class| {
        let (first, sd) = look[class];
        let own = observed[class].iter().find(|(table, _)| table.axes.is_empty());
        let Some((table, cells)) = own else { return (first, sd) };
        let (mine, theirs) = (sd * sd, 1.0 / (2.0 * table.rho));
        let all = mine + theirs;
        let again: f64 = cells.iter().sum();
        ((first * theirs + again * mine) / all, (mine * theirs / all).sqrt())
    })
}

/// Cells with the variance of their noise.
pub(super) struct Seen {
    pub(super) cells: Vec<f64>,
    pub(super) variance: Vec<f64>,
}

impl Seen {
    /// What all tables of a class show of a level together, each scaled by what its clip took; `None`
    /// if none of them has it.
    pub(super) fn of(
        axes: &[Axis],
        level: &Level,
        number: f64,
        observed: &[Observed],
    ) -> Option<Self> {
        let mut tables: Vec<&Observed> = observed.iter().collect();
        tables.sort_by_key(|(table, _)| (table.axes.len(), table.axes.clone()));
        tables
            .into_iter()
            .filter_map(|(table, cells)| Self::in_table(axes, level, number, table, cells))
            .reduce(|known, next| known.with(&next))
    }

    fn in_table(
        axes: &[Axis],
        level: &Level,
        number: f64,
        table: &ClassTable,
        cells: &[f64],
    ) -> Option<Self> {
        let full = Level::full(axes, &table.axes);
        if !level.is_within(&full) {
            return None;
        }
        let sd = table.clip / (2.0 * table.rho).sqrt();
        let sum: f64 = cells.iter().sum();
        let gain = if table.clip >= 1.0 {
            1.0
        } else if sum > STANDS_OUT * sd * (cells.len() as f64).sqrt() {
            (number / sum).max(1.0).min(1.0 / table.clip)
        } else {
            1.0 / kept(table.clip)
        };
        let (places, size) = (full.places(axes, level), level.cells(axes));
        let scaled = |cells: &[f64], by: f64| -> Vec<f64> {
            margin(cells, &places, size).into_iter().map(|cell| cell * by).collect()
        };
        Some(Self {
            cells: scaled(cells, gain),
            variance: scaled(&vec![1.0; cells.len()], (sd * gain).powi(2)),
        })
    }

    /// Both together, weighted by their precision.
    fn with(&self, other: &Self) -> Self {
        let variances = || self.variance.iter().zip(&other.variance);
        let cells = self.cells.iter().zip(&other.cells).zip(variances());
        Self {
            cells: cells
                .map(|((left, right), (mine, theirs))| {
                    (left * theirs + right * mine) / (mine + theirs)
                })
                .collect(),
            variance: variances().map(|(mine, theirs)| mine * theirs / (mine + theirs)).collect(),
        }
    }
}
