//! Sums and means of a number.
//!
//! A fifth of the question's loss counts the lookups that have a number, as a shape; the rest
//! measures, in each class, the sums of the number over lookups, as a part of its range. The mean
//! of a class starts from that of the class below and moves towards what the class itself shows, by
//! the weight of that evidence.

use super::answer::{Answer, Rows, of_lookups, real_columns};
use super::class_numbers::{ClassNumber, NumbersPart};
use super::deviations::Sums;
use super::drawn::{Drawn, Estimator};
use super::informative::{is_unknown_mean, is_wider_than_value, may_be_none};
use super::value::{Estimate, Z_95};
use crate::plan::kinds::{CLASSES, nodes};
use crate::plan::{Axis, Role};
use crate::release_file::keys::Key;
use crate::release_file::question::Question;
use crate::{Error, Result};

/// How far the mean of a class may lie from that of the class below, as a part of it.
const SPREAD: f64 = 0.25;
/// How many times as far the mean of the lightest class may lie from the mean over all rows.
const FIRST: f64 = 2.0;
/// The mean square of a number, in squares of its mean: that of an exponential distribution.
const SQUARE: f64 = 2.0;

/// The mean of a number over the lookups that have one.
pub(super) struct NumberMeans<'a> {
    /// The number.
    pub(super) key: &'a Key,
}

/// The sum of a number over the lookups that have one.
pub(super) struct NumberSums<'a> {
    /// The number.
    pub(super) key: &'a Key,
}

impl Estimator for NumberMeans<'_> {
    fn answer(&self, question: &Question, drawn: &Drawn<'_>) -> Result<Answer> {
        let tables = NumberTables::new(self.key, question, drawn)?;
        let (range, counts) = (range(self.key)?, tables.counts(drawn)?);
        let means = in_range(range, &tables.means(range, drawn));
        let is_lost = uninformative(&means, &counts, range);
        let mut answer = published(&means, is_lost, question, drawn);
        answer.columns.extend(of_lookups(&counts));
        Ok(answer)
    }
}

impl Estimator for NumberSums<'_> {
    fn answer(&self, question: &Question, drawn: &Drawn<'_>) -> Result<Answer> {
        let tables = NumberTables::new(self.key, question, drawn)?;
        let ([low, high], counts) = (range(self.key)?, tables.counts(drawn)?);
        let means = tables.means([low, high], drawn);
        let least = if low < 0.0 { f64::NEG_INFINITY } else { 0.0 };
        let most = if high > 0.0 { f64::INFINITY } else { 0.0 };
        let both = means.iter().zip(&counts);
        let sum = |(mean, count)| product(mean, count).within(least, most);
        let sums: Vec<Estimate> = both.map(sum).collect();
        // A sum is as unknown as its mean, also where the mean lies high in its range.
        let is_lost = uninformative(&in_range([low, high], &means), &counts, [low, high]);
        let is_lost = is_lost.into_iter().zip(&sums);
        let is_lost = is_lost.map(|(is_lost, sum)| is_lost || is_wider_than_value(sum)).collect();
        Ok(published(&sums, is_lost, question, drawn))
    }
}

/// Means that lie in their range. Sums are of means as they come out: what noise takes out of the range on one day is
/// made up for by other days, and a sum of days would lie too high, or too low, without it.
pub(super) fn in_range([low, high]: [f64; 2], means: &[Estimate]) -> Vec<Estimate> {
    let bounded =
        |mean: &Estimate| Estimate { value: mean.value.clamp(low, high), ..mean.within(low, high) };
    means.iter().map(bounded).collect()
}

/// Which means say nothing: by their intervals, or because they may be of no lookups.
fn uninformative(means: &[Estimate], counts: &[Estimate], range: [f64; 2]) -> Vec<bool> {
    let both = means.iter().zip(counts);
    both.map(|(mean, count)| is_unknown_mean(mean, range) || may_be_none(count.low)).collect()
}

fn published(
    estimates: &[Estimate],
    uninformative: Vec<bool>,
    question: &Question,
    drawn: &Drawn<'_>,
) -> Answer {
    let columns = real_columns(estimates, uninformative);
    let mut answer = Answer::new(Rows::Each(1), columns);
    answer.measured_tables = drawn.sources(question);
    answer
}

