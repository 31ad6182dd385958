//! From atoms to the cells of one measured table.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, StringArray};

use super::layout::{Digit, Layout, axis_name};
use super::tables::{Axis, Contribution, MeasuredTable};
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::measure::HISTOGRAM_BINS;
use crate::release_file::number::{Grid, Steps};
use crate::release_file::question::{Measure, Question};
use crate::{Error, Result};

/// From atoms to the cells of one measured table.
#[derive(Debug, Clone)]
pub struct Cells {
    axes: Vec<Place>,
    number: Option<(Digit, Arc<[i64]>)>,
    combinations: u32,
    count: u32,
}

/// One axis: where an atom lies on it, and how far apart its values are in the table.
#[derive(Debug, Clone)]
struct Place {
    kind: Kind,
    size: u64,
    stride: u64,
}

#[derive(Debug, Clone)]
enum Kind {
    Key(Digit),
    /// A condition over the digits of its keys: for each combination 1 where it is met.
    Condition(Vec<(Digit, u64)>, Arc<[bool]>),
}

impl Cells {
    /// The cells of a table; the last axis changes fastest.
    ///
    /// # Errors
    /// Internal, when the table does not fit the questions.
    pub fn new(table: &MeasuredTable, layout: &Layout, questions: &[Question]) -> Result<Self> {
        let mut axes = Vec::new();
        let mut stride = 1_u64;
        for axis in table.axes.iter().rev() {
            let (kind, size) = match axis {
                Axis::Key(name) => {
                    let digit = layout.digit(name)?;
                    (Kind::Key(digit), axis_size(layout.key(name)?))
                }
                Axis::Condition(question) => (condition(question, layout, questions)?, 2),
            };
            axes.push(Place { kind, size, stride });
            stride = stride.checked_mul(size).ok_or_else(too_many)?;
        }
        axes.reverse();
        let (number, each) = match &table.contribution {
            Contribution::Lookups | Contribution::Presence { .. } => (None, 1),
            Contribution::Layers { count } => (None, u64::from(*count)),
            Contribution::Histogram => (None, HISTOGRAM_BINS as u64),
            Contribution::KeyWeights { .. } | Contribution::KeyCounts { .. } => (None, 0),
            Contribution::Sum { number } => (Some(weights(layout, number, Grid::plain)?), 1),
            Contribution::Mean { number } => {
                (Some(weights(layout, number, |_, level| Grid::centred(level))?), 2)
            }
        };
        let count = stride.checked_mul(each).ok_or_else(too_many)?;
        Ok(Self {
            axes,
            number,
            combinations: u32::try_from(stride).map_err(|_| too_many())?,
            count: u32::try_from(count).map_err(|_| too_many())?,
        })
    }

    /// How many cells the table has. A mean has two for each combination of its axes: the sum and
    /// the number of rows; of private keys none is known.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// How many combinations its axes have.
    #[must_use]
    pub const fn combinations(&self) -> u32 {
        self.combinations
    }

    /// The combination that an atom belongs to; none when its number is none.
    #[must_use]
    pub fn cell(&self, atom: u64) -> Option<u32> {
        let mut cell = 0_u64;
        for axis in &self.axes {
            let position = match &axis.kind {
                Kind::Key(digit) => digit.of(atom),
                Kind::Condition(digits, met) => {
                    let at: u64 =
                        digits.iter().map(|(digit, stride)| digit.of(atom) * stride).sum();
                    let at = usize::try_from(at).unwrap_or(usize::MAX);
                    u64::from(met.get(at).copied().unwrap_or(false))
                }
            };
            if position >= axis.size {
                return None;
            }
            cell += position * axis.stride;
        }
        u32::try_from(cell).ok()
    }

    /// What a row of this atom adds to a sum, in units of 2^-16; none when its number is none. One
    /// where the table is of no number.
    #[must_use]
    pub fn units(&self, atom: u64) -> Option<i64> {
        match &self.number {
            None => Some(LATTICE_ONE.cast_signed()),
            Some((digit, weights)) => {
                usize::try_from(digit.of(atom)).ok().and_then(|level| weights.get(level)).copied()
            }
        }
    }
}

/// How many values a key has as an axis: numbers that are none have no cell.
pub(super) fn axis_size(key: &Key) -> u64 {
    match key.source() {
        KeySource::Number(grid) => u64::from(grid.none()),
        _ => key.size(),
    }
}

fn weights(
    layout: &Layout,
    number: &str,
    units: impl Fn(&Grid, u16) -> i64,
) -> Result<(Digit, Arc<[i64]>)> {
    match layout.key(number)?.source() {
        KeySource::Number(grid) if grid.steps() == Steps::Levels => {
            let weights = (0..grid.none()).map(|level| units(grid, level)).collect();
            Ok((layout.digit(number)?, weights))
        }
        _ => Err(Error::internal("a sum is of a key that is no number")),
    }
}

/// Works a share's condition out for every combination of the keys that it reads.
fn condition(question: &str, layout: &Layout, questions: &[Question]) -> Result<Kind> {
    let found = questions.iter().find(|known| known.name == question);
    let Some(Measure::Share { condition, keys }) = found.map(|found| &found.measure) else {
        return Err(Error::internal("a measured table names a condition that no question has"));
    };
    let met = condition_met(condition, keys)?;
    let mut digits = Vec::new();
    let mut stride = 1_u64;
    for key in keys.iter().rev() {
        digits.push((layout.digit(axis_name(key))?, stride));
        stride = stride.checked_mul(key.size()).ok_or_else(too_many)?;
    }
    Ok(Kind::Condition(digits, met.into()))
}

/// Whether each combination of keys meets a condition; the last key changes fastest.
///
/// A null condition is not met: the lookup counts in the whole and not in the part.
///
/// # Errors
/// Internal, when the condition cannot be worked out on its keys.
pub fn condition_met(
    condition: &crate::release_file::expression::Condition,
    keys: &[Key],
) -> Result<Vec<bool>> {
    let rows: u64 = keys.iter().map(Key::size).product();
    let rows = usize::try_from(rows).map_err(|_| too_many())?;
    let column = |name: &str| -> Option<ArrayRef> {
        let place = keys.iter().position(|key| key.name() == name)?;
        let key = keys.get(place)?;
        let stride: usize = keys.iter().skip(place + 1).map(|key| key.values().len()).product();
        let values = (0..rows).map(|row| key.values().get(row / stride % key.values().len()));
        Some(Arc::new(values.collect::<StringArray>()))
    };
    let met = condition.evaluate(rows, &column)?;
    Ok((0..met.len()).map(|row| met.is_valid(row) && met.value(row)).collect())
}

fn too_many() -> Error {
    Error::internal("a table has more cells than the release file may ask for")
}
