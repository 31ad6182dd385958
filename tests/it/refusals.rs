//! Bad input: one message with what, where and how to repair it, its exit code, and nothing charged,
//! published or revealed about a row.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;

use crate::injector::disturb_at;
use crate::world::{Ran, World, rows_of};

/// Runs a day that must fail before anything is charged.
fn refused(world: &World, code: i32, words: &[&str]) {
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, code, "{}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "`{word}` is not in: {}", ran.stderr);
    }
    assert_eq!(ran.stderr.matches("error:").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("hint:"), "{}", ran.stderr);
    assert!(world.published().is_empty());
    if world.path("daily.ledger").exists() {
        assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 0);
    }
}

#[test]
fn what_the_release_file_may_not_say() {
    for (from, to, words) in [
        ("epsilon = 1.0", "epsilon = 0", vec!["[ledger] epsilon"]),
        ("epsilon = 1.0", "epsilon = nan", vec!["[ledger] epsilon"]),
        ("epsilon = 1.0", "epsilon = -1", vec!["[ledger] epsilon"]),
        ("epsilon = 1.0", "epsilon = 1e400", vec!["line 11"]),
        ("epsilon = 1.0", "epsylon = 1.0", vec!["line 11", "epsylon", "did you mean `epsilon`"]),
        ("by = [\"app\"]", "by = [\"carrier\"]", vec!["carrier", "public list"]),
        (
            "by = [\"app\"]",
            "by = [\"carrier\"]",
            vec!["the keys that have one are app, hour, hour_of_week, requester_country, route,"],
        ),
        ("by = [\"app\"]", "keys = \"private\"", vec!["count of lookups"]),
        ("by = [\"app\"]", "by = [\"target\"]", vec!["protected"]),
        ("route = 'sms'", "hour_of_week = '60'", vec!["sms_share", "hour_of_week", "write `hour`"]),
        ("route = 'sms'", "hour = '07'", vec!["sms_share", "no lookup can meet"]),
        ("route = 'sms'", "hour = 25", vec!["sms_share", "no lookup can meet"]),
        ("route = 'sms'", "app LIKE '%'", vec!["sms_share", "every lookup meets"]),
        (
            "[keys]",
            "[[question]]\nname = \"v\"\ncount = \"lookups\"\nby = [\"value\"]\n[keys]\nvalue = [\"a\"]",
            vec!["`v`", "`value`", "columns = { my_value = \"value\" }"],
        ),
        ("name = \"daily\"", "name = \"../daily\"", vec!["folder's name"]),
    ] {
        let world = World::new();
        world.edit(from, to);
        refused(&world, 2, &words);
    }
}

/// The log calls the route something else, and somebody asks by that word.
#[test]
fn a_column_that_is_read_as_a_key_is_named_by_the_key() {
    let world = World::new();
    world.edit("[keys]", "columns = { route = \"channel\" }\n[keys]");
    world.edit("by = [\"app\"]", "by = [\"channel\"]");
    refused(&world, 2, &["the key `channel` has no public list", "did you mean `route`?"]);
}

#[test]
fn a_key_named_like_a_column_of_answers_or_roll_ups() {
    for name in ["value", "quantile", "uninformative", "period", "days", "of_days", "target_region"]
    {
        let world = World::new();
        let question =
            format!("[[question]]\nname = \"v\"\ncount = \"lookups\"\nby = [\"{name}\"]\n");
        world.edit("[keys]", &format!("{question}[keys]\n{name} = [\"a\"]"));
        refused(&world, 2, &["`v`", &format!("`{name}`")]);
    }
}

#[test]
fn logs_that_are_not_there_or_not_as_declared() {
    let world = World::new();
    world.edit("logs/*.csv", "elsewhere/*.csv");
    refused(&world, 65, &["no log file matches", "elsewhere"]);

    let world = World::new();
    world.edit("[keys]", "columns = { requester = \"caller\" }\n[keys]");
    refused(&world, 65, &["lookups.csv", "no column `caller`", "client_ip"]);

    for (ends, name) in [(["\r", "\r"], "all.csv"), (["\r", "\n"], "first.csv")] {
        let world = World::new();
        let row = "+14155550123,+442079460999,2026-03-01T00:00:00Z";
        let text = format!("requester,target,requested_at{}{row}{}", ends[0], ends[1]);
        world.write(&format!("logs/{name}"), text.as_bytes());
        refused(&world, 65, &[name, "a header with a carriage return that ends no line"]);
    }

    let world = World::new();
    world.edit("logs/*.csv", "logs/*");
    world.write("logs/broken.parquet", b"PAR1 not a footer PAR1");
    refused(&world, 65, &["broken.parquet cannot be decoded"]);
}

