//! Which files hold rows that are past retention.
//!
//! In: a release and an instant. Out: [`Expired`] files, each with how many rows go and stay; or a
//! refusal, and then nothing may be deleted at all. Times are read by the same code as in a run. A
//! file is left unread only when its promised day shows that all of it stays: the statistics of
//! a Parquet file may be wrong, so its rows decide, and a row goes only after its own time was read.
//! A line that a pattern does not read goes with the lines around it (`undated`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use rayon::prelude::*;

use super::naming;
use super::rows_of_file::RowsOfFile;
use super::stamp::Stamp;
use super::strays;
use super::undated::{Fates, Undated};
use crate::ingest::{Format, LogFile, OpenLog, TextFormat, find_log_files};
use crate::ledger::Custody;
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, days_before};
use crate::retain::{Now, Plausible};
use crate::{Error, Kind, Result};

/// What is past retention at an instant.
pub struct Expiry<'a> {
    /// The first instant that is kept, in UTC microseconds.
    pub cutoff_micros: i64,
    /// The same instant.
    pub cutoff: Timestamp,
    /// The files that lose rows, in order of their paths.
    pub files: Vec<Expired<'a>>,
    /// How many log files there are.
    pub found: usize,
    /// The folders that they are in.
    pub folders: BTreeSet<PathBuf>,
    /// The time of the newest row; `None` if there is no row.
    pub newest: Option<i64>,
    /// Files among the logs that may hold rows and that the release file's glob does not read.
    pub strays: Vec<PathBuf>,
}

/// A file that loses some or all of its rows.
pub struct Expired<'a> {
    /// The file.
    pub log: OpenLog<'a>,
    /// Rows that go.
    pub expired_rows: u64,
    /// Rows that stay.
    pub kept_rows: u64,
    /// Lines without a time that stay, in logs that a pattern reads.
    pub kept_lines: u64,
    /// What becomes of each of these lines; `None` for other logs.
    pub(super) fates: Option<Fates>,
    /// The days, in the ledger's zone, of the rows that go.
    pub days: BTreeSet<Day>,
    /// Whether its path contains an identifier of a row that goes.
    pub names_somebody: bool,
    /// Identifiers in its path or metadata that have no row left.
    pub named: BTreeSet<String>,
    /// The path of what stays: its own, unless that contains an identifier that has no row left.
    pub kept_as: PathBuf,
    stamp: Stamp,
}

impl Expired<'_> {
    /// Its path for people and monitors; a path that contains an identifier is not shown.
    pub fn shown(&self) -> String {
        match self.names_somebody {
            true => "a file whose path holds an identifier".to_owned(),
            false => self.log.path().display().to_string(),
        }
    }

    /// Whether something in it stays; without that the file is deleted.
    pub const fn is_mixed(&self) -> bool {
        self.kept_rows + self.kept_lines > 0
    }

    /// Whether lines without a time stay although no row with one does.
    pub const fn is_left_with_lines(&self) -> bool {
        self.kept_rows == 0 && self.kept_lines > 0
    }

    /// Its size when it was looked at.
    pub const fn bytes(&self) -> u64 {
        self.stamp.bytes
    }

    /// When it was last written to, as far as that is known.
    pub(super) const fn modified(&self) -> Option<SystemTime> {
        self.stamp.modified
    }

    /// Refuses a file that changed since it was looked at.
    ///
    /// # Errors
    /// Input, naming the file.
    pub fn require_unchanged(&self) -> Result<()> {
        if Stamp::of(self.log.path())? == self.stamp {
            return Ok(());
        }
        Err(Error::input(format!("{} changed while it was looked at", self.log.path().display()))
            .help("let its writer finish, then run again"))
    }
}

/// Finds what is past retention; changes nothing.
///
/// # Errors
/// Input, for a file that cannot be read, a row without a time that can be read, times that are
/// absurd, or a clock that cannot be right; then nothing may be deleted.
pub(super) fn find_expired<'a>(
    release_file: &'a ReleaseFile,
    custody: &Custody,
    now: Now,
) -> Result<Expiry<'a>> {
    let cutoff = days_before(now.as_of, release_file.retention_days)?;
    find_before(release_file, custody, now, cutoff)
}

