//! Of which days a deletion may take rows.
//!
//! A day that was never released cannot be released any more once its rows are gone. That is said before they
//! go, and on request they stay.

use std::collections::BTreeSet;

use super::expired::{Expired, Expiry};
use crate::release_file::day::Day;

/// Which days may lose rows.
pub struct Consent<'c> {
    /// The days whose tables are stored.
    pub released: &'c BTreeSet<Day>,
    /// The days of which rows may go; every day if not given.
    pub may_go: Option<&'c BTreeSet<Day>>,
    /// Is given the days that were never released, before any of their rows goes.
    pub before: &'c dyn Fn(&BTreeSet<Day>),
}

/// Files that hold rows of days which may not lose any, and these days.
#[derive(Debug, Default)]
pub struct Waiting {
    /// The files.
    pub files: Vec<String>,
    /// The days.
    pub days: BTreeSet<Day>,
}

impl Consent<'_> {
    /// Takes the files out that hold rows of days which may not lose any.
    pub fn leave(&self, expiry: &mut Expiry<'_>) -> Waiting {
        let mut waiting = Waiting::default();
        let Some(may_go) = self.may_go else { return waiting };
        expiry.files.retain(|file| {
            let stays: Vec<Day> = file.days.difference(may_go).copied().collect();
            if !stays.is_empty() {
                waiting.files.push(file.shown());
                waiting.days.extend(&stays);
            }
            stays.is_empty()
        });
        waiting
    }

    /// The days that lose rows of these files and were never released, which are said before they do.
    pub fn unreleased(&self, files: &[Expired<'_>]) -> BTreeSet<Day> {
        let days = files.iter().flat_map(|file| file.days.iter().copied());
        let unreleased = days.filter(|day| !self.released.contains(day)).collect();
        (self.before)(&unreleased);
        unreleased
    }
}
