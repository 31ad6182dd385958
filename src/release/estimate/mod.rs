//! Noisy tables → answers with 95 % intervals: post-processing, free of charge.
//!
//! An interval holds the bounded value (if a count is raked, the scaled value) in 95 of 100 draws. What
//! bounding took is not part of it: `coverage` states that beside the value.

mod answer;
mod combine;
mod counts;
mod expected;
mod noisy;
mod places;
mod prefixes;
mod quantiles;
mod ratios;
mod shares;
mod sums;
mod tensor;

pub use answer::{Answer, Column, Rows, Values, Z_95};
pub use expected::{Expected, Load, Typical, expected};
pub use noisy::Raking;
pub use sums::{Groups, sums};

use super::draw::NoisyTable;
use crate::plan::Plan;
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::measure::{HISTOGRAM_BINS, Measure, histogram_edges};
use crate::release_file::number::Grid;
use crate::release_file::question::Question;
use crate::{Error, Result};
use combine::Combined;
use noisy::Noisy;
use places::{marginal, order};
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
        Measure::Share { .. } => return shares::share(question, plan, combined),
        _ => {}
    }
    let (place, table) = noisy
        .iter()
        .enumerate()
        .find(|(_, table)| table.priced().table.role.answers(&question.name))
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
    answer.measured_tables = vec![place];
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
            let order = order(&question.by, &plan.lookups)?;
            let estimate = combined.estimate(marginal)?;
            let variances = estimate.variances().ordered(&order);
            let cells = estimate.cells.ordered(&order).into_iter().zip(variances);
            let noisy: Vec<Noisy> =
                cells.map(|(value, variance)| Noisy { value, variance }).collect();
            let unraked = combined.unraked(marginal)?.cells.ordered(&order);
            let mut answer = counts::lookups(&noisy, &unraked, combined.coverage()?, question.top);
            answer.raking = combined.raking();
            answer
        }
    };
    answer.measured_tables = combined.sources(marginal);
    Ok(answer)
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
    Answer::new(Rows::Each(1), columns)
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

fn grid(key: &Key) -> Result<&Grid> {
    match key.source() {
        KeySource::Number(grid) => Ok(grid),
        _ => Err(Error::internal("a number's key has no grid")),
    }
}
