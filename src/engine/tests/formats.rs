//! The same lookups give the same tally in every format, and a value means the same wherever it
//! stands. The small inputs are faults that other readers had.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};

use super::counted::Counted;
use crate::ingest::{Reason, RowCounts};
use crate::release_file::ReleaseFile;
use crate::release_file::day::DayBounds;
use crate::simulate::{Format, Settings, write};

/// Tallies of a release with these `[logs]` fields and questions, in whole contributions.
fn run(
    folder: &Path,
    logs: &str,
    keys: &str,
    questions: &str,
    day: &str,
) -> (Vec<Vec<i64>>, RowCounts) {
    let text = format!(
        "name = \"formats\"\n[logs]\n{logs}\n[keys]\n{keys}\n[ledger]\npath = \"l\"\nepsilon = 1.0\n\
         delta = 1e-6\n{questions}"
    );
    let release_file = ReleaseFile::parse(&text, "formats.toml", folder).unwrap();
    let bounds = DayBounds::new(day.parse().unwrap(), &release_file.ledger.time_zone).unwrap();
    Counted::new(&release_file).of_day(&release_file, &bounds).unwrap()
}

/// The tally of opaque rows of 2026-01-01, by app.
fn by_app(files: &[(&str, &[u8])], logs: &str) -> (Vec<i64>, RowCounts) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let logs = format!("path = \"**/*\"\nidentifier = \"opaque\"\n{logs}");
    let question = "[[question]]\nname = \"q\"\ncount = \"lookups\"\nby = [\"app\"]\n";
    let (mut tables, counts) =
        run(folder.path(), &logs, "app = [\"a\", \"b\"]", question, "2026-01-01");
    (tables.remove(0), counts)
}

