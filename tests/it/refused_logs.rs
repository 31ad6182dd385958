//! Logs that are refused, or of which rows decide nothing: files that count twice, columns and units that are missing.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;

use crate::refusals::refused;
use crate::world::{World, rows_of};

#[test]
fn files_that_would_count_twice_or_not_at_all_are_refused_by_every_command() {
    type Spoil = fn(&World);
    let spoils: [(&str, Spoil); 4] = [
        ("two names of one file", |world| {
            std::fs::hard_link(world.path("logs/lookups.csv"), world.path("logs/b.csv")).unwrap();
        }),
        ("as it is and packed", |world| {
            let bytes = std::fs::read(world.path("logs/lookups.csv")).unwrap();
            world.write("logs/lookups.csv.zst", &zstd::encode_all(bytes.as_slice(), 1).unwrap());
        }),
        ("is a link", |world| {
            world.write("elsewhere/a.csv", b"requester,target,requested_at\n");
            std::os::unix::fs::symlink("../elsewhere", world.path("logs/more")).unwrap();
        }),
        ("is not UTF-8", |world| {
            let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff.csv");
            std::fs::write(world.path("logs").join(name), "x").unwrap();
        }),
    ];
    for (words, spoil) in spoils {
        let world = World::new();
        world.edit("logs/*.csv", "logs/**/*");
        spoil(&world);
        let retain = ["retain", "release.toml", "--as-of", "2026-03-10"];
        for ran in
            [world.day("2026-03-02"), world.run(&["check", "release.toml"]), world.run(&retain)]
        {
            assert_eq!(ran.code, 65, "{words}: {}", ran.stderr);
            assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        }
        assert!(world.published().is_empty());
    }
}

