//! The fast path and the library must give the same answer to every text.

use proptest::prelude::*;

use super::super::fast_path::{self, FastPath};
use super::super::library::Library;
use super::{digits_of, e164, normaliser};

const SEED: u64 = 0x6D65_7373_656E_6765;
const NUMBERS: usize = 200_000;

/// A small generator with a fixed seed, so that a failure can be repeated.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB) ^ mixed >> 31;
        (mixed >> 33) as usize % bound
    }

    fn number(&mut self, rows: &[(&str, &str, usize)]) -> String {
        let (first, last, digits) = rows[self.below(rows.len())];
        let (first, last) = (first.parse::<usize>().unwrap(), last.parse::<usize>().unwrap());
        let mut text = format!("+{}", first + self.below(last - first + 1));
        while text.len() <= digits {
            text.push(char::from(b'0' + self.below(10) as u8));
        }
        text
    }

    /// A text one slip away from a number.
    pub(super) fn slip(&mut self, text: &str) -> String {
        let mut characters = text.chars().collect::<Vec<_>>();
        let place = self.below(characters.len());
        let odd =
            ['0', '5', '9', ' ', '-', '(', '+', 'x', '#', ':', '/', '٣', '８', 'é', '\u{200b}'];
        let odd = odd[self.below(odd.len())];
        match self.below(6) {
            0 => drop(characters.remove(place)),
            1 => characters.insert(place, odd),
            2 => characters[place] = odd,
            3 => characters.push(odd),
            4 => characters.swap(place, 1),
            _ => characters.truncate(place),
        }
        characters.into_iter().collect()
    }
}

fn rows() -> Vec<(&'static str, &'static str, usize)> {
    fast_path::rows().collect()
}

fn libraries() -> Vec<Library> {
    [None, Some("US"), Some("IN"), Some("RU"), Some("AR"), Some("IT"), Some("BY")]
        .into_iter()
        .map(|region| Library::new(region).expect("a region of the library"))
        .collect()
}

#[track_caller]
fn assert_proved(libraries: &[Library], choice: usize, text: &str) {
    let fast = FastPath::shipped().normalise(text).map(|number| (number.e164, number.number));
    assert_eq!(fast, Some((text, digits_of(text))), "the list holds it");
    assert!(!text.starts_with("+0"), "a number would lose its first digit");
    let library = libraries[choice % libraries.len()].e164(text);
    assert_eq!(library.as_deref(), Some(text), "the library changes or refuses it");
}

#[test]
fn random_numbers_of_the_list_are_valid_and_unchanged_in_the_library() {
    let (mut random, rows, libraries) = (Random(SEED), rows(), libraries());
    for turn in 0..NUMBERS {
        assert_proved(&libraries, turn, &random.number(&rows));
    }
}

#[test]
fn the_corners_of_every_row_are_valid_and_unchanged_in_the_library() {
    let libraries = libraries();
    for (turn, (first, last, digits)) in rows().into_iter().enumerate() {
        for (prefix, fill) in [(first, "0"), (first, "9"), (last, "0"), (last, "9")] {
            let text = format!("+{prefix}{}", fill.repeat(digits - prefix.len()));
            assert_proved(&libraries, turn, &text);
        }
    }
}

#[test]
fn texts_one_slip_away_have_one_answer_on_both_paths() {
    let (mut random, rows, libraries) = (Random(!SEED), rows(), libraries());
    let mut fast_answers = 0;
    for turn in 0..NUMBERS {
        let number = random.number(&rows);
        let text = random.slip(&number);
        if let Some(fast) = FastPath::shipped().normalise(&text) {
            fast_answers += 1;
            let library = libraries[turn % libraries.len()].e164(&text);
            assert_eq!(library.as_deref(), Some(fast.e164), "{text}");
        }
    }
    assert!(fast_answers > NUMBERS / 20, "the slips must also hit the list: {fast_answers}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_has_one_answer_that_comes_out_as_itself(
        text in prop_oneof![
            "\\+[0-9]{6,16}",
            "[+0-9]{0,18}",
            "[-+0-9 ().,;x#]{0,24}",
            "\\PC{0,24}",
            "(tel:|;phone-context=|;isub=|;ext=|\\+[1-9]|[0-9]{3}|[a-z.]){0,8}",
        ],
        region in prop_oneof![Just(""), Just("US"), Just("IN"), Just("CZ"), Just("BY")],
    ) {
        let library = Library::new((!region.is_empty()).then_some(region)).unwrap();
        let mut normaliser = normaliser(region);
        let first = normaliser.normalise(&text).map(|number| number.e164.to_owned());
        prop_assert_eq!(&first, &library.e164(&text));
        let again = normaliser.normalise(&text).map(|number| number.e164.to_owned());
        prop_assert_eq!(&first, &again);
        if let Some(first) = first {
            prop_assert!(first.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit())));
            prop_assert_eq!(e164("", &first), Some(first.clone()));
            prop_assert_eq!(e164(region, &first), Some(first));
        }
    }
}
