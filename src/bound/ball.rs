//! One requester's vector → the same vector scaled into a ball, in integers.
//!
//! In: the cells that one requester touched on one day, each with what it adds up to there. Out: the
//! contribution to each cell in lattice steps, whose L2 norm never exceeds the table's clip. The
//! whole vector is scaled by one factor: nothing is sampled or dropped, so neither the order of rows
//! nor any other requester plays a part (docs/mechanisms.md, section 2).

use crate::plan::kinds::CellAmount;
use crate::release_file::lattice::{Clip, root_rounded_up};

/// The largest amount in a cell before scaling: 2^28 whole lookups.
const MOST_STEPS: i64 = 1 << 48;

/// Scales one requester's vector into the ball and hands each contribution to `add`.
///
/// # Shapes
/// `vector` has each cell at most once; `add` is called once for each of them.
///
/// # Units
/// Contributions are in lattice steps: a vector inside the ball is handed on unchanged. An amount
/// past 2^48 steps stops there, which is itself a projection and so changes nothing about the bound.
///
/// # Privacy
/// The squares of what `add` receives sum to at most the square of `clip`, exactly: the table's L2
/// sensitivity under the addition or removal of the requester is the clip. The root is rounded up and
/// the quotient towards zero, so rounding only shortens the vector. Taking a part `z` of the
/// requester's rows away moves the vector by at most the norm of `z`, since the scaling is a
/// projection (up to the rounding of one lattice step per cell).
pub(super) fn scale_into_ball(vector: &[CellAmount], clip: Clip, mut add: impl FnMut(u32, i64)) {
    // Amounts lie within 2^48 and a table has fewer than 2^28 cells, so this stays below 2^124.
    let square = vector.iter().map(|amount| u128::from(held(amount.steps).unsigned_abs()).pow(2));
    let ball = Ball::around(square.sum(), clip);
    for amount in vector {
        if mutant!("first-value-outside-of-the-bound") && amount.cell == 0 {
            add(amount.cell, amount.steps);
            continue;
        }
        add(amount.cell, ball.scale(amount.steps));
    }
}

/// The factor that brings a vector into a ball.
pub(super) struct Ball {
    /// The fraction by which amounts are scaled, as numerator and denominator; `None` if the vector
    /// stays as it is.
    factor: Option<(u128, u128)>,
}

impl Ball {
    /// For a vector whose squares sum to `square`.
    pub(super) fn around(square: u128, clip: Clip) -> Self {
        let mut clip = u128::from(clip.steps());
        if mutant!("clip-one-step-longer") {
            clip += 1;
        }
        Self { factor: (square > clip * clip).then(|| (clip, root_rounded_up(square))) }
    }

    /// For a vector that stays as it is.
    pub(super) const fn whole() -> Self {
        Self { factor: None }
    }

    /// For a vector that is scaled by `part / 2^64`, which is at most one.
    pub(super) const fn fraction(part: u128) -> Self {
        Self { factor: Some((part, 1 << 64)) }
    }

    /// Scales an amount, or a part of one: scaled parts never add up to more than the scaled amount.
    #[inline]
    pub(super) fn scale(&self, steps: i64) -> i64 {
        let steps = held(steps);
        let Some((clip, root)) = self.factor else { return steps };
        let scaled = to_contribution(u128::from(steps.unsigned_abs()) * clip / root);
        if steps < 0 { -scaled } else { scaled }
    }
}

fn held(steps: i64) -> i64 {
    steps.clamp(-MOST_STEPS, MOST_STEPS)
}

