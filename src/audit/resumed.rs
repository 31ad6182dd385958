//! A run that died after its look, and the next one, which must go on with what the ledger stores.
//!
//! The stored look is one that no noise makes of the day's rows, so a plan that follows from
//! anything else is noticed.

use super::charges::found;
use super::days::{Days, balance};
use super::finding::Finding;
use super::world::World;
use crate::ledger::State;
use crate::pipeline::{Done, Stop, open_ledger};
use crate::release::class_numbers;
use crate::release_file::day::DayBounds;
use crate::release_file::lattice::LATTICE_ONE;
use crate::{Error, Result};

/// How many requesters of each class the stored look shows.
const LOOK: [i64; 10] = [9_000, 70, 40_000, 300, 2, 5_000, 60, 3, 800, 1];

/// Lets a run die after its look and goes on.
pub(super) fn check(world: &World<'_>, mut days: Days) -> Result<Vec<Finding>> {
    let last = days.released.last().ok_or_else(|| Error::internal("no day was released"))?;
    let next = last.bounds.day().next().ok_or_else(|| Error::internal("the calendar ended"))?;
    let bounds = DayBounds::new(next, &world.release_file.ledger.time_zone)?;
    // Asked to stop, a run ends between reservation and draw.
    days.job.stop.request();
    let stopped = days.run(world, &bounds).is_err();
    let entries = days.ledger.find(&world.release_file.name, next)?;
    let entry = entries.first().cloned().ok_or_else(|| Error::internal("nothing was reserved"))?;
    let look = LOOK.map(|number| number * LATTICE_ONE.cast_signed());
    let _unused = days.ledger.mark_drawn(entry.id)?;
    days.ledger.note_look(entry.id, &look)?;
    let spent = balance(&days.ledger, next)?.spent;
    let mut days = days.opened_again(open_ledger)?;
    days.job.stop = Stop::default();
    let made = days.run(world, &bounds)?;
    let mut wrong = Vec::new();
    if !stopped || entry.state != State::Reserved {
        wrong.push("a run that is asked to stop draws");
    }
    let Some(drawn) = made.drawn.filter(|_| made.done == Done::Released) else {
        return Err(Error::internal("a day that was begun was not released"));
    };
    let numbers = class_numbers(&drawn.look).map(|class| class.number);
    if drawn.look.iter().zip(LOOK).any(|((seen, _), stored)| (seen - stored as f64).abs() > 0.0) {
        wrong.push("a stored look was drawn again");
    }
    if world.planned(&numbers, &found(&drawn.plan))?.plan.tables != drawn.plan.tables {
        wrong.push("the plan is not what the stored look leads to");
    }
    if balance(&days.ledger, next)?.spent != spent || made.entry != Some(entry.id) {
        wrong.push("going on was charged once more");
    }
    let subject = "a run that died after its look";
    Ok(vec![Finding::none_wrong("going on", subject, &wrong, "goes on with it")])
}
