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
use super::places::Places;
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
        let own = |cell: usize| std::array::from_fn(|class| scale[class] * factor(cell));
        // What is left in each cell of an error of a coarser level.
        let cells = 0..geometry.cells(level);
        let mut through: Vec<ByClass> = cells.map(|cell| fine.handed(cell, &own(cell))).collect();
        let mut errors = Vec::new();
        for (set, coarse) in self.shapes.levels.iter().filter(|(set, _)| set.is_within(level)) {
            let is_own = set == *level;
            if is_own {
                // The last of them, since none within it is as fine.
                (0..).zip(&mut through).for_each(|(cell, through)| *through = own(cell));
            }
            let (made, to_set) = (Errors::new(coarse, is_own, errors), geometry.places(level, set));
            if by == level {
                spread.follow_each(&made, &through, &to_set);
            } else {
                spread.follow(&made, &through, &Pairs::new(&to_row, &to_set));
            }
            errors = made.cells;
        }
        let mut parts = vec![[0.0; CLASSES]; rows];
        for (cell, row) in to_row.iter().enumerate() {
            for (class, part) in parts[row].iter_mut().enumerate() {
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

/// One number for each class.
type ByClass = [f64; CLASSES];

/// The pairs of a row and a cell of a coarser level, each once.
struct Pairs {
    /// The pair of each cell.
    of_cell: Vec<usize>,
    /// The row and the coarse cell of each pair.
    pairs: Vec<(usize, usize)>,
}

impl Pairs {
    fn new(to_row: &Places, to_set: &Places) -> Self {
        let mut known: HashMap<(usize, usize), usize, RandomState> = HashMap::default();
        let mut pairs = Vec::new();
        let place = |pair| {
            *known.entry(pair).or_insert_with(|| {
                pairs.push(pair);
                pairs.len() - 1
            })
        };
        let of_cell = to_row.iter().zip(to_set.iter()).map(place).collect();
        Self { of_cell, pairs }
    }
}

/// The errors that were made in one level.
struct Errors<'a> {
    level: &'a LevelShapes,
    /// For each of its cells, by class, what an error is multiplied by on its way into a finer level, and the
    /// variance of the model.
    cells: Vec<(ByClass, ByClass)>,
}

impl<'a> Errors<'a> {
    /// An error of a coarser level is relative to the share of its cell. `cells` is overwritten.
    fn new(level: &'a LevelShapes, is_own: bool, mut cells: Vec<(ByClass, ByClass)>) -> Self {
        let count = level.shares.first().map_or(0, Vec::len);
        let part = |share: f64| if is_own { 1.0 } else { 1.0 / share.max(1e-300) };
        let of_cell = |cell: usize| {
            let part = std::array::from_fn(|class| part(level.shares[class][cell]));
            (part, std::array::from_fn(|class| level.model[class][cell]))
        };
        cells.clear();
        cells.extend((0..count).map(of_cell));
        Self { level, cells }
    }

    /// What an error of each class of a cell counts for, if it enters cells that count for this.
    #[inline(always)]
    fn enter(&self, cell: usize, through: &ByClass) -> ByClass {
        std::array::from_fn(|class| through[class] * self.cells[cell].0[class])
    }

    /// Follows the errors of a cell from heavy classes to light ones. An error of a class is
    /// handed on to all classes above it, and each of them makes it smaller by the weight of what
    /// it sees for itself. Returns the noise, and what is left in each class of an error of its model.
    #[inline(always)]
    fn followed(&self, cell: usize, enters: &ByClass) -> (f64, ByClass) {
        let (mut reach, mut noise, mut left) = (0.0, 0.0, [0.0; CLASSES]);
        for class in (0..CLASSES).rev() {
            reach += enters[class];
            if let Some(weight) = self.level.weights[class].get(cell) {
                noise += (reach * weight).powi(2) * self.level.noise[class][cell];
                reach *= 1.0 - weight;
            }
            left[class] = reach;
        }
        (noise, left)
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

    /// Adds the errors that were made in one level, where each cell is a row. `through` is what each
    /// cell counts for.
    fn follow_each(&mut self, errors: &Errors<'_>, through: &[ByClass], to_set: &Places) {
        for ((row, through), set) in through.iter().enumerate().zip(to_set.iter()) {
            self.add(errors, (row, set), &errors.enter(set, through));
        }
    }

    /// The same where a row has several cells.
    fn follow(&mut self, errors: &Errors<'_>, through: &[ByClass], pairs: &Pairs) {
        let mut sums = vec![[0.0; CLASSES]; pairs.pairs.len()];
        for (through, pair) in through.iter().zip(&pairs.of_cell) {
            let enters = errors.enter(pairs.pairs[*pair].1, through);
            sums[*pair].iter_mut().zip(enters).for_each(|(sum, enters)| *sum += enters);
        }
        if errors.cells.len() == 2 {
            let mut opposite = vec![[[0.0; CLASSES]; 2]; self.model.len()];
            for ((row, set), sums) in pairs.pairs.iter().zip(sums) {
                opposite[*row][*set] = sums;
            }
            for (row, sums) in opposite.iter().enumerate() {
                self.add_opposite(errors, row, sums);
            }
            return;
        }
        for (pair, sums) in pairs.pairs.iter().zip(&sums) {
            self.add(errors, *pair, sums);
        }
    }

    /// Adds the errors of a coarse cell.
    #[inline(always)]
    fn add(&mut self, errors: &Errors<'_>, (row, cell): (usize, usize), enters: &ByClass) {
        let (noise, left) = errors.followed(cell, enters);
        let of_class = |(left, model): (&f64, &f64)| left * left * model;
        self.noise[row] += noise;
        self.model[row] += left.iter().zip(&errors.cells[cell].1).map(of_class).sum::<f64>();
    }

    /// Adds the errors of two coarse cells of which one gains what the other loses.
    fn add_opposite(&mut self, errors: &Errors<'_>, row: usize, enters: &[ByClass; 2]) {
        let [gains, loses] = [0, 1].map(|cell| {
            let (noise, left) = errors.followed(cell, &enters[cell]);
            self.noise[row] += noise;
            let model = &errors.cells[cell].1;
            std::array::from_fn::<f64, CLASSES, _>(|class| left[class] * model[class].sqrt())
        });
        let both = gains.iter().zip(&loses).map(|(gains, loses)| (gains - loses).powi(2));
        self.model[row] += both.sum::<f64>();
    }
}

impl LevelShapes {
    /// How much a cell moves in each class with the relative error of its coarser cell, times what the
    /// cell counts for.
    fn handed(&self, cell: usize, own: &ByClass) -> ByClass {
        let weight = |class: usize| self.weights[class].get(cell).copied().unwrap_or_default();
        std::array::from_fn(|class| own[class] * (1.0 - weight(class)) * self.shares[class][cell])
    }
}
