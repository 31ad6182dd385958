//! `demo`: simulated logs, released day by day, with the true error beside the answers.
//!
//! The truth comes from the simulator's rows. It may be shown because no real person is in them.

mod truth;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::ProgressBar;
use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::json;

use super::output::{Output, grouped, short};
use super::size;
use crate::files::{self, EVERYBODY};
use crate::pipeline::{Job, open_ledger, release_day};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds};
use crate::simulate::{Format, Settings, write};
use crate::{Error, Result};
use truth::{Accuracy, compare};

/// A week of a small operator.
const SETTINGS: Settings = Settings {
    start: date(2026, 1, 5),
    days: 7,
    lookups_per_day: 300_000,
    requesters: 60_000,
    seed: 1,
    format: Format::Parquet,
};

/// The release file of the demo.
const RELEASE: &str = include_str!("demo/release.toml");

/// Runs the command.
pub(crate) fn run(out: &Path, output: &Output) -> Result<()> {
    let inner = out.join("_demo");
    let unwritable = |error: std::io::Error| {
        Error::io(format!("{} cannot be written", inner.display()))
            .help("choose another folder with --out")
            .because(error)
    };
    fs::create_dir_all(&inner).map_err(unwritable)?;
    let path = inner.join("release.toml");
    files::make(&path, EVERYBODY)
        .and_then(|mut file| file.write_all(RELEASE.as_bytes()))
        .map_err(unwritable)?;
    let bar = output.bar(u64::from(SETTINGS.days) * 2, "{msg}");
    simulate(&inner, &bar)?;
    let release_file = ReleaseFile::read(&path)?;
    let as_of = TimeZone::UTC
        .to_timestamp(date(2026, 1, 12).at(6, 0, 0, 0))
        .map_err(|_| Error::internal("the demo's week is outside the calendar"))?;
    let job = Job {
        out: out.to_path_buf(),
        wait: Duration::from_secs(60),
        memory: size::memory(None)?,
        ..Job::new(release_file, as_of)
    };
    let mut ledger = open_ledger(&job)?;
    let mut text = String::new();
    let mut days = Vec::new();
    let first = Day::new(SETTINGS.start);
    for day in std::iter::successors(Some(first), |day| day.next()).take(SETTINGS.days as usize) {
        let bounds = DayBounds::new(day, &job.release_file.ledger.time_zone)?;
        bar.set_message(format!("releasing {day}"));
        let done = release_day(&job, &mut ledger, &bounds)?;
        bar.inc(1);
        days.push(json!({ "day": day, "done": done }));
    }
    bar.set_message("comparing with the truth");
    let accuracy = compare(&SETTINGS, &job)?;
    bar.finish_and_clear();
    describe(&accuracy, out, &mut text);
    let object = json!({
        "out": out,
        "release_file": path,
        "days": days,
        "questions": accuracy,
    });
    output.result(&object, &text);
    Ok(())
}

fn simulate(folder: &Path, bar: &ProgressBar) -> Result<()> {
    bar.set_message("simulating a week of logs");
    let written = AtomicU64::new(0);
    write(&SETTINGS, &folder.join("lookups"), &|rows| {
        let rows = written.fetch_add(rows, Ordering::Relaxed) + rows;
        bar.set_position(rows / SETTINGS.lookups_per_day);
    })?;
    Ok(())
}

fn describe(accuracy: &[Accuracy], out: &Path, text: &mut String) {
    text.push_str(&format!(
        "Simulated {} lookups a day by {} requesters, {} days; released day by day.\n\n\
         The typical error is the root of the mean square of all errors. Beside it stands the mean standard\n\
         deviation of the noise alone. Truth counts every lookup, and so do the intervals: they allow for the\n\
         noise, and for what was not measured as finely as it was asked.\n\n",
        grouped(SETTINGS.lookups_per_day as f64),
        grouped(SETTINGS.requesters as f64),
        SETTINGS.days
    ));
    for question in accuracy {
        text.push_str(&format!(
            "{}: {} answers, true average {}; typical error {}, of noise alone {}\n  \
             95 % intervals: {:.0} of {} hold the truth; the largest truths of {}:\n",
            question.question,
            question.answers,
            short(question.mean_truth),
            short(question.root_mean_square_error),
            short(question.mean_noise_sd),
            question.in_interval * question.answers as f64,
            question.answers,
            question.day,
        ));
        for shown in &question.largest {
            text.push_str(&format!(
                "    {:<34} answer {:>8}  [{}, {}]  truth {}\n",
                if shown.keys.is_empty() { "all".to_owned() } else { shown.keys.join(", ") },
                short(shown.value),
                short(shown.ci_low),
                short(shown.ci_high),
                short(shown.truth)
            ));
        }
    }
    text.push_str(&format!(
        "\nTables: {}/<question>/day=*/part-0.parquet\nLogs, release file, ledger: {}/_demo\n",
        out.display(),
        out.display()
    ));
}