#[test]
fn days_that_may_not_be_released() {
    let world = World::new();
    for (day, as_of, word) in [
        ("2026-03-09", "2026-03-09T12:00:00Z", "not closed yet"),
        ("2026-03-20", "2026-03-09T12:00:00Z", "not closed yet"),
        ("2026-03-01", "2026-03-31T12:00:00Z", "partly past retention"),
        ("2026-01-01", "2026-03-31T12:00:00Z", "past retention"),
    ] {
        let ran = world.run(&["run", "release.toml", "--day", day, "--as-of", as_of]);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(day) && ran.stderr.contains(word), "{}", ran.stderr);
    }
    assert!(world.published().is_empty());
    assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 0);
}

#[test]
fn an_output_that_cannot_be_written_charges_nothing() {
    let world = World::new();
    world.write("published", b"a file where the folder should be");
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 74, "{}", ran.stderr);
    assert!(ran.stderr.contains("published"), "{}", ran.stderr);
    assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 0);
}

#[test]
#[cfg(unix)]
fn a_full_disk_is_an_io_error_and_leaves_nothing_half_written() {
    let world = World::new();
    // A limit on the size of files stands in for the full disk; its signal is ignored, as a disk
    // sends none.
    let script = format!(
        "trap '' XFSZ; ulimit -f 24; exec '{}' run release.toml --day 2026-03-02 --as-of 2026-03-10",
        env!("CARGO_BIN_EXE_pointillist")
    );
    let output = std::process::Command::new("bash")
        .current_dir(world.path(""))
        .args(["-c", &script])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(74), "{stderr}");
    assert!(world.published().is_empty());
    // With room again the job is done.
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(world.published().len(), 3);
}

/// The range stops at the first step that does not fit, before it draws, and with room again every day is
/// released for one charge. `POINTILLIST_DISKS` sets how many sizes are tried.
#[test]
fn a_disk_that_fills_up_costs_no_day() {
    let sizes: u64 = std::env::var("POINTILLIST_DISKS").map_or(6, |text| text.parse().unwrap());
    let arguments = "run release.toml --from 2026-03-01 --to 2026-03-03 --as-of 2026-03-10";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let mut codes = std::collections::BTreeSet::new();
    for size in 0..sizes {
        let world = World::new();
        let room = 40_000 + size * 2_360_000 / (sizes - 1);
        // Only the ledger's disk is small.
        let (ran, _) =
            disturb_at(world.command(&arguments), "daily.ledger", &format!("room {room}"));
        codes.insert(ran.code);
        assert!([0, 74].contains(&ran.code), "{room}: {}", ran.stderr);
        assert!(ran.stderr.matches("error:").count() <= 1, "{room}: {}", ran.stderr);
        if world.path("daily.ledger").exists() {
            for entry in world.ledger()["entries"].as_array().unwrap() {
                let is_done = entry["state"] == "published";
                assert!(is_done || entry["state"] == "reserved", "{room}: drawn in vain");
            }
        }
        let finished = world.run(&arguments);
        assert_eq!(finished.code, 0, "{room}: {}", finished.stderr);
        assert_eq!(world.published().len(), 9);
        let entries = world.ledger()["entries"].clone();
        assert_eq!(entries.as_array().unwrap().len(), 3, "{room}");
        assert!(entries.as_array().unwrap().iter().all(|entry| entry["attempts"] == 1), "{room}");
    }
    assert_eq!(codes, [0, 74].into(), "too little room, and enough");
}

#[test]
fn other_terms_than_the_ledgers_are_refused_by_name() {
    let world = World::new();
    world.day("2026-03-02");
    for (from, to, word) in [
        ("epsilon = 1.0", "epsilon = 2.0", "epsilon"),
        ("delta = 1e-6", "delta = 1e-6\ntime_zone = \"Europe/Paris\"", "time_zone"),
        ("[keys]", "identifier = \"opaque\"\n[keys]", "identifier"),
    ] {
        let before = std::fs::read(world.path("release.toml")).unwrap();
        world.edit(from, to);
        let ran = world.day("2026-03-01");
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(word), "{}", ran.stderr);
        world.write("release.toml", &before);
    }
}

