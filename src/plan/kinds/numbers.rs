//! Sums of a number over a requester's lookups, alone or beside how many lookups have one.
//!
//! # Claim
//! In a sum one lookup moves the vector by at most one before scaling, and two scaled vectors lie at
//! most two clips apart; with the count beside the sum these are the root of two, and the root of two
//! clips. *Proof.* A number is at most one in absolute value after it is scaled to its range, and it
//! may have either sign. A lookup with a number moves the sum by that and the count by one. A sum
//! never exceeds the count beside it, so that the inner product of two vectors of both is not
//! negative (docs/mechanisms.md, "Sums, means and quantiles" and "Pairs and targets"). ∎

use serde::{Deserialize, Serialize};

use super::super::axis::Axis;
use super::super::cells::RowNumber;
use super::kind::{DEFAULT_CLIP, Kind, Reach, TableBound};
use super::rows::{CellAmount, Pair, PairAmount, RequesterRows, by_target, lattice, merge};
use crate::release_file::lattice::Clip;
use crate::release_file::number::Grid;

/// A cell holds the sum of a number, as a part of the range's largest absolute value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// The key of the number.
    pub number: String,
}

impl Kind for Sum {
    fn word(&self) -> &'static str {
        "sum"
    }

    fn number(&self) -> Option<RowNumber<'_>> {
        Some(RowNumber { key: &self.number, steps: Grid::plain })
    }

    fn fill(&self, rows: &RequesterRows<'_>, table: &TableBound<'_>, vector: &mut Vec<CellAmount>) {
        for atom in rows.atoms {
            if let Some((cell, steps)) = table.cells.cell_and_steps(atom.atom) {
                vector.push(CellAmount { cell, steps: steps.saturating_mul(atom.lookups) });
            }
        }
        merge(vector);
    }

    fn divide(&self, pairs: &[Pair], table: &TableBound<'_>, amounts: &mut Vec<PairAmount>) {
        for (Pair { atom, target }, lookups) in by_target(pairs) {
            if let Some((cell, steps)) = table.cells.cell_and_steps(atom) {
                amounts.push(PairAmount { target, cell, steps: steps.saturating_mul(lookups) });
            }
        }
    }

    fn reach(&self, clip: f64) -> Reach {
        Reach { one_lookup: 1.0, any_two: 2.0 * clip }
    }
}

/// Two cells hold the sum of a number, from -1 to 1 over its range, and how many lookups have one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mean {
    /// The key of the number.
    pub number: String,
}

impl Kind for Mean {
    fn word(&self) -> &'static str {
        "sum and count"
    }

    fn cells_per_combination(&self) -> u64 {
        2
    }

    fn number(&self) -> Option<RowNumber<'_>> {
        Some(RowNumber { key: &self.number, steps: |_, level| Grid::centred(level) })
    }

    /// Sum and count lie side by side: the vector is up to the root of two longer than the lookups.
    fn clip(&self, asked: Option<Clip>, _: &[Axis]) -> Clip {
        let lookups = asked.unwrap_or(DEFAULT_CLIP).units();
        Clip::lattice(lookups + lookups * 4_143 / 10_000)
    }

    fn fill(&self, rows: &RequesterRows<'_>, table: &TableBound<'_>, vector: &mut Vec<CellAmount>) {
        for atom in rows.atoms {
            if let Some((cell, steps)) = table.cells.cell_and_steps(atom.atom) {
                let sum = steps.saturating_mul(atom.lookups);
                vector.push(CellAmount { cell: 2 * cell, steps: sum });
                vector.push(CellAmount { cell: 2 * cell + 1, steps: lattice(atom.lookups) });
            }
        }
        merge(vector);
    }

    fn divide(&self, pairs: &[Pair], table: &TableBound<'_>, amounts: &mut Vec<PairAmount>) {
        for (Pair { atom, target }, lookups) in by_target(pairs) {
            if let Some((cell, steps)) = table.cells.cell_and_steps(atom) {
                let sum = steps.saturating_mul(lookups);
                amounts.push(PairAmount { target, cell: 2 * cell, steps: sum });
                amounts.push(PairAmount { target, cell: 2 * cell + 1, steps: lattice(lookups) });
            }
        }
    }

    fn reach(&self, clip: f64) -> Reach {
        Reach { one_lookup: std::f64::consts::SQRT_2, ..Reach::of_counts(clip) }
    }

    fn struck_out(&self) -> f64 {
        std::f64::consts::SQRT_2
    }
}
