//! `compare`: how two published days, weeks or months of a question differ, and whether it is real.

use serde_json::{Value, json};

use super::args::Compare;
use super::output::{Output, columns, grouped, plain, short, wrapped};
use crate::Result;
use crate::publish::{Comparison, Range, Real, Row, compare};
use crate::words::{ONE_HEAVY, several};

/// Up to this many rows all are printed; of more rows, only those that differ.
const MOST_ROWS: usize = 50;

/// Runs the command. It reads published files and nothing else.
pub(crate) fn run(asked: &Compare, output: &Output) -> Result<()> {
    let found = compare(&asked.out, &asked.question, [&asked.first, &asked.second])?;
    for warning in &found.warnings {
        output.warning(warning);
    }
    output.result(&json!(found), &text(&found));
    Ok(())
}

fn text(found: &Comparison) -> String {
    let [first, second] = &found.periods;
    let values = if found.per_day { ", per day" } else { "" };
    let mut text = format!(
        "{}: {} {second} beside {first} ({}){values}\n\n",
        found.question, found.grain, found.time_zone
    );
    let of = |real: Real| found.rows.iter().filter(move |row| row.real == real).count();
    let (higher, lower, all) = (of(Real::Higher), of(Real::Lower), found.rows.len());
    let shown: Vec<&Row> =
        found.rows.iter().filter(|row| all <= MOST_ROWS || row.real != Real::NotShown).collect();
    if !shown.is_empty() {
        let table = table(found, &shown);
        let is_too_wide = table.lines().any(|line| line.chars().count() > columns());
        text.push_str(&if is_too_wide { stacked(found, &shown) } else { table });
        text.push('\n');
    }
    text.push_str(&wrapped(&verdict(found, higher, lower), 0));
    text
}

/// What a reader may conclude.
fn verdict(found: &Comparison, higher: usize, lower: usize) -> String {
    let [first, second] = &found.periods;
    let all = found.rows.len();
    let mut words = match (higher, lower, all) {
        (0, 0, _) => format!("No difference between {first} and {second} is shown."),
        (_, 0, 1) => format!("{second} is higher than {first}."),
        (0, _, 1) => format!("{second} is lower than {first}."),
        _ => format!(
            "Of {all} rows {higher} are higher on {second} than on {first}, and {lower} lower."
        ),
    };
    if higher + lower < all {
        words.push_str(" Where none is shown there may be one that is too small to be seen.");
    }
    if all > MOST_ROWS {
        words.push_str(" Rows without a difference are left out here; --json has all of them.");
    }
    if all > 1 {
        words.push_str(&format!(
            " Because all {all} rows are compared at once, these intervals are {:.2} times as wide as for a single \
             row: so all of them hold, in 95 of 100 comparisons.",
            found.widened
        ));
    }
    let is_below = |row: &Row| found.never_negative && row.values.iter().any(|value| *value < 0.0);
    if found.rows.iter().any(is_below) {
        words.push_str(" Where noise took a count below zero, 0 stands for it; differences are those of what was published.");
    }
    if found.in_one_alone > 0 {
        words.push_str(&format!(
            " Left out: {} in one of the two alone, which does not mean zero in the other.",
            several(found.in_one_alone, "row")
        ));
    }
    format!("{words} {ONE_HEAVY}\n")
}

