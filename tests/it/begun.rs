//! Days that a run has begun and not finished, when the release file or the logs have changed since.

use crate::reruns::spent;
use crate::world::{Ran, World};

fn states(world: &World) -> Vec<String> {
    let ledger = world.ledger();
    let entries = ledger["entries"].as_array().unwrap().iter();
    entries.map(|entry| entry["state"].as_str().unwrap().to_owned()).collect()
}

/// Runs the day by a release file that asks otherwise, which is refused with these words and without these.
fn refused(world: &World, words: &[&str], others: &[&str]) -> Ran {
    let before = world.ledger();
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let stderr = ran.stderr.replace("\n  ", " ");
    assert!(words.iter().all(|words| stderr.contains(words)), "{stderr}");
    assert!(!others.iter().any(|words| stderr.contains(words)), "{stderr}");
    assert_eq!(world.ledger(), before, "nothing is charged or given back");
    assert!(world.published().is_empty());
    ran
}

fn released(world: &World) {
    let ran = world.day("2026-03-02");
    assert_eq!((ran.code, ran.stdout.contains("released")), (0, true), "{}", ran.stderr);
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
}

#[test]
fn a_reserved_day_of_another_release_file_is_finished_by_that_one_or_given_up() {
    let words = [
        "the day 2026-03-02 is reserved as `daily` (entry 1), from a release file that asked otherwise: what counts is",
        "nothing was drawn",
        "`pointillist ledger void ID RELEASE.toml`",
    ];
    let edits = [
        ("by = [\"hour\", \"app\"]", "by = [\"hour\"]"),
        ("budget_share = 0.7", "budget_share = 0.3"),
    ];
    for (from, to) in edits {
        let world = World::with_a_reserved_day();
        let charged = spent(&world.ledger());
        let file = std::fs::read(world.path("release.toml")).unwrap();
        world.edit(from, to);
        refused(&world, &words, &["released", "--again", "what differs"]);
        // The change was a mistake.
        let changed = std::fs::read(world.path("release.toml")).unwrap();
        world.write("release.toml", &file);
        released(&world);
        assert_eq!((spent(&world.ledger()), states(&world)), (charged, vec!["published".into()]));

        // It is meant.
        let world = World::with_a_reserved_day();
        world.write("release.toml", &changed);
        assert_eq!(world.run(&["ledger", "void", "1", "release.toml"]).code, 0);
        released(&world);
        assert_eq!(states(&world), ["void", "published"]);
        let ledger = world.ledger();
        let charge = ledger["entries"][1]["charge_nano_rho"].as_u64().unwrap();
        assert_eq!(spent(&ledger)[0].1, charge, "charged by the new file alone");
    }
}

#[test]
fn a_drawn_day_of_another_release_file_is_finished_by_that_one_or_charged_once_more() {
    let words = [
        "the day 2026-03-02 was drawn as `daily` (entry 1) and not stored, from a release file that asked otherwise: \
         what counts is",
        "restore that release file and run again, which finishes it for the same charge",
        "--again, which charges the day once more",
    ];
    for is_meant in [false, true] {
        let world = World::with_a_drawn_day();
        let charged = spent(&world.ledger());
        let file = std::fs::read(world.path("release.toml")).unwrap();
        world.edit("budget_share = 0.7", "budget_share = 0.2");
        refused(&world, &words, &["released", "ledger void", "what differs"]);
        if is_meant {
            let again =
                ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10", "--again"];
            let ran = world.run(&again);
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            assert_eq!(states(&world), ["drawn", "published"]);
            assert!(spent(&world.ledger())[0].1 > charged[0].1);
        } else {
            world.write("release.toml", &file);
            released(&world);
            assert_eq!(
                (spent(&world.ledger()), states(&world)),
                (charged, vec!["published".into()])
            );
        }
    }
}

/// `status` reads no logs, so it says what becomes of the day either way.
#[test]
fn status_says_what_the_next_run_does_with_a_day_that_was_begun() {
    for (world, words, changed_states) in [
        (
            World::with_a_reserved_day(),
            "reserved and not stored, the next run goes on with it, or reserves it again if its logs have changed",
            vec!["void", "published"],
        ),
        (
            World::with_a_drawn_day(),
            "drawn and not stored, the next run goes on with it if its logs have not changed",
            vec!["drawn"],
        ),
    ] {
        let shown = world.run(&["status", "release.toml", "--as-of", "2026-03-10"]).stdout;
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(words), "{shown}");
        let log = std::fs::read_to_string(world.path("logs/lookups.csv")).unwrap();
        world.write("logs/lookups.csv", log.replacen("sms", "messenger", 1).as_bytes());
        let ran = world.day("2026-03-02");
        assert_eq!(ran.code == 0, changed_states.len() == 2, "{}", ran.stderr);
        assert_eq!(states(&world), changed_states);
    }
}
