//! The log files of a release, read once and folded in parallel.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::absent::{self, AbsentColumn};
use super::complete;
use super::declared;
use super::digests::LogDigests;
use super::find;
use super::format::{Format, TextFormat};
use super::log_file::{LogFile, OpenLog, Piece};
use super::lookups::{Canonical, Lookups, RowCounts};
use super::meter::{Meter, Step};
use super::reject_forms::{RejectForms, SharedForms};
use super::rejects::RejectedRows;
use super::walk::PassedOver;
use super::wanted::Wanted;
use crate::ledger::LedgerKey;
use crate::release_file::day::DayBounds;
use crate::release_file::keys::Key;
use crate::release_file::logs::{Identifier, Logs};
use crate::{Error, Result};

/// The files of a release, opened and checked.
pub struct LogReader<'a> {
    logs: &'a Logs,
    keys: &'a [Key],
    wanted: Arc<Wanted>,
    files: Vec<OpenLog<'a>>,
    passed_over: Vec<PassedOver>,
    rejected_rows: Option<&'a RejectedRows>,
    forms: Option<SharedForms>,
    meter: Meter,
}

/// A failure and the place of its piece among all pieces.
type Failure = (usize, Error);

impl<'a> LogReader<'a> {
    /// Finds the files and checks footers, headers and schemas. Rows are read until one shows that
    /// the times are as declared, and lines of JSON until they show every column that must be
    /// there.
    ///
    /// With `bounds`, row groups whose statistics lie outside of them are passed over, and so are
    /// files whose names promise a day that does not overlap them.
    ///
    /// # Errors
    /// Input, for an empty glob, a missing column, a wrong type, times that cannot be read as
    /// declared or a damaged file; I/O.
    pub fn open(logs: &'a Logs, keys: &'a [Key], bounds: Option<&DayBounds>) -> Result<Self> {
        let wanted = Arc::new(Wanted::new(logs, keys));
        let open = |found| LogFile::new(logs, found).open_for(Arc::clone(&wanted), bounds);
        let found = find::find(logs, bounds)?;
        let files: Vec<OpenLog<'_>> = found.files.into_iter().map(open).collect::<Result<_>>()?;
        declared::require_columns(&wanted, &files)?;
        declared::require_times(&wanted, &files, logs)?;
        let passed_over = found.passed_over;
        Ok(Self {
            logs,
            keys,
            wanted,
            files,
            passed_over,
            rejected_rows: None,
            forms: None,
            meter: Meter::default(),
        })
    }

    /// Also writes out every rejected row.
    #[must_use]
    pub const fn with_rejects(mut self, rows: Option<&'a RejectedRows>) -> Self {
        self.rejected_rows = rows;
        self
    }

    /// Notes on the meter how much was read.
    #[must_use]
    pub fn with_meter(self, meter: &Meter) -> Self {
        Self { meter: meter.clone(), ..self }
    }

    /// Refuses a day that lacks a file, where names say the day of each.
    ///
    /// # Privacy
    /// Names of files and folders decide, never rows.
    ///
    /// # Errors
    /// Input.
    pub fn require_files(&self, bounds: &DayBounds) -> Result<()> {
        match &self.logs.day_names {
            Some(names) => {
                let files = self.files.iter().map(OpenLog::path);
                complete::require_named(names, &self.logs.time_zone, bounds, files)
            }
            None => Ok(()),
        }
    }

    /// Also notes what rejected rows look like.
    #[must_use]
    pub fn with_forms(self) -> Self {
        Self { forms: Some(SharedForms::default()), ..self }
    }

    /// What the rejected rows that were read look like; nothing, unless that was to be noted.
    pub fn forms(&self) -> RejectForms {
        self.forms.as_ref().map(SharedForms::seen).unwrap_or_default()
    }

    /// Checks the day's files against `[logs] expect`, where the release has it.
    ///
    /// # Privacy
    /// Names of files and folders decide, never rows.
    ///
    /// # Errors
    /// Refused, when the day looks half-delivered; input, when it has no file.
    pub fn require_complete(&self, bounds: &DayBounds) -> Result<()> {
        let (Some(expect), Some(names)) = (self.logs.expect, &self.logs.day_names) else {
            return Ok(());
        };
        self.require_files(bounds)?;
        let files = self.files.iter().map(OpenLog::path);
        complete::require(expect, names, &self.logs.time_zone, bounds, files)
    }

    /// How people are named.
    pub const fn identifier(&self) -> Identifier {
        self.logs.identifier
    }

