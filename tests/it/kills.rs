//! `kill -9` at any moment: no double draw, no partial file, no charge lost, and the next run heals
//! and finishes. All at the shipped share of the budget, where a day can be charged only once.
//!
//! `POINTILLIST_KILLS` sets how many runs are killed (default 12).

use std::collections::BTreeMap;
use std::time::Duration;

use pointillist::ledger::{EntryId, Ledger, Which};

use crate::world::World;

#[test]
fn runs_that_are_killed_at_any_moment_leave_nothing_half_done() {
    let kills: u64 = std::env::var("POINTILLIST_KILLS").map_or(12, |text| text.parse().unwrap());
    let world = World::new();
    let arguments = [
        "run",
        "release.toml",
        "--from",
        "2026-03-01",
        "--to",
        "2026-03-03",
        "--as-of",
        "2026-03-10",
    ];
    // The duration of an undisturbed run decides when the others are killed.
    let start = std::time::Instant::now();
    assert_eq!(world.run(&["plan", "release.toml"]).code, 0);
    let probe = World::new();
    assert_eq!(probe.run(&arguments).code, 0);
    let whole = start.elapsed();

    let mut files: BTreeMap<_, Vec<u8>> = BTreeMap::new();
    let mut spent = 0;
    let mut looks: BTreeMap<EntryId, Vec<i64>> = BTreeMap::new();
    for round in 0..kills {
        let mut command = world.command(&arguments);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut run = command.spawn().unwrap();
        // Steps of the golden ratio spread the moments evenly, whatever their number.
        let moment = (round as f64 * 0.618_033_988_749_895).fract();
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * moment));
        run.kill().unwrap();
        run.wait().unwrap();

        if !world.path("daily.ledger").exists() {
            assert!(world.published().is_empty(), "round {round}");
            continue;
        }
        let verified = world.run(&["ledger", "verify", "release.toml"]);
        assert_eq!(verified.code, 0, "round {round}: {}", verified.stderr);
        let ledger = world.ledger();
        let now = spent_by_all(&ledger);
        assert!(now >= spent, "round {round}: a charge was lost");
        spent = now;
        let opened = Ledger::open_existing(&world.path("daily.ledger")).unwrap();
        for entry in opened.entries(Which::All).unwrap() {
            if let Some(look) = opened.look(entry.id).unwrap() {
                let known = looks.entry(entry.id).or_insert_with(|| look.clone());
                assert!(*known == look, "round {round}: the look was drawn again");
            }
        }
        drop(opened);
        for (path, bytes) in world.published() {
            if path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("_tmp"))
            {
                continue;
            }
            if path.extension().is_some_and(|ending| ending == "parquet") {
                let reader = parquet::file::reader::SerializedFileReader::new(
                    bytes::Bytes::copy_from_slice(&bytes),
                );
                assert!(reader.is_ok(), "round {round}: {} is not whole", path.display());
            }
            let known = files.entry(path.clone()).or_insert_with(|| bytes.clone());
            assert!(*known == bytes, "round {round}: {} was drawn again", path.display());
        }
    }
    let healed = world.run(&arguments);
    assert_eq!(healed.code, 0, "{}", healed.stderr);
    let published = world.published();
    assert_eq!(published.len(), 9, "{:?}", published.keys());
    for (path, bytes) in &files {
        assert_eq!(published.get(path), Some(bytes), "{}", path.display());
    }
    let ledger = world.ledger();
    let entries = ledger["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 3, "one charge for each day: {entries:?}");
    assert!(entries.iter().all(|entry| entry["state"] == "published"), "{entries:?}");
    let charges = entries.iter().map(|entry| entry["charge_nano_rho"].as_u64().unwrap());
    assert_eq!(charges.sum::<u64>(), spent_by_all(&ledger));
    let verified = world.run(&["ledger", "verify", "release.toml"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

fn spent_by_all(ledger: &serde_json::Value) -> u64 {
    let blocks = ledger["blocks"].as_array().unwrap();
    blocks.iter().map(|block| block["spent_nano_rho"].as_u64().unwrap()).sum()
}

/// The first signal comes when the first day is reserved, so that it is never too late for the last.
#[cfg(unix)]
#[test]
fn a_signal_stops_a_range_between_draws_and_the_next_run_goes_on() {
    use std::io::{BufRead as _, BufReader, Read as _};

    for signal in ["-TERM", "-INT"] {
        let world = World::new();
        let range = ["--from", "2026-03-01", "--to", "2026-03-03", "--as-of", "2026-03-10"];
        let arguments = [&["run", "release.toml"], &range[..]].concat();
        let mut command = world.command(&[&arguments[..], &["--verbose"]].concat());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut run = command.spawn().unwrap();
        let mut said = BufReader::new(run.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("reserved") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "the run ended before it reserved");
        }
        let id = run.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        let mut out = String::new();
        run.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        assert_eq!(run.wait().unwrap().code(), Some(75), "{rest}");
        assert!(rest.contains("the run was stopped by a signal before it drew"), "{rest}");
        assert!(out.contains("stopped here; days not tried: "), "{out}");
        let states = world.ledger()["entries"].clone();
        let states = states.as_array().unwrap();
        assert!(
            states.iter().all(|entry| ["reserved", "published"]
                .iter()
                .any(|state| entry["state"] == *state))
        );

        let finished = world.run(&arguments);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        assert_eq!(world.published().len(), 9);
        let ledger = world.ledger();
        let entries = ledger["entries"].as_array().unwrap();
        assert!(entries.iter().all(|entry| entry["attempts"] == 1), "{entries:?}");
        assert_eq!(entries.len(), 3);
    }
}
