//! The exact answers of the demo's questions, from the simulator's own rows, beside the published.

mod exact;

use std::collections::HashSet;

use serde::Serialize;

use crate::pipeline::Job;
use crate::publish::Published;
use crate::release_file::day::{Day, DayBounds};
use crate::release_file::keys::OTHER;
use crate::release_file::question::Question;
use crate::simulate::{Settings, for_each_chunk};
use crate::{Error, Result};
use exact::{Counts, Lookups, key_names, which_column};

/// How far one question's answers were from the truth.
#[derive(Debug, Serialize)]
pub(super) struct Accuracy {
    pub(super) question: String,
    pub(super) answers: usize,
    pub(super) mean_truth: f64,
    pub(super) root_mean_square_error: f64,
    pub(super) mean_noise_sd: f64,
    pub(super) in_interval: f64,
    /// The day that the examples are from.
    pub(super) day: Day,
    pub(super) largest: Vec<Shown>,
}

/// One answer beside its truth.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Shown {
    pub(super) keys: Vec<String>,
    pub(super) value: f64,
    pub(super) noise_sd: f64,
    pub(super) ci_low: f64,
    pub(super) ci_high: f64,
    pub(super) truth: f64,
}

/// Compares every published answer of the demo with the truth.
pub(super) fn compare(settings: &Settings, job: &Job) -> Result<Vec<Accuracy>> {
    let questions = &job.release_file.questions;
    let mut answers: Vec<Vec<Shown>> = questions.iter().map(|_| Vec::new()).collect();
    let mut last: Vec<Vec<Shown>> = questions.iter().map(|_| Vec::new()).collect();
    let mut day = Day::new(settings.start);
    for index in 0..settings.days {
        let bounds = DayBounds::new(day, &job.release_file.ledger.time_zone)?;
        let mut exact: Vec<Counts> = questions.iter().map(|_| Counts::new()).collect();
        for_each_chunk(settings, index, |batch| {
            let other_type = || Error::internal("a column of the simulator has another type");
            let lookups = Lookups::of(&batch).ok_or_else(other_type)?;
            let counts = questions.iter().zip(&mut exact);
            counts.for_each(|(question, counts)| lookups.count(question, &bounds, counts));
            Ok(())
        })?;
        for (place, question) in questions.iter().enumerate() {
            last[place] = published(job, question, day, &exact[place])?;
            answers[place].extend_from_slice(&last[place]);
        }
        if index + 1 < settings.days {
            day = day.next().ok_or_else(|| Error::internal("the demo leaves the calendar"))?;
        }
    }
    Ok(questions
        .iter()
        .zip(answers.iter().zip(&last))
        .map(|(question, (answers, last))| summary(question, answers, last, day))
        .collect())
}

fn summary(question: &Question, answers: &[Shown], last: &[Shown], day: Day) -> Accuracy {
    let count = answers.len().max(1) as f64;
    let mean = |of: fn(&Shown) -> f64| answers.iter().map(of).sum::<f64>() / count;
    let inside = |answer: &&Shown| (answer.ci_low..=answer.ci_high).contains(&answer.truth);
    let mut largest = last.to_vec();
    largest.sort_by(|left, right| right.truth.total_cmp(&left.truth));
    largest.truncate(3);
    Accuracy {
        question: question.name.clone(),
        answers: answers.len(),
        mean_truth: mean(|answer| answer.truth),
        root_mean_square_error: mean(|answer| (answer.value - answer.truth).powi(2)).sqrt(),
        mean_noise_sd: mean(|answer| answer.noise_sd),
        in_interval: answers.iter().filter(inside).count() as f64 / count,
        day,
        largest,
    }
}

/// How many lookups requesters in a bin make.
fn lookups(low: f64, high: Option<f64>) -> String {
    match high {
        Some(high) if high > low => format!("{low} to {high} lookups"),
        Some(_) if low <= 1.0 => "1 lookup".to_owned(),
        Some(_) => format!("{low} lookups"),
        None => format!("{low} lookups or more"),
    }
}

/// The answers to a question on one day beside their truths.
fn published(job: &Job, question: &Question, day: Day, exact: &Counts) -> Result<Vec<Shown>> {
    let path = job.out.join(format!("{}/day={day}/part-0.parquet", question.name));
    let unreadable = |error: std::io::Error| {
        Error::io(format!("{} cannot be read back", path.display())).because(error)
    };
    let read = Published::read(&std::fs::read(&path).map_err(unreadable)?)?;
    let [value, sd, low, high] =
        ["value", "noise_sd", "ci_low", "ci_high"].map(|name| read.numbers(name));
    let (value, sd, low, high) = (value?, sd?, low?, high?);
    // Rows of quantiles and histograms have a column that says which quantile or bin they are.
    let which = which_column(question).map(|name| Ok::<_, Error>((name, read.numbers(name)?)));
    let which = which.transpose()?;
    let bin_high = read.numbers("bin_high").ok();
    let columns = key_names(question).into_iter().map(|name| read.words(name));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    // Lookups whose private prefixes were not found are published as others.
    let found: HashSet<&String> = columns.iter().flatten().collect();
    let is_other = |key: &String| key == OTHER || !found.contains(key);
    let others = exact.iter().filter(|(keys, _)| keys.iter().any(is_other));
    let others =
        question.measure.prefix().map(|_| others.map(|(_, exact)| exact.lookups).sum::<u64>());
    let mut shown = Vec::new();
    for (row, value) in value.into_iter().enumerate() {
        // A share that is not published has no error.
        let Some(value) = value else { continue };
        let mut keys: Vec<String> = columns.iter().map(|column| column[row].clone()).collect();
        let number = |column: &[Option<f64>]| column[row].unwrap_or_default();
        let at = which.as_ref().map_or(0.0, |(_, at)| number(at));
        let end = bin_high.as_ref().and_then(|end| end[row]);
        let truth = match others {
            Some(others) if keys == [OTHER] => others as f64,
            _ => exact.get(&keys).map_or(0.0, |exact| exact.answer(question, at, end)),
        };
        keys.extend(which.as_ref().map(|(name, _)| match *name {
            "quantile" => format!("quantile {at}"),
            _ => lookups(at, end),
        }));
        let (noise_sd, ci_low, ci_high) = (number(&sd), number(&low), number(&high));
        shown.push(Shown { keys, value, noise_sd, ci_low, ci_high, truth });
    }
    Ok(shown)
}
