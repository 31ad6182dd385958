//! The spellings of a time that people and programs use, read where they can mean one thing only.
//!
//! A date begins with its year, or its month has a name; then no part of it can be taken for another.
//! A date of digits that ends with its year, one whose year has two digits, and one without a year can
//! mean several days. They are never read, whatever their numbers are: `17/05/2015` shows which part
//! is the day, but `03/05/2015` in the next row does not, and what a row means never depends on others.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// What a text says about an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// One instant, or a time on the clocks of a zone that the text does not name.
    Time(DateTime, Option<Offset>),
    /// Two or more days, or the same day of several years: the formats that it can be written in.
    Several(Vec<String>),
    /// A day of an unknown year, in this format.
    NoYear(String),
    /// No time.
    Nothing,
}

/// Reads a text that is neither an RFC 3339 instant nor a number.
pub(crate) fn read(text: &str) -> Spelling {
    parts(text).and_then(|parts| parts.spelling()).unwrap_or(Spelling::Nothing)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// What may stand between a date and a clock beside a blank. Chats write a comma.
const GAPS: [&str; 4] = [", ", "-", ":", "T"];

/// A text, taken apart at its clock.
struct Parts<'t> {
    weekday: Option<usize>,
    /// What stands before the clock but for a weekday, and a year that stands at the end.
    date: Vec<&'t str>,
    /// What stands between the first two parts of the date.
    between: char,
    /// What stands between the date and the clock, as a format has it.
    gap: &'static str,
    clock: Clock,
    offset: Option<Offset>,
}

struct Clock {
    time: Time,
    has_seconds: bool,
    has_fraction: bool,
    has_half: bool,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let text = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let colon =
        text.match_indices(':').map(|(at, _)| at).find(|at| digits_before(text, *at) <= 2)?;
    let start = colon - digits_before(text, colon);
    let (clock, rest) = clock(text.get(start..)?)?;
    let before = text.get(..start)?;
    let gap = GAPS.into_iter().find(|gap| before.ends_with(gap)).unwrap_or(" ");
    // The letter between a date and its clock.
    let before = match before.strip_suffix(['T', 't']) {
        Some(date) if date.ends_with(|letter: char| letter.is_ascii_digit()) => date,
        _ => before,
    };
    let mut date: Vec<&str> = before.split([' ', ',', '-', '/', '.', ':']).collect();
    date.retain(|part| !part.is_empty());
    let weekday = date.first().and_then(|part| named(part, &WEEKDAYS));
    date.drain(..usize::from(weekday.is_some()));
    let between = before
        .find(date.first()?)
        .and_then(|at| before.get(at + date.first()?.len()..)?.chars().next())
        .unwrap_or(' ');
    let mut offset = None;
    for part in rest.split(' ').filter(|part| !part.is_empty()) {
        match zone(part) {
            Some(known) if offset.is_none() => offset = Some(known),
            // `date` and asctime write the year last.
            None if date.len() == 2 && is_year(part) => date.push(part),
            // A zone in words behind its offset, as in mails and browsers.
            None if offset.is_some() && part.starts_with('(') => break,
            _ => return None,
        }
    }
    Some(Parts { weekday, date, between, gap, clock, offset })
}

impl Parts<'_> {
    fn spelling(&self) -> Option<Spelling> {
        let of_month = |place: usize| self.date.get(place).and_then(|part| named(part, &MONTHS));
        let (year, month, day) = match self.date.as_slice() {
            [year, _, day] | [day, _, year] if of_month(1).is_some() && is_year(year) => {
                (year, of_month(1)?, number(day)?)
            }
            [_, day, year] if of_month(0).is_some() && is_year(year) => {
                (year, of_month(0)?, number(day)?)
            }
            [year, month, day] if is_year(year) => {
                (year, number(month)?.checked_sub(1)?, number(day)?)
            }
            [first, second] => {
                let numbers = [number(first), number(second)];
                let format = match (named(first, &MONTHS), named(second, &MONTHS), numbers) {
                    (Some(_), None, [_, Some(_)]) => "%b %d",
                    (None, Some(_), [Some(_), _]) => "%d %b",
                    // As Snort alone writes it.
                    (None, None, [Some(_), Some(_)]) if (self.between, self.gap) == ('/', "-") => {
                        "%m/%d"
                    }
                    _ => return None,
                };
                let clock = self.clock_format();
                return Some(Spelling::NoYear(format!("{format}{}{clock}", self.gap)));
            }
            [first, second, year] if [first, second].iter().all(|part| number(part).is_some()) => {
                let year_last = if is_year(year) { "%Y" } else { number(year).map(|_| "%y")? };
                let ends: [&[&str]; 2] = [&["%d", "%m", year_last], &["%m", "%d", year_last]];
                let year_first: &[&str] = &["%y", "%m", "%d"];
                let is_first = year_last == "%y"
                    && first.len() == 2
                    && number(second).is_some_and(|month| (1..=12).contains(&month))
                    && number(year).is_some_and(|day| (1..=31).contains(&day));
                let orders = ends.into_iter().chain(is_first.then_some(year_first));
                return Some(self.several(&orders.collect::<Vec<_>>()));
            }
            [_, second, year] if number(year).is_some() => {
                let format =
                    if named(second, &MONTHS).is_some() { ["%d", "%b"] } else { ["%b", "%d"] };
                of_month(0).or(of_month(1))?;
                return Some(self.several(&[&[format[0], format[1], "%y"]]));
            }
            _ => return None,
        };
        let (month, day) = (i8::try_from(month + 1).ok()?, i8::try_from(day).ok()?);
        let date = Date::new(year.parse().ok()?, month, day).ok()?;
        let weekday = date.weekday().to_monday_zero_offset();
        if self.weekday.is_some_and(|named| i8::try_from(named) != Ok(weekday)) {
            return None;
        }
        Some(Spelling::Time(date.to_datetime(self.clock.time), self.offset))
    }

    fn several(&self, dates: &[&[&str]]) -> Spelling {
        let join = |parts: &&[&str]| {
            let date = parts.join(&self.between.to_string());
            format!("{date}{}{}", self.gap, self.clock_format())
        };
        Spelling::Several(dates.iter().map(join).collect())
    }

    fn clock_format(&self) -> String {
        let Clock { has_seconds, has_fraction, has_half, .. } = self.clock;
        format!(
            "{}:%M{}{}{}{}",
            if has_half { "%I" } else { "%H" },
            if has_seconds { ":%S" } else { "" },
            if has_fraction { "%.f" } else { "" },
            if has_half { " %p" } else { "" },
            if self.offset.is_some() { " %z" } else { "" },
        )
    }
}

