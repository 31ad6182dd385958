//! What adds up: the rows of a table, and the tables of several days.

use std::collections::{BTreeMap, BTreeSet};

use super::output::{Cell, Output, Row, Series, Table};
use super::words::Scale;
use crate::publish::sum::{Counted, OfDay, Over, Summand, add_up, add_up_days};
use crate::release_file::day::Day;

impl<K: Ord> Series<K> {
    pub(super) fn asks(&self) -> &str {
        self.facts()["asks"].as_str().unwrap_or_default()
    }

    pub(super) fn scale(&self) -> Scale {
        Scale::of(self.asks())
    }

    pub(super) fn keys(&self) -> &[String] {
        self.newest().map_or(&[], |(_, table)| &table.keys)
    }

    pub(super) fn is_of_prefixes(&self) -> bool {
        self.keys().iter().any(|key| key == "target_prefix" || key == "requester_prefix")
    }
}

/// Whether a question counts lookups that add up, so that the figures of its keys show it.
pub(super) fn is_summed(series: &Series<Day>) -> bool {
    series.asks() == "count"
        && series
            .newest()
            .is_some_and(|(_, table)| table.keys.is_empty() || table.sums(None).is_some())
}

/// The questions that count lookups which add up, those of the fewest rows first.
pub(super) fn counts(output: &Output) -> Vec<&Series<Day>> {
    let is_count = |series: &&Series<Day>| is_summed(series) && !series.is_of_prefixes();
    let mut counts: Vec<&Series<Day>> = output.questions.iter().filter(is_count).collect();
    counts.sort_by_key(|series| series.newest().map(|(_, table)| table.rows.len()));
    counts
}

/// What all rows of a table add up to.
pub(super) fn total(table: &Table) -> Option<Cell> {
    match table.rows.as_slice() {
        [only] => Some(only.cell),
        _ => Some(table.sums(None)?.first()?.1),
    }
}

impl Table {
    /// The sums of its rows by the value of one key, or of all rows; `None` if they do not add up.
    ///
    /// Also `None` for files of earlier versions, which do not say whether all rows were published.
    pub(super) fn sums(&self, key: Option<usize>) -> Option<Vec<(String, Cell)>> {
        let counted = Counted::of(self.facts["asks"].as_str()?)?;
        // Roll-ups are made of what adds up alone.
        let is_whole = self.facts.get("grain").is_some() || self.facts.get("top")?.is_null();
        if !is_whole || self.rows.is_empty() {
            return None;
        }
        let name = |row: &Row| key.map_or(String::new(), |key| row.keys[key].clone());
        let cells = self.rows.iter().map(|row| (name(row), row.cell.of));
        Some(summed(cells, counted, |cells| add_up(cells, Over::CELLS, counted)))
    }
}

/// The sums by the values of a key over all days that list the same values as the newest, and how
/// many days these are. On a day with another list, a value may be part of the row `other`.
pub(super) fn sums_over_days(series: &Series<Day>, key: &str) -> (usize, Vec<(String, Cell)>) {
    let of = |table: &Table| table.sums(Some(table.place(key)?));
    let mut days: Vec<_> = series.tables.values().filter_map(of).collect();
    let names = |sums: &[(String, Cell)]| -> BTreeSet<String> {
        sums.iter().map(|(name, _)| name.clone()).collect()
    };
    let newest = days.last().map(|sums| names(sums)).unwrap_or_default();
    days.retain(|sums| names(sums) == newest);
    (days.len(), over_days(days, series.asks()))
}

/// Adds up the sums of several days by name.
pub(super) fn over_days(days: Vec<Vec<(String, Cell)>>, asks: &str) -> Vec<(String, Cell)> {
    let Some(counted) = Counted::of(asks) else { return Vec::new() };
    let of_day = |sums: Vec<(String, Cell)>| {
        let values: Vec<Summand> = sums.iter().map(|(_, cell)| cell.of).collect();
        let names = sums.into_iter().map(|(name, _)| name);
        names.zip(OfDay::all(&values, counted)).collect::<Vec<_>>()
    };
    let days = days.into_iter().flat_map(of_day);
    summed(days, counted, |days| add_up_days(days, counted))
}

/// Adds up what has one name, in the order of the names.
fn summed<T>(
    cells: impl Iterator<Item = (String, T)>,
    counted: Counted,
    add_up: impl Fn(Vec<T>) -> Summand,
) -> Vec<(String, Cell)> {
    let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for (name, cell) in cells {
        groups.entry(name).or_default().push(cell);
    }
    let sums: Vec<(String, Summand)> =
        groups.into_iter().map(|(name, members)| (name, add_up(members))).collect();
    let mean = sums.iter().map(|(_, sum)| sum.value).sum::<f64>() / sums.len().max(1) as f64;
    let cell = |of: Summand| Cell { of, is_lost: of.is_uninformative(counted, mean) };
    sums.into_iter().map(|(name, sum)| (name, cell(sum))).collect()
}
