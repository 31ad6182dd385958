//! The ledger against a model of it: random operations, crashes, races, and mistakes on purpose.
//!
//! `POINTILLIST_SEEDS` sets how many seeds are tried (default 200); a failing seed is named in
//! the message. A canary is a mistake that the simulation must notice: it tests the simulation.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

mod canary;
mod crash;
mod ground;
mod model;
mod race;
mod world;

use world::World;

#[test]
fn the_ledger_does_what_the_model_does() {
    let seeds = std::env::var("POINTILLIST_SEEDS").ok().map_or(200, |text| text.parse().unwrap());
    for seed in 0..seeds {
        if let Err(difference) = World::run(seed, model::Mistake::None) {
            panic!("seed {seed}: {difference}");
        }
    }
}

/// Every outcome is reached, so that agreement means something.
#[test]
fn the_operations_reach_every_outcome() {
    let mut reached = std::collections::BTreeMap::new();
    for seed in 0..200 {
        for outcome in World::run(seed, model::Mistake::None).unwrap() {
            *reached.entry(outcome).or_insert(0_u32) += 1;
        }
    }
    for outcome in [
        "reserve: new",
        "reserve: resumed",
        "reserve: drawn before",
        "reserve: done",
        "reserve: refused",
        "draw: done",
        "draw: internal",
        "draw again: done",
        "draw: usage",
        "look: done",
        "look: internal",
        "look: usage",
        "empty: done",
        "empty: internal",
        "reserve: new after empty",
        "commit: done",
        "commit: internal",
        "publish: done",
        "publish: internal",
        "void: done",
        "void: refused",
        "reopen",
        "crash",
        "keep a copy",
        "go back to the copy",
    ] {
        assert!(reached.get(outcome).is_some_and(|times| *times >= 5), "{outcome}: {reached:?}");
    }
}
