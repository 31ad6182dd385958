//! What rejected rows look like, and values that are on no list, for the owner of the logs: enough to say what
//! would mend them.
//!
//! No digit and no letter of a row is kept. An identifier is one of a few kinds, and a time is its
//! spelling, in which each digit is a 9 and each letter an a.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use arrow_array::Array;

use super::raw_batch::RawBatch;
use super::rejects::Reason;
use super::unlisted::{self, ReadRows, Unlisted};
use super::wanted::Wanted;
use crate::Result;

/// How many spellings of times are counted; times in a further spelling are left out.
const MOST_SPELLINGS: usize = 200;
/// How many letters of a spelling are kept: longer texts are no times.
const LONGEST: usize = 40;

/// What an identifier that is no phone number looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdentifierForm {
    /// It begins with `+` and is impossible all the same.
    International,
    /// Digits without `+`.
    National,
    /// Digits and marks, some of them percent-encoded, as in the address of a request: `%2B436641234567`.
    Encoded,
    /// A number with an exponent, a fraction or a sign, which may have lost digits.
    Lossy,
    /// An address of the internet.
    Address,
    /// It has letters.
    Name,
}

impl IdentifierForm {
    /// Every form, the one most like a phone number first.
    pub const ALL: [Self; 6] = [
        Self::International,
        Self::National,
        Self::Encoded,
        Self::Lossy,
        Self::Address,
        Self::Name,
    ];

    /// What a text looks like.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if text.parse::<std::net::IpAddr>().is_ok() {
            return Self::Address;
        }
        let is_float = text.contains(['.', 'e', 'E', '-']) && text.parse::<f64>().is_ok();
        if is_float {
            return Self::Lossy;
        }
        if is_encoded_number(text) {
            return Self::Encoded;
        }
        if text.contains(|letter: char| letter.is_alphabetic() || "@_:/".contains(letter)) {
            return Self::Name;
        }
        if text.starts_with('+') { Self::International } else { Self::National }
    }
}

/// Whether a text is digits and the marks of a phone number, with at least one mark percent-encoded.
fn is_encoded_number(text: &str) -> bool {
    let mut parts = text.split('%');
    let is_plain = |part: &str| part.bytes().all(|byte| b"0123456789+ -().".contains(&byte));
    let is_first_plain = parts.next().is_some_and(is_plain);
    // `+`, a blank, both brackets, `-` and `.`.
    let is_mark = |code: &str| {
        ["2B", "20", "28", "29", "2D", "2E"].iter().any(|mark| mark.eq_ignore_ascii_case(code))
    };
    let is_behind_mark = |part: &str| match (part.get(..2), part.get(2..)) {
        (Some(code), Some(rest)) => is_mark(code) && is_plain(rest),
        _ => false,
    };
    text.contains('%')
        && text.contains(|letter: char| letter.is_ascii_digit())
        && is_first_plain
        && parts.all(is_behind_mark)
}

/// What the rejected rows of all files look like. Secret, like the rows.
#[derive(Clone, Default)]
pub struct RejectForms {
    identifiers: [u64; IdentifierForm::ALL.len()],
    times: BTreeMap<String, u64>,
    not_utf8: u64,
    unlisted: BTreeMap<String, Unlisted>,
}

impl RejectForms {
    /// How many identifiers that are no phone numbers have this form.
    pub const fn identifiers(&self, form: IdentifierForm) -> u64 {
        self.identifiers[form as usize]
    }

    /// How many records are not UTF-8.
    pub const fn not_utf8(&self) -> u64 {
        self.not_utf8
    }

    /// What was seen of the values of a key that are on no list.
    pub fn unlisted(&self, key: &str) -> Option<&Unlisted> {
        self.unlisted.get(key)
    }

