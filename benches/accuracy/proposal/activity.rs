//! How active a requester is, and its shape: hat weights over classes, in integers.
//!
//! A requester with `n` lookups has weight on at most two neighbouring classes, whose nodes are
//! `c_k = 8 * 4^k` lookups, so that `n = sum of w_k c_k` for every `n` up to the last node. Its
//! shape in a table is the share of its lookups in each cell. Class `k` of a table receives the
//! shape times `w_k`, scaled down where the product of the norms of weights and shape exceeds the
//! clip of that class. Everything is a whole number of lattice steps of 2^-20.
//!
//! # Why one requester is bounded
//! Write `W` for the rounded weights, `WW` for the sum of their squares, `S2` for the sum of the
//! squared counts of a table and `D` for the root of `WW S2`, rounded up. The multiplier of class
//! `k` is at most `Q_k W_k / D`, and so the squared norm of what the class receives is at most
//! `(Q_k W_k)^2 S2 / (WW S2) = Q_k^2 W_k^2 / WW`. The factors `W_k^2 / WW` add up to one over the
//! classes: with noise of scale `Q_k / sqrt(2 rho_k)` one requester loses at most the largest
//! `rho_k` over all classes together.

/// Fractional bits of weights and shapes.
pub(crate) const SHAPE_BITS: u32 = 20;
/// One whole weight on the lattice.
pub(crate) const SHAPE_ONE: u64 = 1 << SHAPE_BITS;
/// How many classes there are.
pub(crate) const CLASSES: usize = 10;
/// The most lookups of one requester that are distinguished.
pub(crate) const MOST_LOOKUPS: u64 = 1 << 40;

const FIRST_NODE: u64 = 8;
const RATIO: u64 = 4;

/// The number of lookups at the top of each class's hat.
pub(crate) const fn nodes() -> [u64; CLASSES] {
    let mut nodes = [FIRST_NODE; CLASSES];
    let mut class = 1;
    while class < CLASSES {
        nodes[class] = nodes[class - 1] * RATIO;
        class += 1;
    }
    nodes
}

/// A requester's weights on the classes: at most two neighbours are above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hat {
    /// The lower of the two classes.
    class: usize,
    /// The weights of that class and of the next one, in lattice steps.
    weights: [u64; 2],
    lookups: u64,
    square: u128,
}

impl Hat {
    /// The weights of a requester with this number of lookups, each rounded down.
    pub(crate) fn of(lookups: u64) -> Self {
        let lookups = lookups.min(MOST_LOOKUPS);
        let nodes = nodes();
        let class = nodes.partition_point(|node| *node <= lookups);
        let (class, weights) = match class.checked_sub(1) {
            // Below the first node the weight grows from zero.
            None => (0, [(lookups << SHAPE_BITS) / FIRST_NODE, 0]),
            Some(last) if last + 1 == CLASSES => (last, [SHAPE_ONE, 0]),
            Some(class) => {
                let (low, high) = (nodes[class], nodes[class + 1]);
                let part = |lookups: u64| (lookups << SHAPE_BITS) / (high - low);
                (class, [part(high - lookups), part(lookups - low)])
            }
        };
        let square = weights.iter().map(|weight| u128::from(*weight).pow(2)).sum();
        Self { class, weights, lookups, square }
    }

    /// The classes with a weight above zero, and the weights in lattice steps.
    pub(crate) fn weights(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        (self.class..).zip(self.weights).filter(|(_, weight)| *weight > 0)
    }

    /// How a table scales this requester's counts: `square` is the sum of the squared counts of its
    /// cells.
    pub(crate) fn shape(&self, square: u128) -> Shape<'_> {
        Shape { hat: self, divisor: root_rounded_up(self.square.saturating_mul(square)) }
    }
}

/// A requester's shape in one table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    hat: &'a Hat,
    divisor: u128,
}

impl Shape<'_> {
    /// The multiplier of counts in a class: `clip` is the bound on the class's vector and `weight`
    /// the requester's weight in it, both in lattice steps.
    ///
    /// # Privacy
    /// The squares of all counts times the multiplier, shifted down by 40 bits, sum to at most
    /// `(clip * weight)^2 / (sum of squared weights)`.
    pub(crate) fn multiplier(&self, clip: u64, weight: u64) -> u64 {
        if self.divisor == 0 || self.hat.lookups == 0 {
            return 0;
        }
        let whole = (u128::from(weight) << 40) / u128::from(self.hat.lookups);
        let bounded = ((u128::from(clip) * u128::from(weight)) << 40) / self.divisor;
        u64::try_from(whole.min(bounded)).unwrap_or(u64::MAX)
    }
}

/// What a count adds to its cell, in lattice steps.
#[inline]
pub(crate) fn contribution(count: u64, multiplier: u64) -> i64 {
    // Counts are at most the requester's lookups, so the product is at most the weight times 2^40.
    let product = (u128::from(count) * u128::from(multiplier)) >> 40;
    i64::try_from(product).unwrap_or(i64::MAX)
}

/// The least integer whose square is at least `square`.
fn root_rounded_up(square: u128) -> u128 {
    let root = square.isqrt();
    if root * root < square { root + 1 } else { root }
}
