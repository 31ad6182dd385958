//! What became of rows that may not be kept any longer: deletions, legal holds, openings.
//!
//! In: the events of the journal about them. Out: [`Custody`], computed each time from those
//! alone; no table repeats it, so nothing can disagree. Invariant: an event that cannot follow what
//! came before is refused before it is written, and found by `verify` if it was written all the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::custody_records::{Archive, Finished, HoldTerms, Opening, Renewal, Retention, Sealed};
use super::event::Event;

/// A hold with all that happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// As it was entered.
    pub terms: HoldTerms,
    /// When it was entered.
    pub added_at: Timestamp,
    /// When it ends, with its extensions.
    pub expires: Timestamp,
    /// When each extension was entered, and the end that it set.
    pub extensions: Vec<(Timestamp, Timestamp)>,
    /// How many deletions had begun when it was entered.
    pub deletions_before: usize,
    /// When it was given up.
    pub lifted_at: Option<Timestamp>,
    /// When its archives were deleted.
    pub purged_at: Option<Timestamp>,
    /// Its archives, with the deletion that each belongs to.
    pub archives: Vec<(u64, Archive)>,
}

impl Hold {
    /// Whether rows are to be kept for it at an instant.
    pub fn is_active(&self, at: Timestamp) -> bool {
        self.lifted_at.is_none() && self.purged_at.is_none() && at < self.expires
    }

    /// Whether its archives are due to be deleted.
    pub fn is_due(&self, at: Timestamp) -> bool {
        self.purged_at.is_none() && !self.is_active(at)
    }

    fn require_in_force(&self, at: Timestamp) -> Result<(), String> {
        check(self.lifted_at.is_none() && self.purged_at.is_none(), "the hold has ended")?;
        check(at < self.expires, "the hold had lapsed")
    }
}

/// What happened in one month, for a transparency report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MonthCounts {
    /// Orders entered.
    pub orders: u64,
    /// Extensions entered.
    pub extensions: u64,
    /// Openings that handed rows over.
    pub openings: u64,
    /// Openings that were refused.
    #[serde(rename = "refused_openings")]
    pub refused: u64,
}

/// All deletions and holds of a ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Custody {
    /// The deletions, oldest first, with whether each was finished.
    pub retentions: Vec<(Retention, bool)>,
    /// The holds in the order of entry.
    pub holds: Vec<Hold>,
    /// What was sealed, oldest first.
    pub sealed: Vec<Sealed>,
    /// The openings, refused ones too (`true`), with their instants.
    pub openings: Vec<(Timestamp, bool, Opening)>,
}

impl Custody {
    /// The deletion that a crash left unfinished, if any.
    pub fn pending(&self) -> Option<&Retention> {
        self.retentions.last().filter(|(_, done)| !done).map(|(retention, _)| retention)
    }

    /// The last hold of an order.
    pub fn of_order(&self, order: &str) -> Option<&Hold> {
        self.holds.iter().rev().find(|hold| hold.terms.order == order)
    }

    /// The files, by digest, in which a deletion already looked for a hold's rows.
    pub fn sealed_files(&self, retention: u64, hold: u64) -> BTreeSet<&str> {
        let of_it =
            |sealed: &&Sealed| sealed.retention == retention && sealed.considered.contains(&hold);
        let files = self.sealed.iter().filter(of_it).flat_map(|sealed| &sealed.files);
        files.map(String::as_str).collect()
    }

    /// What happened in each month, as `YYYY-MM`.
    pub fn months(&self) -> BTreeMap<String, MonthCounts> {
        let mut months: BTreeMap<String, MonthCounts> = BTreeMap::new();
        let mut of = |at: Timestamp, count: fn(&mut MonthCounts) -> &mut u64| {
            let month: String = at.to_string().chars().take(7).collect();
            *count(months.entry(month).or_default()) += 1;
        };
        for hold in &self.holds {
            of(hold.added_at, |month| &mut month.orders);
            for (at, _) in &hold.extensions {
                of(*at, |month| &mut month.extensions);
            }
        }
        for (at, is_refused, _) in &self.openings {
            of(
                *at,
                if *is_refused { |month| &mut month.refused } else { |month| &mut month.openings },
            );
        }
        months
    }

    /// Whether an event is about deletions, holds or openings.
    pub(super) fn is_about(event: Event) -> bool {
        let is_other = matches!(
            event,
            Event::Created | Event::Capped | Event::Looked | Event::Keyed | Event::RulesChanged
        );
        !is_other && event.state().is_none()
    }

