//! Private prefixes: rounds that find them, each over what the ones before left, then the count.

use super::frozen::Frozen;
use crate::engine::DayRows;
use crate::plan::Role;
use crate::release::{Draws, NoisyTable};
use crate::{Error, Result};

/// Draws the tables of private prefixes in the order in which they were planned, and returns the
/// counts.
///
/// # Privacy
/// Every draw is one of the reservation's tables; what decides the next one is what was found, and
/// what was published of the days before.
///
/// # Errors
/// Internal, for tables of another plan; I/O.
pub(super) fn draw(
    rows: &DayRows,
    frozen: &Frozen,
    draws: &mut Draws<'_>,
) -> Result<Vec<NoisyTable>> {
    let mut found = frozen.known_keys.clone();
    let mut counts = Vec::new();
    for (place, priced) in frozen.tables.iter().enumerate() {
        let prefix = priced.table.contribution.prefix();
        let prefix = || prefix.ok_or_else(|| Error::internal("a table has no private prefixes"));
        match &priced.table.role {
            Role::PrefixRound { question } => {
                let found = found.entry(question.clone()).or_default();
                let weights = rows.key_weights(prefix()?, found)?;
                found.extend(draws.prefixes(weights, place)?);
            }
            Role::PrefixCounts { question } => {
                let found = found.remove(question).unwrap_or_default();
                let tally = rows.key_counts(prefix()?, &found, &priced.table)?;
                counts.push(draws.prefix_counts(tally, found, place)?);
            }
            Role::Total | Role::Marginal | Role::Own { .. } => {}
        }
    }
    Ok(counts)
}
