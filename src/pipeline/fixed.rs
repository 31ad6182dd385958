//! What a reservation fixes of the rules that come from libraries: when its day began and ended, and by
//! which rules numbers were read.
//!
//! In: a day as the rules of this program have it, and the ledger. Out: the day as it is released,
//! or a refusal. Invariant: no instant belongs to two charged blocks, and no block is charged under
//! two rules of numbers. A newer time zone database may move the bounds of a day: bounds that were
//! used stay, and a day beside them begins or ends where they do.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::opening::rules;
use crate::ledger::{Entry, Ledger, Rules, State, Which};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds, MICROS_PER_DAY};
use crate::{Error, Result};

/// The rules that a block was charged by, as far as they matter to it and its neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FixedRules {
    /// The rules of numbers.
    numbers: String,
    /// The first instant of the day, in UTC microseconds.
    start_micros: i64,
    /// The first instant after it.
    end_micros: i64,
    /// The offsets in the logs' time zone from a day before to a day after, each with the instant
    /// from which it holds.
    log_offsets: Vec<(i64, i64)>,
}

impl FixedRules {
    /// The rules that a reservation of this day fixes.
    pub(super) fn of(release_file: &ReleaseFile, bounds: &DayBounds) -> Self {
        Self {
            numbers: rules(release_file).numbers,
            start_micros: bounds.start_micros(),
            end_micros: bounds.end_micros(),
            log_offsets: log_offsets(release_file, bounds.start_micros(), bounds.end_micros()),
        }
    }

    /// The rules that the plan of an entry states.
    fn of_entry(entry: &Entry) -> Option<Self> {
        #[derive(Deserialize)]
        struct Stated {
            rules: Option<FixedRules>,
        }
        serde_json::from_str::<Stated>(&entry.plan).ok()?.rules
    }
}

/// A day as it is released: within the bounds that are fixed already.
///
/// # Errors
/// Refused, when the block was charged by other rules of numbers, when the logs' time zone has other
/// offsets now, or when it is unknown where an earlier version drew a bound; I/O.
pub(super) fn bounds(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    bounds: &DayBounds,
) -> Result<DayBounds> {
    let day = bounds.day();
    if let Some(own) = charged(release_file, ledger, day)? {
        require_same_numbers(&own, &rules(release_file).numbers, day)?;
        return own
            .bounds
            .map_or_else(|| Ok(bounds.clone()), |(start, end)| bounds.clone().within(start, end));
    }
    let beside = |day: Option<Day>| match day {
        Some(day) => Ok(charged(release_file, ledger, day)?.and_then(|charged| charged.bounds)),
        None => Ok::<_, Error>(None),
    };
    let start = beside(day.previous())?.map_or(bounds.start_micros(), |(_, end)| end);
    let end = beside(day.next())?.map_or(bounds.end_micros(), |(start, _)| start);
    bounds.clone().within(start, end)
}

/// How a block was charged.
struct Charged {
    entry: Entry,
    numbers: String,
    /// `None` if the rules of today give the same bounds.
    bounds: Option<(i64, i64)>,
}

/// How a block was charged first, if it was.
fn charged(release_file: &ReleaseFile, ledger: &Ledger, day: Day) -> Result<Option<Charged>> {
    let entries = ledger.entries(Which::Block(day))?;
    let Some(entry) = entries.into_iter().find(|entry| entry.state != State::Void) else {
        return Ok(None);
    };
    let Some(fixed) = FixedRules::of_entry(&entry) else {
        let made = Rules::made_with(ledger.terms());
        require_known_bounds(release_file, &made, &entry, day)?;
        return Ok(Some(Charged { entry, numbers: made.numbers, bounds: None }));
    };
    let (start, end) = (fixed.start_micros, fixed.end_micros);
    if fixed.log_offsets != log_offsets(release_file, start, end) {
        return Err(Error::refused(format!(
            "the time zone of the logs had other offsets when the day {day} was charged (entry {}), so \
             that a row could count on two days",
            entry.id.0
        ))
        .help("what was released stays as it is; release days that lie further from it"));
    }
    Ok(Some(Charged { entry, numbers: fixed.numbers, bounds: Some((start, end)) }))
}

/// Refuses a block that an earlier version charged by zone rules that this one does not have, unless its
/// zones have no clock changes.
fn require_known_bounds(
    release_file: &ReleaseFile,
    made: &Rules,
    entry: &Entry,
    day: Day,
) -> Result<()> {
    let zones = [&release_file.ledger.time_zone, &release_file.logs.time_zone];
    if made.zones == rules(release_file).zones || zones.into_iter().all(never_changes) {
        return Ok(());
    }
    Err(Error::refused(format!(
        "an earlier version charged the day {day} by the time zone database {} (entry {}), and did not \
         note when that day began and ended",
        made.zones, entry.id.0
    ))
    .help("what was released stays as it is; release days that are not beside it"))
}

fn require_same_numbers(charged: &Charged, now: &str, day: Day) -> Result<()> {
    if charged.numbers == now {
        return Ok(());
    }
    let (id, state) = (charged.entry.id.0, charged.entry.state);
    Err(Error::refused(format!(
        "the day {day} was charged (entry {id}) when numbers were read by other rules ({}, and now {now})",
        charged.numbers
    ))
    .help(match state {
        State::Reserved => "give that reservation up with `pointillist ledger void ID RELEASE.toml` and run again",
        State::Drawn => "finish it with the version that reserved it: its noise may have been drawn",
        _ => {
            "what was released stays as it is; more of that day cannot be, since a person could count \
             as two"
        }
    }))
}

/// The offsets of the logs' time zone from a day before these bounds to a day after.
fn log_offsets(release_file: &ReleaseFile, start: i64, end: i64) -> Vec<(i64, i64)> {
    let zone = &release_file.logs.time_zone;
    let instant = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MIN);
    let first = instant(start.saturating_sub(MICROS_PER_DAY));
    let last = instant(end.saturating_add(MICROS_PER_DAY));
    let mut offsets = vec![(first.as_microsecond(), i64::from(zone.to_offset(first).seconds()))];
    let changes = zone.following(first).take_while(|change| change.timestamp() < last);
    offsets.extend(
        changes.map(|change| {
            (change.timestamp().as_microsecond(), i64::from(change.offset().seconds()))
        }),
    );
    offsets
}

fn never_changes(zone: &TimeZone) -> bool {
    zone.following(Timestamp::MIN).next().is_none()
}
