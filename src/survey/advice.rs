//! Sentences for the owner of logs: what is wrong with what was found, and what would mend it.

mod times;

use std::path::Path;

use jiff::Timestamp;

use super::Survey;
use super::finding::Finding;
use super::identifiers::{count, of_identifiers};
use super::key_advice::{of_heavy, of_key, of_unlisted};
use crate::ingest::{IdentifierForm, LogReader, Reason, TO_UTF8};
use crate::release_file::ReleaseFile;
use crate::release_file::day::Day;
use crate::release_file::dialect::DECIMAL;
use crate::release_file::logs::Identifier;
use crate::words::grouped;

/// What the owner should look at, in the order in which rows are read. `closed` are the days that a plain run
/// would look at now, and `written` is the file that has the rejects, if they were asked for.
pub fn findings(
    survey: &Survey,
    reader: &LogReader<'_>,
    release_file: &ReleaseFile,
    now: Timestamp,
    closed: &[Day],
    written: Option<&Path>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    of_files(reader, release_file, &mut findings);
    of_names(survey, reader, release_file, &mut findings);
    of_rows(survey, &mut findings);
    of_malformed(survey, release_file, written, &mut findings);
    of_bad_times(survey, release_file, &mut findings);
    of_retention(survey, release_file, &mut findings);
    of_people(survey, release_file, &mut findings);
    times::of_times(survey, release_file, now, &mut findings);
    times::of_days_without(survey, release_file, closed, &mut findings);
    let decimal = release_file.logs.dialect.decimal();
    survey.keys.iter().for_each(|key| {
        of_key(key, survey.lookups(), decimal, &mut findings);
        let unlisted = survey.forms.unlisted(&key.name);
        unlisted.iter().for_each(|one| of_unlisted(key, one, survey.lookups(), &mut findings));
    });
    of_heavy(survey, &mut findings);
    findings
}

/// What the release file declares about text although no text of lines is read.
fn of_files(reader: &LogReader<'_>, release_file: &ReleaseFile, findings: &mut Vec<Finding>) {
    if reader.has_divided_text() {
        return;
    }
    let facts = release_file.logs.dialect.facts().iter();
    for (field, _) in facts.filter(|(field, _)| *field != DECIMAL) {
        let text = format!("`{field}` does nothing: no file is text of lines other than JSON");
        findings.push(Finding::new(field, text));
    }
}

/// Where the rows of files do not keep what names promise of days, or names promise no day.
fn of_names(
    survey: &Survey,
    reader: &LogReader<'_>,
    release_file: &ReleaseFile,
    findings: &mut Vec<Finding>,
) {
    let Some(names) = &release_file.logs.day_names else { return };
    let field = names.field();
    if survey.rows.misfiled > 0 {
        let text = format!(
            "{} of another day (of {}, `[logs] time_zone`) than the name that `{field}` reads promises, and a run \
             would miss them: set `time_zone` if names are days of another clock, write each day's rows into its own \
             place, or remove `{field}`",
            count(survey.rows.misfiled, "lookup is", "lookups are"),
            release_file.logs.time_zone_name
        );
        findings.push(Finding::new(field, text));
    }
    let without = reader.without_day();
    if let Some(first) = without.first() {
        let text = format!(
            "`{field}` finds no day, or several, in the name of {}, such as {}: each day is read from it, and a \
             run looks at all days of retention; narrow `[logs] path`",
            count(without.len() as u64, "file", "files"),
            first.display()
        );
        findings.push(Finding::new(field, text));
    }
}

fn of_rows(survey: &Survey, findings: &mut Vec<Finding>) {
    if survey.rows.rows == 0 {
        findings.push(Finding::new("rows", "the files hold no row: look at `[logs] path`"));
    } else if survey.rows.filtered == survey.rows.rows {
        findings.push(Finding::new("where", "`[logs] where` leaves out every row"));
    } else if !survey.is_usable() {
        let of = grouped(survey.rows.rows - survey.rows.filtered);
        let text = match survey.lookups() {
            0 => format!("none of {of} rows can be read"),
            some => format!("only {} of {of} rows can be read", grouped(some)),
        };
        findings.push(Finding::new("rows", text));
    }
}

