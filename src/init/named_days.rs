//! Folders and files that are named after days.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::column::Column;
use super::times::{TimeGuess, logs_with};
use crate::Result;
use crate::ingest::{Sample, dated_logs};
use crate::release_file::day::Day;
use crate::release_file::day_names::DayNames;
use crate::release_file::place::Place;

/// Folders such as `day=2026-01-05`, or files such as `reach-2026-01-05.csv`.
pub(super) struct NamedDays {
    /// Where names say the day.
    pub(super) names: DayNames,
    /// Whether each row that was looked at lies in the UTC day of its name.
    pub(super) hold_their_day: bool,
    /// How many days have files.
    pub(super) days: usize,
    /// The days between the first and the last that have no file.
    pub(super) gaps: Vec<Day>,
}

impl NamedDays {
    /// Finds the days in the names of logs; `None` if not all have one.
    ///
    /// # Errors
    /// I/O.
    pub(super) fn of(
        place: &Place,
        found: &Sample,
        columns: &[Column<'_>],
        time: &TimeGuess,
    ) -> Result<Option<Self>> {
        let ([column], Some((names, days)), Some(logs)) =
            (time.places.as_slice(), days_of(found), time.logs())
        else {
            return Ok(None);
        };
        let instants = columns[*column].sample.instants_by_file(&logs);
        let is_own_day = |(file, instant): (usize, i64)| {
            days.get(file).is_some_and(|day| Day::of(instant, &TimeZone::UTC) == Some(*day))
        };
        let hold_their_day = instants.into_iter().all(is_own_day);
        let there = dated_logs(&logs_with(place, &names.setting())?)?.unwrap_or_default();
        let mut gaps = Vec::new();
        if let (Some(first), Some(last)) = (there.first(), there.last()) {
            let all = std::iter::successors(Some(*first), |day| day.next());
            gaps.extend(all.take_while(|day| day < last).filter(|day| !there.contains(day)));
        }
        Ok(Some(Self { names, hold_their_day, days: there.len(), gaps }))
    }
}

/// Where names say the day, and the day of each file; `None` if one has none.
fn days_of(found: &Sample) -> Option<(DayNames, Vec<Day>)> {
    let key = |path: &PathBuf| {
        let parts = path.components().filter_map(|part| part.as_os_str().to_str()?.split_once('='));
        let mut keys = parts.filter(|(_, value)| value.parse::<Day>().is_ok()).map(|(key, _)| key);
        keys.next_back().map(|key| DayNames::Folder(key.to_owned()))
    };
    let folder = found.paths.first().and_then(key);
    folder.into_iter().chain([DayNames::File]).find_map(|names| {
        let days = found.paths.iter().map(|path| names.day_of(path)).collect::<Option<_>>()?;
        Some((names, days))
    })
}
