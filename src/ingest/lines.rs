//! What the parsers of odd blocks do not see: blank lines, short records, nested values.
//!
//! Each check is a scan that costs little where there is nothing to find, and looks closely only
//! where there is.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};

/// Lines with nothing in them are no records; within quotes they are part of a value.
pub(super) fn without_blank_lines(bytes: &[u8], is_quoted: bool) -> Cow<'_, [u8]> {
    let starts_blank = bytes.starts_with(b"\n") || bytes.starts_with(b"\r\n");
    let has_blank = |line: &[u8]| memchr::memmem::find(bytes, line).is_some();
    if !starts_blank && !has_blank(b"\n\n") && !has_blank(b"\n\r\n") {
        return Cow::Borrowed(bytes);
    }
    let mut kept = Vec::with_capacity(bytes.len());
    let mut in_quotes = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if in_quotes || !matches!(line, b"\n" | b"\r\n") {
            kept.extend_from_slice(line);
        }
        in_quotes ^= is_quoted && memchr::memchr_iter(b'"', line).count() % 2 == 1;
    }
    Cow::Owned(kept)
}

/// Whether there are so many records and each has all its fields: the parser fills short ones up
/// with nulls and cuts long ones, but a record that was cut must not be misread.
pub(super) fn are_whole(
    bytes: &[u8],
    separator: u8,
    is_quoted: bool,
    fields: usize,
    records: usize,
) -> bool {
    if bytes.is_empty() {
        return records == 0;
    }
    let (mut seen, mut whole, mut in_quotes) = (1, 0, false);
    for byte in bytes {
        in_quotes ^= is_quoted && *byte == b'"';
        if in_quotes {
            continue;
        }
        if *byte == separator {
            seen += 1;
        } else if *byte == b'\n' {
            if seen != fields {
                return false;
            }
            whole += 1;
            seen = 1;
        }
    }
    if !bytes.ends_with(b"\n") {
        whole += 1;
    }
    whole == records && (bytes.ends_with(b"\n") || seen == fields)
}

/// The lines that hold something.
pub(super) fn filled_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    bytes.split(|byte| *byte == b'\n').filter(move |line| !line.iter().all(is_blank))
}

/// A nested value must not become somebody's name: the parser writes it out as text, so values
/// that look like one are looked up in their lines.
pub(super) fn without_nested(array: ArrayRef, name: &str, bytes: &[u8]) -> ArrayRef {
    let Some(text) = array.as_string_view_opt() else { return array };
    if !text.iter().flatten().any(|value| value.starts_with(['{', '['])) {
        return array;
    }
    let mut builder = StringViewBuilder::with_capacity(text.len());
    for (value, line) in text.iter().zip(filled_lines(bytes)) {
        let is_nested = value.is_some_and(|value| value.starts_with(['{', '[']))
            && serde_json::from_slice::<serde_json::Value>(line)
                .is_ok_and(|object| !object[name].is_string());
        builder.append_option(if is_nested { None } else { value });
    }
    Arc::new(builder.finish())
}

/// The line, counted from 0, and the number of fields of the first record that does not have
/// `fields` of them.
pub(super) fn first_uneven(
    bytes: &[u8],
    separator: u8,
    is_quoted: bool,
    fields: usize,
) -> Option<(usize, usize)> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .quoting(is_quoted)
        .comment((!is_quoted).then_some(b'#'))
        .from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    while let Ok(true) = reader.read_byte_record(&mut record) {
        if record.len() != fields {
            let line = record.position().map_or(1, csv::Position::line);
            return Some((usize::try_from(line).unwrap_or(1) - 1, record.len()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_go_unless_they_are_quoted() {
        let kept = |text: &'static str| {
            String::from_utf8(without_blank_lines(text.as_bytes(), true).into_owned()).unwrap()
        };
        assert_eq!(kept("a,b\nc,d\n"), "a,b\nc,d\n");
        assert_eq!(kept("\n\r\na,b\n\n\r\nc,d\n\n"), "a,b\nc,d\n");
        assert_eq!(kept("a,\"x\n\ny\"\n\nb,c\n"), "a,\"x\n\ny\"\nb,c\n");
    }

    #[test]
    fn every_record_must_have_its_fields_not_all_together() {
        let csv =
            |text: &str, fields, records| are_whole(text.as_bytes(), b',', true, fields, records);
        assert!(csv("a,b\nc,d", 2, 2) && csv("a,b\nc,d\n", 2, 2));
        assert!(csv("\"a,b\",\"c\"\"d,\ne\"\n", 2, 1));
        assert!(!csv("a,b\nc\n", 2, 2) && !csv("a,b\nc", 2, 2));
        assert!(!csv("a\nb,c,d\n", 2, 2) && !csv("b,c,d\na", 2, 2));
        assert!(!csv("a,b\nc,d\n", 2, 1));
        assert!(are_whole(b"a\t\"b\nc\td\n", b'\t', false, 2, 2));
    }

    #[test]
    fn the_first_record_of_another_length_is_found() {
        assert_eq!(first_uneven(b"a,b\nc,d\n", b',', true, 2), None);
        assert_eq!(first_uneven(b"a,\"b\nb\"\nc\n", b',', true, 2), Some((2, 1)));
        assert_eq!(first_uneven(b"#x\na\tb\n", b'\t', false, 2), None);
    }
}
