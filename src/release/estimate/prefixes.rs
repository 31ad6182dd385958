//! Counts by prefixes that are known or were found, and of all other lookups.

use super::answer::{Answer, Column, Rows, Values};
use super::counts;
use super::drawn::{Drawn, Estimator};
use crate::Result;
use crate::plan::Axis;
use crate::release_file::keys::OTHER;
use crate::release_file::prefix::Prefix;
use crate::release_file::question::Question;

/// The number of lookups with each private prefix.
pub(super) struct PrefixCounts {
    /// Which prefixes.
    pub(super) prefix: Prefix,
}

impl Estimator for PrefixCounts {
    /// A row for each prefix, ascending, and behind them one for all other lookups.
    fn answer(&self, question: &Question, drawn: &Drawn<'_>) -> Result<Answer> {
        let places = drawn.plan.prefix_places.get(&question.name);
        let mut found: Vec<u64> =
            places.into_iter().flat_map(|places| places.keys().copied()).collect();
        found.sort_unstable();
        let level = drawn.level(&[Axis::Prefix(question.name.clone())])?;
        let cells = drawn.day.counts(&level, 1.0)?;
        let mut answer = counts::published(&cells);
        answer.rows = Rows::Each(cells.len());
        let names = found.iter().map(|found| format!("+{found}")).chain([OTHER.to_owned()]);
        let values = Values::Text(names.collect());
        let column = self.prefix.column();
        answer.columns.insert(0, Column { name: column, values, nullable: false });
        answer.measured_tables = drawn.sources(question);
        Ok(answer)
    }
}
