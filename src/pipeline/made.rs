//! A day whose rows are made up in memory, released by the same steps as one that is read from logs.
//!
//! An audit draws such days through a ledger of its own. What a run asks of log files (whether they are
//! there, whole and unchanged) and of the clock is left out; everything from the reservation on
//! is the code of a run.

use super::frozen::Frozen;
use super::job::Job;
use super::opening::day_budget;
use super::{Done, DrawnDay, Standing, finish, heal, known_prefixes, reservation, standing};
use crate::Result;
use crate::engine::DayRows;
use crate::ingest::Lookups;
use crate::ledger::{EntryId, Ledger};
use crate::plan::{Plan, Split};
use crate::release_file::day::DayBounds;

/// What became of a made-up day.
pub struct MadeDay {
    /// What the run did.
    pub done: Done,
    /// The entry; `None` if nothing was done because the day was released before.
    pub entry: Option<EntryId>,
    /// What was drawn, if this call drew it.
    pub drawn: Option<DrawnDay>,
}

/// Releases one day of made-up rows, or does what a run does about a day that was released before.
///
/// # Errors
/// As [`super::release_day`].
pub fn release_made(
    job: &Job,
    ledger: &mut Ledger,
    bounds: &DayBounds,
    rows: &[Lookups],
) -> Result<MadeDay> {
    let (release_file, day) = (&job.release_file, bounds.day());
    let begun = match standing(job, ledger, day)? {
        Standing::Committed(entry) => {
            return Ok(MadeDay { done: heal(job, ledger, &entry)?, entry: None, drawn: None });
        }
        Standing::Begun(entry) => Some(entry),
        Standing::New => None,
    };
    let split = Split::new(release_file, day_budget(release_file, ledger.terms().budget))?;
    let first = Plan::of_look(release_file, &split)?;
    let entry = match begun {
        Some(entry) => entry,
        None => {
            let (known, digest) =
                (known_prefixes(release_file, ledger, day)?, "made up".to_owned());
            ledger.reserve(&reservation(release_file, bounds, split, known, digest)?)?
        }
    };
    let frozen = Frozen::of(&entry)?;
    let rows = DayRows::of_lookups(rows, release_file.logs.identifier, bounds, &first, job.memory)?;
    let drawn = finish(job, ledger, day, &entry, &frozen, &first, Box::new(rows))?;
    let done = if drawn.is_some() { Done::Released } else { Done::Empty };
    Ok(MadeDay { done, entry: Some(entry.id), drawn })
}
