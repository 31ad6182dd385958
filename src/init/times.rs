//! Which column holds the time of a row, and how it is written.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::column::Column;
use crate::Result;
use crate::ingest::{ColumnKind, Sample};
use crate::release_file::ReleaseFile;
use crate::release_file::logs::{Logs, PROTECTED, Place, TimeUnit};
use crate::release_file::window::Day;

/// Names of columns that hold the time of a row, from the plainest on.
const NAMES: [&str; 16] = [
    "requested",
    "timestamp",
    "ts",
    "time",
    "datetime",
    "at",
    "when",
    "date",
    "created",
    "instant",
    "epoch",
    "start",
    "started",
    "begin",
    "received",
    "logged",
];
/// Names of times of something else.
const LATER: [&str; 10] =
    ["end", "ended", "till", "until", "expires", "modified", "updated", "closed", "birth", "seen"];
/// How times are written where a spelling alone may mean several instants.
const FORMATS: [&str; 16] = [
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%m-%d-%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d-%m-%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%d/%m/%y %H:%M:%S",
    "%m/%d/%y %H:%M:%S",
    "%d.%m.%y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d-%b-%Y %H:%M:%S",
    "%b %d %Y %H:%M:%S",
    "%d %b %Y %H:%M:%S",
];

/// How a time column is read.
pub(super) struct TimeGuess {
    /// The place of the column.
    pub(super) place: usize,
    /// The unit of numbers.
    pub(super) unit: Option<TimeUnit>,
    /// The formats that read all of its texts; of several one must be chosen.
    pub(super) formats: Vec<&'static str>,
    /// Whether the unit is a guess by the name of the column alone.
    pub(super) is_unsure: bool,
    /// Whether its texts have no zone.
    pub(super) is_naive: bool,
    /// The line of `[logs]` that it is read with.
    line: String,
    /// The last instant of the sample.
    pub(super) newest: Option<i64>,
}

