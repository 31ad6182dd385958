//! The number of lookups in each cell.
//!
//! # Claim
//! One lookup moves the vector by one before scaling, and two scaled vectors lie at most the root of
//! two clips apart. *Proof.* A lookup adds one to the cell of its atom and to no other, and no entry
//! is negative (docs/mechanisms.md, "Pairs and targets"). ∎

use super::kind::{Kind, Reach, TableBound};
use super::rows::{CellAmount, Pair, PairAmount, RequesterRows, by_target, count_lookups, lattice};

/// A cell holds the number of the requester's lookups in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookups;

impl Kind for Lookups {
    fn word(&self) -> &'static str {
        "lookups"
    }

    fn fill(&self, rows: &RequesterRows<'_>, table: &TableBound<'_>, vector: &mut Vec<CellAmount>) {
        count_lookups(rows.atoms, table.cells, vector);
    }

    fn divide(&self, pairs: &[Pair], table: &TableBound<'_>, amounts: &mut Vec<PairAmount>) {
        for (Pair { atom, target }, lookups) in by_target(pairs) {
            if let Some(cell) = table.cells.cell(atom) {
                amounts.push(PairAmount { target, cell, steps: lattice(lookups) });
            }
        }
    }

    fn reach(&self, clip: f64) -> Reach {
        Reach::of_counts(clip)
    }
}
