//! How much requesters ask according to earlier releases, and the clips that follow.
//!
//! Used are the layers of the total and the histogram of lookups per requester that earlier blocks
//! published; they are public and cost nothing. The layers set the clip of the total; if persons are
//! the unit there are no layers, and the histogram sets it. Days are averaged to reduce the noise. If
//! the noise still hides the answer, and without any history, constants are used.

use super::published_layers::{LEAST_CLIP, PublishedLayers, next_clip};
use crate::release_file::lattice::Clip;
use crate::release_file::measure::{HISTOGRAM_BINS, histogram_edges};
use crate::release_file::privacy_loss::NanoRho;

/// Bins below this many standard deviations of their noise count as empty.
const LEAST_SIGNAL: f64 = 2.5;
/// The share of requesters that the clip of fine tables leaves unclipped.
const WHOLE: f64 = 0.97;

/// What committed releases of earlier days published.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    requesters: Option<Requesters>,
    /// The newest first.
    layers: Vec<PublishedLayers>,
}

/// The mean of published histograms of lookups per requester.
#[derive(Debug, Clone, PartialEq)]
struct Requesters {
    requesters: Vec<f64>,
    noise_sd: f64,
}

impl History {
    /// From the values of each day's bins with the standard deviation of their noise, and from the
    /// layers of each day's total, the newest first; `None` if neither gives usable evidence.
    #[must_use]
    pub fn new(histograms: &[(Vec<f64>, f64)], mut layers: Vec<PublishedLayers>) -> Option<Self> {
        layers.retain(PublishedLayers::is_usable);
        let requesters = Requesters::new(histograms);
        (requesters.is_some() || !layers.is_empty()).then_some(Self { requesters, layers })
    }

    /// The clip of a total with this charge; `None` if no earlier day gives usable evidence. `usual` is
    /// the clip without a history.
    pub(super) fn total_clip(&self, usual: Clip, charge: NanoRho) -> Option<Clip> {
        // The noise for each contribution of the clip. About as many requesters lie above the best
        // clip (docs/mechanisms.md, section 6).
        let noise = 1.0 / (2.0 * charge.rho()).sqrt();
        let heavy = || self.requesters.as_ref()?.clip(usual, noise);
        next_clip(&self.layers, noise).or_else(heavy)
    }

    /// How many lookups of a requester stay unclipped in fine tables; `None` without a histogram.
    pub(super) fn typical_most(&self) -> Option<f64> {
        self.requesters.as_ref().map(Requesters::typical_most)
    }

    /// How many lookups a day has on average; `None` without layers.
    pub(super) fn lookups(&self) -> Option<f64> {
        let sum: f64 = self.layers.iter().map(PublishedLayers::total).sum();
        (!self.layers.is_empty()).then(|| sum / self.layers.len() as f64)
    }
}

impl Requesters {
    /// `None` if no bin is well above its noise.
    fn new(days: &[(Vec<f64>, f64)]) -> Option<Self> {
        let count = days.len() as f64;
        let requesters: Vec<f64> = (0..HISTOGRAM_BINS)
            .map(|bin| days.iter().filter_map(|(bins, _)| bins.get(bin)).sum::<f64>() / count)
            .collect();
        let noise_sd = days.iter().map(|(_, sd)| sd * sd).sum::<f64>().sqrt() / count;
        let seen = requesters.iter().any(|bin| *bin >= LEAST_SIGNAL * noise_sd);
        seen.then_some(Self { requesters, noise_sd })
    }

    /// A clip of the total with about `past` requesters above it; `None` if the noise hides them.
    ///
    /// It is above `usual` if surely more than that are above `usual`, and below `usual` if surely no
    /// more than that are above it.
    fn clip(&self, usual: Clip, past: f64) -> Option<Clip> {
        let edges = histogram_edges();
        let surely = |edge: u32, sds: f64| {
            let bins = edges.iter().zip(&self.requesters).filter(|(low, _)| **low >= edge);
            let (count, sum) =
                bins.fold((0.0, 0.0), |(count, sum), (_, bin)| (count + 1.0, sum + bin));
            sum + sds * self.noise_sd * f64::sqrt(count)
        };
        let candidates = || edges.into_iter().filter(|edge| f64::from(*edge) >= LEAST_CLIP);
        let is_above = |edge: &u32| Clip::whole(*edge).units() > usual.units();
        let heavy = candidates().find(is_above).is_some_and(|next| surely(next, -3.0) > past);
        let clip = if heavy {
            candidates().filter(is_above).find(|edge| surely(*edge, -1.0) <= past)
        } else {
            candidates().filter(|edge| !is_above(edge)).find(|edge| surely(*edge, 1.0) <= past)
        };
        clip.map(Clip::whole)
    }

    /// How many lookups of a requester stay unclipped in fine tables.
    fn typical_most(&self) -> f64 {
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
        assert_eq!(History::new(&[(values.clone(), 2.0)], Vec::new()), None);
        values[0] = 900.0;
        values[8] = 100.0;
        let one = Requesters::new(&[(values.clone(), 2.0)]).unwrap();
        let four = Requesters::new(&vec![(values.clone(), 2.0); 4]).unwrap();
        assert_eq!(one.requesters, four.requesters);
        assert!((one.noise_sd - 2.0).abs() < 1e-12 && (four.noise_sd - 1.0).abs() < 1e-12);
        // One lookup each, and 20 or more.
        assert!((one.typical_most() - 20.0).abs() < 1e-12);
    }

    #[test]
    fn layers_show_more_of_heavy_users_than_a_histogram() {
        let charge = NanoRho::new(8_000_000);
        let mut values = vec![0.0; HISTOGRAM_BINS];
        (values[0], values[16]) = (90_000.0, 1_000.0);
        let heavy = [(values, 1.0)];
        // A thousand requesters ask 500 times or more.
        let alone = History::new(&heavy, Vec::new()).unwrap();
        let usual = Clip::whole(300);
        assert_eq!(alone.total_clip(usual, charge), Some(Clip::whole(700)));
        assert_eq!(alone.lookups(), None);
        let mut empty = PublishedLayers { width: 20.0, noise_sd: 1.0, sums: vec![0.0; 16] };
        assert_eq!(
            History::new(&[], vec![empty.clone()]),
            None,
            "nothing follows from an empty day"
        );
        empty.sums[0] = 10_000.0;
        let both = History::new(&heavy, vec![empty.clone()]).unwrap();
        assert_eq!(both.total_clip(usual, charge), Some(Clip::whole(160)));
        assert_eq!(both.typical_most(), alone.typical_most());
        let layers = History::new(
            &[],
            vec![empty, PublishedLayers { width: 20.0, noise_sd: 1.0, sums: vec![5.0; 16] }],
        );
        let layers = layers.unwrap();
        assert_eq!((layers.typical_most(), layers.lookups()), (None, Some(5_040.0)));
    }
}
