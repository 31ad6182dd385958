//! The correct program passes an audit of releases that ask for everything, and so does no broken one.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::{Audit, CHECKS, Check, Finding};
use crate::release_file::ReleaseFile;

const HEAD: &str = "name = \"r\"\n[logs]\npath = \"x\"\n[keys]\napp = [\"a\", \"b\", \"c\"]\n\
     kind = [\"k0\", \"k1\", \"k2\", \"k3\", \"k4\", \"k5\", \"k6\", \"k7\", \"k8\", \"k9\"]\n\
     [ledger]\npath = \"r.ledger\"\nepsilon = 1.0\ndelta = 1e-6\n";

const QUESTIONS: &str = "[[question]]\nname = \"total\"\ncount = \"lookups\"\n\
     [[question]]\nname = \"volume\"\ncount = \"lookups\"\nby = [\"hour\", \"app\"]\n\
     [[question]]\nname = \"people\"\ndistinct = \"requester\"\nby = [\"kind\", \"route\"]\n\
     [[question]]\nname = \"sms\"\nshare = \"route = 'sms'\"\n\
     [[question]]\nname = \"speed\"\nmean = \"latency_ms\"\nrange = [1, 60000]\nby = [\"route\"]\n\
     [[question]]\nname = \"quick\"\nquantiles = [0.5]\nof = \"latency_ms\"\nrange = [1, 1000]\n";

const OF_REQUESTERS: &str = "[[question]]\nname = \"bins\"\nhistogram = \"lookups per requester\"\n\
     [[question]]\nname = \"curious\"\ndistinct = \"requester\"\nhaving = \"targets >= 3\"\nby = [\"app\"]\n\
     [[question]]\nname = \"hot\"\ncount = \"lookups\"\nkeys = \"private\"\nby = [\"target_prefix:6\"]\n";

const OF_PERSONS: &str = "epsilon_30_days = 4.0\ntime_zone = \"America/New_York\"\n\
     [privacy]\nunit = \"person-day\"\nexempt = [\"+4915112345678\"]\n";

/// The test that must notice a broken version; its checks are enough, once.
fn noticing() -> Option<String> {
    if cfg!(feature = "mutants") { std::env::var("POINTILLIST_NOTICING").ok() } else { None }
}

/// Audits a release. What fails by chance does so once in a hundred audits, and the same test three times
/// in a row with a probability below 1e-7.
fn audited(text: &str) {
    let release_file = ReleaseFile::parse(text, "r.toml", Path::new(".")).unwrap();
    let noticing = noticing();
    let is_wanted =
        |check: &&Check| noticing.as_ref().is_none_or(|test| check.0.contains(&test.as_str()));
    let checks: Vec<Check> = CHECKS.iter().filter(is_wanted).copied().collect();
    let listed: Vec<_> = checks.iter().flat_map(|(tests, _)| *tests).collect();
    let tests = |finding: &Finding| (finding.test, finding.subject.clone());
    let mut failed: Option<BTreeSet<_>> = None;
    for _ in 0..if noticing.is_some() { 1 } else { 3 } {
        let audit = Audit::by(&checks, &release_file, Duration::from_secs(1)).unwrap();
        assert!(audit.false_alarm() < 0.01, "{}", audit.false_alarm());
        assert!(audit.findings.iter().all(|finding| listed.contains(&&finding.test)));
        let now: BTreeSet<_> =
            audit.findings.iter().filter(|finding| !finding.passed).map(tests).collect();
        failed = Some(failed.map_or(now.clone(), |before| &before & &now));
        if failed.as_ref().is_some_and(BTreeSet::is_empty) {
            return;
        }
    }
    panic!("failed: {failed:?}");
}

#[test]
fn requesters_are_protected_as_stated() {
    audited(&format!("{HEAD}{QUESTIONS}{OF_REQUESTERS}"));
}

#[test]
fn persons_are_protected_as_stated() {
    audited(&format!("{HEAD}{OF_PERSONS}{QUESTIONS}"));
}

#[test]
fn opaque_names_are_audited_like_numbers() {
    let head = HEAD.replace("path = \"x\"\n", "path = \"x\"\nidentifier = \"opaque\"\n");
    audited(&format!("{head}{QUESTIONS}"));
}
