//! Earlier releases: how informative they were, and the clips of later days that follow from them.
//!
//! Everything here is public or the ledger's own; no logs are read.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::frozen::{Frozen, KnownKeys};
use crate::ledger::{Entry, Ledger, State, Which};
use crate::plan::kinds::MOST_PREFIXES;
use crate::plan::{History, PublishedLayers};
use crate::release::Losses;
use crate::release_file::ReleaseFile;
use crate::release_file::question::Question;
use crate::release_file::window::Day;
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
    entries.retain(|entry| matches!(entry.state, State::Committed | State::Published));
    Ok(entries)
}

/// How many days back a published key is known.
const KNOWN_DAYS: usize = 7;

/// How many earlier blocks set clips, and how far back they may lie in days.
const HISTORY: (usize, usize) = (7, 30);

/// What committed releases of blocks before `day` published about requesters; nothing else may set
/// a clip. Days under another release file count only if there are none under this one: they may have
/// counted other lookups.
pub(super) fn history(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    day: Day,
) -> Result<Option<History>> {
    let fingerprint = release_file.fingerprint();
    let asks = |question: &&Question| question.measure.is_requester_histogram();
    let question = release_file.questions.iter().find(asks);
    // Under this release file, and under others.
    let mut days: [Vec<(Option<PublishedLayers>, Option<_>)>; 2] = [Vec::new(), Vec::new()];
    for earlier in std::iter::successors(day.previous(), |day| day.previous()).take(HISTORY.1) {
        let mut entries = ledger.find(&release_file.name, earlier)?;
        entries.retain(|entry| matches!(entry.state, State::Committed | State::Published));
        let is_own = |entry: &&Entry| entry.fingerprint == fingerprint;
        let own = entries.iter().rfind(is_own);
        let Some(newest) = own.or(entries.last()) else { continue };
        let files = ledger.stored(newest.id)?;
        let layers = publish::layers(&files)?;
        // A day with no or hardly any logs must not take the place of a usable one.
        if layers.as_ref().is_some_and(|layers| !layers.is_usable()) {
            continue;
        }
        let histogram = match question {
            Some(question) => publish::histogram(&files, &question.name)?,
            None => None,
        };
        days[usize::from(own.is_none())].push((layers, histogram));
        if days[0].len() == HISTORY.0 {
            break;
        }
    }
    let mut histories = days.into_iter().filter_map(|days| {
        let (layers, histograms): (Vec<_>, Vec<_>) = days.into_iter().take(HISTORY.0).unzip();
        let histograms: Vec<_> = histograms.into_iter().flatten().collect();
        History::new(&histograms, layers.into_iter().flatten().collect())
    });
    Ok(histories.next())
}

/// For each question with private prefixes those that committed releases of the days before published:
/// they are public, and need not be looked for again. Only days of the same release file count.
pub(super) fn known_keys(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    day: Day,
) -> Result<KnownKeys> {
    let asks = |question: &&Question| question.measure.prefix().is_some();
    let fingerprint = release_file.fingerprint();
    let questions = release_file.questions.iter().filter(asks);
    let mut known: KnownKeys =
        questions.map(|question| (question.name.clone(), BTreeSet::new())).collect();
    if known.is_empty() {
        return Ok(known);
    }
    for earlier in std::iter::successors(day.previous(), |day| day.previous()).take(KNOWN_DAYS) {
        let mut entries = ledger.find(&release_file.name, earlier)?;
        entries.retain(|entry| {
            entry.fingerprint == fingerprint
                && matches!(entry.state, State::Committed | State::Published)
        });
        let Some(newest) = entries.last() else { continue };
        let files = ledger.stored(newest.id)?;
        for (question, keys) in &mut known {
            let seen = publish::seen_prefixes(&files, question)?;
            keys.extend(seen.into_iter().take(MOST_PREFIXES.saturating_sub(keys.len())));
        }
    }
    Ok(known)
}

/// What an entry cost a contact pair and a target; none for entries that do not say.
#[must_use]
pub fn losses(entry: &Entry) -> Option<Losses> {
    Frozen::of(entry).ok()?.losses
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
