//! `manifest`, `report` and `export`: what published files say, for programs, people and spreadsheets. They
//! read neither logs nor ledger.

use std::path::Path;

use serde_json::json;

use super::guarded::{PAGE, Target};
use super::output::Output;
use crate::words::several;
use crate::{Error, Result, publish, report};

/// Prints the newest manifest of a folder, or an entry for a public registry; JSON in either case.
///
/// # Errors
/// Usage, when nothing was published; input, when a file is not as it was published; I/O.
pub(crate) fn manifest(out: &Path, is_for_registry: bool, output: &Output) -> Result<()> {
    let object = if is_for_registry { report::registry(out)? } else { report::manifest(out)? };
    output.result(&object, &format!("{object:#}\n"));
    Ok(())
}

/// Writes one page about everything that was published in a folder.
///
/// # Errors
/// Usage, when nothing was published; input, when a file is not as it was published; I/O.
pub(crate) fn page(out: &Path, html: &Path, output: &Output) -> Result<()> {
    let target = Target { option: "--html", file: html };
    target.require_outside(out)?;
    target.require_alike(|text| text.starts_with(PAGE))?;
    let report = report::report(out)?;
    write(html, &report.html)?;
    let object = json!({ "html": html, "days": report.days, "questions": report.questions });
    let text = format!(
        "{}: {}, {}. It was made from published files alone and costs nothing.\n",
        html.display(),
        several(report.days, "day"),
        several(report.questions, "question")
    );
    output.result(&object, &text);
    Ok(())
}

/// Writes the published tables of a question as one CSV file.
///
/// # Errors
/// As [`publish::csv`]; I/O, when the file cannot be written.
pub(crate) fn export(out: &Path, question: &str, file: &Path, output: &Output) -> Result<()> {
    let target = Target { option: "--csv", file };
    target.require_outside(out)?;
    target.require_alike(publish::is_csv)?;
    let made = publish::csv(out, question)?;
    write(file, &made.text)?;
    made.warnings.iter().for_each(|warning| output.warning(warning));
    let object = json!({ "csv": file, "periods": made.periods, "rows": made.rows });
    let (rows, tables) = (several(made.rows, "row"), several(made.periods, "table"));
    output.result(&object, &format!("{}: {rows} of {tables}\n", file.display()));
    Ok(())
}

fn write(file: &Path, text: impl AsRef<[u8]>) -> Result<()> {
    std::fs::write(file, text).map_err(|error| {
        Error::io(format!("{} cannot be written", file.display()))
            .help("name a file in a folder that exists and can be written")
            .because(error)
    })
}
