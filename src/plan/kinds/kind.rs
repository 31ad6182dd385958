//! What each kind of measured table says of itself.

use super::super::cells::{Cells, RowNumber};
use super::rows::{CellAmount, Pair, PairAmount, PrefixPlaces, RequesterRows, merge_pairs};
use crate::release_file::lattice::Clip;

/// One kind of measured table: how a requester's rows fill its vector, and how far rows can move it.
///
/// # Privacy
/// A kind looks at the rows of one requester at a time and at nothing else that is private. Whatever
/// [`Self::fill`] makes of them is bounded as [`Self::bounding`] says, so that the table's clip is its
/// sensitivity (docs/mechanisms.md, "Contribution bound"). What a kind has to prove itself is
/// [`Self::reach`], [`Self::struck_out`] and what [`Self::divide`] promises.
pub trait Kind: Sync {
    /// A word or two for metadata.
    fn word(&self) -> &'static str;

    /// How many cells each combination of the axes' values has.
    fn cells_per_combination(&self) -> u64 {
        1
    }

    /// The number that a row adds; `None` if it adds a lookup.
    fn number(&self) -> Option<RowNumber<'_>> {
        None
    }

    /// What must be known of the rows.
    fn needs(&self) -> Needs {
        Needs::Atoms
    }

    /// How a requester's vector is bounded.
    fn bounding(&self) -> Bounding {
        Bounding::Ball
    }

    /// Fills an empty vector with what the requester adds up to in each cell, each cell once.
    fn fill(&self, rows: &RequesterRows<'_>, table: &TableBound<'_>, vector: &mut Vec<CellAmount>);

    /// Divides what [`Self::fill`] gives over the requester's rows: fills an empty list with what the
    /// rows about each target add to each cell, in any order. If a cell holds a
    /// [whole](Self::whole), the amounts are numbers of rows instead.
    ///
    /// # Privacy
    /// The amounts are scaled into the ball by the sums of their absolute values in each cell. The
    /// part of a row must follow from all rows of the requester, those that count as nothing
    /// included, so that striking rows out takes their own parts away and changes no others
    /// (docs/mechanisms.md, "Persons").
    fn divide(&self, pairs: &[Pair], table: &TableBound<'_>, amounts: &mut Vec<PairAmount>);

    /// What a cell holds of a requester that has `rows` rows there, in lattice steps, whatever each of
    /// them is; it is divided evenly over the rows where persons are the unit. `None` if a cell holds
    /// what its rows add up to.
    fn whole(&self, _cell: u32, _rows: i64) -> Option<i64> {
        None
    }

    /// How far lookups can move the vector of their requester; `clip` is in contributions.
    fn reach(&self, clip: f64) -> Reach;

    /// How far one lookup that counts as nothing moves the vector: its own part of it.
    fn struck_out(&self) -> f64 {
        1.0
    }

    /// How many cells a requester's vector can touch in a table of `cells` cells.
    fn touched_cells(&self, cells: u32) -> u32 {
        cells
    }
}

/// How a requester's vector in a table is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounding {
    /// It is scaled into the ball of the table's clip.
    Ball,
    /// It is divided by all lookups of the requester, weighed by the requester's activity in one class,
    /// and bounded together with all tables of shapes (see [`super::Hat`]).
    Shape {
        /// The class of activity.
        class: usize,
        /// The fractional bits of what a row adds: one whole is 2^`bits`.
        bits: u32,
    },
}

/// How one table takes a requester's rows.
pub struct TableBound<'a> {
    /// What rows add.
    pub kind: &'a dyn Kind,
    /// In which cell an atom counts.
    pub cells: &'a Cells,
    /// The bound on the L2 norm of a requester's vector.
    pub clip: Clip,
    /// In which cell each found prefix counts, if the table goes by prefixes.
    pub places: Option<&'a PrefixPlaces>,
}

impl TableBound<'_> {
    /// Fills `vector` with the requester's cells, each once.
    pub fn fill(&self, rows: &RequesterRows<'_>, vector: &mut Vec<CellAmount>) {
        vector.clear();
        self.kind.fill(rows, self, vector);
    }

    /// Divides the vector over the rows: one amount for each cell and target, sorted by cell.
    pub fn divide(&self, pairs: &[Pair], amounts: &mut Vec<PairAmount>) {
        amounts.clear();
        self.kind.divide(pairs, self, amounts);
        merge_pairs(amounts);
    }
}

/// What must be known of the rows before a table can be tallied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// How many there are.
    Lookups,
    /// How many there are of each atom.
    Atoms,
    /// Also the target of each.
    Targets,
    /// Also in which cell each found prefix counts.
    Places,
    /// Also which prefixes were found in earlier rounds: the cells of the table are known only
    /// while it is tallied.
    Prefixes,
}

/// How far lookups can move the vector of their requester, in contributions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// By one lookup more or less, before scaling.
    pub one_lookup: f64,
    /// From one scaled vector to any other.
    pub any_two: f64,
}

impl Reach {
    /// Of vectors without negative entries to which a lookup adds one: two of them inside a ball are
    /// at right angles at most.
    pub(super) const fn of_counts(clip: f64) -> Self {
        Self { one_lookup: 1.0, any_two: std::f64::consts::SQRT_2 * clip }
    }

    /// Of parts of shapes, which have no negative entries; how far one lookup moves them depends on
    /// other tables.
    pub(super) const fn of_shapes(clip: f64) -> Self {
        let any_two = std::f64::consts::SQRT_2 * clip;
        Self { one_lookup: any_two, any_two }
    }
}
