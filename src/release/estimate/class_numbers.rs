//! The numbers of requesters in each class of activity, from the noisy look.
//!
//! Classes are taken from light to heavy. A class that stands far out of the noise is believed as
//! measured; any other is weighed against what the class below suggests: numbers fall from class to
//! class at a rate that changes slowly. The weighing is a posterior on a grid of logarithms, with
//! a Student distribution around the expected place because rates do jump now and then. Or nobody is
//! as active as that: then the class and all heavier ones are empty.

use super::value::Z_95;
use crate::plan::kinds::{CLASSES, nodes};

/// A class that is this many standard deviations of noise above zero is believed as measured.
const CERTAIN: f64 = 12.0;
/// The distance of two places of the grid, in logarithms of numbers.
const STEP: f64 = 0.05;
const LEAST_LOG: f64 = -20.723_265_836_946_41;
/// How far the logarithm of the second class is expected below the first, and how far off that may be.
const FIRST_FALL: f64 = 2.0;
const FIRST_SCALE: f64 = 2.0;
/// How much faster numbers fall than between the classes before.
const FASTER: f64 = 0.2;
/// How far the rate of the fall may change, and the most that is believed of it.
const CHANGE: f64 = 0.6;
const MOST_SCALE: f64 = 1.3;
/// Degrees of freedom of the distribution around the expected place.
const DEGREES: f64 = 10.0;
/// The probability outside of an interval, at each end.
const OUTSIDE: f64 = 0.015;
/// How likely it is that a class and all heavier ones are empty where the class below is not.
const ENDS: f64 = 0.2;
/// A class that was not seen is believed in as far as one of its requesters asks no more than this part of all that
/// lighter classes ask.
const MOST_OF_ONE: f64 = 0.5;
/// A class is unknown if the variance of the logarithm of its number is above this.
const UNKNOWN: f64 = 0.25;

/// How many requesters a class holds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClassNumber {
    /// The number that is used.
    pub number: f64,
    /// How far below it the true number may lie.
    pub below: f64,
    /// How far above it the true number may lie.
    pub above: f64,
    /// Whether the class was not seen, so that the interval is the expectation's.
    pub is_unknown: bool,
}

impl ClassNumber {
    fn scale(&mut self, part: f64) {
        for number in [&mut self.number, &mut self.below, &mut self.above] {
            *number *= part;
        }
    }
}

/// A noisy number of each class, with the standard deviation of its noise.
pub type NoisyNumbers = [(f64, f64); CLASSES];

/// The classes' numbers from what was seen of them.
pub fn class_numbers(seen: &NoisyNumbers) -> [ClassNumber; CLASSES] {
    let widest = seen.iter().map(|(_, sd)| *sd).fold(0.0, f64::max);
    let mut numbers = [ClassNumber::default(); CLASSES];
    // Mean and variance of the logarithm of the class before, the last step of the mean, and how likely it
    // is that the class has anybody.
    let (mut log, mut variance, mut step, mut lives) = (0.0, 0.0, 0.0, 1.0);
    // Of all classes before.
    let mut lookups = 0.0;
    for (class, (number, (seen, sd))) in numbers.iter_mut().zip(seen).enumerate() {
        let before = log;
        if *seen > CERTAIN * sd {
            let half = Z_95 * sd;
            *number = ClassNumber { number: *seen, below: half, above: half, is_unknown: false };
            (log, variance, lives) = (seen.ln(), (sd / seen).powi(2), 1.0);
        } else {
            let expected = match class {
                0 => None,
                1 => Some((log - FIRST_FALL, FIRST_SCALE)),
                _ => Some((
                    log + f64::min(step - FASTER, (step - FIRST_FALL) / 2.0),
                    f64::min((variance + CHANGE * CHANGE).sqrt(), MOST_SCALE),
                )),
            };
            let before_look = if class == 0 { 1.0 } else { lives * (1.0 - ENDS) };
            let posterior = Posterior::new((*seen, *sd), widest, expected, before_look);
            (log, variance, lives) = (posterior.mean, posterior.variance, posterior.lives);
            *number = posterior.number();
            if class > 0 && number.is_unknown {
                number.scale(f64::min(MOST_OF_ONE * lookups / nodes()[class] as f64, 1.0));
            }
        }
        if class > 0 {
            step = log - before;
        }
        lookups += nodes()[class] as f64 * number.number;
    }
    numbers
}

