//! The disclosure package: the files and the wording that a court gets.
//!
//! In: the rows of one order. Out: `rows.parquet`, `rows.csv`, `statement.txt` and `SHA256SUMS`, which
//! `sha256sum -c` checks. The first columns are the instant in UTC and both numbers in canonical form;
//! every column of the log follows as text, its name prefixed with `log.`. The folder is written under
//! another name and renamed when all of it is on the disk; `unfinished` keeps a note of it until then.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use jiff::Timestamp;
use parquet::arrow::ArrowWriter;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::files::{cannot_write, owner_folder};
use super::unfinished::{self, PARTIAL};
use crate::files::{self, OWNER, sync_folder};
use crate::ledger::{Custody, Hold, Role};
use crate::release_file::ReleaseFile;
use crate::words;
use crate::{Error, Result};

/// One row of an archive.
#[derive(Debug)]
pub(super) struct HeldRow {
    pub(super) at: Timestamp,
    pub(super) file: String,
    pub(super) requester: Option<String>,
    pub(super) target: Option<String>,
    /// Every column of the log.
    pub(super) columns: Map<String, Value>,
}

/// A package before it is written.
pub(super) struct Package {
    files: Vec<(&'static str, Vec<u8>)>,
    /// The SHA-256 of the rows as CSV.
    pub(super) digest: String,
}

/// Composes the package; nothing is written.
pub(super) fn compose(
    hold: &Hold,
    custody: &Custody,
    rows: &[HeldRow],
    now: Timestamp,
) -> Result<Package> {
    let names: BTreeSet<&String> = rows.iter().flat_map(|row| row.columns.keys()).collect();
    let names: Vec<&String> = names.into_iter().collect();
    let csv = csv(rows, &names)?;
    let digest = sha256(&csv);
    let statement = statement(hold, custody, rows.len(), &digest, now).into_bytes();
    let parquet = parquet(rows, &names)?;
    let mut files =
        vec![("rows.csv", csv), ("rows.parquet", parquet), ("statement.txt", statement)];
    let mut sums = String::new();
    for (name, bytes) in &files {
        sums.push_str(&format!("{}  {name}\n", sha256(bytes)));
    }
    files.push(("SHA256SUMS", sums.into_bytes()));
    Ok(Package { files, digest })
}

impl Package {
    /// Writes the folder so that only its owner can read it; after a failure nothing of it is left.
    pub(super) fn write(&self, release_file: &ReleaseFile, out: &Path) -> Result<()> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| Error::io("the system gives no randomness").because(error))?;
        let out = std::path::absolute(out).map_err(|error| cannot_write(out, error))?;
        let parent = out.parent().unwrap_or(&out);
        // A random name, so that a failure never removes files of another program.
        let partial = parent.join(format!("{PARTIAL}{:016x}", u64::from_le_bytes(random)));
        owner_folder(parent).map_err(|error| cannot_write(parent, error))?;
        let written = unfinished::note(release_file, &partial).and_then(|()| {
            self.write_into(&partial)?;
            fs::rename(&partial, &out)
                .and_then(|()| sync_folder(parent))
                .map_err(|error| cannot_write(&out, error))
        });
        written.and(unfinished::require_swept(release_file))
    }

    fn write_into(&self, folder: &Path) -> Result<()> {
        owner_folder(folder).map_err(|error| cannot_write(folder, error))?;
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            files::make(&path, OWNER)
                .and_then(|mut file| {
                    file.write_all(bytes)?;
                    file.sync_all()
                })
                .map_err(|error| cannot_write(&path, error))?;
        }
        Ok(())
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value of the log as text; `None` for a null.
fn text(value: Option<&Value>) -> Option<String> {
    match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    }
}

fn csv(rows: &[HeldRow], names: &[&String]) -> Result<Vec<u8>> {
    let failed = |_| Error::internal("the rows cannot be written as CSV");
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header = ["at", "requester", "target", "file"].map(str::to_owned).to_vec();
    header.extend(names.iter().map(|name| format!("log.{name}")));
    writer.write_record(&header).map_err(failed)?;
    for row in rows {
        let mut record = vec![
            row.at.to_string(),
            row.requester.clone().unwrap_or_default(),
            row.target.clone().unwrap_or_default(),
            row.file.clone(),
        ];
        record.extend(names.iter().map(|name| text(row.columns.get(*name)).unwrap_or_default()));
        writer.write_record(&record).map_err(failed)?;
    }
    writer.into_inner().map_err(|_| Error::internal("the rows cannot be written as CSV"))
}

