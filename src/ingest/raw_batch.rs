//! Rows of one file as they stand there, before anything is decided about them.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BinaryViewArray, Int64Array, StringViewArray};
use arrow_buffer::Buffer;

use super::parquet_texts::Texts;
use super::texts;
use super::time;
use super::wanted::Wanted;
use crate::Result;
use crate::release_file::logs::Logs;

/// Some rows of one file.
pub(super) struct RawBatch {
    pub(super) rows: usize,
    /// One array for each wanted column; `None` if the file does not have it.
    pub(super) columns: Vec<Option<ArrayRef>>,
    /// Columns of which no array is made unless somebody asks for it, each with its place among the columns.
    pub(super) texts: Vec<(usize, Texts)>,
    /// The records that the rows were read from; `None` for columnar files.
    pub(super) records: Option<Records>,
}

/// The records of a piece of text, one for each row.
pub(super) struct Records {
    pub(super) piece: Buffer,
    /// Where each record stands in the piece, with its line end.
    pub(super) spans: Vec<Range<usize>>,
    /// The rows whose record cannot be read, ascending. They are null in every column.
    pub(super) malformed: Vec<usize>,
    /// The columns of these records, in a file that names them again and again.
    pub(super) names: Option<Arc<[String]>>,
    /// Whether this is the beginning of one line that is too long to be a record.
    pub(super) is_cut: bool,
}

impl Records {
    /// A record as it stands in the file.
    pub(super) fn text(&self, row: usize) -> &[u8] {
        self.spans.get(row).and_then(|span| self.piece.get(span.clone())).unwrap_or_default()
    }
}

impl RawBatch {
    /// A wanted column, where the file has it.
    pub(super) fn column(&self, place: usize) -> Option<&ArrayRef> {
        match self.texts(place) {
            Some(texts) => Some(texts.array()),
            None => self.columns.get(place).and_then(Option::as_ref),
        }
    }

    /// A wanted column that is read text by text.
    pub(super) fn texts(&self, place: usize) -> Option<&Texts> {
        self.texts.iter().find(|(own, _)| *own == place).map(|(_, texts)| texts)
    }

    /// The rows whose record cannot be read, ascending.
    pub(super) fn malformed(&self) -> &[usize] {
        self.records.as_ref().map_or(&[], |records| records.malformed.as_slice())
    }

    /// The times of the rows in UTC microseconds; null where a row has none that can be read.
    pub(super) fn times(&self, wanted: &Wanted, logs: &Logs) -> Result<Int64Array> {
        match self.column(wanted.requested_at) {
            Some(array) => time::to_micros(array, logs),
            None => Ok(Int64Array::new_null(self.rows)),
        }
    }

    /// A column of values as bytes, which are UTF-8 where the file is one of text; all null without a
    /// column.
    pub(super) fn values(&self, array: Option<&ArrayRef>) -> Result<BinaryViewArray> {
        self.bytes(array, texts::values)
    }

    /// A column of identifiers as bytes, which are UTF-8 where the file is one of text; all null
    /// without a column.
    pub(super) fn identifiers(&self, array: Option<&ArrayRef>) -> Result<BinaryViewArray> {
        self.bytes(array, texts::identifiers)
    }

    /// A column of identifiers as text, null for bytes that are not UTF-8; all null without a column.
    pub(super) fn names(&self, array: Option<&ArrayRef>) -> Result<StringViewArray> {
        array.map_or_else(|| Ok(StringViewArray::new_null(self.rows)), texts::identifiers)
    }

    fn bytes(
        &self,
        array: Option<&ArrayRef>,
        text: impl Fn(&ArrayRef) -> Result<StringViewArray>,
    ) -> Result<BinaryViewArray> {
        match array.map(|array| (array, array.as_binary_view_opt())) {
            None => Ok(BinaryViewArray::new_null(self.rows)),
            Some((_, Some(bytes))) => Ok(bytes.clone()),
            Some((array, None)) => Ok(text(array)?.to_binary_view()),
        }
    }
}
