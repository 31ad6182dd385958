//! How active a requester is, as weights over classes, and the integers of shapes.
//!
//! A requester with `n` lookups has weight on at most two neighbouring classes, whose nodes are
//! `c_k = 8 * 4^k` lookups, so that `n = sum of w_k c_k` for every `n` up to the last node. Its
//! shape in a table is what it has in each cell, divided by `n`. Class `k` of a table receives the
//! shape times `w_k`, scaled down if the product of the norms of weights and shape exceeds the clip
//! of that class. Everything is a whole number of steps of 2^-20.
//!
//! # Claim
//! The table of activity has the sensitivity one. One requester loses by the tables of all classes
//! together at most the largest, over classes, of the sum of rho over the tables of one class. Both
//! hold exactly, whatever its rows are.
//!
//! # Proof
//! Write `W_k` for the weights, rounded down, and `WW` for the sum of their squares. They add up to
//! at most 2^20, so `WW` is at most 2^40, which is the square of one.
//!
//! In a table a row adds one to its cell, or one of 2^15 levels of a number; `b` is 0 or 15. `x` is
//! what the requester has in a cell, `S` the sum of the squares of `x`, `Q` the clip in steps and `D`
//! the root of `WW S`, rounded up. The cell receives `V = (x G) >> (40 + b)`, where
//!
//! ```text
//! G = min((W_k << 40) / n, ((Q W_k) << (40 + b)) / D), both rounded down.
//! ```
//!
//! `G` is at most `Q W_k 2^(40 + b) / D`, so the squares of `V` add up to at most `(Q W_k)^2 S / D^2`,
//! which is at most `(Q W_k)^2 / WW`. A table whose noise has the scale `Q / sqrt(2 rho)` then costs at
//! most `rho W_k^2 / WW`. In each class this is summed over the tables of the class, and the factors
//! `W_k^2 / WW` add up to one over the classes. In a table without axes `x = n`; it receives `W_k`
//! itself if its clip is one, and `W_k^2` is at most `(Q W_k)^2 / WW` since `WW` is at most `Q^2`. ∎
//!
//! No step overflows. Counts of up to 2^40 rows have `S` up to 2^80; levels of up to 2^28 rows have `x`
//! up to 2^43 and `S` up to 2^86. So `WW S` is at most 2^126, `Q W_k` shifted at most 2^95, and `x G` at
//! most `W_k << (40 + b)`, so that `V` is at most `W_k`. A requester with more rows than that adds
//! nothing to shapes: a rule about its own rows that no log meets. `(W_k << 40) / n` is the smaller
//! number exactly if `WW S` is at most `(Q n 2^b)^2`, since `Q n 2^b` is a whole number: no root is
//! taken then.
//!
//! A lookup moves the weights by at most an eighth, as they are `n / 8` below the first node, and their
//! slopes are at most `1 / 24` each above it; no entry is negative, so two vectors lie at most the root
//! of two apart.

use super::kind::{Kind, Needs, Reach, TableBound};
use super::rows::{CellAmount, Pair, PairAmount, RequesterRows, by_target};
use crate::release_file::lattice::{LATTICE_BITS, root_rounded_up};

/// Fractional bits of weights and shapes.
pub const SHAPE_BITS: u32 = 20;
/// One whole weight, in steps.
pub const SHAPE_ONE: u64 = 1 << SHAPE_BITS;
/// How many classes there are.
pub const CLASSES: usize = 10;
/// Fractional bits of the levels of a number.
pub const LEVEL_BITS: u32 = 15;

// The kernel's steps are those of the lattice.
const _: () = assert!(SHAPE_BITS == LATTICE_BITS);

/// Up to this number of lookups, in tables of counts whose clip is one, each row adds `W_k / n` by
/// itself, rounded down: never more than the multiplier gives, and in all less than `n` steps below
/// it.
pub const LIGHT: u64 = 32;

/// The node of the first class, below which weights grow from zero.
pub const FIRST_NODE: u64 = 8;
const RATIO: u64 = 4;
/// Fractional bits of multipliers.
pub const MULTIPLIER_BITS: u32 = 40;
/// The most rows of one requester of which counts are taken.
const MOST_COUNTED: u64 = 1 << 40;
/// The most rows of one requester of which levels are added up.
const MOST_ADDED: u64 = 1 << 28;

