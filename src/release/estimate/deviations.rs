//! Sums over cells of all classes, with the deviation that noise and model give them.
//!
//! An answer is `sum over classes of node * number * share`, weighted and added up over cells. An
//! error spreads in two ways: down the levels, because a finer level starts from the coarser ones,
//! and up the classes, because a class starts from the one below. To find the deviation of an
//! answer, both ways are followed backwards from the answer to each error, multiplying by the part
//! of the error that each step passes on.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::class_numbers::{ClassNumber, NumbersPart};
use super::fitted::LEAST;
use super::levels::Level;
use super::shapes::{LevelShapes, Shapes};
use super::value::{Estimate, Z_95};
use crate::plan::kinds::{CLASSES, nodes};
use crate::{Error, Result};

/// What is known of a day: how many requesters each class has, and what their days look like.
pub(super) struct DayEstimate {
    pub(super) numbers: [ClassNumber; CLASSES],
    pub(super) shapes: Shapes,
}

/// A weighted sum over the cells of a level.
pub(super) struct Sums<'a> {
    /// The level.
    pub(super) level: &'a Level,
    /// There is one sum for each cell of this coarser level.
    pub(super) by: &'a Level,
    /// What each cell counts for; one if not given.
    pub(super) factors: Option<&'a [f64]>,
    /// The values to return in place of the sums, when only the deviations of the sums are wanted.
    pub(super) values: Option<&'a [f64]>,
}

impl DayEstimate {
    /// The counts of a level's cells, with intervals that are this many times as long.
    ///
    /// # Errors
    /// Internal, when no question has the level.
    pub(super) fn counts(&self, level: &Level, widened: f64) -> Result<Vec<Estimate>> {
        let cells = self.sums(&Sums { level, by: level, factors: None, values: None })?;
        let floor = self.floor(level);
        let count =
            |cell: Estimate| cell.widened(widened).less_floor(floor).within(0.0, f64::INFINITY);
        Ok(cells.into_iter().map(count).collect())
    }

    /// How many lookups a cell of a level keeps at most if it has none.
    pub(super) fn floor(&self, level: &Level) -> f64 {
        let inside = self.shapes.levels.iter().filter(|(set, _)| set.is_within(level));
        let fewest = inside.map(|(set, _)| self.shapes.geometry.cells(set)).min().unwrap_or(1);
        LEAST * self.total().value / fewest as f64
    }

    /// All lookups.
    pub(super) fn total(&self) -> Estimate {
        let classes = nodes().into_iter().zip(&self.numbers);
        let value = classes.map(|(node, class)| node as f64 * class.number).sum();
        let part = NumbersPart::new(&self.numbers, &[1.0; CLASSES]);
        Estimate::new(value, part.noise, part.below, part.above).within(0.0, f64::INFINITY)
    }

    /// The values of a level's cells, without their deviations.
    ///
    /// # Errors
    /// Internal, when no question has the level.
    pub(super) fn values(&self, level: &Level) -> Result<Vec<f64>> {
        let fine = self.level(level)?;
        let scale = self.scale();
        let cell = |cell: usize| {
            scale.iter().zip(&fine.shares).map(|(scale, shares)| scale * shares[cell]).sum()
        };
        Ok((0..self.shapes.geometry.cells(level)).map(cell).collect())
    }

    /// Sums over the cells of a level.
    ///
    /// # Errors
    /// Internal, when no question has the level.
    pub(super) fn sums(&self, asked: &Sums<'_>) -> Result<Vec<Estimate>> {
        let Sums { level, by, factors, values } = asked;
        let fine = self.level(level)?;
        let geometry = &self.shapes.geometry;
        let rows = geometry.cells(by);
        let to_row = geometry.places(level, by);
        let scale = self.scale();
        let factor = |cell: usize| factors.map_or(1.0, |factors| factors[cell]);
        let mut spread = Spread::nothing(rows);
        // What each cell counts for, and what is left in it of an error of a coarser level.
        let own: Vec<Vec<f64>> = (0..CLASSES)
            .map(|class| (0..to_row.len()).map(|cell| scale[class] * factor(cell)).collect())
            .collect();
        let handed: Vec<Vec<f64>> =
            (0..CLASSES).map(|class| fine.handed(class, &own[class])).collect();
        for (set, coarse) in self.shapes.levels.iter().filter(|(set, _)| set.is_within(level)) {
            let to_set = geometry.places(level, set);
            let pairs = Pairs::new(&to_row, &to_set, by == level);
            if set == *level {
                spread.follow(&pairs, coarse, &own, None);
            } else {
                spread.follow(&pairs, coarse, &handed, Some(&to_set));
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
            let numbers = NumbersPart::new(&self.numbers, &parts[row]);
            let core = Z_95 * Z_95 * spread.model[row];
            Estimate::new(
                values.map_or_else(sum, |values| values[row]),
                spread.noise[row] + numbers.noise,
                core + numbers.below,
                core + numbers.above,
            )
        };
        Ok((0..rows).map(estimate).collect())
    }

    fn level(&self, level: &Level) -> Result<&LevelShapes> {
        let shapes = self.shapes.level(level);
        shapes.ok_or_else(|| Error::internal("an answer has a level that no question asks for"))
    }

    /// The lookups of each class.
    fn scale(&self) -> [f64; CLASSES] {
        std::array::from_fn(|class| nodes()[class] as f64 * self.numbers[class].number)
    }
}

/// The pairs of a row and a cell of a coarser level, each once.
struct Pairs {
    /// The pair of each cell; not given where each cell is a pair of its own.
    of_cell: Option<Vec<usize>>,
    /// The row and the coarse cell of each pair.
    pairs: Vec<(usize, usize)>,
}

impl Pairs {
    fn new(to_row: &[u32], to_set: &[u32], each_cell_is_a_row: bool) -> Self {
        let both = to_row.iter().zip(to_set);
        if each_cell_is_a_row {
            let pairs = both.map(|(row, cell)| (*row as usize, *cell as usize)).collect();
            return Self { of_cell: None, pairs };
        }
        let mut known: HashMap<(u32, u32), usize, RandomState> = HashMap::default();
        let mut pairs = Vec::new();
        let of_cell = both
            .map(|(row, cell)| {
                *known.entry((*row, *cell)).or_insert_with(|| {
                    pairs.push((*row as usize, *cell as usize));
                    pairs.len() - 1
                })
            })
            .collect();
        Self { of_cell: Some(of_cell), pairs }
    }
}

/// What noise and model add to the variance of each row.
struct Spread {
    noise: Vec<f64>,
    model: Vec<f64>,
}

impl Spread {
    fn nothing(rows: usize) -> Self {
        Self { noise: vec![0.0; rows], model: vec![0.0; rows] }
    }

