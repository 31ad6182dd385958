//! Sums over cells of a published count, with the variance that they had.
//!
//! Cells of one day share the noise of the total and of every table, so their variances do not add
//! up. Values agree with every coarser marginal, though, and so the variance follows from the frozen
//! plan and the published values: the interactions are taken from the values themselves, weighted as
//! the tables were. What a table contributes beyond its noise differs from that by what its clip
//! took from some cells more than from others, which is second order here.

use std::collections::HashMap;

use super::super::draw::PricedTable;
use super::noisy::{Noisy, Raking};
use super::places::order;
use super::tensor::Tensor;
use crate::plan::{Along, AxisSet, Empty, Family, LookupMarginals, Role, subsets};
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::question::Question;
use crate::{Error, Result};

/// Which values of one key are added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// The group of each value, counted from zero.
    pub of: Vec<usize>,
    /// How many groups there are.
    pub count: usize,
}

impl Groups {
    /// Adds up the values of each combination of groups.
    ///
    /// # Shapes
    /// From one value for each combination of the keys' values to one for each combination of their
    /// groups; the last key changes fastest.
    #[must_use]
    pub fn add_up(keys: &[&Self], values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; keys.iter().map(|key| key.count).product()];
        for (cell, value) in values.iter().enumerate() {
            let (mut rest, mut place, mut stride) = (cell, 0, 1);
            for key in keys.iter().rev() {
                place += key.of[rest % key.of.len()] * stride;
                stride *= key.count;
                rest /= key.of.len();
            }
            sums[place] += value;
        }
        sums
    }
}

/// The tables of lookups of a plan with the variance of their cells' noise.
pub(super) struct LookupNoise<'a> {
    /// The total's, where there is one.
    pub(super) total: Option<f64>,
    /// Each finer table's axes, its name and its variance.
    pub(super) fine: Vec<(AxisSet, &'a str, f64)>,
    /// The marginals whose tables are loose.
    loose: Vec<AxisSet>,
}

impl<'a> LookupNoise<'a> {
    pub(super) fn new(lookups: &LookupMarginals, priced: &'a [PricedTable]) -> Self {
        let mut measured = Self { total: None, fine: Vec::new(), loose: lookups.loose() };
        for priced in priced {
            let table = &priced.table;
            let variance = (priced.noise_scale.units() / LATTICE_ONE as f64).powi(2);
            match table.role {
                // The sum of its layers; days planned before there were layers have one cell.
                Role::Total => {
                    let layers = table.layering().map_or(1, |layering| layering.count);
                    measured.total = Some(variance * f64::from(layers));
                }
                Role::Marginal => {
                    let Some(axes) = lookups.set(&table.axes) else { continue };
                    measured.fine.push((axes, table.name.as_str(), variance));
                }
                Role::Own { .. } | Role::PrefixRound { .. } | Role::PrefixCounts { .. } => {}
            }
        }
        measured
    }

    /// The finer tables together, as they were measured.
    pub(super) fn family(&self, sizes: &[u64]) -> Family {
        let fine = self.fine.iter().map(|(axes, _, variance)| (*axes, *variance));
        Family::new(sizes.to_vec(), fine.collect()).with_loose(&self.loose)
    }
}

