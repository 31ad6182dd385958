//! A piece of JSON lines → columns that point into it.
//!
//! The lines of a log are alike, so each name is first compared with the one that followed in
//! earlier lines, and each value is passed over once. A line is plain when it is an object whose
//! wanted members are texts without escapes, numbers in their shortest form (whole ones where they
//! identify somebody), booleans and nulls; unwanted members may have escapes and be nested. Every
//! other line is left to [`json_fallback`], which decides whether it is an object and what it says.

use arrow_buffer::Buffer;

use super::field::line_end;
use super::json_fallback;
use super::scan::{StringEnds, find};
use super::text_rows::TextRows;
use super::wanted::Wanted;

/// How many digits a number may have before or behind the point; longer ones are left to the
/// fallback.
const DIGITS_MAX: usize = 18;
/// A number with at most this many digits is the shortest text of its binary form.
const DIGITS_EXACT: usize = 15;
/// How deep unwanted values may be nested; deeper ones are left to the fallback.
const DEPTH_MAX: usize = 16;
/// How many names are remembered.
const LABELS_MAX: usize = 64;

/// Reads a piece of lines into one column for each name.
pub(super) fn parse(piece: &Buffer, wanted: &Wanted, is_utf8: bool) -> TextRows {
    let names = &wanted.names;
    let mut lines = Lines { bytes: piece, at: 0, wanted, labels: Vec::new(), next: 0 };
    let mut rows = TextRows::new(names.len(), piece.len() / 128 + 16);
    let mut values = vec![Value::Missing; names.len()];
    while lines.at < piece.len() {
        let start = lines.at;
        values.fill(Value::Missing);
        let line = lines.line(&mut values);
        if line.is_none() {
            lines.at = line_end(piece, start);
        }
        let record = start..lines.at;
        if !is_utf8 && std::str::from_utf8(&piece[record.clone()]).is_err() {
            rows.reject(record);
            continue;
        }
        match line {
            Some(Line::Blank) => {}
            Some(Line::Object) => {
                for (column, value) in rows.columns.iter_mut().zip(&values) {
                    match value {
                        Value::Text { start, end } => column.push(piece, *start, *end),
                        Value::Missing | Value::Null => column.push_null(),
                    }
                }
                rows.accept(record);
            }
            None => match json_fallback::texts(&piece[record.clone()], wanted) {
                Some(texts) => {
                    json_fallback::push(texts, &mut rows);
                    rows.accept(record);
                }
                None => rows.reject(record),
            },
        }
    }
    rows
}

/// What a line says about a wanted name.
#[derive(Clone, Copy)]
enum Value {
    Missing,
    Null,
    /// Where a text stands within its quotes, or any other value as it is written.
    Text {
        start: usize,
        end: usize,
    },
}

enum Line {
    Blank,
    Object,
}

/// The name of a member as lines write it, with its quotes and its colon.
struct Label {
    text: Vec<u8>,
    name: Name,
}

/// What a name stands for.
#[derive(Clone, Copy)]
enum Name {
    /// The wanted column at this place.
    Wanted(usize),
    /// The beginning of a wanted path, as `src` is of `src.user`.
    Above,
    Other,
}

struct Lines<'b> {
    bytes: &'b [u8],
    at: usize,
    wanted: &'b Wanted,
    /// The names seen so far.
    labels: Vec<Label>,
    /// The place of the name that is expected next.
    next: usize,
}

