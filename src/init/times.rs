//! Which column, or which columns together, hold the time of a row, and how it is written.

use std::cmp::Reverse;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::column::Column;
use super::formats::{Way, are_clocks, are_days, are_times, dense, ways};
use super::people::speaks_of_people;
use crate::Result;
use crate::ingest::{ColumnKind, SampleColumn};
use crate::release_file::ReleaseFile;
use crate::release_file::day::Clock;
use crate::release_file::logs::{Logs, PROTECTED, TimeUnit};
use crate::release_file::place::Place;

/// Names of columns that hold the time of a row, from the plainest on.
const NAMES: [&str; 20] = [
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
    "sent",
    "logged",
    "unixtime",
    "datum",
    "zeit",
];
/// Names of times of something else.
const LATER: [&str; 10] =
    ["end", "ended", "till", "until", "expires", "modified", "updated", "closed", "birth", "seen"];

/// How the time of a row is read.
pub(super) struct TimeGuess {
    /// The places of its columns: one as a rule.
    pub(super) places: Vec<usize>,
    /// The unit of numbers.
    pub(super) unit: Option<TimeUnit>,
    /// The ways that read all of its texts; of several one must be chosen.
    pub(super) ways: Vec<Way>,
    /// The year of stamps that have none.
    pub(super) default_year: Option<i16>,
    /// Whether the unit is a mere guess: in no unit are the numbers times of our years.
    pub(super) is_unsure: bool,
    /// Whether its texts have no zone.
    pub(super) is_naive: bool,
    /// The lines of `[logs]` that it is read with.
    line: String,
    /// The last instant of the sample.
    pub(super) newest: Option<i64>,
}

