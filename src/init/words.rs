//! Words of a line, what they have in common in several lines, and a pattern for them.

use std::net::Ipv4Addr;
use std::sync::LazyLock;

use regex::{Regex, escape};

/// How a time stands in a line of text, from the plainest on.
const SHAPES: [&str; 7] = [
    r"\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| ?[+-]\d\d:?\d\d| UTC)?",
    r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}",
    r"(?:[A-Z][a-z]{2},? )?\d\d?[ -][A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d(?:\.\d+)?(?: GMT| [+-]\d{4})?",
    r"(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d(?: \d{4})?",
    r"\d\d?[-/.]\d\d?[-/.]\d{4},? \d\d?:\d\d(?::\d\d)?(?: [AP]M)?",
    r"\d\d/\d\d(?:/\d{2}(?:\d\d)?)?-\d\d:\d\d:\d\d(?:\.\d+)?",
    r"\b\d{10}(?:\d{3}|\.\d+)?\b",
];
/// Words between the parts of a message.
pub(super) const BETWEEN: [&str; 12] =
    ["from", "to", "for", "by", "via", "is", "on", "->", "=>", "-->", "<-", "asked"];
/// Marks that may stand before a value, and behind it; each has one byte.
const OPENING: [char; 8] = ['=', '(', '[', '{', '<', '"', '\'', '|'];
const CLOSING: [char; 9] = [')', ']', '}', '>', '"', '\'', '|', ',', ':'];
/// Stands for the time in a line.
const TIME: char = '\u{1}';
const TIME_ALONE: &str = "\u{1}";

static TIMES: LazyLock<Vec<Regex>> =
    LazyLock::new(|| SHAPES.iter().filter_map(|shape| Regex::new(shape).ok()).collect());
/// Words, of which a quoted text is one.
static WORDS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"[^\s"]*"[^"]*"[^\s"]*|\S+"#).ok());

/// The words of a line.
pub(super) struct Tokens {
    pub(super) words: Vec<Token>,
    /// The place of the shape of its time.
    pub(super) shape: usize,
    /// Whether tabs stand between words.
    pub(super) has_tabs: bool,
    /// Whether it is of CEF or LEEF, which have names and values behind a header with marks.
    pub(super) is_marked: bool,
}

/// Whether a line is in CEF or LEEF, two formats of security devices.
pub(super) fn is_marked(line: &str) -> bool {
    ["CEF:", "LEEF:"].into_iter().any(|word| line.contains(word)) && line.matches('|').count() > 4
}

/// How many words, and which of them stand between the parts of a message.
pub(super) type Kind<'t> = (usize, Vec<(usize, &'t str)>);

/// A word.
pub(super) struct Token {
    pub(super) text: String,
}

impl Tokens {
    /// The words of a line; `None` for one without a time.
    pub(super) fn of(line: &str) -> Option<Self> {
        let mut times = TIMES.iter().enumerate();
        let (shape, found) = times.find_map(|(shape, time)| Some((shape, time.find(line)?)))?;
        let (has_tabs, is_marked) = (line.contains('\t'), is_marked(line));
        let line = format!("{}{TIME}{}", &line[..found.start()], &line[found.end()..]);
        let line = if is_marked { line.replace('|', " ") } else { line };
        let words = WORDS.as_ref()?.find_iter(&line);
        let words = words.map(|word| Token { text: word.as_str().to_owned() }).collect();
        Some(Self { words, shape, has_tabs, is_marked })
    }

    /// The kind of a line: how many words it has, and which of them stand between the parts of its
    /// message. With `first` only that many words are looked at; `None` for a line with fewer.
    pub(super) fn kind(&self, first: Option<usize>) -> Option<Kind<'_>> {
        let words = self.words.get(..first.unwrap_or(self.words.len()))?;
        let between = words.iter().enumerate().map(|(place, word)| (place, word.text.as_str()));
        // What stands around the time may be another part.
        let of = |(place, word): (usize, &'_ str)| match word.contains(TIME) {
            true => Some((place, TIME_ALONE)),
            false => BETWEEN.iter().find(|known| **known == word).map(|known| (place, *known)),
        };
        Some((words.len(), between.filter_map(of).collect()))
    }

    /// The names and values in `name=value`, in their order.
    pub(super) fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.words.iter().filter_map(|word| Some((word.name()?, word.value())))
    }
}

impl Token {
    /// The name in `name=value`.
    pub(super) fn name(&self) -> Option<&str> {
        let (name, _) = self.text.split_once('=')?;
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
        let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
        (begins && name.chars().all(is_name)).then_some(name)
    }

    /// Whether it holds the time.
    pub(super) fn has_time(&self) -> bool {
        self.text.contains(TIME)
    }

    /// The value in `name=value`.
    pub(super) fn value(&self) -> &str {
        self.text.split_once('=').map_or("", |(_, value)| value)
    }

