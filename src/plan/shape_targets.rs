//! The limit on what the rows about one target add to all tables of shapes together, if persons are
//! the unit.

use crate::release_file::privacy_loss::NanoRho;

/// The limit on what is asked about one target, in the tables of shapes of one day together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeTargets {
    /// The noise scale of every table of the plan, in lattice steps and rounded down; those of other
    /// kinds of tables are not read.
    pub scales: Vec<u64>,
    /// The most that the rows about one target may lose.
    pub limit: NanoRho,
}

impl ShapeTargets {
    /// The noise scale of a table, in lattice steps; one, the least, if it is missing.
    pub fn scale(&self, table: usize) -> u64 {
        self.scales.get(table).copied().unwrap_or(1).max(1)
    }
}
