//! What each kind of question says of its answer.

use super::super::draw::{NoisyTable, PricedTable};
use super::answer::Answer;
use super::combine::{Combined, Estimate, LEAST_SIGNAL};
use super::expected::{Expected, Load};
use super::noisy::Noisy;
use super::sums::LookupNoise;
use crate::plan::{AxisSet, Plan};
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::number::Grid;
use crate::release_file::question::Question;
use crate::{Error, Result};

/// How one kind of question is answered, and how good its answer will be.
pub(super) trait Estimator {
    /// The answer to the question.
    ///
    /// # Errors
    /// Internal, when the tables are not of the question.
    fn answer(&self, question: &Question, drawn: &mut Drawn<'_>) -> Result<Answer>;

    /// The expected noise of its values; `None` if the tables are not of the question.
    fn expected(&self, question: &Question, planned: &Planned<'_>) -> Option<Expected> {
        planned.own_noise(question).map(Expected::Fixed)
    }

    /// A value if a load were spread evenly over this many combinations of keys, and what errors of
    /// ratios are a part of; `None` if it is unknown beforehand how many rows there are.
    fn typical(&self, load: Load, combinations: f64) -> Option<(f64, f64)>;
}

/// What was drawn for a plan.
pub(super) struct Drawn<'a> {
    pub(super) plan: &'a Plan,
    pub(super) tables: &'a [NoisyTable],
    pub(super) combined: Combined,
}

impl<'a> Drawn<'a> {
    /// The table that holds the answer to a question alone.
    ///
    /// # Errors
    /// Internal, when there is none.
    pub(super) fn own(&self, question: &Question) -> Result<OwnTable<'a>> {
        let mut tables = self.tables.iter().enumerate();
        let (place, table) = tables
            .find(|(_, table)| table.priced().table.role.answers(&question.name))
            .ok_or_else(|| Error::internal("a question has no measured table"))?;
        let variance = table.noise_sd().powi(2);
        Ok(OwnTable { place, table, cells: table.contributions().collect(), variance })
    }
}

/// A noisy table that holds the answer to one question.
pub(super) struct OwnTable<'a> {
    /// The place among the noisy tables.
    pub(super) place: usize,
    pub(super) table: &'a NoisyTable,
    pub(super) cells: Vec<f64>,
    /// The variance of each cell's noise.
    pub(super) variance: f64,
}

impl OwnTable<'_> {
    /// Each cell with its noise.
    pub(super) fn noisy(&self) -> Vec<Noisy> {
        let variance = self.variance;
        self.cells.iter().map(|&value| Noisy { value, variance }).collect()
    }

    /// Notes this table as the one that an answer comes from.
    pub(super) fn answered(&self, mut answer: Answer) -> Answer {
        answer.measured_tables = vec![self.place];
        answer
    }
}

/// What will be drawn for a plan, on a day of this load if it is given.
pub(super) struct Planned<'a> {
    pub(super) plan: &'a Plan,
    pub(super) priced: &'a [PricedTable],
    pub(super) load: Option<Load>,
}

impl Planned<'_> {
    /// The noise of each cell of the table that holds the answer to a question alone.
    pub(super) fn own_noise(&self, question: &Question) -> Option<f64> {
        let mut priced = self.priced.iter();
        let priced = priced.find(|priced| priced.table.role.answers(&question.name))?;
        Some(priced.noise_scale.units() / LATTICE_ONE as f64)
    }

    /// The noise of the tables of lookups.
    pub(super) fn lookup_noise(&self) -> LookupNoise<'_> {
        LookupNoise::new(&self.plan.lookups, self.priced)
    }

    /// An estimate of a marginal that is nothing but noise, and the variance of the total if the load
    /// is enough to rake to it.
    pub(super) fn blank(
        &self,
        marginal: AxisSet,
        noise: &LookupNoise<'_>,
    ) -> (Estimate, Option<f64>) {
        let sizes = self.plan.lookups.sizes();
        let family = noise.family(sizes);
        let raked = self.load.zip(noise.total).filter(|(load, total)| {
            let stands_out = |variance: f64| load.lookups >= LEAST_SIGNAL * variance.sqrt();
            let sum = |(axes, _, variance): &(AxisSet, &str, f64)| variance * family.cells(*axes);
            stands_out(*total) && noise.fine.iter().all(|table| stands_out(sum(table)))
        });
        let estimate = Estimate::blank(marginal, family.clone(), sizes, raked.is_some());
        (estimate, raked.map(|(_, total)| total))
    }
}

/// The grid of a number's key.
///
/// # Errors
/// Internal, for any other key.
pub(super) fn grid(key: &Key) -> Result<&Grid> {
    match key.source() {
        KeySource::Number(grid) => Ok(grid),
        _ => Err(Error::internal("a number's key has no grid")),
    }
}

/// The middle of a number's range.
pub(super) fn middle(grid: &Grid) -> f64 {
    f64::midpoint(grid.range().0, grid.range().1)
}