    /// A pattern for `name=value` with any value.
    pub(super) fn named_value(&self, name: &str, names: &mut Vec<String>) -> String {
        let group = name_of(name, None, names);
        let inside = if self.value().starts_with('"') {
            format!("\"(?<{group}>[^\"]*)\"")
        } else {
            format!("(?<{group}>\\S*)")
        };
        names.push(group);
        format!("{}={inside}", escape(name))
    }

    /// A pattern for words that hold the time, and for another part behind it.
    fn time_pattern(words: &[&Self], shape: usize, names: &mut Vec<String>) -> String {
        let mut parts = words.iter().filter_map(|word| word.text.split_once(TIME));
        let Some((head, tail)) = parts.next() else { return String::new() };
        names.push("requested_at".to_owned());
        let inside = match (head.chars().last(), tail.chars().next()) {
            (Some('"'), Some('"')) => "[^\"]+",
            (Some('['), Some(']')) => r"[^\]]+",
            _ => SHAPES[shape],
        };
        let shared = parts.fold(tail, |shared, (_, tail)| common(shared, tail));
        let end = shared.trim_end_matches(|letter: char| letter.is_alphanumeric());
        let time = format!("{}(?<requested_at>{inside})", escape(head));
        if shared == tail || end.is_empty() {
            return format!("{time}{}", escape(tail));
        }
        // What stands behind a mark is another part.
        let name = name_of("", None, names);
        let part = format!("{}(?<{name}>\\S*)", escape(end));
        names.push(name);
        time + &part
    }

    /// A pattern for words at one place of several lines, and the name of its group, if they differ. `previous` is the
    /// word before them.
    pub(super) fn pattern(
        words: &[&Self],
        previous: Option<&str>,
        shape: usize,
        names: &mut Vec<String>,
    ) -> String {
        let Some(first) = words.first().map(|word| word.text.as_str()) else {
            return String::new();
        };
        let texts = || words.iter().map(|word| word.text.as_str());
        if first.contains(TIME) {
            return Self::time_pattern(words, shape, names);
        }
        // What every line has is a word of the program, unless it can be a value.
        let is_word =
            !first.contains(|letter: char| letter.is_ascii_digit() || "=@".contains(letter));
        if is_word && texts().all(|text| text == first) {
            return escape(first);
        }
        let bare =
            |text: &str| text.trim_start_matches(OPENING).trim_end_matches(CLOSING).to_owned();
        if texts().all(|text| has_port(&bare(text))) {
            let name = name_of("", previous, names);
            let (head, tail) = first.split_once(&bare(first)).unwrap_or_default();
            let group = format!(r"(?<{name}>[\d.]+)[:#]\d+");
            names.push(name);
            return format!("{}{group}{}", escape(head), escape(tail));
        }
        let head = texts().skip(1).fold(first, |shared, text| common(shared, text));
        let head = &head[..head.rfind(OPENING).map_or(0, |end| end + 1)];
        let rest = || texts().map(|text| &text[head.len()..]);
        let backwards = |text: &str| text.chars().rev().collect::<String>();
        let tail = rest().map(backwards).reduce(|shared, text| common(&shared, &text).to_owned());
        let tail = backwards(&tail.unwrap_or_default());
        let tail = tail.find(CLOSING).map_or("", |start| &tail[start..]);
        let is_empty = rest().any(|text| text.len() <= tail.len());
        let inside = match (head.chars().last(), tail.chars().next()) {
            (Some('"'), Some('"')) => "[^\"]",
            (Some('['), Some(']')) => r"[^\]]",
            _ => r"\S",
        };
        let times = if is_empty { '*' } else { '+' };
        let name = name_of(head, previous, names);
        let group = format!("(?<{name}>{inside}{times})");
        names.push(name);
        format!("{}{group}{}", escape(head), escape(tail))
    }
}

/// Whether a text is an address with a port. Each connection has another port, and would be a
/// requester of its own.
pub(super) fn has_port(text: &str) -> bool {
    let parts = text.split_once([':', '#']);
    parts.is_some_and(|(address, port)| {
        address.parse::<Ipv4Addr>().is_ok() && port.parse::<u16>().is_ok()
    })
}

/// A name for a group: the word before its value, or its place.
fn name_of(head: &str, before: Option<&str>, names: &[String]) -> String {
    let of = |text: &str| -> Option<String> {
        let word = text.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let start = word.rfind(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let word = &word[start.map_or(0, |start| start + 1)..];
        let is_word = word.starts_with(|letter: char| letter.is_ascii_alphabetic());
        (is_word && word.len() <= 20).then(|| word.to_ascii_lowercase())
    };
    let before = before.filter(|word| BETWEEN.contains(word));
    let name = of(head).or_else(|| before.and_then(of)).filter(|name| !names.contains(name));
    name.unwrap_or_else(|| format!("part_{}", names.len() + 1))
}

/// What two texts begin with.
fn common<'t>(left: &'t str, right: &str) -> &'t str {
    let alike = left.chars().zip(right.chars()).take_while(|(left, right)| left == right);
    &left[..alike.map(|(letter, _)| letter.len_utf8()).sum()]
}
