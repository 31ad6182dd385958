//! The first rows of some files with all of their columns, for `init`, which proposes how to read them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, StringViewArray};
use arrow_cast::cast;
use arrow_schema::{DataType, Schema};

use super::find::{self, FoundFile};
use super::format::Format;
use super::log_file::{LogFile, OpenLog, Piece};
use super::raw_batch::RawBatch;
use super::wanted::{Wanted, has_time, like_a_row};
use super::{declared, nested, texts, time};
use crate::release_file::logs::Logs;
use crate::{Error, Result};

/// How many files are looked into, and how many rows of all together.
const MOST_FILES: usize = 12;
const MOST_ROWS: usize = 20_000;

/// Rows of a log as they stand there. Secret.
pub struct Sample {
    /// How many files there are.
    pub files: usize,
    /// The files that were looked into.
    pub paths: Vec<PathBuf>,
    /// How many rows were looked at.
    pub rows: usize,
    /// About how many rows all files have, if their bytes hold as many as those that were read.
    pub estimated_rows: f64,
    /// How many of the rows that were looked at cannot be read.
    pub malformed: usize,
    /// The columns, in the order of the files.
    pub columns: Vec<SampleColumn>,
}

/// A column of a sample.
pub struct SampleColumn {
    /// Its name.
    pub name: String,
    /// What its values are, where the file says so.
    pub kind: ColumnKind,
    values: Vec<Option<String>>,
    /// With the place of the file that each is from.
    arrays: Vec<(usize, ArrayRef)>,
}

/// What a file says about the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Nothing: it is text.
    Text,
    /// Numbers.
    Number,
    /// Instants.
    Time,
    /// Times on a clock without a zone.
    Clock,
    /// True or false.
    Boolean,
}

impl Sample {
    /// Reads the first rows of files that are spread over all of them.
    ///
    /// # Errors
    /// Input, for an empty glob, damaged files, or files of different columns; I/O.
    pub fn read(logs: &Logs) -> Result<Self> {
        let found = find::find(logs, None)?.files;
        let files = found.len();
        let chosen: Vec<LogFile<'_>> = spread(found).map(|file| LogFile::new(logs, file)).collect();
        let mut names: Vec<String> = Vec::new();
        let mut first: Option<(PathBuf, Vec<String>)> = None;
        for file in &chosen {
            let open = file.clone().open_for(Arc::new(Wanted::nothing()), None)?;
            let own = column_names(&open);
            // Only names in a first line may be words of a row, not those of the release file.
            let has_header = logs.dialect.names().is_none();
            if own.is_empty() {
                continue;
            }
            if has_header
                && open.schema().is_none()
                && !declared::is_json(&open)
                && own.iter().any(|name| has_time(name))
            {
                return Err(like_a_row(&file.path().display().to_string()));
            }
            if let Some((path, others)) = &first {
                require_alike((path, others), (file.path(), &own))?;
            }
            let more: Vec<&String> = own.iter().filter(|name| !names.contains(name)).collect();
            names.extend(more.into_iter().cloned().collect::<Vec<_>>());
            first.get_or_insert((file.path().to_path_buf(), own));
        }
        let wanted = Arc::new(Wanted::some(names));
        let mut sample = Self {
            files,
            paths: chosen.iter().map(|file| file.path().to_path_buf()).collect(),
            rows: 0,
            estimated_rows: 0.0,
            malformed: 0,
            columns: wanted.names.iter().map(|name| SampleColumn::new(name)).collect(),
        };
        for (place, file) in chosen.iter().enumerate() {
            let open = file.clone().open_for(Arc::clone(&wanted), None)?;
            sample.add((place, &open), &wanted, MOST_ROWS / chosen.len())?;
        }
        sample.estimated_rows *= files as f64 / chosen.len().max(1) as f64;
        Ok(sample)
    }

