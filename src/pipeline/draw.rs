//! The two steps of a day: the look, then the tables that follow from it.

use super::frozen::Frozen;
use super::job::Job;
use super::prefixes;
use crate::engine::Tallies;
use crate::ledger::{Entry, Ledger, ROOM_OF_A_FOUND_PREFIX};
use crate::plan::kinds::{CLASSES, MOST_PREFIX_CELLS};
use crate::plan::{ClassNumbers, FoundPrefixes, Plan, ShapeTargets, Split};
use crate::release::{Draws, NoisyNumbers, NoisyTable, PricedTable, class_numbers, looks_empty};
use crate::release_file::ReleaseFile;
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::question::Question;
use crate::release_file::unit::Unit;
use crate::{Error, Result};

/// All that was drawn of a day.
pub struct DrawnDay {
    /// The look, and the noise of its numbers.
    pub look: NoisyNumbers,
    /// The plan that followed from it.
    pub plan: Plan,
    /// The mechanisms that were drawn before the tables of the plan.
    pub before: Vec<PricedTable>,
    /// The tables of the plan.
    pub tables: Vec<NoisyTable>,
}

/// Draws a day; `None` if it looks empty. `first` is the plan of the look.
///
/// # Privacy
/// The draw is noted durably before noise is drawn, and the look and the prefixes of each round are
/// stored durably before anything depends on them: a run that dies later goes on with the same. All mechanisms cost at most what
/// was reserved, whatever the look shows.
///
/// # Errors
/// Internal, for tables of another plan; I/O; stopped, by a signal that came before the draw.
pub(super) fn draw(
    job: &Job,
    ledger: &mut Ledger,
    entry: &Entry,
    frozen: &Frozen,
    first: &Plan,
    mut rows: Box<dyn Tallies>,
) -> Result<Option<DrawnDay>> {
    let release_file = &job.release_file;
    let lacking = || Error::internal("the plan of a look has no look");
    let priced = PricedTable::new(first.tables.first().cloned().ok_or_else(lacking)?)?;
    frozen.require_look(entry, &priced)?;
    let stored = ledger.look(entry.id)?;
    let tally = match stored {
        Some(_) => None,
        None => Some(rows.tally(first, &release_file.exempt)?),
    };
    job.stop.check()?;
    ledger.take_room(room_for(release_file))?;
    let mut draws = Draws::new(ledger.mark_drawn(entry.id)?, &frozen.split);
    let steps = match (stored, tally) {
        (Some(steps), _) => steps,
        (None, None) => return Err(lacking()),
        (None, Some(tally)) => {
            let steps = draws.look(&priced, tally)?;
            ledger.note_look(entry.id, &steps)?;
            steps
        }
    };
    let look = seen(&steps, &priced).ok_or_else(lacking)?;
    if looks_empty(&look) {
        drop(rows);
        ledger.mark_empty(entry.id)?;
        return Ok(None);
    }
    let (found, rounds) =
        prefixes::find(&*rows, release_file, frozen, &mut draws, (ledger, entry.id))?;
    let mut numbers = class_numbers(&look).map(|class| class.number);
    if mutant!("plan-that-reads-the-rows") {
        let exact = rows.tally(first, &release_file.exempt)?;
        numbers[1] = exact.table(0).unwrap_or_default()[1] as f64 / LATTICE_ONE as f64;
    }
    let (plan, tables) = planned(release_file, &frozen.split, &numbers, &found)?;
    let tally = rows.tally(&plan, &release_file.exempt)?;
    drop(rows);
    let tables = draws.tables(tables, tally)?;
    let before = std::iter::once(priced).chain(rounds).collect();
    Ok(Some(DrawnDay { look, plan, before, tables }))
}

/// What is measured after a look that shows these numbers, and each table's mechanism.
///
/// # Privacy
/// A pure function of what is public; nothing is drawn.
///
/// # Errors
/// Refused, for a table without budget; usage, for keys that cannot be laid out.
pub fn planned(
    release_file: &ReleaseFile,
    split: &Split,
    numbers: &ClassNumbers,
    found: &FoundPrefixes,
) -> Result<(Plan, Vec<PricedTable>)> {
    let mut plan = Plan::of_day(release_file, split, numbers, found)?;
    let tables: Vec<PricedTable> =
        plan.tables.iter().cloned().map(PricedTable::new).collect::<Result<_>>()?;
    if plan.unit == Unit::PersonDay {
        // A requester and a target each get half of the root of the price.
        let limit = split.shapes(&release_file.questions).part(1, 4);
        let scales = tables.iter().map(|table| table.noise_scale.whole()).collect::<Result<_>>()?;
        plan.shape_targets = Some(ShapeTargets { scales, limit });
    }
    Ok((plan, tables))
}

/// How many bytes the answers of a day take in the ledger at most, whatever the noise is. The rows of
/// most files are small beside what the files say about their promise. A question for private prefixes
/// has room for all that can be found, as it is stored and as it is published, and for the row of all others.
fn room_for(release_file: &ReleaseFile) -> u64 {
    const OF_A_DAY: u64 = 256 << 10;
    const OF_A_QUESTION: u64 = 64 << 10;
    const OF_A_ROW: u64 = 96;
    let of_question = |question: &Question| {
        let prefixes = u64::from(MOST_PREFIX_CELLS);
        let of_rows = match question.rows() {
            Some(rows) => OF_A_ROW * rows,
            None => OF_A_ROW * (prefixes + 1) + ROOM_OF_A_FOUND_PREFIX * prefixes,
        };
        OF_A_QUESTION + of_rows
    };
    OF_A_DAY + release_file.questions.iter().map(of_question).sum::<u64>()
}

/// The noisy numbers of a look, each with the standard deviation of its noise, in requesters.
fn seen(steps: &[i64], priced: &PricedTable) -> Option<NoisyNumbers> {
    let steps: [i64; CLASSES] = steps.try_into().ok()?;
    Some(steps.map(|steps| (steps as f64 / LATTICE_ONE as f64, priced.noise_sd())))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn there_is_room_for_as_many_prefixes_as_can_be_found() {
        let text = |question: &str| {
            format!(
                "name = \"r\"\n[logs]\npath = \"*.csv\"\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
                 delta = 1e-6\n[[question]]\nname = \"q\"\ncount = \"lookups\"\n{question}"
            )
        };
        let room = |question: &str| {
            let release_file = ReleaseFile::parse(&text(question), "r.toml", Path::new("."));
            room_for(&release_file.unwrap())
        };
        let of_total = room("");
        let prefixes = "by = [\"target_prefix:6\"]\nkeys = \"private\"\n";
        assert_eq!(room(prefixes) - of_total, (96 + 48) * u64::from(MOST_PREFIX_CELLS));
        assert_eq!(room("by = [\"hour\"]\n") - of_total, 96 * 23);
    }
}
