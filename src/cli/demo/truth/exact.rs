//! A full count of one simulated day.

use std::collections::{HashMap, HashSet};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use polars::prelude::{
    ChunkAgg, ChunkApply, ChunkQuantile, Column, DataFrame, Float64Chunked, PolarsError,
    PolarsResult, QuantileMethod, UniqueKeepStrategy,
};

use crate::phone::CallingCodes;
use crate::release_file::keys::{Key, KeySource, OTHER};
use crate::release_file::measure::Counted;
use crate::release_file::prefix::{Prefix, PrefixOf};
use crate::release_file::question::{Measure, Question};
use crate::release_file::window::DayWindow;
use crate::{Error, Result};

/// What is counted for one combination of keys.
pub(super) struct Exact {
    lookups: usize,
    /// How many lookups each requester has, or how many targets where the question asks for them.
    requesters: Vec<u32>,
    /// The number of each lookup that has one, held to the question's range; 1 or 0 for a share.
    numbers: Float64Chunked,
}

impl Exact {
    /// Counts the lookups of a day for every combination of a question's keys.
    pub(super) fn by_keys(
        question: &Question,
        lookups: &DataFrame,
    ) -> PolarsResult<HashMap<Vec<String>, Self>> {
        let names = key_names(question);
        let parts = match names.as_slice() {
            [] => vec![lookups.clone()],
            names => lookups.partition_by(names.iter().copied(), true)?,
        };
        let of_part = |part: DataFrame| {
            let key = |name: &&str| {
                let value = part.column(name)?.str()?.get(0).unwrap_or_default();
                Ok(value.to_owned())
            };
            let keys = names.iter().map(key).collect::<PolarsResult<_>>()?;
            Ok((keys, Self::of(question, &part)?))
        };
        parts.into_iter().map(of_part).collect()
    }

    fn of(question: &Question, lookups: &DataFrame) -> PolarsResult<Self> {
        let requesters = match &question.measure {
            Measure::DistinctRequesters { .. } | Measure::RequesterHistogram => {
                let pair = ["requester", "target"].map(str::to_owned);
                let of_targets = matches!(
                    question.measure,
                    Measure::DistinctRequesters { of: Counted::Targets, .. }
                );
                let counted = if of_targets {
                    lookups.unique_stable(Some(&pair), UniqueKeepStrategy::Any, None)?
                } else {
                    lookups.clone()
                };
                let own = counted.group_by(["requester"])?.select(["requester"]).count()?;
                own.column("requester_count")?.u32()?.into_no_null_iter().collect()
            }
            _ => Vec::new(),
        };
        let numbers = match &question.measure {
            Measure::Share { .. } => lookups.column("met")?.f64()?.clone(),
            Measure::Sum(key) | Measure::Mean(key) | Measure::Quantiles { of: key, .. } => {
                let (low, high) = match key.source() {
                    KeySource::Number(grid) => grid.range(),
                    _ => (f64::MIN, f64::MAX),
                };
                lookups.column("number")?.f64()?.apply_values(|number| number.clamp(low, high))
            }
            _ => Float64Chunked::default(),
        };
        Ok(Self { lookups: lookups.height(), requesters, numbers })
    }

    /// The lookups whose private prefixes were not found, which are published as others.
    pub(super) fn of_others(
        question: &Question,
        exact: &HashMap<Vec<String>, Self>,
        found: &HashSet<&str>,
    ) -> Option<f64> {
        let is_other = |key: &String| key == OTHER || !found.contains(key.as_str());
        let others = exact.iter().filter(|(keys, _)| keys.iter().any(is_other));
        let is_private = matches!(question.measure, Measure::Prefixes(_));
        is_private.then(|| others.map(|(_, exact)| exact.lookups as f64).sum())
    }

    /// The exact answer. `which` is the quantile, or the first number of lookups of a bin of the
    /// histogram, and `end` the bin's last.
    pub(super) fn answer(&self, question: &Question, which: f64, end: Option<f64>) -> f64 {
        let having = |least: f64, most: Option<f64>| {
            let own = self.requesters.iter().map(|own| f64::from(*own));
            own.filter(|own| *own >= least && most.is_none_or(|most| *own <= most)).count() as f64
        };
        let answer = match &question.measure {
            Measure::Count | Measure::Prefixes(_) => Some(self.lookups as f64),
            Measure::DistinctRequesters { at_least, .. } => {
                Some(having(f64::from(*at_least), None))
            }
            Measure::RequesterHistogram => Some(having(which, end)),
            Measure::Sum(_) => self.numbers.sum(),
            Measure::Share { .. } | Measure::Mean(_) => self.numbers.mean(),
            // The smallest number that this part of them does not exceed.
            Measure::Quantiles { .. } => {
                self.numbers.quantile(which, QuantileMethod::Equiprobable).ok().flatten()
            }
        };
        answer.unwrap_or(0.0)
    }
}

