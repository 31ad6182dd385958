//! Two neighbouring logs, which differ by the rows of one requester, however damaged those are: the program
//! ends alike, says the same and leaves the same files, but for the noise in them.
//!
//! `engine::tests::oracle` has the same for thousands of logs, up to the rows that are counted.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::world::{HEADER, Ran, World, rows_of};

/// Lines of one requester. The logs have them at the beginning, in the middle and at the end.
const DAMAGED: [&[u8]; 14] = [
    b"+14155550999",
    b"+14155550999,+442079460999,2026-03-02T10:00:00Z,10.9.8.7,messages,sms,1",
    b"+14155550999,\"",
    b"\"+14155550999,+442079460999,2026-03-02T10:00:00Z",
    b"+14155550999,+442079460999",
    b"{\"requester\":\"+14155550999\"",
    b"[1]",
    b"{}",
    b"{\"requester\":1e999,\"target\":null,\"requested_at\":{}}",
    b"#fields\tx",
    b"\xff\xfe{\0",
    b"\xef\xbb\xbf",
    b"+14155550999\r+442079460999",
    b"{\"requester\":\"+14155550999\",\"requested_at\":\"9999-12-31T23:59:59Z\",\"latency_ms\":1e308}",
];

/// What a run ends with, says and leaves.
type Seen = (i32, String, String, BTreeSet<PathBuf>, Vec<String>);

fn seen(world: &World, ran: &Ran) -> Seen {
    let folder = world.path("");
    let files = world.published().into_keys();
    let files = files.map(|path| path.strip_prefix(&folder).unwrap().to_path_buf()).collect();
    let entries = world.ledger()["entries"].as_array().unwrap().clone();
    let states =
        entries.iter().map(|entry| format!("{} {}", entry["state"], entry["charge_nano_rho"]));
    (ran.code, ran.stdout.clone(), ran.stderr.clone(), files, states.collect())
}

/// Runs a day of a log of this name, with these lines among the others.
fn run(name: &str, others: &str, damaged: &[&[u8]], extra: &str) -> Seen {
    let world = World::new();
    std::fs::remove_file(world.path("logs/lookups.csv")).unwrap();
    world.edit("logs/*.csv", "logs/*");
    world.edit("[keys]", &format!("{extra}\n[keys]"));
    let mut lines: Vec<&[u8]> = others.lines().map(str::as_bytes).collect();
    // Only JSON has no header.
    let first = if others.starts_with('{') { 0 } else { 2 };
    for line in damaged {
        for place in [lines.len(), lines.len() / 2, first] {
            lines.insert(place, line);
        }
    }
    world.write(&format!("logs/{name}"), &lines.join(b"\n".as_slice()));
    let ran = world.day("2026-03-02");
    seen(&world, &ran)
}

/// Everything of a published table but its values.
fn form(bytes: &[u8]) -> String {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::copy_from_slice(bytes)).unwrap();
    let metadata = builder.metadata().clone();
    let pairs = metadata.file_metadata().key_value_metadata().into_iter().flatten();
    let mut form: Vec<String> = pairs.map(|pair| pair.key.clone()).collect();
    for group in metadata.row_groups() {
        for column in group.columns() {
            form.push(format!(
                "{} {:?} {:?} {} {} {:?}",
                column.column_path(),
                column.encodings().collect::<Vec<_>>(),
                column.compression(),
                column.dictionary_page_offset().is_some(),
                column.num_values(),
                column.statistics().map(|statistics| statistics.min_bytes_opt().is_some()),
            ));
        }
    }
    let batch = builder.build().unwrap().next().unwrap().unwrap();
    let schema = batch.schema();
    let keys = schema.fields().iter().take_while(|field| field.name() != "value").count();
    format!("{form:?} {schema:?} {:?}", batch.project(&(0..keys).collect::<Vec<_>>()).unwrap())
}

