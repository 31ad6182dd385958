//! Tallies and a permit → noisy tables: the only place where the secret becomes public.

use std::collections::BTreeSet;

use super::mechanism::{DiscreteGaussian, NoiseScale};
use super::threshold::threshold;
use crate::aggregate::{ExactTally, PrefixTally};
use crate::ledger::DrawPermit;
use crate::plan::kinds::{CLASSES, MOST_PREFIXES};
use crate::plan::{MeasuredTable, Role, Split};
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::privacy_loss::NanoRho;
use crate::{Error, Result};

/// A measured table with the mechanism that was built for it.
#[derive(Debug, Clone, PartialEq)]
pub struct PricedTable {
    /// What is measured.
    pub table: MeasuredTable,
    /// The standard deviation of the noise, in lattice steps.
    pub noise_scale: NoiseScale,
    /// The price of one draw, as the built mechanism states it.
    pub charge: NanoRho,
    /// For a round that finds prefixes: those whose noisy weight is above it, in lattice steps, are
    /// found.
    pub threshold: Option<i64>,
}

impl PricedTable {
    /// The name of the only mechanism so far.
    pub const MECHANISM: &'static str = "discrete gaussian";

    /// Builds the mechanism of a table; nothing is drawn.
    ///
    /// # Privacy
    /// The charge is the built measurement's own map, at most what the plan allows the table.
    ///
    /// # Errors
    /// Refused, for a table whose budget is zero or too large for its clip; internal, when a
    /// mechanism cannot be built.
    pub fn new(table: MeasuredTable) -> Result<Self> {
        let noise_scale = NoiseScale::for_charge(table.sensitivity(), table.charge)?;
        let charge = DiscreteGaussian::new(table.sensitivity(), noise_scale)?.charge();
        let threshold = match table.role {
            Role::PrefixRound { .. } => Some(threshold(noise_scale, table.key_delta)?),
            _ => None,
        };
        Ok(Self { table, noise_scale, charge, threshold })
    }

    /// The standard deviation of the noise, in contributions.
    pub fn noise_sd(&self) -> f64 {
        self.noise_scale.steps() / LATTICE_ONE as f64
    }
}

/// A table with its noise: public from here on.
#[derive(Debug, Clone)]
pub struct NoisyTable {
    priced: PricedTable,
    steps: Vec<i64>,
}

impl NoisyTable {
    /// A table that was not drawn: for predictions and tests of estimates.
    pub(super) const fn imagined(priced: PricedTable, steps: Vec<i64>) -> Self {
        Self { priced, steps }
    }

    /// What was measured and how.
    pub const fn priced(&self) -> &PricedTable {
        &self.priced
    }

    /// The noisy sums, one for each cell, in contributions.
    pub fn contributions(&self) -> impl Iterator<Item = f64> + '_ {
        self.steps.iter().map(|steps| *steps as f64 / LATTICE_ONE as f64)
    }

    /// The standard deviation of the noise, in contributions.
    pub fn noise_sd(&self) -> f64 {
        self.priced.noise_sd()
    }
}

/// The draws of one reservation: every table is drawn at most once, and all of them together cost at
/// most what was reserved.
pub struct Draws<'a> {
    _permit: DrawPermit,
    split: &'a Split,
    drawn: BTreeSet<String>,
    /// The cost of the look and of tables without classes, which add up.
    alone: NanoRho,
    /// What the tables of each class cost together.
    classes: [NanoRho; CLASSES],
}

impl<'a> Draws<'a> {
    /// Begins with the permit of a reservation that was noted as drawn. The cost of the look counts
    /// from the start, whether it is drawn now or was before.
    pub fn new(permit: DrawPermit, split: &'a Split) -> Self {
        let (drawn, classes) = (BTreeSet::new(), [NanoRho::ZERO; CLASSES]);
        Self { _permit: permit, split, drawn, alone: split.look, classes }
    }

    /// Draws the look.
    ///
    /// # Privacy
    /// Consumes the tally. The noisy numbers must be stored durably before anything is planned by
    /// them, and never be drawn again.
    ///
    /// # Errors
    /// As [`Self::tables`].
    pub fn look(&mut self, priced: &PricedTable, tally: ExactTally) -> Result<Vec<i64>> {
        if priced.table.role != Role::Look || priced.charge > self.split.look {
            return Err(Error::internal("a look is not the one that was reserved"));
        }
        let mechanism = self.mechanism(priced)?;
        let noisy = mechanism.draw(tally.table(0).ok_or_else(lacking)?)?;
        drop(tally);
        Ok(noisy)
    }

