//! What `check` says of texts: their encoding, the spelling of values, and the decimal mark of numbers.

use serde_json::{Value, json};

use crate::any_log;
use crate::check::{check, facts, with_log};
use crate::world::{HEADER, World};

const QUANTILE: &str = "[[question]]
name = \"waits\"
quantiles = [0.5]
of = \"latency_ms\"
range = [0, 60000]
";

/// A program makes half of the lookups of `calls`, and 6 % of all.
#[test]
fn records_that_are_not_utf_8_are_named_with_what_converts_them() {
    let line = |place: usize| {
        let app: &[u8] = if place.is_multiple_of(2) { b"liga\xe7\xf5es" } else { b"calls" };
        let (who, rest) = (place % 90, ",+442079460999,2026-03-02T08:00:00Z,,");
        [format!("+1646555{who:04}{rest}").as_bytes(), app, b",sms,1\n"].concat()
    };
    let world = World::new();
    let lines: Vec<u8> = (0..300).flat_map(line).collect();
    world.write("logs/lookups.csv", &[HEADER.as_bytes(), &lines].concat());
    let text = check(&world).stdout.replace("\n  ", " ");
    assert!(text.contains("150 records are not UTF-8 and count nowhere: convert"), "{text}");
    assert!(text.contains("iconv -f WINDOWS-1252 -t UTF-8"), "{text}");
    assert!(!text.contains("in the format of their file"), "{text}");
    // A record that is wrong for another reason stays what it is.
    let wrong = [HEADER.as_bytes(), &lines, b"too,few\n"].concat();
    world.write("logs/lookups.csv", &wrong);
    let text = check(&world).stdout.replace("\n  ", " ");
    assert!(text.contains("150 records are not UTF-8"), "{text}");
    assert!(text.contains("1 record is not in the format of their file"), "{text}");
}

/// What will stop a deletion is said while there is time to mend it, and the file of rejects by its name.
#[test]
fn rows_that_will_stop_a_deletion_are_named_beforehand_and_where_they_were_written() {
    let world = World::new();
    let rows = std::fs::read_to_string(world.path("logs/lookups.csv")).unwrap();
    let bad = "+14155550123,+442079460999,yesterday,,,,\ntoo,few\n";
    world.write("logs/lookups.csv", format!("{rows}{bad}").as_bytes());
    let text = check(&world).stdout.replace("\n  ", " ");
    let words = "`retain` deletes nothing at all because of 2 rows whose times cannot be read";
    assert!(text.contains(words) && text.contains("`--rejects DIR` writes them out"), "{text}");
    let text = world.run(&["check", "release.toml", "--rejects", "bad"]).stdout;
    assert!(text.contains("\n  written to       bad/daily-check.ndjson\n"), "{text}");
    let text = text.replace("\n  ", " ");
    assert!(text.contains("they are in bad/daily-check.ndjson"), "{text}");
    assert!(!text.contains("--rejects DIR"), "{text}");
    let object = world.run(&["check", "release.toml", "--rejects", "bad", "--json"]).stdout;
    let object: Value = serde_json::from_str(&object).unwrap();
    assert_eq!(object["rejects_written_to"], json!("bad/daily-check.ndjson"));
    // Of a log that a pattern reads, they go with the lines around them.
    let pattern = "identifier = \"opaque\"\n\
                   pattern = '(?<requested_at>\\S+Z) (?<requester>\\S+) (?<target>\\S+)'\n";
    let world = any_log::world(pattern, &[("a.log", "2026-03-02T08:00:00Z a b\nnot read\n")]);
    let text = world.run(&["check", "release.toml"]).stdout.replace("\n  ", " ");
    for words in [
        "1 line is read by no `pattern`",
        "Do both before the first run",
        "together with the lines around them",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("deletes nothing"), "{text}");
}

