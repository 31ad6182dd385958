//! A value with its interval.

/// The 97.5 % quantile of the standard normal.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// A value with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    /// The value.
    pub(super) value: f64,
    /// The standard deviation that the noise gives it.
    pub(super) noise_sd: f64,
    /// The lower end of the interval.
    pub(super) low: f64,
    /// The upper end of the interval.
    pub(super) high: f64,
}

impl Estimate {
    /// A value with the variance of its noise and the squares of what else may be missing on each side.
    pub(super) fn new(value: f64, noise: f64, below: f64, above: f64) -> Self {
        let half = |other: f64| (Z_95 * Z_95 * noise + other).sqrt();
        Self { value, noise_sd: noise.sqrt(), low: value - half(below), high: value + half(above) }
    }

    /// The same with ends that lie this many times as far from the value.
    pub(super) fn widened(self, factor: f64) -> Self {
        let end = |end: f64| self.value + (end - self.value) * factor;
        Self { low: end(self.low), high: end(self.high), ..self }
    }

    /// The same with a lower end that leaves out `floor`, the part of the value that every cell
    /// keeps, seen or not.
    pub(super) fn less_floor(self, floor: f64) -> Self {
        Self { low: self.low - floor, ..self }
    }

    /// The same for a value that lies in a range. A value beyond an end of the range is off by
    /// noise: its interval reaches as far into the range as noise alone reaches from that end, so
    /// that none says "exactly none, for certain".
    pub(super) fn within(self, least: f64, most: f64) -> Self {
        let noise = Z_95 * self.noise_sd;
        let end = |end: f64| end.max(least).min(most);
        Self {
            low: end(self.low.min(most - noise)),
            high: end(self.high.max(least + noise)),
            ..self
        }
    }

    /// The same in other units: `offset` plus `factor`, which is above zero, times everything.
    pub(super) fn scaled(self, offset: f64, factor: f64) -> Self {
        let of = |number: f64| offset + factor * number;
        Self {
            value: of(self.value),
            noise_sd: self.noise_sd * factor,
            low: of(self.low),
            high: of(self.high),
        }
    }

    /// Half the width of the interval.
    pub(super) fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_in_a_range_never_ends_before_noise_does() {
        let of = |value| Estimate::new(value, 1.0, 0.0, 0.0).within(0.0, 9.0);
        let ends = |estimate: Estimate| (estimate.low, estimate.high);
        // A value that noise takes out of the range is as uncertain as one at its end.
        for far in [-6.0, -1.0, 0.0] {
            assert_eq!(ends(of(far)), (0.0, Z_95));
        }
        assert_eq!(ends(of(16.0)), (9.0 - Z_95, 9.0));
        // No range is narrower than it is.
        assert_eq!(ends(Estimate::new(-6.0, 100.0, 0.0, 0.0).within(0.0, 9.0)), (0.0, 9.0));
        let inside = of(1.0);
        assert!(inside.low == 0.0 && (inside.high - 1.0 - Z_95).abs() < 1e-12, "{inside:?}");
    }
}
