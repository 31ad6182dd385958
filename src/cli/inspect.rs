//! `inspect`: the promise and the error of a published file, in words.

use std::fs::File;
use std::io::ErrorKind::NotFound;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

use super::output::{Output, grouped, people, wrapped};
use crate::publish::unreadable;
use crate::words::{CLASSES_ARE, ONE_HEAVY, several};
use crate::{Error, Result};

/// Runs the command.
///
/// # Errors
/// Usage, for what is no file of a table; I/O, when the file cannot be opened; input, when it is damaged or not one that
/// pointillist published.
pub(crate) fn run(path: &Path, output: &Output) -> Result<()> {
    let published = Published::read(path)?;
    let facts = &published.facts;
    let mut text = published.headline(path);
    for paragraph in facts["explained"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        text.push_str(&format!("\n{}", wrapped(paragraph, 2)));
    }
    // A file of sums states its guarantee in plain words already.
    let whose = if facts["explained"].is_null() { "" } else { "In the words of experts: " };
    text.push_str(&format!("\n{whose}{}\n", published.word("guarantee")));
    text.push_str(&classes(facts));
    text.push_str(&bounded_days(facts));
    text.push_str(&measured(facts));
    if facts["grain"].is_null() {
        text.push_str(&format!("\nLedger entry {}.\n", published.word("ledger_entry")));
    }
    output.result(facts, &wrapped(&text, 0));
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
            let named = format!("{} cannot be opened", path.display());
            let error_of = if error.kind() == NotFound { Error::usage } else { Error::io };
            error_of(named).help("check the path").because(error)
        })?;
        let foreign = || unreadable(path);
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

    /// What noise_sd and the interval are about.
    fn interval(&self) -> String {
        match self.facts["interval"].as_str() {
            Some(words) => {
                // Files of earlier versions have half of the sentence.
                let rest = if words.ends_with('.') { "" } else { ", and holds it in about 95 of 100 cases." };
                let of_lookups = match self.columns.iter().any(|name| name == "of_lookups") {
                    true => " of_lookups is how many lookups the value is of, and of_lookups_low to \
                             of_lookups_high is the interval of that.",
                    false => "",
                };
                let of_requesters = ["distinct", "histogram"];
                let heavy = match self.facts["asks"].as_str() {
                    Some(asks) if !of_requesters.contains(&asks) => format!(" {ONE_HEAVY}"),
                    _ => String::new(),
                };
                format!(
                    "value is the answer with its noise; {words}{rest}{heavy} noise_sd is the standard deviation \
                     of the noise alone. A row marked uninformative says nothing.{of_lookups}"
                )
            }
            None => "Each value carries noise, whose standard deviation is in noise_sd; the interval in \
                     ci_low and ci_high holds the bounded value in 95 of 100 cases."
                .to_owned(),
        }
    }

    fn headline(&self, path: &Path) -> String {
        format!(
            "{}: {} of release {}, {} ({})\n{}; columns {}\n\n{}\n",
            path.display(),
            self.word("question"),
            self.word("release"),
            // Sums of days say which period they are of.
            match self.facts["grain"].as_str() {
                Some(grain) => format!("{grain} {}", self.word("period")),
                None => format!("day {}", self.word("day")),
            },
            self.word("time_zone"),
            several(usize::try_from(self.rows).unwrap_or_default(), "row"),
            self.columns.join(", "),
            self.interval(),
        )
    }
}

/// How many requesters each class of activity has, where the file says so.
fn classes(facts: &Value) -> String {
    let Some(classes) = facts["classes"].as_array() else { return String::new() };
    let mut text = format!(
        "\nHow many requesters there were that day, by how many lookups they made:\n{:<6} {:>15} {:>15}   {}\n",
        "class", "lookups, around", "weighted count", "95 % interval"
    );
    let number = |class: &Value, name: &str| class[name].as_f64().unwrap_or_default();
    // All classes after the last one that may hold a whole requester look alike.
    let last = classes.iter().rposition(|class| number(class, "ci_high") >= 1.0);
    for (place, class) in classes.iter().enumerate().take(last.map_or(1, |last| last + 1)) {
        let seen = if class["seen"] == Value::Bool(true) { "" } else { ", too few to be seen" };
        text.push_str(&format!(
            "{place:<6} {:>15} {:>15}   {} to {}{seen}\n",
            grouped(number(class, "lookups")),
            people(number(class, "requesters")),
            grouped(number(class, "ci_low").floor()),
            grouped(number(class, "ci_high").ceil()),
        ));
    }
    text.push_str(CLASSES_ARE);
    text.push('\n');
    text
}

/// Names the days that were added up and whose intervals leave out what bounding took.
fn bounded_days(facts: &Value) -> String {
    let days = facts["bounded_days"].as_array().into_iter().flatten();
    let days: Vec<&str> = days.filter_map(Value::as_str).collect();
    if days.is_empty() {
        return String::new();
    }
    format!("\nThe intervals of these days leave out what bounding took: {}.\n", days.join(", "))
}

/// The heading of the measured tables.
const MEASURED: &str = "\nMeasured. Each number of a table has noise (discrete gaussian is its kind, sd its standard \
     deviation); clip is how much one requester can add at most, and rho is the price (docs/mechanisms.md):\n";

/// The noise, clip and price of each measured table. Tables of classes that differ in nothing but the
/// class are one line.
fn measured(facts: &Value) -> String {
    let mut lines: Vec<(String, String, Vec<u64>)> = Vec::new();
    for table in facts["measured_tables"].as_array().into_iter().flatten() {
        let name = table["name"].as_str().unwrap_or_default();
        let class = table["class"].as_u64();
        let prefix = class.map_or_else(String::new, |class| format!("class {class}"));
        let name = name.strip_prefix(&prefix).unwrap_or(name).to_owned();
        let number = |name: &str| table[name].as_f64().unwrap_or_default();
        let figures = format!(
            "{} of sd {:.3}, clip {:.4}, rho {:.9}",
            table["mechanism"].as_str().unwrap_or_default(),
            number("noise_scale"),
            number("clip"),
            number("rho"),
        );
        let alike = lines.iter_mut().find(|line| {
            let is_next = line.2.last().is_some_and(|last| class == Some(last + 1));
            is_next && (&line.0, &line.1) == (&name, &figures)
        });
        match alike {
            Some(line) => line.2.extend(class),
            None => lines.push((name, figures, class.into_iter().collect())),
        }
    }
    let mut text = if lines.is_empty() { String::new() } else { MEASURED.to_owned() };
    for (name, figures, classes) in lines {
        let class = match classes.as_slice() {
            [] => String::new(),
            [only] => format!("class {only}"),
            [first, .., last] => format!("classes {first} to {last}"),
        };
        text.push_str(&wrapped(&format!("  {class}{name}: {figures}"), 4));
    }
    text
}