impl Lines<'_> {
    /// Reads the line that begins here; `None` when it is not plain.
    fn line(&mut self, values: &mut [Value]) -> Option<Line> {
        self.space();
        if !self.takes(b'{') {
            return self.ends_line().then_some(Line::Blank);
        }
        self.space();
        self.next = 0;
        if !self.takes(b'}') {
            loop {
                let name = self.name()?;
                self.space();
                // The fallback reads objects and arrays in a wanted column, or on a wanted path.
                let depth = if matches!(name, Name::Other) { DEPTH_MAX } else { 0 };
                let start = self.at;
                let value = self.value(matches!(name, Name::Wanted(_)), depth)?;
                if let Name::Wanted(wanted) = name {
                    if self.wanted.is_identifier(wanted) && self.has_fraction(value, start) {
                        return None;
                    }
                    // The fallback decides between two values of one name.
                    let Value::Missing = values[wanted] else { return None };
                    values[wanted] = value;
                }
                self.space();
                if self.takes(b'}') {
                    break;
                }
                if !self.takes(b',') {
                    return None;
                }
                self.space();
            }
        }
        self.space();
        self.ends_line().then_some(Line::Object)
    }

    /// Whether a value that begins at `at` is a number with a fraction.
    #[inline(always)]
    fn has_fraction(&self, value: Value, at: usize) -> bool {
        match value {
            Value::Text { start, end } => start == at && self.bytes[start..end].contains(&b'.'),
            Value::Missing | Value::Null => false,
        }
    }

    /// Takes the name of the line's next member.
    #[inline(always)]
    fn name(&mut self) -> Option<Name> {
        if let Some(label) = self.labels.get(self.next)
            && self.bytes[self.at..].starts_with(&label.text)
        {
            self.at += label.text.len();
            self.next += 1;
            return Some(label.name);
        }
        self.other_name()
    }

    /// Takes a name that was not expected here.
    #[inline(never)]
    fn other_name(&mut self) -> Option<Name> {
        let start = self.at;
        let rest = &self.bytes[start..];
        if let Some(place) = self.labels.iter().position(|label| rest.starts_with(&label.text)) {
            self.at += self.labels[place].text.len();
            self.next = place + 1;
            return Some(self.labels[place].name);
        }
        let Value::Text { start: first, end } = self.string(true)? else { return None };
        let bytes = &self.bytes[first..end];
        let mut names = self.wanted.names.iter().map(String::as_bytes);
        let leads = |wanted: &[u8]| {
            wanted.strip_prefix(bytes).is_some_and(|rest| rest.first() == Some(&b'.'))
        };
        let name = match names.clone().position(|wanted| wanted == bytes) {
            Some(wanted) => Name::Wanted(wanted),
            None if names.any(leads) => Name::Above,
            None => Name::Other,
        };
        self.space();
        if !self.takes(b':') {
            return None;
        }
        if self.labels.len() < LABELS_MAX {
            self.labels.push(Label { text: self.bytes[start..self.at].to_vec(), name });
            self.next = self.labels.len();
        }
        Some(name)
    }

    /// Takes a value that is nested no deeper than `depth`.
    #[inline(always)]
    fn value(&mut self, is_wanted: bool, depth: usize) -> Option<Value> {
        let start = self.at;
        match self.bytes.get(start)? {
            b'"' => return self.string(is_wanted),
            b'n' => return self.takes_word(b"null").then_some(Value::Null),
            b't' if self.takes_word(b"true") => {}
            b'f' if self.takes_word(b"false") => {}
            b'-' | b'0'..=b'9' => self.number(is_wanted)?,
            b'{' | b'[' => self.nested(depth.checked_sub(1)?)?,
            _ => return None,
        }
        Some(Value::Text { start, end: self.at })
    }

    /// Passes over an object or an array.
    #[inline(never)]
    fn nested(&mut self, depth: usize) -> Option<()> {
        let is_object = self.bytes.get(self.at) == Some(&b'{');
        let close = if is_object { b'}' } else { b']' };
        self.at += 1;
        self.space();
        if self.takes(close) {
            return Some(());
        }
        loop {
            if is_object {
                self.string(false)?;
                self.space();
                if !self.takes(b':') {
                    return None;
                }
                self.space();
            }
            self.value(false, depth)?;
            self.space();
            if self.takes(close) {
                return Some(());
            }
            if !self.takes(b',') {
                return None;
            }
            self.space();
        }
    }

    /// Takes a string; a wanted one may have no escapes.
    #[inline(always)]
    fn string(&mut self, is_wanted: bool) -> Option<Value> {
        if !self.takes(b'"') {
            return None;
        }
        let start = self.at;
        loop {
            let end = find(self.bytes, self.at, StringEnds)?;
            match self.bytes[end] {
                b'"' => {
                    self.at = end + 1;
                    return Some(Value::Text { start, end });
                }
                b'\\' if !is_wanted => self.at = end + escape_length(&self.bytes[end + 1..])?,
                _ => return None,
            }
        }
    }

    /// Takes a number; a wanted one must be in its shortest form.
    #[inline(always)]
    fn number(&mut self, is_wanted: bool) -> Option<()> {
        let start = self.at;
        let is_negative = self.takes(b'-');
        let first = self.bytes.get(self.at).copied();
        let whole = self.digits()?;
        if first == Some(b'0') && whole > 1 {
            return None;
        }
        if !self.takes(b'.') {
            return (first != Some(b'0') || !is_negative).then_some(());
        }
        let digits = whole + self.digits()?;
        let text = &self.bytes[start..self.at];
        let is_short = digits <= DIGITS_EXACT && !text.ends_with(b"0");
        (!is_wanted || is_short || is_shortest(text)).then_some(())
    }

    /// Takes some digits and says how many.
    #[inline(always)]
    fn digits(&mut self) -> Option<usize> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Some(self.at - start).filter(|digits| (1..=DIGITS_MAX).contains(digits))
    }

    /// Passes over white space within the line.
    #[inline(always)]
    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    #[inline(always)]
    fn takes(&mut self, byte: u8) -> bool {
        let is_there = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn takes_word(&mut self, word: &[u8]) -> bool {
        let is_there = self.bytes[self.at..].starts_with(word);
        if is_there {
            self.at += word.len();
        }
        is_there
    }

    /// Takes the line end, or is at the end of the piece.
    #[inline(always)]
    fn ends_line(&mut self) -> bool {
        self.at >= self.bytes.len() || self.takes(b'\n')
    }
}

/// How long the escape is whose backslash stands before `rest`; `None` for half of a surrogate pair.
fn escape_length(rest: &[u8]) -> Option<usize> {
    let (letter, rest) = rest.split_first()?;
    if *letter != b'u' {
        return b"\"\\/bfnrt".contains(letter).then_some(2);
    }
    let code = rest.first_chunk::<4>()?;
    let is_surrogate = matches!(code[..2], [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F']);
    (code.iter().all(u8::is_ascii_hexdigit) && !is_surrogate).then_some(6)
}

/// Whether a number with a fraction is written as its binary form would be.
fn is_shortest(text: &[u8]) -> bool {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    number.is_some_and(|number| number.to_string().as_bytes() == text)
}

#[cfg(test)]
mod tests;
