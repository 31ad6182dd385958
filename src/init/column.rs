//! What the values of a column look like.

use std::collections::{HashMap, HashSet};

use super::marks;
use super::words::has_port;
use crate::ingest::{ColumnKind, IdentifierForm, SampleColumn};
use crate::release_file::decimal::Decimal;

/// Names that are never a requester, a target or a key: times of day, sizes, ports, tags.
const NEITHER: [&str; 33] = [
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "date",
    "p",
    "port",
    "bytes",
    "pkts",
    "packets",
    "size",
    "len",
    "length",
    "version",
    "fuids",
    "tags",
    "mime",
    "types",
    "depth",
    "ttl",
    "ttls",
    "lat",
    "lon",
    "latitude",
    "longitude",
    "alt",
    "distance",
    "delay",
    "duration",
    "latency",
    "ms",
];

/// The last word in the name of a column that holds what somebody wrote.
const WRITTEN: [&str; 6] = ["body", "text", "message", "msg", "comment", "note"];

/// Names of columns in release files that identify nobody.
const OPEN: [&str; 3] = ["app", "route", "latency_ms"];

/// Names of columns whose values name somebody, or say what somebody wrote.
const NAMING: [&str; 24] = [
    "id", "uid", "uids", "uuid", "user", "username", "name", "mac", "host", "hostname", "email",
    "mail", "phone", "msisdn", "ip", "addr", "address", "uri", "url", "agent", "query", "subject",
    "token", "password",
];

/// A column of the sample with what is known about its values.
pub(super) struct Column<'s> {
    pub(super) sample: &'s SampleColumn,
    /// The words of its name, in small letters.
    pub(super) words: Vec<String>,
    /// How many rows have a value.
    pub(super) filled: usize,
    /// How many different values there are.
    pub(super) distinct: usize,
    /// The decimal mark of its numbers.
    pub(super) decimal: Decimal,
    /// How many values are numbers, whole numbers, phone numbers with `+`, and addresses.
    pub(super) numbers: usize,
    pub(super) whole: usize,
    pub(super) international: usize,
    pub(super) addresses: usize,
    /// How many are addresses with a port, and how many whole lines of another program.
    pub(super) ports: usize,
    pub(super) lines: usize,
    /// How many have blanks around them.
    pub(super) padded: usize,
}

