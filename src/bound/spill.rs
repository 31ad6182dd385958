//! Rows that do not fit into memory: written out by partition, encrypted, read back once.
//!
//! The file has no name: it is gone when the program ends, however it ends. Its bytes are encrypted
//! under a key that is drawn for it and is never written anywhere.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};

use super::gather::{Forms, PARTITIONS, Paired, Rows, Tied, Wide};
use crate::{Error, Result};

/// Rows of one thread in a file.
pub(super) struct Spill {
    file: Mutex<File>,
    cipher: ChaCha20Poly1305,
    end: u64,
    count: u64,
    /// For each partition where its rows are.
    segments: Vec<Vec<Segment>>,
}

#[derive(Clone, Copy)]
struct Segment {
    offset: u64,
    bytes: usize,
    /// Counted over the file: no two segments are encrypted alike.
    number: u64,
    form: Form,
}

/// How the rows of a segment are written.
#[derive(Clone, Copy)]
enum Form {
    Narrow,
    Wide,
    Tied,
    Paired,
}

impl Spill {
    /// Makes the file in a folder.
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)
            .map_err(|error| Error::io("the system gives no randomness").because(error))?;
        let file = tempfile::tempfile_in(folder).map_err(|error| failed(folder, error))?;
        let segments = vec![Vec::new(); PARTITIONS];
        let cipher = ChaCha20Poly1305::new(&key.into());
        Ok(Self { file: Mutex::new(file), cipher, end: 0, count: 0, segments })
    }

    /// Writes all rows of one partition out.
    pub(super) fn write(&mut self, folder: &Path, place: usize, forms: &Forms) -> Result<()> {
        let narrow = forms.narrow.pieces(place).flatten().flat_map(|word| word.to_le_bytes());
        let wide = forms.wide.pieces(place).flatten();
        let wide = wide.flat_map(|row| [row.unit.0, row.unit.1, row.atom]);
        let paired = forms.paired.pieces(place).flatten();
        let paired = paired.flat_map(|row| [row.unit.0, row.unit.1, row.atom, row.target]);
        let tied = forms.tied.pieces(place).flatten();
        let tied = tied.flat_map(|row| [row.word, row.target]);
        let forms: [(Form, Vec<u8>); 4] = [
            (Form::Narrow, narrow.collect()),
            (Form::Wide, wide.flat_map(u64::to_le_bytes).collect()),
            (Form::Tied, tied.flat_map(u64::to_le_bytes).collect()),
            (Form::Paired, paired.flat_map(u64::to_le_bytes).collect()),
        ];
        for (form, mut bytes) in forms {
            if bytes.is_empty() {
                continue;
            }
            let number = self.count;
            self.cipher
                .encrypt_in_place(&nonce(number), &[], &mut bytes)
                .map_err(|_| Error::internal("rows cannot be encrypted"))?;
            let file = self.file.get_mut().map_err(|_| poisoned())?;
            file.write_all(&bytes).map_err(|error| failed(folder, error))?;
            let segment = Segment { offset: self.end, bytes: bytes.len(), number, form };
            self.segments[place].push(segment);
            self.end += bytes.len() as u64;
            self.count += 1;
        }
        Ok(())
    }

    /// Adds the rows of one partition to those that are there.
    pub(super) fn read(&self, folder: &Path, place: usize, rows: &mut Rows) -> Result<()> {
        for segment in &self.segments[place] {
            let mut bytes = vec![0; segment.bytes];
            let mut file = self.file.lock().map_err(|_| poisoned())?;
            file.seek(SeekFrom::Start(segment.offset))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(|error| failed(folder, error))?;
            drop(file);
            self.cipher
                .decrypt_in_place(&nonce(segment.number), &[], &mut bytes)
                .map_err(|_| failed(folder, std::io::ErrorKind::InvalidData.into()))?;
            let words = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
            match segment.form {
                Form::Narrow => rows.narrow.extend(words),
                Form::Wide => {
                    let words: Vec<u64> = words.collect();
                    let row = |[first, second, atom]: &[u64; 3]| Wide {
                        unit: (*first, *second),
                        atom: *atom,
                    };
                    rows.wide.extend(words.as_chunks().0.iter().map(row));
                }
                Form::Tied => {
                    let words: Vec<u64> = words.collect();
                    let row = |[word, target]: &[u64; 2]| Tied { word: *word, target: *target };
                    rows.tied.extend(words.as_chunks().0.iter().map(row));
                }
                Form::Paired => {
                    let words: Vec<u64> = words.collect();
                    let row = |[first, second, atom, target]: &[u64; 4]| Paired {
                        unit: (*first, *second),
                        atom: *atom,
                        target: *target,
                    };
                    rows.paired.extend(words.as_chunks().0.iter().map(row));
                }
            }
        }
        Ok(())
    }
}

fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&number.to_le_bytes());
    nonce.into()
}

fn poisoned() -> Error {
    Error::internal("a thread failed while it held the rows on disk")
}

fn failed(folder: &Path, error: std::io::Error) -> Error {
    Error::io(format!("a temporary file in {} cannot be used", folder.display()))
        .help("free the disk, name another folder with TMPDIR, or give more --memory")
        .because(error)
}