/// Finds what is past retention at a cutoff that was decided before.
pub(super) fn find_before<'a>(
    release_file: &'a ReleaseFile,
    custody: &Custody,
    now: Now,
    cutoff: Timestamp,
) -> Result<Expiry<'a>> {
    let cutoff_micros = cutoff.as_microsecond();
    let all_stay = custody.holds.iter().any(|hold| hold.is_active(now.of_holds()));
    let at = (cutoff_micros, all_stay);
    let logs = find_log_files(&release_file.logs).map_err(untrusted)?;
    let strays = strays::find(release_file, &logs)?;
    let plausible = Plausible::around(now, release_file.retention_days);
    let looked: Vec<Looked<'_>> = logs
        .par_iter()
        .map(|log| look(log, release_file, at, &plausible))
        .collect::<Result<_>>()
        .map_err(untrusted)?;
    let newest = looked.iter().filter_map(|looked| looked.newest).max();
    let has_times = looked.iter().any(|looked| looked.has_times);
    let found = looked.len();
    let folders = logs.iter().filter_map(|log| Some(log.path().parent()?.to_path_buf())).collect();
    let mut files: Vec<Expired<'_>> =
        looked.into_iter().filter_map(|looked| looked.expired).collect();
    // Without the time of a single row nothing shows that the clock and the pattern are right. The days in names do not.
    files.retain(|file| file.expired_rows > 0 || has_times);
    let mut taken = BTreeSet::new();
    for file in files.iter_mut().filter(|file| file.is_mixed() && file.names_somebody) {
        if let Some(path) = naming::new_path(&file.log, &release_file.logs, &file.named, &taken)? {
            taken.insert(path.clone());
            file.kept_as = path;
        }
    }
    if !files.is_empty() {
        now.require_credible(newest, release_file)?;
    }
    Ok(Expiry { cutoff_micros, cutoff, files, found, folders, newest, strays })
}

/// Turns an error into one of kind input with the same text: for a deletion, everything that cannot
/// be read is bad input.
fn untrusted(error: Error) -> Error {
    reworded(error, |message| message)
}

/// The same refusal, adding that nothing was deleted.
pub(super) fn nothing_deleted(error: Error) -> Error {
    reworded(error, |message| format!("{message}; nothing was deleted"))
}

fn reworded(error: Error, words: impl Fn(String) -> String) -> Error {
    let kind = match error.kind() {
        kind @ (Kind::Usage | Kind::Internal) => kind,
        _ => Kind::Input,
    };
    let help = error.hint().unwrap_or("correct or move it away, then run again").to_owned();
    error.reworded(kind, words).help(help)
}

struct Looked<'a> {
    newest: Option<i64>,
    /// Whether the time of a row was read.
    has_times: bool,
    expired: Option<Expired<'a>>,
}

fn look<'a>(
    log: &LogFile<'a>,
    release_file: &ReleaseFile,
    (cutoff, all_stay): (i64, bool),
    plausible: &Plausible,
) -> Result<Looked<'a>> {
    if let Some(bounds) = log.promised_bounds()?
        && bounds.start_micros() >= cutoff
    {
        plausible.require(bounds.start_micros(), log.path())?;
        let newest = Some(bounds.start_micros());
        return Ok(Looked { newest, has_times: false, expired: None });
    }
    let stamp = Stamp::of(log.path())?;
    let open = log.open()?;
    // Times are read first, without identifiers, since most files may lose no row.
    let format = open.file().format();
    let is_text = matches!(format, Format::Text(..));
    let has_lines = matches!(format, Format::Text(TextFormat::Pattern, _));
    let undated = || has_lines.then(|| Undated::new(cutoff, all_stay));
    let new_rows = || RowsOfFile::new(log.path(), release_file, (cutoff, undated()), open.texts());
    let mut rows = new_rows();
    if !is_text {
        open.scan(false, &mut |piece| rows.take(&piece, plausible))?;
        if rows.expired == 0 {
            return Ok(Looked::nothing(rows.newest));
        }
        rows = new_rows();
    }
    open.scan(true, &mut |piece| rows.take(&piece, plausible))?;
    let newest = rows.newest;
    let fates = rows.undated.take().map(|undated| undated.end(stamp.modified));
    let (kept_lines, gone_lines) = fates.as_ref().map_or((0, 0), |fates| (fates.kept, fates.gone));
    if rows.expired == 0 && gone_lines == 0 {
        return Ok(Looked::nothing(newest));
    }
    if fates.as_ref().is_some_and(|fates| fates.keeps_cut) {
        return Err(cannot_copy(log.path()));
    }
    // Lines without a time go by when the file was last written to.
    if rows.expired > 0 {
        stamp.require_year(log.path(), release_file)?;
    }
    let mut named = rows.in_metadata.expired();
    named.extend(rows.in_path.expired());
    let expired = Expired {
        kept_as: log.path().to_path_buf(),
        expired_rows: rows.expired,
        kept_rows: rows.kept,
        kept_lines,
        fates,
        days: std::mem::take(&mut rows.days),
        names_somebody: rows.in_path.has_gone(),
        named,
        stamp,
        log: open,
    };
    Ok(Looked { newest, has_times: newest.is_some(), expired: Some(expired) })
}

impl Looked<'_> {
    /// A file that loses nothing.
    const fn nothing(newest: Option<i64>) -> Self {
        Self { newest, has_times: newest.is_some(), expired: None }
    }
}

/// The refusal of a file of which a line stays that is too long to be copied.
fn cannot_copy(path: &Path) -> Error {
    Error::input(format!(
        "{} has a line of more than 16 MiB without a time that stays, while others are past retention",
        path.display()
    ))
    .help("move that line to a file outside of the logs, or all of the file if it may go")
}
