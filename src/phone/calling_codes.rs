//! The shipped list of calling codes: the country of a number by its longest listed prefix.

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::sync::OnceLock;

use super::seven_digits::{Canvas, DIGITS, Leading, SevenDigits};

/// The entry of calling codes that belong to no country.
const OTHER: &str = "other";

const CSV: &str = include_str!("../../data/calling_codes.csv");

/// The public list of calling codes, ready for looking up.
pub struct CallingCodes {
    countries: Vec<&'static str>,
    /// Values of both tables are the country's index plus one; zero means no country.
    by_leading: SevenDigits,
    by_prefix: HashMap<&'static str, u16>,
}

/// A country, by its place in [`CallingCodes::countries`]. One is added to the place, so that `None` takes no
/// room of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryIndex(NonZeroU16);

impl CountryIndex {
    /// The index as an integer, below the number of countries.
    pub const fn as_u16(self) -> u16 {
        self.0.get() - 1
    }
}

impl CallingCodes {
    /// The list in this program, read on first use (some milliseconds).
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<CallingCodes> = OnceLock::new();
        SHIPPED.get_or_init(Self::read)
    }

    /// The list as it stands in `data/calling_codes.csv`, for its digest.
    pub const fn csv() -> &'static str {
        CSV
    }

    /// The rows of the list, sorted by code as text: a prefix without `+`, and a country or `other`.
    pub fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
        CSV.lines().skip(1).filter_map(|line| line.split_once(','))
    }

    /// The country codes in the list, sorted and distinct, without `other`.
    pub fn countries(&self) -> &[&'static str] {
        &self.countries
    }

    /// The code of a country: ISO 3166 alpha-2, except for the three that `data/README.md` names.
    pub fn name(&self, country: CountryIndex) -> &'static str {
        self.countries.get(usize::from(country.as_u16())).copied().unwrap_or(OTHER)
    }

    /// Finds the country of a number written as digits with its calling code and no `+`.
    ///
    /// The longest listed prefix decides. Only that prefix is checked, so an invalid number may have a
    /// country. `None` means `other`.
    pub fn country_of(&self, digits: &[u8]) -> Option<CountryIndex> {
        let value = match digits.first_chunk::<DIGITS>() {
            Some(&[a, b, c, d, e, f, g]) => {
                let word = [b'+', a, b, c, d, e, f, g];
                self.by_leading.at(Leading::behind_sign(word, word, 0)?.0)
            }
            None => self.by_longest_prefix(digits),
        };
        index(value)
    }

    /// What each seven leading digits mean; see [`index`].
    pub(super) const fn by_leading(&self) -> &SevenDigits {
        &self.by_leading
    }

    /// The value of fewer than seven digits, by their longest listed prefix.
    fn by_longest_prefix(&self, digits: &[u8]) -> u16 {
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        let listed = (1..=digits.len())
            .rev()
            .find_map(|end| digits.get(..end).and_then(|prefix| self.by_prefix.get(prefix)));
        listed.copied().unwrap_or(0)
    }

    #[cfg(test)]
    pub(super) fn distinct_stretches(&self) -> usize {
        self.by_leading.distinct_stretches()
    }

    fn read() -> Self {
        let mut rows = Self::rows().collect::<Vec<_>>();
        let mut countries =
            rows.iter().map(|row| row.1).filter(|&name| name != OTHER).collect::<Vec<_>>();
        countries.sort_unstable();
        countries.dedup();
        let value = |name: &str| {
            let place = countries.binary_search(&name).ok();
            place.and_then(|place| u16::try_from(place + 1).ok()).unwrap_or(0)
        };
        let by_prefix = rows.iter().map(|&(prefix, name)| (prefix, value(name))).collect();
        // Short prefixes first, so that longer ones are painted over them.
        rows.sort_by_key(|row| row.0.len());
        let mut canvas = Canvas::blank();
        for &(prefix, name) in &rows {
            let country = value(name);
            canvas.paint(prefix, prefix, |cell| *cell = country);
        }
        let by_leading = canvas.compress();
        Self { countries, by_leading, by_prefix }
    }
}

/// The country that a value of the tables stands for.
pub(super) fn index(value: u16) -> Option<CountryIndex> {
    NonZeroU16::new(value).map(CountryIndex)
}
