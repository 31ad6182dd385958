//! One run at a time: the lock beside the ledger.
//!
//! In: a place and how long to wait. Out: a guard that the ledger keeps until it is dropped.
//! Invariant: while a guard lives, no other run can resume, draw or commit an entry of the ledger.
//! The operating system frees the lock when the process ends, however it ends. SQLite's own locks
//! protect each transaction; this one protects what happens between two of them.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::time::Duration;

use super::ledger_files::LedgerFiles;
use crate::files::{OWNER, open_lock};
use crate::{Error, Result};

/// Holds the lock of a ledger until it is dropped.
#[derive(Debug)]
pub(super) struct RunLock {
    file: File,
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Closing would free it too, but not while a process that was just started from this one
        // still shares the open file. A failure needs no report: closing frees the lock as well.
        let _ = self.file.unlock();
    }
}

impl RunLock {
    /// Takes the lock, or gives up as busy after `wait`.
    pub(super) fn take(place: &LedgerFiles, wait: Duration) -> Result<Self> {
        let mut file = open_lock(&place.lock, OWNER).map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => Error::io(format!(
                "the lock of the ledger {} is a link to another file",
                place.shown
            ))
            .help("remove the .lock file beside the ledger: the next run makes it again"),
            _ => place.cannot_make("lock", error),
        })?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if waited < wait => {
                    let pause = PAUSE.min(wait - waited);
                    std::thread::sleep(pause);
                    waited += pause;
                }
                Err(TryLockError::WouldBlock) => return Err(busy(place, &mut file)),
                Err(TryLockError::Error(error)) => {
                    return Err(Error::io(format!(
                        "the lock of the ledger {} cannot be taken",
                        place.shown
                    ))
                    .help("keep the ledger on a local disk: this file system has no file locks")
                    .because(error));
                }
            }
        }
        // The number only helps those who wait, so a failure to write it does not matter.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { file })
    }
}

fn busy(place: &LedgerFiles, file: &mut File) -> Error {
    let mut holder = String::new();
    let known = file.take(20).read_to_string(&mut holder).is_ok()
        && !holder.trim().is_empty()
        && holder.trim().bytes().all(|byte| byte.is_ascii_digit());
    let holder = if known { format!(" (process {})", holder.trim()) } else { String::new() };
    Error::busy(format!("another run{holder} holds the ledger {}", place.shown))
        .help("wait until it ends, or give it more time with --wait")
}

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn a_second_holder_waits_and_then_learns_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = LedgerFiles::new(&folder.path().join("daily.ledger")).unwrap();
        let held = RunLock::take(&place, Duration::ZERO).unwrap();
        let error = RunLock::take(&place, Duration::from_millis(30)).unwrap_err();
        assert_eq!(error.kind(), Kind::Busy);
        assert!(error.to_string().contains(&format!("process {}", std::process::id())));
        assert!(error.hint().unwrap().contains("--wait"));
        drop(held);
        RunLock::take(&place, Duration::ZERO).unwrap();
    }

    #[test]
    fn a_lock_left_by_a_dead_process_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let place = LedgerFiles::new(&folder.path().join("daily.ledger")).unwrap();
        std::fs::write(&place.lock, "4000000 and more words").unwrap();
        let _held = RunLock::take(&place, Duration::ZERO).unwrap();
        assert_eq!(
            std::fs::read_to_string(&place.lock).unwrap().trim(),
            std::process::id().to_string()
        );
    }
}