fn table(found: &Comparison, rows: &[&Row]) -> String {
    let [first, second] = &found.periods;
    let titles = [first, second, "difference", "from", "to", "ratio", "from", "to", ""];
    let titles = titles.map(str::to_owned);
    let keys = found.keys.len();
    let mut lines: Vec<Vec<String>> = vec![found.keys.iter().cloned().chain(titles).collect()];
    lines.extend(rows.iter().map(|row| cells(found, row)));
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in &lines {
        let cell = |(place, (cell, width)): (usize, (&String, &usize))| match place {
            place if place < keys || place + 1 == columns => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        };
        let cells: Vec<String> = line.iter().zip(&widths).enumerate().map(cell).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// The same for a page that is too narrow for the table: three lines for each row.
fn stacked(found: &Comparison, rows: &[&Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let cells = cells(found, row);
        let (keys, numbers) = cells.split_at(found.keys.len());
        let named = found.keys.iter().zip(keys).map(|(name, key)| format!("{name} {key}"));
        let title = named.collect::<Vec<_>>().join(", ");
        let [first, second, difference, from, to, ratio, lowest, highest, real] = numbers else {
            continue;
        };
        let real = if real.is_empty() { "no difference shown" } else { real };
        let mut lines = format!("{first} and then {second}: {real}\n");
        lines.push_str(&format!("difference {difference}, from {from} to {to}\n"));
        if row.ratio.is_some() {
            lines.push_str(&format!("ratio {ratio}, from {lowest} to {highest}\n"));
        }
        text.push_str(&wrapped(&title, 2));
        for line in lines.lines() {
            text.push_str(&wrapped(&format!("  {line}"), 4));
        }
    }
    text
}

/// The values as they are shown: where noise takes a count below zero, as zero.
fn displayed(found: &Comparison, row: &Row) -> [f64; 2] {
    row.values.map(|value| if found.never_negative { value.max(0.0) } else { value })
}

fn cells(found: &Comparison, row: &Row) -> Vec<String> {
    let key = |name: &String| match &row.keys[name] {
        Value::String(text) => plain(text).into_owned(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    // Counts are shown as whole numbers, with ends rounded outwards.
    let is_whole = !found.per_day && row.values.iter().all(|value| value.fract().abs() < 1e-9);
    let shown = |number: f64, round: fn(f64) -> f64| match is_whole {
        true => grouped(round(number)),
        false => short(number),
    };
    let Range { value, low, high } = row.difference;
    let sign = if value > 0.0 { "+" } else { "" };
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let times = |number: Option<f64>| or_dash(number.map(|number| format!("{number:.2}")));
    let ratio = row.ratio;
    let real = match row.real {
        Real::Higher => "higher",
        Real::Lower => "lower",
        Real::NotShown => "",
    };
    let [first, second] = displayed(found, row).map(|value| shown(value, f64::round));
    let numbers = [
        first,
        second,
        format!("{sign}{}", shown(value, f64::round)),
        or_dash(low.map(|low| shown(low, f64::floor))),
        or_dash(high.map(|high| shown(high, f64::ceil))),
        times(ratio.map(|ratio| ratio.value)),
        times(ratio.and_then(|ratio| ratio.low)),
        times(ratio.and_then(|ratio| ratio.high)),
        real.to_owned(),
    ];
    found.keys.iter().map(key).chain(numbers).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Two days of one row, whose difference is not shown.
    fn of_one(values: [f64; 2], difference: Range) -> Comparison {
        let keys = json!({ "app": "calls", "hour": 3 });
        let row = Row {
            keys: keys.as_object().cloned().unwrap(),
            values,
            difference,
            difference_alone: difference,
            ratio: None,
            real: Real::NotShown,
        };
        Comparison {
            question: "volume".to_owned(),
            grain: "day",
            periods: ["2026-03-02", "2026-03-03"].map(str::to_owned),
            time_zone: "UTC".to_owned(),
            per_day: false,
            keys: ["hour", "app"].map(str::to_owned).to_vec(),
            widened: 1.0,
            never_negative: true,
            rows: vec![row],
            in_one_alone: 0,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn what_noise_took_below_zero_is_shown_as_zero_and_said() {
        let range = |value, low, high| Range { value, low: Some(low), high: Some(high) };
        let mut found = of_one([-47.0, 40.0], range(87.0, -20.0, 190.0));
        assert_eq!(cells(&found, &found.rows[0])[2..5], ["0", "40", "+87"]);
        assert!(text(&found).contains("0 stands for it"), "{}", text(&found));
        // A sum may be below zero.
        found.never_negative = false;
        assert_eq!(cells(&found, &found.rows[0])[2..5], ["-47", "40", "+87"]);
        assert!(!text(&found).contains("stands for it"), "{}", text(&found));
    }

    #[test]
    fn a_narrow_page_has_the_same_numbers_below_each_other() {
        let range = |value, low, high| Range { value, low: Some(low), high: Some(high) };
        let mut found = of_one([1_200.0, 1_500.0], range(300.0, 120.0, 480.0));
        found.rows[0].ratio = Some(range(1.25, 1.1, 1.4));
        found.rows[0].real = Real::Higher;

        let stacked = stacked(&found, &[&found.rows[0]]);
        assert_eq!(
            stacked,
            "hour 3, app calls\n  1,200 and then 1,500: higher\n  difference +300, from 120 to 480\n  \
             ratio 1.25, from 1.10 to 1.40\n"
        );
        assert!(stacked.lines().all(|line| line.len() <= 60));
    }
}
