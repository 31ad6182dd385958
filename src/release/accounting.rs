//! Conversion between rho and (epsilon, delta), rounded so that the promise holds.

use std::collections::BTreeMap;
use std::sync::Mutex;

use opendp::combinators::ConcentratedMeasure;
use opendp::measures::ZeroConcentratedDivergence;

use super::fault;
use crate::Result;
use crate::release_file::privacy_loss::{Epsilon, NanoRho};

/// The tight conversion leaves the range of floats somewhere above this loss, where it promises
/// nothing any more.
const MOST_CONVERTED: f64 = 100.0;

/// The epsilon that a loss of `rho` gives at `delta`, rounded up.
///
/// # Errors
/// Internal, when the conversion fails.
pub fn epsilon_of(rho: NanoRho, delta: f64) -> Result<f64> {
    if rho == NanoRho::ZERO {
        return Ok(0.0);
    }
    if rho.rho() > MOST_CONVERTED {
        // rho + 2 sqrt(rho ln(1/delta)), a bound that holds for every rho (Bun and Steinke 2016); the
        // last factor is far more than its rounding.
        let rho = rho.rho().next_up();
        return Ok((rho + 2.0 * (rho * (1.0 / delta).ln()).sqrt()) * (1.0 + 1e-12));
    }
    // A conversion costs milliseconds, and one run asks for the same few again and again.
    static KNOWN: Mutex<BTreeMap<(u64, u64), f64>> = Mutex::new(BTreeMap::new());
    let asked = (rho.nano(), delta.to_bits());
    if let Some(epsilon) = KNOWN.lock().ok().and_then(|known| known.get(&asked).copied()) {
        return Ok(epsilon);
    }
    // rho() rounds to nearest; the next float up is never below the exact count.
    let epsilon = <ZeroConcentratedDivergence as ConcentratedMeasure>::convert(rho.rho().next_up())
        .and_then(|profile| profile.epsilon(delta))
        .map_err(|error| fault("rho cannot be converted to epsilon", &error))?;
    if let Ok(mut known) = KNOWN.lock() {
        known.insert(asked, epsilon);
    }
    Ok(epsilon)
}

/// The largest loss, in whole billionths, that stays within `epsilon` at `delta`.
///
/// # Privacy
/// `epsilon_of(budget_of(epsilon, delta), delta) <= epsilon`.
///
/// # Errors
/// Internal, when the conversion fails.
pub fn budget_of(epsilon: Epsilon, delta: f64) -> Result<NanoRho> {
    // A loss of rho gives at least epsilon = rho, so epsilon itself bounds the search.
    let (mut within, mut beyond) = (0_u64, NanoRho::spent(epsilon.value())?.nano() + 1);
    let fits = |nano| epsilon_of(NanoRho::new(nano), delta).map(|found| found <= epsilon.value());
    // A conversion costs milliseconds: the first guesses stand close around what floats say, the
    // next ones ever further away from it.
    let near = nearly_budget(epsilon.value(), delta);
    let mut step = 1;
    while beyond - within > 1 && step < 1 << 20 {
        for guess in [near.saturating_sub(step - 1), near.saturating_add(step)] {
            if guess > within && guess < beyond {
                if fits(guess)? { within = guess } else { beyond = guess }
            }
        }
        step *= 16;
    }
    while beyond - within > 1 {
        let middle = within + (beyond - within) / 2;
        if fits(middle)? { within = middle } else { beyond = middle }
    }
    Ok(NanoRho::new(within))
}

/// The budget in floats, off by a few billionths; it decides nothing.
fn nearly_budget(epsilon: f64, delta: f64) -> u64 {
    let (mut within, mut beyond) = (0.0, epsilon);
    for _ in 0..60 {
        let middle: f64 = f64::midpoint(within, beyond);
        if nearly_epsilon(middle, delta) <= epsilon { within = middle } else { beyond = middle }
    }
    (within * 1e9) as u64
}

