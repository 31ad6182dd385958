//! The lattice: on the private side every amount is a whole number of steps of 2^-20.

/// Fractional bits of every contribution on the private side.
pub const LATTICE_BITS: u32 = 20;
/// One whole contribution on the lattice.
pub const LATTICE_ONE: u64 = 1 << LATTICE_BITS;

/// The least integer whose square is at least `square`.
pub const fn root_rounded_up(square: u128) -> u128 {
    let root = square.isqrt();
    if root * root < square { root + 1 } else { root }
}

/// A bound on the L2 norm of the vector of one privacy unit, in lattice steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clip(u64);

impl Clip {
    /// From whole contributions.
    pub const fn whole(contributions: u32) -> Self {
        Self(contributions as u64 * LATTICE_ONE)
    }

    /// From lattice steps.
    pub const fn lattice(steps: u64) -> Self {
        Self(steps)
    }

    /// The root of a whole number of contributions, rounded up to a step.
    pub const fn root_of(square: u32) -> Self {
        // The root of less than 2^72 fits 64 bits.
        Self(root_rounded_up((square as u128) << (2 * LATTICE_BITS)) as u64)
    }

    /// In lattice steps.
    pub const fn steps(self) -> u64 {
        self.0
    }

    /// In contributions, for display and for formulas of error.
    pub fn contributions(self) -> f64 {
        self.0 as f64 / LATTICE_ONE as f64
    }
}
