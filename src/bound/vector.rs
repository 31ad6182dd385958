//! One requester's rows → its vector in one table, before scaling.

use crate::plan::Cells;
use crate::plan::kinds::{CellAmount, Kind, Pair, PairAmount, RequesterRows, merge_pairs};
use crate::release_file::lattice::Clip;

/// How one table takes a requester's rows.
pub struct TableBound<'a> {
    /// In which cell an atom counts.
    pub cells: &'a Cells,
    /// What rows add.
    pub kind: &'a dyn Kind,
    /// The bound.
    pub clip: Clip,
}

impl TableBound<'_> {
    /// Fills `vector` with the requester's cells, each once.
    pub(super) fn fill(&self, rows: &RequesterRows<'_>, vector: &mut Vec<CellAmount>) {
        vector.clear();
        self.kind.fill(rows, self.cells, self.clip, vector);
    }

    /// Divides the vector over the rows: one amount for each cell and target, sorted.
    pub(super) fn divide(&self, pairs: &[Pair], amounts: &mut Vec<PairAmount>) {
        amounts.clear();
        self.kind.divide(pairs, self.cells, amounts);
        merge_pairs(amounts);
    }
}
