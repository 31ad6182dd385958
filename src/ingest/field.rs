//! One field of a record of text: where it stands, and what its quotes mean.

use std::borrow::Cow;

use super::scan::{AnyOf, find};
use crate::release_file::dialect::Marks;

/// Where the line that holds `start` ends, behind its line feed.
pub(super) fn line_end(bytes: &[u8], start: usize) -> usize {
    memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |end| start + end + 1)
}

/// The names in a line that begins with `#fields` or `#Fields:`; `None` for any other line.
pub(super) fn fields_line(line: &[u8], marks: Marks) -> Option<Vec<String>> {
    const WORD: &[u8] = b"#fields";
    let (word, rest) = line.split_at_checked(WORD.len())?;
    if !word.eq_ignore_ascii_case(WORD) {
        return None;
    }
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    let is_gap = |byte: &u8| byte.is_ascii_whitespace() || Some(*byte) == marks.separator;
    let start = rest.iter().take_while(|byte| is_gap(byte)).count();
    if start == 0 {
        return None;
    }
    let names = String::from_utf8_lossy(rest[start..].trim_ascii_end());
    Some(match marks.separator {
        Some(separator) => names.split(char::from(separator)).map(str::to_owned).collect(),
        None => names.split_ascii_whitespace().map(str::to_owned).collect(),
    })
}

/// Whether a field is the last one of its record.
#[inline(always)]
pub(super) fn ends_record(bytes: &[u8], field: &Field) -> bool {
    match bytes.get(field.next) {
        Some(byte) => *byte == b'\n',
        None => true,
    }
}

/// Where a field stands.
pub(super) struct Field {
    /// Its first byte within quotes, if there are any, and the byte behind its last.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where the separator or line feed behind it stands, or the bytes end.
    pub(super) next: usize,
    pub(super) quotes: Quotes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    None,
    Around,
    /// Around it, and some within, doubled or behind an escape.
    Within,
}

impl Field {
    /// What the field says: its bytes, with doubled quotes made single and without escapes. An
    /// escape before anything but a quote or an escape stays, as in `\n`.
    pub(super) fn text<'b>(&self, bytes: &'b [u8], marks: Marks) -> Cow<'b, [u8]> {
        let mut rest = &bytes[self.start..self.end];
        let (Quotes::Within, Some(quote)) = (self.quotes, marks.quote) else {
            return Cow::Borrowed(rest);
        };
        let mut kept = Vec::with_capacity(rest.len());
        while let Some(place) = memchr::memchr2(quote, marks.escape.unwrap_or(quote), rest) {
            let next = rest.get(place + 1).copied();
            let is_mark = next == Some(quote) || next == marks.escape;
            kept.extend_from_slice(&rest[..place]);
            kept.extend(if is_mark { next } else { Some(rest[place]) });
            rest = rest.get(place + 1 + usize::from(is_mark)..).unwrap_or_default();
        }
        kept.extend_from_slice(rest);
        Cow::Owned(kept)
    }

    #[inline(always)]
    pub(super) fn is_null(&self, bytes: &[u8], marks: Marks) -> bool {
        let text = &bytes[self.start..self.end];
        text.is_empty() || marks.null.is_some_and(|null| null.is(text))
    }
}

/// The field that begins at `at`; `None` when a quote or a carriage return stands where it must not.
///
/// With two stops, neither is looked for: the caller knows that there is none.
#[inline(always)]
pub(super) fn field<const N: usize>(
    bytes: &[u8],
    at: usize,
    stops: AnyOf<N>,
    marks: Marks,
) -> Option<Field> {
    let next = find(bytes, at, stops).unwrap_or(bytes.len());
    if N > 2
        && let Some(quote) = marks.quote
        && bytes.get(next) == Some(&quote)
    {
        return if next == at { quoted(bytes, at + 1, marks, quote) } else { None };
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
fn quoted(bytes: &[u8], start: usize, marks: Marks, quote: u8) -> Option<Field> {
    let (end, quotes) = closing_quote(bytes, start, marks, quote)?;
    Some(Field { start, end, next: behind_quote(bytes, end + 1, marks)?, quotes })
}

/// The place of the closing quote at `from` or behind it, and whether others stand before it; `None` when there is
/// none.
pub(super) fn closing_quote(
    bytes: &[u8],
    mut from: usize,
    marks: Marks,
    quote: u8,
) -> Option<(usize, Quotes)> {
    let mut quotes = Quotes::Around;
    loop {
        let place = match marks.escape {
            None => find(bytes, from, AnyOf([quote]))?,
            Some(escape) => find(bytes, from, AnyOf([quote, escape]))?,
        };
        if bytes[place] == quote && bytes.get(place + 1) != Some(&quote) {
            return Some((place, quotes));
        }
        (from, quotes) = (place + 2, Quotes::Within);
    }
}

/// The place of the separator or line feed behind a closing quote, or of the end; `None` when
/// something else follows the quote.
pub(super) fn behind_quote(bytes: &[u8], at: usize, marks: Marks) -> Option<usize> {
    match (bytes.get(at), bytes.get(at + 1)) {
        (None | Some(b'\n'), _) => Some(at),
        (Some(byte), _) if Some(*byte) == marks.separator => Some(at),
        (Some(b'\r'), None | Some(b'\n')) => Some(at + 1),
        _ => None,
    }
}

/// Goes through the fields from `at` on, up to the end of these bytes; a field in quotes may hold blanks.
/// `None` when its quotes are wrong, or `take` says so.
pub(super) fn blanks(
    bytes: &[u8],
    mut at: usize,
    marks: Marks,
    mut take: impl FnMut(Field) -> Option<()>,
) -> Option<()> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    loop {
        at += bytes[at..].iter().take_while(|byte| is_blank(byte)).count();
        let Some(first) = bytes.get(at) else { return Some(()) };
        let field = if Some(*first) == marks.quote {
            let (end, quotes) = closing_quote(bytes, at + 1, marks, *first)?;
            if !bytes.get(end + 1).is_none_or(is_blank) {
                return None;
            }
            Field { start: at + 1, end, next: end + 1, quotes }
        } else {
            let length = bytes[at..].iter().take_while(|byte| !is_blank(byte)).count();
            Field { start: at, end: at + length, next: at + length, quotes: Quotes::None }
        };
        at = field.next;
        take(field)?;
    }
}