/// A day is empty unless a class stands out by this many standard deviations.
const EMPTY: f64 = 4.0;

/// Whether a look shows nobody.
pub fn looks_empty(seen: &NoisyNumbers) -> bool {
    let least = if mutant!("empty-days-look-inhabited") { 1.0 } else { EMPTY };
    seen.iter().all(|(seen, sd)| *seen < least * sd)
}

/// How likely it is that a look shows nobody where the classes have these numbers, seen with noise of these
/// deviations.
pub(in crate::release) fn looking_empty(numbers: &NoisyNumbers) -> f64 {
    let below = |(number, sd): &(f64, f64)| {
        libm::erfc((number / sd - EMPTY) / std::f64::consts::SQRT_2) / 2.0
    };
    numbers.iter().map(below).product()
}

/// What the numbers of the classes alone give the deviation of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct NumbersPart {
    /// The variance of the noise.
    pub(super) noise: f64,
    /// The square of what may be missing below, beyond the noise.
    pub(super) below: f64,
    /// The square of what may be missing above.
    pub(super) above: f64,
}

impl NumbersPart {
    /// For an answer to which a requester of each class adds this part of its lookups.
    pub(super) fn new(numbers: &[ClassNumber; CLASSES], parts: &[f64; CLASSES]) -> Self {
        let (mut noise, mut known, mut below, mut above) = (0.0, 0.0, 0.0, 0.0);
        for ((node, class), part) in nodes().into_iter().zip(numbers).zip(parts) {
            let (down, up) =
                if *part > 0.0 { (class.below, class.above) } else { (class.above, class.below) };
            let scale = node as f64 * part.abs();
            let (down, up) = (scale * down, scale * up);
            if class.is_unknown {
                below += down;
                above += up;
            } else {
                noise += (f64::midpoint(down, up) / Z_95).powi(2);
                known += down * down;
            }
        }
        Self { noise, below: below * below + 2.0 * known.sqrt() * below, above: above * above }
    }
}

/// What is believed of the number of a class, if it has anybody, and how likely it has.
struct Posterior {
    mean: f64,
    variance: f64,
    lives: f64,
    /// The grid's numbers with the probability up to each.
    cumulated: Vec<(f64, f64)>,
}

impl Posterior {
    /// `lives` is how likely it was before the look that the class has anybody. The grid ends where the class
    /// with the widest noise of all would be believed as measured.
    fn new((seen, sd): (f64, f64), widest: f64, expected: Option<(f64, f64)>, lives: f64) -> Self {
        let end = ((CERTAIN + 3.0) * widest).ln();
        let count = ((end - LEAST_LOG) / STEP).ceil() as usize;
        let grid: Vec<f64> = (0..count).map(|place| LEAST_LOG + STEP * place as f64).collect();
        let prior = |log: &f64| {
            expected.map_or(1.0, |(centre, scale)| {
                let off = (log - centre) / scale;
                (off * off / DEGREES + 1.0).powf(-f64::midpoint(DEGREES, 1.0))
            })
        };
        let prior: Vec<f64> = grid.iter().map(prior).collect();
        let seen_if = |number: f64| -0.5 * ((seen - number) / sd).powi(2);
        let likely: Vec<f64> = grid.iter().map(|log| seen_if(log.exp())).collect();
        let most = likely.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let both = prior.iter().zip(&likely);
        let weights: Vec<f64> = both.map(|(prior, likely)| prior * (likely - most).exp()).collect();
        let all: f64 = weights.iter().sum();
        let some = lives * all / prior.iter().sum::<f64>();
        let none = (1.0 - lives) * (seen_if(0.0) - most).exp();
        let mean = grid.iter().zip(&weights).map(|(log, weight)| log * weight).sum::<f64>() / all;
        let square = |(log, weight): (&f64, &f64)| (log - mean).powi(2) * weight;
        let variance = grid.iter().zip(&weights).map(square).sum::<f64>() / all;
        let cumulated = grid
            .iter()
            .zip(&weights)
            .scan(0.0, |sum, (log, weight)| {
                *sum += weight / all;
                Some((log.exp(), *sum))
            })
            .collect();
        Self { mean, variance, lives: some / (some + none), cumulated }
    }

