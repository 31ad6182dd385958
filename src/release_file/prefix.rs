//! Prefixes of phone numbers: keys that no public list holds.
//!
//! A prefix leaves at least [`OPEN_DIGITS`] digits of a number open, so that never fewer than ten
//! thousand numbers share it; numbers too short for that have none.

use serde::{Deserialize, Serialize};

use super::logs::Logs;
use super::raw::RawQuestion;
use crate::{Error, Result};

/// How many digits of a number every prefix must leave open.
pub const OPEN_DIGITS: u32 = 4;
/// The shortest prefix that is no public knowledge: calling codes have up to three digits.
const SHORTEST: u32 = 4;
/// E.164 allows fifteen digits.
const LONGEST: u32 = 15 - OPEN_DIGITS;

/// The factor and the shift that divide a number below [`MOST_MULTIPLIED`] by a power of ten. The
/// factor is `2^shift / 10^n`, rounded up, and has 64 bits. The result before it is rounded down is
/// too large by less than `number / 2^shift`, which is below `1 / 10^n`, since `2^shift` is above
/// `2^62 * 10^n`.
const TENTHS: [(u64, u32); LONGEST as usize] = {
    let mut tenths = [(0, 0); LONGEST as usize];
    let (mut place, mut power) = (0, 1_u128);
    while place < tenths.len() {
        let shift = 63 + power.ilog2();
        tenths[place] = (((1_u128 << shift).div_ceil(power)) as u64, shift);
        place += 1;
        power *= 10;
    }
    tenths
};
/// All numbers of E.164 are below this one.
const MOST_MULTIPLIED: u64 = 1 << 62;

/// Whose number a prefix is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrefixOf {
    /// The number that was asked about: a requester has as many prefixes as its targets.
    Target,
    /// The number that asked: a requester has one.
    Requester,
}

/// The first digits of E.164 numbers, calling code included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefix {
    /// Whose number.
    pub of: PrefixOf,
    /// How many digits.
    pub digits: u32,
}

impl Prefix {
    /// Reads `by = ["target_prefix:6"]` of a question with private prefixes.
    pub(super) fn parse(raw: &RawQuestion, logs: &Logs) -> Result<Self> {
        let refuse = |detail: String| Error::usage(format!("question `{}`: {detail}", raw.name));
        if raw.count.as_deref() != Some("lookups") {
            return Err(refuse("private prefixes belong to a count of lookups".to_owned())
                .help("write count = \"lookups\""));
        }
        let [name] = raw.by.as_deref().unwrap_or_default() else {
            return Err(refuse("private prefixes stand alone in `by`".to_owned())
                .help("write by = [\"target_prefix:6\"] and nothing else"));
        };
        if !logs.identifier.are_numbers() {
            return Err(refuse(format!(
                "`{name}` needs phone numbers, and `identifier` is \"opaque\""
            ))
            .help("remove the question, or set `identifier = \"e164\"`"));
        }
        let (word, digits) = name.split_once(':').unwrap_or((name, ""));
        let of = match word {
            "target_prefix" => PrefixOf::Target,
            "requester_prefix" => PrefixOf::Requester,
            _ => {
                return Err(refuse(format!("the key `{name}` has no private values"))
                    .help("private prefixes are target_prefix:N and requester_prefix:N"));
            }
        };
        let digits = digits.parse().ok().filter(|digits| (SHORTEST..=LONGEST).contains(digits));
        let digits = digits.ok_or_else(|| {
            refuse(format!("`{name}` is no prefix that may be published")).help(format!(
                "give from {SHORTEST} to {LONGEST} digits: shorter ones are public \
                 (target_country), longer ones leave fewer than ten thousand numbers"
            ))
        })?;
        Ok(Self { of, digits })
    }

    /// Its column in published files.
    pub const fn column(self) -> &'static str {
        match self.of {
            PrefixOf::Target => "target_prefix",
            PrefixOf::Requester => "requester_prefix",
        }
    }

    /// As in `by`.
    pub fn name(self) -> String {
        format!("{}:{}", self.column(), self.digits)
    }

    /// The prefix of a number; `None` if it would leave too few digits open.
    pub fn of(self, number: u64) -> Option<u64> {
        let open = number.checked_ilog10()?.checked_sub(self.digits - 1)?;
        if open < OPEN_DIGITS {
            return None;
        }
        // Numbers of different lengths alternate: a branch by length would be predicted badly.
        Some(match TENTHS.get(open as usize) {
            Some((factor, shift)) if number < MOST_MULTIPLIED => {
                ((u128::from(number) * u128::from(*factor)) >> shift) as u64
            }
            _ => number / 10_u64.pow(open),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplying_divides_exactly() {
        let powers = (0..LONGEST).map(|open| 10_u64.pow(open));
        for ((factor, shift), power) in TENTHS.into_iter().zip(powers) {
            let largest = (MOST_MULTIPLIED - 1) / power * power;
            let sizes = (0..62).map(|bits| (1_u64 << bits).div_ceil(power) * power);
            for number in sizes.chain([largest]).flat_map(|number| [number - 1, number, number + 1])
            {
                let product = u128::from(number) * u128::from(factor);
                assert_eq!(product >> shift, u128::from(number / power), "{number} {power}");
            }
        }
    }

    const fn prefix(digits: u32) -> Prefix {
        Prefix { of: PrefixOf::Target, digits }
    }

    #[test]
    fn a_prefix_leaves_ten_thousand_numbers() {
        assert_eq!(prefix(6).of(14_155_550_100), Some(141_555));
        assert_eq!(prefix(7).of(14_155_550_100), Some(1_415_555));
        assert_eq!(prefix(8).of(14_155_550_100), None);
        assert_eq!(prefix(6).of(1_234_567_890), Some(123_456));
        assert_eq!(prefix(6).of(123_456_789), None);
        assert_eq!(prefix(6).of(0), None);
        for digits in SHORTEST..=LONGEST {
            for number in [1, 99_999, 4_915_112_345_678, 999_999_999_999_999] {
                if let Some(key) = prefix(digits).of(number) {
                    assert_eq!(key.ilog10() + 1, digits);
                    assert!(number / key >= 10_000, "{number} {key}");
                }
            }
        }
    }
}