impl<'s> Column<'s> {
    pub(super) fn new(sample: &'s SampleColumn) -> Self {
        let values = || sample.values().iter().flatten();
        let count = |is: &dyn Fn(&str) -> bool| values().filter(|value| is(value)).count();
        let decimal = marks::decimal_of(values().map(String::as_str));
        let number = |value: &str| number(value, decimal);
        Self {
            sample,
            words: words(&sample.name),
            decimal,
            filled: values().count(),
            distinct: values().collect::<HashSet<_>>().len(),
            numbers: count(&|value| number(value).is_some()),
            whole: count(&|value| number(value).is_some_and(|number| number.fract() == 0.0)),
            international: count(&|value| {
                value.starts_with('+') && IdentifierForm::of(value) == IdentifierForm::International
            }),
            addresses: count(&|value| IdentifierForm::of(value) == IdentifierForm::Address),
            ports: count(&has_port),
            lines: count(&is_line),
            padded: count(&|value| value.trim() != value),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.sample.name
    }

    /// The numbers among its values.
    pub(super) fn number_values(&self) -> impl Iterator<Item = f64> {
        self.sample.values().iter().flatten().filter_map(|value| number(value, self.decimal))
    }

    /// Whether marks in its numbers may stand between thousands.
    pub(super) fn has_unclear_numbers(&self) -> bool {
        marks::are_unclear(self.sample.values().iter().flatten().map(String::as_str))
    }

    pub(super) fn rows(&self) -> usize {
        self.sample.values().len()
    }

    /// Whether at least nine in ten of the values are of a kind that was counted.
    pub(super) const fn are_mostly(&self, kind: usize) -> bool {
        self.filled > 0 && kind * 10 >= self.filled * 9
    }

    /// Whether they are mostly phone numbers that are percent-encoded.
    pub(super) fn are_encoded(&self) -> bool {
        let values = self.sample.values().iter().flatten();
        let encoded = values.filter(|value| IdentifierForm::of(value) == IdentifierForm::Encoded);
        self.are_mostly(encoded.count())
    }

    /// Whether its name has one of these words.
    pub(super) fn is_called(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    /// Whether its name has a word for values that name somebody.
    pub(super) fn is_naming(&self) -> bool {
        self.is_called(&NAMING)
    }

    /// Whether it has one value alone in many rows.
    pub(super) fn is_constant(&self) -> bool {
        self.rows() >= 50 && self.distinct == 1
    }

    /// Whether its values may stand for people or things that are asked about.
    pub(super) fn can_identify(&self) -> bool {
        let is_whole = self.whole == self.numbers;
        self.filled > 0
            && matches!(self.sample.kind, ColumnKind::Text | ColumnKind::Number)
            && !self.is_called(&NEITHER)
            && !OPEN.contains(&self.name())
            && !self.are_mostly(self.lines)
            && self.words.last().is_none_or(|last| !WRITTEN.contains(&last.as_str()))
            && is_whole
    }

    /// The values that may be listed in the open, sorted: few, each in several rows of different
    /// requesters, in a column that names nobody.
    ///
    /// # Errors
    /// Why the values may not be listed, for a comment.
    pub(super) fn listable(
        &self,
        requesters: &[Option<String>],
    ) -> Result<Vec<String>, &'static str> {
        const MOST: usize = 12;
        const ROWS: usize = 5;
        const MANY: usize = 201;
        let may_name = self.is_naming() && self.sample.kind != ColumnKind::Boolean;
        // Versions look like numbers and are none, such as 5.2 beside 6.0-beta.
        let is_version = self.is_called(&["version"]);
        let is_fraction = self.whole < self.numbers && self.numbers == self.filled && !is_version;
        let is_long = |value: &&String| {
            value.chars().count() > 40 || IdentifierForm::of(value) == IdentifierForm::Address
        };
        match self.distinct {
            _ if may_name => {
                return Err("may name people, or hold what they wrote");
            }
            0 => return Err("without a value"),
            1 => return Err("one value alone"),
            _ if is_fraction => return Err("numbers with a fraction"),
            _ if self.is_called(&NEITHER) && !is_version => return Err("sizes, times or places"),
            MANY.. => return Err("many different values"),
            _ => {}
        }
        let mut seen: HashMap<&String, (usize, HashSet<&String>)> = HashMap::new();
        for (value, requester) in self.sample.values().iter().zip(requesters) {
            if let (Some(value), Some(requester)) = (value, requester) {
                let entry = seen.entry(value).or_default();
                entry.0 += 1;
                entry.1.insert(requester);
            }
        }
        if seen.keys().any(is_long) {
            return Err("long values, or internet addresses");
        }
        let common = seen.iter().filter(|(_, (rows, people))| *rows >= ROWS && people.len() > 1);
        let mut common: Vec<(&String, usize)> =
            common.map(|(value, (rows, _))| (*value, *rows)).collect();
        common.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(right.0)));
        common.truncate(MOST);
        let covered: usize = common.iter().map(|(_, rows)| rows).sum();
        if common.len() < 2 {
            return Err("fewer than two values that several requesters have");
        }
        if covered * 10 < self.filled * 8 {
            return Err("values that occur rarely in many rows");
        }
        Ok(common.into_iter().map(|(value, _)| value.clone()).collect())
    }
}

/// Whether a text has more words than a name, or is an object of JSON.
fn is_line(value: &str) -> bool {
    const WORDS: usize = 5;
    value.starts_with('{') || value.split_whitespace().take(WORDS).count() == WORDS
}

/// The number that a text says, unless it has an exponent, and so lost digits.
fn number(value: &str, decimal: Decimal) -> Option<f64> {
    let text = decimal.pointed(value.trim())?;
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.filter(|_| !has_exponent(&text))
}

/// Whether a number is written as in `1.77E+09`.
pub(super) fn has_exponent(value: &str) -> bool {
    value.contains(['e', 'E']) && value.trim().parse::<f64>().is_ok_and(f64::is_finite)
}

/// `id.orig_h` is `id`, `orig`, `h`; `requestedAt` is `requested`, `at`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        let begins = letter.is_uppercase() && was_small;
        if !letter.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            words.last_mut().into_iter().for_each(|word| word.extend(letter.to_lowercase()));
        }
        was_small = letter.is_lowercase() || letter.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words() {
        for (name, cut) in [
            ("id.orig_h", vec!["id", "orig", "h"]),
            ("requestedAt", vec!["requested", "at"]),
            ("SRC_IP", vec!["src", "ip"]),
            ("latency_ms", vec!["latency", "ms"]),
        ] {
            assert_eq!(words(name), cut);
        }
    }
}
