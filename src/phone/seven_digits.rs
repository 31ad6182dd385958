//! A value for every seven leading digits, found with two loads.
//!
//! There are ten million prefixes, but few distinct stretches: the first five digits choose a
//! stretch of a hundred values, and equal stretches are stored once, a few hundred kilobytes for
//! either list.

use std::collections::HashMap;

use foldhash::fast::RandomState;

type Map<K, V> = HashMap<K, V, RandomState>;

/// How many leading digits a table distinguishes.
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

/// A table while it is made; a stretch has cells of its own once they differ.
pub(super) struct Canvas(Vec<Stretch>);

#[derive(Clone)]
enum Stretch {
    Same(u16),
    Cells(Box<[u16; STRETCH]>),
}

impl Canvas {
    pub(super) fn blank() -> Self {
        Self(vec![Stretch::Same(0); PREFIXES / STRETCH])
    }

    /// Applies a change below all prefixes from the first to the last, which have the same length.
    ///
    /// Text that is no prefix changes nothing: the shipped lists are checked by tests.
    pub(super) fn paint(&mut self, first: &str, last: &str, change: impl Fn(&mut u16)) {
        let Some((first, last)) = padded(first, '0').zip(padded(last, '9')) else { return };
        let stretches = self.0.iter_mut().enumerate().skip(first / STRETCH);
        for (place, stretch) in stretches.take_while(|(place, _)| place * STRETCH <= last) {
            let start = first.saturating_sub(place * STRETCH);
            let end = (last - place * STRETCH).min(STRETCH - 1);
            match stretch {
                Stretch::Same(value) if (start, end) == (0, STRETCH - 1) => change(value),
                Stretch::Same(value) => {
                    let mut cells = Box::new([*value; STRETCH]);
                    cells[start..=end].iter_mut().for_each(&change);
                    *stretch = Stretch::Cells(cells);
                }
                Stretch::Cells(cells) => cells[start..=end].iter_mut().for_each(&change),
            }
        }
    }

    /// Stores equal stretches once.
    pub(super) fn compress(&self) -> SevenDigits {
        let mut table = SevenDigits { heads: Vec::with_capacity(self.0.len()), tails: Vec::new() };
        let (mut same, mut known) = (Map::default(), Map::default());
        for stretch in &self.0 {
            let mut place =
                |cells: [u16; STRETCH]| *known.entry(cells).or_insert_with(|| table.keep(cells));
            let head = match stretch {
                Stretch::Same(value) => {
                    *same.entry(*value).or_insert_with(|| place([*value; STRETCH]))
                }
                Stretch::Cells(cells) => place(**cells),
            };
            table.heads.push(head);
        }
        table
    }
}

impl SevenDigits {
    /// The value of seven leading digits.
    #[inline(always)]
    pub(super) fn at(&self, Leading(digits): Leading) -> u16 {
        self.tails[usize::from(self.heads[digits / STRETCH])][digits % STRETCH]
    }

    /// Both tables as one, whose values are places in the list of pairs of values that occur, so that
    /// one look-up replaces two.
    pub(super) fn join(&self, other: &Self) -> (Self, Vec<(u16, u16)>) {
        let mut table = Self { heads: Vec::with_capacity(self.heads.len()), tails: Vec::new() };
        let mut pairs = Vec::new();
        let (mut of_heads, mut of_values) = (Map::default(), Map::default());
        for heads in self.heads.iter().copied().zip(other.heads.iter().copied()) {
            let head = *of_heads.entry(heads).or_insert_with(|| {
                let tails = (&self.tails[usize::from(heads.0)], &other.tails[usize::from(heads.1)]);
                let cells = std::array::from_fn(|cell| {
                    let pair = (tails.0[cell], tails.1[cell]);
                    *of_values.entry(pair).or_insert_with(|| {
                        pairs.push(pair);
                        place_of(pairs.len() - 1)
                    })
                });
                table.keep(cells)
            });
            table.heads.push(head);
        }
        (table, pairs)
    }

    fn keep(&mut self, cells: [u16; STRETCH]) -> u16 {
        self.tails.push(cells);
        place_of(self.tails.len() - 1)
    }

    #[cfg(test)]
    pub(super) fn distinct_stretches(&self) -> usize {
        self.tails.len()
    }
}

/// The lists have some thousand distinct stretches (a test counts them), far below 2^16.
fn place_of(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

impl Leading {
    /// Reads `+` and digits from the first and the last eight bytes of a text: the first seven digits, and the value
    /// of the `more` digits behind them, at most eight. Nothing if a byte is no digit, or the first no sign.
    ///
    /// All bytes are checked and weighed at once: pairs, then fours, then all of them.
    #[inline(always)]
    pub(super) fn behind_sign(first: [u8; 8], last: [u8; 8], more: usize) -> Option<(Self, u64)> {
        // Digits become their values, and the sign becomes zero.
        let first = u64::from_le_bytes(first) ^ u64::from_le_bytes(*b"+0000000");
        // Of the last bytes only those count that are not among the first.
        let last = (u64::from_le_bytes(last) ^ u64::from_le_bytes([b'0'; 8])) & LAST.get(more)?;
        // A byte has its high bit set, or gets it, if it is above 9; the first one if it is above 0.
        let above = first | first.wrapping_add(TO_HIGH - 9 * ONES + 9);
        let above = above | last | last.wrapping_add(TO_HIGH - 9 * ONES);
        (above & HIGHS == 0).then(|| (Self(weigh(first) as usize), weigh(last)))
    }

    /// The number that begins with these digits and goes on with `more` others of this value.
    #[inline(always)]
    pub(super) const fn followed_by(self, rest: u64, more: usize) -> u64 {
        self.0 as u64 * TENS[more] + rest
    }
}

const ONES: u64 = u64::MAX / 255;
const TO_HIGH: u64 = 0x7F * ONES;
const HIGHS: u64 = 0x80 * ONES;

const TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The last bytes of a word, by how many.
const LAST: [u64; 9] = {
    let mut last = [0; 9];
    let mut more = 1;
    while more < last.len() {
        last[more] = u64::MAX << (64 - 8 * more);
        more += 1;
    }
    last
};

/// The value of eight digits, the first in the lowest byte, each as its value.
#[inline(always)]
const fn weigh(digits: u64) -> u64 {
    let pairs = (digits.wrapping_mul(10 << 8 | 1) >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_FFFF_0000_FFFF;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

fn padded(prefix: &str, fill: char) -> Option<usize> {
    let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let whole = prefix.chars().chain(std::iter::repeat(fill)).take(DIGITS).collect::<String>();
    (digits && prefix.len() <= DIGITS).then(|| whole.parse().ok()).flatten()
}
