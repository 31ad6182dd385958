//! The discrete Gaussian on the integer lattice, and its price (docs/mechanisms.md, section 3).

use opendp::domains::{AtomDomain, VectorDomain};
use opendp::measurements::make_gaussian;
use opendp::measures::ZeroConcentratedDivergence;
use opendp::metrics::L2Distance;
use rayon::prelude::*;

use super::accounting::LEAST_SCALE;
use super::fault;
use super::sampler::{self, Words};
use crate::release_file::lattice::Clip;
use crate::release_file::privacy_loss::NanoRho;
use crate::{Error, Result};

/// How many cells one thread draws before it takes the next ones.
const CHUNK: usize = 4_096;

/// The standard deviation of the noise in lattice steps: a whole number, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct NoiseScale(f64);

impl NoiseScale {
    /// The least scale found whose built mechanism costs at most `charge` at this clip.
    ///
    /// # Errors
    /// Refused, when the charge is zero, or so large for the clip that the scale would lie below what
    /// the conversion to epsilon is proved for; internal, when no scale can be found.
    ///
    /// # Examples
    /// A requester who adds at most 2 to a table, and a charge of half a unit of rho: noise of 2.
    /// ```
    /// use pointillist::release::NoiseScale;
    /// use pointillist::release_file::lattice::{Clip, LATTICE_ONE};
    /// use pointillist::release_file::privacy_loss::NanoRho;
    ///
    /// let scale = NoiseScale::for_charge(Clip::whole(2), NanoRho::spendable(0.5))?;
    /// let noise = scale.steps() / LATTICE_ONE as f64;
    /// assert!((2.0..2.001).contains(&noise));
    /// # Ok::<(), pointillist::Error>(())
    /// ```
    pub fn for_charge(clip: Clip, charge: NanoRho) -> Result<Self> {
        if charge == NanoRho::ZERO || clip.steps() == 0 {
            return Err(Error::refused(
                "a table was given no budget, and would be published without noise",
            )
            .help("raise `budget_share`, or ask fewer questions"));
        }
        // Starts from the closed form, rounded up to a whole number of lattice steps, which the
        // sampler needs; then the scale goes up until the map of the mechanism agrees.
        let mut scale = (clip.steps() as f64 / (2.0 * charge.rho()).sqrt()).ceil();
        for _ in 0..64 {
            if DiscreteGaussian::new(clip, Self(scale))?.charge <= charge {
                return Self(scale).require_accountable();
            }
            scale = (scale * (1.0 + 1e-9)).floor() + 1.0;
        }
        Err(Error::internal("no noise scale meets the charge of a table"))
    }

    /// Any scale, for tests.
    #[cfg(test)]
    pub(super) const fn for_test(steps: f64) -> Self {
        Self(steps)
    }

    /// In lattice steps.
    pub const fn steps(self) -> f64 {
        self.0
    }

    fn require_accountable(self) -> Result<Self> {
        if self.0 >= LEAST_SCALE {
            return Ok(self);
        }
        Err(Error::refused(format!(
            "a table's noise would have a standard deviation of {} lattice steps, and the promise \
             holds from {LEAST_SCALE} on",
            self.0
        ))
        .help(
            "lower `[ledger] epsilon` or `[privacy] budget_share`, or raise the question's `clip`",
        ))
    }

