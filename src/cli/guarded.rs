//! Where a command may write a file that a person named: nowhere that the project's own files are.
//!
//! In: an option with its path, and the release file if the command has one. Out: nothing, or a
//! refusal before anything is written. A command without a release file knows no ledger and no
//! logs. So every command also leaves a file alone that does not begin like what it writes.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::ingest;
use crate::ledger::is_file_of_ledger;
use crate::release_file::ReleaseFile;
use crate::release_file::place::without_links;
use crate::{Error, Result};

/// What an HTML page begins with.
pub(super) const PAGE: &str = "<!DOCTYPE html>";

/// An option that names a file to write.
pub(super) struct Target<'a> {
    /// The option, with its dashes.
    pub(super) option: &'static str,
    pub(super) file: &'a Path,
}

impl Target<'_> {
    /// Refuses a file of the release: itself, its ledger, its logs, or anything among its tables.
    ///
    /// # Errors
    /// Usage, naming the option.
    pub(super) fn require_apart(&self, release: &Path, release_file: &ReleaseFile) -> Result<()> {
        let file = without_links(self.file);
        let what = if file == without_links(release) {
            "is the release file"
        } else if is_file_of_ledger(&release_file.ledger.path, self.file) {
            "is the ledger, or one of its files"
        } else if ingest::finds(&release_file.logs.place, self.file) {
            "lies among the logs"
        } else {
            return self.require_outside(&release_file.output);
        };
        Err(self.refused(what))
    }

    /// Refuses a file in the folder of the published tables.
    ///
    /// # Errors
    /// Usage, naming the option.
    pub(super) fn require_outside(&self, out: &Path) -> Result<()> {
        match without_links(self.file).starts_with(without_links(out)) {
            true => Err(self.refused("lies among the published tables")),
            false => Ok(()),
        }
    }

    /// Refuses a file that is there and does not begin as `is_alike` asks.
    ///
    /// # Errors
    /// Usage, naming the option.
    pub(super) fn require_alike(&self, is_alike: impl Fn(&str) -> bool) -> Result<()> {
        const MOST: u64 = 4_096;
        // What is no regular file, such as a terminal, is not replaced by writing to it, and a file
        // that cannot be read is reported when it is written.
        let is_file = self.file.metadata().is_ok_and(|about| about.is_file() && about.len() > 0);
        let mut start = Vec::new();
        let read = File::open(self.file).and_then(|file| file.take(MOST).read_to_end(&mut start));
        if !is_file || read.is_err() || is_alike(&String::from_utf8_lossy(&start)) {
            return Ok(());
        }
        Err(self.refused("is there, and this command did not write it"))
    }

    /// Refuses what is there and is no regular file, such as a device: a file would take its place.
    ///
    /// # Errors
    /// Usage, naming the option.
    pub(super) fn require_regular(&self) -> Result<()> {
        match self.file.metadata() {
            Ok(about) if !about.is_file() => Err(self.refused("is no regular file")),
            _ => Ok(()),
        }
    }

    fn refused(&self, what: &str) -> Error {
        Error::usage(format!("`{} {}` {what}", self.option, self.file.display()))
            .help("nothing was written: name another file")
    }
}

/// Refuses a folder for rows that lies among published tables, which everybody may read.
///
/// # Errors
/// Usage, naming the option.
pub(super) fn require_unpublished(option: &str, folder: &Path, out: &Path) -> Result<()> {
    if !without_links(folder).starts_with(without_links(out)) {
        return Ok(());
    }
    let shown = folder.display();
    Err(Error::usage(format!("`{option} {shown}` lies among the published tables"))
        .help("rows must not be read by those who read tables: name a folder elsewhere"))
}
