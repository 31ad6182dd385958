//! Compares the lengths that a Parquet file states with what it holds.
//!
//! Decoders ask for as much memory as a length says, and a damaged length would end the process.
//! What the footer says of pages is compared with the size of the file; what dictionaries and
//! delta-encoded texts say of their values is compared with their pages.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};

/// A file of which nothing is read behind its end.
pub(super) struct Bounded {
    file: File,
    length: u64,
}

impl Bounded {
    pub(super) fn new(file: File) -> Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }
}

impl Length for Bounded {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Bounded {
    type T = BufReader<File>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(file))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64).filter(|end| *end <= self.length);
        end.ok_or_else(damaged)?;
        let mut bytes = Vec::with_capacity(length);
        let read = self.get_read(start)?.take(length as u64).read_to_end(&mut bytes)?;
        (read == length).then(|| bytes.into()).ok_or_else(damaged)
    }
}

/// Checks what the pages of a row group say of their values, in the columns that `is_wanted` chooses by
/// place.
pub(super) fn check(
    file: &Arc<Bounded>,
    group: &RowGroupMetaData,
    is_wanted: impl Fn(usize) -> bool,
) -> Result<()> {
    let columns = group.columns().iter().enumerate();
    let mut wanted = columns.filter(|(place, _)| is_wanted(*place));
    wanted.try_for_each(|(_, column)| check_column(file, group, column))
}

fn check_column(
    file: &Arc<Bounded>,
    group: &RowGroupMetaData,
    column: &ColumnChunkMetaData,
) -> Result<()> {
    let has_deltas =
        column.column_type() == PhysicalType::BYTE_ARRAY && column.encodings().any(is_delta);
    if !has_deltas && column.dictionary_page_offset().is_none() {
        return Ok(());
    }
    let rows = usize::try_from(group.num_rows()).map_err(|_| damaged())?;
    let mut pages = SerializedPageReader::new(Arc::clone(file), column, rows, None)?;
    while let Some(page) = pages.get_next_page()? {
        if page.is_dictionary_page() {
            // No value of a dictionary is shorter than a byte.
            let is_whole = page.num_values() as usize <= page.buffer().len();
            is_whole.then_some(()).ok_or_else(damaged)?;
        } else if is_delta(page.encoding()) {
            check_deltas(&page, column).ok_or_else(damaged)?;
        }
        // A dictionary is the first of the pages.
        if !has_deltas {
            break;
        }
    }
    Ok(())
}

/// Whether a decoder of texts in this encoding asks for memory by what the page says.
pub(super) fn is_delta(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::DELTA_BYTE_ARRAY | Encoding::DELTA_LENGTH_BYTE_ARRAY)
}

/// `None` when a page says that it has more values than are in it.
fn check_deltas(page: &Page, column: &ColumnChunkMetaData) -> Option<()> {
    let descriptor = column.column_descr();
    let values = values(page, [descriptor.max_rep_level(), descriptor.max_def_level()])?;
    let most = u64::from(page.num_values());
    let lengths = delta_end(values, most)?;
    if page.encoding() == Encoding::DELTA_BYTE_ARRAY {
        delta_end(values.get(lengths..)?, most)?;
    }
    Some(())
}

/// What stands behind the levels of a data page.
fn values(page: &Page, most: [i16; 2]) -> Option<&[u8]> {
    Some(levels_and_values(page, most)?.1)
}

/// The levels that say which rows are null, if a page has some, and what stands behind all levels. `most` are the
/// greatest levels, of lists and of nulls. Only levels that are written as runs are passed over.
pub(super) fn levels_and_values(page: &Page, most: [i16; 2]) -> Option<(Option<&[u8]>, &[u8])> {
    match page {
        Page::DataPage { buf, def_level_encoding, rep_level_encoding, .. } => {
            let (mut rest, mut last) = (buf.as_ref(), None);
            for (most, encoding) in most.into_iter().zip([rep_level_encoding, def_level_encoding]) {
                last = None;
                if most > 0 {
                    let (length, levels) = rest.split_first_chunk()?;
                    let length = u32::from_le_bytes(*length) as usize;
                    let levels = (*encoding == Encoding::RLE).then_some(levels)?;
                    (last, rest) = (levels.get(..length), levels.get(length..)?);
                }
            }
            Some((last, rest))
        }
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            let start = *rep_levels_byte_len as usize;
            let end = start.checked_add(*def_levels_byte_len as usize)?;
            let levels = buf.get(start..end)?;
            Some((Some(levels).filter(|_| most[1] > 0), &buf[end..]))
        }
        Page::DictionaryPage { .. } => None,
    }
}

/// Where a delta-encoded list of whole numbers ends; `None` when it says that it has more than `most`
/// of them, or is cut short.
fn delta_end(bytes: &[u8], most: u64) -> Option<usize> {
    let mut at = 0;
    let block = number(bytes, &mut at)?;
    let parts = usize::try_from(number(bytes, &mut at)?).ok()?;
    let values = number(bytes, &mut at)?;
    number(bytes, &mut at)?;
    if values > most {
        return None;
    }
    let per_part = usize::try_from(block).ok()?.checked_div(parts)?;
    let mut left = usize::try_from(values).ok()?.saturating_sub(1);
    while left > 0 {
        // The least difference, the width of each part in bits, and the parts.
        number(bytes, &mut at)?;
        let widths = bytes.get(at..at.checked_add(parts)?)?;
        at += parts;
        for width in widths.iter().take(left.div_ceil(per_part.max(1))) {
            at = at.checked_add(per_part.checked_mul(usize::from(*width))? / 8)?;
            left = left.saturating_sub(per_part);
        }
        if per_part == 0 || at > bytes.len() {
            return None;
        }
    }
    Some(at)
}

/// A whole number in seven bits of each byte, the lowest first.
pub(super) fn number(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

pub(super) fn damaged() -> ParquetError {
    ParquetError::General("damaged".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_differences_ends_where_its_parts_do() {
        // 128 values in a block of four parts, 3 values, the first 5; differences from 0 in parts of
        // 2, 0, 0 and 0 bits.
        let whole = [&[0x80, 0x01, 4, 3, 10, 0, 2, 0, 0, 0][..], &[0; 8], b"text"].concat();
        assert_eq!(delta_end(&whole, 3), Some(18));
        assert_eq!(delta_end(&whole, 2), None);
        assert_eq!(delta_end(&whole[..17], 3), None);
        // No value, and one, need no block.
        assert_eq!(delta_end(&[0x80, 0x01, 4, 0, 0], 3), Some(5));
        assert_eq!(delta_end(&[0x80, 0x01, 4, 1, 10], 3), Some(5));
        for damaged in [
            // As many values as fit a number.
            &[0x80, 0x01, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 10][..],
            // No part, parts without values, more parts than bytes, a number without an end.
            &[0x80, 0x01, 0, 3, 10, 0],
            &[0, 4, 3, 10, 0, 0, 0, 0, 0],
            &[0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f, 3, 10, 0],
            &[0xff; 20],
            &[],
        ] {
            assert_eq!(delta_end(damaged, 3), None, "{damaged:?}");
        }
    }

    #[test]
    fn nothing_is_read_behind_the_end_of_a_file() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, b"0123456789").unwrap();
        let file = Bounded::new(file).unwrap();
        assert_eq!(file.get_bytes(7, 3).unwrap(), b"789".as_slice());
        for (start, length) in [(7, 4), (11, 0), (0, usize::MAX), (u64::MAX, 1)] {
            assert!(file.get_bytes(start, length).is_err(), "{start} {length}");
        }
    }
}
