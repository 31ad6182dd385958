//! Folders that are named after days.

use jiff::tz::TimeZone;

use super::column::Column;
use super::times::{TimeGuess, logs_with};
use crate::Result;
use crate::ingest::{Sample, dated_logs};
use crate::release_file::day::Day;
use crate::release_file::place::Place;

/// Folders such as `day=2026-01-05`.
pub(super) struct DayFolders {
    /// The key in their names.
    pub(super) name: String,
    /// Whether each row that was looked at lies in the UTC day of its folder.
    pub(super) hold_their_day: bool,
    /// The days between the first and the last that have no folder.
    pub(super) gaps: Vec<Day>,
}

impl DayFolders {
    /// Finds the folders that logs lie in; `None` if they are not named after days.
    ///
    /// # Errors
    /// I/O.
    pub(super) fn of(
        place: &Place,
        found: &Sample,
        columns: &[Column<'_>],
        time: &TimeGuess,
    ) -> Result<Option<Self>> {
        let ([column], Some(days), Some(logs)) =
            (time.places.as_slice(), days_of(found), time.logs())
        else {
            return Ok(None);
        };
        let Some((name, _)) = days.first() else { return Ok(None) };
        let instants = columns[*column].sample.instants_by_file(&logs);
        let is_own_day = |(file, instant): (usize, i64)| {
            days.get(file).is_some_and(|(_, day)| Day::of(instant, &TimeZone::UTC) == Some(*day))
        };
        let hold_their_day = instants.into_iter().all(is_own_day);
        let line = format!("day_folder = {}", toml::Value::from(name.as_str()));
        let there = dated_logs(&logs_with(place, &line)?)?.unwrap_or_default();
        let mut gaps = Vec::new();
        if let (Some(first), Some(last)) = (there.first(), there.last()) {
            let all = std::iter::successors(Some(*first), |day| day.next());
            gaps.extend(all.take_while(|day| day < last).filter(|day| !there.contains(day)));
        }
        Ok(Some(Self { name: name.clone(), hold_their_day, gaps }))
    }
}

/// The key and the day in the folders of each file; `None` if one lies in none.
fn days_of(found: &Sample) -> Option<Vec<(String, Day)>> {
    let days = found.paths.iter().map(|path| {
        let parts = path.components().filter_map(|part| part.as_os_str().to_str()?.split_once('='));
        parts.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).next_back()
    });
    days.collect()
}
