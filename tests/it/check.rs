//! `check` teaches: what logs hold, what is wrong with them and what would mend it.

use serde_json::{Value, json};

use crate::world::{HEADER, Ran, World, rows_of};

pub(crate) fn check(world: &World) -> Ran {
    world.run(&["check", "release.toml"])
}

pub(crate) fn facts(world: &World) -> Value {
    serde_json::from_str(&world.run(&["check", "release.toml", "--json"]).stdout).unwrap()
}

/// A world whose log has these lines behind a header.
pub(crate) fn with_log(header: &str, lines: &[String]) -> World {
    let world = World::new();
    world.write("logs/lookups.csv", format!("{header}\n{}\n", lines.join("\n")).as_bytes());
    world
}

#[test]
fn days_hours_people_and_keys_are_counted() {
    let world = World::new();
    // The second of three days goes, so that a day is missing.
    let days = format!("{HEADER}{}{}", rows_of("2026-03-01"), rows_of("2026-03-03"));
    world.write("logs/lookups.csv", days.as_bytes());
    let ran = check(&world);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for words in [
        "first lookup       2026-03-01T00:15:00Z",
        "last lookup        2026-03-03T23:15:00Z",
        "days               2 with lookups, 1 missing in between (UTC)",
        "requesters         300\n  on a mean day    300\n",
        "targets            1",
        "  2026-03-01  2,400  ####",
        "  none on          2026-03-02",
        "  23  200  ########################################",
        "  messages  4,800         100 %",
        "  sms      4,800         100 %",
    ] {
        assert!(ran.stdout.contains(words), "{words} is not in\n{}", ran.stdout);
    }
    let text = ran.stdout.replace("\n  ", " ");
    for words in
        ["lists `calls`, which no lookup has", "`run --as-of 2026-03-04` decides as of then"]
    {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    let facts = facts(&world);
    assert_eq!(facts["usable"], json!(true));
    assert_eq!(facts["times"]["gaps"], json!([["2026-03-02", "2026-03-02"]]));
    assert_eq!(facts["times"]["hours"], json!(vec![200; 24]));
    assert_eq!(
        facts["times"]["days"],
        json!([{"day": "2026-03-01", "lookups": 2_400}, {"day": "2026-03-03", "lookups": 2_400}])
    );
    assert_eq!((&facts["requesters"], &facts["targets"]), (&json!(300), &json!(1)));
    assert_eq!(facts["requesters_a_day"], json!(300));
    assert_eq!(facts["keys"][0]["key"], "app");
    assert_eq!(facts["keys"][0]["values"], json!([{"value": "messages", "lookups": 4_800}]));
    assert_eq!(facts["keys"][0]["never_seen"], json!(["calls"]));
}

#[test]
fn rejects_come_with_what_would_mend_them() {
    let header = HEADER.trim_end();
    let rows = |requester: &dyn Fn(usize) -> String, time: &dyn Fn(usize) -> String| {
        let row =
            |place| format!("{},+442079460999,{},,calls,sms,1", requester(place), time(place));
        (0..1_035).map(row).collect::<Vec<_>>()
    };
    let day = |_: usize| "2026-03-02T08:00:00Z".to_owned();
    let number = |place: usize| format!("+1646555{place:04}");
    for (lines, words) in [
        (
            rows(&|place| format!("user-{place}"), &day),
            "1,035 identifiers are no phone numbers but names: if people have such names, write \
             `identifier = \"opaque\"`",
        ),
        (rows(&|place| format!("0664{place:06}"), &day), "or \"world\" if they begin with their"),
        (rows(&|place| format!("10.0.{}.1", place % 256), &day), "are internet addresses"),
        (rows(&|_| "4.36641E+12".to_owned(), &day), "may have lost digits"),
        (
            rows(&|place| format!("%2B43664{place:06}"), &day),
            "1,035 identifiers are percent-encoded numbers, in which `%2B` stands for `+`: if a `pattern` reads them, \
             put `%2B` into it",
        ),
        (rows(&|place| format!("+999{place}"), &day), "begin with `+` and cannot be dialled"),
        (rows(&number, &|_| "8 in the morning".to_owned()), "written like `9 aa aaa aaaaaaa`"),
        (rows(&number, &|_| String::new()), "1,035 rows have no time in `requested_at`"),
    ] {
        let ran = check(&with_log(header, &lines));
        assert_eq!(ran.code, 65, "{words}: {}", ran.stdout);
        let text = ran.stdout.replace("\n  ", " ");
        assert!(text.contains(words), "{words} is not in\n{}", ran.stdout);
        assert!(text.contains("none of 1,035 rows can be read"), "{}", ran.stdout);
    }
    // One row in ten is enough to be of use, and one in twenty is not.
    for (good, code) in [(110, 0), (50, 65)] {
        let lines = rows(&|place| if place < good { number(place) } else { "x".to_owned() }, &day);
        assert_eq!(check(&with_log(header, &lines)).code, code);
    }
    let empty = check(&with_log(header, &[]));
    assert_eq!(empty.code, 65);
    assert!(empty.stdout.contains("the files hold no row"), "{}", empty.stdout);
}

/// Some of these begin with the calling code of Austria and are too short, and some begin with none.
#[test]
fn numbers_with_a_calling_code_that_are_no_numbers_are_not_said_to_lack_it() {
    let number = |place: usize| match place % 3 {
        0 => "4366".to_owned(),
        1 => format!("0664{place:06}"),
        _ => format!("43664{place:07}"),
    };
    let row = |place| format!("{},+442079460999,2026-03-02T08:00:00Z,,calls,sms,1", number(place));
    let world = with_log(HEADER.trim_end(), &(0..300).map(row).collect::<Vec<_>>());
    for (region, words) in [
        ("world", "200 identifiers are no valid numbers with a calling code in front"),
        (
            "DE",
            "If the log has numbers of several countries as they are dialled there, some of the other",
        ),
    ] {
        world.write("release.toml", TWO_QUESTIONS.replace("REGION", region).as_bytes());
        let text = check(&world).stdout.replace("\n  ", " ");
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
}

const TWO_QUESTIONS: &str = r#"name = "daily"
[logs]
path = "logs/*.csv"
default_region = "REGION"
[ledger]
path = "daily.ledger"
epsilon = 1.0
delta = 1e-6
[[question]]
name = "volume"
count = "lookups"
by = ["hour"]
"#;

#[test]
fn days_that_a_run_would_look_at_for_nothing_are_counted() {
    let world = World::new();
    world.edit("[privacy]", "[retention]\ndays = 3000\n[privacy]");
    let text = check(&world).stdout.replace("\n  ", " ");
    for words in [
        "days before the first lookup or after the last one, and charge a look for each",
        "`run --from 2026-03-01 --to 2026-03-03` leaves them out",
    ] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    // Names that say the day of each file say the same to a run.
    let world = World::in_day_folders(&["2026-03-01".to_owned()]);
    world.edit("[privacy]", "[retention]\ndays = 3000\n[privacy]");
    let text = check(&world).stdout;
    assert!(!text.contains("charge a look"), "{text}");
}

/// The last day ends at midnight of the ledger's zone, which is later than that of UTC.
#[test]
fn a_log_past_retention_is_given_the_end_of_its_last_day_in_the_ledgers_zone() {
    let world = World::new();
    world.edit("delta = 1e-6", "delta = 1e-6\ntime_zone = \"America/New_York\"");
    world.edit("[privacy]", "[retention]\ndays = 4\n[privacy]");
    let text = check(&world).stdout.replace("\n  ", " ");
    assert!(text.contains("`run --as-of 2026-03-04T05:00:00Z` decides as of then"), "{text}");
    // UTC stands in [logs] because nobody wrote a zone there, so no clock is proposed.
    assert!(!text.contains("days begin at midnight"), "{text}");
    let ran = world.run(&["run", "release.toml", "--as-of", "2026-03-04T05:00:00Z"]);
    assert!(
        ran.stdout.contains("2026-03-03  released")
            || ran.stdout.contains("to 2026-03-03  released"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
}

#[test]
fn times_that_cannot_be_right_name_their_unit() {
    let line = |place: usize| format!("+1646555{place:04},+442079460999,{}", 1_772_409_600 + place);
    let lines: Vec<String> = (0..200).map(line).collect();
    for (unit, words) in [
        ("s", None),
        ("ms", Some("all times lie in 1970: `time_unit = \"s\"` would put them into our years")),
        ("ns", Some("all times lie in 1970: `time_unit = \"s\"`")),
    ] {
        let world = with_log("requester,target,requested_at,app,route", &lines_with(&lines));
        world.edit("[keys]", &format!("time_unit = \"{unit}\"\n[keys]"));
        let ran = check(&world);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let text = ran.stdout.replace("\n  ", " ");
        assert_eq!(text.contains("time_unit"), words.is_some(), "{}", ran.stdout);
        assert!(text.contains(words.unwrap_or_default()), "{}", ran.stdout);
    }
}

fn lines_with(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| format!("{line},messages,sms")).collect()
}

#[test]
fn columns_that_are_hardly_what_was_meant_are_named() {
    let line = |place: usize| {
        let values =
            if place.is_multiple_of(3) { ("messages", "delivered") } else { ("share", "failed") };
        let (app, route) = values;
        format!("+1646555{place:04},+442079460999,2026-03-02T08:00:00Z,{app},{route}")
    };
    let lines: Vec<String> = (0..300).map(line).collect();
    let world = with_log("requester,target,requested_at,app,route", &lines);
    let ran = check(&world);
    let text = ran.stdout.replace("\n  ", " ");
    for words in [
        "nearly every lookup has a requester of its own: is `requester` the column of who asks?",
        "66.7 % of the lookups have a value of `app` that is not listed",
        "`[keys] app` lists `calls`, which no lookup has",
        "`route` is unknown in all lookups",
    ] {
        assert!(text.contains(words), "{words} is not in\n{}", ran.stdout);
    }
    world.edit("[\"messages\", \"calls\"]", "[\"x\", \"y\"]");
    let text = check(&world).stdout.replace("\n  ", " ");
    assert!(text.contains("no lookup has a value that `[keys] app` lists"), "{text}");
}

#[test]
fn numbers_outside_of_their_range_are_counted_and_told() {
    // Seconds in a column whose range is one of milliseconds.
    for (seconds, below, above, words) in [
        (true, 300, 0, "100 % of the numbers in `latency_ms` lie below the range [1, 60000]"),
        (false, 0, 100, "33.3 % of the numbers in `latency_ms` lie above the range [1, 60000]"),
    ] {
        let line = |place: usize| {
            let number = match (seconds, place % 3) {
                (true, _) => format!("0.{:03}", place + 1),
                (false, 0) => "70000.5".to_owned(),
                (false, _) => "30".to_owned(),
            };
            format!(
                "+1646555{:04},+442079460999,2026-03-02T08:00:00Z,,calls,sms,{number}",
                place % 90
            )
        };
        let lines: Vec<String> = (0..300).map(line).collect();
        let world = with_log(HEADER.trim_end(), &lines);
        let question = |name: &str, asks: &str| {
            format!("[[question]]\nname = \"{name}\"\n{asks}\nrange = [1, 60000]\n")
        };
        let asked = [
            question("waits", "quantiles = [0.5]\nof = \"latency_ms\""),
            question("mean_wait", "mean = \"latency_ms\""),
        ];
        world.edit("[keys]", &format!("{}[keys]", asked.concat()));
        let ran = check(&world);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let text = ran.stdout.replace("\n  ", " ");
        let end =
            if seconds { "each of them counts as 1:" } else { "each of them counts as 60000:" };
        for words in [words, end, "choose `range` so that nearly all numbers lie inside"] {
            assert!(text.contains(words), "{words} is not in\n{text}");
        }
        assert!(ran.stdout.contains("\n  1 to 60000  "), "{}", ran.stdout);
        let facts = facts(&world);
        let numbers: Vec<&Value> = facts["keys"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|key| !key["number"].is_null())
            .collect();
        // Two questions of one range are one count.
        let [number] = numbers[..] else { panic!("{facts}") };
        let range = json!({
            "low": 1.0, "high": 60000.0, "below": below, "inside": 300 - below - above, "above": above,
            "otherwise_written": 0
        });
        assert_eq!(number["range"], range);
        let findings = facts["findings"].as_array().unwrap();
        let about = findings.iter().filter(|finding| finding["about"] == "latency_ms").count();
        assert_eq!(about, 1, "{findings:?}");
    }
}

#[test]
fn a_row_that_one_requester_rules_is_named_and_the_requester_is_not() {
    let line = |place: usize| {
        let (requester, app) = match place % 100 {
            0..=5 => ("+12025550142".to_owned(), "calls"),
            6..=11 => (format!("+1646555{place:04}"), "calls"),
            _ => (format!("+1646555{place:04}"), "messages"),
        };
        format!("{requester},+442079460999,2026-03-02T08:00:00Z,,{app},sms,30")
    };
    let lines: Vec<String> = (0..9_000).map(line).collect();
    let world = with_log(HEADER.trim_end(), &lines);
    let ran = check(&world);
    let text = ran.stdout.replace("\n  ", " ");
    for words in [
        "of the lookups by `app` one requester makes at least 4",
        " % of those with the value `calls`. If one requester makes more than about a tenth",
    ] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    assert!(!text.contains("of all lookups") && !text.contains("`messages`."), "{text}");
    assert!(!ran.stdout.contains("2025550142"), "{text}");
    let findings = facts(&world)["findings"].to_string();
    assert!(
        findings.contains("makes at least 4") && !findings.contains("2025550142"),
        "{findings}"
    );
}

#[test]
fn a_message_about_logs_is_about_the_option_that_names_them() {
    let world = World::new();
    std::fs::create_dir(world.path("logs/folder.csv")).unwrap();
    for (logs, words) in [
        ("nosuch", "no log file matches nosuch"),
        ("logs/[", "`--logs` is not a glob"),
        ("logs/*.csv", "and `--logs` reads no files in it"),
    ] {
        let run = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10"];
        for command in [&["check", "release.toml"][..], &run, &["retain", "release.toml"]] {
            let named = [command, &["--logs", logs]].concat();
            let ran = world.run(&named);
            assert!(ran.stderr.contains(words), "{named:?}: {}", ran.stderr);
            assert!(!ran.stderr.contains("[logs] path"), "{named:?}: {}", ran.stderr);
            assert!(!ran.stderr.contains("release.toml:"), "{named:?}: {}", ran.stderr);
            assert!(!ran.stderr.contains("release file's folder"), "{named:?}: {}", ran.stderr);
            let json = world.run(&[&named[..], &["--json"]].concat()).stdout;
            assert!(json.contains(words) && !json.contains("\"line\""), "{json}");
        }
    }
    // Without the option it is the field.
    let ran = world.run(&["check", "release.toml"]);
    assert!(ran.stderr.contains("`[logs] path` reads no files in it"), "{}", ran.stderr);
}
