//! Lines without a time in logs that a pattern reads: which of them a deletion takes, and what it refuses.

use crate::any_log::{checked, close, world};

const PATTERN: &str = "identifier = \"opaque\"\n\
                       pattern = '(?<requested_at>\\S+Z) (?<requester>\\S+) (?<target>\\S+)'\n";
const OLD: &str = "2016-03-02T10:05:03Z a b\n";
const NEW: &str = "2017-03-09T10:05:03Z c d\n";
const RETAIN: [&str; 4] = ["retain", "release.toml", "--as-of", "2017-03-10"];
/// Instants at which files were last written to: 1 April 2016, before retention begins, and 9 March 2017.
const LONG_AGO: u64 = 1_459_500_000;
const LATELY: u64 = 1_489_060_000;

/// Anybody can write a line that no pattern reads into the log of a server.
#[test]
fn lines_that_a_pattern_does_not_read_go_with_the_lines_around_them() {
    let pattern = format!("skip = '^passed over'\n{PATTERN}");
    let (old, new) = (OLD, NEW);
    let garbage = "\\x16\\x03 not a line\n";
    let text = [garbage, old, "passed over 10.0.0.7\n", garbage, "\n", old, garbage, new, garbage];
    let world = world(&pattern, &[("a.log", &text.concat()), ("b.log", &[old, garbage].concat())]);
    close(&world, "logs/a.log", LATELY);
    close(&world, "logs/b.log", LATELY);
    assert_eq!(checked(&world), [9, 4, 5]);
    let ran = world.run(&[&RETAIN[..], &["--dry-run"]].concat());
    let b = "logs/b.log, past the last row with a time";
    assert!(ran.stdout.contains(&format!("would stay in {b}")), "{}{}", ran.stdout, ran.stderr);
    let ran = world.run(&RETAIN);
    assert!(ran.stderr.starts_with("warning: the day 2016-03-02 was never"), "{}", ran.stderr);
    assert!(ran.stdout.contains(&format!(" stay in {b}")), "{}", ran.stdout);
    let left = |file: &str| std::fs::read_to_string(world.path(file)).unwrap();
    assert_eq!(left("logs/a.log"), [garbage, new, garbage].concat());
    assert_eq!(left("logs/b.log"), garbage);
    // What is left of a file goes by the time at which it was last written to.
    close(&world, "logs/b.log", LONG_AGO);
    let ran = world.run(&RETAIN);
    assert!(ran.stdout.contains("deleted    logs/b.log"), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(left("logs/a.log"), [garbage, new, garbage].concat());
}

#[test]
fn a_row_without_a_time_that_can_be_read_holds_deletion_up_and_its_line_is_named() {
    let pattern = "identifier = \"opaque\"\n\
                   pattern = '(?<requested_at>\\S+) (?<requester>\\S+) (?<target>\\S+)'\n";
    let text = "2016-03-02T10:05:03Z a b\nnot read\nsecretive a b\n";
    let world = world(pattern, &[("a.log", text)]);
    close(&world, "logs/a.log", LATELY);
    for more in [&[][..], &["--dry-run"]] {
        let ran = world.run(&[&RETAIN[..], more].concat());
        assert_eq!(ran.code, 65, "{}", ran.stderr);
        assert!(
            ran.stderr.contains("a.log has a row whose time cannot be read, in line 3"),
            "{}",
            ran.stderr
        );
        assert!(!ran.stderr.contains("secretive"), "{}", ran.stderr);
    }
}

/// Without the time of a single row nothing shows that the pattern and the clock are right.
#[test]
fn logs_without_any_time_lose_nothing() {
    let world = world(PATTERN, &[("a.log", "something else\n")]);
    close(&world, "logs/a.log", LONG_AGO);
    let ran = world.run(&RETAIN);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("no row is past retention"), "{}", ran.stdout);
    assert!(world.path("logs/a.log").exists());
}