    /// The scale as the sampler takes it.
    ///
    /// # Errors
    /// Internal, when it is not a whole number that the sampler can draw.
    pub fn whole(self) -> Result<u64> {
        let fits =
            self.0.fract().abs() <= 0.0 && (1.0..=sampler::MOST_SCALE as f64).contains(&self.0);
        if !fits {
            return Err(Error::internal("a noise scale is not a whole number of lattice steps"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
        Ok(self.0 as u64)
    }
}

/// A discrete Gaussian for vectors whose L2 sensitivity is a clip.
#[derive(Debug, Clone, Copy)]
pub struct DiscreteGaussian {
    scale: NoiseScale,
    charge: NanoRho,
}

impl DiscreteGaussian {
    /// Builds the mechanism and asks its own map for the charge.
    ///
    /// # Privacy
    /// The charge is the map of the built measurement at the clip, rounded up to a billionth. The
    /// caller must guarantee that one unit moves the whole vector by at most the clip.
    ///
    /// # Errors
    /// Internal, for a scale that cannot be drawn or a measurement that cannot be built.
    pub fn new(clip: Clip, scale: NoiseScale) -> Result<Self> {
        scale.whole()?;
        // Clips are below 2^37 lattice steps, so the conversion is exact.
        let mut moved = clip.steps() as f64;
        if mutant!("price-of-a-shorter-clip") {
            moved *= 0.99;
        }
        let charge = with_measurement(scale, |measurement| measurement.map(&moved))?;
        Ok(Self { scale, charge: NanoRho::spent(charge)? })
    }

    /// The price of one draw over the whole vector, however many chunks it is drawn in.
    pub const fn charge(&self) -> NanoRho {
        self.charge
    }

    /// The standard deviation.
    pub const fn scale(&self) -> NoiseScale {
        self.scale
    }

    /// Adds independent noise to every cell of an exact vector; a cell that would leave the range
    /// of i64 stops at its end.
    ///
    /// # Privacy
    /// One call is one draw, and costs [`Self::charge`]. Reserve it durably before.
    ///
    /// # Errors
    /// I/O, when the operating system gives no randomness.
    pub fn draw(&self, exact: &[i64]) -> Result<Vec<i64>> {
        let mut scale = self.scale.whole()?;
        if mutant!("half-the-noise") {
            scale /= 2;
        }
        if mutant!("nine-tenths-of-the-noise") {
            scale = scale / 10 * 9;
        }
        let chunks: Vec<Vec<i64>> = exact
            .par_chunks(CHUNK)
            .map(|chunk| {
                let mut words = Words::new();
                let noisy = chunk.iter().map(|value| {
                    Ok(value.saturating_add(sampler::discrete_gaussian(scale, &mut words)?))
                });
                let mut noisy: Vec<i64> = noisy.collect::<Result<_>>()?;
                if mutant!("noise-for-two-cells") {
                    for place in (1..chunk.len()).step_by(2) {
                        noisy[place] = chunk[place] + noisy[place - 1] - chunk[place - 1];
                    }
                }
                Ok(noisy)
            })
            .collect::<Result<_>>()?;
        Ok(chunks.concat())
    }

    /// As [`Self::draw`], by the sampler of the crate that prices the draw. Without a vetted source
    /// of randomness that crate calls its own generator not secure, so only tests draw by it.
    #[cfg(test)]
    pub(super) fn draw_by_reference(&self, exact: &[i64]) -> Result<Vec<i64>> {
        let chunks: Vec<Vec<i64>> = exact
            .par_chunks(CHUNK)
            .map(|chunk| {
                with_measurement(self.scale, |measurement| measurement.invoke(&chunk.to_vec()))
            })
            .collect::<Result<_>>()?;
        Ok(chunks.concat())
    }
}

type Gaussian = opendp::core::Measurement<
    VectorDomain<AtomDomain<i64>>,
    L2Distance<f64>,
    ZeroConcentratedDivergence,
    Vec<i64>,
>;

fn with_measurement<T>(
    scale: NoiseScale,
    run: impl FnOnce(&Gaussian) -> opendp::error::Fallible<T>,
) -> Result<T> {
    make_gaussian(
        VectorDomain::new(AtomDomain::<i64>::default()),
        L2Distance::default(),
        scale.0,
        None,
    )
    .and_then(|measurement| run(&measurement))
    .map_err(|error| fault("the noise mechanism failed", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_meets_the_charge_and_wastes_little_of_it() {
        for clip in [Clip::whole(1), Clip::whole(10), Clip::lattice(92_682)] {
            for nano in [1_000, 1_000_000, 8_000_000, 1_000_000_000] {
                let charge = NanoRho::new(nano);
                let built =
                    DiscreteGaussian::new(clip, NoiseScale::for_charge(clip, charge).unwrap())
                        .unwrap();
                assert!(built.charge() <= charge);
                // Whole scales waste less than one part in their size.
                let wasted = nano - built.charge().nano();
                assert!(wasted as f64 <= 2.0 + nano as f64 * 2.5 / built.scale().steps());
            }
        }
    }

    #[test]
    fn noise_finer_than_the_conversion_is_proved_for_is_refused() {
        // A charge of 1/8 has a scale of twice the clip.
        let charge = NanoRho::new(125_000_000);
        let scale = NoiseScale::for_charge(Clip::lattice(2_048), charge).unwrap();
        assert!((scale.steps() - LEAST_SCALE).abs() < 2.0, "{scale:?}");
        let error = NoiseScale::for_charge(Clip::lattice(2_000), charge).unwrap_err();
        assert_eq!(error.kind(), crate::Kind::Refused);
        assert!(error.hint().is_some_and(|help| help.contains("budget_share")));
    }

    #[test]
    fn no_budget_is_refused_rather_than_published_without_noise() {
        assert!(NoiseScale::for_charge(Clip::whole(1), NanoRho::ZERO).is_err());
        assert!(DiscreteGaussian::new(Clip::whole(1), NoiseScale(0.0)).is_err());
        assert!(DiscreteGaussian::new(Clip::whole(1), NoiseScale(f64::NAN)).is_err());
    }

    #[test]
    fn the_noise_has_the_stated_spread_and_no_bias() {
        // 20,000 draws: the variance's share of the stated one is chi-square with that many
        // degrees, sd 0.01; six of them bound it with a false alarm below 1e-8. The mean alike.
        let scale = NoiseScale::for_charge(Clip::whole(10), NanoRho::new(8_000_000)).unwrap();
        let mechanism = DiscreteGaussian::new(Clip::whole(10), scale).unwrap();
        let exact = vec![5; 20_000];
        for drawn in [mechanism.draw(&exact), mechanism.draw_by_reference(&exact)] {
            let drawn = drawn.unwrap();
            let errors: Vec<f64> =
                drawn.iter().map(|value| (*value - 5) as f64 / scale.steps()).collect();
            let mean = errors.iter().sum::<f64>() / 20_000.0;
            let variance = errors.iter().map(|error| error * error).sum::<f64>() / 20_000.0;
            assert!((variance - 1.0).abs() < 0.06, "variance {variance}");
            assert!(mean.abs() < 6.0 / 20_000.0_f64.sqrt(), "mean {mean}");
        }
    }

    #[test]
    fn planned_scales_are_whole_and_others_are_refused() {
        let planned = NoiseScale::for_charge(Clip::whole(10), NanoRho::new(8_000_000)).unwrap();
        assert!(planned.whole().is_ok());
        for scale in [0.5, 1.5, 1e16, f64::NAN, f64::INFINITY] {
            assert!(DiscreteGaussian::new(Clip::whole(1), NoiseScale(scale)).is_err(), "{scale}");
        }
        // The largest clip with the least charge can still be drawn.
        let widest = Clip::lattice(1 << 37);
        let scale = NoiseScale::for_charge(widest, NanoRho::new(1)).unwrap();
        let drawn = DiscreteGaussian::new(widest, scale).unwrap().draw(&[0; 10]).unwrap();
        assert!(drawn.iter().any(|value| value.unsigned_abs() > 1 << 40));
        // Another draw of the same cells is another draw.
        let mechanism = DiscreteGaussian::new(Clip::whole(10), planned).unwrap();
        let twice = [(); 2].map(|()| mechanism.draw(&[0; 50]).unwrap());
        assert_ne!(twice[0], twice[1]);
    }
}