fn range(key: &Key) -> Result<[f64; 2]> {
    let grid = key.grid().ok_or_else(|| Error::internal("a number's key has no grid"))?;
    Ok(grid.range().into())
}

/// A mean times a count, whose errors are independent.
fn product(mean: &Estimate, count: &Estimate) -> Estimate {
    let value = mean.value * count.value;
    let both = |of_mean: f64, of_count: f64| (of_mean * count.value).hypot(of_count * mean.value);
    let (below, above) = (count.value - count.low, count.high - count.value);
    // Fewer lookups make a negative sum larger.
    let (less, more) = if mean.value < 0.0 { (above, below) } else { (below, above) };
    Estimate {
        value,
        noise_sd: both(mean.noise_sd, count.noise_sd),
        low: value - both(mean.value - mean.low, less),
        high: value + both(mean.high - mean.value, more),
    }
}

/// What was measured of a question's number.
struct NumberTables {
    means: MeasuredMeans,
    axes: Vec<Axis>,
    by: Vec<Axis>,
}

impl NumberTables {
    fn new(key: &Key, question: &Question, drawn: &Drawn<'_>) -> Result<Self> {
        let by: Vec<Axis> = question.by.iter().map(Axis::of).collect();
        let has = Axis::HasNumber(key.name().to_owned());
        let axes: Vec<Axis> = by.iter().cloned().chain([has]).collect();
        let level = drawn.level(&axes)?;
        let lacking = || Error::internal("a number has no measured table");
        let of_level = drawn.day.shapes.level(&level).ok_or_else(lacking)?;
        // Each row has two cells, without and with a number; these are the cells with one.
        let with: Vec<usize> =
            drawn.cells_in_order(&axes)?.chunks_exact(2).map(|both| both[1]).collect();
        let shares: Vec<Vec<f64>> = of_level
            .shares
            .iter()
            .map(|shares| with.iter().map(|cell| shares[*cell]).collect())
            .collect();
        let order = drawn.cells_in_order(&by)?;
        let role = Role::Sums { question: question.name.clone() };
        let (mut sums, mut clips) = (vec![None; CLASSES], [1.0; CLASSES]);
        for table in drawn.tables.iter().filter(|table| table.priced().table.role == role) {
            let cells: Vec<f64> = table.contributions().collect();
            let class = table.priced().table.class().ok_or_else(lacking)?;
            let rows = order.iter().map(|cell| cells[*cell]).collect();
            sums[class] = Some((rows, table.noise_sd().powi(2)));
            clips[class] = table.priced().table.clip.contributions();
        }
        let sums = sums.into_iter().map(|sums| sums.ok_or_else(lacking)).collect::<Result<_>>()?;
        Ok(Self { means: MeasuredMeans { shares, sums, clips }, axes, by })
    }

    /// The mean of each row, which noise may take out of the range.
    fn means(&self, [low, high]: [f64; 2], drawn: &Drawn<'_>) -> Vec<Estimate> {
        let means = self.means.of(&drawn.day.numbers).into_iter();
        means.map(|mean| mean.scaled(low, high - low)).collect()
    }

    /// The lookups with a number in each row.
    fn counts(&self, drawn: &Drawn<'_>) -> Result<Vec<Estimate>> {
        let (level, by) = (drawn.level(&self.axes)?, drawn.level(&self.by)?);
        let cells = drawn.cells_in_order(&self.axes)?;
        let mut factors = vec![0.0; cells.len()];
        cells.chunks_exact(2).for_each(|both| factors[both[1]] = 1.0);
        let sums = Sums { level: &level, by: &by, factors: Some(&factors), values: None };
        let counts = drawn.day.sums(&sums)?;
        let floor = drawn.day.floor(&level);
        let count = |cell: usize| counts[cell].less_floor(floor).within(0.0, f64::INFINITY);
        Ok(drawn.cells_in_order(&self.by)?.into_iter().map(count).collect())
    }
}

/// The measurements that means are computed from.
pub(super) struct MeasuredMeans {
    /// For each class the share of its lookups that lie in each row and have a number.
    pub(super) shares: Vec<Vec<f64>>,
    /// For each class the noisy sums of the rows, as parts of the range, and the variance of noise.
    pub(super) sums: Vec<(Vec<f64>, f64)>,
    /// For each class the bound on a requester's sums, as a part of the range.
    pub(super) clips: [f64; CLASSES],
}

