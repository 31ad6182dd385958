//! Page checksums, which the writer of the `parquet` crate leaves out.

use bytes::Bytes;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;

/// The file again, with a checksum in the header of each page.
pub(super) fn with_checksums(file: &[u8]) -> Vec<u8> {
    let reader = SerializedFileReader::new(Bytes::copy_from_slice(file)).unwrap();
    let metadata = reader.metadata();
    let schema = metadata.file_metadata().schema_descr().root_schema_ptr();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Default::default()).unwrap();
    for group in metadata.row_groups() {
        let mut to = writer.next_row_group().unwrap();
        for column in group.columns() {
            let (start, length) = column.byte_range();
            let pages = pages(&file[start as usize..(start + length) as usize]);
            let first = pages[0].len() as i64;
            let chunk = Bytes::from(pages.concat());
            let dictionary = column.dictionary_page_offset().map(|_| 0);
            let metadata = column
                .clone()
                .into_builder()
                .set_total_compressed_size(chunk.len() as i64)
                .set_dictionary_page_offset(dictionary)
                .set_data_page_offset(dictionary.map_or(0, |_| first))
                .set_offset_index_offset(None)
                .set_offset_index_length(None)
                .set_column_index_offset(None)
                .set_column_index_length(None)
                .build()
                .unwrap();
            let close = ColumnCloseResult {
                bytes_written: chunk.len() as u64,
                rows_written: group.num_rows() as u64,
                metadata,
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            };
            to.append_column(&chunk, close).unwrap();
        }
        to.close().unwrap();
    }
    writer.into_inner().unwrap()
}

/// The pages of a column chunk, each with its checksum.
fn pages(chunk: &[u8]) -> Vec<Vec<u8>> {
    let (mut pages, mut at) = (Vec::new(), 0);
    while at < chunk.len() {
        let header = Header::read(chunk, at);
        let body = &chunk[header.end..header.end + header.body];
        let mut crc = flate2::Crc::new();
        crc.update(body);
        let crc = crc.sum() as i32;
        // The fourth field, before the one that says what kind of page it is.
        let mut page = chunk[at..header.kind].to_vec();
        page.push(0x15);
        write_varint(&mut page, u64::from(((crc << 1) ^ (crc >> 31)) as u32));
        page.push(chunk[header.kind] - 0x10);
        page.extend_from_slice(&chunk[header.kind + 1..header.end]);
        page.extend_from_slice(body);
        pages.push(page);
        at = header.end + header.body;
    }
    pages
}

/// Where the parts of a page header end, in Thrift's compact protocol.
struct Header {
    /// Where the field begins that says what kind of page it is.
    kind: usize,
    end: usize,
    /// How many bytes the page has behind its header.
    body: usize,
}

impl Header {
    fn read(bytes: &[u8], start: usize) -> Self {
        let mut at = start;
        let mut sizes = [0; 3];
        for size in &mut sizes {
            assert_eq!(bytes[at], 0x15, "a type and two sizes come first");
            at += 1;
            *size = read_varint(bytes, &mut at);
        }
        let kind = at;
        skip(bytes, &mut at, STRUCT_BODY);
        // Numbers are in zigzag order.
        Self { kind, end: at, body: (sizes[2] >> 1) as usize }
    }
}

const STRUCT_BODY: u8 = 12;

fn skip(bytes: &[u8], at: &mut usize, kind: u8) {
    match kind {
        1 | 2 => {}
        3 => *at += 1,
        4..=6 => drop(read_varint(bytes, at)),
        7 => *at += 8,
        8 => {
            let length = read_varint(bytes, at) as usize;
            *at += length;
        }
        STRUCT_BODY => {
            while bytes[*at] != 0 {
                let field = bytes[*at];
                *at += 1;
                skip(bytes, at, field & 0x0f);
            }
            *at += 1;
        }
        other => panic!("page headers have no values of kind {other}"),
    }
}

fn read_varint(bytes: &[u8], at: &mut usize) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}
