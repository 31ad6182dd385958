//! Budgets and losses as exact numbers.
//!
//! What was typed (epsilon, delta) is kept as finite floats that passed a check; what is added up
//! (rho, and the delta of private prefixes) is an integer count of billionths, or of 10^-18 for delta,
//! so that no sum can lose a small charge. Spending rounds up, what is left rounds down.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A bound on the privacy loss, as typed: from `Epsilon::LEAST` to `Epsilon::MOST`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Epsilon(f64);

impl Epsilon {
    /// Below this a budget buys nothing, and a typing error is likelier than a wish.
    pub const LEAST: f64 = 1e-6;
    /// Above this nothing is promised.
    pub const MOST: f64 = 100.0;
    /// Above this the limit is so weak that hardly anyone would call it a promise.
    const WEAK: f64 = 10.0;

    /// Checks what was typed in `field`.
    ///
    /// # Errors
    /// Usage, when the value is not finite or out of range.
    pub fn new(value: f64, field: &str) -> Result<Self> {
        if value.is_finite() && (Self::LEAST..=Self::MOST).contains(&value) {
            return Ok(Self(value));
        }
        Err(Error::usage(format!("`{field}` is {value}, which is not a usable epsilon"))
            .help(format!("give a number from {} to {}, for example 1.0", Self::LEAST, Self::MOST)))
    }

    /// What to say of a promise in `field` that is hardly one.
    pub fn warning(self, field: &str) -> Option<String> {
        (self.0 > Self::WEAK).then(|| {
            format!(
                "`{field}` is {}: what is published may make a guess about one person e^{} times as \
                 likely, which protects hardly anyone; common values are 1 and below",
                self.0, self.0
            )
        })
    }

    /// The number itself.
    pub const fn value(self) -> f64 {
        self.0
    }
}

/// A probability of failure, as typed: from `Delta::LEAST` to `Delta::MOST`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Delta(f64);

impl Delta {
    /// The least delta that conversions are computed for.
    pub const LEAST: f64 = 1e-15;
    /// A delta above one in a thousand lets a person be published outright now and then.
    pub const MOST: f64 = 1e-3;

    /// Checks what was typed in `field`.
    ///
    /// # Errors
    /// Usage, when the value is not finite or out of range.
    pub fn new(value: f64, field: &str) -> Result<Self> {
        if value.is_finite() && (Self::LEAST..=Self::MOST).contains(&value) {
            return Ok(Self(value));
        }
        Err(Error::usage(format!("`{field}` is {value}, which is not a usable delta")).help(
            format!("give a number from {} to {}, for example 1e-6", Self::LEAST, Self::MOST),
        ))
    }

    /// The number itself.
    pub const fn value(self) -> f64 {
        self.0
    }
}

/// A zero-concentrated privacy loss in billionths (1 = 1e-9 rho).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct NanoRho(u64);

impl NanoRho {
    /// No loss.
    pub const ZERO: Self = Self(0);

    /// From a count of billionths.
    pub const fn new(nano: u64) -> Self {
        Self(nano)
    }

    /// The least count of billionths that is not below `rho`.
    ///
    /// # Errors
    /// Internal, when `rho` is negative, not finite, or too large to count.
    pub fn spent(rho: f64) -> Result<Self> {
        if !rho.is_finite() || !(0.0..=1e9).contains(&rho) {
            return Err(Error::internal("a mechanism reported a loss that cannot be counted"));
        }
        // The product is rounded to the nearest float; one step up keeps the result at or above the
        // exact product. Zero stays zero, and any other loss costs at least one billionth.
        let nano = if rho > 0.0 { (rho * 1e9).next_up().ceil() } else { 0.0 };
        Ok(Self(float_to_count(nano)))
    }

    /// The greatest count of billionths that is not above `rho`; nothing for what cannot be counted.
    pub fn spendable(rho: f64) -> Self {
        let nano = (rho * 1e9).next_down().floor();
        Self(if nano > 0.0 { float_to_count(nano.min(1e18)) } else { 0 })
    }

    /// The count of billionths.
    pub const fn nano(self) -> u64 {
        self.0
    }

