//! Log files as retention sees them: times and identifiers of every row, in the file's order.
//!
//! In: `[logs]` of a release. Out: one [`RawLog`] per file, and from it pieces of rows. A row's
//! time is decided by the same code as in a run, whatever `where` says and whether the rest of the
//! row can be read. Deliberately not here: which rows go, and how a file is written anew.

use std::path::Path;

use arrow_array::{Array, Int64Array, RecordBatch, StringViewArray};
use serde_json::{Map, Value};

use super::columnar::{self, ParquetFooter};
use super::lookups::text;
use super::raw_text::{Segment, segments};
use super::records::Header;
use super::shard::{self, Compression, Format, Shard, TextFormat};
use super::time;
use super::wanted::{RawBatch, Wanted};
use crate::ledger::LedgerKey;
use crate::phone::Normaliser;
use crate::release_file::logs::{Identifier, Logs};
use crate::release_file::window::Day;
use crate::{Error, Result};

/// A log file that is not opened yet.
pub struct RawLog<'a> {
    logs: &'a Logs,
    shard: Shard,
}

/// A log file whose header, footer and schema were checked as a run checks them.
pub struct OpenLog<'a> {
    logs: &'a Logs,
    shard: Shard,
    wanted: Wanted,
    content: Content,
}

enum Content {
    Parquet(ParquetFooter),
    Arrow { batches: usize },
    Text { header: Header, format: TextFormat },
}

/// What a file is written in, for whoever writes it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// Parquet.
    Parquet,
    /// The Arrow IPC file format.
    Arrow,
    /// Text as it stands.
    Text,
    /// Text in gzip.
    Gzip,
    /// Text in zstd.
    Zstd,
}

/// Some rows of one file.
pub struct RawPiece<'p> {
    /// The row group or batch that they belong to, counted from 0; a text block for text.
    pub place: usize,
    /// UTC microseconds; null where a row has no time that can be read.
    pub times: Int64Array,
    /// As the log has it; empty when only times are read.
    pub requester: StringViewArray,
    /// As the log has it; empty when only times are read.
    pub target: StringViewArray,
    /// The bytes of a text block; none for other formats.
    pub segments: Option<Vec<Segment<'p>>>,
}

/// Lists every log file of a release; there may be none.
///
/// # Errors
/// Usage, for a glob that is not one; input, for a file in no known format; I/O.
pub fn find_raw_logs(logs: &Logs) -> Result<Vec<RawLog<'_>>> {
    let (shards, _) = shard::list(logs, None)?;
    Ok(shards.into_iter().map(|shard| RawLog { logs, shard }).collect())
}

impl<'a> RawLog<'a> {
    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shard.path
    }

    /// The UTC day whose rows alone the release file promises to be in this file.
    #[must_use]
    pub fn folder_day(&self) -> Option<Day> {
        shard::folder_day(&self.shard.path, self.logs)
    }

    /// A keyed digest of the file's name and content, the same as that of a release's logs.
    ///
    /// # Errors
    /// I/O, when the file cannot be read.
    pub fn digest(&self, key: &LedgerKey) -> Result<String> {
        let (path, base) = (&self.shard.path, self.logs.place.base());
        super::digests::digest_of(path, path.strip_prefix(&base).unwrap_or(path), key)
    }

    /// Opens the file; no row is read.
    ///
    /// # Errors
    /// Input, for a missing column, a wrong type or a damaged file; I/O.
    pub fn open(&self) -> Result<OpenLog<'a>> {
        let (logs, shard) = (self.logs, self.shard.clone());
        let wanted = Wanted::new(logs, &[]);
        let content = match shard.format {
            Format::Parquet => Content::Parquet(ParquetFooter::read(&shard, &wanted, logs)?),
            Format::Arrow => {
                Content::Arrow { batches: columnar::check_ipc(&shard, &wanted, logs)? }
            }
            Format::Text(format, compression) => {
                let header = Header::read(&shard, format, compression, &wanted)?;
                Content::Text { header, format }
            }
        };
        Ok(OpenLog { logs, shard, wanted, content })
    }
}

