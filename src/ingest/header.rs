//! The header of a text file, and its pieces as raw batches of text columns.
//!
//! The header gives the names. No type is inferred: every value is text, and the canonical lookup
//! decides what it means.

use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use super::delimited::{self, ColumnPlaces};
use super::field::fields_line;
use super::foreign;
use super::format::{Compression, TextFormat};
use super::json_array;
use super::json_fallback;
use super::json_lines;
use super::json_names::JsonNames;
use super::lines;
use super::meter::Count;
use super::open::{open_text, unreadable};
use super::raw_batch::RawBatch;
use super::text_pieces::{TextPiece, TextPieces};
use super::text_rows::TextRows;
use super::wanted::{Stand, Wanted};
use crate::release_file::dialect::{Dialect, Heading, Marks, Null};
use crate::release_file::pattern::Pattern;
use crate::{Error, Result};

/// The header of a text file, checked.
#[derive(Debug, Clone)]
pub(super) struct Header {
    format: TextFormat,
    compression: Compression,
    pattern: Option<Pattern>,
    null: Option<Null>,
    names: Vec<String>,
    /// Of JSON, how many lines have each name.
    json: Option<JsonNames>,
    /// The columns that every file must have.
    needed: Vec<String>,
    /// For each wanted column whether the file has it.
    present: Vec<bool>,
    has_lines: bool,
    /// Whether the file is one array of JSON objects.
    is_array: bool,
}

impl Header {
    /// Reads and checks the header of a text file.
    pub(super) fn read(
        path: &Path,
        format: TextFormat,
        compression: Compression,
        wanted: &Wanted,
        dialect: &Dialect,
    ) -> Result<Self> {
        let mut header = Self {
            format,
            compression,
            pattern: dialect.pattern().cloned(),
            null: dialect.null(),
            names: Vec::new(),
            json: None,
            needed: wanted.needed(),
            present: vec![true; wanted.names.len()],
            has_lines: false,
            is_array: false,
        };
        // Each file is opened, also one that needs no header: it may be packed otherwise than its name says.
        let mut pieces = TextPieces::open(path.to_owned(), format, compression)?;
        if format == TextFormat::Json {
            header.is_array = pieces.is_array();
            let json = JsonNames::read(pieces)?;
            header.has_lines = json.has_lines();
            header.names = json.all();
            header.json = Some(json);
            return Ok(header);
        }
        let file = path.display().to_string();
        header.names = match (format, dialect.names()) {
            (TextFormat::Pattern, Some(names)) => owned(&names),
            (TextFormat::Separated(marks), declared) => match (marks.header, declared) {
                (Heading::Fields, _) => fields_names(&file, &mut pieces, marks)?,
                (Heading::First, _) => header_names(&file, &mut pieces, marks)?,
                (Heading::Listed | Heading::Positions, names) => owned(&names.unwrap_or_default()),
            },
            _ => Vec::new(),
        };
        header.has_lines = !header.names.is_empty();
        // A file without a line has no rows that would need a column.
        if header.has_lines {
            let names: Vec<&str> = header.names.iter().map(String::as_str).collect();
            wanted.require_header(&file, &names)?;
            let stand = match format {
                TextFormat::Separated(marks) if marks.header == Heading::First => Stand::FirstLine,
                _ => Stand::Apart,
            };
            header.present = wanted.check_names(&file, &names, stand)?;
        }
        Ok(header)
    }

