//! A simulated log as files: one hive folder per UTC day, one file in it.
//!
//! Slices of a day are made and encoded in parallel, a few at a time, and appended in order; how
//! many at a time does not change the bytes. A file is written under a temporary name in its folder and
//! renamed when it is complete; a failed run leaves no part of a file behind.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::columns::{batch, schema};
use super::lookups::{Day, each_slice};
use super::settings::Format;
use super::text;
use crate::files::{self, EVERYBODY};
use crate::{Error, Result, footer};

/// Writes one day and returns the size of its file in bytes.
pub(super) fn write_day(
    day: &Day<'_>,
    folder: &Path,
    format: Format,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<u64> {
    fs::create_dir_all(folder).map_err(|cause| unwritable("create the folder", folder, cause))?;
    let path = place(folder, format);
    // No reader's glob sees a hidden file with this ending.
    let partial = folder.join(format!(".part-0.{}.partial", format.extension()));
    let written = write_file(day, &partial, format, progress).and_then(|bytes| {
        fs::rename(&partial, &path).map_err(|cause| unwritable("write", &path, cause))?;
        Ok(bytes)
    });
    if written.is_err() {
        // Only the first failure is reported.
        let _ = fs::remove_file(&partial);
    }
    written
}

/// Where the file of a day stands in its folder.
pub(super) fn place(folder: &Path, format: Format) -> PathBuf {
    folder.join(format!("part-0.{}", format.extension()))
}

fn write_file(
    day: &Day<'_>,
    path: &Path,
    format: Format,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<u64> {
    let file = files::make(path, EVERYBODY).map_err(|cause| unwritable("create", path, cause))?;
    let failed = |cause| unwritable("write", path, cause);
    let (encoder, mut sink) = open(BufWriter::new(file), format).map_err(failed)?;
    let encode = |slice| {
        let batch = batch(day, slice)?;
        Ok((batch.num_rows() as u64, encoder.encode(batch)?))
    };
    each_slice(day, encode, |(rows, encoded)| {
        if rows > 0 {
            sink.append(encoded).map_err(failed)?;
            progress(rows);
        }
        Ok(())
    })?;
    let mut file = sink.close().map_err(failed)?;
    if format == Format::Parquet {
        footer::plain_orders_on_disk(&mut file).map_err(failed)?;
    }
    Ok(file.metadata().map_err(failed)?.len())
}

/// Turns a batch into what is appended to a file; may run on any thread.
enum Encoder {
    Parquet(ArrowRowGroupWriterFactory),
    Csv,
    Ndjson,
    Arrow,
}

/// The rows of one slice as their format wants them.
enum Encoded {
    RowGroup(Vec<ArrowColumnChunk>),
    Text(Vec<u8>),
    Batch(RecordBatch),
}

/// An open file.
enum Sink {
    Parquet(SerializedFileWriter<BufWriter<File>>),
    Text(BufWriter<File>),
    Arrow(FileWriter<BufWriter<File>>),
}

fn open(mut file: BufWriter<File>, format: Format) -> io::Result<(Encoder, Sink)> {
    Ok(match format {
        Format::Parquet => {
            // The file declares plain columns, not how this program holds them in memory.
            let options = ArrowWriterOptions::new()
                .with_properties(properties())
                .with_skip_arrow_metadata(true);
            let writer = ArrowWriter::try_new_with_options(file, schema(), options)?;
            let (writer, factory) = writer.into_serialized_writer()?;
            (Encoder::Parquet(factory), Sink::Parquet(writer))
        }
        Format::Csv => {
            file.write_all(&text::csv_header())?;
            (Encoder::Csv, Sink::Text(file))
        }
        Format::Ndjson => (Encoder::Ndjson, Sink::Text(file)),
        Format::Arrow => {
            let writer = FileWriter::try_new(file, &schema()).map_err(io::Error::other)?;
            (Encoder::Arrow, Sink::Arrow(writer))
        }
    })
}

/// Small files at little cost: a light zstd, dictionaries only where values repeat.
fn properties() -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("pointillist ", env!("CARGO_PKG_VERSION")).to_owned());
    for name in ["requester", "target", "requested_at", "client_ip"] {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    // Times are sorted, so that their differences are small.
    properties
        .set_column_encoding(ColumnPath::from("requested_at"), Encoding::DELTA_BINARY_PACKED)
        .build()
}

impl Encoder {
    fn encode(&self, batch: RecordBatch) -> Result<Encoded> {
        let unfit = |cause| Error::internal("simulated lookups cannot be encoded").because(cause);
        Ok(match self {
            Self::Parquet(factory) => Encoded::RowGroup(row_group(factory, &batch).map_err(unfit)?),
            Self::Csv => Encoded::Text(text::csv(&batch)?),
            Self::Ndjson => Encoded::Text(text::ndjson(&batch)?),
            Self::Arrow => Encoded::Batch(batch),
        })
    }
}

fn row_group(
    factory: &ArrowRowGroupWriterFactory,
    batch: &RecordBatch,
) -> parquet::errors::Result<Vec<ArrowColumnChunk>> {
    let writers = factory.create_column_writers(0)?;
    let schema = batch.schema();
    let mut chunks = Vec::with_capacity(writers.len());
    for ((field, column), mut writer) in schema.fields().iter().zip(batch.columns()).zip(writers) {
        for leaf in compute_leaves(field, column)? {
            writer.write(&leaf)?;
        }
        chunks.push(writer.close()?);
    }
    Ok(chunks)
}

impl Sink {
    fn append(&mut self, encoded: Encoded) -> io::Result<()> {
        match (self, encoded) {
            (Self::Parquet(writer), Encoded::RowGroup(chunks)) => {
                let mut group = writer.next_row_group()?;
                for chunk in chunks {
                    chunk.append_to_row_group(&mut group)?;
                }
                group.close()?;
            }
            (Self::Text(file), Encoded::Text(text)) => file.write_all(&text)?,
            (Self::Arrow(writer), Encoded::Batch(batch)) => {
                writer.write(&batch).map_err(io::Error::other)?;
            }
            _ => return Err(io::Error::other("a file got rows of another format")),
        }
        Ok(())
    }

    /// Completes the file.
    fn close(self) -> io::Result<File> {
        let file = match self {
            Self::Parquet(writer) => writer.into_inner()?,
            Self::Text(file) => file,
            Self::Arrow(writer) => {
                let mut writer = writer;
                writer.finish().map_err(io::Error::other)?;
                writer.into_inner().map_err(io::Error::other)?
            }
        };
        file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

fn unwritable(doing: &str, path: &Path, cause: io::Error) -> Error {
    Error::io(format!("cannot {doing} {}", path.display()))
        .help("choose another --out, or make room and give yourself the right to write there")
        .because(cause)
}
