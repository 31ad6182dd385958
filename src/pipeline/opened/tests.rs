//! A cluster and this machine give the same integers, cell by cell.
//!
//! They need a cluster that sees the files of this machine: `tests/cluster/run.sh` starts one, puts its place
//! into `POINTILLIST_SPARK`, and runs them.

mod files;

use std::path::Path;

use super::*;
use crate::pipeline::{plan, planned};
use crate::plan::FoundKeys;
use crate::plan::kinds::{CLASSES, SHAPE_ONE};
use crate::release_file::ReleaseFile;
use crate::release_file::engine::Engine;
use crate::simulate::{Format, Settings, write};

/// Every kind of question that a cluster can be asked.
const QUESTIONS: &str = r#"
[[question]]
name = "total"
count = "lookups"
[[question]]
name = "volume"
count = "lookups"
by = ["hour", "app"]
[[question]]
name = "routes"
count = "lookups"
by = ["route", "app"]
[[question]]
name = "fallback"
share = "route = 'sms' AND app <> 'calls' OR route = 'unknown'"
by = ["hour"]
[[question]]
name = "people"
distinct = "requester"
by = ["hour", "app"]
[[question]]
name = "busy"
distinct = "requester"
by = ["route"]
having = "lookups >= 3"
[[question]]
name = "trying"
distinct = "requester"
by = ["app"]
having = "targets >= 2"
[[question]]
name = "activity"
histogram = "lookups per requester"
[[question]]
name = "latency"
mean = "latency_ms"
range = [1, 60000]
by = ["app"]
[[question]]
name = "shift"
sum = "offset"
range = [-7.5, 9]
[[question]]
name = "slow"
quantiles = [0.5, 0.95]
of = "latency_ms"
range = [1, 60000]
[[question]]
name = "even"
quantiles = [0.5]
of = "offset"
range = [-7.5, 9]
"#;

/// Those of them that can be asked where persons are the unit, in every kind.
const OF_PERSONS: [&str; 5] = ["volume", "fallback", "people", "latency", "slow"];

/// The questions of these names.
fn asked(names: &[&str]) -> String {
    let questions = QUESTIONS.split("\n[[question]]\n").skip(1);
    let is_asked =
        |text: &&str| names.iter().any(|name| text.starts_with(&format!("name = \"{name}\"")));
    questions.filter(is_asked).map(|text| format!("\n[[question]]\n{text}")).collect()
}

/// What stands before the questions, without `[logs]`.
fn release(logs: &str, zone: &str, questions: &str) -> String {
    format!(
        "name = \"r\"\n[keys]\napp = [\"messages\", \"calls\", \"it's\", \"a\\\\b\", \"é\", \"$x\", \"a|b\"]\n\
         [ledger]\npath = \"r.ledger\"\nepsilon = 1.0\ndelta = 1e-6\ntime_zone = \"{zone}\"\n\
         [privacy]\nbudget_share = 1.0\n[retention]\ndays = 36500\n\
         [logs]\nidentifier = \"opaque\"\n{logs}{questions}"
    )
}

/// A run of this release file here, or on the cluster.
fn job(release_file: &ReleaseFile, remote: Option<&str>) -> Job {
    let mut release_file = release_file.clone();
    release_file.engine = remote.map(|remote| Engine::at(remote, None).unwrap());
    Job::new(release_file, "2026-02-01T00:00:00Z".parse().unwrap())
}

/// Compares the look of a day and the tables that follow from looks of days that are as many times larger.
/// Returns how many requesters and cells there were.
fn compare(text: &str, folder: &Path, day: &str, loads: &[f64]) -> (f64, usize) {
    let remote = std::env::var("POINTILLIST_SPARK").expect("the place of a cluster");
    let release_file = ReleaseFile::parse(text, "r.toml", folder).unwrap();
    let bounds = DayBounds::new(day.parse().unwrap(), &release_file.ledger.time_zone).unwrap();
    let (split, _) = plan(&release_file).unwrap();
    let first = Plan::of_look(&release_file, &split).unwrap();
    let gather =
        |job: Job| Opened::open(&job, &first, &bounds).unwrap().gather(&bounds, &first).unwrap();
    let mut here = gather(job(&release_file, None));
    let mut there = gather(job(&release_file, Some(&remote)));
    let mut cells = 0;
    let mut same = |plan: &Plan| {
        let exempt = &release_file.exempt;
        let (own, other) = (here.tally(plan, exempt).unwrap(), there.tally(plan, exempt).unwrap());
        for (place, table) in plan.tables.iter().enumerate() {
            let (own, other) = (own.table(place).unwrap(), other.table(place).unwrap());
            let differ = own.iter().zip(other).position(|(own, other)| own != other);
            assert!(
                differ.is_none() && own.len() == other.len(),
                "{}: cell {differ:?}",
                table.name
            );
            cells += own.iter().filter(|steps| **steps != 0).count();
        }
        own.table(0).unwrap().to_vec()
    };
    let look: [i64; CLASSES] = same(&first).try_into().unwrap();
    let numbers = look.map(|steps| steps as f64 / SHAPE_ONE as f64);
    for load in loads {
        let numbers = numbers.map(|number| number * load);
        same(&planned(&release_file, &split, &numbers, &FoundKeys::new()).unwrap().0);
    }
    (numbers.iter().sum(), cells)
}

