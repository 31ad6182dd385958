//! What became of rows that may not be kept any longer: deletions, legal holds, openings.
//!
//! In: the events of the journal that tell of it. Out: [`Custody`], computed anew each time from
//! them alone; no table repeats it, so that nothing can disagree. Invariant: an event that cannot
//! follow what came before is refused before it is written and found by `verify` if it was.
//! Numbers under hold are here as keyed digests only, and no event holds an identifier.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::journal::Event;

/// In which column a held number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Who asked.
    Requester,
    /// Who was asked about.
    Target,
    /// Both.
    Either,
}

/// A hold as it was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldTerms {
    /// Its number, counted from 1.
    pub hold: u64,
    /// The order's reference, as typed.
    pub order: String,
    /// Keyed digests of the canonical numbers, sorted.
    pub numbers: Vec<String>,
    /// In which column they count.
    pub role: Role,
    /// The first instant of the window, in UTC microseconds.
    pub from_micros: i64,
    /// The first instant after it.
    pub to_micros: i64,
    /// When the hold ends unless it is extended.
    #[serde(with = "instant")]
    pub expires: Timestamp,
    /// The custodians' public keys.
    pub recipients: Vec<String>,
}

/// One sealed archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// Whose it is.
    pub hold: u64,
    /// How many rows it has.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The BLAKE3 digest of the sealed file.
    pub digest: String,
    /// Which archive of this hold and deletion it is, counted from 0; a deletion that was cut short
    /// may need a second one.
    pub part: u64,
}

/// What one deletion sealed before it deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The deletion.
    pub retention: u64,
    /// Every hold whose rows were looked for.
    pub considered: Vec<u64>,
    /// In which files: their digests before the deletion.
    pub files: Vec<String>,
    /// The archives of those that had some.
    pub archives: Vec<Archive>,
}

/// A file that a deletion took or shortened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedFile {
    /// Its path below the folder of the logs; none when the path itself held an identifier.
    pub path: Option<String>,
    /// Rows that went.
    pub expired_rows: u64,
    /// Rows that stayed; without any the file was deleted.
    pub kept_rows: u64,
    /// Its size before.
    pub bytes: u64,
    /// The keyed digest of its name and content before.
    pub digest_before: String,
    /// The same of what stays in its place; none when it is deleted.
    pub digest_after: Option<String>,
}

/// A deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Its number, counted from 1.
    pub retention: u64,
    /// The instant that it was decided by.
    #[serde(with = "instant")]
    pub as_of: Timestamp,
    /// Rows before it went.
    #[serde(with = "instant")]
    pub cutoff: Timestamp,
    /// What went.
    pub files: Vec<DeletedFile>,
    /// Days of which rows went though they were never released.
    pub unreleased: Vec<crate::spec::window::Day>,
}

/// The end of a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Which deletion.
    pub retention: u64,
    /// The places, in its list, of files that somebody else changed before they could go: what is
    /// past retention in them goes in the next deletion.
    pub left: Vec<usize>,
}

/// An opening of an order's archives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The hold, where the order was known.
    pub hold: Option<u64>,
    /// How many archives were opened.
    pub archives: u64,
    /// The SHA-256 of the rows that were handed over, or why nothing was.
    pub outcome: String,
}

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
    /// When it was given up.
    pub lifted_at: Option<Timestamp>,
    /// When its archives were deleted.
    pub purged_at: Option<Timestamp>,
    /// Its archives, with the deletion that each belongs to.
    pub archives: Vec<(u64, Archive)>,
}

impl Hold {
    /// Whether rows are to be kept for it at an instant.
    #[must_use]
    pub fn is_active(&self, at: Timestamp) -> bool {
        self.lifted_at.is_none() && self.purged_at.is_none() && at < self.expires
    }

    /// Whether its archives are due to be deleted.
    #[must_use]
    pub fn is_due(&self, at: Timestamp) -> bool {
        self.purged_at.is_none() && !self.is_active(at)
    }
}

