//! Private prefixes: the rounds that find them, each without the prefixes that are known already.

use super::frozen::Frozen;
use crate::engine::Tallies;
use crate::ledger::{EntryId, FoundRound, Ledger};
use crate::plan::{FoundPrefixes, Plan, Role};
use crate::release::{Draws, PricedTable};
use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// Draws the rounds in the order in which they were planned, and returns the prefixes of each question
/// with the rounds that were drawn.
///
/// # Privacy
/// Every draw is one of the reservation's; the next one depends only on what was found, and on what
/// was published of the days before. What a round found is stored durably before anything depends on it,
/// and a run that goes on after one that died takes it as it is.
///
/// # Errors
/// Internal, for tables of another plan; I/O.
pub(super) fn find(
    rows: &dyn Tallies,
    release_file: &ReleaseFile,
    frozen: &Frozen,
    draws: &mut Draws<'_>,
    (ledger, entry): (&mut Ledger, EntryId),
) -> Result<(FoundPrefixes, Vec<PricedTable>)> {
    let mut found = frozen.known_prefixes.clone();
    let mut drawn = Vec::new();
    let mut stored = ledger.found(entry)?.into_iter();
    for table in Plan::prefix_rounds(release_file, &frozen.split) {
        let lacking = || Error::internal("a table has no private prefixes");
        let Role::PrefixRound { question } = &table.role else { return Err(lacking()) };
        let prefix = table.contribution.prefix().ok_or_else(lacking)?;
        let of_question = found.entry(question.clone()).or_default();
        let priced = PricedTable::new(table.clone())?;
        match stored.next() {
            Some(round) if round.question == *question => {
                draws.found_before(&priced)?;
                of_question.extend(round.found);
            }
            Some(_) => return Err(Error::internal("a stored round is of another question")),
            None => {
                let weights = rows.prefix_weights(prefix, of_question)?;
                let found = draws.prefixes(&priced, weights)?;
                let round = FoundRound { question: question.clone(), found };
                ledger.note_found(entry, &round)?;
                of_question.extend(round.found);
            }
        }
        drawn.push(priced);
    }
    Ok((found, drawn))
}
