//! The many ways in which logs write people, times and other values, right and wrong.

use super::Setup;
use super::chance::Chance;
use super::rules::APPS;

/// Columns that a lookup has, the three that it needs first.
pub(super) const COLUMNS: [&str; 6] =
    ["requester", "target", "requested_at", "app", "route", "latency_ms"];

pub(super) const NUMBERS: [&str; 34] = [
    "+14155550123",
    "+14155550123",
    "+14155550124",
    "+442079460958",
    "14155550123",
    "4155550123",
    "4155550124",
    "14155550124",
    "+1 (415) 555-0123",
    "+1-415-555-0123",
    "(415) 555-0123",
    "415.555.0123",
    "01114155550123",
    "011442079460958",
    "+44 20 7946 0958",
    "+44(0)2079460958",
    " +14155550123",
    "+14155550124 ",
    "14155550123.0",
    "14155550124.000",
    "4155550123.5",
    "14155550123.",
    "1.4155550123E+10",
    "1.4155550123e10",
    "-14155550123",
    "14155550123-",
    "",
    "12",
    "abc",
    "+1415555012",
    "+141555501234567890",
    "null",
    "+999123456789",
    "+1415555\u{661}123",
];
const NAMES: [&str; 33] = [
    "a",
    "a",
    "A",
    "b",
    "r1",
    "0870",
    "870",
    "0870 ",
    " 870",
    "12",
    "12.0",
    "12.00",
    "1e1",
    "192.0.2.1",
    "::ffff:192.0.2.1",
    "-",
    "--",
    "null",
    "NULL",
    "NaN",
    "true",
    "\u{e9}",
    "e\u{301}",
    "\u{feff}a",
    "#a",
    "\\x09",
    "a\\",
    "",
    " ",
    "exactly 12 b",
    "exactly 13 by",
    "a name that is longer than a view",
    "(empty)",
];
const ROUTES: [&str; 16] = [
    "sms",
    "messenger",
    "SMS",
    "Messenger",
    "true",
    "FALSE",
    "1",
    "0",
    "t",
    "F",
    "yes",
    "No",
    " sms ",
    "sms.",
    "",
    "-",
];
const LATENCIES: [&str; 24] = [
    "12.5",
    "20",
    "20.0",
    "21",
    "0",
    "-3",
    "-0.0",
    "1e3",
    "1E-2",
    "abc",
    "",
    "inf",
    "nan",
    "-inf",
    "7.25",
    "1_000",
    "0x10",
    "99999999",
    "+5",
    ".5",
    "5.",
    "1,5",
    "--5",
    "20.000000000000004",
];
pub(super) const OTHER_TIMES: [&str; 19] = [
    "yesterday",
    "2026-01-02",
    "10:00:00",
    "NaN",
    "-",
    "",
    "2026-02-30T10:00:00Z",
    "2026-13-01T10:00:00Z",
    "2026-01-02T24:00:00Z",
    "2026-01-02T10:60:00Z",
    "0000-01-02T10:00:00Z",
    "2026/01/02 10:00:00",
    "02.01.2026 10:00",
    "2026-01-02T10:00:00.",
    "2026-01-02T10:00:00.0123456789Z",
    "2026-01-02T10:00:00ZZ",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "Fri, 02 Jan 2026 10:00:00 GMT",
];
pub(super) const OFFSETS: [&str; 22] = [
    "Z",
    "Z",
    "Z",
    "z",
    "",
    "",
    "+00:00",
    "+01:00",
    "-05:30",
    "+0100",
    "-03",
    "+01:00[Europe/Paris]",
    "[Europe/Paris]",
    "Z[UTC]",
    "+25:00",
    "-24:00",
    "+01:60",
    " +01:00",
    "+1",
    "Y",
    " ",
    "+01:00[",
];

/// The text of a value of this column; `None` for no value.
pub(super) fn text(chance: &mut Chance, setup: &Setup, column: &str) -> Option<String> {
    if chance.once_in(15) {
        return None;
    }
    Some(match column {
        "requested_at" => time(chance, setup),
        "requester" | "target" if setup.is_opaque => chance.of(&NAMES).to_owned(),
        // Most are right, since one that is wrong hides the other.
        "requester" | "target" if !chance.once_in(3) => chance.of(&NUMBERS[..4]).to_owned(),
        "requester" | "target" => chance.of(&NUMBERS).to_owned(),
        "app" if chance.once_in(4) => {
            chance.of(&["Calls", "calls ", "12.0", "0.50", "", "\"calls\""]).to_owned()
        }
        "app" => chance.of(&APPS).to_owned(),
        "route" => chance.of(&ROUTES).to_owned(),
        "latency_ms" => chance.of(&LATENCIES).to_owned(),
        _ => chance
            .of(&[
                "",
                "13 inch",
                "a, b",
                "\"",
                "say \"hi\"",
                "two\nlines",
                "a\tb",
                "\\",
                "\\\"",
                "'",
                "x\\\"y",
                "\u{1f4a9}",
            ])
            .to_owned(),
    })
}

/// An instant of the first days of 2026, in microseconds.
pub(super) fn instant(chance: &mut Chance) -> i64 {
    const FIRST: i64 = 1_767_225_600_000_000;
    let micros = FIRST + chance.below(3 * 86_400) as i64 * 1_000_000;
    match chance.below(4) {
        0 => micros + chance.below(1_000_000) as i64,
        1 => micros / 86_400_000_000 * 86_400_000_000 - 1,
        2 => micros / 3_600_000_000 * 3_600_000_000,
        _ => micros,
    }
}

fn time(chance: &mut Chance, setup: &Setup) -> String {
    if chance.once_in(8) {
        return chance.of(&OTHER_TIMES).to_owned();
    }
    let micros = instant(chance);
    if let Some([times, over]) = setup.scale()
        && chance.once_in(2)
    {
        let whole = i128::from(micros) * over / times;
        let fraction = chance.of(&["", "", "e0", ".5", ".123456789", ".0000000001", "."]);
        return format!("{whole}{fraction}");
    }
    let text = jiff::Timestamp::from_microsecond(micros).unwrap().to_string();
    let (head, tail) = text.trim_end_matches('Z').split_at(10);
    let separator = chance.of(&["T", "T", "t", " "]);
    let mut clock = tail[1..].to_owned();
    if chance.once_in(10) {
        clock.truncate(5);
    } else if chance.once_in(10) && clock.contains('.') {
        clock = clock.replace('.', ",");
    }
    let around = if chance.once_in(12) { " " } else { "" };
    format!("{around}{head}{separator}{clock}{}{around}", chance.of(&OFFSETS))
}
