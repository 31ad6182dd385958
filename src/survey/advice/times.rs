//! Findings about when lookups were made: the zone of days, the unit of times, and how old they are.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds, MICROS_PER_DAY, days_before};
use crate::release_file::logs::TimeUnit;
use crate::survey::Survey;
use crate::survey::finding::Finding;
use crate::words::several;

pub(super) fn of_times(
    survey: &Survey,
    release_file: &ReleaseFile,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) {
    let Some(times) = &survey.times else { return };
    let (logs, ledger) = (&release_file.logs, &release_file.ledger);
    // UTC is also what stands there if nobody wrote it, and then it speaks of no clock.
    let is_chosen = logs.time_zone != TimeZone::UTC;
    let is_other = !logs.time_zone_name.eq_ignore_ascii_case(&ledger.time_zone_name);
    if is_chosen && is_other && !ledger.path.exists() {
        let text = format!(
            "days begin at midnight in {}, and `[logs] time_zone` is {zone}: if days are to be those of that clock, set \
             `time_zone = \"{zone}\"` in [ledger] before the first run, which fixes it",
            ledger.time_zone_name,
            zone = logs.time_zone_name
        );
        findings.push(Finding::new("time_zone", text));
    }
    let (first, last, now_micros) = (times.first, times.last, now.as_microsecond());
    if let Some(text) = of_unit(first, last, release_file.logs.time_unit, now_micros) {
        findings.push(Finding::new("time_unit", text));
        return;
    }
    if last > now_micros + MICROS_PER_DAY {
        let text = "some lookups lie more than a day in the future: is the time column the right one, \
                    and `[logs] time_zone`?";
        findings.push(Finding::new("requested_at", text));
    }
    let cutoff = days_before(now, release_file.retention_days).map(Timestamp::as_microsecond);
    let cutoff = cutoff.unwrap_or(i64::MIN);
    let days = release_file.retention_days;
    if last < cutoff {
        let text = format!(
            "every lookup is older than {days} days, so that a run today publishes nothing: \
             `run --as-of {}` decides as of then, or keep rows longer with `[retention] days`",
            when_closed(last, release_file)
        );
        findings.push(Finding::new("retention", text));
    } else if first < cutoff {
        let text = format!(
            "lookups from before {} are older than {days} days and not published any more",
            Timestamp::from_microsecond(cutoff).unwrap_or_default().strftime("%Y-%m-%d")
        );
        findings.push(Finding::new("retention", text));
    }
}

/// When the day of the ledger in which an instant lies can be published first, as `--as-of` takes it: a date alone
/// where that is midnight in UTC.
fn when_closed(micros: i64, release_file: &ReleaseFile) -> String {
    let zone = &release_file.ledger.time_zone;
    let bounds = Day::of(micros, zone).and_then(|day| DayBounds::new(day, zone).ok());
    let end = bounds.map_or(micros, |bounds| bounds.end_micros());
    let settle = i64::try_from(release_file.logs.settle.as_micros()).unwrap_or(0);
    let closed = end.saturating_add(settle);
    let is_midnight = closed.rem_euclid(MICROS_PER_DAY) == 0;
    let format = if is_midnight { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%SZ" };
    Timestamp::from_microsecond(closed).unwrap_or_default().strftime(format).to_string()
}

/// Closed days before the first lookup and after the last one: unless names say the day of each file, a run
/// looks at them, too, and each look is charged.
pub(super) fn of_days_without(
    survey: &Survey,
    release_file: &ReleaseFile,
    closed: &[Day],
    findings: &mut Vec<Finding>,
) {
    let Some(times) = &survey.times else { return };
    let has_lookups = |day: &&Day| times.days.iter().any(|seen| seen.day == **day);
    let (first, last) = (closed.iter().find(has_lookups), closed.iter().rfind(has_lookups));
    let (Some(first), Some(last)) = (first, last) else { return };
    let outside = closed.iter().filter(|day| *day < first || *day > last).count();
    if release_file.logs.day_names.is_some() || outside == 0 {
        return;
    }
    let text = format!(
        "a run today would look at {} before the first lookup or after the last one, and charge a look for each: without \
         `day_folder` or `day_file` it does not know which days have logs. `run --from {first} --to {last}` leaves \
         them out; name the days in each run as long as the logs are shorter than `[retention] days`",
        several(outside, "day")
    );
    findings.push(Finding::new("retention", text));
}

/// What to say if all times lie before the year 2000 or in the future. It names a unit that would
/// put all of them between 2000 and tomorrow, if there is one.
fn of_unit(first: i64, last: i64, unit: Option<TimeUnit>, now: i64) -> Option<String> {
    /// 2000-01-01T00:00:00Z.
    const EARLIEST: i64 = 946_684_800_000_000;
    let likely = |time: i64| (EARLIEST..now + MICROS_PER_DAY).contains(&time);
    if likely(first) && likely(last) || last > EARLIEST && first < now {
        return None;
    }
    let years = [first, last].map(|time| {
        let instant = Timestamp::from_microsecond(time).unwrap_or_default();
        TimeZone::UTC.to_datetime(instant).year()
    });
    let when = match years {
        [first, last] if first == last => format!("all times lie in {first}"),
        [first, last] => format!("all times lie in the years {first} to {last}"),
    };
    let Some(unit) = unit else {
        return Some(format!("{when}: is the time column the right one?"));
    };
    let factor = |unit: TimeUnit| match unit {
        TimeUnit::Seconds => 1_000_000_000_i128,
        TimeUnit::Milliseconds => 1_000_000,
        TimeUnit::Microseconds => 1_000,
        TimeUnit::Nanoseconds => 1,
    };
    let others =
        [TimeUnit::Seconds, TimeUnit::Milliseconds, TimeUnit::Microseconds, TimeUnit::Nanoseconds];
    let better = others.into_iter().find(|other| {
        let read = |time: i64| i128::from(time) * factor(*other) / factor(unit);
        [first, last].into_iter().all(|time| i64::try_from(read(time)).is_ok_and(likely))
    });
    Some(match better {
        Some(better) => {
            format!("{when}: `time_unit = \"{}\"` would put them into our years", better.word())
        }
        None => format!("{when}: is `time_unit = \"{}\"` right, and the time column?", unit.word()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000_000;

    #[test]
    fn a_unit_that_cannot_be_right_is_named_with_a_better_one() {
        // 1,772,409,600 seconds are in March 2026.
        let read = |factor: i64| 1_772_409_600 * factor;
        for (micros, unit, word) in [
            (read(1_000_000), Some(TimeUnit::Seconds), None),
            (read(1_000), Some(TimeUnit::Milliseconds), Some("time_unit = \"s\"")),
            (read(1), Some(TimeUnit::Microseconds), Some("lie in 1970")),
            (read(1), None, Some("is the time column the right one?")),
        ] {
            let found = of_unit(micros, micros, unit, NOW);
            assert_eq!(found.is_some(), word.is_some(), "{unit:?}: {found:?}");
            assert!(found.is_none_or(|text| text.contains(word.unwrap_or_default())), "{unit:?}");
        }
        // Seconds that count from the beginning of a study have no better unit.
        let study =
            of_unit(0, 69_459_254_000_000, Some(TimeUnit::Seconds), NOW).expect("a finding");
        assert!(study.contains("1970 to 1972") && study.contains("right"), "{study}");
    }
}
