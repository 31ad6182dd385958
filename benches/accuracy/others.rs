//! The common ways to bound and to add noise, each with the caps that turn out best.

use crate::world::{QUESTIONS, Table};

/// What epsilon 1 at delta 1e-6 allows a Gaussian, by its exact curve: the same for all that are
/// compared.
pub(crate) const RHO: f64 = 0.028_014;
const EPSILON: f64 = 1.0;
const CAPS: [f64; 18] = [
    1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 20.0, 28.0, 40.0, 56.0, 80.0, 120.0, 180.0, 260.0,
    400.0, 600.0,
];

/// A row cap with Gaussian noise: of a requester with more rows than the cap, as many rows as the
/// cap are drawn at random; a requester moves one cell by at most the cap.
pub(crate) fn row_cap(table: &Table) -> f64 {
    let rho = RHO / QUESTIONS.len() as f64;
    best(CAPS.iter().map(|cap| {
        let sampled = sampled(table, |unit| {
            let rows: f64 = unit.iter().sum();
            let kept = cap.min(rows);
            // Drawn without replacement: a hypergeometric count in each cell.
            let spread = if rows > 1.0 { (rows - kept) / (rows - 1.0) } else { 0.0 };
            let cell = |count: &f64| {
                let share = count / rows;
                (kept * share, kept * share * (1.0 - share) * spread)
            };
            unit.iter().map(cell).collect()
        });
        error(table, &sampled, cap * cap / (2.0 * rho))
    }))
}

/// At most L0 cells, drawn at random, of at most Linf rows each, with Laplace noise and basic
/// composition.
pub(crate) fn l0_linf(table: &Table) -> f64 {
    let epsilon = EPSILON / QUESTIONS.len() as f64;
    best(CAPS.iter().flat_map(|l0| CAPS.iter().map(move |linf| (*l0, *linf))).map(|(l0, linf)| {
        let sampled = sampled(table, |unit| {
            let part = (l0 / unit.len() as f64).min(1.0);
            let cell = |count: &f64| {
                let count = count.min(linf);
                (count * part, count * count * part * (1.0 - part))
            };
            unit.iter().map(cell).collect()
        });
        let l0 = l0.min(table.truth.len() as f64);
        error(table, &sampled, 2.0 * (l0 * linf / epsilon).powi(2))
    }))
}

/// The mean and the variance of each cell after bounding.
fn sampled(table: &Table, bound: impl Fn(&[f64]) -> Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0.0); table.truth.len()];
    for (cells, unit) in table.cells.iter().zip(&table.units) {
        for (cell, (mean, variance)) in cells.iter().zip(bound(unit)) {
            sums[*cell].0 += mean;
            sums[*cell].1 += variance;
        }
    }
    sums
}

fn error(table: &Table, sampled: &[(f64, f64)], noise: f64) -> f64 {
    let cells = table.truth.iter().zip(sampled);
    let square = cells.map(|(truth, (mean, variance))| (truth - mean).powi(2) + variance);
    (square.sum::<f64>() / table.truth.len() as f64 + noise).sqrt()
}

fn best(errors: impl Iterator<Item = f64>) -> f64 {
    errors.fold(f64::INFINITY, f64::min)
}
