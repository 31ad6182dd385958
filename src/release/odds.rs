//! What somebody who knows everything else can learn, by the figures of a promise: guesses and
//! odds, in sentences for people without mathematics.
//!
//! Both numbers of a sentence follow from one figure. The curve of section 4 of
//! `docs/mechanisms.md` at epsilon 0 says how often a guess that is right in 50 of 100 cases can be
//! right with the files. Odds after a finding grow by at most `exp(epsilon)`, plus delta divided by
//! how often the finding comes up anyway.

use super::accounting::{budget_of, right_of_even};
use super::guarantee::{Figure, Guarantee};
use crate::release_file::file::LedgerTerms;
use crate::release_file::unit::Unit;
use crate::words::RARELY;

/// Odds are stated after findings that come up at least this often, whatever is true.
const COMMON: f64 = 1e-3;

/// What a figure lets a guess gain.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Odds {
    /// How often a guess between two equally likely cases is right at most.
    right: f64,
    /// By which factor odds grow at most.
    factor: f64,
}

impl Odds {
    fn of(figure: Figure) -> Self {
        Self {
            right: (right_of_even(figure.rho) + figure.delta / 2.0).min(1.0),
            factor: figure.epsilon.exp() + figure.delta / COMMON,
        }
    }

    /// How often a guess is right at most, in 100 cases. Rounded up, so that no sentence promises more
    /// than its figure.
    fn right_of_100(self) -> f64 {
        up(self.right * 100.0, 10.0)
    }

    /// Whether the figure limits a guess at all.
    fn limits(self) -> bool {
        self.right_of_100() < 100.0
    }
}

/// Rounds up to the next multiple of `1 / steps`.
fn up(number: f64, steps: f64) -> f64 {
    (number * steps - 1e-9).ceil() / steps
}

impl std::fmt::Display for Odds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.limits() {
            return formatter.write_str("not protected");
        }
        let right = self.right_of_100();
        write!(formatter, "right in at most {right:.1} of 100 cases; odds of 1 to 1,000 ")?;
        let most = match self.factor {
            factor if factor < 10.0 => format!("{:.2}", up(factor, 100.0)),
            factor if factor < 1_000.0 => format!("{:.0}", up(factor, 1.0)),
            // No useful limit.
            _ => return formatter.write_str("may become even or better"),
        };
        write!(formatter, "rise to at most {most} to 1,000")
    }
}

/// A figure as a part of a sentence. Where nothing is protected, its numbers would say nothing either.
fn guess(figure: Figure) -> String {
    let odds = Odds::of(figure);
    if odds.limits() { format!("{odds} ({figure})") } else { odds.to_string() }
}

/// The words that depend on whom the promise covers.
struct Words {
    who: &'static str,
    contact: &'static str,
    day: &'static str,
    number: &'static str,
    not: &'static str,
}

impl Words {
    const fn of(unit: Unit) -> Self {
        match unit {
            Unit::RequesterDay => Self {
                who: "requester",
                contact: "that one requester asked about one number once",
                day: "all that it asked on the day",
                number: "The more requesters ask about a number, the less it is hidden",
                not: "numbers that many requesters ask about, as stated above",
            },
            Unit::PersonDay => Self {
                who: "person",
                contact: "that one person asked about another one once",
                day: "all that it asked on the day and all that was asked about it",
                number: "It loses no more than its person does, unless it is on the list of exempt numbers",
                not: "that somebody was there at all, because what others asked keeps the place that \
                      those lookups left to it",
            },
        }
    }
}

impl Guarantee {
    /// The promise for people without mathematics: how to read it, then one paragraph for each
    /// thing that is protected, and what is not covered.
    pub fn explained(&self, terms: &LedgerTerms) -> Vec<String> {
        let Words { who, contact, day, number, not } = Words::of(terms.unit);
        vec![
            format!(
                "How to read this. Somebody knows everything about a day ({zone}) except one thing, and \
                 guesses at it. Without the files such a guess is right in 50 of 100 cases. With all that \
                 this release publishes of the day it is right in at most as many as stated, on average over the \
                 noise and whatever is computed from the files. Or the thing is unlikely, with odds of 1 to 1,000: \
                 then the files raise the odds to at most those stated. {RARELY}",
                zone = terms.time_zone_name,
            ),
            format!("One contact ({contact}): {}.", guess(self.contact_pair)),
            format!("One {who} ({day}): {}.", guess(self.one_day)),
            format!(
                "The same {who}, on 30 days released like this: {}. On those of a year: {}.",
                guess(self.thirty_days),
                guess(self.one_year)
            ),
            format!("A number that is asked about once each {}. {number}.", self.targets()),
            format!(
                "Whatever else is published about the day through this ledger, one {who} in all: {}.{}",
                guess(ever(terms)),
                self.capped()
            ),
            format!(
                "Not covered: facts about crowds, such as that most people of a country use SMS; {not}; \
                 days without end, which add up; two numbers of one person, which count as two; and \
                 everything but the published files: logs, ledger, its key, and what `check` prints."
            ),
        ]
    }

    fn targets(&self) -> String {
        let of = |lookups: u32| self.target.iter().find(|target| target.lookups == lookups);
        let asked = [(10, "10"), (100, "100"), (1_000, "1,000")].into_iter();
        let words = asked.filter_map(|(lookups, words)| {
            Some(format!("by {words} requesters: {}", guess(of(lookups)?.figure)))
        });
        words.collect::<Vec<_>>().join("; ")
    }

    fn capped(&self) -> String {
        self.limits.map_or_else(String::new, |limits| {
            let (month, year) = (guess(limits.thirty_days), guess(limits.one_year));
            format!(" On any 30 days: {month}. On any 365: {year}.")
        })
    }
}

/// The figure of all that a ledger lets be published about a day.
fn ever(terms: &LedgerTerms) -> Figure {
    let rho = budget_of(terms.epsilon, terms.conversion_delta()).rho();
    Figure { rho, epsilon: terms.epsilon.value(), delta: terms.delta.value() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_are_those_of_the_exact_curve_and_round_up() {
        // Phi(sqrt(2 rho) / 2) by mpmath 1.3: 0.54690 and 0.98768; e and e^31 by hand.
        for (rho, epsilon, delta, words) in [
            (
                0.027_730_44,
                1.0,
                1e-6,
                "right in at most 54.7 of 100 cases; odds of 1 to 1,000 rise to at most 2.72 to 1,000",
            ),
            (
                0.0,
                0.0,
                0.0,
                "right in at most 50.0 of 100 cases; odds of 1 to 1,000 rise to at most 1.00 to 1,000",
            ),
            (
                0.0,
                0.0,
                0.1,
                "right in at most 55.0 of 100 cases; odds of 1 to 1,000 rise to at most 101 to 1,000",
            ),
            (
                10.12,
                31.0,
                1e-6,
                "right in at most 98.8 of 100 cases; odds of 1 to 1,000 may become even or better",
            ),
            (1e6, 1e6, 1e-6, "not protected"),
            (0.5, 4.0, 1.0, "not protected"),
        ] {
            assert_eq!(Odds::of(Figure { rho, epsilon, delta }).to_string(), words);
        }
    }
}
