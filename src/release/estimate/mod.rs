//! Noisy tables → answers with 95 % intervals: post-processing, free of charge.
//!
//! An interval holds the bounded value, or where a count is raked its scaled value, in 95 of 100
//! draws; what bounding took is told beside it as coverage and never folded in.

mod answer;
mod combine;
mod counts;
mod expected;
mod prefixes;
mod quantiles;
mod ratios;
mod tensor;

pub use answer::{Answer, Column, Rows, Values, Z_95};
pub use expected::{Expected, expected};

use super::draw::NoisyTable;
use crate::plan::{Axis, Plan, condition_met};
use crate::spec::keys::{Key, KeySource};
use crate::spec::measure::{HISTOGRAM_BINS, Measure, histogram_edges};
use crate::spec::number::Grid;
use crate::spec::question::Question;
use crate::{Error, Result};
use combine::{Combined, Estimate, Noisy};
use ratios::{Pair, Spread};

/// Answers every question of a release, in its order.
///
/// # Errors
/// Internal, when the tables are not of the plan.
pub fn answers(questions: &[Question], plan: &Plan, noisy: &[NoisyTable]) -> Result<Vec<Answer>> {
    let mut combined = Combined::new(plan, noisy)?;
    questions.iter().map(|question| answer(question, plan, noisy, &mut combined)).collect()
}

fn answer(
    question: &Question,
    plan: &Plan,
    noisy: &[NoisyTable],
    combined: &mut Combined,
) -> Result<Answer> {
    match &question.measure {
        Measure::Count => return count(question, plan, combined),
        Measure::Share { .. } => return share(question, plan, combined),
        _ => {}
    }
    let table = noisy
        .iter()
        .find(|table| table.priced().table.name == question.name)
        .ok_or_else(|| Error::internal("a question has no measured table"))?;
    let cells: Vec<f64> = table.contributions().collect();
    let variance = table.noise_sd().powi(2);
    let noisy = || -> Vec<Noisy> { cells.iter().map(|&value| Noisy { value, variance }).collect() };
    let mut answer = match &question.measure {
        Measure::Sum(key) => sum(&cells, variance, grid(key)?.most()),
        Measure::Mean(key) => {
            let (low, high) = grid(key)?.range();
            let spread = Spread { part: variance, whole: variance, both: 0.0 };
            let pairs: Vec<Pair> = cells
                .chunks_exact(2)
                .map(|pair| Pair { part: pair[0], whole: pair[1], spread })
                .collect();
            ratios::ratios(&pairs, -1.0, 1.0, low, high)
        }
        Measure::Quantiles { of, at } => quantiles::quantiles(&cells, variance, grid(of)?, at),
        Measure::RequesterHistogram => histogram(&noisy()),
        Measure::Prefixes(prefix) => {
            prefixes::prefixes(*prefix, table.keys(), &noisy(), combined.total())
        }
        _ => counts::plain(&noisy()),
    };
    answer.measured_tables = plan.tables_of(question);
    if answer.coverage.is_some() {
        answer.measured_tables.extend(combined.sources(0));
    }
    Ok(answer)
}

fn count(question: &Question, plan: &Plan, combined: &mut Combined) -> Result<Answer> {
    let marginal = marginal(question, plan)?;
    let mut answer = match (marginal, combined.total()) {
        (0, Some(total)) => counts::plain(&[total]),
        _ => {
            let order = order(&question.by, plan)?;
            let estimate = combined.estimate(marginal)?;
            let variances = estimate.variances().ordered(&order);
            let cells = estimate.cells.ordered(&order).into_iter().zip(variances);
            let noisy: Vec<Noisy> =
                cells.map(|(value, variance)| Noisy { value, variance }).collect();
            let unraked = combined.unraked(marginal)?.cells.ordered(&order);
            counts::lookups(&noisy, &unraked, combined.coverage()?, question.top)
        }
    };
    answer.measured_tables = combined.sources(marginal);
    Ok(answer)
}

fn share(question: &Question, plan: &Plan, combined: &mut Combined) -> Result<Answer> {
    let Measure::Share { condition, keys } = &question.measure else {
        return Err(Error::internal("a share is none"));
    };
    let marginal = marginal(question, plan)?;
    let estimate = combined.estimate(marginal)?;
    let by = order(&question.by, plan)?;
    // Behind the keys of `by`: the condition's own axis, or the keys that only the condition reads.
    let own = plan
        .lookups
        .axes()
        .iter()
        .position(|axis| matches!(axis, Axis::Condition(name) if *name == question.name));
    let read: Vec<&Key> =
        keys.iter().filter(|key| !names(&question.by).contains(&key.name())).collect();
    let mut all = by.clone();
    match own {
        Some(axis) => all.push(axis),
        None => all.extend(order(read.iter().copied(), plan)?),
    }
    let sizes = combined.sizes().to_vec();
    let size = |axes: &[usize]| -> usize {
        axes.iter().map(|axis| usize::try_from(sizes[*axis]).unwrap_or(usize::MAX)).product()
    };
    let inner = size(&all[by.len()..]);
    let met = match own {
        Some(_) => [false, true].repeat(size(&by)),
        None => {
            let every: Vec<Key> = question.by.iter().chain(read).cloned().collect();
            condition_met(condition, &every)?
        }
    };
    let cells = estimate.cells.ordered(&all);
    let parts = estimate.parts(&all);
    let mut spreads: Vec<(Vec<bool>, Spread)> = Vec::new();
    let mut pairs = Vec::with_capacity(size(&by));
    for (combination, met) in met.chunks_exact(inner).enumerate() {
        let mut spread = match spreads.iter().find(|(known, _)| known == met) {
            Some((_, spread)) => *spread,
            None => {
                let spread = spread(&estimate, &sizes, &all, by.len(), met)?;
                spreads.push((met.to_vec(), spread));
                spread
            }
        };
        let here = combination * inner..(combination + 1) * inner;
        let sums = |cells: &[f64]| -> (f64, f64) {
            let part = cells.iter().zip(met).filter(|(_, met)| **met).map(|(cell, _)| cell).sum();
            (part, cells.iter().sum())
        };
        for (table, sum) in &parts {
            let (part, whole) = sums(&table[here.clone()]);
            let factor = sum.variance / (sum.value * sum.value);
            spread.part += part * part * factor;
            spread.whole += whole * whole * factor;
            spread.both += part * whole * factor;
        }
        let (part, whole) = sums(&cells[here]);
        pairs.push(Pair { part, whole, spread });
    }
    let mut answer = ratios::ratios(&pairs, 0.0, 1.0, 0.0, 1.0);
    answer.measured_tables = combined.sources(marginal);
    answer.coverage = combined.coverage()?;
    Ok(answer)
}

