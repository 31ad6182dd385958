//! Phone numbers in another order, one to one, so that partitions come out even.
//!
//! In: a number. Out: another number of as many bits that looks like noise; different numbers stay
//! different. It is no cipher and protects nothing: it only spreads rows evenly.

/// Numbers below 2^44 are scrambled: all of thirteen digits, and the lower ones of fourteen.
pub(super) const BITS: u32 = 44;
pub(super) const MASK: u64 = (1 << BITS) - 1;

/// A permutation of the numbers below 2^44, chosen by a key.
#[derive(Clone, Copy)]
pub(super) struct Scramble {
    multipliers: [u64; 2],
    inverses: [u64; 2],
}

impl Scramble {
    pub(super) fn new(first: u64, second: u64) -> Self {
        // Odd, so that multiplying can be undone.
        let multipliers = [first | 1, second | 1];
        Self { multipliers, inverses: multipliers.map(inverse) }
    }

    /// The place of a number in the other order; `None` for a number that is too long.
    #[inline]
    pub(super) const fn of(&self, number: u64) -> Option<u64> {
        if number > MASK {
            return None;
        }
        // Multiplying carries upwards, and the shift brings what is above down again.
        let [first, second] = self.multipliers;
        let once = number.wrapping_mul(first) & MASK;
        let twice = (once ^ once >> (BITS / 2)).wrapping_mul(second) & MASK;
        Some(twice ^ twice >> (BITS / 2))
    }

    /// The number that has this place.
    #[inline]
    pub(super) fn back(&self, place: u64) -> u64 {
        let unfold = |place: u64| place ^ place >> (BITS / 2);
        let [first, second] = self.inverses;
        unfold(unfold(place).wrapping_mul(second) & MASK).wrapping_mul(first) & MASK
    }
}

/// The inverse of an odd number modulo 2^64, by Newton's iteration.
fn inverse(odd: u64) -> u64 {
    (0..6).fold(odd, |guess, _| guess.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(guess))))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn two_numbers_never_meet_and_none_leaves_the_range(
            keys in any::<(u64, u64)>(),
            start in 0..=MASK - 5_000,
        ) {
            let scramble = Scramble::new(keys.0, keys.1);
            let places: BTreeSet<u64> =
                (start..start + 5_000).filter_map(|number| scramble.of(number)).collect();
            prop_assert_eq!(places.len(), 5_000);
            prop_assert!(places.iter().all(|place| *place <= MASK));
        }

        #[test]
        fn every_number_can_be_found_again(keys in any::<(u64, u64)>(), number in 0..=MASK) {
            let scramble = Scramble::new(keys.0, keys.1);
            prop_assert_eq!(scramble.back(scramble.of(number).unwrap()), number);
        }
    }

    #[test]
    fn longer_numbers_are_left_to_others() {
        let scramble = Scramble::new(3, 5);
        assert!(scramble.of(MASK).is_some());
        assert_eq!(scramble.of(MASK + 1), None);
    }
}
