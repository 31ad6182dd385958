//! Blocks of text → raw batches, through the polars parsers with a fixed schema of text columns.
//!
//! Nothing is inferred: the header gives the names, every value is read as text, and the canonical
//! lookup decides what it means. When a block cannot be parsed, its records are looked at one by
//! one to name the line; the parser's own words may quote a row and are dropped. The hand-over
//! from polars to Arrow is here and nowhere else.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewBuilder};
use polars::io::csv::read::_csv_read_internal::read_chunk;
use polars::io::csv::read::{CommentPrefix, CsvParseOptions, NullValues};
use polars::io::ndjson::core::{json_lines, parse_ndjson};
use polars::prelude::{Column, DataFrame, DataType, PlSmallStr, Schema};

use super::lines::{first_uneven, separators, without_blank_lines, without_nested};
use super::shard::{Compression, Shard, TextFormat};
use super::text::{Block, Blocks};
use super::wanted::{RawBatch, Wanted};
use crate::{Error, Result};

/// How many records of a JSON file are looked at for the names that it uses.
const NAMES_FROM: usize = 1_000;

/// A text file whose header was read and checked.
#[derive(Debug, Clone)]
pub(super) struct Header {
    format: TextFormat,
    compression: Compression,
    names: Vec<String>,
    /// The wanted columns that the file has.
    present: Vec<bool>,
    /// The positions of those columns in the file, in its order.
    projection: Vec<usize>,
}

impl Header {
    /// Reads and checks the header of a text file.
    ///
    /// # Errors
    /// Input, for a missing column, a header that is not text, or a JSON array; I/O.
    pub(super) fn read(
        shard: &Shard,
        format: TextFormat,
        compression: Compression,
        wanted: &Wanted,
    ) -> Result<Self> {
        let file = shard.path.display().to_string();
        let names = Self::names(shard, format, compression)?;
        let listed: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut present = wanted.check_names(&file, &listed)?;
        if format == TextFormat::Ndjson {
            // A name that is rare may come later in the file: every wanted name is looked for.
            present = vec![true; wanted.names.len()];
        }
        let projection = names
            .iter()
            .enumerate()
            .filter(|(_, name)| wanted.names.contains(name))
            .map(|(place, _)| place)
            .collect();
        Ok(Self { format, compression, names, present, projection })
    }

    /// The names that the header gives, in the file's order.
    pub(super) fn listed(&self) -> &[String] {
        &self.names
    }

    /// The names of a file's columns.
    ///
    /// # Errors
    /// Input, for a header that is not text, or a JSON array; I/O.
    pub(super) fn names(
        shard: &Shard,
        format: TextFormat,
        compression: Compression,
    ) -> Result<Vec<String>> {
        let file = shard.path.display().to_string();
        let mut blocks = Blocks::open(shard, format, compression)?;
        match format {
            TextFormat::Ndjson => json_names(&file, &mut blocks),
            TextFormat::Zeek => zeek_names(&file, &mut blocks),
            TextFormat::Csv | TextFormat::Tsv => {
                let line = header_line(&file, &mut blocks)?;
                split_header(&file, &line, format)
            }
        }
    }

    /// Opens the file at its first record.
    ///
    /// # Errors
    /// I/O, or input for a damaged compressed file.
    pub(super) fn blocks(&self, shard: &Shard) -> Result<Blocks> {
        let mut blocks = Blocks::open(shard, self.format, self.compression)?;
        match self.format {
            TextFormat::Ndjson => {}
            TextFormat::Zeek => {
                zeek_names(&shard.path.display().to_string(), &mut blocks)?;
            }
            TextFormat::Csv | TextFormat::Tsv => {
                header_line(&shard.path.display().to_string(), &mut blocks)?;
            }
        }
        Ok(blocks)
    }

