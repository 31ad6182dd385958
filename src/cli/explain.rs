//! `explain`: the promise of a release file for people without mathematics.

use std::path::Path;

use serde_json::{Value, json};

use super::output::{Output, wrapped};
use crate::Result;
use crate::pipeline;
use crate::release_file::ReleaseFile;
use crate::words::ONE_HEAVY;

/// Runs the command. It reads the ledger if there is one, and no logs.
///
/// # Errors
/// Usage, for a release file that is not one; refused, when the budget is too small.
pub(crate) fn run(path: &Path, output: &Output) -> Result<()> {
    let release_file = ReleaseFile::read(path)?;
    let (_, guarantee) = pipeline::plan(&release_file)?;
    let terms = &release_file.ledger;
    let explained = guarantee.explained(terms);
    let mut text = format!("{}: what is promised, unit {}\n", release_file.name, terms.unit.word());
    for paragraph in &explained {
        text.push_str(&format!("\n{}", wrapped(paragraph, 2)));
    }
    text.push_str("\nWhat an interval holds, by question:\n");
    let mut questions: Vec<Value> = Vec::new();
    for question in &release_file.questions {
        let interval = question.interval_words(terms.unit);
        text.push_str(&wrapped(&format!("  {}: {interval}", question.name), 4));
        questions.push(json!({
            "question": question.name,
            "asks": question.measure.word(),
            "interval": interval,
        }));
    }
    if release_file.questions.iter().any(|question| !question.measure.is_of_requesters()) {
        text.push_str(&format!("\n{}", wrapped(ONE_HEAVY, 0)));
    }
    let object = json!({
        "release": release_file.name,
        "unit": terms.unit.word(),
        "guarantee": guarantee,
        "explained": explained,
        "questions": questions,
    });
    output.result(&object, &text);
    Ok(())
}
