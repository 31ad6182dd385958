//! All noisy tables of lookups together: least squares, and raking to the total.
//!
//! Every marginal of the family is estimated from all tables that inform it, so the answers add up
//! among each other. The total is measured apart with a loose clip: heavy users count nearly whole
//! in it. Where it and the sum of the fine tables both stand out of the noise, answers are scaled
//! to it, which restores on average what the tight clip took.

use std::collections::HashMap;

use super::super::draw::NoisyTable;
use super::tensor::Tensor;
use crate::plan::{AxisSet, Contribution, Family, Plan, subsets};
use crate::spec::question::LATTICE_ONE;
use crate::{Error, Result};

/// Raking needs the total and the sum at least so many standard deviations above zero.
const LEAST_SIGNAL: f64 = 5.0;

/// A number with the variance of its noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noisy {
    pub(super) value: f64,
    pub(super) variance: f64,
}

/// The estimates of all marginals of lookups.
pub(super) struct Combined {
    family: Family,
    sizes: Vec<u64>,
    tables: Vec<(AxisSet, Tensor, String)>,
    total: Option<(Noisy, String)>,
    cache: HashMap<(usize, AxisSet), Tensor>,
}

/// How the fine tables are scaled to the total.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Raking {
    /// The total with its loose clip.
    pub(super) total: Noisy,
    /// The sum of every fine answer.
    pub(super) sum: Noisy,
}

impl Combined {
    /// Takes the tables of lookups from what was drawn.
    ///
    /// # Errors
    /// Internal, for tables of another plan.
    pub(super) fn new(plan: &Plan, noisy: &[NoisyTable]) -> Result<Self> {
        let sizes = plan.lookups.sizes().to_vec();
        let (mut tables, mut total, mut measured) = (Vec::new(), None, Vec::new());
        for table in noisy {
            let priced = &table.priced().table;
            if priced.contribution != Contribution::Lookups {
                continue;
            }
            let Some(set) = plan.lookups.set(&priced.axes) else { continue };
            let values: Vec<f64> = table.contributions().collect();
            let variance = table.noise_sd().powi(2);
            match values.as_slice() {
                [value] if set == 0 => {
                    total = Some((Noisy { value: *value, variance }, priced.name.clone()));
                }
                _ => {
                    measured.push((set, variance));
                    tables.push((set, Tensor::new(set, &sizes, values), priced.name.clone()));
                }
            }
        }
        let family = Family::new(sizes.clone(), measured);
        Ok(Self { family, sizes, tables, total, cache: HashMap::new() })
    }

    /// The least-squares estimate of a marginal, its axes ascending.
    ///
    /// # Errors
    /// Internal, when no table has its axes.
    pub(super) fn estimate(&mut self, marginal: AxisSet) -> Result<(Tensor, f64)> {
        let variance = self.family.variance(marginal).ok_or_else(unmeasured)?;
        if let [(_, only, _)] = self.tables.as_slice() {
            return Ok((only.marginal(marginal), variance));
        }
        let mut sum = Tensor::zero(marginal, &self.sizes);
        for interaction in subsets(marginal) {
            let weights = self.family.weights(interaction).ok_or_else(unmeasured)?;
            let mut combined = Tensor::zero(interaction, &self.sizes);
            for (place, weight) in weights.into_iter().enumerate() {
                if weight > 0.0 {
                    let tables = &self.tables;
                    let part = self
                        .cache
                        .entry((place, interaction))
                        .or_insert_with(|| tables[place].1.marginal(interaction));
                    combined.add_scaled(part, weight);
                }
            }
            sum.add_spread(&combined.interaction());
        }
        Ok((sum, variance))
    }

    /// The total with its loose clip.
    pub(super) fn total(&self) -> Option<Noisy> {
        self.total.as_ref().map(|(total, _)| *total)
    }

    /// The raking of all fine tables; none where signal is lacking.
    ///
    /// # Errors
    /// Internal, when nothing was measured.
    pub(super) fn raking(&mut self) -> Result<Option<Raking>> {
        let Some(total) = self.total() else { return Ok(None) };
        if self.tables.is_empty() {
            return Ok(None);
        }
        let (sum, variance) = self.estimate(0)?;
        let sum = Noisy { value: sum.data().first().copied().unwrap_or(0.0), variance };
        let stands_out = |noisy: Noisy| noisy.value >= LEAST_SIGNAL * noisy.variance.sqrt();
        Ok((stands_out(total) && stands_out(sum)).then_some(Raking { total, sum }))
    }

    /// The covariance of two sums over cells of a marginal, given as the factor of each cell.
    ///
    /// # Shapes
    /// `left` and `right` are tensors over the marginal's axes in ascending order.
    ///
    /// # Errors
    /// Internal, when no table has its axes.
    pub(super) fn covariance(&self, marginal: AxisSet, left: &[f64], right: &[f64]) -> Result<f64> {
        let cells = self.family.cells(marginal);
        let [left, right] =
            [left, right].map(|data| Tensor::new(marginal, &self.sizes, data.to_vec()));
        let mut sum = 0.0;
        for interaction in subsets(marginal) {
            let variance = self.family.combined_variance(interaction).ok_or_else(unmeasured)?;
            let share = self.family.cells(interaction) / cells;
            let [left, right] =
                [&left, &right].map(|factors| factors.marginal(interaction).interaction());
            let product: f64 = left.data().iter().zip(right.data()).map(|(l, r)| l * r).sum();
            sum += variance * share * share * product;
        }
        Ok(sum)
    }

    /// The names of the tables that inform a marginal.
    pub(super) fn sources(&self, marginal: AxisSet) -> Vec<String> {
        let informs = |set: AxisSet| set & marginal != 0 || marginal == 0;
        let fine = self.tables.iter().filter(|(set, _, _)| informs(*set));
        let total = self.total.iter().map(|(_, name)| name.clone());
        if marginal == 0 {
            total.collect()
        } else {
            fine.map(|(_, _, name)| name.clone()).chain(total).collect()
        }
    }

    /// The axes' sizes.
    pub(super) fn sizes(&self) -> &[u64] {
        &self.sizes
    }
}

impl Raking {
    /// What every answer is multiplied by.
    pub(super) fn ratio(&self) -> f64 {
        self.total.value / self.sum.value
    }

    /// The variance of one raked cell of a marginal with so many cells (MECHANISMS 5.2, with the
    /// covariance of the cell and the sum under least squares).
    pub(super) fn variance(&self, cell: f64, variance: f64, cells: f64) -> f64 {
        let (ratio, share) = (self.ratio(), cell / self.sum.value);
        let covariance = self.sum.variance / cells;
        let total = self.total.variance / (ratio * ratio);
        let spread =
            variance + share * share * (self.sum.variance + total) - 2.0 * share * covariance;
        ratio * ratio * spread.max(0.0)
    }

    /// Which part of the lookups the fine tables hold, with its standard deviation.
    pub(super) fn coverage(&self) -> (f64, f64) {
        let share = self.sum.value / self.total.value;
        let variance = self.sum.variance + share * share * self.total.variance;
        (share, variance.sqrt() / self.total.value)
    }
}

impl NoisyTable {
    /// The noisy sums in contributions.
    pub(super) fn contributions(&self) -> impl Iterator<Item = f64> + '_ {
        self.units().iter().map(|units| *units as f64 / LATTICE_ONE as f64)
    }
}

fn unmeasured() -> Error {
    Error::internal("no measured table has the axes of a question")
}
