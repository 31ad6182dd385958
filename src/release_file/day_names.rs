//! The day of a log file, by its own name or by that of its folder.
//!
//! In: `[logs] day_folder` or `day_file`. Out: the one day, in the zone of the logs, whose rows a file is
//! promised to hold. Names decide, never rows.

use std::collections::BTreeSet;
use std::path::Path;

use super::day::Day;
use super::raw::RawLogs;
use crate::{Error, Result};

/// Where names say the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayNames {
    /// In the name of a folder, which is this word and a day: `day=2026-01-05`.
    Folder(String),
    /// In the file's own name, which holds one date: `reach-2026-01-05.csv.gz`.
    File,
}

impl DayNames {
    /// What `[logs]` says; `None` if names say nothing.
    pub(super) fn parse(raw: &RawLogs) -> Result<Option<Self>> {
        match (&raw.day_folder, raw.day_file.unwrap_or(false)) {
            (None, false) => Ok(None),
            (None, true) => Ok(Some(Self::File)),
            (Some(_), true) => Err(Error::usage("`[logs] day_file` stands beside `day_folder`")
                .help("keep the one that is true: the day stands in the names of folders, or in those of files")),
            (Some(key), false) if key.is_empty() || key.contains(['=', '/', '*']) => {
                Err(Error::usage(format!("`[logs] day_folder` is `{key}`, which is no word"))
                    .help("of folders called day=2026-01-05 name the part before =, as in day_folder = \"day\""))
            }
            (Some(key), false) => Ok(Some(Self::Folder(key.clone()))),
        }
    }

    /// The day of a file; `None` for one that lies in no such folder, or whose name holds no date or several.
    pub fn day_of(&self, path: &Path) -> Option<Day> {
        match self {
            Self::Folder(key) => path
                .components()
                .filter_map(|part| {
                    let value = part.as_os_str().to_str()?.strip_prefix(key)?.strip_prefix('=')?;
                    value.parse().ok()
                })
                .next_back(),
            Self::File => {
                let dates = dates_in(path.file_name()?.to_str()?);
                dates.first().filter(|_| dates.len() == 1).copied()
            }
        }
    }

    /// The line of `[logs]`.
    pub fn setting(&self) -> String {
        match self {
            Self::Folder(key) => format!("day_folder = {}", toml::Value::from(key.as_str())),
            Self::File => "day_file = true".to_owned(),
        }
    }

    /// The name of the field.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Folder(_) => "day_folder",
            Self::File => "day_file",
        }
    }

    /// Where a file without rows says that nothing was logged on a day.
    pub fn place_of(&self, day: Day) -> String {
        match self {
            Self::Folder(key) => format!("in a folder `{key}={day}`"),
            Self::File => format!("with `{day}` in its name"),
        }
    }
}

/// The dates in a name: `2026-01-05`, `2026_01_05`, `2026.01.05` or `20260105`. A clock may follow, with a mark
/// between them or without.
fn dates_in(name: &str) -> BTreeSet<Day> {
    let bytes = name.as_bytes();
    let digits =
        |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let begins = |place: &usize| {
        bytes[*place].is_ascii_digit() && (*place == 0 || !bytes[*place - 1].is_ascii_digit())
    };
    let date = |place: usize| match digits(place) {
        8 | 10 | 12 | 14 => {
            let text = &name[place..place + 8];
            day(&text[..4], &text[4..6], &text[6..])
        }
        4 => {
            let mark = bytes.get(place + 4).filter(|mark| b"-_.".contains(mark))?;
            let is_whole = bytes.get(place + 7) == Some(mark) && digits(place + 5) == 2;
            let is_whole = is_whole && digits(place + 8) == 2;
            is_whole.then(|| {
                day(
                    &name[place..place + 4],
                    &name[place + 5..place + 7],
                    &name[place + 8..place + 10],
                )
            })?
        }
        _ => None,
    };
    (0..bytes.len()).filter(begins).filter_map(date).collect()
}

/// A day of our centuries: other digits are numbers of parts and the like.
fn day(year: &str, month: &str, day: &str) -> Option<Day> {
    let is_ours = year.starts_with("19") || year.starts_with("20");
    format!("{year}-{month}-{day}").parse().ok().filter(|_| is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &DayNames, path: &str) -> Option<String> {
        names.day_of(Path::new(path)).map(|day| day.to_string())
    }

    #[test]
    fn the_name_of_a_file_holds_one_date() {
        for (name, day) in [
            ("logs/reach-2026-11-16.csv.gz", Some("2026-11-16")),
            ("logs/20260105.csv", Some("2026-01-05")),
            ("logs/2026_01_05_reach.csv", Some("2026-01-05")),
            ("logs/access.log.2026.01.05", Some("2026-01-05")),
            ("logs/access.log-20260105.gz", Some("2026-01-05")),
            ("logs/x-2026-01-05-13.csv", Some("2026-01-05")),
            ("logs/x-2026-01-05T13:00.csv", Some("2026-01-05")),
            ("logs/2026010513.csv", Some("2026-01-05")),
            ("logs/x-20260105T130000-00017.csv", Some("2026-01-05")),
            ("logs/2026-01-05-part-00011231.csv", Some("2026-01-05")),
            // Twice the same date is one.
            ("logs/2026-01-05/x-20260105-2026-01-05.csv", Some("2026-01-05")),
            // What is in folders says nothing here.
            ("logs/day=2026-01-05/part-0.csv", None),
            ("logs/2026-01-05..2026-01-06.csv", None),
            ("logs/2026-02-30.csv", None),
            ("logs/x-2026-1-5.csv", None),
            ("logs/x-2026-01.csv", None),
            ("logs/x-12026-01-05.csv", None),
            ("logs/x-202601051.csv", None),
            ("logs/lookups-ä.csv", None),
        ] {
            assert_eq!(of(&DayNames::File, name).as_deref(), day, "{name}");
        }
    }

    #[test]
    fn the_last_folder_of_its_key_says_the_day() {
        let folders = DayNames::Folder("day".to_owned());
        for (name, day) in [
            ("logs/day=2026-01-05/part-0.csv", Some("2026-01-05")),
            ("day=2026-01-04/day=2026-01-05/part-0.csv", Some("2026-01-05")),
            ("logs/today=2026-01-05/part-0.csv", None),
            ("logs/day=20260105/part-0.csv", None),
            ("logs/reach-2026-01-05.csv", None),
        ] {
            assert_eq!(of(&folders, name).as_deref(), day, "{name}");
        }
    }
}
