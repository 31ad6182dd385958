//! The verbs of the room on the ledger's disk: taken before a draw, given back when its answers are stored.
//!
//! In: how many bytes a draw may store. Out: an error before anything is drawn, if there is no room for
//! them.

use super::room::Room;
use super::verbs::Ledger;
use crate::{Error, Result};

impl Ledger {
    /// Takes room on the disk of the ledger for the bytes that a draw will store. It is given back when
    /// the entry is committed, looks empty, or the ledger is closed.
    ///
    /// # Privacy
    /// `bytes` follow from what is public. Without this room, whether a draw dies on a full disk
    /// could depend on its noise.
    ///
    /// # Errors
    /// I/O, when there is not as much; internal, when the ledger was opened for reading.
    pub fn take_room(&mut self, bytes: u64) -> Result<()> {
        let only_read = self.only_read();
        let writer = self.writer.as_mut().ok_or(only_read)?;
        writer.room = None;
        match Room::take(&self.place, bytes) {
            Ok(room) => writer.room = Some(room),
            Err(error) => {
                writer.disk_failed = true;
                let shown = &self.place.shown;
                return Err(Error::io(format!(
                    "the disk of the ledger {shown} has too little room"
                ))
                .help("free some space and run again: nothing was drawn")
                .because(error));
            }
        }
        Ok(())
    }

    /// Gives back what is stored now, while the rest of the room is still needed.
    pub(super) fn give_room_for(&mut self, bytes: u64) {
        // If this fails, it is stored all the same when the disk has other room.
        let room = self.writer.as_mut().and_then(|writer| writer.room.as_mut());
        let _stays = room.map(|room| room.give(bytes));
    }

    /// Gives all of it back.
    pub(super) fn give_room(&mut self) {
        if let Some(writer) = &mut self.writer {
            writer.room = None;
        }
    }
}
