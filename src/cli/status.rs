//! `status`: shows how far each day is, with an exit code that a monitor can use.

mod metrics;
mod shown;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use self::metrics::{Facts, write_metrics};
use self::shown::{Shown, lines};
pub(super) use self::standing::LOOKS_EMPTY;
use self::standing::{Place, Standing};
use super::args::Status;
use super::days::ranges;
use super::guarded::Target;
use super::hold_warnings;
use super::output::Output;
use crate::custody::Sign;
use crate::ledger::{Ledger, Marks, State};
use crate::pipeline::{LoggedDays, logs_changed_since, was_read_for};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds, MICROS_PER_DAY, days_before};
use crate::retain::{Disposition, Now, disposition};
use crate::{Error, Kind, Result};

/// Runs the command. It reads the ledger, the clock and, where names say the days of logs, these
/// names; it opens logs only with `--check-logs`. The code is 1 when an operator must look, or logs
/// of released days have changed.
///
/// # Errors
/// Usage, for the release file; refused, when the ledger is behind its mark; I/O, when it is damaged.
pub(crate) fn run(asked: &Status, output: &Output) -> Result<u8> {
    let release_file = ReleaseFile::read(&asked.release)?;
    if let Some(file) = &asked.metrics {
        let target = Target { option: "--metrics", file };
        target.require_apart(&asked.release, &release_file)?;
        target.require_regular()?;
        target.require_alike(|text| text.starts_with(metrics::FIRST))?;
    }
    let as_of = Now::read(asked.as_of.as_deref(), &release_file.ledger.time_zone)?.as_of;
    let mut days = Vec::new();
    require_there(&release_file)?;
    let ledger = existing_ledger(&release_file)?;
    if let Some(ledger) = &ledger {
        Marks::read(&release_file.logs.place, &release_file.output)?.require_known(ledger)?;
    }
    let changed = if asked.check_logs {
        release_file.require_here("status --check-logs")?;
        changed_days(&release_file, ledger.as_ref(), as_of)?
    } else {
        BTreeSet::new()
    };
    for (day, standing) in standings(&release_file, ledger.as_ref(), as_of)? {
        let begun = match (&ledger, standing) {
            (Some(ledger), Standing::Pending { .. }) => begun(ledger, &release_file, day)?,
            _ => None,
        };
        let logs_changed = asked.check_logs.then(|| changed.contains(&day));
        days.push(Shown { day, standing, begun, logs_changed });
    }
    let mut of_holds = Vec::new();
    if let Some(ledger) = &ledger {
        of_holds.extend(hold_warnings::key_warning(ledger));
        of_holds.extend(hold_warnings::warnings(&release_file, ledger, Sign::Size)?);
    }
    let reasons = [&of_holds[..], &reasons(&days)].concat();
    reasons.iter().for_each(|reason| output.warning(reason));
    let needs_operator = !reasons.is_empty();
    let object = json!({
        "release": release_file.name,
        "needs_operator": needs_operator,
        "days": days.iter().map(Shown::object).collect::<Vec<_>>(),
    });
    if let Some(path) = &asked.metrics {
        let left = least_left(ledger.as_ref(), &days)?;
        let holds = of_holds.len();
        let facts =
            Facts { release: &release_file.name, as_of, days: &days, left, holds, needs_operator };
        write_metrics(path, &facts)?;
    }
    output.result(&object, &lines(&days));
    Ok(if needs_operator { Kind::Refused.exit_code() } else { 0 })
}

/// The least that any of the days has left of its budget, in rho; `None` if none was charged.
fn least_left(ledger: Option<&Ledger>, days: &[Shown]) -> Result<Option<f64>> {
    let balances = ledger.map(Ledger::balances).transpose()?.unwrap_or_default();
    let is_shown = |day: Day| days.iter().any(|shown| shown.day == day);
    let left = balances.iter().filter(|(day, _)| is_shown(*day)).map(|(_, balance)| balance.left);
    Ok(left.min().map(|left| left.rho()))
}

/// Warnings about days that need an operator, for a run that leaves them as they are. Where nothing was released yet,
/// days before `first` may lie before the logs begin.
pub(super) fn warnings(
    release_file: &ReleaseFile,
    ledger: &Ledger,
    as_of: Timestamp,
    first: Option<Day>,
) -> Result<Vec<String>> {
    let mut standings = standings(release_file, Some(ledger), as_of)?;
    let place = Place::NoneReleased;
    let is_pending = |standing: &Standing| matches!(standing, Standing::Pending { place: at, .. } if *at == place);
    let is_before = |day: &Day| first.is_some_and(|first| *day < first);
    standings.retain(|(day, standing)| !(is_pending(standing) && is_before(day)));
    Ok(of_days(&standings))
}

