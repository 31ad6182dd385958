//! Rejected rows, written out for the operator who asked for them.
//!
//! One JSON object per line: the file, the reason, and the columns that every lookup needs, as the
//! log has them; for a malformed record also its text. The rows are as sensitive as the logs: the
//! file is readable by its owner alone, and no other output depends on whether it is written. Rows
//! come in no fixed order.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use arrow_array::ArrayRef;
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use serde_json::{Map, Value};

use super::raw_batch::RawBatch;
use super::wanted::Wanted;
use crate::files::{self, OWNER};
use crate::release_file::logs::Logs;
use crate::{Error, Result};

/// Why a row could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Its record does not have the file's format: quotes, fields, JSON or UTF-8 are wrong.
    Malformed,
    /// It has no time that can be read, or one outside the years 1 to 9999.
    BadTime,
    /// The requester is null, empty, or a number that is not exact.
    NoRequester,
    /// The target is null, empty, or a number that is not exact.
    NoTarget,
    /// The requester or the target is not a valid number.
    BadNumber,
}

impl Reason {
    /// Every reason. A row that has several counts under the first of them.
    pub const ALL: [Self; 5] =
        [Self::Malformed, Self::BadTime, Self::NoRequester, Self::NoTarget, Self::BadNumber];

    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::BadTime => "bad_time",
            Self::NoRequester => "no_requester",
            Self::NoTarget => "no_target",
            Self::BadNumber => "bad_number",
        }
    }
}

/// How many rows could not be read, by reason. Secret: exact counts of rows.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Rejects([u64; Reason::ALL.len()]);

impl Rejects {
    /// How many rows were rejected for a reason.
    pub const fn of(&self, reason: Reason) -> u64 {
        self.0[reason as usize]
    }

    /// How many rows were rejected.
    pub fn all(&self) -> u64 {
        self.0.iter().sum()
    }

    pub(super) fn count(&mut self, reason: Reason) {
        self.0[reason as usize] += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(count, more)| *count += more);
    }
}

/// A file that takes rejected rows.
pub struct RejectedRows {
    path: PathBuf,
    writer: Mutex<BufWriter<File>>,
}

impl RejectedRows {
    /// Makes `name` in a folder, for the owner alone; a file of that name is replaced.
    ///
    /// # Errors
    /// Usage, for a folder among the logs; I/O, naming the path.
    pub fn create(logs: &Logs, folder: &Path, name: &str) -> Result<Self> {
        if logs.place.reaches(folder) {
            return Err(Error::usage(format!(
                "`--rejects {}` lies among the logs",
                folder.display()
            ))
            .help("rows there would be read as logs: name a folder elsewhere"));
        }
        let path = folder.join(name);
        fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        let file = files::make(&path, OWNER).map_err(|error| failed(&path, error))?;
        Ok(Self { path, writer: Mutex::new(BufWriter::new(file)) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the rejected rows of one batch.
    pub(super) fn write(
        &self,
        log: &Path,
        raw: &RawBatch,
        wanted: &Wanted,
        rows: &[(usize, Reason)],
    ) -> Result<()> {
        let options = FormatOptions::default();
        let columns =
            wanted.required().map(|place| (&wanted.names[place], raw.column(place).map(shown)));
        let mut text = String::new();
        for (row, reason) in rows {
            let mut object = Map::new();
            object.insert("file".to_owned(), log.display().to_string().into());
            object.insert("reason".to_owned(), reason.word().into());
            if let (Reason::Malformed, Some(records)) = (reason, &raw.records) {
                let record = String::from_utf8_lossy(records.text(*row));
                object.insert("record".to_owned(), record.trim_end().into());
            }
            for (name, array) in &columns {
                let value = array
                    .as_ref()
                    .filter(|array| array.is_valid(*row))
                    .and_then(|array| ArrayFormatter::try_new(array, &options).ok())
                    .and_then(|formatter| formatter.value(*row).try_to_string().ok());
                object.insert((*name).clone(), value.map_or(Value::Null, Value::String));
            }
            text.push_str(&Value::Object(object).to_string());
            text.push('\n');
        }
        let mut writer =
            self.writer.lock().map_err(|_| Error::internal("a thread that read logs died"))?;
        writer.write_all(text.as_bytes()).map_err(|error| failed(&self.path, error))
    }

    /// Makes sure that everything written is in the file.
    ///
    /// # Errors
    /// I/O, naming the path.
    pub fn finish(&self) -> Result<()> {
        let mut writer =
            self.writer.lock().map_err(|_| Error::internal("a thread that read logs died"))?;
        writer.flush().map_err(|error| failed(&self.path, error))
    }
}

/// A column as it is shown: bytes as text, and nothing for bytes that are not text.
fn shown(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            cast(array, &DataType::Utf8View).unwrap_or_else(|_| array.clone())
        }
        _ => array.clone(),
    }
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    Error::io(format!("{} cannot be written", path.display()))
        .help("choose another folder with --rejects")
        .because(error)
}
