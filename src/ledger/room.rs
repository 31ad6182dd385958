//! Room on the ledger's disk for what a draw will store, taken before it is drawn.
//!
//! In: a number of bytes. Out: a file beside the ledger that takes as much, until the entry is
//! committed. A draw whose answers find no room is thrown away and drawn again. The size of the
//! answers depends on their noise, so running out of room would choose among draws; therefore a
//! disk that is too full stops the run before the draw.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use super::ledger_files::LedgerFiles;
use crate::files::{self, OWNER};

/// Room to store a look, which happens while the rest of the room is still needed.
pub(super) const ROOM_OF_A_LOOK: u64 = 256 << 10;

/// A file that takes room until it is dropped.
pub(super) struct Room {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Room {
    /// Takes room for a look and this many bytes.
    pub(super) fn take(place: &LedgerFiles, bytes: u64) -> io::Result<Self> {
        let file = files::make(&place.room, OWNER)?;
        let bytes = bytes + ROOM_OF_A_LOOK;
        let mut room = Self { path: place.room.clone(), file, bytes };
        room.fill(bytes)?;
        Ok(room)
    }

    /// Gives this many bytes of it back.
    pub(super) fn give(&mut self, bytes: u64) -> io::Result<()> {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.file.set_len(self.bytes)
    }

    /// Fills the file with bytes that no file system can compress.
    fn fill(&mut self, bytes: u64) -> io::Result<()> {
        let mut stream = blake3::Hasher::new().finalize_xof();
        let mut buffer = vec![0; 64 << 10];
        let mut left = bytes;
        while left > 0 {
            stream.fill(&mut buffer);
            let part = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            self.file.write_all(&buffer[..part])?;
            left -= part as u64;
        }
        self.file.sync_all()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // What stays is removed when the ledger is opened the next time.
        let _stays = files::remove_if_there(&self.path);
    }
}
