//! A cluster and this machine give the same integers, cell by cell.
//!
//! They need a cluster that sees the files of this machine: `tests/cluster/run.sh` starts one, puts its place
//! into `POINTILLIST_SPARK`, and runs them.

mod files;
mod tables;

use std::path::Path;
use std::time::Instant;

use super::*;
use crate::pipeline::{plan, planned};
use crate::plan::kinds::{CLASSES, SHAPE_ONE};
use crate::plan::{FoundPrefixes, Role, Split};
use crate::release_file::ReleaseFile;
use crate::release_file::engine::Engine;
use crate::release_file::unit::Exempt;
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

/// What can be asked of phone numbers alone.
const OF_NUMBERS: &str = r#"
[[question]]
name = "reach"
count = "lookups"
by = ["target_country", "requester_country"]
[[question]]
name = "callers"
distinct = "requester"
by = ["requester_country"]
[[question]]
name = "areas"
count = "lookups"
by = ["target_prefix:6"]
keys = "private"
[[question]]
name = "blocks"
count = "lookups"
by = ["target_prefix:4"]
keys = "private"
[[question]]
name = "homes"
count = "lookups"
by = ["requester_prefix:5"]
keys = "private"
"#;

/// Those of them that can be asked where persons are the unit, in every kind.
const OF_PERSONS: [&str; 7] =
    ["volume", "fallback", "people", "latency", "slow", "reach", "callers"];

/// The questions of these names.
fn asked(names: &[&str]) -> String {
    let questions = [QUESTIONS, OF_NUMBERS].concat();
    let questions = questions.split("\n[[question]]\n").skip(1);
    let is_asked =
        |text: &&str| names.iter().any(|name| text.starts_with(&format!("name = \"{name}\"")));
    let asked = questions.filter(is_asked);
    asked.map(|text| format!("\n[[question]]\n{}\n", text.trim_end())).collect()
}

