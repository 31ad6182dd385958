//! A release file for logs that nobody has described yet, for the eyes of their owner.
//!
//! In: where logs are. Out: the text of a release file with a reason beside each guess, and the
//! mark `CHECK` where the owner knows better. Each proposal is tried with the code that reads logs
//! for a run. This module looks at a sample, quotes no identifier, and lists values of a key only
//! if several requesters have them.

mod column;
mod countries;
mod divide;
mod fields;
mod formats;
mod found;
mod guesses;
mod keys;
mod known;
mod left_out;
mod lines;
mod mapping;
mod marks;
mod named_days;
mod names;
mod people;
mod place;
mod questions;
mod range;
mod refusals;
mod text_division;
mod times;
mod words;
mod write;

pub use place::{default_name, place_of};

use jiff::Timestamp;

use column::Column;
use countries::countries_of;
use divide::divisions_of;
use found::Found;
use keys::Keys;
use named_days::NamedDays;
use people::{Names, names_of, people_of};
use refusals::{no_people, no_times};
use text_division::TextDivision;
use times::{logs_with, time_of};

use crate::ingest::Sample;
use crate::release_file::ReleaseFile;
use crate::release_file::place::Place;
use crate::release_file::region::UNDECIDED;
use crate::{Error, Result};

/// A release file to be written.
pub struct Draft {
    /// Its text.
    pub text: String,
    /// How many files the logs have.
    pub files: usize,
    /// How many rows were looked at.
    pub rows: usize,
    /// How many lines the owner must look at.
    pub checks: usize,
    /// Whether the owner must say in which country numbers are dialled before the file can be used.
    pub is_undecided: bool,
}

/// Drafts a release file called `file`, of the release `name`, for the logs at `place`.
///
/// # Privacy
/// The text has values of keys that occur in the logs: it is for their owner, who prunes them.
///
/// # Errors
/// Input, for logs that cannot be read, or without a column of times or of people; I/O.
pub fn draft(name: &str, file: &str, place: &Place) -> Result<Draft> {
    let mut refusal = None;
    for division in divisions_of(place)? {
        match try_division(name, file, place, &division) {
            Ok(Tried::Drafted(draft)) => return Ok(draft),
            Ok(Tried::HasNoTimes(error)) => refusal = refusal.or(Some(error)),
            Err(error) => return Err(refusal.unwrap_or(error)),
        }
    }
    Err(refusal.unwrap_or_else(|| Error::internal("no way to divide lines was tried")))
}

/// The outcome of reading a log by one proposal.
enum Tried {
    Drafted(Draft),
    /// No times were found; another proposal may find some.
    HasNoTimes(Error),
}

fn try_division(name: &str, file: &str, place: &Place, division: &TextDivision) -> Result<Tried> {
    let sample = Sample::read(&logs_with(place, &division.lines())?)?;
    if sample.rows == sample.malformed {
        return Err(Error::input(format!(
            "{} holds no row that can be read",
            place.path().display()
        ))
        .help(
            "name files that have rows; JSON has one object on each line, as jq -c . writes it, or one array of \
             them; docs/logs.md lists the formats",
        ));
    }
    let columns: Vec<Column<'_>> = sample.columns.iter().map(Column::new).collect();
    let Some(time) = time_of(&columns, written(&sample), division.is_text) else {
        return Ok(Tried::HasNoTimes(no_times(place, &columns)));
    };
    let people = people_of(&columns, &time.places).ok_or_else(|| no_people(place, &columns))?;
    let kinds = names_of(&columns[people.requester], &columns[people.target]);
    let keys = Keys::of(&columns, &people, &time.places);
    let named_days = NamedDays::of(place, &sample, &columns, &time)?;
    let dated = named_days.as_ref().filter(|named| named.clocks.is_some() && named.days > 0);
    let rows_a_day = dated.map(|named| sample.estimated_rows / named.days as f64);
    let found = Found {
        name,
        file,
        glob: &place.glob,
        files: sample.files,
        rows: sample.rows,
        named_days,
        countries: countries_of(&columns, &people, &kinds),
        columns: &columns,
        division,
        time,
        people,
        names: kinds,
        keys,
        rows_a_day,
    };
    let text = write::text(&found);
    let is_undecided = matches!(found.names, Names::Undecided(_));
    // Any country will do to try what is otherwise refused.
    let tried = text.replace(
        &format!("\n{}\n", write::region(UNDECIDED)),
        &format!("\n{}\n", write::region("AT")),
    );
    ReleaseFile::parse(if is_undecided { &tried } else { &text }, "the draft", &place.folder)
        .map_err(|error| Error::internal("the draft is no release file").because(error))?;
    let checks = text.matches("# CHECK").count();
    Ok(Tried::Drafted(Draft { text, files: sample.files, rows: sample.rows, checks, is_undecided }))
}

/// When the newest file was written to.
fn written(sample: &Sample) -> Option<Timestamp> {
    let times = sample.paths.iter().filter_map(|path| path.metadata().ok()?.modified().ok());
    Timestamp::try_from(times.max()?).ok()
}
