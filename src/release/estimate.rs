//! Noisy tables → answers with 95 % intervals: post-processing, free of charge.
//!
//! Counts are rounded after the noise and stay signed; an interval is taken from the unrounded
//! value and rounded outwards. A share is a ratio of two noisy sums of one table, with Fieller's
//! interval, and is left null where its denominator drowns in the noise.

use super::draw::NoisyTable;
use crate::spec::question::{LATTICE_BITS, LATTICE_ONE, Measure, Question};
use crate::{Error, Result};

/// The 97.5 % quantile of the standard normal.
pub(super) const Z_95: f64 = 1.959_963_984_540_054;
/// A share is published where its denominator is at least so many standard deviations.
const LEAST_SIGNAL: f64 = 5.0;

/// The answers to one question, one for each combination of its keys in key order.
#[derive(Debug, Clone, PartialEq)]
pub enum Estimates {
    /// Counts of lookups or of requesters.
    Counts {
        /// The values.
        rows: Vec<CountEstimate>,
        /// The standard deviation of the noise of each.
        noise_sd: f64,
    },
    /// Shares between 0 and 1.
    Shares(Vec<ShareEstimate>),
}

/// A noisy count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountEstimate {
    /// Rounded to a whole number, signed.
    pub value: i64,
    /// The lower end of the interval, rounded down.
    pub ci_low: i64,
    /// The upper end, rounded up.
    pub ci_high: i64,
}

/// A noisy share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShareEstimate {
    /// The ratio and its standard deviation, where the denominator can be told from noise.
    pub value: Option<(f64, f64)>,
    /// The lower end of the interval.
    pub ci_low: f64,
    /// The upper end.
    pub ci_high: f64,
}

/// Answers a question from its noisy table.
///
/// # Errors
/// Internal, when the table is not of the question.
pub fn estimate(question: &Question, table: &NoisyTable) -> Result<Estimates> {
    if table.priced().table.question != question.name {
        return Err(Error::internal("a table answers another question"));
    }
    let noise_sd = table.noise_sd();
    Ok(match &question.measure {
        Measure::Count | Measure::DistinctRequesters => {
            let half_width = Z_95 * noise_sd * LATTICE_ONE as f64;
            let rows = table.units().iter().map(|units| count(*units, half_width)).collect();
            Estimates::Counts { rows, noise_sd }
        }
        Measure::Share { .. } => Estimates::Shares(
            table
                .units()
                .chunks_exact(2)
                .map(|halves| share(contributions(halves[1]), contributions(halves[0]), noise_sd))
                .collect(),
        ),
    })
}

fn count(units: i64, half_width: f64) -> CountEstimate {
    #[expect(clippy::cast_possible_truncation, reason = "half widths are far below 2^63")]
    let half_width = half_width.ceil() as i64;
    CountEstimate {
        value: units.saturating_add(1 << (LATTICE_BITS - 1)) >> LATTICE_BITS,
        ci_low: units.saturating_sub(half_width) >> LATTICE_BITS,
        ci_high: -(units.saturating_add(half_width).saturating_neg() >> LATTICE_BITS),
    }
}

fn contributions(units: i64) -> f64 {
    units as f64 / LATTICE_ONE as f64
}

/// The share `part / (part + rest)` of two sums with independent noise of the same spread.
fn share(part: f64, rest: f64, sd: f64) -> ShareEstimate {
    let whole = part + rest;
    let nothing = ShareEstimate { value: None, ci_low: 0.0, ci_high: 1.0 };
    if whole < LEAST_SIGNAL * sd {
        return nothing;
    }
    let ratio = part / whole;
    let spread = sd * (ratio * ratio + (1.0 - ratio) * (1.0 - ratio)).sqrt() / whole;
    // Fieller: all p with (part - p whole)^2 <= z^2 sd^2 ((1 - p)^2 + p^2).
    let noise = (Z_95 * sd).powi(2);
    let (a, b, c) =
        (whole * whole - 2.0 * noise, -2.0 * (part * whole - noise), part * part - noise);
    let discriminant = b * b - 4.0 * a * c;
    if a <= 0.0 || discriminant < 0.0 {
        return nothing;
    }
    let root = discriminant.sqrt();
    ShareEstimate {
        value: Some((ratio, spread)),
        ci_low: ((-b - root) / (2.0 * a)).clamp(0.0, 1.0),
        ci_high: ((-b + root) / (2.0 * a)).clamp(0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: i64 = 1 << LATTICE_BITS;

    #[test]
    fn counts_round_to_nearest_and_intervals_outwards() {
        let exact = count(3 * ONE, 0.0);
        assert_eq!((exact.value, exact.ci_low, exact.ci_high), (3, 3, 3));
        let half = count(3 * ONE + ONE / 2, 1.0);
        assert_eq!((half.value, half.ci_low, half.ci_high), (4, 3, 4));
        let negative = count(-ONE / 4, f64::from(1 << 16));
        assert_eq!((negative.value, negative.ci_low, negative.ci_high), (0, -2, 1));
        assert_eq!(count(-3 * ONE, 0.0).value, -3);
    }

    #[test]
    fn a_share_without_signal_is_null_and_its_interval_is_everything() {
        for (part, rest) in [(0.0, 0.0), (-5.0, 3.0), (2.0, 2.0), (-100.0, 50.0)] {
            let estimate = share(part, rest, 1.0);
            assert_eq!(estimate.value, None);
            assert_eq!((estimate.ci_low, estimate.ci_high), (0.0, 1.0));
        }
    }

    #[test]
    fn a_share_with_signal_has_fiellers_interval() {
        let estimate = share(300.0, 700.0, 10.0);
        let (value, sd) = estimate.value.unwrap();
        assert!((value - 0.3).abs() < 1e-12);
        assert!((sd - 10.0 * 0.58_f64.sqrt() / 1000.0).abs() < 1e-12);
        // With this much signal it is close to the symmetric one.
        assert!((estimate.ci_low - (0.3 - Z_95 * sd)).abs() < 5e-4);
        assert!((estimate.ci_high - (0.3 + Z_95 * sd)).abs() < 5e-4);
        for end in [estimate.ci_low, estimate.ci_high] {
            let left = (300.0 - end * 1000.0).powi(2);
            let right = (Z_95 * 10.0).powi(2) * ((1.0 - end).powi(2) + end * end);
            assert!((left / right - 1.0).abs() < 1e-9, "{left} {right}");
        }
    }

    #[test]
    fn a_share_can_leave_zero_to_one_but_its_interval_does_not() {
        let estimate = share(-20.0, 120.0, 10.0);
        assert!(estimate.value.unwrap().0 < 0.0);
        assert!(estimate.ci_low >= 0.0);
    }
}
