//! The expression of exact numbers and the normaliser take the same texts.

use regex::Regex;

use super::super::calling_codes::CallingCodes;
use super::super::exact::{exact_numbers, rows};
use super::agreement::Random;
use super::*;

/// How many texts are made for each calling code.
const OF_A_CODE: usize = 1_500;

fn whole() -> Regex {
    Regex::new(&format!("^[+]{}$", exact_numbers())).expect("an expression")
}

/// A text of an expression of digits, classes, groups, alternatives and counts: a branch of each group, and a
/// digit of each class.
fn member(random: &mut Random, expression: &str) -> String {
    let mut text = String::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '[' => rest.find(']').unwrap() + 1,
            '(' => closing(rest) + 1,
            _ => 1,
        };
        let (part, mut behind) = rest.split_at(end);
        let (least, most) = if let Some(counts) = behind.strip_prefix('{') {
            let (counts, after) = counts.split_once('}').unwrap();
            behind = after;
            let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
            (least.parse().unwrap(), most.parse().unwrap())
        } else if let Some(after) = behind.strip_prefix('?') {
            behind = after;
            (0, 1)
        } else {
            (1, 1)
        };
        for _ in 0..least + random.below(most - least + 1) {
            text.push_str(&match first {
                '[' => one_of(random, &part[1..part.len() - 1]).to_string(),
                '(' => {
                    let inner = part[1..part.len() - 1].strip_prefix("?:").unwrap();
                    let branches = branches(inner);
                    let branch = branches[random.below(branches.len())];
                    member(random, branch)
                }
                digit => digit.to_string(),
            });
        }
        rest = behind;
    }
    text
}

/// Where the group that begins a text ends.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    let is_end = |(_, letter): &(usize, char)| {
        depth += i32::from(*letter == '(') - i32::from(*letter == ')');
        depth == 0
    };
    text.char_indices().find(is_end).unwrap().0
}

fn branches(inner: &str) -> Vec<&str> {
    let mut depth = 0;
    let is_end = |letter: char| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        depth == 0 && letter == '|'
    };
    inner.split(is_end).collect()
}

fn one_of(random: &mut Random, class: &str) -> char {
    let letters: Vec<char> = class.chars().collect();
    let mut digits = Vec::new();
    for (place, letter) in letters.iter().enumerate() {
        match letter {
            '-' => digits.extend(letters[place - 1]..=letters[place + 1]),
            digit => digits.push(*digit),
        }
    }
    digits[random.below(digits.len())]
}

#[test]
fn there_is_an_expression_for_each_calling_code() {
    let codes: Vec<&str> = rows().map(|(code, _)| code).collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "sorted, none twice");
    let countries = CallingCodes::rows().map(|(prefix, _)| prefix);
    let mut countries: Vec<&str> =
        countries.filter(|prefix| codes.iter().any(|code| prefix.starts_with(code))).collect();
    countries.dedup();
    assert_eq!(countries.len(), CallingCodes::rows().count(), "a prefix has no calling code");
    for (code, expression) in rows() {
        let is_plain = |letter: char| "0123456789[]-(?:|){,}".contains(letter);
        assert!(!expression.is_empty() && expression.chars().all(is_plain), "{code}");
        assert!(CallingCodes::rows().any(|(prefix, _)| prefix == code), "{code}");
    }
}

