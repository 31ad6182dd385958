//! How the times of a column can be written, where a spelling alone may mean several instants.

use std::collections::BTreeMap;

use crate::ingest::{Spelling, spelling};

/// Times whose dates have no marks, so that they look like numbers, and those of Oracle.
const DENSE: [&str; 9] = [
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
    "%Y%m%d %H:%M:%S",
    "%Y%m%d %H:%M",
    "%Y%m%d %H%M%S",
    "%d-%b-%y %I.%M.%S%.f %p",
    "%d-%b-%y %H.%M.%S%.f",
    "%d-%b-%Y %I.%M.%S%.f %p",
    "%d-%b-%Y %H.%M.%S%.f",
];
/// How many values are looked at.
const MOST: usize = 2_000;

/// A way to read all texts: in one or several formats, which differ in seconds, fractions or halves of a
/// day.
pub(super) struct Way {
    pub(super) formats: Vec<String>,
    pub(super) has_year: bool,
}

impl Way {
    /// The setting.
    pub(super) fn setting(&self) -> String {
        let formats = self.formats.iter().map(|format| toml::Value::from(format.as_str()));
        match formats.collect::<Vec<_>>().as_slice() {
            [one] => format!("time_format = {one}"),
            several => format!("time_format = {}", toml::Value::Array(several.to_vec())),
        }
    }

    /// Whether it is the way of the United States: halves of a day, and the month first.
    pub(super) fn is_american(&self) -> bool {
        self.formats.iter().all(|format| format.starts_with("%m") && format.ends_with("%p"))
    }

    /// Whether its times have no offset.
    pub(super) fn is_naive(&self) -> bool {
        !self.formats.iter().any(|format| format.contains("%z"))
    }
}

/// The ways in which texts can be written: the day first, the month first, the year of two digits first.
pub(super) fn ways<'v>(values: impl Iterator<Item = &'v str>) -> Vec<Way> {
    let mut orders: [BTreeMap<String, usize>; 3] = Default::default();
    let mut yearless: BTreeMap<String, usize> = BTreeMap::new();
    for value in values.take(MOST) {
        match spelling(value.trim()) {
            Spelling::Several(formats) => {
                let orders = orders.iter_mut().zip(formats);
                orders.for_each(|(order, format)| *order.entry(format).or_default() += 1);
            }
            Spelling::NoYear(format) => *yearless.entry(format).or_default() += 1,
            Spelling::Time(..) | Spelling::Nothing => {}
        }
    }
    let way = |counts: BTreeMap<String, usize>, has_year: bool| {
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let formats = counts.into_iter().map(|(format, _)| format).take(4).collect();
        Way { formats, has_year }
    };
    let ways = orders.map(|order| way(order, true)).into_iter().chain([way(yearless, false)]);
    ways.filter(|way| !way.formats.is_empty()).collect()
}

/// The ways to read times that no spelling covers; no text can be read in two of them.
pub(super) fn dense() -> impl Iterator<Item = Way> {
    DENSE.iter().map(|format| Way { formats: vec![(*format).to_owned()], has_year: true })
}

/// Whether most texts are days without a clock: with a clock behind them they are times.
pub(super) fn are_days<'v>(values: impl Iterator<Item = &'v str>) -> bool {
    most(values, |value: &str| {
        !value.contains(':') && says_time(&format!("{} 00:00:00", value.trim()))
    })
}

/// Whether most texts are times on a clock, without a day.
pub(super) fn are_clocks<'v>(values: impl Iterator<Item = &'v str>) -> bool {
    most(values, |value: &str| {
        says_time(&format!("2026-03-02 {}", value.trim())) && !says_time(value)
    })
}

/// Whether most texts say a day and a time.
pub(super) fn are_times(values: impl Iterator<Item = String>) -> bool {
    most(values, |value: &str| says_time(value.trim()))
}

fn says_time(text: &str) -> bool {
    spelling(text) != Spelling::Nothing
}

fn most<T: AsRef<str>>(values: impl Iterator<Item = T>, is: impl Fn(&str) -> bool) -> bool {
    const ENOUGH: usize = 50;
    let (mut all, mut right) = (0, 0);
    for value in values.take(ENOUGH) {
        all += 1;
        right += usize::from(is(value.as_ref()));
    }
    all > 0 && right * 10 >= all * 9
}
