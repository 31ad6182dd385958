//! Bad input: one message with what, where and how to repair it, its exit code, and nothing charged,
//! published or revealed about a row.

use crate::injector::disturb_at;
use crate::world::{Ran, World, rows_of};

/// Runs a day that must fail before anything is charged.
pub(crate) fn refused(world: &World, code: i32, words: &[&str]) {
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
        ("2026-03-09", "2026-03-09T12:00:00Z", "is not over yet"),
        ("2026-03-20", "2026-03-09T12:00:00Z", "is not over yet"),
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
