//! A published table, read back: what it says of itself, and its columns.
//!
//! Files of every version are read. Columns of keys come first, then `value` and what belongs to it.

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_cast::cast;
use arrow_schema::DataType;
use bytes::Bytes;
use parquet::file::reader::SerializedFileReader;
use serde_json::Value;

use super::table::decode;
use crate::{Error, Result};

/// A published table.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// What the file says of itself.
    pub facts: Value,
    /// Its rows.
    pub batch: RecordBatch,
}

impl Published {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// Internal, when they are not what was published.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let (batch, facts) = decode(bytes).ok_or_else(broken)?;
        Ok(Self { facts, batch })
    }

    /// The names of its keys, in the order of its columns: all that stand before the value.
    pub fn keys(&self) -> Vec<String> {
        let schema = self.batch.schema();
        let names = schema.fields().iter().map(|field| field.name().clone());
        names.take_while(|name| name != "value").collect()
    }

    /// A column as numbers; a flag is 1 where it is true.
    ///
    /// # Errors
    /// Internal, when the table has no such column of numbers or flags.
    pub fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>> {
        let column = self.batch.column_by_name(name).ok_or_else(broken)?;
        let column = cast(column, &DataType::Float64).map_err(|_| broken())?;
        Ok(column.as_primitive::<Float64Type>().iter().collect())
    }

    /// A column as text; a missing value is empty.
    ///
    /// # Errors
    /// Internal, when the table has no such column.
    pub fn words(&self, name: &str) -> Result<Vec<String>> {
        let column = self.batch.column_by_name(name).ok_or_else(broken)?;
        let column = cast(column, &DataType::Utf8).map_err(|_| broken())?;
        let words = column.as_string::<i32>().iter();
        Ok(words.map(|word| word.unwrap_or_default().to_owned()).collect())
    }
}

fn broken() -> Error {
    Error::internal("a stored file does not read back as published")
}

/// What a file is that does not read back as a published table. A day's own digest is compared before that is asked.
///
/// # Errors
/// Always one: usage, for what is no file of a table; input, for a damaged file or one of another program.
pub fn unreadable(file: &Path) -> Error {
    let shown = file.display();
    let instead = "give a file such as published/volume/day=2026-01-01/part-0.parquet";
    if file.is_dir() {
        return Error::usage(format!("{shown} is a folder"))
            .help(format!("{instead}; `pointillist manifest` shows what a folder holds"));
    }
    let bytes = std::fs::read(file).unwrap_or_default();
    let is_manifest = |json: &Value| json["release"].is_string() && json["files"].is_array();
    if serde_json::from_slice(&bytes).is_ok_and(|json| is_manifest(&json)) {
        return Error::usage(format!("{shown} is a manifest and no table")).help(format!(
            "read it as JSON, or print the newest one of a folder with `pointillist manifest`; {instead}"
        ));
    }
    // A Parquet file that is whole says of itself who wrote it.
    let is_damaged =
        bytes.starts_with(b"PAR1") && SerializedFileReader::new(Bytes::from(bytes)).is_err();
    if is_damaged {
        return Error::input(format!("{shown} is damaged: it is not as it was written")).help(
            "if it is a published file, run `pointillist run` again, which writes such files again for no charge",
        );
    }
    Error::input(format!("{shown} was not published by pointillist")).help(instead)
}

/// The help for a question that an output folder does not have: it names those that have days
/// there.
pub(super) fn name_a_question(out: &Path) -> String {
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect::<Vec<_>>()
    };
    let has_days = |name: &String| names(&out.join(name)).iter().any(|day| day.starts_with("day="));
    let is_question = |name: &String| !name.starts_with('_') && has_days(name);
    let mut questions: Vec<String> = names(out).into_iter().filter(is_question).collect();
    questions.sort_unstable();
    match questions.is_empty() {
        true => format!("{} holds no published question: name another folder", out.display()),
        false => format!("name one of these with --question: {}", questions.join(", ")),
    }
}
