//! What a deletion sees of the rows of one file: how many go and stay, of which days, and whom its path names.

use std::collections::BTreeSet;
use std::path::Path;

use super::naming::Naming;
use super::undated::Undated;
use crate::ingest::LogRows;
use crate::release_file::ReleaseFile;
use crate::release_file::day::{Day, DayBounds};
use crate::retain::Plausible;
use crate::{Error, Result};

/// What was seen of a file's rows so far.
pub(super) struct RowsOfFile<'r> {
    path: &'r Path,
    release_file: &'r ReleaseFile,
    cutoff: i64,
    pub(super) expired: u64,
    pub(super) kept: u64,
    /// Of a log that a pattern reads.
    pub(super) undated: Option<Undated>,
    /// How many lines stand before the next piece.
    lines: usize,
    pub(super) newest: Option<i64>,
    bounds: Option<DayBounds>,
    pub(super) days: BTreeSet<Day>,
    pub(super) in_path: Naming,
    pub(super) in_metadata: Naming,
}

impl<'r> RowsOfFile<'r> {
    pub(super) fn new(
        path: &'r Path,
        release_file: &'r ReleaseFile,
        (cutoff, undated): (i64, Option<Undated>),
        metadata: Vec<Vec<u8>>,
    ) -> Self {
        let inside = path.strip_prefix(release_file.logs.place.base()).unwrap_or(path);
        Self {
            path,
            release_file,
            cutoff,
            expired: 0,
            kept: 0,
            undated,
            lines: 0,
            newest: None,
            bounds: None,
            days: BTreeSet::new(),
            in_path: Naming::new(vec![inside.as_os_str().as_encoded_bytes().to_vec()]),
            in_metadata: Naming::new(metadata),
        }
    }

    pub(super) fn take(&mut self, piece: &LogRows, plausible: &Plausible) -> Result<()> {
        if let Some(undated) = &mut self.undated {
            undated.take(piece);
        }
        for (row, time) in piece.times.iter().enumerate() {
            let Some(time) = time else {
                // One that the pattern does not match goes with the lines around it.
                if self.undated.is_some() && piece.is_malformed(row) {
                    continue;
                }
                return Err(self.without_time(piece, row));
            };
            plausible.require(time, self.path)?;
            self.newest = self.newest.max(Some(time));
            let stays = time >= self.cutoff;
            for column in [&piece.requester, &piece.target] {
                if let Some(name) = LogRows::identifier(column, row) {
                    self.in_path.take(name, stays);
                    self.in_metadata.take(name, stays);
                }
            }
            if stays {
                self.kept += 1;
            } else {
                self.expired += 1;
                self.note_day(time)?;
            }
        }
        self.lines += piece.lines();
        Ok(())
    }

    /// The refusal of a row of which it is unknown whether it is past retention.
    fn without_time(&self, piece: &LogRows, row: usize) -> Error {
        let line = piece.lines_before(row).map(|before| self.lines + before + 1);
        let at = line.map_or_else(String::new, |line| format!(", in line {line}"));
        Error::input(format!("{} has a row whose time cannot be read{at}", self.path.display())).help(
            "it is unknown whether such a row is past retention: check `time_unit`, see all of them with \
             `pointillist check --rejects DIR`, correct or remove them",
        )
    }

    fn note_day(&mut self, time: i64) -> Result<()> {
        if self.bounds.as_ref().is_some_and(|bounds| bounds.holds(time)) {
            return Ok(());
        }
        let zone = &self.release_file.ledger.time_zone;
        if let Some(day) = Day::of(time, zone) {
            self.bounds = Some(DayBounds::new(day, zone)?);
            self.days.insert(day);
        }
        Ok(())
    }
}
