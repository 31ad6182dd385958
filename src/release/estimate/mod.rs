//! Noisy tables → answers with 95 % intervals: post-processing, free of charge.
//!
//! An interval holds the bounded value (if a count is raked, the scaled value) in 95 of 100 draws. What
//! bounding took is not part of it: `coverage` states that beside the value.

mod answer;
mod combine;
mod counts;
mod estimator;
mod expected;
mod lookup_counts;
mod noisy;
mod numbers;
mod places;
mod prefixes;
mod quantiles;
mod ratios;
mod requesters;
mod shares;
mod sums;
mod tensor;

pub use answer::{Answer, Column, Rows, Values, Z_95};
pub use expected::{Expected, Load, Typical};
pub use noisy::Raking;

use super::draw::{NoisyTable, PricedTable};
use crate::Result;
use crate::plan::Plan;
use crate::release_file::measure::Measure;
use crate::release_file::question::Question;
use combine::Combined;
use estimator::{Drawn, Estimator, Planned};
use lookup_counts::LookupCounts;
use numbers::{NumberMeans, NumberSums};
use prefixes::PrefixCounts;
use quantiles::Quantiles;
use requesters::{DistinctRequesters, RequesterHistogram};
use shares::Shares;

/// How a measure is answered.
fn estimator(measure: &Measure) -> Box<dyn Estimator + '_> {
    match measure {
        Measure::Count => Box::new(LookupCounts),
        Measure::Share { condition, keys } => Box::new(Shares { condition, keys }),
        Measure::DistinctRequesters { at_least, .. } => {
            Box::new(DistinctRequesters { at_least: *at_least })
        }
        Measure::RequesterHistogram => Box::new(RequesterHistogram),
        Measure::Sum(key) => Box::new(NumberSums { key }),
        Measure::Mean(key) => Box::new(NumberMeans { key }),
        Measure::Quantiles { of, at } => Box::new(Quantiles { of, at }),
        Measure::Prefixes(prefix) => Box::new(PrefixCounts { prefix: *prefix }),
    }
}

/// Answers every question of a release, in its order.
///
/// # Errors
/// Internal, when the tables are not of the plan.
pub fn answers(questions: &[Question], plan: &Plan, noisy: &[NoisyTable]) -> Result<Vec<Answer>> {
    let mut drawn = Drawn { plan, tables: noisy, combined: Combined::new(plan, noisy)? };
    let mut answer =
        |question: &Question| estimator(&question.measure).answer(question, &mut drawn);
    questions.iter().map(&mut answer).collect()
}

/// The expected noise of the values of a question; `None` if the tables are not of the question.
#[must_use]
pub fn expected(
    question: &Question,
    plan: &Plan,
    priced: &[PricedTable],
    load: Option<Load>,
) -> Option<Expected> {
    estimator(&question.measure).expected(question, &Planned { plan, priced, load })
}

/// The typical value of a question under a load, with this noise; `None` for private prefixes,
/// because it is unknown beforehand how many are found.
#[must_use]
pub fn typical(question: &Question, expected: Expected, load: Load) -> Option<Typical> {
    let combinations = question.by.iter().map(|key| key.size() as f64).product::<f64>();
    let value = estimator(&question.measure).typical(load, combinations)?;
    Some(expected.at(value, load.lookups / combinations))
}
