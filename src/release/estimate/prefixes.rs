//! Counts by prefixes that were found, scaled to the total if there is one.

use super::answer::{Answer, Column, Rows, Values};
use super::combine::LEAST_SIGNAL;
use super::counts;
use super::estimator::{Drawn, Estimator};
use super::expected::Load;
use super::noisy::Noisy;
use crate::Result;
use crate::release_file::keys::OTHER;
use crate::release_file::prefix::Prefix;
use crate::release_file::question::Question;

/// The number of lookups with each private prefix that was found.
pub(super) struct PrefixCounts {
    /// Which prefixes.
    pub(super) prefix: Prefix,
}

impl Estimator for PrefixCounts {
    fn answer(&self, question: &Question, drawn: &mut Drawn<'_>) -> Result<Answer> {
        let own = drawn.own(question)?;
        let total = drawn.combined.total();
        let mut answer = own.answered(prefixes(self.prefix, own.table.keys(), &own.noisy(), total));
        if answer.coverage.is_some() {
            answer.measured_tables.extend(drawn.combined.sources(0));
        }
        Ok(answer)
    }

    fn typical(&self, _: Load, _: f64) -> Option<(f64, f64)> {
        None
    }
}

/// The answer: a row for each prefix, ascending, and behind them one for all other lookups.
///
/// # Shapes
/// `noisy` has a cell for each prefix and one more.
fn prefixes(prefix: Prefix, found: &[u64], noisy: &[Noisy], total: Option<Noisy>) -> Answer {
    let mut answer = match total.and_then(|total| raked(noisy, total)) {
        Some((raked, coverage)) => {
            let unraked: Vec<f64> = noisy.iter().map(|cell| cell.value).collect();
            counts::lookups(&raked, &unraked, Some(coverage), None)
        }
        None => counts::plain(noisy),
    };
    answer.rows = Rows::Each(noisy.len());
    let found = found.iter().map(|found| format!("+{found}")).chain([OTHER.to_owned()]);
    let values = Values::Text(found.collect());
    answer.columns.insert(0, Column { name: prefix.column(), values, nullable: false });
    answer
}

/// Every cell times T/S, the total over the sum of the cells, and the part of the lookups that the
/// cells hold with its standard deviation; `None` if either sum is lost in its noise.
///
/// # Source
/// The delta method (docs/mechanisms.md, section 7): for a cell y of variance s the variance is
/// `R^2 (s (1 - 2 y/S) + (y/S)^2 (var S + var T / R^2))`.
fn raked(noisy: &[Noisy], total: Noisy) -> Option<(Vec<Noisy>, (f64, f64))> {
    let sum: f64 = noisy.iter().map(|cell| cell.value).sum();
    let variance: f64 = noisy.iter().map(|cell| cell.variance).sum();
    let stands_out = |value: f64, variance: f64| value >= LEAST_SIGNAL * variance.sqrt();
    if !stands_out(sum, variance) || !stands_out(total.value, total.variance) {
        return None;
    }
    let ratio = total.value / sum;
    let rake = |cell: &Noisy| {
        let part = cell.value / sum;
        let shared = part * part * (variance + total.variance / (ratio * ratio));
        let variance = ratio * ratio * (cell.variance * (1.0 - 2.0 * part) + shared);
        Noisy { value: ratio * cell.value, variance: variance.max(0.0) }
    };
    let share = sum / total.value;
    let sd = (variance + share * share * total.variance).sqrt() / total.value;
    Some((noisy.iter().map(rake).collect(), (share, sd)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release_file::prefix::PrefixOf;

    const PREFIX: Prefix = Prefix { of: PrefixOf::Target, digits: 6 };

    fn noisy(values: &[f64], variance: f64) -> Vec<Noisy> {
        values.iter().map(|value| Noisy { value: *value, variance }).collect()
    }

    #[test]
    fn prefixes_are_written_like_numbers_and_scaled_to_the_total() {
        let total = Noisy { value: 2_000.0, variance: 100.0 };
        let answer =
            prefixes(PREFIX, &[141_555, 491_511], &noisy(&[600.0, 100.0, 300.0], 1.0), Some(total));
        let names =
            Values::Text(vec!["+141555".to_owned(), "+491511".to_owned(), OTHER.to_owned()]);
        assert_eq!(answer.columns[0].values, names);
        assert_eq!(answer.numbers("value").unwrap(), [1_200.0, 200.0, 600.0].map(Some));
        assert_eq!(answer.numbers("value_unraked").unwrap(), [600.0, 100.0, 300.0].map(Some));
        // By hand: 4 (1 (1 - 1.2) + 0.36 (3 + 25)) = 39.52.
        let sd = answer.numbers("noise_sd").unwrap()[0].unwrap();
        assert!((sd - 39.52_f64.sqrt()).abs() < 1e-9, "{sd}");
        assert!((answer.coverage.unwrap().0 - 0.5).abs() < 1e-12);
    }

    #[test]
    fn without_a_total_or_in_the_noise_they_stay_as_they_are() {
        let total = Noisy { value: 2.0, variance: 100.0 };
        for total in [None, Some(total)] {
            let answer = prefixes(PREFIX, &[141_555], &noisy(&[600.0, 300.0], 1.0), total);
            assert_eq!(answer.numbers("value").unwrap(), [600.0, 300.0].map(Some));
            assert_eq!(answer.coverage, None);
        }
        let nothing = prefixes(PREFIX, &[], &noisy(&[40.0], 1.0), None);
        assert_eq!(nothing.columns[0].values, Values::Text(vec![OTHER.to_owned()]));
    }
}
