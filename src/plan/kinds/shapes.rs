//! What the days of the requesters of one class look like: shares of their lookups, by public keys, by
//! found prefixes, or weighed by a number.
//!
//! # Claim
//! The sensitivity of one table is its clip. The tables of all classes together cost one requester at
//! most the largest, over classes, of what the tables of one class cost. *Proof.* A requester's vector
//! is what its rows add up to by cell, each row in one cell at most, as a number from 0 to one whole
//! of a row; [`super::activity`] has the integers and the proof for any such vector. ∎ No entry is
//! negative, so that two vectors lie at most the root of two clips apart.
//!
//! How far one lookup moves all tables together depends on the clips of all classes and is found by
//! trying every number of lookups; of one table nothing is claimed here but that bound. A row that counts
//! as nothing takes its own part away, which is at most an eighth.

use super::super::cells::RowNumber;
use super::activity::LEVEL_BITS;
use super::kind::{Bounding, Kind, Needs, Reach, TableBound};
use super::prefixes::MOST_PREFIX_CELLS;
use super::rows::{
    CellAmount, Pair, PairAmount, RequesterRows, add_amount, by_target, count_rows, merge_rest,
};
use crate::release_file::number::LEVELS;
use crate::release_file::prefix::{Prefix, PrefixOf};

// A level is a part of the range in these bits.
const _: () = assert!(LEVELS as u64 == 1 << LEVEL_BITS);

/// A cell holds the requester's share of lookups there, times its weight in one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shapes {
    /// The class of activity.
    pub class: u8,
}

impl Kind for Shapes {
    fn word(&self) -> &'static str {
        "shapes"
    }

    fn bounding(&self) -> Bounding {
        Bounding::Shape { class: self.class.into(), bits: 0 }
    }

    fn fill(&self, rows: &RequesterRows<'_>, table: &TableBound<'_>, vector: &mut Vec<CellAmount>) {
        count_rows(rows.atoms, table.cells, 1, vector);
    }

    fn divide(&self, pairs: &[Pair], table: &TableBound<'_>, amounts: &mut Vec<PairAmount>) {
        for (Pair { atom, target }, steps) in by_target(pairs) {
            let cell = table.cells.cell(atom);
            amounts.push(PairAmount { target, cell, steps });
        }
    }

    fn reach(&self, clip: f64) -> Reach {
        Reach::of_shapes(clip)
    }

    fn struck_out(&self) -> f64 {
        0.125
    }
}

/// As [`Shapes`], but a lookup weighs from 0 to 1 by where its number lies in the range, and
/// nothing without a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeSums {
    /// The class of activity.
    pub class: u8,
    /// The key of the number.
    pub number: String,
}

impl Kind for ShapeSums {
    fn word(&self) -> &'static str {
        "sums of shapes"
    }

    fn number(&self) -> Option<RowNumber<'_>> {
        Some(RowNumber { key: &self.number, steps: |_, level| level.into() })
    }

    fn bounding(&self) -> Bounding {
        Bounding::Shape { class: self.class.into(), bits: LEVEL_BITS }
    }

    fn fill(&self, rows: &RequesterRows<'_>, table: &TableBound<'_>, vector: &mut Vec<CellAmount>) {
        for atom in rows.atoms {
            if let Some((cell, level)) = table.cells.cell_and_steps(atom.atom) {
                let steps = level.saturating_mul(atom.lookups);
                add_amount(vector, CellAmount { cell, steps });
            }
        }
        merge_rest(vector);
    }

    fn divide(&self, pairs: &[Pair], table: &TableBound<'_>, amounts: &mut Vec<PairAmount>) {
        for (Pair { atom, target }, lookups) in by_target(pairs) {
            if let Some((cell, level)) = table.cells.cell_and_steps(atom) {
                amounts.push(PairAmount { target, cell, steps: level.saturating_mul(lookups) });
            }
        }
    }

    fn reach(&self, clip: f64) -> Reach {
        Reach::of_shapes(clip)
    }

    fn struck_out(&self) -> f64 {
        0.125
    }
}

/// As [`Shapes`], by the private prefixes that were found, ascending, and behind them all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrefixShapes {
    /// The class of activity.
    pub class: u8,
    /// Which prefixes.
    pub prefix: Prefix,
}

impl Kind for PrefixShapes {
    fn word(&self) -> &'static str {
        "shapes by found keys"
    }

    fn cells_per_combination(&self) -> u64 {
        0
    }

    fn needs(&self) -> Needs {
        Needs::Places
    }

    fn bounding(&self) -> Bounding {
        Bounding::Shape { class: self.class.into(), bits: 0 }
    }

    fn fill(&self, rows: &RequesterRows<'_>, table: &TableBound<'_>, vector: &mut Vec<CellAmount>) {
        let Some(places) = table.places else { return };
        let others = u32::try_from(places.len()).unwrap_or(u32::MAX);
        // A number that is too short for a prefix is among the others.
        let cell = |number: u64| {
            let place = self.prefix.of(number).and_then(|prefix| places.get(&prefix));
            place.copied().unwrap_or(others)
        };
        match self.prefix.of {
            PrefixOf::Requester => {
                vector.push(CellAmount { cell: cell(rows.number), steps: rows.lookups });
            }
            PrefixOf::Target => {
                let amount = |pair: &Pair| CellAmount { cell: cell(pair.target), steps: 1 };
                rows.pairs.iter().for_each(|pair| add_amount(vector, amount(pair)));
                merge_rest(vector);
            }
        }
    }

    /// Release files with private prefixes are refused where persons are the unit.
    fn divide(&self, _: &[Pair], _: &TableBound<'_>, _: &mut Vec<PairAmount>) {}

    fn reach(&self, clip: f64) -> Reach {
        Reach::of_shapes(clip)
    }

    fn touched_cells(&self, _: u32) -> u32 {
        MOST_PREFIX_CELLS
    }
}
