//! Columns of JSON that the release file names and that no line shows. JSON has no header, so a column that only
//! some lookups need may be rare: nothing is refused for it, since then a single row could decide whether a day is
//! released. The owner of the logs gets a warning, with the name that was probably meant.

use std::collections::BTreeSet;
use std::fmt;

use super::json_names::JsonNames;
use super::log_file::OpenLog;
use super::nested;
use super::wanted::{ALIKE, Wanted, has_time};
use crate::release_file::nearest::nearest;

/// A column that none of the lines that were looked at has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsentColumn {
    /// Its name in the release file.
    pub name: String,
    /// A column that many lines have, that is called nearly so and that nothing else asks for.
    pub near: Option<String>,
}

/// The wanted columns that no file shows, by place.
pub(super) fn missing(wanted: &Wanted, files: &[OpenLog<'_>]) -> Vec<usize> {
    let known: Vec<Vec<String>> = files.iter().filter_map(OpenLog::names).collect();
    if known.is_empty() {
        return Vec::new();
    }
    let is_missing = |place: &usize| {
        let name = &wanted.names[*place];
        !wanted.is_derived(*place) && !known.iter().any(|names| names.contains(name))
    };
    (0..wanted.names.len()).filter(is_missing).collect()
}

/// Those that some lookups do without, with what was probably meant. A line without a column that every lookup needs is
/// a reject, and counts as such.
pub(super) fn absent(wanted: &Wanted, files: &[OpenLog<'_>]) -> Vec<AbsentColumn> {
    let mut missing = missing(wanted, files);
    missing.retain(|place| !wanted.is_needed(*place));
    if missing.is_empty() {
        return Vec::new();
    }
    let usual = usual(files);
    // A column that is already used for something else is hardly the one that was meant.
    let is_unused = |name: &&str| !wanted.names.iter().any(|used| used == name);
    let unused = || usual.iter().map(String::as_str).filter(is_unused);
    let one = |place: usize| {
        let name = wanted.names[place].clone();
        let near = nearest(&name, unused(), ALIKE).map(str::to_owned);
        AbsentColumn { name, near }
    };
    missing.into_iter().map(one).collect()
}

/// The names of columns with values that messages may show: not those of few rows, in however many files they are, and
/// not those that hold other columns.
pub(super) fn usual(files: &[OpenLog<'_>]) -> BTreeSet<String> {
    let mut json = JsonNames::default();
    files.iter().filter_map(OpenLog::json_names).for_each(|of_file| json.add(of_file));
    let others = files.iter().filter(|file| file.json_names().is_none());
    let mut names: BTreeSet<String> = others.filter_map(OpenLog::names).flatten().collect();
    names.extend(json.usual());
    let is_shown = |name: &&String| !has_time(name) && nested::is_leaf(name, &names);
    names.iter().filter(is_shown).cloned().collect()
}

impl fmt::Display for AbsentColumn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no file has the column `{}` in its first 1,000 lines", self.name)?;
        match &self.near {
            Some(near) => write!(
                formatter,
                ": did you mean `{near}`? Correct it in `[logs] columns`, or where it is named"
            ),
            None => write!(
                formatter,
                ", and lookups without it count as ones without a value: look whether it is called so, unless few \
                 lookups have it"
            ),
        }
    }
}
