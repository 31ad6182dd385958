//! Which chart shows which question: one for each thing that a reader looks for, from the question
//! that knows it best.

use std::collections::BTreeSet;

use super::chart::{Mark, Numbers, OverTime};
use super::figure::{Chart, Figure, bars, grey};
use super::output::{Cell, Output, Row, Series, Table};
use super::periods::of_periods;
use super::sums::{counts, is_summed, sums_over_days, total};
use super::words::{QUANTILE, date, quantile_title, sentence, span, title, written};
use crate::release_file::day::Day;
use crate::words::several;

/// The newest days whose hours are drawn.
const DAYS_OF_HOURS: usize = 14;

/// Figures under one heading.
pub(super) struct Section {
    /// The heading.
    pub(super) title: &'static str,
    /// Its figures.
    pub(super) figures: Vec<Figure>,
}

/// All sections that have a figure.
pub(super) fn sections(output: &Output) -> Vec<Section> {
    let of_kind = |kinds: &[&str]| -> Vec<Figure> {
        let of = |series: &&Series<Day>| {
            kinds.contains(&series.asks()) && !series.is_of_prefixes() && !is_summed(series)
        };
        output.questions.iter().filter(of).flat_map(|series| own_figures(output, series)).collect()
    };
    let prefixes = output.questions.iter().filter(|series| series.is_of_prefixes());
    let sections = [
        ("Load", load(output)),
        ("Breakdowns", by_keys(output).into_iter().chain(of_kind(&["count"])).collect()),
        ("Shares", of_kind(&["share"])),
        ("Latency and other numbers", of_kind(&["quantiles", "mean", "sum"])),
        ("Requesters", of_kind(&["distinct", "histogram"])),
        ("Prefixes", prefixes.flat_map(|series| own_figures(output, series)).collect()),
        ("Weeks and months", of_periods(output)),
    ];
    let sections = sections.into_iter().map(|(title, figures)| Section { title, figures });
    sections.filter(|section| !section.figures.is_empty()).collect()
}

/// The lookups of each day, and of each hour of the newest days.
fn load(output: &Output) -> Vec<Figure> {
    let counts = counts(output);
    let by_day = counts.first().map(|series| {
        let days = output.span();
        let cells: Vec<_> = days.iter().map(|day| series.tables.get(day).and_then(total)).collect();
        over_time("Lookups by day", output, series, &days, cells)
    });
    let is_hourly =
        |series: &&&Series<Day>| series.newest().is_some_and(|(_, table)| table.hour.is_some());
    let by_hour = counts.iter().find(is_hourly).map(|series| {
        let mut days = output.span();
        days.drain(..days.len().saturating_sub(DAYS_OF_HOURS));
        let cells = days.iter().flat_map(|day| hours(series.tables.get(day))).collect();
        over_time("Lookups by hour", output, series, &days, cells)
    });
    by_day.into_iter().chain(by_hour).collect()
}

/// The hours of one day; none for a day without a table of hours.
fn hours(table: Option<&Table>) -> Vec<Option<Cell>> {
    let mut cells = vec![None; 24];
    let sums = table.and_then(|table| table.sums(Some(table.hour?))).unwrap_or_default();
    for (hour, cell) in sums {
        // Hours of a week go on from day to day.
        let hour = hour.parse::<usize>().unwrap_or_default() % 24;
        cells[hour] = Some(cell);
    }
    cells
}

