//! Why logs cannot be described, and what would mend them.

use super::column::{Column, has_exponent};
use super::formats::{are_clocks, are_days};
use super::times::are_spreadsheet_days;
use crate::Error;
use crate::release_file::place::Place;

/// The refusal of logs without a column of times.
pub(super) fn no_times(place: &Place, columns: &[Column<'_>]) -> Error {
    let first = |is: &dyn Fn(&Column<'_>) -> bool| columns.iter().find(|column| is(column));
    let texts = |column: &Column<'_>, are: &dyn Fn(Vec<&str>) -> bool| {
        are(column.sample.values().iter().flatten().map(String::as_str).collect())
    };
    let days = |column: &Column<'_>| texts(column, &|texts| are_days(texts.into_iter()));
    let clocks = |column: &Column<'_>| texts(column, &|texts| are_clocks(texts.into_iter()));
    let lost = |column: &Column<'_>| {
        let lost = column.sample.values().iter().flatten().filter(|value| has_exponent(value));
        column.are_mostly(lost.count())
    };
    // A few rows with an empty column are probably objects around lists of rows.
    let has_lists = |column: &Column<'_>| column.filled == 0 && column.rows() < 10;
    let help = if columns.is_empty() {
        "a lookup needs three columns: a requester, a target and a time".to_owned()
    } else if columns.iter().all(|column| column.filled == 0) || first(&has_lists).is_some() {
        "its members hold lists, or nothing: write each element as a line of its own, as in jq -c '.NAME[]'"
            .to_owned()
    } else if let Some(column) = first(&lost) {
        format!(
            "the numbers in `{}` have an exponent, as in 1.77E+09, and lost digits: export them as text",
            column.name()
        )
    } else if let Some(column) = first(&are_spreadsheet_days) {
        format!(
            "the numbers in `{}` are days as a spreadsheet counts them: give its cells the format yyyy-mm-dd \
             hh:mm:ss, and export it again",
            column.name()
        )
    } else if let Some(column) = first(&days) {
        format!(
            "`{}` holds days without a clock, and a lookup needs an instant: export the time of day, too",
            column.name()
        )
    } else if let Some(column) = first(&clocks) {
        format!(
            "`{}` holds times of day without a day: have the program write the date, too",
            column.name()
        )
    } else {
        format!(
            "a lookup needs a requester, a target and a time, which `[logs] time_format` can describe in a release \
             file of your own; the columns are: {}",
            names(columns)
        )
    };
    Error::input(format!("no column of {} holds times", place.path().display())).help(help)
}

/// The refusal of logs without two columns of people.
pub(super) fn no_people(place: &Place, columns: &[Column<'_>]) -> Error {
    let lines = columns.iter().find(|column| column.are_mostly(column.lines));
    let help = match lines {
        Some(column) => format!(
            "`{0}` holds whole lines of another program, which are no columns: write them into a file of their own, \
             of JSON as in jq -r '.{0}', and name that file; lines of journald as in journalctl -o short-iso",
            column.name()
        ),
        None => format!(
            "a lookup needs a requester and a target beside its time, in one row; the columns are: {}",
            names(columns)
        ),
    };
    let which = place.path();
    Error::input(format!("no two columns of {} can name people", which.display())).help(help)
}

fn names(columns: &[Column<'_>]) -> String {
    columns.iter().take(20).map(Column::name).collect::<Vec<_>>().join(", ")
}