    /// Parses one block.
    ///
    /// # Errors
    /// Input, naming the file and the line that cannot be read.
    pub(super) fn parse(&self, shard: &Shard, block: &Block, wanted: &Wanted) -> Result<RawBatch> {
        let bad = || self.bad_line(shard, block, wanted);
        if std::str::from_utf8(&block.bytes).is_err() {
            return Err(bad());
        }
        let bytes = without_blank_lines(&block.bytes, self.format == TextFormat::Csv);
        let guarded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.parse_with_polars(&bytes, wanted)
        }));
        let Ok(Some(frame)) = guarded else { return Err(bad()) };
        let rows = frame.height();
        if !self.is_whole(&bytes, rows) {
            return Err(bad());
        }
        let columns = wanted.names.iter().zip(&self.present).map(|(name, present)| {
            let column = if *present { frame.column(name).ok() } else { None };
            let array = column.and_then(to_arrow)?;
            Some(match self.format {
                TextFormat::Ndjson => without_nested(array, name, &bytes),
                TextFormat::Csv | TextFormat::Tsv | TextFormat::Zeek => array,
            })
        });
        Ok(RawBatch { rows, columns: columns.collect() })
    }

    /// Whether every record has all its fields: the parser fills short ones up with nulls, but a
    /// record that was cut must not be misread. Too many fields it refuses itself.
    fn is_whole(&self, bytes: &[u8], rows: usize) -> bool {
        let expected = rows * (self.names.len() - 1);
        match self.format {
            TextFormat::Csv => separators(bytes, b',') == expected,
            TextFormat::Tsv => separators(bytes, b'\t') == expected,
            // Comment lines may hold anything.
            TextFormat::Zeek => first_uneven(bytes, b'\t', false, self.names.len()).is_none(),
            TextFormat::Ndjson => true,
        }
    }

    fn parse_with_polars(&self, bytes: &[u8], wanted: &Wanted) -> Option<DataFrame> {
        if self.format == TextFormat::Ndjson {
            let schema = text_schema(&wanted.names);
            return parse_ndjson(bytes, None, &schema, false).ok();
        }
        // Names in the file may repeat or be empty; positions do not.
        let unique: Vec<String> = self
            .names
            .iter()
            .enumerate()
            .map(|(place, name)| {
                if self.projection.contains(&place) {
                    name.clone()
                } else {
                    format!("\u{0}{place}")
                }
            })
            .collect();
        let schema = text_schema(&unique);
        let nulls = match self.format {
            TextFormat::Zeek => {
                let unset = NullValues::AllColumnsSingle(PlSmallStr::from_static("-"));
                Some(unset.compile(&schema).ok()?)
            }
            TextFormat::Csv | TextFormat::Tsv | TextFormat::Ndjson => None,
        };
        let options = self.options();
        let capacity = bytes.len() / 64 + 16;
        read_chunk(
            bytes,
            &options,
            &schema,
            false,
            &self.projection,
            0,
            capacity,
            nulls.as_ref(),
            usize::MAX,
            bytes.len(),
            Some(0),
        )
        .ok()
    }

    fn options(&self) -> CsvParseOptions {
        let defaults = CsvParseOptions::default();
        match self.format {
            TextFormat::Csv | TextFormat::Ndjson => defaults,
            TextFormat::Tsv => CsvParseOptions { separator: b'\t', quote_char: None, ..defaults },
            TextFormat::Zeek => CsvParseOptions {
                separator: b'\t',
                quote_char: None,
                comment_prefix: Some(CommentPrefix::new_single(b'#')),
                ..defaults
            },
        }
    }

    /// Finds the first record of a block that cannot be read.
    fn bad_line(&self, shard: &Shard, block: &Block, wanted: &Wanted) -> Error {
        let file = shard.path.display();
        let at = |line: usize, what: &str| {
            Error::input(format!("{file} line {line}: {what}"))
                .help("correct or remove the line; the message does not quote it")
        };
        if let Some(offset) =
            std::str::from_utf8(&block.bytes).err().map(|error| error.valid_up_to())
        {
            let before = block.bytes.iter().take(offset).filter(|byte| **byte == b'\n').count();
            return at(block.first_line + before, "the text is not UTF-8");
        }
        if self.format == TextFormat::Ndjson {
            let schema = text_schema(&wanted.names);
            for (index, line) in block.bytes.split(|byte| *byte == b'\n').enumerate() {
                let lines: Vec<&[u8]> = json_lines(line).collect();
                if !lines.is_empty() && parse_ndjson(line, None, &schema, false).is_err() {
                    return at(block.first_line + index, "not one JSON object");
                }
            }
            return at(block.first_line, "a record from here on is not one JSON object");
        }
        let is_quoted = self.format == TextFormat::Csv;
        let separator = self.options().separator;
        if let Some((line, fields)) =
            first_uneven(&block.bytes, separator, is_quoted, self.names.len())
        {
            return at(
                block.first_line + line,
                &format!("{fields} fields where the header has {}", self.names.len()),
            );
        }
        at(block.first_line, "a record from here on cannot be read")
    }
}