impl MeasuredMeans {
    /// The mean of each row, from 0 to 1 over the range where noise does not take it out of it.
    pub(super) fn of(&self, numbers: &[ClassNumber; CLASSES]) -> Vec<Estimate> {
        let rows = self.sums[0].0.len();
        let mut classes = ClassMeans::default();
        for ((class, shares), sums) in numbers.iter().zip(&self.shares).zip(&self.sums) {
            let count = |share: &f64| (class.number * share).max(1e-12);
            classes.step(sums, &shares.iter().map(count).collect::<Vec<f64>>());
        }
        let lookups = |class: usize, row: usize| {
            nodes()[class] as f64 * numbers[class].number * self.shares[class][row]
        };
        let bent: Vec<f64> =
            (0..CLASSES).map(|class| self.bent(class, &classes.means[class])).collect();
        // What the clip of a class may have taken from a mean.
        let taken = |class: usize, mean: f64| ((mean * bent[class]).min(1.0) - mean).max(0.0);
        let estimate = |row: usize| {
            let all: f64 = (0..CLASSES).map(|class| lookups(class, row)).sum();
            let whole = all.max(1e-9);
            let sum: f64 =
                (0..CLASSES).map(|class| lookups(class, row) * classes.means[class][row]).sum();
            let mean = sum / whole;
            let (noise, model) = classes.spread(row, |class| lookups(class, row) / whole);
            let parts = std::array::from_fn(|class| {
                (classes.means[class][row] - mean) / whole * self.shares[class][row]
            });
            let part = NumbersPart::new(numbers, &parts);
            let core = Z_95 * Z_95 * model;
            let taken: f64 = (0..CLASSES)
                .map(|class| lookups(class, row) / whole * taken(class, classes.means[class][row]))
                .sum();
            let above = core + part.above + taken * taken;
            Estimate::new(mean, noise + part.noise, core + part.below, above)
        };
        (0..rows).map(estimate).collect()
    }
}

impl MeasuredMeans {
    /// How many times as large the means of a class may be without its clip, by the length that they give
    /// the sums of a typical requester.
    fn bent(&self, class: usize, means: &[f64]) -> f64 {
        let lookups = nodes()[class] as f64;
        let square = |(share, mean): (&f64, &f64)| {
            let sum = share * mean;
            sum * sum * (1.0 - 1.0 / lookups) + SQUARE * share * mean * mean / lookups
        };
        let length = self.shares[class].iter().zip(means).map(square).sum::<f64>().sqrt();
        unbent(length, self.clips[class])
    }
}

/// How many times as long vectors were before a clip that leaves them this long on average. Their
/// lengths are taken to have a gamma distribution of shape two, with a mean of at most one.
fn unbent(left: f64, clip: f64) -> f64 {
    let left = left.clamp(1e-12, 1.0);
    let leaves = |length: f64| {
        let end = 2.0 * clip / length;
        length * (1.0 - (-end).exp() * (1.0 + end / 2.0))
    };
    if clip >= 1.0 {
        return 1.0;
    }
    let (mut low, mut high) = (left, 1.0);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        if leaves(middle) < left { low = middle } else { high = middle }
    }
    high / left
}

/// The means of all rows, class by class; every list has one list of rows for each class.
#[derive(Default)]
struct ClassMeans {
    means: Vec<Vec<f64>>,
    weights: Vec<Vec<f64>>,
    noise: Vec<Vec<f64>>,
    model: Vec<Vec<f64>>,
    /// The variance of each row's mean after the last class.
    own: Vec<f64>,
    /// The variance of the mean over all rows, from which the lightest class starts.
    first: f64,
}

