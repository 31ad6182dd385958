//! Columns of text that point into the piece they were read from.
//!
//! Only texts that differ from their form in the piece are copied, such as those with doubled
//! quotes. The reader checks that accepted records are UTF-8. Arrow would check each value
//! again, so the columns are bytes to it, and callers that need text ask for it.

use std::sync::Arc;

use arrow_array::builder::make_view;
use arrow_array::{ArrayRef, BinaryViewArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};

/// A column that grows by one value at a time.
pub(super) struct Views {
    views: Vec<u128>,
    has_nulls: bool,
    /// Texts that are not in the piece.
    apart: Vec<u8>,
}

/// The places of the two buffers of a column.
const PIECE: u32 = 0;
const APART: u32 = 1;
/// Stands for null while a column grows; no text is as long.
const NULL: u128 = u128::MAX;
/// Texts up to this length stand in the view itself.
const INLINE: usize = 12;

impl Views {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self { views: Vec::with_capacity(rows), has_nulls: false, apart: Vec::new() }
    }

    /// Appends what stands in the piece from `start` to `end`.
    #[inline(always)]
    pub(super) fn push(&mut self, piece: &[u8], start: usize, end: usize) {
        let length = end - start;
        // One load and a mask: a copy would branch on the length of each text.
        if length <= INLINE
            && let Some(near) = piece.get(start..).and_then(<[u8]>::first_chunk::<16>)
        {
            let text = u128::from_le_bytes(*near) & ((1 << (8 * length)) - 1);
            self.views.push(text << 32 | length as u128);
        } else {
            self.views.push(make_view(&piece[start..end], PIECE, start as u32));
        }
    }

    #[inline(always)]
    pub(super) fn push_null(&mut self) {
        self.views.push(NULL);
        self.has_nulls = true;
    }

    /// Appends a text that is not in the piece.
    pub(super) fn push_apart(&mut self, text: &[u8]) {
        self.views.push(make_view(text, APART, self.apart.len() as u32));
        self.apart.extend_from_slice(text);
    }

    /// Drops the values behind the first `rows`.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.views.truncate(rows);
    }

    /// The column over its piece; `None` when the piece or the texts apart exceed 4 GiB.
    pub(super) fn finish(mut self, piece: &Buffer) -> Option<ArrayRef> {
        u32::try_from(piece.len().max(self.apart.len())).ok()?;
        let nulls = self.has_nulls.then(|| {
            let is_valid = |row: usize| self.views[row] != NULL;
            NullBuffer::new(BooleanBuffer::collect_bool(self.views.len(), is_valid))
        });
        if self.has_nulls {
            self.views.iter_mut().filter(|view| **view == NULL).for_each(|view| *view = 0);
        }
        let buffers = vec![piece.clone(), Buffer::from_vec(self.apart)];
        let array = BinaryViewArray::try_new(ScalarBuffer::from(self.views), buffers, nulls);
        Some(Arc::new(array.ok()?))
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;

    use super::*;

    #[test]
    fn texts_of_every_length_from_the_piece_and_apart() {
        let text = b"abcdefghijklmnopqrstuvwxyz";
        let piece = Buffer::from_slice_ref(text);
        let mut column = Views::with_capacity(4);
        let spans: Vec<(usize, usize)> =
            (0..=26).flat_map(|start| (start..=26).map(move |end| (start, end))).collect();
        for (start, end) in &spans {
            column.push(&piece, *start, *end);
        }
        column.push(&piece, 0, 26);
        column.push_apart(b"dropped");
        column.truncate(spans.len());
        column.push_null();
        column.push_apart(b"apart, and longer than a view");
        column.push_apart(b"");
        column.push_null();
        assert_eq!(column.views.len(), spans.len() + 4);
        let array = column.finish(&piece).unwrap();
        let array = array.as_binary_view();
        for (row, (start, end)) in spans.iter().enumerate() {
            assert_eq!(array.value(row), &text[*start..*end]);
        }
        let rest: Vec<_> = array.iter().skip(spans.len()).collect();
        let apart = b"apart, and longer than a view".as_slice();
        assert_eq!(rest, [None, Some(apart), Some(b"".as_slice()), None]);
        assert_eq!(array.null_count(), 2);
    }
}
