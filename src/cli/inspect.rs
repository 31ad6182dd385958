//! `inspect`: the promise and the error of a published file, in words.

use std::fmt::Write;
use std::fs::File;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

use super::output::Output;
use crate::{Error, Result};

/// Runs the command.
///
/// # Errors
/// I/O, when the file cannot be opened; input, when it is not one that pointillist published.
pub(crate) fn run(path: &Path, output: &Output) -> Result<()> {
    let file = File::open(path).map_err(|error| {
        Error::io(format!("{} cannot be opened", path.display()))
            .help("check the path")
            .because(error)
    })?;
    let foreign = || {
        Error::input(format!("{} was not published by pointillist", path.display()))
            .help("give a file such as published/volume/day=2026-01-01/part-0.parquet")
    };
    let reader = SerializedFileReader::new(file).map_err(|_| foreign())?;
    let metadata = reader.metadata().file_metadata();
    let facts: Value = metadata
        .key_value_metadata()
        .into_iter()
        .flatten()
        .find(|pair| pair.key == "pointillist")
        .and_then(|pair| serde_json::from_str(pair.value.as_deref()?).ok())
        .ok_or_else(foreign)?;
    let word = |name: &str| match &facts[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let columns: Vec<&str> =
        metadata.schema_descr().columns().iter().map(|column| column.name()).collect();
    // Writing to a string cannot fail.
    let mut text = String::new();
    let _infallible = writeln!(
        text,
        "{}: {} of release {}, day {} ({})\n{} rows; columns {}\n\n{}\n\nEach value carries noise of \
         standard deviation {} ({}, clip {}); the interval in ci_low and ci_high holds the bounded \
         value in {} of 100 cases.\nLedger entry {}, rho {}.",
        path.display(),
        word("question"),
        word("release"),
        word("day"),
        word("time_zone"),
        metadata.num_rows(),
        columns.join(", "),
        word("guarantee"),
        word("noise_scale"),
        word("mechanism"),
        word("clip"),
        facts["confidence"].as_f64().map_or(0.0, |share| share * 100.0),
        word("ledger_entry"),
        word("rho"),
    );
    output.result(&facts, &text);
    Ok(())
}
