//! Rows as deletion and legal holds see them: times, identifiers, and records as they stand.

use arrow_array::{Array, Int64Array, StringViewArray};

use super::raw_batch::{RawBatch, Records};
use super::wanted::Wanted;
use crate::Result;
use crate::phone::Normaliser;
use crate::release_file::logs::Logs;

/// Some rows of one file, in the file's order.
pub struct LogRows {
    /// The row group or batch that they belong to, counted from 0; the piece in files of text.
    pub place: usize,
    /// UTC microseconds; null where a row has no time that can be read.
    pub times: Int64Array,
    /// As the log has it; empty when times alone are read.
    pub requester: StringViewArray,
    /// As the log has it; empty when times alone are read.
    pub target: StringViewArray,
    records: Option<Records>,
}

/// A part of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'b> {
    /// Its bytes, with the line end.
    pub bytes: &'b [u8],
    /// Whether it is a record, not a blank line or a comment.
    pub is_record: bool,
}

impl LogRows {
    /// Reads times, and identifiers where both are wanted.
    pub(super) fn new(place: usize, raw: RawBatch, wanted: &Wanted, logs: &Logs) -> Result<Self> {
        let identifiers = |column: usize| match raw.column(column) {
            Some(column) if !wanted.is_time_alone => raw.names(Some(column)),
            _ => Ok(StringViewArray::new_null(0)),
        };
        Ok(Self {
            place,
            times: raw.times(wanted, logs)?,
            requester: identifiers(wanted.requester)?,
            target: identifiers(wanted.target)?,
            records: raw.records,
        })
    }

    /// The value of a row in a column of identifiers, where it has one.
    pub fn identifier(column: &StringViewArray, row: usize) -> Option<&str> {
        (row < column.len() && column.is_valid(row)).then(|| column.value(row))
    }

    /// Whether a row is a record that cannot be read at all.
    pub fn is_malformed(&self, row: usize) -> bool {
        let records = self.records.as_ref();
        records.is_some_and(|records| records.malformed.binary_search(&row).is_ok())
    }

    /// How many lines of text the rows were read from.
    pub fn lines(&self) -> usize {
        self.records.as_ref().map_or(0, |records| breaks(&records.piece))
    }

    /// How many of these lines stand before a row; `None` for columnar files.
    pub fn lines_before(&self, row: usize) -> Option<usize> {
        let records = self.records.as_ref()?;
        Some(breaks(records.piece.get(..records.spans.get(row)?.start)?))
    }

    /// The columns of these rows, in a file that names them again and again.
    pub(super) fn names(&self) -> Option<&[String]> {
        self.records.as_ref()?.names.as_deref()
    }

    /// Whether this is the beginning of one line that is too long to be a record. The rest of it is not at hand.
    pub fn is_cut(&self) -> bool {
        self.records.as_ref().is_some_and(|records| records.is_cut)
    }

    /// The bytes that the rows were read from, cut so that joined they are the same again: one record
    /// for each row, and what stands between them. Nothing for columnar files.
    pub fn segments(&self) -> Vec<Segment<'_>> {
        let Some(records) = &self.records else { return Vec::new() };
        let (mut segments, mut end) = (Vec::with_capacity(records.spans.len()), 0);
        for span in &records.spans {
            if span.start > end {
                segments.push(Segment { bytes: &records.piece[end..span.start], is_record: false });
            }
            segments.push(Segment { bytes: &records.piece[span.clone()], is_record: true });
            end = span.end;
        }
        if end < records.piece.len() {
            segments.push(Segment { bytes: &records.piece[end..], is_record: false });
        }
        segments
    }
}

fn breaks(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// Turns identifiers into the text that a run counts them by.
pub struct Identities(Option<Normaliser>);

impl Identities {
    /// Prepares for the logs of a release.
    ///
    /// # Errors
    /// Usage, when the default region is not a region.
    pub fn new(logs: &Logs) -> Result<Self> {
        logs.normaliser().map(Self)
    }

    /// The canonical text; `None` for an empty one, or a number that is not valid.
    pub fn canonical<'t>(&'t mut self, text: &'t str) -> Option<&'t str> {
        match &mut self.0 {
            Some(normaliser) => normaliser.normalise(text).map(|known| known.e164),
            None => (!text.is_empty()).then_some(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_buffer::Buffer;

    use super::super::delimited::{self, ColumnPlaces};
    use super::super::format::TextFormat;
    use super::super::json_lines;
    use super::*;
    use crate::release_file::dialect::Marks;

    fn cut(text: &str, format: TextFormat) -> Vec<(String, bool)> {
        let piece = Buffer::from_slice_ref(text.as_bytes());
        let rows = match format {
            TextFormat::Json => {
                let wanted = Wanted { names: vec!["a".to_owned()], ..Wanted::nothing() };
                json_lines::parse(&piece, &wanted, true)
            }
            TextFormat::Pattern => panic!("no fields"),
            TextFormat::Separated(marks) => {
                let columns = ColumnPlaces { places: vec![Some(0), None], wanted: 1 };
                delimited::parse(&piece, marks, &columns, true)
            }
        };
        let raw = rows.finish(&piece, &[true]).unwrap();
        let rows = LogRows {
            place: 0,
            times: Int64Array::new_null(raw.rows),
            requester: StringViewArray::new_null(0),
            target: StringViewArray::new_null(0),
            records: raw.records,
        };
        let segments = rows.segments();
        let records = segments.iter().filter(|segment| segment.is_record).count();
        assert_eq!(records, raw.rows);
        let text = |segment: &Segment<'_>| String::from_utf8(segment.bytes.to_vec()).unwrap();
        segments.iter().map(|segment| (text(segment), segment.is_record)).collect()
    }

    fn parts(parts: &[(&str, bool)]) -> Vec<(String, bool)> {
        parts.iter().map(|(text, is_record)| ((*text).to_owned(), *is_record)).collect()
    }

    #[test]
    fn quoted_line_breaks_blank_lines_and_comments() {
        assert_eq!(
            cut("a,\"b\n\nc\"\r\n\r\n\nd,e", TextFormat::Separated(Marks::CSV)),
            parts(&[("a,\"b\n\nc\"\r\n", true), ("\r\n\n", false), ("d,e", true)])
        );
        assert_eq!(
            cut("a\t\"b\n#close\n", TextFormat::Separated(Marks::ZEEK)),
            parts(&[("a\t\"b\n", true), ("#close\n", false)])
        );
        assert_eq!(
            cut("{}\n  \n{}", TextFormat::Json),
            parts(&[("{}\n", true), ("  \n", false), ("{}", true)])
        );
    }

    #[test]
    fn records_that_cannot_be_read_are_records() {
        assert_eq!(
            cut("a\nb\tc\n", TextFormat::Separated(Marks::TSV)),
            parts(&[("a\n", true), ("b\tc\n", true)])
        );
        assert_eq!(
            cut("a,\"b\n\nc,d\n", TextFormat::Separated(Marks::CSV)),
            parts(&[("a,\"b\n", true), ("\n", false), ("c,d\n", true)])
        );
        assert_eq!(cut("[\n{}\n", TextFormat::Json), parts(&[("[\n", true), ("{}\n", true)]));
    }
}
