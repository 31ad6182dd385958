//! Rejected rows, written out for the operator who asked for them.
//!
//! One JSON object per line: the file, the reason, and the columns that every lookup needs, as the
//! log has them. The rows are as sensitive as the logs: the file is the owner's alone, and nothing
//! else tells how many there are or whether there are any. Rows come in no fixed order.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use arrow_array::ArrayRef;
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use serde_json::{Map, Value};

use super::wanted::{RawBatch, Wanted};
use crate::release_file::logs::Logs;
use crate::{Error, Result};

/// Why a row could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    BadTime,
    NoRequester,
    NoTarget,
    BadNumber,
}

impl Reason {
    const fn word(self) -> &'static str {
        match self {
            Self::BadTime => "bad_time",
            Self::NoRequester => "no_requester",
            Self::NoTarget => "no_target",
            Self::BadNumber => "bad_number",
        }
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
        // A file that others could read before keeps its mode when it is only emptied.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(&path, error));
            }
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|error| failed(&path, error))?;
        Ok(Self { path, writer: Mutex::new(BufWriter::new(file)) })
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
        let columns = wanted.required().map(|place| {
            let array = raw.columns.get(place).and_then(Option::as_ref);
            (&wanted.names[place], array.map(|array| shown(array, raw)))
        });
        let mut text = String::new();
        for (row, reason) in rows {
            let mut object = Map::new();
            object.insert("file".to_owned(), log.display().to_string().into());
            object.insert("reason".to_owned(), reason.word().into());
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

/// A column as it is to be shown: that of a text file as text.
fn shown(array: &ArrayRef, raw: &RawBatch) -> ArrayRef {
    if !raw.is_utf8 {
        return array.clone();
    }
    cast(array, &DataType::Utf8View).unwrap_or_else(|_| array.clone())
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    Error::io(format!("{} cannot be written", path.display()))
        .help("choose another folder with --rejects")
        .because(error)
}
