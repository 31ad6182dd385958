//! Counts of lookups, from the total and all finer tables together.

use super::answer::Answer;
use super::counts;
use super::estimator::{Drawn, Estimator, Planned};
use super::expected::{Expected, Load};
use super::noisy::Noisy;
use super::places::{marginal, order};
use crate::Result;
use crate::release_file::question::Question;

/// The number of lookups.
pub(super) struct LookupCounts;

impl Estimator for LookupCounts {
    fn answer(&self, question: &Question, drawn: &mut Drawn<'_>) -> Result<Answer> {
        let Drawn { plan, combined, .. } = drawn;
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
                let coverage = combined.coverage()?;
                let mut answer = counts::lookups(&noisy, &unraked, coverage, question.top);
                answer.raking = combined.raking();
                answer
            }
        };
        answer.measured_tables = combined.sources(marginal);
        Ok(answer)
    }

    /// Without a load it is the noise before raking; with one that is enough for raking, the noise of
    /// a cell as large as all others, the total's included, if bounding takes nothing.
    fn expected(&self, question: &Question, planned: &Planned<'_>) -> Option<Expected> {
        let marginal = planned.plan.lookups.marginal(&question.name)?;
        let noise = planned.lookup_noise();
        if let (0, Some(total)) = (marginal, noise.total) {
            return Some(Expected::Fixed(total.sqrt()));
        }
        let (estimate, raked) = planned.blank(marginal, &noise);
        let cells = estimate.cells.data().len() as f64;
        let total = raked.map_or(0.0, |total| total / (cells * cells));
        Some(Expected::Fixed((estimate.fixed_variance() + total).sqrt()))
    }

    fn typical(&self, load: Load, combinations: f64) -> Option<(f64, f64)> {
        Some((load.lookups / combinations, 1.0))
    }
}
