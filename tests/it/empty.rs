//! Days that look empty: nothing of them is published, and they can be released when their logs come.

use pointillist::ledger::{EntryId, Ledger, Reservation};
use pointillist::release_file::day::Clock;
use pointillist::release_file::privacy_loss::NanoRho;
use serde_json::Value;

use crate::world::World;

const RUN: [&str; 6] = ["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10"];

/// What the look costs in billionths of rho.
const LOOK: u64 = 1_000_000;

/// A world in which the look at the second of March shows nobody.
fn world_with_an_empty_day() -> World {
    let world = World::with_a_reserved_day();
    let (path, wait) = (world.path("daily.ledger"), std::time::Duration::ZERO);
    let mut ledger = Ledger::reopen(&path, wait, Clock::System).unwrap();
    let reserved = ledger.entry(EntryId(1)).unwrap().unwrap();
    ledger.void(reserved.id).unwrap();
    let look_charge = Some(NanoRho::new(LOOK));
    let reservation = Reservation { look_charge, ..reserved.reserved };
    let id = ledger.reserve(&reservation).unwrap().id;
    let _unused_permit = ledger.mark_drawn(id).unwrap();
    ledger.note_look(id, &[3, -1, 0]).unwrap();
    ledger.mark_empty(id).unwrap();
    world
}

fn spent(world: &World) -> u64 {
    world.ledger()["blocks"][0]["spent_nano_rho"].as_u64().unwrap()
}

fn states(world: &World) -> Vec<String> {
    let ledger = world.ledger();
    let entries = ledger["entries"].as_array().unwrap().iter();
    entries.map(|entry| entry["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_day_that_looks_empty_stays_so_as_long_as_its_logs_are_the_same() {
    let world = world_with_an_empty_day();
    let before = world.ledger();
    for _ in 0..2 {
        let ran = world.run(&[&RUN[..], &["--json"]].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(json["days"][0]["done"], "looks-empty");
        assert_eq!(world.ledger(), before, "nothing is charged");
    }
    let said = world.run(&RUN).stdout;
    assert!(said.contains("2026-03-02  looks empty: no activity above the noise"), "{said}");
    // What the ledger has for it: this one was charged by hand.
    let part = LOOK as f64 / 27_730_440.0 * 100.0;
    let meaning = format!(
        "The look at it took {part:.1} % of the day's budget. When its files have come or changed"
    );
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&meaning) && !words.contains("day_file"), "{said}");
    assert!(world.published().is_empty());
    assert_eq!(spent(&world), LOOK);
}

/// Nothing was ever released: a filter, a unit or a folder may be wrong, and only the noisy look may say so.
#[test]
fn a_first_run_that_shows_nobody_says_where_to_look_and_status_calls_somebody() {
    let world = world_with_an_empty_day();
    let words =
        "the day 2026-03-02 looks empty and passes retention in 22 days: `pointillist check`";
    let ran = world.run(&RUN);
    assert_eq!((ran.code, ran.stderr.contains(words)), (0, true), "{}", ran.stderr);
    let status = || world.run(&["status", "release.toml", "--as-of", "2026-03-10"]);
    let looked = status();
    assert_eq!((looked.code, looked.stderr.contains(words)), (1, true), "{}", looked.stderr);
    let log = std::fs::read_to_string(world.path("logs/lookups.csv")).unwrap();
    world.write("logs/late.csv", log.as_bytes());
    for _ in 0..2 {
        let said = world.run(&RUN).stderr;
        assert!(!said.contains("looks empty"), "{said}");
    }
    let looked = status();
    assert_eq!((looked.code, looked.stderr.as_str()), (0, ""), "{}", looked.stdout);
}

/// A mistake in what a ledger fixes is found when its first day looks empty: then nothing is published yet.
#[test]
fn terms_that_were_wrong_can_be_changed_where_nothing_was_published() {
    let world = World::new();
    let log = std::fs::read_to_string(world.path("logs/lookups.csv")).unwrap();
    let start: jiff::Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    let in_ms = |(place, line): (usize, &str)| {
        let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
        if place > 0 {
            fields[2] = (start.as_millisecond() + place as i64).to_string();
        }
        format!("{}\n", fields.join(","))
    };
    let rows: String = log.lines().enumerate().map(in_ms).collect();
    world.write("logs/lookups.csv", rows.as_bytes());
    world.edit("[keys]", "time_unit = \"s\"\n[keys]");
    let ran = world.run(&RUN);
    assert_eq!((ran.code, ran.stdout.contains("looks empty")), (0, true), "{}", ran.stderr);
    let status = ["status", "release.toml", "--as-of", "2026-03-10"];
    assert_eq!(world.run(&status).code, 1);
    world.edit("time_unit = \"s\"", "time_unit = \"ms\"");
    let refused = world.run(&RUN);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    for words in ["was made with s", "Nothing was published through this one yet", "--new-ledger"] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    world.edit("daily.ledger", "second.ledger");
    let ran = world.run(&[&RUN[..], &["--new-ledger"]].concat());
    assert_eq!((ran.code, ran.stdout.contains("released")), (0, true), "{}", ran.stderr);
    assert_eq!(world.run(&status).code, 0);
    // Once a day is published the promise is given.
    world.edit("time_unit = \"ms\"", "time_unit = \"us\"");
    let refused = world.run(&RUN);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("set it back"), "{}", refused.stderr);
}

