//! What each requester has lost in a window so far: a file beside the ledger, for windows as units.
//!
//! In: digests of requesters with their losses, partition by partition. Out: the same for the next
//! day of the window. Invariant: the journal's note of a draw holds the digest of the file that the
//! draw left, and the file is durable before that note. A crash before the note leaves a file that
//! nothing refers to; without the file of the last draw no day of the window can be released, since
//! nobody knows any more what its requesters have lost.
//!
//! # Privacy
//! The file is secret, like the logs: it tells whoever has the ledger's key who asked in the window,
//! and roughly how much. It goes when the last day of the window is past retention.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, UInt64Type};
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use jiff::ToSpan;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::entry::EntryId;
use super::journal::{self, Event, Record};
use super::place::{Place, beside, owner_only, remove_if_there};
use super::trouble::{Outcome, Trouble};
use crate::spec::unit::WINDOW_DAYS;
use crate::spec::window::Day;
use crate::{Error, Result};

/// A requester's digest, with what it has lost, in 2^-16 of a billionth of rho.
type Spent = (u128, u64);

/// What a draw left, as the journal notes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpentMark {
    /// The first block of the window.
    pub window: Day,
    /// The digest of the file.
    pub spent: String,
}

/// What the requesters of a window lost before a draw. Secret.
pub struct SpentBefore {
    file: Option<Places>,
}

/// A file, and which of its batches has which partition.
struct Places {
    path: PathBuf,
    batches: HashMap<usize, usize>,
}

/// What they have lost after it, on its way to the disk. Secret.
pub struct SpentAfter {
    window: Day,
    path: PathBuf,
    schema: Arc<Schema>,
    writing: Mutex<Writing>,
}

struct Writing {
    file: FileWriter<BufWriter<File>>,
    /// The partition of each batch.
    partitions: Vec<usize>,
}

impl SpentBefore {
    /// What the requesters of a partition lost.
    ///
    /// # Errors
    /// I/O, when the file cannot be read.
    pub fn of(&self, partition: usize) -> Result<Vec<Spent>> {
        let Some(Places { path, batches }) = &self.file else { return Ok(Vec::new()) };
        let Some(batch) = batches.get(&partition) else { return Ok(Vec::new()) };
        let read = || -> std::result::Result<Vec<Spent>, ArrowError> {
            let mut reader = FileReader::try_new(BufReader::new(File::open(path)?), None)?;
            reader.set_index(*batch)?;
            let batch = reader.next().transpose()?;
            let batch = batch.ok_or_else(|| ArrowError::IpcError("a batch is gone".to_owned()))?;
            let who = batch.column(0).as_fixed_size_binary_opt().ok_or_else(other_schema)?;
            let lost = batch.column(1).as_primitive_opt::<UInt64Type>().ok_or_else(other_schema)?;
            let digest =
                |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all << 8 | u128::from(*byte));
            Ok(who.iter().flatten().map(digest).zip(lost.values().iter().copied()).collect())
        };
        read().map_err(|error| unreadable().because(error))
    }
}

impl SpentAfter {
    /// Takes a partition's requesters, ascending.
    ///
    /// # Errors
    /// I/O, when they cannot be written.
    pub fn put(&self, partition: usize, spent: &[Spent]) -> Result<()> {
        let batch = || -> std::result::Result<(), ArrowError> {
            if spent.is_empty() {
                return Ok(());
            }
            let who = spent.iter().map(|(who, _)| who.to_be_bytes());
            let columns: [ArrayRef; 2] = [
                Arc::new(FixedSizeBinaryArray::try_from_iter(who)?),
                Arc::new(spent.iter().map(|(_, lost)| *lost).collect::<UInt64Array>()),
            ];
            let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns.into())?;
            let mut writing = self.writing.lock().map_err(|_| poisoned())?;
            writing.file.write(&batch)?;
            writing.partitions.push(partition);
            Ok(())
        };
        batch().map_err(|error| unwritable().because(error))
    }

    /// Makes the file durable.
    ///
    /// # Errors
    /// I/O, when it cannot be written.
    pub fn finish(self) -> Result<SpentMark> {
        let finish = || -> std::result::Result<(), ArrowError> {
            let Writing { mut file, partitions } =
                self.writing.into_inner().map_err(|_| poisoned())?;
            let places = serde_json::to_string(&partitions).unwrap_or_default();
            file.write_metadata(PARTITIONS, places);
            let file = file.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            // The file's name and the folder's must last too.
            if let Some(folder) = self.path.parent().filter(|_| cfg!(unix)) {
                File::open(folder)?.sync_all()?;
                folder.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())?;
            }
            Ok(())
        };
        finish().map_err(|error| unwritable().because(error))?;
        Ok(SpentMark { window: self.window, spent: digest(&self.path)? })
    }
}

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
    let last = last(connection, window).map_err(|trouble| trouble.tell(place))?;
    let Some((entry, mark)) = last else { return Ok(SpentBefore { file: None }) };
    let path = path(place, window, entry);
    if !path.exists() {
        return Err(Error::io(format!(
            "what requesters lost in the window from {window} on is gone: {}",
            path.display()
        ))
        .help(
            "restore it from the backup of the ledger; without it the days of that window that are \
             not released yet cannot be, those of later windows can",
        ));
    }
    if digest(&path)? != mark.spent {
        return Err(unreadable());
    }
    let read = || -> std::result::Result<Places, ArrowError> {
        let reader = FileReader::try_new(BufReader::new(File::open(&path)?), None)?;
        let listed = reader.custom_metadata().get(PARTITIONS).ok_or_else(other_schema)?;
        let listed: Vec<usize> = serde_json::from_str(listed).map_err(|_| other_schema())?;
        let batches = listed.into_iter().enumerate().map(|(batch, place)| (place, batch)).collect();
        Ok(Places { path: path.clone(), batches })
    };
    Ok(SpentBefore { file: Some(read().map_err(|error| unreadable().because(error))?) })
}

