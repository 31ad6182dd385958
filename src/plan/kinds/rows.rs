//! The rows of one requester as kinds of tables see them, and the amounts that they add up to.

use std::collections::HashMap;

use super::super::cells::Cells;
use crate::release_file::lattice::LATTICE_ONE;

/// In which cell each found prefix counts.
pub type PrefixPlaces = HashMap<u64, u32, foldhash::fast::RandomState>;

/// All rows of one requester on one day.
#[derive(Debug, Clone, Copy)]
pub struct RequesterRows<'a> {
    /// The requester's number, if a table goes by prefixes; otherwise anything.
    pub number: u64,
    /// How many there are.
    pub lookups: i64,
    /// How many there are of each atom, atoms ascending; empty if no table [needs](super::Needs) them.
    pub atoms: &'a [AtomCount],
    /// The rows with their targets, atoms ascending; empty if rows do not keep them.
    pub pairs: &'a [Pair],
}

/// How many of a requester's rows have the same key values.
#[derive(Debug, Clone, Copy)]
pub struct AtomCount {
    /// The key values.
    pub atom: u64,
    /// How many rows.
    pub lookups: i64,
}

/// One row of a requester: what it counts in, and about whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The key values.
    pub atom: u64,
    /// The target.
    pub target: u64,
}

/// What a requester adds up to in a cell of a measured table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellAmount {
    /// The place in the table.
    pub cell: u32,
    /// In lattice steps; signed for sums.
    pub steps: i64,
}

/// What one requester's rows about one target add to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairAmount {
    /// The target: a number, or half of the hash of a name.
    pub target: u64,
    /// The cell of the table.
    pub cell: u32,
    /// In lattice steps.
    pub steps: i64,
}

/// Lookups in lattice steps; rows of one day are fewer than 2^43.
pub(super) const fn lattice(lookups: i64) -> i64 {
    lookups.saturating_mul(LATTICE_ONE.cast_signed())
}

/// Fills an empty vector with the lookups in each cell in lattice steps, each cell once.
pub(super) fn count_lookups(atoms: &[AtomCount], cells: &Cells, vector: &mut Vec<CellAmount>) {
    count_rows(atoms, cells, LATTICE_ONE.cast_signed(), vector);
}

/// Fills an empty vector with the rows in each cell, each worth `one`, each cell once.
pub(super) fn count_rows(
    atoms: &[AtomCount],
    cells: &Cells,
    one: i64,
    vector: &mut Vec<CellAmount>,
) {
    let atom_of = |atom: &AtomCount| atom.atom;
    let amount =
        |cell, atom: &AtomCount| CellAmount { cell, steps: atom.lookups.saturating_mul(one) };
    if cells.ascend() {
        return cells.each(atoms, atom_of, |cell, atom| add_to_last(vector, amount(cell, atom)));
    }
    if atoms.len() > SEARCHED && cells.combinations() as usize <= FEW_CELLS {
        return count_in_few_cells(atoms, cells, one, vector);
    }
    vector.reserve(atoms.len());
    cells.each(atoms, atom_of, |cell, atom| add_amount(vector, amount(cell, atom)));
    merge_rest(vector);
}

/// Tables of up to this number of cells are counted in place, for requesters with more atoms than are searched.
const FEW_CELLS: usize = 256;
const WORD: usize = u64::BITS as usize;

fn count_in_few_cells(atoms: &[AtomCount], cells: &Cells, one: i64, vector: &mut Vec<CellAmount>) {
    let mut lookups = [0_i64; FEW_CELLS];
    // A bit for each cell with lookups, so that the others are not looked at.
    let mut filled = [0_u64; FEW_CELLS / WORD];
    let count = |cell: u32, atom: &AtomCount| {
        let cell = cell as usize % FEW_CELLS;
        lookups[cell] += atom.lookups;
        filled[cell / WORD] |= 1 << (cell % WORD);
    };
    cells.each(atoms, |atom| atom.atom, count);
    for (first, mut bits) in (0..).step_by(WORD).zip(filled) {
        while bits != 0 {
            let cell = first + bits.trailing_zeros();
            bits &= bits - 1;
            let steps = lookups[cell as usize % FEW_CELLS].saturating_mul(one);
            vector.push(CellAmount { cell, steps });
        }
    }
}

/// Fills `coarser` with the amounts of `finer`; `cells` has the coarser cell of each finer one.
pub fn regroup(finer: &[CellAmount], cells: &[u32], coarser: &mut Vec<CellAmount>) {
    coarser.clear();
    for amount in finer {
        if let Some(cell) = cells.get(amount.cell as usize) {
            add_amount(coarser, CellAmount { cell: *cell, ..*amount });
        }
    }
    merge_rest(coarser);
}

/// Adds an amount to the last one if that is of the same cell.
fn add_to_last(vector: &mut Vec<CellAmount>, amount: CellAmount) {
    match vector.last_mut() {
        Some(last) if last.cell == amount.cell && !mutant!("bounded-before-cells-are-merged") => {
            last.steps = last.steps.saturating_add(amount.steps);
        }
        _ => vector.push(amount),
    }
}

/// How many amounts are searched for one of the same cell.
const SEARCHED: usize = 8;

/// Adds an amount to that of its cell: among the first few amounts, or if it is the last one.
/// [`merge_rest`] adds up what is left.
#[inline]
pub(super) fn add_amount(vector: &mut Vec<CellAmount>, amount: CellAmount) {
    let is_same = |known: &&mut CellAmount| known.cell == amount.cell;
    let known = if vector.len() <= SEARCHED {
        vector.iter_mut().find(is_same)
    } else {
        vector.last_mut().filter(is_same)
    };
    match known {
        Some(known) => known.steps = known.steps.saturating_add(amount.steps),
        None => vector.push(amount),
    }
}

/// Adds the amounts of equal cells up that [`add_amount`] has not.
pub(super) fn merge_rest(vector: &mut Vec<CellAmount>) {
    if vector.len() > SEARCHED {
        merge(vector);
    }
}

/// Adds the amounts of equal cells up: several atoms may share a cell.
pub(super) fn merge(vector: &mut Vec<CellAmount>) {
    if vector.len() < 2 || mutant!("bounded-before-cells-are-merged") {
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

/// Each run of equal pairs, with how many rows it has.
pub(super) fn by_target(pairs: &[Pair]) -> impl Iterator<Item = (Pair, i64)> {
    let same = pairs.chunk_by(|left, right| left == right);
    same.map(|rows| (rows[0], i64::try_from(rows.len()).unwrap_or(i64::MAX)))
}

/// Sorts by cell and target and adds equal ones up.
pub(super) fn merge_pairs(amounts: &mut Vec<PairAmount>) {
    amounts.sort_unstable_by_key(|amount| (amount.cell, amount.target));
    amounts.dedup_by(|later, kept| {
        let same = later.cell == kept.cell && later.target == kept.target;
        if same {
            kept.steps = kept.steps.saturating_add(later.steps);
        }
        same
    });
}
