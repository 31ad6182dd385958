//! What a test of an audit found.

use serde::Serialize;

/// The outcome of one test of one subject.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The test.
    pub test: &'static str,
    /// What it was done to: a table, a class of tables, the ledger.
    pub subject: String,
    /// What was measured.
    pub statistic: String,
    /// The values that it may have.
    pub bound: String,
    /// Whether it has one of them.
    pub passed: bool,
    /// The probability, at most, that a correct program does not pass.
    pub false_alarm: f64,
}

impl Finding {
    /// The finding of a test that notes what is wrong and cannot fail by chance; `sound` is what it
    /// says if nothing is.
    pub(super) fn none_wrong(
        test: &'static str,
        subject: impl Into<String>,
        wrong: &[impl AsRef<str>],
        sound: &str,
    ) -> Self {
        let statistic = wrong.first().map_or(sound, AsRef::as_ref).to_owned();
        let (subject, bound, passed) = (subject.into(), sound.to_owned(), wrong.is_empty());
        Self { test, subject, statistic, bound, passed, false_alarm: 0.0 }
    }

    /// The finding of a number that must not be above its bound.
    pub(super) fn at_most(
        test: &'static str,
        subject: impl Into<String>,
        statistic: f64,
        bound: f64,
        false_alarm: f64,
    ) -> Self {
        let (statistic, bound, passed) =
            (number(statistic), format!("at most {}", number(bound)), statistic <= bound);
        Self { test, subject: subject.into(), statistic, bound, passed, false_alarm }
    }

    /// The finding of a number that must lie between two.
    pub(super) fn between(
        test: &'static str,
        subject: impl Into<String>,
        statistic: f64,
        [low, high]: [f64; 2],
        false_alarm: f64,
    ) -> Self {
        let passed = low <= statistic && statistic <= high;
        let bound = format!("{} to {}", number(low), number(high));
        Self {
            test,
            subject: subject.into(),
            statistic: number(statistic),
            bound,
            passed,
            false_alarm,
        }
    }
}

/// A number in four digits or more.
pub(super) fn number(number: f64) -> String {
    match number.abs() {
        size if size >= 1_000.0 => format!("{number:.0}"),
        size if size >= 0.001 => format!("{number:.4}"),
        size if size > 0.0 => format!("{number:.2e}"),
        _ => "0".to_owned(),
    }
}
