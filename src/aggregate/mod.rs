//! Bounded contributions → exact integer tallies, which are secret: only `release` may read them.
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

use std::collections::HashMap;

/// The sums of one thread while they are added up.
pub struct Adding {
    tables: Vec<Vec<i64>>,
}

/// The exact sums of every measured table, in lattice steps. Secret.
pub struct ExactTally {
    tables: Vec<Vec<i64>>,
}

/// The exact weights of private prefixes, in lattice steps. Secret, including the prefixes themselves.
#[derive(Default)]
pub struct PrefixTally {
    weights: HashMap<u64, i64, foldhash::fast::RandomState>,
}

impl PrefixTally {
    /// Adds one bounded contribution.
    pub fn add(&mut self, prefix: u64, units: i64) {
        let sum = self.weights.entry(prefix).or_default();
        *sum = sum.wrapping_add(units);
    }

    /// The weights of both.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        other.weights.into_iter().for_each(|(prefix, units)| self.add(prefix, units));
        self
    }

    /// Prefixes in ascending order with their weights; only `release` may look, and `audit` at what
    /// it made up.
    pub(crate) fn into_weights(self) -> (Vec<u64>, Vec<i64>) {
        let mut weights: Vec<(u64, i64)> = self.weights.into_iter().collect();
        weights.sort_unstable();
        weights.into_iter().unzip()
    }
}

impl Adding {
    /// Zero in every cell; `cells` gives the size of each table.
    pub fn new(cells: &[u32]) -> Self {
        Self { tables: cells.iter().map(|cells| vec![0; *cells as usize]).collect() }
    }

    /// Adds one bounded contribution; a cell off the table is ignored.
    ///
    /// # Units
    /// Lattice steps. A sum stays inside 64 bits for fewer than 2^43 lookups of one day, since a
    /// contribution never exceeds its own lookups.
    #[inline]
    pub fn add(&mut self, table: usize, cell: u32, units: i64) {
        if let Some(sum) = self.tables.get_mut(table).and_then(|table| table.get_mut(cell as usize))
        {
            *sum = sum.wrapping_add(units);
            if mutant!("sums-of-32-bits") {
                *sum = (*sum).clamp(i32::MIN.into(), i32::MAX.into());
            }
        }
    }

    /// The sums of both.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (sums, others) in self.tables.iter_mut().zip(other.tables) {
            for (sum, other) in sums.iter_mut().zip(others) {
                *sum = sum.wrapping_add(other);
            }
        }
        self
    }

    /// Takes away the sums of the tables from a place on.
    pub fn split_off(&mut self, place: usize) -> Vec<Vec<i64>> {
        self.tables.split_off(place.min(self.tables.len()))
    }

    /// Ends the adding.
    pub fn finish(self) -> ExactTally {
        ExactTally { tables: self.tables }
    }
}

impl ExactTally {
    /// The sums of one table; only `release` may look, and `audit` at what it made up.
    pub(crate) fn table(&self, table: usize) -> Option<&[i64]> {
        self.tables.get(table).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_do_not_depend_on_threads_or_order() {
        let sums = |rows: &mut dyn Iterator<Item = u32>| {
            let mut adding = Adding::new(&[3, 1]);
            for row in rows {
                adding.add(0, row % 3, i64::from(row));
                adding.add(1, 0, -1);
                adding.add(1, 1, 1_000);
                adding.add(2, 0, 1_000);
            }
            adding
        };
        let tally = sums(&mut (0..10_000).rev()).merge(sums(&mut (10_000..30_000))).finish();
        let expected: Vec<i64> = (0..3).map(|cell| (cell..30_000).step_by(3).sum()).collect();
        assert_eq!(tally.table(0), Some(expected.as_slice()));
        assert_eq!(tally.table(1), Some([-30_000].as_slice()));
        assert_eq!(tally.table(2), None);
    }
}
