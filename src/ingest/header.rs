//! The header of a text file, and its blocks as raw batches of text columns.
//!
//! The header gives the names. No type is inferred: every value is text, and the canonical lookup
//! decides what it means.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::blocks::{Block, Blocks};
use super::delimited::{self, Layout};
use super::format::{Compression, TextFormat};
use super::json_fallback;
use super::json_lines;
use super::raw_batch::RawBatch;
use super::text_rows::TextRows;
use super::wanted::Wanted;
use crate::{Error, Result};

/// How many lines of a JSON file are searched for the names that it uses.
const NAMES_FROM: usize = 1_000;

/// The header of a text file, checked.
#[derive(Debug, Clone)]
pub(super) struct Header {
    format: TextFormat,
    compression: Compression,
    names: Vec<String>,
    /// Those that may be shown: of JSON the names that at least half of the first lines have, since others
    /// may be of one row.
    usual: Vec<String>,
    /// For each wanted column whether the file has it.
    present: Vec<bool>,
    has_lines: bool,
}

impl Header {
    /// Reads and checks the header of a text file.
    pub(super) fn read(
        path: &Path,
        format: TextFormat,
        compression: Compression,
        wanted: &Wanted,
    ) -> Result<Self> {
        let (names, usual) = if format == TextFormat::Ndjson {
            json_names(Blocks::open(path.to_owned(), format, compression)?)?
        } else {
            let (names, _) = Self::begin(path, format, compression)?;
            (names.clone(), names)
        };
        let mut present = vec![true; wanted.names.len()];
        // A name that is rare may come late in a file of JSON, so every wanted one is looked for; and a
        // file without a line has no rows that would need a column.
        if format != TextFormat::Ndjson && !names.is_empty() {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            present = wanted.check_names(&path.display().to_string(), &names)?;
        }
        let has_lines = !names.is_empty()
            || format == TextFormat::Ndjson
                && Blocks::open(path.to_owned(), format, compression)?.has_lines()?;
        Ok(Self { format, compression, names, usual, present, has_lines })
    }

    /// The names of the columns, of JSON those in the first lines; `None` for a file without a line.
    pub(super) fn names(&self) -> Option<Vec<&str>> {
        self.has_lines.then(|| self.names.iter().map(String::as_str).collect())
    }

    /// The names that a message may show.
    pub(super) fn usual(&self) -> impl Iterator<Item = &str> {
        self.usual.iter().map(String::as_str)
    }

    /// The names of the columns of a file with a header, and the file at its first record.
    fn begin(
        path: &Path,
        format: TextFormat,
        compression: Compression,
    ) -> Result<(Vec<String>, Blocks)> {
        let file = path.display().to_string();
        let mut blocks = Blocks::open(path.to_owned(), format, compression)?;
        let names = match format {
            TextFormat::Zeek => zeek_names(&file, &mut blocks)?,
            _ => header_names(&file, &mut blocks, format)?,
        };
        let blocks = blocks.with_columns(names.len());
        Ok((names, blocks))
    }

    /// Opens the file at its first record.
    pub(super) fn blocks(&self, path: &Path) -> Result<Blocks> {
        if self.format == TextFormat::Ndjson {
            return Blocks::open(path.to_owned(), self.format, self.compression);
        }
        Ok(Self::begin(path, self.format, self.compression)?.1)
    }

    /// Reads one block. Records that cannot be read are rows of nulls that the batch lists.
    pub(super) fn parse(&self, block: &Block, wanted: &Wanted) -> Result<RawBatch> {
        let bytes = &block.bytes;
        let is_utf8 = std::str::from_utf8(bytes).is_ok();
        let rows = if block.is_cut {
            let mut rows = TextRows::new(wanted.names.len(), 1);
            rows.reject(0..bytes.len());
            rows
        } else if self.format == TextFormat::Ndjson {
            json_lines::parse(bytes, wanted, is_utf8)
        } else {
            let place = |name: &String| wanted.names.iter().position(|wanted| wanted == name);
            let places = self.names.iter().map(place).collect();
            let layout = Layout { places, wanted: wanted.names.len() };
            delimited::parse(bytes, self.format, &layout, is_utf8)
        };
        rows.finish(bytes, &self.present)
    }

    /// The fields of one record by name, as the file has them; `None` when it is malformed.
    pub(super) fn fields(&self, record: &[u8]) -> Option<Map<String, Value>> {
        if self.format == TextFormat::Ndjson {
            return json_fallback::object(record);
        }
        let values = delimited::split(record, self.format)?.into_iter().map(Value::String);
        Some(self.names.iter().cloned().zip(values).collect())
    }
}

fn header_names(file: &str, blocks: &mut Blocks, format: TextFormat) -> Result<Vec<String>> {
    let line = loop {
        match blocks.take_line()? {
            Some(line) if line.is_empty() => {}
            Some(line) => break line,
            None => return Ok(Vec::new()),
        }
    };
    delimited::split(&line, format).filter(|_| !line.contains(&0)).ok_or_else(|| {
        Error::input(format!("{file} line 1: the header is not one line of UTF-8 text"))
            .help("save the file as UTF-8 with a header line")
    })
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

/// The names in the first lines, and those that at least half of them have.
fn json_names(blocks: Blocks) -> Result<(Vec<String>, Vec<String>)> {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut lines = 0;
    for block in blocks {
        let block = block?;
        let filled =
            block.bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        for line in filled.take(NAMES_FROM - lines) {
            lines += 1;
            for (name, _) in json_fallback::object(line).into_iter().flatten() {
                *names.entry(name).or_default() += 1;
            }
        }
        if lines >= NAMES_FROM {
            break;
        }
    }
    let usual = names.iter().filter(|(_, times)| 2 * **times >= lines);
    let usual = usual.map(|(name, _)| name.clone()).collect();
    Ok((names.into_keys().collect(), usual))
}
