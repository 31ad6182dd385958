//! Does a day have files, and does it look whole? Judged by the names of files and folders, never by
//! rows.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::tz::TimeZone;

use crate::release_file::day::{Day, DayBounds};
use crate::release_file::day_names::DayNames;
use crate::release_file::logs::Expect;
use crate::{Error, Result};

/// Refuses a day of which a file is missing, judged by the days in names. A day in another zone
/// than that of the names needs the files of each day that it overlaps.
///
/// # Errors
/// Input, naming the day whose file is missing.
pub fn require_named<'a>(
    names: &DayNames,
    zone: &TimeZone,
    bounds: &DayBounds,
    files: impl Iterator<Item = &'a Path>,
) -> Result<()> {
    // A file of no day may hold rows of any.
    let Some(there) = files.map(|path| names.day_of(path)).collect::<Option<BTreeSet<Day>>>()
    else {
        return Ok(());
    };
    let needed = bounds.days_in(zone);
    let Some(missing) = needed.iter().find(|day| !there.contains(day)) else { return Ok(()) };
    let day = bounds.day();
    let what = match needed.as_slice() {
        [_] => format!("the day {day} has no log file"),
        _ => format!(
            "the day {day} has no log file named after {missing}, where some of its rows lie"
        ),
    };
    Err(Error::input(what).help(format!(
        "nothing was charged: run again when its files are there; if nothing was logged that day, say so by \
         a file without rows {}",
        names.place_of(*missing)
    )))
}

/// Refuses a day whose files do not look as expected. `zone` is that of the days and hours in names.
pub(super) fn require<'a>(
    expect: Expect,
    names: &DayNames,
    zone: &TimeZone,
    bounds: &DayBounds,
    files: impl Iterator<Item = &'a Path>,
) -> Result<()> {
    let days = bounds.days_in(zone);
    let (found, expected, what) = match expect {
        Expect::FilesPerDay(files_per_day) => {
            (files.count(), files_per_day as usize * days.len(), "files")
        }
        Expect::EveryHour => {
            let inside = |hours: &mut dyn Iterator<Item = (Day, u32)>| {
                let starts: BTreeSet<i64> = hours.filter_map(|hour| start_of(hour, zone)).collect();
                starts.into_iter().filter(|start| bounds.holds(*start)).count()
            };
            let found = inside(&mut files.filter_map(|path| hour_of(path, names)));
            let mut every = days.iter().flat_map(|day| (0..24).map(|hour| (*day, hour)));
            (found, inside(&mut every), "hours")
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

/// The day and hour that a path's folders name.
fn hour_of(path: &Path, names: &DayNames) -> Option<(Day, u32)> {
    let folders = path.components();
    let mut hours = folders.filter_map(|part| part.as_os_str().to_str()?.strip_prefix("hour="));
    Some((names.day_of(path)?, hours.next_back()?.parse().ok().filter(|hour| *hour < 24)?))
}

/// When an hour begins; one that the clock passes over begins with the hour after it.
fn start_of((day, hour): (Day, u32), zone: &TimeZone) -> Option<i64> {
    let local = day.date().at(i8::try_from(hour).ok()?, 0, 0, 0);
    zone.to_timestamp(local).ok().map(jiff::Timestamp::as_microsecond)
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
        is_whole_in("UTC", expect, bounds, files)
    }

    fn is_whole_in(zone: &str, expect: Expect, bounds: &DayBounds, files: &[PathBuf]) -> bool {
        let names = DayNames::Folder("day".to_owned());
        let zone = parse_zone(zone, "zone").unwrap();
        require(expect, &names, &zone, bounds, files.iter().map(PathBuf::as_path)).is_ok()
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
    fn folders_of_local_hours_are_those_of_the_clock_on_the_wall() {
        const NEW_YORK: &str = "America/New_York";
        // The hour that is there twice has one folder, the one that is not there none.
        for (day, there) in [("2013-11-03", 0..24), ("2013-03-09", 0..24), ("2013-03-10", 3..24)] {
            let mut files = hours(day, there);
            if day == "2013-03-10" {
                files.extend(hours(day, 0..2));
            }
            let bounds = bounds(day, NEW_YORK);
            assert!(is_whole_in(NEW_YORK, Expect::EveryHour, &bounds, &files), "{day}");
            files.pop();
            assert!(!is_whole_in(NEW_YORK, Expect::EveryHour, &bounds, &files), "{day}");
        }
        let one = [PathBuf::from("logs/day=2013-11-03/x.csv")];
        let day = bounds("2013-11-03", NEW_YORK);
        assert!(is_whole_in(NEW_YORK, Expect::FilesPerDay(1), &day, &one));
        assert!(!is_whole(Expect::FilesPerDay(1), &day, &one));
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