/// Finds the column, or the columns, whose values can best be read as the time of a row. `written`
/// is when the newest file was written to. With `is_text`, for lines like sentences, no column is
/// taken for a count from a beginning of its own.
pub(super) fn time_of(
    columns: &[Column<'_>],
    written: Option<Timestamp>,
    is_text: bool,
) -> Option<TimeGuess> {
    let is_open = |place: &usize| !PROTECTED.contains(&columns[*place].name());
    let single = columns.iter().enumerate().filter(|(place, _)| is_open(place));
    let single = single.filter_map(|(place, column)| guess(vec![place], column, written));
    let joined = parts(columns).into_iter().filter(|places| places.iter().all(is_open));
    let joined = joined.filter_map(|places| {
        let parts: Vec<&SampleColumn> = places.iter().map(|place| columns[*place].sample).collect();
        let count = places.len() as i64;
        let (score, time) = guess(places, &Column::new(&SampleColumn::joined(&parts)), written)?;
        // A single column with the whole time is better. Of joined columns more are better: they
        // may add the half of the day, or the zone.
        Some((score - 8 + count, time))
    });
    let guesses: Vec<(i64, TimeGuess)> = single.chain(joined).collect();
    // Of equally good ones the first is taken.
    let best = guesses.into_iter().rev().max_by_key(|(score, _)| *score);
    best.map(|(_, guess)| guess).or_else(|| if is_text { None } else { counting(columns) })
}

/// Columns that only together may hold times: a day and a clock, or neighbours that blanks have parted.
fn parts(columns: &[Column<'_>]) -> Vec<Vec<usize>> {
    /// How many rows are looked at.
    const FIRST: usize = 200;
    let texts = |place: usize| columns[place].sample.values().iter().flatten().map(String::as_str);
    let all = || 0..columns.len();
    let clocks: Vec<usize> = all().filter(|place| are_clocks(texts(*place))).collect();
    let days = all().filter(|place| are_days(texts(*place)));
    let mut parts: Vec<Vec<usize>> =
        days.flat_map(|day| clocks.iter().map(move |clock| vec![day, *clock])).collect();
    for length in 2..=4 {
        for places in all().collect::<Vec<_>>().windows(length) {
            let joined = (0..columns[0].rows().min(FIRST)).filter_map(|row| {
                let texts =
                    places.iter().map(|place| columns[*place].sample.values()[row].as_deref());
                Some(texts.collect::<Option<Vec<_>>>()?.join(" "))
            });
            if are_times(joined) {
                parts.push(places.to_vec());
            }
        }
    }
    parts
}

/// The time of a log whose columns have no names and no instants of our years: it may count from a
/// beginning of its own. The column is one whose numbers grow from row to row, or else the one with
/// the most different numbers.
fn counting(columns: &[Column<'_>]) -> Option<TimeGuess> {
    let is_number = |column: &Column<'_>| {
        let is_position = column.name().bytes().all(|byte| byte.is_ascii_digit());
        is_position && column.are_mostly(column.numbers) && column.distinct * 10 > column.filled
    };
    let grows = |column: &Column<'_>| {
        let numbers: Vec<f64> = numbers_of(column).collect();
        let grows = numbers.windows(2).filter(|pair| pair[0] <= pair[1]).count();
        grows * 10 >= numbers.len().saturating_sub(1) * 9
    };
    let numbers = columns.iter().enumerate().filter(|(_, column)| is_number(column));
    let (place, _) = numbers.max_by_key(|(_, column)| (grows(column), column.distinct))?;
    let mut guess = TimeGuess::of(vec![place]);
    guess.set_unit(TimeUnit::Seconds);
    guess.is_unsure = true;
    Some(guess)
}

impl TimeGuess {
    const fn of(places: Vec<usize>) -> Self {
        Self {
            places,
            unit: None,
            ways: Vec::new(),
            default_year: None,
            is_unsure: false,
            is_naive: false,
            line: String::new(),
            newest: None,
        }
    }

    /// How its column is read.
    pub(super) fn logs(&self) -> Option<Logs> {
        with(&self.line)
    }

    fn set_unit(&mut self, unit: TimeUnit) {
        self.line = format!("time_unit = \"{}\"", unit.word());
        self.unit = Some(unit);
    }
}

fn guess(
    places: Vec<usize>,
    column: &Column<'_>,
    written: Option<Timestamp>,
) -> Option<(i64, TimeGuess)> {
    let by_name = column.words.iter().filter_map(|word| NAMES.iter().position(|name| name == word));
    let by_name = by_name.min().map_or(0, |place| 40 - place as i64);
    let later = if column.is_called(&LATER) { 30 } else { 0 };
    // A constant is the time of something else, such as that at which a route was made.
    let later = if column.is_constant() { 60 } else { later };
    let mut guess = TimeGuess::of(places);
    let is_number = match column.sample.kind {
        ColumnKind::Time | ColumnKind::Clock => false,
        ColumnKind::Number => true,
        ColumnKind::Text | ColumnKind::Boolean => column.are_mostly(column.numbers),
    };
    if is_number && let Some(unit) = unit_of(column) {
        guess.set_unit(unit);
        guess.newest = newest(column, &guess.line);
        // Numbers of people may look like seconds, but hardly in a column that is called like a time.
        let by_value = if by_name > 0 { 50 } else { 45 };
        let is_plain = by_name > 0 || !speaks_of_people(column);
        return is_plain.then_some((by_value + by_name - later, guess));
    }
    guess.newest = if is_number { None } else { newest(column, "") };
    if guess.newest.is_some() {
        let text = column.sample.values().iter().flatten().next();
        guess.is_naive = match column.sample.kind {
            ColumnKind::Clock => true,
            ColumnKind::Text => text.is_some_and(|text| !has_zone(text)),
            _ => false,
        };
        return Some((60 + by_name - later, guess));
    }
    if column.filled == 0 || matches!(column.sample.kind, ColumnKind::Time | ColumnKind::Clock) {
        return None;
    }
    if let Some(score) = guess.find_ways(column, written) {
        return Some((score + by_name - later, guess));
    }
    guess.is_unsure = true;
    guess.set_unit(TimeUnit::Seconds);
    guess.newest = newest(column, &guess.line);
    let is_spreadsheet = are_spreadsheet_days(column);
    (is_number && by_name > 0 && !is_spreadsheet).then_some((5 + by_name - later, guess))
}

impl TimeGuess {
    /// Finds the formats that read nearly all texts, the likeliest first.
    fn find_ways(&mut self, column: &Column<'_>, written: Option<Timestamp>) -> Option<i64> {
        let texts = column.sample.values().iter().flatten().map(String::as_str);
        let mut found = Vec::new();
        let ways = ways(texts);
        let is_dense = ways.is_empty();
        for way in ways.into_iter().chain(dense().filter(|_| is_dense)) {
            if is_dense && !found.is_empty() {
                break;
            }
            let year = (!way.has_year).then(|| year_of(&way, column, written));
            let line = lines_of(&way, year);
            let Some(logs) = with(&line) else { continue };
            let instants: Vec<i64> = column.sample.instants(&logs).into_iter().flatten().collect();
            if column.are_mostly(instants.len()) {
                // Rows mostly stand in the order of their times.
                let grows = instants.windows(2).filter(|pair| pair[0] <= pair[1]).count();
                let (first, last) = (instants.iter().min(), instants.iter().max());
                // If times grow as often in several ways, that of the shortest span is likeliest.
                let span = Reverse(last.zip(first).map(|(last, first)| last - first));
                let worth = (instants.len(), grows, way.is_american(), span);
                found.push((worth, last.copied(), line, year, way));
            }
        }
        found.sort_by_key(|(worth, ..)| Reverse(*worth));
        for (_, newest, line, year, way) in found {
            if self.ways.is_empty() {
                (self.newest, self.line, self.default_year) = (newest, line, year);
                self.is_naive = way.is_naive();
            }
            self.ways.push(way);
        }
        (!self.ways.is_empty()).then_some(55)
    }
}

fn lines_of(way: &Way, year: Option<i16>) -> String {
    let year = year.map_or_else(String::new, |year| format!("\ndefault_year = {year}"));
    format!("{}{year}", way.setting())
}

/// The year in which stamps without one were written: the year in which the file was written, or
/// the one before if the stamps would otherwise be later than the file.
fn year_of(way: &Way, column: &Column<'_>, written: Option<Timestamp>) -> i16 {
    const DAY: i64 = 86_400_000_000;
    let written = written.unwrap_or_else(|| Clock::System.now());
    let year = TimeZone::UTC.to_datetime(written).year();
    let is_later = newest(column, &lines_of(way, Some(year)))
        .is_some_and(|newest| newest > written.as_microsecond() + DAY);
    if is_later { year - 1 } else { year }
}

/// The last instant of a column; `None` if these lines of `[logs]` do not read nearly all of it.
fn newest(column: &Column<'_>, line: &str) -> Option<i64> {
    let instants = column.sample.instants(&with(line)?);
    let read = instants.iter().flatten().count();
    if column.are_mostly(read) { instants.into_iter().flatten().max() } else { None }
}

/// The unit in which nearly all numbers lie between 1985 and the next year.
fn unit_of(column: &Column<'_>) -> Option<TimeUnit> {
    const EARLIEST: f64 = 473_385_600.0;
    const YEAR: f64 = 366.0 * 86_400.0;
    let latest = Clock::System.now().as_second() as f64 + YEAR;
    let units = [
        (TimeUnit::Seconds, 1.0),
        (TimeUnit::Milliseconds, 1e3),
        (TimeUnit::Microseconds, 1e6),
        (TimeUnit::Nanoseconds, 1e9),
    ];
    let fits = |factor: f64| {
        let likely = |number: &f64| (EARLIEST..latest).contains(&(number / factor));
        column.are_mostly(numbers_of(column).filter(likely).count())
    };
    units.into_iter().find(|(_, factor)| fits(*factor)).map(|(unit, _)| unit)
}

/// Whether numbers are times as spreadsheets keep them: days since 1900 with a fraction, of the
/// years 1954 to 2064, in a column that is called like a time.
pub(super) fn are_spreadsheet_days(column: &Column<'_>) -> bool {
    let is_day = |number: &f64| (20_000.0..60_000.0).contains(number) && number.fract() != 0.0;
    let days = numbers_of(column).filter(is_day).count();
    column.is_called(&NAMES) && column.are_mostly(days)
}

fn numbers_of<'c>(column: &'c Column<'_>) -> impl Iterator<Item = f64> + 'c {
    column.sample.values().iter().flatten().filter_map(|value| value.trim().parse::<f64>().ok())
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

/// How the logs at a place are read with these lines in `[logs]`.
pub(super) fn logs_with(place: &Place, lines: &str) -> Result<Logs> {
    let path = toml::Value::from(place.glob.as_str());
    let text = format!(
        "name = \"x\"\n[logs]\npath = {path}\n{lines}\n[ledger]\npath = \"x\"\nepsilon = 1.0\n\
         delta = 1e-6\n[[question]]\nname = \"x\"\ncount = \"lookups\"\n"
    );
    Ok(ReleaseFile::parse(&text, "init", &place.folder)?.logs)
}
