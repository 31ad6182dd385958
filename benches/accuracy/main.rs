//! Compares the error of published answers with that of the common ways to bound and to add noise.
//!
//! `cargo bench --bench accuracy` simulates days of 300,000 lookups by 60,000 requesters over 20
//! listed countries, 4 apps and 2 routes, releases them with the whole pipeline under epsilon 1 and
//! delta 1e-6, and prints the root mean square error of eight questions, the geometric mean of the
//! fifth day to the eighth, beside that of the two ways below. Clips follow from what the days before
//! published, as in daily work; the first day's are constants.
//!
//! * a row cap: each requester keeps at most C rows, Gaussian noise, the budget split evenly;
//! * L0/Linf caps: each keeps at most L0 cells of at most Linf rows, Laplace noise, split evenly;
//!
//! both with the caps that turn out best for each question, which cannot be known beforehand. The
//! first day is also measured by [`proposal`], which is to replace today's tables. Last
//! comes the number of private keys that are found ([`keys`]). `cargo bench --bench accuracy -- DRAWS`
//! sets how often releases are drawn (default 20).

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at what it did not expect"
)]

mod keys;
mod measured;
mod others;
mod proposal;
mod world;

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use measured::{LOOK, Measurements, Questions, Rows};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use pointillist::ledger::Second;
use pointillist::pipeline::{Again, Incomplete, Job, Spill, Stop, open_ledger, release_day};
use pointillist::release::pair_limit;
use pointillist::release_file::ReleaseFile;
use pointillist::release_file::privacy_loss::NanoRho;
use pointillist::release_file::window::{DayWindow, parse_instant};
use proposal::levels::Axis;
use world::{AXES, DATES, Day, QUESTIONS, Users};

fn main() {
    let draws = std::env::args().filter_map(|word| word.parse().ok()).next_back().unwrap_or(20);
    for users in [Users::Plain, Users::Bots, Users::ConcentratedBots] {
        println!("\n{}: root mean square error of a value, days 5 to 8", users.words());
        println!(
            "{:<24} {:>10} {:>12} {:>9} {:>9} {:>9} {:>9}",
            "question", "mean cell", "pointillist", "row cap", "L0/Linf", "better by", "better by"
        );
        let days: Vec<Day> =
            (0..).zip(7..15).map(|(number, seed)| Day::simulate(users, number, seed)).collect();
        let (errors, clips) = released(&days, draws);
        let means: Vec<[f64; 2]> = COMPARED
            .into_iter()
            .map(|(which, _)| compare(&days[which.clone()], &errors[which]))
            .collect();
        for ((which, words), [row_cap, l0_linf]) in COMPARED.into_iter().zip(means) {
            let clip = clips[which.clone()].iter().sum::<f64>() / which.len() as f64;
            let words = format!("geometric mean, {words}; total clipped at {clip:.0}");
            println!("{words:<68} {row_cap:>9.2} {l0_linf:>9.2}");
        }
        compare_proposal(&days[0], draws);
    }
    compare_keys(draws);
}

/// The days that are compared; the first group is printed in full.
const COMPARED: [(Range<usize>, &str); 3] =
    [(4..8, "days 5 to 8"), (1..2, "the second day"), (0..1, "the first day, by constants")];

/// How much smaller the error of these days is than that of the two other ways: geometric means
/// over questions and days, so that no single day or question decides. A group of several days is
/// printed question by question.
fn compare(days: &[Day], errors: &[Vec<f64>]) -> [f64; 2] {
    let mut means = [0.0; 2];
    for (place, (name, by)) in QUESTIONS.iter().enumerate() {
        // Ours, and those of the two ways.
        let mut logs = [0.0; 3];
        let mut cell = 0.0;
        for (day, errors) in days.iter().zip(errors) {
            let table = day.table(by);
            let all = [errors[place], others::row_cap(&table), others::l0_linf(&table)];
            for (log, error) in logs.iter_mut().zip(all) {
                *log += error.ln() / days.len() as f64;
            }
            cell = table.truth.iter().sum::<f64>() / table.truth.len() as f64;
        }
        let ratios = [logs[1] - logs[0], logs[2] - logs[0]];
        for (mean, ratio) in means.iter_mut().zip(ratios) {
            *mean += ratio / QUESTIONS.len() as f64;
        }
        if days.len() > 1 {
            let [ours, row_cap, l0_linf] = logs.map(f64::exp);
            let [first, second] = ratios.map(f64::exp);
            println!(
                "{name:<24} {cell:>10.0} {ours:>12.1} {row_cap:>9.1} {l0_linf:>9.1} {first:>9.2} \
                 {second:>9.2}"
            );
        }
    }
    means.map(f64::exp)
}

