//! Where partitioned rows are kept: in memory up to a limit, beyond it in encrypted temporary files.
//!
//! A temporary file has no name: it is gone when the program ends, however it ends. Its bytes are
//! encrypted under a key that is drawn for it and is never written anywhere.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};

use crate::{Error, Result};

/// The memory that rows may take, shared by all threads of one run.
pub struct Memory {
    limit: usize,
    folder: PathBuf,
    held: AtomicUsize,
}

impl Memory {
    /// Rows may take up to `limit` bytes; the rest goes to temporary files in a folder.
    pub const fn new(limit: usize, folder: PathBuf) -> Self {
        Self { limit, folder, held: AtomicUsize::new(0) }
    }
}

/// What one thread holds of the memory, and its temporary file once the memory is used up.
pub(super) struct MemoryShare {
    memory: Arc<Memory>,
    held: usize,
    file: Option<SpillFile>,
}

impl MemoryShare {
    pub(super) fn new(memory: &Arc<Memory>) -> Self {
        Self { memory: Arc::clone(memory), held: 0, file: None }
    }

    /// Notes that the thread holds this many bytes more. Returns whether it is to write out what it
    /// holds: all threads together are past the limit, and this one holds enough of it.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        self.held += bytes;
        let Memory { limit, held, .. } = &*self.memory;
        let held = held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // A thread that holds little would write little and gain nothing.
        held > *limit && self.held > limit / (4 * rayon::current_num_threads())
    }

    /// Notes that the thread holds nothing any more.
    pub(super) fn give_back(&mut self) {
        self.memory.held.fetch_sub(self.held, Ordering::Relaxed);
        self.held = 0;
    }

    /// The thread's temporary file, made at first use.
    pub(super) fn file(&mut self) -> Result<&mut SpillFile> {
        Ok(match &mut self.file {
            Some(file) => file,
            none => none.insert(SpillFile::new(self.memory.folder.clone())?),
        })
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// An item that can be written to a temporary file as words.
pub(super) trait Record: Copy {
    /// How many words it takes.
    const WORDS: usize;

    fn words(self) -> impl IntoIterator<Item = u64>;

    /// The item of [`Self::WORDS`] words.
    fn of_words(words: &[u64]) -> Option<Self>;
}

/// Items of one thread by partition, while they come. Lists grow in pieces: nothing is moved when a
/// list grows, and little memory is reserved.
pub(super) struct Partitioned<T> {
    // Kept apart from the full pieces, so that what a push touches stays in the nearest cache.
    last: Vec<Vec<T>>,
    full: Vec<Vec<Vec<T>>>,
    /// Where in the temporary file the items are that were written out.
    written: Vec<Vec<Segment>>,
}

/// How many bytes a piece takes.
const PIECE_BYTES: usize = 8 << 10;

impl<T: Record> Partitioned<T> {
    const PIECE: usize = PIECE_BYTES / size_of::<T>();

    /// Empty lists.
    pub(super) fn new(partitions: usize) -> Self {
        Self {
            last: vec![Vec::new(); partitions],
            full: vec![Vec::new(); partitions],
            written: vec![Vec::new(); partitions],
        }
    }

    #[inline]
    pub(super) fn push(&mut self, partition: usize, item: T) {
        if self.last[partition].len() == self.last[partition].capacity() {
            self.begin_piece(partition);
        }
        self.last[partition].push(item);
    }

    /// Ends the pushing and returns the items of each partition.
    pub(super) fn finish(self) -> impl Iterator<Item = Stored<T>> {
        let parts = self.full.into_iter().zip(self.last).zip(self.written);
        parts.map(|((mut pieces, last), written)| {
            pieces.push(last);
            Stored { pieces, written }
        })
    }

    /// Moves all items from memory to the file.
    pub(super) fn write_out(&mut self, file: &mut SpillFile) -> Result<()> {
        for partition in 0..self.last.len() {
            let words = self.pieces(partition).flatten().flat_map(|item| item.words());
            let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
            if !bytes.is_empty() {
                self.written[partition].push(file.append(bytes)?);
                self.last[partition] = Vec::new();
                self.full[partition] = Vec::new();
            }
        }
        Ok(())
    }

    fn pieces(&self, partition: usize) -> impl Iterator<Item = &[T]> {
        self.full[partition].iter().chain([&self.last[partition]]).map(Vec::as_slice)
    }

    #[cold]
    fn begin_piece(&mut self, partition: usize) {
        let piece = std::mem::replace(&mut self.last[partition], Vec::with_capacity(Self::PIECE));
        if !piece.is_empty() {
            self.full[partition].push(piece);
        }
    }
}

/// Items of one thread and one partition.
pub(super) struct Stored<T> {
    pieces: Vec<Vec<T>>,
    written: Vec<Segment>,
}

impl<T: Record> Stored<T> {
    /// Whether none of the items is in the temporary file.
    pub(super) const fn is_in_memory(&self) -> bool {
        self.written.is_empty()
    }

    /// Appends the items to `items`; `share` is that of the thread.
    pub(super) fn collect(&self, share: &MemoryShare, items: &mut Vec<T>) -> Result<()> {
        if let Some(file) = &share.file {
            for segment in &self.written {
                let bytes = file.read(segment)?;
                let words = bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
                let words: Vec<u64> = words.collect();
                items.extend(words.chunks_exact(T::WORDS).filter_map(T::of_words));
            }
        }
        self.pieces.iter().for_each(|piece| items.extend_from_slice(piece));
        Ok(())
    }

    /// Puts the first of `items` in the places of those in memory, and leaves the others in `items`.
    pub(super) fn replace(&mut self, items: &mut &[T]) {
        for piece in &mut self.pieces {
            let (first, rest) = items.split_at(piece.len().min(items.len()));
            piece[..first.len()].copy_from_slice(first);
            *items = rest;
        }
    }
}

/// An encrypted temporary file of one thread.
pub(super) struct SpillFile {
    folder: PathBuf,
    file: Mutex<File>,
    cipher: ChaCha20Poly1305,
    end: u64,
    segments: u64,
}

/// A stretch of the file.
#[derive(Clone, Copy)]
struct Segment {
    offset: u64,
    bytes: usize,
    /// Counted over the file: no two segments are encrypted with the same nonce.
    number: u64,
}

impl SpillFile {
    fn new(folder: PathBuf) -> Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)
            .map_err(|error| Error::io("the system gives no randomness").because(error))?;
        let cipher = ChaCha20Poly1305::new(&key.into());
        match tempfile::tempfile_in(&folder) {
            Ok(file) => Ok(Self { folder, file: Mutex::new(file), cipher, end: 0, segments: 0 }),
            Err(error) => Err(unusable(&folder, error)),
        }
    }

    fn append(&mut self, mut bytes: Vec<u8>) -> Result<Segment> {
        let segment = Segment { offset: self.end, bytes: 0, number: self.segments };
        self.cipher
            .encrypt_in_place(&segment.nonce(), &[], &mut bytes)
            .map_err(|_| Error::internal("rows cannot be encrypted"))?;
        let file = self.file.get_mut().map_err(|_| poisoned())?;
        file.write_all(&bytes).map_err(|error| unusable(&self.folder, error))?;
        self.end += bytes.len() as u64;
        self.segments += 1;
        Ok(Segment { bytes: bytes.len(), ..segment })
    }

    fn read(&self, segment: &Segment) -> Result<Vec<u8>> {
        let mut bytes = vec![0; segment.bytes];
        let mut file = self.file.lock().map_err(|_| poisoned())?;
        file.seek(SeekFrom::Start(segment.offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|error| unusable(&self.folder, error))?;
        drop(file);
        self.cipher
            .decrypt_in_place(&segment.nonce(), &[], &mut bytes)
            .map_err(|_| unusable(&self.folder, std::io::ErrorKind::InvalidData.into()))?;
        Ok(bytes)
    }
}