#[test]
fn a_value_that_is_listed_in_another_spelling_is_named_if_many_requesters_have_it() {
    let rows = |requesters: usize, fallback: &str| {
        let line = |place: usize| {
            let (app, route) = match place % 10 {
                0..=2 => ("Messages ", fallback),
                3 => ("calls", "peer-17"),
                _ => ("messages", "Reached"),
            };
            let who = place % requesters;
            format!("+1646555{who:04},+442079460999,2026-03-02T08:00:00Z,,{app},{route},1")
        };
        (0..1_000).map(line).collect::<Vec<_>>()
    };
    for (requesters, fallback, map, words) in [
        (
            90,
            "SMS",
            true,
            &["40.0 % of the lookups have a value of `route`", "`SMS`, which 30.0 %"][..],
        ),
        (90, "Sms", true, &[][..]),
        (13, "SMS", true, &["40.0 % of the lookups have a value of `route`"]),
        // Without a map words count in any capitals, and one in ten means nothing.
        (90, "SMS", false, &["70.0 % of the lookups have a value of `route`"]),
    ] {
        let world = with_log(HEADER.trim_end(), &rows(requesters, fallback));
        if map {
            let map =
                "route = { column = \"route\", map = { Reached = \"messenger\", Sms = \"sms\" } }";
            world.edit("[keys]", &format!("columns = {{ {map} }}\n[keys]"));
        }
        let ran = check(&world);
        let text = ran.stdout.replace("\n  ", " ");
        for words in words {
            assert!(text.contains(words), "{words} is not in\n{text}");
        }
        let is_named = |words: &str| text.contains(words);
        assert_eq!(is_named("`SMS`, which"), words.len() == 2, "{text}");
        assert_eq!(is_named("`Messages `, which 30.0 % of the"), requesters == 90, "{text}");
        assert!(!is_named("peer-17"), "{text}");
        let findings = facts(&world)["findings"].to_string();
        assert!(!findings.contains("peer-17"), "{findings}");
    }
}

/// Lookups with these numbers, as text of three formats; `{mark}` is their decimal mark.
fn with_numbers(format: &str, mark: char) -> String {
    let row = |place: usize| {
        let number = match place % 4 {
            0 => format!("7{mark}{place:03}"),
            1 => format!("0{mark}5"),
            2 => "3000".to_owned(),
            _ => format!("{}{mark}25", 20 + place),
        };
        let (who, time) = (format!("+1646555{:04}", place % 90), "2026-03-02T08:00:00Z");
        match format {
            "csv" => format!("{who};+442079460999;{time};calls;{number}\n"),
            "log" => format!("{who} asked +442079460999 at {time} by calls, {number} ms\n"),
            _ => format!(
                "{}\n",
                json!({ "requester": who, "target": "+442079460999", "requested_at": time, "app": "calls",
                    "latency_ms": number })
            ),
        }
    };
    let header =
        if format == "csv" { "requester;target;requested_at;app;latency_ms\n" } else { "" };
    header.to_owned() + &(0..300).map(row).collect::<String>()
}

#[test]
fn numbers_with_another_decimal_mark_are_named_and_read_once_it_is_declared() {
    let pattern = "pattern = '(?<requester>\\S+) asked (?<target>\\S+) at (?<requested_at>\\S+) by (?<app>\\w+), \
                   (?<latency_ms>.*) ms'";
    for (format, setting) in [("csv", "delimiter = \";\""), ("ndjson", ""), ("log", pattern)] {
        let world = World::new();
        world.edit("[keys]", &format!("{setting}\nwhere = \"latency_ms > 1\"\n[keys]"));
        world.edit("[keys]", "# decimal\n[keys]");
        let text = std::fs::read_to_string(world.path("release.toml")).unwrap();
        let questions = text.find("[[question]]").unwrap();
        world.edit(&text[questions..], QUANTILE);
        world.edit("logs/*.csv", &format!("logs/*.{format}"));
        let seen = |mark: char, declared: &str| {
            world.write(&format!("logs/lookups.{format}"), with_numbers(format, mark).as_bytes());
            world.edit("# decimal", declared);
            let facts = facts(&world);
            world.edit(declared, "# decimal");
            let of_number = |key: &&Value| !key["number"].is_null();
            let number = facts["keys"].as_array().unwrap().iter().find(of_number);
            let number = number.unwrap_or_else(|| panic!("{format} {facts}")).clone();
            (number, facts["findings"].to_string())
        };
        let comma = "decimal = ','";
        let (point, declared) = (seen('.', "# decimal"), seen(',', comma));
        assert_eq!(point, declared, "{format}");
        assert_eq!(point.0["range"]["inside"], json!(225), "{format}");
        assert!(!declared.1.contains("decimal"), "{}", declared.1);
        // `where` leaves them out as no numbers, so that its line goes.
        world.edit("where = \"latency_ms > 1\"", "");
        let (number, findings) = seen(',', "# decimal");
        assert_eq!((&number["other"], &number["range"]["inside"]), (&json!(225), &json!(75)));
        assert_eq!(number["range"]["otherwise_written"], json!(225));
        for words in ["`latency_ms` has a comma in 75.0 % of the lookups", "write `decimal = "] {
            assert!(findings.contains(words), "{format}: {findings}");
        }
        let (_, findings) = seen('.', comma);
        for words in ["`latency_ms` has a point in 75.0 % of the lookups", "remove that line"] {
            assert!(findings.contains(words), "{format}: {findings}");
        }
    }
}