/// Writes three days with as many lookups together, and compares the first, or each if the variable is set.
fn compare_simulated(lookups: u64, head: &str, questions: &str) {
    let asked = std::env::var("POINTILLIST_LOOKUPS").ok();
    let lookups = asked.as_ref().map_or(lookups, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        start: "2026-01-05".parse().unwrap(),
        days: 3,
        lookups_per_day: lookups / 3,
        requesters: lookups / 30,
        seed: 7,
        format: Format::Parquet,
    };
    write(&settings, &folder.path().join("logs"), &|_| ()).unwrap();
    let questions =
        questions.replace("\"offset\"", "\"latency_ms\"").replace("[-7.5, 9]", "[2, 300]");
    let text = release("path = \"logs\"\nday_folder = \"day\"\n", "UTC", &questions);
    let text = text.replace("[privacy]\n", &format!("[privacy]\n{head}"));
    let days = ["2026-01-05", "2026-01-06", "2026-01-07"];
    for day in &days[..if asked.is_some() { 3 } else { 1 }] {
        let (people, cells) = compare(&text, folder.path(), day, &[1.0]);
        assert!(people > lookups as f64 / 150.0 && cells > 250, "{day} {people} {cells}");
    }
}

#[test]
#[ignore = "needs a cluster: tests/cluster/run.sh"]
fn a_simulated_day_has_the_same_sums_on_a_cluster() {
    compare_simulated(200_000, "", QUESTIONS);
}

#[test]
#[ignore = "needs a cluster: tests/cluster/run.sh"]
fn a_simulated_day_of_persons_has_the_same_sums_on_a_cluster() {
    let exempt = "unit = \"person-day\"\nexempt = [\"t7\", \"it's\"]\n";
    compare_simulated(60_000, exempt, &asked(&OF_PERSONS));
}

#[test]
#[ignore = "needs a cluster: tests/cluster/run.sh"]
fn awkward_rows_have_the_same_sums_on_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    files::write_awkward(&folder.path().join("logs"));
    // The clock goes forward in New York and Havana, which has no midnight that day. What all have in common
    // is asked once: each statement takes a cluster a second or two, however few its rows are.
    let each = ["fallback", "trying", "latency"];
    for (logs, zone, persons, loads, questions) in [
        (
            "columns = { requested_at = \"at\" }\n",
            "America/New_York",
            "",
            &[1.0][..],
            QUESTIONS.to_owned(),
        ),
        (
            "columns = { requested_at = \"at\" }\n",
            "America/New_York",
            "",
            &[1_000.0],
            asked(&["volume", "slow"]),
        ),
        (
            "columns = { requested_at = \"at_s\", app = { column = \"app\", map = { \"calls\" = \"messages\", \"é\" = \"a|b\" } } }\ntime_unit = \"s\"\n",
            "America/Havana",
            "",
            &[1.0],
            asked(&each),
        ),
        (
            "columns = { requested_at = \"at_ns\", target = \"number\", app = { value = \"it's\" } }\ntime_unit = \"ns\"\nwhere = \"NOT (app = 'it''s x' OR route IN ('sms', '')) OR route IS NULL\"\n",
            "UTC",
            "",
            &[100.0],
            asked(&each),
        ),
        (
            "columns = { requested_at = \"at\" }\n",
            "UTC",
            "unit = \"person-day\"\nexempt = [\"t7\", \"it's\"]\n",
            &[100.0],
            asked(&OF_PERSONS),
        ),
    ] {
        let text = release(&format!("path = \"logs\"\n{logs}"), zone, &questions);
        let text = text.replace("[privacy]\n", &format!("[privacy]\n{persons}"));
        let (people, cells) = compare(&text, folder.path(), files::DAY, loads);
        assert!(people > 10.0 && cells > 100, "{zone} {logs} {people} {cells}");
    }
}
