//! Ratios of noisy sums: shares and means, with Fieller's interval.
//!
//! If the denominator is lost in its noise, the ratio is null and its interval is the whole range.

use super::answer::{Answer, Column, Rows, Z_95, is_uninformative};

/// A ratio is published if its denominator is at least this many standard deviations.
pub(super) const LEAST_SIGNAL: f64 = 5.0;

/// Two noisy sums.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pair {
    pub(super) part: f64,
    pub(super) whole: f64,
    pub(super) spread: Spread,
}

/// The covariance of the noise of two sums.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) part: f64,
    pub(super) whole: f64,
    pub(super) both: f64,
}

/// A ratio with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ratio {
    value: Option<(f64, f64)>,
    low: f64,
    high: f64,
}

/// The answer of ratios that lie between `least` and `most`, published as `low + (high - low) *`
/// the ratio's place between them.
pub(super) fn ratios(pairs: &[Pair], least: f64, most: f64, low: f64, high: f64) -> Answer {
    let shown = |ratio: f64| low + (ratio - least) / (most - least) * (high - low);
    let factor = (high - low) / (most - least);
    let ratios: Vec<Ratio> = pairs.iter().map(|pair| ratio(*pair, least, most)).collect();
    let value = |ratio: &Ratio| ratio.value.map(|(value, _)| shown(value.clamp(least, most)));
    let uninformative = ratios
        .iter()
        .map(|ratio| is_uninformative(value(ratio), shown(ratio.low), shown(ratio.high)))
        .collect();
    let columns = vec![
        Column::maybe("value", ratios.iter().map(value).collect()),
        Column::maybe(
            "noise_sd",
            ratios.iter().map(|ratio| ratio.value.map(|(_, sd)| sd * factor)).collect(),
        ),
        Column::real("ci_low", ratios.iter().map(|ratio| shown(ratio.low)).collect()),
        Column::real("ci_high", ratios.iter().map(|ratio| shown(ratio.high)).collect()),
        Column::flag("uninformative", uninformative),
    ];
    Answer::new(Rows::Each(1), columns)
}

/// All ratios p with (part - p whole)^2 at most z^2 times the variance of that difference.
fn ratio(pair: Pair, least: f64, most: f64) -> Ratio {
    let Pair { part, whole, spread } = pair;
    let nothing = Ratio { value: None, low: least, high: most };
    if whole < LEAST_SIGNAL * spread.whole.sqrt() {
        return nothing;
    }
    // A part that is the whole, cell for cell, is all of it whatever the noise.
    #[expect(clippy::float_cmp, reason = "the same cells were added up in the same order")]
    if part == whole && spread.part == spread.both && spread.both == spread.whole {
        return Ratio { value: Some((1.0, 0.0)), low: 1.0, high: 1.0 };
    }
    let value = part / whole;
    let variance = spread.part - 2.0 * value * spread.both + value * value * spread.whole;
    let z = Z_95 * Z_95;
    let (a, b, c) = (
        whole * whole - z * spread.whole,
        -2.0 * (part * whole - z * spread.both),
        part * part - z * spread.part,
    );
    let discriminant = b * b - 4.0 * a * c;
    if a <= 0.0 || discriminant < 0.0 {
        return nothing;
    }
    let root = discriminant.sqrt();
    Ratio {
        value: Some((value, variance.max(0.0).sqrt() / whole)),
        low: ((-b - root) / (2.0 * a)).clamp(least, most),
        high: ((-b + root) / (2.0 * a)).clamp(least, most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(part: f64, rest: f64, sd: f64) -> Ratio {
        let variance = sd * sd;
        let spread = Spread { part: variance, whole: 2.0 * variance, both: variance };
        ratio(Pair { part, whole: part + rest, spread }, 0.0, 1.0)
    }

    #[test]
    fn a_ratio_without_signal_is_null_and_its_interval_is_everything() {
        for (part, rest) in [(2.0, 2.0), (-40.0, 10.0), (0.0, 0.0)] {
            assert_eq!(share(part, rest, 10.0), Ratio { value: None, low: 0.0, high: 1.0 });
        }
    }

    #[test]
    fn a_part_that_is_the_whole_is_all_of_it_and_none_is_none() {
        let spread = Spread { part: 3.0, whole: 3.0, both: 3.0 };
        let all = ratio(Pair { part: 70.1, whole: 70.1, spread }, 0.0, 1.0);
        assert_eq!(all, Ratio { value: Some((1.0, 0.0)), low: 1.0, high: 1.0 });
        let spread = Spread { part: 0.0, whole: 3.0, both: 0.0 };
        let none = ratio(Pair { part: 0.0, whole: 70.1, spread }, 0.0, 1.0);
        assert_eq!(none, Ratio { value: Some((0.0, 0.0)), low: 0.0, high: 0.0 });
    }

    #[test]
    fn fiellers_interval_is_as_published() {
        // Both sums 100 and 300 with sd 4 each: solved by hand, p from 0.2301 to 0.2703.
        let ratio = share(100.0, 300.0, 4.0);
        let (value, sd) = ratio.value.unwrap();
        assert!((value - 0.25).abs() < 1e-12);
        assert!((sd - 4.0 * (0.0625_f64 + 0.5625).sqrt() / 400.0).abs() < 1e-12);
        // The roots make the two sides of the definition equal.
        for p in [ratio.low, ratio.high] {
            let left = (100.0 - p * 400.0).powi(2);
            let right = Z_95.powi(2) * 16.0 * (p * p + (1.0 - p) * (1.0 - p));
            assert!((left - right).abs() < 1e-6, "{left} {right}");
        }
        assert!(ratio.low < 0.25 && 0.25 < ratio.high);
    }

    #[test]
    fn means_are_shown_in_their_range() {
        let spread = Spread { part: 1.0, whole: 1.0, both: 0.0 };
        let pair = Pair { part: -500.0, whole: 1_000.0, spread };
        let answer = ratios(&[pair], -1.0, 1.0, 0.0, 200.0);
        // Half of the way from the middle to the lower end.
        assert_eq!(answer.numbers("value").unwrap(), [Some(50.0)]);
        let sd = answer.numbers("noise_sd").unwrap()[0].unwrap();
        assert!((sd - 100.0 * 1.25_f64.sqrt() / 1_000.0).abs() < 1e-12);
    }
}