#[test]
fn every_format_gives_the_same_tally() {
    let folder = tempfile::tempdir().unwrap();
    let base = Settings {
        start: jiff::civil::date(2026, 1, 1),
        days: 2,
        lookups_per_day: 4_000,
        requesters: 500,
        seed: 5,
        format: Format::Parquet,
    };
    let mut seen = Vec::new();
    for format in [Format::Parquet, Format::Csv, Format::Ndjson, Format::Arrow] {
        let out = folder.path().join(format.extension());
        write(&Settings { format, ..base.clone() }, &out, &|_| {}).unwrap();
        seen.push(format.extension().to_owned());
    }
    for day in std::fs::read_dir(folder.path().join("csv")).unwrap() {
        let day = day.unwrap();
        let text = std::fs::read(day.path().join("part-0.csv")).unwrap();
        for (name, packed) in
            [("gz", gzip(&text)), ("zst", zstd::encode_all(text.as_slice(), 1).unwrap())]
        {
            let to = folder.path().join(name).join(day.file_name());
            std::fs::create_dir_all(&to).unwrap();
            std::fs::write(to.join(format!("part-0.csv.{name}")), packed).unwrap();
        }
    }
    seen.extend(["gz".to_owned(), "zst".to_owned()]);
    let questions = "[[question]]\nname = \"v\"\ncount = \"lookups\"\nby = [\"hour\", \"app\", \"route\"]\n\
                     [[question]]\nname = \"c\"\ncount = \"lookups\"\nby = [\"target_country\", \"requester_country\"]\n\
                     [[question]]\nname = \"d\"\ndistinct = \"requester\"\nby = [\"app\"]\n";
    let keys = "app = [\"messages\", \"contacts\", \"calls\"]\ntarget_country = [\"US\", \"DE\", \"IN\"]\nrequester_country = [\"US\", \"DE\", \"IN\"]";
    for filter in ["", "where = \"app <> 'calls' AND latency_ms > 20\""] {
        for folders in ["", "day_folder = \"day\""] {
            let tallies: Vec<_> = seen
                .iter()
                .map(|name| {
                    let logs = format!("path = \"{name}/**/*\"\n{filter}\n{folders}");
                    let (tables, counts) = run(folder.path(), &logs, keys, questions, "2026-01-02");
                    (tables, counts.rows, counts.filtered)
                })
                .collect();
            assert!(tallies[0].0[0].iter().sum::<i64>() > 1_000);
            for (name, tally) in seen.iter().zip(&tallies) {
                assert!(tally.0 == tallies[0].0, "{name} {filter} {folders}");
                // Row groups of another day are passed over; of other formats all rows are read.
                let reads_all = folders.is_empty() && name != "parquet";
                assert_eq!(tally.1, if reads_all { 8_000 } else { 4_000 }, "{name} {folders}");
                let is_filtered = !filter.is_empty();
                assert_eq!(tally.2 > 0, is_filtered, "{name} {filter} {folders}");
                if reads_all {
                    assert_eq!(tally.2, tallies[1].2, "{name} {filter} {folders}");
                }
            }
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_field_that_appears_late_is_not_lost() {
    let line = |row: usize| {
        let app = if row < 100 { "" } else { ",\"app\":\"a\"" };
        format!(
            "{{\"requester\":\"r\",\"target\":\"t\",\"requested_at\":\"2026-01-01T00:00:00Z\"{app}}}\n"
        )
    };
    let text: String = (0..1_000).map(line).collect();
    assert_eq!(by_app(&[("x.ndjson", text.as_bytes())], "").0, [900, 0, 100]);
}

#[test]
fn a_name_may_come_late_among_long_lines() {
    let line = |row: usize| {
        let time = if row < 900 { "" } else { "\"requested_at\":\"2026-01-01T00:00:00Z\"," };
        let pad = "x".repeat(1_000);
        format!("{{\"requester\":\"r\",{time}\"pad\":\"{pad}\",\"target\":\"t\"}}\n")
    };
    let text: String = (0..1_000).map(line).collect();
    let (table, counts) = by_app(&[("x.ndjson", text.as_bytes())], "");
    assert_eq!((table, counts.rejects.of(Reason::BadTime)), (vec![0, 0, 100], 900));
}

#[test]
fn a_short_record_and_a_long_one_do_not_make_up_for_each_other() {
    let text = b"requester,target,requested_at,app,note\nx,t,2026-01-01T00:00:00Z\n\
                 x,t,2026-01-01T00:00:00Z,a,n,n,n\nx,t,2026-01-01T00:00:00Z,b,n\n";
    let (table, counts) = by_app(&[("x.csv", text.as_slice())], "");
    assert_eq!((table, counts.rows, counts.rejects.of(Reason::Malformed)), (vec![0, 1, 0], 3, 2));
}

#[test]
fn a_record_that_cannot_be_read_is_a_reject_in_every_format_of_text() {
    let csv = b"requester,target,requested_at,app,note\nx,t,2026-01-01T00:00:00Z,a,13\" tv\n\
                x,t,2026-01-01T00:00:00Z,b,\nx,t,2026-01-01T00:00:00Z,a,13\" tv\n\
                x,\"t,2026-01-01T00:00:00Z,b,\n";
    let json = b"{\"requester\":\"x\",\"target\":\"t\",\"requested_at\":\"2026-01-01T00:00:00Z\"\n\
                 {\"requester\":\"x\",\"target\":\"t\",\"requested_at\":\"2026-01-01T00:00:00Z\",\"app\":\"b\"}\n\
                 [1]\n{\"requester\":\"\xff\"}\n";
    let tsv = b"requester\ttarget\trequested_at\tapp\nx\rt\n\
                x\tt\t2026-01-01T00:00:00Z\tb\nx\tt\t\xff\tb\nx\tt\n";
    for (name, text) in [("x.csv", csv.as_slice()), ("x.ndjson", json), ("x.tsv", tsv)] {
        for filter in ["", "where = \"app = 'b'\""] {
            let (table, counts) = by_app(&[(name, text)], filter);
            let seen = (table, counts.rows, counts.filtered, counts.rejects.of(Reason::Malformed));
            assert_eq!(seen, (vec![0, 1, 0], 4, 0, 3), "{name} {filter}");
        }
    }
}

#[test]
fn a_value_that_is_not_utf_8_is_a_reject_in_columnar_files() {
    // Three rows of which the second has a bad requester, the third a bad value of a key.
    let batch = RecordBatch::try_from_iter([
        ("requester", text_column(["x", "zzzz", "x"])),
        ("target", text_column(["t", "t", "t"])),
        ("requested_at", text_column(["2026-01-01T00:00:00Z"; 3])),
        ("app", text_column(["a", "a", "zzzz"])),
        ("note", text_column(["zzzz"; 3])),
    ])
    .unwrap();
    let mut parquet = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut parquet, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let mut arrow = Vec::new();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut arrow, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    for (name, mut bytes) in [("x.parquet", parquet), ("x.arrow", arrow)] {
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, b"zzzz").collect();
        assert!(places.len() >= 3, "{name}");
        places.iter().for_each(|place| bytes[place + 1] = 0xff);
        let (table, counts) = by_app(&[(name, bytes.as_slice())], "");
        let seen = (table, counts.rows, counts.rejects.of(Reason::NoRequester));
        assert_eq!(seen, (vec![1, 0, 1], 3, 1), "{name}");
    }
}

fn text_column(values: [&str; 3]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn files_may_differ_in_order_and_lack_columns() {
    let first = b"requester,target,requested_at\nx,t,2026-01-01T00:00:00Z\n".as_slice();
    let second = b"app,requested_at,target,requester\nb,2026-01-01T01:00:00Z,t,x\n".as_slice();
    assert_eq!(by_app(&[("1.csv", first), ("2.csv", second)], "").0, [0, 1, 1]);
    assert_eq!(by_app(&[("1.csv", second), ("2.csv", first)], "").0, [0, 1, 1]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    let csv =
        b"\xef\xbb\xbfrequester,target,requested_at,app\nx,t,2026-01-01T00:00:00Z,a\n".as_slice();
    assert_eq!(by_app(&[("1.csv", csv)], "").0, [1, 0, 0]);
    let json = b"\xef\xbb\xbf{\"requester\":\"x\",\"target\":\"t\",\"requested_at\":\"2026-01-01T00:00:00Z\"}\n"
        .as_slice();
    assert_eq!(by_app(&[("1.ndjson", json)], "").0, [0, 0, 1]);
}

#[test]
fn names_are_text_whatever_they_look_like() {
    // Three people: 0870, 870 and "0870 ". With a clip of one row each, all of them count whole.
    let csv = "requester,target,requested_at\n\"0870\",1,2026-01-01T00:00:00Z\n870,1,2026-01-01T00:00:00Z\n\
               0870 ,1,2026-01-01T00:00:00Z\n0870,1,2026-01-01T00:00:00Z\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.csv"), csv).unwrap();
    let question = "[[question]]\nname = \"q\"\ndistinct = \"requester\"\n";
    let logs = "path = \"*.csv\"\nidentifier = \"opaque\"";
    let (tables, _) = run(folder.path(), logs, "", question, "2026-01-01");
    assert_eq!(tables[0], [3]);
}

#[test]
fn one_person_is_one_however_the_number_is_written() {
    let csv = "requester,target,requested_at\n919876543210,+14155550123,2026-01-01T00:00:00Z\n\
               +919876543210,+14155550123,2026-01-01T00:00:00Z\n9876543210,+14155550123,2026-01-01T00:00:00Z\n\
               1234,+14155550123,2026-01-01T00:00:00Z\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.csv"), csv).unwrap();
    let question =
        "[[question]]\nname = \"q\"\ndistinct = \"requester\"\nby = [\"requester_country\"]\n";
    let keys = "requester_country = [\"IN\", \"US\"]";
    let logs = "path = \"*.csv\"\ndefault_region = \"IN\"";
    let (tables, counts) = run(folder.path(), logs, keys, question, "2026-01-01");
    assert_eq!(tables[0], [1, 0, 0]);
    assert_eq!(counts.rejects.of(Reason::BadNumber), 1);
}

