//! A ledger that limits what any 30 days cost together.

use serde_json::Value;

use crate::world::{Ran, World};

/// Releases all days from the first of February to the third of March, 31 days.
fn release_all(world: &World) -> Ran {
    let days = ["--from", "2026-02-01", "--to", "2026-03-03", "--as-of", "2026-03-10"];
    world.run(&[&["run", "release.toml"], &days[..]].concat())
}

/// A world with logs of all these days, and a limit on any 30 of them.
fn capped() -> World {
    let days = (1..=28).map(|day| format!("2026-02-{day:02}"));
    let days: Vec<String> = days.chain((1..=3).map(|day| format!("2026-03-0{day}"))).collect();
    let world = World::in_day_folders(&days);
    world.edit("delta = 1e-6", "delta = 1e-6\nkey_delta = 0.0\nepsilon_30_days = 4.0");
    world.edit("budget_share = 0.7", "budget_share = 1.0");
    world.edit("[keys]", "[retention]\ndays = 60\n\n[keys]");
    world
}

#[test]
fn every_day_of_a_month_gets_its_part_and_nothing_more_is_released_then() {
    let world = capped();
    let ran = release_all(&world);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ledger = world.ledger();
    assert_eq!(ledger["blocks"].as_array().unwrap().len(), 31);
    // The exact rho of epsilon 4 at 1e-6 is 0.351003648, less a millionth.
    let cap = ledger["cap_of_30_days"]["budget"].as_u64().unwrap();
    assert_eq!(cap, 351_003_310);
    let month = &ledger["requester_totals"][0];
    let most = month["most_nano_rho"].as_u64().unwrap();
    // The parts of the look and of each question are rounded down.
    assert!(most <= cap && most > cap - 30 * 100, "{month}");
    assert!(month["epsilon"].as_f64().unwrap() <= 4.0, "{month}");
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
    let shown = world.run(&["ledger", "show", "release.toml"]).stdout;
    let promise = "Any 30 consecutive days together: epsilon 4 at delta 1e-6; any 365: epsilon 17.79 \
                   at delta 1e-6.";
    assert!(shown.contains(promise), "{shown}");

    // The block itself has room for more, but no 30 days around it do.
    world.edit("name = \"daily\"", "name = \"other\"");
    let before = world.ledger();
    let day = ["--day", "2026-02-15", "--as-of", "2026-03-10", "--out", "others"];
    let refused = world.run(&[&["run", "release.toml"], &day[..]].concat());
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("`[ledger] epsilon_30_days` = 4"), "{}", refused.stderr);
    assert!(refused.stderr.contains("three ways out"), "{}", refused.stderr);
    assert_eq!(world.ledger(), before);
}

#[test]
fn files_and_plans_state_what_the_ledger_limits() {
    let world = capped();
    let plan: Value =
        serde_json::from_str(&world.run(&["plan", "release.toml", "--json"]).stdout).unwrap();
    let questions = plan["questions"].as_array().unwrap().iter();
    let questions: f64 = questions.map(|question| question["rho"].as_f64().unwrap()).sum();
    let rho = plan["rho_of_look"].as_f64().unwrap() + questions;
    assert!(rho <= 0.351_003_310 / 30.0 + 1e-12 && rho > 0.0116, "{rho}");
    assert_eq!(world.day("2026-03-02").code, 0);
    let manifest = world.manifest("2026-03-02");
    let limits = &manifest["guarantee"]["limits"];
    assert!(limits["thirty_days"]["epsilon"].as_f64().unwrap() <= 4.0, "{limits}");
    assert_eq!(limits["one_year"]["delta"], 1e-6);
    let words = manifest["guarantee_in_words"].as_str().unwrap();
    assert!(
        words.contains("any 30 consecutive days add up to epsilon 4.00 at delta 1e-6"),
        "{words}"
    );
}

#[test]
fn it_is_added_later_where_the_past_allows_it_and_stays() {
    let world = World::new();
    world.edit("budget_share = 0.7", "budget_share = 1.0");
    for day in ["2026-03-01", "2026-03-02"] {
        assert_eq!(world.day(day).code, 0);
    }
    let file = std::fs::read(world.path("release.toml")).unwrap();
    // Two days at epsilon 1 each come to 1.45.
    world.edit("delta = 1e-6", "delta = 1e-6\nepsilon_30_days = 1.4");
    let refused = world.day("2026-03-03");
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("the 30 days up to 2026-03-02 have already"),
        "{}",
        refused.stderr
    );
    world.edit("epsilon_30_days = 1.4", "epsilon_30_days = 1.6");
    assert_eq!(world.day("2026-03-03").code, 0);
    // Days that were released before are so still.
    let again = world.day("2026-03-02");
    assert!(again.code == 0 && again.stdout.contains("already done"), "{}", again.stderr);

    world.write("release.toml", &file);
    let refused = world.day("2026-03-03");
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("`[ledger] epsilon_30_days` is absent"), "{}", refused.stderr);
    // What concerns budgets alone keeps nothing from being deleted.
    let retained = world.run(&["retain", "release.toml", "--dry-run", "--as-of", "2026-03-10"]);
    assert_eq!(retained.code, 0, "{}", retained.stderr);
}

/// A limit on 30 days makes the parts of each question smaller, and no question asks otherwise for it.
#[test]
fn a_limit_that_was_added_is_not_named_as_what_a_release_file_asks_otherwise() {
    let parts = "what differs: `weight` of a question, or `[privacy] budget_share`\n";
    for (edit, words) in [
        // No published file shows this.
        (("[keys]", "day_folder = \"day\"\n[keys]"), "otherwise: what counts is questions"),
        (("by = [\"hour\", \"app\"]", "by = [\"hour\", \"app\"]\nweight = 2"), parts),
        (("budget_share = 1.0", "budget_share = 0.3"), parts),
    ] {
        let world = World::new();
        world.edit("budget_share = 0.7", "budget_share = 1.0");
        assert_eq!(world.day("2026-03-01").code, 0);
        world.edit("delta = 1e-6", "delta = 1e-6\nepsilon_30_days = 2.0");
        assert_eq!(world.day("2026-03-02").code, 0);
        world.edit(edit.0, edit.1);
        // The first day has its part of a block, the second one of the limit.
        for day in ["2026-03-01", "2026-03-02"] {
            let ran = world.day(day);
            assert_eq!((ran.code, ran.stderr.contains(words)), (1, true), "{day}: {}", ran.stderr);
        }
    }
}
