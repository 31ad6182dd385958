//! The published total in layers, and the clip of the next day that follows from it.
//!
//! The upper layers show how many lookups a lower clip would lose, and how they thin out shows what a
//! higher one would gain.
//!
//! # Source
//! The expected loss is the square of the lookups that are missing
//! plus that of the noise.

use serde::{Deserialize, Serialize};

use super::kinds::Layering;
use crate::release_file::lattice::{Clip, LATTICE_ONE, MOST_CLIP};

/// The least clip that earlier days may set, in lookups.
pub(super) const LEAST_CLIP: f64 = 20.0;

/// A day is used only if its lookups are at least this many standard deviations of their noise.
const LEAST_SIGNAL: f64 = 5.0;

/// A published total in layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedLayers {
    /// The width of each layer, in lookups of one requester.
    pub width: f64,
    /// The standard deviation of the noise of each.
    pub noise_sd: f64,
    /// The lookups in each, from the lowest.
    pub sums: Vec<f64>,
}

impl PublishedLayers {
    /// From the noisy sums of a table, in lattice steps.
    #[must_use]
    pub fn new(layering: Layering, units: &[i64], noise_sd: f64) -> Self {
        let one = LATTICE_ONE as f64;
        Self {
            width: layering.width as f64 / one,
            noise_sd,
            sums: units.iter().map(|units| *units as f64 / one).collect(),
        }
    }

    /// Whether they are usable evidence: a day with no or hardly any logs says nothing about later
    /// days.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let positive = |number: f64| number.is_finite() && number > 0.0;
        positive(self.width)
            && positive(self.noise_sd)
            && self.sums.iter().all(|sum| sum.is_finite())
            && self.total() > LEAST_SIGNAL * self.noise_sd * (self.sums.len() as f64).sqrt()
    }

    /// All lookups, up to the clip.
    pub(super) fn total(&self) -> f64 {
        self.sums.iter().sum()
    }

    fn most(&self) -> f64 {
        self.width * self.sums.len() as f64
    }

    /// How many requesters reach between two counts, on average, with the variance of the noise.
    fn reaching(&self, from: f64, to: f64) -> (f64, f64) {
        let (mut lookups, mut squares) = (0.0, 0.0);
        for (layer, sum) in self.sums.iter().enumerate() {
            let low = layer as f64 * self.width;
            let inside = (to.min(low + self.width) - from.max(low)).max(0.0) / self.width;
            lookups += inside * sum;
            squares += inside * inside;
        }
        let wide = to - from;
        (lookups / wide, squares * (self.noise_sd / wide).powi(2))
    }
}

/// The clip of the next day's total; `None` if no earlier day gives usable evidence. The newest day
/// comes first.
///
/// `noise` is the standard deviation of the total's noise for each lookup of the clip. A day goes
/// half of the way, in ratio, from the last clip to the one that looks best, and never beyond half or
/// twice the last one, so that later days correct what a noisy day misjudges.
pub(super) fn next_clip(days: &[PublishedLayers], noise: f64) -> Option<Clip> {
    let days: Vec<&PublishedLayers> = days.iter().filter(|day| day.is_usable()).collect();
    let last = days.first()?.most();
    let tail = Tail::new(&days);
    let candidates = (0..).map(|step| LEAST_CLIP * (f64::from(step) / 4.0).exp2());
    let best = candidates
        .take_while(|clip| *clip <= MOST_CLIP)
        .map(|clip| (tail.loss(clip, noise), clip))
        .min_by(|left, right| left.0.total_cmp(&right.0))?;
    let next = (last * best.1.clamp(last / 4.0, last * 4.0)).sqrt();
    let next = next.clamp(LEAST_CLIP, MOST_CLIP).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let clip = Clip::whole(next as u32);
    Some(clip)
}

/// Estimates from several days how many lookups lie past any count of a requester.
struct Tail {
    /// Counts of a requester, ascending from zero.
    edges: Vec<f64>,
    /// The lookups past each of them and up to the last.
    past: Vec<f64>,
    /// The lookups past the last edge, past twice and past four times it.
    above: [f64; 3],
}

