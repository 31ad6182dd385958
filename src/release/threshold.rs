//! The noisy weight above which a private prefix is found (docs/mechanisms.md, section 10).
//!
//! A requester with `t` prefixes puts the weight `floor(2^20 / sqrt(t))` on each, in lattice steps.
//! Prefixes that only this requester has must stay hidden: any of the `t` may be found with a
//! probability of at most delta in all, so each with delta / t. A discrete Gaussian of scale s reaches
//! `m` with at most the probability that a continuous one reaches `m - 1` (Canonne, Kamath and
//! Steinke 2020, proposition 25), and that is below `exp(-z^2 / 2) / (z sqrt(2 pi))` for `z = (m - 1)
//! / s` (Mills). The threshold is the greatest over all `t`.

use super::mechanism::NoiseScale;
use crate::plan::kinds::MOST_PREFIXES_OF_ONE;
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::privacy_loss::AttoDelta;
use crate::{Error, Result};

/// The threshold for noise of this scale, in lattice steps.
///
/// # Errors
/// Internal, when there is no delta to spend.
pub(super) fn threshold(scale: NoiseScale, key_delta: AttoDelta) -> Result<i64> {
    if key_delta == AttoDelta::ZERO {
        return Err(Error::internal("prefixes are looked for without a delta"));
    }
    let of = |prefixes: u64| -> i64 {
        let mut weight = (LATTICE_ONE * LATTICE_ONE / prefixes).isqrt().cast_signed();
        if mutant!("threshold-without-the-weight") {
            weight = 0;
        }
        // The last factor is far more than the rounding of the logarithms.
        let prefixes = if mutant!("delta-for-each-prefix") { 1 } else { prefixes };
        let reach = deviations(key_delta.delta() / prefixes as f64) * scale.steps() * (1.0 + 1e-8);
        weight.saturating_add(to_units(reach)).saturating_add(1)
    };
    Ok((1..=MOST_PREFIXES_OF_ONE as u64).map(of).max().unwrap_or(i64::MAX))
}

/// A bound on the probability that any prefix is found that vanishes with `lookups` lookups of one
/// day: each lookup adds a weight of one to one prefix.
///
/// Whether they share prefixes is unknown. There are at most `lookups / w` prefixes with `w` of them
/// each.
pub(super) fn chance(scale: NoiseScale, threshold: i64, lookups: u32) -> f64 {
    let found = |weight: u32| {
        // The tail as above, for the distance from the weight to the threshold.
        let beyond = threshold as f64 - 1.0 - f64::from(weight) * LATTICE_ONE as f64;
        let tail = if beyond > 0.0 { ln_tail(beyond / scale.steps()).exp().min(0.5) } else { 1.0 };
        f64::from(lookups) / f64::from(weight) * tail
    };
    (1..=lookups).map(found).fold(0.0, f64::max).min(1.0)
}

/// A number of standard deviations that a Gaussian exceeds with at most this probability.
fn deviations(probability: f64) -> f64 {
    let (mut within, mut beyond) = (1e-3, 100.0_f64);
    for _ in 0..100 {
        let middle = f64::midpoint(within, beyond);
        if ln_tail(middle) <= probability.ln() { beyond = middle } else { within = middle }
    }
    beyond
}

/// The logarithm of Mills' bound on the probability that a Gaussian exceeds `z` standard deviations.
fn ln_tail(z: f64) -> f64 {
    -z * z / 2.0 - (z * (2.0 * std::f64::consts::PI).sqrt()).ln()
}

