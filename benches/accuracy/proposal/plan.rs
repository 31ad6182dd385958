//! Which tables a class of activity is measured by, and with which clips: a function of the look.
//!
//! Each question brings a table and a part of the loss. A class measures the table itself where its
//! cells are expected to stand out of the noise, and gives a part to its single axes; else the finest
//! margins that do, else its number once more. The clip balances the noise, which grows with it, against what it bends.

use pointillist::plan::class_clips::clips_of;

use super::levels::{Axis, Level};

/// A table is measured by itself if its cells are expected to be off by at most this part.
const WORTH: f64 = 1.2;
/// The same of a single axis.
const WORTH_SINGLE: f64 = 2.0;
/// The part of a question's loss that goes to the single axes of a table that is measured by itself.
const MARGINS: f64 = 0.2;
/// The part that measures the number of the class again where no table is worth it.
const NUMBER: f64 = 0.6;
/// How fast the share that a clip keeps grows, and how much of the rest shows as error.
const KEPT: f64 = 1.2;
const BEND: f64 = 0.5;

/// A question over the shapes of requesters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    /// The axes of its table, ascending.
    pub(crate) axes: Vec<usize>,
    /// The loss that it may cost, in rho.
    pub(crate) rho: f64,
}

/// A table of a class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClassTable {
    /// Its axes, ascending.
    pub(crate) axes: Vec<usize>,
    /// The bound on a requester's shape, from 0 to 1.
    pub(crate) clip: f64,
    /// The loss of a requester wholly in the class, in rho.
    pub(crate) rho: f64,
}

/// The tables of a class with this number of requesters.
pub(crate) fn plan(class: usize, number: f64, axes: &[Axis], asked: &[Asked]) -> Vec<ClassTable> {
    let mut parts: Vec<(Vec<usize>, f64)> = Vec::new();
    let mut add =
        |table: &[usize], rho: f64| match parts.iter_mut().find(|(known, _)| known == table) {
            Some((_, sum)) => *sum += rho,
            None => parts.push((table.to_vec(), rho)),
        };
    let cells = |table: &[usize]| Level::full(axes, table).cells(axes);
    let error = |table: &[usize], rho: f64| choose(class, number, cells(table), rho).0;
    for Asked { axes: table, rho } in asked {
        if table.is_empty() {
            add(&[], *rho);
        } else if table.len() > 1 && error(table, (1.0 - MARGINS) * rho) <= WORTH * WORTH {
            add(table, (1.0 - MARGINS) * rho);
            table.iter().for_each(|axis| add(&[*axis], MARGINS * rho / table.len() as f64));
        } else {
            let is_worth = |sets: &Vec<Vec<usize>>| {
                let part = rho / sets.len() as f64;
                let errors: f64 = sets.iter().map(|set| error(set, part)).sum();
                let worth = if sets[0].len() > 1 { WORTH } else { WORTH_SINGLE };
                errors / sets.len() as f64 <= worth * worth
            };
            let counts = (1..table.len().max(2)).rev();
            if let Some(sets) = counts.map(|count| subsets(table, count)).find(is_worth) {
                sets.iter().for_each(|set| add(set, rho / sets.len() as f64));
            } else {
                let each = (1.0 - NUMBER) * rho / table.len() as f64;
                table.iter().for_each(|axis| add(&[*axis], each));
                add(&[], NUMBER * rho);
            }
        }
    }
    let table = |(axes, rho): (Vec<usize>, f64)| ClassTable {
        // A table of no axes holds the weight of a requester in the class, which is at most one.
        clip: if axes.is_empty() { 1.0 } else { choose(class, number, cells(&axes), rho).1 },
        axes,
        rho,
    };
    parts.into_iter().map(table).collect()
}

/// The subsets of a table's axes of this size.
fn subsets(table: &[usize], count: usize) -> Vec<Vec<usize>> {
    let sets = (0_u32..1 << table.len()).filter(|set| set.count_ones() as usize == count);
    let chosen = |set: u32| {
        let axes = table.iter().enumerate().filter(|(place, _)| set >> place & 1 == 1);
        axes.map(|(_, axis)| *axis).collect()
    };
    sets.map(chosen).collect()
}

/// The squared relative error that is expected of a cell, and the best clip for it.
fn choose(class: usize, number: f64, cells: usize, rho: f64) -> (f64, f64) {
    clips_of(class)
        .map(|clip| {
            let noise = clip / (2.0 * rho).sqrt() * cells as f64 / (number.max(1e-9) * kept(clip));
            (noise * noise + (BEND * (1.0 - kept(clip))).powi(2), clip)
        })
        .fold((f64::INFINITY, 1.0), |best, next| if next.0 < best.0 { next } else { best })
}

/// The part of a class's shapes that a clip is expected to leave.
pub(crate) fn kept(clip: f64) -> f64 {
    if clip >= 1.0 { 1.0 } else { (KEPT * clip).tanh() }
}
