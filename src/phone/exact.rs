//! One regular expression that matches exactly the texts that the library leaves as they are, for
//! other engines.
//!
//! `data/e164_exact.csv` has an expression of the national numbers below each calling code, which
//! `data/make_exact_numbers.py` reads off automata of the metadata. The expressions consist of
//! digits, classes, groups, alternatives and counts, which all engines read alike, and no branch
//! begins as another one does.

use std::collections::BTreeMap;

const CSV: &str = include_str!("../../data/e164_exact.csv");

/// An expression of exactly the digits behind the `+` of valid numbers, as [`Normaliser::exact`] takes them.
///
/// [`Normaliser::exact`]: super::Normaliser::exact
pub fn exact_numbers() -> String {
    // By their first digit, so that few alternatives are tried.
    let mut by_first: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (code, expression) in rows() {
        let (first, rest) = code.split_at(1);
        by_first.entry(first).or_default().push(format!("{rest}{expression}"));
    }
    let branches: Vec<String> = by_first
        .into_iter()
        .map(|(first, rest)| match &rest[..] {
            [one] => format!("{first}{one}"),
            rest => format!("{first}(?:{})", rest.join("|")),
        })
        .collect();
    format!("(?:{})", branches.join("|"))
}

/// The rows of the list: a calling code, and the expression of its national numbers.
pub(super) fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = CSV.lines().skip(1).filter_map(|line| line.split_once(','));
    rows.map(|(code, expression)| (code, expression.trim_matches('"')))
}
