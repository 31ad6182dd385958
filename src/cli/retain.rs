//! `retain`: shows what a deletion would do, and does it.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::days::ranges;
use super::hold_warnings;
use super::output::Output;
use super::retain_args::Retain;
use super::run::{Range, parse_wait, release_range};
use super::size;
use super::status::{existing_ledger, released_days, require_there};
use crate::custody::{
    Consent, Expired, Purged, Sign, Unreached, Waiting, preview, purge, require_quiet,
};
use crate::ledger::{Ledger, Marks, State, Which};
use crate::pipeline::{Job, open_custody, open_ledger};
use crate::release_file::ReleaseFile;
use crate::release_file::day::Day;
use crate::retain::{Now, closed_days};
use crate::words::several;
use crate::{Kind, Result};

/// Why a file waits with --keep-unreleased.
const UNRELEASED: &str = "has days that were never released";

/// Runs the command. The code is 1 when an operator must look: rows of a day were deleted that was
/// never released, or are kept on request, or a file that may hold expired rows was left alone.
///
/// # Privacy
/// The output names files and days, but no numbers of rows: these are only in the journal.
///
/// # Errors
/// Input, when a file, a time or the clock cannot be trusted: then nothing was deleted; I/O; busy.
pub(crate) fn run(asked: &Retain, output: &Output) -> Result<u8> {
    let (job, now) = job(asked)?;
    if asked.dry_run {
        return dry_run(asked, &job, now, output).map(|()| 0);
    }
    let mut ledger = open_custody(&job.release_file, job.wait)?;
    Marks::read(&job.release_file.logs.place, &job.out)?
        .require_no_holds_elsewhere(&ledger, now.of_holds())?;
    let mut worst = 0;
    let mut released_first = Range::default();
    if asked.release_first {
        // No budget is spent at an instant that a deletion or a run would not accept.
        preview(&job.release_file, Some(&ledger), now)?;
        now.require_living_logs(&job.release_file)?;
        drop(ledger);
        ledger = open_ledger(&job)?;
        let days = closed_days(&job.release_file, job.as_of)?;
        // The promise to delete comes first: a release that fails does not delay it.
        match release_range(&job, &mut ledger, &days, output) {
            Ok(range) => released_first = range,
            Err(error) => {
                days.iter().for_each(|day| released_first.fail(day.day(), &error, output));
            }
        }
        worst = released_first.worst.map_or(0, Kind::exit_code);
    }
    let released = released_days(&job.release_file, Some(&ledger))?;
    let may_go = may_go(asked, &job.release_file, Some(&ledger))?;
    let before = |days: &BTreeSet<Day>| {
        if !days.is_empty() {
            output.warning_before(&losing(days));
        }
    };
    let consent = Consent { released: &released, may_go: may_go.as_ref(), before: &before };
    let purged = purge(&job.release_file, &mut ledger, now, &consent)?;
    let mut warnings: Vec<String> = waiting(&purged.waiting).into_iter().collect();
    warnings.extend(purged.linked.iter().map(|file| {
        format!(
            "{file} had another name (a hard link), under which the deleted rows are still there"
        )
    }));
    warnings.extend(purged.strays.iter().map(|path| stray(path)));
    warnings.extend(purged.unreached.as_ref().map(unreached));
    warnings.extend(hold_warnings::key_warning(&ledger));
    warnings.extend(hold_warnings::warnings(&job.release_file, &ledger, Sign::Size)?);
    for warning in &warnings {
        output.warning(warning);
    }
    if !(warnings.is_empty() && purged.unreleased.is_empty()) {
        worst = worst.max(Kind::Refused.exit_code());
    }
    let text = format!("{}{}", released_first.text(), words(&purged));
    output.result(&object(&job, now.as_of, &purged, &released_first.days), &text);
    Ok(worst)
}