/// What one requester asks decides about values alone: not about columns, rows, their order, encodings,
/// dictionaries or which statistics there are.
#[test]
fn neighbours_leave_files_of_the_same_form() {
    let forms = |of_one: &str| -> Vec<(PathBuf, String)> {
        let world = World::new();
        world.edit("[keys]", "[keys]\nclient = [\"a\"]");
        for (name, rest) in [
            ("people", "distinct = \"requester\"\nby = [\"target_country\", \"client\"]"),
            ("bins", "histogram = \"lookups per requester\""),
            ("speed", "quantiles = [0.5, 0.9]\nof = \"latency_ms\"\nrange = [1, 60000]"),
        ] {
            let question = format!("\n[[question]]\nname = \"{name}\"\n{rest}\n");
            let text = std::fs::read_to_string(world.path("release.toml")).unwrap();
            world.write("release.toml", (text + &question).as_bytes());
        }
        let header = HEADER.replace("client_ip", "client");
        let log = format!("{header}{of_one}{}", rows_of("2026-03-02"));
        world.write("logs/lookups.csv", log.as_bytes());
        let ran = world.day("2026-03-02");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let folder = world.path("");
        let tables = world.published().into_iter();
        let tables =
            tables.filter(|(path, _)| path.extension().is_some_and(|name| name == "parquet"));
        tables
            .map(|(path, bytes)| (path.strip_prefix(&folder).unwrap().to_path_buf(), form(&bytes)))
            .collect()
    };
    let without = forms("");
    assert_eq!(without.len(), 5);
    for (rows, hour, target, client, app) in [
        (1, 10, "+442079460999", "", ""),
        (1, 0, "+8613912345678", "a", "calls"),
        (3_000, 23, "+442079460999", "b", "messages"),
    ] {
        let row = format!("+14155550999,{target},2026-03-02T{hour:02}:59:59Z,{client},{app},,-1\n");
        assert_eq!(forms(&row.repeat(rows)), without, "{row}");
    }
}

fn json(csv: &str) -> String {
    let names: Vec<&str> = HEADER.trim().split(',').collect();
    let object = |line: &str| {
        let members = names
            .iter()
            .zip(line.split(','))
            .map(|(name, value)| format!("\"{name}\":\"{value}\""));
        format!("{{{}}}\n", members.collect::<Vec<_>>().join(","))
    };
    csv.lines().map(object).collect()
}

#[test]
fn damaged_rows_of_one_requester_change_no_code_no_message_and_no_set_of_files() {
    let csv = rows_of("2026-03-02");
    let tabs = |text: &str| text.replace(',', "\t");
    let types = "#types\tstring";
    let zeek = format!("#separator \\x09\n#fields\t{}{types}\n{}", tabs(HEADER), tabs(&csv));
    for (name, text) in [
        ("x.csv", format!("\n{HEADER}{csv}")),
        ("x.tsv", format!("\n{}{}", tabs(HEADER), tabs(&csv))),
        ("x.log", json(&csv)),
        ("x.ndjson", json(&csv)),
        ("zeek.log", zeek),
    ] {
        let expected = run(name, &text, &[], "");
        assert_eq!(expected.0, 0, "{name}: {}", expected.2);
        for damaged in DAMAGED.chunks(5) {
            let shown = String::from_utf8_lossy(&damaged.concat()).into_owned();
            assert_eq!(run(name, &text, damaged, ""), expected, "{name} with {shown:?}");
        }
    }
}

/// The rows of others decide that a log is refused, and in the same words.
#[test]
fn damaged_rows_of_one_requester_refuse_nothing_and_save_nothing_from_being_refused() {
    let text = json(&rows_of("2026-03-02"));
    let extra = "columns = { target = \"callee\" }";
    let expected = run("x.ndjson", &text, &[], extra);
    assert_eq!(expected.0, 65, "{}", expected.2);
    for damaged in DAMAGED.chunks(5) {
        assert_eq!(run("x.ndjson", &text, damaged, extra), expected);
    }
}