    /// The spellings of times that cannot be read, each with its count, the commonest first. An
    /// empty spelling stands for no time at all.
    pub fn times(&self) -> Vec<(&str, u64)> {
        let times = self.times.iter().map(|(spelling, count)| (spelling.as_str(), *count));
        let mut times: Vec<_> = times.collect();
        times.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(right.0)));
        times
    }

    /// Looks at the rejected rows of one batch.
    fn add(&mut self, raw: &RawBatch, wanted: &Wanted, rows: &[(usize, Reason)]) -> Result<()> {
        let people = [wanted.requester, wanted.target];
        let [requesters, targets] = people.map(|place| raw.identifiers(raw.column(place)));
        let (requesters, targets) = (requesters?, targets?);
        let times = raw.values(raw.column(wanted.requested_at)).ok();
        for (row, reason) in rows {
            match reason {
                Reason::BadNumber => {
                    let form = |text: &[u8]| IdentifierForm::of(&String::from_utf8_lossy(text));
                    let form = form(requesters.value(*row)).max(form(targets.value(*row)));
                    self.identifiers[form as usize] += 1;
                }
                Reason::BadTime => {
                    let text = times.as_ref().filter(|times| times.is_valid(*row));
                    self.count_time(&spelling(text.map_or(b"", |times| times.value(*row))));
                }
                Reason::Malformed => {
                    let record = raw.records.as_ref().map_or(&[][..], |all| all.text(*row));
                    self.not_utf8 += u64::from(std::str::from_utf8(record).is_err());
                }
                Reason::NoRequester | Reason::NoTarget => {}
            }
        }
        Ok(())
    }

    fn count_time(&mut self, spelling: &str) {
        if let Some(count) = self.times.get_mut(spelling) {
            *count += 1;
        } else if self.times.len() < MOST_SPELLINGS {
            self.times.insert(spelling.to_owned(), 1);
        }
    }
}

/// The forms that several threads add to.
#[derive(Default)]
pub(super) struct SharedForms(Mutex<RejectForms>);

impl SharedForms {
    /// Looks at the rejected rows of one batch.
    pub(super) fn add(
        &self,
        raw: &RawBatch,
        wanted: &Wanted,
        rows: &[(usize, Reason)],
    ) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(raw, wanted, rows)
    }

    /// Looks at the values of keys of one batch that are on no list.
    pub(super) fn add_unlisted(
        &self,
        raw: &RawBatch,
        wanted: &Wanted,
        read: &ReadRows<'_>,
    ) -> Result<()> {
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unlisted::add(&mut forms.unlisted, raw, wanted, read)
    }

    /// What was seen up to now.
    pub(super) fn seen(&self) -> RejectForms {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A time without what it says: `31/12/2026` is `99/99/9999`, and any whole number `9`.
fn spelling(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return "9".to_owned();
    }
    let letter = |letter: char| match letter {
        '0'..='9' => '9',
        other if other.is_alphabetic() => 'a',
        other if other.is_ascii() && !other.is_ascii_control() => other,
        _ => '?',
    };
    text.chars().take(LONGEST).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_looks_like_the_kind_that_it_is() {
        for (text, form) in [
            ("+4366412345678", IdentifierForm::International),
            ("0664 123-456", IdentifierForm::National),
            ("12", IdentifierForm::National),
            ("4.36641E+12", IdentifierForm::Lossy),
            ("-14155550123", IdentifierForm::Lossy),
            ("192.0.2.1", IdentifierForm::Address),
            ("2001:db8::1", IdentifierForm::Address),
            ("%2B4366412345678", IdentifierForm::Encoded),
            ("%2b43%20664%20123", IdentifierForm::Encoded),
            ("%40alice", IdentifierForm::Name),
            ("alice%2B1", IdentifierForm::Name),
            ("100%", IdentifierForm::National),
            ("alice", IdentifierForm::Name),
            ("u_17", IdentifierForm::Name),
            ("a@example.org", IdentifierForm::Name),
        ] {
            assert_eq!(IdentifierForm::of(text), form, "{text}");
        }
    }

    #[test]
    fn a_spelling_keeps_no_digit_and_no_letter() {
        for (text, spelt) in [
            ("31/12/2026 08:15", "99/99/9999 99:99"),
            ("1772409600", "9"),
            (" 1772409600.25 ", "9999999999.99"),
            ("Dec 10 06:55:46", "aaa 99 99:99:99"),
            ("", ""),
            ("é\u{7}", "a?"),
        ] {
            assert_eq!(spelling(text.as_bytes()), spelt, "{text}");
        }
    }
}
