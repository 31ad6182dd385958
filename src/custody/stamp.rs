//! Whether a log file may be shortened, by when it was last written to.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;

use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// Size and time of change: if either differs later, another program wrote to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    pub(super) modified: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> Result<Self> {
        let facts = fs::symlink_metadata(path).map_err(|error| {
            Error::input(format!("{} cannot be read", path.display()))
                .help("check that it is there and may be read")
                .because(error)
        })?;
        if facts.is_symlink() {
            return Err(Error::input(format!("{} is a link", path.display())).help(
                "rows behind a link cannot be deleted through it: name the file itself in `[logs] path`",
            ));
        }
        Ok(Self { bytes: facts.len(), modified: facts.modified().ok() })
    }

    /// Refuses a file that may hold rows of a later year than its stamps are read in.
    pub(super) fn require_year(&self, path: &Path, release_file: &ReleaseFile) -> Result<()> {
        let logs = &release_file.logs;
        let Some(year) = logs.time_formats.default_year() else { return Ok(()) };
        let written = self.modified.and_then(|at| Timestamp::try_from(at).ok());
        if written.is_some_and(|at| logs.time_zone.to_datetime(at).year() <= year) {
            return Ok(());
        }
        Err(Error::input(format!(
            "{} was written to after {year}, the `default_year` of its stamps",
            path.display()
        ))
        .help(
            "it is unknown of which year its rows are: begin a new file each year, with a release \
             file for each; a copy keeps its time with `cp -p`",
        ))
    }
}
