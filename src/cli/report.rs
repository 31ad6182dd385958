//! `report`: one page about everything that was published in a folder.

use std::path::Path;

use serde_json::json;

use super::output::Output;
use crate::report::report;
use crate::words::several;
use crate::{Error, Result};

/// Runs the command. It reads published files, and neither logs nor ledger.
///
/// # Errors
/// Usage, when nothing was published; input, when a file is not as it was published; I/O.
pub(crate) fn run(out: &Path, html: &Path, output: &Output) -> Result<()> {
    let report = report(out)?;
    std::fs::write(html, &report.html).map_err(|error| {
        Error::io(format!("{} cannot be written", html.display()))
            .help("name a file in a folder that exists and can be written")
            .because(error)
    })?;
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
