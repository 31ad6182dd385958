//! `run`: releases days.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::args::Run;
use super::cluster_args::{EngineName, EnginePlace};
use super::days::ranges;
use super::guarded::require_unpublished;
use super::output::{Output, wrapped};
use super::progress::Progress;
use super::{hold_warnings, size, status};
use crate::ledger::{Ledger, Second, State};
use crate::pipeline::{
    Again, Done, Incomplete, Job, LoggedDays, Spill, Stop, open_ledger, release_day,
};
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds};
use crate::release_file::engine::Engine;
use crate::retain::{Now, closed_days};
use crate::{Error, Kind, Result};

/// Runs the command. A range goes on after a failed day and returns the largest exit code; it ends
/// early when the ledger cannot be written, since no day could be stored, and at a signal.
pub(crate) fn run(asked: &Run, output: &Output) -> Result<u8> {
    let (mut job, now) = job(asked)?;
    if let Some(folder) = &asked.rejects {
        require_unpublished("--rejects", folder, &job.out)?;
    }
    let days = days_of(asked, &job)?;
    // What is released already needs neither logs nor a clock.
    let before = status::existing_ledger(&job.release_file)?;
    let released = status::released_days(&job.release_file, before.as_ref())?;
    drop(before);
    let is_here = job.release_file.engine.is_none();
    if is_here && !days.iter().all(|bounds| released.contains(&bounds.day())) {
        now.require_living_logs(&job.release_file)?;
    }
    // Warnings come before anything is spent.
    job.release_file.warnings().iter().for_each(|warning| output.warning(warning));
    let mut ledger = open_ledger(&job)?;
    // Until here a signal ends the process: nothing has begun.
    job.stop = Stop::on_signals()?;
    let range = release_range(&job, &mut ledger, &days, output)?;
    let mut text = range.text();
    if days.is_empty() {
        text.push_str("no day with logs is over and inside retention: nothing to do\n");
    }
    if range.has_tables {
        text.push_str(&format!("the tables are in {}\n", job.out.display()));
    }
    text.push_str(&about_empty(asked, &job, &ledger, &range, &released)?);
    // Nobody asked for the days before the first that is named.
    let is_named = asked.day.is_some() || asked.from.is_some();
    let first = days.first().map(DayBounds::day).filter(|_| is_named);
    let mut warnings = status::warnings(&job.release_file, &ledger, job.as_of, first)?;
    warnings.extend(hold_warnings::key_warning(&ledger));
    warnings.extend(ledger.warnings());
    warnings.iter().for_each(|warning| output.warning(warning));
    drop(ledger);
    let object = json!({
        "release": job.release_file.name,
        "days": range.days,
        "out": job.out,
    });
    output.result(&object, &text);
    Ok(range.worst.map_or(0, Kind::exit_code))
}

/// What it means that days look empty, what their looks cost, and how to spare that; empty if no
/// day does.
fn about_empty(
    asked: &Run,
    job: &Job,
    ledger: &Ledger,
    range: &Range,
    released: &BTreeSet<Day>,
) -> Result<String> {
    let empty = range.empty_days();
    let Some(first) = empty.first() else { return Ok(String::new()) };
    let looks = ledger.find(&job.release_file.name, *first)?;
    let look = looks.iter().rfind(|entry| entry.state == State::Empty);
    let spent = look.map_or(0.0, |look| look.spent().rho());
    let part = spent / ledger.terms().budget.rho();
    let mut text = format!(
        "A day looks empty when no rows of it were found, or too few to stand out of the noise. The look at it \
         took {:.1} % of the day's budget. When its files have come or changed, a run looks again for the same \
         price, and releases the day.",
        part * 100.0
    );
    let is_named = asked.day.is_some() || asked.from.is_some();
    let is_first = released.first().is_none_or(|earliest| first < earliest);
    if job.release_file.logs.day_names.is_none() && !is_named && is_first {
        text.push_str(
            " If logs begin later, nothing needs to be spent on the days before: name the days with --from and \
             --to, or set `[logs] day_file` or `day_folder` if names say the day of each file.",
        );
    }
    Ok(wrapped(&format!("{text}\n"), 0))
}

