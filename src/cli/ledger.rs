//! `ledger show`, `export` and `verify` read a ledger; `ledger void` gives up a reservation.

mod statement;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::{LedgerPlace, LedgerVerb};
use super::hold_warnings;
use super::output::Output;
use super::status::require_there;
use crate::custody::Sign;
use crate::ledger::{Entry, EntryId, Ledger, Marks, Which};
use crate::release::PricedTable;
use crate::release_file::ReleaseFile;
use crate::release_file::day::Clock;
use crate::release_file::lattice::LATTICE_ONE;
use crate::{Error, Kind, Result};

/// Runs the command. The code of `verify` is 1 when archives are gone or damaged.
///
/// # Errors
/// Usage, for a release file that is not one; I/O, when the ledger is missing or damaged.
pub(crate) fn run(verb: &LedgerVerb, output: &Output) -> Result<u8> {
    let done = match verb {
        LedgerVerb::Show { entries, place } => {
            statement::show(&Ledger::open_existing(&path(place)?)?, *entries, output)
        }
        LedgerVerb::Export(place) => export(&Ledger::open_existing(&path(place)?)?, output),
        LedgerVerb::Verify(place) => return verify(place, output),
        LedgerVerb::Void { entry, place } => {
            let wait = Duration::from_secs(60);
            let mut ledger = Ledger::reopen(&path(place)?, wait, Clock::System)?;
            ledger.void(EntryId(*entry))?;
            let text = format!("entry {entry} is void; its charge is free again\n");
            output.result(&json!({ "void": entry }), &text);
            Ok(())
        }
    };
    done.map(|()| 0)
}

fn path(place: &LedgerPlace) -> Result<PathBuf> {
    match (&place.ledger, &place.release) {
        (Some(ledger), _) => Ok(ledger.clone()),
        (None, Some(release)) => {
            let release_file = ReleaseFile::read(release)?;
            require_there(&release_file)?;
            Ok(release_file.ledger.path)
        }
        (None, None) => {
            Err(Error::usage("no ledger is named").help("give a release file, or --ledger FILE"))
        }
    }
}

/// Returns everything that another accountant needs to compute the loss again, without the keyed
/// digests of the logs.
fn export(ledger: &Ledger, output: &Output) -> Result<()> {
    let terms = ledger.terms();
    let neighbours = match terms.unit.as_str() {
        "person-day" => {
            "one log is the other with all rows of one day by one person or about it, but the exempt \
             targets', counted as nothing and kept in their place where rows are bounded"
        }
        _ => "one log is the other without all rows of one requester on one day",
    };
    let entries = ledger.entries(Which::All)?.iter().map(event).collect::<Result<Vec<_>>>()?;
    let object = json!({
        "format": 2,
        "unit": terms.unit,
        "neighbours": neighbours,
        "composition": "A charge is the sum of its mechanisms, each of which costs its nano_rho or, where \
                        it follows from a look, at_most_nano_rho. Tables of shapes belong to a class of \
                        activity: those of any one class cost together at most the parts of all \
                        questions that share them, and classes do not add up, because the squared \
                        weights of a requester in all classes add up to at most one. All other tables \
                        add up. The manifest of a released day lists every table that was drawn.",
        "epsilon": terms.epsilon,
        "delta": terms.delta,
        "key_delta_atto": terms.key_delta,
        "budget_nano_rho": terms.budget,
        "conversion": terms.conversion,
        "cap_of_30_days": ledger.cap(),
        "time_zone": terms.time_zone,
        "identity": terms.identity,
        "rules": ledger.rules(),
        "entries": entries,
    });
    let text = serde_json::to_string_pretty(&object)
        .map_err(|_| Error::internal("the ledger cannot be written as JSON"))?;
    output.result(&object, &format!("{text}\n"));
    Ok(())
}

fn event(entry: &Entry) -> Result<Value> {
    let plan: Value = serde_json::from_str(&entry.plan).map_err(|_| {
        Error::io(format!("the plan of entry {} is damaged", entry.id.0))
            .help("run `pointillist ledger verify`")
    })?;
    Ok(json!({
        "entry": entry.id.0,
        "release": entry.release,
        "release_id": entry.release_id,
        "spec_fingerprint": entry.fingerprint,
        "blocks": entry.blocks,
        "state": entry.state.to_string(),
        "attempts": entry.attempts,
        "charge_nano_rho": entry.charge,
        "look_charge_nano_rho": entry.look_charge,
        "spent_nano_rho": entry.spent(),
        "key_delta_atto": entry.key_delta,
        "mechanisms": mechanisms(&plan, entry),
        "code_version": entry.code_version,
        "reserved_at": entry.reserved_at.to_string(),
    }))
}

/// What bounds the charge of an entry: every table with its noise, or, where the tables follow from a
/// look, the look and what each question may cost at most.
fn mechanisms(plan: &Value, entry: &Entry) -> Value {
    if !plan["tables"].is_null() {
        return plan["tables"].clone();
    }
    let (look, split) = (&plan["look"], &plan["split"]);
    let number = |name: &str| look[name].as_f64().unwrap_or_default() / LATTICE_ONE as f64;
    let first = json!({
        "of": "look",
        "mechanism": PricedTable::MECHANISM,
        "measures": "the numbers of requesters by class of activity; everything after it follows from \
                     its noisy numbers",
        "sensitivity": number("sensitivity_steps"),
        "noise_scale": number("noise_scale_steps"),
        "nano_rho": entry.look_charge,
        "at_most_nano_rho": split["look"],
    });
    let parts = split["questions"].as_array().into_iter().flatten();
    let question = |(place, part): (usize, &Value)| {
        json!({
            "of": format!("question {} of the release file", place + 1),
            "mechanism": PricedTable::MECHANISM,
            "measures": "tables that follow from the look",
            "at_most_nano_rho": part,
            "at_most_key_delta_atto": split["key_deltas"][place],
        })
    };
    std::iter::once(first).chain(parts.enumerate().map(question)).collect()
}

fn verify(place: &LedgerPlace, output: &Output) -> Result<u8> {
    let ledger = Ledger::open_existing(&path(place)?)?;
    let found = ledger.verify()?;
    let mut warnings = Vec::new();
    if let Some(release) = &place.release {
        let release_file = ReleaseFile::read(release)?;
        Marks::read(&release_file.logs.place, &release_file.output)?.require_known(&ledger)?;
        warnings = hold_warnings::of_archives(&release_file, &ledger, Sign::Digest)?;
    }
    warnings.iter().for_each(|warning| output.warning(warning));
    let object = json!({
        "events": found.events,
        "entries": found.entries,
        "blocks": found.blocks,
        "files": found.files,
        "head": found.head,
    });
    let text = format!(
        "the ledger is whole: {} events, {} entries, {} days, {} stored files; head {}\n",
        found.events, found.entries, found.blocks, found.files, found.head
    );
    output.result(&object, &text);
    Ok(if warnings.is_empty() { 0 } else { Kind::Refused.exit_code() })
}