fn text_schema(names: &[String]) -> Schema {
    names.iter().map(|name| (PlSmallStr::from_str(name), DataType::String)).collect()
}

/// The hand-over: a polars text column as an Arrow one.
fn to_arrow(column: &Column) -> Option<ArrayRef> {
    let text = column.str().ok()?;
    let mut builder = StringViewBuilder::with_capacity(text.len());
    for value in text.iter() {
        builder.append_option(value);
    }
    Some(Arc::new(builder.finish()))
}

fn header_line(file: &str, blocks: &mut Blocks) -> Result<Vec<u8>> {
    loop {
        match blocks.take_line()? {
            Some(line) if line.is_empty() => {}
            Some(line) => return Ok(line),
            None => {
                return Err(Error::input(format!("{file} is empty")).help(
                    "a text log begins with a header line; remove the file if it is not a log",
                ));
            }
        }
    }
}

fn split_header(file: &str, line: &[u8], format: TextFormat) -> Result<Vec<String>> {
    let separator = if format == TextFormat::Csv { b',' } else { b'\t' };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(separator)
        .quoting(format == TextFormat::Csv)
        .from_reader(line);
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true)
            if !line.contains(&0) && memchr::memchr_iter(b'"', line).count().is_multiple_of(2) =>
        {
            Ok(record.iter().map(str::to_owned).collect())
        }
        _ => Err(Error::input(format!("{file} line 1: the header is not one line of UTF-8 text"))
            .help("save the file as UTF-8 with a header line")),
    }
}

fn zeek_names(file: &str, blocks: &mut Blocks) -> Result<Vec<String>> {
    let mut names = None;
    while blocks.peek()? == Some(b'#') {
        let line = blocks.take_line()?.unwrap_or_default();
        if line.starts_with(b"#close") {
            break;
        }
        if let Some(fields) = line.strip_prefix(b"#fields\t") {
            let fields = String::from_utf8_lossy(fields);
            names = Some(fields.split('\t').map(str::to_owned).collect());
        }
    }
    names.ok_or_else(|| {
        Error::input(format!("{file} has no #fields line"))
            .help("a tab-separated Zeek log names its columns in a line that begins with #fields")
    })
}

fn json_names(file: &str, blocks: &mut Blocks) -> Result<Vec<String>> {
    let Some(block) = blocks.next_block()? else { return not_json(file) };
    let start = block.bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if start == Some(&b'[') {
        return Err(Error::input(format!("{file} is one JSON array"))
            .help("write one JSON object per line (NDJSON)"));
    }
    let mut names = BTreeSet::new();
    for line in json_lines(&block.bytes).take(NAMES_FROM) {
        if let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(line) {
            names.extend(object.into_iter().map(|(name, _)| name));
        }
    }
    if names.is_empty() { not_json(file) } else { Ok(names.into_iter().collect()) }
}

fn not_json<T>(file: &str) -> Result<T> {
    Err(Error::input(format!("{file} holds no JSON object"))
        .help("write one JSON object per line (NDJSON); remove the file if it is not a log"))
}
