//! How informative published values are: their error beside their size, read back from stored bytes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::read::Published;
use crate::Result;
use crate::ledger::StoredFile;

/// How informative the values of one question were on one day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Worth {
    /// The root mean square of half the width of the intervals.
    pub absolute: f64,
    /// The same, as a part of the mean absolute value.
    pub relative: f64,
    /// How many values were published, nulls left out.
    pub rows: usize,
    /// How many of them say nothing.
    pub uninformative: usize,
}

/// Reads the worth of the file of every question; the manifest is skipped.
///
/// # Errors
/// Internal, when stored bytes are not what was published.
pub fn worth(files: &[StoredFile]) -> Result<BTreeMap<String, Worth>> {
    let mut worth = BTreeMap::new();
    for file in files {
        if let Some((question, _)) =
            file.path.split_once('/').filter(|(name, _)| *name != "_manifest")
        {
            worth.insert(question.to_owned(), of_file(file)?);
        }
    }
    Ok(worth)
}

/// The prefixes whose published count is well above zero, largest first; empty if the files
/// have no such question.
///
/// # Errors
/// Internal, when stored bytes are not what was published.
pub fn seen_prefixes(files: &[StoredFile], question: &str) -> Result<Vec<u64>> {
    let Some(file) = files.iter().find(|file| file.is_of(question)) else { return Ok(Vec::new()) };
    let table = Published::read(&file.bytes)?;
    let (values, lows) = (table.numbers("value")?, table.numbers("ci_low")?);
    let name = table.keys().into_iter().next().unwrap_or_default();
    let names = table.words(&name)?;
    let names = names.iter().map(|name| name.strip_prefix('+')?.parse::<u64>().ok());
    let stands_out = |value: f64, low: f64| value > 0.0 && value - low <= value / SEEN;
    let rows = names.zip(values.into_iter().zip(lows));
    let mut seen: Vec<(f64, u64)> = rows
        .filter_map(|(name, (value, low))| {
            let (name, value, low) = (name?, value?, low?);
            stands_out(value, low).then_some((value, name))
        })
        .collect();
    seen.sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
    Ok(seen.into_iter().map(|(_, name)| name).collect())
}

/// A published value that lies this many times as far above zero as above the lower end of its interval is
/// taken for real: about three standard deviations.
const SEEN: f64 = 1.5;

fn of_file(file: &StoredFile) -> Result<Worth> {
    let (mut squares, mut sizes, mut rows, mut uninformative) = (0.0, 0.0, 0_usize, 0);
    let table = Published::read(&file.bytes)?;
    let intervals = table.numbers("ci_low")?.into_iter().zip(table.numbers("ci_high")?);
    let flags = table.numbers("uninformative")?;
    let values = table.numbers("value")?;
    for ((value, interval), flag) in values.into_iter().zip(intervals).zip(flags) {
        let (Some(value), (Some(low), Some(high))) = (value, interval) else { continue };
        rows += 1;
        squares += ((high - low) / 2.0).powi(2);
        sizes += value.abs();
        uninformative += usize::from(flag.is_some_and(|flag| flag > 0.0));
    }
    let count = rows.max(1) as f64;
    let absolute = (squares / count).sqrt();
    Ok(Worth { absolute, relative: absolute / (sizes / count).max(1e-12), rows, uninformative })
}
