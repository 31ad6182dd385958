//! A file that is one array of JSON objects, cut into its elements.
//!
//! Elements are found by their braces; what stands between them is white space, commas and the brackets of
//! the array. An element that is no object is a record that cannot be read, and where its braces or quotes
//! are not closed it takes no other one along: it ends where the next one seems to begin.

use std::ops::Range;

use arrow_buffer::Buffer;

use super::json_fallback;
use super::text_rows::TextRows;
use super::wanted::Wanted;

/// Whether text begins an array of objects, or an empty one.
pub(super) fn begins(text: &[u8]) -> bool {
    let inside = text.trim_ascii_start().strip_prefix(b"[");
    inside.is_some_and(|inside| matches!(inside.trim_ascii_start().first(), Some(b'{' | b']')))
}

/// Whether a file of JSON is one array, by what it begins with. Its first record does not decide it
/// alone: a bracket may be a malformed first line, and the first element of an array may be no
/// object.
pub(super) fn is_array(text: &[u8]) -> bool {
    let has_elements = || {
        let mut before =
            memchr::memchr_iter(b'{', text).map(|brace| text[..brace].trim_ascii_end());
        before.any(|text| {
            text.strip_suffix(b",").is_some_and(|text| text.trim_ascii_end().ends_with(b"}"))
        })
    };
    let may_be = text.trim_ascii_start().starts_with(b"[");
    may_be && !are_lines(text) && (begins(text) || has_elements())
}

/// Whether most lines behind the first are objects by themselves. In an array a comma follows each
/// object but the last.
fn are_lines(text: &[u8]) -> bool {
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let (mut objects, mut others) = (0, 0);
    for line in lines.filter(|line| !line.is_empty()).skip(1) {
        let is_object = line.starts_with(b"{") && line.ends_with(b"}");
        *(if is_object { &mut objects } else { &mut others }) += 1;
    }
    objects > others
}

/// The elements of a piece.
pub(super) fn elements(piece: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + piece.get(at..)?.iter().position(|byte| !is_between(*byte))?;
        at = element_end(piece, start, true).unwrap_or(piece.len());
        Some(start..at)
    })
}

/// The end of the last element that belongs to the next piece; 0 when more must be read to find the end
/// of the first one. With `is_whole` there is no more.
pub(super) fn end_of_piece(text: &[u8], piece_bytes: usize, is_whole: bool) -> usize {
    let mut end = 0;
    while end < piece_bytes {
        let Some(start) = text[end..].iter().position(|byte| !is_between(*byte)) else {
            return if is_whole { text.len() } else { end };
        };
        match element_end(text, end + start, is_whole) {
            Some(next) => end = next,
            None if is_whole && text.len() <= piece_bytes => return text.len(),
            None => break,
        }
    }
    end
}

/// Reads a piece of elements.
pub(super) fn parse(piece: &Buffer, wanted: &Wanted) -> TextRows {
    let mut rows = TextRows::new(wanted.names.len(), piece.len() / 128 + 16);
    for element in elements(piece) {
        match json_fallback::texts(&piece[element.clone()], wanted) {
            Some(texts) => {
                json_fallback::push(texts, &mut rows);
                rows.accept(element);
            }
            None => rows.reject(element),
        }
    }
    rows
}

const fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'[' | b']')
}

/// Where the element that begins at `at` ends; `None` when the bytes end before it does. With
/// `is_whole` there are no more bytes.
fn element_end(text: &[u8], at: usize, is_whole: bool) -> Option<usize> {
    if text[at] != b'{' {
        let length = text[at..].iter().position(|byte| is_between(*byte))?;
        return Some(at + length);
    }
    let end = closing_brace(text, at);
    if end.is_none() && !is_whole {
        return None;
    }
    let element = &text[at..end.unwrap_or(text.len())];
    match next_element(element) {
        Some(next) if end.is_none() || json_fallback::object(element).is_none() => Some(at + next),
        _ => end,
    }
}

