//! The intervals of a difference and of a ratio, from two values with their intervals.

use serde::Serialize;

/// A published value with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measured {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Measured {
    /// The same value with an interval that reaches this many times as far.
    pub(super) fn widened(self, times: f64) -> Self {
        let Self { value, low, high } = self;
        Self { value, low: value - times * (value - low), high: value + times * (high - value) }
    }

    /// The value of an average day, out of this many days.
    pub(super) fn divided(self, days: f64) -> Self {
        Self { value: self.value / days, low: self.low / days, high: self.high / days }
    }
}

/// A computed value with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// The value.
    pub value: f64,
    /// The lower end.
    pub low: Option<f64>,
    /// The upper end; `None` if there is none.
    pub high: Option<f64>,
}

/// The second value less the first.
pub(super) fn difference([before, after]: [Measured; 2]) -> Range {
    let value = after.value - before.value;
    Range {
        value,
        low: Some(value - (after.value - after.low).hypot(before.high - before.value)),
        high: Some(value + (after.high - after.value).hypot(before.value - before.low)),
    }
}

/// The second value divided by the first, of values that are never negative; `None` if the first may
/// be zero.
///
/// The interval holds every ratio `r` for which the interval of `after - r before` holds zero, so
/// it holds one exactly if the interval of the difference holds zero.
pub(super) fn ratio([before, after]: [Measured; 2]) -> Option<Range> {
    let (value, lowest) = (before.value, before.low.max(0.0));
    if lowest <= 0.0 || value <= 0.0 || after.value < 0.0 {
        return None;
    }
    let product = after.value * value;
    // The square of one value less that of its distance to an end.
    let left = |measured: f64, end: f64| end * (2.0 * measured - end);
    let root = |upper: f64, lower: f64| (product * product - upper * lower).max(0.0).sqrt();
    let (after_low, before_high) =
        (left(after.value, after.low.max(0.0)), left(value, before.high));
    let (after_high, before_low) = (left(after.value, after.high), left(value, lowest));
    Some(Range {
        value: after.value / value,
        // The smaller root in a form that does not cancel.
        low: Some(match product + root(after_low, before_high) {
            sum if sum > 0.0 => after_low.max(0.0) / sum,
            _ => 0.0,
        }),
        high: (before_low > 0.0).then(|| (product + root(after_high, before_low)) / before_low),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn measured(value: f64, low: f64, high: f64) -> Measured {
        Measured { value, low, high }
    }

    #[test]
    fn a_difference_combines_the_sides_that_face_each_other() {
        // 3-4-5 downwards, 5-12-13 upwards.
        let found = difference([measured(100.0, 88.0, 104.0), measured(130.0, 127.0, 135.0)]);
        assert_eq!(found, Range { value: 30.0, low: Some(25.0), high: Some(43.0) });
    }

    #[test]
    fn a_ratio_is_that_of_fieller_and_has_no_end_where_the_first_may_be_zero() {
        // Fieller's interval of 10 and 20 with half-widths of 1 and 2: the roots of
        // (20 - 10 r)^2 = 4 + r^2, which are (200 ± sqrt(2416 ... )) / 99 by hand below.
        let found = ratio([measured(10.0, 9.0, 11.0), measured(20.0, 18.0, 22.0)]).unwrap();
        let root = (200.0_f64.powi(2) - 99.0 * 396.0).sqrt();
        assert!((found.low.unwrap() - (200.0 - root) / 99.0).abs() < 1e-12);
        assert!((found.high.unwrap() - (200.0 + root) / 99.0).abs() < 1e-12);
        assert_eq!(ratio([measured(10.0, 0.0, 30.0), measured(20.0, 18.0, 22.0)]), None);
        // Noise may take a value below zero, and an interval that ends there does not follow it.
        assert_eq!(ratio([measured(-65.0, 45.0, 90.0), measured(20.0, 18.0, 22.0)]), None);
        let flat = ratio([measured(10.0, 9.0, 11.0), measured(0.0, 0.0, 5.0)]).unwrap();
        assert!(flat.low == Some(0.0) && flat.high.unwrap() > 0.0);
    }

    proptest! {
        #[test]
        fn a_ratio_is_one_exactly_if_the_difference_may_be_zero(
            values in [1.0..1e6, 1.0..1e6], parts in [0.0..0.99, 0.0..0.99], ups in [0.0..3.0, 0.0..3.0],
        ) {
            let side = |place: usize| {
                let value: f64 = values[place];
                measured(value, value * (1.0 - parts[place]), value * (1.0 + ups[place]))
            };
            let sides = [side(0), side(1)];
            let (apart, times) = (difference(sides), ratio(sides).unwrap());
            let (low, high) = (times.low.unwrap(), times.high.unwrap());
            prop_assert!(low <= times.value * (1.0 + 1e-9) && times.value <= high * (1.0 + 1e-9));
            let slack = 1e-9 * (values[0] + values[1]);
            if apart.low.unwrap() > slack { prop_assert!(low > 1.0 - 1e-9); }
            if apart.high.unwrap() < -slack { prop_assert!(high < 1.0 + 1e-9); }
            if apart.low.unwrap() < -slack && apart.high.unwrap() > slack {
                prop_assert!(low < 1.0 + 1e-9 && high > 1.0 - 1e-9);
            }
        }
    }
}
