//! Predicts the noise of an answer before any log is read.

use super::super::draw::PricedTable;
use super::answer::Z_95;
use super::combine::{Estimate, LEAST_SIGNAL};
use super::ratios;
use super::shares::Met;
use super::sums::LookupNoise;
use crate::plan::{AxisSet, Plan};
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::measure::{HISTOGRAM_BINS, Measure};
use crate::release_file::number::Grid;
use crate::release_file::question::Question;

/// The expected load of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// The number of lookups.
    pub lookups: f64,
    /// The number of requesters.
    pub requesters: f64,
}

/// The expected standard deviation of the noise of one published value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Expected {
    /// The same whatever the value.
    Fixed(f64),
    /// Divided by the number of lookups behind the value.
    PerLookup {
        /// At a share of a half, at a mean in the middle of its range, or in ranks at the median.
        sd: f64,
        /// From how many lookups on there is a value at all, and not null.
        least: f64,
    },
}

/// A value of a question if the load were spread evenly over its rows, with its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Typical {
    /// The value: for ratios a share of a half, the middle of the range, the median's rank.
    pub value: f64,
    /// One standard deviation of its noise.
    pub sd: f64,
    /// The error as a part of the value; for ratios, of their range.
    pub relative: f64,
    /// Whether it would be narrower than its interval, or null.
    pub is_uninformative: bool,
}

impl Expected {
    /// From how many lookups or requesters on an interval is narrower than its value; for ratios,
    /// narrower than a tenth of their range.
    #[must_use]
    pub fn readable_from(self) -> f64 {
        let width = 2.0 * Z_95;
        match self {
            Self::Fixed(sd) => width * sd,
            Self::PerLookup { sd, .. } => width * sd / 0.1,
        }
    }

    /// The typical value of a question under a load, with this noise; `None` for private prefixes,
    /// because it is unknown beforehand how many are found.
    #[must_use]
    pub fn typical(self, question: &Question, load: Load) -> Option<Typical> {
        if matches!(question.measure, Measure::Prefixes(_)) {
            return None;
        }
        let combinations = question.by.iter().map(|key| key.size() as f64).product::<f64>();
        let lookups = load.lookups / combinations;
        Some(match self {
            Self::Fixed(sd) => {
                let value = match &question.measure {
                    // Of those with enough lookups there are at most as many as these allow.
                    Measure::DistinctRequesters { at_least, .. } => {
                        let enough = load.lookups / f64::from(*at_least);
                        load.requesters.min(enough) / combinations
                    }
                    Measure::RequesterHistogram => load.requesters / HISTOGRAM_BINS as f64,
                    measure => lookups * grid(measure.number()).map_or(1.0, middle),
                };
                Typical {
                    value,
                    sd,
                    relative: sd / value.abs(),
                    is_uninformative: 2.0 * Z_95 * sd > value.abs(),
                }
            }
            Self::PerLookup { sd, least } => {
                let relative = sd / lookups;
                let (value, range) = match &question.measure {
                    Measure::Mean(key) => grid(Some(key))
                        .map_or((0.5, 1.0), |grid| (middle(grid), grid.range().1 - grid.range().0)),
                    _ => (0.5, 1.0),
                };
                let sd = relative * range;
                let is_uninformative = lookups < least || 2.0 * Z_95 * sd > value.abs();
                Typical { value, sd, relative, is_uninformative }
            }
        })
    }
}

