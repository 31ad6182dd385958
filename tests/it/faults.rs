//! A crash, a failing disk and a full one, at each call that changes a file: what a command leaves is
//! finished by the next, and nothing is lost, drawn twice or half written. `injector` says how many calls
//! are tried.

use crate::archive_world::{ArchiveWorld, HOUR, Row, START, instant, number};
use crate::injector::{KILLED, disturb, every_call, listing};
use crate::seen::Seen;
use crate::world::{Ran, World};

const DAY: i64 = 24 * HOUR;

const RANGE: [&str; 8] =
    ["run", "release.toml", "--from", "2026-03-01", "--to", "2026-03-02", "--as-of", "2026-03-10"];

#[test]
fn a_run_that_is_disturbed_at_any_call_is_finished_by_the_next() {
    let whole = World::of_two_days();
    assert_eq!(whole.run(&RANGE).code, 0);
    let whole = listing(&whole.path(""));
    let check = |world: &World, disturbed: &Ran| {
        assert!([KILLED, 0, 74].contains(&disturbed.code), "{}", disturbed.stderr);
        let mut seen = Seen::default();
        seen.check(world);
        let next = world.run(&RANGE);
        assert_eq!(next.code, 0, "{}", next.stderr);
        seen.finish(world, 2);
        assert_eq!(listing(&world.path("")), whole);
        let verified = world.run(&["ledger", "verify", "release.toml"]);
        assert_eq!(verified.code, 0, "{}", verified.stderr);
    };
    every_call(World::of_two_days, |world| world.command(&RANGE), check);
}

/// Where the deletion that is disturbed stands: a day after the first rows pass retention.
const AS_OF: i64 = START + 31 * DAY;

/// Two days of one row an hour.
fn rows() -> Vec<Row> {
    (0..48).map(|hour| (START + hour * HOUR, number(hour as usize % 5), number(9))).collect()
}

