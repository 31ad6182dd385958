//! One day of the benchmark, measured by activity and shapes as `docs/proposals` has it.

use std::collections::HashMap;

use crate::proposal::answer::{Estimate, counts, total};
use crate::proposal::levels::{Axis, Level};
use crate::proposal::look::{is_empty, numbers};
use crate::proposal::observed::{Observed, numbers_again};
use crate::proposal::plan::{Asked, plan};
use crate::proposal::shapes::Shapes;
use pointillist::plan::kinds::{CLASSES, Hat, SHAPE_ONE, contribution};

/// The part of the loss that the look gets.
pub(crate) const LOOK: f64 = 0.15;
/// The weight of a total without keys against a question by keys.
const TOTAL_WEIGHT: f64 = 0.25;

/// The requesters of a day in one table: the cells of each and its lookups in them.
pub(crate) struct Rows {
    pub(crate) cells: Vec<Vec<usize>>,
    pub(crate) counts: Vec<Vec<f64>>,
    pub(crate) count: usize,
}

/// What is asked of a day.
pub(crate) struct Questions<'a> {
    /// The axes of all tables.
    pub(crate) axes: &'a [Axis],
    /// The axes of each question, ascending; none for the total.
    pub(crate) tables: &'a [Vec<usize>],
    /// The loss of the day, in rho.
    pub(crate) rho: f64,
}

/// A day as it is measured again and again.
pub(crate) struct Measurements<'a> {
    questions: &'a Questions<'a>,
    hats: Vec<Hat>,
    exact: [f64; CLASSES],
    rows: &'a dyn Fn(&[usize]) -> Rows,
    /// The exact classes of a table under a clip.
    known: HashMap<(Vec<usize>, u64), Vec<Vec<f64>>>,
}

impl<'a> Measurements<'a> {
    /// Takes a day whose rows in a table of some axes `rows` gives.
    pub(crate) fn new(questions: &'a Questions<'a>, rows: &'a dyn Fn(&[usize]) -> Rows) -> Self {
        let lookups = |counts: &Vec<f64>| Hat::of(counts.iter().sum::<f64>() as u64);
        let hats: Vec<Hat> = rows(&[]).counts.iter().map(lookups).collect();
        let mut exact = [0.0; CLASSES];
        for (class, weight) in hats.iter().flat_map(Hat::weights) {
            exact[class] += weight as f64 / SHAPE_ONE as f64;
        }
        Self { questions, hats, exact, rows, known: HashMap::new() }
    }

    /// Draws the look and the tables, and answers every question. `None` for a day that looks empty.
    pub(crate) fn draw(&mut self, mut normal: impl FnMut() -> f64) -> Option<Vec<Vec<Estimate>>> {
        let Questions { axes, tables, rho } = self.questions;
        let sd = 1.0 / (2.0 * LOOK * rho).sqrt();
        let noisy: [f64; CLASSES] = std::array::from_fn(|class| self.exact[class] + sd * normal());
        if is_empty(&noisy, sd) {
            return None;
        }
        let look = noisy.map(|number| (number, sd));
        let first = numbers(&look).map(|class| class.number);
        let asked = self.asked();
        let plans: [_; CLASSES] =
            std::array::from_fn(|class| plan(class, first[class], axes, &asked));
        let mut observed: [Vec<Observed>; CLASSES] = std::array::from_fn(|_| Vec::new());
        for (class, tables) in plans.iter().enumerate() {
            for table in tables {
                let sd = table.clip / (2.0 * table.rho).sqrt();
                let exact = self.classes(&table.axes, table.clip);
                let noisy = exact[class].iter().map(|sum| sum + sd * normal()).collect();
                observed[class].push((table.clone(), noisy));
            }
        }
        let numbers = numbers(&numbers_again(&look, &observed));
        let shapes = Shapes::new(axes, tables, &numbers.map(|class| class.number), &observed);
        let answers = tables
            .iter()
            .map(|table| {
                counts(&shapes, &numbers, &Level::full(axes, table))
                    .unwrap_or_else(|| vec![total(&numbers)])
            })
            .collect();
        Some(answers)
    }

    /// What each question may cost.
    fn asked(&self) -> Vec<Asked> {
        let Questions { tables, rho, .. } = self.questions;
        let weight = |table: &Vec<usize>| if table.is_empty() { TOTAL_WEIGHT } else { 1.0 };
        let all: f64 = tables.iter().map(weight).sum();
        let part = |table: &Vec<usize>| (1.0 - LOOK) * rho * weight(table) / all;
        tables.iter().map(|table| Asked { axes: table.clone(), rho: part(table) }).collect()
    }

    /// The exact sums of each class, as the kernel would add them up.
    fn classes(&mut self, axes: &[usize], clip: f64) -> &Vec<Vec<f64>> {
        let (hats, rows) = (&self.hats, self.rows);
        self.known.entry((axes.to_vec(), clip.to_bits())).or_insert_with(|| {
            let rows = rows(axes);
            let steps = (clip * SHAPE_ONE as f64).floor() as u64;
            let mut sums = vec![vec![0_i64; rows.count]; CLASSES];
            for ((cells, counts), hat) in rows.cells.iter().zip(&rows.counts).zip(hats) {
                let square = counts.iter().map(|count| (*count as u128).pow(2)).sum();
                let shape = hat.shape(square);
                for (class, weight) in hat.weights() {
                    let multiplier = shape.multiplier(steps, weight);
                    for (cell, count) in cells.iter().zip(counts) {
                        sums[class][*cell] += contribution(*count as u64, multiplier);
                    }
                }
            }
            let whole = |sum: i64| sum as f64 / SHAPE_ONE as f64;
            sums.into_iter().map(|cells| cells.into_iter().map(whole).collect()).collect()
        })
    }
}
