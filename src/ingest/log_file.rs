//! Log files, found and opened: the same for a run, a deletion and a legal hold.
//!
//! In: `[logs]` of a release file. Out: one [`LogFile`] per file, and an [`OpenLog`] once its
//! footer, schema or header was checked. A run reads its [`Piece`]s in parallel; deletion and holds
//! see all rows in the file's order through [`OpenLog::scan`], whatever `where` says.

use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use serde_json::{Map, Value};

use super::derived;
use super::find::{self, FoundFile};
use super::format::Format;
use super::header::Header;
use super::ipc_file::IpcFooter;
use super::json_names::JsonNames;
use super::log_rows::LogRows;
use super::nested;
use super::parquet_file::{self, ParquetFooter};
use super::raw_batch::RawBatch;
use super::text_pieces::TextPiece;
use super::wanted::Wanted;
use crate::ledger::LedgerKey;
use crate::release_file::day::{Day, DayBounds};
use crate::release_file::logs::Logs;
use crate::{Error, Result};

/// A log file that is not opened yet.
#[derive(Clone)]
pub struct LogFile<'a> {
    logs: &'a Logs,
    path: PathBuf,
    format: Format,
}

/// A log file whose footer, schema or header was read and checked.
pub struct OpenLog<'a> {
    file: LogFile<'a>,
    wanted: Arc<Wanted>,
    content: Content,
}

enum Content {
    /// With the row groups that may have rows of the day that the file was opened for.
    Parquet(ParquetFooter, Vec<usize>),
    Arrow(IpcFooter),
    Text(Header),
}

/// A part of a file that can be read by itself.
pub(super) enum Piece {
    RowGroup(usize),
    Batch(usize),
    Text(TextPiece),
}

/// Lists every log file that the release file names; there may be none.
///
/// # Errors
/// Usage, for a glob that is not one; input, for a file in no known format; I/O.
pub fn find_log_files(logs: &Logs) -> Result<Vec<LogFile<'_>>> {
    let found = find::list(logs, None)?.files;
    Ok(found.into_iter().map(|file| LogFile::new(logs, file)).collect())
}

impl<'a> LogFile<'a> {
    pub(super) fn new(logs: &'a Logs, FoundFile { path, format }: FoundFile) -> Self {
        Self { logs, path, format }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The day, in the zone of the logs, whose rows alone the release file promises to be in this file.
    pub fn promised_day(&self) -> Option<Day> {
        find::promised_day(&self.path, self.logs)
    }

    /// The bounds of that day.
    ///
    /// # Errors
    /// Usage, when the day lies outside the supported calendar.
    pub fn promised_bounds(&self) -> Result<Option<DayBounds>> {
        self.promised_day().map(|day| DayBounds::new(day, &self.logs.time_zone)).transpose()
    }

    /// The format that the file is written in.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// A file elsewhere that is to be read as this one is.
    #[must_use]
    pub fn twin(&self, path: &Path) -> Self {
        Self { path: path.to_path_buf(), ..self.clone() }
    }

    /// Whether a file of this name would be found as a log of this format.
    pub fn would_be_found(&self, path: &Path) -> bool {
        find::is_found(self.logs, path, self.format)
    }

    /// A keyed digest of the file's name and content, the same as in [`super::LogDigests`].
    ///
    /// # Errors
    /// I/O, when the file cannot be read.
    pub fn digest(&self, key: &LedgerKey) -> Result<String> {
        self.digest_of_copy(&self.path, &self.path, key)
    }

    /// The digest that the file will have once `copy` has taken the name `path`.
    ///
    /// # Errors
    /// I/O, when the copy cannot be read.
    pub fn digest_of_copy(&self, copy: &Path, path: &Path, key: &LedgerKey) -> Result<String> {
        let base = self.logs.place.base();
        super::digests::digest_of(copy, path.strip_prefix(&base).unwrap_or(path), key)
    }

    /// Opens the file with the columns that every lookup needs. Of rows, JSON's first lines are
    /// read.
    ///
    /// # Errors
    /// Input, for a missing column, a wrong type or a damaged file; I/O.
    pub fn open(&self) -> Result<OpenLog<'a>> {
        self.clone().open_for(Arc::new(Wanted::new(self.logs, &[])), None)
    }