/// Where an element that is no object ends: before the next comma with a brace behind it. This does
/// not hold for objects, since they may have such commas within.
fn next_element(element: &[u8]) -> Option<usize> {
    let mut braces = memchr::memchr_iter(b'{', element).skip(1);
    braces.find_map(|brace| element[..brace].trim_ascii_end().strip_suffix(b",").map(<[u8]>::len))
}

/// The end behind the brace that closes the one at `at`.
fn closing_brace(text: &[u8], at: usize) -> Option<usize> {
    let (mut at, mut depth) = (at, 0_usize);
    loop {
        at += memchr::memchr3(b'{', b'}', b'"', text.get(at..)?)?;
        match text[at] {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at + 1),
            b'}' => depth -= 1,
            _ => at = string_end(text, at + 1)?,
        }
        at += 1;
    }
}

/// The place of the quote that ends a string.
fn string_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        elements(text.as_bytes()).map(|element| &text[element]).collect()
    }

    #[test]
    fn elements_are_what_braces_enclose() {
        let text = "[\n {\"a\": \"}\\\"{\", \"b\": {\"c\": [1, {}]}} ,{} , 12, \"x\"]\n[{}]\n";
        assert_eq!(
            texts(text),
            ["{\"a\": \"}\\\"{\", \"b\": {\"c\": [1, {}]}}", "{}", "12", "\"x\"", "{}"]
        );
        assert_eq!(texts("[{}, {\"a\": \"x}"), ["{}", "{\"a\": \"x}"]);
        assert_eq!(texts("[ ]"), [""; 0]);
        // What is no object ends before the next one, and what is one keeps the objects in it.
        let text = "[{\"a\":\"x},\n {\"b\":[{},{}]},{\"c\":{ ,{\"d\":1}]";
        assert_eq!(texts(text), ["{\"a\":\"x}", "{\"b\":[{},{}]}", "{\"c\":{ ", "{\"d\":1}"]);
        for (text, is_array) in [("[{", true), (" [ \n ]", true), ("[1]", false), ("{}", false)] {
            assert_eq!(begins(text.as_bytes()), is_array, "{text}");
        }
    }

    #[test]
    fn a_line_that_looks_like_the_bracket_of_an_array_makes_none() {
        for (text, are) in [
            ("[\n{\"a\":1}\n{\"a\":2}\n", true),
            ("[\n{\"a\":1}\n", true),
            ("[{\"a\":1}\r\n{\"a\":2}\r\n{\"a\":3}\r\n{\"a\"", true),
            ("[\n{\"a\":1}\n]\n", false),
            ("[\n{\"a\":1},\n{\"a\":2}\n]", false),
            ("[{\"a\":1},{\"a\":2}]", false),
            ("[\n  {\n    \"a\": [\n      {}\n    ]\n  }\n]\n", false),
            ("[]", false),
        ] {
            assert_eq!(are_lines(text.as_bytes()), are, "{text}");
        }
        for (text, is) in
            [("[\"a\":1},\n{\"a\":2},\n{\"a\":3}]\n", true), ("[\n1\n\"x\n{\"a\":\n", false)]
        {
            assert_eq!(is_array(text.as_bytes()), is, "{text}");
        }
    }

    #[test]
    fn a_piece_ends_behind_its_last_whole_element() {
        let text = b"[{\"a\":1},{\"b\":2},{\"c\"";
        assert_eq!(end_of_piece(text, 1_000, false), 16);
        assert_eq!(end_of_piece(text, 4, false), 8);
        assert_eq!(end_of_piece(text, 1_000, true), text.len());
        assert_eq!(end_of_piece(b"[{\"abc", 1_000, false), 0);
        let open = b"[{\"a\":[{},{}";
        assert_eq!([false, true].map(|whole| end_of_piece(open, 8, whole)), [0, 9]);
        assert_eq!(end_of_piece(b"[]\n", 1_000, true), 3);
    }
}
