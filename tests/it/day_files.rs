//! Files that are named after their day: names say which days have none, a run opens those of its day
//! alone, and `check` and `init` say whether the names are right.

use serde_json::Value;

use crate::missing_days::done;
use crate::world::{HEADER, Ran, World, rows_of};

const AS_OF: &str = "2026-03-10";

/// A file of each of these days, named after it.
fn world(days: &[&str]) -> World {
    let world = World::new();
    std::fs::remove_file(world.path("logs/lookups.csv")).unwrap();
    world.edit("[keys]", "day_file = true\n[keys]");
    for day in days {
        world.write(
            &format!("logs/reach-{day}.csv"),
            format!("{HEADER}{}", rows_of(day)).as_bytes(),
        );
    }
    world
}

fn run(world: &World, more: &[&str]) -> Ran {
    world.run(&[&["run", "release.toml", "--as-of", AS_OF], more].concat())
}

#[test]
fn a_run_begins_with_the_first_file_and_refuses_a_day_that_has_none() {
    let world = world(&["2026-03-03", "2026-03-04", "2026-03-06", "2026-03-07"]);
    // Of a day with two files both are read, and an hour may stand behind the date.
    world.write("logs/reach-2026-03-07T13.csv", HEADER.as_bytes());
    world.edit("day_file = true", "day_file = true\nexpect = { files_per_day = 1 }");
    let ran = world.run(&["run", "release.toml", "--as-of", "2026-03-08", "--json"]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        done(&json),
        ["03 released", "04 released", "05 failed", "06 released", "07 released"]
    );
    assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 4, "no look is charged");
    let ran = run(&world, &["--day", "2026-03-05"]);
    for words in ["the day 2026-03-05 has no log file", "with `2026-03-05` in its name"] {
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    let status = world.run(&["status", "release.toml", "--as-of", AS_OF, "--check-logs"]);
    let shown =
        "2026-03-03 to 2026-03-04  released\n2026-03-05  no log files, expires in 25 days\n";
    assert!(status.stdout.starts_with(shown), "{}", status.stdout);
    // A file without rows says that nothing was logged.
    world.write("logs/reach-2026-03-05.csv", b"");
    let ran = run(&world, &["--day", "2026-03-05"]);
    assert_eq!((ran.code, ran.stdout.contains("looks empty")), (0, true), "{}", ran.stderr);
}

