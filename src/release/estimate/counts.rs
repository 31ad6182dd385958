//! Counts with their intervals, raked if possible to restore what bounding took.
//!
//! Values are rounded after the noise and stay signed; an interval is taken from the unrounded
//! value and rounded outwards. Beside them is a set for display: nonnegative, with the same sum.

use super::answer::{Answer, Column, Rows, Z_95, is_uninformative, normal_quantile};
use super::noisy::Noisy;

/// The answer of a count over the family of lookups; `unraked` is what its bounded tables say.
pub(super) fn lookups(
    noisy: &[Noisy],
    unraked: &[f64],
    coverage: Option<(f64, f64)>,
    top: Option<u32>,
) -> Answer {
    let share = vec![coverage.map(|(share, _)| share); noisy.len()];
    let extra = vec![
        Column::whole("value_unraked", unraked.iter().map(|cell| nearest(*cell)).collect()),
        Column::maybe("coverage", share),
    ];
    let mut answer = published(noisy, top, extra);
    answer.coverage = coverage;
    answer
}

/// The answer of counts from a table of their own.
pub(super) fn plain(noisy: &[Noisy]) -> Answer {
    published(noisy, None, Vec::new())
}

fn published(noisy: &[Noisy], top: Option<u32>, extra: Vec<Column>) -> Answer {
    let display = displayed(noisy);
    let picked = top.map(|top| largest(noisy, top));
    // The choice of the largest cells depends on the noise, so intervals hold for all cells at once.
    let z = match picked {
        None => Z_95,
        Some(_) => normal_quantile(0.025 / noisy.len().max(1) as f64),
    };
    let half = |noisy: &Noisy| z * noisy.variance.sqrt();
    let low: Vec<i64> = noisy.iter().map(|one| whole((one.value - half(one)).floor())).collect();
    let high: Vec<i64> = noisy.iter().map(|one| whole((one.value + half(one)).ceil())).collect();
    let uninformative = noisy
        .iter()
        .map(|one| is_uninformative(Some(one.value), one.value - half(one), one.value + half(one)))
        .collect();
    let mut columns = vec![
        Column::whole("value", noisy.iter().map(|one| nearest(one.value)).collect()),
        Column::real("noise_sd", noisy.iter().map(|one| one.variance.sqrt()).collect()),
        Column::whole("ci_low", low),
        Column::whole("ci_high", high),
    ];
    columns.extend(extra);
    columns.push(Column::real("value_display", display));
    columns.push(Column::flag("uninformative", uninformative));
    let rows = match picked {
        None => Rows::Each(1),
        Some(picked) => {
            columns.iter_mut().for_each(|column| column.pick(&picked));
            Rows::Picked(picked)
        }
    };
    Answer::new(rows, columns)
}

/// The cells with the largest values, ties in key order.
fn largest(noisy: &[Noisy], top: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..noisy.len()).collect();
    order.sort_by(|left, right| noisy[*right].value.total_cmp(&noisy[*left].value));
    order.truncate(usize::try_from(top).unwrap_or(usize::MAX));
    order
}

/// The nearest set without negative values and with the same sum: one amount is subtracted from
/// every value, and what falls below zero becomes zero.
fn displayed(noisy: &[Noisy]) -> Vec<f64> {
    let sum: f64 = noisy.iter().map(|one| one.value).sum();
    if sum <= 0.0 {
        return vec![0.0; noisy.len()];
    }
    let mut sorted: Vec<f64> = noisy.iter().map(|one| one.value).collect();
    sorted.sort_by(|left, right| right.total_cmp(left));
    let (mut above, mut taken) = (0.0, 0.0);
    for (place, value) in sorted.iter().enumerate() {
        above += value;
        let off = (above - sum) / (place as f64 + 1.0);
        if *value > off {
            taken = off;
        } else {
            break;
        }
    }
    noisy.iter().map(|one| (one.value - taken).max(0.0)).collect()
}

fn nearest(value: f64) -> i64 {
    whole((value + 0.5).floor())
}

#[expect(clippy::cast_possible_truncation, reason = "conversions to integers stop at the ends")]
pub(super) const fn whole(value: f64) -> i64 {
    value as i64
}

impl Column {
    fn pick(&mut self, rows: &[usize]) {
        use super::answer::Values;
        fn picked<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().filter_map(|row| values.get(*row)).copied().collect()
        }
        self.values = match &self.values {
            Values::Whole(values) => Values::Whole(picked(values, rows)),
            Values::Real(values) => Values::Real(picked(values, rows)),
            Values::Flag(values) => Values::Flag(picked(values, rows)),
            Values::Text(values) => {
                Values::Text(rows.iter().filter_map(|row| values.get(*row)).cloned().collect())
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noisy(values: &[f64]) -> Vec<Noisy> {
        values.iter().map(|value| Noisy { value: *value, variance: 1.0 }).collect()
    }

    fn column(answer: &Answer, name: &str) -> Vec<f64> {
        answer.numbers(name).unwrap().into_iter().map(Option::unwrap).collect()
    }

    #[test]
    fn values_round_to_nearest_and_intervals_outwards() {
        let answer = plain(&noisy(&[3.0, 3.5, -0.25, -3.0]));
        assert_eq!(column(&answer, "value"), [3.0, 4.0, 0.0, -3.0]);
        assert_eq!(column(&answer, "ci_low"), [1.0, 1.0, -3.0, -5.0]);
        assert_eq!(column(&answer, "ci_high"), [5.0, 6.0, 2.0, -1.0]);
        assert_eq!(column(&answer, "uninformative"), [1.0, 1.0, 1.0, 1.0]);
        assert_eq!(column(&plain(&noisy(&[4.0])), "uninformative"), [0.0]);
    }

    #[test]
    fn what_is_displayed_is_never_negative_and_keeps_the_sum() {
        for values in [
            vec![10.0, -2.0, 5.0, -1.0],
            vec![1.0, 1.0, -1.5],
            vec![7.0],
            vec![-1.0, 3.0, 0.0, 0.0, -1.0],
        ] {
            let shown = displayed(&noisy(&values));
            let sum: f64 = values.iter().sum();
            assert!(shown.iter().all(|value| *value >= 0.0), "{shown:?}");
            assert!((shown.iter().sum::<f64>() - sum).abs() < 1e-9, "{shown:?}");
        }
        // By hand: the two negatives go to zero and the positives share the 3 that they lacked.
        assert_eq!(displayed(&noisy(&[10.0, -2.0, 5.0, -1.0])), [8.5, 0.0, 3.5, 0.0]);
        assert_eq!(displayed(&noisy(&[-1.0, -2.0])), [0.0, 0.0]);
    }

    #[test]
    fn the_largest_come_first_with_wider_intervals() {
        let cells = [5.0, 50.0, 20.0, 50.0];
        let answer = lookups(&noisy(&cells), &cells, None, Some(3));
        assert_eq!(answer.rows, Rows::Picked(vec![1, 3, 2]));
        assert_eq!(column(&answer, "value"), [50.0, 50.0, 20.0]);
        // 97.5 % of one cell becomes 99.375 % of each of four: 2.4977 standard deviations.
        assert_eq!(column(&answer, "ci_low"), [47.0, 47.0, 17.0]);
        assert_eq!(
            answer.columns.iter().map(|column| column.name).collect::<Vec<_>>(),
            [
                "value",
                "noise_sd",
                "ci_low",
                "ci_high",
                "value_unraked",
                "coverage",
                "value_display",
                "uninformative"
            ]
        );
    }
}
