//! An attack on a release as it is configured, with the program's own stages.
//!
//! In: a release file. Out: what each test measured, which values are allowed, and whether it
//! passed. Logs are not read and nothing is charged: neighbours are made up in memory, and days are
//! released through a ledger in a temporary folder. What is tested is called as production calls
//! it; what is expected is worked out here, apart from it. `docs/audit.md` says what each test
//! would notice.
//!
//! All false alarms together have a probability of at most one in a hundred, and each finding states its
//! own.

mod charges;
mod days;
mod distinguish;
mod equal;
mod finding;
mod hidden;
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

/// A check, with the names of the tests that its findings belong to.
type Check = (&'static [&'static str], fn(&World<'_>) -> Result<Vec<Finding>>);

/// All checks.
const CHECKS: [Check; 11] = [
    (&["sensitivity", "loss of all tables"], sensitivity::check),
    (&["sensitivity", "prefixes of one requester"], sensitivity::check_weights),
    (&["same sums"], equal::check_order),
    (&["sums by hand"], equal::check_by_hand),
    (&["retention"], retention::check),
    (
        &["standard deviation", "bell shape", "last bits", "equal noise in pairs of cells"],
        noise::check_mechanisms,
    ),
    (&["distinguishing"], distinguish::check),
    (&["delta of a threshold", "rate of finding a lone prefix"], hidden::check_lone),
    (&["empty days that look inhabited"], hidden::check_empty),
    (&["ledger against plain sums"], replay::check),
    (
        &[
            "standard deviation",
            "mean, in deviations",
            "bell shape",
            "last bits",
            "correlation, in deviations",
            "equal noise",
            "published tables against the charge",
            "delta of a day's budget",
            "running again",
            "going on",
        ],
        check_days,
    ),
];

/// What an audit found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Audit {
    /// The release.
    pub release: String,
    /// The outcome of each test.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// Attacks a release for about as long as `effort`.
    ///
    /// # Errors
    /// Refused or usage, for a release file that cannot be planned; I/O, when a temporary ledger cannot be
    /// kept.
    pub fn of(release_file: &ReleaseFile, effort: Duration) -> Result<Self> {
        Self::by(&CHECKS, release_file, effort)
    }

    /// Attacks it with some checks alone.
    fn by(checks: &[Check], release_file: &ReleaseFile, effort: Duration) -> Result<Self> {
        // The ledger of the release is left alone: a new one has the same terms.
        let mut own = release_file.clone();
        own.ledger.path = PathBuf::new();
        let (split, _) = pipeline::plan(&own)?;
        let world = World::new(&own, &split, effort)?;
        let mut findings = Vec::new();
        for (tests, check) in checks {
            tracing::info!(?tests, "testing");
            findings.extend(check(&world)?);
        }
        Ok(Self { release: release_file.name.clone(), findings })
    }

    /// Whether every test passed.
    pub fn passed(&self) -> bool {
        self.findings.iter().all(|finding| finding.passed)
    }

    /// The probability, at most, that a correct program does not pass.
    pub fn false_alarm(&self) -> f64 {
        self.findings.iter().map(|finding| finding.false_alarm).sum()
    }
}

/// Releases made-up days, and tests what was drawn, charged and stored.
fn check_days(world: &World<'_>) -> Result<Vec<Finding>> {
    let mut days = days::Days::release(world)?;
    tracing::info!(days = days.released.len(), "released made-up days");
    let mut findings = noise::check_days(&days);
    findings.extend(charges::check(world, &days)?);
    findings.extend(charges::check_again(world, &mut days)?);
    findings.extend(resumed::check(world, days)?);
    Ok(findings)
}

#[cfg(test)]
mod tests;
