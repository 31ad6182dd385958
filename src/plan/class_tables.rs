//! Which tables a class of activity is measured by, and with which clips: a function of its number.
//!
//! Each question brings a table and a part of the loss. If the cells of the table are expected to
//! stand out of the noise, the class measures the table itself and gives a part of the loss to its
//! single axes. Otherwise it measures the finest margins that stand out, or, if none do, its single
//! axes and its own number once more. Bins of a number are measured once more by blocks of them,
//! because a quantile adds up many bins with their noise. A larger clip needs more noise and a
//! smaller one cuts off more; the clip with the least error of both is taken. Reasons and figures
//! are in docs/mechanisms.md, section 6.

use super::class_clips::{CLIPS, LEAST_CLIP, clips_of};

/// A table is measured by itself if its cells are expected to be off by at most this part.
const WORTH: f64 = 1.2;
/// The same for a single axis.
const WORTH_SINGLE: f64 = 2.0;
/// The part of a question's loss that goes to the single axes of a table that is measured by itself.
const MARGINS: f64 = 0.2;
/// The part that measures the number of the class again where no table is worth it.
const NUMBER: f64 = 0.6;
/// How fast the share that a clip keeps grows, and how much of the rest shows as error.
const KEPT: f64 = 1.2;
const BEND: f64 = 0.5;

/// A question's table with the loss that it may cost.
#[derive(Debug, Clone, PartialEq)]
pub struct TableShare {
    /// Its axes, ascending.
    pub axes: Vec<usize>,
    /// In rho.
    pub rho: f64,
}

/// How many values an axis has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AxisSize {
    /// Its values.
    pub values: f64,
    /// Its blocks, if its values are bins of a number.
    pub blocks: Option<f64>,
}

/// The axes of a table, and how finely they are measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct TableAxes {
    /// Their places, ascending; none for the number of a class.
    pub places: Vec<usize>,
    /// Whether bins of a number are measured by blocks.
    pub in_blocks: bool,
}

/// A table of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassTable {
    /// Its axes.
    pub axes: TableAxes,
    /// The bound on a requester's shape, from 0 to 1.
    pub clip: f64,
    /// The loss of a requester wholly in the class, in rho.
    pub rho: f64,
}

/// The tables of a class with this number of requesters, over axes of these sizes.
///
/// # Privacy
/// The losses of the tables add up to those of `asked`, up to rounding.
pub fn class_tables(
    class: usize,
    number: f64,
    sizes: &[AxisSize],
    asked: &[TableShare],
) -> Vec<ClassTable> {
    let class = Class { class, number, sizes };
    let mut parts: Vec<(TableAxes, f64)> = Vec::new();
    for (axes, rho) in asked.iter().flat_map(|asked| class.divide(asked)) {
        match parts.iter_mut().find(|(known, _)| *known == axes) {
            Some((_, sum)) => *sum += rho,
            None => parts.push((axes, rho)),
        }
    }
    let table = |(axes, rho): (TableAxes, f64)| ClassTable {
        // A table of no axes holds the weight of a requester in the class, which is at most one.
        clip: if axes.places.is_empty() { 1.0 } else { class.choose(&axes, rho).1 },
        axes,
        rho,
    };
    parts.into_iter().map(table).collect()
}

/// A class of activity that is planned for.
struct Class<'a> {
    class: usize,
    number: f64,
    sizes: &'a [AxisSize],
}

