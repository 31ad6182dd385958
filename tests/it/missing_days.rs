//! Days without a log file, where folders name the day of each file: they are refused before anything is
//! charged, the other days go on, and `status` says what they are.

use serde_json::Value;

use crate::world::{Ran, World, rows_of};

const AS_OF: &str = "2026-03-10";

/// Logs of the third, the fourth and the sixth of March.
fn world() -> World {
    World::in_day_folders(&["2026-03-03", "2026-03-04", "2026-03-06"].map(str::to_owned))
}

fn run(world: &World, more: &[&str]) -> Ran {
    world.run(&[&["run", "release.toml", "--as-of", AS_OF], more].concat())
}

fn entries(world: &World) -> usize {
    world.ledger()["entries"].as_array().unwrap().len()
}

/// What a run did for each day of a month.
pub(crate) fn done(json: &Value) -> Vec<String> {
    let done = json["days"].as_array().unwrap().iter().map(|day| {
        let done = day["done"].as_str().unwrap_or("failed");
        format!("{} {done}", &day["day"].as_str().unwrap()[8..])
    });
    done.collect()
}

/// Each day's standing and the days until it expires, and the exit code.
fn standings(world: &World, as_of: &str) -> (Vec<(String, String, Option<i64>)>, i32) {
    let ran = world.run(&["status", "release.toml", "--as-of", as_of, "--json"]);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let of_day = |day: &Value| {
        let word = |name: &str| day[name].as_str().unwrap().to_owned();
        (word("day"), word("standing"), day["expires_in_days"].as_i64())
    };
    (json["days"].as_array().unwrap().iter().map(of_day).collect(), ran.code)
}

fn said(days: &[(&str, &str, Option<i64>)]) -> Vec<(String, String, Option<i64>)> {
    let owned = |(day, word, expires): &(&str, &str, Option<i64>)| {
        (format!("2026-03-{day}"), (*word).to_owned(), *expires)
    };
    days.iter().map(owned).collect()
}

#[test]
fn a_day_without_a_file_is_refused_and_nothing_is_charged() {
    let world = world();
    for more in [&[][..], &["--incomplete"]] {
        let ran = run(&world, &[&["--day", "2026-03-05"], more].concat());
        assert_eq!(ran.code, 65, "{}", ran.stderr);
        for words in
            ["the day 2026-03-05 has no log file", "nothing was charged", "`day=2026-03-05`"]
        {
            assert!(ran.stderr.contains(words), "{}", ran.stderr);
        }
        assert_eq!((entries(&world), world.published().len()), (0, 0));
    }
    world.edit("[keys]", "expect = { files_per_day = 2 }\n[keys]");
    let ran = run(&world, &["--day", "2026-03-05"]);
    assert_eq!((ran.code, ran.stderr.contains("has no log file")), (65, true), "{}", ran.stderr);
    world.edit("expect = { files_per_day = 2 }\n", "");
    // A day of which it is said that nothing was logged costs its look, as any other day does.
    world.write("logs/day=2026-03-05/none.csv", b"");
    let ran = run(&world, &["--day", "2026-03-05"]);
    assert_eq!((ran.code, entries(&world)), (0, 1), "{}", ran.stderr);
}

