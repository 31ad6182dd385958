//! A chart with its table, and how bars are put in order.

use super::chart::{Bars, Numbers, OverTime};
use super::output::{Cell, Series};
use super::words::{OWN, Scale, label, not_to_be_added};
use crate::release_file::keys::OTHER;
use crate::words::several;

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

/// What grey means, where something is grey.
pub(super) fn grey<'a>(mut cells: impl Iterator<Item = &'a Cell>) -> &'static str {
    if cells.any(|cell| cell.is_lost) { "Grey says nothing. " } else { "" }
}

/// Bars, the largest first unless they have an order of their own, and `other` last. What says nothing
/// stands below the rest unless it is a count.
pub(super) fn bars<K: Ord>(
    [title, of, note]: [&str; 3],
    series: &Series<K>,
    keys: &[String],
    mut rows: Vec<(Vec<String>, Cell)>,
) -> Figure {
    let is_ordered = keys.iter().any(|key| OWN.contains(&key.as_str()));
    let is_count = series.scale() == Scale::Count;
    if !is_ordered {
        sort(&mut rows, is_count);
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

/// The largest first, `other` last.
fn sort(rows: &mut [(Vec<String>, Cell)], are_counts: bool) {
    rows.sort_by(|(left, one), (right, two)| {
        let order = is_other(left).cmp(&is_other(right));
        // A count that says nothing is still about as large as it is; a share may be anything.
        let order = order.then((!are_counts && one.is_lost).cmp(&(!are_counts && two.is_lost)));
        order.then(two.of.value.total_cmp(&one.of.value)).then_with(|| left.cmp(right))
    });
}

fn is_other(keys: &[String]) -> bool {
    keys.iter().any(|key| key == OTHER)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::publish::sum::Summand;
    use crate::report::output::Table;

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
