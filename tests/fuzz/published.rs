//! Published files, damaged: what reads them back says so, and no more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use pointillist::publish::compare;
use pointillist::report::{manifest, registry, report};
use pointillist::{Error, Kind};
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::damage::damage;
use crate::program::{check, folder, run};
use crate::watched::Target;

const RELEASE: &str = "name = \"fuzz\"\n[logs]\npath = \"lookups/**/*.parquet\"\n[keys]\napp = [\"messages\", \"calls\"]\n\
     [ledger]\npath = \"fuzz.ledger\"\nepsilon = 10.0\ndelta = 1e-6\n\
     [[question]]\nname = \"volume\"\ncount = \"lookups\"\nby = [\"hour\", \"app\"]\n\
     [[question]]\nname = \"people\"\ndistinct = \"requester\"\nby = [\"target_country\"]\n\
     [[question]]\nname = \"sms\"\nshare = \"route = 'sms'\"\n\
     [[question]]\nname = \"bins\"\nhistogram = \"lookups per requester\"\n\
     [[question]]\nname = \"speed\"\nquantiles = [0.5, 0.9]\nof = \"latency_ms\"\nrange = [1, 60000]\n\
     [[question]]\nname = \"mean\"\nmean = \"latency_ms\"\nrange = [1, 60000]\nby = [\"app\"]\n";

const WORDS: [&str; 26] = [
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "1e308",
    "-1e308",
    "NaN",
    "\"\"",
    "{",
    "}",
    "[",
    "]",
    "[]",
    "{}",
    ",",
    ":",
    "\"value\"",
    "\"day\"",
    "\"files\"",
    "\"facts\"",
    "\"question\"",
    "\"measured_tables\"",
    "\"\\u0000\"",
    "\"<script>\"",
    "\"2026-13-45\"",
];

/// Every published file by its path below the output.
type Files = BTreeMap<PathBuf, Vec<u8>>;

pub(crate) fn target() -> Target {
    let folder = folder();
    std::fs::write(folder.path().join("fuzz.toml"), RELEASE).unwrap();
    for arguments in [
        "simulate --out lookups --days 2 --start 2026-01-05 --lookups-per-day 3000 --requesters 1000",
        "run fuzz.toml --from 2026-01-05 --to 2026-01-06 --as-of 2026-01-10",
        "rollup fuzz.toml --to week",
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let (code, words) = run(folder.path(), &arguments);
        assert_eq!(code, 0, "{words}");
    }
    let out = folder.path().join("published");
    let mut files = Files::new();
    collect(&out, &out, &mut files);
    assert!(files.len() > 12);
    Box::new(move |chance| {
        // The folder lives as long as the target.
        let out = folder.path().join("published");
        one(chance, &files, &out);
    })
}

fn collect(root: &Path, folder: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.insert(
                path.strip_prefix(root).unwrap().to_path_buf(),
                std::fs::read(&path).unwrap(),
            );
        }
    }
}

fn one(chance: &mut Chance, files: &Files, out: &Path) {
    let paths: Vec<&PathBuf> = files.keys().collect();
    let mut changed: Vec<&PathBuf> = (0..=chance.below(3)).map(|_| chance.of(&paths)).collect();
    changed.sort_unstable();
    changed.dedup();
    for path in &changed {
        let (bytes, other) = (&files[*path], &files[chance.of(&paths)]);
        let is_table = path.extension().is_some_and(|ending| ending == "parquet");
        let bytes = match chance.below(3) {
            0 => {
                let mut bytes = bytes.clone();
                damage(chance, &mut bytes, &WORDS, other);
                bytes
            }
            _ if is_table => with_other_facts(chance, bytes),
            _ => serde_json::from_slice(bytes).map_or_else(
                |_| bytes.clone(),
                |mut facts: Value| {
                    change(chance, &mut facts);
                    facts.to_string().into_bytes()
                },
            ),
        };
        std::fs::write(out.join(path), bytes).unwrap();
    }
    if chance.once_in(2) {
        with_right_digests(out);
    }
    let fine = |result: Result<(), Error>| {
        if let Err(error) = result {
            check(&error, &[Kind::Input, Kind::Usage, Kind::Refused, Kind::Io]);
        }
    };
    fine(report(out).map(drop));
    fine(manifest(out).map(drop));
    fine(registry(out).map(drop));
    for question in ["volume", "people", "sms", "bins", "speed", "mean"] {
        fine(compare(out, question, ["2026-01-05", "2026-01-06"]).map(drop));
    }
    for path in &changed {
        if chance.once_in(20) {
            run(out, &["inspect", path.to_str().unwrap()]);
        }
        std::fs::write(out.join(path), &files[*path]).unwrap();
    }
    for path in files.keys().filter(|path| path.starts_with("_manifest")) {
        std::fs::write(out.join(path), &files[path]).unwrap();
    }
}

