//! Shares: some cells of a marginal over all of them, with the noise that both have in common.

use super::answer::Answer;
use super::combine::Estimate;
use super::estimator::{Drawn, Estimator, Planned};
use super::expected::{Expected, Load};
use super::places::{marginal, order};
use super::ratios::{self, Pair, Spread};
use crate::Result;
use crate::plan::{Axis, Plan, condition_met};
use crate::release_file::expression::Condition;
use crate::release_file::keys::Key;
use crate::release_file::question::Question;

/// The share of the lookups that meets a condition.
pub(super) struct Shares<'a> {
    /// The condition.
    pub(super) condition: &'a Condition,
    /// The keys that it reads.
    pub(super) keys: &'a [Key],
}

/// Which cells of a marginal meet a share's condition.
struct Met {
    /// The axes: first those of `by`, then those that only the condition reads.
    axes: Vec<usize>,
    /// How many of them are of `by`.
    by: usize,
    /// How many cells each combination of `by` has.
    inner: usize,
    /// Whether each cell meets it, the last axis changing fastest.
    met: Vec<bool>,
}

impl Shares<'_> {
    /// # Errors
    /// Internal, when the question is no share of the plan.
    fn met(&self, question: &Question, plan: &Plan) -> Result<Met> {
        let mut axes = order(&question.by, &plan.lookups)?;
        let by = axes.len();
        // Behind the keys of `by`: the condition's own axis, or the keys that only it reads.
        let own = plan
            .lookups
            .axes()
            .iter()
            .position(|axis| matches!(axis, Axis::Condition(name) if *name == question.name));
        let names: Vec<&str> = question.by.iter().map(Key::name).collect();
        let read: Vec<&Key> = self.keys.iter().filter(|key| !names.contains(&key.name())).collect();
        match own {
            Some(axis) => axes.push(axis),
            None => axes.extend(order(read.iter().copied(), &plan.lookups)?),
        }
        let sizes = plan.lookups.sizes();
        let size = |axes: &[usize]| -> usize { axes.iter().map(|axis| at(sizes, *axis)).product() };
        let inner = size(&axes[by..]);
        let met = match own {
            Some(_) => [false, true].repeat(size(&axes[..by])),
            None => {
                let every: Vec<Key> = question.by.iter().chain(read).cloned().collect();
                condition_met(self.condition, &every)?
            }
        };
        Ok(Met { axes, by, inner, met })
    }
}

impl Met {
    /// Which cells of each combination of `by` meet it.
    fn combinations(&self) -> impl Iterator<Item = &[bool]> {
        self.met.chunks_exact(self.inner)
    }

    /// The covariance of a share's part and whole given the ratios of raking: the same for every
    /// combination of `by` whose condition is met alike, so it is worked out for the first.
    fn spread(&self, estimate: &Estimate, sizes: &[u64], met: &[bool]) -> Result<Spread> {
        let mut axes: Vec<usize> = self.axes.clone();
        axes.sort_unstable();
        let cells: usize = axes.iter().map(|axis| at(sizes, *axis)).product();
        let (mut part, mut whole) = (vec![0.0; cells], vec![0.0; cells]);
        for (inner, met) in met.iter().enumerate() {
            // The position of this cell: zero on the axes of `by`, digits of `inner` on the others.
            let (mut rest, mut place) = (inner, vec![0; sizes.len()]);
            for axis in self.axes[self.by..].iter().rev() {
                place[*axis] = rest % at(sizes, *axis);
                rest /= at(sizes, *axis);
            }
            let place = axes.iter().fold(0, |sum, axis| sum * at(sizes, *axis) + place[*axis]);
            whole[place] = 1.0;
            part[place] = f64::from(*met);
        }
        Ok(Spread {
            part: estimate.fixed_covariance(sizes, &part, &part)?,
            whole: estimate.fixed_covariance(sizes, &whole, &whole)?,
            both: estimate.fixed_covariance(sizes, &part, &whole)?,
        })
    }
}

impl Estimator for Shares<'_> {
    /// One row for each combination of the question's keys.
    fn answer(&self, question: &Question, drawn: &mut Drawn<'_>) -> Result<Answer> {
        let Drawn { plan, combined, .. } = drawn;
        let marginal = marginal(question, plan)?;
        let estimate = combined.estimate(marginal)?;
        let condition = self.met(question, plan)?;
        let cells = estimate.cells.ordered(&condition.axes);
        let parts = estimate.parts(&condition.axes);
        let mut spreads: Vec<(&[bool], Spread)> = Vec::new();
        let mut pairs = Vec::new();
        for (combination, met) in condition.combinations().enumerate() {
            let mut spread = match spreads.iter().find(|(known, _)| *known == met) {
                Some((_, spread)) => *spread,
                None => {
                    let spread = condition.spread(&estimate, combined.sizes(), met)?;
                    spreads.push((met, spread));
                    spread
                }
            };
            let here = combination * condition.inner..(combination + 1) * condition.inner;
            let sums = |cells: &[f64]| -> (f64, f64) {
                let part =
                    cells.iter().zip(met).filter(|(_, met)| **met).map(|(cell, _)| cell).sum();
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

    /// The noise of a share of a half, and that of its lookups: the root mean square over the rows in
    /// which some lookups meet the condition and some do not.
    fn expected(&self, question: &Question, planned: &Planned<'_>) -> Option<Expected> {
        let plan = planned.plan;
        let marginal = plan.lookups.marginal(&question.name)?;
        let (estimate, _) = planned.blank(marginal, &planned.lookup_noise());
        let condition = self.met(question, plan).ok()?;
        let mut kinds: Vec<(&[bool], f64)> = Vec::new();
        for met in condition.combinations() {
            match kinds.iter_mut().find(|(known, _)| *known == met) {
                Some((_, rows)) => *rows += 1.0,
                None => kinds.push((met, 1.0)),
            }
        }
        let open = |(met, _): &(&[bool], f64)| met.contains(&true) && met.contains(&false);
        let (mut half, mut whole, mut rows) = (0.0, 0.0, 0.0);
        for (met, times) in kinds.into_iter().filter(open) {
            let spread = condition.spread(&estimate, plan.lookups.sizes(), met).ok()?;
            half += times * (spread.part - spread.both + spread.whole / 4.0);
            whole += times * spread.whole;
            rows += times;
        }
        let rows = f64::max(rows, 1.0);
        let least = ratios::LEAST_SIGNAL * (whole / rows).sqrt();
        Some(Expected::PerLookup { sd: (half / rows).max(0.0).sqrt(), least, of: "share" })
    }

    fn typical(&self, _: Load, _: f64) -> Option<(f64, f64)> {
        Some((0.5, 1.0))
    }
}

fn at(sizes: &[u64], axis: usize) -> usize {
    usize::try_from(sizes[axis]).unwrap_or(usize::MAX)
}
