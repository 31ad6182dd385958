//! Answers → Parquet files and a manifest, made in memory, written atomically.
//!
//! In: noisy answers with their guarantee. Out: the bytes of every file ([`render`]), which the
//! ledger stores, and the same bytes in the output folder ([`write_out`]). It takes estimates of
//! noisy tables and nothing else:
//!
//! ```compile_fail
//! use pointillist::{aggregate::ExactTally, plan::Plan, publish::Facts};
//! fn leak(tally: ExactTally, plan: &Plan, facts: &Facts<'_>) {
//!     pointillist::publish::render(facts, plan, &tally);
//! }
//! ```

mod checked;
mod compare;
mod export;
mod folder;
mod manifest;
mod own;
mod read;
mod rollup;
mod table;
mod worth;

pub use compare::{Comparison, Range, Real, Row, compare};
pub use export::{Csv, csv, is_csv};
pub use folder::{check_writable, is_whole, remove_leftovers, write_out};
pub use manifest::Facts;
pub use own::{MANIFESTS, require_known, require_own};
pub use read::{Published, unreadable};
pub use rollup::{Coarser, Countries, Period, ReleasedDay, RolledUp, rollup, sum};
pub use table::FINGERPRINT;
pub use worth::{Worth, seen_prefixes, worth};

use crate::Result;
use crate::ledger::StoredFile;
use crate::plan::Plan;
use crate::release::{NoisyTable, answers};

/// Makes every file of a release: one Parquet file per question, and the manifest.
///
/// # Shapes
/// Every combination of public keys is a row, sorted by key, with data or without.
///
/// # Errors
/// Internal, when a file cannot be made or does not read back as it was written.
pub fn render(facts: &Facts<'_>, plan: &Plan, tables: &[NoisyTable]) -> Result<Vec<StoredFile>> {
    let mut files = Vec::new();
    let mut listed = Vec::new();
    let questions = &facts.release_file.questions;
    let answered = answers(questions, plan, facts.look, tables)?;
    let classes = manifest::classes(&answered.numbers);
    for (place, (question, answer)) in questions.iter().zip(&answered.questions).enumerate() {
        let metadata = facts.of_question(place, question, answer, tables, &classes);
        let bytes = table::to_parquet(question, facts.day, answer, &metadata)?;
        let path = format!("{}/day={}/part-0.parquet", question.name, facts.day);
        listed.push(manifest::Listed::new(&path, &bytes, metadata));
        files.push(StoredFile { path, bytes });
    }
    let path = own::manifest_path(facts.day);
    files.push(StoredFile { path, bytes: facts.manifest(&listed, tables, &classes)? });
    Ok(files)
}