    /// How many files are read.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// Whether a file is text that marks or a pattern divide.
    pub fn has_divided_text(&self) -> bool {
        let is_divided = |file: &OpenLog<'_>| match file.file().format() {
            Format::Text(format, _) => format != TextFormat::Json,
            Format::Parquet | Format::Arrow => false,
        };
        self.files.iter().any(is_divided)
    }

    /// The columns that the release file names and that no line of JSON that was looked at has.
    pub fn absent_columns(&self) -> Vec<AbsentColumn> {
        absent::absent(&self.wanted, &self.files)
    }

    /// Whether names say which day a file holds.
    pub const fn names_say_days(&self) -> bool {
        self.logs.day_names.is_some()
    }

    /// The files whose names promise no day, where names should.
    pub fn without_day(&self) -> Vec<&Path> {
        let is_without = |file: &&OpenLog<'_>| file.file().promised_day().is_none();
        let files = self.files.iter().filter(|_| self.logs.day_names.is_some());
        files.filter(is_without).map(OpenLog::path).collect()
    }

    /// What the glob matches and is not read.
    pub fn passed_over(&self) -> &[PassedOver] {
        &self.passed_over
    }

    /// The files with a row whose time lies outside of what their statistics say: a run may pass over
    /// such a row.
    ///
    /// # Privacy
    /// The answer depends on rows: it is for the owner of the logs alone.
    ///
    /// # Errors
    /// Input, for data that are damaged; I/O.
    pub fn with_wrong_statistics(&self) -> Result<Vec<&Path>> {
        let is_wrong = |file: &OpenLog<'_>| Ok(!file.has_true_statistics()?);
        let wrong: Vec<bool> = self.files.par_iter().map(is_wrong).collect::<Result<_>>()?;
        let files = self.files.iter().zip(wrong);
        Ok(files.filter(|(_, is_wrong)| *is_wrong).map(|(file, _)| file.path()).collect())
    }

    /// About how many rows the files hold at most: as footers say, or if each row is short.
    pub fn rows_at_most(&self) -> u64 {
        self.files.iter().map(OpenLog::rows_at_most).sum()
    }

    /// The size of all files together, in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(OpenLog::bytes).sum()
    }

    /// Keyed digests of the name and content of each file, for the ledger alone.
    ///
    /// # Errors
    /// I/O, when a file cannot be read.
    pub fn digests(&self, key: &LedgerKey) -> Result<LogDigests> {
        let paths: Vec<&Path> = self.files.iter().map(OpenLog::path).collect();
        LogDigests::of(&paths, &self.logs.place.base(), key)
    }

    /// Reads every file once and folds its batches into states, one for each thread.
    ///
    /// # Privacy
    /// Batches come in no fixed order: what is folded must not depend on it. The counts are exact
    /// and secret.
    ///
    /// # Errors
    /// Input, for data that are damaged; I/O; whatever `take` fails with. Of several failures the
    /// first in the order of the files is returned.
    pub fn fold<S: Send>(
        &self,
        start: impl Fn() -> S + Sync,
        take: impl Fn(&mut S, &Lookups) -> Result<()> + Sync,
    ) -> Result<(Vec<S>, RowCounts)> {
        // Pieces are handed out in order, and none after a failure. Every earlier piece is in work
        // by then, so the first failure in order is among those of the threads.
        let pieces = Mutex::new(Some(self.pieces().enumerate()));
        let next = || {
            let mut pieces = pieces.lock().unwrap_or_else(PoisonError::into_inner);
            pieces.as_mut().and_then(Iterator::next)
        };
        self.meter.note(Step::Begins(self.bytes()));
        let stop = || *pieces.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let work = |_| {
            let mut state = start();
            let mut canonical = self.canonical().map_err(|error| (0, error))?;
            while let Some((place, (file, bytes, piece))) = next() {
                let promised = self.promised(file).map_err(|error| (place, error))?;
                let mut read = |raw| {
                    let lookups = canonical.convert(file.path(), &raw)?;
                    promised.iter().for_each(|day| canonical.count_misfiled(day, &lookups));
                    take(&mut state, &lookups)
                };
                piece
                    .and_then(|piece| file.read(&piece, &self.wanted, &mut read))
                    .map_err(|error| (place, error))
                    .inspect_err(|_| stop())?;
                self.meter.note(Step::Read(bytes));
            }
            Ok((state, canonical.counts))
        };
        let threads = (0..rayon::current_num_threads()).into_par_iter();
        let worked: Vec<std::result::Result<(S, RowCounts), Failure>> = threads.map(work).collect();
        self.meter.note(Step::Ends);
        let (mut states, mut counts, mut failures) = (Vec::new(), RowCounts::default(), Vec::new());
        for worked in worked {
            match worked {
                Ok((state, more)) => {
                    counts.add(&more);
                    states.push(state);
                }
                Err(failure) => failures.push(failure),
            }
        }
        match failures.into_iter().min_by_key(|(place, _)| *place) {
            Some((_, error)) => Err(error),
            None => Ok((states, counts)),
        }
    }

    /// The parts of all files, in the files' order, each with the bytes of its file that it takes.
    fn pieces(&self) -> impl Iterator<Item = (&OpenLog<'a>, u64, Result<Piece>)> + Send {
        // Rejected rows are written out from every row group, whatever its statistics say.
        let every_row = self.rejected_rows.is_some();
        self.files.iter().flat_map(move |file| {
            let is_text = matches!(file.file().format(), Format::Text(..));
            // The parts of columnar files are about as large as each other.
            let parts = if is_text { 1 } else { file.pieces(every_row).count().max(1) };
            let part = file.bytes() / parts as u64;
            file.pieces(every_row).map(move |piece| match piece {
                Ok(Piece::Text(piece)) => (file, piece.file_bytes, Ok(Piece::Text(piece))),
                piece => (file, part, piece),
            })
        })
    }

    /// The day that a file's name promises, where rows are to be compared with it.
    fn promised(&self, file: &OpenLog<'_>) -> Result<Option<DayBounds>> {
        if self.forms.is_some() { file.file().promised_bounds() } else { Ok(None) }
    }

    fn canonical(&self) -> Result<Canonical<'_>> {
        let canonical = Canonical::new(self.logs, &self.wanted, self.keys)?;
        Ok(canonical.with_rejects(self.rejected_rows, self.forms.as_ref()))
    }
}