/// The most rows of one requester that are taken, if a row adds up to 2^`bits`.
pub const fn most_rows(bits: u32) -> u64 {
    if bits == 0 { MOST_COUNTED } else { MOST_ADDED }
}

/// The number of lookups at the top of each class's hat.
pub const fn nodes() -> [u64; CLASSES] {
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
pub struct Hat {
    /// The lower of the two classes.
    class: usize,
    /// The weights of that class and of the next one, in steps.
    weights: [u64; 2],
    lookups: u64,
    /// The sum of the squared weights.
    square: u128,
}

impl Hat {
    /// The weights of a requester with this number of lookups, each rounded down.
    ///
    /// # Examples
    /// Classes peak at 8, 32, 128 … lookups; halfway between two, a requester belongs to both.
    /// ```
    /// use pointillist::plan::kinds::{Hat, SHAPE_ONE};
    ///
    /// let weights = |lookups| Hat::of(lookups).weights().collect::<Vec<_>>();
    /// assert_eq!(weights(4), [(0, SHAPE_ONE / 2)]);
    /// assert_eq!(weights(20), [(0, SHAPE_ONE / 2), (1, SHAPE_ONE / 2)]);
    /// assert_eq!(weights(32), [(1, SHAPE_ONE)]);
    /// ```
    pub fn of(lookups: u64) -> Self {
        const NODES: [u64; CLASSES] = nodes();
        let class = NODES.partition_point(|node| *node <= lookups);
        let (class, weights) = match class.checked_sub(1) {
            // Below the first node the weight grows from zero.
            None => (0, [(lookups << SHAPE_BITS) / FIRST_NODE, 0]),
            Some(last) if last + 1 == CLASSES => (last, [SHAPE_ONE, 0]),
            Some(class) => {
                let (low, mut high) = (NODES[class], NODES[class + 1]);
                if mutant!("class-ends-one-lookup-later") {
                    high += 1;
                }
                let part = |lookups: u64| (lookups << SHAPE_BITS) / (high - low);
                (class, [part(high - lookups), part(lookups - low)])
            }
        };
        let mut square = weights.iter().map(|weight| u128::from(*weight).pow(2)).sum();
        if mutant!("norm-of-the-heavier-weight") {
            square = weights.iter().map(|weight| u128::from(*weight).pow(2)).max().unwrap_or(0);
        }
        Self { class, weights, lookups, square }
    }

    /// The classes with a weight above zero, and the weights in steps.
    pub fn weights(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        (self.class..).zip(self.weights).filter(|(_, weight)| *weight > 0)
    }

    /// The weight in a class, in steps.
    pub fn weight(&self, class: usize) -> u64 {
        self.weights().find(|(own, _)| *own == class).map_or(0, |(_, weight)| weight)
    }

    /// The multiplier of its counts in the first class.
    fn first_multiplier(&self, square: u64, clip: u64) -> Multiplier {
        self.shape(square.into()).multiplier(clip, self.weight(0))
    }

    /// How a table scales this requester's counts: `square` is the sum of the squares of its counts
    /// by cell, in which each lookup counts in one cell at most.
    pub fn shape(&self, square: u128) -> Shape {
        self.shape_of(square, 0)
    }

    /// The same for amounts of which a row adds up to 2^`bits`: levels instead of counts.
    pub fn shape_of(&self, square: u128, bits: u32) -> Shape {
        // Within the bound the product is exact; beyond it nothing is added.
        let square =
            if self.lookups <= most_rows(bits) { self.square.saturating_mul(square) } else { 0 };
        Shape { lookups: self.lookups, square, bits }
    }
}

/// A requester's shape in one table.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    lookups: u64,
    /// The square of the product of both norms; zero if nothing is added.
    square: u128,
    bits: u32,
}

