//! What blocks have spent: added up from their entries each time, and held against the stored sums.
//!
//! In: a range of days. Out: the loss of each of its blocks. Invariant: no charge and no balance
//! follows from a stored sum alone. Each entry that takes part must be what the journal says was
//! reserved, in the state that the journal has, so that neither a person who lowers a sum nor a
//! damaged cell makes room. What `verify` finds beyond that is an edit of several tables at once.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::account::Loss;
use super::entry::Entry;
use super::journal::Journal;
use super::trouble::{Outcome, Trouble};
use crate::release_file::day::Day;

/// What every block has spent.
pub(super) fn all(journal: Journal<'_>) -> Outcome<BTreeMap<Day, Loss>> {
    between(journal, Day::new(Date::MIN), Day::new(Date::MAX))
}

/// What each block from `first` to `last` has spent; blocks that were never charged are left out.
pub(super) fn between(journal: Journal<'_>, first: Day, last: Day) -> Outcome<BTreeMap<Day, Loss>> {
    let mut computed: BTreeMap<Day, Loss> = BTreeMap::new();
    for entry in Entry::charging(journal, first, last)? {
        let freed = entry.freed(entry.state);
        let charged = Loss { rho: entry.charge, key_delta: entry.key_delta };
        let spent = charged.less(freed).unwrap_or(charged);
        for block in entry.blocks.iter().filter(|block| (first..=last).contains(block)) {
            let sum = computed.entry(*block).or_default();
            *sum = sum.plus(spent).ok_or_else(|| differs(*block))?;
        }
    }
    let mut statement = journal.connection.prepare_cached(
        "SELECT day, spent, key_delta_spent FROM blocks WHERE day BETWEEN ?1 AND ?2",
    )?;
    let rows = statement.query_map([first, last], |row| {
        Ok((row.get(0)?, Loss { rho: row.get(1)?, key_delta: row.get(2)? }))
    })?;
    let stored = rows.collect::<rusqlite::Result<BTreeMap<Day, Loss>>>()?;
    let days = computed.keys().chain(stored.keys());
    match days.into_iter().find(|day| computed.get(day) != stored.get(day)) {
        Some(day) => Err(differs(*day)),
        None => Ok(computed),
    }
}

fn differs(block: Day) -> Trouble {
    Trouble::Damaged(format!("the sum of the day {block} is not that of its entries"))
}
