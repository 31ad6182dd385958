//! The clock of the machine, as a test sets it for the program, and what it may decide.

use std::process::Command;

use crate::world::{Ran, World};

/// A command whose clock stands still at this many microseconds since 1970.
pub(crate) fn at(mut command: Command, micros: i64) -> Command {
    crate::shims::load(&mut command, "clock");
    command.env("TEST_CLOCK", micros.to_string());
    command
}

/// 2026-03-01T00:00:00Z, in microseconds.
const START: i64 = 1_772_323_200_000_000;
const DAY: i64 = 86_400_000_000;

/// Runs the program with its clock some days after 1 March 2026.
fn on(world: &World, day: i64, arguments: &[&str]) -> Ran {
    Ran::of(&at(world.command(arguments), START + day * DAY).output().unwrap())
}

/// Makes the logs look as if they were last written some days after 1 March 2026.
fn written(world: &World, day: i64) {
    let file = std::fs::File::options().append(true).open(world.path("logs/lookups.csv")).unwrap();
    let day = std::time::Duration::from_micros((START + day * DAY).unsigned_abs());
    file.set_modified(std::time::UNIX_EPOCH + day).unwrap();
}

#[test]
fn nothing_is_decided_by_an_instant_that_is_yet_to_come() {
    let world = World::new();
    written(&world, 2);
    for arguments in
        [&["run", "release.toml"][..], &["status", "release.toml"], &["retain", "release.toml"]]
    {
        let ahead = on(&world, 3, &[arguments, &["--as-of", "2026-03-04T00:00:01Z"]].concat());
        assert_eq!(ahead.code, 2, "{arguments:?}: {}", ahead.stderr);
        assert!(ahead.stderr.contains("yet to come"), "{}", ahead.stderr);
    }
    assert!(!world.path("daily.ledger").exists());
    // What changes nothing may look ahead.
    let dry = ["retain", "release.toml", "--dry-run", "--as-of", "2026-04-01"];
    let dry = on(&world, 3, &dry);
    assert_eq!(dry.code, 0, "{}", dry.stderr);
    assert!(dry.stdout.contains("rewrite"), "{}", dry.stdout);
}

#[test]
fn a_clock_that_is_ahead_of_the_logs_releases_nothing() {
    let world = World::new();
    written(&world, 3);
    // Nothing is old enough to be deleted, so that only the release is at stake.
    for arguments in [&["run", "release.toml"][..], &["retain", "release.toml", "--release-first"]]
    {
        let ahead = on(&world, 20, arguments);
        assert_eq!(ahead.code, 65, "{arguments:?}: {}", ahead.stderr);
        assert!(ahead.stderr.contains("set the clock right"), "{}", ahead.stderr);
        if world.path("daily.ledger").exists() {
            assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 0, "{arguments:?}");
        }
    }
    // Logs that did end then are released by the instant that a person names.
    let named = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-04"];
    assert_eq!(on(&world, 20, &named).code, 0);
    assert_eq!(on(&world, 5, &["run", "release.toml", "--day", "2026-03-01"]).code, 0);
    // What is released already waits for no clock.
    let done = on(&world, 20, &["run", "release.toml", "--day", "2026-03-02"]);
    assert!(done.stdout.contains("already done"), "{}", done.stderr);
    // Day folders say more than the time of a copy.
    let world = World::new();
    world.edit("path = \"logs/*.csv\"", "path = \"logs/**/*.csv\"\nday_folder = \"day\"");
    std::fs::create_dir(world.path("logs/day=2026-03-02")).unwrap();
    std::fs::rename(world.path("logs/lookups.csv"), world.path("logs/day=2026-03-02/lookups.csv"))
        .unwrap();
    assert_eq!(on(&world, 6, &["run", "release.toml", "--day", "2026-03-02"]).code, 65);
    assert_eq!(on(&world, 5, &["run", "release.toml", "--day", "2026-03-02"]).code, 0);
}

#[test]
fn the_time_in_the_journal_is_that_of_the_clock() {
    let world = World::new();
    let named = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-04"];
    assert_eq!(on(&world, 9, &named).code, 0);
    let exported = on(&world, 9, &["ledger", "export", "release.toml"]);
    assert!(
        exported.stdout.contains("\"reserved_at\": \"2026-03-10T00:00:00Z\""),
        "{}",
        exported.stdout
    );
}
