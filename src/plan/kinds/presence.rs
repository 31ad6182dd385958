//! One in each cell in which a requester has enough lookups, or enough different targets.
//!
//! # Claim
//! One lookup moves the vector by one before scaling, and two scaled vectors lie at most the root of
//! two clips apart. *Proof.* A lookup lies in one cell, and can make its requester count there or
//! not; no entry is negative (docs/mechanisms.md, "Requesters" and "Pairs and targets"). ∎ Without
//! keys the vector has one entry of at most one, so that a clip of one takes nothing.

use super::super::cells::Cells;
use super::kind::{Kind, Needs, Reach, TableBound};
use super::rows::{
    CellAmount, Pair, PairAmount, RequesterRows, by_target, count_lookups, lattice, merge,
    merge_pairs,
};
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::measure::Counted;

/// A cell holds one if the requester has enough in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// The fewest that make the requester count.
    pub at_least: u32,
    /// What is counted.
    pub of: Counted,
}

impl Kind for Presence {
    fn word(&self) -> &'static str {
        "presence"
    }

    fn needs(&self) -> Needs {
        match self.of {
            Counted::Lookups => Needs::Atoms,
            Counted::Targets => Needs::Targets,
        }
    }

    fn fill(&self, rows: &RequesterRows<'_>, table: &TableBound<'_>, vector: &mut Vec<CellAmount>) {
        match self.of {
            Counted::Lookups => count_lookups(rows.atoms, table.cells, vector),
            // With fewer rows no cell can have enough targets.
            Counted::Targets if rows.pairs.len() < self.at_least as usize => {}
            Counted::Targets => count_targets(rows.pairs, table.cells, vector),
        }
        let enough = lattice(self.at_least.into());
        vector.retain(|amount| amount.steps >= enough);
        vector.iter_mut().for_each(|amount| amount.steps = LATTICE_ONE.cast_signed());
    }

    fn divide(&self, pairs: &[Pair], table: &TableBound<'_>, amounts: &mut Vec<PairAmount>) {
        for (Pair { atom, target }, lookups) in by_target(pairs) {
            let cell = table.cells.cell(atom);
            amounts.push(PairAmount { target, cell, steps: lookups });
        }
        merge_pairs(amounts);
        // The cells in which there is enough move to the front.
        let (mut kept, mut next) = (0, 0);
        while let Some(first) = amounts.get(next) {
            let cell = amounts[next..].iter().take_while(|amount| amount.cell == first.cell);
            let (targets, lookups) = cell
                .fold((0, 0), |(targets, lookups), amount| (targets + 1, lookups + amount.steps));
            let there = match self.of {
                Counted::Lookups => lookups,
                Counted::Targets => i64::try_from(targets).unwrap_or(i64::MAX),
            };
            if there >= i64::from(self.at_least) {
                amounts.copy_within(next..next + targets, kept);
                kept += targets;
            }
            next += targets;
        }
        amounts.truncate(kept);
    }

    fn whole(&self, _: u32, _: i64) -> Option<i64> {
        Some(LATTICE_ONE.cast_signed())
    }

    fn reach(&self, clip: f64) -> Reach {
        Reach::of_counts(clip)
    }
}

/// Fills an empty vector with the number of different targets in each cell.
fn count_targets(pairs: &[Pair], cells: &Cells, vector: &mut Vec<CellAmount>) {
    let mut targets: Vec<(u32, u64)> =
        pairs.iter().map(|pair| (cells.cell(pair.atom), pair.target)).collect();
    targets.sort_unstable();
    targets.dedup();
    vector.extend(targets.iter().map(|(cell, _)| CellAmount { cell: *cell, steps: lattice(1) }));
    merge(vector);
}
