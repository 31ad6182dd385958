//! How far published answers are from the truth, against the common ways to bound and to add noise.
//!
//! `cargo bench --bench accuracy` simulates one day of 300,000 lookups by 60,000 requesters over 20
//! listed countries, 4 apps and 2 routes, releases it with the whole pipeline under epsilon 1 and
//! delta 1e-6, and prints the root mean square error of eight questions beside that of the two ways
//! below. The second day's clips follow from what the first day published, as in daily work; two
//! hundredths of the weight go to the histogram that they follow from.
//!
//! * a row cap: each requester keeps at most C rows, Gaussian noise, the budget split evenly;
//! * L0/Linf caps: each keeps at most L0 cells of at most Linf rows, Laplace noise, split evenly;
//!
//! both with the caps that turn out best for each question, which nobody could know beforehand.
//! Beneath stands how many private keys are found ([`keys`]). `cargo bench --bench accuracy -- DRAWS`
//! sets how often releases are drawn (20).

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at what it did not expect"
)]

mod keys;
mod others;
mod world;

use std::path::Path;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use pointillist::ledger::Second;
use pointillist::pipeline::{Again, Incomplete, Job, Spill, open_ledger, release_day};
use pointillist::spec::Release;
use pointillist::spec::window::{DayWindow, parse_instant};
use world::{DATES, Day, QUESTIONS, Users};

fn main() {
    let draws = std::env::args().filter_map(|word| word.parse().ok()).next_back().unwrap_or(20);
    for users in [Users::Plain, Users::Bots, Users::ConcentratedBots] {
        println!("\n{}: root mean square error of a value on the second day", users.words());
        println!(
            "{:<24} {:>10} {:>12} {:>9} {:>9} {:>9} {:>9}",
            "question", "mean cell", "pointillist", "row cap", "L0/Linf", "better by", "better by"
        );
        let days = [Day::simulate(users, 0, 7), Day::simulate(users, 1, 8)];
        let errors = released(&days, draws);
        let mut logs = [[0.0; 2]; 2];
        for (place, (name, by)) in QUESTIONS.iter().enumerate() {
            let [first, second] = [0, 1].map(|day: usize| {
                let table = days[day].table(by);
                let others = [others::row_cap(&table), others::l0_linf(&table)];
                let ratios = others.map(|other| other / errors[day][place]);
                for (log, ratio) in logs[day].iter_mut().zip(ratios) {
                    *log += ratio.ln() / QUESTIONS.len() as f64;
                }
                (table, others, ratios)
            });
            let (table, others, ratios) = second;
            drop(first);
            let mean = table.truth.iter().sum::<f64>() / table.truth.len() as f64;
            println!(
                "{name:<24} {mean:>10.0} {:>12.1} {:>9.1} {:>9.1} {:>9.2} {:>9.2}",
                errors[1][place], others[0], others[1], ratios[0], ratios[1]
            );
        }
        let [first, second] = logs.map(|logs| logs.map(f64::exp));
        println!("{:<68} {:>9.2} {:>9.2}", "geometric mean", second[0], second[1]);
        println!("{:<68} {:>9.2} {:>9.2}", "  on the first day, by constants", first[0], first[1]);
    }
    compare_keys(draws);
}

fn compare_keys(draws: u32) {
    let asked = keys::Asked::simulate(3);
    let folder = tempfile::tempdir().expect("a temporary folder");
    asked.write(&folder.path().join("lookups.parquet"));
    let mut found = 0;
    for draw in 0..draws {
        let text = format!(
            "name = \"keys\"\n[logs]\npath = \"*.parquet\"\n[ledger]\npath = \"{draw}.ledger\"\n\
             epsilon = 1.0\ndelta = 1e-6\nkey_delta = 1e-7\n[privacy]\nbudget_share = 1.0\n\
             [[question]]\nname = \"hot\"\ncount = \"lookups\"\nby = [\"target_prefix:9\"]\n\
             keys = \"private\"\n"
        );
        let job = job(&text, folder.path(), draw);
        let mut ledger = open_ledger(&job).expect("a ledger");
        let window = window(&job, DATES[0]);
        release_day(&job, &mut ledger, &window).expect("a release");
        let path = job.out.join(format!("hot/day={}/part-0.parquet", DATES[0]));
        // The last row is all other lookups.
        found += values(&path).len() - 1;
    }
    let (other, cap) = asked.gaussian_threshold();
    let ours = found as f64 / f64::from(draws);
    println!(
        "\nPrivate keys found, {:.1} keys for each requester: pointillist {ours:.0}, a Gaussian \
         threshold {other:.0} (at most {cap} keys for each); better by {:.2}",
        asked.mean(),
        ours / other
    );
}

