//! One in the bin of the number of all lookups of a requester.
//!
//! # Claim
//! The sensitivity is one, and one lookup moves the vector by the root of two, which is as far as two
//! vectors lie apart. *Proof.* A requester has one entry of one. A lookup more or less takes it from
//! one bin to another at most (docs/mechanisms.md, "Requesters" and "Pairs and targets"). ∎

use super::kind::{Kind, Needs, Reach, TableBound};
use super::rows::{CellAmount, Pair, PairAmount, RequesterRows, by_target};
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::measure::{HISTOGRAM_BINS, histogram_edges};

/// A cell for each bin holds one if the requester's number of lookups lies in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Histogram;

impl Kind for Histogram {
    fn word(&self) -> &'static str {
        "bin"
    }

    fn cells_per_combination(&self) -> u64 {
        HISTOGRAM_BINS as u64
    }

    fn needs(&self) -> Needs {
        Needs::Lookups
    }

    fn fill(&self, rows: &RequesterRows<'_>, _: &TableBound<'_>, vector: &mut Vec<CellAmount>) {
        let steps = LATTICE_ONE.cast_signed();
        vector.extend(bin(rows.lookups).map(|cell| CellAmount { cell, steps }));
    }

    fn divide(&self, pairs: &[Pair], _: &TableBound<'_>, amounts: &mut Vec<PairAmount>) {
        let Some(cell) = bin(i64::try_from(pairs.len()).unwrap_or(i64::MAX)) else { return };
        for (Pair { target, .. }, lookups) in by_target(pairs) {
            amounts.push(PairAmount { target, cell, steps: lookups });
        }
    }

    fn whole(&self, _: u32, _: i64) -> Option<i64> {
        Some(LATTICE_ONE.cast_signed())
    }

    fn reach(&self, _: f64) -> Reach {
        Reach { one_lookup: std::f64::consts::SQRT_2, any_two: std::f64::consts::SQRT_2 }
    }
}

/// The bin of a number of lookups; `None` for no lookups.
fn bin(lookups: i64) -> Option<u32> {
    let above = histogram_edges().partition_point(|edge| i64::from(*edge) <= lookups);
    above.checked_sub(1).and_then(|bin| u32::try_from(bin).ok())
}
