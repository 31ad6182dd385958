//! The sum of published values with its noise and interval, from their columns alone.
//!
//! An interval holds two parts beside the value: noise, whose standard deviation is published, and
//! what the estimate may be off by beyond it, which is the rest of the half-width, apart upwards and
//! downwards. Noise is independent. One part of the rest is the same in all values (what heavy users
//! do differently, they do on every day) and the other is not: a part of the square is taken as if
//! all were the same, and the other part as if none were.

use crate::release::Z_95;
use crate::release_file::measure::Measure;

/// A published value, or a sum of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summand {
    /// The value.
    pub value: f64,
    /// The standard deviation of its noise.
    pub noise_sd: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
}

/// What is added up: which part of what values are off by is the same in all summands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Over {
    noise: f64,
    below: f64,
    above: f64,
}

impl Over {
    /// Cells of one day.
    pub const CELLS: Self = Self { noise: 0.0, below: 0.3, above: 0.3 };
    /// Cells of one day that an earlier version raked to a total: they share its noise. As much as if
    /// they shared all of it is the most that the noise of a sum can be.
    pub const RAKED_CELLS: Self = Self { noise: 1.0, ..Self::CELLS };
    /// Days. Who is very busy today is not so tomorrow, so less of what is above the value lasts.
    pub const DAYS: Self = Self { noise: 0.0, below: 0.3, above: 0.2 };
    /// Days whose shares or means are averaged. What heavy users do otherwise moves a share in one direction
    /// every day, and so does what a clip takes of a mean: weeks are off by as much as days.
    pub(super) const AVERAGED_DAYS: Self = Self { noise: 0.0, below: 1.0, above: 1.0 };
}

/// What the values count, which decides how their intervals were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Lookups: intervals are cut at zero.
    Lookups,
    /// Requesters by bins: the half-widths are noise, rounded, and intervals are cut at zero.
    Requesters,
    /// A number of lookups, which may be negative.
    Number,
}

impl Counted {
    /// Of what a published file asks; `None` if its values do not add up.
    pub fn of(asks: &str) -> Option<Self> {
        match asks {
            "count" => Some(Self::Lookups),
            "histogram" => Some(Self::Requesters),
            "sum" => Some(Self::Number),
            _ => None,
        }
    }

    pub(super) const fn by(measure: &Measure) -> Self {
        if measure.is_of_requesters() {
            Self::Requesters
        } else if measure.number().is_some() {
            Self::Number
        } else {
            Self::Lookups
        }
    }
}

impl Summand {
    /// What the value may be off by beyond its noise, downwards and upwards.
    fn deviations(&self, counted: Counted) -> (f64, f64) {
        if counted == Counted::Requesters {
            return (0.0, 0.0);
        }
        let beyond = |half: f64| (half.powi(2) - (Z_95 * self.noise_sd).powi(2)).max(0.0).sqrt();
        let above = beyond(self.high - self.value);
        // What was cut at zero does not show how far down it went.
        let below = if self.low == 0.0 { above } else { beyond(self.value - self.low) };
        (below, above)
    }

    /// Whether half of the interval is more than the value, and of counts also more than the `mean`
    /// value beside it: a small cell that is known to be small says something.
    pub fn is_uninformative(&self, counted: Counted, mean: f64) -> bool {
        let half = (self.high - self.low) / 2.0;
        match counted {
            Counted::Number => half > self.value.abs(),
            Counted::Lookups | Counted::Requesters => half > self.value.max(mean),
        }
    }
}

/// Adds up, in any order of the summands. One summand stays as it is.
///
/// An interval of a count is cut at zero if those of all summands stay above it. Days of earlier
/// versions have signed ones.
pub fn add_up(mut summands: Vec<Summand>, over: Over, counted: Counted) -> Summand {
    if let [one] = summands[..] {
        return one;
    }
    // Sums of floats depend on their order.
    summands.sort_unstable_by(|left, right| {
        let by = |of: fn(&Summand) -> f64| of(left).total_cmp(&of(right));
        by(|one| one.value)
            .then(by(|one| one.noise_sd))
            .then(by(|one| one.low))
            .then(by(|one| one.high))
    });
    let mut value = 0.0;
    let [mut noise, mut below, mut above] = [const { Spread { sum: 0.0, squares: 0.0 } }; 3];
    for summand in &summands {
        value += summand.value;
        noise.add(summand.noise_sd);
        let (down, up) = summand.deviations(counted);
        below.add(down);
        above.add(up);
    }
    let shared = if mutant!("rollups-of-independent-noise") { 0.0 } else { over.noise };
    let variance = noise.mixed(shared);
    let half = |spread: &Spread, alike| (Z_95.powi(2) * variance + spread.mixed(alike)).sqrt();
    let low = value - half(&below, over.below);
    let high = value + half(&above, over.above);
    let is_cut = counted != Counted::Number && summands.iter().all(|one| one.low >= 0.0);
    // Noise may take the whole interval of a few requesters below zero: then it is that of a sum of zero.
    let end = |end: f64, least: f64| if is_cut { end.max(least) } else { end };
    let noise_sd = variance.sqrt();
    Summand { value, noise_sd, low: end(low, 0.0), high: end(high, Z_95 * noise_sd) }
}

/// What summands are off by, added up.
struct Spread {
    sum: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, off: f64) {
        self.sum += off;
        self.squares += off.powi(2);
    }

    /// The square of what the sum is off by, if the part `alike` is the same in all summands.
    fn mixed(&self, alike: f64) -> f64 {
        alike * self.sum.powi(2) + (1.0 - alike) * self.squares
    }
}

#[cfg(test)]
mod tests;