impl<'a> OpenLog<'a> {
    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shard.path
    }

    /// A file elsewhere that is to be read as this one is.
    #[must_use]
    pub fn twin(&self, path: &Path) -> RawLog<'a> {
        let shard = Shard { path: path.to_path_buf(), format: self.shard.format };
        RawLog { logs: self.logs, shard }
    }

    /// What the file is written in.
    #[must_use]
    pub const fn container(&self) -> Container {
        match self.shard.format {
            Format::Parquet => Container::Parquet,
            Format::Arrow => Container::Arrow,
            Format::Text(_, Compression::None) => Container::Text,
            Format::Text(_, Compression::Gzip) => Container::Gzip,
            Format::Text(_, Compression::Zstd) => Container::Zstd,
        }
    }

    /// The least and greatest time of all rows, where the file's statistics are sure of them.
    ///
    /// # Errors
    /// Input, when a bound cannot be read as a time.
    pub fn time_bounds(&self) -> Result<Option<(i64, i64)>> {
        match &self.content {
            Content::Parquet(footer) => footer.time_bounds(self.logs),
            Content::Arrow { .. } | Content::Text { .. } => Ok(None),
        }
    }

    /// A keyed digest of the file's name and content, the same as that of a release's logs.
    ///
    /// # Errors
    /// I/O, when the file cannot be read.
    pub fn digest(&self, key: &LedgerKey) -> Result<String> {
        self.digest_of_copy(&self.shard.path, &self.shard.path, key)
    }

    /// What the digest will be when a copy took a name.
    ///
    /// # Errors
    /// I/O, when the copy cannot be read.
    pub fn digest_of_copy(&self, copy: &Path, path: &Path, key: &LedgerKey) -> Result<String> {
        let base = self.logs.place.base();
        super::digests::digest_of(copy, path.strip_prefix(&base).unwrap_or(path), key)
    }

    /// Whether a file of this name would be found as a log of this format.
    #[must_use]
    pub fn would_be_found(&self, path: &Path) -> bool {
        shard::is_found(self.logs, path, self.shard.format)
    }

    /// Reads the times of every row, in the file's order, and the identifiers where asked.
    ///
    /// # Errors
    /// Input, when the data are damaged; I/O; whatever `take` fails with.
    pub fn scan(
        &self,
        with_identifiers: bool,
        take: &mut dyn FnMut(RawPiece<'_>) -> Result<()>,
    ) -> Result<()> {
        let full = &self.wanted;
        let only_time = Wanted {
            names: vec![full.names[full.requested_at].clone()],
            requester: 0,
            target: 0,
            requested_at: 0,
            keys: Vec::new(),
        };
        let wanted = if with_identifiers { full } else { &only_time };
        match &self.content {
            Content::Parquet(footer) => {
                for group in 0..footer.row_groups() {
                    footer.read_group(&self.shard, group, wanted, &mut |raw| {
                        take(self.piece(group, &raw, wanted, None)?)
                    })?;
                }
            }
            Content::Arrow { batches } => {
                for batch in 0..*batches {
                    columnar::read_ipc(&self.shard, batch, wanted, &mut |raw| {
                        take(self.piece(batch, &raw, wanted, None)?)
                    })?;
                }
            }
            Content::Text { header, format } => {
                let mut blocks = header.blocks(&self.shard)?;
                let mut place = 0;
                while let Some(block) = blocks.next_block()? {
                    let raw = header.parse(&self.shard, &block, full)?;
                    let cut = segments(&block.bytes, *format, raw.rows).ok_or_else(|| {
                        Error::input(format!(
                            "{} cannot be cut into records near line {}",
                            self.shard.path.display(),
                            block.first_line
                        ))
                        .help("a quote inside an unquoted field hides where a record ends: correct the line")
                    })?;
                    take(self.piece(place, &raw, full, Some(cut))?)?;
                    place += 1;
                }
            }
        }
        Ok(())
    }

    /// Reads all columns of a row group or batch; nothing for text.
    ///
    /// # Errors
    /// Input, when the data are damaged; whatever `take` fails with.
    pub fn whole(
        &self,
        place: usize,
        take: &mut dyn FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        match &self.content {
            Content::Parquet(footer) => footer.read_whole_group(&self.shard, place, take),
            Content::Arrow { .. } => {
                columnar::read_whole_ipc(&self.shard, place)?.map_or(Ok(()), take)
            }
            Content::Text { .. } => Ok(()),
        }
    }

    /// The texts of the file that are no rows: metadata of the file and its columns.
    ///
    /// # Errors
    /// Input, when the file is damaged; I/O.
    pub fn texts(&self) -> Result<Vec<Vec<u8>>> {
        match &self.content {
            Content::Parquet(footer) => Ok(footer.texts()),
            Content::Arrow { .. } => columnar::ipc_texts(&self.shard),
            Content::Text { .. } => Ok(Vec::new()),
        }
    }

    /// The bytes of a text file before its first record, decompressed; nothing for other formats.
    ///
    /// # Errors
    /// I/O.
    pub fn head(&self) -> Result<Vec<u8>> {
        let (Content::Text { header, .. }, Format::Text(_, compression)) =
            (&self.content, self.shard.format)
        else {
            return Ok(Vec::new());
        };
        let length = header.blocks(&self.shard)?.head_bytes();
        let mut head = vec![0; length];
        std::io::Read::read_exact(&mut shard::open_text(&self.shard.path, compression)?, &mut head)
            .map_err(|error| shard::unreadable(&self.shard.path, error))?;
        Ok(head)
    }

    /// The fields of one text record by name, as the log has them.
    #[must_use]
    pub fn fields(&self, record: &[u8]) -> Option<Map<String, Value>> {
        let Content::Text { header, format } = &self.content else { return None };
        if *format == TextFormat::Ndjson {
            return serde_json::from_slice(record).ok();
        }
        let is_quoted = *format == TextFormat::Csv;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .delimiter(if is_quoted { b',' } else { b'\t' })
            .quoting(is_quoted)
            .from_reader(record);
        let values = reader.records().next()?.ok()?;
        let named = header.listed().iter().cloned();
        Some(named.zip(values.iter().map(|value| Value::String(value.to_owned()))).collect())
    }

    fn piece<'p>(
        &self,
        place: usize,
        raw: &RawBatch,
        wanted: &Wanted,
        segments: Option<Vec<Segment<'p>>>,
    ) -> Result<RawPiece<'p>> {
        let column = |place: usize| raw.columns.get(place).and_then(Option::as_ref);
        let times = match column(wanted.requested_at) {
            Some(array) => time::to_micros(array, self.logs)?,
            None => time::to_micros(&time::no_times(raw.rows), self.logs)?,
        };
        let identifiers = |column| match column {
            Some(_) if wanted.names.len() > 1 => text(column, raw.rows),
            _ => Ok(StringViewArray::new_null(0)),
        };
        Ok(RawPiece {
            place,
            times,
            requester: identifiers(column(wanted.requester))?,
            target: identifiers(column(wanted.target))?,
            segments,
        })
    }
}

impl RawPiece<'_> {
    /// The value of a row in a column of identifiers, where it has one.
    #[must_use]
    pub fn identifier(column: &StringViewArray, row: usize) -> Option<&str> {
        (row < column.len() && column.is_valid(row)).then(|| column.value(row))
    }
}

/// Turns identifiers into the text that a run counts them by.
pub struct Identities(Option<Normaliser>);

impl Identities {
    /// Prepares for the logs of a release.
    ///
    /// # Errors
    /// Usage, when the default region is none.
    pub fn new(logs: &Logs) -> Result<Self> {
        Ok(Self(match logs.identifier {
            Identifier::E164 => Some(Normaliser::new(logs.default_region.as_deref())?),
            Identifier::Opaque => None,
        }))
    }

    /// The canonical text; none for an empty one, or a number that is not valid.
    pub fn canonical<'t>(&'t mut self, text: &'t str) -> Option<&'t str> {
        match &mut self.0 {
            Some(normaliser) => normaliser.normalise(text).map(|known| known.e164),
            None => (!text.is_empty()).then_some(text),
        }
    }
}
