//! A full count of one day's lookups, in plain columns: nothing here reads or bounds as the program does.

use std::collections::{BTreeMap, HashMap, HashSet};

use pointillist::release_file::keys::OTHER;
use pointillist::release_file::measure::Measure;
use pointillist::release_file::question::Question;

use crate::published::{Answer, key_names};

/// Lookups in columns: who asked, the value of each key, and a number.
#[derive(Clone, Default)]
pub(crate) struct Log {
    requesters: Vec<u64>,
    keys: BTreeMap<String, Labels>,
    /// Not a number where a lookup has none.
    numbers: Vec<f64>,
}

/// The values of one key.
#[derive(Clone, Default)]
struct Labels {
    names: Vec<String>,
    places: HashMap<String, u32>,
    of_row: Vec<u32>,
}

impl Log {
    /// Appends a lookup; every lookup of a log has the same keys.
    pub(crate) fn add(&mut self, requester: u64, keys: &[(&str, &str)], number: f64) {
        self.requesters.push(requester);
        self.numbers.push(number);
        for (key, value) in keys {
            if !self.keys.contains_key(*key) {
                self.keys.insert((*key).to_owned(), Labels::default());
            }
            self.keys.get_mut(*key).expect("the key").add(value);
        }
    }

    /// The rows of each combination of keys that occurs.
    pub(crate) fn cells(&self, by: &[&str]) -> HashMap<Vec<String>, Vec<u32>> {
        let columns: Vec<&Labels> = by.iter().map(|key| &self.keys[*key]).collect();
        let mut cells: HashMap<u64, Vec<u32>> = HashMap::new();
        for row in 0..self.requesters.len() {
            let cell = columns.iter().fold(0, |cell, labels| {
                cell * labels.names.len() as u64 + u64::from(labels.of_row[row])
            });
            cells.entry(cell).or_default().push(u32::try_from(row).expect("a row"));
        }
        let names = |rows: &[u32]| {
            let name =
                |labels: &&Labels| labels.names[labels.of_row[rows[0] as usize] as usize].clone();
            columns.iter().map(name).collect::<Vec<_>>()
        };
        cells.into_values().map(|rows| (names(&rows), rows)).collect()
    }

    /// How many of these lookups each requester made.
    pub(crate) fn by_requester(&self, rows: &[u32]) -> HashMap<u64, u32> {
        let mut own = HashMap::new();
        for row in rows {
            *own.entry(self.requesters[*row as usize]).or_default() += 1;
        }
        own
    }

    /// What a full count gives in place of each answer to a question; not a number for a share or mean of
    /// no lookups.
    pub(crate) fn truths(&self, question: &Question, answers: &[Answer]) -> Vec<f64> {
        let cells = self.cells(&key_names(question));
        let found: HashSet<&[String]> =
            answers.iter().map(|answer| answer.keys.as_slice()).collect();
        let is_private = matches!(question.measure, Measure::Prefixes(_));
        let all_others = || -> Vec<u32> {
            let is_other = |keys: &[String]| keys == [OTHER] || !found.contains(keys);
            let others = cells.iter().filter(|(keys, _)| is_other(keys));
            others.flat_map(|(_, rows)| rows.iter().copied()).collect()
        };
        let truth = |answer: &Answer| {
            if is_private && answer.keys == [OTHER] {
                return self.measured(question, &all_others(), answer);
            }
            let rows = cells.get(&answer.keys);
            rows.map_or_else(
                || if is_of_lookups(&question.measure) { f64::NAN } else { 0.0 },
                |rows| self.measured(question, rows, answer),
            )
        };
        answers.iter().map(truth).collect()
    }

    fn measured(&self, question: &Question, rows: &[u32], answer: &Answer) -> f64 {
        match &question.measure {
            Measure::Count | Measure::Prefixes(_) => rows.len() as f64,
            Measure::DistinctRequesters { at_least, .. } => {
                let own = self.by_requester(rows).into_values();
                own.filter(|own| own >= at_least).count() as f64
            }
            Measure::RequesterHistogram => {
                let own = self.by_requester(rows).into_values().map(f64::from);
                let most = answer.end.unwrap_or(f64::INFINITY);
                own.filter(|own| (answer.which..=most).contains(own)).count() as f64
            }
            // The only share that is asked for is that of SMS.
            Measure::Share { .. } => {
                let routes = &self.keys["route"];
                let is_sms =
                    |row: &&u32| routes.names[routes.of_row[**row as usize] as usize] == "sms";
                rows.iter().filter(is_sms).count() as f64 / rows.len() as f64
            }
            Measure::Sum(key) | Measure::Mean(key) | Measure::Quantiles { of: key, .. } => {
                let (low, high) = key.grid().expect("a range").range();
                let numbers = rows.iter().map(|row| self.numbers[*row as usize]);
                let mut numbers: Vec<f64> = numbers
                    .filter(|number| number.is_finite())
                    .map(|number| number.clamp(low, high))
                    .collect();
                numbers.sort_unstable_by(f64::total_cmp);
                let count = numbers.len() as f64;
                match &question.measure {
                    // The smallest number that this part of them does not exceed.
                    Measure::Quantiles { .. } => {
                        numbers[at_least((count * answer.which).ceil() - 1.0)]
                    }
                    Measure::Sum(_) => numbers.iter().sum(),
                    _ => numbers.iter().sum::<f64>() / count,
                }
            }
        }
    }
}

/// Whether a value is of lookups, so that there is none without any.
const fn is_of_lookups(measure: &Measure) -> bool {
    matches!(measure, Measure::Share { .. } | Measure::Mean(_) | Measure::Quantiles { .. })
}

impl Labels {
    fn add(&mut self, value: &str) {
        let place = match self.places.get(value) {
            Some(place) => *place,
            None => {
                let place = u32::try_from(self.names.len()).expect("few values");
                self.names.push(value.to_owned());
                self.places.insert(value.to_owned(), place);
                place
            }
        };
        self.of_row.push(place);
    }
}

fn at_least(place: f64) -> usize {
    place.max(0.0) as usize
}
