//! Windows of blocks: where each begins, and the files that hold what its requesters lost.
//!
//! In: a block, an entry, the folder beside the ledger. Out: the file of the last draw of a window,
//! checked against the journal, and the next one. Invariant: the journal's note of a draw holds the
//! digest of the file that the draw left, and the file is durable before that note. A crash before
//! the note leaves a file that nothing refers to. Without the file of the last draw no day of the
//! window can be released, since nobody knows any more what its requesters have lost; and a ledger
//! that is older than a file beside it was restored alone, and is refused.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::ToSpan;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::entry::EntryId;
use super::journal::{self, Event, Record};
use super::place::{Place, beside, owner_only, remove_if_there};
use super::spent::{SpentAfter, SpentBefore, SpentMark, digest, unreadable, unwritable};
use super::trouble::{Outcome, Trouble};
use crate::spec::unit::WINDOW_DAYS;
use crate::spec::window::Day;
use crate::{Error, Result};

/// The first block of the window that holds `block`: windows are counted from the first block that
/// was ever reserved, `block` itself where none was.
pub(super) fn window(connection: &Connection, block: Day) -> Outcome<Day> {
    let first: Option<Day> = connection
        .prepare_cached("SELECT block FROM charges ORDER BY entry, block LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let first = first.unwrap_or(block);
    let beyond = || Trouble::from(Error::internal("a window leaves the calendar"));
    let days = first.date().until(block.date()).map_err(|_| beyond())?.get_days();
    let into = days.rem_euclid(WINDOW_DAYS.cast_signed());
    Ok(Day::new(block.date().checked_sub(into.days()).map_err(|_| beyond())?))
}

/// Finds what the last draw of a window left, and checks that it is just that.
pub(super) fn before(connection: &Connection, place: &Place, window: Day) -> Result<SpentBefore> {
    require_no_future(connection, place)?;
    let last = last(connection, window).map_err(|trouble| trouble.tell(place))?;
    let Some((entry, mark)) = last else { return Ok(SpentBefore::nothing()) };
    let path = path(place, window, entry);
    if !path.try_exists().map_err(|error| unreadable(&path).because(error))? {
        return Err(gone(window, &path));
    }
    if digest(&path)? != mark.spent {
        return Err(unreadable(&path));
    }
    SpentBefore::open(path)
}

/// Refuses a ledger that is older than what lies beside it: it was restored alone, and would give
/// every requester back what it lost since.
fn require_no_future(connection: &Connection, place: &Place) -> Result<()> {
    let newest: EntryId = connection
        .query_row("SELECT coalesce(max(id), 0) FROM entries", [], |row| row.get(0))
        .map_err(|error| Trouble::from(error).tell(place))?;
    match files(place)?.into_iter().find(|file| file.entry > newest.0) {
        None => Ok(()),
        Some(file) => Err(Error::io(format!(
            "the ledger {} is older than {}",
            place.shown,
            file.path.display()
        ))
        .help(
            "it was restored without the folder of losses beside it, or to an earlier state: bring \
             back the newest state of both; an earlier one would forget what requesters lost since",
        )),
    }
}

/// What does not hold of the files beside a ledger; `forgotten` are the windows whose files were
/// removed for good.
pub(super) fn faults(
    connection: &Connection,
    place: &Place,
    forgotten: &BTreeSet<Day>,
) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    if let Err(error) = require_no_future(connection, place) {
        faults.push(error.to_string());
    }
    let tell = |trouble: Trouble| trouble.tell(place);
    for window in windows(connection).map_err(tell)? {
        let Some((entry, mark)) = last(connection, window).map_err(tell)? else { continue };
        let path = path(place, window, entry);
        match digest(&path) {
            Ok(digest) if digest == mark.spent => {}
            Err(_) if forgotten.contains(&window) && !path.exists() => {}
            _ => faults.push(format!("{} is gone or was changed", path.display())),
        }
    }
    Ok(faults)
}

/// The windows in which a draw was noted.
fn windows(connection: &Connection) -> Outcome<BTreeSet<Day>> {
    let mut statement =
        connection.prepare_cached("SELECT payload FROM journal WHERE event = ?1")?;
    let payloads = statement.query_map([Event::Drawn], |row| row.get::<_, String>(0))?;
    let mut windows = BTreeSet::new();
    for payload in payloads {
        // Whatever is no such note is told by the walk along the journal.
        windows.extend(serde_json::from_str::<SpentMark>(&payload?).ok().map(|mark| mark.window));
    }
    Ok(windows)
}

/// Makes the folder of losses and finds out whether files can be made in it.
pub(super) fn require_writable(place: &Place) -> Result<()> {
    let folder = folder(place);
    let probe = || -> io::Result<()> {
        if !folder.is_dir() {
            let mut builder = fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(&folder)?;
        }
        let probe = folder.join(".probe");
        owner_only().create(true).truncate(true).open(&probe)?;
        fs::remove_file(&probe)
    };
    probe().map_err(|error| unwritable(&folder).because(error))
}

/// Begins what an entry of a window will leave.
pub(super) fn after(place: &Place, window: Day, entry: EntryId) -> Result<SpentAfter> {
    require_writable(place)?;
    SpentAfter::create(window, path(place, window, entry))
}

