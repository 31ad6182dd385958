//! Conversion between rho and (epsilon, delta), rounded so that the promise holds.

use opendp::combinators::ConcentratedMeasure;
use opendp::measures::ZeroConcentratedDivergence;

use super::fault;
use crate::Result;
use crate::spec::privacy_loss::{Epsilon, NanoRho};

/// The epsilon that a loss of `rho` gives at `delta`, rounded up.
///
/// # Errors
/// Internal, when the conversion fails.
pub fn epsilon_of(rho: NanoRho, delta: f64) -> Result<f64> {
    if rho == NanoRho::ZERO {
        return Ok(0.0);
    }
    // rho() rounds to nearest; the next float up is never below the exact count.
    <ZeroConcentratedDivergence as ConcentratedMeasure>::convert(rho.rho().next_up())
        .and_then(|profile| profile.epsilon(delta))
        .map_err(|error| fault("rho cannot be converted to epsilon", &error))
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
    while beyond - within > 1 {
        let middle = within + (beyond - within) / 2;
        if epsilon_of(NanoRho::new(middle), delta)? <= epsilon.value() {
            within = middle;
        } else {
            beyond = middle;
        }
    }
    Ok(NanoRho::new(within))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn conversions_agree_with_published_figures() {
        // The optimal-order conversion at delta 1e-6, to three digits: rho, epsilon.
        for (nano, epsilon) in
            [(5_000_000, 0.430), (10_000_000, 0.622), (100_000_000, 2.142), (500_000_000, 5.222)]
        {
            let converted = epsilon_of(NanoRho::new(nano), 1e-6).unwrap();
            assert!((converted - epsilon).abs() < 0.001, "{nano}: {converted}");
        }
    }
}
