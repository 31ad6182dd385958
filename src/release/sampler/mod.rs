//! Discrete Gaussian noise in integers, exactly.
//!
//! The law is P[x] proportional to exp(-x^2 / (2 s^2)) over all integers, for an integer scale s. It
//! is the law of the mechanism that prices the draw. The algorithm is that of Canonne, Kamath and
//! Steinke (The Discrete Gaussian for Differential Privacy, 2020, algorithms 1 to 3), and no step
//! rounds:
//!
//! * A coin of probability x/d compares a uniform binary fraction with x/d, 64 bits at a time. After
//!   a word w either every continuation lies below x/d, or every one above, or the question is the
//!   same one for the remainder x 2^64 - w d, which lies strictly between 0 and d. Where d exceeds
//!   64 bits, the fraction is compared 16 bits at a time.
//! * A coin of probability exp(-f), f in [0, 1], counts how many coins of f/1, f/2, f/3, … in a row
//!   come up; the count is even with probability 1 - f + f^2/2 - … = exp(-f). A coin of f/k is a
//!   coin of f and one of 1/k.
//! * A discrete Laplace of scale t is u + t v with a random sign: u below t is kept with a coin of
//!   exp(-u/t), v counts coins of exp(-1), and minus zero is thrown away.
//! * With t = s + 1, a Laplace y is kept with a coin of exp(-r^2/2), r = ||y| t - s^2| / (s t). With
//!   r = m + f, m whole, r^2/2 = m^2/2 + m f + f^2/2: that is m^2 coins of exp(-1/2), m coins of
//!   exp(-f) and one of exp(-f^2/2), whose own coins of f^2/(2 k) are two of f, one of 1/2 and one
//!   of 1/k.
//!
//! Everything fits 128 bits for scales up to [`MOST_SCALE`], which lies above every scale that a
//! charge of one billionth of rho can ask for.

mod words;

pub(super) use words::Words;

use crate::Result;

/// The largest scale that this sampler draws, in lattice steps.
///
/// The product of two scales, times the 16 bits by which a wide coin compares, stays below 2^128.
pub(super) const MOST_SCALE: u64 = 1 << 52;

/// One draw of the discrete Gaussian of this scale.
///
/// # Errors
/// I/O, when the operating system gives no randomness.
pub(super) fn discrete_gaussian(scale: u64, words: &mut Words) -> Result<i64> {
    debug_assert!((1..=MOST_SCALE).contains(&scale));
    let (laplace, square) = (scale + 1, u128::from(scale) * u128::from(scale));
    let divisor = u128::from(scale) * u128::from(laplace);
    loop {
        let (magnitude, is_negative) = discrete_laplace(laplace, words)?;
        // A magnitude of 2^62 needs at least 2^9 coins of exp(-1) in a row.
        let away = (u128::from(magnitude) * u128::from(laplace)).abs_diff(square);
        if is_kept(away / divisor, away % divisor, divisor, words)? {
            let magnitude = i64::try_from(magnitude).unwrap_or(i64::MAX);
            if mutant!("noise-of-even-steps") {
                return Ok(magnitude & !1);
            }
            return Ok(if is_negative { -magnitude } else { magnitude });
        }
    }
}

/// A coin of exp(-(whole + part/divisor)^2 / 2).
fn is_kept(whole: u128, part: u128, divisor: u128, words: &mut Words) -> Result<bool> {
    if mutant!("laplace-for-gauss") {
        return Ok(true);
    }
    for _ in 0..whole * whole {
        if !exp_coin(|words| words.bit(), words)? {
            return Ok(false);
        }
    }
    for _ in 0..whole {
        if !exp_coin(|words| coin(part, divisor, words), words)? {
            return Ok(false);
        }
    }
    let half_square = |words: &mut Words| {
        Ok(words.bit()? && coin(part, divisor, words)? && coin(part, divisor, words)?)
    };
    exp_coin(half_square, words)
}

/// The magnitude and the sign of a discrete Laplace of scale t.
fn discrete_laplace(scale: u64, words: &mut Words) -> Result<(u64, bool)> {
    loop {
        let low = words.below(scale)?;
        if !exp_coin(|words| coin(low.into(), scale.into(), words), words)? {
            continue;
        }
        let mut high = 0_u64;
        while exp_coin(|_| Ok(true), words)? {
            high += 1;
        }
        let magnitude = low.saturating_add(scale.saturating_mul(high));
        let is_negative = words.bit()?;
        if magnitude > 0 || !is_negative {
            return Ok((magnitude, is_negative));
        }
    }
}

/// A coin of exp(-f), made of coins of f.
fn exp_coin(
    mut fraction: impl FnMut(&mut Words) -> Result<bool>,
    words: &mut Words,
) -> Result<bool> {
    let mut count = 1_u64;
    while fraction(words)? && coin(1, count.into(), words)? {
        count += 1;
    }
    Ok(count % 2 == 1)
}

/// A coin of part/whole, for a part of at most the whole, which is below 2^106.
fn coin(mut part: u128, whole: u128, words: &mut Words) -> Result<bool> {
    if part >= whole {
        return Ok(true);
    }
    let bits = if whole >> 64 == 0 { 64 } else { 16 };
    loop {
        let digits = u128::from(words.word()? >> (64 - bits));
        let (reached, threshold) = (digits * whole, part << bits);
        if reached + whole <= threshold {
            return Ok(true);
        }
        if reached >= threshold {
            return Ok(false);
        }
        part = threshold - reached;
    }
}

#[cfg(test)]
mod tests;
