//! Scatters consecutive ranks over all places, so that neighbours by rank lie far apart.

use super::chance::{self, Purpose, hash, scale};

/// A bijection of 0..size that puts neighbours far apart.
#[derive(Debug)]
pub(super) struct Scatter {
    pub(super) size: u32,
    step: u64,
    shift: u64,
    inverse: u64,
}

impl Scatter {
    pub(super) fn new(size: u32, seed: u64) -> Self {
        let modulus = u64::from(size);
        let key = hash(seed, Purpose::Numbers, modulus, 0);
        // Near the golden section, so that even a few people spread over the whole plan.
        let mut step = (modulus as f64 * 0.618_033_988_75) as u64 + scale(key, modulus / 100 + 1);
        while greatest_divisor(step, modulus) != 1 {
            step += 1;
        }
        Self {
            size,
            step,
            shift: scale(chance::mix(key), modulus),
            inverse: inverse(step, modulus),
        }
    }

    /// The place of a rank.
    pub(super) fn forward(&self, rank: u32) -> u32 {
        ((u64::from(rank) * self.step + self.shift) % u64::from(self.size)) as u32
    }

    /// The rank that [`Self::forward`] puts in a place.
    pub(super) fn backward(&self, place: u32) -> u32 {
        let size = u64::from(self.size);
        ((u64::from(place) + size - self.shift) % size * self.inverse % size) as u32
    }
}

const fn greatest_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The multiplicative inverse of `step`, which must be coprime to `modulus` (Euclid).
fn inverse(step: u64, modulus: u64) -> u64 {
    let (mut old, mut new) = ((modulus as i64, 0_i64), ((step % modulus) as i64, 1_i64));
    while new.0 != 0 {
        let times = old.0 / new.0;
        (old, new) = (new, (old.0 - times * new.0, old.1 - times * new.1));
    }
    old.1.rem_euclid(modulus as i64) as u64
}
