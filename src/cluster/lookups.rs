//! The rows of one day as a query: who asked, about whom, and the atom of each.
//!
//! What a row means is what [`crate::ingest`] says of a Parquet file with these columns: the same rows
//! count, and each has the same atom. No expression can fail, whatever a row holds, so that no
//! failure says anything about a row.

use super::positions::{Country, position};
use super::quote::{name, names, text};
use crate::Result;
use crate::phone::exact_numbers;
use crate::plan::Layout;
use crate::release_file::ReleaseFile;
use crate::release_file::columns::Made;
use crate::release_file::day::DayBounds;
use crate::release_file::day_names::DayNames;
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::logs::{Identifier, Logs, TimeUnit};

/// What a column of the log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A requester or a target.
    Identifier,
    /// The time, as a timestamp.
    Timestamp,
    /// The time, as a whole number of a declared unit.
    Epoch,
    /// Anything that has one obvious text.
    Text,
    /// Numbers.
    Number,
}

/// The columns of the log that a day is read from, in the order of their names; one may have several roles.
pub fn columns(release_file: &ReleaseFile, layout: &Layout) -> Vec<(String, Role)> {
    let logs = &release_file.logs;
    let time = if logs.time_unit.is_some() { Role::Epoch } else { Role::Timestamp };
    let mut columns = vec![
        (logs.column("requester").to_owned(), Role::Identifier),
        (logs.column("target").to_owned(), Role::Identifier),
        (logs.column("requested_at").to_owned(), time),
    ];
    let mut texts = |address: &str| match logs.made(address) {
        Some(made) => columns.extend(made.reads().iter().map(|it| (it.clone(), Role::Text))),
        None => columns.push((address.to_owned(), Role::Text)),
    };
    for name in logs.filter.iter().flat_map(|filter| filter.columns()) {
        texts(logs.column(name));
    }
    for key in layout.keys() {
        match key.source() {
            KeySource::App => texts(logs.column("app")),
            KeySource::Route => texts(logs.column("route")),
            KeySource::Column(address) => texts(address),
            _ => {}
        }
    }
    let grids = layout.keys().iter().filter_map(Key::grid);
    columns.extend(grids.map(|grid| (grid.column().to_owned(), Role::Number)));
    columns.sort();
    columns.dedup();
    columns
}

/// The path of the logs, as the cluster names it.
pub fn path(logs: &Logs) -> String {
    if logs.place.glob.contains("://") {
        return logs.place.glob.clone();
    }
    let path = logs.place.path();
    let path = std::path::absolute(&path).unwrap_or(path);
    format!("file://{}", path.display())
}

/// The query that lists the files, those of all days if there are no bounds; it reads no value of a
/// row.
#[cfg(feature = "spark")]
pub(super) fn files(release_file: &ReleaseFile, bounds: Option<&DayBounds>) -> String {
    format!(
        "SELECT _metadata.file_path AS path, _metadata.file_size AS size,\n  \
           unix_micros(_metadata.file_modification_time) AS changed_at\n\
         FROM {}{}\nGROUP BY ALL",
        files_of(release_file),
        bounds
            .and_then(|bounds| in_files_of_day(release_file, bounds))
            .map_or_else(String::new, |is| format!("\nWHERE {is}")),
    )
}

/// The query that returns these columns without any row, so that only their types come back.
#[cfg(feature = "spark")]
pub(super) fn header(release_file: &ReleaseFile, columns: &[(String, Role)]) -> String {
    let mut names: Vec<String> = columns.iter().map(|(column, _)| name(column)).collect();
    names.dedup();
    format!("SELECT {} FROM {}", names.join(", "), files_of(release_file))
}

/// The query of the rows of one day, with their targets if `target` is set.
///
/// # Errors
/// Usage, for a condition that engines evaluate differently.
pub(super) fn lookups(
    release_file: &ReleaseFile,
    layout: &Layout,
    bounds: &DayBounds,
    target: bool,
) -> Result<String> {
    let logs = &release_file.logs;
    let column = |canonical: &str| name(logs.column(canonical));
    let (read, is_of_day) = times(logs, bounds);
    let mut columns = vec![
        format!("CAST({} AS STRING) AS requester", column("requester")),
        format!("CAST({} AS STRING) AS target", column("target")),
        format!("{read} AS micros"),
    ];
    let keys = || layout.keys().iter().enumerate();
    columns.extend(keys().filter_map(|(place, key)| key_column(logs, place, key)));
    let mut conditions = vec![is_of_day];
    conditions.extend(in_files_of_day(release_file, bounds));
    if let Some(filter) = &logs.filter {
        let read = |name: &str| Ok(as_text(logs, logs.column(name)));
        conditions.push(filter.sql(&read, &text)?);
    }
    let mut countries = Vec::new();
    let mut atoms: Vec<String> = keys()
        .zip(layout.strides())
        .map(|((place, key), stride)| {
            let position = match Country::of(place, key) {
                Some(country) => {
                    countries.push(country.join());
                    country.position()
                }
                None => position(key, &format!("key_{place}"), bounds),
            };
            format!("{position} * {stride}L")
        })
        .collect();
    if atoms.is_empty() {
        atoms.push("0L".to_owned());
    }
    let target = if target { "CAST(target AS BINARY) AS target, " } else { "" };
    Ok(format!(
        "SELECT CAST(requester AS BINARY) AS requester, {target}\n    {} AS atom\n  \
         FROM (\n    SELECT {}\n    FROM {}\n    WHERE {}\n  ){}\n  \
         WHERE {}",
        atoms.join(" +\n    "),
        columns.join(",\n      "),
        files_of(release_file),
        conditions.join("\n      AND "),
        countries.concat(),
        are_people(logs),
    ))
}

