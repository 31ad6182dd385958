//! All noisy tables of lookups together: raked to the total, then least squares.
//!
//! The total is measured separately with a loose clip, as the sum of its layers: heavy users count
//! nearly fully in it. Every finer table has a clip of its own and so lacks another part of the
//! lookups; where all sums are well above their noise, each table is scaled to the total before
//! they are combined, which restores on average what its clip took. Then every marginal is
//! estimated from all tables that inform it, so that answers add up among each other and to the
//! total.
//!
//! # Variance
//! With R = T/S for a table of sum S, a cell is T/N plus, for each interaction but the empty one,
//! a weighted mean over tables of R times their interaction. Given the ratios, the interactions are
//! independent ([`Family`]). By the delta method the total adds (cell/T)^2 var T, and each table
//! (g/S)^2 var S, g being what the table contributes to the cell; S is independent of the
//! interactions, for it is the empty one.

use std::collections::HashMap;

use super::super::draw::NoisyTable;
use super::noisy::{Noisy, Raking};
use super::tensor::Tensor;
use crate::plan::{Along, AxisSet, Empty, Family, Plan, Role, subsets};
use crate::release_file::lattice::LATTICE_ONE;
use crate::{Error, Result};

/// For raking, the total and the sum of each table must be at least this many standard deviations.
pub(super) const LEAST_SIGNAL: f64 = 5.0;

/// The tables of lookups, and how they are combined.
pub(super) struct Combined {
    sizes: Vec<u64>,
    tables: Vec<MarginalTable>,
    /// With its place among the noisy tables.
    total: Option<(Noisy, usize)>,
    raw: Family,
    raked: Option<Family>,
    interactions: HashMap<(usize, AxisSet), Tensor>,
}

/// A noisy table of lookups by some axes.
struct MarginalTable {
    /// The place among the noisy tables.
    place: usize,
    axes: AxisSet,
    cells: Tensor,
    name: String,
    sum: Noisy,
    /// The factor by which raking multiplies it.
    ratio: f64,
}

/// The estimate of one marginal.
pub(super) struct Estimate {
    /// The cells, axes ascending.
    pub(super) cells: Tensor,
    marginal: AxisSet,
    family: Family,
    /// If it is raked: the total, and what each table contributes, with the sum of that table.
    raking: Option<(Noisy, Vec<(Tensor, Noisy)>)>,
}

impl Combined {
    /// Takes the tables of lookups from what was drawn.
    ///
    /// # Errors
    /// Internal, for tables of another plan.
    pub(super) fn new(plan: &Plan, noisy: &[NoisyTable]) -> Result<Self> {
        let sizes = plan.lookups.sizes().to_vec();
        let loose = plan.lookups.loose();
        let (mut tables, mut total, mut raw) = (Vec::new(), None, Vec::new());
        for (place, table) in noisy.iter().enumerate() {
            let measured = &table.priced().table;
            if !matches!(measured.role, Role::Total | Role::Marginal) {
                continue;
            }
            let values: Vec<f64> = table.contributions().collect();
            let variance = table.noise_sd().powi(2);
            let sum =
                Noisy { value: values.iter().sum(), variance: variance * values.len() as f64 };
            if measured.role == Role::Total {
                total = Some((sum, place));
                continue;
            }
            let axes = plan.lookups.set(&measured.axes).ok_or_else(unmeasured)?;
            raw.push((axes, variance));
            let cells = Tensor::new(axes, &sizes, values);
            let name = measured.name.clone();
            tables.push(MarginalTable { place, axes, cells, name, sum, ratio: 1.0 });
        }
        let stands_out = |noisy: &Noisy| noisy.value >= LEAST_SIGNAL * noisy.variance.sqrt();
        let raked = total.as_ref().filter(|(total, _)| {
            stands_out(total) && tables.iter().all(|table| stands_out(&table.sum))
        });
        let raked = raked.map(|(total, _)| {
            tables.iter_mut().for_each(|table| table.ratio = total.value / table.sum.value);
            let variances = raw.iter().zip(&tables);
            let scaled = variances
                .map(|((axes, variance), table)| (*axes, variance * table.ratio * table.ratio));
            Family::new(sizes.clone(), scaled.collect()).with_loose(&loose)
        });
        let raw = Family::new(sizes.clone(), raw).with_loose(&loose);
        Ok(Self { sizes, tables, total, raw, raked, interactions: HashMap::new() })
    }

    /// The best estimate of a marginal: raked where there is signal.
    ///
    /// # Errors
    /// Internal, when no table has its axes.
    pub(super) fn estimate(&mut self, marginal: AxisSet) -> Result<Estimate> {
        let (Some(family), Some((total, _))) = (self.raked.clone(), self.total) else {
            return self.unraked(marginal);
        };
        let mut parts: Vec<(Tensor, Noisy)> = self
            .tables
            .iter()
            .map(|table| (Tensor::zero(marginal, &self.sizes), table.sum))
            .collect();
        for interaction in subsets(marginal).filter(|interaction| *interaction != 0) {
            let weights = family.weights(interaction).ok_or_else(unmeasured)?;
            for (place, weight) in
                weights.into_iter().enumerate().filter(|(_, weight)| *weight > 0.0)
            {
                let factor = weight * self.tables[place].ratio;
                parts[place].0.add_spread(self.interaction(place, interaction), factor);
            }
        }
        let mut cells = Tensor::zero(marginal, &self.sizes);
        cells.add_spread(&Tensor::new(0, &self.sizes, vec![total.value]), 1.0);
        parts.iter().for_each(|(part, _)| cells.add_spread(part, 1.0));
        Ok(Estimate { cells, marginal, family, raking: Some((total, parts)) })
    }

