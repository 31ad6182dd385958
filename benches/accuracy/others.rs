//! The common ways to bound and to add noise, each with the caps that turn out best.

use std::collections::HashMap;

use pointillist::release::budget_of;
use pointillist::release_file::privacy_loss::Epsilon;
use rayon::prelude::*;

use crate::log::Log;
use crate::runs::{DELTA, EPSILON};

const CAPS: [f64; 18] = [
    1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 20.0, 28.0, 40.0, 56.0, 80.0, 120.0, 180.0, 260.0,
    400.0, 600.0,
];

/// What one requester counts in each of its cells.
struct Unit {
    cells: Vec<(usize, f64)>,
    rows: f64,
    norm: f64,
}

/// One table: the requesters, and the truth of each cell that is not empty.
pub(crate) struct Table {
    units: Vec<Unit>,
    truth: Vec<f64>,
    /// How many cells there are, empty ones included.
    cells: usize,
    /// How many tables share the budget evenly.
    tables: usize,
}

impl Table {
    pub(crate) fn of(log: &Log, by: &[&str], cells: usize, tables: usize) -> Self {
        let mut units: HashMap<u64, Vec<(usize, f64)>> = HashMap::new();
        let mut truth = Vec::new();
        for (cell, rows) in log.cells(by).into_values().enumerate() {
            truth.push(rows.len() as f64);
            for (requester, count) in log.by_requester(&rows) {
                units.entry(requester).or_default().push((cell, f64::from(count)));
            }
        }
        let unit = |cells: Vec<(usize, f64)>| {
            let rows = cells.iter().map(|(_, count)| count).sum();
            let norm = cells.iter().map(|(_, count)| count * count).sum::<f64>().sqrt();
            Unit { cells, rows, norm }
        };
        Self { units: units.into_values().map(unit).collect(), truth, cells, tables }
    }

    /// A row cap with Gaussian noise: of a requester with more rows than the cap, as many rows as the
    /// cap are drawn at random; a requester moves one cell by at most the cap.
    pub(crate) fn row_cap(&self) -> f64 {
        best(CAPS.par_iter().map(|cap| {
            let sampled = self.sampled(|unit, count| {
                let rows = unit.rows;
                let kept = cap.min(rows);
                // Drawn without replacement: a hypergeometric count in each cell.
                let spread = if rows > 1.0 { (rows - kept) / (rows - 1.0) } else { 0.0 };
                let share = count / rows;
                (kept * share, kept * share * (1.0 - share) * spread)
            });
            self.error(&sampled, cap * cap / (2.0 * self.rho()))
        }))
    }

    /// At most L0 cells, drawn at random, of at most Linf rows each, with Laplace noise and basic
    /// composition.
    pub(crate) fn l0_linf(&self) -> f64 {
        let epsilon = EPSILON / self.tables as f64;
        let pairs = CAPS.par_iter().flat_map_iter(|l0| CAPS.iter().map(move |linf| (*l0, *linf)));
        best(pairs.map(|(l0, linf)| {
            let sampled = self.sampled(|unit, count| {
                let part = (l0 / unit.cells.len() as f64).min(1.0);
                let count = count.min(linf);
                (count * part, count * count * part * (1.0 - part))
            });
            let l0 = l0.min(self.cells as f64);
            self.error(&sampled, 2.0 * (l0 * linf / epsilon).powi(2))
        }))
    }

    /// The oracle: a requester's whole vector of counts is scaled down to a norm, with Gaussian noise.
    pub(crate) fn norm_cap(&self) -> f64 {
        best(CAPS.par_iter().map(|cap| {
            let sampled = self.sampled(|unit, count| (count * (cap / unit.norm).min(1.0), 0.0));
            self.error(&sampled, cap * cap / (2.0 * self.rho()))
        }))
    }

    /// The mean truth of a cell.
    pub(crate) fn mean(&self) -> f64 {
        self.truth.iter().sum::<f64>() / self.cells as f64
    }

    /// The table's part of what the ledger's epsilon and delta allow a Gaussian.
    fn rho(&self) -> f64 {
        let epsilon = Epsilon::new(EPSILON, "epsilon").expect("an epsilon");
        budget_of(epsilon, DELTA).rho() / self.tables as f64
    }

    /// The mean and the variance of each cell after bounding, from those of a requester's count.
    fn sampled(&self, bound: impl Fn(&Unit, f64) -> (f64, f64)) -> Vec<(f64, f64)> {
        let mut sums = vec![(0.0, 0.0); self.truth.len()];
        for unit in &self.units {
            for (cell, count) in &unit.cells {
                let (mean, variance) = bound(unit, *count);
                sums[*cell].0 += mean;
                sums[*cell].1 += variance;
            }
        }
        sums
    }

    /// The root mean square error of a cell.
    fn error(&self, sampled: &[(f64, f64)], noise: f64) -> f64 {
        let cells = self.truth.iter().zip(sampled);
        let square = cells.map(|(truth, (mean, variance))| (truth - mean).powi(2) + variance);
        (square.sum::<f64>() / self.cells as f64 + noise).sqrt()
    }
}

fn best(errors: impl ParallelIterator<Item = f64>) -> f64 {
    errors.reduce(|| f64::INFINITY, f64::min)
}
