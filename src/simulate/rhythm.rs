//! When people ask: the rhythm of a UTC day as each home's own clock sees it.
//!
//! The zones' rules come from jiff's bundled database, so that the same seed gives the same bytes
//! whatever zone files a machine has. A home's curve covers the UTC day in quarter hours; it holds
//! the local hour's and the local weekday's weight, and so moves by itself when clocks change.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::{Error, Result};

/// Microseconds of a UTC day, which has no leap seconds here.
pub(super) const DAY: i64 = 86_400_000_000;
const QUARTERS: usize = 96;
const QUARTER: i64 = DAY / QUARTERS as i64;

/// How busy each local hour is on a working day and on a free day.
const WORKING: [f64; 24] = [
    0.34, 0.17, 0.09, 0.06, 0.06, 0.12, 0.33, 0.68, 0.97, 1.08, 1.10, 1.12, //
    1.20, 1.14, 1.06, 1.06, 1.12, 1.24, 1.33, 1.42, 1.45, 1.34, 1.03, 0.65,
];
const FREE: [f64; 24] = [
    0.55, 0.34, 0.19, 0.11, 0.07, 0.07, 0.13, 0.29, 0.56, 0.88, 1.10, 1.18, //
    1.22, 1.18, 1.14, 1.12, 1.14, 1.18, 1.24, 1.28, 1.28, 1.18, 1.00, 0.78,
];

/// The clock of one home.
#[derive(Debug)]
pub(super) struct Clock(TimeZone);

impl Clock {
    pub(super) fn new(zone: &str) -> Result<Self> {
        let found = TimeZoneDatabase::bundled().get(zone);
        found.map(Self).map_err(|cause| {
            Error::internal(format!("the bundled time zones lack {zone}")).because(cause)
        })
    }

    /// The curve of the UTC day that begins at `midnight` (microseconds since 1970).
    pub(super) fn curve(&self, midnight: i64) -> Result<Curve> {
        let mut upto = [0.0; QUARTERS];
        let mut total = 0.0;
        for (quarter, upto) in upto.iter_mut().enumerate() {
            let middle = midnight + quarter as i64 * QUARTER + QUARTER / 2;
            let instant = Timestamp::from_microsecond(middle).map_err(|cause| {
                Error::internal("a simulated day is outside the calendar").because(cause)
            })?;
            let local = self.0.to_datetime(instant);
            let hour = f64::from(local.hour()) + f64::from(local.minute()) / 60.0;
            total += weight(local.weekday(), hour);
            *upto = total;
        }
        Ok(Curve { upto })
    }
}

/// How the lookups of one home are spread over one UTC day.
#[derive(Debug)]
pub(super) struct Curve {
    /// The weight of the day up to the end of each quarter hour.
    upto: [f64; QUARTERS],
}

impl Curve {
    /// The weight of the whole day; a curve of all ones has 96.
    pub(super) fn total(&self) -> f64 {
        self.upto[QUARTERS - 1]
    }

    /// The microsecond of the day at which `share` (0 to 1) of its weight is past.
    pub(super) fn moment(&self, share: f64) -> i64 {
        let aim = share * self.total();
        let quarter = self.upto.partition_point(|&upto| upto < aim).min(QUARTERS - 1);
        let before = if quarter == 0 { 0.0 } else { self.upto[quarter - 1] };
        let within = (aim - before) / (self.upto[quarter] - before);
        let moment = quarter as i64 * QUARTER + (within * QUARTER as f64) as i64;
        moment.clamp(0, DAY - 1)
    }
}

/// The weight of a local time: the hours' weights are joined by straight lines.
fn weight(weekday: Weekday, hour: f64) -> f64 {
    let (hours, factor) = match weekday {
        Weekday::Friday => (&WORKING, 1.07),
        Weekday::Saturday => (&FREE, 0.98),
        Weekday::Sunday => (&FREE, 0.89),
        _ => (&WORKING, 1.0),
    };
    // An hour's weight holds at its middle.
    let after_middle = (hour + 23.5) % 24.0;
    let left = after_middle as usize;
    let part = after_middle - left as f64;
    factor * (hours[left] * (1.0 - part) + hours[(left + 1) % 24] * part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::countries::COUNTRIES;

    /// The weight of the quarter hour that holds a UTC hour and minute.
    fn weight_at(zone: &str, date: &str, hour: usize, minute: usize) -> f64 {
        let midnight: Timestamp = format!("{date}T00:00:00Z").parse().unwrap();
        let curve = Clock::new(zone).unwrap().curve(midnight.as_microsecond()).unwrap();
        let quarter = hour * 4 + minute / 15;
        curve.upto[quarter] - if quarter == 0 { 0.0 } else { curve.upto[quarter - 1] }
    }

    fn equal(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn every_home_has_a_clock() {
        for home in COUNTRIES.iter().flat_map(|country| &country.homes) {
            Clock::new(home.zone).unwrap();
        }
    }

    #[test]
    fn clocks_change_when_the_country_changes_them() {
        let berlin = "Europe/Berlin";
        // 2025-03-30 is the Sunday on which 02:00 becomes 03:00 at 01:00 UTC.
        let noon_before = weight_at(berlin, "2025-03-23", 11, 0);
        let noon_after = weight_at(berlin, "2025-03-30", 10, 0);
        assert!(equal(noon_before, noon_after));
        // Before the change the hour of the same Sunday is still winter time's.
        let early = weight_at(berlin, "2025-03-30", 0, 0);
        assert!(equal(early, weight_at(berlin, "2025-03-23", 0, 0)));
        // New York changed three weeks earlier, on 9 March.
        let new_york = "America/New_York";
        let winter = weight_at(new_york, "2025-03-03", 17, 0);
        assert!(equal(winter, weight_at(new_york, "2025-03-10", 16, 0)));
    }

    #[test]
    fn half_hour_zones_and_local_weekdays_count() {
        // 06:30 in Kolkata is 01:00 UTC.
        let monday = weight_at("Asia/Kolkata", "2025-03-03", 1, 0);
        assert!(equal(monday, weight(Weekday::Monday, 6.0 + 37.0 / 60.0)));
        // Friday 20:00 UTC is Saturday morning in Tokyo.
        let saturday = weight_at("Asia/Tokyo", "2025-03-07", 20, 0);
        assert!(equal(saturday, weight(Weekday::Saturday, 5.0 + 7.0 / 60.0)));
    }

    #[test]
    fn moments_follow_the_curve_from_edge_to_edge() {
        let midnight: Timestamp = "2025-03-03T00:00:00Z".parse().unwrap();
        let clock = Clock::new("Europe/Madrid").unwrap();
        let curve = clock.curve(midnight.as_microsecond()).unwrap();
        assert_eq!(curve.moment(0.0), 0);
        assert_eq!(curve.moment(1.0), DAY - 1);
        let mut last = 0;
        for step in 1..1_000 {
            let moment = curve.moment(f64::from(step) / 1_000.0);
            assert!(moment > last);
            last = moment;
        }
        // Half the weight up to the end of quarter 50 means that its share is met there.
        let share = curve.upto[50] / curve.total();
        assert!((curve.moment(share) - 51 * QUARTER).abs() <= 1);
    }
}