/// Begins what an entry of a window will leave.
pub(super) fn after(place: &Place, window: Day, entry: EntryId) -> Result<SpentAfter> {
    let path = path(place, window, entry);
    let schema = Arc::new(Schema::new(vec![
        Field::new("requester", DataType::FixedSizeBinary(16), false),
        Field::new("lost", DataType::UInt64, false),
    ]));
    let begin = || -> std::result::Result<FileWriter<BufWriter<File>>, ArrowError> {
        let folder = folder(place);
        if !folder.is_dir() {
            let mut builder = fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(&folder)?;
        }
        // A resumed reservation writes it anew.
        let file = owner_only().create(true).truncate(true).open(&path)?;
        FileWriter::try_new(BufWriter::new(file), &schema)
    };
    let file = begin().map_err(|error| unwritable().because(error))?;
    let writing = Mutex::new(Writing { file, partitions: Vec::new() });
    Ok(SpentAfter { window, path, schema, writing })
}

/// Removes whatever a window has beside the file of its last draw.
pub(super) fn tidy(place: &Place, window: Day, last: EntryId) {
    let kept = path(place, window, last);
    for (of, path) in files(place) {
        if of == window && path != kept {
            // It is only in the way, and the next draw tries again.
            let _left = remove_if_there(&path);
        }
    }
}

/// Removes the files of windows whose last block is before `day`.
pub(super) fn forget(place: &Place, day: Day) -> Result<()> {
    for (window, path) in files(place) {
        let end = window.date().checked_add(i64::from(WINDOW_DAYS).days());
        if end.is_ok_and(|end| end <= day.date()) {
            remove_if_there(&path).map_err(|error| {
                Error::io(format!("{} cannot be removed", path.display()))
                    .help("it is past retention: remove it, or give this user the right to")
                    .because(error)
            })?;
        }
    }
    Ok(())
}

/// The entry that drew last in a window, with what it left.
fn last(connection: &Connection, window: Day) -> Outcome<Option<(EntryId, SpentMark)>> {
    let beyond = |_| Trouble::from(Error::internal("a window leaves the calendar"));
    let end = window.date().checked_add(i64::from(WINDOW_DAYS).days()).map_err(beyond)?;
    let found = connection
        .prepare_cached(
            "SELECT sequence, at, event, journal.entry, payload, previous, hash
             FROM journal JOIN charges ON charges.entry = journal.entry
             WHERE event = ?1 AND block >= ?2 AND block < ?3 ORDER BY sequence DESC LIMIT 1",
        )?
        .query_row(params![Event::Drawn, window, Day::new(end)], Record::from_row)
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

const PARTITIONS: &str = "partitions";

fn folder(place: &Place) -> PathBuf {
    beside(&place.ledger, ".spent")
}

fn path(place: &Place, window: Day, entry: EntryId) -> PathBuf {
    folder(place).join(format!("{window}.{entry}.arrow"))
}

/// Every file with the first block of its window.
fn files(place: &Place) -> Vec<(Day, PathBuf)> {
    let Ok(found) = fs::read_dir(folder(place)) else { return Vec::new() };
    let named = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        let day: Day = name.strip_suffix(".arrow")?.split('.').next()?.parse().ok()?;
        Some((day, path))
    };
    found.flatten().filter_map(|entry| named(entry.path())).collect()
}

fn digest(path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    File::open(path)
        .and_then(|file| io::copy(&mut BufReader::new(file), &mut hasher))
        .map_err(|error| unreadable().because(error))?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn other_schema() -> ArrowError {
    ArrowError::SchemaError("it is not such a file".to_owned())
}

fn poisoned() -> ArrowError {
    ArrowError::IpcError("another thread failed".to_owned())
}

fn unreadable() -> Error {
    Error::io("what requesters lost in this window cannot be read, or is not what was written")
        .help("restore the folder `.spent` beside the ledger from the backup of the ledger")
}

fn unwritable() -> Error {
    Error::io("what requesters have lost in this window cannot be written")
        .help("give this user the right to write beside the ledger, and check its disk")
}
