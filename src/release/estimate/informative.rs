//! When a value says nothing: its interval leaves most of what the value can be open, or the value
//! may be of no lookups at all.

use super::value::Estimate;

/// The largest part of its range that the interval of an informative value takes up. Whoever names the
/// middle of a range without any log is off by at most half of it, and so knows as much as an
/// interval says that takes up more.
const MOST_OF_RANGE: f64 = 0.5;

/// Whether an interval takes up so much of the range of a value that it says nothing.
pub fn takes_up([low, high]: [f64; 2], [least, most]: [f64; 2]) -> bool {
    high - low > MOST_OF_RANGE * (most - least)
}

/// Whether the lookups that a value is of, at least `low`, may be none.
pub const fn may_be_none(low: f64) -> bool {
    low < 1.0
}

/// Whether half the width of an interval is above the size of its value.
pub(super) fn is_wider_than_value(estimate: &Estimate) -> bool {
    estimate.half_width() > estimate.value.abs()
}

/// Whether a mean within a range says nothing, whatever it is the mean of.
pub(super) fn is_unknown_mean(mean: &Estimate, range: [f64; 2]) -> bool {
    is_wider_than_value(mean) || takes_up([mean.low, mean.high], range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_says_nothing_wherever_in_its_range_it_lies() {
        let range = [100.0, 300.0];
        for value in [100.0, 150.0, 200.0, 250.0, 300.0] {
            let of = |half: f64| {
                let (low, high) = (f64::max(value - half, 100.0), f64::min(value + half, 300.0));
                Estimate { value, noise_sd: 0.0, low, high }
            };
            assert!(is_unknown_mean(&of(200.0), range), "{value}");
            assert!(!is_unknown_mean(&of(49.0), range), "{value}");
        }
        // A range that begins at zero: half of the value rules below, half of the range above.
        let of = |value, low, high| Estimate { value, noise_sd: 0.0, low, high };
        assert!(is_unknown_mean(&of(4.0, 0.0, 10.0), [0.0, 100.0]));
        assert!(is_unknown_mean(&of(87.0, 0.0, 100.0), [0.0, 100.0]));
        assert!(!is_unknown_mean(&of(87.0, 60.0, 100.0), [0.0, 100.0]));
        assert!(!is_unknown_mean(&of(4.0, 1.0, 7.0), [0.0, 100.0]));
    }

    #[test]
    fn lookups_from_one_on_are_some() {
        assert!(may_be_none(0.0) && may_be_none(0.9) && !may_be_none(1.0));
    }
}
