//! `ledger show` and `ledger verify` read a ledger; `ledger void` gives a reservation up.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::args::{LedgerPlace, LedgerVerb};
use super::output::Output;
use crate::ledger::{EntryId, Ledger, Which};
use crate::spec::Release;
use crate::spec::window::Clock;
use crate::{Error, Result};

/// Runs the command.
///
/// # Errors
/// Usage, for a release file that is not one; I/O, when the ledger is missing or damaged.
pub(crate) fn run(verb: &LedgerVerb, output: &Output) -> Result<()> {
    match verb {
        LedgerVerb::Show(place) => show(&Ledger::open_existing(&path(place)?)?, output),
        LedgerVerb::Verify(place) => verify(&Ledger::open_existing(&path(place)?)?, output),
        LedgerVerb::Void { entry, place } => {
            let wait = Duration::from_secs(60);
            let mut ledger = Ledger::reopen(&path(place)?, wait, Clock::System)?;
            ledger.void(EntryId(*entry))?;
            let text = format!("entry {entry} is void; its charge is free again\n");
            output.result(&json!({ "void": entry }), &text);
            Ok(())
        }
    }
}

fn path(place: &LedgerPlace) -> Result<PathBuf> {
    match (&place.ledger, &place.release) {
        (Some(ledger), _) => Ok(ledger.clone()),
        (None, Some(release)) => Ok(Release::read(release)?.ledger.path),
        (None, None) => {
            Err(Error::usage("no ledger is named").help("give a release file, or --ledger FILE"))
        }
    }
}

fn show(ledger: &Ledger, output: &Output) -> Result<()> {
    let terms = ledger.terms();
    let balances = ledger.balances()?;
    let entries = ledger.entries(Which::All)?;
    let blocks: Vec<_> = balances
        .iter()
        .map(|(day, balance)| {
            json!({
                "block": day,
                "budget_nano_rho": balance.budget,
                "spent_nano_rho": balance.spent,
                "left_nano_rho": balance.left,
            })
        })
        .collect();
    let listed: Vec<_> = entries
        .iter()
        .map(|entry| {
            json!({
                "entry": entry.id.0,
                "release": entry.release,
                "blocks": entry.blocks,
                "state": entry.state.to_string(),
                "charge_nano_rho": entry.charge,
            })
        })
        .collect();
    let object = json!({
        "unit": terms.unit,
        "epsilon": terms.epsilon,
        "delta": terms.delta,
        "time_zone": terms.time_zone,
        "blocks": blocks,
        "entries": listed,
    });
    output.result(&object, &statement(ledger, &balances, &entries));
    Ok(())
}

fn statement(
    ledger: &Ledger,
    balances: &[(crate::spec::window::Day, crate::ledger::Balance)],
    entries: &[crate::ledger::Entry],
) -> String {
    let terms = ledger.terms();
    let mut text = format!(
        "Each block is one event day in {}. Budget of a block: epsilon {} at delta {}, unit {}.\n\n",
        terms.time_zone,
        terms.epsilon.value(),
        terms.delta.value(),
        terms.unit
    );
    // Writing to a string cannot fail.
    let _infallible = writeln!(text, "block        budget rho   spent rho    left rho");
    for (day, balance) in balances {
        let _infallible =
            writeln!(text, "{day}   {}  {}  {}", balance.budget, balance.spent, balance.left);
    }
    let _infallible = writeln!(text, "\nentry  state      charge rho   release, blocks");
    for entry in entries {
        let blocks: Vec<String> = entry.blocks.iter().map(ToString::to_string).collect();
        let _infallible = writeln!(
            text,
            "{:<5}  {:<9}  {}  {}, {}",
            entry.id.0,
            entry.state.to_string(),
            entry.charge,
            entry.release,
            blocks.join(" ")
        );
    }
    text
}

fn verify(ledger: &Ledger, output: &Output) -> Result<()> {
    let found = ledger.verify()?;
    let object = json!({
        "events": found.events,
        "entries": found.entries,
        "blocks": found.blocks,
        "files": found.files,
        "head": found.head,
    });
    let text = format!(
        "the ledger is whole: {} events, {} entries, {} blocks, {} stored files; head {}\n",
        found.events, found.entries, found.blocks, found.files, found.head
    );
    output.result(&object, &text);
    Ok(())
}
