//! Ledgers that were restored, copied or made twice, and outputs of two releases.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use pointillist::ledger::{Ledger, Marks, Second};
use pointillist::release_file::day::Clock;
use pointillist::release_file::place::Place;

use crate::world::{HEADER, Ran, World, rows_of};

const LEDGER: [&str; 2] = ["daily.ledger", "daily.ledger.key"];

/// Runs one day, as of a later day.
fn day(world: &World, day: usize, more: &[&str]) -> Ran {
    let day = format!("2026-03-{day:02}");
    let run = ["run", "release.toml", "--day", &day, "--as-of", "2026-03-20"];
    world.run(&[&run[..], more].concat())
}

fn copy(world: &World, from: &str, to: &str) {
    for name in LEDGER {
        std::fs::create_dir_all(world.path(to)).unwrap();
        std::fs::copy(world.path(from).join(name), world.path(to).join(name)).unwrap();
    }
}

fn is_behind(ran: &Ran) {
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("is behind its mark"), "{}", ran.stderr);
}

#[test]
fn no_backup_of_a_history_is_taken_for_its_newest_state() {
    let days = 10;
    let names: Vec<String> = (1..=days).map(|day| format!("2026-03-{day:02}")).collect();
    let world = World::in_day_folders(&names);
    for done in 1..=days {
        let ran = day(&world, done, &[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        copy(&world, "", &format!("backup-{done}"));
        let published = world.published();
        for older in 1..done {
            copy(&world, &format!("backup-{older}"), "");
            is_behind(&day(&world, older + 1, &[]));
            assert_eq!(world.published(), published, "{older} of {done}");
        }
        if done > 1 {
            is_behind(&world.run(&["ledger", "verify", "release.toml"]));
            is_behind(&world.run(&["status", "release.toml", "--as-of", "2026-03-20"]));
            is_behind(&world.run(&["retain", "release.toml", "--as-of", "2026-03-20"]));
        }
        copy(&world, &format!("backup-{done}"), "");
    }
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
    // Either mark is enough.
    copy(&world, "backup-1", "");
    for mark in ["logs/.pointillist-ledger", "published/.pointillist-ledger"] {
        let text = std::fs::read(world.path(mark)).unwrap();
        std::fs::remove_file(world.path(mark)).unwrap();
        is_behind(&day(&world, 2, &[]));
        world.write(mark, &text);
    }
}

#[test]
fn a_published_day_that_the_ledger_does_not_know_is_never_written_over() {
    let world = World::new();
    let name = "_manifest/day=2026-03-02.json";
    let manifest = |head: &str| {
        world.write(
            &format!("published/{name}"),
            format!(
                "{{\"release\":\"daily\",\"release_id\":\"x\",\"day\":\"2026-03-02\",\
                 \"ledger_entry\":7,\"ledger_head\":{head},\"files\":[]}}"
            )
            .as_bytes(),
        );
    };
    for head in ["null", "\"abc\""] {
        manifest(head);
        let before = world.published();
        let ran = day(&world, 2, &[]);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("2026-03-02 that the ledger does not know"), "{}", ran.stderr);
        assert_eq!(world.published(), before);
        assert!(world.ledger()["entries"].as_array().unwrap().is_empty());
    }
    for (number, out) in [(1, "published"), (2, "elsewhere")] {
        let ran = day(&world, number, &["--out", out]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
}

#[test]
fn of_a_ledger_and_its_copy_only_the_one_that_went_on_does() {
    let world = World::new();
    assert_eq!(day(&world, 1, &[]).code, 0);
    copy(&world, "", "copy");
    let on_copy = |number| day(&world, number, &["--ledger", "copy/daily.ledger"]);
    assert_eq!(on_copy(2).code, 0);
    is_behind(&day(&world, 2, &[]));
    is_behind(&day(&world, 3, &[]));
    assert_eq!(on_copy(3).code, 0);
}

#[test]
fn of_a_ledger_and_its_copy_that_run_at_once_one_draws() {
    let world = World::new();
    let rows: String = (1..=8).map(|day| rows_of(&format!("2026-03-0{day}"))).collect();
    world.write("logs/lookups.csv", format!("{HEADER}{rows}").as_bytes());
    assert_eq!(day(&world, 1, &[]).code, 0);
    for number in 2..=7 {
        copy(&world, "", "copy");
        let name = format!("2026-03-{number:02}");
        let start = |ledger: &str, out: &str| {
            let run = ["run", "release.toml", "--day", &name, "--as-of", "2026-03-20"];
            let mut command =
                world.command(&[&run[..], &["--ledger", ledger, "--out", out]].concat());
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let running = [start("daily.ledger", "published"), start("copy/daily.ledger", "copies")];
        let ran = running.map(|run| run.wait_with_output().unwrap());
        let went_on = [0, 1].map(|it| ran[it].status.code() == Some(0));
        assert_eq!(went_on.iter().filter(|it| **it).count(), 1, "day {number}: {ran:?}");
        let drawn = ["published", "copies"]
            .map(|out| world.path(out).join(format!("_manifest/day={name}.json")).exists());
        assert_eq!(drawn, went_on, "day {number}");
        let second = &ran[usize::from(went_on[0])];
        let words = String::from_utf8_lossy(&second.stderr);
        assert_eq!(second.status.code(), Some(1), "{words}");
        assert!(words.contains("is behind its mark"), "{words}");
        // The one that went on is the ledger from here on.
        if went_on[1] {
            is_behind(&day(&world, number + 1, &[]));
            copy(&world, "copy", "");
        }
    }
}

#[test]
fn a_ledger_of_two_names_is_not_written() {
    let world = World::new();
    assert_eq!(day(&world, 1, &[]).code, 0);
    std::fs::create_dir(world.path("two")).unwrap();
    for name in LEDGER {
        std::fs::hard_link(world.path(name), world.path("two").join(name)).unwrap();
    }
    for ledger in LEDGER[..1].iter().copied().chain(["two/daily.ledger"]) {
        let ran = day(&world, 2, &["--ledger", ledger]);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("has another name (a hard link)"), "{}", ran.stderr);
    }
    assert_eq!(world.run(&["status", "release.toml", "--as-of", "2026-03-06"]).code, 0);
    std::fs::remove_file(world.path("two/daily.ledger")).unwrap();
    assert_eq!(day(&world, 2, &[]).code, 0);
}

#[test]
fn a_second_ledger_is_noticed_above_below_and_behind_links() {
    // The logs of the first and of the second ledger, and whether they overlap.
    let rows = [
        ("logs/**/*.csv", "logs/2026/*.csv", true),
        ("logs/2026/*.csv", "logs/**/*.csv", true),
        ("logs", "logs/2026/lookups.csv", true),
        ("logs/**", "logs/2026/*.csv", true),
        ("logs/2026/**", "logs/**", true),
        ("logs/2026/lookups.csv", "logs/*/lookups.csv", true),
        ("logs/2026/*.csv", "linked/2026/*.csv", true),
        ("linked", "logs/2026/*.csv", true),
        ("logs/*.csv", "logs/2026/*.csv", false),
        ("logs/2026/*.csv", "logs/*.csv", false),
        ("logs/2026/*.csv", "other/2026/*.csv", false),
    ];
    for (first, second, overlap) in rows {
        let world = World::new();
        for folder in ["logs/2026", "other/2026"] {
            std::fs::create_dir_all(world.path(folder)).unwrap();
            let to = world.path(folder).join("lookups.csv");
            std::fs::copy(world.path("logs/lookups.csv"), to).unwrap();
        }
        std::os::unix::fs::symlink("logs", world.path("linked")).unwrap();
        assert_eq!(day(&world, 2, &["--logs", first]).code, 0);
        let other = ["--logs", second, "--ledger", "other.ledger", "--out", "others"];
        let ran = day(&world, 2, &other);
        assert_eq!(ran.code, i32::from(overlap), "{first} and {second}: {}", ran.stderr);
        let words = "these logs are charged to another ledger";
        assert_eq!(ran.stderr.contains(words), overlap, "{}", ran.stderr);
        assert_eq!(world.path("other.ledger").exists(), !overlap, "{first} and {second}");
        let meant = day(&world, 2, &[&other[..], &["--new-ledger"]].concat());
        assert_eq!(meant.code, 0, "{}", meant.stderr);
        assert_eq!(day(&world, 3, &["--logs", first]).code, 0, "the first one goes on");
        assert_eq!(day(&world, 3, &other).code, 0, "and the second");
    }
}

#[test]
fn of_ledgers_that_are_made_at_once_one_at_most_goes_on() {
    for (round, logs) in ["logs/*.csv", "logs/**/*.csv", "logs/*.csv"].into_iter().enumerate() {
        let world = World::new();
        let start = |number: usize| {
            let (ledger, out) = (format!("{number}.ledger"), format!("out-{number}"));
            let logs = if number.is_multiple_of(2) { logs } else { "logs/*.csv" };
            let run = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-20"];
            let more = ["--logs", logs, "--ledger", &ledger, "--out", &out];
            let mut command = world.command(&[&run[..], &more].concat());
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let running: Vec<_> = (0..4).map(start).collect();
        let done = running.into_iter().filter_map(|mut run| run.wait().unwrap().code());
        let went_on = done.filter(|code| *code == 0).count();
        assert_eq!(went_on, 1, "round {round}");
        let drawn = (0..4).filter(|number| world.path(&format!("out-{number}/_manifest")).exists());
        assert!(drawn.count() <= 1, "round {round}");
    }
}

#[test]
fn a_mark_that_cannot_be_raised_is_reported_and_one_behind_a_link_is_replaced() {
    let world = World::new();
    std::fs::create_dir_all(world.path("logs/.pointillist-ledger.new/x")).unwrap();
    let ran = day(&world, 2, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("no mark can be written in"), "{}", ran.stderr);
    std::fs::remove_dir_all(world.path("logs/.pointillist-ledger.new")).unwrap();
    world.write("precious", b"");
    std::os::unix::fs::symlink("../precious", world.path("logs/.pointillist-ledger")).unwrap();
    let ran = day(&world, 3, &[]);
    assert_eq!((ran.code, ran.stderr.contains("no mark")), (0, false), "{}", ran.stderr);
    assert!(std::fs::read(world.path("precious")).unwrap().is_empty());
    let is_link = |path: &Path| path.symlink_metadata().unwrap().is_symlink();
    assert!(!is_link(&world.path("logs/.pointillist-ledger")));
    // The output's mark is for everybody to read and names no place.
    let text = std::fs::read_to_string(world.path("published/.pointillist-ledger")).unwrap();
    assert!(!text.contains("daily.ledger"), "{text}");
}

#[test]
fn two_releases_never_share_an_output() {
    let world = World::new();
    assert_eq!(day(&world, 2, &[]).code, 0);
    let before = world.published();
    world.edit("name = \"daily\"", "name = \"other\"");
    let other = day(&world, 2, &[]);
    assert_eq!(other.code, 1, "{}", other.stderr);
    assert!(other.stderr.contains("belongs to the release `daily`"), "{}", other.stderr);
    assert_eq!(world.published(), before);
    assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 1, "nothing was charged");
}

#[test]
fn a_table_that_a_new_manifest_does_not_list_goes() {
    let world = World::new();
    world.edit("budget_share = 0.7", "budget_share = 0.3");
    for number in 1..=2 {
        assert_eq!(day(&world, number, &[]).code, 0);
    }
    world.edit("name = \"sms_share\"", "name = \"share\"");
    let again = day(&world, 2, &["--again"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    let is_there = |path: &str| world.path("published").join(path).exists();
    assert!(is_there("share/day=2026-03-02/part-0.parquet"));
    assert!(!is_there("sms_share/day=2026-03-02/part-0.parquet"));
    assert!(is_there("sms_share/day=2026-03-01/part-0.parquet"), "of a day that stays");
}

#[test]
fn a_ledger_with_another_key_in_the_place_of_one_is_noticed_by_its_marks() {
    let world = World::new();
    let other = World::new();
    for world in [&world, &other] {
        assert_eq!(day(world, 1, &[]).code, 0);
    }
    for name in LEDGER {
        std::fs::copy(other.path(name), world.path(name)).unwrap();
    }
    for command in [
        &["ledger", "verify", "release.toml"][..],
        &["status", "release.toml", "--as-of", "2026-03-20"],
    ] {
        let ran = world.run(command);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("is not the one that the mark"), "{}", ran.stderr);
    }
    assert_eq!(day(&world, 2, &[]).code, 1);
    // Meant or not, a person can say so.
    std::fs::remove_dir_all(world.path("published")).unwrap();
    assert_eq!(day(&world, 2, &["--new-ledger"]).code, 0);
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
}

#[test]
fn ledgers_that_mark_one_output_at_once_lose_no_mark() {
    let world = World::new();
    assert_eq!(day(&world, 1, &[]).code, 0);
    let terms = Ledger::open_existing(&world.path("daily.ledger")).unwrap().terms().clone();
    let out = world.path("shared");
    std::fs::create_dir(&out).unwrap();
    let start = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (world, terms, out, start) = (&world, &terms, &out, &start);
            scope.spawn(move || {
                let folder = world.path(&format!("logs-{number}"));
                std::fs::create_dir(&folder).unwrap();
                let glob = folder.join("*.csv").display().to_string();
                let place = Place { folder: std::path::PathBuf::new(), glob };
                let path = world.path(&format!("{number}.ledger"));
                let mut ledger = Ledger::open(&path, terms, Duration::ZERO, Clock::System).unwrap();
                start.wait();
                let marks = Marks::read(&place, out).unwrap();
                marks.claim(&mut ledger, Second::Refuse).unwrap();
            });
        }
    });
    let marks = std::fs::read_to_string(out.join(".pointillist-ledger")).unwrap();
    assert_eq!(marks.lines().count(), 8, "{marks}");
}

#[test]
fn a_ledger_that_is_gone_is_said_to_be_gone_and_not_to_be_another_one() {
    let world = World::in_day_folders(&["2026-03-01".to_owned(), "2026-03-02".to_owned()]);
    assert_eq!(day(&world, 1, &[]).code, 0);
    copy(&world, "", "backup");
    let as_of = ["--as-of", "2026-03-20"];
    let commands = [
        &["run", "release.toml", as_of[0], as_of[1]][..],
        &["status", "release.toml", as_of[0], as_of[1]],
        &["retain", "release.toml", as_of[0], as_of[1]],
        &["retain", "release.toml", "--dry-run", as_of[0], as_of[1]],
        &["ledger", "show", "release.toml"],
        &["ledger", "verify", "release.toml"],
        &["hold", "list", "release.toml"],
    ];
    // The key may be there still, or be gone, too.
    for name in LEDGER {
        std::fs::remove_file(world.path(name)).unwrap();
        for command in commands {
            let ran = world.run(command);
            assert_eq!(ran.code, 1, "{command:?}: {}", ran.stderr);
            assert!(ran.stderr.contains("daily.ledger is gone: the mark"), "{}", ran.stderr);
            assert!(ran.stderr.contains("restore it from a backup"), "{}", ran.stderr);
            assert!(!ran.stderr.contains("another ledger, "), "{}", ran.stderr);
        }
    }
    copy(&world, "backup", "");
    assert!(!world.run(commands[1]).stderr.contains("is gone"));
    assert_eq!(day(&world, 2, &[]).code, 0);
    // A ledger of another name is one that was never there.
    let ran = day(&world, 2, &["--ledger", "other.ledger", "--out", "others"]);
    assert!(ran.stderr.contains("are charged to another ledger, "), "{}", ran.stderr);
}