impl Shape {
    /// The multiplier of amounts in a class: `clip` is the bound on the class's vector and `weight`
    /// the requester's weight in it, both in steps.
    ///
    /// # Privacy
    /// The squares of the [contributions](contribution) of all cells add up to at most
    /// `(clip * weight)^2 / (sum of squared weights)`.
    pub fn multiplier(&self, clip: u64, weight: u64) -> Multiplier {
        let Self { lookups, square, bits } = *self;
        if square == 0 || lookups == 0 {
            return Multiplier { by: 0, bits };
        }
        // Both norms are at most one, so a clip above one cuts nothing.
        let clip = clip.min(SHAPE_ONE);
        let inside = u128::from(clip * lookups) << bits;
        let by = if square <= inside * inside || mutant!("larger-of-both-multipliers") {
            (weight << MULTIPLIER_BITS) / lookups
        } else {
            let bounded =
                (u128::from(clip * weight) << (MULTIPLIER_BITS + bits)) / root_rounded_up(square);
            u64::try_from(bounded).unwrap_or(0)
        };
        Multiplier { by, bits }
    }
}

/// What amounts in cells are multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multiplier {
    by: u64,
    /// Fractional bits of the amounts.
    bits: u32,
}

/// The multipliers of requesters that have weight in the first class alone, computed once for a table of
/// counts: most requesters are such, and they have few different multipliers.
#[derive(Debug, Clone)]
pub struct LightMultipliers(Vec<Multiplier>);

impl LightMultipliers {
    /// The most that the squared counts of such a requester add up to.
    const MOST_SQUARE: u64 = FIRST_NODE * FIRST_NODE;

    /// The multipliers of a table with this clip.
    pub fn of(clip: u64) -> Self {
        let of = |lookups, square| Hat::of(lookups).first_multiplier(square, clip);
        let squares = |lookups| (0..=Self::MOST_SQUARE).map(move |square| of(lookups, square));
        Self((0..=FIRST_NODE).flat_map(squares).collect())
    }

    /// The multiplier of a requester by its lookups and the sum of the squares of its counts; `None` for
    /// a requester with weight in other classes.
    #[inline]
    pub fn get(&self, lookups: u64, square: u64) -> Option<Multiplier> {
        let is_light = lookups <= FIRST_NODE && square <= Self::MOST_SQUARE;
        let place = is_light.then_some(lookups * (Self::MOST_SQUARE + 1) + square)?;
        self.0.get(place as usize).copied()
    }
}

/// What an amount adds to its cell, in steps.
#[inline]
pub fn contribution(amount: u64, multiplier: Multiplier) -> i64 {
    let product = (u128::from(amount) * u128::from(multiplier.by)) >> MULTIPLIER_BITS;
    u64::try_from(product).map_or(0, |product| (product >> multiplier.bits).cast_signed())
}

/// A cell for each class holds the requester's weight in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity;

impl Kind for Activity {
    fn word(&self) -> &'static str {
        "activity"
    }

    fn cells_per_combination(&self) -> u64 {
        CLASSES as u64
    }

    fn needs(&self) -> Needs {
        Needs::Lookups
    }

    fn fill(&self, rows: &RequesterRows<'_>, _: &TableBound<'_>, vector: &mut Vec<CellAmount>) {
        let hat = Hat::of(rows.lookups.unsigned_abs());
        vector.extend(hat.weights().filter_map(|(class, weight)| {
            Some(CellAmount { cell: u32::try_from(class).ok()?, steps: weight.cast_signed() })
        }));
    }

    fn divide(&self, pairs: &[Pair], _: &TableBound<'_>, amounts: &mut Vec<PairAmount>) {
        let hat = Hat::of(pairs.len() as u64);
        for cell in hat.weights().filter_map(|(class, _)| u32::try_from(class).ok()) {
            amounts.extend(by_target(pairs).map(|(Pair { target, .. }, steps)| PairAmount {
                target,
                cell,
                steps,
            }));
        }
    }

    fn whole(&self, cell: u32, rows: i64) -> Option<i64> {
        Some(Hat::of(rows.unsigned_abs()).weight(cell as usize).cast_signed())
    }

    fn reach(&self, _: f64) -> Reach {
        Reach { one_lookup: 0.125, any_two: std::f64::consts::SQRT_2 }
    }

    fn struck_out(&self) -> f64 {
        0.125
    }
}

#[cfg(test)]
mod tests;
