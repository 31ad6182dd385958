//! The sum of published values with its noise and interval, from their columns alone.
//!
//! An interval holds two parts beside the value: noise, whose standard deviation is published, and
//! what the estimate may be off by beyond it, which is the rest of the half-width, apart upwards and
//! downwards. Noise is independent. Of the rest a part of the square is taken as if it were the same in
//! all values, and the other part as if it were in none.
//!
//! Over days the rest is split before. All values of a day share what is not known of how many requesters
//! are how active, in proportion to their size, which is measured again each day. What remains is what heavy
//! users do differently: they do it on every day, so that it does not shrink in a sum of days.

use std::cmp::Ordering::Equal;

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
    /// What all values of a day share, over days. Who is very busy today is not so tomorrow, so less of what is
    /// above the value lasts.
    const DAYS: Self = Self { noise: 0.0, below: 0.6, above: 0.4 };
    /// The same of numbers of lookups.
    const DAYS_OF_NUMBERS: Self = Self { above: 0.2, ..Self::DAYS };
    /// Days whose shares or means are averaged. What heavy users do otherwise moves a share in one direction
    /// every day, and so does what a clip takes of a mean: weeks are off by as much as days.
    pub(super) const AVERAGED_DAYS: Self = Self { noise: 0.0, below: 1.0, above: 1.0 };
}

/// The largest part of a count of lookups that may be missing on every day. More than that would be single requesters
/// who make a large part of each day, for whom no interval allows.
const MOST_LASTING: f64 = 0.25;

/// What the values count, which decides how their intervals were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Lookups: intervals are cut at zero.
    Lookups,
    /// Requesters by bins: the half-widths are noise, rounded, and intervals are cut at zero.
    Requesters,
    /// A number of lookups: intervals are cut at zero where no number lies below it, or none above.
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
        let (below, above) = (beyond(self.value - self.low), beyond(self.high - self.value));
        // What was cut at zero does not show how far it went.
        match (self.low == 0.0, self.high == 0.0) {
            (true, false) => (below.max(above), above),
            (false, true) => (below, above.max(below)),
            _ => (below, above),
        }
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

/// A value of one day, with what all values of that day share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OfDay {
    /// The value.
    pub of: Summand,
    /// What all of them may be off by beyond their noise, as a part of each: downwards and upwards.
    pub shared: [f64; 2],
}

impl OfDay {
    /// All values of one day: none is off by less, as a part of itself, than what they share.
    pub fn all(values: &[Summand], counted: Counted) -> Vec<Self> {
        let least = |off: fn((f64, f64)) -> f64| {
            let sized = values.iter().filter(|one| one.value != 0.0);
            let parts = sized.map(|one| off(one.deviations(counted)) / one.value.abs());
            parts.reduce(f64::min).unwrap_or_default()
        };
        let shared = [least(|(below, _)| below), least(|(_, above)| above)];
        values.iter().map(|of| Self { of: *of, shared }).collect()
    }

    fn part(self, counted: Counted) -> Part {
        let (below, above) = self.of.deviations(counted);
        let [shared_below, shared_above] = self.shared.map(|part| part * self.of.value.abs());
        let rest = |all: f64, part: f64| (all * all - part * part).max(0.0).sqrt();
        let shared = [below.min(shared_below), above.min(shared_above)];
        let most = match counted {
            Counted::Lookups => MOST_LASTING * self.of.value.abs(),
            Counted::Requesters | Counted::Number => f64::INFINITY,
        };
        let mixed = [shared[0], shared[1].min(most)];
        Part {
            of: self.of,
            mixed,
            alone: rest(shared[1], mixed[1]),
            lasting: [rest(below, shared_below), rest(above, shared_above)],
        }
    }
}

/// A summand, with what it may be off by beyond its noise, downwards and upwards.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    of: Summand,
    /// Which is in part the same in all of them.
    mixed: [f64; 2],
    /// Which is in none of them the same, upwards.
    alone: f64,
    /// Which is the same in all of them.
    lasting: [f64; 2],
}

/// Adds up cells of a day, in any order. One summand stays as it is.
///
/// An interval is cut at zero if those of all summands stay on one side of it. Days of earlier
/// versions have others.
pub fn add_up(summands: Vec<Summand>, over: Over, counted: Counted) -> Summand {
    let part = |of: Summand| {
        let (below, above) = of.deviations(counted);
        Part { of, mixed: [below, above], alone: 0.0, lasting: [0.0; 2] }
    };
    add(summands.into_iter().map(part).collect(), over, counted)
}

