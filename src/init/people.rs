//! Who asks and who is asked about: which columns, and what identifies people there.

use std::collections::HashSet;

use super::column::Column;
use crate::phone::{CallingCodes, Normaliser, WORLD};

/// How well a word in a column's name says that it holds the requester, and the target.
const WORDS: [(&str, i64, i64); 65] = [
    ("requester", 14, 0),
    ("target", 0, 14),
    ("who", 10, 0),
    ("whom", 0, 12),
    ("caller", 12, 0),
    ("callee", 0, 12),
    ("calling", 12, 0),
    ("called", 0, 12),
    ("src", 11, 0),
    ("dst", 0, 11),
    ("source", 11, 0),
    ("destination", 0, 11),
    ("dest", 0, 11),
    ("from", 11, 0),
    ("to", 0, 11),
    ("sender", 11, 0),
    ("recipient", 0, 11),
    ("receiver", 0, 11),
    ("rcpt", 0, 8),
    ("rcptto", 0, 8),
    ("mailfrom", 8, 0),
    ("orig", 11, 0),
    ("resp", 0, 11),
    ("originator", 11, 0),
    ("origin", 9, 0),
    ("query", 0, 15),
    ("queried", 0, 12),
    ("client", 9, 0),
    ("server", 0, 8),
    ("rater", 11, 0),
    ("rated", 0, 11),
    ("ratee", 0, 11),
    ("subscriber", 9, 0),
    ("peer", 0, 9),
    ("contact", 0, 9),
    ("friend", 0, 8),
    ("buddy", 0, 8),
    ("b", 0, 5),
    ("a", 5, 0),
    ("customer", 8, 0),
    ("member", 7, 0),
    ("user", 7, 3),
    ("username", 6, 3),
    ("userid", 7, 3),
    ("account", 5, 7),
    ("msisdn", 7, 3),
    ("phone", 4, 3),
    ("number", 2, 3),
    ("device", 5, 1),
    ("remote", 7, 0),
    ("ip", 4, 2),
    ("addr", 3, 2),
    ("address", 3, 2),
    ("host", 3, 4),
    ("correspondent", 6, 4),
    ("domain", 0, 5),
    ("uri", 0, 4),
    ("stem", 0, 16),
    ("url", 0, 4),
    ("path", 0, 4),
    ("request", 0, 3),
    ("tailnum", 4, 0),
    ("name", 1, 3),
    ("id", 1, 1),
    ("antenna", 0, 2),
];

/// From this score on a name speaks for a column.
pub(super) const SURE: i64 = 10;

/// From this score on a name speaks for a column although all rows say the same.
const LIKELY: i64 = 5;
/// At this score or below, values speak against a column, and no name speaks for it.
const UNLIKELY: i64 = -6;

/// The columns of the two people of a lookup.
pub(super) struct People {
    pub(super) requester: usize,
    pub(super) target: usize,
    /// How well the names speak for them; below [`SURE`] each is a guess.
    pub(super) requester_score: i64,
    pub(super) target_score: i64,
}

/// Whether a name speaks of a requester or a target.
pub(super) fn speaks_of_people(column: &Column<'_>) -> bool {
    let known = |word: &String| WORDS.iter().any(|(name, ..)| name == word);
    column.is_naming() || column.words.iter().any(known)
}

/// Of which of the two people a word speaks: `requester`, or `target` if it may be either.
pub(super) fn role_of(word: &str) -> &'static str {
    let word = word.to_ascii_lowercase();
    let known = WORDS.iter().find(|(name, ..)| *name == word);
    if known.is_some_and(|(_, requester, target)| requester > target) {
        "requester"
    } else {
        "target"
    }
}

