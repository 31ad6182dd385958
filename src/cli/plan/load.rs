//! Predicts how informative values would be on a day of a given size, before anything is spent.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::args::Plan;
use crate::release::{Expected, Load, Typical};
use crate::release_file::question::Question;

/// Lookups per requester if `--requesters` is not given. The number of requesters decides how
/// informative distinct counts and histograms are.
const LOOKUPS_PER_REQUESTER: f64 = 10.0;

/// The load that was asked about.
pub(super) fn load(asked: &Plan) -> Option<Load> {
    let lookups = asked.lookups? as f64;
    let requesters = asked.requesters.map(|requesters| requesters as f64);
    let requesters = requesters.unwrap_or_else(|| (lookups / LOOKUPS_PER_REQUESTER).max(1.0));
    Some(Load { lookups, requesters })
}

/// What an error is a part of.
pub(super) fn of_what(of: &str) -> String {
    if of == "rank" { "in rank".to_owned() } else { format!("of the {of}") }
}

/// One question's typical value.
pub(super) struct Row {
    question: String,
    typical: Typical,
    /// What the error of a ratio is relative to.
    of: Option<&'static str>,
}

impl Row {
    pub(super) fn new(question: &Question, expected: Expected, typical: Typical) -> Self {
        Self { question: question.name.clone(), typical, of: expected.relative_to() }
    }

    /// As JSON; the relative error of zero is null.
    pub(super) fn object(&self) -> Value {
        json!({
            "value": self.typical.value,
            "error": self.typical.sd,
            "relative_error": self.typical.relative,
            "uninformative": self.typical.is_uninformative,
        })
    }
}

/// The typical values as text, with a warning about questions whose answers would drown in noise.
pub(super) fn words(load: Load, are_requesters_given: bool, rows: &[Row]) -> String {
    let taken = if are_requesters_given { "" } else { " (assumed: a tenth; see --requesters)" };
    let mut text = format!(
        "\nOn a day of {} lookups by {} requesters{taken}, spread evenly over all rows:\n{:<24} {:>16} \
         {:>12} {:>24}",
        load.lookups, load.requesters, "question", "typical value", "error", "relative error"
    );
    for Row { question, typical, of } in rows {
        let relative = if typical.relative.is_finite() {
            format!(
                "{} %{}",
                short(typical.relative * 100.0),
                of.map_or_else(String::new, |of| format!(" {}", of_what(of)))
            )
        } else {
            "none: the value is 0".to_owned()
        };
        let mark = if typical.is_uninformative { "  uninformative" } else { "" };
        // Writing to a string cannot fail.
        let _infallible = write!(
            text,
            "\n{question:<24} {:>16} {:>12} {relative:>24}{mark}",
            short(typical.value),
            short(typical.sd)
        );
    }
    let lost: Vec<&str> = rows
        .iter()
        .filter(|row| row.typical.is_uninformative)
        .map(|row| row.question.as_str())
        .collect();
    if !lost.is_empty() {
        let _infallible = write!(
            text,
            "\nWarning: a typical value of {} would be narrower than its interval. Ask by fewer keys, or \
             give the question more `weight` or the ledger more epsilon, before anything is spent.",
            lost.join(", ")
        );
    }
    text.push_str(
        "\nTypical is a share of a half, the middle of a range, the median, and of `having` as many \
         requesters as the lookups allow; errors of counts hold where bounding takes nothing, and grow \
         by what it takes.",
    );
    text
}

/// A number with three digits or more.
fn short(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requesters_are_a_tenth_of_the_lookups_by_default() {
        let asked = |lookups, requesters| Plan { release: "r.toml".into(), lookups, requesters };
        assert_eq!(load(&asked(None, None)), None);
        let of = |lookups, requesters| {
            let load = load(&asked(Some(lookups), requesters)).unwrap();
            load.requesters.to_string()
        };
        assert_eq!([of(1_000, None), of(1_000, Some(7)), of(3, None)], ["100", "7", "1"]);
    }
}
