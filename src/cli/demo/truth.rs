//! The exact answers of the demo's questions, from the simulator's own rows, beside the published.

use std::collections::{HashMap, HashSet};
use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, Float64Array, PrimitiveArray, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use crate::phone::CallingCodes;
use crate::pipeline::Job;
use crate::release_file::keys::{Key, KeySource, OTHER};
use crate::release_file::measure::Counted;
use crate::release_file::prefix::PrefixOf;
use crate::release_file::question::{Measure, Question};
use crate::release_file::window::{Day, DayWindow};
use crate::simulate::{Settings, for_each_chunk};
use crate::{Error, Result};

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

/// What is counted for one combination of keys.
#[derive(Default)]
struct Exact {
    lookups: u64,
    met: u64,
    /// How many lookups each requester has, or how many targets.
    requesters: HashMap<String, u32>,
    /// Who asked about whom, if targets are distinguished.
    pairs: HashSet<(String, String)>,
    /// The numbers of the lookups that have one, held to the question's range.
    numbers: Vec<f64>,
}

impl Exact {
    /// Counts a lookup for a question.
    fn note(&mut self, question: &Question, lookups: &Lookups<'_>, row: usize) {
        self.lookups += 1;
        match &question.measure {
            // The demo's only share is that of SMS, its only number the latency.
            Measure::Share { .. } => self.met += u64::from(lookups.route.value(row) == "sms"),
            Measure::DistinctRequesters { .. } | Measure::RequesterHistogram => {
                let counts_targets = matches!(
                    question.measure,
                    Measure::DistinctRequesters { of: Counted::Targets, .. }
                );
                let requester = lookups.requester.value(row);
                let pair = || (requester.to_owned(), lookups.target.value(row).to_owned());
                if counts_targets && !self.pairs.insert(pair()) {
                    return;
                }
                match self.requesters.get_mut(requester) {
                    Some(own) => *own += 1,
                    None => {
                        self.requesters.insert(requester.to_owned(), 1);
                    }
                }
            }
            Measure::Quantiles { of: key, .. } => {
                if let KeySource::Number(grid) = key.source()
                    && lookups.latency.is_valid(row)
                {
                    let (low, high) = grid.range();
                    self.numbers.push(lookups.latency.value(row).clamp(low, high));
                }
            }
            _ => {}
        }
    }

    /// The exact answer, which is no number for kinds of questions that the demo does not ask. `which` is the quantile, or the first number of lookups of a bin of the
    /// histogram, and `end` the bin's last.
    fn answer(&self, question: &Question, which: f64, end: Option<f64>) -> f64 {
        match &question.measure {
            Measure::Count | Measure::Prefixes(_) => self.lookups as f64,
            Measure::DistinctRequesters { at_least, .. } => self.at_least(*at_least),
            Measure::Share { .. } => self.met as f64 / self.lookups as f64,
            Measure::Quantiles { .. } => self.quantile(which),
            Measure::RequesterHistogram => {
                let is_inside = |own: &&u32| {
                    f64::from(**own) >= which && end.is_none_or(|end| f64::from(**own) <= end)
                };
                self.requesters.values().filter(is_inside).count() as f64
            }
            _ => f64::NAN,
        }
    }

    fn at_least(&self, least: u32) -> f64 {
        self.requesters.values().filter(|own| **own >= least).count() as f64
    }

    /// The smallest number that so large a part of them does not exceed.
    fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.numbers.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (part * sorted.len() as f64).ceil();
        let place = (0..sorted.len()).find(|place| *place as f64 + 1.0 >= rank);
        place.and_then(|place| sorted.get(place)).copied().unwrap_or(0.0)
    }
}