/// The warning of days that were never released and are about to lose rows.
fn losing(days: &BTreeSet<Day>) -> String {
    format!(
        "{} {} never released, and cannot be once rows of {} are deleted",
        days_of(days),
        if days.len() == 1 { "was" } else { "were" },
        if days.len() == 1 { "it" } else { "them" },
    )
}

/// The warning about files that stay, if any do.
fn waiting(waiting: &Waiting) -> Option<String> {
    let Waiting { files, days } = waiting;
    (!files.is_empty()).then(|| {
        format!(
            "{} with rows past retention {}: {} {} never released. Give {} more [retention] days and \
             `pointillist run`, or delete the rows without --keep-unreleased",
            several(files.len(), "file"),
            if files.len() == 1 { "stays" } else { "stay" },
            days_of(days),
            if days.len() == 1 { "was" } else { "were" },
            if days.len() == 1 { "it" } else { "them" },
        )
    })
}

fn days_of(days: &BTreeSet<Day>) -> String {
    format!("the day{} {}", if days.len() == 1 { "" } else { "s" }, ranges(days))
}

/// The days that may lose rows: all (`None`), or with --keep-unreleased those that were released or
/// looked empty.
fn may_go(
    asked: &Retain,
    release_file: &ReleaseFile,
    ledger: Option<&Ledger>,
) -> Result<Option<BTreeSet<Day>>> {
    if !asked.keep_unreleased {
        return Ok(None);
    }
    let entries = ledger.map(|ledger| ledger.entries(Which::Release(&release_file.name)));
    let entries = entries.transpose()?.unwrap_or_default().into_iter();
    let looked_at =
        entries.filter(|entry| entry.state.has_answers() || entry.state == State::Empty);
    Ok(Some(looked_at.flat_map(|entry| entry.reserved.blocks).collect()))
}

/// The line about files of which nothing but lines without a time stays.
fn left_with_lines(path: &str, are_to_stay: bool) -> String {
    let stay = if are_to_stay { "would stay" } else { "stay" };
    format!(
        "lines that the pattern does not read {stay} in {path}, past the last row with a time: they go once the file \
         was last written to before the cutoff and no order is in force\n"
    )
}

fn stray(path: &Path) -> String {
    format!(
        "{} lies among the logs but is not read as a log: nothing in it was deleted",
        path.display()
    )
}

fn unreached(Unreached { folder, note }: &Unreached) -> String {
    format!(
        "an opening was cut short, and {}, where it wrote rows in clear, cannot be reached: mount its \
         volume and run again, or remove {} if the folder is gone for good",
        folder.display(),
        note.display()
    )
}

fn job(asked: &Retain) -> Result<(Job, Now)> {
    let release_file = ReleaseFile::read(&asked.release)?
        .with_places(asked.logs.as_deref(), asked.ledger.as_deref());
    release_file.require_here("retain")?;
    let named = asked.as_of.as_deref();
    let zone = &release_file.ledger.time_zone;
    let now = if asked.dry_run { Now::read_any(named, zone)? } else { Now::read(named, zone)? };
    let job = Job {
        wait: parse_wait(&asked.wait)?,
        memory: size::memory(None)?,
        ..Job::new(release_file, now.as_of)
    };
    Ok((job, now))
}

