//! Tallies and a permit → noisy tables: the only place where the secret becomes public.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::mechanism::{DiscreteGaussian, NoiseScale};
use super::threshold::threshold;
use crate::aggregate::{ExactTally, KeyTally};
use crate::ledger::DrawPermit;
use crate::plan::kinds::{MOST_PREFIXES, Needs};
use crate::plan::{MeasuredTable, Role};
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
            let threshold = match table.role {
                Role::PrefixRound { .. } => Some(threshold(noise_scale, table.key_delta)?),
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
pub struct Draws<'a> {
    _permit: DrawPermit,
    tables: &'a [PricedTable],
    is_drawn: Vec<bool>,
}

impl<'a> Draws<'a> {
    /// Begins with the permit of a reservation that was noted as drawn, and with its tables.
    #[must_use]
    pub fn new(permit: DrawPermit, tables: &'a [PricedTable]) -> Self {
        Self { _permit: permit, tables, is_drawn: vec![false; tables.len()] }
    }

    /// Draws the noise of every table whose keys are public.
    ///
    /// # Privacy
    /// Consumes the tally. The charge of each mechanism is asked again and must be the reserved one.
    ///
    /// # Errors
    /// Internal, when the tally has another shape, a table was drawn before, a price changed since
    /// the reservation, or the sampler fails. The charge stays spent.
    pub fn tables(&mut self, tally: ExactTally) -> Result<Vec<NoisyTable>> {
        let mut noisy = Vec::new();
        for (place, priced) in self.tables.iter().enumerate() {
            if priced.table.contribution.kind().needs() < Needs::Prefixes {
                let exact = tally.table(place).ok_or_else(lacking)?;
                let units = self.mechanism(place)?.draw(exact)?;
                noisy.push(NoisyTable { priced: priced.clone(), units, keys: Vec::new() });
            }
        }
        drop(tally);
        Ok(noisy)
    }

    /// Finds the prefixes whose noisy weight is above the threshold, in the table at this place.
    ///
    /// # Privacy
    /// Consumes the weights. The charge is that of the mechanism; beside it a prefix that only one
    /// requester has is found with a probability of at most the table's `key_delta`, over all of its
    /// prefixes together. Of more than [`MOST_PREFIXES`] the greatest noisy weights are kept.
    ///
    /// # Errors
    /// As [`Self::tables`].
    pub fn prefixes(&mut self, weights: KeyTally, place: usize) -> Result<BTreeSet<u64>> {
        let threshold = self.table(place)?.threshold;
        let threshold = threshold
            .ok_or_else(|| Error::internal("prefixes are looked for without a threshold"))?;
        let (prefixes, exact) = weights.into_weights();
        let noisy = self.mechanism(place)?.draw(&exact)?;
        let mut found: Vec<(i64, u64)> =
            noisy.into_iter().zip(prefixes).filter(|(weight, _)| *weight > threshold).collect();
        found.sort_unstable();
        Ok(found.into_iter().rev().take(MOST_PREFIXES).map(|(_, prefix)| prefix).collect())
    }

    /// Draws the count by prefixes that were found, for the table at this place.
    ///
    /// # Privacy
    /// As [`Self::tables`].
    ///
    /// # Errors
    /// As [`Self::tables`].
    pub fn prefix_counts(
        &mut self,
        tally: ExactTally,
        prefixes: BTreeSet<u64>,
        place: usize,
    ) -> Result<NoisyTable> {
        let priced = self.table(place)?;
        let exact = tally.table(0).filter(|cells| cells.len() == prefixes.len() + 1);
        let units = self.mechanism(place)?.draw(exact.ok_or_else(lacking)?)?;
        drop(tally);
        Ok(NoisyTable { priced: priced.clone(), units, keys: prefixes.into_iter().collect() })
    }

    fn table(&self, place: usize) -> Result<&'a PricedTable> {
        self.tables.get(place).ok_or_else(|| Error::internal("a table is not of the reservation"))
    }

    /// The mechanism of a table that was not drawn yet.
    fn mechanism(&mut self, place: usize) -> Result<DiscreteGaussian> {
        let priced = self.table(place)?;
        if std::mem::replace(&mut self.is_drawn[place], true) {
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
