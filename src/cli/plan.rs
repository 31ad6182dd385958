//! `plan`: what would be measured, at which price and with which error.

use std::fmt::Write;
use std::path::Path;

use serde_json::json;

use super::output::Output;
use crate::Result;
use crate::pipeline;
use crate::spec::Release;
use crate::spec::question::{LATTICE_ONE, Measure};

/// Runs the command.
///
/// # Errors
/// Usage, for a release file that is not one; refused, when the budget is too small.
pub(crate) fn run(path: &Path, output: &Output) -> Result<()> {
    let release = Release::read(path)?;
    let (plan, priced, guarantee) = pipeline::plan(&release)?;
    let mut tables = Vec::new();
    let mut text = format!("{}: one day, unit requester-day\n\n", release.name);
    // Writing to a string cannot fail.
    let _infallible = writeln!(
        text,
        "{:<24} {:>10} {:>8} {:>12} {:>12}",
        "question", "cells", "clip", "rho", "noise sd"
    );
    for ((question, priced), cells) in release.questions.iter().zip(&priced).zip(&plan.cells) {
        let noise_sd = priced.noise_scale.units() / LATTICE_ONE as f64;
        let clip = priced.table.clip.contributions();
        let rows = if matches!(question.measure, Measure::Share { .. }) {
            cells.count() / 2
        } else {
            cells.count()
        };
        let _infallible = writeln!(
            text,
            "{:<24} {:>10} {:>8.2} {:>12} {:>12.2}",
            question.name, rows, clip, priced.charge, noise_sd
        );
        tables.push(json!({
            "question": question.name,
            "asks": question.measure.word(),
            "rows": rows,
            "clip": clip,
            "mechanism": priced.mechanism,
            "rho": priced.charge.rho(),
            "noise_sd": noise_sd,
            "expected_error": { "absolute": noise_sd, "of": "one published sum" },
        }));
    }
    let _infallible = writeln!(
        text,
        "\nA published sum is off by its noise sd, typically; a 95 % interval is 1.96 of them to each \
         side.\nBounding removes what a requester contributes past the clip; that is not in the \
         figure.\n\n{}",
        guarantee.words(&release.ledger)
    );
    let object = json!({
        "release": release.name,
        "fingerprint": release.fingerprint(),
        "tables": tables,
        "guarantee": guarantee,
    });
    output.result(&object, &text);
    Ok(())
}
