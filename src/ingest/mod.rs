//! Log files → batches of the canonical lookup, streaming and in parallel.
//!
//! In: `[logs]` of a release and the keys that its questions use. Out: [`Lookups`], batch by batch,
//! in no particular order. [`LogReader::open`] reads footers, headers and schemas and nothing else,
//! so that a file that cannot be what it claims is refused before a budget is spent. Memory is set
//! by the batches in work, not by the number of files. Deliberately not here: which day counts.

mod columnar;
mod complete;
mod delimited;
mod digests;
mod instant;
mod json_lines;
mod lines;
mod lookups;
mod odd;
mod positions;
mod raw_log;
mod raw_metadata;
mod raw_text;
mod records;
mod rejects;
mod scan;
mod shard;
mod text;
mod time;
mod views;
mod wanted;

use std::path::Path;
use std::sync::Mutex;

use rayon::prelude::*;

pub use digests::{LogDigests, is_read_for};
pub(crate) use lookups::Identifiers;
pub use lookups::{Lookups, Rejects, RowCounts};
pub use raw_log::{Container, Identities, OpenLog, RawLog, RawPiece, find_raw_logs};
pub use raw_text::Segment;
pub use rejects::RejectedRows;

use crate::ledger::LedgerKey;
use crate::release_file::keys::Key;
use crate::release_file::logs::{Identifier, Logs};
use crate::release_file::window::DayWindow;
use crate::{Error, Result};
use columnar::ParquetFooter;
use lookups::Canonical;
use records::Header;
use shard::{Format, Shard};
use text::{Block, Blocks};
use wanted::{RawBatch, Wanted};

/// The files of a release, opened and checked.
pub struct LogReader<'a> {
    logs: &'a Logs,
    keys: &'a [Key],
    wanted: Wanted,
    files: Vec<LogFile>,
    rejected_rows: Option<&'a RejectedRows>,
}

struct LogFile {
    shard: Shard,
    content: Content,
}

enum Content {
    /// With the row groups that may have rows of the day.
    Parquet(ParquetFooter, Vec<usize>),
    Arrow {
        batches: usize,
    },
    Text(Header),
}

/// A result whose failure knows the place of its piece in the order of the files.
type Placed<T> = std::result::Result<T, (usize, Error)>;

/// A unit of parallel work.
enum Piece<'a> {
    RowGroup { file: &'a LogFile, footer: &'a ParquetFooter, group: usize },
    IpcBatch { file: &'a LogFile, batch: usize },
    Block { file: &'a LogFile, header: &'a Header, block: Block },
}

impl<'a> Piece<'a> {
    const fn file(&self) -> &'a LogFile {
        match self {
            Self::RowGroup { file, .. }
            | Self::IpcBatch { file, .. }
            | Self::Block { file, .. } => file,
        }
    }

    fn path(&self) -> &'a Path {
        &self.file().shard.path
    }
}

impl<'a> LogReader<'a> {
    /// Finds the files and checks footers, headers and schemas; no row is read.
    ///
    /// With a `window`, row groups whose statistics lie outside it are passed over, and with a
    /// promised day folder only the folders of its UTC days are opened.
    ///
    /// # Errors
    /// Input, for an empty glob, a missing column, a wrong type or a damaged file; I/O.
    pub fn open(logs: &'a Logs, keys: &'a [Key], window: Option<&DayWindow>) -> Result<Self> {
        let wanted = Wanted::new(logs, keys);
        let mut files = Vec::new();
        for shard in shard::find(logs, window)? {
            let content = match shard.format {
                Format::Parquet => {
                    let footer = ParquetFooter::read(&shard, &wanted, logs)?;
                    let groups = footer.groups_of(window, logs)?;
                    Content::Parquet(footer, groups)
                }
                Format::Arrow => {
                    Content::Arrow { batches: columnar::check_ipc(&shard, &wanted, logs)? }
                }
                Format::Text(format, compression) => {
                    Content::Text(Header::read(&shard, format, compression, &wanted)?)
                }
            };
            files.push(LogFile { shard, content });
        }
        Ok(Self { logs, keys, wanted, files, rejected_rows: None })
    }

    /// Has every rejected row written out as well.
    #[must_use]
    pub const fn with_rejects(mut self, rows: Option<&'a RejectedRows>) -> Self {
        self.rejected_rows = rows;
        self
    }

    /// Checks the day's files against `[logs] expect`, where the release has it.
    ///
    /// # Privacy
    /// Names of files and folders decide, never rows.
    ///
    /// # Errors
    /// Refused, when the day looks half-delivered.
    pub fn require_complete(&self, window: &DayWindow) -> Result<()> {
        let (Some(expect), Some(day_folder)) = (self.logs.expect, &self.logs.day_folder) else {
            return Ok(());
        };
        let files = self.files.iter().map(|file| file.shard.path.as_path());
        complete::require(expect, day_folder, window, files)
    }

    /// How people are named.
    #[must_use]
    pub const fn identifier(&self) -> Identifier {
        self.logs.identifier
    }

    /// How many files are read.
    #[must_use]
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// How many rows the files hold at most: as footers say, or by the shortest lookups of text.
    #[must_use]
    pub fn rows_at_most(&self) -> u64 {
        /// A requester, a target and a time in text; packed text grows about so often.
        const SHORTEST: u64 = 24;
        const PACKED: u64 = 20;
        let rows = |file: &LogFile| {
            let bytes = file.shard.path.metadata().map_or(0, |metadata| metadata.len());
            match &file.content {
                Content::Parquet(footer, groups) => footer.rows_of(groups),
                Content::Arrow { .. } => bytes / SHORTEST,
                Content::Text(_) if file.shard.is_packed() => bytes * PACKED / SHORTEST,
                Content::Text(_) => bytes / SHORTEST,
            }
        };
        self.files.iter().map(rows).sum()
    }