/// Finds the column whose values can best be read as the time of a row.
pub(super) fn time_of(columns: &[Column<'_>]) -> Option<TimeGuess> {
    let is_open = |column: &Column<'_>| !PROTECTED.contains(&column.name());
    let open = columns.iter().enumerate().filter(|(_, column)| is_open(column));
    let guesses = open.filter_map(|(place, column)| guess(place, column));
    guesses.max_by_key(|(score, _)| *score).map(|(_, guess)| guess)
}

fn guess(place: usize, column: &Column<'_>) -> Option<(i64, TimeGuess)> {
    let by_name = column.words.iter().filter_map(|word| NAMES.iter().position(|name| name == word));
    let by_name = by_name.min().map_or(0, |place| 40 - place as i64);
    let later = if column.is_called(&LATER) { 30 } else { 0 };
    let mut guess = TimeGuess {
        place,
        unit: None,
        formats: Vec::new(),
        is_unsure: false,
        is_naive: false,
        line: String::new(),
        newest: None,
    };
    let read = |logs: &Logs| -> Option<i64> {
        let instants = column.sample.instants(logs);
        let read = instants.iter().flatten().count();
        if column.are_mostly(read) { instants.into_iter().flatten().max() } else { None }
    };
    let is_number = match column.sample.kind {
        ColumnKind::Time | ColumnKind::Clock => false,
        ColumnKind::Number => true,
        ColumnKind::Text | ColumnKind::Boolean => column.are_mostly(column.numbers),
    };
    if is_number {
        let unit = unit_of(column);
        guess.is_unsure = unit.is_none();
        let unit = unit.or((by_name > 0).then_some(TimeUnit::Seconds))?;
        guess.line = format!("time_unit = \"{}\"", unit.word());
        guess.newest = read(&with(&guess.line)?);
        guess.unit = Some(unit);
        let by_value = if guess.is_unsure { 5 } else { 50 };
        return (by_name > 0).then_some((by_value + by_name - later, guess));
    }
    guess.newest = read(&with("")?);
    if guess.newest.is_some() {
        let text = column.sample.values().iter().flatten().next();
        guess.is_naive = match column.sample.kind {
            ColumnKind::Clock => true,
            ColumnKind::Text => text.is_some_and(|text| !has_zone(text)),
            _ => false,
        };
        return Some((60 + by_name - later, guess));
    }
    if column.filled == 0 || column.sample.kind != ColumnKind::Text {
        return None;
    }
    for format in FORMATS {
        let line = format!("time_format = {}", toml::Value::from(format));
        let newest = with(&line).as_ref().and_then(read);
        if newest.is_some() {
            if guess.newest.is_none() {
                (guess.newest, guess.line) = (newest, line);
            }
            guess.formats.push(format);
        }
    }
    guess.is_naive = true;
    (!guess.formats.is_empty()).then_some((55 + by_name - later, guess))
}

/// The key of folders that are named after days, and whether each row that was looked at lies in the UTC
/// day of its folder.
pub(super) fn day_folder(
    found: &Sample,
    column: &Column<'_>,
    guess: &TimeGuess,
) -> Option<(String, bool)> {
    let days = found.paths.iter().map(|path| {
        let parts = path.components().filter_map(|part| part.as_os_str().to_str()?.split_once('='));
        parts.filter_map(|(name, value)| Some((name, value.parse::<Day>().ok()?))).next_back()
    });
    let days: Vec<(&str, Day)> = days.collect::<Option<_>>()?;
    let (name, _) = days.first()?;
    let logs = with(&guess.line)?;
    let instants = column.sample.instants_by_file(&logs);
    let holds = instants.into_iter().all(|(file, instant)| {
        days.get(file).is_some_and(|(_, day)| Day::of(instant, &TimeZone::UTC) == Some(*day))
    });
    Some(((*name).to_owned(), holds))
}

/// The unit in which nearly all numbers lie between 2000 and 2100.
fn unit_of(column: &Column<'_>) -> Option<TimeUnit> {
    const EARLIEST: f64 = 946_684_800.0;
    const LATEST: f64 = 4_102_444_800.0;
    let units = [
        (TimeUnit::Seconds, 1.0),
        (TimeUnit::Milliseconds, 1e3),
        (TimeUnit::Microseconds, 1e6),
        (TimeUnit::Nanoseconds, 1e9),
    ];
    let numbers = || column.sample.values().iter().flatten();
    let numbers = || numbers().filter_map(|value| value.trim().parse::<f64>().ok());
    let fits = |factor: f64| {
        let likely = |number: &f64| (EARLIEST..LATEST).contains(&(number / factor));
        column.are_mostly(numbers().filter(likely).count())
    };
    units.into_iter().find(|(_, factor)| fits(*factor)).map(|(unit, _)| unit)
}

/// Whether a text says its zone behind the clock.
fn has_zone(text: &str) -> bool {
    let text = text.trim().trim_end_matches(']');
    let clock = text.get(10..).unwrap_or_default();
    clock.contains(['+', 'Z', 'z', '-']) || clock.contains("UTC") || clock.contains("GMT")
}

fn with(line: &str) -> Option<Logs> {
    logs_with(&Place { folder: PathBuf::new(), glob: "x".to_owned() }, line).ok()
}

/// How the logs at a place are read with this line in `[logs]`.
pub(super) fn logs_with(place: &Place, line: &str) -> Result<Logs> {
    let path = toml::Value::from(place.glob.as_str());
    let text = format!(
        "name = \"x\"\n[logs]\npath = {path}\n{line}\n[ledger]\npath = \"x\"\nepsilon = 1.0\n\
         delta = 1e-6\n[[question]]\nname = \"x\"\ncount = \"lookups\"\n"
    );
    Ok(ReleaseFile::parse(&text, "init", &place.folder)?.logs)
}