fn job(text: &str, folder: &Path, draw: u32) -> Job {
    Job {
        out: folder.join(format!("out-{draw}")),
        as_of: parse_instant("2026-01-07T00:00:00Z").expect("an instant"),
        release: Release::parse(text, "accuracy.toml", folder).expect("a release"),
        wait: Duration::ZERO,
        again: Again::Refuse,
        incomplete: Incomplete::Refuse,
        second_ledger: Second::Allow,
        rejects: None,
        memory: usize::MAX,
        spill: Spill::Allow,
    }
}

fn window(job: &Job, date: &str) -> DayWindow {
    DayWindow::new(date.parse().expect("a day"), &job.release.ledger.time_zone).expect("a window")
}

/// The root mean square error of each question on each day over draws of the whole pipeline.
fn released(days: &[Day; 2], draws: u32) -> [Vec<f64>; 2] {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (place, day) in days.iter().enumerate() {
        day.write(&folder.path().join(format!("lookups-{place}.parquet")));
    }
    let mut squares = [vec![0.0; QUESTIONS.len()], vec![0.0; QUESTIONS.len()]];
    for draw in 0..draws {
        let mut text = format!(
            "name = \"accuracy\"\n[logs]\npath = \"*.parquet\"\nidentifier = \"opaque\"\n[keys]\n\
             app = {:?}\ncountry = {:?}\n[ledger]\npath = \"{draw}.ledger\"\n\
             epsilon = 1.0\ndelta = 1e-6\nkey_delta = 0.0\n[privacy]\nbudget_share = 1.0\n\
             [[question]]\nname = \"per_requester\"\nhistogram = \"lookups per requester\"\n\
             weight = 0.16\n",
            world::APPS,
            world::countries()
        );
        for (name, by) in QUESTIONS {
            text += &format!("[[question]]\nname = \"{name}\"\ncount = \"lookups\"\nby = {by:?}\n");
        }
        let job = job(&text, folder.path(), draw);
        let mut ledger = open_ledger(&job).expect("a ledger");
        for ((day, date), squares) in days.iter().zip(DATES).zip(&mut squares) {
            let window = window(&job, date);
            release_day(&job, &mut ledger, &window).expect("a release");
            for ((name, by), sum) in QUESTIONS.iter().zip(squares) {
                let path = job.out.join(format!("{name}/day={date}/part-0.parquet"));
                let (answers, truth) = (values(&path), day.table(by).truth);
                assert_eq!(answers.len(), truth.len());
                let off = answers.iter().zip(&truth).map(|(value, truth)| (value - truth).powi(2));
                *sum += off.sum::<f64>() / truth.len() as f64;
            }
        }
    }
    squares.map(|sums| sums.into_iter().map(|sum| (sum / f64::from(draws)).sqrt()).collect())
}

fn values(path: &Path) -> Vec<f64> {
    let file = std::fs::File::open(path).expect("a published table");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.build())
        .expect("a Parquet file");
    reader
        .flat_map(|batch| {
            let batch = batch.expect("a batch");
            let value = batch.column_by_name("value").expect("a value");
            let value = arrow::compute::cast(value, &arrow::datatypes::DataType::Float64);
            value.expect("a number").as_primitive::<Float64Type>().values().to_vec()
        })
        .collect()
}
