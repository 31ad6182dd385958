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

/// A word without blanks around it and in small letters.
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
    // Counted from a midnight before the day, so that no hour is negative.
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

/// The bin of a number that lies between two bins, found by halving.
fn bins(grid: &Grid, value: &str, first: u16, last: u16) -> String {
    if first == last {
        return format!("{first}L");
    }
    let middle = first + (last - first).div_ceil(2);
    let (below, above) = (bins(grid, value, first, middle - 1), bins(grid, value, middle, last));
    format!("CASE WHEN {value} < {} THEN {below} ELSE {above} END", number(grid.first_of(middle)))
}

/// The position of the country of a number, `+` and digits, which [`Self::join`] looks up.
pub(super) struct Country {
    /// The name of the list that rows are joined with.
    name: String,
    /// The column of the number.
    number: &'static str,
    /// Calling codes and their positions, except those of the fallback.
    listed: Vec<(&'static str, usize)>,
    fallback: u16,
}

impl Country {
    /// The country of the key at a place of the layout; `None` for keys of other kinds.
    pub(super) fn of(place: usize, key: &Key) -> Option<Self> {
        let number = match key.source() {
            KeySource::RequesterCountry => "requester",
            KeySource::TargetCountry => "target",
            _ => return None,
        };
        let listed = CallingCodes::rows().filter_map(|(code, country)| {
            let position = key.values().iter().position(|known| known == country)?;
            (position != usize::from(key.fallback())).then_some((code, position))
        });
        let (name, listed) = (format!("country_{place}"), listed.collect());
        Some(Self { name, number, listed, fallback: key.fallback() })
    }

    /// The expression of the position, in rows that were joined.
    pub(super) fn position(&self) -> String {
        if self.listed.is_empty() {
            return format!("{}L", self.fallback);
        }
        format!("coalesce({}.place, {}L)", self.name, self.fallback)
    }

    /// The join by the longest calling code that a number begins with, which is in the list once.
    pub(super) fn join(&self) -> String {
        if self.listed.is_empty() {
            return String::new();
        }
        let Self { name, number, .. } = self;
        let values = self.listed.iter().map(|(code, place)| format!("('{code}', {place}L)"));
        let values: Vec<String> = values.collect();
        let mut arms = String::new();
        for digits in (1..=LONGEST_CODE).rev() {
            let codes = CallingCodes::rows().map(|(code, _)| code);
            let codes = codes.filter(|code| code.len() == digits);
            let codes: Vec<String> = codes.map(|code| format!("'{code}'")).collect();
            if !codes.is_empty() {
                let first = format!("substring({number}, 2, {digits})");
                arms.push_str(&format!(
                    "\n    WHEN {first} IN ({}) THEN {first}",
                    codes.join(", ")
                ));
            }
        }
        format!(
            "\n  LEFT JOIN (SELECT * FROM VALUES {} AS t(code, place)) AS {name}\n  \
             ON {name}.code = CASE{arms} END",
            values.join(", ")
        )
    }
}

/// The most digits of an entry in the list of calling codes.
const LONGEST_CODE: usize = 7;
