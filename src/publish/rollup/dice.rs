//! Numbers by chance for the simulations of tests; always the same ones.

/// Numbers as from a normal distribution: the sum of twelve uniform ones less six.
pub(super) struct Dice(fastrand::Rng);

impl Dice {
    pub(super) fn new() -> Self {
        Self(fastrand::Rng::with_seed(1))
    }

    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.0.f64()).sum::<f64>() - 6.0
    }
}
