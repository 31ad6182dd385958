//! A piece of separated values → its records, in columns that point into the piece.
//!
//! Quotes are those of RFC 4180: a field of a CSV file may stand in quotes, and within them a quote
//! is doubled, or stands behind an escape where the release file has one. A record is malformed
//! when a quote stands anywhere else, when a quote is never closed, when a carriage return outside
//! of quotes is no part of a line end, when the record has another number of fields than the header
//! (or, where columns go by position, too few), or when it is not UTF-8. Unread columns count as
//! well: a quote in one may hide where the record ends. A malformed record is a row that is
//! rejected, and the records behind it are read.
//!
//! A quoted field may hold line ends, so a stray quote could join lines that are records by
//! themselves, and one person's row could make the rows of others disappear. Therefore **a line that
//! is a record by itself is always read as that record**: no record of several lines is accepted
//! that holds one, see [`record_end`]. How a line is read never depends on the lines around it,
//! unless it is no record by itself.

use std::ops::Range;

use arrow_buffer::Buffer;

use super::field::{
    self, Field, Quotes, behind_quote, closing_quote, ends_record, field, line_end,
};
use super::lines;
use super::scan::{AnyOf, find};
use super::text_rows::TextRows;
use super::views::Views;
use crate::release_file::dialect::{Heading, Marks};

/// Which columns of a file are wanted.
pub(super) struct ColumnPlaces {
    /// For each column of the file its place among the wanted ones.
    pub(super) places: Vec<Option<usize>>,
    /// How many are wanted.
    pub(super) wanted: usize,
}

/// Reads a piece of whole records.
#[inline(never)]
pub(super) fn parse(
    piece: &Buffer,
    marks: Marks,
    columns: &ColumnPlaces,
    is_utf8: bool,
) -> TextRows {
    let mut rows = TextRows::new(columns.wanted, piece.len() / 64 + 16);
    let reader = Reader { bytes: piece, marks, columns, is_utf8 };
    let Some(separator) = marks.separator else {
        lines::parse(piece, marks.comment, is_utf8, &mut rows, |line, rows| {
            reader.blanks(line, rows).unwrap_or(lines::Kind::Malformed)
        });
        return rows;
    };
    let quote = marks.quote.filter(|quote| memchr::memchr(*quote, piece).is_some());
    // The fewer bytes a search stops at, the faster it is.
    if has_lone_return(piece) {
        reader.read(all_stops(marks), &mut rows);
    } else if let Some(quote) = quote {
        reader.read(AnyOf([separator, b'\n', quote]), &mut rows);
    } else {
        reader.read(AnyOf([separator, b'\n']), &mut rows);
    }
    rows
}

/// Where the record that begins at `start` ends, behind its line end; `None` when a quote of it is
/// open at the end of these bytes.
///
/// The record ends where its quotes say. Where they are wrong, or a further line of it would be a
/// record by itself, it ends with the line it begins on; and so it does for callers that have no
/// more bytes when the answer is `None`.
pub(super) fn record_end(
    bytes: &[u8],
    start: usize,
    marks: Marks,
    columns: usize,
) -> Option<usize> {
    let line = line_end(bytes, start);
    let (true, Some(quote)) = (marks.has_long_records(), marks.quote) else { return Some(line) };
    if is_comment(&bytes[start..], marks) {
        return Some(line);
    }
    let end = match quotes_end(bytes, start, marks, quote) {
        Ok(end) => end,
        Err(WrongQuotes) => return Some(line),
    };
    if holds_record(&bytes[line..end.unwrap_or(bytes.len())], marks, columns) {
        Some(line)
    } else {
        end
    }
}

/// Whether one of these lines is a record by itself.
fn holds_record(lines: &[u8], marks: Marks, columns: usize) -> bool {
    let mut lines = lines.split_inclusive(|byte| *byte == b'\n');
    lines.any(|line| is_record(line, marks, columns))
}

/// A quote stands where no field begins, or text follows a closing one.
struct WrongQuotes;

/// Where the record that begins at `start` ends if only its quotes are looked at; `None` when one
/// is open at the end of these bytes.
fn quotes_end(
    bytes: &[u8],
    start: usize,
    marks: Marks,
    quote: u8,
) -> Result<Option<usize>, WrongQuotes> {
    let mut at = start;
    loop {
        let Some(place) = find(bytes, at, AnyOf([b'\n', quote])) else {
            return Ok(Some(bytes.len()));
        };
        if bytes[place] == b'\n' {
            return Ok(Some(place + 1));
        }
        if place > start && Some(bytes[place - 1]) != marks.separator {
            return Err(WrongQuotes);
        }
        let Some((close, _)) = closing_quote(bytes, place + 1, marks, quote) else {
            return Ok(None);
        };
        at = behind_quote(bytes, close + 1, marks).ok_or(WrongQuotes)?;
    }
}

/// Whether a line is a record by itself. In formats without quotes every line is.
pub(super) fn is_record(line: &[u8], marks: Marks, columns: usize) -> bool {
    if !marks.has_long_records() {
        return true;
    }
    let mut fields = 0;
    !matches!(line, b"\n" | b"\r\n" | b"\r")
        && !is_comment(line, marks)
        && each_field(line, marks, |_| fields += 1).is_some()
        && is_whole(fields, marks, columns)
}

/// Whether a record with this number of fields is whole. Where columns go by position, it may have more.
fn is_whole(fields: usize, marks: Marks, columns: usize) -> bool {
    fields == columns || fields > columns && marks.header == Heading::Positions
}

/// Whether what begins here is a comment.
#[inline(always)]
fn is_comment(bytes: &[u8], marks: Marks) -> bool {
    marks.comment.is_some() && bytes.first().copied() == marks.comment
}