/// Values over days, or over the hours of days.
fn over_time(
    title: &str,
    output: &Output,
    series: &Series<Day>,
    days: &[Day],
    cells: Vec<Option<Cell>>,
) -> Figure {
    let places = cells.len() / days.len().max(1);
    let format = if days.len() > 7 { "%-d %b" } else { "%a %-d" };
    let mark = |(number, day): (usize, &Day)| Mark {
        first: number * places,
        places,
        name: written(*day, format),
        is_missing: !series.tables.contains_key(day),
    };
    let when = match days {
        [first, .., last] => span(*first, *last),
        _ => days.first().map_or(String::new(), |day| date(*day)),
    };
    let mut rows = Vec::new();
    for (day, cells) in days.iter().zip(cells.chunks(places.max(1))) {
        for (hour, cell) in cells.iter().enumerate() {
            let hour = if places > 1 { format!(" {hour:02}:00") } else { String::new() };
            let when = format!("{}{hour}", written(*day, "%a %-d %b %Y"));
            rows.extend(cell.map(|cell| (vec![when], cell)));
        }
    }
    let gap = shaded(output, series, days);
    Figure {
        title: title.to_owned(),
        note: format!("{}{}", sentence(&gap), grey(cells.iter().flatten())),
        question: series.name.clone(),
        chart: Chart::OverTime(OverTime {
            name: format!(
                "{title}, {when}. {}The table behind the chart has the numbers.",
                sentence(&gap)
            ),
            scale: series.scale(),
            cells,
            marks: days.iter().enumerate().map(mark).collect(),
        }),
        numbers: Numbers {
            caption: format!("{title}, {when}"),
            keys: vec!["when".to_owned()],
            scale: series.scale(),
            rows,
        },
        of: when,
    }
}

/// Why some days of a chart have no value; empty if all days have one.
fn shaded(output: &Output, series: &Series<Day>, days: &[Day]) -> String {
    let without = days.iter().filter(|day| !series.tables.contains_key(day));
    let (unasked, unreleased): (Vec<&Day>, Vec<&Day>) =
        without.partition(|day| output.days.contains_key(day));
    let reasons = [
        (unreleased.len(), "not released"),
        (unasked.len(), "on which this was asked differently or not at all"),
    ];
    let reasons = reasons.iter().filter(|(number, _)| *number > 0);
    let reasons: Vec<String> =
        reasons.map(|(number, why)| format!("{} {why}", several(*number, "day"))).collect();
    match reasons.as_slice() {
        [] => String::new(),
        some => format!("Shaded: {}", some.join(", ")),
    }
}

/// For each key of counts the lookups by its values, over all days.
fn by_keys(output: &Output) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut seen = BTreeSet::new();
    for series in counts(output) {
        for (place, key) in series.keys().iter().enumerate() {
            let is_hour = series.newest().is_some_and(|(_, table)| table.hour == Some(place));
            if is_hour || !seen.insert(key.clone()) {
                continue;
            }
            let (added, sums) = sums_over_days(series, key);
            let days = output.span();
            let (of, note) = match days.as_slice() {
                [first, .., last] => {
                    let same = match added == output.days.len() {
                        true => "",
                        false => "Those days are added up that have this key and list of values. ",
                    };
                    let added = several(added, "released day");
                    (format!("sum of {added}, {}", span(*first, *last)), same)
                }
                _ => (days.first().map_or(String::new(), |day| date(*day)), ""),
            };
            let rows = sums.into_iter().map(|(name, cell)| (vec![name], cell)).collect();
            let keys = std::slice::from_ref(key);
            figures.push(bars([&format!("Lookups by {key}"), &of, note], series, keys, rows));
        }
    }
    figures
}

/// The figures of a question by itself: over days if it has one value or a few quantiles a day, and
/// otherwise of the newest day.
fn own_figures(output: &Output, series: &Series<Day>) -> Vec<Figure> {
    let Some((day, newest)) = series.newest() else { return Vec::new() };
    let name = title(&newest.facts, &newest.keys);
    let days = output.span();
    let of_days = |title: &str, keys: &[String]| {
        let of = |day: &Day| {
            let row = series.tables.get(day)?.rows.iter().find(|row| row.keys == *keys);
            row.map(|row| row.cell)
        };
        over_time(title, output, series, &days, days.iter().map(of).collect())
    };
    match newest.keys.as_slice() {
        [] => vec![of_days(&name, &[])],
        [only] if only == QUANTILE => {
            let of = |row: &Row| of_days(&quantile_title(&row.keys[0], &name), &row.keys);
            newest.rows.iter().map(of).collect()
        }
        keys => {
            let rows = newest.rows.iter().map(|row| (row.keys.clone(), row.cell)).collect();
            let of = format!("{}, the newest day", date(*day));
            vec![bars([&name, &of, ""], series, keys, rows)]
        }
    }
}
