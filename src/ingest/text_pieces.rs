//! Text files → pieces of whole records, cut while the file streams by.
//!
//! In: a plain or compressed text file. Out: its header lines, and pieces of half a MiB that end
//! where a record ends. A reader of one piece finds the same records as a reader of the whole file:
//! what [`record_end`] decides about a record of the piece does not depend on the bytes behind it.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow_buffer::Buffer;

use super::delimited::{is_record, record_end};
use super::field::{fields_line, line_end};
use super::format::{Compression, TextFormat};
use super::json_array;
use super::meter::Count;
use super::open::{open_text, unreadable};
use crate::release_file::dialect::{Heading, Marks};
use crate::{Error, Result};

/// How much is read before a piece is cut: with its columns it stays in a core's own cache.
const PIECE_BYTES: usize = 512 << 10;
/// The longest record. A longer line is malformed, and so is a quote that is not closed within this
/// many bytes.
const RECORD_BYTES_MOST: usize = 16 << 20;
/// How much of a longer line is kept.
const KEPT_BYTES: usize = 64 << 10;
/// How much of a file of JSON is looked at to see whether it is one array or lines.
const HEAD_BYTES: usize = 64 << 10;

/// A piece of a text file.
pub(super) struct TextPiece {
    /// Whole records; shared with the columns that point into it.
    pub(super) bytes: Buffer,
    /// Whether this is the beginning of a line that is too long to be a record.
    pub(super) is_cut: bool,
    /// The columns of its records, where lines within the file name them.
    pub(super) names: Option<Arc<[String]>>,
    /// How many bytes of the file were read for it.
    pub(super) file_bytes: u64,
}

/// A text file being cut into pieces.
pub(super) struct TextPieces {
    path: PathBuf,
    marks: Marks,
    /// Whether the file is one array of JSON objects.
    is_array: bool,
    /// The columns that the last header named, in a file that may have several.
    names: Option<Arc<[String]>>,
    /// The columns that a header must name to be one.
    needed: Vec<String>,
    reader: Box<dyn Read + Send>,
    /// How many bytes of the file were read, and how many of them for pieces before.
    read: Count,
    read_before: u64,
    /// What was read and not handed out yet.
    rest: Vec<u8>,
    ended: bool,
    /// How many bytes were taken off the front before the first piece.
    head: usize,
    /// How many fields a record has.
    columns: usize,
    piece_bytes: usize,
    record_bytes: usize,
}

impl TextPieces {
    /// Opens a file and passes over a byte order mark.
    pub(super) fn open(
        path: PathBuf,
        format: TextFormat,
        compression: Compression,
    ) -> Result<Self> {
        let read = Count::default();
        let reader = open_text(&path, compression, &read)?;
        let pieces = Self::of(path, format, reader, PIECE_BYTES, RECORD_BYTES_MOST)?;
        Ok(Self { read, ..pieces })
    }

    fn of(
        path: PathBuf,
        format: TextFormat,
        reader: Box<dyn Read + Send>,
        piece_bytes: usize,
        record_bytes: usize,
    ) -> Result<Self> {
        let mut pieces = Self {
            path,
            // Lines of JSON, and those that a pattern takes apart, are records by themselves.
            marks: match format {
                TextFormat::Separated(marks) => marks,
                TextFormat::Json | TextFormat::Pattern => Marks::TSV,
            },
            is_array: false,
            names: None,
            needed: Vec::new(),
            reader,
            read: Count::default(),
            read_before: 0,
            rest: Vec::new(),
            ended: false,
            head: 0,
            columns: 0,
            piece_bytes,
            record_bytes,
        };
        pieces.fill(64)?;
        if pieces.rest.starts_with(b"\xef\xbb\xbf") {
            pieces.rest.drain(..3);
            pieces.head = 3;
        }
        if format == TextFormat::Json {
            pieces.fill_behind_blanks()?;
            pieces.fill(HEAD_BYTES)?;
            pieces.is_array = json_array::is_array(&pieces.rest);
        }
        Ok(pieces)
    }

