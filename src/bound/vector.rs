//! One requester's rows → its vector in one table, before scaling.

use super::ball::CellAmount;
use super::pairs::Pair;
use crate::plan::{Cells, Contribution, Layering};
use crate::release_file::lattice::{Clip, LATTICE_BITS, LATTICE_ONE};
use crate::release_file::measure::{Counted, histogram_edges};

/// How one table takes a requester's rows.
pub struct TableBound<'a> {
    /// In which cell an atom counts.
    pub cells: &'a Cells,
    /// What a row adds.
    pub contribution: &'a Contribution,
    /// The bound.
    pub clip: Clip,
}

/// How many of a requester's rows have the same values of all keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtomCount {
    pub(super) atom: u64,
    pub(super) lookups: i64,
}

/// Fills `vector` with the requester's cells, each once. `pairs` are its rows, if they keep targets.
pub(super) fn fill(
    vector: &mut Vec<CellAmount>,
    atoms: &[AtomCount],
    pairs: &[Pair],
    bound: &TableBound<'_>,
) {
    vector.clear();
    let cells = bound.cells;
    match bound.contribution {
        Contribution::Lookups => {
            add_lookups(atoms, bound, vector);
            merge(vector);
        }
        Contribution::Presence { at_least, of } => {
            match of {
                Counted::Lookups => add_lookups(atoms, bound, vector),
                Counted::Targets => add_targets(pairs, *at_least, bound, vector),
            }
            merge(vector);
            let enough = i64::from(*at_least) << LATTICE_BITS;
            vector.retain(|amount| amount.steps >= enough);
            vector.iter_mut().for_each(|amount| amount.steps = LATTICE_ONE.cast_signed());
        }
        Contribution::Sum { .. } => {
            for atom in atoms {
                if let (Some(cell), Some(steps)) = (cells.cell(atom.atom), cells.units(atom.atom)) {
                    vector.push(CellAmount { cell, steps: steps.saturating_mul(atom.lookups) });
                }
            }
            merge(vector);
        }
        Contribution::Mean { .. } => {
            for atom in atoms {
                if let (Some(cell), Some(steps)) = (cells.cell(atom.atom), cells.units(atom.atom)) {
                    let sum = steps.saturating_mul(atom.lookups);
                    vector.push(CellAmount { cell: 2 * cell, steps: sum });
                    vector.push(CellAmount { cell: 2 * cell + 1, steps: lattice(atom.lookups) });
                }
            }
            merge(vector);
        }
        // Bounded by `PrefixBounder`, once prefixes are found.
        Contribution::KeyWeights { .. } | Contribution::KeyCounts { .. } => {}
        Contribution::Layers { count } => {
            let lookups: i64 = atoms.iter().map(|atom| atom.lookups).sum();
            let layers = Layering::of(*count, bound.clip).entries(lattice(lookups).unsigned_abs());
            let amount =
                |(cell, steps): (u32, u64)| CellAmount { cell, steps: steps.cast_signed() };
            vector.extend(layers.map(amount));
        }
        Contribution::Histogram => {
            let lookups: i64 = atoms.iter().map(|atom| atom.lookups).sum();
            let bin = histogram_edges().partition_point(|edge| i64::from(*edge) <= lookups);
            if let Some(cell) = bin.checked_sub(1).and_then(|bin| u32::try_from(bin).ok()) {
                vector.push(CellAmount { cell, steps: LATTICE_ONE.cast_signed() });
            }
        }
    }
}

fn add_lookups(atoms: &[AtomCount], bound: &TableBound<'_>, vector: &mut Vec<CellAmount>) {
    // Nearly every atom has a cell: a loop reserves for all of them, which a filter would not.
    vector.reserve(atoms.len());
    for atom in atoms {
        if let Some(cell) = bound.cells.cell(atom.atom) {
            vector.push(CellAmount { cell, steps: lattice(atom.lookups) });
        }
    }
}

/// One for each different target of a cell, unless there are too few rows for any cell to matter.
fn add_targets(
    pairs: &[Pair],
    at_least: u32,
    bound: &TableBound<'_>,
    vector: &mut Vec<CellAmount>,
) {
    if pairs.len() < at_least as usize {
        return;
    }
    let mut targets: Vec<(u32, u64)> =
        pairs.iter().filter_map(|pair| Some((bound.cells.cell(pair.atom)?, pair.target))).collect();
    targets.sort_unstable();
    targets.dedup();
    vector.extend(targets.iter().map(|(cell, _)| CellAmount { cell: *cell, steps: lattice(1) }));
}

/// Lookups in lattice steps; one day has fewer than 2^47 rows.
const fn lattice(lookups: i64) -> i64 {
    lookups.saturating_mul(LATTICE_ONE.cast_signed())
}

/// Adds the amounts of equal cells up: several atoms may share a cell.
fn merge(vector: &mut Vec<CellAmount>) {
    if vector.len() < 2 {
        return;
    }
    vector.sort_unstable_by_key(|amount| amount.cell);
    vector.dedup_by(|later, kept| {
        let same = later.cell == kept.cell;
        if same {
            kept.steps = kept.steps.saturating_add(later.steps);
        }
        same
    });
}
