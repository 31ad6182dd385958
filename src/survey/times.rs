//! When lookups were made: days with and without lookups, and hours of the day.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::counts::Counts;
use crate::release_file::day::{Day, MICROS_PER_QUARTER};

/// When lookups were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// The first lookup, in UTC microseconds.
    pub first: i64,
    /// The last lookup, in UTC microseconds.
    pub last: i64,
    /// The days with lookups, in order, in the ledger's zone.
    pub days: Vec<DaySeen>,
    /// The gaps between these days, each with its first and last day.
    pub gaps: Vec<(Day, Day)>,
    /// Lookups by local hour of the day.
    pub hours: [u64; 24],
}

/// A day with lookups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct DaySeen {
    /// The day.
    pub day: Day,
    /// How many lookups it has.
    pub lookups: u64,
}

impl Times {
    pub(super) fn of(counts: &Counts, zone: &TimeZone) -> Option<Self> {
        let mut days: BTreeMap<Day, u64> = BTreeMap::new();
        let mut hours = [0; 24];
        for (quarter, lookups) in &counts.quarters {
            let instant = Timestamp::from_microsecond(quarter * MICROS_PER_QUARTER).ok()?;
            let local = zone.to_datetime(instant);
            *days.entry(Day::new(local.date())).or_default() += lookups;
            hours[usize::try_from(local.hour()).ok()?] += lookups;
        }
        if days.is_empty() {
            return None;
        }
        let days: Vec<DaySeen> =
            days.into_iter().map(|(day, lookups)| DaySeen { day, lookups }).collect();
        let gap = |pair: &[DaySeen]| {
            let (from, to) = (pair[0].day.next()?, pair[1].day.previous()?);
            (from <= to).then_some((from, to))
        };
        let gaps = days.windows(2).filter_map(gap).collect();
        Some(Self { first: counts.first, last: counts.last, days, gaps, hours })
    }

    /// How many days lie in the gaps.
    pub fn days_without(&self) -> u64 {
        let days = |(from, to): &(Day, Day)| {
            let span = to.date() - from.date();
            u64::try_from(span.get_days()).unwrap_or(0) + 1
        };
        self.gaps.iter().map(days).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release_file::day::parse_zone;

    #[test]
    fn days_hours_and_gaps_are_those_of_the_zone() {
        let mut counts = Counts::new(&[], &TimeZone::UTC);
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        for (text, lookups) in [
            ("2026-03-01T23:45:00Z", 3),
            ("2026-03-02T00:00:00Z", 4),
            ("2026-03-06T18:15:00Z", 5),
            ("2026-03-08T12:00:00Z", 1),
        ] {
            counts.quarters.insert(at(text) / MICROS_PER_QUARTER, lookups);
        }
        let times = Times::of(&counts, &TimeZone::UTC).unwrap();
        let days: Vec<_> =
            times.days.iter().map(|day| (day.day.to_string(), day.lookups)).collect();
        let day = |day: &str, lookups| (format!("2026-03-{day}"), lookups);
        assert_eq!(days, [day("01", 3), day("02", 4), day("06", 5), day("08", 1)]);
        assert_eq!((times.gaps.len(), times.days_without()), (2, 4));
        assert_eq!((times.hours[23], times.hours[0], times.hours[18]), (3, 4, 5));
        // A zone of a quarter of an hour: 18:15 is midnight in Nepal.
        let nepal = Times::of(&counts, &parse_zone("Asia/Kathmandu", "zone").unwrap()).unwrap();
        assert_eq!(nepal.days.iter().map(|day| day.lookups).collect::<Vec<_>>(), [7, 5, 1]);
        assert_eq!(nepal.days[1].day.to_string(), "2026-03-07");
        assert_eq!(nepal.hours[0], 5);
    }
}