    /// Reads on while nothing but blanks and the bracket of an array are at hand.
    fn fill_behind_blanks(&mut self) -> Result<()> {
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'[';
        while !self.ended && self.rest.len() < self.record_bytes && self.rest.iter().all(is_blank) {
            self.fill(self.rest.len() * 2 + 64)?;
        }
        Ok(())
    }

    /// Whether the file is one array of JSON objects.
    pub(super) const fn is_array(&self) -> bool {
        self.is_array
    }

    /// Sets the columns of records before the first piece is cut, and those that a later header
    /// must name.
    pub(super) fn with_columns(self, names: &[String], needed: &[String]) -> Self {
        let is_named_again = self.marks.header == Heading::Fields;
        Self {
            columns: names.len(),
            names: is_named_again.then(|| names.into()),
            needed: needed.to_vec(),
            ..self
        }
    }

    /// Takes the next line off the front, without its end; `None` at the end of the file.
    pub(super) fn take_line(&mut self) -> Result<Option<Vec<u8>>> {
        let mut line: Vec<u8> = loop {
            if let Some(end) = memchr::memchr(b'\n', &self.rest) {
                break self.rest.drain(..=end).collect();
            }
            if self.ended && self.rest.is_empty() {
                return Ok(None);
            }
            if self.ended {
                break std::mem::take(&mut self.rest);
            }
            if self.rest.len() >= self.record_bytes {
                return Err(self
                    .failure("begins with a line that does not end")
                    .help("end lines with a line feed, or narrow `[logs] path` to logs"));
            }
            self.fill(self.rest.len() + (64 << 10))?;
        };
        self.head += line.len();
        if line.last() == Some(&b'\n') {
            line.pop();
            line.truncate(line.strip_suffix(b"\r").unwrap_or(&line).len());
        }
        if line.contains(&b'\r') {
            return Err(self
                .failure("has a header with a carriage return that ends no line")
                .help("end lines with a line feed, or with both, not with a carriage return"));
        }
        Ok(Some(line))
    }

    /// How many decompressed bytes, a byte order mark and header lines, stand before the records.
    pub(super) const fn head_bytes(&self) -> usize {
        self.head
    }

    /// Whether these bytes come next; they are not taken.
    pub(super) fn begins_with(&mut self, bytes: &[u8]) -> Result<bool> {
        Ok(self.head(bytes.len())?.starts_with(bytes))
    }

    /// The bytes that come next, at least as many as asked for unless the file ends; they are not
    /// taken.
    pub(super) fn head(&mut self, bytes: usize) -> Result<&[u8]> {
        self.fill(bytes)?;
        Ok(&self.rest)
    }

    /// Cuts the next piece; `None` at the end of the file.
    fn next_piece(&mut self) -> Result<Option<TextPiece>> {
        let mut wanted = self.piece_bytes;
        loop {
            self.fill(wanted)?;
            if self.rest.is_empty() {
                return Ok(None);
            }
            let is_whole = self.ended || self.rest.len() >= self.record_bytes;
            let end = self.end_of_piece(is_whole);
            if end > 0 {
                let end = self.before_header(end);
                let bytes = self.take(end);
                return Ok(Some(self.piece(bytes, false)));
            }
            if is_whole {
                return self.cut_line().map(Some);
            }
            wanted = self.rest.len() * 2;
        }
    }

    /// The end of the last record that belongs to the next piece; 0 when more must be read to find
    /// the end of the first one. With `is_whole`, quotes that are open in what was read count as
    /// never closed.
    fn end_of_piece(&self, is_whole: bool) -> usize {
        if self.is_array {
            return json_array::end_of_piece(&self.rest, self.piece_bytes, is_whole);
        }
        let last = memchr::memrchr(b'\n', &self.rest).map_or(0, |place| place + 1);
        let lines = if self.ended { self.rest.as_slice() } else { &self.rest[..last] };
        if self.ended && lines.len() <= self.piece_bytes {
            return lines.len();
        }
        let near = &lines[..lines.len().min(self.piece_bytes)];
        // A line that is a record by itself is read as one wherever a piece begins: cut behind it.
        let mut end = memchr::memrchr(b'\n', near).map_or(0, |place| place + 1);
        while end > 0 {
            let start = memchr::memrchr(b'\n', &near[..end - 1]).map_or(0, |place| place + 1);
            if is_record(&near[start..end], self.marks, self.columns) {
                return end;
            }
            end = start;
        }
        while end < near.len() {
            match record_end(lines, end, self.marks, self.columns) {
                Some(next) => end = next,
                None if is_whole => end = line_end(lines, end),
                None => break,
            }
        }
        end
    }

