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
    let published = Published::read(path)?;
    let facts = &published.facts;
    let mut text = published.headline(path);
    text.push_str(&bounded_days(facts));
    text.push_str(&coverage(facts));
    for table in facts["measured_tables"].as_array().into_iter().flatten() {
        text.push_str(&measured(table));
    }
    if facts["grain"].is_null() {
        // Writing to a string cannot fail.
        let _infallible = writeln!(text, "Ledger entry {}.", published.word("ledger_entry"));
    }
    output.result(facts, &text);
    Ok(())
}

/// What a published file says of itself.
struct Published {
    facts: Value,
    rows: i64,
    columns: Vec<String>,
}

impl Published {
    fn read(path: &Path) -> Result<Self> {
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
        let facts = metadata
            .key_value_metadata()
            .into_iter()
            .flatten()
            .find(|pair| pair.key == "pointillist")
            .and_then(|pair| serde_json::from_str(pair.value.as_deref()?).ok())
            .ok_or_else(foreign)?;
        let columns = metadata.schema_descr().columns().iter();
        let columns = columns.map(|column| column.name().to_owned()).collect();
        Ok(Self { facts, rows: metadata.num_rows(), columns })
    }

    fn word(&self, name: &str) -> String {
        match &self.facts[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    fn headline(&self, path: &Path) -> String {
        format!(
            "{}: {} of release {}, {} ({})\n{} rows; columns {}\n\n{}\n\nEach value carries noise, \
             whose standard deviation is in noise_sd; the interval in ci_low and ci_high holds the \
             {} value in {} of 100 cases.\n",
            path.display(),
            self.word("question"),
            self.word("release"),
            // Sums of days say which period they are of.
            match self.facts["grain"].as_str() {
                Some(grain) => format!("{grain} {}", self.word("period")),
                None => format!("day {}", self.word("day")),
            },
            self.word("time_zone"),
            self.rows,
            self.columns.join(", "),
            self.word("guarantee"),
            match self.facts["bounded_days"].as_array() {
                Some(days) if days.is_empty() => "true",
                _ => "bounded",
            },
            self.facts["confidence"].as_f64().map_or(0.0, |share| share * 100.0),
        )
    }
}

/// Which of the days that were added up have intervals about what bounding left.
fn bounded_days(facts: &Value) -> String {
    let days = facts["bounded_days"].as_array().into_iter().flatten();
    let days: Vec<&str> = days.filter_map(Value::as_str).collect();
    if days.is_empty() {
        return String::new();
    }
    format!("The intervals of these days leave out what bounding took: {}.\n", days.join(", "))
}

/// What share of the lookups bounding kept, where the file says so.
fn coverage(facts: &Value) -> String {
    let Some(share) = facts["coverage"]["share"].as_f64() else { return String::new() };
    let sd = facts["coverage"]["sd"].as_f64().unwrap_or_default();
    format!(
        "Bounding kept {:.1} of 100 lookups (sd {:.1}){}.\n",
        share * 100.0,
        sd * 100.0,
        if facts["raked"] == Value::Bool(true) {
            "; values are scaled to the total, value_unraked is before that"
        } else {
            ""
        }
    )
}

/// The noise, clip and price of one measured table.
fn measured(table: &Value) -> String {
    let layers = &table["layers"];
    let count = layers["measured"]["sums"].as_array().map_or(0, Vec::len);
    format!(
        "Measured: {}, {} of sd {:.3}{}, clip {}, rho {}\n",
        table["name"].as_str().unwrap_or_default(),
        table["mechanism"].as_str().unwrap_or_default(),
        table["noise_scale"].as_f64().unwrap_or_default(),
        if count > 0 { format!(" in each of {count} layers") } else { String::new() },
        if count > 0 { &layers["up_to"] } else { &table["clip"] },
        table["rho"],
    )
}
