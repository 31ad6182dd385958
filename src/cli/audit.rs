//! `audit`: attacks a release on made-up days and shows what each test found.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use maud::{DOCTYPE, html};
use serde_json::json;

use super::args::Audit as Asked;
use super::guarded::{PAGE, Target};
use super::output::{Output, wrapped_to};
use crate::audit::{Audit, Finding};
use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// Runs the command; returns 1 if a test failed.
///
/// # Errors
/// Usage or refused, for a release file that cannot be planned; I/O.
pub(crate) fn run(asked: &Asked, output: &Output) -> Result<u8> {
    let release_file = ReleaseFile::read(&asked.release)?;
    if let Some(file) = &asked.html {
        let target = Target { option: "--html", file };
        target.require_apart(&asked.release, &release_file)?;
        target.require_alike(|text| text.starts_with(PAGE))?;
    }
    let failed = |path: &Path, error: std::io::Error| {
        Error::io(format!("{} cannot be written", path.display())).because(error)
    };
    // The file is opened first, so that no time is spent if it cannot be written.
    let page_file = asked.html.as_deref().map(|path| {
        let file = File::create(path).map_err(|error| failed(path, error))?;
        Ok::<_, Error>((path, file))
    });
    let page_file = page_file.transpose()?;
    let audit = Audit::of(&release_file, Duration::from_secs(asked.seconds))?;
    if let Some((path, mut file)) = page_file {
        file.write_all(page(&audit).as_bytes()).map_err(|error| failed(path, error))?;
    }
    let object = json!({
        "release": audit.release,
        "passed": audit.passed(),
        "false_alarm": audit.false_alarm(),
        "findings": audit.findings,
    });
    output.result(&object, &text(&audit));
    Ok(u8::from(!audit.passed()))
}

const HEADS: [&str; 6] = ["test", "of", "found", "may be", "false alarm", "verdict"];

/// A finding as the cells of a table.
fn cells(finding: &Finding) -> [String; 6] {
    let false_alarm = match finding.false_alarm {
        none if none <= 0.0 => "never".to_owned(),
        some => format!("{some:.0e}"),
    };
    let verdict = if finding.passed { "passed" } else { "FAILED" };
    [
        finding.test.to_owned(),
        finding.subject.clone(),
        finding.statistic.clone(),
        finding.bound.clone(),
        false_alarm,
        verdict.to_owned(),
    ]
}

/// What all findings come to, in a sentence.
fn summary(audit: &Audit) -> String {
    let failed = audit.findings.iter().filter(|finding| !finding.passed).count();
    let (all, alarm) = (audit.findings.len(), audit.false_alarm() * 100.0);
    match failed {
        0 => format!(
            "All {all} tests passed. A correct program fails one or more of them by chance in at most \
             {alarm:.2} of 100 audits."
        ),
        _ => format!(
            "{failed} of {all} tests FAILED. A correct program fails one or more of them by chance in at most \
             {alarm:.2} of 100 audits: repeat the audit, and release nothing if a test fails again."
        ),
    }
}

/// The findings below the name of their test, in lines that fit a terminal.
fn text(audit: &Audit) -> String {
    const COLUMNS: usize = 80;
    let mut text = String::new();
    let rows: Vec<[String; 6]> = audit.findings.iter().map(cells).collect();
    for alike in rows.chunk_by(|one, next| (&one[0], &one[4]) == (&next[0], &next[4])) {
        let [test, .., false_alarm, _] = &alike[0];
        text.push_str(&match false_alarm.as_str() {
            "never" => format!("{test} (cannot fail by chance)\n"),
            alarm => format!("{test} (fails by chance: {alarm})\n"),
        });
        for [_, subject, found, bound, _, verdict] in alike {
            let bound = if found == bound { String::new() } else { format!(" ({bound})") };
            let line = format!("  {verdict}  {subject}: {found}{bound}");
            text.push_str(&wrapped_to(&line, 10, COLUMNS));
        }
    }
    text.push_str(&format!("\n{}", wrapped_to(&summary(audit), 0, COLUMNS)));
    text
}

fn page(audit: &Audit) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Audit of " (audit.release) }
                style { "body{font-family:sans-serif}td,th{text-align:left;padding:2px 12px}" }
            }
            body {
                h1 { "Audit of " (audit.release) }
                p { (summary(audit)) }
                table {
                    tr { @for head in HEADS { th { (head) } } }
                    @for finding in &audit.findings {
                        tr { @for cell in cells(finding) { td { (cell) } } }
                    }
                }
            }
        }
    };
    page.into_string() + "\n"
}