/// The same rows in a file that says something else of them.
fn with_other_facts(chance: &mut Chance, bytes: &[u8]) -> Vec<u8> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::copy_from_slice(bytes)).unwrap();
    let known = builder.metadata().file_metadata().key_value_metadata().unwrap();
    let text = known.iter().find(|pair| pair.key == "pointillist").unwrap().value.clone().unwrap();
    let mut facts: Value = serde_json::from_str(&text).unwrap();
    for _ in 0..=chance.below(4) {
        change(chance, &mut facts);
    }
    let mut batch = builder.build().unwrap().next().unwrap().unwrap();
    match chance.below(4) {
        // Fewer columns, or fewer rows.
        0 => {
            let places: Vec<usize> =
                (0..batch.num_columns()).filter(|_| !chance.once_in(4)).collect();
            batch = batch.project(&places).unwrap();
        }
        1 => batch = batch.slice(0, chance.below(batch.num_rows() + 1)),
        _ => {}
    }
    let pairs = vec![KeyValue::new("pointillist".to_owned(), Some(facts.to_string()))];
    let properties = WriterProperties::builder().set_key_value_metadata(Some(pairs)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// Puts something else at some place of what a file says of itself.
fn change(chance: &mut Chance, facts: &mut Value) {
    let goes_deeper = !chance.once_in(4);
    match facts {
        Value::Object(members) if goes_deeper && !members.is_empty() => {
            let names: Vec<String> = members.keys().cloned().collect();
            let name = chance.of(&names);
            if chance.once_in(12) {
                members.remove(&name);
            } else {
                change(chance, &mut members[&name]);
            }
        }
        Value::Array(members) if goes_deeper && !members.is_empty() => {
            let place = chance.below(members.len());
            change(chance, &mut members[place]);
        }
        other => {
            *other = chance.of(&[
                Value::Null,
                json!(true),
                json!(0),
                json!(-1),
                json!(1e308),
                json!(-1e308),
                json!(1e-320),
                json!(u64::MAX),
                json!(i64::MIN),
                json!(""),
                json!("value"),
                json!("<b>&\""),
                json!("9999-99-99"),
                json!("\u{202e}\0"),
                json!([]),
                json!({}),
                json!([[], {}, 1]),
                json!("0.5"),
                json!("day"),
                json!("America/New_York"),
            ]);
        }
    }
}

/// Lets each manifest name the digests that its files have now.
fn with_right_digests(out: &Path) {
    for entry in std::fs::read_dir(out.join("_manifest")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(mut facts) = serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap()) else {
            continue;
        };
        for file in facts.get_mut("files").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = file.get("path").and_then(Value::as_str).map(|name| out.join(name));
            let Some(bytes) = name.and_then(|name| std::fs::read(name).ok()) else { continue };
            if let Some(file) = file.as_object_mut() {
                file.insert("blake3".to_owned(), json!(blake3::hash(&bytes).to_hex().as_str()));
            }
        }
        std::fs::write(&path, facts.to_string()).unwrap();
    }
}
