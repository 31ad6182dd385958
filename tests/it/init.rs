//! `init` proposes a release file that `check` and `plan` take as it is, and names nobody.

use std::fmt::Write;

use crate::world::{HEADER, World, rows_of};

/// Writes a release file for logs, checks and plans it, and gives its text; each of the rows counts.
pub(crate) fn proposed(world: &World, logs: &str, rows: usize) -> String {
    let ran = world.run(&["init", logs, "--out", "new.toml"]);
    assert_eq!(ran.code, 0, "{logs}: {}", ran.stderr);
    let text = std::fs::read_to_string(world.path("new.toml")).unwrap();
    let checked = world.run(&["check", "new.toml", "--json"]);
    assert_eq!(checked.code, 0, "{logs}: {}{text}", checked.stdout);
    let facts: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!(facts["lookups"], rows, "{logs}: {facts}\n{text}");
    let planned = world.run(&["plan", "new.toml", "--lookups", "100000"]);
    assert_eq!(planned.code, 0, "{logs}: {}{text}", planned.stderr);
    std::fs::remove_file(world.path("new.toml")).unwrap();
    text
}

/// A log with this header and a row for each of 200 lookups by 40 requesters.
pub(crate) fn log(header: &str, row: &dyn Fn(usize, usize) -> String) -> String {
    let mut text = format!("{header}\n");
    (0..200).for_each(|place| writeln!(text, "{}", row(place, place % 40)).unwrap());
    text
}

