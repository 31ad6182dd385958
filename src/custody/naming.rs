//! Identifiers outside of rows: in a log file's path and in its metadata.
//!
//! In: the path and metadata of one file, then the identifiers of every row and whether the row
//! stays. Out: the identifiers that the texts contain and that have no row left, so that the texts
//! must go too. Identifiers shorter than six characters are ignored, since texts contain them by
//! chance.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::ingest::OpenLog;
use crate::release_file::day::Day;
use crate::release_file::day_names::DayNames;
use crate::release_file::logs::Logs;
use crate::{Error, Result};

/// The shortest identifier that is looked for.
const SHORTEST: usize = 6;

/// How many files of one folder can get new names.
const FILES_MAX: u32 = 10_000;

/// The texts of one file, and what was found in them.
pub(super) struct Naming {
    texts: Vec<Vec<u8>>,
    /// Whether any text could contain an identifier that consists of digits.
    has_digits: bool,
    gone: BTreeSet<String>,
    stays: BTreeSet<String>,
}

impl Naming {
    pub(super) fn new(texts: Vec<Vec<u8>>) -> Self {
        let runs = |text: &Vec<u8>| {
            text.chunk_by(|left, right| left.is_ascii_digit() == right.is_ascii_digit())
                .any(|run| run.len() >= SHORTEST && run[0].is_ascii_digit())
        };
        let has_digits = texts.iter().any(runs);
        Self { texts, has_digits, gone: BTreeSet::new(), stays: BTreeSet::new() }
    }

    /// Takes an identifier of a row.
    #[inline]
    pub(super) fn take(&mut self, identifier: &str, stays: bool) {
        // Called for every row, and most files have no text that could contain a number.
        if self.texts.is_empty() || (!self.has_digits && is_number(identifier)) {
            return;
        }
        let trimmed = identifier.trim().trim_start_matches('+');
        self.look_for(trimmed, stays);
        if let Some(digits) = digits(trimmed).filter(|digits| digits.len() < trimmed.len()) {
            self.look_for(&digits, stays);
        }
    }

    /// Whether a text contains an identifier of a row that goes.
    pub(super) fn has_gone(&self) -> bool {
        !self.gone.is_empty()
    }

    /// The identifiers that a text contains and that have no row left.
    pub(super) fn expired(&self) -> BTreeSet<String> {
        self.gone.difference(&self.stays).cloned().collect()
    }

    fn look_for(&mut self, word: &str, stays: bool) {
        if word.len() < SHORTEST {
            return;
        }
        let found = if stays { &mut self.stays } else { &mut self.gone };
        if !found.contains(word) && self.texts.iter().any(|text| holds(text, word)) {
            found.insert(word.to_owned());
        }
    }
}

/// A new path for what stays of a log file, in its folder and not among those `taken`; where the
/// names of files say the day, it says the day too. `None` if its own path contains none of the
/// `named` identifiers and can stay.
///
/// # Errors
/// Input, when a folder is named after one of them, or the glob would find the file under no other
/// name.
pub(super) fn new_path(
    log: &OpenLog<'_>,
    logs: &Logs,
    named: &BTreeSet<String>,
    taken: &BTreeSet<PathBuf>,
) -> Result<Option<PathBuf>> {
    let (path, base) = (log.path(), logs.place.base());
    let folder = path.parent().unwrap_or(Path::new(""));
    let inside = folder.strip_prefix(&base).unwrap_or(folder).to_string_lossy();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let day = logs.day_names.as_ref().and_then(|names| names.day_of(path));
    let is_named = |text: &str| named.iter().any(|word| holds_beside_day(text, word, day));
    if !is_named(&inside) && !is_named(&name) {
        return Ok(None);
    }
    // Readers that go by the day in a file's name must find the day in the new one.
    let day = match (&logs.day_names, day) {
        (Some(DayNames::File), Some(day)) => format!("{day}-"),
        _ => String::new(),
    };
    let mut parts = name.rsplit('.');
    let last = parts.next().unwrap_or_default().to_owned();
    let endings = [last.clone(), format!("{}.{last}", parts.next().unwrap_or_default())];
    let endings = endings.iter().filter(|ending| !is_named(ending));
    let fits =
        |path: &PathBuf| !path.exists() && !taken.contains(path) && log.file().would_be_found(path);
    let day = &day;
    let candidates = endings.flat_map(|ending| {
        (1..=FILES_MAX).map(move |number| folder.join(format!("retained-{day}{number}.{ending}")))
    });
    let found = candidates.filter(|_| !is_named(&inside)).find(fits);
    found.map(Some).ok_or_else(|| {
        Error::input(format!(
            "below {}, the name of a folder, or of a file that the glob would not find under another \
             name, contains an identifier all of whose rows go",
            base.display()
        ))
        .help("rename it, or move the files that stay elsewhere, then run again")
    })
}