/// A name says on which day rows may be. Only the time of a row shows that the pattern reads the log.
#[test]
fn days_in_names_do_not_stand_for_a_time_that_was_read() {
    for (fields, old, new) in [
        ("day_folder = \"day\"", "day=2016-03-02/a.log", "day=2017-03-09/a.log"),
        ("day_file = true", "2016-03-02.log", "2017-03-09.log"),
    ] {
        let path = if fields.contains("folder") { "logs/**/*.log" } else { "logs/*.log" };
        let fields = format!("{PATTERN}{fields}\n");
        let world = world(&fields, &[(old, "of another form\n"), (new, "of another form\n")]);
        world.edit("logs/*", path);
        let old = format!("logs/{old}");
        close(&world, &old, LONG_AGO);
        close(&world, &format!("logs/{new}"), LATELY);
        let ran = world.run(&RETAIN);
        assert_eq!(ran.code, 0, "{fields}{}", ran.stderr);
        assert!(ran.stdout.contains("no row is past retention"), "{fields}{}", ran.stdout);
        assert!(world.path(&old).exists(), "{fields}");
    }
}

/// Of a line above 16 MiB no more than its beginning is in memory, so that a file cannot be shortened around it.
#[test]
fn a_line_that_is_too_long_to_be_copied_is_neither_cut_nor_deleted_with_others() {
    let long = format!("{}\n", "x".repeat((16 << 20) + 9));
    let text = |parts: &[&str]| {
        parts
            .iter()
            .map(|part| if *part == "long" { long.as_str() } else { part })
            .collect::<String>()
    };
    for (parts, written, left) in [
        // It stays: behind the last row with a time, before one that stays, and between two.
        (&[OLD, NEW, "long"][..], LATELY, None),
        (&[OLD, "long", NEW], LATELY, None),
        (&[OLD, NEW, "long", NEW], LATELY, None),
        // It goes: with all of its file, or with the rows around it.
        (&[OLD, "long", OLD], LATELY, Some(&[][..])),
        (&[OLD, "long", OLD, NEW], LATELY, Some(&[NEW])),
        // Nothing goes.
        (&[NEW, "long"], LATELY, Some(&[NEW, "long"])),
    ] {
        let logs = [("a.log", text(parts)), ("b.log", OLD.to_owned())];
        let world = world(PATTERN, &logs.each_ref().map(|(name, text)| (*name, text.as_str())));
        close(&world, "logs/a.log", written);
        close(&world, "logs/b.log", LONG_AGO);
        let ran = world.run(&RETAIN);
        let found = std::fs::read_to_string(world.path("logs/a.log")).unwrap_or_default();
        let Some(left) = left else {
            assert_eq!(ran.code, 65, "{}", ran.stderr);
            assert!(ran.stderr.contains("a.log has a line of more than 16 MiB"), "{}", ran.stderr);
            assert!(found == text(parts) && world.path("logs/b.log").exists());
            continue;
        };
        assert!(ran.code <= 1, "{} {}", ran.code, ran.stderr);
        assert!(found == text(left) && !world.path("logs/b.log").exists(), "{}", found.len());
    }
}

/// Of which year stamps without one are matters to rows alone: lines without a time go by when their file was written to.
#[test]
fn a_file_without_a_row_needs_no_year() {
    let fields = "identifier = \"opaque\"\ntime_format = \"%b %d %H:%M:%S\"\ndefault_year = 2016\n\
                  pattern = '(?<requested_at>\\w+ +\\d+ [\\d:]+) (?<requester>\\S+) (?<target>\\S+)'\n";
    let world = world(fields, &[("a.log", "Dec 31 10:05:03 a b\n"), ("b.log", "something else\n")]);
    // 31 December 2016, and 2 January 2017, a year after the one that stamps are of.
    close(&world, "logs/a.log", 1_483_180_000);
    close(&world, "logs/b.log", 1_483_350_000);
    let ran = world.run(&["retain", "release.toml", "--as-of", "2017-02-03"]);
    assert!(ran.code <= 1, "{} {}", ran.code, ran.stderr);
    assert!(!world.path("logs/a.log").exists() && !world.path("logs/b.log").exists());
}
