//! Measures how far published answers are from a full count, beside what they state.
//!
//! `cargo bench --bench accuracy` releases days of simulated users with the whole program, each with
//! a ledger of its own and all of a budget of epsilon 1 and delta 1e-6, and prints tables: errors
//! beside other ways to bound at their best in hindsight ([`others`]), errors and coverage of counts
//! by logs of many sizes, of sums of weeks and of other kinds of questions, and the number of private
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

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;

/// How much to measure.
#[derive(Parser)]
pub(crate) struct Asked {
    /// Days of each log: other seeds, other dates, or both.
    #[arg(long, default_value_t = 10)]
    days: usize,
    /// Releases of each day.
    #[arg(long, default_value_t = 3)]
    draws: usize,
    /// Also measure days of 10 million lookups.
    #[arg(long)]
    large: bool,
    /// Only logs whose name has this in it, such as "1000000 by".
    #[arg(long, default_value = "")]
    log: String,
    /// Write the tables between the marks of this document.
    #[arg(long, value_name = "PATH")]
    write: Option<PathBuf>,
    /// Which tables: others, sizes, weeks, kinds, keys; all if none is named.
    only: Vec<String>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A table's name, its title, and what makes it.
type Part = (&'static str, &'static str, fn(&Asked) -> String);

const PARTS: [Part; 5] = [
    ("others", "Root mean square errors beside other ways to bound", tables::others),
    ("sizes", "Five questions of a day", tables::sizes),
    ("weeks", "Sums of weeks", tables::weeks),
    ("kinds", "Nine questions of other kinds", tables::kinds),
    ("keys", "Private prefixes that are found", tables::keys),
];

/// The marks around the tables in a document.
const MARKS: [&str; 2] = ["<!-- benches/accuracy writes from here -->\n", "<!-- to here -->"];

fn main() {
    let asked = Asked::parse();
    let mut text = String::new();
    for (name, title, part) in PARTS {
        if asked.only.is_empty() || asked.only.iter().any(|only| only == name) {
            let begun = Instant::now();
            let table = format!("### {title}\n\n{}", part(&asked));
            println!("{table}\n({name}: {:.0} s)\n", begun.elapsed().as_secs_f64());
            write!(text, "{}{table}", if text.is_empty() { "" } else { "\n" }).expect("memory");
        }
    }
    if let Some(path) = &asked.write {
        let before = std::fs::read_to_string(path).expect("a document");
        let (head, rest) = before.split_once(MARKS[0]).expect("the first mark");
        let (_, tail) = rest.split_once(MARKS[1]).expect("the second mark");
        let after = format!("{head}{}{}{}{tail}", MARKS[0], text, MARKS[1]);
        std::fs::write(path, after).expect("the document is written");
    }
}