#[test]
fn a_day_that_looked_empty_is_released_when_its_logs_have_come() {
    let world = world_with_an_empty_day();
    let log = std::fs::read_to_string(world.path("logs/lookups.csv")).unwrap();
    world.write("logs/late.csv", log.as_bytes());
    let ran = world.run(&RUN);
    assert_eq!((ran.code, ran.stdout.contains("released")), (0, true), "{}", ran.stderr);
    assert_eq!(states(&world), ["void", "empty", "published"]);
    let ledger = world.ledger();
    let charge = ledger["entries"][2]["charge_nano_rho"].as_u64().unwrap();
    assert_eq!(spent(&world), charge + LOOK, "the look stays spent");
    assert_eq!(world.published().len(), 3);
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
    let again = world.run(&RUN);
    assert!(again.stdout.contains("already done"), "{}", again.stdout);
}

#[test]
fn another_release_file_may_release_a_day_that_looked_empty() {
    let world = world_with_an_empty_day();
    world.edit("by = [\"hour\", \"app\"]", "by = [\"hour\"]");
    let ran = world.run(&RUN);
    assert_eq!((ran.code, ran.stdout.contains("released")), (0, true), "{}", ran.stderr);
    assert_eq!(states(&world), ["void", "empty", "published"]);
}

#[test]
fn a_statement_shows_what_an_empty_day_cost() {
    let world = world_with_an_empty_day();
    let entry = &world.ledger()["entries"][1];
    assert_eq!((&entry["state"], &entry["spent_nano_rho"]), (&"empty".into(), &LOOK.into()));
    let shown = world.run(&["ledger", "show", "release.toml"]).stdout;
    assert!(shown.contains("2      empty      0.001000000  daily, 2026-03-02"), "{shown}");
    assert!(
        shown.contains("the costliest 30 days, until 2026-03-02: rho 0.001000000, epsilon "),
        "{shown}"
    );
    let export = world.run(&["ledger", "export", "release.toml", "--json"]).stdout;
    let export: Value = serde_json::from_str(&export).unwrap();
    let entry = &export["entries"][1];
    assert_eq!(
        (&entry["look_charge_nano_rho"], &entry["spent_nano_rho"]),
        (&LOOK.into(), &LOOK.into())
    );
    assert_eq!(world.run(&["ledger", "verify", "release.toml"]).code, 0);
    let refused = world.run(&["ledger", "void", "2", "release.toml"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("is free again"), "{}", refused.stderr);
}

#[test]
fn status_names_a_day_that_looks_empty_and_calls_nobody_once_a_later_one_is_released() {
    let world = world_with_an_empty_day();
    // Days before the first release were never promised.
    for day in ["2026-03-01", "2026-03-03"] {
        assert_eq!(world.day(day).code, 0);
    }
    let status = |as_of: &str| world.run(&["status", "release.toml", "--as-of", as_of, "--json"]);
    let of_day = |json: &str| -> Value {
        let json: Value = serde_json::from_str(json).unwrap();
        let days = json["days"].as_array().unwrap();
        days.iter().find(|day| day["day"] == "2026-03-02").unwrap().clone()
    };
    for (as_of, expires) in
        [("2026-03-04", Some(28)), ("2026-03-31", Some(1)), ("2026-04-20", None)]
    {
        let day = of_day(&status(as_of).stdout);
        assert_eq!(day["standing"], "looks empty");
        assert_eq!((&day["expires_in_days"], &day["begun"]), (&expires.into(), &Value::Null));
    }
    let text = world.run(&["status", "release.toml", "--as-of", "2026-04-20"]).stdout;
    assert!(text.contains("2026-03-02  looks empty: no activity"), "{text}");
    let late = ["run", "release.toml", "--day", "2026-03-01", "--as-of", "2026-03-31"];
    let warned = world.run(&late).stderr;
    assert!(!warned.contains("looks empty"), "{warned}");
    assert_eq!(status("2026-03-31").code, 0);
}

#[test]
fn an_empty_day_behind_released_ones_calls_somebody_until_a_later_one_is_released() {
    let world = world_with_an_empty_day();
    let is_warned = |day: &str| {
        let ran = world.day(day);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stderr.contains("the day 2026-03-02 looks empty and passes retention in 22 days")
    };
    assert!(is_warned("2026-03-01"));
    let status = ["status", "release.toml", "--as-of", "2026-03-10"];
    assert_eq!(world.run(&status).code, 1);
    assert!(!is_warned("2026-03-03"));
}

#[test]
fn plan_says_how_many_days_would_look_empty() {
    let world = World::new();
    let plan = |lookups: &str, requesters: &str, json: &[&str]| {
        let load = ["--lookups", lookups, "--requesters", requesters];
        let ran = world.run(&[&["plan", "release.toml"][..], &load, json].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (few, many) = (("200", "40"), ("100000", "20000"));
    assert!(plan(few.0, few.1, &[]).contains("of 100 such days would look empty"));
    assert!(!plan(many.0, many.1, &[]).contains("look empty"));
    let part = |(lookups, requesters): (&str, &str)| {
        let planned: Value = serde_json::from_str(&plan(lookups, requesters, &["--json"])).unwrap();
        planned["probability_of_looking_empty"].as_f64().unwrap()
    };
    assert!(part(few) > 0.5 && part(few) < 1.0, "{}", part(few));
    assert!(part(many) < 1e-9, "{}", part(many));
}
