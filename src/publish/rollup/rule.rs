//! By which rule the values of a question add up: as sums, or as averages.

use super::average::Averaged;
use super::frame::Cell;
use super::sum::{self, Counted, OfDay, Over, Summand};
use crate::release_file::measure::Measure;

/// By which rule the values of a question add up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// They are added.
    Sum(Counted),
    /// They are averaged by the lookups that they are of.
    Average(Averaged),
}

impl Rule {
    pub(super) fn by(measure: &Measure) -> Self {
        Averaged::by(measure).map_or_else(|| Self::Sum(Counted::by(measure)), Self::Average)
    }

    /// Adds days up, in any order.
    pub(super) fn add_up_days(self, days: Vec<Cell>) -> Cell {
        match self {
            Self::Sum(counted) => {
                let days = days.into_iter().map(|Cell { of, shared, .. }| OfDay { of, shared });
                Cell::of_itself(sum::add_up_days(days.collect(), counted))
            }
            Self::Average(averaged) => averaged.average(days, Over::AVERAGED_DAYS),
        }
    }

    /// The cells of a day, with what they share.
    pub(super) fn of_day(self, cells: Vec<Cell>) -> Vec<Cell> {
        let Self::Sum(counted) = self else { return cells };
        let values: Vec<Summand> = cells.iter().map(|cell| cell.of).collect();
        let days = OfDay::all(&values, counted);
        cells.into_iter().zip(days).map(|(cell, day)| Cell { shared: day.shared, ..cell }).collect()
    }

    /// Adds the cells of a day up, in any order.
    pub(super) fn add_up(self, cells: Vec<Cell>, over: Over) -> Cell {
        match self {
            Self::Sum(counted) => {
                let values = cells.into_iter().map(|cell| cell.of).collect();
                Cell::of_itself(sum::add_up(values, over, counted))
            }
            Self::Average(averaged) => averaged.average(cells, over),
        }
    }

    /// Whether a value says nothing; `mean` is that of all values beside it.
    pub(super) fn is_uninformative(self, cell: &Cell, mean: f64) -> bool {
        match self {
            Self::Sum(counted) => cell.of.is_uninformative(counted, mean),
            Self::Average(averaged) => averaged.is_uninformative(cell),
        }
    }

    /// Whether values are whole numbers.
    pub(super) fn is_whole(self) -> bool {
        !matches!(self, Self::Sum(Counted::Number) | Self::Average(_))
    }

    /// Whether it takes the lookups that a value is of.
    pub(super) const fn needs_lookups(self) -> bool {
        matches!(self, Self::Average(_))
    }
}
