//! Rows under a legal hold → one sealed archive per order, before they leave the logs.
//!
//! In: files with expired rows and the holds in force. Out: `age` archives that only the custodians
//! of each order can open; this program has no key for them. An archive is written under another
//! name, synced, read back and compared before it counts. It consists of lines of JSON: a head with
//! order, hold and deletion, one line for each row with every column of the log, and the number of
//! rows.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::PathBuf;

use age::x25519::Recipient;
use age::{Decryptor, Encryptor, stream::StreamWriter};
use jiff::Timestamp;
use serde_json::json;

use super::expired::Expired;
use super::files::{cannot_write, digest_of, owner_folder};
use super::held::{Matcher, each_held};
use crate::files::{self, OWNER, sync_folder};
use crate::ledger::{Archive, Hold, LedgerKey};
use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// The version of the lines inside.
const FORMAT: u32 = 1;

/// Seals every expired row that a hold asks for; a hold without rows gets no archive.
pub(super) fn seal(
    release_file: &ReleaseFile,
    holds: &[&Hold],
    key: &LedgerKey,
    files: &[&Expired<'_>],
    cutoff: i64,
    retention: u64,
) -> Result<Vec<Archive>> {
    let mut matcher = Matcher::new(&release_file.logs, holds, key)?;
    let mut open: BTreeMap<usize, Sealing> = BTreeMap::new();
    for file in files {
        each_held(&file.log, &mut matcher, cutoff, &mut |place, row| {
            let sealing = match open.entry(place) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(Sealing::begin(release_file, holds[place], retention)?)
                }
            };
            sealing.row(row)
        })?;
    }
    open.into_iter().map(|(place, sealing)| sealing.finish(holds[place].terms.hold)).collect()
}

/// The folder of all archives.
pub(super) fn all_holds(release_file: &ReleaseFile) -> PathBuf {
    let mut name = release_file.ledger.path.as_os_str().to_owned();
    name.push(".holds");
    PathBuf::from(name)
}

/// The folder of a hold's archives.
pub(super) fn folder(release_file: &ReleaseFile, hold: u64) -> PathBuf {
    all_holds(release_file).join(format!("hold-{hold:04}"))
}

/// The path of an archive that one deletion made for a hold.
pub fn archive_path(release_file: &ReleaseFile, hold: u64, retention: u64, part: u64) -> PathBuf {
    folder(release_file, hold).join(format!("{retention:06}-{part}.age"))
}

/// Refuses to go on if an archive's digest is not the one that the journal noted.
pub(super) fn require_whole(
    release_file: &ReleaseFile,
    hold: u64,
    retention: u64,
    archive: &Archive,
) -> Result<()> {
    let path = archive_path(release_file, hold, retention, archive.part);
    if digest_of(&path).is_ok_and(|digest| digest == archive.digest) {
        return Ok(());
    }
    Err(Error::io(format!("the archive {} is damaged or gone", path.display())).help(
        "restore it from a backup: the rows that it holds were not deleted from the logs yet",
    ))
}

/// How an archive is recognised as whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It is there and has its size, which takes no time.
    Size,
    /// It has its digest.
    Digest,
}

/// The archives of a hold that are gone, or not what the journal noted, while the hold is in force
/// at `now`; the archives of a hold that has ended must go.
pub fn lost_archives(
    release_file: &ReleaseFile,
    hold: &Hold,
    now: Timestamp,
    sign: Sign,
) -> Vec<PathBuf> {
    let archives = hold.archives.iter().filter(|_| hold.is_active(now));
    let lost = archives.filter_map(|(retention, archive)| {
        let path = archive_path(release_file, hold.terms.hold, *retention, archive.part);
        let is_whole = match sign {
            Sign::Size => fs::metadata(&path).is_ok_and(|facts| facts.len() == archive.bytes),
            Sign::Digest => digest_of(&path).is_ok_and(|digest| digest == archive.digest),
        };
        (!is_whole).then_some(path)
    });
    lost.collect()
}

/// Parses a custodian's public key.
///
/// # Errors
/// Usage.
pub fn recipient(text: &str) -> Result<Recipient> {
    text.parse().map_err(|_| {
        Error::usage("a `--recipient` is not an age public key")
            .help("give the custodian's key, which begins with age1; age-keygen makes one")
    })
}

/// An archive being written.
struct Sealing {
    path: PathBuf,
    partial: PathBuf,
    writer: StreamWriter<Hashing>,
    rows: u64,
    part: u64,
}

/// A writer that computes the digest of what went through it.
struct Hashing {
    inner: BufWriter<File>,
    hasher: blake3::Hasher,
    /// How many bytes went through.
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Sealing {
    fn begin(release_file: &ReleaseFile, hold: &Hold, retention: u64) -> Result<Self> {
        let folder = folder(release_file, hold.terms.hold);
        owner_folder(&folder).map_err(|error| cannot_write(&folder, error))?;
        let number = hold.terms.hold;
        let of_it = hold.archives.iter().filter(|(known, _)| *known == retention);
        let part = of_it.count() as u64;
        let path = archive_path(release_file, number, retention, part);
        let partial = path.with_extension("partial");
        let failed = |error| cannot_write(&partial, error);
        let file = files::make(&partial, OWNER).map_err(failed)?;
        let keys = hold.terms.recipients.iter().map(|key| recipient(key));
        let keys = keys.collect::<Result<Vec<_>>>()?;
        let encryptor = Encryptor::with_recipients(keys.iter().map(|key| key as _))
            .map_err(|error| Error::internal("a hold has no usable recipient").because(error))?;
        let hashing =
            Hashing { inner: BufWriter::new(file), hasher: blake3::Hasher::new(), bytes: 0 };
        let writer = encryptor.wrap_output(hashing).map_err(failed)?;
        let mut sealing = Self { path, partial: partial.clone(), writer, rows: 0, part };
        sealing.line(&json!({
            "format": FORMAT,
            "order": hold.terms.order,
            "hold": hold.terms.hold,
            "retention": retention,
        }))?;
        Ok(sealing)
    }

    fn row(&mut self, row: &serde_json::Value) -> Result<()> {
        self.rows += 1;
        self.line(row)
    }

    fn line(&mut self, line: &serde_json::Value) -> Result<()> {
        writeln!(self.writer, "{line}").map_err(|error| cannot_write(&self.partial, error))
    }

    /// Closes the archive, reads it back, and gives it its name.
    fn finish(mut self, hold: u64) -> Result<Archive> {
        let rows = self.rows;
        self.line(&json!({ "rows": rows }))?;
        let failed = |error| cannot_write(&self.partial, error);
        let mut hashing = self.writer.finish().map_err(failed)?;
        hashing.flush().map_err(failed)?;
        hashing.inner.get_ref().sync_all().map_err(failed)?;
        let digest = hashing.hasher.finalize().to_hex().to_string();
        let is_whole = digest_of(&self.partial).map_err(failed)? == digest
            && File::open(&self.partial)
                .is_ok_and(|file| Decryptor::new_buffered(BufReader::new(file)).is_ok());
        if !is_whole {
            return Err(Error::io(format!(
                "{} was not written faithfully",
                self.partial.display()
            ))
            .help("check the disk; no row was deleted"));
        }
        fs::rename(&self.partial, &self.path).map_err(failed)?;
        // The archive's folder, the folder of all holds, and the ledger's may each be new.
        self.path.ancestors().skip(1).take(3).try_for_each(sync_folder).map_err(failed)?;
        Ok(Archive { hold, rows, bytes: hashing.bytes, digest, part: self.part })
    }
}
