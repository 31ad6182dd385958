//! What a record means, by the rules of `docs/logs.md` alone: none of the program's readers is used.

use std::collections::BTreeMap;

use super::Setup;
use super::spelled::{NUMBERS, OFFSETS, OTHER_TIMES};
use crate::ingest::Reason;
use crate::phone::Normaliser;

/// What a log says in one place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Text(String),
    /// Bytes that are not UTF-8.
    Bytes(Vec<u8>),
    Whole(i128),
    /// Also a decimal that is not whole.
    Float(f64),
    Bool(bool),
    Nested,
    /// An instant in UTC microseconds, or what a clock without a zone shows.
    Instant(i64),
    Naive(i64),
}

/// One record: its values by the names of columns, or that it cannot be read.
pub(super) type Record = Result<BTreeMap<String, Value>, Malformed>;

#[derive(Debug, Clone)]
pub(super) struct Malformed;

/// A lookup: requester, target, microseconds, app, route, latency.
pub(super) type Known<L> = (String, String, i64, String, String, L);

/// What becomes of a record.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    Counts(Known<Option<f64>>),
    LeftOut,
    Rejected(Reason),
}

/// The listed apps.
pub(super) const APPS: [&str; 6] = ["-5", "0.5", "12", "calls", "gr\u{fc}\u{df}e", "messages"];

pub(super) fn outcome(setup: &Setup, record: &Record) -> Outcome {
    let Ok(record) = record else { return Outcome::Rejected(Reason::Malformed) };
    let value = |name: &str| record.get(name).unwrap_or(&Value::Null);
    let is_met = match setup.filter {
        "" => true,
        "app <> 'calls'" => text(value("app")).is_some_and(|app| app != "calls"),
        "app IN ('12', 'messages')" => {
            text(value("app")).is_some_and(|app| ["12", "messages"].contains(&app.as_str()))
        }
        "latency_ms > 20" => {
            number(value("latency_ms")).is_some_and(|number| number > 20.0 || number.is_nan())
        }
        "route IS NOT NULL" => !matches!(value("route"), Value::Null | Value::Nested),
        other => panic!("no rule for {other}"),
    };
    if !is_met {
        return Outcome::LeftOut;
    }
    let Some(at) = instant(setup, value("requested_at")) else {
        return Outcome::Rejected(Reason::BadTime);
    };
    let sides = ["requester", "target"].map(|side| identifier(value(side)));
    let [Some(requester), Some(target)] = sides.clone() else {
        let reason = if sides[0].is_none() { Reason::NoRequester } else { Reason::NoTarget };
        return Outcome::Rejected(reason);
    };
    let sides = [requester, target]
        .map(|side| if setup.is_opaque { Some(side) } else { dialled(&side, setup.region) });
    let [Some(requester), Some(target)] = sides else {
        return Outcome::Rejected(Reason::BadNumber);
    };
    let app = text(value("app")).filter(|app| APPS.contains(&app.as_str()));
    let app = app.unwrap_or_else(|| "other".to_owned());
    let route = text(value("route")).map(|route| route.trim().to_ascii_lowercase());
    let route = match route.as_deref() {
        Some("true" | "1" | "t" | "yes" | "messenger") => "messenger",
        Some("false" | "0" | "f" | "no" | "sms") => "sms",
        _ => "unknown",
    };
    Outcome::Counts((requester, target, at, app, route.to_owned(), number(value("latency_ms"))))
}

/// The one text of a value.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Nested | Value::Bytes(_) | Value::Instant(_) | Value::Naive(_) => None,
        Value::Text(text) => Some(text.clone()),
        Value::Whole(whole) => Some(whole.to_string()),
        Value::Float(float) => Some(if *float == 0.0 { "0".to_owned() } else { float.to_string() }),
        Value::Bool(value) => Some(value.to_string()),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Whole(whole) => Some(*whole as f64),
        Value::Float(float) => Some(*float),
        Value::Text(text) => plain_number(text),
        Value::Bool(_)
        | Value::Null
        | Value::Nested
        | Value::Bytes(_)
        | Value::Instant(_)
        | Value::Naive(_) => None,
    }
}

/// A number as people and programs write one.
fn plain_number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// The text that identifies a person, if it is exact.
fn identifier(value: &Value) -> Option<String> {
    const EXACT: i128 = 1 << 53;
    match value {
        Value::Text(text) if text.is_empty() => None,
        Value::Float(float) => {
            let is_exact = float.fract() == 0.0 && float.abs() < EXACT as f64;
            is_exact.then(|| (*float as i128).to_string())
        }
        other => text(other),
    }
}

/// The number that somebody dials, for the numbers that this test writes; what damage has changed is left
/// to the phone library.
fn dialled(written: &str, region: &str) -> Option<String> {
    let is_us = region == "US";
    let text = written.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_whole_float =
        text.contains('.') && !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0');
    let text = if is_whole_float { whole } else { text };
    match text {
        "+14155550123" | "+1 (415) 555-0123" | "+1-415-555-0123" => Some("14155550123"),
        "14155550123" | "4155550123" | "(415) 555-0123" | "415.555.0123" | "01114155550123"
            if is_us =>
        {
            Some("14155550123")
        }
        "14155550123." | "14155550123-" if is_us => Some("14155550123"),
        "+1415555\u{661}123" => Some("14155551123"),
        "+14155550124" => Some("14155550124"),
        "4155550124" | "14155550124" if is_us => Some("14155550124"),
        "+442079460958" | "+44 20 7946 0958" | "+44(0)2079460958" => Some("442079460958"),
        "011442079460958" if is_us => Some("442079460958"),
        text if NUMBERS.contains(&text) => None,
        _ => {
            return Normaliser::new(Some(region).filter(|_| is_us))
                .unwrap()
                .normalise(written)
                .map(|known| known.e164[1..].to_owned());
        }
    }
    .map(str::to_owned)
}

