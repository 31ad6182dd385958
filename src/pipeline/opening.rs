//! The job's ledger: opened on terms that follow from its release file.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::job::Job;
use crate::ledger::{Conversion, Entry, Ledger, Marks, Rules, Second, State, Terms, Which};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Clock, zones_version};
use crate::release_file::logs::Identifier;
use crate::release_file::privacy_loss::NanoRho;
use crate::{Error, Result, ingest, phone, publish, release};

/// Opens the job's ledger, making it on first use.
///
/// # Errors
/// Usage, for an output among the logs; busy, when another run holds it; refused, when its terms differ, it
/// is behind its mark, another ledger charges the same logs, the output is another's, or 30 days have cost
/// more than they may from now on; I/O.
pub fn open_ledger(job: &Job) -> Result<Ledger> {
    require_apart(&job.release_file, &job.out)?;
    let path = &job.release_file.ledger.path;
    let marks = Marks::read(&job.release_file.logs.place, &job.out)?;
    marks.allow_new(path, job.second_ledger)?;
    let mut ledger = Ledger::open(path, &terms(&job.release_file), job.wait, Clock::System)
        .map_err(|error| with_way_out(&job.release_file, error))?;
    ledger.agree_on_cap(release::cap_of(&job.release_file.ledger))?;
    ledger.agree_on_rules(rules(&job.release_file))?;
    marks.claim(&mut ledger, job.second_ledger)?;
    publish::require_own(&job.out, &job.release_file.name)?;
    Ok(ledger)
}

/// Opens the ledger for deletion or a hold, making it on first use.
///
/// A release file that differs in budgets alone does not keep rows from being deleted or held.
///
/// # Errors
/// Busy, when a run holds it; refused, when its terms identify rows otherwise, or another ledger
/// charges the same logs and this one is new to them; I/O.
pub fn open_custody(release_file: &ReleaseFile, wait: Duration) -> Result<Ledger> {
    let path = &release_file.ledger.path;
    let marks = Marks::read(&release_file.logs.place, &release_file.output)?;
    marks.allow_new(path, Second::Refuse)?;
    let mut ledger = if path.exists() {
        Ledger::reopen(path, wait, Clock::System)?
    } else {
        Ledger::open(path, &terms(release_file), wait, Clock::System)?
    };
    ledger.require_same_rows(identity(release_file))?;
    ledger.agree_on_rules(rules(release_file))?;
    marks.claim(&mut ledger, Second::Refuse)?;
    Ok(ledger)
}

/// What can be done about terms that differ, where nothing was published through the ledger: nobody is held to its
/// promise, and what its looks spent is all that adds up.
pub(super) fn with_way_out(release_file: &ReleaseFile, error: Error) -> Error {
    let Ok(ledger) = Ledger::open_existing(&release_file.ledger.path) else { return error };
    let differs = ledger.require_same_terms(&terms(release_file), ledger.cap());
    let is_of_terms = differs.is_err_and(|differs| differs.to_string() == error.to_string());
    let has_published = |entry: &Entry| matches!(entry.state, State::Committed | State::Published);
    let entries = ledger.entries(Which::All);
    if !is_of_terms || entries.is_ok_and(|entries| entries.iter().any(has_published)) {
        return error;
    }
    error.help(
        "a ledger fixes it when it is made. Nothing was published through this one yet: let `[ledger] path` name \
         another file, and run once with --new-ledger. What looks at days have cost in this one adds to what the \
         other promises",
    )
}

/// Refuses an output whose tables would be found as logs.
///
/// # Errors
/// Usage, naming the folder.
pub fn require_apart(release_file: &ReleaseFile, out: &Path) -> Result<()> {
    let table = out.join("volume/day=2026-01-05/part-0.parquet");
    if !ingest::finds(&release_file.logs.place, &table) {
        return Ok(());
    }
    Err(Error::usage(format!("the output {} lies among the logs", out.display())).help(
        "tables there would be read as logs: name another folder in `[output] path`, or by --out",
    ))
}

/// What the ledger fixes: the promise, and whatever decides who a requester is.
pub(super) fn terms(release_file: &ReleaseFile) -> Terms {
    let ledger = &release_file.ledger;
    Terms {
        unit: ledger.unit.word().to_owned(),
        epsilon: ledger.epsilon,
        delta: ledger.delta,
        key_delta: ledger.key_delta,
        budget: release::budget_of(ledger.epsilon, ledger.conversion_delta()),
        conversion: Some(Conversion::Gaussian),
        time_zone: ledger.time_zone_name.clone(),
        identity: identity(release_file),
        logs: None,
    }
}

/// What the planner may spend of a day: a block's budget, or less where 30 days are capped.
pub(super) fn day_budget(release_file: &ReleaseFile, block: NanoRho) -> NanoRho {
    release::cap_of(&release_file.ledger).map_or(block, |cap| cap.day_budget(block))
}

/// What decides whose a row is and when it was.
fn identity(release_file: &ReleaseFile) -> BTreeMap<String, String> {
    let logs = &release_file.logs;
    let mut identity: BTreeMap<String, String> = ["requester", "target", "requested_at"]
        .into_iter()
        .map(|name| (format!("[logs] columns.{name}"), logs.shown(name).to_owned()))
        .collect();
    let mut fix = |field: &str, value: &str| identity.insert(field.to_owned(), value.to_owned());
    fix("[logs] identifier", logs.identifier.word());
    fix("[logs] time_unit", logs.time_unit.map_or("none", |unit| unit.word()));
    fix("[logs] time_zone", &logs.time_zone_name);
    fix("[logs] default_region", logs.default_region.as_deref().unwrap_or("none"));
    let text = logs.dialect.identity(logs.columns());
    for (field, value) in logs.time_formats.facts().into_iter().chain(text) {
        fix(field, &value);
    }
    identity.extend(rules(release_file).facts());
    identity
}

/// The rules of times and numbers that this version has.
pub(super) fn rules(release_file: &ReleaseFile) -> Rules {
    let numbers = match release_file.logs.identifier {
        Identifier::E164 | Identifier::E164Exact => phone::VERSION,
        Identifier::Opaque => "none",
    };
    Rules { zones: zones_version().to_owned(), numbers: numbers.to_owned() }
}
