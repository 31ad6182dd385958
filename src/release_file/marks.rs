//! The marks that divide text into records and fields, and the word that stands for no value.

/// What divides text into records and fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// What stands between two fields; `None` if runs of spaces and tabs do.
    pub separator: Option<u8>,
    /// What may stand around a field, and is doubled within it.
    pub quote: Option<u8>,
    /// What may stand before a quote, or before itself, within quotes, and takes its meaning away.
    pub escape: Option<u8>,
    /// What a line that is no record begins with.
    pub comment: Option<u8>,
    /// Where the names of the columns stand.
    pub header: Heading,
    /// The word that stands for no value; an empty field always does.
    pub null: Option<Null>,
}

/// A word that stands for no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Null {
    text: [u8; Self::LONGEST],
    length: u8,
}

impl Null {
    /// The most bytes of a word.
    pub(super) const LONGEST: usize = 15;
    /// A lone hyphen.
    pub const HYPHEN: Self = Self::of(b"-");

    /// A word of a length that is known to fit.
    pub(super) const fn of(word: &[u8]) -> Self {
        let (mut text, mut length) = ([0; Self::LONGEST], 0);
        while length < word.len() && length < Self::LONGEST {
            text[length] = word[length];
            length += 1;
        }
        Self { text, length: length as u8 }
    }

    /// Whether a field is this word.
    #[inline(always)]
    pub fn is(&self, field: &[u8]) -> bool {
        field.len() == usize::from(self.length) && self.text.starts_with(field)
    }
}

/// Where the names of columns stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heading {
    /// In the first line.
    First,
    /// In lines that begin with `#fields` or `#Fields:`, each for the records behind it.
    Fields,
    /// In the release file, for every column.
    Listed,
    /// Nowhere: columns have positions, and a record may have more of them than are named.
    Positions,
}

impl Marks {
    /// Commas, quotes, and a header.
    pub const CSV: Self = Self {
        separator: Some(b','),
        quote: Some(b'"'),
        escape: None,
        comment: None,
        header: Heading::First,
        null: None,
    };
    /// Tabs and a header.
    pub const TSV: Self = Self { separator: Some(b'\t'), quote: None, ..Self::CSV };
    /// Zeek's logs.
    pub const ZEEK: Self = Self {
        comment: Some(b'#'),
        header: Heading::Fields,
        null: Some(Null::HYPHEN),
        ..Self::TSV
    };
    /// The extended log format of the W3C, as web servers write it.
    pub const W3C: Self = Self { separator: None, quote: Some(b'"'), ..Self::ZEEK };

    /// Whether quotes may let a record have several lines.
    pub const fn has_long_records(self) -> bool {
        self.separator.is_some() && self.quote.is_some()
    }
}