/// The expected noise of the values of a question; `None` if the tables are not of the question.
///
/// For counts without a load it is the noise before raking; with one, where it is enough for raking,
/// the noise of a cell as large as all others, the total's included, if bounding takes nothing.
#[must_use]
pub fn expected(
    question: &Question,
    plan: &Plan,
    priced: &[PricedTable],
    load: Option<Load>,
) -> Option<Expected> {
    let own = || {
        let table = priced.iter().find(|priced| priced.table.role.answers(&question.name))?;
        Some(table.noise_scale.units() / LATTICE_ONE as f64)
    };
    let per_lookup =
        |sd: f64, whole: f64, least: f64| Expected::PerLookup { sd, least: least * whole };
    Some(match &question.measure {
        Measure::Count => Expected::Fixed(count(question, plan, priced, load)?),
        Measure::Share { .. } => {
            let (sd, whole) = share(question, plan, priced, load)?;
            per_lookup(sd, whole, ratios::LEAST_SIGNAL)
        }
        Measure::DistinctRequesters { .. } | Measure::RequesterHistogram | Measure::Prefixes(_) => {
            Expected::Fixed(own()?)
        }
        Measure::Sum(key) => Expected::Fixed(own()? * grid(Some(key))?.most()),
        Measure::Mean(_) => per_lookup(own()? / 2.0, own()?, ratios::LEAST_SIGNAL),
        Measure::Quantiles { of, .. } => {
            let whole = own()? * (of.size() as f64 - 1.0).sqrt();
            per_lookup(whole / 2.0, whole, super::quantiles::LEAST_SIGNAL)
        }
    })
}

fn count(
    question: &Question,
    plan: &Plan,
    priced: &[PricedTable],
    load: Option<Load>,
) -> Option<f64> {
    let marginal = plan.lookups.marginal(&question.name)?;
    let measured = LookupNoise::new(&plan.lookups, priced);
    if let (0, Some(total)) = (marginal, measured.total) {
        return Some(total.sqrt());
    }
    let (estimate, raked) = blank(marginal, plan, &measured, load);
    let cells = estimate.cells.data().len() as f64;
    let total = raked.map_or(0.0, |total| total / (cells * cells));
    Some((estimate.fixed_variance() + total).sqrt())
}

/// The noise of a share of a half, times the lookups behind it, and that of the lookups: the root
/// mean square over the rows where not all lookups nor none meet the condition.
fn share(
    question: &Question,
    plan: &Plan,
    priced: &[PricedTable],
    load: Option<Load>,
) -> Option<(f64, f64)> {
    let marginal = plan.lookups.marginal(&question.name)?;
    let measured = LookupNoise::new(&plan.lookups, priced);
    let (estimate, _) = blank(marginal, plan, &measured, load);
    let condition = Met::new(question, plan).ok()?;
    let sizes = plan.lookups.sizes();
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
        let spread = condition.spread(&estimate, sizes, met).ok()?;
        half += times * (spread.part - spread.both + spread.whole / 4.0);
        whole += times * spread.whole;
        rows += times;
    }
    let rows = f64::max(rows, 1.0);
    Some(((half / rows).max(0.0).sqrt(), (whole / rows).sqrt()))
}

/// An estimate of nothing but noise, and the variance of the total where this load is enough to rake
/// to it.
fn blank(
    marginal: AxisSet,
    plan: &Plan,
    measured: &LookupNoise<'_>,
    load: Option<Load>,
) -> (Estimate, Option<f64>) {
    let sizes = plan.lookups.sizes();
    let family = measured.family(sizes);
    let raked = load.zip(measured.total).filter(|(load, total)| {
        let stands_out = |variance: f64| load.lookups >= LEAST_SIGNAL * variance.sqrt();
        let sum = |(axes, _, variance): &(AxisSet, &str, f64)| variance * family.cells(*axes);
        stands_out(*total) && measured.fine.iter().all(|table| stands_out(sum(table)))
    });
    let estimate = Estimate::blank(marginal, family.clone(), sizes, raked.is_some());
    (estimate, raked.map(|(_, total)| total))
}

fn middle(grid: &Grid) -> f64 {
    f64::midpoint(grid.range().0, grid.range().1)
}

fn grid(key: Option<&Key>) -> Option<&Grid> {
    match key?.source() {
        KeySource::Number(grid) => Some(grid),
        _ => None,
    }
}
