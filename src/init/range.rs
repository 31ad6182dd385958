//! The range in which the numbers of a column lie, as far as a sample shows it.

use super::column::Column;

/// One number in this many may lie beyond each end, so that single wrong ones decide nothing.
const ONE_IN: usize = 1_000;
/// At both ends the range reaches at least this many times as far as the sample.
const ROOM: f64 = 2.0;
/// If at least one number in this many is not above zero, the draft says so.
const SOME: usize = 100;

/// A range for a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NumberRange {
    /// Its ends. They are powers of ten, so that they reveal only the magnitude of the numbers.
    pub(super) ends: (f64, f64),
    /// How many of 100 sampled numbers are zero or below; `None` if fewer than one is.
    pub(super) not_above_zero: Option<usize>,
}

impl NumberRange {
    /// The range of a column's numbers above zero; `None` if hardly any is.
    pub(super) fn of(column: &Column<'_>) -> Option<Self> {
        let is_whole = column.whole == column.numbers;
        range(column.number_values().collect(), is_whole)
    }
}

fn range(numbers: Vec<f64>, is_whole: bool) -> Option<NumberRange> {
    let all = numbers.len();
    let mut above: Vec<f64> = numbers.into_iter().filter(|number| *number > 0.0).collect();
    above.sort_unstable_by(f64::total_cmp);
    if above.is_empty() || above.len() * 2 < all {
        return None;
    }
    let beyond = above.len() / ONE_IN;
    let (least, most) = (above[beyond], above[above.len() - 1 - beyond]);
    let low = power_of_ten((least / ROOM).log10().floor());
    // No whole number lies between zero and one.
    let low = if is_whole { low.max(1.0) } else { low };
    let high = power_of_ten((most * ROOM).log10().ceil());
    let rest = all - above.len();
    // Numbers beyond the largest end of a range are no durations.
    (low < high).then(|| NumberRange {
        ends: (low, high),
        not_above_zero: (rest * SOME >= all).then(|| (rest * 100).div_ceil(all)),
    })
}

/// A power of ten that a range can end at, read from text as a release file is.
fn power_of_ten(exponent: f64) -> f64 {
    format!("1e{}", exponent.clamp(-12.0, 15.0)).parse().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(numbers: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
        let numbers: Vec<f64> = numbers.into_iter().collect();
        let is_whole = numbers.iter().all(|number| number.fract() == 0.0);
        range(numbers, is_whole).map(|range| range.ends)
    }

    #[test]
    fn nearly_all_numbers_lie_inside_with_room_at_both_ends() {
        let steps = || (1..=2_000).map(f64::from);
        // Milliseconds, with and without a fraction, and the same as seconds.
        assert_eq!(ends(steps().map(|step| 4.0 + step)), Some((1.0, 10_000.0)));
        assert_eq!(ends(steps().map(|step| 4.5 + step)), Some((1.0, 10_000.0)));
        assert_eq!(ends(steps().map(|step| (4.5 + step) / 1e3)), Some((0.001, 10.0)));
        // Whole seconds begin at one, and fractions do not.
        assert_eq!(ends([1.0, 2.0, 30.0]), Some((1.0, 100.0)));
        assert_eq!(ends([1.0, 2.5, 30.0]), Some((0.1, 100.0)));
        // One in a thousand is far off, such as a value for "never".
        assert_eq!(ends(steps().chain([9e14, 1e-9])), Some((1.0, 10_000.0)));
        assert_eq!(ends([9e14]), Some((1e14, 1e15)));
        assert_eq!(ends([7.0]), Some((1.0, 100.0)));
        assert_eq!(ends([3e18]), None);
    }

    #[test]
    fn numbers_that_are_not_above_zero_have_no_say() {
        let some = |rest: usize| {
            let numbers = (0..1_000).map(|place| if place < rest { 0.0 } else { 50.0 }).collect();
            range(numbers, true).map(|range| (range.ends, range.not_above_zero))
        };
        assert_eq!(some(0), Some(((10.0, 100.0), None)));
        assert_eq!(some(9), Some(((10.0, 100.0), None)));
        assert_eq!(some(11), Some(((10.0, 100.0), Some(2))));
        assert_eq!(some(501), None);
        assert_eq!(ends([-1.0, -1.0, 20.0]), None);
        assert_eq!(ends([]), None);
    }
}
