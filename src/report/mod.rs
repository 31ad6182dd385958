//! Published files → one HTML page: charts with their intervals, and what the files promise.
//!
//! In: an output folder. Out: the text of a page that needs no network and no script, and is the same
//! bytes for the same files. Nothing else is read, neither logs nor ledger, so a report costs nothing.

mod chart;
mod figure;
mod figures;
mod headline;
mod output;
mod page;
mod periods;
mod promise;
mod registry;
mod sums;
mod words;

use std::path::Path;

use serde_json::Value;

use crate::Result;
use output::Output;

/// A report as a page.
pub struct Report {
    /// The page.
    pub html: String,
    /// How many days it shows.
    pub days: usize,
    /// How many questions it shows.
    pub questions: usize,
}

/// Makes the report of everything that was published in a folder.
///
/// # Errors
/// Usage, when nothing was published there; input, naming the file, when one is not as its manifest says;
/// I/O.
pub fn report(out: &Path) -> Result<Report> {
    let output = Output::read(out)?;
    let html = page::page(&output)?;
    Ok(Report { html, days: output.days.len(), questions: output.questions.len() })
}

/// The manifest of the newest day that was published in a folder.
///
/// # Errors
/// As for [`report()`].
pub fn manifest(out: &Path) -> Result<Value> {
    Ok(Output::read(out)?.newest().clone())
}

/// The entry of a release for a public registry of deployments, from its manifests.
///
/// # Errors
/// As for [`report()`].
pub fn registry(out: &Path) -> Result<Value> {
    Ok(registry::entry(&Output::read(out)?))
}
