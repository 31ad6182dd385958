//! A value for every seven leading digits, found with two loads.
//!
//! Ten million prefixes, but few distinct stretches: the first five digits choose a stretch of a
//! hundred values, and equal stretches are stored once, a few hundred kilobytes for either list.

use std::collections::HashMap;

/// How many leading digits a table tells apart.
pub(super) const DIGITS: usize = 7;

const PREFIXES: usize = 10_000_000;
const STRETCH: usize = 100;

/// A value for every seven leading digits; zero where none was painted.
pub(super) struct SevenDigits {
    heads: Vec<u16>,
    tails: Vec<[u16; STRETCH]>,
}

/// Seven leading digits, as a number below ten million.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Leading(usize);

/// A table while it is made, one cell for each prefix.
pub(super) struct Canvas(Vec<u16>);

impl Canvas {
    pub(super) fn blank() -> Self {
        Self(vec![0; PREFIXES])
    }

    /// Applies a change below all prefixes from the first to the last, which are as long.
    ///
    /// Text that is no prefix changes nothing: the shipped lists are checked by tests.
    pub(super) fn paint(&mut self, first: &str, last: &str, change: impl Fn(&mut u16)) {
        let bounds = padded(first, '0').zip(padded(last, '9'));
        if let Some(cells) = bounds.and_then(|(first, last)| self.0.get_mut(first..=last)) {
            cells.iter_mut().for_each(change);
        }
    }

    /// Stores equal stretches once.
    pub(super) fn compress(&self) -> SevenDigits {
        let mut heads = Vec::with_capacity(PREFIXES / STRETCH);
        let mut tails = Vec::new();
        let mut known = HashMap::new();
        for stretch in self.0.as_chunks::<STRETCH>().0 {
            // The lists have some thousand distinct stretches (a test counts them), far below 2^16.
            let next = u16::try_from(tails.len()).unwrap_or(u16::MAX);
            let same = heads.last().filter(|&&head: &&u16| tails[usize::from(head)] == *stretch);
            let head = same.copied().unwrap_or_else(|| *known.entry(*stretch).or_insert(next));
            if usize::from(head) == tails.len() {
                tails.push(*stretch);
            }
            heads.push(head);
        }
        SevenDigits { heads, tails }
    }
}

impl SevenDigits {
    /// The value of seven leading digits.
    pub(super) fn at(&self, Leading(digits): Leading) -> u16 {
        self.tails[usize::from(self.heads[digits / STRETCH])][digits % STRETCH]
    }

    #[cfg(test)]
    pub(super) fn distinct_stretches(&self) -> usize {
        self.tails.len()
    }
}

impl Leading {
    /// Reads the digits that eight bytes hold behind their first, or nothing if one is no digit.
    ///
    /// All eight bytes are checked and weighed at once: pairs, then fours, then all of them.
    pub(super) fn behind_sign(bytes: [u8; 8]) -> Option<Self> {
        let [_, digits @ ..] = bytes;
        let [a, b, c, d, e, f, g] = digits;
        let word = u64::from_le_bytes([b'0', a, b, c, d, e, f, g]);
        are_digits(word).then(|| Self(weigh(word) as usize))
    }

    /// The number that begins with these digits and goes on with the last `more` of eight others,
    /// all digits; `more` is at most eight.
    pub(super) const fn followed_by(self, last: [u8; 8], more: usize) -> u64 {
        if more == 0 {
            return self.0 as u64;
        }
        let kept = u64::MAX << (64 - 8 * more);
        self.0 as u64 * TENS[more] + weigh(u64::from_le_bytes(last) & kept)
    }
}

const TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The value of eight digits, the first in the lowest byte; a zero byte counts as the digit 0.
const fn weigh(word: u64) -> u64 {
    let ones = word & 0x0F0F_0F0F_0F0F_0F0F;
    let pairs = (ones.wrapping_mul(10 << 8 | 1) >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_FFFF_0000_FFFF;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

/// Whether each of eight bytes is an ASCII digit.
///
/// The high half must be 3, and must still be 3 when 6 is added to what may be at most 9.
pub(super) fn are_digits(word: u64) -> bool {
    const HIGH: u64 = 0xF0F0_F0F0_F0F0_F0F0;
    const THREES: u64 = 0x3030_3030_3030_3030;
    const SIXES: u64 = 0x0606_0606_0606_0606;
    word & HIGH == THREES && word.wrapping_add(SIXES) & HIGH == THREES
}

fn padded(prefix: &str, fill: char) -> Option<usize> {
    let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let whole = prefix.chars().chain(std::iter::repeat(fill)).take(DIGITS).collect::<String>();
    (digits && prefix.len() <= DIGITS).then(|| whole.parse().ok()).flatten()
}