impl Class<'_> {
    /// Divides a question's loss over the tables that are worth it.
    fn divide(&self, TableShare { axes: table, rho }: &TableShare) -> Vec<(TableAxes, f64)> {
        let singles = |rho: f64| {
            let part = rho / table.len() as f64;
            table.iter().flat_map(move |axis| self.measured(&[*axis], part))
        };
        if table.is_empty() {
            return vec![(TableAxes::default(), *rho)];
        }
        let own = (1.0 - MARGINS) * rho;
        if table.len() > 1 && self.error(table, own) <= WORTH * WORTH {
            let mut parts = self.measured(table, own);
            parts.extend(singles(MARGINS * rho));
            return parts;
        }
        let is_worth = |sets: &Vec<Vec<usize>>| {
            let part = rho / sets.len() as f64;
            let errors: f64 = sets.iter().map(|set| self.error(set, part)).sum();
            errors / sets.len() as f64 <= worth(sets[0].len()).powi(2)
        };
        let counts = (1..table.len().max(2)).rev();
        if let Some(sets) = counts.map(|count| subsets(table, count)).find(is_worth) {
            let part = rho / sets.len() as f64;
            return sets.iter().flat_map(|set| self.measured(set, part)).collect();
        }
        let mut parts: Vec<(TableAxes, f64)> = singles((1.0 - NUMBER) * rho).collect();
        parts.push((TableAxes::default(), NUMBER * rho));
        parts
    }

    /// The tables for these axes: one by values, or, with bins of a number, one by blocks of them,
    /// which gives half of its loss to one by bins if these stand out.
    fn measured(&self, axes: &[usize], rho: f64) -> Vec<(TableAxes, f64)> {
        let by_values = TableAxes { places: axes.to_vec(), in_blocks: false };
        if !self.has_blocks(axes) {
            return vec![(by_values, rho)];
        }
        let by_blocks = TableAxes { in_blocks: true, ..by_values.clone() };
        if self.choose(&by_values, rho / 2.0).0 <= worth(axes.len()).powi(2) {
            return vec![(by_values, rho / 2.0), (by_blocks, rho / 2.0)];
        }
        vec![(by_blocks, rho)]
    }

    /// The squared relative error that is expected of a cell, or of a block where the axes have
    /// some.
    fn error(&self, axes: &[usize], rho: f64) -> f64 {
        let axes = TableAxes { places: axes.to_vec(), in_blocks: self.has_blocks(axes) };
        self.choose(&axes, rho).0
    }

    fn has_blocks(&self, axes: &[usize]) -> bool {
        axes.iter().any(|axis| self.sizes[*axis].blocks.is_some())
    }

    /// The squared relative error that is expected of a cell, and the best clip for it.
    fn choose(&self, axes: &TableAxes, rho: f64) -> (f64, f64) {
        let size = |axis: &usize| match self.sizes[*axis] {
            AxisSize { blocks: Some(blocks), .. } if axes.in_blocks => blocks,
            AxisSize { values, .. } => values,
        };
        let cells: f64 = axes.places.iter().map(size).product();
        clips_of(self.class)
            .map(|clip| {
                let noise =
                    clip / (2.0 * rho).sqrt() * cells / (self.number.max(1e-9) * kept(clip));
                (noise * noise + (BEND * (1.0 - kept(clip))).powi(2), clip)
            })
            .fold((f64::INFINITY, 1.0), |best, next| if next.0 < best.0 { next } else { best })
    }
}

/// How far cells of a table of this many axes may be expected to be off.
const fn worth(axes: usize) -> f64 {
    if axes > 1 { WORTH } else { WORTH_SINGLE }
}

/// The part of a class's shapes that a clip is expected to leave.
pub fn kept(clip: f64) -> f64 {
    if clip >= 1.0 { 1.0 } else { (KEPT * clip).tanh() }
}

/// The clip of the sums of a number in a class. Sums of a number with a long range lie mostly far
/// below its upper end, so a low clip cuts few requesters.
pub(super) fn clip_of_sums(class: usize, is_long_range: bool) -> f64 {
    match (is_long_range, class) {
        (false, _) => 1.0,
        (true, 0) => LEAST_CLIP,
        (true, _) => CLIPS[0],
    }
}

/// The subsets of this size of a table's axes.
fn subsets(table: &[usize], count: usize) -> Vec<Vec<usize>> {
    let sets = (0_u32..1 << table.len()).filter(|set| set.count_ones() as usize == count);
    let chosen = |set: u32| {
        let axes = table.iter().enumerate().filter(|(place, _)| set >> place & 1 == 1);
        axes.map(|(_, axis)| *axis).collect()
    };
    sets.map(chosen).collect()
}