/// A contribution is at most the clip, which is far below the end of the integers.
fn to_contribution(steps: u128) -> i64 {
    i64::try_from(steps).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::release_file::lattice::LATTICE_BITS;

    fn scaled(counts: &[u32], clip: Clip) -> Vec<i64> {
        let entries: Vec<CellAmount> = counts
            .iter()
            .enumerate()
            .map(|(cell, &count)| CellAmount {
                cell: u32::try_from(cell).unwrap(),
                steps: i64::from(count) << LATTICE_BITS,
            })
            .collect();
        let mut out = vec![0; counts.len()];
        scale_into_ball(&entries, clip, |cell, units| out[cell as usize] = units);
        out
    }

    fn square(units: &[i64]) -> u128 {
        units.iter().map(|&unit| u128::from(unit.unsigned_abs()).pow(2)).sum()
    }

    #[test]
    fn a_vector_inside_the_ball_is_kept_as_it_is() {
        assert!(scaled(&[], Clip::whole(1)).is_empty());
        assert_eq!(scaled(&[1], Clip::whole(1)), [1 << 20]);
        assert_eq!(scaled(&[3, 4], Clip::whole(5)), [3 << 20, 4 << 20]);
    }

    #[test]
    fn a_vector_outside_lands_on_the_ball_and_keeps_its_direction() {
        assert_eq!(scaled(&[10], Clip::whole(5)), [5 << 20]);
        assert_eq!(scaled(&[30, 40], Clip::whole(5)), [3 << 20, 4 << 20]);
        // One cell just past the clip: 11 of 10.
        assert_eq!(scaled(&[11], Clip::whole(10)), [10 << 20]);
    }

    #[test]
    fn counts_that_no_log_holds_still_obey_the_clip() {
        let clip = Clip::whole(1_048_576);
        for counts in [vec![u32::MAX], vec![u32::MAX; 5], vec![u32::MAX, 1], vec![1 << 31; 1_000]] {
            assert!(
                square(&scaled(&counts, clip)) <= u128::from(clip.steps()).pow(2),
                "{counts:?}"
            );
        }
    }

    #[test]
    fn signed_entries_keep_their_sign_and_round_towards_zero() {
        let mut out = Vec::new();
        let entries =
            [(0, -30 << 20), (1, 40 << 20)].map(|(cell, units)| CellAmount { cell, steps: units });
        scale_into_ball(&entries, Clip::whole(5), |_, units| out.push(units));
        assert_eq!(out, [-3 << 20, 4 << 20]);
        out.clear();
        let thirds =
            [(0, -7), (1, 7), (2, 7)].map(|(cell, units)| CellAmount { cell, steps: units });
        scale_into_ball(&thirds, Clip::lattice(10), |_, units| out.push(units));
        // The root of 147 rounds up to 13; 70 / 13 is 5 and a bit.
        assert_eq!(out, [-5, 5, 5]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_norm_of_signed_vectors_never_exceeds_the_clip(
            units in prop::collection::vec(any::<i64>(), 0..50),
            clip in (1_u64 << 20)..(1 << 37),
        ) {
            let entries: Vec<CellAmount> =
                units.iter().zip(0..).map(|(&units, cell)| CellAmount { cell, steps: units }).collect();
            let mut out = Vec::new();
            scale_into_ball(&entries, Clip::lattice(clip), |_, units| out.push(units));
            prop_assert!(square(&out) <= u128::from(clip).pow(2));
            prop_assert!(out.iter().zip(&units).all(|(out, units)| out.signum() * units.signum() >= 0));
        }

        #[test]
        fn the_norm_never_exceeds_the_clip(
            counts in prop::collection::vec(1_u32..5_000, 0..200),
            clip in (1_u64 << 20)..(1 << 24),
        ) {
            let clip = Clip::lattice(clip);
            prop_assert!(square(&scaled(&counts, clip)) <= u128::from(clip.steps()).pow(2));
        }

        #[test]
        fn taking_rows_away_moves_the_vector_by_no_more_than_their_norm(
            pairs in prop::collection::vec((1_u32..300, 0_u32..300), 1..60),
            clip in 1_u32..60,
        ) {
            let whole: Vec<u32> = pairs.iter().map(|(kept, taken)| kept + taken).collect();
            let kept: Vec<u32> = pairs.iter().map(|(kept, _)| *kept).collect();
            let (before, after) = (scaled(&whole, Clip::whole(clip)), scaled(&kept, Clip::whole(clip)));
            let moved: Vec<i64> = before.iter().zip(&after).map(|(left, right)| left - right).collect();
            let taken = pairs.iter().map(|(_, taken)| f64::from(*taken).powi(2)).sum::<f64>().sqrt();
            // Each cell may be off by one step of rounding in either vector.
            let rounding = (2.0 * pairs.len() as f64).sqrt();
            prop_assert!((square(&moved) as f64).sqrt() <= taken * 1_048_576.0 + rounding + 1e-6);
        }
    }
}
