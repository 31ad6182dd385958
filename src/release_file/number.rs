//! Numbers of rows, reduced to finitely many positions that the release file fixes.
//!
//! A sum, a mean or a quantile never meets a float on the private side: each row's number becomes a
//! position on a grid when it is read, and positions are counted like any other key. What is no
//! number (null, NaN, infinite; for a latency also negative) has a position of its own and counts
//! nowhere; what lies outside the range counts at its end.

use crate::{Error, Result};

/// How many steps the range is divided into for sums and means.
pub const LEVELS: u16 = 1 << 15;
/// How many bins a quantile is found in.
const BINS: u16 = 128;
/// From this ratio of the range's ends on, bins grow by a constant factor.
const LOG_RATIO: f64 = 10.0;
/// From this ratio on a range is long.
const LONG_RATIO: f64 = 10_000.0;

/// What the positions are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// Equal steps, each standing for one number.
    Levels,
    /// Bins, equal in width or in ratio.
    Bins,
    /// Below the range, inside and above it, and what is a number with the other decimal mark: for the owner
    /// of logs, who asks if the range is right.
    Sides,
}

/// The positions of a column's numbers within a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    column: String,
    low: f64,
    high: f64,
    is_signed: bool,
    steps: Steps,
}

impl Grid {
    /// Divides `range` for the numbers of the log's column `column`; `is_signed` says whether
    /// numbers below zero are numbers at all.
    ///
    /// # Errors
    /// Usage, naming the question, for a range that is not two finite numbers in order.
    pub(crate) fn new(
        column: &str,
        range: Option<&[f64]>,
        is_signed: bool,
        steps: Steps,
        question: &str,
    ) -> Result<Self> {
        let wrong = |detail: &str| {
            Error::usage(format!("question `{question}`: `range` {detail}"))
                .help("give the least and the greatest number that counts, for example [1, 60000]")
        };
        let &[low, high] = range.ok_or_else(|| wrong("is missing"))? else {
            return Err(wrong("is not two numbers"));
        };
        let usable = low.is_finite() && high.is_finite() && low < high;
        if !usable || low.abs().max(high.abs()) > 1e15 || (high - low) < 1e-9 * high.abs() {
            return Err(wrong("is not two numbers in order"));
        }
        Ok(Self { column: column.to_owned(), low, high, is_signed, steps })
    }

    /// The column, by its name in the log.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// The ends of the range.
    pub const fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// What the positions are for.
    pub const fn steps(&self) -> Steps {
        self.steps
    }

    /// Whether numbers below zero are numbers at all.
    pub const fn is_signed(&self) -> bool {
        self.is_signed
    }

    /// How many positions there are, the one of no number included as the last.
    pub const fn size(&self) -> u16 {
        self.none() + 1
    }

    /// The position of what is no number.
    pub const fn none(&self) -> u16 {
        match self.steps {
            Steps::Levels => LEVELS + 1,
            Steps::Bins => BINS,
            Steps::Sides => 4,
        }
    }

    /// The position of what is a number with the other decimal mark alone, if that is asked.
    pub const fn otherwise_written(&self) -> Option<u16> {
        match self.steps {
            Steps::Sides => Some(3),
            Steps::Levels | Steps::Bins => None,
        }
    }

    /// The same range with other positions.
    #[must_use]
    pub fn with_steps(&self, steps: Steps) -> Self {
        Self { steps, ..self.clone() }
    }

    /// The position of a row's number.
    // Inlined, so that what does not depend on the row is worked out once for a batch.
    #[inline]
    pub fn position(&self, number: Option<f64>) -> u16 {
        let Some(number) = number.filter(|number| number.is_finite()) else { return self.none() };
        if number < 0.0 && !self.is_signed {
            return self.none();
        }
        let (is_below, is_above) = (number < self.low, number > self.high);
        let number = number.clamp(self.low, self.high);
        match self.steps {
            Steps::Sides => 1 - u16::from(is_below) + u16::from(is_above),
            Steps::Levels => {
                whole((number - self.low) / (self.high - self.low) * f64::from(LEVELS) + 0.5)
                    .min(LEVELS)
            }
            Steps::Bins => {
                let share = if self.is_log() {
                    (number / self.low).ln() / (self.high / self.low).ln()
                } else {
                    (number - self.low) / (self.high - self.low)
                };
                whole(share * f64::from(BINS)).min(BINS - 1)
            }
        }
    }

