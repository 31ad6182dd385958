//! Newer libraries of times and numbers: what was released heals, other days are released, and no row
//! counts in two charged days or for two requesters.

use std::time::Duration;

use pointillist::ledger::{Ledger, Reservation, StoredFile, Which};
use pointillist::release_file::day::Clock;
use serde_json::Value;

use crate::world::World;

const HOUR: i64 = 3_600_000_000;

/// Writes the ledger again, as a program with other rules would have written it, and removes the output.
fn with_other_rules(world: &World, numbers: &str, edit: impl Fn(&mut Value)) {
    let path = world.path("daily.ledger");
    let made = Ledger::open_existing(&path).unwrap();
    let mut terms = made.terms().clone();
    terms.identity.insert("time zone database".to_owned(), "2020a".to_owned());
    terms.identity.insert("number normaliser".to_owned(), numbers.to_owned());
    let entries = made.entries(Which::All).unwrap();
    let stored: Vec<_> = entries.iter().map(|entry| made.stored(entry.id).unwrap()).collect();
    drop(made);
    for name in ["daily.ledger", "daily.ledger.key", "logs/.pointillist-ledger"] {
        std::fs::remove_file(world.path(name)).unwrap();
    }
    std::fs::remove_dir_all(world.path("published")).unwrap();

    let clock = Clock::Fixed(entries[0].reserved_at);
    let mut ledger = Ledger::open(&path, &terms, Duration::ZERO, clock).unwrap();
    for (entry, files) in entries.into_iter().zip(stored) {
        let mut plan: Value = serde_json::from_str(&entry.plan).unwrap();
        plan["rules"]["numbers"] = numbers.into();
        edit(&mut plan);
        let reserved = ledger
            .reserve(&Reservation { plan: plan.to_string(), ..entry.reserved.clone() })
            .unwrap();
        let with_head = |file: StoredFile| match String::from_utf8(file.bytes) {
            Ok(text) => {
                let bytes = text.replace(&entry.head, &reserved.head).into_bytes();
                StoredFile { bytes, ..StoredFile { path: file.path, bytes: Vec::new() } }
            }
            Err(other) => StoredFile { path: file.path, bytes: other.into_bytes() },
        };
        let files: Vec<StoredFile> = files.into_iter().map(with_head).collect();
        ledger.mark_drawn(reserved.id).unwrap();
        ledger.commit(reserved.id, &files).unwrap();
        ledger.mark_published(reserved.id).unwrap();
    }
}

/// The plan of the newest entry.
fn newest_plan(world: &World) -> Value {
    let ledger = Ledger::open_existing(&world.path("daily.ledger")).unwrap();
    let entries = ledger.entries(Which::Newest(1)).unwrap();
    serde_json::from_str(&entries[0].plan).unwrap()
}