/// What stands before the questions, without `[logs]`.
fn release(logs: &str, zone: &str, questions: &str) -> String {
    format!(
        "name = \"r\"\n[keys]\napp = [\"messages\", \"calls\", \"it's\", \"a\\\\b\", \"é\", \"$x\", \"a|b\"]\n\
         [ledger]\npath = \"r.ledger\"\nepsilon = 1.0\ndelta = 1e-6\ntime_zone = \"{zone}\"\n\
         [privacy]\nbudget_share = 1.0\n[retention]\ndays = 36500\n\
         [logs]\n{logs}{questions}"
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
    compare_with([text, text], folder, day, loads)
}

/// The same with two ways to say where the logs are: here, and on the cluster.
fn compare_with(texts: [&str; 2], folder: &Path, day: &str, loads: &[f64]) -> (f64, usize) {
    let remote = std::env::var("POINTILLIST_SPARK").expect("the place of a cluster");
    let [release_file, elsewhere] =
        texts.map(|text| ReleaseFile::parse(text, "r.toml", folder).unwrap());
    let bounds = DayBounds::new(day.parse().unwrap(), &release_file.ledger.time_zone).unwrap();
    let (split, _) = plan(&release_file).unwrap();
    let first = Plan::of_look(&release_file, &split).unwrap();
    let gather =
        |job: Job| Opened::open(&job, &first, &bounds).unwrap().gather(&bounds, &first).unwrap();
    let mut days = [gather(job(&release_file, None)), gather(job(&elsewhere, Some(&remote)))];
    let exempt = &release_file.exempt;
    let (look, mut cells) = same(&mut days, &first, exempt);
    let look: [i64; CLASSES] = look.try_into().unwrap();
    let numbers = look.map(|steps| steps as f64 / SHAPE_ONE as f64);
    let found = found(&release_file, &split, [&*days[0], &*days[1]]);
    for load in loads {
        let numbers = numbers.map(|number| number * load);
        let plan = planned(&release_file, &split, &numbers, &found).unwrap().0;
        cells += same(&mut days, &plan, exempt).1;
    }
    (numbers.iter().sum(), cells)
}

/// Compares all tables of a plan; returns the first one and how many cells hold something.
fn same(days: &mut [Box<dyn Tallies>; 2], plan: &Plan, exempt: &Exempt) -> (Vec<i64>, usize) {
    let [own, other] = days.each_mut().map(|day| day.tally(plan, exempt).unwrap());
    let mut cells = 0;
    for (place, table) in plan.tables.iter().enumerate() {
        let (own, other) = (own.table(place).unwrap(), other.table(place).unwrap());
        let differ = own.iter().zip(other).position(|(own, other)| own != other);
        assert!(differ.is_none() && own.len() == other.len(), "{}: cell {differ:?}", table.name);
        cells += own.iter().filter(|steps| **steps != 0).count();
    }
    (own.table(0).unwrap().to_vec(), cells)
}

/// Compares the weights of private prefixes in each round, of which every third prefix is found; returns those.
fn found(release_file: &ReleaseFile, split: &Split, days: [&dyn Tallies; 2]) -> FoundPrefixes {
    let mut found = FoundPrefixes::new();
    for table in Plan::prefix_rounds(release_file, split) {
        let Role::PrefixRound { question } = &table.role else { panic!("{}", table.name) };
        let known = found.entry(question.clone()).or_default();
        let prefix = table.contribution.prefix().unwrap();
        let [own, other] =
            days.map(|day| day.prefix_weights(prefix, known).unwrap().into_weights());
        assert!(!own.0.is_empty() && own == other, "{question}: {} prefixes", own.0.len());
        known.extend(own.0.iter().step_by(3));
    }
    found
}

/// Writes three days with as many lookups together, and compares the first, or each if the variable is set, by each
/// of some lists of questions.
fn compare_simulated(lookups: u64, head: &str, lists: &[&str]) {
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
    let days = ["2026-01-05", "2026-01-06", "2026-01-07"];
    for questions in lists {
        let questions =
            questions.replace("\"offset\"", "\"latency_ms\"").replace("[-7.5, 9]", "[2, 300]");
        let logs = "path = \"logs\"\nday_folder = \"day\"\nidentifier = \"e164-exact\"\n";
        let text = release(logs, "UTC", &questions);
        let text = text.replace("[privacy]\n", &format!("[privacy]\n{head}"));
        for day in &days[..if asked.is_some() { 3 } else { 1 }] {
            let begun = Instant::now();
            let (people, cells) = compare(&text, folder.path(), day, &[1.0]);
            let elapsed = begun.elapsed().as_secs();
            println!("{day}: {people:.0} requesters and {cells} cells in {elapsed} s");
            assert!(people > lookups as f64 / 150.0 && cells > 100, "{day} {people} {cells}");
        }
    }
}

#[test]
#[ignore = "needs a cluster: tests/cluster/run.sh"]
fn a_simulated_day_has_the_same_sums_on_a_cluster() {
    compare_simulated(200_000, "", &[QUESTIONS]);
}

#[test]
#[ignore = "needs a cluster: tests/cluster/run.sh"]
fn a_simulated_day_of_numbers_has_the_same_sums_on_a_cluster() {
    compare_simulated(200_000, "", &[OF_NUMBERS]);
}

#[test]
#[ignore = "needs a cluster: tests/cluster/run.sh"]
fn a_simulated_day_of_persons_has_the_same_sums_on_a_cluster() {
    let exempt = "unit = \"person-day\"\nexempt = [\"+14155550123\"]\n";
    let (before, of_numbers) = OF_PERSONS.split_at(5);
    compare_simulated(60_000, exempt, &[&asked(before), &asked(of_numbers)]);
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
            asked(&OF_PERSONS[..5]),
        ),
    ] {
        let logs = format!("path = \"logs\"\nidentifier = \"opaque\"\n{logs}");
        let text = release(&logs, zone, &questions);
        let text = text.replace("[privacy]\n", &format!("[privacy]\n{persons}"));
        let (people, cells) = compare(&text, folder.path(), files::DAY, loads);
        assert!(people > 10.0 && cells > 100, "{zone} {logs} {people} {cells}");
    }
}

#[test]
#[ignore = "needs a cluster: tests/cluster/run.sh"]
fn awkward_numbers_have_the_same_sums_on_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    files::write_awkward(&folder.path().join("logs"));
    let logs = "path = \"logs\"\nidentifier = \"e164-exact\"\n\
                columns = { requested_at = \"at\", requester = \"from\", target = \"to\" }\n";
    let exempt = "unit = \"person-day\"\nexempt = [\"+436641234567\", \"+14155550101\"]\n";
    let of_numbers = [OF_NUMBERS.to_owned(), asked(&["trying"])].concat();
    // Some countries alone, of which one has none but a few prefixes of another's calling code.
    let keys = "[keys]\ntarget_country = [\"AT\", \"KZ\", \"GG\", \"CA\"]\n";
    for (privacy, keys, load, questions) in
        [("", "[keys]\n", 1_000.0, of_numbers), (exempt, keys, 1.0, asked(&["reach", "callers"]))]
    {
        let text = release(logs, "UTC", &questions);
        let text = text.replace("[privacy]\n", &format!("[privacy]\n{privacy}"));
        let text = text.replace("[keys]\n", keys);
        let (people, cells) = compare(&text, folder.path(), files::DAY, &[load]);
        // A requester for each size and copy, and those of the awkward texts that are numbers.
        assert!(people > 40.0 && cells > 100, "{people} {cells}");
    }
}
