//! `export`: the published tables of a question as one CSV file, for a spreadsheet.

use std::path::Path;

use serde_json::json;

use super::output::Output;
use crate::publish::csv;
use crate::words::several;
use crate::{Error, Result};

/// Runs the command. It reads published files, and neither logs nor ledger.
pub(crate) fn run(out: &Path, question: &str, file: &Path, output: &Output) -> Result<()> {
    let made = csv(out, question)?;
    std::fs::write(file, &made.text).map_err(|error| {
        Error::io(format!("{} cannot be written", file.display()))
            .help("name a file in a folder that exists and can be written")
            .because(error)
    })?;
    made.warnings.iter().for_each(|warning| output.warning(warning));
    let object = json!({ "csv": file, "periods": made.periods, "rows": made.rows });
    let text = format!(
        "{}: {} of {}\n",
        file.display(),
        several(made.rows, "row"),
        several(made.periods, "table")
    );
    output.result(&object, &text);
    Ok(())
}