    fn number(&self) -> ClassNumber {
        let (number, empty) = (self.lives * self.mean.exp(), 1.0 - self.lives);
        let is_surely_there = empty <= OUTSIDE;
        let least =
            if is_surely_there { self.quantile((OUTSIDE - empty) / self.lives) } else { 0.0 };
        ClassNumber {
            number,
            below: (number - least).max(0.0),
            above: (self.quantile(1.0 - OUTSIDE) - number).max(0.0),
            is_unknown: self.variance > UNKNOWN || !is_surely_there,
        }
    }

    /// Of the numbers of a class that has anybody.
    fn quantile(&self, probability: f64) -> f64 {
        let place = self.cumulated.partition_point(|(_, below)| *below < probability);
        self.cumulated.get(place).or(self.cumulated.last()).map_or(0.0, |(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::estimate::value::Estimate;

    /// The lightest classes of 1,000 requesters: all ask as much; their activity is exponential; or it is
    /// cut at a limit. All heavier classes are empty.
    const NOBODY_VERY_BUSY: [[f64; 3]; 3] =
        [[850.0, 80.0, 2.0], [447.0, 93.0, 3.6], [515.0, 78.0, 2.7]];

    #[test]
    fn a_look_is_empty_as_often_as_foretold() {
        // A class of four deviations is below them in one half of all looks, one of none in nearly all.
        let almost = 1.0 - 3.167_124e-5;
        let nobody = [(0.0, 25.0); CLASSES];
        assert!((looking_empty(&nobody) / f64::powi(almost, 10) - 1.0).abs() < 1e-9);
        let mut some = nobody;
        some[0].0 = 100.0;
        assert!((looking_empty(&some) / (f64::powi(almost, 9) / 2.0) - 1.0).abs() < 1e-9);
        some[3].0 = 1_000.0;
        assert!(looking_empty(&some) < 1e-12);
    }

    #[test]
    fn totals_hold_the_truth_where_nobody_is_very_busy() {
        // If 96 of 100 hold, fewer than 356 of 400 do less than once in 10^8 times.
        let mut chance = fastrand::Rng::with_seed(20_261_130);
        // The sum of twelve even numbers, less its mean, is nearly normal.
        let mut normal = || (0..12).map(|_| chance.f64()).sum::<f64>() - 6.0;
        for classes in NOBODY_VERY_BUSY {
            let mut truth = [0.0; CLASSES];
            truth[..3].copy_from_slice(&classes);
            let total = |numbers: &[f64]| {
                nodes().iter().zip(numbers).map(|(node, n)| *node as f64 * n).sum()
            };
            let all: f64 = total(&truth);
            let (mut held, mut surplus) = (0, 0.0);
            for _ in 0..400 {
                let sd = 5.7;
                let found = class_numbers(&truth.map(|number| (number + sd * normal(), sd)));
                let part = NumbersPart::new(&found, &[1.0; CLASSES]);
                let value: f64 = total(&found.map(|class| class.number));
                let total = Estimate::new(value, part.noise, part.below, part.above);
                held += u32::from((total.low..=total.high).contains(&all));
                surplus += (value / all - 1.0) / 400.0;
            }
            assert!(held >= 356, "{classes:?}: {held} of 400 hold");
            assert!(surplus.abs() < 0.1, "{classes:?}: {surplus} too high");
        }
    }
}
