//! Counts with their intervals.
//!
//! Values are rounded after the noise; an interval is taken from the unrounded value and rounded
//! outwards. Counts of requesters may come out below zero, and beside them stands a set for display:
//! nonnegative, with the same sum. Counts of lookups are never below zero.

use super::answer::{Answer, Column, Rows, Values, normal_quantile, whole};
use super::drawn::{Drawn, Estimator};
use super::value::{Estimate, Z_95};
use crate::Result;
use crate::release_file::keys::Key;
use crate::release_file::question::Question;

/// The number of lookups in each cell.
pub(super) struct LookupCounts;

impl Estimator for LookupCounts {
    fn answer(&self, question: &Question, drawn: &Drawn<'_>) -> Result<Answer> {
        // Which cells are the largest depends on the noise, so their intervals are made longer:
        // then they hold as often among the chosen cells as other intervals do among all cells.
        let cells: u64 = question.by.iter().map(Key::size).product();
        let chosen = |top: u32| f64::from(top).min(cells as f64) / cells as f64;
        let widened = question.top.map_or(1.0, |top| normal_quantile(0.025 * chosen(top)) / Z_95);
        let rows = drawn.counts(question, widened)?;
        let mut answer = picked(published(&rows), &rows, question.top);
        answer.measured_tables = drawn.sources(question);
        Ok(answer)
    }
}

/// The answer of counts.
pub(super) fn published(counts: &[Estimate]) -> Answer {
    let whole_column = |name, of: &dyn Fn(&Estimate) -> f64| {
        Column::whole(name, counts.iter().map(|count| whole(of(count))).collect())
    };
    let mean = counts.iter().map(|count| count.value).sum::<f64>() / counts.len().max(1) as f64;
    // A small cell that is known to be small says something.
    let is_lost = |count: &Estimate| count.half_width() > count.value.max(mean);
    let columns = vec![
        whole_column("value", &|count| (count.value + 0.5).floor()),
        Column::real("noise_sd", counts.iter().map(|count| count.noise_sd).collect()),
        whole_column("ci_low", &|count| count.low.floor()),
        whole_column("ci_high", &|count| count.high.ceil()),
        Column::flag("uninformative", counts.iter().map(is_lost).collect()),
    ];
    Answer::new(Rows::Each(1), columns)
}

/// The answer of counts that may be below zero.
pub(super) fn displayed(counts: &[Estimate]) -> Answer {
    let mut answer = published(counts);
    let display = nonnegative(&counts.iter().map(|count| count.value).collect::<Vec<_>>());
    answer.columns.insert(4, Column::real("value_display", display));
    answer
}

/// The rows with the largest values, ties in key order.
fn picked(mut answer: Answer, rows: &[Estimate], top: Option<u32>) -> Answer {
    let Some(top) = top else { return answer };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|left, right| rows[*right].value.total_cmp(&rows[*left].value));
    order.truncate(usize::try_from(top).unwrap_or(usize::MAX));
    answer.columns.iter_mut().for_each(|column| column.pick(&order));
    answer.rows = Rows::Picked(order);
    answer
}

/// The nearest set without negative values and with the same sum: one amount is subtracted from
/// every value, and what falls below zero becomes zero.
fn nonnegative(values: &[f64]) -> Vec<f64> {
    let sum: f64 = values.iter().sum();
    if sum <= 0.0 {
        return vec![0.0; values.len()];
    }
    let mut sorted = values.to_vec();
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
    values.iter().map(|value| (value - taken).max(0.0)).collect()
}

impl Column {
    fn pick(&mut self, rows: &[usize]) {
        fn picked<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().filter_map(|row| values.get(*row)).cloned().collect()
        }
        self.values = match &self.values {
            Values::Whole(values) => Values::Whole(picked(values, rows)),
            Values::Real(values) => Values::Real(picked(values, rows)),
            Values::Flag(values) => Values::Flag(picked(values, rows)),
            Values::Text(values) => Values::Text(picked(values, rows)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimates(values: &[f64]) -> Vec<Estimate> {
        values.iter().map(|value| Estimate::new(*value, 1.0, 0.0, 0.0)).collect()
    }

    fn column(answer: &Answer, name: &str) -> Vec<f64> {
        answer.numbers(name).unwrap().into_iter().map(Option::unwrap).collect()
    }

    #[test]
    fn values_round_to_nearest_and_intervals_outwards() {
        let answer = displayed(&estimates(&[3.0, 3.5, -0.25, -3.0]));
        assert_eq!(column(&answer, "value"), [3.0, 4.0, 0.0, -3.0]);
        assert_eq!(column(&answer, "ci_low"), [1.0, 1.0, -3.0, -5.0]);
        assert_eq!(column(&answer, "ci_high"), [5.0, 6.0, 2.0, -1.0]);
        assert_eq!(column(&answer, "uninformative"), [0.0, 0.0, 1.0, 1.0]);
        // A small cell beside large ones is known to be small.
        let answer = published(&estimates(&[0.5, 9.0]));
        assert_eq!(column(&answer, "uninformative"), [0.0, 0.0]);
    }

    #[test]
    fn what_is_displayed_is_never_negative_and_keeps_the_sum() {
        for values in [
            vec![10.0, -2.0, 5.0, -1.0],
            vec![1.0, 1.0, -1.5],
            vec![7.0],
            vec![-1.0, 3.0, 0.0, 0.0, -1.0],
        ] {
            let shown = nonnegative(&values);
            let sum: f64 = values.iter().sum();
            assert!(shown.iter().all(|value| *value >= 0.0), "{shown:?}");
            assert!((shown.iter().sum::<f64>() - sum).abs() < 1e-9, "{shown:?}");
        }
        // By hand: the two negatives go to zero and the positives share the 3 that they lacked.
        assert_eq!(nonnegative(&[10.0, -2.0, 5.0, -1.0]), [8.5, 0.0, 3.5, 0.0]);
        assert_eq!(nonnegative(&[-1.0, -2.0]), [0.0, 0.0]);
    }

    #[test]
    fn the_largest_come_first() {
        let rows = estimates(&[5.0, 50.0, 20.0, 50.0]);
        let answer = picked(published(&rows), &rows, Some(3));
        assert_eq!(answer.rows, Rows::Picked(vec![1, 3, 2]));
        assert_eq!(column(&answer, "value"), [50.0, 50.0, 20.0]);
        let names: Vec<&str> = answer.columns.iter().map(|column| column.name).collect();
        assert_eq!(names, ["value", "noise_sd", "ci_low", "ci_high", "uninformative"]);
    }
}
