//! Private keys: rounds that find them, each over what the ones before left, then the count.

use std::collections::BTreeSet;

use crate::engine::DayRows;
use crate::plan::Contribution;
use crate::release::{Draws, NoisyTable, PricedTable};
use crate::{Error, Result};

/// Draws the tables of private keys in the order in which they were planned, and returns the counts.
///
/// # Privacy
/// Every draw is one of the reservation's tables; what decides the next one is what was found.
///
/// # Errors
/// Internal, for tables of another order; I/O.
pub(super) fn draw(
    rows: &DayRows,
    tables: &[PricedTable],
    draws: &mut Draws,
) -> Result<Vec<NoisyTable>> {
    let mut counts = Vec::new();
    let mut found = BTreeSet::new();
    let mut finding = None;
    for priced in tables {
        match priced.table.contribution {
            Contribution::KeyWeights { prefix } => {
                finding = Some(prefix);
                found.extend(draws.keys(rows.key_weights(prefix, &found)?, priced)?);
            }
            Contribution::KeyCounts { prefix } => {
                if finding.take() != Some(prefix) {
                    return Err(Error::internal("keys would be counted before they are found"));
                }
                let tally = rows.key_counts(prefix, &found, &priced.table)?;
                counts.push(draws.key_counts(tally, std::mem::take(&mut found), priced)?);
            }
            _ => {}
        }
    }
    Ok(counts)
}
