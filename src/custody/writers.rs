//! Logs that other programs may still write to: what they write after a deletion would be lost.
//!
//! In: files that lose rows. Out: a refusal, for a text file that is not quiet yet and for one that a process
//! has open to write to it. Linux shows the open files of processes that
//! this user may look into: its own, or all of them for an administrator. A lease of the file would show
//! every writer, but no well-kept library sets one without unsafe code. Elsewhere nothing is found.

use std::path::Path;
use std::time::Duration;

use super::expired::{Expired, Expiry};
use super::files::age;
use crate::ingest::Format;
use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// Refuses to delete from files that may still be written to.
///
/// # Errors
/// Input, naming the first such file.
pub fn require_left_alone(release_file: &ReleaseFile, expiry: &Expiry<'_>) -> Result<()> {
    expiry.files.iter().try_for_each(|file| require_quiet(file, release_file))?;
    let mut files = expiry.files.iter().zip(written_to(&expiry.files));
    files.try_for_each(|(file, is_written)| require_closed(file, is_written))
}

/// A text log is shortened or deleted only if it was not written to for this long.
const QUIET: Duration = Duration::from_hours(1);

/// Refuses a text file that may still be appended to, because new records would be lost.
fn require_quiet(file: &Expired<'_>, release_file: &ReleaseFile) -> Result<()> {
    let quiet = QUIET.max(release_file.logs.settle.unsigned_abs());
    let is_text = matches!(file.log.file().format(), Format::Text(..));
    if !is_text || file.modified().and_then(age).is_some_and(|age| age >= quiet) {
        return Ok(());
    }
    Err(Error::input(format!(
        "{} was written to in the last {} minutes, and some of its rows are past retention",
        file.shown(),
        quiet.as_secs() / 60
    ))
    .help("what is written to it meanwhile would be lost: begin a new file each day or sooner"))
}

/// For each file, whether another program has it open to write to it.
pub(super) fn written_to(files: &[Expired<'_>]) -> Vec<bool> {
    writers(&files.iter().map(|file| file.log.path()).collect::<Vec<_>>())
}

/// Refuses a file that another program has open to write to it.
pub(super) fn require_closed(file: &Expired<'_>, is_written: bool) -> Result<()> {
    if !is_written {
        return Ok(());
    }
    Err(Error::input(format!("another program has {} open to write to it", file.shown())).help(
        "what it writes after a deletion would be lost: have it close the file, then run again",
    ))
}

/// For each file, whether some process has it open to write to it.
#[cfg(target_os = "linux")]
fn writers(files: &[&Path]) -> Vec<bool> {
    let wanted: Vec<_> = files.iter().map(|file| identity(file)).collect();
    let mut written = vec![false; files.len()];
    // The folder of each process with its open files, of which those that may not be listed are passed over.
    for open in listed(Path::new("/proc")).flat_map(|process| listed(&process.join("fd"))) {
        let Some(found) = identity(&open) else { continue };
        let place = wanted.iter().position(|file| *file == Some(found));
        if let Some(place) = place
            && !written[place]
        {
            written[place] = is_for_writing(&open);
        }
    }
    written
}

#[cfg(not(target_os = "linux"))]
fn writers(files: &[&Path]) -> Vec<bool> {
    vec![false; files.len()]
}

/// By what a file is known under each of its names.
#[cfg(target_os = "linux")]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let facts = std::fs::metadata(path).ok()?;
    facts.is_file().then(|| (facts.dev(), facts.ino()))
}

#[cfg(target_os = "linux")]
fn listed(folder: &Path) -> impl Iterator<Item = std::path::PathBuf> + use<> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Whether a process opened `/proc/PID/fd/N` to write, by the flags in `/proc/PID/fdinfo/N`.
#[cfg(target_os = "linux")]
fn is_for_writing(open: &Path) -> bool {
    let flags = || {
        let (process, number) = (open.parent()?.parent()?, open.file_name()?);
        let text = std::fs::read_to_string(process.join("fdinfo").join(number)).ok()?;
        let flags = text.lines().find_map(|line| line.strip_prefix("flags:"))?;
        u32::from_str_radix(flags.trim(), 8).ok()
    };
    // The last two bits are zero for what is only read.
    flags().is_some_and(|flags| flags & 3 != 0)
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn only_those_who_write_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["read", "written", "closed", "appended"].map(|name| folder.path().join(name));
        paths.iter().for_each(|path| std::fs::write(path, "x").unwrap());
        let [read, written, _, appended] = &paths;
        let _open = [
            File::open(read).unwrap(),
            File::options().write(true).open(written).unwrap(),
            File::options().append(true).open(appended).unwrap(),
        ];
        let files: Vec<&Path> = paths.iter().map(std::path::PathBuf::as_path).collect();
        assert_eq!(writers(&files), [false, true, false, true]);
        assert_eq!(writers(&[&folder.path().join("absent")]), [false]);
    }
}
