//! How log files are written.

use crate::release_file::dialect::Marks;

/// The format of a log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Parquet.
    Parquet,
    /// The Arrow IPC file format.
    Arrow,
    /// Text.
    Text(TextFormat, Compression),
}

impl Format {
    /// Whether it is compressed text.
    pub(super) const fn is_packed_text(self) -> bool {
        matches!(self, Self::Text(_, Compression::Gzip | Compression::Zstd))
    }
}

/// A text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// Fields with marks between them.
    Separated(Marks),
    /// One JSON object per line, or an array of objects.
    Json,
    /// Lines that a pattern takes apart.
    Pattern,
}

/// How a text file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// As it stands.
    None,
    /// In gzip.
    Gzip,
    /// In zstd.
    Zstd,
}