#[test]
fn a_range_begins_with_the_first_day_that_has_files_and_goes_on_after_one_that_has_none() {
    let world = world();
    let ran = run(&world, &["--json"]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let done = done(&json);
    let expected = [
        "03 released",
        "04 released",
        "05 failed",
        "06 released",
        "07 failed",
        "08 failed",
        "09 failed",
    ];
    assert_eq!(done, expected);
    assert_eq!(entries(&world), 3);
    let again = run(&world, &[]);
    assert_eq!(again.stderr.matches("has no log file").count(), 1, "said once: {}", again.stderr);
    // The days of the first release are known, with their files or without.
    std::fs::remove_dir_all(world.path("logs/day=2026-03-03")).unwrap();
    let again = run(&world, &[]);
    assert!(again.stdout.starts_with("2026-03-03 to 2026-03-04  already done"), "{}", again.stdout);

    // Nothing is known before the first day that has files.
    let world = World::in_day_folders(&[AS_OF.to_owned()]);
    let ran = run(&world, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("no day with logs is over"), "{}", ran.stdout);
}

#[test]
fn status_calls_days_without_files_what_they_are() {
    let world = world();
    let pending = said(&[
        ("03", "pending", Some(25)),
        ("04", "pending", Some(26)),
        ("05", "no log files", Some(27)),
        ("06", "pending", Some(28)),
        ("07", "open", None),
    ]);
    assert_eq!(standings(&world, "2026-03-07T12:00:00Z"), (pending, 0));
    for day in ["2026-03-03", "2026-03-06"] {
        assert_eq!(run(&world, &["--day", day]).code, 0);
    }
    // Somebody may look before files that come late could be released no more.
    let (days, code) = standings(&world, "2026-04-02T12:00:00Z");
    assert_eq!(code, 1);
    assert_eq!(
        days[..4],
        said(&[
            ("03", "released", None),
            ("04", "pending", Some(0)),
            ("05", "no log files", Some(1)),
            ("06", "released", None),
        ])
    );
    let shown = world.run(&["status", "release.toml", "--as-of", "2026-04-02T12:00:00Z"]).stdout;
    assert!(shown.contains("2026-03-05  no log files, expires in 1 day"), "{shown}");
    // Each reason for the code stands on stderr.
    let said = world.run(&["status", "release.toml", "--as-of", "2026-04-02T12:00:00Z"]).stderr;
    for reason in [
        "warning: the day 2026-03-04 is not released and passes retention today",
        "warning: the day 2026-03-05 has no log files and would pass retention in 1 day",
    ] {
        assert!(said.contains(reason), "{said}");
    }
    // Before the first run, too.
    let fresh = World::in_day_folders(&["2026-03-04".to_owned()]);
    let ran = fresh.run(&["status", "release.toml", "--as-of", "2026-04-02T12:00:00Z"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(
        ran.stderr.contains("2026-03-04 is not released and passes retention"),
        "{}",
        ran.stderr
    );
}

#[test]
fn files_that_deletion_took_were_there() {
    let world = world();
    for day in ["2026-03-03", "2026-03-06"] {
        assert_eq!(run(&world, &["--day", day]).code, 0);
    }
    let late = format!("{}{}", crate::world::HEADER, rows_of("2026-04-09"));
    world.write("logs/day=2026-04-09/part-0.csv", late.as_bytes());
    world.settle();
    let deleted = world.run(&["retain", "release.toml", "--as-of", "2026-04-10"]);
    assert!(deleted.stderr.contains("the day 2026-03-04 was never released"), "{}", deleted.stderr);
    assert!(!world.path("logs/day=2026-03-04/part-0.csv").exists());
    let (days, _) = standings(&world, "2026-04-10");
    assert_eq!(
        days[..3],
        said(&[
            ("03", "released", None),
            ("04", "expired unreleased", None),
            ("05", "no log files", None),
        ])
    );
}

#[test]
fn a_file_that_no_folder_dates_may_be_of_every_day() {
    let world = world();
    world.write(
        "logs/undated.csv",
        format!("{}{}", crate::world::HEADER, rows_of("2026-03-05")).as_bytes(),
    );
    let ran = run(&world, &["--day", "2026-03-05"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(standings(&world, AS_OF).0.iter().all(|(_, word, _)| word != "no log files"));
}

#[test]
fn a_block_of_another_zone_needs_the_files_of_both_its_days() {
    let world = world();
    world.edit("epsilon = 1.0", "epsilon = 1.0\ntime_zone = \"Asia/Kolkata\"");
    for (day, code) in
        [("2026-03-03", 65), ("2026-03-04", 0), ("2026-03-05", 65), ("2026-03-08", 65)]
    {
        assert_eq!(run(&world, &["--day", day]).code, code, "{day}");
    }
}

#[test]
fn a_range_without_an_end_goes_on_to_the_newest_day_that_is_over() {
    let world = world();
    let ran = run(&world, &["--from", "2026-03-04", "--json"]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let expected =
        ["04 released", "05 failed", "06 released", "07 failed", "08 failed", "09 failed"];
    assert_eq!(done(&json), expected);
    let late = run(&world, &["--from", "2026-03-10"]);
    assert_eq!(late.code, 2, "{}", late.stderr);
    let words = "--from 2026-03-10 lies after the newest day that is over, 2026-03-09";
    assert!(late.stderr.contains(words), "{}", late.stderr);
}

/// Whoever names the days of a run knows that the log begins later than retention does.
#[test]
fn a_run_of_named_days_warns_of_no_day_before_them_while_none_is_released() {
    let world = World::new();
    let whole = std::fs::read_to_string(world.path("logs/lookups.csv")).unwrap();
    let few: String = whole.lines().take(3).map(|line| format!("{line}\n")).collect();
    world.write("logs/lookups.csv", few.as_bytes());
    let days = ["--from", "2026-03-01", "--to", "2026-03-02"];
    let ran = run(&world, &days);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("the days 2026-03-01 to 2026-03-02 look empty"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("not released"), "{}", ran.stderr);
    let looked = world.run(&["status", "release.toml", "--as-of", AS_OF]);
    assert_eq!(looked.code, 1, "{}", looked.stdout);
    let words =
        "the days 2026-02-08 to 2026-02-10 are not released and pass retention in 0 to 2 days";
    assert!(looked.stderr.contains(words), "{}", looked.stderr);
}
