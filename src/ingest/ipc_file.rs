//! Arrow IPC files → raw batches, one batch of the file at a time.
//!
//! Text is read as bytes: a value that is not UTF-8 makes its row a reject, and the file is read.
//! Lengths that the footer or a message states are compared with the file before memory is taken.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{Block, Footer, MetadataVersion, root_as_footer};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::foreign;
use super::ipc_lengths::{self, Decoded, damaged};
use super::nested;
use super::open::{guarded, open, unreadable};
use super::raw_batch::RawBatch;
use super::wanted::Wanted;
use crate::Result;
use crate::release_file::logs::Logs;

/// What the footer of an Arrow IPC file says.
#[derive(Debug, Clone)]
pub(super) struct IpcFooter {
    schema: SchemaRef,
    version: MetadataVersion,
    dictionaries: Vec<Block>,
    batches: Vec<Block>,
    /// Keys and values of the file's own metadata.
    metadata: Vec<Vec<u8>>,
}

impl IpcFooter {
    /// Reads and checks a footer.
    pub(super) fn read(path: &Path, wanted: &Wanted, logs: &Logs) -> Result<Self> {
        let file = open(path)?;
        let mut head = Vec::new();
        let looked_at = (&file).take(foreign::LOOKED_AT as u64).read_to_end(&mut head);
        looked_at.map_err(|error| unreadable(path, error))?;
        let known = foreign::by_bytes(path, &head).filter(|_| !head.starts_with(b"ARROW1"));
        let footer =
            guarded(path, || Self::decode(&file)).map_err(|error| known.unwrap_or(error))?;
        wanted.check_schema(&path.display().to_string(), &footer.schema, logs)?;
        Ok(footer)
    }

    /// The columns of the file.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// How many batches the file has.
    pub(super) fn batches(&self) -> usize {
        self.batches.len()
    }

    /// Reads the wanted columns of one batch.
    pub(super) fn read_batch(
        &self,
        path: &Path,
        batch: usize,
        wanted: &Wanted,
        take: &mut dyn FnMut(RawBatch) -> Result<()>,
    ) -> Result<()> {
        let root = |name: &String| Some(nested::find(self.schema.fields(), name)?.0);
        let mut places: Vec<usize> = wanted.names.iter().filter_map(root).collect();
        places.sort_unstable();
        places.dedup();
        let fields = self.schema.fields().iter().enumerate().map(|(place, field)| {
            let field = field.as_ref().clone();
            let data_type = field.data_type().clone();
            if places.contains(&place) { field.with_data_type(as_bytes(data_type)) } else { field }
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<Field>>()));
        let Some(batch) = self.batch(path, batch, schema, Some(places))? else { return Ok(()) };
        let column = |name: &String| nested::column(&batch, name);
        let columns = wanted.names.iter().map(column).collect();
        take(RawBatch { rows: batch.num_rows(), columns, texts: Vec::new(), records: None })
    }

    /// Reads one batch with every column, text as text.
    pub(super) fn read_whole_batch(
        &self,
        path: &Path,
        batch: usize,
    ) -> Result<Option<RecordBatch>> {
        self.batch(path, batch, Arc::clone(&self.schema), None)
    }

    /// The texts of a file that are no rows: keys and values of its metadata and its fields'.
    pub(super) fn texts(&self) -> Vec<Vec<u8>> {
        let mut texts = self.metadata.clone();
        push(self.schema.metadata(), &mut texts);
        self.schema.fields().iter().for_each(|field| push_field(field, &mut texts));
        texts
    }