#[test]
fn check_names_what_is_passed_over() {
    let world = World::new();
    world.edit("logs/*.csv", "logs/**/*");
    world.write(
        "logs/_temporary/lookups.csv",
        &std::fs::read(world.path("logs/lookups.csv")).unwrap(),
    );
    std::os::unix::fs::symlink("lookups.csv", world.path("logs/latest.csv")).unwrap();
    let ran = world.run(&["check", "release.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("rows               7,200"), "{}", ran.stdout);
    for words in
        ["logs/_temporary: its name begins", "logs/latest.csv: it is a link to what is read"]
    {
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
    let ran = world.run(&["check", "release.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["passed_over"].as_array().unwrap().len(), 2, "{json}");
}

#[test]
fn what_no_file_has_is_refused_before_anything_is_charged_with_the_nearest_name() {
    let lines = |name: &str| {
        let line = |hour: usize| {
            format!(
                "{{\"{name}\":\"+14155550123\",\"target\":\"+442079460999\",\"requested_at\":\"2026-03-02T{hour:02}:00:00Z\"}}\n"
            )
        };
        (0..24).map(line).collect::<String>()
    };
    let json = |name: &str| {
        let world = World::new();
        world.edit("logs/*.csv", "logs/*.ndjson");
        world.write("logs/a.ndjson", b"");
        world.write("logs/b.ndjson", lines(name).as_bytes());
        world
    };
    let world = World::new();
    world.edit("[keys]", "columns = { app = \"aplication\" }\n[keys]");
    refused(&world, 65, &["no column `aplication`", "the files have: app,"]);
    world.edit("aplication", "appp");
    refused(&world, 65, &["no column `appp`", "did you mean `app`?"]);

    // What is the target already is not proposed as the requester, although it is as alike.
    let world = World::new();
    let rows = rows_of("2026-03-02");
    world.write(
        "logs/lookups.csv",
        format!("msisdn_b,msisdn_a,requested_at,c,d,e,f\n{rows}").as_bytes(),
    );
    let columns = "columns = { requester = \"msisdn_x\", target = \"msisdn_b\" }";
    world.edit("[keys]", &format!("{columns}\n[keys]"));
    refused(&world, 65, &["no column `msisdn_x`", "did you mean `msisdn_a`?"]);
    world.edit("msisdn_x", "msisdn_b");
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let words = "both `requester` and `target` from the column `msisdn_b`";
    assert!(ran.stderr.contains(words) && world.published().is_empty(), "{}", ran.stderr);

    let world = World::new();
    world.edit("[keys]", "where = \"status <> 'test'\"\n[keys]");
    refused(&world, 65, &["no column `status`"]);

    let world = World::new();
    world.edit("logs/*.csv", "logs/**/*.csv");
    let text = std::fs::read_to_string(world.path("logs/lookups.csv")).unwrap();
    let without = text.replace(",messages,", ",").replace(",app,", ",");
    std::fs::remove_file(world.path("logs/lookups.csv")).unwrap();
    world.write("logs/app=messages/lookups.csv", without.as_bytes());
    refused(&world, 65, &["no column `app`", "`app=…` are not read as a column"]);

    let world = json("caller");
    refused(&world, 65, &["none of the 2 log files has a column `requester`"]);
    // A name that few lines have may be somebody's number, and is not shown.
    let world = json("requester");
    world.edit("[keys]", "columns = { requester = \"status\" }\n[keys]");
    let odd = "{\"+14155550199\":1,\"statos\":1}\n";
    world.write("logs/b.ndjson", format!("{}{odd}", lines("requester")).as_bytes());
    refused(
        &world,
        65,
        &["a column `status`", "the files have: requested_at, requester, target\n"],
    );
    // In JSON a column that is not needed may be rare.
    let world = json("requester");
    assert_eq!(world.day("2026-03-02").code, 0);
    let ran = world.run(&["check", "release.toml"]);
    assert!(ran.stdout.contains("no file has the column `app`"), "{}", ran.stdout);
    world.write("logs/b.ndjson", format!("[{}]", lines("requester")).as_bytes());
    assert_eq!(world.run(&["check", "release.toml"]).code, 0);
    world.write("logs/b.ndjson", b"[{},\n{}]\n");
    let ran = world.run(&["check", "release.toml"]);
    assert_eq!(ran.code, 65);
    assert!(ran.stderr.contains("JSON object"), "{}", ran.stderr);
}

#[test]
fn times_that_are_numbers_need_a_unit_in_every_format() {
    let text = "requester,target,requested_at,app,route\n\
                +14155550123,+442079460999,1772409600,messages,sms\n";
    let json = "{\"requester\":\"+14155550123\",\"target\":\"+442079460999\",\"requested_at\":1772409600,\"app\":\"messages\",\"route\":\"sms\"}\n";
    for (name, text) in [
        ("a.csv", text.to_owned()),
        ("a.tsv", text.replace(',', "\t")),
        ("a.ndjson", json.to_owned()),
        ("a.parquet", text.to_owned()),
        ("a.arrow", text.to_owned()),
    ] {
        let bytes = match name {
            "a.parquet" => texts_as_parquet(&text),
            "a.arrow" => texts_as_arrow(&text),
            _ => text.into_bytes(),
        };
        let read = |unit: &str| {
            let world = World::new();
            world.edit("\"logs/*.csv\"", &format!("\"logs/{name}\"{unit}"));
            world.write(&format!("logs/{name}"), &bytes);
            world
        };
        refused(&read(""), 65, &[name, "holds numbers", "time_unit"]);
        let ran = read("\ntime_unit = \"s\"").day("2026-03-02");
        assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
    }
    // Of two rows one can be read: the other is a reject.
    let world = World::new();
    world.write(
        "logs/lookups.csv",
        format!("{text}+14155550123,+442079460999,2026-03-02T00:00:00Z,messages,sms\n").as_bytes(),
    );
    assert_eq!(world.day("2026-03-02").code, 0);
}

/// Lines between commas as columns of texts.
fn texts(lines: &str) -> RecordBatch {
    let mut rows = lines.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = rows.next().unwrap();
    let rows: Vec<_> = rows.collect();
    let column = |place: usize| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row[place])))
    };
    RecordBatch::try_from_iter((0..names.len()).map(|place| (names[place], column(place)))).unwrap()
}

fn texts_as_parquet(lines: &str) -> Vec<u8> {
    let (batch, mut bytes) = (texts(lines), Vec::new());
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn texts_as_arrow(lines: &str) -> Vec<u8> {
    let (batch, mut bytes) = (texts(lines), Vec::new());
    let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn shards_without_a_row_and_lines_that_are_odd_decide_nothing() {
    let world = World::new();
    world.edit("logs/*.csv", "logs/*");
    for name in ["a.csv", "b.ndjson", "c.csv.gz", "d.tsv.zst", "e.log"] {
        world.write(&format!("logs/{name}"), b"");
    }
    world.write("logs/f.ndjson", b"[\n1\n\xff\n{\"requester\":\n");
    let ran = world.run(&["check", "release.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for words in ["files              7", "rows               7,204", "malformed        4,"] {
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
    assert_eq!(world.day("2026-03-02").code, 0);
}