/// The covariance of a share's part and whole: the same for every combination of `by` whose
/// condition is met alike, so it is worked out for the first.
fn spread(
    estimate: &Estimate,
    sizes: &[u64],
    all: &[usize],
    by: usize,
    met: &[bool],
) -> Result<Spread> {
    let mut axes: Vec<usize> = all.to_vec();
    axes.sort_unstable();
    let size = |axis: usize| usize::try_from(sizes[axis]).unwrap_or(usize::MAX);
    let cells: usize = axes.iter().map(|axis| size(*axis)).product();
    let (mut part, mut whole) = (vec![0.0; cells], vec![0.0; cells]);
    for (inner, met) in met.iter().enumerate() {
        // The position of this cell: zero on the axes of `by`, digits of `inner` on the others.
        let (mut rest, mut at) = (inner, vec![0; sizes.len()]);
        for axis in all[by..].iter().rev() {
            at[*axis] = rest % size(*axis);
            rest /= size(*axis);
        }
        let place = axes.iter().fold(0, |place, axis| place * size(*axis) + at[*axis]);
        whole[place] = 1.0;
        part[place] = f64::from(*met);
    }
    Ok(Spread {
        part: estimate.fixed_covariance(sizes, &part, &part)?,
        whole: estimate.fixed_covariance(sizes, &whole, &whole)?,
        both: estimate.fixed_covariance(sizes, &part, &whole)?,
    })
}

fn sum(cells: &[f64], variance: f64, most: f64) -> Answer {
    let half = answer::Z_95 * variance.sqrt();
    let scaled =
        |shift: f64| -> Vec<f64> { cells.iter().map(|cell| (cell + shift) * most).collect() };
    let (value, low, high) = (scaled(0.0), scaled(-half), scaled(half));
    let uninformative = value
        .iter()
        .zip(low.iter().zip(&high))
        .map(|(value, (low, high))| answer::is_uninformative(Some(*value), *low, *high))
        .collect();
    let columns = vec![
        Column::real("value", value),
        Column::real("noise_sd", vec![variance.sqrt() * most; cells.len()]),
        Column::real("ci_low", low),
        Column::real("ci_high", high),
        Column::flag("uninformative", uninformative),
    ];
    Answer { rows: Rows::Each(1), columns, measured_tables: Vec::new(), coverage: None }
}

fn histogram(noisy: &[Noisy]) -> Answer {
    let edges = histogram_edges();
    let low = edges.iter().map(|edge| Some(i64::from(*edge))).collect();
    let high = edges.iter().skip(1).map(|next| Some(i64::from(*next) - 1)).chain([None]).collect();
    let mut answer = counts::plain(noisy);
    answer.rows = Rows::Each(HISTOGRAM_BINS);
    answer
        .columns
        .insert(0, Column { name: "bin_low", values: Values::Whole(low), nullable: false });
    answer
        .columns
        .insert(1, Column { name: "bin_high", values: Values::Whole(high), nullable: true });
    answer
}

fn marginal(question: &Question, plan: &Plan) -> Result<u32> {
    plan.lookups
        .marginal(&question.name)
        .ok_or_else(|| Error::internal("a question is missing from the plan"))
}

/// The family's axes of keys, in the order of the keys.
fn order<'a>(keys: impl IntoIterator<Item = &'a Key>, plan: &Plan) -> Result<Vec<usize>> {
    keys.into_iter()
        .map(|key| {
            let name = if key.is_hour() { "hour" } else { key.name() };
            plan.lookups
                .axes()
                .iter()
                .position(|axis| matches!(axis, Axis::Key(known) if known == name))
                .ok_or_else(|| Error::internal("a key is missing from the plan"))
        })
        .collect()
}

fn names(keys: &[Key]) -> Vec<&str> {
    keys.iter().map(Key::name).collect()
}

fn grid(key: &Key) -> Result<&Grid> {
    match key.source() {
        KeySource::Number(grid) => Ok(grid),
        _ => Err(Error::internal("a number's key has no grid")),
    }
}
