//! One partition's rows → bounded contributions to private prefixes, which no list holds beforehand.

use super::sorted::{PartitionedRows, RowsBuffer};
use crate::Result;
use crate::plan::kinds::{FoundPrefixes, Needs, OwnPrefixes, PrefixWeights};

/// Bounds requesters by private prefixes, with buffers that are used for one partition after another.
#[derive(Default)]
pub struct PrefixBounder {
    buffer: RowsBuffer,
    own: OwnPrefixes,
}

impl PrefixBounder {
    /// Spreads one whole over each requester's prefixes that are not found yet and hands each
    /// contribution on as (prefix, steps).
    ///
    /// # Privacy
    /// A requester's contributions have an L2 norm of at most one; see [`PrefixWeights::spread`].
    /// Nothing depends on another requester's rows.
    ///
    /// # Errors
    /// I/O, when rows that were written out cannot be read back.
    pub fn weights(
        &mut self,
        day: &PartitionedRows,
        partition: usize,
        weights: PrefixWeights,
        found: &FoundPrefixes,
        add: &mut impl FnMut(u64, i64),
    ) -> Result<()> {
        let own = &mut self.own;
        self.buffer.of_each_requester(day, partition, Needs::Prefixes, |rows| {
            weights.spread(rows.number, rows.pairs, found, own, add);
            Ok(())
        })
    }
}
