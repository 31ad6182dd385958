//! Private keys: rounds that find them, each over what the ones before left, then the count.

use std::collections::BTreeSet;

use super::frozen::Frozen;
use crate::engine::DayRows;
use crate::plan::{Contribution, Plan};
use crate::release::{Draws, NoisyTable};
use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// Draws the tables of private keys in the order in which they were planned, and returns the counts.
///
/// # Privacy
/// Every draw is one of the reservation's tables; what decides the next one is what was found, and
/// what was published of the days before.
///
/// # Errors
/// Internal, for tables of another plan; I/O.
pub(super) fn draw(
    rows: &DayRows,
    release_file: &ReleaseFile,
    plan: &Plan,
    frozen: &Frozen,
    draws: &mut Draws,
) -> Result<Vec<NoisyTable>> {
    let mut counts = Vec::new();
    for question in &release_file.questions {
        let own = plan.tables_of(question);
        let mut found: BTreeSet<u64> =
            frozen.known_keys.get(&question.name).cloned().unwrap_or_default();
        for priced in frozen.tables.iter().filter(|priced| own.contains(&priced.table.name)) {
            match priced.table.contribution {
                Contribution::KeyWeights { prefix } => {
                    found.extend(draws.keys(rows.key_weights(prefix, &found)?, priced)?);
                }
                Contribution::KeyCounts { prefix } => {
                    let tally = rows.key_counts(prefix, &found, &priced.table)?;
                    counts.push(draws.key_counts(tally, std::mem::take(&mut found), priced)?);
                }
                _ => {}
            }
        }
    }
    let planned = frozen.tables.iter().map(|priced| &priced.table.contribution);
    if counts.len() != planned.filter(|of| matches!(of, Contribution::KeyCounts { .. })).count() {
        return Err(Error::internal("a table of private keys belongs to no question"));
    }
    Ok(counts)
}