    /// Takes one event, or says why it cannot follow what came before.
    pub(super) fn take(&mut self, event: Event, at: &str, payload: &str) -> Result<(), String> {
        let at: Timestamp = at.parse().map_err(|_| "its time cannot be read".to_owned())?;
        match event {
            Event::RetentionBegun => self.begin_retention(read(payload)?),
            Event::RetentionDone => self.finish_retention(&read(payload)?),
            Event::HoldAdded => self.add_hold(at, read(payload)?),
            Event::HoldExtended => self.extend_hold(at, read(payload)?),
            Event::HoldRenewed => self.renew_hold(at, read(payload)?),
            Event::HoldLifted => {
                let hold = self.hold(read(payload)?)?;
                hold.require_in_force(at)?;
                hold.lifted_at = Some(at);
                Ok(())
            }
            Event::HoldSealed => self.seal(read(payload)?),
            Event::HoldPurged => {
                let hold = self.hold(read(payload)?)?;
                check(hold.purged_at.is_none(), "the hold was purged before")?;
                hold.purged_at = Some(at);
                Ok(())
            }
            Event::HoldOpened | Event::OpeningRefused => {
                let opening: Opening = read(payload)?;
                opening.hold.map_or(Ok(()), |hold| self.hold(hold).map(|_| ()))?;
                self.openings.push((at, event == Event::OpeningRefused, opening));
                Ok(())
            }
            _ => Err("it is no event of custody".to_owned()),
        }
    }

    fn begin_retention(&mut self, begun: Retention) -> Result<(), String> {
        check(self.pending().is_none(), "another deletion is unfinished")?;
        let next = self.retentions.len() as u64 + 1;
        check(begun.retention == next, "its number is not the next")?;
        self.retentions.push((begun, false));
        Ok(())
    }

    fn finish_retention(&mut self, done: &Finished) -> Result<(), String> {
        let last = self.retentions.last_mut();
        let last = last.filter(|(last, _)| last.retention == done.retention);
        let (begun, finished) = last.ok_or("no such deletion is under way")?;
        check(!*finished, "the deletion was done before")?;
        let is_listed = |place: &usize| *place < begun.files.len();
        check(done.left.iter().all(is_listed), "it names a file that it had not listed")?;
        *finished = true;
        Ok(())
    }

    fn add_hold(&mut self, at: Timestamp, terms: HoldTerms) -> Result<(), String> {
        check(terms.hold == self.holds.len() as u64 + 1, "its number is not the next")?;
        self.holds.push(Hold {
            added_at: at,
            expires: terms.expires,
            terms,
            extensions: Vec::new(),
            deletions_before: self.retentions.len(),
            lifted_at: None,
            purged_at: None,
            archives: Vec::new(),
        });
        Ok(())
    }

    fn extend_hold(&mut self, at: Timestamp, extension: (u64, String)) -> Result<(), String> {
        let (number, until) = extension;
        let until = until.parse().map_err(|_| "its end cannot be read".to_owned())?;
        let hold = self.hold(number)?;
        check(until > hold.expires, "its end is no later")?;
        hold.require_in_force(at)?;
        hold.expires = until;
        hold.extensions.push((at, until));
        Ok(())
    }

    fn renew_hold(&mut self, at: Timestamp, renewal: Renewal) -> Result<(), String> {
        let hold = self.hold(renewal.hold)?;
        hold.require_in_force(at)?;
        let terms = &mut hold.terms;
        check(renewal.numbers.len() == terms.numbers.len(), "it has another number of numbers")?;
        terms.numbers = renewal.numbers;
        terms.number_rules = Some(renewal.number_rules);
        Ok(())
    }

    fn seal(&mut self, sealed: Sealed) -> Result<(), String> {
        let pending = self.pending().map(|pending| pending.retention);
        check(pending == Some(sealed.retention), "no such deletion is under way")?;
        for hold in &sealed.considered {
            let before = self.sealed_files(sealed.retention, *hold);
            let again = sealed.files.iter().any(|file| before.contains(file.as_str()));
            check(!again, "a file was sealed twice")?;
        }
        for archive in &sealed.archives {
            check(sealed.considered.contains(&archive.hold), "a hold was not considered")?;
            let archives = &mut self.hold(archive.hold)?.archives;
            let place = (sealed.retention, archive.part);
            let again = archives.iter().any(|(of, known)| (*of, known.part) == place);
            check(!again, "an archive took another's place")?;
            archives.push((sealed.retention, archive.clone()));
        }
        self.sealed.push(sealed);
        Ok(())
    }

    fn hold(&mut self, number: u64) -> Result<&mut Hold, String> {
        self.holds
            .iter_mut()
            .find(|hold| hold.terms.hold == number)
            .ok_or_else(|| "there is no such hold".to_owned())
    }
}

fn read<T: for<'de> Deserialize<'de>>(payload: &str) -> Result<T, String> {
    serde_json::from_str(payload).map_err(|_| "its payload cannot be read".to_owned())
}

fn check(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}
