//! The average of published shares or means, each weighted by the lookups that it is of.
//!
//! A share of several days is all lookups that meet the condition over all lookups, and a mean alike: the
//! sum of the published values, each times its part of all lookups. What the values are off by adds up
//! as in other sums ([`super::sum`]). Beside it stands what the parts are off by, which moves the average by how
//! far a value lies from it.

use super::frame::Cell;
use super::sum::{self, Counted, Over, Summand};
use crate::release::{may_be_none, takes_up};
use crate::release_file::measure::Measure;

/// The fewest lookups that a value counts for, so that the average of empty cells is one too.
const LEAST: f64 = 0.5;

/// What is averaged, and between which numbers it lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Averaged {
    least: f64,
    most: f64,
    is_share: bool,
}

impl Averaged {
    /// Of what a question measures; `None` if its values are added up, and not averaged.
    pub(super) fn by(measure: &Measure) -> Option<Self> {
        match measure.word() {
            "share" => Some(Self { least: 0.0, most: 1.0, is_share: true }),
            "mean" => {
                let (least, most) = measure.number()?.grid()?.range();
                Some(Self { least, most, is_share: false })
            }
            _ => None,
        }
    }

    /// The average of cells in any order. One cell stays as it is.
    pub(super) fn average(self, mut cells: Vec<Cell>, over: Over) -> Cell {
        if let [one] = cells[..] {
            return one;
        }
        // Sums of floats depend on their order.
        cells.sort_unstable_by(|left, right| {
            let order = |of: fn(&Cell) -> f64| of(left).total_cmp(&of(right));
            order(|cell| cell.of.value)
                .then(order(|cell| cell.lookups.value))
                .then(order(|cell| cell.of.noise_sd))
        });
        let weights: Vec<f64> = cells.iter().map(|cell| cell.lookups.value.max(LEAST)).collect();
        let all: f64 = weights.iter().sum();
        let parts =
            cells.iter().zip(&weights).map(|(cell, weight)| self.part(cell.of, weight / all));
        let average = sum::add_up(parts.collect(), over, Counted::Number);
        let moved = |cell: &Cell| {
            let Summand { value, low, high, .. } = cell.lookups;
            (cell.of.value - average.value) / all * (high - value).max(value - low)
        };
        let moved: f64 = cells.iter().map(moved).map(|moved| moved * moved).sum();
        let half = |half: f64| (half * half + moved).sqrt();
        let of = Summand {
            low: (average.value - half(average.value - average.low)).max(self.least),
            high: (average.value + half(average.high - average.value)).min(self.most),
            ..average
        };
        // Many small cells have a sum whose interval may reach zero, and no sum has fewer lookups than a part.
        let least = cells.iter().map(|cell| cell.lookups.low).fold(0.0, f64::max);
        let lookups = cells.iter().map(|cell| cell.lookups).collect();
        let lookups = sum::add_up(lookups, over, Counted::Lookups);
        let lookups = Summand { low: lookups.low.max(least), ..lookups };
        Cell { of, lookups, shared: [0.0; 2] }
    }

    /// A value as a part of the average. An interval that was cut at an end of the range does not show how
    /// far it went: it is taken to reach as far as on its other side.
    fn part(self, of: Summand, weight: f64) -> Summand {
        let (below, above) = (of.value - of.low, of.high - of.value);
        let is_cut = [of.low <= self.least, of.high >= self.most];
        let (below, above) = match is_cut {
            [true, true] => (self.most - self.least, self.most - self.least),
            [true, false] => (below.max(above), above),
            [false, true] => (below, above.max(below)),
            [false, false] => (below, above),
        };
        Summand {
            value: weight * of.value,
            noise_sd: weight * of.noise_sd,
            low: weight * (of.value - below),
            high: weight * (of.value + above),
        }
    }

    /// Whether the average says nothing, by the rule of a day's values.
    pub(super) fn is_uninformative(self, cell: &Cell) -> bool {
        let Cell { of, lookups, .. } = cell;
        let is_wide = !self.is_share && (of.high - of.low) / 2.0 > of.value.abs();
        let is_open = takes_up([of.low, of.high], [self.least, self.most]);
        is_wide || is_open || may_be_none(lookups.low)
    }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::*;
    use crate::release::Z_95;