    /// The least number of the range at a position or beyond, found by halving the numbers of the range: for
    /// programs that compare instead of taking logarithms, which differ from library to library.
    pub fn first_of(&self, position: u16) -> f64 {
        // In this order of their bits floats are in the order of their values.
        let rank = |number: f64| {
            let bits = number.to_bits().cast_signed();
            if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
        };
        let number = |rank: i64| {
            let bits = if rank < 0 { i64::MIN.wrapping_sub(rank) } else { rank };
            f64::from_bits(bits.cast_unsigned())
        };
        let least = if self.is_signed { self.low } else { self.low.max(0.0) };
        let (mut low, mut high) = (rank(least), rank(self.high));
        while low < high {
            // Half of the sum, rounded down. The sum itself may not fit.
            let middle = (low & high) + ((low ^ high) >> 1);
            if self.position(Some(number(middle))) >= position {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        number(low)
    }

    /// The lower end of a bin, and for the number of bins the upper end of the range.
    pub fn edge(&self, bin: u16) -> f64 {
        let share = f64::from(bin) / f64::from(BINS);
        if self.is_log() {
            self.low * ((self.high / self.low).ln() * share).exp()
        } else {
            self.low + (self.high - self.low) * share
        }
    }

    /// Whether the range is so long that bins grow by a constant factor.
    pub fn is_log(&self) -> bool {
        self.spans(LOG_RATIO)
    }

    /// Whether the range is so long that hardly any number can be expected near its upper end.
    pub fn is_long(&self) -> bool {
        self.spans(LONG_RATIO)
    }

    fn spans(&self, ratio: f64) -> bool {
        self.low > 0.0 && self.high / self.low >= ratio
    }
}

/// The whole part of a number between 0 and 65,535; numbers outside stop at the ends.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "conversions to integers stop at the ends"
)]
fn whole(number: f64) -> u16 {
    number as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(low: f64, high: f64, steps: Steps) -> Grid {
        Grid::new("latency", Some(&[low, high]), false, steps, "q").unwrap()
    }

    #[test]
    fn what_is_no_number_has_its_own_place_and_the_rest_stops_at_the_ends() {
        for steps in [Steps::Levels, Steps::Bins] {
            let grid = grid(1.0, 1_000.0, steps);
            for none in [None, Some(f64::NAN), Some(f64::INFINITY), Some(-1.0), Some(-0.001)] {
                assert_eq!(grid.position(none), grid.none());
            }
            assert_eq!(grid.position(Some(0.0)), 0);
            assert_eq!(grid.position(Some(1.0)), 0);
            let last = if steps == Steps::Bins { BINS - 1 } else { LEVELS };
            assert_eq!(grid.position(Some(1_000.0)), last);
            assert_eq!(grid.position(Some(1e300)), last);
            assert_eq!(grid.size(), grid.none() + 1);
        }
        let signed = Grid::new("t", Some(&[-5.0, 5.0]), true, Steps::Levels, "q").unwrap();
        assert_eq!(signed.position(Some(-9.0)), 0);
        assert_eq!(signed.position(Some(0.0)), LEVELS / 2);
    }

    #[test]
    fn ranges_are_long_from_a_factor_of_ten_thousand_on() {
        for (low, high, is_log, is_long) in [
            (1.0, 9.0, false, false),
            (10.0, 100.0, true, false),
            (1.0, 9_999.0, true, false),
            (1.0, 10_000.0, true, true),
            (0.0, 1e6, false, false),
        ] {
            let grid = grid(low, high, Steps::Levels);
            assert_eq!((grid.is_log(), grid.is_long()), (is_log, is_long), "{low} {high}");
        }
    }

    #[test]
    fn levels_stand_for_numbers_within_half_a_step() {
        let grid = grid(0.0, 200.0, Steps::Levels);
        for number in [0.0, 0.1, 33.3, 100.0, 123.456, 200.0] {
            let level = grid.position(Some(number));
            let step = 200.0 / f64::from(LEVELS);
            assert!((f64::from(level) * step - number).abs() <= step / 2.0 + 1e-9, "{number}");
        }
    }

    #[test]
    fn the_sides_of_a_range_are_below_inside_and_above() {
        let sides = grid(1.0, 100.0, Steps::Bins).with_steps(Steps::Sides);
        for (number, side) in [
            (Some(0.0), 0),
            (Some(0.999), 0),
            (Some(1.0), 1),
            (Some(100.0), 1),
            (Some(100.001), 2),
            (Some(-1.0), sides.none()),
            (None, sides.none()),
        ] {
            assert_eq!(sides.position(number), side, "{number:?}");
        }
    }

    #[test]
    fn every_number_lies_between_the_edges_of_its_bin() {
        for (low, high) in [(1.0, 60_000.0), (0.0, 50.0), (10.0, 20.0)] {
            let grid = grid(low, high, Steps::Bins);
            assert!((grid.edge(0) - low).abs() < 1e-9 && (grid.edge(BINS) - high).abs() < 1e-6);
            for step in 0..1_000 {
                let number = low + (high - low) * f64::from(step) / 1_000.0;
                let bin = grid.position(Some(number));
                let slack = 1e-9 * high;
                assert!(grid.edge(bin) <= number + slack && number <= grid.edge(bin + 1) + slack);
            }
        }
    }

    #[test]
    fn positions_begin_at_their_first_number_and_hold_all_behind_it() {
        for (low, high, is_signed) in
            [(1.0, 60_000.0, false), (0.0, 50.0, false), (-7.5, 9.0, true), (-2.0, 9.0, false)]
        {
            for steps in [Steps::Bins, Steps::Levels] {
                let grid = Grid::new("x", Some(&[low, high]), is_signed, steps, "q").unwrap();
                let last = if steps == Steps::Bins { BINS - 1 } else { LEVELS };
                let least = if is_signed { low } else { low.max(0.0) };
                let lowest = grid.position(Some(least));
                for position in (lowest + 1..=last).step_by(if last < 1_000 { 1 } else { 97 }) {
                    let first = grid.first_of(position);
                    let (mut below, mut above) = (first.next_down(), first);
                    for _ in 0..50 {
                        assert_eq!(grid.position(Some(above)), position, "{low} {high} {above}");
                        assert_eq!(grid.position(Some(below)), position - 1, "{low} {high}");
                        (below, above) = (below.next_down(), above.next_up().min(high));
                    }
                }
            }
        }
    }

    #[test]
    fn ranges_that_are_none_are_refused() {
        for range in [
            None,
            Some(vec![1.0]),
            Some(vec![2.0, 1.0]),
            Some(vec![0.0, f64::NAN]),
            Some(vec![1.0, 1.0]),
        ] {
            let error = Grid::new("x", range.as_deref(), true, Steps::Bins, "speed").unwrap_err();
            assert!(error.to_string().contains("`speed`"), "{error}");
        }
    }
}
