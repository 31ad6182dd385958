//! Sums over cells of all classes, with the deviation that noise and model give them.
//!
//! An answer is `sum over classes of node * number * share`, weighted and added up over cells. Errors
//! travel along two ways: down the levels, because a finer level starts from the coarser ones, and up
//! the classes, because a class starts from the one below. Both are followed backwards with what is
//! left of each error.

use std::collections::HashMap;

use super::levels::Level;
use super::look::{ClassNumber, NumbersPart, Z_95};
use super::shapes::{LEAST, LevelShapes, Shapes};
use pointillist::plan::kinds::{CLASSES, nodes};

/// An answer with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    /// The value.
    pub(crate) value: f64,
    /// The standard deviation that the noise gives it.
    pub(crate) noise_sd: f64,
    /// The lower end of the interval.
    pub(crate) low: f64,
    /// The upper end of the interval.
    pub(crate) high: f64,
}

impl Estimate {
    /// A value with the variance of its noise and the squares of what else may be missing on each side.
    pub(crate) fn new(value: f64, noise: f64, below: f64, above: f64) -> Self {
        let half = |other: f64| (Z_95 * Z_95 * noise + other).sqrt();
        Self { value, noise_sd: noise.sqrt(), low: value - half(below), high: value + half(above) }
    }

    /// The same for what is never negative.
    pub(crate) fn count(self) -> Self {
        Self { low: self.low.max(0.0), ..self }
    }

    /// The same where up to `floor` of the value is what every cell keeps, seen or not.
    fn less_floor(self, floor: f64) -> Self {
        Self { low: self.low - floor, ..self }
    }
}

/// The counts of a level's cells.
pub(crate) fn counts(
    shapes: &Shapes,
    numbers: &[ClassNumber; CLASSES],
    level: &Level,
) -> Option<Vec<Estimate>> {
    let cells = sums(shapes, numbers, level, level, None, None)?;
    let inside = shapes.levels.iter().filter(|(set, _)| set.is_within(level));
    let fewest = inside.map(|(set, _)| set.cells(&shapes.axes)).min().unwrap_or(1);
    let floor = LEAST * total(numbers).value / fewest as f64;
    Some(cells.into_iter().map(|cell| cell.less_floor(floor).count()).collect())
}

/// All lookups.
pub(crate) fn total(numbers: &[ClassNumber; CLASSES]) -> Estimate {
    let value = nodes().iter().zip(numbers).map(|(node, class)| *node as f64 * class.number).sum();
    let part = NumbersPart::new(numbers, &[1.0; CLASSES]);
    Estimate::new(value, part.noise, part.below, part.above).count()
}

/// Sums over the cells of `level`, each times its factor, for each cell of the coarser level `by`.
///
/// Values may be given where they are no such sum, as those of a share, whose deviation is one.
pub(crate) fn sums(
    shapes: &Shapes,
    numbers: &[ClassNumber; CLASSES],
    level: &Level,
    by: &Level,
    factors: Option<&[f64]>,
    values: Option<&[f64]>,
) -> Option<Vec<Estimate>> {
    let fine = shapes.level(level)?;
    let (axes, rows) = (&shapes.axes, by.cells(&shapes.axes));
    let to_row = level.places(axes, by);
    let scale: [f64; CLASSES] =
        std::array::from_fn(|class| nodes()[class] as f64 * numbers[class].number);
    let factor = |cell: usize| factors.map_or(1.0, |factors| factors[cell]);
    let (mut noise, mut model) = (vec![0.0; rows], vec![0.0; rows]);
    for (set, coarse) in shapes.levels.iter().filter(|(set, _)| set.is_within(level)) {
        let to_set = level.places(axes, set);
        // Each pair of a row and a cell of the coarser level is reached once.
        let mut pairs: HashMap<(u32, u32), usize> = HashMap::new();
        let to_pair: Vec<usize> = to_row
            .iter()
            .zip(&to_set)
            .map(|(row, cell)| {
                let next = pairs.len();
                *pairs.entry((*row, *cell)).or_insert(next)
            })
            .collect();
        let mut reach = vec![0.0; pairs.len()];
        for class in (0..CLASSES).rev() {
            for (cell, pair) in to_pair.iter().enumerate() {
                let through =
                    if set == level { 1.0 } else { fine.left(class, cell, coarse, &to_set) };
                reach[*pair] += scale[class] * factor(cell) * through;
            }
            for ((row, cell), pair) in &pairs {
                let (row, cell, reach) = (*row as usize, *cell as usize, &mut reach[*pair]);
                let (weight, rest) =
                    (coarse.weights[class][cell], 1.0 - coarse.weights[class][cell]);
                noise[row] += (*reach * weight).powi(2) * coarse.noise[class][cell];
                model[row] += (*reach * rest).powi(2) * coarse.model[class][cell];
                *reach *= rest;
            }
        }
    }
    let mut parts = vec![[0.0; CLASSES]; rows];
    for (cell, row) in to_row.iter().enumerate() {
        for (class, part) in parts[*row as usize].iter_mut().enumerate() {
            *part += factor(cell) * fine.shares[class][cell];
        }
    }
    let estimate = |row: usize| {
        let sum = || parts[row].iter().zip(&scale).map(|(part, scale)| part * scale).sum();
        let numbers = NumbersPart::new(numbers, &parts[row]);
        let core = Z_95 * Z_95 * model[row];
        Estimate::new(
            values.map_or_else(sum, |values| values[row]),
            noise[row] + numbers.noise,
            core + numbers.below,
            core + numbers.above,
        )
    };
    Some((0..rows).map(estimate).collect())
}

impl LevelShapes {
    /// What is left in a cell of an error of the coarser level that it started from.
    fn left(&self, class: usize, cell: usize, coarse: &Self, to_coarse: &[u32]) -> f64 {
        let whole = coarse.shares[class][to_coarse[cell] as usize].max(1e-300);
        (1.0 - self.weights[class][cell]) * self.shares[class][cell] / whole
    }
}