/// The first day by the proposal that is to replace today's tables, in a prototype.
fn compare_proposal(day: &Day, draws: u32) {
    let axes = AXES.map(|(_, size, block)| Axis { size, block, is_number: false });
    let place = |name: &&str| AXES.iter().position(|(axis, _, _)| axis == name).expect("an axis");
    let tables = QUESTIONS.map(|(_, by)| by.iter().map(place).collect::<Vec<usize>>());
    let rows = |axes: &[usize]| {
        let names: Vec<&str> = axes.iter().map(|axis| AXES[*axis].0).collect();
        let table = day.table(&names);
        Rows { cells: table.cells, counts: table.units, count: table.truth.len() }
    };
    let questions = Questions { axes: &axes, tables: &tables, rho: others::RHO };
    let mut measurements = Measurements::new(&questions, &rows);
    let mut chance = world::Chance::new(99);
    let mut squares = [0.0; QUESTIONS.len()];
    let (mut inside, mut intervals) = ([0_u32; QUESTIONS.len()], [0_u32; QUESTIONS.len()]);
    for _ in 0..draws {
        let drawn = measurements.draw(|| chance.normal()).expect("a day that is not empty");
        for (place, answers) in drawn.iter().enumerate() {
            let truths = day.table(QUESTIONS[place].1).truth;
            for (answer, truth) in answers.iter().zip(&truths) {
                squares[place] += (answer.value - truth).powi(2) / truths.len() as f64;
                if *truth > 0.0 {
                    intervals[place] += 1;
                    inside[place] += u32::from((answer.low..=answer.high).contains(truth));
                }
            }
        }
    }
    let part = |part: f64| NanoRho::spent(part * others::RHO).expect("a loss");
    let pair = pair_limit(part(LOOK), part(1.0 - LOOK), 1);
    println!("\nThe first day by activity and shapes (a prototype); a pair loses {pair:.5} of rho");
    let mut means = [0.0; 2];
    for (place, (name, by)) in QUESTIONS.iter().enumerate() {
        let error = (squares[place] / f64::from(draws)).sqrt();
        let table = day.table(by);
        let ratios = [others::row_cap(&table) / error, others::l0_linf(&table) / error];
        for (mean, ratio) in means.iter_mut().zip(ratios) {
            *mean += ratio.ln() / QUESTIONS.len() as f64;
        }
        println!(
            "{name:<24} error {error:>9.1}, better by {:>5.2} and {:>5.2}; {:>5.1} of 100 intervals hold",
            ratios[0],
            ratios[1],
            f64::from(inside[place]) / f64::from(intervals[place]) * 100.0,
        );
    }
    println!("geometric mean: better by {:.2} and {:.2}", means[0].exp(), means[1].exp());
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
        as_of: parse_instant("2026-01-13T00:00:00Z").expect("an instant"),
        release_file: ReleaseFile::parse(text, "accuracy.toml", folder).expect("a release"),
        wait: Duration::ZERO,
        again: Again::Refuse,
        incomplete: Incomplete::Refuse,
        second_ledger: Second::Allow,
        rejects: None,
        memory: usize::MAX,
        spill: Spill::Allow,
        stop: Stop::default(),
    }
}

fn window(job: &Job, date: &str) -> DayWindow {
    DayWindow::new(date.parse().expect("a day"), &job.release_file.ledger.time_zone)
        .expect("a window")
}

/// The root mean square error of each question on each day over draws of the whole pipeline, and the
/// mean clip of the total.
fn released(days: &[Day], draws: u32) -> (Vec<Vec<f64>>, Vec<f64>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (place, day) in days.iter().enumerate() {
        day.write(&folder.path().join(format!("lookups-{place}.parquet")));
    }
    let mut squares = vec![vec![0.0; QUESTIONS.len()]; days.len()];
    let mut clips = vec![0.0; days.len()];
    let compared: Vec<bool> = (0..days.len())
        .map(|place| COMPARED.iter().any(|(which, _)| which.contains(&place)))
        .collect();
    let truths: Vec<Vec<Vec<f64>>> = days
        .iter()
        .map(|day| QUESTIONS.iter().map(|(_, by)| day.table(by).truth).collect())
        .collect();
    for draw in 0..draws {
        let mut text = format!(
            "name = \"accuracy\"\n[logs]\npath = \"*.parquet\"\nidentifier = \"opaque\"\n[keys]\n\
             app = {:?}\ncountry = {:?}\n[ledger]\npath = \"{draw}.ledger\"\n\
             epsilon = 1.0\ndelta = 1e-6\nkey_delta = 0.0\n[privacy]\nbudget_share = 1.0\n",
            world::APPS,
            world::countries()
        );
        for (name, by) in QUESTIONS {
            text += &format!("[[question]]\nname = \"{name}\"\ncount = \"lookups\"\nby = {by:?}\n");
        }
        let job = job(&text, folder.path(), draw);
        let mut ledger = open_ledger(&job).expect("a ledger");
        for (place, date) in DATES.iter().enumerate() {
            let window = window(&job, date);
            release_day(&job, &mut ledger, &window).expect("a release");
            clips[place] += total_clip(&job, date) / f64::from(draws);
            if !compared[place] {
                continue;
            }
            for (((name, _), sum), truth) in
                QUESTIONS.iter().zip(&mut squares[place]).zip(&truths[place])
            {
                let path = job.out.join(format!("{name}/day={date}/part-0.parquet"));
                let answers = values(&path);
                assert_eq!(answers.len(), truth.len());
                let off = answers.iter().zip(truth).map(|(value, truth)| (value - truth).powi(2));
                *sum += off.sum::<f64>() / truth.len() as f64;
            }
        }
    }
    let root = |sum: f64| (sum / f64::from(draws)).sqrt();
    (squares.into_iter().map(|sums| sums.into_iter().map(root).collect()).collect(), clips)
}

/// How many lookups of a requester the total takes, according to the manifest.
fn total_clip(job: &Job, date: &str) -> f64 {
    let path = job.out.join(format!("_manifest/day={date}.json"));
    let text = std::fs::read(path).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let mut tables = manifest["measured_tables"].as_array().expect("tables").iter();
    tables.find_map(|table| table["layers"]["up_to"].as_f64()).expect("a total in layers")
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
            let value = arrow_cast::cast(value, &arrow_schema::DataType::Float64);
            value.expect("a number").as_primitive::<Float64Type>().values().to_vec()
        })
        .collect()
}
