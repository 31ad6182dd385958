//! An attack on a release as it is configured, with the program's own stages.
//!
//! In: a release file. Out: what each test measured, what it may be, and whether it is. Logs are not read
//! and nothing is charged: neighbours are made up in memory, and days are released through a ledger in a
//! temporary folder. What is tested is called as production calls it; what is expected is worked out here,
//! apart from it. `docs/audit.md` says what each test would notice.
//!
//! All false alarms together have a probability of at most one in a hundred, and each finding states its
//! own.

mod charges;
mod days;
mod distinguish;
mod equal;
mod finding;
mod keys;
mod noise;
mod replay;
mod resumed;
mod retention;
mod sensitivity;
mod statistics;
mod world;

use std::path::PathBuf;
use std::time::Duration;

pub use finding::Finding;

use crate::Result;
use crate::pipeline;
use crate::release_file::ReleaseFile;
use world::World;

/// One or more tests of what the world of a release holds.
type Check = fn(&World<'_>) -> Result<Vec<Finding>>;

/// What an audit found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Audit {
    /// The release.
    pub release: String,
    /// The outcome of each test.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// Attacks a release for about so long.
    ///
    /// # Errors
    /// Refused or usage, for a release file that cannot be planned; I/O, when a temporary ledger cannot be
    /// kept.
    pub fn of(release_file: &ReleaseFile, effort: Duration) -> Result<Self> {
        // The ledger of the release is left alone: a new one has the same terms.
        let mut own = release_file.clone();
        own.ledger.path = PathBuf::new();
        let (split, _) = pipeline::plan(&own)?;
        let world = World::new(&own, &split, effort)?;
        let alone: [(&str, Check); 10] = [
            ("sensitivity", sensitivity::check),
            ("weights of prefixes", sensitivity::check_weights),
            ("order", equal::check_order),
            ("sums by hand", equal::check_by_hand),
            ("retention", retention::check),
            ("mechanisms", noise::check_mechanisms),
            ("distinguishing", distinguish::check),
            ("lone prefixes", keys::check_lone),
            ("empty days", keys::check_empty),
            ("ledger", replay::check),
        ];
        let mut findings = Vec::new();
        for (name, check) in alone {
            tracing::info!(name, "testing");
            findings.extend(check(&world)?);
        }
        tracing::info!("releasing made-up days");
        let mut days = days::Days::release(&world)?;
        tracing::info!(days = days.released.len(), "testing what was released");
        findings.extend(noise::check_days(&days));
        findings.extend(charges::check(&world, &days)?);
        findings.extend(charges::check_again(&world, &mut days)?);
        findings.extend(resumed::check(&world, days)?);
        Ok(Self { release: release_file.name.clone(), findings })
    }

    /// Whether every test passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.findings.iter().all(|finding| finding.passed)
    }

    /// The probability at most that a sound program does not pass.
    #[must_use]
    pub fn false_alarm(&self) -> f64 {
        self.findings.iter().map(|finding| finding.false_alarm).sum()
    }
}

#[cfg(test)]
mod tests;
