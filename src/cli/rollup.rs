//! `rollup`: adds published days up to weeks, months and coarser keys, without any charge.

use serde_json::{Value, json};

use super::args::Rollup;
use super::days::ranges;
use super::output::Output;
use crate::pipeline::{require_apart, stored_days};
use crate::publish::{Coarser, Countries, Period, RolledUp, rollup, write_out};
use crate::release_file::ReleaseFile;
use crate::words::several;
use crate::{Error, Result};

/// Runs the command. It reads the tables stored in the ledger and no logs, and spends nothing.
///
/// # Errors
/// Usage, for a question or key that the release does not have, or when there is nothing to add up;
/// refused, for a question whose values do not add up; I/O.
pub(crate) fn run(asked: &Rollup, output: &Output) -> Result<()> {
    let release_file = ReleaseFile::read(&asked.release)?;
    let coarser = coarser(asked, &release_file)?;
    let out = asked.out.clone().unwrap_or_else(|| release_file.output.clone());
    require_apart(&release_file, &out)?;
    if let Some(name) = &asked.question
        && !release_file.questions.iter().any(|question| question.name == *name)
    {
        return Err(Error::usage(format!("the release asks no question `{name}`")).help(
            "name one of its questions, or leave out --question for all that can be rolled up",
        ));
    }
    let (mut text, mut rolled, mut left_out) = (String::new(), Vec::new(), Vec::new());
    let mut files = Vec::new();
    for question in &release_file.questions {
        let named = asked.question.as_ref();
        if named.is_some_and(|name| *name != question.name) {
            continue;
        }
        if let (Some(reason), None) = (coarser.unfit(question), named) {
            left_out.push((reason, question.name.as_str()));
            continue;
        }
        let folder = coarser.folder(question);
        if release_file.questions.iter().any(|other| other.name == folder) {
            return Err(Error::usage(format!(
                "the sums of `{}` would lie in the folder of another question, `{folder}`",
                question.name
            ))
            .help("name another folder with --out, or another question with --question"));
        }
        let days = stored_days(&release_file, &question.name)?;
        let made = rollup(&release_file, question, &days, &coarser)?;
        let periods = several(made.files.len(), coarser.period.word());
        let whole = if asked.to == Period::Day { String::new() } else { whole(&made) };
        text.push_str(&format!("{}: {periods} in {folder}{whole}\n", question.name));
        if !made.left_out.is_empty() {
            output.warning(&format!(
                "{}: left out {}, published by an earlier version without the lookups that each value is of",
                question.name,
                ranges(&made.left_out)
            ));
        }
        rolled.push(json!({
            "question": question.name,
            "folder": folder,
            "periods": made.files.len(),
            "whole_periods": made.whole,
            "days_left_out": made.left_out,
        }));
        files.extend(made.files);
    }
    text.push_str(&why_left_out(&left_out));
    write_out(&out, &files)?;
    text.push_str(&format!("the tables are in {}\n", out.display()));
    let object = json!({ "out": out, "rolled_up": rolled, "left_out": objects(&left_out) });
    output.result(&object, &text);
    Ok(())
}

/// The questions that are left out, those with one reason in one line.
fn why_left_out(left_out: &[(String, &str)]) -> String {
    let mut lines: Vec<(&str, Vec<&str>)> = Vec::new();
    for (reason, name) in left_out {
        match lines.iter_mut().find(|(known, _)| known == reason) {
            Some((_, names)) => names.push(name),
            None => lines.push((reason, vec![name])),
        }
    }
    let line = |(reason, names): &(&str, Vec<&str>)| {
        format!("left out: {}, because {reason}\n", names.join(", "))
    };
    lines.iter().map(line).collect()
}

fn objects(left_out: &[(String, &str)]) -> Vec<Value> {
    let object = |(reason, name): &(String, &str)| json!({ "question": name, "reason": reason });
    left_out.iter().map(object).collect()
}

/// How many of the periods hold all of their days.
fn whole(made: &RolledUp) -> String {
    match (made.files.len(), made.whole) {
        (0, _) => String::new(),
        (1, 1) => ", with all of its days".to_owned(),
        (1, _) => ", without some of its days".to_owned(),
        (all, whole) if all == whole => ", with all of their days".to_owned(),
        (_, 0) => ", none of them with all days".to_owned(),
        (_, some) => format!(", {some} of them with all days"),
    }
}

fn coarser(asked: &Rollup, release_file: &ReleaseFile) -> Result<Coarser> {
    let mut drop = Vec::new();
    for name in &asked.drop {
        let has = release_file.questions.iter().flat_map(|question| &question.by);
        if !has.into_iter().any(|key| key.name() == name) {
            return Err(Error::usage(format!("no question of the release has the key `{name}`"))
                .help("drop a key that some question names in `by`"));
        }
        if !drop.contains(name) {
            drop.push(name.clone());
        }
    }
    let countries = if asked.regions { Countries::Regions } else { Countries::Keep };
    let coarser = Coarser { period: asked.to, drop, countries };
    if asked.to == Period::Day && !coarser.adds_cells() {
        return Err(Error::usage("days are published as they are: there is nothing to add up")
            .help("add --drop KEY or --regions, or choose --to week or month"));
    }
    Ok(coarser)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::StoredFile;

    #[test]
    fn periods_without_some_of_their_days_are_named() {
        for (periods, whole_ones, words) in [
            (0, 0, ""),
            (1, 1, ", with all of its days"),
            (1, 0, ", without some of its days"),
            (2, 0, ", none of them with all days"),
            (3, 2, ", 2 of them with all days"),
            (2, 2, ", with all of their days"),
        ] {
            let file = StoredFile { path: String::new(), bytes: Vec::new() };
            let files = vec![file; periods];
            let made = RolledUp { files, whole: whole_ones, ..RolledUp::default() };
            assert_eq!(whole(&made), words);
        }
    }
}
