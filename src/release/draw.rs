//! Tallies and a permit → noisy tables: the one door between what is secret and what is public.

use serde::{Deserialize, Serialize};

use super::mechanism::{DiscreteGaussian, DrawnBy, NoiseScale};
use crate::aggregate::ExactTally;
use crate::ledger::DrawPermit;
use crate::plan::MeasuredTable;
use crate::spec::privacy_loss::NanoRho;
use crate::spec::release::Sampler;
use crate::{Error, Result};

/// A measured table with the mechanism that was built for it; frozen with the reservation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PricedTable {
    /// What is measured.
    pub table: MeasuredTable,
    /// The mechanism, by its name in the literature.
    pub mechanism: String,
    /// The standard deviation of the noise, in units of 2^-16.
    pub noise_scale: NoiseScale,
    /// What the built mechanism says that one draw costs.
    pub charge: NanoRho,
    /// Which sampler draws; the reference for entries that do not say.
    #[serde(default)]
    pub drawn_by: DrawnBy,
}

/// The name of the only mechanism so far.
pub(super) const DISCRETE_GAUSSIAN: &str = "discrete gaussian";

/// Builds the mechanism of every table; nothing is drawn.
///
/// # Privacy
/// Each charge is the built measurement's own map, at most what the plan allows the table.
///
/// # Errors
/// Refused, for a table without budget; internal, when a mechanism cannot be built.
pub fn price(tables: &[MeasuredTable], sampler: Sampler) -> Result<Vec<PricedTable>> {
    tables
        .iter()
        .map(|table| {
            let noise_scale = NoiseScale::for_charge(table.clip, table.charge)?;
            let charge = DiscreteGaussian::new(table.clip, noise_scale)?.charge();
            let mechanism = DISCRETE_GAUSSIAN.to_owned();
            let drawn_by = match (sampler, noise_scale.whole()) {
                (Sampler::Integer, Some(_)) => DrawnBy::Pointillist,
                _ => DrawnBy::Opendp,
            };
            Ok(PricedTable { table: table.clone(), mechanism, noise_scale, charge, drawn_by })
        })
        .collect()
}

/// What all tables cost together.
///
/// # Errors
/// Internal, past the end of the integers.
pub fn total_charge(tables: &[PricedTable]) -> Result<NanoRho> {
    tables
        .iter()
        .try_fold(NanoRho::ZERO, |total, table| total.checked_add(table.charge))
        .ok_or_else(|| Error::internal("the charges of a release cannot be added up"))
}

/// A table with its noise: public from here on.
#[derive(Debug, Clone)]
pub struct NoisyTable {
    priced: PricedTable,
    units: Vec<i64>,
}

impl NoisyTable {
    /// A table that says it was drawn, for tests of what is made of one.
    #[cfg(test)]
    pub(super) fn for_test(priced: &PricedTable, units: &[i64]) -> Self {
        Self { priced: priced.clone(), units: units.to_vec() }
    }

    /// What was measured and how.
    #[must_use]
    pub const fn priced(&self) -> &PricedTable {
        &self.priced
    }

    /// The noisy sums, one for each cell, in units of 2^-16.
    #[must_use]
    pub fn units(&self) -> &[i64] {
        &self.units
    }

    /// The standard deviation of the noise, in contributions.
    #[must_use]
    pub fn noise_sd(&self) -> f64 {
        self.priced.noise_scale.units() / crate::spec::question::LATTICE_ONE as f64
    }
}

/// Draws the noise of every table, once.
///
/// # Privacy
/// Consumes the tally and the permit: what was reserved is drawn once, into memory that the caller
/// owns. The charge of each mechanism is asked again and must be the reserved one.
///
/// # Errors
/// Internal, when the tally has another shape, a price changed since the reservation, or the
/// sampler fails. The charge stays spent.
pub fn draw(
    tally: ExactTally,
    tables: &[PricedTable],
    permit: DrawPermit,
) -> Result<Vec<NoisyTable>> {
    let drawn = tables
        .iter()
        .enumerate()
        .map(|(place, priced)| {
            let mechanism = DiscreteGaussian::new(priced.table.clip, priced.noise_scale)?;
            if mechanism.charge() > priced.charge || priced.mechanism != DISCRETE_GAUSSIAN {
                return Err(Error::internal("a mechanism costs more than was reserved for it"));
            }
            let exact = tally
                .table(place)
                .ok_or_else(|| Error::internal("the tally lacks a measured table"))?;
            Ok(NoisyTable {
                priced: priced.clone(),
                units: mechanism.draw(exact, priced.drawn_by)?,
            })
        })
        .collect();
    drop((tally, permit));
    drawn
}
