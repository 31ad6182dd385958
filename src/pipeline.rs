//! The whole run of one day on one screen.
//!
//! Everything that can be known without a row is checked before the reservation, and after it no
//! outcome depends on a row, but for failures of the machine and what `docs/attack-model.md` lists.
//! Retaining, bounding and adding up run behind [`Tallies`]. A crash between any two
//! steps leaves a state from which the next run goes on, as the table in [`crate::ledger`] says.

mod differing;
mod draw;
mod earlier;
mod empty;
mod fixed;
mod frozen;
mod job;
mod logged_days;
mod made;
mod opened;
mod opening;
mod prefixes;
mod same_logs;
mod stop;

use serde::Serialize;

use crate::engine::Tallies;
use crate::ledger::{Entry, Ledger, Reservation, State, StoredFile};
use crate::plan::{FoundPrefixes, Plan, Split};
use crate::release::{Guarantee, Losses, PricedTable, cap_of};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds};
use crate::{Error, Result, publish, retain};

pub use draw::{DrawnDay, planned};
use earlier::known_prefixes;
pub use earlier::{Previous, previous, stored_days};
pub use frozen::losses;
use frozen::{Frozen, FrozenLook};
pub use job::{Again, Incomplete, Job, Spill};
pub use logged_days::LoggedDays;
pub use made::{MadeDay, release_made};
use opened::Opened;
use opening::{day_budget, terms};
pub use opening::{open_custody, open_ledger, require_apart};
pub use same_logs::{logs_changed_since, was_read_for};
pub use stop::Stop;

/// What a run did for one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// Noise was drawn and the tables were published.
    Released,
    /// It was released before and the output is whole.
    AlreadyDone,
    /// It was released before; the output was written again from the stored bytes.
    Healed,
    /// Its look shows no requester, and nothing was published; the look alone was charged.
    #[serde(rename = "looks-empty")]
    Empty,
}

/// Releases one closed day, or publishes what was released before.
///
/// # Privacy
/// The block is charged durably before a row is tallied, and the draw is noted durably before noise
/// is drawn. Before the charge rows are read only to see whether columns of JSON and times in text
/// are as declared. No outcome after the reservation depends on a row. A draw that died before its
/// commit is drawn again with fresh noise from the frozen plan and the same logs, under the same
/// charge. A reservation for other logs, of which nothing was drawn, is given up and made again.
///
/// # Errors
/// Refused, by budget or policy; input, for logs that cannot be read; I/O; stopped, by a signal that
/// came before the draw.
pub fn release_day(job: &Job, ledger: &mut Ledger, asked: &DayBounds) -> Result<Done> {
    let (release_file, day) = (&job.release_file, asked.day());
    job.stop.check()?;
    let begun = match standing(job, ledger, day)? {
        Standing::Committed(entry) => return heal(job, ledger, &entry),
        Standing::Begun(entry) => Some(entry),
        Standing::New => None,
    };
    // A plan of another version is refused before anything else is asked of the file.
    let frozen = begun.as_ref().map(Frozen::of).transpose()?;
    let bounds = &fixed::bounds(release_file, ledger, asked)?;
    retain::require_closed(bounds, release_file, job.as_of)?;
    publish::check_writable(&job.out)?;
    let budget = day_budget(release_file, ledger.terms().budget);
    // A day that was begun keeps its split: what a day may cost can have changed since, for example
    // because the ledger limits 30 days now.
    let split =
        frozen.map_or_else(|| Split::new(release_file, budget), |frozen| Ok(frozen.split))?;
    let first = Plan::of_look(release_file, &split)?;
    let logs = Opened::open(job, &first, bounds)?;
    let digests = logs.digests(ledger.key())?;
    let entry = match begun {
        Some(entry) if same_logs::are_the_same(release_file, ledger, bounds, &entry, &digests)? => {
            entry
        }
        Some(entry) if entry.state == State::Reserved => {
            // Nothing was drawn from the logs that it was made for, and the bounds that it fixed go with it.
            tracing::info!(%day, entry = entry.id.0, "given up, since the logs changed");
            ledger.void(entry.id)?;
            return release_day(job, ledger, asked);
        }
        Some(entry) => return Err(logs_changed(&entry, day)),
        None if empty::looked_empty(release_file, ledger, bounds, &digests)? => {
            return Ok(Done::Empty);
        }
        None => {
            logs.require_files(bounds)?;
            let known = known_prefixes(release_file, ledger, day)?;
            let digest = digests.whole(ledger.key());
            ledger.reserve(&reservation(release_file, bounds, split, known, digest)?)?
        }
    };
    tracing::info!(%day, entry = entry.id.0, charge = %entry.charge, "reserved");

    let frozen = Frozen::of(&entry)?;
    let rows = logs.gather(bounds, &first)?;
    let drawn = finish(job, ledger, day, &entry, &frozen, &first, rows)?;
    Ok(if drawn.is_some() { Done::Released } else { Done::Empty })
}

