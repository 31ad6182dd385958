//! The noise of the tables of lookups, as the frozen plan has it.

use super::super::draw::PricedTable;
use crate::plan::{AxisSet, Family, LookupMarginals, Role};
use crate::release_file::lattice::LATTICE_ONE;

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
