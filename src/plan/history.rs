//! What earlier releases told about how much requesters ask, and the clips that follow.
//!
//! The histogram of lookups per requester, as earlier blocks published it: free to use, since it is
//! public. Days are averaged, which takes the noise down; where it still hides the answer, and
//! without any history, constants stand in.

use crate::spec::measure::{HISTOGRAM_BINS, histogram_edges};
use crate::spec::question::Clip;

/// Bins below so many standard deviations of their noise count as empty.
const LEAST_SIGNAL: f64 = 2.5;
/// The share of requesters that the clip of fine tables leaves whole.
const WHOLE: f64 = 0.97;
/// The least clip that a history may set.
const LEAST_CLIP: u32 = 20;

/// The mean of published histograms of lookups per requester.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    requesters: Vec<f64>,
    noise_sd: f64,
}

impl History {
    /// From the values of each day's bins and the standard deviation of their noise; none when no
    /// bin stands out.
    #[must_use]
    pub fn new(days: &[(Vec<f64>, f64)]) -> Option<Self> {
        let count = days.len() as f64;
        let requesters: Vec<f64> = (0..HISTOGRAM_BINS)
            .map(|bin| days.iter().filter_map(|(bins, _)| bins.get(bin)).sum::<f64>() / count)
            .collect();
        let noise_sd = days.iter().map(|(_, sd)| sd * sd).sum::<f64>().sqrt() / count;
        let seen = requesters.iter().any(|bin| *bin >= LEAST_SIGNAL * noise_sd);
        seen.then_some(Self { requesters, noise_sd })
    }

    /// A clip of the total with about so many requesters past it; none where the noise hides them.
    ///
    /// It lies above `usual` where more than that are surely past `usual`, and below it where surely
    /// no more are past the lower one.
    pub(super) fn clip(&self, usual: Clip, past: f64) -> Option<Clip> {
        let edges = histogram_edges();
        let surely = |edge: u32, sds: f64| {
            let bins = edges.iter().zip(&self.requesters).filter(|(low, _)| **low >= edge);
            let (count, sum) =
                bins.fold((0.0, 0.0), |(count, sum), (_, bin)| (count + 1.0, sum + bin));
            sum + sds * self.noise_sd * f64::sqrt(count)
        };
        let candidates = || edges.into_iter().filter(|edge| *edge >= LEAST_CLIP);
        let is_above = |edge: &u32| Clip::whole(*edge).units() > usual.units();
        let heavy = candidates().find(is_above).is_some_and(|next| surely(next, -3.0) > past);
        let clip = if heavy {
            candidates().filter(is_above).find(|edge| surely(*edge, -1.0) <= past)
        } else {
            candidates().filter(|edge| !is_above(edge)).find(|edge| surely(*edge, 1.0) <= past)
        };
        clip.map(Clip::whole)
    }

    /// How many lookups a requester may have before the clip of fine tables shortens it.
    pub(super) fn typical_most(&self) -> f64 {
        let bins = || {
            let held = |bin: &f64| if *bin >= LEAST_SIGNAL * self.noise_sd { *bin } else { 0.0 };
            self.requesters.iter().map(held)
        };
        let all: f64 = bins().sum();
        let mut seen = 0.0;
        for (edge, requesters) in histogram_edges().into_iter().zip(bins()) {
            seen += requesters;
            if seen >= WHOLE * all {
                return f64::from(edge);
            }
        }
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_averaged_and_bins_in_the_noise_count_as_empty() {
        let mut values = vec![3.0; HISTOGRAM_BINS];
        assert_eq!(History::new(&[(values.clone(), 2.0)]), None);
        values[0] = 900.0;
        values[8] = 100.0;
        let one = History::new(&[(values.clone(), 2.0)]).unwrap();
        let four = History::new(&vec![(values, 2.0); 4]).unwrap();
        assert_eq!(one.requesters, four.requesters);
        assert!((one.noise_sd - 2.0).abs() < 1e-12 && (four.noise_sd - 1.0).abs() < 1e-12);
        // One lookup each, and 20 or more.
        assert!((one.typical_most() - 20.0).abs() < 1e-12);
    }
}
