//! Text whose records are lines by themselves: fields between runs of blanks, and lines that a pattern
//! takes apart.

use std::ops::Range;

use arrow_buffer::Buffer;

use super::field::line_end;
use super::text_rows::TextRows;
use super::wanted::Wanted;
use crate::release_file::dialect::Null;
use crate::release_file::pattern::Pattern;

/// What a line is.
pub(super) enum Kind {
    /// A record whose values were pushed.
    Record,
    /// A record that cannot be read.
    Malformed,
    /// A line of another kind, which is no record.
    Other,
}

/// Goes through the lines of a piece. `take` sees each that is neither blank nor a comment, without its
/// line end.
pub(super) fn parse(
    piece: &[u8],
    comment: Option<u8>,
    is_utf8: bool,
    rows: &mut TextRows,
    mut take: impl FnMut(Range<usize>, &mut TextRows) -> Kind,
) {
    let mut at = 0;
    while at < piece.len() {
        let (start, end) = (at, line_end(piece, at));
        at = end;
        let line = &piece[start..end];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_comment = comment.is_some() && line.first().copied() == comment;
        if is_comment || line.trim_ascii().is_empty() {
            continue;
        }
        let is_text = is_utf8 || std::str::from_utf8(line).is_ok();
        let kind = if is_text && !line.contains(&b'\r') {
            take(start..start + line.len(), rows)
        } else {
            Kind::Malformed
        };
        match kind {
            Kind::Record => rows.accept(start..end),
            Kind::Malformed => rows.reject(start..end),
            Kind::Other => {}
        }
    }
}

/// Reads a piece of lines by a pattern, in whose groups `null` stands for no value.
pub(super) fn by_pattern(
    piece: &Buffer,
    (pattern, null): (&Pattern, Option<Null>),
    wanted: &Wanted,
    is_utf8: bool,
) -> TextRows {
    let mut rows = TextRows::new(wanted.names.len(), piece.len() / 96 + 16);
    let regex = pattern.whole();
    let groups: Vec<Option<usize>> = wanted
        .names
        .iter()
        .map(|name| regex.capture_names().position(|group| group == Some(name)))
        .collect();
    let mut found = regex.capture_locations();
    parse(piece, None, is_utf8, &mut rows, |line, rows| {
        let text = &piece[line.clone()];
        if regex.captures_read(&mut found, text).is_none() {
            return if pattern.skips(text) { Kind::Other } else { Kind::Malformed };
        }
        let is_ascii = text.is_ascii();
        for (group, column) in groups.iter().zip(&mut rows.columns) {
            match group.and_then(|group| found.get(group)) {
                // A group of bytes may end within a letter.
                Some((start, end))
                    if !is_ascii && std::str::from_utf8(&text[start..end]).is_err() =>
                {
                    return Kind::Malformed;
                }
                Some((start, end)) if null.is_some_and(|null| null.is(&text[start..end])) => {
                    column.push_null();
                }
                Some((start, end)) => column.push(piece, line.start + start, line.start + end),
                None => column.push_null(),
            }
        }
        Kind::Record
    });
    rows
}
