//! Finds the next byte of interest, sixteen bytes at a time.
//!
//! Fields of a log are short, so most searches end in the first word. A call to a search that is
//! made for long texts would cost more than the search itself.

const ONES: u128 = u128::MAX / 255;
const HIGHS: u128 = ONES << 7;

/// The bytes that a search stops at.
pub(super) trait Stops: Copy {
    /// Sets the high bit of every byte of the word that is a stop, exactly up to the first stop.
    fn marks(self, word: u128) -> u128;
    /// Whether a byte is a stop.
    fn is(self, byte: u8) -> bool;
}

/// Any of these bytes.
#[derive(Clone, Copy)]
pub(super) struct AnyOf<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> Stops for AnyOf<N> {
    #[inline(always)]
    fn marks(self, word: u128) -> u128 {
        self.0.iter().fold(0, |marks, byte| marks | equal(word, *byte))
    }

    #[inline(always)]
    fn is(self, byte: u8) -> bool {
        self.0.contains(&byte)
    }
}

/// What cannot stand as itself inside a JSON string: its end, a backslash, a control character.
#[derive(Clone, Copy)]
pub(super) struct StringEnds;

impl Stops for StringEnds {
    #[inline(always)]
    fn marks(self, word: u128) -> u128 {
        // A byte below 32 borrows from its high bit, which it does not have itself.
        let controls = word.wrapping_sub(32 * ONES) & !word & HIGHS;
        equal(word, b'"') | equal(word, b'\\') | controls
    }

    #[inline(always)]
    fn is(self, byte: u8) -> bool {
        byte == b'"' || byte == b'\\' || byte < 32
    }
}

/// The place of the first stop at `from` or behind it.
#[inline(always)]
pub(super) fn find(bytes: &[u8], mut from: usize, stops: impl Stops) -> Option<usize> {
    while let Some(word) = bytes.get(from..).and_then(<[u8]>::first_chunk::<16>) {
        let marks = stops.marks(u128::from_le_bytes(*word));
        if marks != 0 {
            return Some(from + marks.trailing_zeros() as usize / 8);
        }
        from += 16;
    }
    let rest = bytes.get(from..)?;
    rest.iter().position(|byte| stops.is(*byte)).map(|place| from + place)
}

/// Marks the bytes of a word that are `byte`. A borrow may mark bytes above one that is.
#[inline(always)]
const fn equal(word: u128, byte: u8) -> u128 {
    let differing = word ^ (byte as u128 * ONES);
    differing.wrapping_sub(ONES) & !differing & HIGHS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Bytes next to the stops, and far from them, in every place of a word.
        #[test]
        fn the_first_stop_is_found(
            bytes in proptest::collection::vec(
                prop_oneof![4 => Just(b'a'), 1 => any::<u8>(), 1 => 0..64_u8, 1 => 0x80..0xa4_u8],
                0..70,
            ),
            from in 0..74_usize,
        ) {
            fn plain(bytes: &[u8], from: usize, stops: impl Stops) -> Option<usize> {
                (from..bytes.len()).find(|place| stops.is(bytes[*place]))
            }
            let two = AnyOf([b',', b'\n']);
            prop_assert_eq!(find(&bytes, from, two), plain(&bytes, from, two));
            let four = AnyOf([b'\t', b'\n', b'"', b'\r']);
            prop_assert_eq!(find(&bytes, from, four), plain(&bytes, from, four));
            prop_assert_eq!(find(&bytes, from, StringEnds), plain(&bytes, from, StringEnds));
        }
    }
}
