//! Tallies and a permit → noisy tables: the only place where the secret becomes public.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::mechanism::{DiscreteGaussian, NoiseScale};
use super::threshold::threshold;
use crate::aggregate::{ExactTally, KeyTally};
use crate::ledger::DrawPermit;
use crate::plan::{Contribution, MOST_KEYS, MeasuredTable};
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::{Error, Result};

/// A measured table with the mechanism that was built for it; frozen with the reservation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PricedTable {
    /// What is measured.
    pub table: MeasuredTable,
    /// The mechanism, by its name in the literature.
    pub mechanism: String,
    /// The standard deviation of the noise, in lattice steps.
    pub noise_scale: NoiseScale,
    /// The price of one draw, as the built mechanism states it.
    pub charge: NanoRho,
    /// Where keys are looked for: those whose weight in lattice steps is above it are found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<i64>,
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
pub fn price(tables: &[MeasuredTable]) -> Result<Vec<PricedTable>> {
    tables
        .iter()
        .map(|table| {
            let noise_scale = NoiseScale::for_charge(table.sensitivity(), table.charge)?;
            let charge = DiscreteGaussian::new(table.sensitivity(), noise_scale)?.charge();
            let mechanism = DISCRETE_GAUSSIAN.to_owned();
            let threshold = match table.contribution {
                Contribution::KeyWeights { .. } => Some(threshold(noise_scale, table.key_delta)?),
                _ => None,
            };
            let table = table.clone();
            Ok(PricedTable { table, mechanism, noise_scale, charge, threshold })
        })
        .collect()
}

/// What one release charges its block: what all its tables cost together.
///
/// # Errors
/// Internal, past the end of the integers.
pub fn total_charge(tables: &[PricedTable]) -> Result<NanoRho> {
    tables
        .iter()
        .try_fold(NanoRho::ZERO, |total, table| total.checked_add(table.charge))
        .ok_or_else(|| Error::internal("the charges of a release cannot be added up"))
}

/// What all tables together may spend on keys that only one requester has.
///
/// # Errors
/// Internal, past the end of the integers.
pub fn total_key_delta(tables: &[PricedTable]) -> Result<AttoDelta> {
    tables
        .iter()
        .try_fold(AttoDelta::ZERO, |total, priced| total.checked_add(priced.table.key_delta))
        .ok_or_else(|| Error::internal("the deltas of a release cannot be added up"))
}

/// A table with its noise: public from here on.
#[derive(Debug, Clone)]
pub struct NoisyTable {
    priced: PricedTable,
    units: Vec<i64>,
    keys: Vec<u64>,
}

impl NoisyTable {
    /// A table that counts as drawn, for tests of estimates.
    #[cfg(test)]
    pub(super) fn for_test(priced: &PricedTable, units: &[i64]) -> Self {
        Self { priced: priced.clone(), units: units.to_vec(), keys: Vec::new() }
    }

    /// What was measured and how.
    #[must_use]
    pub const fn priced(&self) -> &PricedTable {
        &self.priced
    }

    /// The noisy sums, one for each cell, in lattice steps.
    #[must_use]
    pub fn units(&self) -> &[i64] {
        &self.units
    }

    /// The keys that were found, ascending, one for each cell except the last; empty for tables
    /// whose keys are public.
    #[must_use]
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// The standard deviation of the noise, in contributions.
    #[must_use]
    pub fn noise_sd(&self) -> f64 {
        self.priced.noise_scale.units() / crate::release_file::lattice::LATTICE_ONE as f64
    }
}

/// The draws of one reservation: every table is drawn at most once.
pub struct Draws {
    _permit: DrawPermit,
    drawn: BTreeSet<String>,
}

impl Draws {
    /// Begins with the permit of a reservation that was noted as drawn.
    #[must_use]
    pub const fn new(permit: DrawPermit) -> Self {
        Self { _permit: permit, drawn: BTreeSet::new() }
    }

    /// Draws the noise of every table whose keys are public.
    ///
    /// # Privacy
    /// Consumes the tally. The charge of each mechanism is asked again and must be the reserved one.
    ///
    /// # Errors
    /// Internal, when the tally has another shape, a table was drawn before, a price changed since
    /// the reservation, or the sampler fails. The charge stays spent.
    pub fn tables(&mut self, tally: ExactTally, tables: &[PricedTable]) -> Result<Vec<NoisyTable>> {
        let public =
            |(_, priced): &(usize, &PricedTable)| !priced.table.contribution.is_of_private_keys();
        let drawn = tables.iter().enumerate().filter(public);
        let drawn = drawn
            .map(|(place, priced)| {
                let exact = tally.table(place).ok_or_else(lacking)?;
                let units = self.mechanism(priced)?.draw(exact)?;
                Ok(NoisyTable { priced: priced.clone(), units, keys: Vec::new() })
            })
            .collect();
        drop(tally);
        drawn
    }

    /// Finds the keys whose noisy weight is above the threshold.
    ///
    /// # Privacy
    /// Consumes the weights. The charge is that of the mechanism; beside it a key that only one
    /// requester has is found with a probability of at most the table's `key_delta`, over all of its
    /// keys together. Of more than [`MOST_KEYS`] the greatest noisy weights are kept.
    ///
    /// # Errors
    /// As [`Self::tables`].
    pub fn keys(&mut self, weights: KeyTally, priced: &PricedTable) -> Result<BTreeSet<u64>> {
        let threshold = priced
            .threshold
            .filter(|_| matches!(priced.table.contribution, Contribution::KeyWeights { .. }))
            .ok_or_else(|| Error::internal("keys are looked for without a threshold"))?;
        let (keys, exact) = weights.into_weights();
        let noisy = self.mechanism(priced)?.draw(&exact)?;
        let mut found: Vec<(i64, u64)> =
            noisy.into_iter().zip(keys).filter(|(weight, _)| *weight > threshold).collect();
        found.sort_unstable();
        Ok(found.into_iter().rev().take(MOST_KEYS).map(|(_, key)| key).collect())
    }

    /// Draws the count by keys that were found.
    ///
    /// # Privacy
    /// As [`Self::tables`].
    ///
    /// # Errors
    /// As [`Self::tables`].
    pub fn key_counts(
        &mut self,
        tally: ExactTally,
        keys: BTreeSet<u64>,
        priced: &PricedTable,
    ) -> Result<NoisyTable> {
        let exact = tally.table(0).filter(|cells| cells.len() == keys.len() + 1);
        let units = self.mechanism(priced)?.draw(exact.ok_or_else(lacking)?)?;
        drop(tally);
        Ok(NoisyTable { priced: priced.clone(), units, keys: keys.into_iter().collect() })
    }

    /// The mechanism of a table that was not drawn yet.
    fn mechanism(&mut self, priced: &PricedTable) -> Result<DiscreteGaussian> {
        if !self.drawn.insert(priced.table.name.clone()) {
            return Err(Error::internal("a table would be drawn twice"));
        }
        let mechanism = DiscreteGaussian::new(priced.table.sensitivity(), priced.noise_scale)?;
        if mechanism.charge() > priced.charge || priced.mechanism != DISCRETE_GAUSSIAN {
            return Err(Error::internal("a mechanism costs more than was reserved for it"));
        }
        Ok(mechanism)
    }
}

fn lacking() -> Error {
    Error::internal("the tally lacks a measured table")
}