    /// As a float, for conversion and display; exact below 2^53 billionths.
    pub fn rho(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The sum, or `None` past the end of the integers.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// What remains of `self` after `spent`, never below zero.
    #[must_use]
    pub const fn left_after(self, spent: Self) -> Self {
        Self(self.0.saturating_sub(spent.0))
    }

    /// The part `numerator / denominator` of it, rounded down.
    #[must_use]
    pub fn part(self, numerator: u64, denominator: u64) -> Self {
        let wide = u128::from(self.0) * u128::from(numerator) / u128::from(denominator.max(1));
        Self(u64::try_from(wide).unwrap_or(u64::MAX))
    }
}

impl std::fmt::Display for NanoRho {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

/// The delta that private prefixes spend, in units of 10^-18.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct AttoDelta(u64);

impl AttoDelta {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From a count of 10^-18.
    pub const fn new(atto: u64) -> Self {
        Self(atto)
    }

    /// The greatest count that is not above `delta`: an allowance, so it rounds down.
    pub fn allowed(delta: f64) -> Self {
        let atto = (delta * 1e18).next_down().floor();
        Self(if atto > 0.0 { float_to_count(atto.min(1e18)) } else { 0 })
    }

    /// The count of 10^-18.
    pub const fn atto(self) -> u64 {
        self.0
    }

    /// As a float, for thresholds and display.
    pub fn delta(self) -> f64 {
        self.0 as f64 / 1e18
    }

    /// The sum, or `None` past the end of the integers.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The part `numerator / denominator` of it, rounded down.
    #[must_use]
    pub fn part(self, numerator: u64, denominator: u64) -> Self {
        let wide = u128::from(self.0) * u128::from(numerator) / u128::from(denominator.max(1));
        Self(u64::try_from(wide).unwrap_or(u64::MAX))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers pass whole, non-negative floats of at most 1e18"
)]
fn float_to_count(whole: f64) -> u64 {
    whole as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epsilon_and_delta_refuse_what_promises_nothing() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, -0.0, 1e-300, 101.0] {
            assert!(Epsilon::new(bad, "epsilon").is_err(), "{bad}");
            assert!(Delta::new(bad, "delta").is_err(), "{bad}");
        }
        assert!(Epsilon::new(1.0, "epsilon").is_ok());
        assert_eq!(Epsilon::new(10.0, "epsilon").unwrap().warning("epsilon"), None);
        let weak = Epsilon::new(11.0, "epsilon").unwrap().warning("epsilon").unwrap();
        assert!(weak.starts_with("`epsilon` is 11: "), "{weak}");
        assert!(Delta::new(1e-6, "delta").is_ok());
    }

    #[test]
    fn a_loss_is_never_rounded_down_and_never_vanishes() {
        assert_eq!(NanoRho::spent(0.0).unwrap().nano(), 0);
        assert_eq!(NanoRho::spent(5e-324).unwrap().nano(), 1);
        assert_eq!(NanoRho::spent(1.1e-9).unwrap().nano(), 2);
        for rho in [0.024_4, 0.1, 1.0 / 3.0, 0.5, 123.456] {
            assert!(NanoRho::spent(rho).unwrap().rho() >= rho, "{rho}");
        }
        for bad in [-1e-9, f64::NAN, f64::INFINITY, 2e9] {
            assert!(NanoRho::spent(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_round_down_and_do_not_overflow() {
        assert_eq!(NanoRho::new(10).part(1, 3).nano(), 3);
        assert_eq!(NanoRho::new(u64::MAX).part(1, 1).nano(), u64::MAX);
        assert_eq!(NanoRho::new(5).left_after(NanoRho::new(7)), NanoRho::ZERO);
    }

    #[test]
    fn an_allowance_of_delta_rounds_down() {
        assert!(AttoDelta::allowed(1e-7).atto() <= 100_000_000_000);
        assert!(AttoDelta::allowed(1e-7).atto() >= 99_999_999_998);
        assert_eq!(AttoDelta::allowed(0.0), AttoDelta::ZERO);
    }

    #[test]
    fn billionths_are_shown_whole() {
        assert_eq!(NanoRho::new(24_400_001).to_string(), "0.024400001");
    }
}
