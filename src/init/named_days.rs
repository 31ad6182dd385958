//! Folders and files that are named after days.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::column::Column;
use super::times::{TimeGuess, logs_with};
use crate::Result;
use crate::ingest::{Sample, dated_logs};
use crate::release_file::day::{Day, DayBounds, MICROS_PER_QUARTER};
use crate::release_file::day_names::DayNames;
use crate::release_file::place::Place;

/// No clock is farther from UTC than 14 hours.
const FARTHEST: i64 = 14 * 4 * MICROS_PER_QUARTER;

/// Folders such as `day=2026-01-05`, or files such as `reach-2026-01-05.csv`.
pub(super) struct NamedDays {
    /// Where names say the day.
    pub(super) names: DayNames,
    /// The clocks in which each row that was looked at lies in the day of its file's name.
    pub(super) clocks: Option<Clocks>,
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
        let clocks = Clocks::of(instants, &days);
        let there = dated_logs(&logs_with(place, &names.setting())?)?.unwrap_or_default();
        let mut gaps = Vec::new();
        if let (Some(first), Some(last)) = (there.first(), there.last()) {
            let all = std::iter::successors(Some(*first), |day| day.next());
            gaps.extend(all.take_while(|day| day < last).filter(|day| !there.contains(day)));
        }
        Ok(Some(Self { names, clocks, days: there.len(), gaps }))
    }
}

/// Clocks by how far they are ahead of UTC, in quarters of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clocks {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Clocks {
    /// The clocks in which each instant lies in the day of its file; `None` if there are none, or no
    /// instant.
    fn of(instants: Vec<(usize, i64)>, days: &[Day]) -> Option<Self> {
        if instants.is_empty() {
            return None;
        }
        let (mut least, mut most) = (-FARTHEST, FARTHEST);
        for (file, instant) in instants {
            let bounds = DayBounds::new(*days.get(file)?, &TimeZone::UTC).ok()?;
            least = least.max(bounds.start_micros() - instant);
            most = most.min(bounds.end_micros() - 1 - instant);
        }
        let (first, last) =
            (-(-least).div_euclid(MICROS_PER_QUARTER), most.div_euclid(MICROS_PER_QUARTER));
        (first <= last).then_some(Self { first, last })
    }

    /// Whether the clock of UTC is one of them.
    pub(super) const fn is_utc(self) -> bool {
        self.first <= 0 && 0 <= self.last
    }

    /// How many whole hours after midnight in UTC the earliest row that was looked at lies; `None`
    /// below one. Only the first rows of files are looked at, so that all of them may lie in the
    /// UTC day of their names although a clock behind UTC named the files.
    pub(super) const fn hours_after_midnight(self) -> Option<i64> {
        let hours = -self.first / 4;
        if hours > 0 { Some(hours) } else { None }
    }

    /// How many hours they are from UTC, the nearest first.
    pub(super) fn hours(self) -> String {
        let (one, other) = (self.first.abs(), self.last.abs());
        let hours = |quarters: i64| (quarters as f64 / 4.0).to_string();
        match (one.min(other), one.max(other)) {
            (near, far) if near == far => hours(near),
            (near, far) => format!("{} to {}", hours(near), hours(far)),
        }
    }

    /// On which side of UTC they are, if it is none of them.
    pub(super) const fn side(self) -> &'static str {
        if self.first > 0 { "ahead of" } else { "behind" }
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
