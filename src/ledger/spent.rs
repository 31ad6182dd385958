//! What each requester has lost in a window so far: one file beside the ledger.
//!
//! In: digests of requesters with their losses, partition by partition. Out: the same for the next
//! day of the window. Where the files lie and which of them counts is in [`super::windows`].
//!
//! # Privacy
//! A file is secret, like the logs: it tells whoever has the ledger's key who asked in the window,
//! and roughly how much.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{ArrayRef, FixedSizeBinaryArray, RecordBatch, UInt64Array};
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::FileWriter;
use arrow_schema::ArrowError;
use arrow_schema::{DataType, Field, Schema};
use serde::{Deserialize, Serialize};

use super::place::owner_only;
use crate::spec::window::Day;
use crate::{Error, Result};

/// A requester's digest under a window's key, with what it has lost in the window so far, in 2^-16 of
/// a billionth of rho.
pub type Spent = (u128, u64);

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
    /// Before the first draw of a window.
    pub(super) const fn nothing() -> Self {
        Self { file: None }
    }

    /// What a draw left in a file.
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let read = || -> std::result::Result<HashMap<usize, usize>, ArrowError> {
            let reader = FileReader::try_new(BufReader::new(File::open(&path)?), None)?;
            let listed = reader.custom_metadata().get(PARTITIONS).ok_or_else(other_schema)?;
            let listed: Vec<usize> = serde_json::from_str(listed).map_err(|_| other_schema())?;
            Ok(listed.into_iter().enumerate().map(|(batch, place)| (place, batch)).collect())
        };
        let batches = read().map_err(|error| unreadable(&path).because(error))?;
        Ok(Self { file: Some(Places { path, batches }) })
    }

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
            let digest = |bytes: &[u8]| bytes.first_chunk().copied().map(u128::from_be_bytes);
            let who = who.iter().flatten().filter_map(digest);
            Ok(who.zip(lost.values().iter().copied()).collect())
        };
        read().map_err(|error| unreadable(path).because(error))
    }
}

impl SpentAfter {
    /// Begins a file; one that a run left when it died is written anew.
    pub(super) fn create(window: Day, path: PathBuf) -> Result<Self> {
        let schema = Arc::new(Schema::new(vec![
            Field::new("requester", DataType::FixedSizeBinary(16), false),
            Field::new("lost", DataType::UInt64, false),
        ]));
        let begin = || -> std::result::Result<FileWriter<BufWriter<File>>, ArrowError> {
            let file = owner_only().create(true).truncate(true).open(&path)?;
            FileWriter::try_new(BufWriter::new(file), &schema)
        };
        let file = begin().map_err(|error| unwritable(&path).because(error))?;
        let writing = Mutex::new(Writing { file, partitions: Vec::new() });
        Ok(Self { window, path, schema, writing })
    }

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
        batch().map_err(|error| unwritable(&self.path).because(error))
    }

    /// Makes the file durable.
    ///
    /// # Errors
    /// I/O, when it cannot be written.
    pub fn finish(self) -> Result<SpentMark> {
        let window = self.window;
        let finish = || -> std::result::Result<(), ArrowError> {
            let Writing { mut file, partitions } =
                self.writing.into_inner().map_err(|_| poisoned())?;
            let places = serde_json::to_string(&partitions).unwrap_or_default();
            file.write_metadata(PARTITIONS, places);
            // So that equal losses have different digests, and those tell nothing.
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).map_err(|error| ArrowError::IpcError(error.to_string()))?;
            file.write_metadata(SALT, format!("{:032x}", u128::from_be_bytes(salt)));
            let file = file.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            // The file's name and the folder's must last too.
            if let Some(folder) = self.path.parent().filter(|_| cfg!(unix)) {
                File::open(folder)?.sync_all()?;
                folder.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())?;
            }
            Ok(())
        };
        let path = self.path.clone();
        finish().map_err(|error| unwritable(&path).because(error))?;
        Ok(SpentMark { window, spent: digest(&path)? })
    }
}

const PARTITIONS: &str = "partitions";
const SALT: &str = "salt";

pub(super) fn digest(path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    File::open(path)
        .and_then(|file| hasher.update_reader(file).map(|_| ()))
        .map_err(|error| unreadable(path).because(error))?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn other_schema() -> ArrowError {
    ArrowError::SchemaError("it is not such a file".to_owned())
}

fn poisoned() -> ArrowError {
    ArrowError::IpcError("another thread failed".to_owned())
}

pub(super) fn unreadable(path: &Path) -> Error {
    Error::io(format!(
        "what requesters lost in a window cannot be read, or is not what was written: {}",
        path.display()
    ))
    .help("bring this very file back, and give this user the right to read it")
}

pub(super) fn unwritable(path: &Path) -> Error {
    Error::io(format!(
        "what requesters have lost in a window cannot be written: {}",
        path.display()
    ))
    .help("give this user the right to write beside the ledger, and check its disk")
}
