use std::fs::File;
use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::{BinaryArray, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

type Text = Option<Vec<u8>>;

/// How a file is written.
#[derive(Debug, Clone)]
struct Way {
    has_dictionary: bool,
    /// The size at which a dictionary is given up and texts follow each other.
    dictionary_bytes: usize,
    page_rows: usize,
    version: WriterVersion,
    compression: Compression,
    is_nullable: bool,
    encoding: Option<Encoding>,
}

fn ways() -> impl Strategy<Value = Way> {
    let versions = prop_oneof![Just(WriterVersion::PARQUET_1_0), Just(WriterVersion::PARQUET_2_0)];
    let compressions = prop_oneof![Just(Compression::UNCOMPRESSED), Just(Compression::SNAPPY)];
    (any::<bool>(), 1..200_usize, 1..40_usize, versions, compressions, any::<bool>()).prop_map(
        |(has_dictionary, dictionary_bytes, page_rows, version, compression, is_nullable)| Way {
            has_dictionary,
            dictionary_bytes,
            page_rows,
            version,
            compression,
            is_nullable,
            encoding: None,
        },
    )
}

fn bytes_of(texts: &[Text], way: &Way) -> Vec<u8> {
    let texts: BinaryArray = texts.iter().map(Option::as_deref).collect();
    let field = Field::new("number", DataType::Binary, way.is_nullable);
    let schema = Arc::new(Schema::new(vec![field]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(texts)]).unwrap();
    let mut properties = WriterProperties::builder()
        .set_dictionary_enabled(way.has_dictionary)
        .set_dictionary_page_size_limit(way.dictionary_bytes)
        .set_data_page_row_count_limit(way.page_rows)
        .set_write_batch_size(way.page_rows)
        .set_writer_version(way.version)
        .set_compression(way.compression);
    // The second version of the format has no plain texts unless they are asked for.
    if !way.has_dictionary {
        properties = properties.set_encoding(way.encoding.unwrap_or(Encoding::PLAIN));
    }
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn file_of(bytes: &[u8]) -> Arc<Bounded> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Arc::new(Bounded::new(file).unwrap())
}

fn metadata_of(bytes: &[u8]) -> ParquetMetaData {
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    ParquetMetaDataReader::new().parse_and_finish(&file).unwrap()
}

fn column(bytes: &[u8], metadata: &ParquetMetaData) -> Result<Option<TextColumn>> {
    let group = metadata.row_group(0);
    TextColumn::open(&file_of(bytes), group, group.column(0))
}

fn texts_of(texts: &Texts) -> Vec<Text> {
    let array = texts.array().as_binary_view();
    array.iter().map(|text| text.map(<[u8]>::to_vec)).collect()
}

/// Takes what is handed on as it comes.
#[derive(Default)]
struct Taken(Vec<Text>);

impl TakeText for Taken {
    fn take(&mut self, text: Option<&[u8]>) {
        self.0.push(text.map(<[u8]>::to_vec));
    }
}

fn some_texts() -> impl Strategy<Value = Vec<Text>> {
    let text = prop_oneof![3 => vec(b'0'..b'3', 0..3), 1 => vec(any::<u8>(), 0..30)];
    // Mostly texts, mostly nulls, and hardly anything else but nulls.
    let parts = prop_oneof![4 => Just(0.9), 2 => Just(0.1), 1 => Just(1e-3)];
    parts.prop_flat_map(move |part| vec(prop::option::weighted(part, text.clone()), 1..200))
}

proptest! {
    /// However a file is written, and whatever batches are read, once, twice or not at all.
    #[test]
    fn texts_come_as_they_were_written(
        mut texts in some_texts(),
        way in ways(),
        batches in vec((1..60_usize, 0..3_u8), 1..20),
    ) {
        // Files of the second version fall back from a dictionary to texts that share beginnings.
        let is_shared = way.has_dictionary && way.version == WriterVersion::PARQUET_2_0;
        if !way.is_nullable {
            texts.iter_mut().for_each(|text| { text.get_or_insert_default(); });
        }
        let bytes = bytes_of(&texts, &way);
        let metadata = metadata_of(&bytes);
        let Some(mut column) = column(&bytes, &metadata).unwrap() else {
            prop_assert!(is_shared);
            return Ok(());
        };
        let mut left = texts.as_slice();
        for (rows, times) in batches.into_iter().cycle() {
            let (expected, rest) = left.split_at(rows.min(left.len()));
            let batch = column.take(expected.len()).unwrap();
            for _ in 0..times {
                let mut taken = Taken::default();
                batch.each(&mut taken);
                prop_assert_eq!(&taken.0[..], expected);
                prop_assert_eq!(&texts_of(&batch)[..], expected);
            }
            left = rest;
            if left.is_empty() {
                break;
            }
        }
        prop_assert!(column.take(1).is_err());
    }

    /// A batch that ends early, or a text that is cut short, is seen at the end at the latest.
    #[test]
    fn rows_that_are_left_are_seen(texts in some_texts(), mut way in ways(), left in 1..200_usize) {
        (way.is_nullable, way.has_dictionary) = (true, false);
        let bytes = bytes_of(&texts, &way);
        let mut column = column(&bytes, &metadata_of(&bytes)).unwrap().unwrap();
        let taken = texts.len().saturating_sub(left);
        column.take(taken).unwrap();
        prop_assert!(column.finish().is_err());
    }

    /// A file with any byte changed has the same number of rows, or cannot be read; nothing panics.
    #[test]
    fn damage_is_seen_or_changes_texts_alone(
        texts in some_texts(),
        mut way in ways(),
        place in 0..10_000_usize,
        change in 1..=u8::MAX,
    ) {
        (way.is_nullable, way.version) = (true, WriterVersion::PARQUET_1_0);
        let mut bytes = bytes_of(&texts, &way);
        let metadata = metadata_of(&bytes);
        let (start, length) = metadata.row_group(0).column(0).byte_range();
        bytes[start as usize + place % length as usize] ^= change;
        let read = || -> Result<usize> {
            let mut column = column(&bytes, &metadata)?.unwrap();
            let batch = column.take(texts.len())?;
            let mut taken = Taken::default();
            batch.each(&mut taken);
            assert_eq!(texts_of(&batch).len(), texts.len());
            column.finish().map(|()| taken.0.len())
        };
        prop_assert!(read().is_ok_and(|rows| rows == texts.len()) || read().is_err());
    }
}

const PLAIN: Way = Way {
    has_dictionary: false,
    dictionary_bytes: 1,
    page_rows: 2,
    version: WriterVersion::PARQUET_1_0,
    compression: Compression::UNCOMPRESSED,
    is_nullable: true,
    encoding: None,
};

#[test]
fn texts_that_share_their_beginnings_are_left_to_the_library() {
    let texts = vec![Some(b"+4915112345678".to_vec()); 3];
    for encoding in [Encoding::DELTA_BYTE_ARRAY, Encoding::DELTA_LENGTH_BYTE_ARRAY] {
        let bytes = bytes_of(&texts, &Way { encoding: Some(encoding), ..PLAIN });
        assert!(column(&bytes, &metadata_of(&bytes)).unwrap().is_none());
    }
}

/// No writer here makes such levels, so that the header of a page is changed.
#[test]
fn levels_that_are_not_runs_are_left_to_the_library() {
    let texts = vec![Some(b"+4915112345678".to_vec()); 2];
    let mut bytes = bytes_of(&texts, &PLAIN);
    let metadata = metadata_of(&bytes);
    assert!(column(&bytes, &metadata).unwrap().is_some());
    // Two fields in a row, both runs: the encodings of the levels of nulls and of lists.
    let runs = [0x15, 0x06, 0x15, 0x06];
    let at = bytes.windows(runs.len()).position(|bytes| bytes == runs).unwrap();
    bytes[at + 1] = 0x08;
    assert!(column(&bytes, &metadata).unwrap().is_none());
}

#[test]
fn a_page_of_nulls_needs_neither_values_nor_a_dictionary() {
    let bytes = bytes_of(&[None], &PLAIN);
    let column = column(&bytes, &metadata_of(&bytes)).unwrap().unwrap();
    // A run of three zeros, behind its length.
    let page = Page::DataPage {
        buf: Bytes::from_static(&[2, 0, 0, 0, 6, 0]),
        num_values: 3,
        encoding: Encoding::RLE_DICTIONARY,
        def_level_encoding: Encoding::RLE,
        rep_level_encoding: Encoding::RLE,
        statistics: None,
    };
    let mut taken = Taken::default();
    column.read_page(&page).unwrap().each(0..3, &mut taken).unwrap();
    assert_eq!(taken.0, [const { None }; 3]);
}