/// Why days need an operator.
fn reasons(days: &[Shown]) -> Vec<String> {
    let standings: Vec<(Day, Standing)> = days.iter().map(|day| (day.day, day.standing)).collect();
    let mut reasons = of_days(&standings);
    let changed =
        ranges(days.iter().filter(|day| day.logs_changed == Some(true)).map(|day| &day.day));
    if !changed.is_empty() {
        reasons.push(format!("logs of released days have changed since: {changed}"));
    }
    reasons
}

/// A warning for days in a row that need an operator for the same reason: a log that ended would have one for
/// each day since.
fn of_days(standings: &[(Day, Standing)]) -> Vec<String> {
    let needing: Vec<(Day, Standing)> =
        standings.iter().filter(|(_, standing)| standing.needs_operator()).copied().collect();
    let in_a_row = needing.chunk_by(|(day, standing), (next, other)| {
        standing.is_said_with(*other) && day.next() == Some(*next)
    });
    in_a_row.map(warning).collect()
}

/// The warning about days in a row that are said together.
fn warning(days: &[(Day, Standing)]) -> String {
    let ((first, standing), (last, to)) = (days[0], days[days.len() - 1]);
    let (of, is, was, pass, look, have) = match first == last {
        true => (format!("the day {first}"), "is", "was", "passes", "looks", "has"),
        false => (format!("the days {first} to {last}"), "are", "were", "pass", "look", "have"),
    };
    let would = |pass: &str| match standing.expires_with(to) {
        Some(when) => format!("{pass} retention {when}"),
        None => "passed retention".to_owned(),
    };
    match standing {
        Standing::Pending { .. } => format!("{of} {is} not released and {}", would(pass)),
        Standing::LooksEmpty { .. } => format!(
            "{of} {look} empty and {}: `pointillist check` says which days the logs have, and why rows of them count \
             nowhere",
            would(pass)
        ),
        Standing::NoLogs { .. } => format!("{of} {have} no log files and {}", would("would pass")),
        _ => format!("{of} passed retention and {was} never released"),
    }
}

/// Every day from the first release, or the start of retention, up to now.
fn standings(
    release_file: &ReleaseFile,
    ledger: Option<&Ledger>,
    as_of: Timestamp,
) -> Result<Vec<(Day, Standing)>> {
    let logged = LoggedDays::find(release_file, ledger)?;
    let released = released_days(release_file, ledger)?;
    let zone = &release_file.ledger.time_zone;
    let first_kept = days_before(as_of, release_file.retention_days)?.as_microsecond();
    // Days before the first release of this name were never promised.
    let mut day = released.first().copied().into_iter().chain(Day::of(first_kept, zone)).min();
    let mut standings = Vec::new();
    while let Some(this) = day {
        let bounds = DayBounds::new(this, zone)?;
        if bounds.start_micros() > as_of.as_microsecond() {
            break;
        }
        let place = match (released.first(), released.last()) {
            (Some(first), _) if this < *first => Place::BeforeTheFirst,
            (_, Some(last)) if this > *last => Place::BehindTheLast,
            (None, _) => Place::NoneReleased,
            _ => Place::Between,
        };
        let mut now = standing(&bounds, release_file, &released, as_of, place)?;
        if let Some(Standing::Pending { .. } | Standing::ExpiredUnreleased) = now {
            let of_day = Unreleased { release_file, bounds: &bounds, ledger };
            now = of_day.refined(now, logged.as_ref(), place)?;
        }
        standings.extend(now.map(|now| (this, now)));
        day = this.next();
    }
    Ok(standings)
}

/// The released days whose logs have changed. Days that are partly past retention are left out,
/// because retention changes their logs.
fn changed_days(
    release_file: &ReleaseFile,
    ledger: Option<&Ledger>,
    as_of: Timestamp,
) -> Result<BTreeSet<Day>> {
    if release_file.logs.day_names.is_none() {
        return Err(Error::usage("`--check-logs` needs `[logs] day_folder` or `day_file`")
            .help("without them each new file counts as a change of every day"));
    }
    let mut changed = BTreeSet::new();
    let Some(ledger) = ledger else { return Ok(changed) };
    for day in released_days(release_file, Some(ledger))? {
        let bounds = DayBounds::new(day, &release_file.ledger.time_zone)?;
        if disposition(&bounds, release_file, as_of)? == Disposition::Closed
            && logs_changed_since(release_file, ledger, &bounds)?
        {
            changed.insert(day);
        }
    }
    Ok(changed)
}

