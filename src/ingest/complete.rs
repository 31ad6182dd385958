//! Does a day have files, and does it look whole? Judged by the names of files and folders, never by
//! rows.

use std::collections::BTreeSet;
use std::path::Path;

use crate::release_file::day::{Day, DayBounds, MICROS_PER_HOUR};
use crate::release_file::day_names::DayNames;
use crate::release_file::logs::Expect;
use crate::{Error, Result};

/// The error for a day of which there is no file, where names say the day of each.
pub(super) fn no_file(bounds: &DayBounds, names: &DayNames) -> Error {
    let day = bounds.day();
    Error::input(format!("the day {day} has no log file")).help(format!(
        "nothing was charged: run again when its files are there; if nothing was logged that day, say so by \
         a file without rows {}",
        names.place_of(day)
    ))
}

/// Refuses a day whose files do not look as expected.
pub(super) fn require<'a>(
    expect: Expect,
    names: &DayNames,
    bounds: &DayBounds,
    files: impl Iterator<Item = &'a Path>,
) -> Result<()> {
    let (found, expected, what) = match expect {
        Expect::FilesPerDay(files_per_day) => {
            (files.count(), files_per_day as usize * bounds.utc_days().len(), "files")
        }
        Expect::EveryHour => {
            let hours: BTreeSet<(Day, u32)> =
                files.filter_map(|path| hour_of(path, names)).collect();
            let inside =
                hours.iter().filter(|(day, hour)| starts_inside(*day, *hour, bounds)).count();
            let length = (bounds.end_micros() - bounds.start_micros()) / MICROS_PER_HOUR;
            (inside, usize::try_from(length).unwrap_or(24), "hours")
        }
    };
    if found >= expected {
        return Ok(());
    }
    Err(Error::refused(format!(
        "the day {} looks half-delivered: {found} of {expected} {what}",
        bounds.day()
    ))
    .help("wait for the rest, or run with --incomplete; nothing was charged"))
}

/// The UTC day and hour that a path's folders name.
fn hour_of(path: &Path, names: &DayNames) -> Option<(Day, u32)> {
    let folders = path.components();
    let mut hours = folders.filter_map(|part| part.as_os_str().to_str()?.strip_prefix("hour="));
    Some((names.day_of(path)?, hours.next_back()?.parse().ok().filter(|hour| *hour < 24)?))
}

fn starts_inside(day: Day, hour: u32, bounds: &DayBounds) -> bool {
    format!("{day}T{hour:02}:00:00Z")
        .parse::<jiff::Timestamp>()
        .is_ok_and(|start| bounds.holds(start.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::release_file::day::parse_zone;

    fn bounds(day: &str, zone: &str) -> DayBounds {
        DayBounds::new(day.parse().unwrap(), &parse_zone(zone, "zone").unwrap()).unwrap()
    }

    fn hours(day: &str, hours: std::ops::Range<u32>) -> Vec<PathBuf> {
        hours.map(|hour| PathBuf::from(format!("logs/day={day}/hour={hour:02}/x.csv"))).collect()
    }

    fn is_whole(expect: Expect, bounds: &DayBounds, files: &[PathBuf]) -> bool {
        let names = DayNames::Folder("day".to_owned());
        require(expect, &names, bounds, files.iter().map(PathBuf::as_path)).is_ok()
    }

    #[test]
    fn every_hour_of_a_utc_day() {
        let day = bounds("2026-03-02", "UTC");
        assert!(is_whole(Expect::EveryHour, &day, &hours("2026-03-02", 0..24)));
        assert!(!is_whole(Expect::EveryHour, &day, &hours("2026-03-02", 0..23)));
        assert!(!is_whole(Expect::EveryHour, &day, &hours("2026-03-03", 0..24)));
    }

    #[test]
    fn a_local_day_has_its_own_hours_23_24_or_25() {
        let autumn = bounds("2013-11-03", "America/New_York");
        let mut files = hours("2013-11-03", 4..24);
        files.extend(hours("2013-11-04", 0..5));
        assert!(is_whole(Expect::EveryHour, &autumn, &files));
        files.pop();
        assert!(!is_whole(Expect::EveryHour, &autumn, &files));
        let spring = bounds("2013-03-10", "America/New_York");
        let mut files = hours("2013-03-10", 5..24);
        files.extend(hours("2013-03-11", 0..4));
        assert!(is_whole(Expect::EveryHour, &spring, &files));
    }

    #[test]
    fn files_are_counted_for_every_utc_day_that_the_day_overlaps() {
        let files: Vec<PathBuf> = (0..4).map(|part| PathBuf::from(format!("{part}"))).collect();
        assert!(is_whole(Expect::FilesPerDay(4), &bounds("2026-03-02", "UTC"), &files));
        assert!(!is_whole(Expect::FilesPerDay(5), &bounds("2026-03-02", "UTC"), &files));
        assert!(is_whole(Expect::FilesPerDay(2), &bounds("2026-03-02", "Europe/Paris"), &files));
        assert!(!is_whole(Expect::FilesPerDay(3), &bounds("2026-03-02", "Europe/Paris"), &files));
    }
}
