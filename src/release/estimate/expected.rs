//! What the noise of an answer will be, known before any log is read.

use super::super::draw::PricedTable;
use crate::plan::{Contribution, Family, Plan};
use crate::spec::keys::KeySource;
use crate::spec::measure::Measure;
use crate::spec::question::{LATTICE_ONE, Question};

/// The expected standard deviation of the noise of one published value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Expected {
    /// The same whatever the value.
    Fixed(f64),
    /// This divided by the number of lookups behind the value: at a share of a half, at a mean in
    /// the middle of its range, or in ranks at the median.
    PerLookup(f64),
}

impl Expected {
    /// From how many lookups or requesters on an interval is narrower than its value; for ratios,
    /// narrower than a tenth of their range.
    #[must_use]
    pub fn readable_from(self) -> f64 {
        let width = 2.0 * super::answer::Z_95;
        match self {
            Self::Fixed(sd) => width * sd,
            Self::PerLookup(sd) => width * sd / 0.1,
        }
    }
}

/// The expected noise of a question's values; none when the tables are not of the question.
///
/// For counts it is the noise before raking, which moves a value by the noise of the total as well.
#[must_use]
pub fn expected(question: &Question, plan: &Plan, priced: &[PricedTable]) -> Option<Expected> {
    let variance = |table: &PricedTable| (table.noise_scale.units() / LATTICE_ONE as f64).powi(2);
    let own = || {
        let table = priced.iter().find(|table| table.table.name == question.name)?;
        Some(variance(table).sqrt())
    };
    let lookups = priced.iter().filter_map(|table| {
        let set = plan.lookups.set(&table.table.axes)?;
        let is_lookups = table.table.contribution == Contribution::Lookups;
        is_lookups.then(|| (set, variance(table)))
    });
    let (total, fine): (Vec<_>, Vec<_>) = lookups.partition(|(set, _)| *set == 0);
    let family = Family::new(plan.lookups.sizes().to_vec(), fine);
    let marginal = plan.lookups.marginal(&question.name);
    Some(match &question.measure {
        Measure::Count => match (marginal?, total.first()) {
            (0, Some((_, variance))) => Expected::Fixed(variance.sqrt()),
            (marginal, _) => Expected::Fixed(family.variance(marginal)?.sqrt()),
        },
        Measure::Share { .. } => {
            // At a half, part and rest count alike: the sd of part minus rest, over twice the whole.
            let by = question.by.iter().map(|key| key.size() as f64).product::<f64>();
            let marginal = marginal?;
            let cells = family.cells(marginal) / by;
            Expected::PerLookup((family.variance(marginal)? * cells).sqrt() / 2.0)
        }
        Measure::DistinctRequesters { .. } | Measure::RequesterHistogram | Measure::Prefixes(_) => {
            Expected::Fixed(own()?)
        }
        Measure::Sum(key) => match key.source() {
            KeySource::Number(grid) => Expected::Fixed(own()? * grid.most()),
            _ => return None,
        },
        Measure::Mean(_) => Expected::PerLookup(own()? / 2.0),
        Measure::Quantiles { of, .. } => {
            Expected::PerLookup(own()? * (of.size() as f64 - 1.0).sqrt() / 2.0)
        }
    })
}
