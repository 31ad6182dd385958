//! Conversion between rho and (epsilon, delta) by the exact curve of the Gaussian mechanism.
//!
//! Every draw that a ledger charges is a discrete Gaussian of at least [`LEAST_SCALE`] lattice steps.
//! Such draws, chosen adaptively and with charges that add up to rho, are at most as distinguishable
//! as one continuous Gaussian with `mu^2 = 2 rho (1 + 2^-20)`, but for a factor of `exp(1e-60)` at most
//! (`docs/mechanisms.md`, section 4). The curve of that Gaussian is
//!
//! ```text
//! a = epsilon / mu - mu / 2
//! delta = Phi(-a) - exp(epsilon) Phi(-a - mu) = phi(a) (R(a) - R(a + mu))
//! ```
//!
//! with Mills' ratio `R(x) = (1 - Phi(x)) / phi(x)` (Balle and Wang 2018, in a form that neither
//! overflows nor cancels). Its logarithm is computed to within 5e-8, and [`SLACK`] is taken from what
//! is promised, so that no epsilon is too small and no budget too large.

use crate::ledger::Cap;
use crate::release_file::file::LedgerTerms;
use crate::release_file::privacy_loss::{Epsilon, NanoRho};

/// The least standard deviation of noise, in lattice steps, for which the conversion is proved.
pub(super) const LEAST_SCALE: f64 = 4_096.0;

/// How much more the proof charges than rho, as a part of it: above `9 / (LEAST_SCALE^2 - 9)`.
const EXCESS: f64 = 1.0 / 1_048_576.0;
/// Taken from the logarithm of delta: twice what its computation can be wrong by, which leaves more
/// than enough for the factor of the proof.
const SLACK: f64 = 1e-7;
/// The range in which `a` is searched: below the first value delta is nearly one, and above the
/// last it lies below every target.
const LEAST_A: f64 = -4.0;
const MOST_A: f64 = 40.0;
/// Above every budget: even with `a` at its least the epsilon is above the greatest that is accepted.
const ABOVE_EVERY_BUDGET: NanoRho = NanoRho::new(181_000_000_000);

/// The epsilon that a loss of `rho` gives at `delta`, rounded up; infinite if `delta` is not
/// positive.
pub fn epsilon_of(rho: NanoRho, delta: f64) -> f64 {
    if rho == NanoRho::ZERO {
        return 0.0;
    }
    let mu = (2.0 * rho.rho() * (1.0 + EXCESS)).sqrt();
    let target = delta.ln() - SLACK;
    let fits = |a: f64| ln_delta(a, mu) <= target;
    let (mut beyond, mut within) = ((-mu / 2.0).max(LEAST_A), MOST_A);
    if fits(beyond) {
        return 0.0;
    }
    if !fits(within) {
        return f64::INFINITY;
    }
    // Fifty halvings bring `a` closer than its rounding matters.
    for _ in 0..50 {
        let middle = f64::midpoint(beyond, within);
        if fits(middle) { within = middle } else { beyond = middle }
    }
    // The last factor is more than what `mu` and this line can lose by rounding.
    mu * (within + mu / 2.0) * (1.0 + 1e-15)
}

/// The largest loss, in whole billionths, that stays within `epsilon` at `delta`.
///
/// # Privacy
/// `epsilon_of(budget_of(epsilon, delta), delta) <= epsilon`.
///
/// # Examples
/// ```
/// use pointillist::release::{budget_of, epsilon_of};
/// use pointillist::release_file::privacy_loss::{Epsilon, NanoRho};
///
/// let budget = budget_of(Epsilon::new(1.0, "epsilon")?, 1e-6);
/// assert_eq!(budget.to_string(), "0.028014454");
/// // Thirty days add up to less than thirty times the epsilon of one.
/// let month = NanoRho::new(30 * budget.nano());
/// assert!((6.5..6.7).contains(&epsilon_of(month, 1e-6)));
/// # Ok::<(), pointillist::Error>(())
/// ```
pub fn budget_of(epsilon: Epsilon, delta: f64) -> NanoRho {
    let fits = |rho: u64| epsilon_of(NanoRho::new(rho), delta) <= epsilon.value();
    // The curve says at once whether a loss fits, but for rounding: the epsilons of few losses are needed.
    let (mut within, mut beyond) = (0, ABOVE_EVERY_BUDGET.nano());
    let mut step = 1;
    let mut near = halved(within, beyond, |rho| delta_fits(NanoRho::new(rho), epsilon, delta));
    while within < near && near < beyond {
        if fits(near) {
            (within, near) = (near, near + step);
        } else {
            (beyond, near) = (near, near.saturating_sub(step));
        }
        step *= 2;
    }
    NanoRho::new(halved(within, beyond, fits))
}