fn parquet(rows: &[HeldRow], names: &[&String]) -> Result<Vec<u8>> {
    let failed = |_| Error::internal("the rows cannot be written as Parquet");
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let mut fields = vec![Field::new("at", instant, false)];
    let at = rows.iter().map(|row| row.at.as_microsecond());
    let mut columns: Vec<ArrayRef> =
        vec![Arc::new(TimestampMicrosecondArray::from_iter_values(at).with_timezone("UTC"))];
    let mut add = |name: String, values: StringArray| {
        fields.push(Field::new(name, DataType::Utf8, true));
        columns.push(Arc::new(values));
    };
    add("requester".to_owned(), rows.iter().map(|row| row.requester.as_deref()).collect());
    add("target".to_owned(), rows.iter().map(|row| row.target.as_deref()).collect());
    add("file".to_owned(), rows.iter().map(|row| Some(row.file.as_str())).collect());
    for name in names {
        let values = rows.iter().map(|row| text(row.columns.get(*name))).collect();
        add(format!("log.{name}"), values);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)
        .map_err(|_| Error::internal("the rows do not fit their columns"))?;
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).map_err(failed)?;
    writer.write(&batch).map_err(failed)?;
    writer.close().map_err(failed)?;
    Ok(bytes)
}

fn statement(hold: &Hold, custody: &Custody, rows: usize, digest: &str, now: Timestamp) -> String {
    let terms = &hold.terms;
    let role = match terms.role {
        Role::Requester => "asked",
        Role::Target => "was asked about",
        Role::Either => "asked or was asked about",
    };
    let mut extensions = String::new();
    for (at, until) in &hold.extensions {
        let [at, until] = [*at, *until].map(words::instant);
        extensions.push_str(&format!("  extended on {at} until {until}\n"));
    }
    let mut archives = String::new();
    for (retention, archive) in &hold.archives {
        let rows = words::several(usize::try_from(archive.rows).unwrap_or_default(), "row");
        let digest = &archive.digest;
        archives.push_str(&format!("  deletion {retention}: {rows}, BLAKE3 {digest}\n"));
    }
    let missing = missing(hold, custody);
    format!(
        "STATEMENT ON THE RECORDS OF ORDER {order}\n\
         \n\
         Opened on {now}. Hold {hold_number}, entered on {added}, until {expires}.\n{extensions}\
         Period: from {from} up to, and not including, {to} (UTC).\n\
         Numbers named by the order: {numbers}. A record is here when one of them {role}.\n\
         \n\
         WHAT THE RECORDS ARE\n\
         Each of the {rows} records is one look-up: before a message could be written, an app asked\n\
         a server whether a number can be reached by the messenger or must be reached by SMS. It\n\
         holds who asked, about whom, when, and what else the log had. `log.` columns show the log's\n\
         values as text, instants in UTC; `at`, `requester` and `target` are the same facts in one form.\n\
         \n\
         WHAT THEY CANNOT SHOW\n\
         A look-up is not a message. It does not show that a message was written, sent, delivered or\n\
         read, and does not prove that a conversation took place. Apps also look numbers up on their\n\
         own, for instance for a whole address book. No record holds any content, and a number is not\n\
         a person: these records do not show who held the telephone. That a look-up is not here does\n\
         not show that there was none.\n\
         \n\
         WHAT IS MISSING\n\
         {missing}\n\
         A record may stand here twice when its file changed while a deletion was interrupted.\n\
         \n\
         HOW IT WAS KEPT\n\
         The records were sealed for the custodian's key before their deletion from the logs, in:\n\
         {archives}\
         The program that sealed them has no key to open them. Each seal, extension and opening is an\n\
         event in the hash-chained journal of the ledger.\n\
         SHA-256 of rows.csv: {digest}\n",
        order = terms.order,
        hold_number = terms.hold,
        now = words::instant(now),
        added = words::instant(hold.added_at),
        expires = words::instant(hold.expires),
        from = instant(terms.from_micros),
        to = instant(terms.to_micros),
        numbers = terms.numbers.len(),
    )
}

/// Which records of the period cannot be in the package: those that were deleted before the hold
/// was entered, by the order of events in the journal, and those that had not passed retention yet.
fn missing(hold: &Hold, custody: &Custody) -> String {
    let terms = &hold.terms;
    let gone = custody
        .retentions
        .iter()
        .take(hold.deletions_before)
        .map(|(retention, _)| retention.cutoff)
        .max();
    let gone = match gone {
        Some(cutoff) if cutoff.as_microsecond() > terms.from_micros => format!(
            "When the order was entered, records before {cutoff} had been deleted under the\n\
             operator's retention rule. Records of the period before that instant cannot be here."
        ),
        _ => "No record of the period had been deleted by this program when the order was entered."
            .to_owned(),
    };
    let last = custody.retentions.iter().map(|(retention, _)| retention.cutoff).max();
    let rest = match last {
        Some(cutoff) if cutoff.as_microsecond() < terms.to_micros => format!(
            "Records of the period from {cutoff} on had not passed retention at the last deletion:\n\
             they are in the operator's logs still and not in this package."
        ),
        _ => "The whole period has passed retention: no record of it is in the operator's logs."
            .to_owned(),
    };
    format!("{gone}\n{rest}\n{WITHOUT_TIME}")
}

/// What of the logs is no record, whatever it holds.
const WITHOUT_TIME: &str = "A line of the logs in which no time can be read is no record, and none is\n\
                            in this package.";

fn instant(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), |at| at.to_string())
}