    /// Adds the first rows of a file.
    fn add(
        &mut self,
        (place, file): (usize, &OpenLog<'_>),
        wanted: &Wanted,
        most: usize,
    ) -> Result<()> {
        let mut left = most;
        let is_text = matches!(file.file().format(), Format::Text(..));
        // The parts of columnar files are about as large as each other.
        let part = if is_text { 0 } else { file.bytes() / file.pieces(true).count().max(1) as u64 };
        let (mut bytes, mut seen) = (0, 0);
        for piece in file.pieces(true) {
            let piece = piece?;
            bytes += if let Piece::Text(piece) = &piece { piece.file_bytes } else { part };
            file.read(&piece, wanted, &mut |raw| {
                let rows = raw.rows.min(left);
                left -= rows;
                seen += raw.rows;
                self.add_rows(place, &raw, rows)
            })?;
            if left == 0 {
                break;
            }
        }
        self.estimated_rows += seen as f64 * file.bytes() as f64 / bytes.max(1) as f64;
        Ok(())
    }

    fn add_rows(&mut self, file: usize, raw: &RawBatch, rows: usize) -> Result<()> {
        self.rows += rows;
        self.malformed += raw.malformed().iter().filter(|row| **row < rows).count();
        for (place, column) in self.columns.iter_mut().enumerate() {
            match raw.column(place) {
                Some(array) => column.add(file, array.slice(0, rows))?,
                None => column.values.extend(std::iter::repeat_n(None, rows)),
            }
        }
        Ok(())
    }
}

impl SampleColumn {
    /// Columns with a space between their values; a row in which one has no value has none.
    pub fn joined(parts: &[&Self]) -> Self {
        let rows = parts.iter().map(|part| part.values.len()).min().unwrap_or(0);
        let row = |row: usize| -> Option<String> {
            let texts = parts.iter().map(|part| part.values[row].as_deref());
            Some(texts.collect::<Option<Vec<_>>>()?.join(" "))
        };
        let values: Vec<Option<String>> = (0..rows).map(row).collect();
        let array: StringViewArray = values.iter().map(Option::as_deref).collect();
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        Self {
            name: names.join(" and "),
            kind: ColumnKind::Text,
            values,
            arrays: vec![(0, Arc::new(array))],
        }
    }

    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: ColumnKind::Text,
            values: Vec::new(),
            arrays: Vec::new(),
        }
    }

    fn add(&mut self, file: usize, array: ArrayRef) -> Result<()> {
        self.kind = kind(array.data_type());
        // Instants are compared and counted as numbers; `instants` reads them.
        let texts: StringViewArray = match self.kind {
            ColumnKind::Time | ColumnKind::Clock => match cast(&array, &DataType::Int64) {
                Ok(numbers) => texts::values(&numbers)?,
                Err(_) => StringViewArray::new_null(array.len()),
            },
            _ => texts::values(&array)?,
        };
        let texts = texts.iter().map(|text| text.filter(|text| !text.is_empty()));
        self.values.extend(texts.map(|text| text.map(str::to_owned)));
        self.arrays.push((file, array));
        Ok(())
    }

    /// The values as text, one for each row of the sample.
    pub fn values(&self) -> &[Option<String>] {
        &self.values
    }

    /// The instants that a run would read with these settings, in UTC microseconds; nothing for a value that
    /// would be rejected.
    pub fn instants(&self, logs: &Logs) -> Vec<Option<i64>> {
        self.arrays.iter().flat_map(|(_, array)| read(array, logs)).collect()
    }

    /// The instants that a run would read, each with the place of its file among the sample's paths.
    pub fn instants_by_file(&self, logs: &Logs) -> Vec<(usize, i64)> {
        let of_file = |(file, array): &(usize, ArrayRef)| {
            let instants = read(array, logs).into_iter().flatten();
            instants.map(|instant| (*file, instant)).collect::<Vec<_>>()
        };
        self.arrays.iter().flat_map(of_file).collect()
    }
}

/// Some of the files, spread over all of them.
pub(super) fn spread(found: Vec<FoundFile>) -> impl Iterator<Item = FoundFile> {
    let step = found.len().div_ceil(MOST_FILES).max(1);
    found.into_iter().step_by(step)
}

fn read(array: &ArrayRef, logs: &Logs) -> Vec<Option<i64>> {
    let is_text = array.data_type() == &DataType::BinaryView;
    if !is_text && time::check_type(array.data_type(), logs).is_err() {
        return Vec::new();
    }
    time::to_micros(array, logs).map_or_else(|_| Vec::new(), |times| times.iter().collect())
}

/// The columns of a file whose values have an obvious text.
fn column_names(file: &OpenLog<'_>) -> Vec<String> {
    let is_readable = |schema: &Schema, name: &str| {
        nested::find(schema.fields(), name)
            .is_some_and(|(_, field)| texts::is_plain(field.data_type()))
    };
    let names = match file.json_names() {
        Some(json) => json.usual(),
        None => file.names().unwrap_or_default(),
    };
    // A name that two columns share is left out, since it would not say which one is meant.
    let is_one = |name: &&String| names.iter().filter(|other| other == name).count() == 1;
    let is_read = |name: &&String| file.schema().is_none_or(|schema| is_readable(schema, name));
    names.iter().filter(is_one).filter(is_read).cloned().collect()
}

/// Refuses two files that share less than half of their columns: they are different logs.
fn require_alike(first: (&Path, &[String]), other: (&Path, &[String])) -> Result<()> {
    let shared = other.1.iter().filter(|name| first.1.contains(name)).count();
    let all = first.1.len() + other.1.len() - shared;
    if 2 * shared >= all {
        return Ok(());
    }
    Err(Error::input(format!(
        "{} and {} are different logs: {shared} of {all} columns are in both",
        first.0.display(),
        other.0.display()
    ))
    .help("name the files of one log, for example by a glob such as 'logs/dns*.log'"))
}

fn kind(data_type: &DataType) -> ColumnKind {
    match data_type {
        DataType::Dictionary(_, values) => kind(values),
        DataType::Boolean => ColumnKind::Boolean,
        DataType::Timestamp(_, Some(_)) => ColumnKind::Time,
        // Halves of an instant, which are joined as text.
        DataType::Date32 | DataType::Date64 | DataType::Time32(_) | DataType::Time64(_) => {
            ColumnKind::Text
        }
        other if other.is_temporal() => ColumnKind::Clock,
        other if other.is_numeric() => ColumnKind::Number,
        _ => ColumnKind::Text,
    }
}