    /// Draws the noise of every table of a day but the look and the rounds that find prefixes.
    ///
    /// # Privacy
    /// Consumes the tally. The charge of each mechanism is asked again. Tables of classes cost what the
    /// costliest class does, all others add up, and with the look they must stay within what was
    /// reserved.
    ///
    /// # Errors
    /// Internal, when the tally has another shape, a table was drawn before, more would be spent than
    /// was reserved, or the sampler fails. The charge stays spent.
    pub fn tables(
        &mut self,
        tables: Vec<PricedTable>,
        tally: ExactTally,
    ) -> Result<Vec<NoisyTable>> {
        // All are checked before the first is drawn.
        let mechanisms: Vec<DiscreteGaussian> =
            tables.iter().map(|priced| self.mechanism(priced)).collect::<Result<_>>()?;
        let mut noisy = Vec::new();
        for (place, (priced, mechanism)) in tables.into_iter().zip(mechanisms).enumerate() {
            let steps = mechanism.draw(tally.table(place).ok_or_else(lacking)?)?;
            noisy.push(NoisyTable { priced, steps });
        }
        drop(tally);
        Ok(noisy)
    }

    /// Finds the prefixes whose noisy weight is above the threshold.
    ///
    /// # Privacy
    /// Consumes the weights. The charge is that of the mechanism; beside it a prefix that only one
    /// requester has is found with a probability of at most the table's `key_delta`, over all of its
    /// prefixes together. If there are more than [`MOST_PREFIXES`], those with the greatest noisy
    /// weights are kept.
    ///
    /// # Errors
    /// As [`Self::tables`].
    pub fn prefixes(
        &mut self,
        priced: &PricedTable,
        weights: PrefixTally,
    ) -> Result<BTreeSet<u64>> {
        let threshold = priced
            .threshold
            .ok_or_else(|| Error::internal("prefixes are looked for without a threshold"))?;
        let (prefixes, exact) = weights.into_weights();
        let noisy = self.mechanism(priced)?.draw(&exact)?;
        let mut found: Vec<(i64, u64)> = noisy
            .into_iter()
            .zip(prefixes)
            .filter(|(weight, _)| is_above(*weight, threshold))
            .collect();
        found.sort_unstable();
        Ok(found.into_iter().rev().take(MOST_PREFIXES).map(|(_, prefix)| prefix).collect())
    }

    /// Counts what a round cost whose prefixes an earlier run found and stored.
    ///
    /// # Errors
    /// As [`Self::tables`].
    pub fn found_before(&mut self, priced: &PricedTable) -> Result<()> {
        self.mechanism(priced).map(drop)
    }

    /// Pays for a table that was not drawn yet, and returns its mechanism.
    fn mechanism(&mut self, priced: &PricedTable) -> Result<DiscreteGaussian> {
        let table = &priced.table;
        // Names of columns may hold whatever stands between names of axes, so a table's name alone
        // could be that of another.
        if !self.drawn.insert(format!("{} {:?}", table.name, table.axes)) {
            return Err(Error::internal("a table would be drawn twice"));
        }
        let mechanism = DiscreteGaussian::new(table.sensitivity(), priced.noise_scale)?;
        let too_much = || Error::internal("a mechanism costs more than was reserved for it");
        let is_free = mutant!("rounds-that-cost-nothing") && priced.threshold.is_some();
        if table.role != Role::Look && !is_free {
            let sum = match table.class().and_then(|class| self.classes.get_mut(class)) {
                Some(of_class) => of_class,
                None => &mut self.alone,
            };
            *sum = sum.checked_add(mechanism.charge()).ok_or_else(too_much)?;
        }
        let costliest = self.classes.iter().copied().max().unwrap_or_default();
        let spent = self.alone.checked_add(costliest).ok_or_else(too_much)?;
        if mechanism.charge() > priced.charge || spent > self.split.charge() {
            return Err(too_much());
        }
        Ok(mechanism)
    }
}

/// A weight that only reaches the threshold is not found: delta was computed for weights above it.
fn is_above(weight: i64, threshold: i64) -> bool {
    weight > threshold || mutant!("threshold-that-is-reached") && weight == threshold
}

fn lacking() -> Error {
    Error::internal("the tally lacks a measured table")
}
