//! Results that cannot be written: a disk that is full is a failure, a reader that left is none.

use std::fs::File;
use std::process::Stdio;

use crate::world::World;

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let world = World::new();
    assert_eq!(world.day("2026-03-02").code, 0);
    for command in [
        &["ledger", "export", "release.toml"][..],
        &["ledger", "show", "release.toml"],
        &["ledger", "verify", "release.toml"],
        &["status", "release.toml", "--as-of", "2026-03-04"],
        &["manifest", "published"],
        &["check", "release.toml"],
        &["plan", "release.toml"],
        &["explain", "release.toml"],
        &["run", "release.toml", "--day", "2026-03-03", "--as-of", "2026-03-10"],
        &["schema"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
    ] {
        for more in [&[][..], &["--json"]] {
            let mut full = world.command(&[command, more].concat());
            let full = full.stdout(File::create("/dev/full").unwrap()).output().unwrap();
            let words = String::from_utf8_lossy(&full.stderr);
            assert_eq!(full.status.code(), Some(74), "{command:?}: {words}");
            assert!(words.contains("the result cannot be written"), "{command:?}: {words}");
            assert!(words.contains("hint: "), "{words}");
            // Who reads only the first lines closes the pipe.
            let (reader, closed) = std::io::pipe().unwrap();
            drop(reader);
            let mut closed_early = world.command(&[command, more].concat());
            let left = closed_early.stdout(closed).stderr(Stdio::piped()).output().unwrap();
            let words = String::from_utf8_lossy(&left.stderr);
            assert_ne!(left.status.code(), Some(74), "{command:?}: {words}");
            assert!(!words.contains("the result"), "{words}");
        }
    }
    // Quiet commands have no result.
    let mut quiet = world.command(&["status", "release.toml", "--as-of", "2026-03-04", "--quiet"]);
    let quiet = quiet.stdout(File::create("/dev/full").unwrap()).output().unwrap();
    assert_ne!(quiet.status.code(), Some(74));
    assert_eq!(world.ledger()["entries"].as_array().unwrap().len(), 2, "what it did is done");
}