impl Segment {
    fn nonce(&self) -> Nonce {
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&self.number.to_le_bytes());
        nonce.into()
    }
}

fn poisoned() -> Error {
    Error::internal("a thread failed while it held the rows on disk")
}

fn unusable(folder: &std::path::Path, error: std::io::Error) -> Error {
    Error::io(format!("a temporary file in {} cannot be used", folder.display()))
        .help("free the disk, name another folder with TMPDIR, or give more --memory")
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Record for u16 {
        const WORDS: usize = 1;

        fn words(self) -> impl IntoIterator<Item = u64> {
            [self.into()]
        }

        fn of_words(words: &[u64]) -> Option<Self> {
            words.first().and_then(|word| Self::try_from(*word).ok())
        }
    }

    #[test]
    fn keeps_every_item_of_every_partition_in_order_in_memory_and_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Arc::new(Memory::new(0, folder.path().to_owned()));
        let mut share = MemoryShare::new(&memory);
        let mut items = Partitioned::new(3);
        for item in 0..45_000_u16 {
            items.push(usize::from(item % 3), item);
            if [0, 20_000, 30_000].contains(&item) {
                assert!(share.take(2));
                items.write_out(share.file().unwrap()).unwrap();
            }
        }
        for (partition, mut stored) in (0..3_u16).zip(items.finish()) {
            assert!(stored.pieces.iter().all(|piece| piece.len() <= PIECE_BYTES / 2));
            assert!(!stored.is_in_memory());
            let mut collected = Vec::new();
            stored.collect(&share, &mut collected).unwrap();
            assert!(collected.iter().copied().eq((partition..45_000).step_by(3)));
            // What is in memory is replaced, in order, and nothing else.
            let held = stored.pieces.iter().map(Vec::len).sum::<usize>();
            let others = vec![partition; held + 2];
            let mut rest = others.as_slice();
            stored.replace(&mut rest);
            assert_eq!(rest.len(), 2);
            let mut again = Vec::new();
            stored.collect(&share, &mut again).unwrap();
            let (written, replaced) = again.split_at(again.len() - held);
            assert_eq!(written, &collected[..written.len()]);
            assert!(held > 0 && replaced.iter().all(|item| *item == partition));
        }
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
        drop(share);
        assert_eq!(memory.held.load(Ordering::Relaxed), 0);
    }
}
