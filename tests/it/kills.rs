//! `kill -9` at any moment: no double draw, no partial file, no charge lost, and the next run heals
//! and finishes. All at the shipped share of the budget, where a day can be charged only once.
//!
//! `POINTILLIST_KILLS` sets how many runs are killed (default 12).

use std::io::Write;
use std::time::Duration;

use crate::injector::disturb;
use crate::seen::Seen;
use crate::world::World;

const RANGE: [&str; 8] =
    ["run", "release.toml", "--from", "2026-03-01", "--to", "2026-03-03", "--as-of", "2026-03-10"];

#[test]
fn runs_that_are_killed_at_any_moment_leave_nothing_half_done() {
    let kills: u64 = std::env::var("POINTILLIST_KILLS").map_or(12, |text| text.parse().unwrap());
    // The duration of an undisturbed run decides when the others are killed.
    let probe = World::new();
    let start = std::time::Instant::now();
    assert_eq!(probe.run(&RANGE).code, 0);
    let whole = start.elapsed();

    // A world is done after some rounds, and another begins.
    let mut worlds = 0;
    let mut current: Option<(World, Seen)> = None;
    for round in 0..kills {
        let (world, mut seen) = current.take().unwrap_or_else(|| (World::new(), Seen::default()));
        let mut command = world.command(&RANGE);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut run = command.spawn().unwrap();
        // Steps of the golden ratio spread the moments evenly, whatever their number.
        let moment = (round as f64 * 0.618_033_988_749_895).fract();
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * moment));
        run.kill().unwrap();
        run.wait().unwrap();
        seen.check(&world);
        let is_last = round + 1 == kills;
        if is_last || world.path("published/_manifest/day=2026-03-03.json").exists() {
            finish(&world, seen);
            worlds += 1;
        } else {
            current = Some((world, seen));
        }
    }
    writeln!(std::io::stdout(), "{kills} kills in {worlds} worlds of three days").unwrap();
}

fn finish(world: &World, seen: Seen) {
    let healed = world.run(&RANGE);
    assert_eq!(healed.code, 0, "{}", healed.stderr);
    seen.finish(world, 3);
    let verified = world.run(&["ledger", "verify", "release.toml"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

/// The signals come at calls that change files, from the first day's reservation to the last day's end.
#[test]
fn a_signal_stops_a_range_between_draws_and_the_next_run_goes_on() {
    let (whole, calls) = disturb(World::new().command(&RANGE), "none");
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    let reserved = calls.iter().position(|call| call.path == "published").unwrap();
    let last = calls.iter().rposition(|call| call.path.starts_with("published/volume")).unwrap();
    // In the first two days, and in the last one after its draw.
    for (signal, fifths) in [("term", 0), ("int", 1), ("term", 2), ("int", 3), ("term", 5)] {
        let world = World::new();
        let call = reserved + fifths * (last - reserved) / 5;
        let (run, _) = disturb(world.command(&RANGE), &format!("{signal} {}", call + 1));
        if fifths == 5 {
            // Nothing is left to stop.
            assert_eq!(run.code, 0, "{}", run.stderr);
        } else {
            assert_eq!(run.code, 75, "{signal} at {:?}: {}", calls[call], run.stderr);
            let words = "the run was stopped by a signal before it drew";
            assert!(run.stderr.contains(words), "{}", run.stderr);
            assert!(run.stdout.contains("stopped here; days not tried: "), "{}", run.stdout);
        }
        let states = world.ledger()["entries"].clone();
        let states = states.as_array().unwrap();
        assert!(
            states.iter().all(|entry| ["reserved", "published"]
                .iter()
                .any(|state| entry["state"] == *state))
        );

        let finished = world.run(&RANGE);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        assert_eq!(world.published().len(), 9);
        let ledger = world.ledger();
        let entries = ledger["entries"].as_array().unwrap();
        assert!(entries.iter().all(|entry| entry["attempts"] == 1), "{entries:?}");
        assert_eq!(entries.len(), 3);
    }
}
