//! A file that is one array of JSON objects, cut into its elements.
//!
//! Elements are found by their braces alone; what stands between them is white space, commas and the
//! brackets of the array. An element that is no object is a record that cannot be read.

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

/// Whether text that begins like an array is JSON lines: most lines behind the first are objects of their
/// own, so that the first is a record that cannot be read. In an array a comma follows all but the last.
pub(super) fn are_lines(text: &[u8]) -> bool {
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let (mut objects, mut others) = (0, 0);
    for line in lines.filter(|line| !line.is_empty()).skip(1) {
        let is_object = line.starts_with(b"{") && line.ends_with(b"}");
        *(if is_object { &mut objects } else { &mut others }) += 1;
    }
    objects > others
}

/// The elements of a block.
pub(super) fn elements(block: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + block.get(at..)?.iter().position(|byte| !is_between(*byte))?;
        at = element_end(block, start).unwrap_or(block.len());
        Some(start..at)
    })
}

/// The end of the last element that belongs to the next block; 0 when more must be read to find the end
/// of the first one. With `is_whole` there is no more.
pub(super) fn end_of_block(text: &[u8], block_bytes: usize, is_whole: bool) -> usize {
    let mut end = 0;
    while end < block_bytes {
        let Some(start) = text[end..].iter().position(|byte| !is_between(*byte)) else {
            return if is_whole { text.len() } else { end };
        };
        match element_end(text, end + start) {
            Some(next) => end = next,
            None if is_whole && text.len() <= block_bytes => return text.len(),
            None => break,
        }
    }
    end
}

/// Reads a block of elements.
pub(super) fn parse(block: &Buffer, wanted: &Wanted) -> TextRows {
    let mut rows = TextRows::new(wanted.names.len(), block.len() / 128 + 16);
    for element in elements(block) {
        match json_fallback::texts(&block[element.clone()], wanted) {
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

/// Where the element ends that begins at `at`; `None` when the bytes end before.
fn element_end(text: &[u8], at: usize) -> Option<usize> {
    if text[at] != b'{' {
        let length = text[at..].iter().position(|byte| is_between(*byte))?;
        return Some(at + length);
    }
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
    }

    #[test]
    fn a_block_ends_behind_its_last_whole_element() {
        let text = b"[{\"a\":1},{\"b\":2},{\"c\"";
        assert_eq!(end_of_block(text, 1_000, false), 16);
        assert_eq!(end_of_block(text, 4, false), 8);
        assert_eq!(end_of_block(text, 1_000, true), text.len());
        assert_eq!(end_of_block(b"[{\"abc", 1_000, false), 0);
        assert_eq!(end_of_block(b"[]\n", 1_000, true), 3);
    }
}
