//! A full count of one simulated day, of the kinds that the demo's questions ask for.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, PrimitiveArray, RecordBatch, StringArray};

use crate::phone::CallingCodes;
use crate::release_file::day::DayBounds;
use crate::release_file::keys::{Key, KeySource, OTHER};
use crate::release_file::prefix::{Prefix, PrefixOf};
use crate::release_file::question::{Measure, Question};

/// What is counted for each combination of a question's keys.
pub(super) type Counts = HashMap<Vec<String>, Exact>;

/// What is counted for one combination of keys.
#[derive(Default)]
pub(super) struct Exact {
    pub(super) lookups: u64,
    /// How many lookups each requester has, where the question is about requesters.
    requesters: HashMap<String, u32>,
    /// The latencies, held to the question's range.
    numbers: Vec<f64>,
    /// How many lookups go by SMS: the demo's only share.
    met: u64,
}

impl Exact {
    /// The exact answer. `which` is the quantile, or the first number of lookups of a bin of the
    /// histogram, and `end` the bin's last.
    pub(super) fn answer(&self, question: &Question, which: f64, end: Option<f64>) -> f64 {
        let having = |least: f64, most: Option<f64>| {
            let own = self.requesters.values().map(|own| f64::from(*own));
            own.filter(|own| *own >= least && most.is_none_or(|most| *own <= most)).count() as f64
        };
        match question.measure {
            Measure::DistinctRequesters { at_least, .. } => having(f64::from(at_least), None),
            Measure::RequesterHistogram => having(which, end),
            Measure::Share { .. } => self.met as f64 / self.lookups.max(1) as f64,
            Measure::Quantiles { .. } => self.quantile(which),
            _ => self.lookups as f64,
        }
    }

    /// The smallest of the numbers that this part of them does not exceed.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a length"
    )]
    fn quantile(&self, part: f64) -> f64 {
        let mut numbers = self.numbers.clone();
        numbers.sort_unstable_by(f64::total_cmp);
        let place = (numbers.len() as f64 * part).ceil() as usize;
        numbers.get(place.saturating_sub(1)).copied().unwrap_or_default()
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

/// The columns of a question's keys in its file.
pub(super) fn key_names(question: &Question) -> Vec<&str> {
    match &question.measure {
        Measure::Prefixes(prefix) => vec![prefix.column()],
        _ => question.by.iter().map(Key::name).collect(),
    }
}

/// The columns of the simulator that the demo's questions read.
pub(super) struct Lookups<'b> {
    requester: &'b StringArray,
    target: &'b StringArray,
    app: &'b StringArray,
    route: &'b StringArray,
    times: &'b PrimitiveArray<TimestampMicrosecondType>,
    latency: &'b PrimitiveArray<Float64Type>,
}

impl<'b> Lookups<'b> {
    /// The columns of a batch; `None` if one has another type.
    pub(super) fn of(batch: &'b RecordBatch) -> Option<Self> {
        let text = |name: &str| batch.column_by_name(name)?.as_string_opt();
        Some(Self {
            requester: text("requester")?,
            target: text("target")?,
            app: text("app")?,
            route: text("route")?,
            times: batch.column_by_name("requested_at")?.as_primitive_opt()?,
            latency: batch.column_by_name("latency_ms")?.as_primitive_opt()?,
        })
    }

    /// Counts every lookup for a question.
    pub(super) fn count(&self, question: &Question, bounds: &DayBounds, counts: &mut Counts) {
        for row in 0..self.times.len() {
            let keys = match question.measure {
                Measure::Prefixes(prefix) => vec![self.prefix(prefix, row)],
                _ => question.by.iter().map(|key| self.value(key, bounds, row)).collect(),
            };
            let exact = counts.entry(keys).or_default();
            exact.lookups += 1;
            match &question.measure {
                Measure::DistinctRequesters { .. } | Measure::RequesterHistogram => {
                    let requester = self.requester.value(row).to_owned();
                    *exact.requesters.entry(requester).or_default() += 1;
                }
                Measure::Share { .. } => exact.met += u64::from(self.route.value(row) == "sms"),
                Measure::Quantiles { of, .. } if self.latency.is_valid(row) => {
                    let (low, high) = of.grid().map_or((f64::MIN, f64::MAX), |grid| grid.range());
                    exact.numbers.push(self.latency.value(row).clamp(low, high));
                }
                _ => {}
            }
        }
    }

    /// The value of a key that is in its list, or that of all others.
    fn value(&self, key: &Key, bounds: &DayBounds, row: usize) -> String {
        let raw = match key.source() {
            KeySource::Hour => return bounds.hour(self.times.value(row)).to_string(),
            KeySource::App => self.app.is_valid(row).then(|| self.app.value(row)),
            KeySource::Route => Some(self.route.value(row)),
            KeySource::TargetCountry => {
                let codes = CallingCodes::shipped();
                let country = codes.country_of(digits(self.target, row).as_bytes());
                country.map(|country| codes.name(country))
            }
            _ => None,
        };
        let listed = raw.filter(|raw| key.values().iter().any(|value| value == raw));
        listed.unwrap_or(OTHER).to_owned()
    }

    fn prefix(&self, prefix: Prefix, row: usize) -> String {
        let whose = match prefix.of {
            PrefixOf::Target => self.target,
            PrefixOf::Requester => self.requester,
        };
        let key = prefix.of(digits(whose, row).parse().unwrap_or(0));
        key.map_or_else(|| OTHER.to_owned(), |key| format!("+{key}"))
    }
}

fn digits(numbers: &StringArray, row: usize) -> &str {
    numbers.value(row).trim_start_matches('+')
}