fn dry_run(asked: &Retain, job: &Job, now: Now, output: &Output) -> Result<()> {
    require_there(&job.release_file)?;
    let ledger = existing_ledger(&job.release_file)?;
    let (mut expiry, ended_orders) = preview(&job.release_file, ledger.as_ref(), now)?;
    let released = released_days(&job.release_file, ledger.as_ref())?;
    let may_go = may_go(asked, &job.release_file, ledger.as_ref())?;
    let before = |days: &BTreeSet<Day>| {
        if !days.is_empty() {
            output.warning(&losing(days));
        }
    };
    let consent = Consent { released: &released, may_go: may_go.as_ref(), before: &before };
    let left = consent.leave(&mut expiry);
    let unreleased = consent.unreleased(&expiry.files);
    let mut text = cutoff(job, now, expiry.cutoff);
    let mut files: Vec<Value> =
        expiry.files.iter().map(|file| losing_rows(file, &mut text)).collect();
    for path in &left.files {
        text.push_str(&format!("wait     {path}: {UNRELEASED}\n"));
        files.push(json!({ "path": path, "action": "wait" }));
    }
    if let Some(why) = waiting(&left) {
        output.warning(&why);
    }
    let waits = require_quiet(&job.release_file, &expiry).err().map(|why| why.to_string());
    if let Some(why) = &waits {
        output.warning(&format!("nothing would be deleted yet: {why}"));
    }
    for path in &expiry.strays {
        output.warning(&stray(path));
    }
    for order in &ended_orders {
        text.push_str(&format!("ended    {order}: its archives would be deleted\n"));
    }
    text.push_str(&format!(
        "{} of {} files; nothing was changed\n",
        expiry.files.len(),
        expiry.found
    ));
    let object = json!({
        "release": job.release_file.name,
        "dry_run": true,
        "as_of": now.as_of.to_string(),
        "cutoff": expiry.cutoff.to_string(),
        "files": files,
        "files_found": expiry.found,
        "unreleased": unreleased,
        "unreleased_waiting": left.days,
        "not_read": expiry.strays,
        "ended_orders": ended_orders,
        "waits": waits,
    });
    output.result(&object, &text);
    Ok(())
}

/// The lines about a file that would lose rows, and the same as an object.
fn losing_rows(file: &Expired<'_>, text: &mut String) -> Value {
    let (path, what) = (file.shown(), if file.is_mixed() { "rewrite" } else { "delete" });
    text.push_str(&format!("{what:7}  {path}\n"));
    if file.is_left_with_lines() {
        text.push_str(&left_with_lines(&path, true));
    }
    json!({ "path": path, "action": what, "left_with_lines": file.is_left_with_lines() })
}

/// The line about the cutoff: rows go by the second, and not by days.
fn cutoff(job: &Job, now: Now, cutoff: Timestamp) -> String {
    format!(
        "cutoff {cutoff:.0}, {} times 24 hours before {:.0}: rows before it would be deleted\n",
        job.release_file.retention_days, now.as_of
    )
}

fn object(job: &Job, as_of: Timestamp, purged: &Purged, released_first: &[Value]) -> Value {
    json!({
        "release": job.release_file.name,
        "dry_run": false,
        "as_of": as_of.to_string(),
        "cutoff": purged.cutoff.map(|cutoff| cutoff.to_string()),
        "deleted": purged.deleted,
        "rewritten": purged.rewritten,
        "left_with_lines": purged.left_with_lines,
        "archives": purged.archives,
        "unreleased": purged.unreleased,
        "unreleased_waiting": purged.waiting.days,
        "waiting": purged.waiting.files,
        "not_read": purged.strays,
        "unreached": purged.unreached.as_ref().map(|left| &left.folder),
        "ended_orders": purged.ended_orders,
        "resumed": purged.is_resumed,
        "released_first": released_first,
    })
}

fn words(purged: &Purged) -> String {
    let mut text = String::new();
    if purged.is_resumed {
        text.push_str("finished a deletion that was cut short\n");
    }
    for path in &purged.deleted {
        text.push_str(&format!("deleted    {path}\n"));
    }
    for path in &purged.rewritten {
        text.push_str(&format!("rewritten  {path}\n"));
    }
    for path in &purged.left_with_lines {
        text.push_str(&left_with_lines(path, false));
    }
    if purged.archives > 0 {
        text.push_str(&format!("sealed     archives: {}\n", purged.archives));
    }
    for order in &purged.ended_orders {
        text.push_str(&format!("ended      {order}: its archives are gone\n"));
    }
    for path in &purged.waiting.files {
        text.push_str(&format!("waits      {path}: {UNRELEASED}\n"));
    }
    if purged.deleted.is_empty() && purged.rewritten.is_empty() && purged.waiting.files.is_empty() {
        text.push_str("no row is past retention\n");
    }
    text
}
