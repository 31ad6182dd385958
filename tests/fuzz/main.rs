//! Damaged input of every kind that the program reads: whatever it is, the program ends in time and within
//! its memory, with an error of the right kind where there is one, and without a word of a row.
//!
//! Each target makes its inputs by number from the seeds in `tests/fuzz/seeds` and from what the program
//! itself writes. By default each makes a fixed count of them. `POINTILLIST_FUZZ=600` goes on for 600
//! seconds for each target. `POINTILLIST_FUZZ_FROM=1000000` begins with another number, and keeps the folder in
//! which the input stands.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by failing"
)]
#![expect(clippy::print_stdout, reason = "what a target did is shown with --nocapture")]

#[path = "../../src/engine/tests/oracle/chance.rs"]
mod chance;
mod damage;
mod ledgers;
mod logs;
mod numbers;
mod program;
mod published;
mod release_files;
mod releases;
mod times;
mod watched;

use watched::watched;

#[test]
fn release_files() {
    watched("release_files", 2_000, release_files::target);
}

#[test]
fn logs_of_text() {
    watched("logs_of_text", 1_500, || logs::target(logs::Form::Text));
}

#[test]
fn logs_of_columns() {
    watched("logs_of_columns", 1_500, || logs::target(logs::Form::Columns));
}

#[test]
fn spellings_of_times() {
    watched("spellings_of_times", 1_500, times::target);
}

#[test]
fn spellings_of_numbers() {
    watched("spellings_of_numbers", 300, numbers::target);
}

#[test]
fn ledgers() {
    watched("ledgers", 300, ledgers::target);
}

#[test]
fn published_files() {
    watched("published_files", 150, published::target);
}

#[test]
fn releases() {
    watched("releases", 40, releases::target);
}
