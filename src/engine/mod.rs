//! Where bounding and adding run: on this machine, over all its cores.
//!
//! In: the opened logs, one day, the layout and the measured tables. Out: the exact tally, the
//! same integers whatever the row order, the split into files, the batch size or the number of
//! threads. A cluster would be another function of the same shape.

use rayon::prelude::*;

use crate::Result;
use crate::aggregate::{Adding, ExactTally};
use crate::bound::{Bounder, Gatherer, Memory, PARTITIONS, TableBound, UnitKey};
use crate::ingest::{LogReader, RowCounts};
use crate::plan::Plan;
use crate::retain;
use crate::spec::window::DayWindow;

/// Reads the logs once and tallies every measured table of the plan for one day. Rows take so many
/// bytes of `memory`; what goes beyond goes to encrypted temporary files.
///
/// # Privacy
/// The tally and the counts are exact and secret. One requester-day moves each table by at most
/// its clip in L2.
///
/// # Errors
/// Input, for logs that are damaged; I/O.
pub fn tally(
    reader: &LogReader<'_>,
    window: &DayWindow,
    plan: &Plan,
    memory: usize,
) -> Result<(ExactTally, RowCounts)> {
    let key = UnitKey::draw()?;
    let memory = Memory::new(memory, std::env::temp_dir());
    let (gatherers, counts) = reader.fold(
        || Gatherer::new(&key, &memory),
        |gatherer, lookups| gatherer.add(&retain::apply(lookups, window), &plan.layout, window),
    )?;
    let bounds: Vec<TableBound<'_>> = plan
        .tables
        .iter()
        .zip(&plan.cells)
        .map(|(table, cells)| TableBound {
            cells,
            contribution: &table.contribution,
            clip: table.clip,
        })
        .collect();
    let atom_bits = plan.layout.bits();
    // Each thread has sums of its own: shared ones would cost more than the bounding.
    let threads = rayon::current_num_threads();
    let sums = (0..threads).into_par_iter().map(|thread| {
        let mut adding = Adding::new(&plan.sizes());
        let mut bounder = Bounder::default();
        for partition in (thread..PARTITIONS).step_by(threads) {
            let add = &mut |table, cell, units| adding.add(table, cell, units);
            bounder.bound(&gatherers, partition, atom_bits, &bounds, add)?;
        }
        Ok(adding)
    });
    let merge = |left: Adding, right| Ok(left.merge(right));
    let whole = sums.try_reduce_with(merge).unwrap_or_else(|| Ok(Adding::new(&plan.sizes())))?;
    Ok((whole.finish(), counts))
}

/// What reading takes for each thread, in bytes: pages, batches and their columns.
const READING: usize = 48 << 20;

/// The most that a row takes, in bytes.
pub const ROW_BYTES: u64 = 32;

/// How much of `memory` is left to rows, beside reading and the sums; a quarter at the least.
#[must_use]
pub fn rows_memory(memory: usize, plan: &Plan) -> usize {
    let cells: usize = plan.sizes().iter().map(|cells| *cells as usize).sum();
    // Each thread has its sums, and answers take about as much again.
    let others = rayon::current_num_threads() * (READING + 2 * size_of::<i64>() * cells);
    memory.saturating_sub(others).max(memory / 4)
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reference;
