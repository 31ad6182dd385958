//! The exact answers of the demo's questions, from the simulator's own rows, beside the published.
//!
//! The rows of a day become one frame, which is grouped by the keys of each question.

mod exact;

use std::collections::{HashMap, HashSet};
use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, Float64Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use polars::prelude::DataFrame;
use serde::Serialize;

use crate::pipeline::Job;
use crate::release_file::keys::OTHER;
use crate::release_file::question::Question;
use crate::release_file::window::{Day, DayWindow};
use crate::simulate::{Settings, for_each_chunk};
use crate::{Error, Result};
use exact::{Exact, frame, key_names, row_name, text, uncounted, which_column};

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
        let window = DayWindow::new(day, &job.release_file.ledger.time_zone)?;
        let mut lookups = DataFrame::empty();
        for_each_chunk(settings, index, |batch| {
            let more = frame(questions, &window, &batch)?;
            lookups.vstack_mut_owned(more).map_err(uncounted).map(|_| ())
        })?;
        for (place, question) in questions.iter().enumerate() {
            let exact = Exact::by_keys(question, &lookups).map_err(uncounted)?;
            last[place] = published(job, question, day, &exact)?;
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

fn published(
    job: &Job,
    question: &Question,
    day: Day,
    exact: &HashMap<Vec<String>, Exact>,
) -> Result<Vec<Shown>> {
    let path = job.out.join(format!("{}/day={day}/part-0.parquet", question.name));
    let unreadable = || Error::io(format!("{} cannot be read back", path.display()));
    let file = File::open(&path).map_err(|_| unreadable())?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.build())
        .map_err(|_| unreadable())?;
    let mut published = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|_| unreadable())?;
        published.extend(shown(question, &batch, exact).ok_or_else(unreadable)?);
    }
    Ok(published)
}

/// The answers of a batch beside their truths; `None` if it lacks a column.
fn shown(
    question: &Question,
    batch: &RecordBatch,
    exact: &HashMap<Vec<String>, Exact>,
) -> Option<Vec<Shown>> {
    let number = |name: &str| -> Option<Float64Array> {
        let column = cast(batch.column_by_name(name)?, &DataType::Float64).ok()?;
        Some(column.as_primitive::<Float64Type>().clone())
    };
    let (value, sd) = (number("value")?, number("noise_sd")?);
    let (low, high) = (number("ci_low")?, number("ci_high")?);
    // Rows of quantiles and of a histogram say which they are.
    let which = match which_column(question) {
        Some(name) => Some(number(name)?),
        None => None,
    };
    let bin_high = number("bin_high");
    let column = |name| text(batch.column_by_name(name)).ok();
    let columns = key_names(question).into_iter().map(column).collect::<Option<Vec<_>>>()?;
    let found: HashSet<&str> = columns.iter().flatten().flatten().collect();
    let others = Exact::of_others(question, exact, &found);
    let mut shown = Vec::new();
    // A share that is not published has no error.
    for row in (0..batch.num_rows()).filter(|row| value.is_valid(*row)) {
        let mut keys: Vec<String> =
            columns.iter().map(|column| column.value(row).to_owned()).collect();
        let which = which.as_ref().map_or(0.0, |which| which.value(row));
        let end = bin_high.as_ref().filter(|end| end.is_valid(row)).map(|end| end.value(row));
        let truth = match others {
            Some(others) if keys == [OTHER] => others,
            _ => exact.get(&keys).map_or(0.0, |exact| exact.answer(question, which, end)),
        };
        keys.extend(row_name(question, which));
        shown.push(Shown {
            keys,
            value: value.value(row),
            noise_sd: sd.value(row),
            ci_low: low.value(row),
            ci_high: high.value(row),
            truth,
        });
    }
    Some(shown)
}
