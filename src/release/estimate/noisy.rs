//! Numbers with their noise, and the noisy sums that counts were raked with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A number with the variance of its noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noisy {
    pub(super) value: f64,
    pub(super) variance: f64,
}

/// The noisy sums that a count was raked with; public, because they were drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Raking {
    /// The total, with its loose clip, in lookups.
    pub total: f64,
    /// The sum of every finer table, by its name.
    pub sums: BTreeMap<String, f64>,
}