#[expect(clippy::cast_possible_truncation, reason = "stops at the ends")]
const fn to_units(reach: f64) -> i64 {
    reach.ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::DiscreteGaussian;
    use crate::release_file::lattice::Clip;
    use crate::release_file::privacy_loss::NanoRho;

    #[test]
    fn the_bound_on_the_tail_is_one_and_close() {
        // Quantiles of the standard normal: 1e-3, 1e-7 and 1e-12 lie past these.
        for (probability, exact) in [(1e-3, 3.090_232), (1e-7, 5.199_338), (1e-12, 7.034_484)] {
            let bound = deviations(probability);
            assert!(bound >= exact && bound < exact * 1.02, "{bound} {exact}");
        }
    }

    #[test]
    fn one_requesters_prefixes_are_found_at_most_as_often_as_delta_says() {
        // 100,000 draws each for one prefix and for ten, at delta 1e-3: found in at most 100 of them on
        // average. The bound of the tail leaves some room; 145 is 4.5 standard deviations above, and
        // fewer than 40 would say that the threshold is far too high.
        let scale = NoiseScale::for_charge(Clip::whole(1), NanoRho::new(10_000_000)).unwrap();
        let mechanism = DiscreteGaussian::new(Clip::whole(1), scale).unwrap();
        let threshold = threshold(scale, AttoDelta::allowed(1e-3)).unwrap();
        let mut found = Vec::new();
        for prefixes in [1, 10] {
            let weight = (LATTICE_ONE * LATTICE_ONE / prefixes).isqrt().cast_signed();
            let draws = vec![weight; usize::try_from(100_000 * prefixes).unwrap()];
            let noisy = mechanism.draw(&draws).unwrap();
            let prefixes = usize::try_from(prefixes).unwrap();
            let any = |prefixes: &&[i64]| prefixes.iter().any(|weight| *weight > threshold);
            found.push(noisy.chunks_exact(prefixes).filter(any).count());
        }
        assert!(found.iter().all(|found| *found <= 145), "{found:?}");
        assert!(found[1] >= 40, "{found:?}");
    }

    #[test]
    fn a_prefix_of_few_lookups_is_found_at_most_as_often_as_stated() {
        // 100,000 draws for each number of requesters that have one prefix, and no other, in common. The
        // bound of the tail lies above what is seen by less than a third where it is small, and a
        // count of 100 is off by 45 in one of 100,000 cases.
        let scale = NoiseScale::for_charge(Clip::whole(1), NanoRho::new(10_000_000)).unwrap();
        let mechanism = DiscreteGaussian::new(Clip::whole(1), scale).unwrap();
        let threshold = threshold(scale, AttoDelta::allowed(1e-3)).unwrap();
        assert!(chance(scale, threshold, 1) <= 1e-3);
        for requesters in [1_u32, 5, 10, 20, 40] {
            let weight = i64::from(requesters) * LATTICE_ONE.cast_signed();
            let noisy = mechanism.draw(&vec![weight; 100_000]).unwrap();
            let found = noisy.iter().filter(|weight| **weight > threshold).count() as f64;
            let stated = chance(scale, threshold, requesters) * 100_000.0;
            assert!(found <= stated + 4.5 * stated.sqrt(), "{requesters}: {found} {stated}");
        }
        // Several prefixes of one lookup each are more likely found than one prefix of all of them.
        let apart = 10.0 * chance(scale, threshold, 1);
        assert!(chance(scale, threshold, 10) >= apart);
        assert!(chance(scale, threshold, 1_000) >= 1.0);
    }

    #[test]
    fn less_delta_and_more_noise_raise_the_threshold() {
        let at = |nano: u64, delta: f64| {
            let scale = NoiseScale::for_charge(Clip::whole(1), NanoRho::new(nano)).unwrap();
            threshold(scale, AttoDelta::allowed(delta)).unwrap()
        };
        assert!(at(1_000_000, 1e-7) > at(1_000_000, 1e-6));
        assert!(at(1_000_000, 1e-7) > at(2_000_000, 1e-7));
        assert!(
            threshold(
                NoiseScale::for_charge(Clip::whole(1), NanoRho::new(1)).unwrap(),
                AttoDelta::ZERO
            )
            .is_err()
        );
    }
}
