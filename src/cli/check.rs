//! `check`: can the logs be read, what do they hold, and what would mend what is wrong? The answers are
//! exact, and therefore sensitive.

mod found;
mod text;

use std::path::Path;

use serde_json::{Map, Value, json};

use self::found::Checked;
use super::args::Check;
use super::guarded::require_unpublished;
use super::output::Output;
use crate::ingest::{AbsentColumn, LogReader, Reason, RejectedRows};
use crate::plan::Layout;
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Clock, Day, DayBounds};
use crate::retain::closed_days;
use crate::survey::{Survey, Times, findings, keys_of};
use crate::{Kind, Result};

/// Runs the command; the exit code is that of bad input when hardly any row can be used.
///
/// # Privacy
/// Counts are exact: the output is marked as sensitive and is only for the operator.
///
/// # Errors
/// Usage, for the release file; input, for logs that cannot be read; I/O.
pub(crate) fn run(asked: &Check, output: &Output) -> Result<u8> {
    let release_file = ReleaseFile::read(&asked.release)?.with_places(asked.logs.as_deref(), None);
    release_file.require_here("check")?;
    if let Some(folder) = &asked.rejects {
        require_unpublished("--rejects", folder, &release_file.output)?;
    }
    let keys = keys_of(&Layout::new(&release_file.questions)?);
    let name = format!("{}-check.ndjson", release_file.name);
    let rejects = asked
        .rejects
        .as_ref()
        .map(|folder| RejectedRows::create(&release_file.logs, folder, &name))
        .transpose()?;
    let reader = LogReader::open(&release_file.logs, &keys, None)?
        .with_rejects(rejects.as_ref())
        .with_forms();
    let survey = Survey::take(&release_file, &keys, &reader)?;
    rejects.as_ref().map_or(Ok(()), RejectedRows::finish)?;
    let wrong = reader.with_wrong_statistics()?.into_iter().map(shown).collect();
    let now = Clock::System.now();
    let closed: Vec<Day> = closed_days(&release_file, now)?.iter().map(DayBounds::day).collect();
    let written = rejects.as_ref().map(RejectedRows::path);
    let findings = findings(&survey, &reader, &release_file, now, &closed, written);
    let zone = release_file.ledger.time_zone_name.clone();
    let absent = reader.absent_columns();
    absent.iter().for_each(|column| output.warning(&column.to_string()));
    let checked = Checked { reader: &reader, survey, wrong, absent, findings, zone, written };
    output.result(&checked.object(), &checked.text());
    Ok(if checked.survey.is_usable() { 0 } else { Kind::Input.exit_code() })
}

impl Checked<'_> {
    fn object(&self) -> Value {
        let Self { reader, survey, wrong, .. } = self;
        let rejects = Reason::ALL
            .iter()
            .map(|reason| (reason.word().to_owned(), survey.rows.rejects.of(*reason).into()));
        let passed_over = reader.passed_over().iter();
        let passed_over: Vec<Value> = passed_over
            .map(|passed| json!({"path": shown(&passed.path), "why": passed.why}))
            .collect();
        json!({
            "sensitive": true,
            "usable": survey.is_usable(),
            "files": reader.files(),
            "bytes": reader.bytes(),
            "rows": survey.rows.rows,
            "left_out_by_where": survey.rows.filtered,
            "lookups": survey.lookups(),
            "rejects": rejects.collect::<Map<_, _>>(),
            "rejects_written_to": self.written.map(shown),
            "spellings_of_bad_times": survey.forms.times().into_iter().collect::<Vec<_>>(),
            "requesters": survey.requesters.count,
            "requesters_are_exact": survey.requesters.is_exact,
            "requesters_a_day": survey.requesters_a_day.count,
            "targets": survey.targets.count,
            "targets_are_exact": survey.targets.is_exact,
            "time_zone": self.zone,
            "times": survey.times.as_ref().map(times),
            "keys": survey.keys,
            "findings": self.findings,
            "missing_columns": names(&self.absent),
            "wrong_statistics": wrong,
            "passed_over": passed_over,
        })
    }
}

fn names(absent: &[AbsentColumn]) -> Vec<&str> {
    absent.iter().map(|column| column.name.as_str()).collect()
}

fn times(times: &Times) -> Value {
    json!({
        "first": text::instant(times.first),
        "last": text::instant(times.last),
        "days": times.days,
        "days_without": times.days_without(),
        "gaps": times.gaps,
        "hours": times.hours,
    })
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