/// The largest number from `within` to below `beyond` that fits.
fn halved(mut within: u64, mut beyond: u64, fits: impl Fn(u64) -> bool) -> u64 {
    while beyond - within > 1 {
        let middle = u64::midpoint(within, beyond);
        if fits(middle) { within = middle } else { beyond = middle }
    }
    within
}

/// Whether the curve of a loss lies within `delta` at `epsilon`.
fn delta_fits(rho: NanoRho, epsilon: Epsilon, delta: f64) -> bool {
    let mu = (2.0 * rho.rho() * (1.0 + EXCESS)).sqrt();
    let a = epsilon.value() / mu - mu / 2.0;
    a > MOST_A || a >= LEAST_A && ln_delta(a, mu) <= delta.ln() - SLACK
}

/// The cap on 30 consecutive days that a release file asks for.
pub fn cap_of(terms: &LedgerTerms) -> Option<Cap> {
    let epsilon = terms.epsilon_30_days?;
    Some(Cap { epsilon, budget: budget_of(epsilon, terms.conversion_delta()) })
}

/// How often the best guess between two equally likely neighbouring logs is right at most, when
/// what was released loses `rho`: one half plus half of the delta at epsilon 0.
pub(super) fn right_of_even(rho: f64) -> f64 {
    let mu = (2.0 * rho * (1.0 + EXCESS)).sqrt();
    1.0 - libm::erfc(mu / 8.0_f64.sqrt()) / 2.0
}

/// The logarithm of the delta of a Gaussian mechanism at `epsilon = mu a + mu^2 / 2`.
fn ln_delta(a: f64, mu: f64) -> f64 {
    let ln_density = -a * a / 2.0 - (2.0 * std::f64::consts::PI).sqrt().ln();
    ln_density + (mills(a) - mills(a + mu)).ln()
}