/// The least of `a rho + (ln(1/delta) + a ln(1 - 1/a) - ln(a - 1)) / (a - 1)` over orders `a` above
/// one (Canonne, Kamath and Steinke 2020), by golden section over `ln(a - 1)`.
fn nearly_epsilon(rho: f64, delta: f64) -> f64 {
    let bound = |log: f64| {
        let above = log.exp();
        let order = 1.0 + above;
        let tail = (1.0 / delta).ln() + order * (-1.0 / order).ln_1p() - log;
        order * rho + tail / above
    };
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-10.0, 30.0);
    for _ in 0..80 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if bound(left) < bound(right) { high = right } else { low = left }
    }
    bound(f64::midpoint(low, high)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_that_promises_nothing_is_still_told() {
        let below = epsilon_of(NanoRho::new(99_000_000_000), 1e-6).unwrap();
        let above = epsilon_of(NanoRho::new(101_000_000_000), 1e-6).unwrap();
        // 101 + 2 sqrt(101 * 13.8155) = 175.7; the tight figure below the limit is a little less.
        assert!((above - 175.709).abs() < 0.01, "{above}");
        assert!(below < above);
        for nano in [1_000_000_000_000, 1_000_000_000_000_000] {
            let epsilon = epsilon_of(NanoRho::new(nano), 1e-15).unwrap();
            assert!(epsilon.is_finite() && epsilon > nano as f64 / 1e9);
        }
    }

    #[test]
    fn the_budget_is_the_largest_that_keeps_the_promise() {
        for (epsilon, delta) in [(0.1, 1e-6), (1.0, 1e-6), (1.0, 9e-7), (4.0, 1e-9)] {
            let epsilon = Epsilon::new(epsilon, "epsilon").unwrap();
            let budget = budget_of(epsilon, delta).unwrap();
            assert!(epsilon_of(budget, delta).unwrap() <= epsilon.value());
            let more = NanoRho::new(budget.nano() + 1);
            assert!(epsilon_of(more, delta).unwrap() > epsilon.value());
        }
    }

    #[test]
    fn floats_guess_the_budget_to_a_few_billionths() {
        for (epsilon, delta) in [(0.01, 1e-9), (0.1, 1e-6), (1.0, 9e-7), (4.0, 1e-9), (20.0, 1e-6)]
        {
            let budget = budget_of(Epsilon::new(epsilon, "epsilon").unwrap(), delta).unwrap();
            assert!(
                nearly_budget(epsilon, delta).abs_diff(budget.nano()) < 16,
                "{epsilon} {delta}"
            );
        }
    }

    /// Nano-rho, delta, epsilon: the least epsilon for which the bound
    /// `min over a > 1 of exp((a - 1)(a rho - epsilon)) (1 - 1/a)^a / (a - 1)` is at most delta,
    /// computed with 40 digits by golden-section search and bisection in another language.
    const GOLDEN: [(u64, f64, f64); 24] = [
        (1_000, 1e-6, 0.00449649398065),
        (1_000, 9e-7, 0.00453929678535),
        (1_000, 1e-9, 0.00680406082221),
        (1_000_000, 1e-6, 0.18289537719),
        (1_000_000, 9e-7, 0.183988533218),
        (1_000_000, 1e-9, 0.245119253872),
        (5_000_000, 1e-6, 0.429941468837),
        (5_000_000, 9e-7, 0.432292300953),
        (5_000_000, 1e-9, 0.564893284302),
        (24_129_622, 1e-6, 0.995013222181),
        (24_129_622, 9e-7, 0.999999992352),
        (24_129_622, 1e-9, 1.28335466566),
        (100_000_000, 1e-6, 2.14193892839),
        (100_000_000, 9e-7, 2.15180247592),
        (100_000_000, 1e-9, 2.71548188673),
        (500_000_000, 1e-6, 5.22153444453),
        (500_000_000, 9e-7, 5.24296065361),
        (500_000_000, 1e-9, 6.47407002073),
        (5_000_000_000, 1e-6, 20.551948814),
        (5_000_000_000, 9e-7, 20.6175180152),
        (5_000_000_000, 1e-9, 24.4059875576),
        (20_000_000_000, 1e-6, 51.719404463),
        (20_000_000_000, 9e-7, 51.8487407605),
        (20_000_000_000, 1e-9, 59.3369602849),
    ];

    #[test]
    fn conversions_agree_with_an_independent_computation_and_never_fall_below_it() {
        for (nano, delta, expected) in GOLDEN {
            let epsilon = epsilon_of(NanoRho::new(nano), delta).unwrap();
            assert!(epsilon >= expected * (1.0 - 1e-11), "{nano} {delta}: {epsilon}");
            assert!(epsilon <= expected * (1.0 + 1e-6), "{nano} {delta}: {epsilon}");
        }
    }
}