/// Adds up the published values of a count, and returns each sum with the variance of its noise.
///
/// # Shapes
/// `values` has a row for each combination of the question's keys, `groups` one grouping for each
/// key; the sums have a row for each combination of groups. The last key changes fastest.
///
/// # Errors
/// Internal, when values or raking are not of the question and the plan.
pub fn sums(
    question: &Question,
    lookups: &LookupMarginals,
    priced: &[PricedTable],
    raking: Option<&Raking>,
    values: &[f64],
    groups: &[&Groups],
) -> Result<Vec<(f64, f64)>> {
    let sizes = lookups.sizes();
    let axes = order(&question.by, lookups)?;
    let marginal = lookups.marginal(&question.name).ok_or_else(other_plan)?;
    let cells = Tensor::arranged(&axes, sizes, values).ok_or_else(other_plan)?;
    // A key whose values are all added up is a key left out.
    let (kept, grouping): (Vec<usize>, Vec<&Groups>) = axes
        .iter()
        .copied()
        .zip(groups.iter().copied())
        .filter(|(_, groups)| groups.count > 1)
        .unzip();
    let set = kept.iter().fold(0, |set, axis| set | 1 << axis);
    let cells = cells.marginal(set);
    let measured = LookupNoise::new(lookups, priced);
    let raked = raking.map(|raking| Raked::new(raking, &measured, sizes)).transpose()?;
    let family =
        raked.as_ref().map_or_else(|| measured.family(sizes), |raked| raked.family.clone());
    let collapse = |tensor: &Tensor| Groups::add_up(&grouping, &tensor.ordered(&kept));
    let value = collapse(&cells);
    let mut shared = vec![0.0; value.len()];
    if let Some(raked) = &raked {
        let parts = raked.parts(&cells, set, sizes)?;
        shared.iter_mut().zip(&value).for_each(|(shared, value)| {
            *shared += (value / raked.total.value).powi(2) * raked.total.variance;
        });
        for (part, sum) in parts.iter().zip(&raked.sums) {
            shared.iter_mut().zip(collapse(part)).for_each(|(shared, part)| {
                *shared += (part / sum.value).powi(2) * sum.variance;
            });
        }
    }
    let empty = if raked.is_some() { Empty::Apart } else { Empty::Measured };
    // Each published value was rounded, by up to a half either way.
    let added = family.cells(marginal) / family.cells(set);
    let mut known: HashMap<Vec<usize>, f64> = HashMap::new();
    let mut sums = Vec::with_capacity(value.len());
    for (row, (value, shared)) in value.into_iter().zip(shared).enumerate() {
        let members = members(row, &grouping);
        let rounding = members.iter().product::<usize>() as f64 * added / 12.0;
        let fixed = match known.get(&members) {
            Some(fixed) => *fixed,
            None => {
                let along = ascending(&kept, &members);
                let fixed = family.sum_variance(set, &along, empty).ok_or_else(other_plan)?;
                known.insert(members, fixed);
                fixed
            }
        };
        sums.push((value, fixed + shared + rounding));
    }
    Ok(sums)
}

/// The tables after raking.
struct Raked {
    total: Noisy,
    /// Each finer table's sum.
    sums: Vec<Noisy>,
    family: Family,
}

impl Raked {
    fn new(raking: &Raking, measured: &LookupNoise<'_>, sizes: &[u64]) -> Result<Self> {
        let total = Noisy { value: raking.total, variance: measured.total.ok_or_else(other_plan)? };
        let plain = Family::new(sizes.to_vec(), Vec::new());
        let (mut sums, mut scaled) = (Vec::new(), Vec::new());
        for (axes, name, variance) in &measured.fine {
            let value = *raking.sums.get(*name).ok_or_else(other_plan)?;
            sums.push(Noisy { value, variance: variance * plain.cells(*axes) });
            scaled.push((*axes, variance * (total.value / value).powi(2)));
        }
        Ok(Self {
            total,
            sums,
            family: Family::new(sizes.to_vec(), scaled).with_loose(&measured.loose),
        })
    }

    /// What each table contributes to the cells of a marginal, by the values themselves.
    fn parts(&self, cells: &Tensor, set: AxisSet, sizes: &[u64]) -> Result<Vec<Tensor>> {
        let mut parts = vec![Tensor::zero(set, sizes); self.sums.len()];
        for interaction in subsets(set).filter(|interaction| *interaction != 0) {
            let weights = self.family.weights(interaction).ok_or_else(other_plan)?;
            let here = cells.marginal(interaction).interaction();
            for (part, weight) in parts.iter_mut().zip(weights) {
                if weight > 0.0 {
                    part.add_spread(&here, weight);
                }
            }
        }
        Ok(parts)
    }
}

/// How many values of each key the combination of groups in this row has.
fn members(row: usize, groups: &[&Groups]) -> Vec<usize> {
    let mut rest = row;
    let mut members: Vec<usize> = groups
        .iter()
        .rev()
        .map(|groups| {
            let group = rest % groups.count;
            rest /= groups.count;
            groups.of.iter().filter(|of| **of == group).count()
        })
        .collect();
    members.reverse();
    members
}

/// The members along each axis, axes ascending.
fn ascending(kept: &[usize], members: &[usize]) -> Vec<Along> {
    let mut along: Vec<(usize, usize)> =
        kept.iter().copied().zip(members.iter().copied()).collect();
    along.sort_unstable();
    along.into_iter().map(|(_, members)| Along::values(members)).collect()
}

fn other_plan() -> Error {
    Error::internal("published values are not of the plan that the ledger froze")
}