/// The days whose tables are stored; none before the first run has made the ledger.
pub(super) fn released_days(
    release_file: &ReleaseFile,
    ledger: Option<&Ledger>,
) -> Result<BTreeSet<Day>> {
    let Some(ledger) = ledger else { return Ok(BTreeSet::new()) };
    Ok(ledger.stored_blocks(&release_file.name)?.into_iter().collect())
}

/// The ledger, or `None` before the first run has made it.
pub(super) fn existing_ledger(release_file: &ReleaseFile) -> Result<Option<Ledger>> {
    let path = &release_file.ledger.path;
    path.exists().then(|| Ledger::open_existing(path)).transpose()
}

/// Refuses a ledger that is gone, where a mark beside the logs knows that there was one.
pub(super) fn require_there(release_file: &ReleaseFile) -> Result<()> {
    let path = &release_file.ledger.path;
    if path.exists() {
        return Ok(());
    }
    Marks::read(&release_file.logs.place, &release_file.output)?.require_there(path)
}

/// The state in which an earlier run left a day that is not released, if it got as far as that.
fn begun(ledger: &Ledger, release_file: &ReleaseFile, day: Day) -> Result<Option<State>> {
    let fingerprint = release_file.fingerprint();
    let entries = ledger.find(&release_file.name, day)?;
    let mut entries = entries.iter().filter(|entry| entry.state != State::Empty);
    Ok(entries.rfind(|entry| entry.fingerprint == fingerprint).map(|entry| entry.state))
}

/// A day that is over and was not released.
struct Unreleased<'a> {
    release_file: &'a ReleaseFile,
    bounds: &'a DayBounds,
    ledger: Option<&'a Ledger>,
}

impl Unreleased<'_> {
    /// What its standing is when the ledger and the names of logs are asked as well; `None` for a day before
    /// the first that has logs.
    fn refined(
        &self,
        standing: Option<Standing>,
        logged: Option<&LoggedDays>,
        place: Place,
    ) -> Result<Option<Standing>> {
        let expires_in_days = standing.and_then(Standing::expires_in_days);
        match self.last_state()? {
            Some(State::Empty) => Ok(Some(Standing::LooksEmpty { expires_in_days, place })),
            None | Some(State::Void) => match logged.filter(|logged| !logged.has(self.bounds)) {
                Some(logged) if logged.begin_after(self.bounds.day()) => Ok(None),
                Some(_) if !self.had_logs()? => {
                    Ok(Some(Standing::NoLogs { expires_in_days, place }))
                }
                _ => Ok(standing),
            },
            Some(_) => Ok(standing),
        }
    }

    fn last_state(&self) -> Result<Option<State>> {
        let Some(ledger) = self.ledger else { return Ok(None) };
        let entries = ledger.find(&self.release_file.name, self.bounds.day())?;
        Ok(entries.last().map(|entry| entry.state))
    }

    /// Whether `retain` has deleted or shortened files of the day.
    fn had_logs(&self) -> Result<bool> {
        let Some(ledger) = self.ledger else { return Ok(false) };
        let logs = &self.release_file.logs;
        let retentions = ledger.custody()?.retentions;
        let mut files = retentions.iter().flat_map(|(retention, _)| &retention.files);
        Ok(files.any(|file| was_read_for(file, logs, self.bounds)))
    }
}

fn standing(
    bounds: &DayBounds,
    release_file: &ReleaseFile,
    released: &BTreeSet<Day>,
    as_of: Timestamp,
    place: Place,
) -> Result<Option<Standing>> {
    if released.contains(&bounds.day()) {
        return Ok(Some(Standing::Released));
    }
    Ok(match disposition(bounds, release_file, as_of)? {
        Disposition::Open => Some(Standing::Open),
        Disposition::Closed => {
            let kept = i64::from(release_file.retention_days) * MICROS_PER_DAY;
            let left = bounds.start_micros() + kept - as_of.as_microsecond();
            Some(Standing::Pending { expires_in_days: left.div_euclid(MICROS_PER_DAY), place })
        }
        // A day that was past retention before the first release could not be released.
        Disposition::PartlyExpired | Disposition::Expired => released
            .first()
            .is_some_and(|first| *first < bounds.day())
            .then_some(Standing::ExpiredUnreleased),
    })
}