/// Where the release file says how lines are divided, that decides who asked: with other places a day would
/// be charged for other people, and one of those that it was charged for could move as many of them as it likes.
#[test]
fn who_asked_is_the_same_in_every_release_of_a_ledger_however_lines_are_divided() {
    let pattern = "pattern = '(?<requester>[^;]+);(?<target>[^;]+);(?<requested_at>[^;]+);(?<app>[^;]*);(?<route>.*)'";
    let list = "delimiter = \";\"\nheader = [\"requester\", \"target\", \"requested_at\", \"app\", \"route\"]";
    for (fields, from, to, word) in [
        (
            pattern,
            "(?<requester>[^;]+);(?<target>",
            "(?<target>[^;]+);(?<requester>",
            Some("[logs] pattern"),
        ),
        (list, "\"requester\", \"target\"", "\"target\", \"requester\"", Some("[logs] header")),
        (list, "\";\"", "\";\"\nquote = \"'\"", Some("[logs] quote")),
        (list, "\";\"", "\";\"\nescape = '\\'", Some("[logs] escape")),
        (list, "\";\"", "\";\"\nnull = '-'", Some("[logs] null")),
        // More columns, lines that are none, and what those are that no pattern matches.
        (list, "\"route\"", "\"route\", \"more\"", None),
        (list, "\";\"", "\";\"\ncomment = \"%\"", None),
        (pattern, "pattern", "skip = 'x'\npattern", None),
    ] {
        let world = World::new();
        world.edit("[keys]", &format!("{fields}\n[keys]"));
        let columns = |row: &str| {
            let row: Vec<&str> = row.split(',').collect();
            format!("{}\n", [row[0], row[1], row[2], row[4], row[5]].join(";"))
        };
        let log: String =
            ["2026-03-01", "2026-03-02"].map(rows_of).concat().lines().map(columns).collect();
        world.write("logs/lookups.csv", log.as_bytes());
        assert_eq!(world.day("2026-03-02").code, 0);
        world.edit(from, to);
        let ran = world.day("2026-03-01");
        assert_eq!(ran.code, i32::from(word.is_some()), "{to}: {}", ran.stderr);
        assert!(ran.stderr.contains(word.unwrap_or_default()), "{to}: {}", ran.stderr);
    }
}

#[test]
fn a_range_goes_on_after_a_failure_and_ends_with_the_largest_code() {
    let world = World::new();
    let arguments = [
        "run",
        "release.toml",
        "--from",
        "2026-03-02",
        "--to",
        "2026-03-04",
        "--as-of",
        "2026-03-04",
    ];
    let ran = world.run(&[&arguments[..], &["--json"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["days"][0]["done"], "released");
    assert_eq!(json["days"][1]["done"], "released");
    assert_eq!(json["days"][2]["error"]["kind"], "refused");
}

#[test]
fn json_failures_are_one_object() {
    let world = World::new();
    world.edit("logs/*.csv", "nowhere/*.csv");
    let ran = world.run(&[
        "run",
        "release.toml",
        "--day",
        "2026-03-02",
        "--as-of",
        "2026-03-10",
        "--json",
    ]);
    assert_eq!(ran.code, 65);
    assert_eq!(ran.stderr, "");
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let error = &json["error"];
    assert_eq!((error["code"].as_u64(), error["kind"].as_str()), (Some(65), Some("input")));
    assert!(error["message"].is_string() && error["help"].is_string());
}

#[test]
fn a_day_that_looks_half_delivered_is_refused_unless_that_is_allowed() {
    let world = World::new();
    world.edit("logs/*.csv", "logs/**/*.csv");
    let text = std::fs::read(world.path("logs/lookups.csv")).unwrap();
    std::fs::remove_file(world.path("logs/lookups.csv")).unwrap();
    world.write("logs/day=2026-03-02/part-0.csv", &text);
    world.edit("[keys]", "day_folder = \"day\"\nexpect = { files_per_day = 2 }\n[keys]");
    refused(&world, 1, &["2026-03-02", "half-delivered: 1 of 2 files", "--incomplete"]);
    let run =
        ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10", "--incomplete"];
    assert_eq!(world.run(&run).code, 0);

    let world = World::new();
    world.edit("[keys]", "expect = { files_per_day = 2 }\n[keys]");
    refused(&world, 2, &["`[logs] expect` needs `day_folder` or `day_file`"]);
}

#[test]
fn rows_that_do_not_fit_go_to_files_that_nobody_finds_or_are_refused_before_anything_is_spent() {
    let world = World::new();
    world.write("tmp/keep", b"");
    let run = |tmp: &str, more: &[&str]| {
        let base = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10"];
        let mut command = world.command(&[&base, more].concat());
        Ran::of(&command.env("TMPDIR", world.path(tmp)).output().unwrap())
    };
    let refused = run("tmp", &["--memory", "1000", "--no-spill"]);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("--no-spill"), "{}", refused.stderr);
    assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 0);
    // A folder that is not there stops the tally; the reservation stays for the next run.
    let nowhere = run("nowhere", &["--memory", "1"]);
    assert_eq!(nowhere.code, 74, "{}", nowhere.stderr);
    assert!(nowhere.stderr.contains("TMPDIR"), "{}", nowhere.stderr);
    let spilled = run("tmp", &["--memory", "1"]);
    assert_eq!(spilled.code, 0, "{}", spilled.stderr);
    assert_eq!(std::fs::read_dir(world.path("tmp")).unwrap().count(), 1);
    assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 1);
    assert_eq!(run("tmp", &["--memory", "much"]).code, 2);
}

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
    assert!(ran.stdout.contains("no file have the column `app`"), "{}", ran.stdout);
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