/// Files that go and files that are shortened, an order in force, and one that ended with its archive.
fn half_expired() -> ArchiveWorld {
    let world = ArchiveWorld::new();
    let rows = rows();
    world.write_log("old/a.ndjson.zst", &rows[..20]);
    world.write_log("b.csv", &rows);
    world.write_log("c.parquet", &rows[6..]);
    world.begin();
    let recipient = world.recipient();
    let period = ["--from", "2026-03-01", "--to", "2026-03-02", "--recipient", &recipient];
    for (order, expires) in [("active", "2026-05-01"), ("ended", "2026-03-31T07:00:00Z")] {
        let number = number(3);
        let what = ["--order", order, "--number", &number, "--expires", expires];
        let add = [&["hold", "add", "release.toml"], &what[..], &period[..]].concat();
        let ran = world.run_at(START, &add);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    // Some rows pass retention while both are in force.
    assert_eq!(world.retain(START + 30 * DAY + 5 * HOUR).code, 1);
    world
}

#[test]
fn a_deletion_that_is_disturbed_at_any_call_is_finished_by_the_next() {
    let template = half_expired();
    let mut all = [&rows()[..20], &rows(), &rows()[6..]].concat();
    all.sort();
    let (gone, kept): (Vec<Row>, Vec<Row>) = all.into_iter().partition(|row| row.0 < START + DAY);
    let asked: Vec<Row> = gone.into_iter().filter(|row| row.1 == number(3)).collect();
    let whole = template.copy();
    assert_eq!(whole.retain(AS_OF).code, 1);
    let whole = listing(&whole.path(""));
    let check = |world: &ArchiveWorld, disturbed: &Ran| {
        assert!([KILLED, 0, 1, 74].contains(&disturbed.code), "{}", disturbed.stderr);
        // Whatever is read as a log is whole, and holds every row that stays.
        let live = world.live();
        let mut lasting = live.iter().filter(|row| row.0 >= START + DAY);
        assert!(kept.iter().all(|row| lasting.next() == Some(row)), "a row that stays was lost");
        let next = world.retain(AS_OF);
        assert!([0, 1].contains(&next.code), "{}", next.stderr);
        assert_eq!(world.live(), kept);
        assert_eq!(listing(&world.path("")), whole);
        let last = world.retain(AS_OF);
        assert!(last.stdout.contains("no row is past retention"), "{}", last.stdout);
        assert_eq!(last.code, 0, "{}", last.stderr);
        world.verify();
        assert_eq!(world.disclosed("active", AS_OF), asked);
        assert!(world.disclosed("ended", AS_OF).is_empty());
    };
    let retain = ["retain", "release.toml", "--as-of", &instant(AS_OF)];
    let command = |world: &ArchiveWorld| crate::clock::at(world.command(&retain), AS_OF);
    every_call(|| template.copy(), command, check);
}

#[test]
fn an_opening_that_is_disturbed_at_any_call_leaves_no_rows_in_clear() {
    let template = half_expired();
    assert_eq!(template.retain(AS_OF).code, 1);
    let before = listing(&template.path(""));
    let asked = template.copy().disclosed("active", AS_OF);
    let open = ["hold", "open", "release.toml", "--order", "active", "--identity", "custodian"];
    let open = [&open[..], &["--out", "new/package"]].concat();
    let check = |world: &ArchiveWorld, disturbed: &Ran| {
        assert!([KILLED, 0, 74].contains(&disturbed.code), "{}", disturbed.stderr);
        let package = world.path("new/package");
        let is_there = package.exists();
        assert!(is_there || disturbed.code != 0);
        assert!(!is_there || std::fs::read_dir(&package).unwrap().count() == 4);
        let next = world.retain(AS_OF);
        assert_eq!(next.code, 0, "{}", next.stderr);
        let new = std::fs::read_dir(world.path("new")).into_iter().flatten().count();
        assert_eq!(new, usize::from(is_there), "rows in clear are left");
        assert_eq!(world.disclosed("active", AS_OF), asked);
        let mut left = listing(&world.path(""));
        left.retain(|path| !["new", "package-"].iter().any(|other| path.starts_with(other)));
        assert_eq!(left, before);
        world.verify();
    };
    let command = |world: &ArchiveWorld| crate::clock::at(world.command(&open), AS_OF);
    every_call(|| template.copy(), command, check);
}

#[test]
fn rows_in_clear_on_a_volume_that_is_not_mounted_are_not_forgotten() {
    let world = half_expired();
    assert_eq!(world.retain(AS_OF).code, 1);
    let open = ["hold", "open", "release.toml", "--order", "active", "--identity", "custodian"];
    let open =
        |out| crate::clock::at(world.command(&[&open[..], &["--out", out]].concat()), AS_OF + HOUR);
    let (ran, calls) = disturb(open("drive/whole"), "none");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    // Each opening makes the same calls, but for the folder that is there by now.
    let rows = calls.iter().rposition(|call| call.path.ends_with("rows.csv")).unwrap();
    let (ran, _) = disturb(open("drive/package"), &format!("before {rows}"));
    assert_eq!(ran.code, KILLED, "{}", ran.stderr);
    let left = || {
        let below = listing(&world.path(""));
        below.iter().filter(|path| path.contains(".package-")).count()
    };
    assert!(left() > 0);

    std::fs::rename(world.path("drive"), world.path("unplugged")).unwrap();
    std::fs::create_dir(world.path("drive")).unwrap();
    for _ in 0..2 {
        let ran = world.retain(AS_OF + HOUR);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("cannot be reached"), "{}", ran.stderr);
        let ran = Ran::of(&open("other").output().unwrap());
        assert_eq!(ran.code, 74, "{}", ran.stderr);
    }
    assert!(left() > 0);

    std::fs::remove_dir_all(world.path("drive")).unwrap();
    std::fs::rename(world.path("unplugged"), world.path("drive")).unwrap();
    let ran = world.retain(AS_OF + HOUR);
    assert!(!ran.stderr.contains("cannot be reached"), "{}", ran.stderr);
    assert_eq!(left(), 0, "rows in clear are left");
    let ran = Ran::of(&open("other").output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    world.verify();
}

/// Published in one folder that is new, by a release of two questions.
#[test]
fn a_day_is_published_in_the_order_that_a_power_failure_needs() {
    let world = World::of_two_days();
    let run = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10"];
    let out = [&run[..], &["--out", "new/published"]].concat();
    let (ran, calls) = disturb(world.command(&out), "none");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let out = "new/published";
    let place = |operation: &str, path: &str, after: usize| {
        let found = calls[after..].iter().position(|call| {
            call.operation == operation && call.path == path.trim_start_matches('/')
        });
        after + found.unwrap_or_else(|| panic!("no {operation} {path} after call {after}"))
    };
    // A new folder is durable in the one above before anything is charged.
    let made = place("mkdir", out, 0);
    let reserved = place("write", "daily.ledger-wal", made);
    assert!(place("fsync", "new", made) < reserved);
    assert!(place("fsync", "", place("mkdir", "new", 0)) < reserved);
    // Nothing takes its name before its bytes are durable, and the manifest comes last.
    let manifest = place("rename", &format!("{out}/_manifest/day=2026-03-02.json"), 0);
    let bytes = calls.iter().rposition(|call| call.path.ends_with(".partial")).unwrap();
    assert_eq!(calls[bytes].operation, "fsync");
    for question in ["volume", "sms_share"] {
        let day = format!("{out}/{question}/day=2026-03-02");
        let renamed = place("rename", &format!("{day}/part-0.parquet"), bytes);
        let synced = place("fsync", &day, renamed);
        let above = place("fsync", &format!("{out}/{question}"), synced);
        assert!(place("fsync", out, above) < manifest);
    }
    let synced = place("fsync", &format!("{out}/_manifest"), manifest);
    // Only then the ledger notes that the day is published.
    let noted = place("write", "daily.ledger-wal", bytes);
    assert!(synced < noted);
}

/// A link in the place of a file that the program writes is refused or replaced, and what it leads to
/// stays as it is.
#[test]
fn no_link_leads_a_write_elsewhere() {
    let names = [
        "daily.ledger.lock",
        "daily.ledger.room",
        "logs/.pointillist-ledger",
        "logs/.pointillist-ledger.new",
        "published/_tmpAAAAAA/lock",
        "published/_manifest/day=2026-03-01.json",
        "published/volume/day=2026-03-01/part-0.parquet",
    ];
    for (name, is_hard) in names.into_iter().flat_map(|name| [(name, false), (name, true)]) {
        let world = World::of_two_days();
        world.write("precious", b"");
        let link = world.path(name);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        if is_hard {
            std::fs::hard_link(world.path("precious"), &link).unwrap();
        } else {
            std::os::unix::fs::symlink(world.path("precious"), &link).unwrap();
        }
        let ran = world.run(&RANGE);
        assert!(std::fs::read(world.path("precious")).unwrap().is_empty(), "{name}");
        if name == "daily.ledger.lock" {
            assert_eq!(ran.code, 74, "{}", ran.stderr);
            assert!(ran.stderr.contains("is a link to another file"), "{}", ran.stderr);
            std::fs::remove_file(&link).unwrap();
        } else {
            assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
        }
        let next = world.run(&RANGE);
        assert_eq!(next.code, 0, "{name}: {}", next.stderr);
        // Whose lock is a link is no folder of this program.
        let _none = std::fs::remove_dir_all(world.path("published/_tmpAAAAAA"));
        Seen::default().finish(&world, 2);
    }
}

#[test]
fn a_key_that_others_can_read_is_reported() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::of_two_days();
    assert_eq!(world.run(&RANGE).code, 0);
    let status = ["status", "release.toml", "--as-of", "2026-03-03"];
    let words = "others can read the .key file";
    for (mode, is_exposed) in [(0o600, false), (0o640, true), (0o604, true)] {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(world.path("daily.ledger.key"), mode).unwrap();
        for command in [&RANGE[..], &status, &["retain", "release.toml", "--as-of", "2026-03-10"]] {
            let ran = world.run(command);
            assert_eq!(ran.stderr.contains(words), is_exposed, "{command:?} {}", ran.stderr);
            let code = i32::from(command[0] != "run" && is_exposed);
            assert_eq!(ran.code, code, "{command:?} {}", ran.stderr);
        }
    }
}