/// The time on the clock that a text begins with, and what stands behind it.
fn clock(text: &str) -> Option<(Clock, &str)> {
    let (hour, rest) = text.split_once(':')?;
    let (minute, mut rest) = leading(rest, 2)?;
    let (mut second, mut nanos, mut digits) = (None, 0, 0);
    if let Some(more) = rest.strip_prefix(':') {
        let (number, more) = leading(more, 2)?;
        // A leap second counts as the one before it.
        (second, rest) = (Some(number.min(if number == 60 { 59 } else { number })), more);
        if let Some(more) = rest.strip_prefix(['.', ',']) {
            digits = more.bytes().take_while(u8::is_ascii_digit).count();
            let kept = more.get(..digits.min(9)).filter(|kept| !kept.is_empty())?;
            nanos = format!("{kept:0<9}").parse().ok()?;
            rest = more.get(digits..)?;
        }
    }
    let mut hour = number(hour)?;
    let half = rest.trim_start().get(..2).map(str::to_ascii_lowercase);
    let has_half = half.as_deref().is_some_and(|half| half == "am" || half == "pm");
    if has_half {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + if half.as_deref() == Some("pm") { 12 } else { 0 };
        rest = rest.trim_start().get(2..)?;
    }
    let part = |number: usize| i8::try_from(number).ok();
    let time = Time::new(part(hour)?, part(minute)?, part(second.unwrap_or(0))?, nanos).ok()?;
    Some((Clock { time, has_seconds: second.is_some(), has_fraction: digits > 0, has_half }, rest))
}

/// The offset that `Z`, `UTC`, `GMT`, `+01:00`, `+0100`, `+01` or `GMT+0100` stands for. Other zones in
/// letters stand for several: `CST` is used on three continents.
fn zone(text: &str) -> Option<Offset> {
    if matches!(text, "Z" | "z" | "UTC" | "GMT") {
        return Some(Offset::UTC);
    }
    let numeric = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    let (sign, digits) = match numeric.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, rest) = leading(digits, 2)?;
    let minutes = match rest.strip_prefix(':').unwrap_or(rest) {
        "" if rest.is_empty() => 0,
        minutes => leading(minutes, 2).filter(|(_, rest)| rest.is_empty())?.0,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * i32::try_from(hours * 3_600 + minutes * 60).ok()?).ok()
}

/// How many digits stand directly before a place; 3 for none.
fn digits_before(text: &str, at: usize) -> usize {
    let digits = text.as_bytes().get(..at).unwrap_or_default().iter().rev();
    match digits.take_while(|byte| byte.is_ascii_digit()).count() {
        0 => 3,
        digits => digits,
    }
}

/// The number of exactly this many digits that a text begins with.
fn leading(text: &str, digits: usize) -> Option<(usize, &str)> {
    let (head, rest) = text.split_at_checked(digits)?;
    let is_number = head.bytes().all(|byte| byte.is_ascii_digit());
    Some((head.parse().ok().filter(|_| is_number)?, rest))
}

/// A number of one or two digits.
fn number(text: &str) -> Option<usize> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The place of a name, which may be cut after three letters.
fn named(text: &str, names: &[&str]) -> Option<usize> {
    let text = text.to_ascii_lowercase();
    names.iter().position(|name| *name == text || text.len() == 3 && name.starts_with(&text))
}

#[cfg(test)]
mod tests;