/// How many steps of the root of two the edges go down from the last.
const STEPS: i32 = 12;

impl Tail {
    fn new(days: &[&PublishedLayers]) -> Self {
        // Up to where at least half of the days reach; what lies above is extrapolated.
        let mut most: Vec<f64> = days.iter().map(|day| day.most()).collect();
        most.sort_unstable_by(f64::total_cmp);
        let top = most.get(most.len() / 2).copied().unwrap_or(LEAST_CLIP);
        let steps = (0..=STEPS).map(|step| top * (f64::from(step - STEPS) / 2.0).exp2());
        let edges: Vec<f64> = std::iter::once(0.0).chain(steps).collect();
        let requesters: Vec<(f64, f64)> =
            edges.windows(2).map(|edges| together(days, edges[0], edges[1])).collect();
        let requesters = never_rising(&requesters);
        let mut past = vec![0.0; edges.len()];
        for (place, requesters) in requesters.iter().enumerate().rev() {
            past[place] = past[place + 1] + requesters * (edges[place + 1] - edges[place]);
        }
        let of = |factor: f64| between(&edges, &past, top * factor);
        let (octave, before) = (of(0.5), of(0.25) - of(0.5));
        // What one octave has less than the octave below, the next two have less again.
        let thinning = if before > 0.0 { (octave / before).min(1.0) } else { 0.0 };
        let next = [octave * thinning, octave * thinning * thinning];
        Self { edges, past, above: [next[0] + next[1], next[1], 0.0] }
    }

    /// The expected square of the error of a total with this clip.
    fn loss(&self, clip: f64, noise: f64) -> f64 {
        self.lost(clip).powi(2) + (clip * noise).powi(2)
    }

    /// The lookups past a count.
    fn lost(&self, count: f64) -> f64 {
        let top = self.edges.last().copied().unwrap_or_default();
        if count <= top {
            return self.above[0] + between(&self.edges, &self.past, count);
        }
        between(&[top, 2.0 * top, 4.0 * top], &self.above, count)
    }
}

/// How many requesters reach between two counts, over all days that cover them, with the precision.
fn together(days: &[&PublishedLayers], from: f64, to: f64) -> (f64, f64) {
    let (mut sum, mut precision) = (0.0, 0.0);
    for day in days {
        // A day whose clip ends in between covers what lies below it.
        let end = to.min(day.most());
        if end - from < 0.5 * (to - from) {
            continue;
        }
        let (requesters, variance) = day.reaching(from, end);
        sum += requesters / variance;
        precision += 1.0 / variance;
    }
    if precision > 0.0 { (sum / precision, precision) } else { (0.0, 0.0) }
}

/// The nearest numbers by weighted least squares that never rise and never fall below zero: no more
/// requesters reach a higher count than a lower one.
fn never_rising(values: &[(f64, f64)]) -> Vec<f64> {
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for &(value, weight) in values {
        let (mut value, mut weight, mut count) = (value, weight.max(f64::MIN_POSITIVE), 1);
        while let Some((before, heavier, more)) = blocks.pop_if(|(before, _, _)| *before < value) {
            value = (before * heavier + value * weight) / (heavier + weight);
            weight += heavier;
            count += more;
        }
        blocks.push((value, weight, count));
    }
    let spread = blocks.into_iter().map(|(value, _, count)| vec![value.max(0.0); count]);
    spread.flatten().collect()
}

/// Interpolates on straight lines between these points; beyond the ends values stay constant.
fn between(at: &[f64], values: &[f64], place: f64) -> f64 {
    let next = at.partition_point(|at| *at < place);
    match (next.checked_sub(1), at.get(next)) {
        (Some(last), Some(end)) => {
            let part = (place - at[last]) / (end - at[last]);
            values[last] + part * (values[next] - values[last])
        }
        (None, _) => values.first().copied().unwrap_or_default(),
        (_, None) => values.last().copied().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