    /// Where the next piece ends so that one header holds for all of its records: before the next
    /// header with other names. If the piece begins with a header, its names hold from there on.
    fn before_header(&mut self, end: usize) -> usize {
        if self.marks.header != Heading::Fields {
            return end;
        }
        if let Some(names) = self.header(0) {
            self.names = Some(names.into());
        }
        let mut starts = memchr::memmem::find_iter(&self.rest[..end], b"\n#").map(|at| at + 1);
        let is_other = |names: Vec<String>| self.names.as_deref() != Some(names.as_slice());
        starts.find(|at| self.header(*at).is_some_and(is_other)).unwrap_or(end)
    }

    /// The columns that the line at `at` names, if it is a header. One without the columns that lookups need
    /// may be somebody's record, and changes nothing.
    fn header(&self, at: usize) -> Option<Vec<String>> {
        let names = fields_line(&self.rest[at..line_end(&self.rest, at)], self.marks)?;
        self.needed.iter().all(|name| names.contains(name)).then_some(names)
    }

    /// Takes bytes off the front.
    fn take(&mut self, end: usize) -> Buffer {
        // A small piece, such as one between two headers, must not keep the memory of a large one,
        // since many may be held at a time.
        if end < self.piece_bytes / 4 {
            return Buffer::from_vec(self.rest.drain(..end).collect::<Vec<u8>>());
        }
        // Bytes behind the piece move to a buffer of their own, to which the next reads are added.
        let rest = &self.rest[end..];
        let mut tail = Vec::with_capacity(self.piece_bytes.max(rest.len()) + 1);
        tail.extend_from_slice(rest);
        let mut bytes = std::mem::replace(&mut self.rest, tail);
        bytes.truncate(end);
        Buffer::from_vec(bytes)
    }

    /// Takes a line that is too long to be a record, of which the beginning is kept.
    fn cut_line(&mut self) -> Result<TextPiece> {
        let kept = Buffer::from_slice_ref(&self.rest[..self.rest.len().min(KEPT_BYTES)]);
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.rest) {
                self.rest.drain(..=end);
                break;
            }
            self.rest.clear();
            self.fill(self.piece_bytes)?;
            if self.rest.is_empty() {
                break;
            }
        }
        Ok(self.piece(kept, true))
    }

    fn piece(&mut self, bytes: Buffer, is_cut: bool) -> TextPiece {
        let read = self.read.load(Ordering::Relaxed);
        let file_bytes = read - std::mem::replace(&mut self.read_before, read);
        TextPiece { bytes, is_cut, names: self.names.clone(), file_bytes }
    }

    /// Reads until `wanted` bytes are at hand or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<()> {
        while !self.ended && self.rest.len() < wanted {
            let before = self.rest.len();
            let more = (wanted - before) as u64;
            (&mut self.reader)
                .take(more)
                .read_to_end(&mut self.rest)
                .map_err(|error| unreadable(&self.path, error))?;
            self.ended = self.rest.len() == before;
        }
        Ok(())
    }

    fn failure(&self, what: &str) -> Error {
        Error::input(format!("{} {what}", self.path.display()))
    }
}

impl Iterator for TextPieces {
    type Item = Result<TextPiece>;

    fn next(&mut self) -> Option<Result<TextPiece>> {
        let piece = self.next_piece().transpose();
        if let Some(Err(_)) = piece {
            self.rest.clear();
            self.ended = true;
        }
        piece
    }
}

#[cfg(test)]
mod tests;