pub(crate) fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn simulated_logs_in_every_format_need_no_edit() {
    for format in ["csv", "ndjson", "parquet", "arrow"] {
        let world = World::empty();
        let simulate = ["--days", "2", "--lookups-per-day", "3000", "--requesters", "300"];
        let ran = world
            .run(&[&["simulate", "--out", "logs", "--format", format], &simulate[..]].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let text = proposed(&world, "logs", 6_000);
        has(
            &text,
            &[
                &format!("path = \"logs/**/*.{format}\""),
                "day_folder = \"day\"",
                "app = [\"messages\", \"contacts\", \"calls\", \"share\"",
                "Of one key more each row would have too few lookups.\nname = \"volume\"",
                "\ntarget_country = [",
                "share = \"route = 'sms'\"",
                "of = \"latency_ms\"\n# CHECK: nearly all values lie in this range?",
                "\nrange = [1, 100000]\n",
                "by = [\"target_prefix:6\"]\nkeys = \"private\"",
            ],
        );
        // Unsure are the folders, the list of values, which is public once it is used, how long logs may be
        // kept, when a day begins, and the range of the latency.
        assert_eq!(text.matches("# CHECK").count(), 5, "{text}");
        assert!(!text.contains("time_unit") && !text.contains("identifier"), "{text}");
    }
}

#[test]
fn what_is_proposed_says_something_at_the_size_of_the_log() {
    for (lookups, requesters, by) in
        [("40000", "6000", "by = [\"hour\"]"), ("250000", "35000", "by = [\"hour\", \"app\"]")]
    {
        let world = World::empty();
        let simulate = ["simulate", "--out", "logs", "--days", "1", "--format", "csv"];
        let size = ["--lookups-per-day", lookups, "--requesters", requesters];
        assert_eq!(world.run(&[&simulate[..], &size].concat()).code, 0);
        let ran = world.run(&["init", "logs", "--out", "new.toml"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let text = std::fs::read_to_string(world.path("new.toml")).unwrap();
        has(&text, &[by]);
        let countries = text.lines().find(|line| line.starts_with("target_country = ")).unwrap();
        assert!((4..=24).contains(&countries.matches('"').count()), "{countries}");
        let plan = ["plan", "new.toml", "--lookups", lookups, "--requesters", requesters];
        let planned = world.run(&plan).stdout;
        assert!(
            planned.contains("busy_requesters") && !planned.contains("say nothing"),
            "{planned}"
        );
    }
}

#[test]
fn logs_of_other_shapes_are_described_with_reasons() {
    let seconds = |place: usize| 1_772_409_600 + place * 300;
    let clock = |place: usize| format!("{:02}:{:02}:00", place % 24, place % 60);
    for (name, text, lines) in [
        (
            "calls.csv",
            log("from,to,started,minutes,kind", &|place, who| {
                let kind = if place % 3 == 0 { "voice" } else { "video" };
                format!("user-{who},user-{},{},4,{kind}", who + 1, seconds(place) * 1_000)
            }),
            vec![
                "time_unit = \"ms\"",
                "identifier = \"opaque\"",
                "requester = \"from\"  # by its name; 40 different values",
                "target = \"to\"",
                "requested_at = \"started\"",
                "kind = [\"video\", \"voice\"]",
            ],
        ),
        (
            "export.csv",
            log("src,dst,date", &|place, who| {
                format!(
                    "+1646555{who:04},+442079460999,{}/03/2026 {}",
                    place % 28 + 1,
                    clock(place)
                )
            }),
            vec![
                "time_format = \"%d/%m/%Y %H:%M:%S\"  # no other order",
                "# CHECK: the times name no zone",
            ],
        ),
        (
            "codes.csv",
            log("caller,callee,time", &|place, who| {
                format!("1646555{who:04},442079460999,2026-03-02T{}Z", clock(place))
            }),
            vec!["default_region = \"world\"  # CHECK"],
        ),
        (
            // In the country whose code they begin with they are the same numbers.
            "codes_of_one_country.csv",
            log("caller,callee,time", &|place, who| {
                format!("1646555{who:04},16465550199,2026-03-02T{}Z", clock(place))
            }),
            vec!["default_region = \"world\"  # CHECK"],
        ),
        (
            "nowhere.csv",
            log("caller,callee,time", &|place, who| {
                format!("0000{who:04}000,00000000011,2026-03-02T{}Z", clock(place))
            }),
            vec!["# CHECK: they look like phone numbers", "identifier = \"opaque\""],
        ),
        (
            "answers.ndjson",
            log("", &|place, who| {
                let known = place % 4 != 0;
                format!(
                    "{{\"client_ip\":\"192.0.2.{who}\",\"account\":\"a{}\",\"at\":\"2026-03-02T{}Z\",\"registered\":{known},\"took_ms\":{}}}",
                    who % 20,
                    clock(place),
                    place + 1
                )
            }),
            vec![
                "requester = \"client_ip\"",
                "target = \"account\"",
                "route = \"registered\"",
                "of = \"took_ms\"",
            ],
        ),
        (
            "conn.log",
            format!(
                "#separator \\x09\n#path\tconn\n{}",
                log("#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tproto", &|place, who| {
                    let proto = if place % 5 == 0 { "tcp" } else { "udp" };
                    format!(
                        "{}.5\tC{place}\t10.0.0.{who}\t{place}\t192.0.2.{}\t{proto}",
                        seconds(place),
                        who % 7
                    )
                })
            ),
            vec![
                "time_unit = \"s\"",
                "requester = \"id.orig_h\"",
                "target = \"id.resp_h\"",
                "proto = [\"udp\", \"tcp\"]",
            ],
        ),
    ] {
        let world = World::empty();
        world.write(name, text.trim_start().as_bytes());
        let text = proposed(&world, name, 200);
        has(&text, &lines);
        for person in ["user-7", "55-0007", "5550007", "192.0.2.7", "10.0.0.7", "a7", "C7"] {
            assert!(!text.contains(person), "{person} is in\n{text}");
        }
    }
}

/// A wrong country makes other people of all numbers, and the first run fixes it: a file without a choice is refused.
#[test]
fn nothing_reads_numbers_of_a_country_that_is_not_chosen() {
    let world = World::empty();
    let text = log("caller,callee,time", &|place, who| {
        let target = ["+4915112345678", "0664 1234567", "+41791234567"][place % 3];
        format!("0664 {},{target},2026-03-02T{:02}:00:00Z", 2_345_000 + who, place % 24)
    });
    world.write("log.csv", text.as_bytes());
    let ran = world.run(&["init", "log.csv", "--out", "new.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    has(&ran.stdout, &["write as default_region the country", "pointillist check new.toml"]);
    let text = std::fs::read_to_string(world.path("new.toml")).unwrap();
    has(&text, &["default_region = \"?\"\n", " AT, ", "target_country = [\"CH\", \"DE\"]\n"]);
    for command in [
        &["check", "new.toml"][..],
        &["run", "new.toml"],
        &["retain", "new.toml"],
        &["plan", "new.toml"],
    ] {
        let ran = world.run(command);
        assert_eq!(ran.code, 2, "{command:?}: {}", ran.stdout);
        has(&ran.stderr, &["`[logs] default_region` is still to be chosen", "such as \"AT\""]);
    }
    assert!(!world.path("new.ledger").exists());
    world.write("new.toml", text.replace("\"?\"", "\"AT\"").as_bytes());
    let ran = world.run(&["check", "new.toml", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let facts: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(facts["lookups"], 200, "{facts}");
}

#[test]
fn what_cannot_be_described_is_refused_by_name_and_no_file_is_overwritten() {
    let world = World::new();
    let refused = |arguments: &[&str], code: i32, words: &[&str]| {
        let ran = world.run(&[&["init"], arguments].concat());
        assert_eq!(ran.code, code, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        for word in words {
            assert!(ran.stderr.contains(word), "{word} is not in {}", ran.stderr);
        }
    };
    let before = std::fs::read(world.path("release.toml")).unwrap();
    refused(&["logs", "--out", "release.toml"], 2, &["release.toml is there already"]);
    assert_eq!(std::fs::read(world.path("release.toml")).unwrap(), before);
    refused(&["nowhere"], 65, &["nowhere is not there"]);
    refused(&["logs", "--out", "logs/new.toml"], 2, &["would lie among the logs"]);
    refused(
        &["logs", "--out", "elsewhere/new.toml"],
        74,
        &["elsewhere/new.toml cannot be written"],
    );
    world.write("people/a.csv", b"name,age\nann,4\nbob,5\n");
    refused(&["people"], 65, &["no column of", "holds times", "name, age"]);
    world.write("alone/a.csv", b"time,who\n2026-03-01T00:00:00Z,ann\n2026-03-01T00:00:01Z,bob\n");
    refused(&["alone"], 65, &["no two columns", "time, who"]);
    world.write("empty/a.csv", HEADER.as_bytes());
    refused(&["empty"], 65, &["holds no row that can be read"]);
    world.write("mixed/a.csv", format!("{HEADER}{}", rows_of("2026-03-01")).as_bytes());
    world.write("mixed/b.csv", b"ts,status,size\n1772409600,200,12\n");
    refused(&["mixed"], 65, &["mixed/a.csv", "mixed/b.csv", "are different logs"]);
    let log = format!("{HEADER}{}", rows_of("2026-03-01"));
    world.write("packed/a.csv", log.as_bytes());
    world.write("packed/b.csv.zst", &zstd::encode_all(log.as_bytes(), 0).unwrap());
    let ran = world.run(&["init", "packed", "--out", "both.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(std::fs::read_to_string(world.path("both.toml")).unwrap().contains("packed/**/*.csv*"));
    world.write("kinds/a.csv", b"x\n");
    world.write("kinds/a.ndjson", b"{}\n");
    refused(&["kinds"], 65, &["files of several kinds: .csv, .ndjson"]);
    for (file, bytes, words) in [
        ("book.xlsx", &b"PK\x03\x04"[..], ["is a workbook", "CSV UTF-8"]),
        ("logs.tar.gz", b"", ["is an archive", "unpack it"]),
        ("logs.bz2", b"", ["is packed in a way", "gzip"]),
        ("records.json", b"{\"Records\":[{\"who\":1},{\"who\":2}]}\n", ["no column of", "jq -c"]),
        ("packed.csv", b"\x1f\x8b\x08", ["is packed with gzip", "end with .gz"]),
        (
            "saved.csv",
            b"wer;wen;wann\nM\xfcller;b;2026-03-02 10:05\n",
            ["is not UTF-8 text", "iconv"],
        ),
    ] {
        world.write(file, bytes);
        refused(&[file], 65, &words);
    }
    // A link to what is read anyway is no file of another kind.
    #[cfg(unix)]
    std::os::unix::fs::symlink(".", world.path("mixed/self")).unwrap();
    refused(&["mixed"], 65, &["are different logs"]);
    // Without --out the file is named after the logs.
    let ran = world.run(&["init", "logs/*.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("wrote logs.toml"), "{}", ran.stdout);
    refused(&["logs/*.csv"], 2, &["logs.toml is there already"]);
}