/// The instant of a value in microseconds, from the year 1 to the year 9999.
pub(super) fn instant(setup: &Setup, value: &Value) -> Option<i64> {
    let micros = match value {
        Value::Instant(micros) => *micros,
        Value::Naive(micros) => micros - setup.behind(),
        Value::Whole(whole) => {
            let [times, over] = setup.scale()?;
            i64::try_from((whole.checked_mul(times)?).div_euclid(over)).ok()?
        }
        Value::Float(float) => {
            let [times, over] = setup.scale()?;
            let micros = (float * times as f64 / over as f64).round();
            if !micros.is_finite() {
                return None;
            }
            micros as i64
        }
        Value::Text(text) => written_instant(setup, text.trim())?,
        Value::Null | Value::Nested | Value::Bytes(_) | Value::Bool(_) => return None,
    };
    (-62_135_596_800_000_000..253_370_764_800_000_000).contains(&micros).then_some(micros)
}

/// Whether a time is one that this test writes, or a number. Damage makes others, of which these rules do
/// not know whether they are a spelling that people use.
pub(super) fn is_known_time(setup: &Setup, value: &Value) -> bool {
    let Value::Text(text) = value else { return true };
    let text = text.trim();
    let is_number = text.bytes().all(|byte| b"0123456789.-+eE".contains(&byte));
    let reads = |clock: &str| written_instant(setup, &format!("{clock}Z")).is_some();
    is_number
        || OTHER_TIMES.contains(&text)
        || OFFSETS.iter().any(|offset| text.strip_suffix(offset.trim_end()).is_some_and(reads))
}

/// `2026-01-02T10:00:00.5+01:00`, its shorter forms, and epochs.
fn written_instant(setup: &Setup, text: &str) -> Option<i64> {
    if let Some([times, over]) = setup.scale()
        && let Some(micros) = epoch(text, times, over)
    {
        return Some(micros);
    }
    let digits = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let sign = |at: usize, allowed: &str| {
        text[at..].starts_with(|sign| allowed.contains(sign)).then_some(())
    };
    if text == "Fri, 02 Jan 2026 10:00:00 GMT" {
        return Some(1_767_348_000_000_000);
    }
    if !text.is_ascii() || text.len() < 13 {
        return None;
    }
    sign(4, "-/")?;
    sign(7, &text[4..5])?;
    sign(10, "Tt ")?;
    let date = days(digits(0, 4)?, digits(5, 7)?, digits(8, 10)?)?;
    let (hour, mut minute, mut second, mut at) = (digits(11, 13)?, 0, 0, 13);
    if text[at..].starts_with(':') {
        minute = digits(14, 16)?;
        at = 16;
        if text[at..].starts_with(':') {
            second = digits(17, 19)?;
            at = 19;
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut fraction = 0;
    if at == 19 && text[at..].starts_with(['.', ',']) {
        let length = text[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return None;
        }
        let kept = &text[at + 1..at + 1 + length.min(6)];
        fraction = kept.parse::<i64>().ok()? * 10_i64.pow(6 - kept.len() as u32);
        at += 1 + length;
    }
    let micros = ((date * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000 + fraction;
    match text[at..].strip_prefix(' ').unwrap_or(&text[at..]) {
        "" => Some(micros - setup.behind()),
        offset => Some(micros - self::offset(offset)?),
    }
}

/// Microseconds of `Z`, `+01:00`, `-0530` or `+01`, with a zone in brackets behind it or none.
fn offset(text: &str) -> Option<i64> {
    let (text, zone) = text.split_once('[').unwrap_or((text, "Z]"));
    let is_name = |zone: &str| zone.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'/');
    if !zone.strip_suffix(']').is_some_and(|zone| !zone.is_empty() && is_name(zone)) {
        return None;
    }
    let sign = match text.get(..1)? {
        "Z" | "z" if text.len() == 1 => return Some(0),
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let rest = text[1..].replace(':', "");
    let is_plain = matches!(rest.len(), 2 | 4) && rest.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes): (i64, i64) =
        (rest.get(..2)?.parse().ok()?, rest.get(2..4).unwrap_or("0").parse().ok()?);
    (is_plain && hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000_000)
}

/// A decimal in a unit of `times / over` microseconds, rounded down.
fn epoch(text: &str, times: i128, over: i128) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 20 || !is_plain(whole) || !is_plain(fraction) {
        return None;
    }
    let kept = &fraction[..fraction.len().min(9)];
    let billionths = format!("{whole}{kept:0<9}").parse::<i128>().ok()? * times;
    let signed = if text.starts_with('-') { -billionths } else { billionths };
    i64::try_from(signed.div_euclid(over * 1_000_000_000)).ok()
}

/// Days since 1970-01-01, year by year.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = lengths.get(usize::try_from(month - 1).ok()?)?;
    if !(1..=*length).contains(&day) || year < 1 {
        return None;
    }
    let of_years =
        |years: std::ops::Range<i64>| years.map(|year| 365 + i64::from(is_leap(year))).sum::<i64>();
    let before = if year >= 1970 { of_years(1970..year) } else { -of_years(year..1970) };
    Some(before + lengths[..month as usize - 1].iter().sum::<i64>() + day - 1)
}