/// The column that says which quantile or bin a row of a question's file is of.
pub(super) fn which_column(question: &Question) -> Option<&'static str> {
    match question.measure {
        Measure::Quantiles { .. } => Some("quantile"),
        Measure::RequesterHistogram => Some("bin_low"),
        _ => None,
    }
}

/// The same in words.
pub(super) fn row_name(question: &Question, which: f64) -> Option<String> {
    match question.measure {
        Measure::Quantiles { .. } => Some(format!("quantile {which}")),
        Measure::RequesterHistogram => Some(format!("{which} lookups or more")),
        _ => None,
    }
}

/// The columns of a question's keys, in its file and in a frame.
pub(super) fn key_names(question: &Question) -> Vec<&str> {
    match &question.measure {
        Measure::Prefixes(prefix) => vec![prefix.column()],
        _ => question.by.iter().map(Key::name).collect(),
    }
}

/// Rows of the simulator as a frame: who asked about whom, the numbers that are asked for, and a
/// column for each key of the questions.
pub(super) fn frame(
    questions: &[Question],
    window: &DayWindow,
    batch: &RecordBatch,
) -> Result<DataFrame> {
    let lookups = Lookups::of(batch)?;
    // The demo's only number is the latency, its only share that of SMS.
    let met = lookups.route.iter().map(|route| f64::from(route == Some("sms")));
    let mut columns = vec![
        Column::new("requester".into(), lookups.requester.iter().collect::<Vec<_>>()),
        Column::new("target".into(), lookups.target.iter().collect::<Vec<_>>()),
        Column::new("number".into(), lookups.latency.iter().collect::<Vec<_>>()),
        Column::new("met".into(), met.collect::<Vec<_>>()),
    ];
    let mut add = |name: &str, value: &dyn Fn(usize) -> String| {
        if columns.iter().all(|column| column.name() != name) {
            let values = (0..batch.num_rows()).map(value).collect::<Vec<_>>();
            columns.push(Column::new(name.into(), values));
        }
    };
    for question in questions {
        if let Measure::Prefixes(prefix) = question.measure {
            add(prefix.column(), &|row| lookups.prefix(prefix, row));
        }
        for key in &question.by {
            add(key.name(), &|row| lookups.value(key, window, row));
        }
    }
    DataFrame::new_infer_height(columns).map_err(uncounted)
}

/// The columns of the simulator that the demo's questions read.
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
        let other_type = || Error::internal("a column of the simulator has another type");
        let words = |name: &str| text(batch.column_by_name(name));
        let (times, latency) =
            (batch.column_by_name("requested_at"), batch.column_by_name("latency_ms"));
        Ok(Self {
            requester: words("requester")?,
            target: words("target")?,
            app: words("app")?,
            route: words("route")?,
            times: times.and_then(|times| times.as_primitive_opt()).ok_or_else(other_type)?,
            latency: latency.and_then(|number| number.as_primitive_opt()).ok_or_else(other_type)?,
        })
    }

    /// The value of a key that is in its list, or that of all others.
    fn value(&self, key: &Key, window: &DayWindow, row: usize) -> String {
        let raw = match key.source() {
            KeySource::Hour => return window.hour(self.times.value(row)).to_string(),
            KeySource::App => self.app.is_valid(row).then(|| self.app.value(row)),
            KeySource::Route => self.route.is_valid(row).then(|| self.route.value(row)),
            KeySource::TargetCountry => {
                let codes = CallingCodes::shipped();
                let country = codes.country_of(digits(&self.target, row).as_bytes());
                country.map(|country| codes.name(country))
            }
            _ => None,
        };
        let listed = raw.filter(|raw| key.values().iter().any(|value| value == raw));
        listed.unwrap_or(OTHER).to_owned()
    }

    fn prefix(&self, prefix: Prefix, row: usize) -> String {
        let whose = match prefix.of {
            PrefixOf::Target => &self.target,
            PrefixOf::Requester => &self.requester,
        };
        let key = prefix.of(digits(whose, row).parse().unwrap_or(0));
        key.map_or_else(|| OTHER.to_owned(), |key| format!("+{key}"))
    }
}

fn digits(numbers: &StringArray, row: usize) -> &str {
    numbers.value(row).trim_start_matches('+')
}

/// A column as text.
pub(super) fn text(column: Option<&ArrayRef>) -> Result<StringArray> {
    let missing = || Error::internal("a column of the demo is missing");
    let text = cast(column.ok_or_else(missing)?, &DataType::Utf8).map_err(|_| missing())?;
    Ok(text.as_string::<i32>().clone())
}

pub(super) fn uncounted(_: PolarsError) -> Error {
    Error::internal("the simulator's rows cannot be counted")
}
