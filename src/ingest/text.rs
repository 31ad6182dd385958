//! Text files → blocks of whole records, cut while the file streams by.
//!
//! In: a plain or compressed text file. Out: its header, and blocks of a few MiB that end where a
//! record ends, each with the line it begins on. A quoted field may hold line breaks; one that is
//! never closed is an error of the file, not a very long field.

use std::io::Read;

use polars::io::csv::read::_csv_read_internal::CountLines;

use super::shard::{Compression, Shard, TextFormat, open_text, unreadable};
use crate::{Error, Result};

/// How much is read before a block is cut.
const BLOCK_BYTES: usize = 4 << 20;
/// The longest record.
const RECORD_BYTES_MOST: usize = 64 << 20;

/// A piece of a text file that holds whole records.
pub(super) struct Block {
    pub(super) bytes: Vec<u8>,
    /// The line, counted from 1, on which the first record begins.
    pub(super) first_line: usize,
}

/// A text file being cut into blocks.
pub(super) struct Blocks {
    shard: Shard,
    format: TextFormat,
    reader: Box<dyn Read + Send>,
    rest: Vec<u8>,
    line: usize,
    ended: bool,
    /// How many bytes were taken off the front before the first block.
    head: usize,
}

impl Blocks {
    /// Opens a file and sets a byte order mark aside.
    ///
    /// # Errors
    /// I/O, or input for a damaged compressed file.
    pub(super) fn open(
        shard: &Shard,
        format: TextFormat,
        compression: Compression,
    ) -> Result<Self> {
        let reader = open_text(&shard.path, compression)?;
        let mut blocks = Self {
            shard: shard.clone(),
            format,
            reader,
            rest: Vec::new(),
            line: 1,
            ended: false,
            head: 0,
        };
        blocks.fill(64)?;
        if blocks.rest.starts_with(b"\xef\xbb\xbf") {
            blocks.rest.drain(..3);
            blocks.head = 3;
        }
        if blocks.rest.starts_with(b"\xff\xfe") || blocks.rest.starts_with(b"\xfe\xff") {
            return Err(blocks.failure("is UTF-16 text").help("convert it to UTF-8"));
        }
        Ok(blocks)
    }

    /// Takes the next line off the front, without its end; `None` at the end of the file.
    ///
    /// # Errors
    /// I/O, or input for a line that is too long.
    pub(super) fn take_line(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.rest.drain(..=end).collect();
                self.head += line.len();
                line.truncate(line.strip_suffix(b"\r\n").unwrap_or(&line[..end]).len());
                self.line += 1;
                return Ok(Some(line));
            }
            if self.ended {
                let line = std::mem::take(&mut self.rest);
                self.head += line.len();
                return Ok((!line.is_empty()).then_some(line));
            }
            self.fill(self.rest.len() + (64 << 10))?;
        }
    }

    /// How many decompressed bytes, a byte order mark and header lines, stand before the records.
    pub(super) const fn head_bytes(&self) -> usize {
        self.head
    }

    /// The next byte, without taking it.
    ///
    /// # Errors
    /// I/O.
    pub(super) fn peek(&mut self) -> Result<Option<u8>> {
        self.fill(1)?;
        Ok(self.rest.first().copied())
    }

    /// Cuts the next block; `None` at the end of the file.
    ///
    /// # Errors
    /// I/O; input for a record that is too long or a quote that is never closed.
    pub(super) fn next_block(&mut self) -> Result<Option<Block>> {
        let mut wanted = BLOCK_BYTES;
        loop {
            self.fill(wanted)?;
            if self.rest.is_empty() {
                return Ok(None);
            }
            let end = if self.ended { Some(self.rest.len()) } else { self.last_record_end() };
            if let Some(end) = end {
                let tail = self.rest.split_off(end);
                let bytes = std::mem::replace(&mut self.rest, tail);
                if self.ended && self.quote_is_open(&bytes) {
                    return Err(self
                        .failure("has a quoted field that is never closed")
                        .help("the file is cut short, or a quote in it is not doubled"));
                }
                let block = Block { first_line: self.line, bytes };
                self.line += block.bytes.iter().filter(|byte| **byte == b'\n').count();
                return Ok(Some(block));
            }
            if wanted >= RECORD_BYTES_MOST {
                return Err(self
                    .failure("has a record of more than 64 MiB")
                    .help("a quoted field may never have been closed"));
            }
            wanted *= 2;
        }
    }

    /// The end of the last whole record in what was read.
    fn last_record_end(&self) -> Option<usize> {
        match self.format {
            TextFormat::Csv => {
                let (rows, last) = CountLines::new(Some(b'"'), b'\n', None).count(&self.rest);
                (rows > 0).then_some(last + 1)
            }
            TextFormat::Tsv | TextFormat::Zeek | TextFormat::Ndjson => {
                self.rest.iter().rposition(|byte| *byte == b'\n').map(|last| last + 1)
            }
        }
    }

    fn quote_is_open(&self, bytes: &[u8]) -> bool {
        self.format == TextFormat::Csv
            && bytes.iter().filter(|byte| **byte == b'"').count() % 2 == 1
    }

    /// Reads until `wanted` bytes are at hand or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<()> {
        while !self.ended && self.rest.len() < wanted {
            let before = self.rest.len();
            let more = (wanted - before) as u64;
            (&mut self.reader)
                .take(more)
                .read_to_end(&mut self.rest)
                .map_err(|error| unreadable(&self.shard.path, error))?;
            self.ended = self.rest.len() == before;
        }
        Ok(())
    }

    fn failure(&self, what: &str) -> Error {
        Error::input(format!("{} {what}", self.shard.path.display()))
    }
}
