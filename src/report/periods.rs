//! The figures of weeks and months, from what `rollup` made.

use std::collections::BTreeSet;

use super::chart::{Bars, Numbers};
use super::figure::{Chart, Figure, MOST_BARS, bars, grey};
use super::output::{Cell, Output, Series, Table};
use super::sums::total;
use super::words::title;
use crate::words::several;

/// The sums of each week and month, for each thing that was added up, from the roll-up with the
/// fewest rows.
pub(super) fn of_periods(output: &Output) -> Vec<Figure> {
    let mut rolled: Vec<&Series<String>> = output.rolled.iter().collect();
    rolled.sort_by_key(|series| series.newest().map(|(_, table)| table.rows.len()));
    let mut seen = BTreeSet::new();
    rolled.retain(|series| seen.insert(title_of_periods(series)));
    rolled.sort_by_key(|series| title_of_periods(series));
    rolled.into_iter().filter_map(sums_of_periods).collect()
}

fn title_of_periods(series: &Series<String>) -> String {
    let grain = series.facts()["grain"].as_str().unwrap_or_default();
    let what = title(series.facts(), &[]);
    match series.asks() {
        "histogram" => format!("{what} in a day, all days of a {grain} together"),
        _ => format!("{what} by {grain}"),
    }
}

/// The bins of the newest week or month. Added up they would be the requesters of each day, which is no
/// number of people.
fn bins_of_period(series: &Series<String>) -> Option<Figure> {
    let (period, table) = series.newest()?;
    let days = table.facts["days"].as_array().map_or(0, Vec::len);
    let of = format!("{period}, the newest, {}", several(days, "day"));
    let rows = table.rows.iter().map(|row| (row.keys.clone(), row.cell)).collect();
    let note = "A requester counts once on each day. ";
    Some(bars([&title_of_periods(series), &of, note], series, series.keys(), rows))
}

fn sums_of_periods(series: &Series<String>) -> Option<Figure> {
    if series.asks() == "histogram" {
        return bins_of_period(series);
    }
    let period = |(period, table): (&String, &Table)| {
        let days = table.facts["days"].as_array().map_or(0, Vec::len);
        Some((vec![period.clone(), several(days, "day")], total(table)?))
    };
    // The newest stands first.
    let rows: Vec<_> = series.tables.iter().rev().filter_map(period).collect();
    let title = title_of_periods(series);
    let bars: Vec<(String, Cell)> =
        rows.iter().take(MOST_BARS).map(|(words, cell)| (words.join(", "), *cell)).collect();
    let of = match (rows.first(), rows.last()) {
        (Some((newest, _)), Some((oldest, _))) if rows.len() > 1 => {
            format!("{} to {}", oldest[0], newest[0])
        }
        (newest, _) => newest.map_or(String::new(), |(words, _)| words[0].clone()),
    };
    let note = "Compare only periods with the same number of days. ";
    (!rows.is_empty()).then(|| Figure {
        of,
        note: format!("{note}{}", grey(bars.iter().map(|(_, cell)| cell))),
        question: series.name.clone(),
        chart: Chart::Bars(Bars { scale: series.scale(), bars }),
        numbers: Numbers {
            caption: title.clone(),
            keys: ["period", "days"].map(str::to_owned).to_vec(),
            scale: series.scale(),
            rows,
        },
        title,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::publish::sum::Summand;
    use crate::report::output::Row;

    /// One requester of two days is no two requesters.
    #[test]
    fn a_histogram_of_a_week_keeps_its_bins() {
        let keys = ["bin_low", "bin_high"].map(str::to_owned).to_vec();
        let row = |low: &str, high: &str, value| Row {
            keys: vec![low.to_owned(), high.to_owned()],
            cell: Cell {
                of: Summand { value, noise_sd: 1.0, low: 0.0, high: 9e4 },
                is_lost: false,
            },
        };
        let facts =
            json!({ "asks": "histogram", "grain": "week", "days": ["2026-11-23", "2026-11-24"] });
        let rows = vec![row("1", "1", 30_000.0), row("2", "", 12_900.0)];
        let table = Table { facts, keys, rows, ..Table::default() };
        let tables = BTreeMap::from([("2026-W48".to_owned(), table)]);
        let figure =
            sums_of_periods(&Series { name: "asking_by_week".to_owned(), tables }).unwrap();
        assert_eq!(
            (figure.title.as_str(), figure.of.as_str()),
            (
                "Requesters by how many lookups they make in a day, all days of a week together",
                "2026-W48, the newest, 2 days"
            )
        );
        assert!(figure.note.contains("A requester counts once on each day."), "{}", figure.note);
        let Chart::Bars(bars) = figure.chart else { panic!("bins are bars") };
        let shown: Vec<(&str, f64)> =
            bars.bars.iter().map(|(name, cell)| (name.as_str(), cell.of.value)).collect();
        assert_eq!(shown, [("1", 30_000.0), ("2 or more", 12_900.0)]);
    }
}