fn verifies(world: &World) {
    let ran = world.run(&["ledger", "verify", "release.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

fn released(world: &World, day: &str) {
    let ran = world.day(day);
    assert_eq!(ran.code, 0, "{day}: {}", ran.stderr);
}

#[test]
fn a_change_is_noted_once_and_what_was_released_heals() {
    let world = World::new();
    released(&world, "2026-03-01");
    let tables = world.published();
    with_other_rules(&world, "other rules", |_| {});
    let events = || {
        let connection = rusqlite::Connection::open(world.path("daily.ledger")).unwrap();
        let sql = "SELECT count(*) FROM journal WHERE event = 'rules-changed'";
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(events(), 0);
    for _ in 0..2 {
        released(&world, "2026-03-01");
        let healed = world.published();
        for (path, bytes) in tables.iter().filter(|(path, _)| path.ends_with("part-0.parquet")) {
            assert_eq!(healed.get(path), Some(bytes), "{}", path.display());
        }
        assert_eq!(events(), 1);
        std::fs::remove_dir_all(world.path("published")).unwrap();
    }
    released(&world, "2026-03-02");
    assert_eq!(events(), 1);
    verifies(&world);

    // No more is released of a day whose numbers were read by other rules.
    world.edit("name = \"sms_share\"", "name = \"share_of_sms\"");
    let again = ["run", "release.toml", "--again", "--as-of", "2026-03-10", "--day"];
    world.edit("budget_share = 0.7", "budget_share = 0.2");
    let ran = world.run(&[&again[..], &["2026-03-01"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("numbers were read by other rules (other rules, and now rlib"));
    assert_eq!(world.run(&[&again[..], &["2026-03-02"]].concat()).code, 0);
    verifies(&world);
}

#[test]
fn a_day_begins_and_ends_where_the_days_beside_it_did() {
    let world = World::new();
    world.edit("[ledger]", "[ledger]\ntime_zone = \"Europe/Berlin\"");
    released(&world, "2026-03-02");
    let now = newest_plan(&world)["rules"].clone();
    let micros = |rules: &Value, name: &str| rules[name].as_i64().unwrap();
    // By the rules of then, the day was an hour earlier.
    with_other_rules(&world, now["numbers"].as_str().unwrap(), |plan| {
        for name in ["start_micros", "end_micros"] {
            plan["rules"][name] = (plan["rules"][name].as_i64().unwrap() - HOUR).into();
        }
        plan["rules"]["log_offsets"][0][0] =
            (plan["rules"]["log_offsets"][0][0].as_i64().unwrap() - HOUR).into();
    });
    released(&world, "2026-03-02");
    released(&world, "2026-03-03");
    let after = newest_plan(&world)["rules"].clone();
    assert_eq!(micros(&after, "start_micros"), micros(&now, "end_micros") - HOUR);
    assert_eq!(micros(&after, "end_micros"), micros(&now, "end_micros") + 24 * HOUR);
    released(&world, "2026-03-01");
    let before = newest_plan(&world)["rules"].clone();
    assert_eq!(micros(&before, "start_micros"), micros(&now, "start_micros") - 24 * HOUR);
    assert_eq!(micros(&before, "end_micros"), micros(&now, "start_micros") - HOUR);
    verifies(&world);
}

#[test]
fn where_an_earlier_version_noted_no_bounds_only_days_beside_it_are_refused() {
    for (zone, is_refused) in [("UTC", false), ("Europe/Berlin", true)] {
        let world = World::new();
        world.edit("[ledger]", &format!("[ledger]\ntime_zone = \"{zone}\""));
        released(&world, "2026-03-01");
        let now = newest_plan(&world)["rules"]["numbers"].as_str().unwrap().to_owned();
        with_other_rules(&world, &now, |plan| {
            plan.as_object_mut().unwrap().remove("rules");
        });
        released(&world, "2026-03-01");
        let beside = world.day("2026-03-02");
        assert_eq!(beside.code, i32::from(is_refused), "{zone}: {}", beside.stderr);
        assert_eq!(beside.stderr.contains("time zone database 2020a"), is_refused, "{zone}");
        released(&world, "2026-03-03");
        verifies(&world);
    }
}

#[test]
fn days_beside_one_whose_rows_had_other_times_are_refused() {
    let world = World::new();
    world.edit("path = \"logs/*.csv\"", "path = \"logs/*.csv\"\ntime_zone = \"Europe/Berlin\"");
    released(&world, "2026-03-01");
    let now = newest_plan(&world)["rules"]["numbers"].as_str().unwrap().to_owned();
    with_other_rules(&world, &now, |plan| plan["rules"]["log_offsets"][0][1] = 7_200.into());
    released(&world, "2026-03-01");
    let beside = world.day("2026-03-02");
    assert_eq!(beside.code, 1, "{}", beside.stderr);
    assert!(beside.stderr.contains("the time zone of the logs had other offsets"));
    released(&world, "2026-03-03");
    verifies(&world);
}

#[test]
fn a_reservation_by_other_rules_can_be_given_up() {
    let world = World::new();
    released(&world, "2026-03-01");
    with_other_rules(&world, "other rules", |_| {});
    let path = world.path("daily.ledger");
    let mut ledger = Ledger::reopen(&path, Duration::ZERO, Clock::System).unwrap();
    let entry = ledger.entries(Which::All).unwrap().remove(0);
    let reserved = ledger
        .reserve(&Reservation {
            release_id: "of the second day".to_owned(),
            blocks: vec!["2026-03-02".parse().unwrap()],
            ..entry.reserved
        })
        .unwrap();
    drop(ledger);
    let refused = world.day("2026-03-02");
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("`pointillist ledger void ID RELEASE.toml`"),
        "{}",
        refused.stderr
    );
    let void = ["ledger", "void", &reserved.id.to_string(), "release.toml"];
    assert_eq!(world.run(&void).code, 0);
    released(&world, "2026-03-02");
    verifies(&world);
}

/// Only what is charged fixes where a day begins and ends.
#[test]
fn a_reservation_that_is_given_up_fixes_no_bounds() {
    let world = World::new();
    released(&world, "2026-03-01");
    let today = newest_plan(&world)["rules"].clone();
    let path = world.path("daily.ledger");
    let mut ledger = Ledger::reopen(&path, Duration::ZERO, Clock::System).unwrap();
    let entry = ledger.entries(Which::All).unwrap().remove(0);
    // By the rules of then, the third was an hour earlier.
    let mut plan: Value = serde_json::from_str(&entry.plan).unwrap();
    let later = |value: &Value, hours: i64| Value::from(value.as_i64().unwrap() + hours * HOUR);
    for name in ["start_micros", "end_micros"] {
        plan["rules"][name] = later(&today[name], 47);
    }
    plan["rules"]["log_offsets"][0][0] = later(&today["log_offsets"][0][0], 47);
    ledger
        .reserve(&Reservation {
            release_id: "of the third day".to_owned(),
            blocks: vec!["2026-03-03".parse().unwrap()],
            plan: plan.to_string(),
            logs_digest: "of other logs".to_owned(),
            ..entry.reserved
        })
        .unwrap();
    drop(ledger);
    released(&world, "2026-03-03");
    let ledger = world.ledger();
    let states = ledger["entries"].as_array().unwrap().iter().map(|entry| &entry["state"]);
    assert_eq!(states.collect::<Vec<_>>(), ["published", "void", "published"]);
    let now = newest_plan(&world)["rules"].clone();
    for name in ["start_micros", "end_micros"] {
        assert_eq!(now[name], later(&today[name], 48));
    }
    verifies(&world);
}
