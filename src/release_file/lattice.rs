//! The lattice: on the private side every amount is a whole number of steps of 2^-16.

/// Fractional bits of every contribution on the private side.
pub const LATTICE_BITS: u32 = 16;
/// One whole contribution on the lattice.
pub const LATTICE_ONE: u64 = 1 << LATTICE_BITS;
/// The largest clip that may be asked for.
pub const MOST_CLIP: f64 = 1_048_576.0;

/// A bound on the L2 norm of the vector of one privacy unit, in lattice steps (2^-16 of a lookup).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Clip(u64);

impl Clip {
    /// From whole contributions.
    #[must_use]
    pub const fn whole(contributions: u32) -> Self {
        Self(contributions as u64 * LATTICE_ONE)
    }

    /// From lattice steps.
    #[must_use]
    pub const fn lattice(units: u64) -> Self {
        Self(units)
    }

    /// In lattice steps.
    #[must_use]
    pub const fn units(self) -> u64 {
        self.0
    }

    /// In contributions, for display and for formulas of error.
    #[must_use]
    pub fn contributions(self) -> f64 {
        self.0 as f64 / LATTICE_ONE as f64
    }
}