/// Removes whatever a window has beside the file of its last draw.
pub(super) fn tidy(place: &Place, window: Day, last: EntryId) {
    let kept = path(place, window, last);
    // What cannot be listed or removed is only in the way, and the next draw tries again.
    for file in files(place).unwrap_or_default() {
        if file.window == window && file.path != kept {
            let _left = remove_if_there(&file.path);
        }
    }
}

/// The windows on the disk of which no day can be released any more; `first_inside` gives the first
/// day that is inside a retention of so many days, and `days` is the asker's own. A release that
/// keeps its logs longer and drew in the window keeps it.
pub(super) fn past(
    connection: &Connection,
    place: &Place,
    days: u32,
    first_inside: &dyn Fn(u32) -> Option<Day>,
) -> Outcome<BTreeSet<Day>> {
    let mut past = BTreeSet::new();
    for Named { window, .. } in files(place)? {
        let end = end(window)?;
        let mut statement = connection.prepare_cached(
            "SELECT plan FROM entries JOIN charges ON entry = id WHERE block >= ?1 AND block < ?2",
        )?;
        let plans = statement.query_map(params![window, end], |row| row.get::<_, String>(0))?;
        let mut longest = days;
        for plan in plans {
            let plan: serde_json::Value = serde_json::from_str(&plan?).unwrap_or_default();
            let days = plan["retention_days"].as_u64().and_then(|days| u32::try_from(days).ok());
            longest = longest.max(days.unwrap_or(0));
        }
        if first_inside(longest).is_some_and(|first| end <= first) {
            past.insert(window);
        }
    }
    Ok(past)
}

/// Removes the files of a window.
pub(super) fn forget(place: &Place, window: Day) -> Result<()> {
    for file in files(place)?.into_iter().filter(|file| file.window == window) {
        remove_if_there(&file.path).map_err(|error| {
            Error::io(format!("{} cannot be removed", file.path.display()))
                .help("it is past retention: remove it, or give this user the right to")
                .because(error)
        })?;
    }
    Ok(())
}

/// The first block behind a window.
fn end(window: Day) -> Outcome<Day> {
    let beyond = |_| Trouble::from(Error::internal("a window leaves the calendar"));
    Ok(Day::new(window.date().checked_add(i64::from(WINDOW_DAYS).days()).map_err(beyond)?))
}

/// The entry that drew last in a window, with what it left.
fn last(connection: &Connection, window: Day) -> Outcome<Option<(EntryId, SpentMark)>> {
    let end = end(window)?;
    let found = connection
        .prepare_cached(
            "SELECT sequence, at, event, journal.entry, payload, previous, hash
             FROM journal JOIN charges ON charges.entry = journal.entry
             WHERE event = ?1 AND block >= ?2 AND block < ?3 ORDER BY sequence DESC LIMIT 1",
        )?
        .query_row(params![Event::Drawn, window, end], Record::from_row)
        .optional()?;
    let Some(record) = found else { return Ok(None) };
    let changed = || Trouble::Damaged("the note of a draw was changed".to_owned());
    let entry = record.entry.and_then(|entry| u64::try_from(entry).ok()).ok_or_else(changed)?;
    let mark: SpentMark = serde_json::from_str(&record.payload).map_err(|_| changed())?;
    if record.hash != record.computed_hash() || mark.window != window {
        return Err(changed());
    }
    Ok(Some((EntryId(entry), mark)))
}

/// What the journal keeps of a draw.
pub(super) fn payload(mark: Option<&SpentMark>) -> Outcome<String> {
    mark.map_or_else(|| Ok(journal::NOTHING_MORE.to_owned()), journal::payload)
}

/// Whether a note of a draw is one: of a window exactly where windows are the unit.
pub(super) fn is_payload(text: &str, is_over_window: bool) -> bool {
    if !is_over_window {
        return text == journal::NOTHING_MORE;
    }
    let mark = serde_json::from_str::<SpentMark>(text).ok();
    mark.and_then(|mark| journal::payload(&mark).ok()).is_some_and(|again| again == text)
}

fn folder(place: &Place) -> PathBuf {
    beside(&place.ledger, ".spent")
}

fn path(place: &Place, window: Day, entry: EntryId) -> PathBuf {
    folder(place).join(format!("{window}.{entry}.arrow"))
}

/// A file beside the ledger, as its name tells it.
struct Named {
    window: Day,
    entry: u64,
    path: PathBuf,
}

/// Every file of losses.
fn files(place: &Place) -> Result<Vec<Named>> {
    let folder = folder(place);
    let found = match fs::read_dir(&folder) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(&folder).because(error)),
    };
    let named = |path: PathBuf| {
        let (window, entry) =
            path.file_name()?.to_str()?.strip_suffix(".arrow")?.split_once('.')?;
        let (window, entry) = (window.parse().ok()?, entry.parse().ok()?);
        Some(Named { window, entry, path })
    };
    Ok(found.flatten().filter_map(|entry| named(entry.path())).collect())
}

fn gone(window: Day, path: &Path) -> Error {
    Error::io(format!(
        "what requesters lost in the window from {window} on is gone: {}",
        path.display()
    ))
    .help(
        "bring this very file back; without it the days of that window that are not released yet \
         cannot be, those of later windows can. Never restore the ledger to an earlier state for it",
    )
}