/// Compares every published answer of the demo with the truth.
pub(super) fn compare(settings: &Settings, job: &Job) -> Result<Vec<Accuracy>> {
    let questions = &job.release_file.questions;
    let mut answers: Vec<Vec<Shown>> = questions.iter().map(|_| Vec::new()).collect();
    let mut last: Vec<Vec<Shown>> = questions.iter().map(|_| Vec::new()).collect();
    let mut day = Day::new(settings.start);
    for index in 0..settings.days {
        let window = DayWindow::new(day, &job.release_file.ledger.time_zone)?;
        let mut exact: Vec<HashMap<Vec<String>, Exact>> =
            questions.iter().map(|_| HashMap::new()).collect();
        for_each_chunk(settings, index, |batch| {
            for (question, exact) in questions.iter().zip(&mut exact) {
                add(question, &window, &batch, exact)?;
            }
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

fn add(
    question: &Question,
    window: &DayWindow,
    batch: &RecordBatch,
    exact: &mut HashMap<Vec<String>, Exact>,
) -> Result<()> {
    let lookups = Lookups::of(batch)?;
    for row in 0..batch.num_rows() {
        let keys = lookups.keys(question, window, row);
        exact.entry(keys).or_default().note(question, &lookups, row);
    }
    Ok(())
}

/// The columns of a batch of the simulator that the demo's questions read.
struct Lookups<'b> {
    requester: StringArray,
    target: StringArray,
    app: StringArray,
    route: StringArray,
    times: &'b PrimitiveArray<TimestampMicrosecondType>,
    latency: &'b PrimitiveArray<Float64Type>,
}

impl<'b> Lookups<'b> {
    fn of(batch: &'b RecordBatch) -> Result<Self> {
        let column = |name: &str| text(batch.column_by_name(name));
        Ok(Self {
            requester: column("requester")?,
            target: column("target")?,
            app: column("app")?,
            route: column("route")?,
            times: batch
                .column_by_name("requested_at")
                .and_then(|times| times.as_primitive_opt())
                .ok_or_else(|| Error::internal("the simulator's times have another type"))?,
            latency: batch
                .column_by_name("latency_ms")
                .and_then(|latency| latency.as_primitive_opt())
                .ok_or_else(|| Error::internal("the simulator's latencies have another type"))?,
        })
    }

    /// The values of a question's keys.
    fn keys(&self, question: &Question, window: &DayWindow, row: usize) -> Vec<String> {
        let Measure::Prefixes(prefix) = &question.measure else {
            return question.by.iter().map(|key| self.value(key, window, row)).collect();
        };
        let whose = match prefix.of {
            PrefixOf::Target => &self.target,
            PrefixOf::Requester => &self.requester,
        };
        let number = whose.value(row).trim_start_matches('+').parse().unwrap_or(0);
        vec![prefix.of(number).map_or(OTHER.to_owned(), |key| format!("+{key}"))]
    }

    fn value(&self, key: &Key, window: &DayWindow, row: usize) -> String {
        let raw = match key.source() {
            KeySource::Hour => return window.hour(self.times.value(row)).to_string(),
            KeySource::App => self.app.is_valid(row).then(|| self.app.value(row)),
            KeySource::Route => self.route.is_valid(row).then(|| self.route.value(row)),
            KeySource::TargetCountry => {
                let codes = CallingCodes::shipped();
                let digits = self.target.value(row).trim_start_matches('+');
                codes.country_of(digits.as_bytes()).map(|country| codes.name(country))
            }
            _ => None,
        };
        let listed = raw.filter(|raw| key.values().iter().any(|value| value == raw));
        listed.unwrap_or(OTHER).to_owned()
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
    let which = match &question.measure {
        Measure::Quantiles { .. } => Some(number("quantile")?),
        Measure::RequesterHistogram => Some(number("bin_low")?),
        _ => None,
    };
    let bin_high = number("bin_high");
    let names: Vec<&str> = match &question.measure {
        Measure::Prefixes(prefix) => vec![prefix.column()],
        _ => question.by.iter().map(Key::name).collect(),
    };
    let column = |name| text(batch.column_by_name(name)).ok();
    let columns = names.into_iter().map(column).collect::<Option<Vec<_>>>()?;
    let others = others(question, &columns, exact);
    let mut shown = Vec::new();
    // A share that is not published has no error.
    for row in (0..batch.num_rows()).filter(|row| value.is_valid(*row)) {
        let mut keys: Vec<String> =
            columns.iter().map(|column| column.value(row).to_owned()).collect();
        let which = which.as_ref().map_or(0.0, |which| which.value(row));
        let end = bin_high.as_ref().filter(|end| end.is_valid(row)).map(|end| end.value(row));
        let truth = match question.measure {
            Measure::Prefixes(_) if keys == [OTHER] => others,
            _ => exact.get(&keys).map_or(0.0, |exact| exact.answer(question, which, end)),
        };
        match question.measure {
            Measure::Quantiles { .. } => keys.push(format!("quantile {which}")),
            Measure::RequesterHistogram => keys.push(format!("{which} lookups or more")),
            _ => {}
        }
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

/// The lookups whose private prefixes were not found: they count among the others.
fn others(
    question: &Question,
    columns: &[StringArray],
    exact: &HashMap<Vec<String>, Exact>,
) -> f64 {
    if !matches!(question.measure, Measure::Prefixes(_)) {
        return 0.0;
    }
    let found: HashSet<&str> = columns.iter().flatten().flatten().collect();
    let is_other = |key: &String| key == OTHER || !found.contains(key.as_str());
    let others = exact.iter().filter(|(keys, _)| keys.iter().any(is_other));
    others.map(|(_, exact)| exact.lookups as f64).sum()
}

fn text(column: Option<&ArrayRef>) -> Result<StringArray> {
    let missing = || Error::internal("a column of the demo is missing");
    let text = cast(column.ok_or_else(missing)?, &DataType::Utf8).map_err(|_| missing())?;
    Ok(text.as_string::<i32>().clone())
}
