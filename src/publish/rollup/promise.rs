//! What the days of a period lose together: losses in rho add up.

use serde::Serialize;

use super::day::ReleasedDay;
use crate::Result;
use crate::release::Figure;
use crate::release_file::file::LedgerTerms;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::unit::Unit;

/// The losses of the days that were added up.
pub(super) struct Losses {
    /// By the tables behind the question's answers; `None` if a day's file does not say.
    tables: Option<f64>,
    /// By everything that the releases published.
    releases: NanoRho,
    key_delta: AttoDelta,
}

impl Losses {
    /// No day's.
    pub(super) const NONE: Self =
        Self { tables: Some(0.0), releases: NanoRho::ZERO, key_delta: AttoDelta::ZERO };

    /// Adds a day; `rho` is what its file states for its tables.
    pub(super) fn add(&mut self, released: &ReleasedDay, rho: Option<f64>) {
        self.tables = self.tables.zip(rho).map(|(tables, rho)| tables + rho);
        let nano = self.releases.nano().saturating_add(released.charge.nano());
        self.releases = NanoRho::new(nano);
        let atto = self.key_delta.atto().saturating_add(released.key_delta.atto());
        self.key_delta = AttoDelta::new(atto);
    }

    /// Their figures at the delta of the ledger.
    ///
    /// # Errors
    /// Internal, when a file states a loss that cannot be counted.
    pub(super) fn promise(&self, terms: &LedgerTerms) -> Result<Promise> {
        let tables = self.tables.map(NanoRho::spent).transpose()?;
        Ok(Promise {
            tables: tables.map(|tables| Figure::new(tables, 0.0, terms)),
            releases: Figure::new(self.releases, self.key_delta.delta(), terms),
        })
    }
}

/// What one unit loses over the days that were added up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Promise {
    /// By the tables behind these sums, where the days' files state their loss.
    tables: Option<Figure>,
    /// By everything that the release published of these days.
    releases: Figure,
}

impl Promise {
    /// The promise in words.
    pub(super) fn words(&self, terms: &LedgerTerms, days: usize) -> String {
        let who = match terms.unit {
            Unit::RequesterDay => "requester",
            Unit::PersonDay => "person",
        };
        let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        let tables = self.tables.map_or_else(String::new, |tables| {
            format!(" The tables behind these sums alone come to {tables}.")
        });
        format!(
            "Adding up published values reveals nothing more about anybody. For any {who}, everything \
             that this release published of the {days} added up here comes to {releases}.{tables} \
             What is promised of each day is in its own files.",
            releases = self.releases,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ledger::StoredFile;
    use crate::release::epsilon_of;
    use crate::release_file::ReleaseFile;

    #[test]
    fn losses_of_days_add_up_and_are_stated_at_the_delta_of_the_ledger() {
        let text = "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\n\
                    epsilon = 1.0\ndelta = 1e-6\n[[question]]\nname = \"hours\"\n\
                    count = \"lookups\"\n";
        let terms = ReleaseFile::parse(text, "r.toml", Path::new(".")).unwrap().ledger;
        let released = ReleasedDay {
            day: "2026-01-05".parse().unwrap(),
            file: StoredFile { path: String::new(), bytes: Vec::new() },
            charge: NanoRho::new(20_000_000),
            key_delta: AttoDelta::new(50_000_000_000),
        };
        let mut losses = Losses::NONE;
        (0..3).for_each(|_| losses.add(&released, Some(0.0125)));
        let promise = losses.promise(&terms).unwrap();
        let releases = promise.releases;
        assert!((releases.rho - 0.06).abs() < 1e-12);
        assert!((releases.epsilon - epsilon_of(NanoRho::new(60_000_000), 9e-7)).abs() < 1e-9);
        assert!((releases.delta - 1.05e-6).abs() < 1e-15);
        let tables = promise.tables.unwrap();
        assert!((tables.rho - 0.0375).abs() < 2e-9);
        assert!((tables.delta - 9e-7).abs() < 1e-15);
        let words = promise.words(&terms, 3);
        assert!(words.contains("of the 3 days added up here comes to epsilon 1."), "{words}");
        assert!(words.contains("sums alone come to epsilon 1."), "{words}");

        // A file of an earlier version may not say what its tables lose.
        losses.add(&released, None);
        let promise = losses.promise(&terms).unwrap();
        assert_eq!(promise.tables, None);
        assert!((promise.releases.rho - 0.08).abs() < 1e-12);
        assert!(!promise.words(&terms, 4).contains("alone"));
    }
}
