//! How many requesters are in each cell, and how many made how many lookups.

use super::answer::{Answer, Column, Rows, Values};
use super::counts;
use super::estimator::{Drawn, Estimator};
use super::expected::Load;
use crate::Result;
use crate::release_file::measure::{HISTOGRAM_BINS, histogram_edges};
use crate::release_file::question::Question;

/// The number of requesters who have enough in a cell.
pub(super) struct DistinctRequesters {
    /// The fewest lookups or targets that make a requester count.
    pub(super) at_least: u32,
}

impl Estimator for DistinctRequesters {
    fn answer(&self, question: &Question, drawn: &mut Drawn<'_>) -> Result<Answer> {
        let own = drawn.own(question)?;
        Ok(own.answered(counts::plain(&own.noisy())))
    }

    fn typical(&self, load: Load, combinations: f64) -> Option<(f64, f64)> {
        // Of those with enough lookups there are at most as many as these allow.
        let enough = load.lookups / f64::from(self.at_least);
        Some((load.requesters.min(enough) / combinations, 1.0))
    }
}

/// The number of requesters in each bin of the number of their lookups.
pub(super) struct RequesterHistogram;

impl Estimator for RequesterHistogram {
    fn answer(&self, question: &Question, drawn: &mut Drawn<'_>) -> Result<Answer> {
        let own = drawn.own(question)?;
        let edges = histogram_edges();
        let low = edges.iter().map(|edge| Some(i64::from(*edge))).collect();
        let ends = edges.iter().skip(1).map(|next| Some(i64::from(*next) - 1));
        let high = ends.chain([None]).collect();
        let mut answer = counts::plain(&own.noisy());
        answer.rows = Rows::Each(HISTOGRAM_BINS);
        let low = Column { name: "bin_low", values: Values::Whole(low), nullable: false };
        let high = Column { name: "bin_high", values: Values::Whole(high), nullable: true };
        answer.columns.splice(0..0, [low, high]);
        Ok(own.answered(answer))
    }

    fn typical(&self, load: Load, _: f64) -> Option<(f64, f64)> {
        Some((load.requesters / HISTOGRAM_BINS as f64, 1.0))
    }
}
