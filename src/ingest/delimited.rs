//! A block of separated values → its records, in columns that point into the block.
//!
//! Quotes are those of RFC 4180: a field of a CSV file may stand in quotes, and within them a quote
//! is doubled. A record is malformed when a quote stands anywhere else, when a quote is never
//! closed, when a carriage return outside of quotes is no part of a line end, when the record has
//! another number of fields than the header, or when it is not UTF-8. Unread columns
//! count as well: a quote in one may hide where the record ends. A malformed record is a row that is
//! rejected, and the records behind it are read.
//!
//! A quoted field may hold line ends, so a stray quote could join lines that are records by
//! themselves, and one person's row could make the rows of others disappear. Therefore **a line that
//! is a record by itself is always read as that record**: no record of several lines is accepted
//! that holds one, see [`record_end`]. How a line is read never depends on the lines around it,
//! unless it is no record by itself.

use std::borrow::Cow;

use arrow_buffer::Buffer;

use super::format::TextFormat;
use super::scan::{AnyOf, find};
use super::text_rows::TextRows;

/// Which columns of a file are wanted.
pub(super) struct Layout {
    /// For each column of the file its place among the wanted ones.
    pub(super) places: Vec<Option<usize>>,
    /// How many are wanted.
    pub(super) wanted: usize,
}

/// Reads a block of whole records.
pub(super) fn parse(
    block: &Buffer,
    format: TextFormat,
    layout: &Layout,
    is_utf8: bool,
) -> TextRows {
    let mut rows = TextRows::new(layout.wanted, block.len() / 64 + 16);
    let reader = Reader { bytes: block, format, layout, is_utf8 };
    let separator = format.separator();
    let has_quotes = format == TextFormat::Csv && memchr::memchr(b'"', block).is_some();
    // The fewer bytes a search stops at, the faster it is.
    if has_lone_return(block) {
        reader.read(all_stops(format), &mut rows);
    } else if has_quotes {
        reader.read(AnyOf([separator, b'\n', b'"']), &mut rows);
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
    format: TextFormat,
    columns: usize,
) -> Option<usize> {
    let line = line_end(bytes, start);
    if format != TextFormat::Csv {
        return Some(line);
    }
    let end = match quotes_end(bytes, start) {
        Ok(end) => end,
        Err(WrongQuotes) => return Some(line),
    };
    if holds_record(&bytes[line..end.unwrap_or(bytes.len())], columns) { Some(line) } else { end }
}

/// Whether one of these lines is a record by itself.
fn holds_record(lines: &[u8], columns: usize) -> bool {
    let mut lines = lines.split_inclusive(|byte| *byte == b'\n');
    lines.any(|line| is_record(line, TextFormat::Csv, columns))
}

/// A quote stands where no field begins, or text follows a closing one.
struct WrongQuotes;

/// Where the record that begins at `start` ends if only its quotes are looked at; `None` when one
/// is open at the end of these bytes.
fn quotes_end(bytes: &[u8], start: usize) -> Result<Option<usize>, WrongQuotes> {
    let mut at = start;
    loop {
        let Some(place) = find(bytes, at, AnyOf([b'\n', b'"'])) else {
            return Ok(Some(bytes.len()));
        };
        if bytes[place] == b'\n' {
            return Ok(Some(place + 1));
        }
        if place > start && bytes[place - 1] != b',' {
            return Err(WrongQuotes);
        }
        let Some((close, _)) = closing_quote(bytes, place + 1) else { return Ok(None) };
        at = behind_quote(bytes, close + 1).ok_or(WrongQuotes)?;
    }
}

/// Whether a line is a record by itself. In formats without quotes every line is.
pub(super) fn is_record(line: &[u8], format: TextFormat, columns: usize) -> bool {
    if format != TextFormat::Csv {
        return true;
    }
    let mut fields = 0;
    !matches!(line, b"\n" | b"\r\n" | b"\r")
        && each_field(line, format, |_| fields += 1).is_some()
        && fields == columns
}

/// Where the line ends that `start` is on, behind its line end.
pub(super) fn line_end(bytes: &[u8], start: usize) -> usize {
    memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |end| start + end + 1)
}

/// The fields of one record as text, however many they are; `None` when it is malformed.
pub(super) fn split(record: &[u8], format: TextFormat) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    each_field(record, format, |field| texts.push(field.text(record).into_owned()))?;
    texts.into_iter().map(|text| String::from_utf8(text).ok()).collect()
}

/// Goes through the fields of the first record; `None` when its quotes or line ends are wrong.
fn each_field(record: &[u8], format: TextFormat, mut take: impl FnMut(&Field)) -> Option<()> {
    let mut at = 0;
    loop {
        let field = field(record, at, all_stops(format))?;
        take(&field);
        if record.get(field.next) != Some(&format.separator()) {
            return Some(());
        }
        at = field.next + 1;
    }
}

/// Everything that may end a field, or stand where it must not.
fn all_stops(format: TextFormat) -> AnyOf<4> {
    let quote = if format == TextFormat::Csv { b'"' } else { b'\n' };
    AnyOf([format.separator(), b'\n', b'\r', quote])
}