    /// Adds the errors that were made in one level. `through` is what each cell of each class
    /// counts for; with `to_set` it is divided by the share of the coarse cell that the cell lies
    /// in.
    fn follow(
        &mut self,
        pairs: &Pairs,
        coarse: &LevelShapes,
        through: &[Vec<f64>],
        to_set: Option<&[u32]>,
    ) {
        let parts: Option<Vec<Vec<f64>>> = to_set.map(|_| {
            let part = |share: &f64| 1.0 / share.max(1e-300);
            coarse.shares.iter().map(|shares| shares.iter().map(part).collect()).collect()
        });
        let enters = |class: usize, cell: usize, set: usize| {
            through[class][cell] * parts.as_ref().map_or(1.0, |parts| parts[class][set])
        };
        let Some(of_cell) = &pairs.of_cell else {
            for (cell, (row, set)) in pairs.pairs.iter().enumerate() {
                self.add(coarse, (*row, *set), |class| enters(class, cell, *set));
            }
            return;
        };
        let mut sums = vec![[0.0; CLASSES]; pairs.pairs.len()];
        for (cell, pair) in of_cell.iter().enumerate() {
            let set = pairs.pairs[*pair].1;
            for (class, sum) in sums[*pair].iter_mut().enumerate() {
                *sum += enters(class, cell, set);
            }
        }
        if coarse.has_two_cells() {
            let mut opposite = vec![[[0.0; CLASSES]; 2]; self.model.len()];
            for ((row, set), sums) in pairs.pairs.iter().zip(sums) {
                opposite[*row][*set] = sums;
            }
            for (row, sums) in opposite.iter().enumerate() {
                self.add_opposite(coarse, row, sums);
            }
            return;
        }
        for ((row, set), sums) in pairs.pairs.iter().zip(sums) {
            self.add(coarse, (*row, *set), |class| sums[class]);
        }
    }

    /// Adds the errors of a coarse cell.
    fn add(
        &mut self,
        coarse: &LevelShapes,
        (row, cell): (usize, usize),
        enters: impl Fn(usize) -> f64,
    ) {
        let left = self.add_noise(coarse, (row, cell), enters);
        let of_class = |(left, model): (&f64, &Vec<f64>)| left * left * model[cell];
        self.model[row] += left.iter().zip(&coarse.model).map(of_class).sum::<f64>();
    }

    /// Adds the errors of two coarse cells of which one gains what the other loses.
    fn add_opposite(&mut self, coarse: &LevelShapes, row: usize, enters: &[[f64; CLASSES]; 2]) {
        let [gains, loses] = [0, 1].map(|cell| {
            let left = self.add_noise(coarse, (row, cell), |class| enters[cell][class]);
            let classes = left.iter().zip(&coarse.model);
            classes.map(|(left, model)| left * model[cell].sqrt()).collect::<Vec<f64>>()
        });
        let both = gains.iter().zip(&loses).map(|(gains, loses)| (gains - loses).powi(2));
        self.model[row] += both.sum::<f64>();
    }

    /// Follows the errors of a coarse cell from heavy classes to light ones. An error of a class is
    /// handed on to all classes above it, and each of them makes it smaller by the weight of what
    /// it sees for itself. Adds the noise, and returns what is left in each class of an error of its model.
    fn add_noise(
        &mut self,
        coarse: &LevelShapes,
        (row, cell): (usize, usize),
        enters: impl Fn(usize) -> f64,
    ) -> [f64; CLASSES] {
        let (mut reach, mut noise, mut left) = (0.0, 0.0, [0.0; CLASSES]);
        for class in (0..CLASSES).rev() {
            reach += enters(class);
            let weight = coarse.weights[class][cell];
            noise += (reach * weight).powi(2) * coarse.noise[class][cell];
            reach *= 1.0 - weight;
            left[class] = reach;
        }
        self.noise[row] += noise;
        left
    }
}

impl LevelShapes {
    fn has_two_cells(&self) -> bool {
        self.shares.first().is_some_and(|shares| shares.len() == 2)
    }

    /// How much each cell moves with the relative error of its coarser cell, times what the cell
    /// counts for.
    fn handed(&self, class: usize, own: &[f64]) -> Vec<f64> {
        let cells = self.weights[class].iter().zip(&self.shares[class]).zip(own);
        cells.map(|((weight, share), own)| own * (1.0 - weight) * share).collect()
    }
}
