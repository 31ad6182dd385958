//! Which rows belong to a day, and which days may be released: both sides of each bound.

use jiff::{Timestamp, ToSpan};

use super::finding::Finding;
use super::world::{Row, World};
use crate::release_file::lattice::LATTICE_ONE;
use crate::retain::{Disposition, closed_days, disposition};
use crate::{Error, Result};

const TEST: &str = "retention";

/// Tests the bounds of a day and of retention.
pub(super) fn check(world: &World<'_>) -> Result<Vec<Finding>> {
    let mut wrong = dispositions(world)?;
    if rows_of_the_day(world)? != 2 {
        wrong.push("a day holds rows from before or after it, or lacks its first or last");
    }
    let subject = "a microsecond before and after each bound";
    Ok(vec![Finding::none_wrong(TEST, subject, &wrong, "each on its side")])
}

/// How many of four rows around the bounds of the day count in it.
fn rows_of_the_day(world: &World<'_>) -> Result<i64> {
    let (start, end) = (world.bounds.start_micros(), world.bounds.end_micros());
    let row = |(number, micros): (u64, i64)| Row {
        micros,
        ..world.unlisted_row(World::requester(number), World::target(number))
    };
    let rows: Vec<Row> = (0..).zip([start - 1, start, end - 1, end]).map(row).collect();
    let tally = world.tally(&world.first, &rows)?;
    // Each is its requester's only lookup, and weighs an eighth in the first class.
    Ok(tally[0][0] / (LATTICE_ONE / 8).cast_signed())
}

/// What is wrong about the instants at which a day closes and expires.
fn dispositions(world: &World<'_>) -> Result<Vec<&'static str>> {
    let release_file = world.release_file;
    let micros = |micros: i64| {
        Timestamp::from_microsecond(micros).map_err(|_| Error::internal("the calendar ended"))
    };
    let kept = i64::from(release_file.retention_days) * 86_400_000_000;
    let settle = i64::try_from(release_file.logs.settle.as_micros()).unwrap_or(i64::MAX);
    let (start, end) = (world.bounds.start_micros(), world.bounds.end_micros());
    let closes = end.saturating_add(settle);
    let mut wrong = Vec::new();
    let mut expect = |as_of: i64, expected: Disposition, what: &'static str| -> Result<()> {
        let as_of = micros(as_of)?;
        let is_open = closed_days(release_file, as_of)?
            .iter()
            .any(|bounds| bounds.day() == world.bounds.day());
        let is_closed = expected == Disposition::Closed;
        if disposition(&world.bounds, release_file, as_of)? != expected || is_open != is_closed {
            wrong.push(what);
        }
        Ok(())
    };
    if closes <= start.saturating_add(kept) {
        expect(closes - 1, Disposition::Open, "a day closes before it is over and settled")?;
        expect(closes, Disposition::Closed, "a day does not close when it is over and settled")?;
        expect(start + kept, Disposition::Closed, "rows expire at the cutoff and not before it")?;
    }
    let after = start + kept + 1;
    expect(after, Disposition::PartlyExpired, "a day is released when its first row has expired")?;
    expect(end + kept, Disposition::Expired, "a day does not expire with its last row")?;
    // One more microsecond, so that neither depends on the length of the list of days.
    let long_after = micros(end + kept)?.checked_add(1.microsecond());
    let long_after = long_after.map_err(|_| Error::internal("the calendar ended"))?;
    if disposition(&world.bounds, release_file, long_after)? != Disposition::Expired {
        wrong.push("a day comes back after it expired");
    }
    Ok(wrong)
}
