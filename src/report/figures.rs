//! Which chart shows which question: one for each thing that a reader looks for, from the question
//! that knows it best.

use std::collections::BTreeSet;

use super::chart::{Bars, Mark, Numbers, OverTime};
use super::output::{Cell, Output, Row, Series, Table};
use super::periods::of_periods;
use super::sums::{counts, is_summed, sums_over_days, total};
use super::words::{
    OWN, QUANTILE, Scale, date, label, not_to_be_added, quantile_title, sentence, span, title,
    written,
};
use crate::release_file::day::Day;
use crate::release_file::keys::OTHER;
use crate::words::several;

/// The newest days whose hours are drawn.
const DAYS_OF_HOURS: usize = 14;
/// The most bars of one chart; the table behind it has all.
pub(super) const MOST_BARS: usize = 12;

/// A chart with its table.
pub(super) struct Figure {
    /// What it shows.
    pub(super) title: String,
    /// Of which days.
    pub(super) of: String,
    /// What else one has to know, as sentences.
    pub(super) note: String,
    /// The question that it comes from.
    pub(super) question: String,
    /// The chart.
    pub(super) chart: Chart,
    /// The table.
    pub(super) numbers: Numbers,
}

/// A chart.
pub(super) enum Chart {
    /// Values over time.
    OverTime(OverTime),
    /// Bars.
    Bars(Bars),
}

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

/// What grey means, where something is grey.
pub(super) fn grey<'a>(mut cells: impl Iterator<Item = &'a Cell>) -> &'static str {
    if cells.any(|cell| cell.is_lost) { "Grey says nothing. " } else { "" }
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

/// Bars, the largest first unless they have an order of their own, and `other` last. What says nothing
/// stands below the rest unless it is a count.
pub(super) fn bars<K: Ord>(
    [title, of, note]: [&str; 3],
    series: &Series<K>,
    keys: &[String],
    mut rows: Vec<(Vec<String>, Cell)>,
) -> Figure {
    let is_other = |keys: &[String]| keys.iter().any(|key| key == OTHER);
    let is_ordered = keys.iter().any(|key| OWN.contains(&key.as_str()));
    if !is_ordered {
        rows.sort_by(|(left, one), (right, two)| {
            let order = is_other(left).cmp(&is_other(right));
            // A count that says nothing is still about as large as it is; a share may be anything.
            let is_apart = series.scale() != Scale::Count;
            let order = order.then((is_apart && one.is_lost).cmp(&(is_apart && two.is_lost)));
            order.then(two.of.value.total_cmp(&one.of.value)).then_with(|| left.cmp(right))
        });
    }
    let most = if is_ordered { rows.len() } else { MOST_BARS };
    // The row `other` may be large. If there is one, its bar is drawn however many others are
    // larger.
    let others = rows.iter().filter(|(words, _)| is_other(words)).count();
    let is_shown = |place: usize, words: &[String]| place < most || others == 1 && is_other(words);
    let shown = rows.iter().enumerate().filter(|(place, (words, _))| is_shown(*place, words));
    let mut shown: Vec<(String, Cell)> =
        shown.map(|(_, (words, cell))| (label(words, keys), *cell)).collect();
    if is_ordered {
        // All bins after the last one that says something look alike.
        let last = shown.iter().rposition(|(_, cell)| !cell.is_lost);
        shown.truncate(last.map_or(shown.len(), |last| last + 1));
    }
    let more = match rows.len() - shown.len() {
        0 => String::new(),
        rows => format!("{} more in the table. ", several(rows, "row")),
    };
    let is_count = series.scale() == Scale::Count;
    let are_apart = !is_count && !is_ordered && shown.iter().any(|(_, cell)| cell.is_lost);
    let grey = match are_apart {
        true => "Grey says nothing, and stands below the rest. ",
        false => grey(shown.iter().map(|(_, cell)| cell)),
    };
    let more = format!("{more}{}", not_to_be_added(series.asks(), keys));
    let negative = match is_count && shown.iter().any(|(_, cell)| cell.of.value < 0.0) {
        true => {
            "Where noise takes a small count below zero, the nearest number in its range is shown. "
        }
        false => "",
    };
    Figure {
        title: title.to_owned(),
        of: of.to_owned(),
        note: format!("{note}{more}{negative}{grey}"),
        question: series.name.clone(),
        chart: Chart::Bars(Bars { scale: series.scale(), bars: shown }),
        numbers: Numbers {
            caption: format!("{title}, {of}"),
            keys: keys.to_vec(),
            scale: series.scale(),
            rows,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::publish::sum::Summand;

    #[test]
    fn counts_stand_by_their_size_also_where_they_say_nothing() {
        let table = Table { facts: json!({ "asks": "count" }), ..Table::default() };
        let series = Series { name: "volume".to_owned(), tables: BTreeMap::from([(0, table)]) };
        let row = |name: &str, value, is_lost| {
            let of = Summand { value, noise_sd: 0.1, low: 0.0, high: 400_000.0 };
            (vec![name.to_owned()], Cell { of, is_lost })
        };
        let rows = vec![row("6.0", 9_000.0, false), row("5.2", 300_000.0, true)];
        let figure = bars(["Lookups", "1 March 2026", ""], &series, &["version".to_owned()], rows);
        let Chart::Bars(bars) = figure.chart else { panic!("counts by a key are bars") };
        let order: Vec<&str> = bars.bars.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(order, ["5.2", "6.0"]);
        assert!(figure.note.ends_with("Grey says nothing. "), "{}", figure.note);
    }

    #[test]
    fn shares_that_say_nothing_stand_below_those_that_do_and_other_last() {
        let table = Table { facts: json!({ "asks": "share" }), ..Table::default() };
        let tables = BTreeMap::from([(0, table)]);
        let series = Series { name: "sms_share".to_owned(), tables };
        let row = |name: &str, value, is_lost| {
            let of = Summand { value, noise_sd: 0.1, low: 0.0, high: 1.0 };
            (vec![name.to_owned()], Cell { of, is_lost })
        };
        let rows = vec![
            row("other", 0.3, false),
            row("watch", 0.9, true),
            row("calls", 0.1, false),
            row("share", 0.2, false),
        ];
        let figure = bars(["Shares", "1 March 2026", ""], &series, &["app".to_owned()], rows);
        let Chart::Bars(bars) = figure.chart else { panic!("shares are bars") };
        let order: Vec<&str> = bars.bars.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(order, ["share", "calls", "watch", "other"]);
    }
}