    /// The size of all files together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let size = |file: &LogFile| file.shard.path.metadata().map_or(0, |metadata| metadata.len());
        self.files.iter().map(size).sum()
    }

    /// Keyed digests of the name and content of each file, for the ledger alone.
    ///
    /// # Errors
    /// I/O, when a file cannot be read.
    pub fn digests(&self, key: &LedgerKey) -> Result<LogDigests> {
        let paths: Vec<&Path> = self.files.iter().map(|file| file.shard.path.as_path()).collect();
        LogDigests::of(&paths, &self.logs.place.base(), key)
    }

    /// Reads every file once and folds its batches into states, one or more for each thread.
    ///
    /// # Privacy
    /// Batches come in no fixed order: what is folded must not depend on it. The counts are exact
    /// and secret.
    ///
    /// # Errors
    /// Input, for data that are damaged; I/O; whatever `take` fails with. Of several failures the
    /// one is told that comes first in the order of the files.
    pub fn fold<S: Send>(
        &self,
        start: impl Fn() -> S + Sync,
        take: impl Fn(&mut S, &Lookups) -> Result<()> + Sync,
    ) -> Result<(Vec<S>, RowCounts)> {
        let failure = Mutex::new(None);
        let pieces = self.pieces(&failure).enumerate().par_bridge();
        let states: Vec<Placed<(S, RowCounts)>> = pieces
            .try_fold(
                || None,
                |state: Option<(S, Canonical<'_>)>, (place, piece)| {
                    let at = |error: Error| (place, error);
                    let (mut state, mut canonical) = match state {
                        Some(state) => state,
                        None => {
                            let canonical = Canonical::new(
                                self.logs,
                                &self.wanted,
                                self.keys,
                                self.rejected_rows,
                            );
                            (start(), canonical.map_err(at)?)
                        }
                    };
                    let log = piece.path();
                    self.read(piece, &mut |raw| take(&mut state, &canonical.convert(log, &raw)?))
                        .map_err(at)?;
                    Placed::Ok(Some((state, canonical)))
                },
            )
            .filter_map(|state| match state {
                Ok(None) => None,
                Ok(Some((state, canonical))) => Some(Ok((state, canonical.counts))),
                Err(error) => Some(Err(error)),
            })
            .collect();
        let (mut folded, mut counts, mut first) = (Vec::new(), RowCounts::default(), None);
        for state in states {
            match state {
                Ok((state, more)) => {
                    counts.add(&more);
                    folded.push(state);
                }
                Err((place, error)) => match &first {
                    Some((known, _)) if *known <= place => {}
                    _ => first = Some((place, error)),
                },
            }
        }
        if let Some((_, error)) = first {
            return Err(error);
        }
        match failure.into_inner() {
            Ok(None) => Ok((folded, counts)),
            Ok(Some(error)) => Err(error),
            Err(_) => Err(Error::internal("a thread that read logs died")),
        }
    }

    fn read(&self, piece: Piece<'_>, take: &mut dyn FnMut(RawBatch) -> Result<()>) -> Result<()> {
        match piece {
            Piece::RowGroup { file, footer, group } => {
                footer.read_group(&file.shard, group, &self.wanted, take)
            }
            Piece::IpcBatch { file, batch } => {
                columnar::read_ipc(&file.shard, batch, &self.wanted, take)
            }
            Piece::Block { file, header, block } => {
                take(header.parse(&file.shard, &block, &self.wanted)?)
            }
        }
    }

    /// All pieces in file order; text is cut into blocks as it streams by. A failure to cut ends
    /// the pieces and is left in `failure`.
    fn pieces<'s>(
        &'s self,
        failure: &'s Mutex<Option<Error>>,
    ) -> impl Iterator<Item = Piece<'s>> + Send {
        self.files.iter().flat_map(move |file| -> Box<dyn Iterator<Item = Piece<'s>> + Send + 's> {
            match &file.content {
                Content::Parquet(footer, groups) => {
                    // Rejected rows are asked for of every file, whatever their times.
                    let all = 0..footer.row_groups();
                    let asks_all = self.rejected_rows.is_some();
                    Box::new(
                        all.filter(move |group| asks_all || groups.binary_search(group).is_ok())
                            .map(move |group| Piece::RowGroup { file, footer, group }),
                    )
                }
                Content::Arrow { batches } => {
                    Box::new((0..*batches).map(move |batch| Piece::IpcBatch { file, batch }))
                }
                Content::Text(header) => {
                    let cut = Cutting { blocks: header.blocks(&file.shard).map(Some), failure };
                    Box::new(cut.map(move |block| Piece::Block { file, header, block }))
                }
            }
        })
    }
}

struct Cutting<'s> {
    blocks: Result<Option<Blocks>>,
    failure: &'s Mutex<Option<Error>>,
}

impl Iterator for Cutting<'_> {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        let next = match &mut self.blocks {
            Ok(Some(blocks)) => blocks.next_block(),
            Ok(None) => return None,
            Err(_) => match std::mem::replace(&mut self.blocks, Ok(None)) {
                Err(error) => Err(error),
                Ok(_) => Ok(None),
            },
        };
        match next {
            Ok(Some(block)) => Some(block),
            Ok(None) => None,
            Err(error) => {
                self.blocks = Ok(None);
                if let Ok(mut failure) = self.failure.lock() {
                    failure.get_or_insert(error);
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
