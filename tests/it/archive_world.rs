//! Logs in every format with known rows, legal holds with a custodian, and a model of both.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use age::secrecy::ExposeSecret;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMicrosecondType};
use arrow_array::{
    ArrayRef, DictionaryArray, RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray,
};
use arrow_cast::cast;
use arrow_schema::DataType;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

use crate::clock;
use crate::world::Ran;

/// One row: microseconds, requester, target.
pub(crate) type Row = (i64, String, String);

/// The formats that logs are written in.
pub(crate) const FORMATS: [&str; 6] = ["csv", "csv.gz", "ndjson", "ndjson.zst", "parquet", "arrow"];

/// 2026-03-01T00:00:00Z.
pub(crate) const START: i64 = 1_772_323_200_000_000;
/// Microseconds in an hour.
pub(crate) const HOUR: i64 = 3_600_000_000;

/// A folder with a release file, logs and custodians.
pub(crate) struct ArchiveWorld {
    folder: TempDir,
}

/// A valid number; no two have the same digits.
pub(crate) fn number(place: usize) -> String {
    format!("+1415555{:04}", 100 + place * 7)
}

/// Eight rows each of many requesters in the first `days` days, in the order of time: such days do not
/// look empty. The first ten numbers do not ask.
pub(crate) fn crowd(days: i64) -> Vec<Row> {
    let rows = (0..days * 2_400).zip((10..310).cycle());
    rows.map(|(row, place)| (START + row * HOUR / 100, number(place), number(9))).collect()
}

/// An instant as the command line takes it.
pub(crate) fn instant(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).unwrap().to_string()
}