    fn decode(file: &File) -> Decoded<Self> {
        let length = file.metadata()?.len();
        let before = |end: u64, bytes: usize| end.checked_sub(bytes as u64).ok_or_else(damaged);
        let end = before(length, 10)?;
        let trailer = read_at(file, end, 10)?;
        let bytes = read_footer_length(trailer.try_into().map_err(|_| damaged())?)?;
        let bytes = read_at(file, before(end, bytes)?, bytes)?;
        let footer = root_as_footer(&bytes).map_err(|_| damaged())?;
        let schema = footer.schema().ok_or_else(damaged)?;
        let dictionaries = footer.dictionaries().into_iter().flatten().copied().collect();
        let batches = footer.recordBatches().ok_or_else(damaged)?.iter().copied().collect();
        let footer = Self {
            schema: Arc::new(try_fb_to_schema(schema)?),
            version: footer.version(),
            metadata: own_metadata(&footer),
            dictionaries,
            batches,
        };
        let mut blocks = footer.dictionaries.iter().chain(&footer.batches);
        let is_inside = blocks.all(|block| end_of(block).is_some_and(|end| end <= length));
        let is_native = schema.endianness().equals_to_target_endianness();
        (is_inside && is_native).then_some(footer).ok_or_else(damaged)
    }

    fn batch(
        &self,
        path: &Path,
        batch: usize,
        schema: SchemaRef,
        places: Option<Vec<usize>>,
    ) -> Result<Option<RecordBatch>> {
        let file = open(path)?;
        guarded(path, || {
            let mut decoder = FileDecoder::new(schema, self.version);
            if let Some(places) = places {
                decoder = decoder.with_projection(places);
            }
            for block in &self.dictionaries {
                decoder.read_dictionary(block, &read_message(&file, block)?)?;
            }
            let block = self.batches.get(batch).ok_or_else(damaged)?;
            decoder.read_record_batch(block, &read_message(&file, block)?)
        })
    }
}

/// Text declared as bytes, of which the decoder checks nothing.
fn as_bytes(data_type: DataType) -> DataType {
    match data_type {
        DataType::Utf8 => DataType::Binary,
        DataType::LargeUtf8 => DataType::LargeBinary,
        DataType::Utf8View => DataType::BinaryView,
        DataType::Dictionary(key, value) => DataType::Dictionary(key, Box::new(as_bytes(*value))),
        DataType::Struct(fields) => {
            let within = |field: &Arc<Field>| {
                let data_type = as_bytes(field.data_type().clone());
                field.as_ref().clone().with_data_type(data_type)
            };
            DataType::Struct(fields.iter().map(within).collect())
        }
        other => other,
    }
}

fn own_metadata(footer: &Footer<'_>) -> Vec<Vec<u8>> {
    let pairs = footer.custom_metadata().into_iter().flatten();
    let texts = pairs.flat_map(|pair| [pair.key(), pair.value()]);
    texts.flatten().map(|text| text.as_bytes().to_vec()).collect()
}

fn push_field(field: &Field, texts: &mut Vec<Vec<u8>>) {
    push(field.metadata(), texts);
    match field.data_type() {
        DataType::List(inner)
        | DataType::LargeList(inner)
        | DataType::FixedSizeList(inner, _)
        | DataType::Map(inner, _) => push_field(inner, texts),
        DataType::Struct(fields) => fields.iter().for_each(|inner| push_field(inner, texts)),
        _ => {}
    }
}

fn push<'p>(pairs: impl IntoIterator<Item = (&'p String, &'p String)>, texts: &mut Vec<Vec<u8>>) {
    for (key, value) in pairs {
        texts.extend([key.clone().into_bytes(), value.clone().into_bytes()]);
    }
}

/// Where a block ends in the file.
fn end_of(block: &Block) -> Option<u64> {
    let parts = [i64::from(block.metaDataLength()), block.bodyLength(), block.offset()];
    parts.into_iter().try_fold(0_u64, |end, part| end.checked_add(u64::try_from(part).ok()?))
}

fn read_message(file: &File, block: &Block) -> Decoded<Buffer> {
    let start = u64::try_from(block.offset()).map_err(|_| damaged())?;
    let length = end_of(block).and_then(|end| usize::try_from(end - start).ok());
    let message = read_at(file, start, length.ok_or_else(damaged)?)?;
    let metadata = usize::try_from(block.metaDataLength()).map_err(|_| damaged())?;
    ipc_lengths::check(&message, metadata)?;
    Ok(Buffer::from_vec(message))
}

fn read_at(mut file: &File, start: u64, length: usize) -> Decoded<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
