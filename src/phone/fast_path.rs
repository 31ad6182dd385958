//! Numbers in E.164 whose leading digits and length prove them valid and unchanged by the library.
//!
//! `data/e164_fast.csv` lists prefixes of up to seven digits, each with a total of digits: *every*
//! number with the prefix and this many digits is valid and formats to itself.
//! `data/make_phone_tables.py` proves that by counting over automata. A text outside the list is
//! not refused here: the library decides.

use std::sync::OnceLock;

use super::calling_codes::{self, CallingCodes, CountryIndex};
use super::library::Normalised;
use super::seven_digits::{Canvas, DIGITS, Leading, SevenDigits};

/// The most digits that E.164 allows.
pub(super) const DIGITS_MAX: usize = 15;

const CSV: &str = include_str!("../../data/e164_fast.csv");

/// The table of proved prefixes.
pub(super) struct FastPath {
    /// Places in `facts`.
    places: SevenDigits,
    /// Which totals of digits are proved, bit `n` for seven plus `n`, and the country.
    facts: Vec<(u16, Option<CountryIndex>)>,
}

impl FastPath {
    /// The table in this program, read on first use (some milliseconds).
    pub(super) fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<FastPath> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            let mut canvas = Canvas::blank();
            for (first, last, digits) in rows() {
                canvas.paint(first, last, |cell| *cell |= 1 << (digits - DIGITS));
            }
            let (places, pairs) = canvas.compress().join(CallingCodes::shipped().by_leading());
            let fact = |(lengths, value)| (lengths, calling_codes::index(value));
            Self { places, facts: pairs.into_iter().map(fact).collect() }
        })
    }

    /// Returns the text itself and its country where the table proves the number valid.
    #[inline(always)]
    pub(super) fn normalise<'a>(&self, text: &'a str) -> Option<Normalised<'a>> {
        let (number, country) = self.number(text.as_bytes())?;
        Some(Normalised { e164: text, number, country })
    }

    /// Returns the digits as one number and its country where the table proves the number valid.
    #[inline(always)]
    pub(super) fn number(&self, bytes: &[u8]) -> Option<(u64, Option<CountryIndex>)> {
        let more = bytes.len().checked_sub(1 + DIGITS)?;
        // The two words overlap and have every byte.
        let (start, end) = (bytes.first_chunk::<8>()?, bytes.last_chunk::<8>()?);
        let (leading, rest) = Leading::behind_sign(*start, *end, more)?;
        let (lengths, country) = *self.facts.get(usize::from(self.places.at(leading)))?;
        (lengths >> more & 1 == 1).then(|| (leading.followed_by(rest, more), country))
    }

    #[cfg(test)]
    pub(super) fn distinct_stretches(&self) -> usize {
        self.places.distinct_stretches()
    }
}

/// The rows of the list: first and last prefix, of one length, and the total of digits.
pub(super) fn rows() -> impl Iterator<Item = (&'static str, &'static str, usize)> {
    CSV.lines().skip(1).filter_map(|line| {
        let mut fields = line.split(',');
        let (first, last) = (fields.next()?, fields.next()?);
        let digits = fields.next()?.parse().ok()?;
        (DIGITS..=DIGITS_MAX).contains(&digits).then_some((first, last, digits))
    })
}