/// What happened in one month, for a transparency report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MonthCounts {
    /// Orders entered.
    pub orders: u64,
    /// Extensions entered.
    pub extensions: u64,
    /// Openings that handed rows over.
    pub openings: u64,
    /// Openings that were refused.
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
    #[must_use]
    pub fn pending(&self) -> Option<&Retention> {
        self.retentions.last().filter(|(_, done)| !done).map(|(retention, _)| retention)
    }

    /// The last hold of an order.
    #[must_use]
    pub fn of_order(&self, order: &str) -> Option<&Hold> {
        self.holds.iter().rev().find(|hold| hold.terms.order == order)
    }

    /// The files, by digest, in which a deletion already looked for a hold's rows.
    #[must_use]
    pub fn sealed_files(&self, retention: u64, hold: u64) -> BTreeSet<&str> {
        let of_it =
            |sealed: &&Sealed| sealed.retention == retention && sealed.considered.contains(&hold);
        let files = self.sealed.iter().filter(of_it).flat_map(|sealed| &sealed.files);
        files.map(String::as_str).collect()
    }

    /// What happened in each month, as `YYYY-MM`.
    #[must_use]
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

    /// Whether an event belongs here.
    pub(super) const fn tells(event: Event) -> bool {
        !matches!(event, Event::Created) && event.state().is_none()
    }

    /// Takes one event, or says why it cannot follow what came before.
    pub(super) fn take(&mut self, event: Event, at: &str, payload: &str) -> Result<(), String> {
        let at: Timestamp = at.parse().map_err(|_| "its time cannot be read".to_owned())?;
        match event {
            Event::RetentionBegun => {
                let begun: Retention = read(payload)?;
                let number = self.retentions.len() as u64 + 1;
                check(self.pending().is_none(), "another deletion is unfinished")?;
                check(begun.retention == number, "its number is not the next")?;
                self.retentions.push((begun, false));
            }
            Event::RetentionDone => {
                let done: Finished = read(payload)?;
                let last = self.retentions.last_mut();
                let last = last.filter(|(last, _)| last.retention == done.retention);
                let (begun, finished) = last.ok_or("no such deletion is under way")?;
                check(!*finished, "the deletion was done before")?;
                let is_listed = |place: &usize| *place < begun.files.len();
                check(done.left.iter().all(is_listed), "it names a file that it had not listed")?;
                *finished = true;
            }
            Event::HoldAdded => {
                let terms: HoldTerms = read(payload)?;
                check(terms.hold == self.holds.len() as u64 + 1, "its number is not the next")?;
                let expires = terms.expires;
                self.holds.push(Hold {
                    terms,
                    added_at: at,
                    expires,
                    extensions: Vec::new(),
                    lifted_at: None,
                    purged_at: None,
                    archives: Vec::new(),
                });
            }
            Event::HoldExtended => {
                let (number, until): (u64, String) = read(payload)?;
                let until = until.parse().map_err(|_| "its end cannot be read".to_owned())?;
                let hold = self.hold(number)?;
                check(until > hold.expires, "its end is no later")?;
                check(at < hold.expires, "the hold had lapsed")?;
                check(hold.lifted_at.is_none() && hold.purged_at.is_none(), "the hold has ended")?;
                hold.expires = until;
                hold.extensions.push((at, until));
            }
            Event::HoldLifted => {
                let hold = self.hold(read(payload)?)?;
                check(hold.lifted_at.is_none() && hold.purged_at.is_none(), "the hold has ended")?;
                check(at < hold.expires, "the hold had lapsed")?;
                hold.lifted_at = Some(at);
            }
            Event::HoldSealed => {
                let sealed: Sealed = read(payload)?;
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
            }
            Event::HoldPurged => {
                let hold = self.hold(read(payload)?)?;
                check(hold.purged_at.is_none(), "the hold was purged before")?;
                hold.purged_at = Some(at);
            }
            Event::HoldOpened | Event::OpeningRefused => {
                let opening: Opening = read(payload)?;
                opening.hold.map_or(Ok(()), |hold| self.hold(hold).map(|_| ()))?;
                self.openings.push((at, event == Event::OpeningRefused, opening));
            }
            Event::Created
            | Event::Reserved
            | Event::Drawn
            | Event::Committed
            | Event::Published
            | Event::Voided => return Err("it is no event of custody".to_owned()),
        }
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

/// Instants as RFC 3339 text.
mod instant {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        String::deserialize(from)?.parse().map_err(|_| D::Error::custom("no instant"))
    }
}
