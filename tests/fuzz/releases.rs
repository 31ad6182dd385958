//! Whole days under release files made by chance: each is published or refused, whatever its noise, and what is
//! published is what documents say of it.
//!
//! A draw that fails for what it drew would be drawn again, and that would choose the noise.

use std::fmt::Write;
use std::path::Path;

use pointillist::Kind;
use pointillist::pipeline::{Done, Job, open_ledger, release_day, stored_days};
use pointillist::publish::{Coarser, Countries, Period, Published, compare, rollup};
use pointillist::release_file::ReleaseFile;
use pointillist::release_file::day::{Clock, DayBounds};
use pointillist::report::{registry, report};

use crate::chance::Chance;
use crate::program::{check, folder};
use crate::watched::Target;

const QUESTIONS: [&str; 20] = [
    "count = \"lookups\"",
    "count = \"lookups\"\nby = [\"hour\"]",
    "count = \"lookups\"\nby = [\"hour\", \"app\", \"route\"]",
    "count = \"lookups\"\nby = [\"target_country\"]\ntop = 3",
    "count = \"lookups\"\nby = [\"requester_country\", \"app\"]\nweight = 1000",
    "count = \"lookups\"\nby = [\"target_prefix:4\"]\nkeys = \"private\"",
    "count = \"lookups\"\nby = [\"requester_prefix:9\"]\nkeys = \"private\"",
    "distinct = \"requester\"",
    "distinct = \"requester\"\nby = [\"app\", \"hour\"]\nweight = 0.01",
    "distinct = \"requester\"\nhaving = \"lookups >= 3\"",
    "distinct = \"requester\"\nhaving = \"targets >= 2\"\nby = [\"route\"]",
    "share = \"route = 'sms'\"",
    "share = \"app IN ('messages', 'other') OR route IS NULL\"\nby = [\"hour\"]",
    "sum = \"latency_ms\"\nrange = [-5, 5]",
    "sum = \"latency_ms\"\nrange = [1, 1000000]\nby = [\"app\"]",
    "mean = \"latency_ms\"\nrange = [1, 100]\nby = [\"hour\", \"app\"]",
    "mean = \"latency_ms\"\nrange = [1e-3, 1e15]",
    "quantiles = [0.001, 0.5, 0.999]\nof = \"latency_ms\"\nrange = [1, 60000]",
    "quantiles = [0.25]\nof = \"latency_ms\"\nrange = [-1, 1]\nby = [\"app\"]",
    "histogram = \"lookups per requester\"",
];

pub(crate) fn target() -> Target {
    Box::new(|chance| {
        let folder = folder();
        one(chance, folder.path());
    })
}

fn one(chance: &mut Chance, folder: &Path) {
    let Ok(release_file) = ReleaseFile::parse(&release(chance), "fuzz.toml", folder) else {
        return;
    };
    for day in ["2026-01-01", "2026-01-02"] {
        let logs = folder.join(format!("logs/day={day}"));
        std::fs::create_dir_all(&logs).unwrap();
        std::fs::write(logs.join("x.csv"), log(chance, day)).unwrap();
    }
    let job = Job {
        memory: if chance.once_in(4) { 0 } else { usize::MAX },
        ..Job::new(release_file, Clock::System.now())
    };
    let mut ledger = open_ledger(&job).unwrap();
    let mut released = 0;
    for day in ["2026-01-01", "2026-01-02"] {
        let bounds =
            DayBounds::new(day.parse().unwrap(), &job.release_file.ledger.time_zone).unwrap();
        match release_day(&job, &mut ledger, &bounds) {
            Ok(Done::Released) => released += 1,
            Ok(done) => assert!(matches!(done, Done::Empty)),
            // Budgets that cannot be divided, and keys that name no column of answers.
            Err(error) => return check(&error, &[Kind::Refused, Kind::Usage]),
        }
        ledger.verify().unwrap();
    }
    drop(ledger);
    if released == 2 {
        read_back(&job);
    }
}

/// Everything that reads what was published takes it.
fn read_back(job: &Job) {
    drop(report(&job.out).unwrap());
    drop(registry(&job.out).unwrap());
    for question in &job.release_file.questions {
        for day in ["2026-01-01", "2026-01-02"] {
            let path = job.out.join(format!("{}/day={day}/part-0.parquet", question.name));
            let table = Published::read(&std::fs::read(path).unwrap()).unwrap();
            let [value, noise, low, high] = ["value", "noise_sd", "ci_low", "ci_high"]
                .map(|column| table.numbers(column).unwrap());
            for row in 0..table.batch.num_rows() {
                let (Some(value), Some(low), Some(high)) = (value[row], low[row], high[row]) else {
                    continue;
                };
                let numbers = [value, low, high, noise[row].unwrap_or(0.0)];
                // Numbers of requesters may be negative, and their intervals end at zero.
                let is_inside = low <= value && value <= high || value < 0.0 && low <= 0.0;
                let is_sound =
                    numbers.iter().all(|one| one.is_finite()) && low <= high && is_inside;
                assert!(is_sound, "{}: {low} {value} {high}", question.name);
            }
        }
        if let Err(error) = compare(&job.out, &question.name, ["2026-01-01", "2026-01-02"]) {
            check(&error, &[Kind::Refused]);
        }
        let coarser =
            Coarser { period: Period::Month, drop: Vec::new(), countries: Countries::Keep };
        let days = stored_days(&job.release_file, &question.name).unwrap();
        if let Err(error) = rollup(&job.release_file, question, &days, &coarser) {
            check(&error, &[Kind::Refused]);
        }
    }
}

/// A release file with some of the questions, and budgets from hardly any to hardly a promise.
fn release(chance: &mut Chance) -> String {
    let epsilon = chance.of(&["0.001", "0.1", "1", "1", "10", "100"]);
    let delta = chance.of(&["1e-15", "1e-6", "0.001"]);
    let unit = chance.of(&["requester-day", "requester-day", "person-day"]);
    let share = chance.of(&["0.01", "0.7", "1"]);
    let zone = chance.of(&["UTC", "Asia/Kolkata"]);
    let mut text = format!(
        "name = \"fuzz\"\n[logs]\npath = \"logs/**/*.csv\"\n[keys]\napp = [\"messages\", \"calls\"]\n[retention]\ndays = 36500\n\
         [ledger]\npath = \"fuzz.ledger\"\nepsilon = {epsilon}\ndelta = {delta}\ntime_zone = \"{zone}\"\n\
         [privacy]\nunit = \"{unit}\"\nbudget_share = {share}\n"
    );
    for place in 0..=chance.below(5) {
        writeln!(text, "[[question]]\nname = \"q{place}\"\n{}", chance.of(&QUESTIONS)).unwrap();
    }
    text
}

/// Some hundred requesters, or none; a few of them ask for very much.
fn log(chance: &mut Chance, day: &str) -> String {
    let mut log = "requester,target,requested_at,app,route,latency_ms\n".to_owned();
    let requesters = chance.of(&[0, 1, 60, 400, 1_500]);
    for requester in 0..requesters {
        let rows = if chance.once_in(200) { 3_000 } else { 1 + chance.of(&[0, 7, 59]) };
        for _ in 0..rows {
            let (hour, target) = (chance.below(24), chance.below(300));
            let app = chance.of(&["messages", "calls", "x", ""]);
            let route = chance.of(&["sms", "messenger", ""]);
            let latency = chance.of(&["", "1", "50.5", "1e9", "-3", "NaN"]);
            writeln!(log, "+1415555{requester:04},+1212555{target:04},{day}T{hour:02}:30:00Z,{app},{route},{latency}").unwrap();
        }
    }
    log
}
