//! The rows of a piece of text while it is read.

use std::ops::Range;

use arrow_buffer::Buffer;

use super::raw_batch::{RawBatch, Records};
use super::views::Views;
use crate::{Error, Result};

/// Columns that grow record by record, and where the records stand.
pub(super) struct TextRows {
    /// One for each wanted column. Those that the file does not have are dropped in the end.
    pub(super) columns: Vec<Views>,
    spans: Vec<Range<usize>>,
    malformed: Vec<usize>,
}

impl TextRows {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns: (0..columns).map(|_| Views::with_capacity(rows)).collect(),
            spans: Vec::with_capacity(rows),
            malformed: Vec::new(),
        }
    }

    /// Ends a row whose values were pushed onto the columns.
    #[inline(always)]
    pub(super) fn accept(&mut self, record: Range<usize>) {
        self.spans.push(record);
    }

    /// Ends a row whose record is malformed; values of it that were pushed are dropped.
    #[cold]
    pub(super) fn reject(&mut self, record: Range<usize>) {
        let rows = self.spans.len();
        for column in &mut self.columns {
            column.truncate(rows);
            column.push_null();
        }
        self.malformed.push(rows);
        self.spans.push(record);
    }

    /// The rows over their piece. `present` says which wanted columns the file has.
    pub(super) fn finish(self, piece: &Buffer, present: &[bool]) -> Result<RawBatch> {
        let column = |(column, present): (Views, &bool)| {
            let column = column.finish(piece);
            column.map(|column| present.then_some(column))
        };
        let columns: Option<Vec<_>> = self.columns.into_iter().zip(present).map(column).collect();
        Ok(RawBatch {
            rows: self.spans.len(),
            columns: columns.ok_or_else(|| Error::internal("columns do not fit their piece"))?,
            texts: Vec::new(),
            records: Some(Records {
                is_cut: false,
                piece: piece.clone(),
                spans: self.spans,
                malformed: self.malformed,
                names: None,
            }),
        })
    }
}
