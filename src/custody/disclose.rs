//! The hand-over: an order's archives, opened with a custodian's identity, as a package.
//!
//! In: an order, the identity file that only the custodian has, a folder to make. Out: the rows as
//! Parquet and CSV, a statement in plain words, and SHA-256 digests. Every attempt is an event in the
//! journal, a refused one as well. Nothing is handed over unless every archive of the order has the
//! digest that the journal noted when it was sealed and opens whole. The event is durable before the
//! package is written, so that readable rows never exist without an event.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use age::{DecryptError, Decryptor, Identity, IdentityFile};
use jiff::Timestamp;
use serde_json::Value;

use super::files::digest_of;
use super::package::{self, HeldRow};
use super::seal::archive_path;
use super::unfinished;
use crate::ledger::{Hold, Ledger, Opening};
use crate::release_file::ReleaseFile;
use crate::{Error, Kind, Result};

/// Opens the archives of an order and writes the package.
///
/// # Privacy
/// The package holds rows: only its owner can read its folder and files. No message quotes a row.
///
/// # Errors
/// Usage, when the folder is there already; refused, for an unknown order, one that ended or has no
/// archive, or an identity that does not open it; input, for a damaged archive or identity file; I/O.
pub fn disclose(
    release_file: &ReleaseFile,
    ledger: &mut Ledger,
    now: Timestamp,
    order: &str,
    identity: &Path,
    out: &Path,
) -> Result<()> {
    if out.exists() {
        return Err(Error::usage(format!("{} is there already", out.display()))
            .help("name a folder that is not there yet: a package is never mixed with another"));
    }
    if release_file.logs.place.reaches(out) {
        return Err(Error::usage(format!("{} lies among the logs", out.display()))
            .help("name a folder elsewhere: what is in this one would be read as logs"));
    }
    unfinished::require_swept(release_file)?;
    let custody = ledger.custody()?;
    let hold = custody.of_order(order).cloned();
    let number = hold.as_ref().map(|hold| hold.terms.hold);
    let refuse = |ledger: &mut Ledger, error: Error| -> Error {
        let why = match error.kind() {
            Kind::Input => "damaged archive or identity file",
            Kind::Refused => "an order without archives, or an identity that does not open them",
            _ => "failed",
        };
        let opening = Opening { hold: number, archives: 0, outcome: why.to_owned() };
        // A journal that cannot be written is the more serious failure.
        ledger.note_opening(&opening, true).err().unwrap_or(error)
    };
    let opened = read_all(release_file, hold.as_ref(), now, identity);
    let rows = match opened {
        Ok(rows) => rows,
        Err(error) => return Err(refuse(ledger, error)),
    };
    let Some(hold) = hold else {
        return Err(Error::internal("an order without a hold was opened"));
    };

    let package = package::compose(&hold, &custody, &rows, now)?;
    let archives = hold.archives.len() as u64;
    let outcome = package.digest.clone();
    ledger.note_opening(&Opening { hold: Some(hold.terms.hold), archives, outcome }, false)?;
    package.write(release_file, out)
}

fn read_all(
    release_file: &ReleaseFile,
    hold: Option<&Hold>,
    now: Timestamp,
    identity: &Path,
) -> Result<Vec<HeldRow>> {
    let Some(hold) = hold else {
        return Err(Error::refused("there is no such order")
            .help("`pointillist hold list` shows every order"));
    };
    if hold.purged_at.is_some() {
        return Err(Error::refused("the hold of this order ended, and its archives were deleted")
            .help("`pointillist hold list` says when each hold ends"));
    }
    if !hold.is_active(now) {
        return Err(Error::refused("the hold of this order lapsed or was lifted")
            .help("its archives go at the next deletion: a new order does not bring them back"));
    }
    if hold.archives.is_empty() {
        return Err(Error::refused("no row was sealed for this order so far").help(
            "rows are sealed when they pass retention; rows of its numbers may be in the logs \
             still, or there are none",
        ));
    }
    let identities = identities(identity)?;
    let mut rows = Vec::new();
    for (retention, archive) in &hold.archives {
        let path = archive_path(release_file, hold.terms.hold, *retention, archive.part);
        let damaged = || {
            Error::input(format!("the archive {} is damaged or gone", path.display()))
                .help("restore it from a backup; the journal knows the digest of the right one")
        };
        if digest_of(&path).map_err(|error| damaged().because(error))? != archive.digest {
            return Err(damaged());
        }
        let before = rows.len();
        read_one(&path, &identities, &mut rows, &damaged)?;
        if (rows.len() - before) as u64 != archive.rows {
            return Err(damaged());
        }
    }
    rows.sort_by_key(|row: &HeldRow| row.at);
    Ok(rows)
}

fn identities(path: &Path) -> Result<Vec<Box<dyn Identity + Send + Sync>>> {
    let bad = || {
        Error::input(format!("{} is not an age identity file", path.display()))
            .help("give the file that age-keygen made; one that a passphrase protects must be opened first")
    };
    let file = File::open(path).map_err(|error| {
        Error::io(format!("{} cannot be read", path.display()))
            .help("check that it is there and may be read")
            .because(error)
    })?;
    // The parser's own words may repeat a part of the secret.
    let parsed = IdentityFile::from_buffer(BufReader::new(file)).map_err(|_| bad())?;
    let identities = parsed.into_identities().map_err(|_| bad())?;
    if identities.is_empty() { Err(bad()) } else { Ok(identities) }
}

fn read_one(
    path: &Path,
    identities: &[Box<dyn Identity + Send + Sync>],
    rows: &mut Vec<HeldRow>,
    damaged: &dyn Fn() -> Error,
) -> Result<()> {
    let file = File::open(path).map_err(|_| damaged())?;
    let decryptor = Decryptor::new_buffered(BufReader::new(file)).map_err(|_| damaged())?;
    let keys = identities.iter().map(|identity| identity.as_ref() as &dyn Identity);
    let plain = decryptor.decrypt(keys).map_err(|error| match error {
        DecryptError::NoMatchingKeys => Error::refused("this identity does not open the archives")
            .help("give the identity of a custodian that the order named as a recipient"),
        _ => damaged(),
    })?;
    let mut lines = BufReader::new(plain).lines();
    let mut next = || -> Result<Option<Value>> {
        let Some(line) = lines.next() else { return Ok(None) };
        let line = line.map_err(|_| damaged())?;
        serde_json::from_str(&line).map(Some).map_err(|_| damaged())
    };
    next()?.filter(|first| first["format"] == 1).ok_or_else(damaged)?;
    let before = rows.len();
    while let Some(line) = next()? {
        if let Some(stated) = line["rows"].as_u64() {
            let is_whole = stated == (rows.len() - before) as u64 && next()?.is_none();
            return if is_whole { Ok(()) } else { Err(damaged()) };
        }
        rows.push(row(line).ok_or_else(damaged)?);
    }
    Err(damaged())
}

fn row(mut line: Value) -> Option<HeldRow> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let Value::Object(columns) = line["row"].take() else { return None };
    Some(HeldRow {
        at: line["at"].as_str()?.parse().ok()?,
        file: text(&line["file"])?,
        requester: text(&line["requester"]),
        target: text(&line["target"]),
        columns,
    })
}
