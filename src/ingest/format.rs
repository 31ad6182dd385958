//! How log files are written.

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
    /// Comma-separated, with a header.
    Csv,
    /// Tab-separated, with a header.
    Tsv,
    /// Tab-separated, with the header in `#fields` and `-` for null.
    Zeek,
    /// One JSON object per line.
    Ndjson,
}

impl TextFormat {
    /// What stands between two fields.
    pub(super) const fn separator(self) -> u8 {
        match self {
            Self::Csv => b',',
            Self::Tsv | Self::Zeek | Self::Ndjson => b'\t',
        }
    }
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
