//! `check`: do the logs conform? The answer is exact, and therefore sensitive.

use std::path::PathBuf;

use serde_json::{Map, json};

use super::args::Check;
use super::output::Output;
use crate::Result;
use crate::ingest::{LogReader, Reason, RejectedRows};
use crate::plan::Layout;
use crate::release_file::ReleaseFile;
use crate::release_file::logs::Place;

/// Runs the command.
///
/// # Privacy
/// Counts are exact: the output is marked as sensitive and is only for the operator.
///
/// # Errors
/// Usage, for the release file; input, for logs that cannot be read; I/O.
pub(crate) fn run(asked: &Check, output: &Output) -> Result<()> {
    let mut release_file = ReleaseFile::read(&asked.release)?;
    if let Some(logs) = &asked.logs {
        release_file.logs.place =
            Place { folder: PathBuf::new(), glob: logs.display().to_string() };
    }
    let layout = Layout::new(&release_file.questions)?;
    let name = format!("{}-check.ndjson", release_file.name);
    let rejects = asked
        .rejects
        .as_ref()
        .map(|folder| RejectedRows::create(&release_file.logs, folder, &name))
        .transpose()?;
    let reader =
        LogReader::open(&release_file.logs, layout.keys(), None)?.with_rejects(rejects.as_ref());
    let (_, counts) = reader.fold(|| (), |(), _| Ok(()))?;
    rejects.as_ref().map_or(Ok(()), RejectedRows::finish)?;
    let wrong = reader.with_wrong_statistics()?;
    let wrong: Vec<String> = wrong.into_iter().map(|path| path.display().to_string()).collect();
    let lookups = counts.rows - counts.filtered - counts.rejects.all();
    let mut text = format!(
        "SENSITIVE: exact counts, not for publication\n\
         files              {}\n\
         rows               {}\n\
         left out by where  {}\n\
         lookups            {lookups}\n\
         rejects            {}\n",
        reader.files(),
        counts.rows,
        counts.filtered,
        counts.rejects.all(),
    );
    let mut by_reason = Map::new();
    for reason in Reason::ALL {
        let (word, count) = (reason.word(), counts.rejects.of(reason));
        text.push_str(&format!("  {word:<16} {count}\n"));
        by_reason.insert(word.to_owned(), count.into());
    }
    if !wrong.is_empty() {
        text.push_str(&format!(
            "{} files have statistics that their rows contradict, so that a run may miss rows: write \
             them again\n",
            wrong.len()
        ));
        wrong.iter().for_each(|path| text.push_str(&format!("  {path}\n")));
    }
    let object = json!({
        "sensitive": true,
        "files": reader.files(),
        "bytes": reader.bytes(),
        "rows": counts.rows,
        "left_out_by_where": counts.filtered,
        "lookups": lookups,
        "rejects": by_reason,
        "wrong_statistics": wrong,
    });
    output.result(&object, &text);
    Ok(())
}