#[test]
fn every_word_for_a_route_is_understood() {
    let rows: String =
        ["true", "1", "T", "YES", "messenger", "false", "0", "f", "no", "SMS", "", "maybe"]
            .iter()
            .map(|word| format!("x,t,2026-01-01T00:00:00Z,{word}\n"))
            .collect();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("x.csv"),
        format!("requester,target,requested_at,route\n{rows}"),
    )
    .unwrap();
    let question =
        "[[question]]\nname = \"q\"\ncount = \"lookups\"\nby = [\"route\"]\nclip = 100\n";
    let logs = "path = \"*.csv\"\nidentifier = \"opaque\"";
    let (tables, _) = run(folder.path(), logs, "", question, "2026-01-01");
    assert_eq!(tables[0], [5, 5, 2]);
}

#[test]
fn a_nested_value_is_nobodys_name() {
    let lines = "{\"requester\":{\"a\":1},\"target\":\"t\",\"requested_at\":\"2026-01-01T00:00:00Z\"}\n\
                 {\"requester\":\"{x}\",\"target\":\"t\",\"requested_at\":\"2026-01-01T00:00:00Z\"}\n";
    let (table, counts) = by_app(&[("x.ndjson", lines.as_bytes())], "");
    assert_eq!((table, counts.rejects.of(Reason::NoRequester)), (vec![0, 0, 1], 1));
}

#[test]
fn a_folder_may_be_named_like_a_pattern() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("week [1]?/logs");
    std::fs::create_dir_all(&inner).unwrap();
    std::fs::write(
        inner.join("x.csv"),
        "requester,target,requested_at\nx,t,2026-01-01T00:00:00Z\n",
    )
    .unwrap();
    let question = "[[question]]\nname = \"q\"\ncount = \"lookups\"\n";
    for place in ["logs", "logs/*.csv", "logs/x.csv", "**/*.csv"] {
        let logs = format!("path = \"{place}\"\nidentifier = \"opaque\"");
        let (tables, _) = run(&folder.path().join("week [1]?"), &logs, "", question, "2026-01-01");
        assert_eq!(tables[0].iter().sum::<i64>(), 1, "{place}");
    }
}
