//! Days released as a run does it, through a ledger in a temporary folder.

use std::time::Instant;

use tempfile::TempDir;

use super::world::{Planned, Row, World};
use crate::ledger::{Balance, EntryId, Ledger, StoredFile};
use crate::pipeline::{DrawnDay, Job, MadeDay, open_ledger, release_made};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds};
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::place::Place;
use crate::{Error, Result};

/// The first of the made-up days.
const FIRST: &str = "2021-03-01";
/// The least and the most requesters of a day, and how many it has for each requester of noise in
/// between: enough for a look that does not look empty.
const LEAST_REQUESTERS: u64 = 600;
const MOST_REQUESTERS: u64 = 20_000;
const FOR_NOISE: f64 = 30.0;
/// How many days may look empty all the same.
const MOST_EMPTY: u32 = 3;

/// The noise of one table on one day: what was drawn less what the table held.
pub(super) struct Residuals {
    /// Its name without the class.
    pub(super) subject: String,
    /// The stated standard deviation, in lattice steps.
    pub(super) scale: f64,
    /// What was added to each cell, in lattice steps.
    pub(super) noise: Vec<i64>,
}

/// One released day.
pub(super) struct Released {
    pub(super) bounds: DayBounds,
    pub(super) entry: EntryId,
    pub(super) drawn: DrawnDay,
    /// The look first.
    pub(super) residuals: Vec<Residuals>,
}

/// Released days with the ledger that they were charged to.
pub(super) struct Days {
    pub(super) job: Job,
    pub(super) ledger: Ledger,
    pub(super) rows: Vec<Row>,
    pub(super) released: Vec<Released>,
    // Dropped last.
    _folder: TempDir,
}

impl Days {
    /// Releases days until a part of the effort is spent, at least three.
    pub(super) fn release(world: &World<'_>) -> Result<Self> {
        let (folder, job) = bench(world.release_file)?;
        let ledger = open_ledger(&job)?;
        let rows = world.crowd(requesters(world)?);
        let mut days = Self { job, ledger, rows, released: Vec::new(), _folder: folder };
        let deadline = world.deadline(0.35);
        let (mut day, mut empty): (Day, u32) = (FIRST.parse()?, 0);
        while days.released.len() < 3 || Instant::now() < deadline {
            let bounds = DayBounds::new(day, &world.release_file.ledger.time_zone)?;
            let made = days.run(world, &bounds)?;
            match (made.entry, made.drawn) {
                (Some(entry), Some(drawn)) => {
                    let residuals = days.residuals(world, &bounds, &drawn)?;
                    days.released.push(Released { bounds, entry, drawn, residuals });
                }
                _ if empty < MOST_EMPTY => empty += 1,
                _ => {
                    return Err(Error::refused(
                        "the made-up days of the audit look empty: no crowd of a size that can be made \
                         up stands out of the noise of the look",
                    )
                    .help("the budget is too small for any use: raise `epsilon` or `budget_share`"));
                }
            }
            day = day.next().ok_or_else(|| Error::internal("the calendar ended"))?;
        }
        Ok(days)
    }

    /// Releases a day, or finds that it was released before.
    pub(super) fn run(&mut self, world: &World<'_>, bounds: &DayBounds) -> Result<MadeDay> {
        let rows = [world.batch(&moved(&self.rows, world, bounds))];
        release_made(&self.job, &mut self.ledger, bounds, &rows)
    }

    /// The same days with the ledger closed and opened again, as another process finds it.
    pub(super) fn opened_again(self, open: fn(&Job) -> Result<Ledger>) -> Result<Self> {
        let Self { job, ledger, rows, released, _folder } = self;
        drop(ledger);
        Ok(Self { ledger: open(&job)?, job, rows, released, _folder })
    }

    /// The files that are stored for a day.
    pub(super) fn files(&self, of: &Released) -> Result<Vec<StoredFile>> {
        self.ledger.stored(of.entry)
    }

    fn residuals(
        &self,
        world: &World<'_>,
        bounds: &DayBounds,
        drawn: &DrawnDay,
    ) -> Result<Vec<Residuals>> {
        let of_day = World { bounds: bounds.clone(), first: world.first.clone(), ..*world };
        let rows = moved(&self.rows, world, bounds);
        let look = of_day.look()?;
        let exact = of_day.tally(&look.plan, &rows)?;
        let seen = drawn.look.iter().map(|(number, _)| *number);
        let mut all = vec![residuals(&look, 0, &exact[0], seen)];
        let exact = of_day.tally(&drawn.plan, &rows)?;
        let priced = drawn.tables.iter().map(|table| table.priced().clone()).collect();
        let planned = Planned { plan: drawn.plan.clone(), priced };
        for (place, (table, exact)) in drawn.tables.iter().zip(&exact).enumerate() {
            all.push(residuals(&planned, place, exact, table.contributions()));
        }
        Ok(all)
    }
}

/// What the ledger says of a day that was charged.
pub(super) fn balance(ledger: &Ledger, day: Day) -> Result<Balance> {
    let of_day = ledger.balances()?.into_iter().find(|(known, _)| *known == day);
    of_day.map(|(_, balance)| balance).ok_or_else(|| Error::internal("a day was not charged"))
}

/// How many requesters a day has.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "stops at the ends")]
fn requesters(world: &World<'_>) -> Result<u64> {
    let noise = world.look()?.priced[0].noise_sd();
    Ok(((noise * FOR_NOISE) as u64).clamp(LEAST_REQUESTERS, MOST_REQUESTERS))
}

fn residuals(
    planned: &Planned,
    place: usize,
    exact: &[i64],
    seen: impl Iterator<Item = f64>,
) -> Residuals {
    let priced = &planned.priced[place];
    let noise = seen.zip(exact).map(|(seen, exact)| steps(seen) - exact).collect();
    let subject = super::sensitivity::subject(&priced.table);
    Residuals { subject, scale: priced.noise_scale.steps(), noise }
}

/// Noisy sums are whole numbers of steps.
#[expect(clippy::cast_possible_truncation, reason = "a float of a whole number of steps")]
fn steps(contributions: f64) -> i64 {
    (contributions * LATTICE_ONE as f64).round() as i64
}

/// The rows on another day.
fn moved(rows: &[Row], world: &World<'_>, bounds: &DayBounds) -> Vec<Row> {
    let by = bounds.start_micros() - world.bounds.start_micros();
    let moved = |row: &Row| Row { micros: row.micros + by, ..row.clone() };
    rows.iter().map(moved).collect()
}

/// A job with this release file's questions whose ledger, logs and output are in a temporary folder.
pub(super) fn bench(release_file: &ReleaseFile) -> Result<(TempDir, Job)> {
    let failed = |error| Error::io("a temporary folder cannot be made").because(error);
    // In memory where the system has such a folder: what is stored is tested, not how fast a disk
    // is.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let folder = folder.map_err(failed)?;
    let mut release_file = release_file.clone();
    release_file.logs.place = Place { folder: folder.path().join("logs"), glob: "*".to_owned() };
    release_file.ledger.path = folder.path().join("audit.ledger");
    release_file.output = folder.path().join("published");
    let job = Job::new(release_file, jiff::Timestamp::MAX);
    Ok((folder, job))
}