/// Adds up days, as [`add_up`] adds up cells.
pub fn add_up_days(days: Vec<OfDay>, counted: Counted) -> Summand {
    let over = if counted == Counted::Number { Over::DAYS_OF_NUMBERS } else { Over::DAYS };
    add(days.into_iter().map(|day| day.part(counted)).collect(), over, counted)
}

fn add(mut parts: Vec<Part>, over: Over, counted: Counted) -> Summand {
    if let [one] = parts[..] {
        return one.of;
    }
    // Sums of floats depend on their order.
    let numbers = |part: &Part| {
        let Summand { value, noise_sd, low, high } = part.of;
        [value, noise_sd, low, high, part.mixed[0], part.mixed[1]]
    };
    parts.sort_unstable_by(|left, right| {
        let pairs = numbers(left).into_iter().zip(numbers(right));
        pairs
            .map(|(left, right)| left.total_cmp(&right))
            .find(|order| order.is_ne())
            .unwrap_or(Equal)
    });
    let mut value = 0.0;
    let [mut noise, mut below, mut above] =
        [const { Spread { sum: 0.0, squares: 0.0, alone: 0.0, lasting: 0.0 } }; 3];
    for Part { of, mixed: [down, up], alone, lasting } in &parts {
        value += of.value;
        noise.add(of.noise_sd);
        below.add(*down);
        above.add(*up);
        above.alone += alone.powi(2);
        below.lasting += lasting[0];
        above.lasting += lasting[1];
    }
    let shared = if mutant!("rollups-of-independent-noise") { 0.0 } else { over.noise };
    let variance = noise.mixed(shared);
    let half = |spread: &Spread, alike: f64| (Z_95.powi(2) * variance + spread.mixed(alike)).sqrt();
    let lifted = match over == Over::DAYS && counted == Counted::Lookups {
        true => lifted(&parts),
        false => 0.0,
    };
    let low = value - lifted - half(&below, over.below);
    let high = value + half(&above, over.above);
    let noise_sd = variance.sqrt();
    let (low, high) = cut(&parts, counted, (low, high), Z_95 * noise_sd);
    Summand { value, noise_sd, low, high }
}

/// The ends of a sum's interval, on the side of zero on which those of all parts lie. Noise may take the value, and all
/// of the interval with it, to the other side: then it is that of a sum of zero.
fn cut(parts: &[Part], counted: Counted, (low, high): (f64, f64), noise: f64) -> (f64, f64) {
    if parts.iter().all(|part| part.of.low >= 0.0) {
        (low.max(0.0), high.max(noise))
    } else if counted == Counted::Number && parts.iter().all(|part| part.of.high <= 0.0) {
        (low.min(-noise), high.min(0.0))
    } else {
        (low, high)
    }
}

/// How far above the true sum noise may have lifted days whose intervals reach zero. A count of lookups never comes
/// out below zero, so that small ones lie too high on average, and their sum with them.
fn lifted(parts: &[Part]) -> f64 {
    let (mut value, mut noise, mut square) = (0.0, 0.0, 0.0_f64);
    for Part { of, .. } in parts.iter().filter(|part| part.of.low == 0.0) {
        value += of.value;
        noise += of.noise_sd;
        square += of.noise_sd.powi(2);
    }
    if noise == 0.0 {
        return 0.0;
    }
    // By how much the mean of a normal number rises, in its standard deviations, if what lies below zero becomes
    // zero. The less the days hold the more, so it is taken where the sum's noise ends.
    let z = (value - Z_95 * square.sqrt()).max(0.0) / noise;
    let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    noise * (density - z * libm::erfc(z / std::f64::consts::SQRT_2) / 2.0)
}

/// What summands are off by, added up.
struct Spread {
    sum: f64,
    squares: f64,
    /// The squares of what is in no summand the same, and the sum of what is the same in all.
    alone: f64,
    lasting: f64,
}

impl Spread {
    fn add(&mut self, off: f64) {
        self.sum += off;
        self.squares += off.powi(2);
    }

    /// The square of what the sum is off by, if the part `alike` of what is mixed is the same in all summands.
    fn mixed(&self, alike: f64) -> f64 {
        let mixed = alike * self.sum.powi(2) + (1.0 - alike) * self.squares;
        mixed + self.alone + self.lasting.powi(2)
    }
}

#[cfg(test)]
mod tests;
