//! `check`: do the logs conform? The answer is exact, and therefore sensitive.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::args::Check;
use super::output::Output;
use crate::Result;
use crate::ingest::{LogReader, PassedOver, Reason, RejectedRows, RowCounts};
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
    let wrong = reader.with_wrong_statistics()?.into_iter().map(shown).collect();
    let seen = Seen { reader: &reader, counts, wrong };
    output.result(&seen.object(), &seen.text());
    Ok(())
}

/// What was found.
struct Seen<'r> {
    reader: &'r LogReader<'r>,
    counts: RowCounts,
    /// Files whose rows contradict their statistics.
    wrong: Vec<String>,
}

impl Seen<'_> {
    fn lookups(&self) -> u64 {
        self.counts.rows - self.counts.filtered - self.counts.rejects.all()
    }

    fn text(&self) -> String {
        let Self { reader, counts, wrong } = self;
        let mut text = format!(
            "SENSITIVE: exact counts, not for publication\n\
             files              {}\n\
             rows               {}\n\
             left out by where  {}\n\
             lookups            {}\n\
             rejects            {}\n",
            reader.files(),
            counts.rows,
            counts.filtered,
            self.lookups(),
            counts.rejects.all(),
        );
        for reason in Reason::ALL {
            text.push_str(&format!("  {:<16} {}\n", reason.word(), counts.rejects.of(reason)));
        }
        for column in reader.missing_columns() {
            text.push_str(&format!("the first lines of no file have the column `{column}`\n"));
        }
        if !reader.passed_over().is_empty() {
            text.push_str("passed over\n");
        }
        for PassedOver { path, why } in reader.passed_over() {
            text.push_str(&format!("  {}: {why}\n", path.display()));
        }
        if !wrong.is_empty() {
            text.push_str(
                "statistics that rows contradict, so that a run may miss rows: write again\n",
            );
        }
        wrong.iter().for_each(|path| text.push_str(&format!("  {path}\n")));
        text
    }

    fn object(&self) -> Value {
        let Self { reader, counts, wrong } = self;
        let rejects = Reason::ALL
            .iter()
            .map(|reason| (reason.word().to_owned(), counts.rejects.of(*reason).into()));
        let passed_over = reader.passed_over().iter();
        let passed_over: Vec<Value> = passed_over
            .map(|passed| json!({"path": shown(&passed.path), "why": passed.why}))
            .collect();
        json!({
            "sensitive": true,
            "files": reader.files(),
            "bytes": reader.bytes(),
            "rows": counts.rows,
            "left_out_by_where": counts.filtered,
            "lookups": self.lookups(),
            "rejects": rejects.collect::<Map<_, _>>(),
            "missing_columns": reader.missing_columns(),
            "wrong_statistics": wrong,
            "passed_over": passed_over,
        })
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