/// What became of the days of a range.
#[derive(Default)]
pub(super) struct Range {
    pub(super) days: Vec<Value>,
    pub(super) worst: Option<Kind>,
    /// The words for each day that was tried.
    lines: Vec<(Day, String)>,
    untried: Option<usize>,
    has_tables: bool,
    /// Failures that were printed, without their days.
    printed: HashSet<String>,
}

impl Range {
    /// Notes that a day failed. A failure that every day has for the same reason is printed once.
    pub(super) fn fail(&mut self, day: Day, error: &Error, output: &Output) {
        let failure = output.object(error);
        if self.printed.insert(failure.to_string().replace(&day.to_string(), "")) {
            output.complaint(error);
            self.lines.push((day, "failed".to_owned()));
        } else {
            self.lines.push((day, AGAIN.to_owned()));
        }
        self.days.push(json!({ "day": day, "error": failure }));
        let kind = error.kind();
        if self.worst.is_none_or(|worst| worst.exit_code() < kind.exit_code()) {
            self.worst = Some(kind);
        }
    }

    /// The days that look empty.
    fn empty_days(&self) -> Vec<Day> {
        let empty = words(Done::Empty);
        self.lines.iter().filter(|(_, words)| words == empty).map(|(day, _)| *day).collect()
    }

    /// One line for each run of days with the same words.
    pub(super) fn text(&self) -> String {
        let in_a_row = self
            .lines
            .chunk_by(|(day, words), (next, others)| words == others && day.next() == Some(*next));
        let line = |days: &[(Day, String)]| {
            let words = days.first().map_or("", |(_, words)| words.as_str());
            format!("{}  {words}\n", ranges(days.iter().map(|(day, _)| day)))
        };
        let mut text: String = in_a_row.map(line).collect();
        if let Some(untried) = self.untried {
            text.push_str(&format!("stopped here; days not tried: {untried}\n"));
        }
        text
    }
}

/// The words for a day that failed for a reason that was printed already.
const AGAIN: &str = "failed as an earlier day did";

/// Releases one day after the other.
pub(super) fn release_range(
    job: &Job,
    ledger: &mut Ledger,
    days: &[DayBounds],
    output: &Output,
) -> Result<Range> {
    let progress = Progress::new(output);
    let job = &Job { meter: progress.meter(), ..job.clone() };
    let mut range = Range::default();
    for (place, bounds) in days.iter().enumerate() {
        let day = bounds.day();
        progress.day(day, place + 1, days.len());
        let done = release_day(job, ledger, bounds);
        let warn = || job.notices.new_ones().iter().for_each(|notice| output.warning(notice));
        progress.suspend(warn);
        match done {
            Ok(done) => {
                range.days.push(json!({ "day": day, "done": done }));
                range.lines.push((day, words(done).to_owned()));
                range.has_tables |= done != Done::Empty;
            }
            Err(error) if days.len() == 1 => return Err(error),
            Err(error) => {
                progress.suspend(|| range.fail(day, &error, output));
                let kind = error.kind();
                if kind == Kind::Stopped || ledger.disk_failed() {
                    range.untried = Some(days.len() - place - 1);
                    break;
                }
            }
        }
    }
    progress.finish();
    Ok(range)
}