    /// The names of the columns, of JSON those in the first lines; `None` for a file without a line.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        self.has_lines.then(|| self.names.clone())
    }

    /// Of JSON, the names in the first lines, counted.
    pub(super) const fn json_names(&self) -> Option<&JsonNames> {
        self.json.as_ref()
    }

    /// Whether the file is one array of JSON objects.
    pub(super) const fn is_array(&self) -> bool {
        self.is_array
    }

    /// Opens the file at its first record.
    pub(super) fn pieces(&self, path: &Path) -> Result<TextPieces> {
        let mut pieces = TextPieces::open(path.to_owned(), self.format, self.compression)?;
        let file = path.display().to_string();
        match self.format {
            TextFormat::Separated(marks) if marks.header == Heading::First => {
                header_names(&file, &mut pieces, marks)?;
            }
            TextFormat::Separated(marks) if marks.header == Heading::Fields => {
                fields_names(&file, &mut pieces, marks)?;
            }
            _ => {}
        }
        Ok(pieces.with_columns(&self.names, &self.needed))
    }

    /// The bytes before the first record, decompressed.
    pub(super) fn head(&self, path: &Path) -> Result<Vec<u8>> {
        let mut head = vec![0; self.pieces(path)?.head_bytes()];
        open_text(path, self.compression, &Count::default())?
            .read_exact(&mut head)
            .map_err(|error| unreadable(path, error))?;
        Ok(head)
    }

    /// Reads one piece. Records that cannot be read are rows of nulls that the batch lists.
    pub(super) fn parse(&self, piece: &TextPiece, wanted: &Wanted) -> Result<RawBatch> {
        let bytes = &piece.bytes;
        let is_utf8 = std::str::from_utf8(bytes).is_ok();
        let names = piece.names.as_deref().unwrap_or(&self.names);
        let present = piece.names.as_deref().map(|names| wanted.has(names));
        let rows = match (self.format, &self.pattern) {
            _ if piece.is_cut => {
                let mut rows = TextRows::new(wanted.names.len(), 1);
                rows.reject(0..bytes.len());
                rows
            }
            (TextFormat::Json, _) if self.is_array => json_array::parse(bytes, wanted),
            (TextFormat::Json, _) => json_lines::parse(bytes, wanted, is_utf8),
            (TextFormat::Pattern, Some(pattern)) => {
                lines::by_pattern(bytes, (pattern, self.null), wanted, is_utf8)
            }
            (TextFormat::Pattern, None) => return Err(Error::internal("lines have no pattern")),
            (TextFormat::Separated(marks), _) => {
                let places = names.iter().map(|name| wanted.place_of(name, names)).collect();
                let columns = ColumnPlaces { places, wanted: wanted.names.len() };
                delimited::parse(bytes, marks, &columns, is_utf8)
            }
        };
        let mut raw = rows.finish(bytes, present.as_ref().unwrap_or(&self.present))?;
        if let Some(records) = &mut raw.records {
            records.names = piece.names.clone();
            records.is_cut = piece.is_cut;
        }
        Ok(raw)
    }

    /// The fields of one record by name, as the file has them there; `None` when it is malformed.
    pub(super) fn fields(
        &self,
        record: &[u8],
        names: Option<&[String]>,
    ) -> Option<Map<String, Value>> {
        let names = names.unwrap_or(&self.names);
        match (self.format, &self.pattern) {
            (TextFormat::Json, _) => json_fallback::object(record),
            (TextFormat::Separated(marks), _) => {
                let values = delimited::split(record, marks)?.into_iter().map(Value::String);
                // Columns without a name are those behind the last position that is read.
                let more = (names.len() + 1..).map(|place| place.to_string());
                Some(names.iter().cloned().chain(more).zip(values).collect())
            }
            (TextFormat::Pattern, pattern) => {
                let regex = pattern.as_ref()?.whole();
                let line = std::str::from_utf8(record).ok()?.trim_end_matches(['\n', '\r']);
                let found = regex.captures(line.as_bytes())?;
                let text = |name: &String| {
                    let group = found.name(name)?;
                    Some(Value::String(String::from_utf8_lossy(group.as_bytes()).into_owned()))
                };
                let value = |name: &String| (name.clone(), text(name).unwrap_or(Value::Null));
                Some(names.iter().map(value).collect())
            }
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn header_names(file: &str, pieces: &mut TextPieces, marks: Marks) -> Result<Vec<String>> {
    // The first line is a header, so no row decides whether the file is refused here.
    if let Some(refusal) = foreign::by_bytes(file.as_ref(), pieces.head(foreign::LOOKED_AT)?) {
        return Err(refusal);
    }
    let line = loop {
        match pieces.take_line()? {
            Some(line) if line.is_empty() || is_for_excel(&line) => {}
            Some(line) if line.first().copied().is_some_and(|byte| Some(byte) == marks.comment) => {
            }
            Some(line) => break line,
            None => return Ok(Vec::new()),
        }
    };
    delimited::split(&line, marks).filter(|_| !line.contains(&0)).ok_or_else(|| {
        Error::input(format!("{file} line 1: the header is not one line of UTF-8 text"))
            .help("save the file as UTF-8, or as UTF-16 with its mark, with a header line")
    })
}

/// Whether a line says to Excel which mark stands between fields, as in `sep=;`. It is no header.
pub(super) fn is_for_excel(line: &[u8]) -> bool {
    matches!(line, [b's', b'e', b'p', b'=', mark] if !mark.is_ascii_alphanumeric())
}

fn fields_names(file: &str, pieces: &mut TextPieces, marks: Marks) -> Result<Vec<String>> {
    let mut names = None;
    while pieces.begins_with(b"#")? {
        // A second line of names holds for the records behind it, and may itself be a record.
        if names.is_some() && (pieces.begins_with(b"#fields")? || pieces.begins_with(b"#Fields")?) {
            break;
        }
        let line = pieces.take_line()?.unwrap_or_default();
        if line.starts_with(b"#close") {
            break;
        }
        names = fields_line(&line, marks).or(names);
        // A header of Zeek ends with the types: what begins with a number sign behind them may be a row.
        if line.starts_with(b"#types") {
            break;
        }
    }
    // A file without a line has no rows that would need a name.
    if names.is_none() && pieces.take_line()?.is_none() {
        return Ok(Vec::new());
    }
    names.ok_or_else(|| {
        Error::input(format!("{file} has no #fields line")).help(
            "such a log names its columns in a line that begins with #fields, or with #Fields:",
        )
    })
}