/// The fields of one record as text, however many they are; `None` when it is malformed.
pub(crate) fn split(record: &[u8], marks: Marks) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    let mut take = |field: &Field| texts.push(field.text(record, marks).into_owned());
    match marks.separator {
        Some(_) => each_field(record, marks, take)?,
        None => field::blanks(record.trim_ascii_end(), 0, marks, |field| {
            take(&field);
            Some(())
        })?,
    }
    texts.into_iter().map(|text| String::from_utf8(text).ok()).collect()
}

/// Goes through the fields of the first record; `None` when its quotes or line ends are wrong.
fn each_field(record: &[u8], marks: Marks, mut take: impl FnMut(&Field)) -> Option<()> {
    let mut at = 0;
    loop {
        let field = field(record, at, all_stops(marks), marks)?;
        take(&field);
        if record.get(field.next).copied() != marks.separator {
            return Some(());
        }
        at = field.next + 1;
    }
}

/// Everything that may end a field, or stand where it must not.
fn all_stops(marks: Marks) -> AnyOf<4> {
    AnyOf([marks.separator.unwrap_or(b'\n'), b'\n', b'\r', marks.quote.unwrap_or(b'\n')])
}

/// Whether a carriage return stands anywhere but before a line feed or at the end of the file.
fn has_lone_return(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', bytes)
        .any(|place| bytes.get(place + 1).is_some_and(|next| *next != b'\n'))
}

struct Reader<'b> {
    bytes: &'b [u8],
    marks: Marks,
    columns: &'b ColumnPlaces,
    is_utf8: bool,
}

impl Reader<'_> {
    #[inline(always)]
    fn read<const N: usize>(&self, stops: AnyOf<N>, rows: &mut TextRows) {
        let bytes = self.bytes;
        let mut at = 0;
        while at < bytes.len() {
            if let Some(next) = self.behind_no_record(at) {
                at = next;
                continue;
            }
            let end = match self.record(at, stops, rows) {
                // Only quotes let a record have several lines.
                Some(end) if (N == 2 || self.is_one(at, end)) && self.is_text(at, end) => {
                    rows.accept(at..end);
                    end
                }
                _ => {
                    let end = record_end(bytes, at, self.marks, self.columns.places.len());
                    let end = end.unwrap_or_else(|| line_end(bytes, at));
                    rows.reject(at..end);
                    end
                }
            };
            at = end;
        }
    }

    /// Whether no further line of a record is a record by itself.
    fn is_one(&self, start: usize, end: usize) -> bool {
        let line = line_end(self.bytes, start);
        line == end || !holds_record(&self.bytes[line..end], self.marks, self.columns.places.len())
    }

    fn is_text(&self, start: usize, end: usize) -> bool {
        self.is_utf8 || std::str::from_utf8(&self.bytes[start..end]).is_ok()
    }

    /// Pushes the values of the record that begins at `at`, and says where it ends. `None` when it
    /// is malformed; some values are pushed then.
    #[inline(always)]
    fn record<const N: usize>(
        &self,
        mut at: usize,
        stops: AnyOf<N>,
        rows: &mut TextRows,
    ) -> Option<usize> {
        let bytes = self.bytes;
        let last = self.columns.places.len() - 1;
        for (place, wanted) in self.columns.places.iter().enumerate() {
            let field = field(bytes, at, stops, self.marks)?;
            let is_last = ends_record(bytes, &field);
            at = field.next + 1;
            if is_last != (place == last) {
                at = self.behind_more(at, stops, is_last)?;
            }
            if let Some(wanted) = wanted {
                self.push(&field, &mut rows.columns[*wanted]);
            }
        }
        Some(at.min(bytes.len()))
    }

    #[inline(always)]
    fn push(&self, field: &Field, column: &mut Views) {
        match field.quotes {
            Quotes::None if field.is_null(self.bytes, self.marks) => column.push_null(),
            Quotes::None | Quotes::Around => column.push(self.bytes, field.start, field.end),
            Quotes::Within => column.push_apart(&field.text(self.bytes, self.marks)),
        }
    }

    /// The end of a record whose fields beyond the columns begin at `at`; `None` if it may not have
    /// more fields, or has too few.
    #[cold]
    fn behind_more<const N: usize>(
        &self,
        mut at: usize,
        stops: AnyOf<N>,
        is_last: bool,
    ) -> Option<usize> {
        if is_last || self.marks.header != Heading::Positions {
            return None;
        }
        loop {
            let field = field(self.bytes, at, stops, self.marks)?;
            at = field.next + 1;
            if ends_record(self.bytes, &field) {
                return Some(at);
            }
        }
    }

    /// Pushes the values of a line whose fields stand between runs of blanks.
    fn blanks(&self, line: Range<usize>, rows: &mut TextRows) -> Option<lines::Kind> {
        let places = &self.columns.places;
        let mut fields = 0;
        field::blanks(&self.bytes[..line.end], line.start, self.marks, |field| {
            if let Some(Some(wanted)) = places.get(fields) {
                self.push(&field, &mut rows.columns[*wanted]);
            }
            fields += 1;
            Some(())
        })
        .filter(|()| is_whole(fields, self.marks, places.len()))
        .map(|()| lines::Kind::Record)
    }

    /// Where the next line begins, if the one that begins here is blank or a comment.
    #[inline(always)]
    fn behind_no_record(&self, at: usize) -> Option<usize> {
        let bytes = &self.bytes[at..];
        match bytes.first()? {
            b'\n' => Some(at + 1),
            b'\r' if matches!(bytes.get(1), None | Some(b'\n')) => Some(at + bytes.len().min(2)),
            _ if is_comment(bytes, self.marks) => Some(line_end(self.bytes, at)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
