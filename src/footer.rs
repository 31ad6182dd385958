//! Parquet footers that older readers understand as well.
//!
//! For float columns and INT96 the Parquet writer names sort orders that came into the format in
//! 2026. A reader that does not know them may refuse the whole file (Polars 1.36: "bad data"). Here
//! they are replaced by the older "order that the type defines". Minima and maxima of numbers mean
//! the same under both, and the format has always warned readers not to trust those of INT96.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom, Write};

/// The size of the end of a file: the footer's length and the magic bytes.
const ENDING: usize = 8;
const MAGIC: &[u8] = b"PAR1";
/// The order that the type defines, as a union in Thrift's compact protocol: field 1, an empty
/// structure, and the end of the union. The new orders are fields 2 and 3.
const DEFINED: u8 = 0x1c;
const NEWER: [u8; 2] = [0x2c, 0x3c];

/// Replaces the orders of a whole file in memory by the older one.
pub fn plain_orders(file: &mut [u8]) {
    let Some(footer) = file.len().checked_sub(ENDING).and_then(|end| {
        let ending = file.get(end..)?;
        Some(end.checked_sub(length(ending)?)?..end)
    }) else {
        return;
    };
    if let Some(footer) = file.get_mut(footer) {
        rename(footer);
    }
}

/// The same for a file on disk, which must be readable and writable.
///
/// # Errors
/// Those of reading and writing.
pub fn plain_orders_on_disk(file: &mut File) -> Result<()> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut ending = [0; ENDING];
    let Some(footer_end) = end.checked_sub(ENDING as u64) else { return Ok(()) };
    file.seek(SeekFrom::Start(footer_end))?;
    file.read_exact(&mut ending)?;
    let start = length(&ending).and_then(|length| footer_end.checked_sub(length as u64));
    let (Some(start), Some(length)) = (start, length(&ending)) else { return Ok(()) };
    let mut footer = vec![0; length];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut footer)?;
    if rename(&mut footer) {
        file.seek(SeekFrom::Start(start))?;
        file.write_all(&footer)?;
    }
    file.seek(SeekFrom::End(0)).map(|_| ())
}

/// The footer's length; `None` if this is not the end of a Parquet file.
fn length(ending: &[u8]) -> Option<usize> {
    let length = ending.first_chunk().map(|length| u32::from_le_bytes(*length))?;
    ending.ends_with(MAGIC).then_some(usize::try_from(length).ok()?)
}

/// Replaces the orders of a footer, and returns whether any was new.
///
/// They are the last field: a list of one union for each column, then the end of the footer. A
/// footer of another shape is left as it is.
fn rename(footer: &mut [u8]) -> bool {
    let is_order = |at: usize| {
        let order: Option<&[u8; 3]> = footer.get(at..).and_then(<[u8]>::first_chunk);
        order.is_some_and(|[field, rest @ ..]| {
            *rest == [0, 0] && (*field == DEFINED || NEWER.contains(field))
        })
    };
    let Some(end) = footer.len().checked_sub(1).filter(|end| footer[*end] == 0) else {
        return false;
    };
    let mut start = end;
    while let Some(before) = start.checked_sub(3).filter(|before| is_order(*before)) {
        start = before;
    }
    let orders = (end - start) / 3;
    if orders == 0 || !footer[..start].ends_with(&list_of(orders)) {
        return false;
    }
    let mut renamed = false;
    for order in footer[start..end].iter_mut().step_by(3) {
        renamed |= *order != DEFINED;
        *order = DEFINED;
    }
    renamed
}

/// The header of a list of `count` structures in the next field.
fn list_of(count: usize) -> Vec<u8> {
    let mut header = vec![0x19];
    match u8::try_from(count) {
        Ok(short) if short < 15 => header.push(short << 4 | 12),
        _ => {
            header.push(0xfc);
            let mut left = count;
            while left >= 128 {
                header.push(u8::try_from(left % 128).unwrap_or(0) | 128);
                left /= 128;
            }
            header.push(u8::try_from(left).unwrap_or(0));
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::basic::ColumnOrder;

    use super::*;

    /// A file with this number of columns, every second one of floats.
    fn file(columns: usize) -> Vec<u8> {
        let column = |place: usize| -> (String, ArrayRef) {
            let values: ArrayRef = match place % 2 {
                0 => Arc::new(Int64Array::from(vec![1, 2])),
                _ => Arc::new(Float64Array::from(vec![-0.5, 2.0])),
            };
            (format!("c{place}"), values)
        };
        let batch = RecordBatch::try_from_iter((0..columns).map(column)).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    fn orders(bytes: &[u8]) -> Vec<ColumnOrder> {
        let bytes = bytes::Bytes::copy_from_slice(bytes);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        let metadata = Arc::clone(reader.metadata());
        assert_eq!(
            reader.build().unwrap().map(|batch| batch.unwrap().num_rows()).sum::<usize>(),
            2
        );
        metadata.file_metadata().column_orders().unwrap().clone()
    }

    #[test]
    fn every_order_is_one_that_older_readers_know() {
        let is_plain = |order: &ColumnOrder| matches!(order, ColumnOrder::TYPE_DEFINED_ORDER(_));
        for columns in [1, 2, 14, 15, 16, 127, 128, 300] {
            let mut bytes = file(columns);
            let before = orders(&bytes);
            // If this fails, the writer uses the old orders again and this module can go.
            assert_eq!(before.iter().all(is_plain), columns == 1, "{columns}");
            let mut on_disk = tempfile::tempfile().unwrap();
            on_disk.write_all(&bytes).unwrap();
            plain_orders(&mut bytes);
            let after = orders(&bytes);
            assert!(after.len() == columns && after.iter().all(is_plain), "{columns}");
            plain_orders_on_disk(&mut on_disk).unwrap();
            let mut read = Vec::new();
            on_disk.seek(SeekFrom::Start(0)).unwrap();
            on_disk.read_to_end(&mut read).unwrap();
            assert_eq!(read, bytes);
        }
    }

    #[test]
    fn other_files_are_left_as_they_are() {
        let mut long = file(2);
        long.extend_from_slice(b"more");
        for mut bytes in [Vec::new(), b"PAR1".to_vec(), b"\xff\xff\xff\xffPAR1".to_vec(), long] {
            let before = bytes.clone();
            plain_orders(&mut bytes);
            assert_eq!(bytes, before);
        }
    }
}
