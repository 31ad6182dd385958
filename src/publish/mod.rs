//! Answers → Parquet files and a manifest, made in memory, written atomically.
//!
//! In: noisy answers with their guarantee. Out: the bytes of every file ([`render`]), which the
//! ledger stores, and the same bytes in the output folder ([`write_out`]). It takes estimates of
//! noisy tables and nothing else:
//!
//! ```compile_fail
//! fn leak(tally: pointillist::aggregate::ExactTally, facts: &pointillist::publish::Facts<'_>) {
//!     pointillist::publish::render(facts, &tally);
//! }
//! ```

mod folder;
mod manifest;
mod table;

pub use folder::{check_writable, is_whole, remove_leftovers, write_out};
pub use manifest::Facts;

use crate::Result;
use crate::ledger::StoredFile;
use crate::release::{NoisyTable, estimate};

/// Makes every file of a release: one Parquet file per question, and the manifest.
///
/// # Shapes
/// Every combination of public keys is a row, sorted by key, with data or without.
///
/// # Errors
/// Internal, when a file cannot be made or does not read back as it was written.
pub fn render(facts: &Facts<'_>, tables: &[NoisyTable]) -> Result<Vec<StoredFile>> {
    let mut files = Vec::new();
    let mut listed = Vec::new();
    for (question, table) in facts.release.questions.iter().zip(tables) {
        let metadata = facts.of_question(question, table);
        let bytes = table::to_parquet(question, facts.day, &estimate(question, table)?, &metadata)?;
        let path = format!("{}/day={}/part-0.parquet", question.name, facts.day);
        listed.push(manifest::Listed::new(&path, &bytes, metadata));
        files.push(StoredFile { path, bytes });
    }
    let path = format!("_manifest/day={}.json", facts.day);
    files.push(StoredFile { path, bytes: facts.manifest(&listed)? });
    Ok(files)
}
