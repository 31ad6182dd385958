//! Windows as units: what requesters lost on earlier days goes in, what they have lost goes out.

use std::sync::Arc;

use crate::Result;
use crate::aggregate::ExactTally;
use crate::bound::{RunningCap, UnitKey};
use crate::engine::{DayRows, RunningLosses};
use crate::ledger::{DrawPermit, EntryId, Ledger, SpentBefore};
use crate::plan::Plan;
use crate::release::PricedTable;
use crate::spec::Release;
use crate::spec::privacy_loss::NanoRho;
use crate::spec::unit::{Exempt, Unit};
use crate::spec::window::Day;

/// The window of a day, with what its requesters lost before.
pub(super) struct OverWindow {
    /// Its first block.
    pub(super) first: Day,
    before: SpentBefore,
}

/// The key that deals requesters out: drawn for the run, or the window's, whose days must agree on
/// who is in which partition.
///
/// # Errors
/// I/O, when the ledger cannot be read or the system has no randomness.
pub(super) fn unit_key(window: Option<&OverWindow>, ledger: &Ledger) -> Result<UnitKey> {
    let Some(OverWindow { first, .. }) = window else { return UnitKey::draw() };
    let first = first.to_string();
    Ok(UnitKey::of(&ledger.key()?.derive("requesters of a window, dealt out", &[first.as_bytes()])))
}

/// The window of a day; none where days are the unit. Asked before anything is reserved, with whether
/// the day's own losses could be written.
///
/// # Errors
/// I/O, when the losses are gone or changed, or nothing can be written beside the ledger.
pub(super) fn of_day(spec: &Release, ledger: &Ledger, day: Day) -> Result<Option<OverWindow>> {
    if spec.ledger.unit != Unit::RequesterWindow {
        return Ok(None);
    }
    ledger.require_room_for_spent()?;
    let first = ledger.window(day)?;
    Ok(Some(OverWindow { first, before: ledger.spent_before(first)? }))
}

/// Tallies the day with every requester held to the cap of its window, and notes the draw with what
/// they have lost.
///
/// # Privacy
/// The losses are durable before the note, and the note before the first draw. A reservation that is
/// resumed writes them anew from the same rows; an entry whose draw was lost keeps them spent.
///
/// # Errors
/// I/O, when the losses of the window cannot be read or written.
pub(super) fn tally(
    rows: &mut DayRows,
    plan: &Plan,
    ledger: &mut Ledger,
    entry: EntryId,
    tables: &[PricedTable],
    window: &OverWindow,
) -> Result<(ExactTally, DrawPermit)> {
    let OverWindow { first, before } = window;
    let key = ledger.key()?.derive("requesters of a window", &[first.to_string().as_bytes()]);
    let cap = ledger.terms().running_cap().unwrap_or(NanoRho::ZERO);
    let prices: Vec<_> = tables
        .iter()
        .map(|priced| priced.table.over_window.then_some((priced.charge, priced.table.clip)))
        .collect();
    let after = ledger.spent_after(*first, entry)?;
    let losses = RunningLosses {
        cap: Arc::new(RunningCap::new(cap, &prices, key)),
        before: &|partition| before.of(partition),
        after: &|partition, spent| after.put(partition, &spent),
    };
    let tally = rows.tally(plan, &Exempt::default(), Some(&losses))?;
    let mark = after.finish()?;
    Ok((tally, ledger.mark_drawn_after(entry, &mark)?))
}
