//! The law of the sampler, against exact probabilities and against the reference sampler.
//!
//! `POINTILLIST_DRAWS` sets how many draws the comparison with the reference makes; 10,000,000 take
//! two minutes. Thresholds are far out: chi-square of k degrees stays below k + 6 sqrt(2k) + 18 but
//! once in about a hundred million runs.

use super::*;
use crate::release::{DiscreteGaussian, NoiseScale};
use crate::release_file::lattice::Clip;
use crate::release_file::privacy_loss::NanoRho;

fn draws(default: usize) -> usize {
    std::env::var("POINTILLIST_DRAWS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn sample(scale: u64, count: usize) -> Vec<i64> {
    let mut words = Words::new();
    (0..count).map(|_| discrete_gaussian(scale, &mut words).unwrap()).collect()
}

fn limit(degrees: f64) -> f64 {
    degrees + 6.0 * (2.0 * degrees).sqrt() + 18.0
}

#[test]
fn small_scales_have_the_exact_probabilities() {
    for scale in [1_u64, 2, 3, 10, 37] {
        let count = draws(400_000);
        let spread = f64::from(u32::try_from(scale).unwrap());
        let weight = |x: i64| (-(x as f64).powi(2) / (2.0 * spread * spread)).exp();
        let far = i64::try_from(scale).unwrap() * 12;
        let all: f64 = (-far..=far).map(weight).sum();
        let mut seen = std::collections::BTreeMap::<i64, f64>::new();
        for drawn in sample(scale, count) {
            *seen.entry(drawn).or_default() += 1.0;
        }
        let (mut chi, mut degrees, mut rest, mut rest_expected) = (0.0, 0.0, 0.0, 0.0);
        for x in -far..=far {
            let expected = weight(x) / all * count as f64;
            let got = seen.get(&x).copied().unwrap_or(0.0);
            if expected >= 20.0 {
                chi += (got - expected).powi(2) / expected;
                degrees += 1.0;
            } else {
                (rest, rest_expected) = (rest + got, rest_expected + expected);
            }
        }
        if rest_expected >= 5.0 {
            chi += (rest - rest_expected).powi(2) / rest_expected;
        }
        assert!(chi < limit(degrees), "scale {scale}: chi-square {chi} of {degrees}");
    }
}

/// Bins of a quarter of the scale, cut at four.
fn binned(values: &[i64], scale: f64) -> Vec<f64> {
    let mut bins = vec![0.0; 34];
    for value in values {
        let place = ((*value as f64 / scale).clamp(-4.2, 4.2) * 4.0).floor() + 17.0;
        let bin = (0..34).find(|bin| f64::from(*bin) >= place).unwrap_or(33);
        bins[usize::try_from(bin).unwrap()] += 1.0;
    }
    bins
}

#[test]
fn a_scale_of_real_tables_agrees_with_the_reference_sampler() {
    let count = draws(60_000);
    let clip = Clip::whole(10);
    let scale = NoiseScale::for_charge(clip, NanoRho::new(5_000_000)).unwrap();
    let mechanism = DiscreteGaussian::new(clip, scale).unwrap();
    let reference = mechanism.draw_by_reference(&vec![0; count]).unwrap();
    let ours = sample(scale.steps() as u64, count);
    let pair = [&reference, &ours].map(|values| binned(values, scale.steps()));
    let (mut chi, mut degrees) = (0.0, 0.0);
    for (left, right) in pair[0].iter().zip(&pair[1]) {
        if left + right >= 20.0 {
            chi += (left - right).powi(2) / (left + right);
            degrees += 1.0;
        }
    }
    assert!(degrees > 25.0 && chi < limit(degrees), "chi-square {chi} of {degrees}");
}

#[test]
fn large_scales_have_the_stated_moments_and_use_every_residue() {
    let count = 200_000;
    for scale in [1_000_003, (1 << 25) + 7, (1 << 31) - 1, (1 << 33) + 5, MOST_SCALE] {
        let drawn = sample(scale, count);
        let unit: Vec<f64> = drawn.iter().map(|value| *value as f64 / scale as f64).collect();
        let moment = |power: i32| unit.iter().map(|x| x.powi(power)).sum::<f64>() / count as f64;
        // Six standard deviations of each moment's estimate: 1, sqrt 2, sqrt 15, sqrt 96 over root n.
        let root = (count as f64).sqrt();
        for (power, expected, sd) in
            [(1, 0.0, 1.0), (2, 1.0, 1.4143), (3, 0.0, 3.873), (4, 3.0, 9.798)]
        {
            let off = moment(power) - expected;
            assert!(off.abs() < 6.0 * sd / root, "scale {scale}, moment {power}: off by {off}");
        }
        let odd = drawn.iter().filter(|value| *value % 2 != 0).count() as f64;
        assert!((odd - count as f64 / 2.0).abs() < 6.0 * (count as f64).sqrt() / 2.0);
    }
}

#[test]
fn coins_have_their_probabilities() {
    let mut words = Words::new();
    let count = 300_000;
    let (long, wide) = (u128::from(u64::MAX), 1 << 104);
    for (part, whole) in
        [(0, 1), (1, 1), (1, 3), (2, 7), (long / 3, long), (5, 6), (wide / 5, wide), (3, wide)]
    {
        let heads = (0..count).filter(|_| coin(part, whole, &mut words).unwrap()).count() as f64;
        let share = part as f64 / whole as f64;
        let sd = (share * (1.0 - share) * f64::from(count)).sqrt();
        assert!((heads - share * f64::from(count)).abs() <= 6.0 * sd, "{part}/{whole}: {heads}");
    }
}
