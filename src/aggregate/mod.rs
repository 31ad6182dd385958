//! Bounded contributions → exact integer tallies, the secret that only `release` may read.
//!
//! In: contributions to cells, from any number of threads in any order. Out: one sum per cell of
//! each measured table. Integer addition commutes, so the sums do not depend on order, files or
//! threads. A tally implements neither `Debug` nor `Serialize`:
//!
//! ```compile_fail
//! fn print<T: std::fmt::Debug>(_: T) {}
//! fn leak(tally: pointillist::aggregate::ExactTally) {
//!     print(tally);
//! }
//! ```

use std::sync::atomic::{AtomicI64, Ordering};

/// Sums under way, shared by all threads of one run.
pub struct Adding {
    tables: Vec<Vec<AtomicI64>>,
}

/// The exact sums of every measured table, in units of 2^-16. Secret.
pub struct ExactTally {
    tables: Vec<Vec<i64>>,
}

impl Adding {
    /// Zero in every cell; `cells` gives the size of each table.
    #[must_use]
    pub fn new(cells: &[u32]) -> Self {
        let table = |cells: &u32| (0..*cells).map(|_| AtomicI64::new(0)).collect();
        Self { tables: cells.iter().map(table).collect() }
    }

    /// Adds one bounded contribution; a cell off the table is ignored.
    ///
    /// # Units
    /// Units of 2^-16. A sum stays inside 64 bits for fewer than 2^47 lookups of one day, since a
    /// contribution never exceeds its own lookups.
    pub fn add(&self, table: usize, cell: u32, units: i64) {
        if let Some(sum) = self.tables.get(table).and_then(|table| table.get(cell as usize)) {
            sum.fetch_add(units, Ordering::Relaxed);
        }
    }

    /// Ends the adding.
    #[must_use]
    pub fn finish(self) -> ExactTally {
        let table = |table: Vec<AtomicI64>| table.into_iter().map(AtomicI64::into_inner).collect();
        ExactTally { tables: self.tables.into_iter().map(table).collect() }
    }
}

impl ExactTally {
    /// The sums of one table; only `release` may look.
    pub(crate) fn table(&self, table: usize) -> Option<&[i64]> {
        self.tables.get(table).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn sums_do_not_depend_on_threads_or_order() {
        let adding = Adding::new(&[3, 1]);
        (0..30_000_u32).into_par_iter().rev().for_each(|row| {
            adding.add(0, row % 3, i64::from(row));
            adding.add(1, 0, 1);
            adding.add(1, 1, 1_000);
            adding.add(2, 0, 1_000);
        });
        let tally = adding.finish();
        let expected: Vec<i64> = (0..3).map(|cell| (cell..30_000).step_by(3).sum()).collect();
        assert_eq!(tally.table(0), Some(expected.as_slice()));
        assert_eq!(tally.table(1), Some([30_000].as_slice()));
        assert_eq!(tally.table(2), None);
    }
}