#[test]
fn where_all_files_are_gone_the_ledger_says_when_logs_began() {
    let world = world(&["2026-03-03", "2026-03-04", "2026-03-05"]);
    assert_eq!(run(&world, &["--from", "2026-03-03", "--to", "2026-03-04"]).code, 0);
    // As where a volume is not mounted.
    std::fs::rename(world.path("logs"), world.path("away")).unwrap();
    std::fs::create_dir(world.path("logs")).unwrap();
    let status = world.run(&["status", "release.toml", "--as-of", AS_OF]);
    let shown = "2026-03-03 to 2026-03-04  released\n2026-03-05 to 2026-03-09  no log files, ";
    assert!(status.stdout.starts_with(shown), "{}", status.stdout);
    assert!(!status.stdout.contains("pending"), "{}", status.stdout);
    assert_eq!(status.code, 1);
    let ran = run(&world, &[]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
}

#[test]
fn only_the_files_of_a_day_are_opened() {
    let damaged = || {
        let world = world(&["2026-03-03"]);
        world.write("logs/reach-2026-03-04.csv", b"no log at all\n");
        world
    };
    let utc = damaged();
    let ran = run(&utc, &["--day", "2026-03-03"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(run(&utc, &["--day", "2026-03-04"]).code, 65);
    // In another zone a day has rows of two files: that of 3 March in New York ends on the fourth.
    let local = damaged();
    local.edit("epsilon = 1.0", "epsilon = 1.0\ntime_zone = \"America/New_York\"");
    assert_eq!(run(&local, &["--day", "2026-03-03"]).code, 65);
    local.write("logs/reach-2026-03-02.csv", HEADER.as_bytes());
    assert_eq!(run(&local, &["--day", "2026-03-02"]).code, 0);
}

#[test]
fn a_date_alone_is_a_day_of_the_ledgers_zone() {
    let world = world(&["2026-03-03", "2026-03-04"]);
    world.edit("epsilon = 1.0", "epsilon = 1.0\ntime_zone = \"America/New_York\"");
    let run =
        |as_of| world.run(&["run", "release.toml", "--day", "2026-03-03", "--as-of", as_of]).code;
    assert_eq!(["2026-03-04T00:00:00Z", "2026-03-04T04:59:59Z", "2026-03-04"].map(run), [1, 1, 0]);
}

#[test]
fn a_day_that_lacks_one_of_its_two_files_is_refused() {
    let world = world(&["2026-03-03", "2026-03-04", "2026-03-06"]);
    world.edit("epsilon = 1.0", "epsilon = 1.0\ntime_zone = \"Asia/Tokyo\"");
    // The first whole day of Tokyo begins in the file of the third.
    let ran = world.run(&["run", "release.toml", "--as-of", "2026-03-07T12:00:00Z", "--json"]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(done(&json), ["04 released", "05 failed", "06 failed"]);
    assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 1, "nothing is charged");
    let ran = run(&world, &["--day", "2026-03-07"]);
    let words =
        "the day 2026-03-07 has no log file named after 2026-03-07, where some of its rows lie";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    let status = world.run(&["status", "release.toml", "--as-of", "2026-03-07T12:00:00Z"]).stdout;
    let shown = "2026-03-04  released\n2026-03-05 to 2026-03-06  no log files";
    assert!(status.starts_with(shown), "{status}");
    // Whose rows have come is released whole.
    world.write(
        "logs/reach-2026-03-05.csv",
        format!("{HEADER}{}", rows_of("2026-03-05")).as_bytes(),
    );
    for day in ["2026-03-05", "2026-03-06"] {
        assert_eq!(run(&world, &["--day", day]).code, 0);
    }
}

#[test]
fn a_file_of_no_day_or_of_two_may_be_of_every_day() {
    for name in ["reach.csv", "reach-2026-03-03-2026-03-05.csv"] {
        let world = world(&["2026-03-03"]);
        world.write(
            &format!("logs/{name}"),
            format!("{HEADER}{}", rows_of("2026-03-05")).as_bytes(),
        );
        assert_eq!(run(&world, &["--day", "2026-03-05"]).code, 0, "{name}");
        let checked = world.run(&["check", "release.toml"]);
        let text = checked.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("`day_file` finds no day, or several, in the name of 1 file"),
            "{text}"
        );
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn check_counts_what_a_run_would_miss() {
    let files = world(&["2026-03-03"]);
    assert!(!files.run(&["check", "release.toml"]).stdout.contains("of another day (of UTC"));
    let folders = World::in_day_folders(&["2026-03-03".to_owned()]);
    for (world, name, field) in [
        (files, "logs/reach-2026-03-04.csv", "day_file"),
        (folders, "logs/day=2026-03-04/a.csv", "day_folder"),
    ] {
        let row = rows_of("2026-03-05").lines().next().map(|row| format!("{HEADER}{row}\n"));
        world.write(name, row.unwrap().as_bytes());
        let checked = world.run(&["check", "release.toml"]);
        let text = checked.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let found = format!(
            "1 lookup is of another day (of UTC, `[logs] time_zone`) than the name that `{field}` reads promises"
        );
        assert!(text.contains(&found) && text.contains("under a wrong day 1: see below"), "{text}");
        world.write(name, format!("{HEADER}{}", rows_of("2026-03-04")).as_bytes());
        let right = world.run(&["check", "release.toml"]).stdout;
        let words = "under a wrong day  0: each lookup lies in a file or folder of its day\n";
        assert!(right.contains(words), "{right}");
    }
}

#[test]
fn init_proposes_it_where_rows_lie_in_the_day_of_their_file() {
    let world = world(&["2026-03-03", "2026-03-04", "2026-03-06"]);
    let init = |name: &str| {
        let ran = world.run(&["init", "logs", "--out", name]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        std::fs::read_to_string(world.path(name)).unwrap()
    };
    let text = init("named.toml");
    for line in [
        "\n# CHECK: each file holds one day alone, of the clock of `time_zone`",
        "with exit code 65, and goes on with the\n# others. 2026-03-05 has none. If nothing",
    ] {
        assert!(text.contains(line), "{text}");
    }
    world.write(
        "logs/reach-2026-03-07.csv",
        format!("{HEADER}{}", rows_of("2026-03-06")).as_bytes(),
    );
    let text = init("wrong.toml");
    assert!(text.contains("# Files named by a day hold rows of other days, too.\n"), "{text}");
    assert!(!text.contains("day_file"), "{text}");
    world.write("logs/reach.csv", format!("{HEADER}{}", rows_of("2026-03-06")).as_bytes());
    let text = init("undated.toml");
    assert!(!text.contains("named by a day"), "{text}");
}

/// The rows of a UTC day, three hours earlier: of a day of a clock that is three hours ahead of UTC.
fn rows_of_moscow(day: &str) -> String {
    let earlier = |row: &str| {
        let (before, rest) = row.split_once(&format!("{day}T")).unwrap();
        let (clock, after) = rest.split_once("Z,").unwrap();
        let instant: jiff::Timestamp = format!("{day}T{clock}Z").parse().unwrap();
        format!("{before}{},{after}\n", instant - jiff::SignedDuration::from_hours(3))
    };
    rows_of(day).lines().map(earlier).collect()
}

/// Two files, each named after a day of Moscow's clock, with times that name UTC.
fn moscow() -> World {
    let world = world(&[]);
    for day in ["2026-03-03", "2026-03-04"] {
        let rows = format!("{HEADER}{}", rows_of_moscow(day));
        world.write(&format!("logs/reach-{day}.csv"), rows.as_bytes());
    }
    world
}

#[test]
fn days_in_names_are_those_of_the_clock_of_the_logs() {
    let world = moscow();
    let checked = || {
        let text = world.run(&["check", "release.toml"]).stdout;
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = checked();
    assert!(text.contains("lookups are of another day (of UTC, `[logs] time_zone`)"), "{text}");
    assert!(text.contains("set `time_zone` if names are days of another clock"), "{text}");
    world.edit("day_file = true", "day_file = true\ntime_zone = \"Europe/Moscow\"");
    let text = checked();
    assert!(text.contains("under a wrong day 0"), "{text}");
    assert!(text.contains("set `time_zone = \"Europe/Moscow\"` in [ledger] before"), "{text}");
    // In UTC there are three days, and requesters of whole ones ask on two.
    assert!(text.contains("days 3 with lookups, none missing in between (UTC)"), "{text}");
    world.edit("epsilon = 1.0", "epsilon = 1.0\ntime_zone = \"Europe/Moscow\"");
    let text = checked();
    assert!(!text.contains("set `time_zone"), "{text}");
    assert!(
        text.contains("days 2 with lookups, none missing in between (Europe/Moscow)"),
        "{text}"
    );

    // A run opens the file of its day alone, and knows the day that has none.
    let whole = std::fs::read(world.path("logs/reach-2026-03-04.csv")).unwrap();
    world.write("logs/reach-2026-03-04.csv", b"no log at all\n");
    assert_eq!(run(&world, &["--day", "2026-03-03"]).code, 0);
    assert_eq!(run(&world, &["--day", "2026-03-04"]).code, 65);
    world.write("logs/reach-2026-03-04.csv", &whole);
    let ran = run(&world, &[]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert!(ran.stdout.contains("2026-03-04  released"), "{}", ran.stdout);
    assert!(ran.stderr.contains("the day 2026-03-05 has no log file"), "{}", ran.stderr);
    // Days that have no files yet, behind the last one that was released, need somebody.
    let status = world.run(&["status", "release.toml", "--as-of", AS_OF]);
    assert!(status.stdout.contains("2026-03-05 to 2026-03-09  no log files"), "{}", status.stdout);
    assert_eq!(status.code, 1);
}

#[test]
fn init_says_which_clock_days_in_names_may_be_of() {
    let world = moscow();
    let ran = world.run(&["init", "logs", "--out", "named.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = std::fs::read_to_string(world.path("named.toml")).unwrap();
    let lines = "# CHECK: files named by a day hold rows of two UTC days, but of one day each of a clock that is 2.75 \
                 to 3.5\n# hours ahead of UTC.";
    assert!(text.contains(lines), "{text}");
    assert!(text.contains("# time_zone = \"Europe/Vienna\"\n# day_file = true\n"), "{text}");
}

#[test]
fn init_asks_whether_files_that_begin_in_the_morning_are_of_a_clock_behind_utc() {
    let world = world(&["2026-03-03"]);
    let init = |name: &str| {
        assert_eq!(world.run(&["init", "logs", "--out", name]).code, 0);
        std::fs::read_to_string(world.path(name)).unwrap()
    };
    let asked = "# CHECK: no row that was looked at lies in the first ";
    assert!(!init("whole.toml").contains(asked));
    let rows = rows_of("2026-03-03");
    let late = rows.lines().filter(|row| !row.contains("T0")).map(|row| format!("{row}\n"));
    let late: String = late.collect();
    world.write("logs/reach-2026-03-03.csv", format!("{HEADER}{late}").as_bytes());
    assert!(init("late.toml").contains(&format!("{asked}10 hours of its day.")));
}

#[test]
fn days_before_the_first_that_was_released_alarm_nobody() {
    let world = World::new();
    assert_eq!(run(&world, &["--day", "2026-03-03"]).code, 0);
    let status = world.run(&["status", "release.toml", "--as-of", "2026-03-04T12:00:00Z"]);
    assert!(status.stdout.contains("pending, expires in 0 to 27 days"), "{}", status.stdout);
    assert_eq!(status.code, 0, "{}", status.stdout);
    let again = world.run(&[
        "run",
        "release.toml",
        "--day",
        "2026-03-03",
        "--as-of",
        "2026-03-04T12:00:00Z",
    ]);
    assert!(!again.stderr.contains("retention"), "{}", again.stderr);
}

#[test]
fn a_cluster_reads_the_files_of_the_day_by_their_names_and_tables_have_none() {
    let world = world(&[]);
    world.edit("logs/*.csv", "logs");
    world.edit("[keys]", "identifier = \"e164-exact\"\n[keys]");
    let ask = ["sql", "release.toml", "--day", "2026-03-03", "--lookups", "100000"];
    let ran = world.run(&ask);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let filter = "_metadata.file_name RLIKE '(^|[^0-9])(20260303([0-9][0-9]){0,3}|2026-03-03|2026_03_03|2026[.]03[.]03";
    assert!(ran.stdout.contains(filter) && ran.stdout.contains("RLIKE '^(?:[+](?:1"));
    world.edit("path = \"logs\"", "table = \"lake.calls.lookups\"");
    let ran = world.run(&ask);
    let named = "`[logs] day_file` is about names of files";
    assert_eq!((ran.code, ran.stderr.contains(named)), (2, true), "{}", ran.stderr);
    world.edit("day_file = true", "day_folder = \"day\"");
    let ran = world.run(&ask);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("FROM `lake`.`calls`.`lookups`\n"), "{}", ran.stdout);
    // Without a cluster there is no such table.
    for verb in ["run", "check"] {
        let ran = world.run(&[verb, "release.toml"]);
        let named = "`[logs] table` is one of a cluster";
        assert_eq!((ran.code, ran.stderr.contains(named)), (2, true), "{verb}: {}", ran.stderr);
    }
}
