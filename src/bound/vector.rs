//! One unit's rows → its vector of one table, before scaling.

use super::ball::Entry;
use super::pairs::Pair;
use super::partition::TableBound;
use crate::plan::{Contribution, Layering};
use crate::spec::lattice::{LATTICE_BITS, LATTICE_ONE};
use crate::spec::measure::{Counted, histogram_edges};

/// How many of a unit's rows have the same key values.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtomCount {
    pub(super) atom: u64,
    pub(super) lookups: i64,
}

/// Fills `vector` with the unit's cells, each once. `pairs` are its rows where targets are kept.
pub(super) fn collect(
    atoms: &[AtomCount],
    pairs: &[Pair],
    bound: &TableBound<'_>,
    vector: &mut Vec<Entry>,
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
            vector.retain(|entry| entry.units >= enough);
            vector.iter_mut().for_each(|entry| entry.units = LATTICE_ONE.cast_signed());
        }
        Contribution::Sum { .. } => {
            for atom in atoms {
                if let (Some(cell), Some(units)) = (cells.cell(atom.atom), cells.units(atom.atom)) {
                    vector.push(Entry { cell, units: units.saturating_mul(atom.lookups) });
                }
            }
            merge(vector);
        }
        Contribution::Mean { .. } => {
            for atom in atoms {
                if let (Some(cell), Some(units)) = (cells.cell(atom.atom), cells.units(atom.atom)) {
                    let sum = units.saturating_mul(atom.lookups);
                    vector.push(Entry { cell: 2 * cell, units: sum });
                    vector.push(Entry { cell: 2 * cell + 1, units: lattice(atom.lookups) });
                }
            }
            merge(vector);
        }
        // Bounded once keys are found, in `keys`.
        Contribution::KeyWeights { .. } | Contribution::KeyCounts { .. } => {}
        Contribution::Layers { count } => {
            let lookups: i64 = atoms.iter().map(|atom| atom.lookups).sum();
            let layers = Layering::of(*count, bound.clip).entries(lattice(lookups).unsigned_abs());
            let entry = |(cell, units): (u32, u64)| Entry { cell, units: units.cast_signed() };
            vector.extend(layers.map(entry));
        }
        Contribution::Histogram => {
            let lookups: i64 = atoms.iter().map(|atom| atom.lookups).sum();
            let bin = histogram_edges().partition_point(|edge| i64::from(*edge) <= lookups);
            if let Some(cell) = bin.checked_sub(1).and_then(|bin| u32::try_from(bin).ok()) {
                vector.push(Entry { cell, units: LATTICE_ONE.cast_signed() });
            }
        }
    }
}

fn add_lookups(atoms: &[AtomCount], bound: &TableBound<'_>, vector: &mut Vec<Entry>) {
    // A plain loop: nearly every atom has a cell, which an iterator that filters cannot tell.
    vector.reserve(atoms.len());
    for atom in atoms {
        if let Some(cell) = bound.cells.cell(atom.atom) {
            vector.push(Entry { cell, units: lattice(atom.lookups) });
        }
    }
}

/// One for each different target of a cell, unless there are too few rows for any cell to matter.
fn add_targets(pairs: &[Pair], at_least: u32, bound: &TableBound<'_>, vector: &mut Vec<Entry>) {
    if pairs.len() < at_least as usize {
        return;
    }
    let mut targets: Vec<(u32, u64)> =
        pairs.iter().filter_map(|pair| Some((bound.cells.cell(pair.atom)?, pair.target))).collect();
    targets.sort_unstable();
    targets.dedup();
    vector.extend(targets.iter().map(|(cell, _)| Entry { cell: *cell, units: lattice(1) }));
}

/// Lookups in units of 2^-16; rows of one day are fewer than 2^47.
const fn lattice(lookups: i64) -> i64 {
    lookups.saturating_mul(LATTICE_ONE.cast_signed())
}

/// Adds the entries of equal cells together: several atoms may share a cell.
fn merge(vector: &mut Vec<Entry>) {
    if vector.len() < 2 {
        return;
    }
    vector.sort_unstable_by_key(|entry| entry.cell);
    vector.dedup_by(|later, kept| {
        let same = later.cell == kept.cell;
        if same {
            kept.units = kept.units.saturating_add(later.units);
        }
        same
    });
}