/// Mills' ratio `(1 - Phi(x)) / phi(x)` for `x` from -4 on, with a relative error below 1e-12.
fn mills(x: f64) -> f64 {
    if x < 3.0 {
        // sqrt(pi / 2) exp(x^2 / 2) less x + x^3 / 3 + x^5 / (3 * 5) + ...
        let (mut term, mut sum) = (x, x);
        for place in 1..60 {
            term *= x * x / f64::from(2 * place + 1);
            sum += term;
        }
        (std::f64::consts::PI / 2.0).sqrt() * (x * x / 2.0).exp() - sum
    } else {
        // Laplace's continued fraction 1 / (x + 1 / (x + 2 / (x + ...))), from its end.
        1.0 / (1..150).rev().fold(x, |rest, place| x + f64::from(place) / rest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::release_file::privacy_loss::Delta;

    /// Nano-rho, delta, and the exact epsilon of a Gaussian mechanism with `mu = sqrt(2 rho)`: the
    /// root of `Phi(-a) - exp(epsilon) Phi(-a - mu) = delta` by bisection with 60 digits of mpmath
    /// 1.3, with `Phi` by its `erfc`; zero where the left side is below delta already at zero.
    /// dp_accounting 0.6 (`get_epsilon_gaussian`) agrees to 11 digits where it was asked: at
    /// (27,730,440, 9e-7), (37,037, 1e-9) and (5,000,000,000, 1e-9).
    const GOLDEN: [(u64, f64, f64); 36] = [
        (1, 1e-15, 0.000_281_805_542_147_218),
        (1, 1e-9, 0.000_167_052_747_447_012),
        (1, 9e-7, 0.000_074_259_163_619_024_3),
        (1, 1e-3, 0.0),
        (1_000, 1e-15, 0.009_626_452_685_116_22),
        (1_000, 1e-9, 0.006_359_560_528_672_72),
        (1_000, 9e-7, 0.004_035_493_846_548_81),
        (1_000, 1e-3, 0.0),
        (37_037, 1e-15, 0.060_772_013_208_323),
        (37_037, 1e-9, 0.041_805_299_213_820_4),
        (37_037, 9e-7, 0.028_876_584_847_029_8),
        (37_037, 1e-3, 0.007_067_773_698_409_36),
        (1_000_000, 1e-15, 0.326_476_526_708_682),
        (1_000_000, 1e-9, 0.231_712_501_478_54),
        (1_000_000, 9e-7, 0.169_065_978_711_072),
        (1_000_000, 1e-3, 0.072_968_410_490_837_4),
        (27_730_440, 1e-15, 1.792_141_072_262_54),
        (27_730_440, 1e-9, 1.310_632_787_220_76),
        (27_730_440, 9e-7, 0.999_999_468_384_085),
        (27_730_440, 1e-3, 0.551_395_063_084_416),
        (348_117_869, 1e-15, 6.727_158_011_227_86),
        (348_117_869, 1e-9, 5.060_474_689_321_15),
        (348_117_869, 9e-7, 3.999_997_834_004_17),
        (348_117_869, 1e-3, 2.512_128_143_702_8),
        (5_000_000_000, 1e-15, 29.613_454_177_668_4),
        (5_000_000_000, 1e-9, 23.407_542_535_945_5),
        (5_000_000_000, 9e-7, 19.491_770_855_595_4),
        (5_000_000_000, 1e-3, 14.079_350_588_903_3),
        (65_000_000_000, 1e-15, 154.786_982_546_054),
        (65_000_000_000, 1e-9, 132.582_828_718_563),
        (65_000_000_000, 9e-7, 118.605_352_209_688),
        (65_000_000_000, 1e-3, 99.350_530_383_987_6),
        (10_000_000_000_000, 1e-15, 11_122.102_908_987),
        (10_000_000_000_000, 1e-9, 10_847.238_641_785_6),
        (10_000_000_000_000, 9e-7, 10_674.257_176_391_9),
        (10_000_000_000_000, 1e-3, 10_436.035_628_596_4),
    ];

    #[test]
    fn epsilon_agrees_with_an_independent_computation_and_never_falls_below_it() {
        for (nano, delta, exact) in GOLDEN {
            let epsilon = epsilon_of(NanoRho::new(nano), delta);
            assert!(epsilon >= exact, "{nano} {delta}: {epsilon}");
            assert!(epsilon <= exact * (1.0 + 1e-6), "{nano} {delta}: {epsilon}");
        }
    }

    #[test]
    fn budgets_are_those_of_the_exact_curve() {
        // The last column: the exact rho by the same bisection in billionths, less the part of about a
        // millionth that is kept back.
        let rows = [
            (0.01, 9e-7, 5_235),
            (0.1, 9e-7, 374_377),
            (0.5, 9e-7, 7_616_453),
            (1.0, 9e-7, 27_730_440),
            (2.0, 9e-7, 99_574_166),
            (4.0, 9e-7, 348_117_869),
            (8.0, 9e-7, 1_164_517_988),
        ];
        for (epsilon, delta, nano) in rows {
            let budget = budget_of(Epsilon::new(epsilon, "epsilon").unwrap(), delta);
            assert_eq!(budget.nano(), nano, "{epsilon} {delta}");
        }
        // Exact rho.
        let rows = [
            (1.0, 1e-15, 0.008_919_761_448_087_50),
            (1.0, 1e-3, 0.075_427_764_843_056_5),
            (20.0, 1e-6, 5.233_774_922_354_88),
            (100.0, 1e-6, 52.235_019_504_125),
            (100.0, 1e-15, 34.620_490_788_367_8),
        ];
        for (epsilon, delta, rho) in rows {
            let budget = budget_of(Epsilon::new(epsilon, "epsilon").unwrap(), delta).rho();
            assert!(budget <= rho && budget >= rho * (1.0 - 1.3e-6), "{epsilon} {delta} {budget}");
        }
    }

    #[test]
    fn the_curve_covers_discrete_gaussians_as_another_accountant_composes_them() {
        // dp_accounting 0.6 composes privacy loss distributions of discrete Gaussians of scale 4096
        // numerically, rounding all down and all up in steps of 1e-5: the shift, how many draws, and
        // between what the epsilon at 9e-7 lies.
        let rows = [
            (967.0, 1.0, 1.002_659_642, 1.002_669_643),
            (967.0, 30.0, 6.592_978_792, 6.593_278_793),
            (4_096.0, 1.0, 4.908_644_778, 4.908_654_767),
            (4_096.0, 30.0, 40.434_648_422, 40.434_947_374),
        ];
        for (shift, draws, below, above) in rows {
            let rho = NanoRho::spent(draws * (shift / LEAST_SCALE).powi(2) / 2.0).unwrap();
            let epsilon = epsilon_of(rho, 9e-7);
            assert!(
                epsilon >= below && epsilon <= above * (1.0 + 1e-6),
                "{shift} {draws} {epsilon}"
            );
        }
    }

    #[test]
    fn the_curve_holds_up_at_its_ends() {
        assert!(epsilon_of(NanoRho::ZERO, 1e-15) == 0.0);
        assert!(epsilon_of(NanoRho::new(1), 0.0).is_infinite());
        assert!(epsilon_of(ABOVE_EVERY_BUDGET, Delta::MOST) > Epsilon::MOST);
        for nano in [1_000_000_000_000_000, u64::MAX] {
            let epsilon = epsilon_of(NanoRho::new(nano), Delta::LEAST);
            assert!(epsilon.is_finite() && epsilon > nano as f64 / 1e9);
        }
        let least = Epsilon::new(Epsilon::LEAST, "epsilon").unwrap();
        assert_eq!(budget_of(least, Delta::LEAST), NanoRho::ZERO);
        assert!(budget_of(least, Delta::MOST) > NanoRho::ZERO);
    }

    #[test]
    fn mills_ratio_is_that_of_an_independent_computation() {
        // mpmath 1.3, 40 digits: sqrt(pi / 2) exp(x^2 / 2) erfc(x / sqrt(2)).
        let rows = [
            (-4.0, 7_471.916_923_422_994),
            (-1.5, 7.205_143_007_274_778),
            (-2e-05, 1.253_334_137_566_166),
            (0.5, 0.876_364_456_453_692_3),
            (2.999, 0.304_676_550_771_259_5),
            (3.0, 0.304_590_298_710_103_3),
            (3.001, 0.304_504_092_551_937),
            (8.0, 0.123_131_963_257_932_3),
            (40.0, 0.024_984_404_205_720_57),
            (400.0, 0.002_499_984_375_292_96),
        ];
        for (x, exact) in rows {
            assert!((mills(x) / exact - 1.0).abs() < 1e-12, "{x}: {}", mills(x));
        }
    }

    /// Losses of every size up to what a year of the largest budget comes to.
    fn nano() -> impl Strategy<Value = u64> {
        (0.0..34.0).prop_map(|ln: f64| ln.exp() as u64)
    }

    fn delta() -> impl Strategy<Value = f64> {
        (Delta::LEAST.ln()..Delta::MOST.ln()).prop_map(f64::exp)
    }

    proptest! {
        #[test]
        fn more_loss_or_less_delta_is_more_epsilon(
            nano in nano(), more in nano(), delta in delta(), part in 0.001..1.0,
        ) {
            let epsilon = epsilon_of(NanoRho::new(nano), delta);
            prop_assert!(epsilon_of(NanoRho::new(nano + more), delta) >= epsilon);
            prop_assert!(epsilon_of(NanoRho::new(nano), delta * part) >= epsilon);
        }

        #[test]
        fn the_budget_is_the_largest_that_fits(
            epsilon in Epsilon::LEAST.ln()..Epsilon::MOST.ln(), delta in delta(),
        ) {
            let epsilon = Epsilon::new(epsilon.exp(), "epsilon").unwrap();
            let budget = budget_of(epsilon, delta);
            prop_assert!(epsilon_of(budget, delta) <= epsilon.value());
            let more = NanoRho::new(budget.nano() + 1);
            prop_assert!(epsilon_of(more, delta) > epsilon.value());
        }
    }
}