/// How a release of a day would divide its budget, and what it would promise; draws nothing and reads
/// no logs.
///
/// # Errors
/// Refused, when the budget is too small or the ledger has other terms; usage, for keys that cannot be
/// laid out; I/O, when the ledger is damaged.
///
/// # Examples
/// ```
/// use pointillist::pipeline;
/// use pointillist::release_file::ReleaseFile;
///
/// let text = r#"
/// name = "daily"
/// [ledger]
/// path = "daily.ledger"
/// epsilon = 1.0
/// delta = 1e-6
/// [logs]
/// path = "logs/*.parquet"
/// [keys]
/// app = ["messages", "calls"]
/// [[question]]
/// name = "volume"
/// count = "lookups"
/// by = ["app"]
/// "#;
/// let folder = std::path::Path::new("/a/folder/without/a/ledger");
/// let release_file = ReleaseFile::parse(text, "daily.toml", folder)?;
/// let (split, guarantee) = pipeline::plan(&release_file)?;
/// assert!(split.charge().rho() > 0.0);
/// assert!(guarantee.one_day.epsilon <= 1.0);
/// # Ok::<(), pointillist::Error>(())
/// ```
pub fn plan(release_file: &ReleaseFile) -> Result<(Split, Guarantee)> {
    let block_budget = if release_file.ledger.path.exists() {
        let ledger = Ledger::open_existing(&release_file.ledger.path)?;
        ledger.require_same_terms(&terms(release_file), cap_of(&release_file.ledger))?;
        ledger.terms().budget
    } else {
        terms(release_file).budget
    };
    let split = Split::new(release_file, day_budget(release_file, block_budget))?;
    let guarantee = Guarantee::new(release_file, &split)?;
    Ok((split, guarantee))
}

enum Standing {
    New,
    /// Reserved, or drawn by a run that died before its commit.
    Begun(Entry),
    Committed(Entry),
}

impl Standing {
    fn is_reserved(&self) -> bool {
        matches!(self, Self::Begun(entry) if entry.state == State::Reserved)
    }
}

/// What the ledger knows of this release and day; refuses a day that is published and unknown to it.
fn standing(job: &Job, ledger: &Ledger, day: Day) -> Result<Standing> {
    publish::require_known(&job.out, day, ledger)?;
    let fingerprint = job.release_file.fingerprint();
    let mut standing = Standing::New;
    for entry in ledger.find(&job.release_file.name, day)? {
        if entry.fingerprint != fingerprint {
            // Nothing was published of a day that looked empty.
            if job.again == Again::Refuse && entry.state != State::Empty {
                return Err(differing::refusal(&job.release_file, ledger, &entry, day));
            }
            continue;
        }
        match entry.state {
            State::Committed | State::Published => return Ok(Standing::Committed(entry)),
            // An older program reserved again after a draw that died: such a reservation is
            // finished, not the draw.
            State::Drawn if standing.is_reserved() => {}
            State::Reserved | State::Drawn => standing = Standing::Begun(entry),
            State::Empty | State::Void => {}
        }
    }
    Ok(standing)
}

