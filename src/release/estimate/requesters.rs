//! How many requesters are in each cell, and how many made how many lookups.

use super::answer::{Answer, Column, Rows, Values};
use super::counts;
use super::drawn::{Drawn, Estimator};
use super::value::Estimate;
use crate::Result;
use crate::plan::distinct::lost;
use crate::plan::kinds::nodes;
use crate::release_file::keys::Key;
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::measure::{HISTOGRAM_BINS, histogram_edges};
use crate::release_file::question::Question;

/// The number of requesters who have enough lookups in a cell.
pub(super) struct DistinctRequesters;

impl Estimator for DistinctRequesters {
    /// Where a requester in many cells counts for less than one in each, the interval reaches up to what
    /// that may have taken: a bound, and no model.
    fn answer(&self, question: &Question, drawn: &Drawn<'_>) -> Result<Answer> {
        let (place, table) = drawn.own(question)?;
        let combinations: u64 = question.by.iter().map(Key::size).product();
        let cells = u32::try_from(combinations).unwrap_or(u32::MAX);
        let steps = table.priced().table.clip.steps() as f64 / LATTICE_ONE as f64;
        let square = steps * steps;
        let nodes = nodes().map(|node| node as f64);
        let numbers = drawn.day.numbers.map(|class| class.number);
        let classes: Vec<(f64, f64)> = nodes.into_iter().zip(numbers).collect();
        let lost = lost(square, cells, &classes).most;
        let values: Vec<f64> = table.contributions().collect();
        let estimates = distinct(&values, table.noise_sd(), f64::from(cells) / square, lost);
        let mut answer = counts::displayed(&estimates);
        answer.measured_tables = vec![place];
        Ok(answer)
    }
}

/// Distinct counts by a clip: `over` is the number of cells over its square, `lost` how many requesters a
/// cell may lose at most.
pub(super) fn distinct(values: &[f64], sd: f64, over: f64, lost: f64) -> Vec<Estimate> {
    let most = (over.sqrt() - 1.0).max(0.0);
    let estimate = |value: &f64| {
        let above = f64::min(lost, value.max(0.0) * most);
        Estimate::new(*value, sd * sd, 0.0, above * above).within(0.0, f64::INFINITY)
    };
    values.iter().map(estimate).collect()
}

/// The number of requesters in each bin of the number of their lookups.
pub(super) struct RequesterHistogram;

impl Estimator for RequesterHistogram {
    fn answer(&self, question: &Question, drawn: &Drawn<'_>) -> Result<Answer> {
        let (place, table) = drawn.own(question)?;
        let edges = histogram_edges();
        let low = edges.iter().map(|edge| Some(i64::from(*edge))).collect();
        let ends = edges.iter().skip(1).map(|next| Some(i64::from(*next) - 1));
        let high = ends.chain([None]).collect();
        let variance = table.noise_sd().powi(2);
        // No bin has fewer than zero requesters.
        let bin = |value| Estimate::new(value, variance, 0.0, 0.0).within(0.0, f64::INFINITY);
        let mut answer = counts::displayed(&table.contributions().map(bin).collect::<Vec<_>>());
        answer.rows = Rows::Each(HISTOGRAM_BINS);
        let low = Column { name: "bin_low", values: Values::Whole(low), nullable: false };
        let high = Column { name: "bin_high", values: Values::Whole(high), nullable: true };
        answer.columns.splice(0..0, [low, high]);
        answer.measured_tables = vec![place];
        Ok(answer)
    }
}
