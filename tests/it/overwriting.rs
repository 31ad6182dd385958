//! Options that name a file or folder to write: none leads to a file of the project.

use std::os::unix::fs::symlink;

use crate::world::World;

/// Every command that writes a file of a name that a person gives, without the name.
const FILES: [&[&str]; 4] = [
    &["status", "release.toml", "--as-of", "2026-03-10", "--metrics"],
    &["audit", "release.toml", "--seconds", "1", "--html"],
    &["report", "published", "--html"],
    &["export", "published", "--question", "volume", "--csv"],
];

/// A world with a released day, and names that lead to its files by other ways.
fn released() -> World {
    let world = World::new();
    assert_eq!(world.day("2026-03-02").code, 0);
    symlink("daily.ledger", world.path("linked")).unwrap();
    symlink("logs", world.path("other-logs")).unwrap();
    std::fs::hard_link(world.path("daily.ledger.key"), world.path("same-key")).unwrap();
    world
}

fn contents(world: &World, names: &[&str]) -> Vec<Option<Vec<u8>>> {
    names.iter().map(|name| std::fs::read(world.path(name)).ok()).collect()
}

#[test]
fn no_file_of_the_project_is_overwritten() {
    let world = released();
    let names = [
        "release.toml",
        "daily.ledger",
        "daily.ledger.key",
        "daily.ledger.lock",
        "linked",
        "same-key",
        "logs/lookups.csv",
        "other-logs/lookups.csv",
        "logs/.pointillist-ledger",
        "published/volume/day=2026-03-02/part-0.parquet",
        "published/_manifest/day=2026-03-02.json",
        "published/new",
    ];
    let before = contents(&world, &names);
    for command in FILES {
        for name in names {
            let ran = world.run(&[command, &[name]].concat());
            // A lock is empty when nobody holds it, and then there is nothing to lose.
            if name == "daily.ledger.lock" && !command.contains(&"release.toml") {
                continue;
            }
            assert_eq!(ran.code, 2, "{command:?} {name}: {}", ran.stderr);
            let option = command.last().unwrap();
            assert!(ran.stderr.contains(&format!("`{option} {name}`")), "{}", ran.stderr);
        }
    }
    let is_lock = |place: &usize| names[*place] == "daily.ledger.lock";
    let after = contents(&world, &names);
    for place in (0..names.len()).filter(|place| !is_lock(place)) {
        assert!(before[place] == after[place], "{}", names[place]);
    }
    // Names that are yet to come are kept free as well.
    for name in ["logs/new.csv", "other-logs/new.csv", "daily.ledger-wal", "daily.ledger.holds/x"] {
        for command in &FILES[..2] {
            let ran = world.run(&[command, &[name][..]].concat());
            assert_eq!((ran.code, world.path(name).exists()), (2, false), "{name}: {}", ran.stderr);
        }
    }
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
}

#[test]
fn a_file_that_a_command_wrote_is_replaced_by_it_and_by_no_other() {
    let world = released();
    for (place, command) in FILES.iter().enumerate() {
        let name = format!("made-{place}");
        for _ in 0..2 {
            let ran = world.run(&[command, &[name.as_str()][..]].concat());
            assert!(!ran.stderr.contains("did not write it"), "{}", ran.stderr);
            assert!(world.path(&name).exists(), "{command:?}: {}", ran.stderr);
        }
        world.write("mine", b"a text of mine");
        let ran = world.run(&[command, &["mine"][..]].concat());
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        // An empty file was made for this.
        world.write("empty", b"");
        let ran = world.run(&[command, &["empty"][..]].concat());
        assert!(!ran.stderr.contains("did not write it"), "{}", ran.stderr);
    }
    // A device keeps nothing, but a file would take the place of one that is replaced.
    for (command, code) in [(FILES[0], 2), (FILES[2], 0)] {
        let _listening = std::os::unix::net::UnixListener::bind(world.path("device"));
        let name = if code == 0 { "/dev/null" } else { "device" };
        let ran = world.run(&[command, &[name][..]].concat());
        assert_eq!(ran.code, code, "{}", ran.stderr);
    }
}

#[test]
fn no_rows_are_written_among_the_tables_and_no_tables_among_the_logs() {
    let world = released();
    let run = ["run", "release.toml", "--day", "2026-03-03", "--as-of", "2026-03-10"];
    for command in [&["check", "release.toml"][..], &run] {
        for folder in ["published", "published/rejects"] {
            let ran = world.run(&[command, &["--rejects", folder]].concat());
            assert_eq!(ran.code, 2, "{}", ran.stderr);
            assert!(ran.stderr.contains("lies among the published tables"), "{}", ran.stderr);
        }
    }
    let open = ["hold", "open", "release.toml", "--order", "1", "--identity", "x", "--out"];
    let ran = world.run(&[&open[..], &["published/package"]].concat());
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("lies among the published tables"), "{}", ran.stderr);
    world.edit("logs/*.csv", "logs/**");
    for command in [&["rollup", "release.toml", "--to", "week"][..], &run] {
        let ran = world.run(&[command, &["--out", "logs/tables"]].concat());
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("lies among the logs"), "{}", ran.stderr);
    }
    assert!(!world.path("logs/tables").exists());
}

#[test]
fn simulated_logs_replace_no_others() {
    let world = World::empty();
    let simulate = ["simulate", "--out", "logs", "--start", "2026-03-01", "--days", "2"];
    let simulate = [&simulate[..], &["--lookups-per-day", "10", "--requesters", "5"]].concat();
    let (own, real) = ("logs/day=2026-03-01", "logs/day=2026-03-02/part-0.parquet");
    std::fs::create_dir_all(world.path("logs/day=2026-03-02")).unwrap();
    std::fs::write(world.path(real), "a log").unwrap();
    for format in ["parquet", "csv"] {
        let ran = world.run(&[&simulate[..], &["--format", format]].concat());
        if format == "parquet" {
            assert_eq!(ran.code, 2, "{}", ran.stdout);
            assert!(ran.stderr.contains(&format!("{real} is there already")), "{}", ran.stderr);
            assert!(!world.path(own).exists(), "a day before it was written");
        } else {
            assert_eq!(ran.code, 0, "{}", ran.stderr);
        }
        assert_eq!(std::fs::read(world.path(real)).unwrap(), b"a log");
    }
}