/// The column that a key is read from; `None` for keys that follow from other columns.
fn key_column(logs: &Logs, place: usize, key: &Key) -> Option<String> {
    let read = match key.source() {
        KeySource::App => as_text(logs, logs.column("app")),
        KeySource::Route => as_text(logs, logs.column("route")),
        KeySource::Column(address) => as_text(logs, address),
        KeySource::Number(grid) => format!("CAST({} AS DOUBLE)", name(grid.column())),
        _ => return None,
    };
    Some(format!("{read} AS key_{place}"))
}

/// The condition that a row has a requester and a target; other rows are rejects.
fn are_people(logs: &Logs) -> String {
    match logs.identifier {
        // The expression is long, so it stands once for both. A text that holds a space itself has
        // one too many and does not match.
        Identifier::E164Exact => format!(
            "concat(requester, ' ', target, ' ') RLIKE '^(?:[+]{} ){{2}}$'",
            exact_numbers()
        ),
        _ => "requester <> '' AND is_valid_utf8(requester)\n    \
              AND target <> '' AND is_valid_utf8(target)"
            .to_owned(),
    }
}

fn files_of(release_file: &ReleaseFile) -> String {
    match &release_file.logs.table {
        Some(table) => names(table),
        None => format!("parquet.{}", name(&path(&release_file.logs))),
    }
}

/// The condition that a file is of the day, where names of folders or files say so.
fn in_files_of_day(release_file: &ReleaseFile, bounds: &DayBounds) -> Option<String> {
    let days = bounds.days_in(&release_file.logs.time_zone);
    Some(match release_file.logs.day_names.as_ref()? {
        DayNames::Folder(folder) => {
            let days: Vec<String> = days.iter().map(|day| text(&day.to_string())).collect();
            format!("CAST({} AS STRING) IN ({})", name(folder), days.join(", "))
        }
        // What the cluster lists by this is checked by [`DayNames::day_of`].
        DayNames::File => {
            let spellings: Vec<String> =
                days.iter().map(|day| spellings(&day.to_string())).collect();
            let any = spellings.join("|");
            format!("_metadata.file_name RLIKE '(^|[^0-9])({any})([^0-9]|$)'")
        }
    })
}

/// The spellings of a day in names of files, as an expression; a time may follow digits alone.
fn spellings(day: &str) -> String {
    let parts: Vec<&str> = day.split('-').collect();
    let [digits, hyphens, lines, points] = ["", "-", "_", "[.]"].map(|mark| parts.join(mark));
    format!("{digits}([0-9][0-9]){{0,3}}|{hyphens}|{lines}|{points}")
}

/// The instant of a row in microseconds, and the condition that it is of the day.
fn times(logs: &Logs, bounds: &DayBounds) -> (String, String) {
    let column = name(logs.column("requested_at"));
    let (start, end) = (bounds.start_micros(), bounds.end_micros());
    let Some(unit) = logs.time_unit else {
        let instant = format!("CAST({column} AS TIMESTAMP)");
        let of_day = format!(
            "{instant} >= timestamp_micros({start}L) AND {instant} < timestamp_micros({end}L)"
        );
        return (format!("unix_micros({instant})"), of_day);
    };
    // The bounds are in the column's own unit, so that no product overflows and files can be passed
    // over.
    let instant = format!("CAST({column} AS BIGINT)");
    let (times, parts) = match unit {
        TimeUnit::Seconds => (1_000_000, 1),
        TimeUnit::Milliseconds => (1_000, 1),
        TimeUnit::Microseconds => (1, 1),
        TimeUnit::Nanoseconds => (1, 1_000),
    };
    let first = |micros: i64| {
        micros.saturating_mul(parts).div_euclid(times)
            + i64::from(micros.saturating_mul(parts).rem_euclid(times) != 0)
    };
    let of_day = format!("{instant} >= {}L AND {instant} < {}L", first(start), first(end));
    let micros = if parts == 1 {
        format!("{instant} * {times}L")
    } else {
        format!("({instant} - pmod({instant}, {parts}L)) DIV {parts}L")
    };
    // Rows of other days count as nothing, and their products may not fit.
    (format!("CASE WHEN {of_day} THEN {micros} END"), of_day)
}

/// The column at an address, as text.
fn as_text(logs: &Logs, address: &str) -> String {
    let column = |column: &str| format!("CAST({} AS STRING)", name(column));
    match logs.made(address) {
        None => column(address),
        Some(Made::Constant(value)) => text(value),
        Some(Made::Mapped(from, map)) => {
            let arms =
                map.iter().map(|(old, new)| format!(" WHEN {} THEN {}", text(old), text(new)));
            format!("CASE {}{} END", column(from), arms.collect::<String>())
        }
        // Only times can be joined, and a cluster is not asked for such.
        Some(Made::Joined(_)) => "CAST(NULL AS STRING)".to_owned(),
    }
}