impl ArchiveWorld {
    pub(crate) fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(world.path("logs")).unwrap();
        std::fs::write(world.path("release.toml"), RELEASE).unwrap();
        let mut text = String::new();
        for name in ["custodian", "stranger"] {
            let identity = age::x25519::Identity::generate();
            let secret = identity.to_string();
            std::fs::write(world.path(name), secret.expose_secret()).unwrap();
            text.push_str(&format!("{}\n", identity.to_public()));
        }
        std::fs::write(world.path("recipients"), text).unwrap();
        world
    }

    /// The same world again, with the times at which its files were written.
    pub(crate) fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (self.path("."), folder.path());
        assert!(Command::new("cp").arg("-a").args([&from, to]).status().unwrap().success());
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The public key of the custodian.
    pub(crate) fn recipient(&self) -> String {
        let text = std::fs::read_to_string(self.path("recipients")).unwrap();
        text.lines().next().unwrap().to_owned()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    /// Runs the program; nothing that it prints may hold a number.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let ran = Ran::of(&self.command(arguments).output().unwrap());
        assert!(!ran.stdout.contains("415555") && !ran.stderr.contains("415555"), "{arguments:?}");
        ran
    }

    /// The same with the machine's clock at an instant, by which the program knows what has ended.
    pub(crate) fn run_at(&self, now: i64, arguments: &[&str]) -> Ran {
        let ran = Ran::of(&clock::at(self.command(arguments), now).output().unwrap());
        assert!(!ran.stdout.contains("415555") && !ran.stderr.contains("415555"), "{arguments:?}");
        ran
    }

    /// Deletes at an instant, which is named since the logs end before it; the clock stands there too,
    /// but not before the rows that are there already.
    pub(crate) fn retain(&self, now: i64) -> Ran {
        self.run_at(
            now.max(START + 48 * HOUR),
            &["retain", "release.toml", "--as-of", &instant(now)],
        )
    }

    /// Makes the ledger, as the first run does.
    pub(crate) fn begin(&self) {
        let ran = self.retain(START);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }

    pub(crate) fn verify(&self) {
        let ran = self.run(&["ledger", "verify", "release.toml"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }

    /// Writes one log file; its format follows from the name.
    pub(crate) fn write_log(&self, name: &str, rows: &[Row]) {
        let path = self.path("logs").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = text_of(name, rows);
        match name.split_once('.').unwrap().1 {
            "csv" | "ndjson" => std::fs::write(&path, text).unwrap(),
            "csv.gz" => {
                let file = File::create(&path).unwrap();
                let mut writer = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
                writer.write_all(&text).unwrap();
                writer.finish().unwrap();
            }
            "ndjson.zst" => {
                std::fs::write(&path, zstd::encode_all(text.as_slice(), 1).unwrap()).unwrap();
            }
            "parquet" => write_parquet(&path, rows),
            _ => write_arrow(&path, rows),
        }
        self.written(&format!("logs/{name}"), START - 2 * HOUR);
    }

    /// Makes a file look as if it was last written at an instant.
    pub(crate) fn written(&self, name: &str, at: i64) {
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_micros(at.unsigned_abs());
        File::options().append(true).open(self.path(name)).unwrap().set_modified(at).unwrap();
    }

    /// Every row of every log file, sorted, read without the code of the program.
    pub(crate) fn live(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self
            .files("logs")
            .iter()
            .filter(|path| is_log(path))
            .flat_map(|path| read(path))
            .collect();
        rows.sort();
        rows
    }

    /// Every file below a folder.
    pub(crate) fn files(&self, name: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.path(name)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }

    /// The rows that the custodian gets for an order, sorted; empty if there is no archive.
    pub(crate) fn disclosed(&self, order: &str, now: i64) -> Vec<Row> {
        let out = format!("package-{order}-{now}");
        // Two openings may have the same instant.
        let _absent = std::fs::remove_dir_all(self.path(&out));
        let open = ["hold", "open", "release.toml", "--order", order, "--identity", "custodian"];
        let ran = self.run_at(now, &[&open[..], &["--out", &out]].concat());
        if ran.code == 1 {
            return Vec::new();
        }
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let mut reader = csv::Reader::from_path(self.path(&out).join("rows.csv")).unwrap();
        let mut rows: Vec<Row> = reader
            .records()
            .map(|record| {
                let record = record.unwrap();
                let at: jiff::Timestamp = record[0].parse().unwrap();
                (at.as_microsecond(), record[1].to_owned(), record[2].to_owned())
            })
            .collect();
        rows.sort();
        rows
    }
}

fn is_log(path: &Path) -> bool {
    !path.file_name().unwrap().to_str().unwrap().starts_with('.')
}

fn text_of(name: &str, rows: &[Row]) -> Vec<u8> {
    let is_csv = name.contains("csv");
    let mut text = String::from(if is_csv { "requester,target,requested_at,note\r\n" } else { "" });
    for (micros, requester, target) in rows {
        let at = instant(*micros);
        text.push_str(&if is_csv {
            format!("{requester},{target},{at},\"a \"\"b\"\"\nc\"\r\n")
        } else {
            format!(
                "{{\"requester\":\"{requester}\",\"target\":\"{target}\",\"requested_at\":\"{at}\",\"rare\":{{\"x\":1}}}}\n"
            )
        });
    }
    text.into_bytes()
}

fn batch(rows: &[Row], identifiers: impl Fn(Vec<&str>) -> ArrayRef) -> RecordBatch {
    let times = TimestampMicrosecondArray::from_iter_values(rows.iter().map(|row| row.0));
    let columns: [(&str, ArrayRef); 3] = [
        ("requester", identifiers(rows.iter().map(|row| row.1.as_str()).collect())),
        ("target", identifiers(rows.iter().map(|row| row.2.as_str()).collect())),
        ("requested_at", Arc::new(times.with_timezone("UTC"))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn write_parquet(path: &Path, rows: &[Row]) {
    // Uncompressed, so that a search of the file's bytes means something.
    let properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_bloom_filter_enabled(true)
        .set_max_row_group_row_count(Some(16))
        .build();
    let batch = batch(rows, |texts| Arc::new(StringArray::from(texts)));
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn write_arrow(path: &Path, rows: &[Row]) {
    // A dictionary in one file, views in another: both keep values that no row has any more.
    let is_view = rows.len().is_multiple_of(2);
    let batch = batch(rows, |texts| {
        if is_view {
            Arc::new(StringViewArray::from_iter_values(texts))
        } else {
            Arc::new(DictionaryArray::<Int32Type>::from_iter(texts))
        }
    });
    let mut writer =
        arrow_ipc::writer::FileWriter::try_new(File::create(path).unwrap(), &batch.schema())
            .unwrap();
    if is_view {
        for start in (0..batch.num_rows()).step_by(16) {
            writer.write(&batch.slice(start, 16.min(batch.num_rows() - start))).unwrap();
        }
    } else {
        writer.write(&batch).unwrap();
    }
    writer.finish().unwrap();
}

fn read(path: &Path) -> Vec<Row> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let (_, format) = name.split_once('.').unwrap();
    let bytes = std::fs::read(path).unwrap();
    let mut plain = Vec::new();
    match format {
        "csv.gz" => {
            flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
        }
        "ndjson.zst" => plain = zstd::decode_all(bytes.as_slice()).unwrap(),
        "parquet" => {
            let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes));
            return reader
                .unwrap()
                .build()
                .unwrap()
                .flat_map(|batch| rows_of(&batch.unwrap()))
                .collect();
        }
        "arrow" => {
            let reader =
                arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
            return reader.flat_map(|batch| rows_of(&batch.unwrap())).collect();
        }
        _ => plain = bytes,
    }
    if format.contains("csv") {
        let mut reader = csv::Reader::from_reader(plain.as_slice());
        let row = |record: csv::StringRecord| {
            assert_eq!(&record[3], "a \"b\"\nc");
            (micros(&record[2]), record[0].to_owned(), record[1].to_owned())
        };
        return reader.records().map(|record| row(record.unwrap())).collect();
    }
    let lines = String::from_utf8(plain).unwrap();
    let row = |line: &str| {
        let row: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        (micros(&text("requested_at")), text("requester"), text("target"))
    };
    lines.lines().map(row).collect()
}

fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let text = |name: &str| {
        cast(batch.column_by_name(name).unwrap(), &DataType::Utf8)
            .unwrap()
            .as_string::<i32>()
            .clone()
    };
    let (requester, target) = (text("requester"), text("target"));
    let times = batch.column_by_name("requested_at").unwrap();
    let times = times.as_primitive::<TimestampMicrosecondType>();
    (0..batch.num_rows())
        .map(|row| {
            (times.value(row), requester.value(row).to_owned(), target.value(row).to_owned())
        })
        .collect()
}

fn micros(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

const RELEASE: &str = r#"name = "daily"

[logs]
path = "logs"

[retention]
days = 30

[ledger]
path = "daily.ledger"
epsilon = 1.0
delta = 1e-6

[[question]]
name = "volume"
count = "lookups"
by = ["hour"]
"#;