    /// The least-squares estimate of the bounded tables as they are.
    ///
    /// # Errors
    /// Internal, when no table has its axes.
    pub(super) fn unraked(&mut self, marginal: AxisSet) -> Result<Estimate> {
        let family = self.raw.clone();
        let mut cells = Tensor::zero(marginal, &self.sizes);
        for interaction in subsets(marginal) {
            let weights = family.weights(interaction).ok_or_else(unmeasured)?;
            for (place, weight) in
                weights.into_iter().enumerate().filter(|(_, weight)| *weight > 0.0)
            {
                cells.add_spread(self.interaction(place, interaction), weight);
            }
        }
        Ok(Estimate { cells, marginal, family, raking: None })
    }

    /// The total with its loose clip.
    pub(super) fn total(&self) -> Option<Noisy> {
        self.total.as_ref().map(|(total, _)| *total)
    }

    /// The sums that counts are raked with; `None` if they are not raked.
    pub(super) fn raking(&self) -> Option<Raking> {
        let (_, total) = self.raked.as_ref().zip(self.total())?;
        let sums = self.tables.iter().map(|table| (table.name.clone(), table.sum.value));
        Some(Raking { total: total.value, sums: sums.collect() })
    }

    /// The part of the lookups that the bounded tables hold, with its standard deviation; `None` if
    /// nothing is raked.
    ///
    /// # Errors
    /// Internal, when nothing was measured.
    pub(super) fn coverage(&mut self) -> Result<Option<(f64, f64)>> {
        let (Some(_), Some(total)) = (&self.raked, self.total()) else { return Ok(None) };
        let estimate = self.unraked(0)?;
        let sum = estimate.cells.data().first().copied().unwrap_or(0.0);
        let share = sum / total.value;
        let variance = estimate.fixed_variance() + share * share * total.variance;
        Ok(Some((share, variance.sqrt() / total.value)))
    }

    /// The places of the noisy tables that inform a marginal.
    pub(super) fn sources(&self, marginal: AxisSet) -> Vec<usize> {
        let fine = self.tables.iter().filter(|table| table.axes & marginal != 0);
        fine.map(|table| table.place).chain(self.total.map(|(_, place)| place)).collect()
    }

    /// The axes' sizes.
    pub(super) fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    fn interaction(&mut self, place: usize, interaction: AxisSet) -> &Tensor {
        let tables = &self.tables;
        self.interactions
            .entry((place, interaction))
            .or_insert_with(|| tables[place].cells.marginal(interaction).interaction())
    }
}

impl Estimate {
    /// An estimate of which only the noise is known; `raked` if a total is measured separately from
    /// the family.
    pub(super) fn blank(marginal: AxisSet, family: Family, sizes: &[u64], raked: bool) -> Self {
        let total = Noisy { value: 1.0, variance: 0.0 };
        let raking = raked.then(|| (total, Vec::new()));
        Self { cells: Tensor::zero(marginal, sizes), marginal, family, raking }
    }

    /// The variance of every cell.
    pub(super) fn variances(&self) -> Tensor {
        let fixed = self.fixed_variance();
        self.cells.map(|cell, value| {
            let Some((total, parts)) = &self.raking else { return fixed };
            let varying = parts.iter().map(|(part, sum)| {
                let here = part.data().get(cell).copied().unwrap_or(0.0);
                (here / sum.value).powi(2) * sum.variance
            });
            fixed + (value / total.value).powi(2) * total.variance + varying.sum::<f64>()
        })
    }

    /// The variance of every cell given the ratios of raking.
    pub(super) fn fixed_variance(&self) -> f64 {
        // Raked, the empty interaction is the total's, not the tables'.
        let empty = if self.raking.is_some() { Empty::Apart } else { Empty::Measured };
        let one = vec![Along::values(1); self.family.axes(self.marginal).count()];
        self.family.sum_variance(self.marginal, &one, empty).unwrap_or(f64::INFINITY)
    }

    /// The covariance of two sums over cells, given the ratios of raking.
    ///
    /// # Shapes
    /// `left` and `right` give each cell's factor, axes ascending.
    ///
    /// # Errors
    /// Internal, when no table has its axes.
    pub(super) fn fixed_covariance(
        &self,
        sizes: &[u64],
        left: &[f64],
        right: &[f64],
    ) -> Result<f64> {
        let cells = self.family.cells(self.marginal);
        let [left, right] =
            [left, right].map(|data| Tensor::new(self.marginal, sizes, data.to_vec()));
        let mut sum = 0.0;
        for interaction in subsets(self.marginal) {
            if interaction == 0 && self.raking.is_some() {
                continue;
            }
            let variance = self.family.combined_variance(interaction).ok_or_else(unmeasured)?;
            let share = self.family.cells(interaction) / cells;
            let [left, right] =
                [&left, &right].map(|factors| factors.marginal(interaction).interaction());
            let product: f64 = left.data().iter().zip(right.data()).map(|(l, r)| l * r).sum();
            sum += variance * share * share * product;
        }
        Ok(sum)
    }

    /// What each table contributes, in the order of other axes, with its sum; empty if nothing is
    /// raked. The total is left out because it moves all cells of a ratio alike.
    pub(super) fn parts(&self, order: &[usize]) -> Vec<(Vec<f64>, Noisy)> {
        let parts = self.raking.iter().flat_map(|(_, parts)| parts);
        parts.map(|(part, sum)| (part.ordered(order), *sum)).collect()
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
