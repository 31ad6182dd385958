//! Which days may be released, and which rows of a batch belong to one.
//!
//! In: batches of lookups. Out: [`Retained`], the rows of one event day that are inside retention.
//! The cutoff is `as-of` minus the kept days, half-open, in UTC. Deletion of what is past retention
//! is [`crate::custody`].

mod clock;

pub use clock::Now;
pub(crate) use clock::Plausible;

use jiff::Timestamp;

use crate::ingest::Lookups;
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds, days_before};
use crate::{Error, Result};

/// How a day stands to retention and to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Its rows are all inside retention and no more are expected.
    Closed,
    /// Its end, or the time to settle after it, lies in the future.
    Open,
    /// Some of its rows are past retention.
    PartlyExpired,
    /// All of its rows are past retention.
    Expired,
}

/// Decides whether a day may be released at an instant.
///
/// # Errors
/// Usage, when the bounds leave the calendar.
pub fn disposition(
    bounds: &DayBounds,
    release_file: &ReleaseFile,
    as_of: Timestamp,
) -> Result<Disposition> {
    let mut cutoff = days_before(as_of, release_file.retention_days)?.as_microsecond();
    if mutant!("cutoff-one-microsecond-late") {
        cutoff += 1;
    }
    let settle = i64::try_from(release_file.logs.settle.as_micros()).unwrap_or(i64::MAX);
    let closes = bounds.end_micros().saturating_add(settle);
    Ok(if bounds.end_micros() <= cutoff {
        Disposition::Expired
    } else if bounds.start_micros() < cutoff && !mutant!("days-that-expire-as-a-whole") {
        Disposition::PartlyExpired
    } else if closes > as_of.as_microsecond() {
        Disposition::Open
    } else {
        Disposition::Closed
    })
}

/// The days that may be released now, oldest first.
///
/// # Errors
/// Usage, when the bounds leave the calendar.
pub fn closed_days(release_file: &ReleaseFile, as_of: Timestamp) -> Result<Vec<DayBounds>> {
    let zone = &release_file.ledger.time_zone;
    let first = days_before(as_of, release_file.retention_days)?.as_microsecond();
    let mut day = Day::of(first, zone);
    let mut closed = Vec::new();
    while let Some(this) = day {
        let bounds = DayBounds::new(this, zone)?;
        match disposition(&bounds, release_file, as_of)? {
            Disposition::Closed => closed.push(bounds),
            Disposition::Open => break,
            Disposition::PartlyExpired | Disposition::Expired => {}
        }
        day = this.next();
    }
    Ok(closed)
}

/// Refuses a day that may not be released now, with the reason.
///
/// # Errors
/// Refused, naming the day, why, and what can be done.
pub fn require_closed(
    bounds: &DayBounds,
    release_file: &ReleaseFile,
    as_of: Timestamp,
) -> Result<()> {
    let day = bounds.day();
    let zone = &release_file.ledger.time_zone_name;
    match disposition(bounds, release_file, as_of)? {
        Disposition::Closed => Ok(()),
        Disposition::Open => Err(Error::refused(format!(
            "the day {day} ({zone}) is not over yet"
        ))
        .help(format!(
            "a day is over when its end in {zone} and `[logs] settle` have passed: run again later, or give \
             `--as-of` an instant after that"
        ))),
        Disposition::PartlyExpired => {
            Err(Error::refused(format!("the day {day} ({zone}) is partly past retention"))
                .help("its earliest rows should be gone; release each day sooner"))
        }
        Disposition::Expired => {
            Err(Error::refused(format!("the day {day} ({zone}) is past retention"))
                .help("its rows should be gone; check `--as-of` and `[retention] days`"))
        }
    }
}

/// The rows of one batch that belong to one day and are inside retention.
pub struct Retained<'a> {
    lookups: &'a Lookups,
    kept: Vec<bool>,
}

/// Keeps the rows of a closed day.
///
/// # Shapes
/// One flag per row of the batch; rejects and rows of other days are not kept.
pub fn apply<'a>(lookups: &'a Lookups, bounds: &DayBounds) -> Retained<'a> {
    // A closed day lies wholly inside retention, so its bounds are the tighter ones.
    let kept = lookups
        .readable
        .iter()
        .zip(&lookups.requested_at)
        .map(|(readable, micros)| *readable && holds(bounds, *micros))
        .collect();
    Retained { lookups, kept }
}

/// Whether a row belongs to the day.
fn holds(bounds: &DayBounds, micros: i64) -> bool {
    let is_end = micros == bounds.end_micros();
    bounds.holds(micros) || mutant!("days-that-hold-their-end") && is_end
}

impl<'a> Retained<'a> {
    /// The rows that are kept.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.kept.iter().enumerate().filter(|(_, kept)| **kept).map(|(row, _)| row)
    }

    /// The batch that the rows are in.
    pub(crate) const fn lookups(&self) -> &'a Lookups {
        self.lookups
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::release_file::day::parse_instant;

    fn release(extra: &str) -> ReleaseFile {
        let text = format!(
            "name = \"r\"\n[logs]\npath = \"x\"\n{extra}\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
             delta = 1e-6\n[[question]]\nname = \"q\"\ncount = \"lookups\"\n"
        );
        ReleaseFile::parse(&text, "r.toml", Path::new(".")).unwrap()
    }

    fn decide(day: &str, as_of: &str, extra: &str) -> Disposition {
        let release_file = release(extra);
        let bounds = DayBounds::new(day.parse().unwrap(), &release_file.ledger.time_zone).unwrap();
        disposition(&bounds, &release_file, parse_instant(as_of, &TimeZone::UTC).unwrap()).unwrap()
    }

    #[test]
    fn every_branch_and_both_sides_of_each_bound() {
        // Retention is 30 days.
        for (day, as_of, settle, expected) in [
            ("2026-03-01", "2026-03-01T12:00:00Z", "", Disposition::Open),
            ("2026-03-01", "2026-03-01T23:59:59.999999Z", "", Disposition::Open),
            ("2026-03-01", "2026-03-02T00:00:00Z", "", Disposition::Closed),
            ("2026-03-01", "2026-03-02T01:59:59Z", "settle = \"2h\"", Disposition::Open),
            ("2026-03-01", "2026-03-02T02:00:00Z", "settle = \"2h\"", Disposition::Closed),
            ("2026-03-01", "2026-03-31T00:00:00Z", "", Disposition::Closed),
            ("2026-03-01", "2026-03-31T00:00:00.000001Z", "", Disposition::PartlyExpired),
            ("2026-03-01", "2026-03-31T23:59:59.999999Z", "", Disposition::PartlyExpired),
            ("2026-03-01", "2026-04-01T00:00:00Z", "", Disposition::Expired),
            ("2026-03-05", "2026-03-01", "", Disposition::Open),
        ] {
            assert_eq!(decide(day, as_of, settle), expected, "{day} at {as_of} {settle}");
        }
    }

    #[test]
    fn all_closed_days_inside_retention_oldest_first() {
        let as_of = parse_instant("2026-03-31T06:00:00Z", &TimeZone::UTC).unwrap();
        let days: Vec<String> = closed_days(&release(""), as_of)
            .unwrap()
            .iter()
            .map(|bounds| bounds.day().to_string())
            .collect();
        assert_eq!(days.len(), 29);
        assert_eq!((days[0].as_str(), days[28].as_str()), ("2026-03-02", "2026-03-30"));
    }
}
