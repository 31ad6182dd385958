//! What is asked about one target, held to a loss in all tables of shapes at once.
//!
//! # Claim
//! In the tables of shapes of one day together, the rows about one target lose at most the limit
//! `L`. There, counting all rows of a person as nothing, those by it and those about it, loses at
//! most `(sqrt(P) + sqrt(L))^2`, with `P` the loss of one requester.
//!
//! # Proof
//! Write `b_t` for what the rows about a target add to table `t` after the first stage and `s_t` for
//! the noise scale of the table. The norm `|b|^2 = sum of |b_t|^2 / (2 s_t^2)` is a loss in rho. Every
//! amount is multiplied by `h` and rounded towards zero, where `h^2` is at most `L / |b|^2` if that is
//! below one; no amount is negative, so the norm of what is left is at most `h |b|`, whose square is at
//! most `L`. Counting a person's rows as nothing leaves every `h` as it is. It takes away what is left of
//! the rows about the person, of norm at most `sqrt(L)`, and what is left of the rows by it, which is no
//! more in any cell than the first stage left of them: their norm is at most `sqrt(P)`. ∎
//!
//! In integers the limit and the norm are counted in parts of 2^-32 rho, the limit rounded down and the
//! norm up, table by table; `h` is a fraction of 2^64, rounded down. A target whose squares add up to
//! 2^96 or more in one table counts as nothing: those are 2^28 whole weights, and more rows than logs
//! have. The limit stays below 2^63 parts, which is far above any budget, so that `L << 64` fits 128
//! bits. Then `(L << 64) / |b|^2` is below 2^64, and so is `h`; a step is below 2^48. (Where `h` is below
//! 2^-20 nothing is left of any amount, so small fractions need no more digits.)

use super::amounts::TargetAmount;
use super::ball::Ball;
use crate::plan::ShapeTargets;

/// Fractional bits of losses.
pub const LOSS_BITS: u32 = 32;
/// A target whose squares in one table have more bits counts as nothing.
pub const SQUARE_BITS: u32 = u128::BITS - LOSS_BITS;
/// The largest limit: a larger one counts as this.
const MOST_LIMIT: u128 = (1 << 63) - 1;

/// What scales the amounts of one target, sorted by table and cell, into the limit.
pub(super) fn within_limit(targets: &ShapeTargets, own: &[TargetAmount]) -> Ball {
    let limit = loss_limit(targets);
    match loss_rounded_up(targets, own) {
        Some(loss) if loss <= limit || mutant!("no-limit-on-targets") => Ball::whole(),
        Some(loss) => Ball::fraction((((limit << 64) / loss) << 64).isqrt()),
        None => Ball::fraction(0),
    }
}

/// The limit in parts of 2^-32.
pub fn loss_limit(targets: &ShapeTargets) -> u128 {
    let limit = (u128::from(targets.limit.nano()) << LOSS_BITS) / 1_000_000_000;
    limit.min(MOST_LIMIT)
}

/// The loss by the amounts of one target in parts of 2^-32; `None` beyond what can be counted.
fn loss_rounded_up(targets: &ShapeTargets, own: &[TargetAmount]) -> Option<u128> {
    let mut loss = 0_u128;
    for table in own.chunk_by(|left, right| left.table == right.table) {
        let mut square = 0_u128;
        for cell in table.chunk_by(|left, right| left.cell == right.cell) {
            let steps: u128 = cell.iter().map(|own| u128::from(own.steps.unsigned_abs())).sum();
            square = square.checked_add(steps.checked_mul(steps)?)?;
        }
        let scale = u128::from(targets.scale(table[0].table as usize));
        // Only a scale that no table has is so large that this saturates; the loss then rounds up
        // to one part.
        let divisor = scale.saturating_mul(scale).saturating_mul(2);
        loss = loss.checked_add(square.checked_mul(1 << LOSS_BITS)?.div_ceil(divisor))?;
    }
    Some(loss)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::release_file::privacy_loss::NanoRho;

    fn amounts(steps: &[(u32, i64)]) -> Vec<TargetAmount> {
        let amount = |(cell, (table, steps)): (u32, &(u32, i64))| TargetAmount {
            target: 7,
            table: *table,
            cell,
            steps: *steps,
        };
        let mut amounts: Vec<TargetAmount> = (0..).zip(steps).map(amount).collect();
        amounts.sort_unstable_by_key(|amount| (amount.table, amount.cell));
        amounts
    }

    fn loss(targets: &ShapeTargets, own: &[TargetAmount]) -> f64 {
        let of = |own: &TargetAmount| {
            (own.steps as f64 / targets.scale(own.table as usize) as f64).powi(2) / 2.0
        };
        own.iter().map(of).sum()
    }

    #[test]
    fn what_is_within_the_limit_is_kept_and_what_cannot_be_counted_is_not() {
        let targets =
            ShapeTargets { scales: vec![1_000, 2_000], limit: NanoRho::new(1_000_000_000) };
        // One and a quarter of a half, and a step more than the limit.
        for (steps, kept) in [(1_000, 1_000), (1_414, 1_414), (1_415, 1_414)] {
            assert_eq!(within_limit(&targets, &amounts(&[(0, steps)])).scale(steps), kept);
        }
        let both = amounts(&[(0, 1_000), (1, 2_000)]);
        assert_eq!(within_limit(&targets, &both).scale(1_000), 1_000);
        assert_eq!(within_limit(&targets, &amounts(&[(0, 1 << 48)])).scale(1 << 48), 0);
        let many = amounts(&[(0, 1_414 << 30)]);
        assert!((1_413..=1_414).contains(&within_limit(&targets, &many).scale(1_414 << 30)));
        let nothing = ShapeTargets { scales: Vec::new(), limit: NanoRho::ZERO };
        assert_eq!(within_limit(&nothing, &both).scale(i64::MAX), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn what_is_left_is_never_beyond_the_limit_and_hardly_below(
            steps in prop::collection::vec((0_u32..4, 0_i64..1 << 45), 1..30),
            scales in prop::collection::vec(1_u64..1 << 40, 4),
            limit in prop_oneof![1_u64..1_000_000_000, 1_000_000_u64..1 << 60],
        ) {
            let targets = ShapeTargets { scales, limit: NanoRho::new(limit) };
            let mut own = amounts(&steps);
            let (ball, before) = (within_limit(&targets, &own), loss(&targets, &own));
            own.iter_mut().for_each(|amount| amount.steps = ball.scale(amount.steps));
            let after = loss(&targets, &own);
            prop_assert!(after <= targets.limit.rho() * (1.0 + 1e-9), "{after} {limit}");
            if before <= targets.limit.rho() - 1e-8 {
                prop_assert!((after - before).abs() <= before * 1e-12);
            }
        }
    }
}
