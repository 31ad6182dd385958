//! One normaliser per thread: the fast path first, then a cache in front of the library.

use std::borrow::Cow;
use std::collections::HashMap;

use super::calling_codes::{CallingCodes, CountryIndex};
use super::fast_path::{DIGITS_MAX, FastPath};
use super::library::{Library, Normalised};
use super::written::{as_dialled, with_plus};
use crate::Result;

/// How many texts are remembered. Repeats lie close together in a log, so this many catch most of
/// them, and a file of distinct junk cannot grow memory: at the bound all are forgotten, which needs
/// no work on a hit. An answer never depends on what is remembered.
const REMEMBERED_MAX: usize = 65_536;

/// The region of numbers that begin with their calling code, with or without `+`.
pub const WORLD: &str = "world";

/// Turns the text of a number into E.164 text and a country; for one thread.
pub struct Normaliser {
    fast: &'static FastPath,
    codes: &'static CallingCodes,
    library: Library,
    /// Whether numbers without `+` begin with their calling code.
    has_calling_codes: bool,
    /// Whether a number counts only if its text is the one that comes out.
    is_exact: bool,
    places: HashMap<Box<str>, usize>,
    answers: Vec<Option<Answer>>,
}

struct Answer {
    e164: Box<str>,
    number: u64,
    country: Option<CountryIndex>,
}

impl Normaliser {
    /// Prepares a normaliser for numbers without `+` as dialled in a region (ISO 3166 alpha-2), or with their
    /// calling code ([`WORLD`]).
    ///
    /// Without a region only numbers with `+` can be read.
    ///
    /// # Errors
    /// Usage, naming `default_region`, when that is not a region with a calling code.
    pub fn new(default_region: Option<&str>) -> Result<Self> {
        let has_calling_codes = default_region == Some(WORLD);
        let dialled_in = default_region.filter(|_| !has_calling_codes);
        Ok(Self {
            fast: FastPath::shipped(),
            codes: CallingCodes::shipped(),
            library: Library::new(dialled_in)?,
            has_calling_codes,
            is_exact: false,
            places: HashMap::new(),
            answers: Vec::new(),
        })
    }

    /// Prepares a normaliser that takes a number only if its text is what comes out: `+`, the calling code and
    /// the national number, and nothing else. [`exact_numbers`](super::exact_numbers) has the same texts.
    ///
    /// # Errors
    /// Internal, when the library cannot be prepared.
    pub fn exact() -> Result<Self> {
        Ok(Self { is_exact: true, ..Self::new(None)? })
    }

    /// Finds the E.164 text and the country of a number, or nothing when it is not a valid number.
    ///
    /// The answer depends only on the text and the default region.
    ///
    /// # Privacy
    /// The cache holds numbers in memory: a normaliser has no `Debug` and must not outlive its run.
    ///
    /// # Examples
    /// ```
    /// use pointillist::phone::Normaliser;
    ///
    /// let mut british = Normaliser::new(Some("GB"))?;
    /// let e164 = |normalised: pointillist::phone::Normalised<'_>| normalised.e164.to_owned();
    /// assert_eq!(british.normalise("020 7946 0999").map(e164).as_deref(), Some("+442079460999"));
    /// assert_eq!(british.normalise("+14155550123").map(e164).as_deref(), Some("+14155550123"));
    /// assert!(british.normalise("call me").is_none());
    /// # Ok::<(), pointillist::Error>(())
    /// ```
    #[inline(always)]
    pub fn normalise<'a>(&'a mut self, text: &'a str) -> Option<Normalised<'a>> {
        match self.fast.normalise(text) {
            Some(normalised) => Some(normalised),
            None => self.look_up(text),
        }
    }

    /// The same for bytes, without the text: the number and its country.
    #[inline(always)]
    pub fn number(&mut self, text: &[u8]) -> Option<(u64, Option<CountryIndex>)> {
        // An answer of the fast path must not go through memory: a pair that is stored in parts and
        // loaded as a whole has to wait for both stores.
        match self.fast.number(text) {
            Some(known) => Some(known),
            None => self.number_in_other_spelling(text),
        }
    }

    #[inline(never)]
    fn number_in_other_spelling(&mut self, text: &[u8]) -> Option<(u64, Option<CountryIndex>)> {
        self.number_without_plus(text).or_else(|| {
            let known = self.look_up(std::str::from_utf8(text).ok()?)?;
            Some((known.number, known.country))
        })
    }

    /// The same for digits that lack a `+` before them.
    #[inline]
    fn number_without_plus(&self, digits: &[u8]) -> Option<(u64, Option<CountryIndex>)> {
        let mut text = [b'+'; 1 + DIGITS_MAX];
        let with_plus = text.get_mut(..=digits.len()).filter(|_| self.has_calling_codes)?;
        with_plus[1..].copy_from_slice(digits);
        self.fast.number(with_plus)
    }

    /// Asks the library, once for each distinct text.
    #[inline(never)]
    fn look_up<'a>(&'a mut self, text: &str) -> Option<Normalised<'a>> {
        let place = match self.places.get(text) {
            Some(&place) => place,
            None => self.ask_library(text),
        };
        let answer = self.answers.get(place)?.as_ref()?;
        Some(Normalised { e164: &answer.e164, number: answer.number, country: answer.country })
    }

    fn ask_library(&mut self, text: &str) -> usize {
        if self.answers.len() >= REMEMBERED_MAX {
            self.places.clear();
            self.answers.clear();
        }
        let with_plus =
            |text| if self.has_calling_codes { with_plus(text) } else { Cow::Borrowed(text) };
        let dialled = as_dialled(text).map(with_plus);
        let e164 = dialled.and_then(|text| self.library.e164(&text));
        let e164 = e164.filter(|e164| !self.is_exact || e164 == text);
        let answer = e164.and_then(|e164| {
            let digits = e164.strip_prefix('+').filter(|digits| !digits.starts_with('0'))?;
            // Numbering plans end at 17 digits, far inside the integers.
            let number = digits.parse().ok()?;
            let country = self.codes.country_of(digits.as_bytes());
            Some(Answer { country, number, e164: e164.into() })
        });
        let place = self.answers.len();
        self.answers.push(answer);
        self.places.insert(text.into(), place);
        place
    }
}
