//! Do the files have what the release file declares? Decided before any budget is charged.
//!
//! Names of columns are facts of headers and schemas. JSON has neither, so its lines show them, and
//! rows show whether times in text are as declared. Logs are refused only if no row of any file is
//! as declared, so that one person's rows do not decide it while others can be read. A message
//! shows only names that many lines have (docs/attack-model.md has what one row can still decide).

use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use rayon::prelude::*;

use super::absent::{self, missing};
use super::format::{Format, TextFormat};
use super::log_file::{OpenLog, Piece};
use super::nested;
use super::raw_batch::RawBatch;
use super::spelling::{self, Spelling};
use super::wanted::{ALIKE, Wanted};
use crate::release_file::logs::Logs;
use crate::release_file::nearest::nearest;
use crate::{Error, Result};

/// Refuses logs if there is a wanted column that no file has. In JSON a column that not every
/// lookup needs may be rare, so its absence is no fault there, and [`absent`] names it.
pub(super) fn require_columns(wanted: &Wanted, files: &[OpenLog<'_>]) -> Result<()> {
    let is_certain = !files.iter().any(is_json);
    let missing = missing(wanted, files).into_iter();
    let missing = missing.filter(|place| is_certain || wanted.is_needed(*place));
    let names: Vec<String> = missing.map(|place| wanted.names[place].clone()).collect();
    match first_in_no_line(&names, files)? {
        Some(name) => Err(no_column(name, files)),
        None => Ok(()),
    }
}

/// The first of these columns that no line of JSON has in any file. Lines are read once for all
/// columns, and only until each column was seen.
fn first_in_no_line<'n>(names: &'n [String], files: &[OpenLog<'_>]) -> Result<Option<&'n String>> {
    let sought = Wanted::some(names.to_vec());
    let seen: Vec<AtomicBool> = names.iter().map(|_| AtomicBool::new(false)).collect();
    let is_seen = |place: usize| seen[place].load(Ordering::Relaxed);
    let are_all = || (0..seen.len()).all(is_seen);
    for file in files.iter().filter(|file| is_json(file)) {
        let look = |raw: RawBatch| {
            for (place, seen) in seen.iter().enumerate() {
                let has = |column: &ArrayRef| column.null_count() < raw.rows;
                seen.fetch_or(raw.column(place).is_some_and(has), Ordering::Relaxed);
            }
            Ok(())
        };
        let read = |piece: Result<Piece>| {
            piece.and_then(|piece| file.read(&piece, &sought, &mut |raw| look(raw)))
        };
        let is_end = |read: &Result<()>| read.is_err() || are_all();
        if are_all() {
            break;
        }
        file.pieces(true).par_bridge().map(read).find_any(is_end).transpose()?;
    }
    Ok((0..names.len()).find(|place| !is_seen(*place)).map(|place| &names[place]))
}

fn no_column(name: &str, files: &[OpenLog<'_>]) -> Error {
    let names = absent::usual(files);
    let which = match files {
        [file] => format!("{} has no", file.path().display()),
        _ => format!("none of the {} log files has a", files.len()),
    };
    if files.iter().filter_map(OpenLog::names).all(|names| names.is_empty()) {
        let which = which.replace(" has no", " holds no").replace(" has a", " holds a");
        return Error::input(format!("{which} JSON object")).help(
            "write one JSON object on each line (NDJSON) in UTF-8, and end lines with a line feed",
        );
    }
    let error = Error::input(format!("{which} column `{name}`"));
    let key = format!("{name}=");
    let in_path = |file: &OpenLog<'_>| {
        file.path().components().any(|part| part.as_os_str().to_string_lossy().starts_with(&key))
    };
    if files.iter().any(in_path) {
        return error.help(format!(
            "folders such as `{key}…` are not read as a column: write `{name}` into the files"
        ));
    }
    error.help(match nearest(name, names.iter().map(String::as_str), ALIKE) {
        Some(known) => {
            format!("did you mean `{known}`? Correct it in `[logs] columns`, or where it is named")
        }
        None => {
            let some = names.into_iter().take(20).collect::<Vec<_>>().join(", ");
            format!("say in `[logs] columns` which column it is; the files have: {some}")
        }
    })
}

/// Refuses logs whose times cannot be read as declared: no row has a time that can be read, and
/// some row has one that another declaration in the release file would make readable.
pub(super) fn require_times(wanted: &Wanted, files: &[OpenLog<'_>], logs: &Logs) -> Result<()> {
    let (texts, others): (Vec<_>, Vec<_>) =
        files.iter().partition(|file| has_text_times(file, logs));
    let mut unclear = None;
    for file in texts {
        let is_read = has_a_time(file, wanted, logs, |raw| {
            if unclear.is_none() {
                let texts = raw.values(raw.column(wanted.requested_at))?;
                let asked = texts.iter().flatten().find_map(|text| asked_for(text, logs));
                unclear = asked.map(|error| named(file, logs, &error));
            }
            Ok(())
        })?;
        if is_read {
            return Ok(());
        }
    }
    let Some(unclear) = unclear else { return Ok(()) };
    // Times of other types mean one instant each, so they are looked at only if texts gave no time.
    for file in others {
        if has_a_time(file, wanted, logs, |_| Ok(()))? {
            return Ok(());
        }
    }
    Err(unclear)
}

/// Whether a row of the file has a time that can be read. Pieces behind the first one with such a
/// row are not read.
fn has_a_time(
    file: &OpenLog<'_>,
    wanted: &Wanted,
    logs: &Logs,
    mut look: impl FnMut(&RawBatch) -> Result<()>,
) -> Result<bool> {
    for piece in file.pieces(true) {
        let mut is_read = false;
        file.read(&piece?, wanted, &mut |raw| {
            let times = raw.times(wanted, logs)?;
            is_read |= times.null_count() < times.len();
            look(&raw)
        })?;
        if is_read {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a release file must say for a text to be a time; the message holds nothing of the text but
/// which parts it has.
pub(super) fn asked_for(text: &[u8], logs: &Logs) -> Option<Error> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if !logs.time_formats.is_empty() {
        let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
        return has_digits.then(|| {
            Error::input("holds times that `[logs] time_format` does not describe")
                .help("correct the format; docs/logs.md shows spellings of times and their formats")
        });
    }
    if logs.time_unit.is_none() && text.parse::<f64>().is_ok_and(f64::is_finite) {
        return Some(
            Error::input("holds numbers")
                .help("declare their unit: `[logs] time_unit = \"s\"`, \"ms\", \"us\" or \"ns\""),
        );
    }
    match spelling::read(text) {
        Spelling::Several(formats) => {
            let formats: Vec<_> = formats.iter().map(|format| format!("\"{format}\"")).collect();
            Some(Error::input("holds dates that can mean several days").help(format!(
                "say how they are written: `[logs] time_format` = {}",
                formats.join(" or ")
            )))
        }
        Spelling::NoYear(format) => Some(Error::input("holds dates without a year").help(format!(
            "say how they are written, and of which year the log is: `[logs] time_format = \"{format}\"` and \
             `default_year`"
        ))),
        Spelling::Time(..) | Spelling::Nothing => None,
    }
}

fn named(file: &OpenLog<'_>, logs: &Logs, error: &Error) -> Error {
    let column = logs.shown("requested_at");
    Error::input(format!("{}: the time column `{column}` {error}", file.path().display()))
        .help(error.hint().unwrap_or_default().to_owned())
}

/// Whether a file has no header that would list its columns.
pub(super) fn is_json(file: &OpenLog<'_>) -> bool {
    matches!(file.file().format(), Format::Text(TextFormat::Json, _))
}

/// Whether the times of a file are text; the text may be digits.
fn has_text_times(file: &OpenLog<'_>, logs: &Logs) -> bool {
    let Some(schema) = file.schema() else { return true };
    let field = nested::find(schema.fields(), logs.column("requested_at"));
    // What is made from several columns is text. Texts are read as bytes, since one that is not UTF-8 is a
    // reject and no more.
    let is_text = |kind: &DataType| kind.is_string() || kind.is_binary();
    field.is_none_or(|(_, field)| match field.data_type() {
        DataType::Dictionary(_, values) => is_text(values),
        other => is_text(other),
    })
}
