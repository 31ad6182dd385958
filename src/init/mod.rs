//! A release file for logs that nobody has described yet, for the eyes of their owner.
//!
//! In: where logs are. Out: the text of a release file with a reason beside each guess, and `# CHECK` where
//! the owner knows better. What it proposes is read by the same code as a run reads. It looks at a
//! sample, quotes no identifier, and lists values of a key only if several requesters have them.

mod column;
mod divide;
mod fields;
mod folders;
mod formats;
mod found;
mod keys;
mod layout;
mod lines;
mod mapping;
mod people;
mod place;
mod questions;
mod times;
mod words;
mod write;

pub use place::{default_name, place_of};

use jiff::Timestamp;

use column::Column;
use divide::layout_of;
use folders::DayFolders;
use found::Found;
use keys::Keys;
use people::{names_of, people_of};
use times::{logs_with, time_of};

use crate::ingest::Sample;
use crate::release_file::ReleaseFile;
use crate::release_file::logs::Place;
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
}

/// Drafts a release file called `file`, of the release `name`, for the logs at `place`.
///
/// # Privacy
/// The text has values of keys that occur in the logs: it is for their owner, who prunes them.
///
/// # Errors
/// Input, for logs that cannot be read, or without a column of times or of people; I/O.
pub fn draft(name: &str, file: &str, place: &Place) -> Result<Draft> {
    let layout = layout_of(place)?;
    let sample = Sample::read(&logs_with(place, &layout.lines())?)?;
    if sample.rows == sample.malformed {
        return Err(Error::input(format!(
            "{} holds no row that can be read",
            place.path().display()
        ))
        .help("name files that have rows; docs/logs.md lists the formats"));
    }
    let columns: Vec<Column<'_>> = sample.columns.iter().map(Column::new).collect();
    let names = || columns.iter().take(20).map(Column::name).collect::<Vec<_>>().join(", ");
    let time = time_of(&columns, written(&sample)).ok_or_else(|| {
        let help = if columns.iter().all(|column| column.filled == 0) {
            "its members hold lists, or nothing: write each element as a line of its own, as in jq -c '.NAME[]'"
                .to_owned()
        } else {
            format!(
                "a lookup needs a requester, a target and a time, which `[logs] time_format` can describe in a release \
                 file of your own; the columns are: {}",
                names()
            )
        };
        Error::input(format!("no column of {} holds times", place.path().display())).help(help)
    })?;
    let people = people_of(&columns, &time.places).ok_or_else(|| {
        Error::input(format!("no two columns of {} can name people", place.path().display())).help(
            format!(
                "a lookup needs a requester and a target beside its time; the columns are: {}",
                names()
            ),
        )
    })?;
    let kinds = names_of(&columns[people.requester], &columns[people.target]);
    let keys = Keys::of(&columns, &people, &time.places);
    let found = Found {
        name,
        file,
        glob: &place.glob,
        files: sample.files,
        rows: sample.rows,
        day_folders: DayFolders::of(place, &sample, &columns, &time)?,
        columns: &columns,
        layout: &layout,
        time,
        people,
        names: kinds,
        keys,
    };
    let text = write::text(&found);
    ReleaseFile::parse(&text, "the draft", &place.folder)
        .map_err(|error| Error::internal("the draft is no release file").because(error))?;
    let checks = text.matches("# CHECK").count();
    Ok(Draft { text, files: sample.files, rows: sample.rows, checks })
}

/// When the newest file was written to.
fn written(sample: &Sample) -> Option<Timestamp> {
    let times = sample.paths.iter().filter_map(|path| path.metadata().ok()?.modified().ok());
    Timestamp::try_from(times.max()?).ok()
}
