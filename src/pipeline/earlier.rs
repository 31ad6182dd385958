//! Earlier releases: how informative they were, and the prefixes that they made public.
//!
//! Everything here is public or the ledger's own; no logs are read.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::ledger::{Entry, Ledger, Which};
use crate::plan::FoundPrefixes;
use crate::plan::kinds::MOST_PREFIXES;
use crate::release_file::ReleaseFile;
use crate::release_file::day::Day;
use crate::release_file::question::Question;
use crate::{Result, publish};

/// The last day that was released under the same release file, judged by its published values.
#[derive(Debug, Clone, Serialize)]
pub struct Previous {
    /// The day.
    pub day: Day,
    /// What each question's values were worth.
    pub errors: BTreeMap<String, publish::Worth>,
}

/// Finds the last released day; none without a ledger or a release. Spends nothing.
///
/// # Errors
/// I/O, when the ledger is damaged.
pub fn previous(release_file: &ReleaseFile) -> Result<Option<Previous>> {
    if !release_file.ledger.path.exists() {
        return Ok(None);
    }
    let ledger = Ledger::open_existing(&release_file.ledger.path)?;
    let fingerprint = release_file.fingerprint();
    let entries = released(release_file, &ledger)?;
    let same = entries.into_iter().filter(|entry| entry.fingerprint == fingerprint);
    let last = same.max_by_key(|entry| entry.blocks.first().copied());
    let Some(last) = last else { return Ok(None) };
    let Some(day) = last.blocks.first().copied() else { return Ok(None) };
    let errors = publish::worth(&ledger.stored(last.id)?)?;
    Ok(Some(Previous { day, errors }))
}

/// The entries of this release's name whose tables are stored.
pub(super) fn released(release_file: &ReleaseFile, ledger: &Ledger) -> Result<Vec<Entry>> {
    let mut entries = ledger.entries(Which::Release(&release_file.name))?;
    entries.retain(|entry| entry.state.has_answers());
    Ok(entries)
}

/// How many days back a published prefix is known.
const KNOWN_DAYS: usize = 7;

/// For each question with private prefixes, those that committed releases of earlier days
/// published: they are public and need not be found again. Only days of the same release file
/// count.
pub(super) fn known_prefixes(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    day: Day,
) -> Result<FoundPrefixes> {
    let asks = |question: &&Question| question.measure.prefix().is_some();
    let fingerprint = release_file.fingerprint();
    let questions = release_file.questions.iter().filter(asks);
    let mut known: FoundPrefixes =
        questions.map(|question| (question.name.clone(), BTreeSet::new())).collect();
    if known.is_empty() {
        return Ok(known);
    }
    for earlier in std::iter::successors(day.previous(), |day| day.previous()).take(KNOWN_DAYS) {
        let mut entries = ledger.find(&release_file.name, earlier)?;
        entries.retain(|entry| entry.fingerprint == fingerprint && entry.state.has_answers());
        let Some(newest) = entries.last() else { continue };
        let files = ledger.stored(newest.id)?;
        for (question, prefixes) in &mut known {
            let seen = publish::seen_prefixes(&files, question)?;
            let room = MOST_PREFIXES.saturating_sub(prefixes.len());
            let new: Vec<_> =
                seen.into_iter().filter(|prefix| !prefixes.contains(prefix)).take(room).collect();
            prefixes.extend(new);
        }
    }
    Ok(known)
}

/// The stored file of a question for each day released under this release file, oldest first.
///
/// # Errors
/// I/O, when the ledger is missing or damaged.
pub fn stored_days(
    release_file: &ReleaseFile,
    question: &str,
) -> Result<Vec<publish::ReleasedDay>> {
    let ledger = Ledger::open_existing(&release_file.ledger.path)?;
    let fingerprint = release_file.fingerprint();
    let mut days = BTreeMap::new();
    for entry in
        released(release_file, &ledger)?.iter().filter(|entry| entry.fingerprint == fingerprint)
    {
        let file = ledger.stored(entry.id)?.into_iter().find(|file| file.is_of(question));
        if let (Some(day), Some(file)) = (entry.blocks.first(), file) {
            let (charge, key_delta) = (entry.charge, entry.key_delta);
            days.insert(*day, publish::ReleasedDay { day: *day, file, charge, key_delta });
        }
    }
    Ok(days.into_values().collect())
}
