//! Which days a deletion may take rows from.
//!
//! A day that was never released cannot be released any more once its rows are gone. So such days
//! are reported before their rows go, and on request the rows stay.

use std::collections::BTreeSet;

use super::expired::{Expired, Expiry};
use crate::release_file::day::Day;

/// Which days may lose rows.
pub struct Consent<'c> {
    /// The days whose tables are stored.
    pub released: &'c BTreeSet<Day>,
    /// The days that may lose rows; every day if not given.
    pub may_go: Option<&'c BTreeSet<Day>>,
    /// Called with the days that were never released, before any of their rows goes.
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
    /// Takes out the files that hold rows of days which may not lose any.
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

    /// The days that lose rows with these files and were never released; they are reported first.
    pub fn unreleased(&self, files: &[Expired<'_>]) -> BTreeSet<Day> {
        let days = files.iter().flat_map(|file| file.days.iter().copied());
        let unreleased = days.filter(|day| !self.released.contains(day)).collect();
        (self.before)(&unreleased);
        unreleased
    }
}