fn job(asked: &Run) -> Result<(Job, Now)> {
    let mut release_file = ReleaseFile::read(&asked.release)?
        .with_places(asked.logs.as_deref(), asked.ledger.as_deref());
    release_file.engine = engine(&asked.place, release_file.engine.as_ref())?;
    let now = Now::read(asked.as_of.as_deref(), &release_file.ledger.time_zone)?;
    let job = Job::new(release_file, now.as_of);
    let job = Job {
        out: asked.out.clone().unwrap_or_else(|| job.out.clone()),
        wait: parse_wait(&asked.wait)?,
        again: if asked.again { Again::Release } else { Again::Refuse },
        incomplete: if asked.incomplete { Incomplete::Release } else { Incomplete::Refuse },
        second_ledger: if asked.new_ledger { Second::Allow } else { Second::Refuse },
        rejects: asked.rejects.clone(),
        memory: size::memory(asked.memory.as_deref())?,
        spill: if asked.no_spill { Spill::Refuse } else { Spill::Allow },
        ..job
    };
    Ok((job, now))
}

/// The cluster that is asked, if one is.
fn engine(asked: &EnginePlace, declared: Option<&Engine>) -> Result<Option<Engine>> {
    let at = asked.remote.as_deref();
    match (asked.engine, at) {
        (Some(EngineName::Here), None) => Ok(None),
        (Some(EngineName::Here), Some(_)) => Err(Error::usage("`--remote` names a cluster")
            .help("give it with --engine spark, or leave it out")),
        (_, Some(remote)) => Engine::at(remote, declared).map(Some),
        (Some(EngineName::Spark), None) if declared.is_none() => {
            Err(Error::usage("`--engine spark` has no place").help("add --remote sc://host:15002"))
        }
        (_, None) => Ok(declared.cloned()),
    }
}

/// Reads `--wait`.
pub(super) fn parse_wait(text: &str) -> Result<Duration> {
    let wait = text.parse::<SignedDuration>().ok().and_then(|wait| Duration::try_from(wait).ok());
    wait.ok_or_else(|| {
        Error::usage(format!("`--wait` is `{text}`")).help("write a duration such as 60s or 5m")
    })
}

fn days_of(asked: &Run, job: &Job) -> Result<Vec<DayBounds>> {
    let zone = &job.release_file.ledger.time_zone;
    let (first, last): (Day, Day) = match (&asked.day, &asked.from, &asked.to) {
        (Some(day), _, _) => (day.parse()?, day.parse()?),
        (None, Some(from), Some(to)) => (from.parse()?, to.parse()?),
        (None, Some(from), None) => (from.parse()?, newest_closed(&job.release_file, job.as_of)?),
        _ if job.release_file.engine.is_some() => {
            return Err(Error::usage("a run on a cluster has no day")
                .help("name it by --day, or days by --from and --to"));
        }
        _ => return days_with_logs(&job.release_file, job.as_of),
    };
    if first > last {
        return Err(match &asked.to {
            Some(_) => Error::usage(format!("--from {first} lies after --to {last}"))
                .help("give the earlier day first"),
            None => Error::usage(format!(
                "--from {first} lies after the newest day that is over, {last}"
            ))
            .help("give an earlier day"),
        });
    }
    std::iter::successors(Some(first), |day| day.next())
        .take_while(|day| *day <= last)
        .map(|day| DayBounds::new(day, zone))
        .collect()
}

/// The newest day that is over.
fn newest_closed(release_file: &ReleaseFile, as_of: Timestamp) -> Result<Day> {
    let closed = closed_days(release_file, as_of)?;
    closed.last().map(DayBounds::day).ok_or_else(|| {
        Error::refused("no day is over and inside retention")
            .help("give --to as well, or run later")
    })
}

/// The closed days from the first that the names of the logs or the ledger know.
fn days_with_logs(release_file: &ReleaseFile, as_of: Timestamp) -> Result<Vec<DayBounds>> {
    let mut days = closed_days(release_file, as_of)?;
    let ledger = status::existing_ledger(release_file)?;
    if let Some(logged) = LoggedDays::find(release_file, ledger.as_ref())? {
        days.retain(|bounds| !logged.begin_after(bounds.day()));
    }
    Ok(days)
}

const fn words(done: Done) -> &'static str {
    match done {
        Done::Released => "released",
        Done::AlreadyDone => "already done",
        Done::Healed => "already done; the output was written again",
        Done::Empty => status::LOOKS_EMPTY,
    }
}
