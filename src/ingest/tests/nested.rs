//! Structs of Parquet and Arrow files, whose fields are read by their paths.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_buffer::NullBuffer;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, Fields};
use parquet::arrow::ArrowWriter;

use crate::ingest::{LogReader, Reason};
use crate::release_file::ReleaseFile;

/// Four rows: of one the user is missing, of one all that is known of the source.
fn batch() -> RecordBatch {
    let ids: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("b"), None, Some("d")]));
    let inner = Fields::from(vec![Field::new("id", DataType::Utf8, true)]);
    let user: ArrayRef = Arc::new(StructArray::new(inner, vec![ids], None));
    let notes: ArrayRef = Arc::new(StringArray::from(vec!["w", "x", "y", "z"]));
    let fields = Fields::from(vec![
        Field::new("user", user.data_type().clone(), true),
        Field::new("note", DataType::Utf8, true),
    ]);
    let known = NullBuffer::from(vec![true, false, true, true]);
    let source: ArrayRef = Arc::new(StructArray::new(fields, vec![user, notes], Some(known)));
    let targets: ArrayRef = Arc::new(StringArray::from(vec!["t"; 4]));
    let times: ArrayRef = Arc::new(Int64Array::from(vec![1_772_445_903; 4]));
    let columns = vec![("src", source, true), ("dst.id", targets, true), ("ts", times, false)];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn counts(path: &Path, requester: &str) -> crate::Result<(u64, u64)> {
    let text = format!(
        "name = \"x\"\n[logs]\npath = {path:?}\nidentifier = \"opaque\"\ntime_unit = \"s\"\n\
         columns = {{ requester = \"{requester}\", target = \"dst.id\", requested_at = \"ts\" }}\n\
         [ledger]\npath = \"l\"\nepsilon = 1\ndelta = 1e-6\n\
         [[question]]\nname = \"q\"\ncount = \"lookups\"\n"
    );
    let logs = ReleaseFile::parse(&text, "x.toml", "".as_ref())?.logs;
    let (_, counts) = LogReader::open(&logs, &[], None)?.fold(|| (), |(), _| Ok(()))?;
    Ok((counts.rows, counts.rejects.of(Reason::NoRequester)))
}

#[test]
fn a_field_of_a_struct_is_null_where_its_struct_is() {
    let folder = tempfile::tempdir().unwrap();
    let batch = batch();
    let parquet = folder.path().join("a.parquet");
    let mut writer =
        ArrowWriter::try_new(File::create(&parquet).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let arrow = folder.path().join("a.arrow");
    let mut writer = FileWriter::try_new(File::create(&arrow).unwrap(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    for path in [parquet, arrow] {
        assert_eq!(counts(&path, "src.user.id").unwrap(), (4, 2), "{path:?}");
        assert_eq!(counts(&path, "src.note").unwrap(), (4, 1), "{path:?}");
        for (column, words) in
            [("src.user.name", "no column `src.user.name`"), ("src", "has the type")]
        {
            let error = counts(&path, column).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
        let hint = counts(&path, "nobody").unwrap_err().hint().unwrap().to_owned();
        assert!(hint.ends_with(": src.user.id, src.note, dst.id, ts"), "{hint}");
    }
}