/// Draws a day from its rows, stores the answers and publishes them; `None` if it looks empty.
fn finish(
    job: &Job,
    ledger: &mut Ledger,
    day: Day,
    entry: &Entry,
    frozen: &Frozen,
    first: &Plan,
    rows: Box<dyn Tallies>,
) -> Result<Option<DrawnDay>> {
    let Some(drawn) = draw::draw(job, ledger, entry, frozen, first, rows)? else {
        tracing::info!(%day, entry = entry.id.0, "looks empty");
        return Ok(None);
    };
    tracing::info!(%day, entry = entry.id.0, tables = drawn.tables.len(), "drawn");
    let files = answered(&job.release_file, day, entry, frozen, &drawn)?;
    ledger.commit(entry.id, &files)?;
    tracing::info!(%day, entry = entry.id.0, files = files.len(), "committed");
    publish::write_out(&job.out, &files)?;
    ledger.mark_published(entry.id)?;
    Ok(Some(drawn))
}

/// The files of a day that was drawn.
fn answered(
    release_file: &ReleaseFile,
    day: Day,
    entry: &Entry,
    frozen: &Frozen,
    drawn: &DrawnDay,
) -> Result<Vec<StoredFile>> {
    let guarantee = Guarantee::new(release_file, &frozen.split)?;
    let facts = publish::Facts {
        release_file,
        day,
        entry,
        split: &frozen.split,
        guarantee: &guarantee,
        look: &drawn.look,
        before: &drawn.before,
    };
    publish::render(&facts, &drawn.plan, &drawn.tables)
}

fn heal(job: &Job, ledger: &mut Ledger, entry: &Entry) -> Result<Done> {
    let files = ledger.stored(entry.id)?;
    let done = if publish::is_whole(&job.out, &files) {
        publish::remove_leftovers(&job.out);
        Done::AlreadyDone
    } else {
        publish::check_writable(&job.out)?;
        publish::write_out(&job.out, &files)?;
        Done::Healed
    };
    if entry.state == State::Committed {
        ledger.mark_published(entry.id)?;
    }
    Ok(done)
}

fn reservation(
    release_file: &ReleaseFile,
    bounds: &DayBounds,
    split: Split,
    known_prefixes: FoundPrefixes,
    logs_digest: String,
) -> Result<Reservation> {
    let (day, charge, key_delta) = (bounds.day(), split.charge(), split.key_delta());
    let look = Plan::of_look(release_file, &split)?.tables.into_iter().next();
    let look = PricedTable::new(look.ok_or_else(|| Error::internal("a plan has no look"))?)?;
    let look_charge = Some(look.charge);
    let look = FrozenLook {
        sensitivity_steps: look.table.sensitivity().steps(),
        noise_scale_steps: look.noise_scale.steps(),
        losses: Losses::of_look(release_file, look.charge)?,
    };
    let fingerprint = release_file.fingerprint().to_owned();
    let losses = Guarantee::new(release_file, &split)?.losses()?;
    let rules = Some(fixed::FixedRules::of(release_file, bounds));
    let plan = serde_json::to_string(&Frozen { split, look, known_prefixes, losses, rules })
        .map_err(|_| Error::internal("the plan cannot be written down"))?;
    Ok(Reservation {
        release: release_file.name.clone(),
        release_id: blake3::hash(format!("{}\n{fingerprint}\n{day}", release_file.name).as_bytes())
            .to_hex()
            .to_string(),
        fingerprint,
        blocks: vec![day],
        charge,
        look_charge,
        key_delta,
        plan,
        logs_digest,
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

fn logs_changed(entry: &Entry, day: Day) -> Error {
    Error::input(format!("the logs of {day} changed since entry {} was reserved", entry.id.0)).help(
        "restore the files and run again: its noise may have been drawn, so its charge stays spent \
         and is good for these files alone",
    )
}
