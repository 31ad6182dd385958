//! Files that other readers choked on: each is read right or refused with a clear message.
//!
//! Every file under the folder of awkward files has a line in `tests/bad_data/outcomes.txt`: how
//! many rows it gives, or how it is refused. Row counts were compared with those of two other
//! readers when the line was accepted; where they differ the line's remark says why. A file
//! without a line, or a line without a file, fails. `POINTILLIST_ACCEPT=1` writes the lines again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::Array;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use crate::ingest::find::{FoundFile, find};
use crate::ingest::format::Format;
use crate::ingest::header::Header;
use crate::ingest::log_file::LogFile;
use crate::ingest::open::open;
use crate::ingest::texts::can_identify;
use crate::ingest::walk::is_log;
use crate::ingest::wanted::Wanted;
use crate::release_file::ReleaseFile;
use crate::release_file::logs::Logs;
use crate::{Error, Kind, Result};

fn logs(path: &Path) -> Logs {
    let pattern = path.display().to_string();
    let text = format!(
        "name = \"r\"\n[logs]\npath = {}\nidentifier = \"opaque\"\ntime_unit = \"s\"\n[ledger]\n\
         path = \"l\"\nepsilon = 1.0\ndelta = 1e-6\n[[question]]\nname = \"q\"\ncount = \"lookups\"\n",
        toml::Value::String(pattern)
    );
    ReleaseFile::parse(&text, "r.toml", Path::new(".")).unwrap().logs
}

/// All columns of a file, the first of them as identifier, one that can be a time as time.
fn everything(names: Vec<String>, time: usize) -> Wanted {
    Wanted { names, requested_at: time, ..Wanted::nothing() }
}

/// Reads a whole file and says how many rows and how many values it has.
fn read(path: &Path) -> Result<String> {
    let logs = logs(path);
    let found = find(&logs, None)?.files.remove(0);
    let wanted = Arc::new(match found.format {
        Format::Parquet => parquet_columns(&found)?,
        Format::Arrow => everything(vec!["a".to_owned()], 0),
        Format::Text(format, compression) => {
            let header =
                Header::read(&found.path, format, compression, &Wanted::nothing(), &logs.dialect)?;
            let names = header.names().unwrap_or_default();
            let place = names.iter().position(|name| name.to_lowercase().contains("time"));
            everything(names, place.unwrap_or(0))
        }
    });
    let log = LogFile::new(&logs, found).open_for(Arc::clone(&wanted), None)?;
    let (mut rows, mut values, mut times, mut malformed) = (0, 0, 0, 0);
    for piece in log.pieces(true) {
        log.read(&piece?, &wanted, &mut |raw| {
            rows += raw.rows;
            malformed += raw.malformed().len();
            let arrays = raw.columns.iter().flatten();
            values += arrays.map(|array| array.len() - array.null_count()).sum::<usize>();
            let micros = raw.times(&wanted, &logs)?;
            times += micros.len() - micros.null_count();
            Ok(())
        })?;
    }
    let malformed = if malformed > 0 { format!(", {malformed} malformed") } else { String::new() };
    Ok(format!("{rows} rows, {values} values, {times} times{malformed}"))
}

/// The columns that are not nested, and the first that can hold identifiers or times.
fn parquet_columns(found: &FoundFile) -> Result<Wanted> {
    let damaged = || Error::input(format!("{} cannot be decoded", found.path.display()));
    let file = open(&found.path)?;
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = std::panic::catch_unwind(|| ArrowReaderMetadata::load(&file, options).ok())
        .ok()
        .flatten()
        .ok_or_else(damaged)?;
    let plain = |data_type: &DataType| !data_type.is_nested();
    let fields = metadata.schema().fields().iter();
    let flat: Vec<_> = fields.clone().filter(|field| plain(field.data_type())).collect();
    if flat.is_empty() {
        let names = fields.map(|field| field.name().clone()).collect();
        return Ok(everything(names, 0));
    }
    let time = flat
        .iter()
        .position(|field| matches!(field.data_type(), DataType::Timestamp(_, _)))
        .or_else(|| flat.iter().position(|field| field.data_type().is_integer()))
        .unwrap_or(0);
    let name = flat.iter().position(|field| can_identify(field.data_type())).unwrap_or(0);
    let wanted = everything(flat.iter().map(|field| field.name().clone()).collect(), time);
    Ok(Wanted { requester: name, target: name, ..wanted })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if is_log(&path) && !is_about_files(&path) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Notes beside the files, and metadata of table formats.
fn is_about_files(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, None | Some("md" | "txt" | "avro"))
}

/// Cells of a text file that a message must not hold.
fn cells(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines = text.lines().skip(1);
    let cells = lines.flat_map(|line| line.split([',', '"', ':', '{', '}', ';', '|', '\t']));
    let header = text.lines().next().unwrap_or_default();
    cells
        .map(|cell| cell.trim().to_owned())
        .filter(|cell| cell.len() > 4 && !header.contains(cell.as_str()))
        .collect()
}

#[test]
fn every_awkward_file_is_read_right_or_refused() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = manifest.join("../shared/data/awkward");
    if !root.exists() {
        println!("SKIPPED: {} is not here", root.display());
        return;
    }
    let mut seen = BTreeMap::new();
    for path in files(&root) {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let outcome =
            std::panic::catch_unwind(|| read(&path)).unwrap_or_else(|_| panic!("{name} panics"));
        let line = match outcome {
            Ok(counts) => counts,
            Err(error) => {
                assert_eq!(error.kind(), Kind::Input, "{name}: {error}");
                let message = error.to_string().replace(&path.display().to_string(), "FILE");
                let is_text = !name.ends_with(".parquet") && !name.ends_with(".gz");
                for cell in if is_text { cells(&path) } else { Vec::new() } {
                    assert!(!message.contains(&cell), "{name}: {message}");
                }
                format!("refused: {message}")
            }
        };
        seen.insert(name, line);
    }
    let golden = manifest.join("tests/bad_data/outcomes.txt");
    let outcomes: String = seen.iter().map(|(name, line)| format!("{name}: {line}\n")).collect();
    if std::env::var_os("POINTILLIST_ACCEPT").is_some() {
        std::fs::write(&golden, &outcomes).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    for (seen, expected) in outcomes.lines().zip(expected.lines()) {
        assert_eq!(seen, expected, "run with POINTILLIST_ACCEPT=1 to accept, after comparing");
    }
    assert_eq!(outcomes, expected);
}

#[test]
fn int96_times_are_exact_to_the_microsecond_and_absurd_ones_are_none() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = manifest.join("../shared/data/awkward/parquet-apache/data/int96_from_spark.parquet");
    if !path.exists() {
        println!("SKIPPED: {} is not here", path.display());
        return;
    }
    let logs = logs(&path);
    let found = find(&logs, None).unwrap().files.remove(0);
    let wanted = Arc::new(everything(vec!["a".to_owned()], 0));
    let log = LogFile::new(&logs, found).open_for(Arc::clone(&wanted), None).unwrap();
    let mut seen = Vec::new();
    for piece in log.pieces(true) {
        log.read(&piece.unwrap(), &wanted, &mut |raw| {
            seen.extend(raw.times(&wanted, &logs)?.iter());
            Ok(())
        })
        .unwrap();
    }
    let expected = [
        Some(1_704_141_296_123_456),
        Some(1_704_070_800_000_000),
        Some(253_402_225_200_000_000),
        Some(1_735_599_600_000_000),
        None,
        None,
    ];
    assert_eq!(seen, expected);
}
