//! Logs that other programs may still write to: what they write after a deletion would be lost.
//!
//! In: files that lose rows. Out: a refusal, for a text file that is not quiet yet and for a file that a
//! process has open to write to it. Linux shows the open files of processes that this user may look into: its
//! own, or all of them for an administrator. A lease of the file would show every writer, but no well-kept
//! library sets one without unsafe code. Elsewhere nothing is found.

#[cfg(target_os = "linux")]
use std::collections::BTreeSet;
use std::path::Path;
#[cfg(target_os = "linux")]
use std::path::PathBuf;
use std::time::Duration;

use super::expired::{Expired, Expiry};
use super::files::age;
use crate::ingest::Format;
use crate::release_file::ReleaseFile;
use crate::{Error, Result};

/// A text log is shortened or deleted only if it was not written to for this long.
const QUIET: Duration = Duration::from_hours(1);

/// Refuses text files that may still be appended to, because new records would be lost.
///
/// # Errors
/// Input, naming the first such file.
pub fn require_quiet(release_file: &ReleaseFile, expiry: &Expiry<'_>) -> Result<()> {
    let quiet = QUIET.max(release_file.logs.settle.unsigned_abs());
    let is_quiet = |file: &&Expired<'_>| {
        !matches!(file.log.file().format(), Format::Text(..))
            || file.modified().and_then(age).is_some_and(|age| age >= quiet)
    };
    let Some(file) = expiry.files.iter().find(|file| !is_quiet(file)) else { return Ok(()) };
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

/// How often, and after which pause, a file that is open for writing is checked again. A process
/// that was just started has, for a moment, files open that its parent has closed meanwhile.
#[cfg(target_os = "linux")]
const LOOKS: (usize, Duration) = (20, Duration::from_millis(50));

/// For each file, whether some process has it open to write to it.
#[cfg(target_os = "linux")]
fn writers(files: &[&Path]) -> Vec<bool> {
    let identities: Vec<_> = files.iter().map(|file| identity(file)).collect();
    let wanted = identities.iter().flatten().copied().collect();
    let written = lasting(&wanted, open_for_writing);
    identities.iter().map(|file| file.is_some_and(|file| written.contains(&file))).collect()
}

/// The files among these that every check finds.
#[cfg(target_os = "linux")]
fn lasting(
    files: &BTreeSet<Identity>,
    mut look: impl FnMut(&BTreeSet<Identity>) -> BTreeSet<Identity>,
) -> BTreeSet<Identity> {
    let mut found = look(files);
    for _ in 0..LOOKS.0 {
        if found.is_empty() {
            break;
        }
        std::thread::sleep(LOOKS.1);
        found = look(&found);
    }
    found
}

/// Which of these files some process has open to write to them.
#[cfg(target_os = "linux")]
fn open_for_writing(files: &BTreeSet<Identity>) -> BTreeSet<Identity> {
    // Each process has a folder of its open files; folders that may not be listed are passed over.
    let open = listed(Path::new("/proc")).flat_map(|process| listed(&process.join("fd")));
    let of_file =
        |open: PathBuf| identity(&open).filter(|of| files.contains(of) && is_for_writing(&open));
    open.filter_map(of_file).collect()
}

#[cfg(not(target_os = "linux"))]
fn writers(files: &[&Path]) -> Vec<bool> {
    vec![false; files.len()]
}

/// What identifies a file under each of its names: its device and its inode number.
#[cfg(target_os = "linux")]
type Identity = (u64, u64);

#[cfg(target_os = "linux")]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let facts = std::fs::metadata(path).ok()?;
    facts.is_file().then(|| (facts.dev(), facts.ino()))
}

#[cfg(target_os = "linux")]
fn listed(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
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
        let files: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        assert_eq!(writers(&files), [false, true, false, true]);
        assert_eq!(writers(&[&folder.path().join("absent")]), [false]);
        let other = folder.path().join("other name");
        std::fs::hard_link(written, &other).unwrap();
        assert_eq!(writers(&[&other, written]), [true, true]);
    }

    #[test]
    fn who_soon_closes_a_file_is_no_writer() {
        let mut looks = 0;
        let found = lasting(&[(1, 2), (1, 3)].into(), |files| {
            looks += 1;
            files.iter().filter(|_| looks < 3).copied().collect()
        });
        assert_eq!((found.len(), looks), (0, 3));
    }
}
