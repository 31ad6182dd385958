//! Text files → blocks of whole records, cut while the file streams by.
//!
//! In: a plain or compressed text file. Out: its header, and blocks of half a MiB that end where a
//! record ends, each with the line it begins on. A quoted field may hold line breaks; one that is
//! never closed is an error of the file, not a very long field.

use std::io::Read;

use arrow_buffer::Buffer;

use super::shard::{Compression, Shard, TextFormat, open_text, unreadable};
use crate::{Error, Result};

/// How much is read before a block is cut: with its columns it stays in a core's own cache.
const BLOCK_BYTES: usize = 512 << 10;
/// The longest record.
const RECORD_BYTES_MOST: usize = 64 << 20;

/// A piece of a text file that holds whole records.
pub(super) struct Block {
    /// Shared with the columns that point into it.
    pub(super) bytes: Buffer,
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
            if let Some(end) = memchr::memchr(b'\n', &self.rest) {
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
                // The next block is read behind the rest of this one.
                let mut tail = Vec::with_capacity(BLOCK_BYTES.max(self.rest.len() - end) + 1);
                tail.extend_from_slice(&self.rest[end..]);
                let mut bytes = std::mem::replace(&mut self.rest, tail);
                bytes.truncate(end);
                if self.ended && self.quote_is_open(&bytes) {
                    return Err(self
                        .failure("has a quoted field that is never closed")
                        .help("the file is cut short, or a quote in it is not doubled"));
                }
                let first_line = self.line;
                self.line += memchr::memchr_iter(b'\n', &bytes).count();
                return Ok(Some(Block { first_line, bytes: Buffer::from_vec(bytes) }));
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
        let mut is_open = self.quote_is_open(&self.rest);
        let mut searched = self.rest.as_slice();
        loop {
            let place = if self.format == TextFormat::Csv {
                memchr::memrchr2(b'\n', b'"', searched)?
            } else {
                memchr::memrchr(b'\n', searched)?
            };
            if searched[place] == b'"' {
                is_open = !is_open;
            } else if !is_open {
                return Some(place + 1);
            }
            searched = &searched[..place];
        }
    }

    fn quote_is_open(&self, bytes: &[u8]) -> bool {
        self.format == TextFormat::Csv && memchr::memchr_iter(b'"', bytes).count() % 2 == 1
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