    const SHARE: Averaged = Averaged { least: 0.0, most: 1.0, is_share: true };
    const MEAN: Averaged = Averaged { least: 1.0, most: 500.0, is_share: false };

    fn cell(value: f64, noise_sd: f64, [low, high]: [f64; 2], lookups: [f64; 3]) -> Cell {
        let [all, least, most] = lookups;
        Cell {
            of: Summand { value, noise_sd, low, high },
            lookups: Summand { value: all, noise_sd: 0.0, low: least, high: most },
            shared: [0.0; 2],
        }
    }

    #[test]
    fn an_average_is_that_of_all_lookups() {
        let half = Z_95 * 0.02;
        let of =
            |value: f64, all: f64| cell(value, 0.02, [value - half, value + half], [all, all, all]);
        // 30 of 100 and 30 of 300 lookups are 60 of 400.
        let found = SHARE.average(vec![of(0.3, 100.0), of(0.1, 300.0)], Over::AVERAGED_DAYS);
        assert!((found.of.value - 0.15).abs() < 1e-12);
        assert!((found.lookups.value - 400.0).abs() < 1e-9);
        // Noise alone: a quarter of one and three quarters of the other, in squares.
        let sd = 0.02 * (0.25_f64.powi(2) + 0.75_f64.powi(2)).sqrt();
        assert!((found.of.noise_sd - sd).abs() < 1e-12);
        assert!((found.of.high - 0.15 - Z_95 * sd).abs() < 1e-12, "{found:?}");
        // One cell stays as it is, and so do averages of cells without lookups.
        assert_eq!(SHARE.average(vec![of(0.3, 100.0)], Over::CELLS), of(0.3, 100.0));
        let empty = SHARE.average(vec![of(0.2, 0.0), of(0.4, 0.0)], Over::CELLS).of;
        assert!((empty.value - 0.3).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_known_of_the_parts_counts_by_how_far_a_value_lies_from_the_average() {
        let of = |value: f64, off: f64| {
            cell(value, 0.0, [value, value], [100.0, 100.0 - off, 100.0 + off])
        };
        // Each part may be off by 20 of 200 lookups, which moves the average of 0.2 and 0.6 by 0.02.
        let found = SHARE.average(vec![of(0.2, 20.0), of(0.6, 20.0)], Over::AVERAGED_DAYS).of;
        assert!((found.high - 0.4 - 0.02 * 2.0_f64.sqrt()).abs() < 1e-12, "{found:?}");
        assert!((found.low - 0.4 + 0.02 * 2.0_f64.sqrt()).abs() < 1e-12, "{found:?}");
        // Values that agree do so whatever their parts are.
        let same = SHARE.average(vec![of(0.4, 90.0), of(0.4, 90.0)], Over::AVERAGED_DAYS).of;
        assert!((same.high - same.low).abs() < 1e-12, "{same:?}");
    }

    #[test]
    fn an_interval_that_was_cut_reaches_as_far_as_on_its_other_side_and_is_cut_again() {
        let all = [100.0; 3];
        let cut = SHARE.part(cell(0.05, 0.0, [0.0, 0.25], all).of, 1.0);
        assert!((cut.low - 0.05 + 0.2).abs() < 1e-12);
        let cut = SHARE.part(cell(0.95, 0.0, [0.75, 1.0], all).of, 0.5);
        assert!((cut.high - 0.5 * 1.15).abs() < 1e-12);
        let whole = MEAN.part(cell(250.0, 0.0, [1.0, 500.0], all).of, 1.0);
        assert!((whole.high - whole.low - 2.0 * 499.0).abs() < 1e-9);
        let found =
            SHARE.average(vec![cell(0.05, 0.0, [0.0, 0.25], all); 2], Over::AVERAGED_DAYS).of;
        assert!(found.low.abs() < 1e-12 && found.high > 0.05);
        // One that ends at the end of the range by itself is no shorter for it.
        let days = vec![cell(0.05, 0.0, [0.0, 0.08], all); 7];
        assert!(SHARE.average(days, Over::AVERAGED_DAYS).of.low.abs() < 1e-12);
    }

    #[test]
    fn an_average_says_nothing_by_the_rule_of_a_day() {
        for (averaged, value, ends, says_nothing) in [
            (SHARE, 0.3, [0.0, 0.6], true),
            (SHARE, 0.3, [0.1, 0.5], false),
            (SHARE, 0.01, [0.0, 0.1], false),
            (MEAN, 9.0, [1.0, 17.0], false),
            (MEAN, 9.0, [1.0, 21.0], true),
            (MEAN, 480.0, [1.0, 500.0], true),
            (MEAN, 480.0, [300.0, 500.0], false),
        ] {
            let of = |lookups| cell(value, 1.0, ends, lookups);
            assert_eq!(averaged.is_uninformative(&of([50.0, 1.0, 99.0])), says_nothing, "{value}");
            // Of lookups that may be none it says nothing in any case.
            assert!(averaged.is_uninformative(&of([50.0, 0.0, 104.0])), "{value}");
        }
        // One part with lookups is enough, however wide the interval of all is.
        let few = cell(0.3, 0.02, [0.2, 0.4], [30.0, 0.0, 104.0]);
        let many = cell(0.3, 0.02, [0.2, 0.4], [900.0, 500.0, 1_300.0]);
        let cells = |one| std::iter::repeat_n(few, 100).chain([one]).collect();
        let all = |one| SHARE.average(cells(one), Over::CELLS);
        assert!((all(many).lookups.low - 500.0).abs() < 1e-9, "{:?}", all(many).lookups);
        assert!(!SHARE.is_uninformative(&all(many)) && SHARE.is_uninformative(&all(few)));
        // Days without lookups stay together as unknown as each of them.
        let days = vec![cell(480.0, 0.0, [450.0, 500.0], [30.0, 0.0, 104.0]); 28];
        assert!(MEAN.is_uninformative(&MEAN.average(days, Over::AVERAGED_DAYS)));
    }

    /// What heavy users do otherwise and what a clip took is the same on every day.
    #[test]
    fn what_a_week_is_off_beyond_its_noise_does_not_shrink() {
        let days = vec![cell(100.0, 0.0, [90.0, 160.0], [50.0; 3]); 7];
        let week = MEAN.average(days, Over::AVERAGED_DAYS).of;
        assert!((week.high - 160.0).abs() < 1e-9, "{week:?}");
        assert!((week.low - 90.0).abs() < 1e-9, "{week:?}");
    }

    /// How many of 4,000 weeks of a share have an interval that holds the true one. Days differ in their
    /// share and size, what is off beyond the noise lasts in part, and sizes are off as well.
    fn held(lasting: f64, apart: f64) -> f64 {
        const WEEKS: usize = 4_000;
        let (noise, deviation) = (0.02, 0.03);
        let mut dice = Dice::new();
        let half = Z_95 * f64::hypot(noise, deviation);
        let mut held = 0;
        for _ in 0..WEEKS {
            let every_day = dice.normal();
            let (mut truth, mut all) = (0.0, 0.0);
            let days = (0..7).map(|day| {
                let share = 0.4 + apart * dice.normal();
                let lookups = if day < 5 { 1_000.0 } else { 400.0 };
                truth += share * lookups;
                all += lookups;
                let model = lasting.sqrt() * every_day + (1.0 - lasting).sqrt() * dice.normal();
                let value = share + noise * dice.normal() + deviation * model;
                let off = 60.0;
                let seen = lookups + off * dice.normal();
                let ends = [seen - Z_95 * off, seen + Z_95 * off];
                cell(value, noise, [value - half, value + half], [seen, ends[0], ends[1]])
            });
            let days: Vec<Cell> = days.collect();
            let week = SHARE.average(days, Over::AVERAGED_DAYS).of;
            held += usize::from((week.low..=week.high).contains(&(truth / all)));
        }
        held as f64 / WEEKS as f64
    }

    /// The slack is that of `sums_of_a_week_hold_the_true_sum`.
    #[test]
    fn averages_of_a_week_hold_the_true_one() {
        for (lasting, apart) in [(0.0, 0.0), (0.0, 0.1), (0.3, 0.1), (1.0, 0.0), (1.0, 0.2)] {
            let seen = held(lasting, apart);
            assert!(seen > 0.95 - 0.0155, "{lasting} {apart}: {seen}");
        }
    }
}
