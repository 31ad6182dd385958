//! What the noisy tables of a class show of one level.

use super::class_numbers::NoisyNumbers;
use super::geometry::Geometry;
use super::levels::Level;
use crate::plan::kinds::CLASSES;
use crate::plan::{TableAxes, kept};

/// If the sum of a table is this many deviations above zero, it says how much the clip took.
const STANDS_OUT: f64 = 5.0;

/// A noisy table of a class.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Observed {
    /// Its axes; none for the number of the class.
    pub(super) axes: TableAxes,
    /// The bound on a requester's shape, from 0 to 1.
    pub(super) clip: f64,
    /// The standard deviation of the noise, in requesters.
    pub(super) sd: f64,
    /// The cells, the last axis changing fastest, in requesters.
    pub(super) cells: Vec<f64>,
}

/// The numbers of the look, each averaged with what the class's own table of no axes shows of it,
/// weighted by the inverse of their variances.
pub(super) fn numbers_again(
    look: &NoisyNumbers,
    observed: &[Vec<Observed>; CLASSES],
) -> NoisyNumbers {
    std::array::from_fn(|class| {
        let (first, sd) = look[class];
        let own = observed[class].iter().find(|table| table.axes.places.is_empty());
        let Some(table) = own else { return (first, sd) };
        let (mine, theirs) = (sd * sd, table.sd * table.sd);
        let all = mine + theirs;
        let again: f64 = table.cells.iter().sum();
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
        geometry: &Geometry,
        level: &Level,
        number: f64,
        observed: &[Observed],
    ) -> Option<Self> {
        let mut tables: Vec<&Observed> = observed.iter().collect();
        tables.sort_by_key(|table| (table.axes.places.len(), &table.axes));
        tables
            .into_iter()
            .filter_map(|table| Self::in_table(geometry, level, number, table))
            .reduce(|known, next| known.with(&next))
    }

    fn in_table(geometry: &Geometry, level: &Level, number: f64, table: &Observed) -> Option<Self> {
        let Observed { axes, clip, sd, cells } = table;
        let full = geometry.of_table(axes);
        if !level.is_within(&full) {
            return None;
        }
        let sum: f64 = cells.iter().sum();
        let gain = if *clip >= 1.0 {
            1.0
        } else if sum > STANDS_OUT * sd * (cells.len() as f64).sqrt() {
            (number / sum).max(1.0).min(1.0 / clip)
        } else {
            1.0 / kept(*clip)
        };
        let scaled = |cells: &[f64], by: f64| -> Vec<f64> {
            let sums = geometry.margin(cells, &full, level);
            sums.into_iter().map(|cell| cell * by).collect()
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