    /// Opens the file with these columns, for the rows of a day.
    pub(super) fn open_for(
        self,
        wanted: Arc<Wanted>,
        bounds: Option<&DayBounds>,
    ) -> Result<OpenLog<'a>> {
        let (path, logs) = (&self.path, self.logs);
        let content = match self.format {
            Format::Parquet => {
                let footer = ParquetFooter::read(path, &wanted, logs)?;
                let groups = footer.groups_of(bounds, logs)?;
                Content::Parquet(footer, groups)
            }
            Format::Arrow => Content::Arrow(IpcFooter::read(path, &wanted, logs)?),
            Format::Text(format, compression) => {
                Content::Text(Header::read(path, format, compression, &wanted, &logs.dialect)?)
            }
        };
        Ok(OpenLog { file: self, wanted, content })
    }
}

impl<'a> OpenLog<'a> {
    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// The file itself.
    pub const fn file(&self) -> &LogFile<'a> {
        &self.file
    }

    /// The size of the file in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.file.path.metadata().map_or(0, |metadata| metadata.len())
    }

    /// The names of its columns, of JSON those in the first lines; `None` for a file without a line.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        match &self.content {
            Content::Text(header) => header.names(),
            _ => self.schema().map(|schema| nested::names(schema.fields())),
        }
    }

    /// Of JSON, the names in the first lines, counted: other files say which columns they have.
    pub(super) const fn json_names(&self) -> Option<&JsonNames> {
        let Content::Text(header) = &self.content else { return None };
        header.json_names()
    }

    /// The schema of a columnar file.
    pub(super) fn schema(&self) -> Option<&Schema> {
        Some(match &self.content {
            Content::Parquet(footer, _) => footer.schema(),
            Content::Arrow(footer) => footer.schema(),
            Content::Text(_) => return None,
        })
    }

    /// About how many rows the file holds at most: as its footer says, or if each of them is short.
    pub(super) fn rows_at_most(&self) -> u64 {
        /// The bytes of a short lookup in text, and the multiple to which compressed text unpacks.
        const SHORTEST: u64 = 24;
        const PACKED: u64 = 20;
        match &self.content {
            Content::Parquet(footer, groups) => footer.rows_of(groups),
            _ if self.file.format.is_packed_text() => self.bytes() * PACKED / SHORTEST,
            Content::Arrow(_) | Content::Text(_) => self.bytes() / SHORTEST,
        }
    }

    /// Whether the times of all rows lie where the statistics of the file say.
    ///
    /// # Errors
    /// Input, when the data are damaged or a bound cannot be read as a time; I/O.
    pub(super) fn has_true_statistics(&self) -> Result<bool> {
        match &self.content {
            Content::Parquet(footer, _) => {
                let only_time = self.wanted.only_time(self.file.logs);
                footer.has_true_statistics(self.path(), &only_time, self.file.logs)
            }
            _ => Ok(true),
        }
    }

    /// The parts of the file, in its order; text is cut into pieces as it streams by. Without
    /// `every_row`, row groups that cannot have rows of the bounds are left out.
    pub(super) fn pieces(
        &self,
        every_row: bool,
    ) -> Box<dyn Iterator<Item = Result<Piece>> + Send + '_> {
        match &self.content {
            Content::Parquet(footer, _) if every_row => {
                Box::new((0..footer.row_groups()).map(|group| Ok(Piece::RowGroup(group))))
            }
            Content::Parquet(_, groups) => {
                Box::new(groups.iter().map(|group| Ok(Piece::RowGroup(*group))))
            }
            Content::Arrow(footer) => {
                Box::new((0..footer.batches()).map(|batch| Ok(Piece::Batch(batch))))
            }
            Content::Text(header) => match header.pieces(self.path()) {
                Ok(pieces) => Box::new(pieces.map(|piece| piece.map(Piece::Text))),
                Err(error) => Box::new(iter::once(Err(error))),
            },
        }
    }

    /// Reads the wanted columns of one part.
    pub(super) fn read(
        &self,
        piece: &Piece,
        wanted: &Wanted,
        take: &mut dyn FnMut(RawBatch) -> Result<()>,
    ) -> Result<()> {
        let mut fill = |mut raw| derived::fill(&mut raw, &wanted.derived).and_then(|()| take(raw));
        let take = &mut fill;
        match (piece, &self.content) {
            (Piece::RowGroup(group), Content::Parquet(footer, _)) => {
                footer.read_group(self.path(), *group, wanted, take)
            }
            (Piece::Batch(batch), Content::Arrow(footer)) => {
                footer.read_batch(self.path(), *batch, wanted, take)
            }
            (Piece::Text(piece), Content::Text(header)) => take(header.parse(piece, wanted)?),
            _ => Err(Error::internal("a part was read from another file")),
        }
    }

    /// Reads the times of every row, in the file's order, and the identifiers where asked.
    ///
    /// # Errors
    /// Input, when the data are damaged; I/O; whatever `take` fails with.
    pub fn scan(
        &self,
        with_identifiers: bool,
        take: &mut dyn FnMut(LogRows) -> Result<()>,
    ) -> Result<()> {
        // The columns of text were chosen when its header was read.
        let is_time_alone = !matches!(self.content, Content::Text(_)) && !with_identifiers;
        let (wanted, logs) = (&self.wanted, self.file.logs);
        let wanted = if is_time_alone { wanted.only_time(logs) } else { wanted.as_written() };
        for (place, piece) in self.pieces(true).enumerate() {
            self.read(&piece?, &wanted, &mut |raw| take(LogRows::new(place, raw, &wanted, logs)?))?;
        }
        Ok(())
    }

    /// Checks what the file says of the lengths of all columns, so that a decoder can trust it. A scan
    /// does so for an Arrow file.
    ///
    /// # Errors
    /// Input, when the file is damaged; I/O.
    pub fn check_lengths(&self) -> Result<()> {
        match &self.content {
            Content::Parquet(footer, _) => footer.check_pages(self.path()),
            _ => Ok(()),
        }
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
            Content::Parquet(..) => parquet_file::read_whole_group(self.path(), place, take),
            Content::Arrow(footer) => {
                footer.read_whole_batch(self.path(), place)?.map_or(Ok(()), take)
            }
            Content::Text(_) => Ok(()),
        }
    }

    /// The texts of the file that are no rows: metadata of the file and its columns.
    pub fn texts(&self) -> Vec<Vec<u8>> {
        match &self.content {
            Content::Parquet(footer, _) => footer.texts(),
            Content::Arrow(footer) => footer.texts(),
            Content::Text(_) => Vec::new(),
        }
    }

    /// The bytes of a text file before its first record, decompressed; nothing for other formats.
    ///
    /// # Errors
    /// I/O.
    pub fn head(&self) -> Result<Vec<u8>> {
        match &self.content {
            Content::Text(header) => header.head(self.path()),
            _ => Ok(Vec::new()),
        }
    }

    /// Whether commas stand between records, since the file is one array.
    pub const fn is_array(&self) -> bool {
        matches!(&self.content, Content::Text(header) if header.is_array())
    }

    /// The fields of one text record of these rows by name; `None` when it is malformed.
    pub fn fields(&self, rows: &LogRows, record: &[u8]) -> Option<Map<String, Value>> {
        match &self.content {
            Content::Text(header) => header.fields(record, rows.names()),
            _ => None,
        }
    }
}
