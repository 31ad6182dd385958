//! `rollup`: weeks and months from published days, for nothing.

use serde_json::json;

use super::args::{Rollup, RollupPeriod};
use super::output::Output;
use crate::pipeline::stored_days;
use crate::publish::{Period, rollup, unfit_for_rollup, write_out};
use crate::spec::Release;
use crate::{Error, Result};

/// Runs the command; reads the ledger's stored tables, no logs, and spends nothing.
///
/// # Errors
/// Usage, for a question that the release does not ask; refused, for one whose days do not add up;
/// I/O.
pub(crate) fn run(asked: &Rollup, output: &Output) -> Result<()> {
    let release = Release::read(&asked.release)?;
    let period = match asked.to {
        RollupPeriod::Week => Period::Week,
        RollupPeriod::Month => Period::Month,
    };
    let out = asked.out.clone().unwrap_or_else(|| release.output.clone());
    if let Some(name) = &asked.question
        && !release.questions.iter().any(|question| question.name == *name)
    {
        return Err(Error::usage(format!("the release asks no question `{name}`"))
            .help("name one of its questions, or none for all that can be rolled up"));
    }
    let (mut text, mut rolled, mut left_out) = (String::new(), Vec::new(), Vec::new());
    let mut files = Vec::new();
    for question in &release.questions {
        let named = asked.question.as_ref();
        if named.is_some_and(|name| *name != question.name) {
            continue;
        }
        if let (Some(reason), None) = (unfit_for_rollup(question), named) {
            text.push_str(&format!("{}: left out, {reason}\n", question.name));
            left_out.push(json!({ "question": question.name, "reason": reason }));
            continue;
        }
        let made = rollup(question, &stored_days(&release, &question.name)?, period)?;
        let plural = if made.len() == 1 { "" } else { "s" };
        text.push_str(&format!("{}: {} {}{plural}\n", question.name, made.len(), period.word()));
        rolled.push(json!({ "question": question.name, "periods": made.len() }));
        files.extend(made);
    }
    write_out(&out, "rollup", &files)?;
    text.push_str(&format!("tables: {}\n", out.display()));
    let object = json!({ "out": out, "rolled_up": rolled, "left_out": left_out });
    output.result(&object, &text);
    Ok(())
}