/// Whether a text contains a word outside of the day that it says. The day of a file is public,
/// since the release file promises it, so it may stay in a name even if an identifier has the same
/// digits, such as 20260108.
fn holds_beside_day(text: &str, word: &str, day: Option<Day>) -> bool {
    let Some(day) = day else { return text.contains(word) };
    let spelled = ["-", "_", ".", ""].map(|mark| day.to_string().replace('-', mark));
    let rest = spelled.iter().fold(text.to_owned(), |rest, day| rest.replace(day.as_str(), "/"));
    rest.contains(word) || text.contains(word) && !spelled.iter().any(|day| day.contains(word))
}

/// Whether a text contains any of these words.
pub(super) fn holds_any(text: &[u8], words: &BTreeSet<String>) -> bool {
    words.iter().any(|word| holds(text, word))
}

fn holds(text: &[u8], word: &str) -> bool {
    memchr::memmem::find(text, word.as_bytes()).is_some()
}

/// Whether all but the first character are digits. Checks all of them: leaving early is slower here.
#[inline]
fn is_number(text: &str) -> bool {
    let rest = text.as_bytes().get(1..).unwrap_or_default();
    rest.iter().fold(true, |all, byte| all & byte.is_ascii_digit())
}

/// The digits of a number that was written with spaces and signs; `None` for other text.
fn digits(text: &str) -> Option<String> {
    let is_sign = |character: char| " -().\u{a0}".contains(character);
    let is_number = text.chars().all(|character| character.is_ascii_digit() || is_sign(character));
    is_number.then(|| text.chars().filter(char::is_ascii_digit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expired(texts: &[&str], gone: &[&str], stays: &[&str]) -> Vec<String> {
        let mut naming = Naming::new(texts.iter().map(|text| text.as_bytes().to_vec()).collect());
        gone.iter().for_each(|name| naming.take(name, false));
        stays.iter().for_each(|name| naming.take(name, true));
        naming.expired().into_iter().collect()
    }

    #[test]
    fn the_day_of_a_file_is_no_identifier() {
        let day = Some("2026-01-08".parse().unwrap());
        for (text, word, holds) in [
            ("x-20260108.csv", "20260108", false),
            ("x-2026-01-08.csv", "2026-01-08", false),
            ("x-2026-01-08.csv", "2026-01", false),
            ("x-20260108-2026-01-08.csv", "20260108", false),
            ("x-120260108-2026-01-08.csv", "120260108", true),
            ("x-260108-2026-01-08.csv", "260108", true),
            ("x-14155550001-2026-01-08.csv", "14155550001", true),
            ("x-2026010813.csv", "2026010813", true),
            ("x-2026-01-08.csv", "20260108", false),
        ] {
            assert_eq!(holds_beside_day(text, word, day), holds, "{text} {word}");
            assert_eq!(holds_beside_day(text, word, None), text.contains(word), "{text} {word}");
        }
    }

    #[test]
    fn what_stands_in_a_text_and_has_no_row_left() {
        let texts = ["user=14155550123/x.csv", "written for alice-7"];
        assert_eq!(expired(&texts, &["+14155550123"], &[]), ["14155550123"]);
        assert_eq!(expired(&texts, &["+1 (415) 555-0123"], &[]), ["14155550123"]);
        assert_eq!(expired(&texts, &["+14155550123"], &["+1 415 555 0123"]), [""; 0]);
        assert_eq!(expired(&texts, &["alice-7", "alice", "1", "+14155550124"], &[]), ["alice-7"]);
        assert_eq!(expired(&["day=2026-03-01/part-0.csv"], &["20260301"], &[]), [""; 0]);
    }
}
