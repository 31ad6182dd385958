//! Measures how far published answers are from a full count, beside what they state.
//!
//! `cargo bench --bench accuracy` releases days of simulated users with the whole program, each with
//! a ledger of its own and all of a budget of epsilon 1 and delta 1e-6, and prints tables: errors
//! beside other ways to bound at their best in hindsight ([`others`]), errors and coverage of counts
//! by logs of many sizes, of weeks and of other kinds of questions, and the number of private
//! prefixes that are found ([`keys`]). `docs/accuracy.md` says what each column means and what the
//! figures show; `-- --large --write docs/accuracy.md` writes them there again.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at what it did not expect"
)]

mod asked;
mod keys;
mod log;
mod others;
mod published;
mod real;
mod runs;
mod simulated;
mod tables;
mod world;

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;

/// How much to measure.
#[derive(Parser)]
pub(crate) struct Asked {
    /// Days of each log: other seeds, other dates, or both.
    #[arg(long, default_value_t = 10)]
    days: usize,
    /// Releases of each day; three, and fifteen beside other ways, if it is not given.
    #[arg(long)]
    draws: Option<usize>,
    /// Also measure days of 10 million lookups.
    #[arg(long)]
    large: bool,
    /// Only logs whose name has this in it, such as "1000000 by".
    #[arg(long, default_value = "")]
    log: String,
    /// The seed of the first day or week of simulated users and power laws; each further one has the next.
    #[arg(long, default_value_t = 11)]
    seed: u64,
    /// Write the tables between the marks of this document.
    #[arg(long, value_name = "PATH")]
    write: Option<PathBuf>,
    /// Which tables: others, sizes, weeks, averages, kinds, keys; all if none is named.
    only: Vec<String>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A table's name, its title, how often each day is released if nothing else is asked, and what makes it.
type Part = (&'static str, &'static str, usize, fn(&Asked, usize) -> String);

// The root mean square error of a total is that of the few draws in which noise passes for a class of
// heavy users, so that beside other ways it takes many draws.
const PARTS: [Part; 6] = [
    ("others", "Root mean square errors beside other ways to bound", 15, tables::others),
    ("sizes", "Five questions of a day", 3, tables::sizes),
    ("weeks", "Sums of weeks", 3, tables::weeks),
    ("averages", "Shares, means and sums of numbers", 3, tables::averages),
    ("kinds", "Nine questions of other kinds", 3, tables::kinds),
    ("keys", "Private prefixes that are found", 3, tables::keys),
];

/// The marks around the tables in a document, and what begins a table's title.
const MARKS: [&str; 2] = ["<!-- benches/accuracy writes from here -->\n", "<!-- to here -->"];
const TITLE: &str = "### ";

fn main() {
    let asked = Asked::parse();
    let is_asked = |name: &str| asked.only.is_empty() || asked.only.iter().any(|only| only == name);
    let mut made: Vec<(&str, String)> = Vec::new();
    for (name, title, draws, part) in PARTS.into_iter().filter(|(name, ..)| is_asked(name)) {
        let begun = Instant::now();
        let draws = asked.draws.unwrap_or(draws);
        let table =
            format!("{TITLE}{title}\n\n{draws} releases of each day.\n\n{}\n", part(&asked, draws));
        println!("{table}({name}: {:.0} s)\n", begun.elapsed().as_secs_f64());
        made.push((title, table));
    }
    if let Some(path) = &asked.write {
        let document = std::fs::read_to_string(path).expect("a document");
        std::fs::write(path, with_tables(&document, &made)).expect("the document is written");
    }
}

/// A document with these tables in place of those of the same titles; others stay as they are.
fn with_tables(document: &str, made: &[(&str, String)]) -> String {
    let (head, rest) = document.split_once(MARKS[0]).expect("the first mark");
    let (between, tail) = rest.split_once(MARKS[1]).expect("the second mark");
    let table = |(_, title, ..): Part| {
        let mut known = between.split(TITLE).filter(|known| known.starts_with(title));
        let new = made.iter().find(|(made, _)| *made == title).map(|(_, table)| table.clone());
        new.or_else(|| Some(format!("{TITLE}{}", known.next()?))).unwrap_or_default()
    };
    let tables: String = PARTS.into_iter().map(table).collect();
    format!("{head}{}{tables}{}{tail}", MARKS[0], MARKS[1])
}
