//! Noisy tables → answers with 95 % intervals: post-processing, free of charge.
//!
//! An interval is about the number that a full count would give. It holds noise and what a model of
//! requesters leaves open: classes that are too thin to be seen, and shapes that were measured by
//! fewer axes (docs/mechanisms.md, sections 8 and 9).

mod answer;
mod class_numbers;
mod counts;
mod deviations;
mod drawn;
mod fitted;
mod geometry;
mod informative;
mod levels;
mod number_sums;
mod observed;
mod places;
mod prefixes;
mod quantiles;
mod requesters;
mod shapes;
mod shares;
mod step;
mod value;

pub use answer::{Answer, Column, Rows, Values, normal_quantile};
pub(super) use class_numbers::looking_empty;
pub use class_numbers::{ClassNumber, NoisyNumbers, class_numbers, looks_empty};
pub use informative::{may_be_none, takes_up};
pub use value::Z_95;

use super::draw::NoisyTable;
use crate::Result;
use crate::plan::Plan;
use crate::release_file::measure::Measure;
use crate::release_file::question::Question;
use counts::LookupCounts;
use drawn::{Drawn, Estimator};
use number_sums::{NumberMeans, NumberSums};
use prefixes::PrefixCounts;
use quantiles::Quantiles;
use requesters::{DistinctRequesters, RequesterHistogram};
use shares::Shares;

/// How a measure is answered.
fn estimator(measure: &Measure) -> Box<dyn Estimator + '_> {
    match measure {
        Measure::Count => Box::new(LookupCounts),
        Measure::Share { condition, keys } => Box::new(Shares { condition, keys }),
        Measure::DistinctRequesters { .. } => Box::new(DistinctRequesters),
        Measure::RequesterHistogram => Box::new(RequesterHistogram),
        Measure::Sum(key) => Box::new(NumberSums { key }),
        Measure::Mean(key) => Box::new(NumberMeans { key }),
        Measure::Quantiles { of, at } => Box::new(Quantiles { of, at }),
        Measure::Prefixes(prefix) => Box::new(PrefixCounts { prefix: *prefix }),
    }
}

/// The answers to every question of a release, in its order, and the numbers of requesters by class
/// that they rest on.
pub struct Answers {
    /// One for each question.
    pub questions: Vec<Answer>,
    /// The numbers by class, from the look and from the tables that measured them again.
    pub numbers: Vec<ClassNumber>,
}

/// Answers every question of a release.
///
/// # Errors
/// Internal, when the tables are not of the plan.
pub fn answers(
    questions: &[Question],
    plan: &Plan,
    look: &NoisyNumbers,
    noisy: &[NoisyTable],
) -> Result<Answers> {
    let drawn = Drawn::new(plan, look, noisy)?;
    let answer = |question: &Question| estimator(&question.measure).answer(question, &drawn);
    let numbers = drawn.day.numbers.to_vec();
    Ok(Answers { questions: questions.iter().map(answer).collect::<Result<_>>()?, numbers })
}

#[cfg(test)]
mod tests;
