//! Sums that must be the same whatever the order, batches, threads and memory, and sums that must
//! be those that are worked out here by hand.

use fastrand::Rng;

use super::finding::Finding;
use super::world::{Planned, Row, World};
use crate::plan::kinds::{CLASSES, nodes};
use crate::release::PricedTable;
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::unit::Unit;
use crate::{Error, Result};

const SAME: &str = "same sums";
const BY_HAND: &str = "sums by hand";

/// Tallies the same rows in other orders, batches, numbers of threads and memory.
pub(super) fn check_order(world: &World<'_>) -> Result<Vec<Finding>> {
    let mut rows = world.crowd(100);
    let busy = World::requester(5_000);
    let mut search = Rng::with_seed(4);
    rows.extend((0..700).map(|number| world.any_row(busy, World::target(number), &mut search)));
    let plans: Vec<Planned> = world.plans()?.into_iter().take(1).collect();
    let mut wrong = Vec::new();
    for planned in plans.iter().chain(&[world.look()?]) {
        let plan = &planned.plan;
        let expected = world.tally(plan, &rows)?;
        let mut turned = rows.clone();
        search.shuffle(&mut turned);
        if world.tally(plan, &turned)? != expected {
            wrong.push("rows in another order give other sums");
        }
        let batches: Vec<_> = turned.chunks(60).map(|rows| world.batch(rows)).collect();
        if on_threads(1, || world.tally_of(plan, &batches, usize::MAX))? != expected {
            wrong.push("rows in small batches on one thread give other sums");
        }
        if on_threads(5, || world.tally_of(plan, &batches, 1_000))? != expected {
            wrong.push("rows that wait on disk give other sums");
        }
    }
    Ok(vec![Finding::none_wrong(SAME, "order, batches, threads, disk", &wrong, "the same")])
}

/// Works on this many threads.
fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::io("threads cannot be made").because(error))?.install(work)
}

/// Compares the look, and what light requesters add to tables that cut nothing, with sums by hand.
pub(super) fn check_by_hand(world: &World<'_>) -> Result<Vec<Finding>> {
    let lookups: [u64; 9] = [1, 7, 8, 9, 31, 32, 33, 128, 400];
    let mut rows = Vec::new();
    for (requester, count) in (0..).zip(lookups) {
        for number in 0..count {
            let target = World::target(requester * 1_000 + number);
            rows.push(world.row_of(World::requester(requester), target, number));
        }
    }
    let look = world.tally(&world.first, &rows)?.swap_remove(0);
    let expected = lookups.iter().fold([0.0; CLASSES], |mut sums, count| {
        sums.iter_mut().zip(weights(*count as f64)).for_each(|(sum, weight)| *sum += weight);
        sums
    });
    // Each weight is rounded down by less than a step; where persons are the unit, it is divided
    // over rows as well.
    let slack = if world.release_file.ledger.unit == Unit::PersonDay { 900.0 } else { 18.0 };
    let off = look
        .iter()
        .zip(expected)
        .map(|(steps, expected)| (*steps as f64 - expected * LATTICE_ONE as f64).abs());
    let off = off.fold(0.0, f64::max);
    let look = Finding::at_most(BY_HAND, "look, in steps", off, slack, 0.0);
    Ok(vec![look, whole_weights(world)?])
}

/// A crowd of requesters of eight lookups each: in the look, and in the table of the first class without keys
/// if its clip cuts nothing, they add up to their number.
fn whole_weights(world: &World<'_>) -> Result<Finding> {
    const CROWD: u64 = 2_500;
    let number = |number: u64| {
        let requester = number / 8;
        world.row_of(World::requester(requester), World::target(number), requester)
    };
    let rows: Vec<Row> = (0..CROWD * 8).map(number).collect();
    let planned = world.plans()?.swap_remove(1);
    // On one thread the sums become as large as they can be.
    let tally = on_threads(1, || world.tally(&planned.plan, &rows))?;
    let off = |sum: i64| (sum as f64 / (CROWD * LATTICE_ONE) as f64 - 1.0).abs();
    let holds_all = |priced: &PricedTable| {
        priced.table.name == "class 0" && priced.table.clip.steps() == LATTICE_ONE
    };
    let tables = planned.priced.iter().zip(&tally).filter(|(priced, _)| holds_all(priced));
    let look = world.tally(&world.first, &rows)?.swap_remove(0);
    let off = tables.map(|(_, cells)| off(cells.iter().sum())).fold(off(look[0]), f64::max);
    Ok(Finding::at_most(BY_HAND, "a crowd of whole weights", off, 1e-5, 0.0))
}

/// The weights of a requester, by the definition in docs/mechanisms.md.
fn weights(lookups: f64) -> [f64; CLASSES] {
    let nodes = nodes().map(|node| node as f64);
    let mut weights = [0.0; CLASSES];
    if lookups <= nodes[0] {
        weights[0] = lookups / nodes[0];
        return weights;
    }
    for class in 1..CLASSES {
        let (low, high) = (nodes[class - 1], nodes[class]);
        if lookups <= high {
            weights[class] = (lookups - low) / (high - low);
            weights[class - 1] = 1.0 - weights[class];
            return weights;
        }
    }
    weights[CLASSES - 1] = 1.0;
    weights
}