/// Whether a carriage return stands anywhere but before a line feed or at the end of the file.
fn has_lone_return(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', bytes)
        .any(|place| bytes.get(place + 1).is_some_and(|next| *next != b'\n'))
}

struct Reader<'b> {
    bytes: &'b [u8],
    format: TextFormat,
    layout: &'b Layout,
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
                    let end = record_end(bytes, at, self.format, self.layout.places.len());
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
        line == end || !holds_record(&self.bytes[line..end], self.layout.places.len())
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
        let last = self.layout.places.len() - 1;
        for (place, wanted) in self.layout.places.iter().enumerate() {
            let field = field(bytes, at, stops)?;
            let is_last = match bytes.get(field.next) {
                Some(byte) => *byte == b'\n',
                None => true,
            };
            if is_last != (place == last) {
                return None;
            }
            at = field.next + 1;
            let Some(wanted) = wanted else { continue };
            let column = &mut rows.columns[*wanted];
            match field.quotes {
                Quotes::None if field.is_null(bytes, self.format) => column.push_null(),
                Quotes::None | Quotes::Around => column.push(bytes, field.start, field.end),
                Quotes::Doubled => column.push_apart(&field.text(bytes)),
            }
        }
        Some(at.min(bytes.len()))
    }

    /// Where the next line begins, if the one that begins here is blank or a comment.
    #[inline(always)]
    fn behind_no_record(&self, at: usize) -> Option<usize> {
        let bytes = &self.bytes[at..];
        match bytes.first()? {
            b'\n' => Some(at + 1),
            b'\r' if matches!(bytes.get(1), None | Some(b'\n')) => Some(at + bytes.len().min(2)),
            b'#' if self.format == TextFormat::Zeek => Some(line_end(self.bytes, at)),
            _ => None,
        }
    }
}

/// Where a field stands.
struct Field {
    /// Its first byte within quotes, if there are any, and the byte behind its last.
    start: usize,
    end: usize,
    /// Where the separator or line feed behind it stands, or the bytes end.
    next: usize,
    quotes: Quotes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Around,
    /// Around it, and doubled ones within.
    Doubled,
}

impl Field {
    /// What the field says: its bytes, with doubled quotes made single.
    fn text<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let mut rest = &bytes[self.start..self.end];
        if self.quotes != Quotes::Doubled {
            return Cow::Borrowed(rest);
        }
        let mut kept = Vec::with_capacity(rest.len());
        while let Some(place) = memchr::memchr(b'"', rest) {
            kept.extend_from_slice(&rest[..=place]);
            rest = rest.get(place + 2..).unwrap_or_default();
        }
        kept.extend_from_slice(rest);
        Cow::Owned(kept)
    }

    #[inline(always)]
    fn is_null(&self, bytes: &[u8], format: TextFormat) -> bool {
        let text = &bytes[self.start..self.end];
        text.is_empty() || format == TextFormat::Zeek && text == b"-"
    }
}

/// The field that begins at `at`; `None` when a quote or a carriage return stands where it must not.
///
/// With two stops, neither is looked for: the caller knows that there is none.
#[inline(always)]
fn field<const N: usize>(bytes: &[u8], at: usize, stops: AnyOf<N>) -> Option<Field> {
    let next = find(bytes, at, stops).unwrap_or(bytes.len());
    if N > 2 && bytes.get(next) == Some(&b'"') {
        return if next == at { quoted(bytes, at + 1) } else { None };
    }
    if N > 3 && bytes.get(next) == Some(&b'\r') {
        let is_end = matches!(bytes.get(next + 1), None | Some(b'\n'));
        return is_end.then_some(Field {
            start: at,
            end: next,
            next: next + 1,
            quotes: Quotes::None,
        });
    }
    let end = if next > at && bytes[next - 1] == b'\r' { next - 1 } else { next };
    Some(Field { start: at, end, next, quotes: Quotes::None })
}

/// The field whose opening quote stands before `start`; `None` when its quotes are wrong.
fn quoted(bytes: &[u8], start: usize) -> Option<Field> {
    let (end, is_doubled) = closing_quote(bytes, start)?;
    let quotes = if is_doubled { Quotes::Doubled } else { Quotes::Around };
    Some(Field { start, end, next: behind_quote(bytes, end + 1)?, quotes })
}

/// The place of the closing quote at `from` or behind it, and whether doubled ones stand before it;
/// `None` when there is none.
fn closing_quote(bytes: &[u8], mut from: usize) -> Option<(usize, bool)> {
    let mut is_doubled = false;
    loop {
        let place = find(bytes, from, AnyOf([b'"']))?;
        if bytes.get(place + 1) != Some(&b'"') {
            return Some((place, is_doubled));
        }
        (from, is_doubled) = (place + 2, true);
    }
}

/// The place of the separator or line feed behind a closing quote, or of the end; `None` when
/// something else follows the quote.
fn behind_quote(bytes: &[u8], at: usize) -> Option<usize> {
    match (bytes.get(at), bytes.get(at + 1)) {
        (None | Some(b',' | b'\n'), _) => Some(at),
        (Some(b'\r'), None | Some(b'\n')) => Some(at + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