#[test]
fn numbers_of_every_calling_code_and_texts_beside_them_have_one_answer() {
    let (whole, mut random) = (whole(), Random(7));
    let mut exact = Normaliser::exact().unwrap();
    let (mut taken, mut refused) = (0, 0);
    for (code, expression) in rows() {
        for turn in 0..OF_A_CODE {
            let number = format!("+{code}{}", member(&mut random, expression));
            let text = match turn % 5 {
                0 => {
                    assert!(whole.is_match(&number), "{number}");
                    number
                }
                // A digit more, less or other, as they lie next to what is valid.
                1 => format!("{number}{}", random.below(10)),
                2 => number[..number.len() - 1].to_owned(),
                3 => {
                    let place = code.len() + 1 + random.below(number.len() - code.len() - 1);
                    let digit = random.below(10).to_string();
                    format!("{}{digit}{}", &number[..place], &number[place + 1..])
                }
                _ => random.slip(&number),
            };
            let known = exact.normalise(&text).map(|known| known.e164 == text);
            assert_eq!(known, whole.is_match(&text).then_some(true), "{text}");
            let known = exact.number(text.as_bytes()).map(|(number, _)| number);
            assert_eq!(known, whole.is_match(&text).then(|| digits_of(&text)), "{text}");
            *(if known.is_some() { &mut taken } else { &mut refused }) += 1;
        }
    }
    assert!(taken > 100_000 && refused > 50_000, "{taken} {refused}");
}

#[test]
fn every_short_number_and_every_prefix_of_a_parser_has_one_answer() {
    let (whole, mut exact) = (whole(), Normaliser::exact().unwrap());
    let mut same = |text: &str| {
        let is_known = exact.number(text.as_bytes()).is_some();
        assert_eq!(is_known, whole.is_match(text), "{text}");
        usize::from(is_known)
    };
    let short: usize = (0..1_000_000).map(|digits| same(&format!("+{digits}"))).sum();
    assert!(short > 0, "some numbers have six digits");
    // Where the parser may cut something off, or write something in its place.
    let mut random = Random(11);
    for (code, begins) in [
        ("36", "06"),
        ("44", "180020"),
        ("54", "9"),
        ("54", "2324"),
        ("54", "1115"),
        ("55", "90"),
        ("55", "021"),
        ("57", "03"),
        ("61", "1831"),
        ("81", "0002"),
        ("81", "003768"),
        ("82", "08"),
        ("86", "1790"),
        ("86", "101"),
        ("241", "011"),
        ("241", "06"),
        ("261", "2"),
        ("261", "20"),
        ("298", "1001"),
        ("352", "1500"),
        ("370", "8"),
        ("370", "0"),
        ("375", "8"),
        ("375", "80"),
        ("378", "8"),
        ("378", "0549"),
        ("39", "0"),
        ("423", "1001"),
        ("506", "1900"),
        ("591", "01"),
        ("672", "3"),
        ("7", "8"),
        ("1", "1"),
        ("888", "0000000000"),
        ("225", "0"),
    ] {
        for length in 4..=15 {
            for _ in 0..40 {
                let mut text = format!("+{code}{begins}");
                while text.len() <= length {
                    text.push(char::from(b'0' + random.below(10) as u8));
                }
                same(&text);
            }
        }
    }
    assert_eq!(same("+88800000000000") + same("+436641234567") + same("+39066981234"), 3);
}

#[test]
fn other_spellings_of_a_number_are_no_exact_ones() {
    let mut exact = Normaliser::exact().unwrap();
    for text in [
        "436641234567",
        "00436641234567",
        "+43 664 1234567",
        "+43-664-1234567",
        "+4306641234567",
        "tel:+436641234567",
        " +436641234567",
        "+436641234567 ",
        "+436641234567\n",
        "+436641234567.0",
        "+4366412345671234",
        "+999123456789",
        "+٤٣٦٦٤١٢٣٤٥٦٧",
        "+４３６６４１２３４５６７",
        "＋436641234567",
        "+1800FLOWERS",
        "0664 1234567",
        "++436641234567",
        "+",
        "",
        "+43664\u{0}1234567",
        "+436641234567;ext=1",
    ] {
        assert!(exact.normalise(text).is_none(), "{text}");
        assert_eq!(exact.number(text.as_bytes()), None, "{text}");
        assert!(!whole().is_match(text), "{text}");
    }
    assert_eq!(exact.normalise("+436641234567").map(|known| known.number), Some(436_641_234_567));
}