fn of_malformed(
    survey: &Survey,
    release_file: &ReleaseFile,
    written: Option<&Path>,
    findings: &mut Vec<Finding>,
) {
    let not_utf8 = survey.forms.not_utf8();
    if not_utf8 > 0 {
        let text = format!(
            "{} not UTF-8 and count nowhere: convert the files, {TO_UTF8}",
            count(not_utf8, "record is", "records are")
        );
        findings.push(Finding::new(Reason::Malformed.word(), text));
    }
    let malformed = survey.rows.rejects.of(Reason::Malformed) - not_utf8;
    if malformed == 0 {
        return;
    }
    let place = match written {
        Some(path) => format!("they are in {}", path.display()),
        None => "`--rejects DIR` writes them out".to_owned(),
    };
    let text = match release_file.logs.dialect.pattern() {
        Some(_) => format!(
            "{} read by no `pattern`: {place}. If some are lookups, let `pattern` match them, and let `skip` pass over \
             lines of other kinds. Do both before the first run: after it `pattern` cannot be changed, and where `skip` \
             changes, days published before count as those of a release file that asked otherwise",
            count(malformed, "line is", "lines are")
        ),
        None => format!(
            "{} not in the format of their file: {place}",
            count(malformed, "record is", "records are")
        ),
    };
    findings.push(Finding::new(Reason::Malformed.word(), text));
}

/// What rows of an unknown age mean for the deletion of the others.
fn of_retention(survey: &Survey, release_file: &ReleaseFile, findings: &mut Vec<Finding>) {
    let of = |reason| survey.rows.rejects.of(reason);
    let has_pattern = release_file.logs.dialect.pattern().is_some();
    let (bad, malformed) = (of(Reason::BadTime), of(Reason::Malformed));
    let rows = if has_pattern { bad } else { bad + malformed };
    if rows > 0 {
        let text = format!(
            "`retain` deletes nothing at all because of {}, of which it is unknown whether they are past retention: \
             correct or remove them",
            count(rows, "row whose time cannot be read", "rows whose times cannot be read")
        );
        findings.push(Finding::new("retention", text));
    }
    if has_pattern && malformed > 0 {
        let text =
            "`retain` deletes lines that no `pattern` reads together with the lines around them";
        findings.push(Finding::new("retention", text));
    }
}

fn of_bad_times(survey: &Survey, release_file: &ReleaseFile, findings: &mut Vec<Finding>) {
    let bad = survey.rows.rejects.of(Reason::BadTime);
    let column = release_file.logs.shown("requested_at");
    let mut spelt = survey.forms.times().into_iter();
    let Some((spelling, times)) = spelt.next().filter(|_| bad > 0) else { return };
    let text = match spelling {
        "" => format!(
            "{} no time in `{column}`: they count nowhere",
            count(times, "row has", "rows have")
        ),
        number if number.bytes().all(|byte| b"9.".contains(&byte)) => format!(
            "{} in `{column}` that are no instants: correct `time_unit` in [logs]",
            count(times, "row has a number", "rows have numbers")
        ),
        spelt => format!(
            "{} in `{column}` written like `{spelt}`, which means no instant or several: say how to \
             read them with `time_format` in [logs]",
            count(times, "time is", "times are")
        ),
    };
    findings.push(Finding::new(Reason::BadTime.word(), text));
    let rest: u64 = spelt.map(|(_, times)| times).sum();
    if rest > 0 {
        let text = format!("{} spelt in other ways", count(rest, "bad time is", "bad times are"));
        findings.push(Finding::new(Reason::BadTime.word(), text));
    }
}

fn of_people(survey: &Survey, release_file: &ReleaseFile, findings: &mut Vec<Finding>) {
    let logs = &release_file.logs;
    for (reason, name) in [(Reason::NoRequester, "requester"), (Reason::NoTarget, "target")] {
        let rows = survey.rows.rejects.of(reason);
        if rows > 0 {
            let text = format!(
                "{} no {name} in `{}`: they count nowhere; should another column be the {name}? If such rows are no \
                 lookups, `[logs] where` can leave them out by the value of another column",
                count(rows, "row has", "rows have"),
                logs.shown(name)
            );
            findings.push(Finding::new(reason.word(), text));
        }
    }
    for form in IdentifierForm::ALL {
        let rows = survey.forms.identifiers(form);
        if rows > 0 {
            let text = of_identifiers(form, rows, logs);
            findings.push(Finding::new(Reason::BadNumber.word(), text));
        }
    }
    let (lookups, requesters) = (survey.lookups(), survey.requesters.count);
    if lookups >= 100 && requesters.saturating_mul(20) > lookups.saturating_mul(19) {
        let text = format!(
            "nearly every lookup has a requester of its own: is `{}` the column of who asks?",
            logs.shown("requester")
        );
        findings.push(Finding::new("requester", text));
    } else if lookups >= 100 && requesters == 1 {
        let text = "one requester makes all lookups, and noise hides each requester: such logs have \
                    no answers";
        findings.push(Finding::new("requester", text));
    }
    if logs.identifier == Identifier::Opaque && logs.default_region.is_some() {
        let text = "`default_region` changes nothing beside `identifier = \"opaque\"`";
        findings.push(Finding::new("default_region", text));
    }
}
