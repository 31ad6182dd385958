//! Keyed digests by which the ledger recognises the log files of a day.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use rayon::prelude::*;

use super::find::reaches;
use super::open::{open, unreadable};
use crate::Result;
use crate::ledger::LedgerKey;
use crate::release_file::day::DayBounds;
use crate::release_file::logs::Logs;

/// The digests of a day's files. Names start at the folder that holds them all, so that it does not
/// matter from where the job is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDigests {
    files: BTreeSet<String>,
}

impl LogDigests {
    /// Digests files whose names start at `base`.
    pub(super) fn of(paths: &[&Path], base: &Path, key: &LedgerKey) -> Result<Self> {
        let files = paths
            .par_iter()
            .map(|path| named(path.strip_prefix(base).unwrap_or(path), known_content(path)?, key));
        Ok(Self { files: files.collect::<Result<_>>()? })
    }

    /// Digests files that only a cluster reads, by the path, the size and the time of change that
    /// it states for each.
    pub fn listed<'a>(facts: impl Iterator<Item = (&'a str, [i64; 2])>, key: &LedgerKey) -> Self {
        let digest = |(path, facts): (&str, [i64; 2])| {
            let [first, second] = facts.map(i64::to_le_bytes);
            key.digest("listed file", &[path.as_bytes(), &first, &second])
        };
        Self { files: facts.map(digest).collect() }
    }

    /// One digest of all of them.
    pub fn whole(&self, key: &LedgerKey) -> String {
        let parts: Vec<&[u8]> = self.files.iter().map(String::as_bytes).collect();
        key.digest("log files", &parts)
    }

    /// Undoes a rewrite or a deletion of one file: `before` takes the place of `after`, which is
    /// `None` for a deleted file. Does nothing if `after` is not among the files.
    pub fn undo(&mut self, before: &str, after: Option<&str>) {
        if after.is_none_or(|after| self.files.remove(after)) {
            self.files.insert(before.to_owned());
        }
    }
}

/// Whether a file of this path, below the folder of the logs, is read for a day.
pub fn is_read_for(path: &Path, logs: &Logs, bounds: &DayBounds) -> bool {
    reaches(path, logs, Some(bounds))
}

/// The keyed digest of a path below the folder of the logs, which may name a person.
pub fn path_digest(path: &Path, key: &LedgerKey) -> String {
    key.digest("log path", &[path.as_os_str().as_encoded_bytes()])
}

/// The keyed digest of a name, from the folder that holds all logs, and of a file's content.
pub(super) fn digest_of(file: &Path, name: &Path, key: &LedgerKey) -> Result<String> {
    named(name, content_of(file)?, key)
}

fn named(name: &Path, content: blake3::Hash, key: &LedgerKey) -> Result<String> {
    let mut digest = key.begin("log file");
    digest.part(name.as_os_str().as_encoded_bytes());
    digest.part(content.as_bytes());
    Ok(digest.finish())
}

/// What the file system says of a file: its path, size and last change.
type Seen = (PathBuf, u64, SystemTime);

/// A file that has not been written to for this long counts as unchanged while its size and time of
/// change stay the same.
const AT_REST: Duration = Duration::from_secs(10);

/// The digest of a file's content. A run over many days reads the same files again for each, and
/// digests those at rest once.
fn known_content(file: &Path) -> Result<blake3::Hash> {
    static KNOWN: Mutex<BTreeMap<Seen, blake3::Hash>> = Mutex::new(BTreeMap::new());
    let failed = |error| unreadable(file, error);
    let facts = file.metadata().map_err(failed)?;
    let changed = facts.modified().map_err(failed)?;
    if !changed.elapsed().is_ok_and(|since| since > AT_REST) {
        // A later change might leave the same size and time: nothing is remembered of it.
        return content_of(file);
    }
    let seen = (file.to_owned(), facts.len(), changed);
    let known = KNOWN.lock().ok().and_then(|known| known.get(&seen).copied());
    if let Some(known) = known {
        return Ok(known);
    }
    let content = content_of(file)?;
    if let Ok(mut known) = KNOWN.lock() {
        known.insert(seen, content);
    }
    Ok(content)
}

fn content_of(file: &Path) -> Result<blake3::Hash> {
    let mut content = blake3::Hasher::new();
    content.update_reader(open(file)?).map_err(|error| unreadable(file, error))?;
    Ok(content.finalize())
}
