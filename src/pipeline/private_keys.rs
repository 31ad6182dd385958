//! Private keys: rounds that find them, each over what the ones before published, then the count.

use std::collections::BTreeSet;

use crate::engine::DayRows;
use crate::plan::Contribution;
use crate::release::{Draws, NoisyTable, PricedTable};
use crate::spec::prefix::Prefix;
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
    let (mut above, mut here): (Option<Level>, Option<Level>) = (None, None);
    for priced in tables {
        match priced.table.contribution {
            Contribution::KeyWeights { prefix } => {
                if here.as_ref().is_some_and(|here| here.prefix != prefix) {
                    above = here.take();
                }
                let level = here.get_or_insert_with(|| Level { prefix, found: BTreeSet::new() });
                let under = above.as_ref().map(|above| (above.prefix, &above.found));
                let weights = rows.key_weights(prefix, under, &level.found)?;
                let found = draws.keys(weights, priced)?;
                level.found.extend(found);
            }
            Contribution::KeyCounts { prefix } => {
                let level = here.take().filter(|level| level.prefix == prefix);
                let Some(level) = level else {
                    return Err(Error::internal("keys would be counted before they are found"));
                };
                let tally = rows.key_counts(prefix, &level.found, &priced.table)?;
                counts.push(draws.key_counts(tally, level.found, priced)?);
                above = None;
            }
            _ => {}
        }
    }
    Ok(counts)
}

/// What was found on one level.
struct Level {
    prefix: Prefix,
    found: BTreeSet<u64>,
}
