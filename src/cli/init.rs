//! `init`: writes a release file for logs that nobody has described yet.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::Init;
use super::output::Output;
use crate::init::{Draft, default_name, draft, place_of};
use crate::release_file::schema;
use crate::words::grouped;
use crate::{Error, Result};

/// Runs the command. Beside the release file it leaves the schema by which editors complete one.
///
/// # Privacy
/// The file has values of keys that occur in the logs, for their owner to prune.
///
/// # Errors
/// Usage, for a file that is there already; input, for logs that cannot be described; I/O.
pub(crate) fn run(asked: &Init, output: &Output) -> Result<()> {
    let name = match &asked.out {
        Some(out) => default_name(out),
        None => default_name(&asked.logs),
    };
    let out = asked.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
    let there = || {
        Error::usage(format!("{} is there already", out.display()))
            .help("it is never overwritten: move it away, or name another file with --out")
    };
    if out.symlink_metadata().is_ok() {
        return Err(there());
    }
    let folder = out.parent().unwrap_or(Path::new(""));
    let place = place_of(&asked.logs, folder)?;
    let file = out.file_name().and_then(|file| file.to_str()).unwrap_or("release.toml");
    let draft = draft(&name, file, &place)?;
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => there(),
        _ => Error::io(format!("{} cannot be written", out.display()))
            .help("name another file with --out, in a folder that is there")
            .because(error),
    };
    create(&out, &draft.text).map_err(failed)?;
    // A schema that is there already may be of another version, or hold what somebody wrote, so it
    // stays.
    let beside = folder.join(schema::FILE);
    let is_new = !beside.exists() && create(&beside, &schema::schema()).is_ok();
    let object = json!({
        "sensitive": true,
        "written": out,
        "schema": is_new.then_some(&beside),
        "files": draft.files,
        "rows_looked_at": draft.rows,
        "checks": draft.checks,
        "default_region_is_undecided": draft.is_undecided,
    });
    output.result(&object, &words(&draft, &out));
    Ok(())
}

/// What was done, and what comes next.
fn words(draft: &Draft, out: &Path) -> String {
    let shown = out.display();
    let files = match draft.files {
        1 => "one file".to_owned(),
        files => format!("{} files", grouped(files as u64)),
    };
    let checks = match draft.checks {
        1 => "One line is marked CHECK.".to_owned(),
        checks => format!("{checks} lines are marked CHECK."),
    };
    let next = match draft.is_undecided {
        true => format!(
            "next: in {shown}, write as default_region the country in which numbers without + are dialled, then\n\
             pointillist check {shown}\n"
        ),
        false => format!("next: pointillist check {shown}\n"),
    };
    format!(
        "looked at {} rows of {files} and wrote {shown}\n\
         {checks} The release file lists values seen in the logs: prune it before others read it.\n\
         {next}",
        grouped(draft.rows as u64),
    )
}

/// Writes a file that must not be there yet.
fn create(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}
