//! What the tests decide by, computed apart from what they test.
//!
//! Tails of chi-squares are bounded and not approximated (by Chernoff's bound), and limits on rates are
//! exact (Clopper and Pearson 1934), so that a false alarm is no likelier than stated.

/// The probability that a standard normal is above `z`.
pub(super) fn upper_tail(z: f64) -> f64 {
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

/// The number that a standard normal is above with this probability.
pub(super) fn deviations(probability: f64) -> f64 {
    bisect(-40.0, 40.0, |z| upper_tail(z) <= probability)
}

/// Limits between which a chi-square of `degrees` lies; it misses each with a probability of at
/// most `alpha`.
pub(super) fn chi_square_limits(degrees: f64, alpha: f64) -> (f64, f64) {
    // A part `r` of the degrees, or one further out, has a probability of at most (r exp(1 - r))^(degrees/2).
    let exponent = -2.0 * alpha.ln() / degrees;
    let rate = |part: f64| part - 1.0 - part.ln();
    let low = bisect(0.0, 1.0, |part| rate(part) <= exponent);
    let high = bisect(1.0, 1e6, |part| rate(part) >= exponent);
    (degrees * low, degrees * high)
}

/// The least rate that is not refuted by this many successes: it is above the true rate with a
/// probability of at most `alpha`.
pub(super) fn rate_at_least(successes: u64, trials: u64, alpha: f64) -> f64 {
    if successes == 0 {
        return 0.0;
    }
    bisect(0.0, 1.0, |rate| at_least(successes, trials, rate) >= alpha)
}

/// The greatest rate that is not refuted: it is below the true rate with a probability of at most `alpha`.
pub(super) fn rate_at_most(successes: u64, trials: u64, alpha: f64) -> f64 {
    1.0 - rate_at_least(trials - successes, trials, alpha)
}

/// The probability of this many successes or more.
fn at_least(successes: u64, trials: u64, rate: f64) -> f64 {
    let n = trials as f64;
    let ln_term = |k: f64| {
        libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
            + k * rate.ln()
            + (n - k) * (1.0 - rate).ln()
    };
    match rate {
        rate if rate <= 0.0 => 0.0,
        rate if rate >= 1.0 => 1.0,
        _ => (successes..=trials).map(|k| ln_term(k as f64).exp()).sum(),
    }
}

/// The delta of a Gaussian mechanism that shifts by `mu` deviations, at this epsilon.
pub(super) fn gaussian_delta(mu: f64, epsilon: f64) -> f64 {
    let middle = epsilon / mu;
    upper_tail(middle - mu / 2.0) - epsilon.exp() * upper_tail(middle + mu / 2.0)
}

/// The epsilon of such a mechanism at this delta.
pub(super) fn gaussian_epsilon(mu: f64, delta: f64) -> f64 {
    if mu <= 0.0 || gaussian_delta(mu, 0.0) <= delta {
        return 0.0;
    }
    // From epsilon 700 on the exponential is too large for a float.
    bisect(0.0, 700.0, |epsilon| gaussian_delta(mu, epsilon) <= delta)
}

/// The least number for which a condition holds, from the side on which it does.
fn bisect(mut below: f64, mut above: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..200 {
        let middle = f64::midpoint(below, above);
        if holds(middle) { above = middle } else { below = middle }
    }
    above
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64, part: f64) {
        assert!((one / other - 1.0).abs() < part, "{one} {other}");
    }

    #[test]
    fn limits_are_those_of_published_tables() {
        // scipy 1.17: beta.ppf, norm.isf.
        near(rate_at_most(0, 100, 0.05), 0.029_513_049_607_039_93, 1e-9);
        near(rate_at_least(7, 50, 0.025), 0.058_191_700_340_372_07, 1e-9);
        near(rate_at_most(7, 50, 0.025), 0.267_396_002_497_008_3, 1e-9);
        near(deviations(0.025), 1.959_963_984_540_054, 1e-12);
        assert!(rate_at_least(0, 10, 0.1) <= 0.0 && rate_at_most(10, 10, 0.1) >= 1.0);
    }

    #[test]
    fn the_curve_of_a_gaussian_has_its_known_points() {
        // The budget of epsilon 1 at a delta of 9e-7.
        near(gaussian_epsilon((2.0 * 0.027_730_440_f64).sqrt(), 9e-7), 1.0, 1e-5);
        assert!(gaussian_epsilon(0.0, 1e-6) <= 0.0);
    }

    #[test]
    fn chi_squares_lie_within_their_limits() {
        // Exact quantiles of 19 degrees at 1e-4 (scipy 1.17) lie inside of the bounds.
        let (low, high) = chi_square_limits(19.0, 1e-4);
        assert!(low < 3.968 && high > 50.79);
    }
}
