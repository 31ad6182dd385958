//! The job's ledger: opened on terms that follow from its release file.

use std::collections::BTreeMap;
use std::time::Duration;

use super::job::Job;
use crate::ledger::{Ledger, Marks, Second, Terms};
use crate::spec::Release;
use crate::spec::logs::Identifier;
use crate::spec::window::{Clock, zones_version};
use crate::{Result, phone, release};

/// Opens the job's ledger, making it on first use.
///
/// # Errors
/// Busy, when another run holds it; refused, when its terms differ or another ledger charges the
/// same logs; I/O.
pub fn open_ledger(job: &Job) -> Result<Ledger> {
    let path = &job.release.ledger.path;
    let marks = Marks::read(&job.release.logs.place)?;
    marks.allow_new(path, job.second_ledger)?;
    let ledger = Ledger::open(path, &terms(&job.release)?, job.wait, Clock::Fixed(job.as_of))?;
    marks.claim(&ledger, job.second_ledger)?;
    Ok(ledger)
}

/// Opens the ledger for deletion or a hold, making it on first use.
///
/// What concerns budgets alone does not keep rows from being deleted or held.
///
/// # Errors
/// Busy, when a run holds it; refused, when it knows other rows under these names, or another ledger
/// charges the same logs and this one is new to them; I/O.
pub fn open_custody(spec: &Release, wait: Duration, clock: Clock) -> Result<Ledger> {
    let path = &spec.ledger.path;
    let marks = Marks::read(&spec.logs.place)?;
    marks.allow_new(path, Second::Refuse)?;
    let ledger = if path.exists() {
        Ledger::reopen(path, wait, clock)?
    } else {
        Ledger::open(path, &terms(spec)?, wait, clock)?
    };
    ledger.require_same_rows(identity(spec))?;
    marks.claim(&ledger, Second::Refuse)?;
    Ok(ledger)
}

/// What the ledger fixes: the promise, and whatever decides who a requester is.
pub(super) fn terms(spec: &Release) -> Result<Terms> {
    let ledger = &spec.ledger;
    Ok(Terms {
        unit: ledger.unit.word().to_owned(),
        epsilon: ledger.epsilon,
        delta: ledger.delta,
        key_delta: ledger.key_delta,
        budget: release::budget_of(ledger.epsilon, ledger.conversion_delta())?,
        time_zone: ledger.time_zone_name.clone(),
        identity: identity(spec),
        logs: None,
    })
}

/// What decides whose a row is and when it was.
fn identity(spec: &Release) -> BTreeMap<String, String> {
    let logs = &spec.logs;
    let mut identity: BTreeMap<String, String> = ["requester", "target", "requested_at"]
        .into_iter()
        .map(|name| (format!("[logs] columns.{name}"), logs.column(name).to_owned()))
        .collect();
    let mut fix = |field: &str, value: &str| identity.insert(field.to_owned(), value.to_owned());
    fix("[logs] identifier", logs.identifier.word());
    fix("[logs] time_unit", logs.time_unit.map_or("none", |unit| unit.word()));
    fix("[logs] time_zone", &logs.time_zone_name);
    fix(Terms::ZONES, zones_version());
    let normaliser = match logs.identifier {
        Identifier::E164 => phone::VERSION,
        Identifier::Opaque => "none",
    };
    fix("[logs] default_region", logs.default_region.as_deref().unwrap_or("none"));
    fix(Terms::NUMBERS, normaliser);
    identity
}
