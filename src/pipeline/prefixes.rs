//! Private prefixes: the rounds that find them, each without the prefixes that are known already.

use super::frozen::Frozen;
use crate::engine::Tallies;
use crate::plan::{FoundPrefixes, Plan, Role};
use crate::release::{Draws, PricedTable};
use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// Draws the rounds in the order in which they were planned, and returns the prefixes of each question
/// with the rounds that were drawn.
///
/// # Privacy
/// Every draw is one of the reservation's; the next one depends only on what was found, and on what
/// was published of the days before.
///
/// # Errors
/// Internal, for tables of another plan; I/O.
pub(super) fn find(
    rows: &dyn Tallies,
    release_file: &ReleaseFile,
    frozen: &Frozen,
    draws: &mut Draws<'_>,
) -> Result<(FoundPrefixes, Vec<PricedTable>)> {
    let mut found = frozen.known_prefixes.clone();
    let mut drawn = Vec::new();
    for table in Plan::prefix_rounds(release_file, &frozen.split) {
        let lacking = || Error::internal("a table has no private prefixes");
        let Role::PrefixRound { question } = &table.role else { return Err(lacking()) };
        let prefix = table.contribution.prefix().ok_or_else(lacking)?;
        let of_question = found.entry(question.clone()).or_default();
        let priced = PricedTable::new(table)?;
        let weights = rows.prefix_weights(prefix, of_question)?;
        of_question.extend(draws.prefixes(&priced, weights)?);
        drawn.push(priced);
    }
    Ok((found, drawn))
}
