//! Blocks of text → raw batches of text columns.
//!
//! Nothing is inferred: the header gives the names, every value is read as text, and the canonical
//! lookup decides what it means. Records as programs write them are read here in one pass; what is
//! odd about a block or a line is left to the parsers in `odd`. When a block cannot be parsed, its
//! records are looked at one by one to name the line.

use std::collections::BTreeSet;

use super::delimited::{self, Layout, Parsed};
use super::json_lines;
use super::lines::{filled_lines, first_uneven};
use super::odd;
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
        Ok(Self { format, compression, names, present })
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
        if self.format == TextFormat::Ndjson {
            let odd = |lines: &[u8]| odd::json(lines, &wanted.names);
            let Some((rows, columns)) = json_lines::parse(&block.bytes, &wanted.names, odd) else {
                return Err(bad());
            };
            let columns = columns.into_iter().map(Some).collect();
            return Ok(RawBatch { rows, columns, is_utf8: true });
        }
        let layout = self.layout(wanted);
        let (rows, columns) = match delimited::parse(&block.bytes, self.format, &layout) {
            Parsed::Columns(rows, columns) => (rows, columns),
            Parsed::Uneven => return Err(bad()),
            Parsed::Odd => odd::delimited(&block.bytes, self.format, &layout).ok_or_else(bad)?,
        };
        let columns = columns.into_iter().zip(&self.present);
        let columns = columns.map(|(column, present)| present.then_some(column)).collect();
        Ok(RawBatch { rows, columns, is_utf8: true })
    }

    /// Which of the file's columns are wanted.
    fn layout(&self, wanted: &Wanted) -> Layout {
        let place = |name: &String| wanted.names.iter().position(|wanted| wanted == name);
        Layout { places: self.names.iter().map(place).collect(), wanted: wanted.names.len() }
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
            for (index, line) in block.bytes.split(|byte| *byte == b'\n').enumerate() {
                let is_blank = filled_lines(line).next().is_none();
                if !is_blank && odd::json(line, &wanted.names).is_none() {
                    return at(block.first_line + index, "not one JSON object");
                }
            }
            return at(block.first_line, "a record from here on is not one JSON object");
        }
        let is_quoted = self.format == TextFormat::Csv;
        let separator = if is_quoted { b',' } else { b'\t' };
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
    let mut names = BTreeSet::new();
    let mut lines = 0;
    while lines < NAMES_FROM
        && let Some(block) = blocks.next_block()?
    {
        let start = block.bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if lines == 0 && start == Some(&b'[') {
            return Err(Error::input(format!("{file} is one JSON array"))
                .help("write one JSON object per line (NDJSON)"));
        }
        for line in filled_lines(&block.bytes).take(NAMES_FROM - lines) {
            lines += 1;
            if let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(line) {
                names.extend(object.into_iter().map(|(name, _)| name));
            }
        }
    }
    if names.is_empty() { not_json(file) } else { Ok(names.into_iter().collect()) }
}

fn not_json<T>(file: &str) -> Result<T> {
    Err(Error::input(format!("{file} holds no JSON object"))
        .help("write one JSON object per line (NDJSON); remove the file if it is not a log"))
}
