//! Where bounding and adding run: on this machine, over all its cores.
//!
//! In: the opened logs, one day, the layout and the measured tables. Out: the exact tally, the
//! same integers whatever the row order, the split into files, the batch size or the number of
//! threads. A cluster would be another function of the same shape.

use rayon::prelude::*;

use crate::Result;
use crate::aggregate::{Adding, ExactTally};
use crate::bound::{Bounder, Gatherer, PARTITIONS, TableBound, UnitKey};
use crate::ingest::{LogReader, RowCounts};
use crate::plan::Plan;
use crate::retain;
use crate::spec::window::DayWindow;

/// Reads the logs once and tallies every measured table of the plan for one day.
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
) -> Result<(ExactTally, RowCounts)> {
    let key = UnitKey::draw()?;
    let (gatherers, counts) = reader.fold(
        || Gatherer::new(&key),
        |gatherer, lookups| {
            gatherer.add(&retain::apply(lookups, window), &plan.layout, window);
            Ok(())
        },
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
            bounder.bound(&gatherers, partition, atom_bits, &bounds, add);
        }
        adding
    });
    let whole = sums.reduce_with(Adding::merge).unwrap_or_else(|| Adding::new(&plan.sizes()));
    Ok((whole.finish(), counts))
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reference;
