//! All lookups of a requester up to a bound, divided over layers of equal width.
//!
//! Instead of one cell, in which a requester's lookups count up to the bound, the total has a cell
//! for each equal step of a requester's count: the first takes its lookups up to a sixteenth of the
//! bound, the next those from there to two sixteenths. The upper layers show how many lookups a
//! lower bound would lose, and how they thin out shows what a higher one would gain.
//!
//! # Claim
//! The layers together have the sensitivity of a quarter of the bound, and their sum has the noise of
//! a single cell clipped at the bound. `k` lookups move the vector by at most `k` before scaling, and
//! two scaled vectors lie at most the root of two clips apart. *Proof.* A requester who fills all
//! sixteen layers of width w has a vector of norm 4w, and everybody else has less in every layer. A
//! lookup leaves the layers from the top, so it takes one off one entry or parts of one off two of
//! them, and no entry is negative (docs/mechanisms.md, "Pairs and targets"). ∎

use serde::{Deserialize, Serialize};

use super::super::axis::Axis;
use super::kind::{Kind, Needs, Reach, TableBound};
use super::rows::{CellAmount, Pair, PairAmount, RequesterRows, lattice};
use crate::release_file::lattice::Clip;

/// How many lookups of a requester count if nothing was released before: about one requester-day in
/// ten thousand lies above.
pub(in crate::plan) const DEFAULT_BOUND: Clip = Clip::whole(300);

/// How many layers the total has; a square, so that the norm of a full vector is a whole number.
const LAYERS: u32 = 16;
/// Smaller bounds use one layer: a layer narrower than one lookup carries no information.
const LEAST_LAYERED: Clip = Clip::whole(LAYERS);

/// A cell for each layer holds the requester's lookups in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layers {
    /// How many; a square.
    pub count: u32,
}

impl Layers {
    /// The layers of a total in which up to `bound` lookups of a requester count.
    #[must_use]
    pub const fn up_to(bound: Clip) -> Self {
        Self { count: if bound.units() < LEAST_LAYERED.units() { 1 } else { LAYERS } }
    }

    /// Layers that take the lookups of a requester up to `bound`, rounded up by less than one lattice
    /// step per layer.
    const fn taking(self, bound: Clip) -> Layering {
        Layering { count: self.count, width: bound.units().div_ceil(self.count as u64) }
    }
}

impl Kind for Layers {
    fn word(&self) -> &'static str {
        "lookups in layers"
    }

    fn cells_per_combination(&self) -> u64 {
        self.count.into()
    }

    fn clip(&self, asked: Option<Clip>, _: &[Axis]) -> Clip {
        self.taking(asked.unwrap_or(DEFAULT_BOUND)).norm()
    }

    fn needs(&self) -> Needs {
        Needs::Lookups
    }

    fn fill(&self, rows: &RequesterRows<'_>, table: &TableBound<'_>, vector: &mut Vec<CellAmount>) {
        let layering = Layering::of(self.count, table.clip);
        let layers = layering.entries(lattice(rows.lookups).unsigned_abs());
        vector.extend(layers.map(|(cell, steps)| CellAmount { cell, steps: steps.cast_signed() }));
    }

    /// Layers are not sums of row weights, so persons are measured in one cell instead.
    fn divide(&self, _: &[Pair], _: &TableBound<'_>, _: &mut Vec<PairAmount>) {}

    fn reach(&self, clip: f64) -> Reach {
        Reach::of_counts(clip)
    }
}

/// How a count is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layering {
    /// The number of layers.
    pub count: u32,
    /// The width of each, in lattice steps.
    pub width: u64,
}

impl Layering {
    /// The layers of a table with this clip.
    #[must_use]
    pub const fn of(count: u32, clip: Clip) -> Self {
        let root = count.isqrt();
        Self { count, width: clip.units() / if root == 0 { 1 } else { root as u64 } }
    }

    /// The norm of a requester that fills all layers: the table's clip.
    #[must_use]
    pub const fn norm(self) -> Clip {
        Clip::lattice(self.width.saturating_mul(self.count.isqrt() as u64))
    }

    /// The most of one requester's lookups that count.
    #[must_use]
    pub const fn most(self) -> Clip {
        Clip::lattice(self.width.saturating_mul(self.count as u64))
    }

    /// What a requester adds to each layer that it reaches, from its lookups in lattice steps.
    ///
    /// # Privacy
    /// Lookups taken away leave the layers from the top: `k` of them move the vector by at most `k`.
    fn entries(self, steps: u64) -> impl Iterator<Item = (u32, u64)> {
        let above = move |layer: u32| steps.saturating_sub(self.width.saturating_mul(layer.into()));
        (0..self.count)
            .map(move |layer| (layer, above(layer).min(self.width)))
            .take_while(|(_, steps)| *steps > 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn up_to(bound: Clip) -> Layering {
        Layers::up_to(bound).taking(bound)
    }

    fn vector(layering: Layering, units: u64) -> Vec<u64> {
        let mut vector = vec![0; layering.count as usize];
        layering.entries(units).for_each(|(layer, units)| vector[layer as usize] = units);
        vector
    }

    #[test]
    fn layers_end_where_the_clip_does() {
        let layering = up_to(Clip::whole(300));
        assert_eq!((layering.most(), layering.norm()), (Clip::whole(300), Clip::whole(75)));
        assert_eq!(Layering::of(layering.count, layering.norm()), layering);
        // A clip that sixteen does not divide is rounded up, by less than a unit for each layer.
        let odd = up_to(Clip::lattice((20 << 16) + 1));
        assert_eq!((odd.width, odd.most().units()), (81_921, (20 << 16) + 16));
        let narrow = up_to(Clip::lattice((16 << 16) - 1));
        assert_eq!((narrow.count, narrow.most(), narrow.norm()), (1, narrow.norm(), narrow.most()));
        assert_eq!(vector(layering, 0), [0; 16]);
        assert_eq!(vector(Layering { count: 4, width: 10 }, 25), [10, 10, 5, 0]);
        assert_eq!(vector(Layering { count: 4, width: 10 }, u64::MAX), [10; 4]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn lookups_taken_away_move_the_layers_by_no_more_than_they_are(
            kept in 0_u64..5_000,
            taken in 0_u64..5_000,
            clip in 1_u64..(1 << 28),
        ) {
            let layering = up_to(Clip::lattice(clip));
            let (with, without) = (vector(layering, (kept + taken) << 16), vector(layering, kept << 16));
            let moved: u128 =
                with.iter().zip(&without).map(|(with, without)| u128::from(with - without)).sum();
            prop_assert!(moved <= u128::from(taken) << 16);
            // The layers add up to the lookups, up to the clip, and are no longer than theirs.
            let most = layering.most().units();
            prop_assert!(most >= clip && most < clip + u64::from(LAYERS));
            prop_assert_eq!(with.iter().sum::<u64>(), ((kept + taken) << 16).min(most));
            let square: u128 = with.iter().map(|units| u128::from(*units).pow(2)).sum();
            prop_assert!(square <= u128::from(layering.norm().units()).pow(2));
        }
    }
}
