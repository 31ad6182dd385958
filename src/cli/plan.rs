//! `plan`: shows what would be measured, at which price and with which error.

mod load;

use std::fmt::Write;

use serde_json::{Value, json};

use super::args::Plan;
use super::output::Output;
use crate::pipeline::{self, Previous};
use crate::plan::{self, kinds::Needs};
use crate::release::{Expected, Load, PricedTable, expected, typical};
use crate::release_file::ReleaseFile;
use crate::release_file::lattice::{Clip, LATTICE_ONE};
use crate::{Error, Result};

/// Runs the command. It reads the ledger if there is one, and no logs.
///
/// # Errors
/// Usage, for a release file that is not one; refused, when the budget is too small.
pub(crate) fn run(asked: &Plan, output: &Output) -> Result<()> {
    let release_file = ReleaseFile::read(&asked.release)?;
    let load = load::load(asked);
    let (plan, priced, guarantee) = pipeline::plan(&release_file)?;
    let previous = pipeline::previous(&release_file)?;
    let unit = release_file.ledger.unit.word();
    let tables = tables(&plan, &priced);
    let questions = questions(&release_file, &plan, &priced, load, previous.as_ref())?;

    let mut text = format!("{}: one day, unit {unit}\n\n", release_file.name);
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    line(&tables.text);
    priced.iter().filter_map(in_layers).for_each(|layered| line(&layered));
    line(&questions.text);
    if let Some(load) = load {
        line(&load::words(load, asked.requesters.is_some(), &questions.typical));
    }
    line(
        "\nThe error is one standard deviation of the noise of one value; a 95 % interval is 1.96 of \
         them to each side.\nReadable from: this many lookups (or requesters) must be behind a value \
         before its interval is narrower than the value, for ratios than a tenth of their range; \
         smaller values are published with `uninformative`.\nBounding removes what a requester \
         contributes past the clip; counts are raked to the total, and `coverage` says how much that \
         restored.",
    );
    priced.iter().filter_map(found_from).for_each(|found| line(&found));
    if let Some(previous) = &previous {
        line(&last_day(previous));
    }
    line(&format!("\n{}", guarantee.words(&release_file.ledger)));
    let object = json!({
        "release": release_file.name,
        "unit": unit,
        "fingerprint": release_file.fingerprint(),
        "tables": tables.objects,
        "questions": questions.objects,
        "load": load.map(|load| json!({ "lookups": load.lookups, "requesters": load.requesters })),
        "last_day": previous.as_ref().map(|previous| previous.day),
        "guarantee": guarantee,
    });
    output.result(&object, &text);
    Ok(())
}

/// The measured tables as text and as JSON.
struct Tables {
    text: String,
    objects: Vec<Value>,
}

fn tables(plan: &plan::Plan, priced: &[PricedTable]) -> Tables {
    let mut text = format!(
        "{:<52} {:>9} {:>8} {:>12} {:>12}",
        "measured table", "cells", "clip", "rho", "noise sd"
    );
    let mut objects = Vec::new();
    for (priced, cells) in priced.iter().zip(&plan.cells) {
        let table = &priced.table;
        let noise_sd = priced.noise_scale.units() / LATTICE_ONE as f64;
        let clip = table.asked_clip().contributions();
        let is_private = table.contribution.kind().needs() == Needs::Prefixes;
        let shown = if is_private { "private".to_owned() } else { cells.count().to_string() };
        // Writing to a string cannot fail.
        let _infallible = write!(
            text,
            "\n{:<52} {shown:>9} {clip:>8.2} {:>12} {noise_sd:>12.2}",
            table.name, priced.charge
        );
        let layers =
            table.layering().map(|layering| json!({ "count": layering.count, "up_to": clip }));
        objects.push(json!({
            "name": table.name,
            "cells": cells.count(),
            "contribution": table.contribution.kind().word(),
            "clip": table.clip.contributions(),
            "layers": layers,
            "target_clip": table.target_clip.map(Clip::contributions),
            "mechanism": priced.mechanism,
            "rho": priced.charge.rho(),
            "noise_sd": noise_sd,
            "key_delta": table.key_delta.delta(),
            "found_from": priced.threshold.map(|units| units as f64 / LATTICE_ONE as f64),
        }));
    }
    Tables { text, objects }
}

/// The questions as text and as JSON, and the error of each at the load that was asked for.
struct Questions {
    text: String,
    objects: Vec<Value>,
    typical: Vec<load::Row>,
}

fn questions(
    release_file: &ReleaseFile,
    plan: &plan::Plan,
    priced: &[PricedTable],
    load: Option<Load>,
    previous: Option<&Previous>,
) -> Result<Questions> {
    let mut text = format!(
        "\n{:<24} {:>9} {:>34} {:>16}",
        "question", "rows", "expected error", "readable from"
    );
    let (mut objects, mut at_load) = (Vec::new(), Vec::new());
    for question in &release_file.questions {
        let expected = expected(question, plan, priced, load)
            .ok_or_else(|| Error::internal("a question has no measured table"))?;
        let rows = question.rows();
        let (words, object) = describe(expected);
        let shown = rows.map_or("private".to_owned(), |rows| rows.to_string());
        let _infallible = write!(
            text,
            "\n{:<24} {shown:>9} {words:>34} {:>16.0}",
            question.name,
            expected.readable_from()
        );
        let row = load
            .and_then(|load| typical(question, expected, load))
            .map(|typical| load::Row::new(question, expected, typical));
        let seen = previous.and_then(|previous| previous.errors.get(&question.name));
        objects.push(json!({
            "question": question.name,
            "asks": question.measure.word(),
            "rows": rows,
            "expected_error": object,
            "typical": row.as_ref().map(load::Row::object),
            "readable_from": expected.readable_from(),
            "as_on_the_last_day": seen,
        }));
        at_load.extend(row);
    }
    Ok(Questions { text, objects, typical: at_load })
}

/// Describes how the total is measured; `None` for other tables.
fn in_layers(priced: &PricedTable) -> Option<String> {
    let layering = priced.table.layering()?;
    Some(format!(
        "  {} counts a requester's lookups up to the clip, in {} layers that add up; how many lie in \
         each sets later days' clips.",
        priced.table.name, layering.count
    ))
}

/// Describes how many requesters a key needs to be found; `None` for tables that find no keys.
fn found_from(priced: &PricedTable) -> Option<String> {
    let requesters = priced.threshold? as f64 / LATTICE_ONE as f64;
    Some(format!(
        "{} finds those that more than about {requesters:.0} requesters have who have no other; of \
         more keys each counts less, and what only one requester has is found with a probability of \
         at most {:.1e}.",
        priced.table.name,
        priced.table.key_delta.delta()
    ))
}

/// The expected error as text and as JSON.
fn describe(expected: Expected) -> (String, Value) {
    match expected {
        Expected::Fixed(sd) => (format!("{sd:.2}"), json!({ "absolute": sd })),
        Expected::PerLookup { sd, of, .. } => {
            let words = format!("{:.2} % {} at 1000", sd / 10.0, load::of_what(of));
            (words, json!({ "relative_to": of, "times_lookups": sd }))
        }
    }
}

fn last_day(previous: &Previous) -> String {
    let mut text =
        format!("\nOn the last released day, {}, from its published values:", previous.day);
    for (question, error) in &previous.errors {
        let _infallible = write!(
            text,
            "\n  {question}: error {:.4}, {:.1} % of the mean value; {} of {} values uninformative",
            error.absolute,
            error.relative * 100.0,
            error.uninformative,
            error.rows
        );
    }
    text
}