/// Finds both columns; those of the time are none of them.
pub(super) fn people_of(columns: &[Column<'_>], time: &[usize]) -> Option<People> {
    let has_addresses = columns.iter().any(|column| column.are_mostly(column.addresses));
    let scores: Vec<(usize, i64, i64)> = columns
        .iter()
        .enumerate()
        .filter(|(place, column)| !time.contains(place) && column.can_identify())
        .map(|(place, column)| {
            let (requester, target) = scores(column, has_addresses);
            (place, requester, target)
        })
        .collect();
    let pairs = scores.iter().flat_map(|one| scores.iter().map(move |other| (one, other)));
    // Nobody asks about themselves in every row.
    let are_apart = |one: usize, other: usize| {
        one != other && columns[one].sample.values() != columns[other].sample.values()
    };
    let apart = pairs.filter(|(one, other)| are_apart(one.0, other.0));
    // Of equal pairs the one that comes first: who asks mostly stands before who is asked about.
    let worth = |one: &(usize, i64, i64), other: &(usize, i64, i64)| {
        one.1 + other.2 - if go_together(&columns[one.0], &columns[other.0]) { 5 } else { 0 }
    };
    let best = apart.rev().max_by_key(|(one, other)| worth(one, other));
    // A column with one value for all rows, or one for each, names nobody unless its name says so.
    let names_nobody = |score: i64, place: usize| {
        score <= UNLIKELY || score < LIKELY && columns[place].is_constant()
    };
    let best = best.filter(|(one, other)| !names_nobody(one.1, one.0) && other.2 > UNLIKELY);
    best.map(|(one, other)| People {
        requester: one.0,
        target: other.0,
        requester_score: one.1,
        target_score: other.2,
    })
}

/// Whether each value of one column stands beside one value of the other, as a name beside a number.
fn go_together(one: &Column<'_>, other: &Column<'_>) -> bool {
    let can = one.distinct == other.distinct && one.distinct * 2 < one.filled;
    let pairs = || one.sample.values().iter().zip(other.sample.values()).collect::<HashSet<_>>();
    can && pairs().len() <= one.distinct + 1
}

fn scores(column: &Column<'_>, has_addresses: bool) -> (i64, i64) {
    let named = column.words.iter().filter_map(|word| WORDS.iter().find(|known| known.0 == word));
    let (mut requester, mut target) = named
        .fold((0, 0), |best, (_, requester, target)| (best.0.max(*requester), best.1.max(*target)));
    let rows = column.filled;
    let mut both = 0;
    if column.are_mostly(column.international) || column.are_mostly(column.addresses) {
        both += 3;
    }
    if rows >= 50 && column.distinct * 50 > rows && column.distinct * 20 < rows * 19 {
        both += 2;
    }
    // Addresses are more likely those of requesters than of targets.
    if column.are_mostly(column.addresses) {
        requester += 1;
    }
    // Where others have addresses, numbers may be sizes.
    if has_addresses && column.are_mostly(column.numbers) {
        both -= 1;
    }
    // Few values group rows, and a value of its own in each row names the row.
    if rows >= 100 && column.distinct < 5 {
        both -= 6;
    }
    if rows >= 50 && column.distinct * 20 >= rows * 19 && !column.are_mostly(column.international) {
        requester -= 8;
        target -= 2;
    }
    if column.filled * 2 < column.rows() {
        both -= 6;
    }
    (requester + both, target + both)
}

/// What identifies people.
pub(super) enum Names {
    /// Phone numbers with their country.
    International,
    /// Phone numbers with their calling code and without `+`.
    WithoutPlus,
    /// Phone numbers as they are dialled in a region; other regions that read nearly all of them.
    National(String, Vec<String>),
    /// Phone numbers as they are dialled in one of these regions, which read about as many, and not as the same.
    Undecided(Vec<String>),
    /// Digits and marks as in phone numbers, which no region reads.
    Unread,
    /// Anything else.
    Opaque,
}

impl Names {
    /// What `[logs] default_region` is; `None` if it is not needed.
    pub(super) fn region(&self) -> Option<&str> {
        match self {
            Self::WithoutPlus => Some(WORLD),
            Self::National(region, _) => Some(region),
            Self::International | Self::Undecided(_) | Self::Unread | Self::Opaque => None,
        }
    }

    /// Whether people are phone numbers that can be read.
    pub(super) const fn are_numbers(&self) -> bool {
        !matches!(self, Self::Unread | Self::Opaque)
    }
}

/// What the identifiers of both columns are.
pub(super) fn names_of(requester: &Column<'_>, target: &Column<'_>) -> Names {
    const ENOUGH: usize = 400;
    let texts = |column: &'_ Column<'_>| -> Vec<String> {
        let values = column.sample.values().iter().flatten();
        let step = column.filled.div_ceil(ENOUGH).max(1);
        values.step_by(step).cloned().collect()
    };
    if [requester, target].into_iter().any(|column| column.are_mostly(column.addresses)) {
        return Names::Opaque;
    }
    let sides = [texts(requester), texts(target)];
    if most_read(&sides, None).is_some() {
        return Names::International;
    }
    let can_be_dialled = |text: &String| {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        (7..=15).contains(&digits)
            && text.chars().all(|letter| "+0123456789 -/().".contains(letter))
    };
    if sides
        .iter()
        .any(|side| side.iter().filter(|text| can_be_dialled(text)).count() * 10 < side.len() * 8)
    {
        return Names::Opaque;
    }
    // Of regions that share a calling code the largest comes first.
    const FIRST: [&str; 8] = ["US", "GB", "RU", "IT", "FR", "NO", "MA", "AU"];
    let countries = CallingCodes::shipped().countries().iter().copied();
    let others = countries.filter(|region| !FIRST.contains(region));
    let read: Vec<(&str, Read)> = FIRST
        .into_iter()
        .chain(others)
        .filter_map(|region| Some((region, most_read(&sides, Some(region))?)))
        .collect();
    if let Some(world) = most_read(&sides, Some(WORLD)) {
        // A country reads its own numbers with their calling code, too, as the same numbers. Where
        // numbers may have any length, nearly all digits are a number, so a country outside of
        // `FIRST` has to read more.
        let count = |read: &Read| read.iter().flatten().count();
        let is_better = |(region, own): &(&str, Read)| {
            count(own) > count(&world)
                || FIRST.contains(region) && count(own) == count(&world) && *own != world
        };
        if !read.iter().any(is_better) {
            return Names::WithoutPlus;
        }
    }
    national(&read)
}

/// What the regions say that read nearly all numbers: the one that reads more than all others, or which of them
/// read about as many.
fn national(read: &[(&str, Read)]) -> Names {
    /// A few mistyped numbers decide nothing: this part of a hundred.
    const NOT_MANY: usize = 2;
    let count = |read: &Read| read.iter().flatten().count();
    let most = read.iter().map(|(_, read)| count(read)).max().unwrap_or(0);
    let is_good = |read: &Read| (most - count(read)) * 100 <= most * NOT_MANY;
    let good = || read.iter().filter(|(_, read)| is_good(read));
    let Some((first, numbers)) = good().next() else { return Names::Unread };
    let names = |regions: &mut dyn Iterator<Item = &(&str, Read)>| -> Vec<String> {
        regions.map(|(region, _)| (*region).to_owned()).collect()
    };
    // Regions that share a calling code read the same numbers, and the first of them will do.
    let differ = |one: &&(&str, Read), others: &[(&str, Read)]| {
        let before = others.iter().take_while(|other| other.0 != one.0);
        before.into_iter().all(|(_, other)| *other != one.1)
    };
    if good().all(|(_, other)| other == numbers) {
        let mut others = read.iter().filter(|one| one.0 != *first && differ(one, read));
        return Names::National((*first).to_owned(), names(&mut others));
    }
    Names::Undecided(names(&mut good().filter(|one| differ(one, read))))
}

/// The number of each text of both sides, if it is one.
type Read = Vec<Option<u64>>;

/// The numbers of both sides; `None` if on one side fewer than nine in ten texts are phone numbers.
fn most_read(sides: &[Vec<String>; 2], region: Option<&str>) -> Option<Read> {
    let mut normaliser = Normaliser::new(region).ok()?;
    let mut all = Vec::new();
    for side in sides {
        let number = |text: &String| Some(normaliser.number(text.as_bytes())?.0);
        let numbers: Read = side.iter().map(number).collect();
        let read = numbers.iter().flatten().count();
        if read == 0 || read * 10 < side.len() * 9 {
            return None;
        }
        all.extend(numbers);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What regions say that read the first numbers of 100, each in its own way unless it is the first's.
    fn said(read: &[(&'static str, usize, u64)]) -> String {
        let numbers = |many: usize, way: u64| -> Read {
            (0..100).map(|place| (place < many).then_some(place as u64 + 1_000 * way)).collect()
        };
        let read: Vec<(&str, Read)> =
            read.iter().map(|(region, many, way)| (*region, numbers(*many, *way))).collect();
        match national(&read) {
            Names::National(region, others) => format!("{region}, not {}", others.join(" ")),
            Names::Undecided(regions) => format!("one of {}", regions.join(" ")),
            _ => "none".to_owned(),
        }
    }

    #[test]
    fn a_country_is_found_only_where_no_other_reads_about_as_many_numbers() {
        for (read, expected) in [
            (&[][..], "none"),
            (&[("AT", 100, 1)], "AT, not "),
            (&[("IT", 91, 1), ("AT", 100, 2)], "AT, not IT"),
            (&[("IT", 99, 1), ("AT", 98, 2)], "one of IT AT"),
            (&[("US", 100, 1), ("CA", 100, 1), ("DE", 95, 2)], "US, not DE"),
            (&[("US", 100, 1), ("CA", 100, 1), ("MX", 100, 2)], "one of US MX"),
        ] {
            assert_eq!(said(read), expected, "{read:?}");
        }
    }
}
