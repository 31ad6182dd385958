//! The position of a row's value in the public list of a key, as an expression.

use super::quote::{number, text};
use crate::phone::CallingCodes;
use crate::release_file::day::{DayBounds, MICROS_PER_DAY, MICROS_PER_HOUR};
use crate::release_file::keys::{Key, KeySource, ROUTE_WORDS};
use crate::release_file::number::{Grid, LEVELS, Steps};

/// The position of a row's value in the public list of a key.
pub(super) fn position(key: &Key, value: &str, bounds: &DayBounds) -> String {
    let other = key.fallback();
    let place = |value: &str| key.values().iter().position(|known| known == value);
    match key.source() {
        KeySource::Hour | KeySource::HourOfWeek => hour(bounds),
        KeySource::Number(grid) => on_grid(grid, value),
        KeySource::RequesterCountry | KeySource::TargetCountry => country(key, value),
        KeySource::Route => {
            let arms = ROUTE_WORDS.iter().filter_map(|(route, words)| {
                let words: Vec<String> = words.iter().map(|word| text(word)).collect();
                Some(format!(
                    " WHEN {} IN ({}) THEN {}L",
                    plain(value),
                    words.join(", "),
                    place(route)?
                ))
            });
            format!("CASE{} ELSE {other}L END", arms.collect::<String>())
        }
        _ => {
            let arms = (0..).zip(key.values()).filter(|(place, _)| *place != other);
            let arms = arms.map(|(place, known)| format!(" WHEN {} THEN {place}L", text(known)));
            let arms: String = arms.collect();
            if arms.is_empty() {
                format!("{other}L")
            } else {
                format!("CASE {value}{arms} ELSE {other}L END")
            }
        }
    }
}

/// A word without blanks around it, its letters small.
fn plain(value: &str) -> String {
    const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let blanks: String = ('\0'..=char::MAX).filter(|letter| letter.is_whitespace()).collect();
    let small = CAPITALS.to_ascii_lowercase();
    format!("translate(trim(BOTH {} FROM {value}), '{CAPITALS}', '{small}')", text(&blanks))
}

/// The local hour of a row of the day.
fn hour(bounds: &DayBounds) -> String {
    let mut offsets = bounds.offsets().iter();
    let first = offsets.next().map_or(0, |(_, offset)| *offset);
    // The latest change that is not after the row decides.
    let arms =
        offsets.rev().map(|(from, offset)| format!(" WHEN micros >= {from}L THEN {offset}L"));
    let arms: String = arms.collect();
    let offset =
        if arms.is_empty() { format!("{first}L") } else { format!("CASE{arms} ELSE {first}L END") };
    // Counted from a midnight before the day, whose hours are no negative numbers.
    let midnight = (bounds.start_micros().div_euclid(MICROS_PER_DAY) - 2) * MICROS_PER_DAY;
    format!("((micros + {offset} - ({midnight}L)) DIV {MICROS_PER_HOUR}L) % 24L")
}

/// The position of a number on a grid.
fn on_grid(grid: &Grid, value: &str) -> String {
    let (none, (low, high)) = (grid.none(), grid.range());
    let (low_text, high_text) = (number(low), number(high));
    let sign = if grid.is_signed() { String::new() } else { format!(" OR {value} < 0D") };
    let held = format!("greatest({low_text}, least({high_text}, {value}))");
    let position = match grid.steps() {
        Steps::Levels => format!(
            "least(CAST(floor(({held} - {low_text}) / {} * {LEVELS}D + 0.5D) AS BIGINT), {LEVELS}L)",
            number(high - low)
        ),
        Steps::Bins => bins(grid, value, 0, none - 1),
        Steps::Sides => format!(
            "CASE WHEN {value} < {low_text} THEN 0L WHEN {value} > {high_text} THEN 2L ELSE 1L END"
        ),
    };
    format!(
        "CASE WHEN {value} IS NULL OR isnan({value}) OR abs({value}) > {}{sign} THEN {none}L ELSE {position} END",
        number(f64::MAX)
    )
}

/// The bin of a number that lies between two bins, by halves.
fn bins(grid: &Grid, value: &str, first: u16, last: u16) -> String {
    if first == last {
        return format!("{first}L");
    }
    let middle = first + (last - first).div_ceil(2);
    let (below, above) = (bins(grid, value, first, middle - 1), bins(grid, value, middle, last));
    format!("CASE WHEN {value} < {} THEN {below} ELSE {above} END", number(grid.first_of(middle)))
}

/// The position of the country of a number, `+` and digits: that of the longest calling code it begins with.
fn country(key: &Key, value: &str) -> String {
    let place = |country: Option<&str>| {
        let listed = key.values().iter().position(|known| Some(known.as_str()) == country);
        listed.unwrap_or(key.fallback().into())
    };
    let mut runs: Vec<(String, usize)> = Vec::new();
    for (first, country) in CallingCodes::shipped().runs() {
        let place = place(country);
        if runs.last().is_none_or(|(_, before)| *before != place) {
            runs.push((first, place));
        }
    }
    in_runs(value, &runs)
}

/// The place of the last run that begins at the digits or before, by halves. Texts are compared byte by byte.
fn in_runs(value: &str, runs: &[(String, usize)]) -> String {
    let (below, above) = runs.split_at(runs.len() / 2);
    match (below, above) {
        ([], [(_, place)]) => format!("{place}L"),
        (_, [(first, _), ..]) => format!(
            "CASE WHEN {value} < '+{first}' THEN {} ELSE {} END",
            in_runs(value, below),
            in_runs(value, above)
        ),
        (_, []) => "0L".to_owned(),
    }
}