impl ClassMeans {
    /// Moves from the means of the class below towards what a class's sums show.
    fn step(&mut self, (sums, variance): &(Vec<f64>, f64), counts: &[f64]) {
        let rows = counts.len();
        let is_first = self.means.is_empty();
        let (prior, far) = if let Some(last) = self.means.last() {
            (last.clone(), SPREAD)
        } else {
            let all: f64 = counts.iter().sum();
            self.first = rows as f64 * variance / (all * all);
            self.own = vec![self.first; rows];
            let mean = sums.iter().sum::<f64>() / all;
            (vec![mean; rows], FIRST * SPREAD)
        };
        let mut step = [vec![0.0; rows], vec![0.0; rows], vec![0.0; rows], vec![0.0; rows]];
        for row in 0..rows {
            let model = (far * prior[row]).powi(2);
            let noise = variance / (counts[row] * counts[row]);
            let all = model + self.own[row];
            // With one row the prior is itself computed from what is seen.
            let weight = if is_first && rows == 1 { 1.0 } else { all / (all + noise) };
            let seen = sums[row] / counts[row];
            let mean = prior[row] + weight * (seen - prior[row]);
            self.own[row] = weight * weight * noise + (1.0 - weight).powi(2) * all;
            for (list, value) in step.iter_mut().zip([mean, weight, noise, model]) {
                list[row] = value;
            }
        }
        let [means, weights, noise, model] = step;
        self.means.push(means);
        self.weights.push(weights);
        self.noise.push(noise);
        self.model.push(model);
    }

    /// The variance that noise and model give a sum over classes of a row's means, each times its part.
    fn spread(&self, row: usize, part: impl Fn(usize) -> f64) -> (f64, f64) {
        let (mut reach, mut noise, mut model) = (0.0_f64, 0.0, 0.0);
        for class in (0..CLASSES).rev() {
            reach += part(class);
            let (weight, rest) = (self.weights[class][row], 1.0 - self.weights[class][row]);
            noise += (reach * weight).powi(2) * self.noise[class][row];
            model += (reach * rest).powi(2) * self.model[class][row];
            reach *= rest;
        }
        (noise + reach * reach * self.first, model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_is_undone_where_it_bends_and_nowhere_else() {
        // By hand, the integral of min(x, clip) x/s^2 exp(-x/s) for a mean of 2 s.
        let leaves = |mean: f64, clip: f64| {
            let (scale, steps) = (mean / 2.0, 200_000);
            let step = 40.0 * scale / f64::from(steps);
            let part = |place: i32| {
                let x = (f64::from(place) + 0.5) * step;
                x.min(clip) * x / scale.powi(2) * (-x / scale).exp() * step
            };
            (0..steps).map(part).sum::<f64>()
        };
        for (mean, clip) in [(0.004, 0.08), (0.05, 0.08), (0.2, 0.31), (0.5, 0.31)] {
            let left = leaves(mean, clip);
            assert!((unbent(left, clip) * left / mean - 1.0).abs() < 1e-4, "{mean} {clip}");
        }
        assert!((unbent(0.004, 0.08) - 1.0).abs() < 1e-12);
        assert!(unbent(0.9, 1.0) <= 1.0);
        // Everybody is bent, so that nothing is known but the range.
        assert!((unbent(0.08, 0.08) * 0.08 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_mean_of_lookups_that_may_be_none_says_nothing() {
        let of = |value, low, high| Estimate { value, noise_sd: 0.0, low, high };
        let mean = of(101.6, 90.0, 110.0);
        for (count, says_nothing) in [
            (of(0.0, 0.0, 104.0), true),
            (of(140.0, 0.4, 900.0), true),
            (of(140.0, 7.0, 900.0), false),
        ] {
            assert_eq!(uninformative(&[mean], &[count], [1.0, 2_000.0]), [says_nothing]);
        }
    }

    #[test]
    fn an_interval_reaches_what_clips_took() {
        let class = ClassNumber { number: 1_000.0, ..ClassNumber::default() };
        let of = |level: f64| {
            let clips: [f64; CLASSES] = std::array::from_fn(|class| [0.31, 0.08][class.min(1)]);
            let sums = clips.map(|clip| (vec![1_000.0 * level.min(clip)], 1.0)).to_vec();
            MeasuredMeans { shares: vec![vec![1.0]; CLASSES], sums, clips }.of(&[class; CLASSES])[0]
        };
        let long = of(0.2);
        assert!(long.value < 0.1 && long.high >= 0.2, "{long:?}");
        // Far below every clip an interval is noise and model alone.
        let far = of(0.005);
        assert!((far.high - far.value) / (far.value - far.low) < 1.01, "{far:?}");
    }
}
