//! Keys that no list holds: found where many requesters share them, charged with their delta.

use std::collections::BTreeMap;
use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::injector::{KILLED, disturb};
use crate::world::{HEADER, World};

const QUESTION: &str = r#"
[[question]]
name = "hot"
count = "lookups"
by = ["target_prefix:6"]
keys = "private"
"#;

/// Three thousand requesters who ask about three prefixes each, one who asks about another, and one
/// whose target is too short for a prefix.
fn many_requesters() -> World {
    let world = World::new();
    let mut text = String::from(HEADER);
    let mut add = |requester: String, target: String| {
        let at = "2026-03-02T10:00:00Z";
        text.push_str(&format!("{requester},{target},{at},,messages,sms,1\n"));
    };
    for person in 0..3_000 {
        let requester = format!("+1415201{person:04}");
        add(requester.clone(), format!("+1212555{person:04}"));
        add(requester.clone(), format!("+4915112{person:06}"));
        add(requester, format!("+1305555{person:04}"));
    }
    add("+14152029999".to_owned(), "+33612345678".to_owned());
    add("+14152029998".to_owned(), "+6834000".to_owned());
    world.write("logs/lookups.csv", text.as_bytes());
    let release = std::fs::read_to_string(world.path("release.toml")).unwrap();
    let (head, _) = release.split_once("[[question]]").unwrap();
    world.write("release.toml", format!("{head}{QUESTION}").as_bytes());
    world
}

/// Each prefix with its value and the ends of its interval.
fn published(world: &World, question: &str) -> BTreeMap<String, [i64; 3]> {
    let path = world.path(&format!("published/{question}/day=2026-03-02/part-0.parquet"));
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    let keys = batch.column(0).as_string::<i32>().iter().map(|key| key.unwrap().to_owned());
    let columns = ["value", "ci_low", "ci_high"]
        .map(|name| batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().clone());
    let row = |row: usize| columns.each_ref().map(|column| column.value(row));
    keys.enumerate().map(|(place, key)| (key, row(place))).collect()
}

/// Rows of a day by many requesters about a target that is too short for a prefix.
fn others(day: &str) -> String {
    let row = |place: usize| {
        format!("+1415202{:04},+6834000,{day}T11:00:00Z,,messages,sms,1\n", place % 300)
    };
    (0..2_400).map(row).collect()
}

#[test]
fn prefixes_that_many_share_are_found_and_counted() {
    let world = many_requesters();
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let found = published(&world, "hot");
    // The lone prefix is found with a probability of at most 7e-8.
    let keys: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(keys, ["+121255", "+130555", "+491511", "other"]);
    // The truth is within three half-widths, which are at least six standard deviations of the noise.
    for (key, [value, low, high]) in &found {
        let truth = if key == "other" { 2 } else { 3_000 };
        assert!((value - truth).abs() * 2 < 3 * (high - low), "{found:?}");
    }
}

#[test]
fn what_a_day_published_the_next_one_counts_without_looking_for_it() {
    let world = many_requesters();
    let text = std::fs::read_to_string(world.path("logs/lookups.csv")).unwrap();
    // The next day has ten requesters of one prefix, far too few to be found again.
    let few: Vec<String> = text
        .lines()
        .filter(|line| line.contains("+1212555"))
        .take(10)
        .map(|line| line.replace("2026-03-02", "2026-03-03"))
        .collect();
    let more = [HEADER, &few.join("\n"), "\n", &others("2026-03-03"), &others("2026-03-10")];
    world.write("logs/more.csv", more.concat().as_bytes());
    let next = |world: &World| {
        let ran = world.day("2026-03-03");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let path = world.path("published/hot/day=2026-03-03/part-0.parquet");
        keys_of(&path)
    };
    assert_eq!(next(&world), ["other"]);
    let world_of_two = many_requesters();
    world_of_two.write("logs/more.csv", &std::fs::read(world.path("logs/more.csv")).unwrap());
    assert_eq!(world_of_two.day("2026-03-02").code, 0);
    assert_eq!(next(&world_of_two), ["+121255", "+130555", "+491511", "other"]);
    // Once lost in the noise they are not known any more.
    let ran =
        world_of_two.run(&["run", "release.toml", "--day", "2026-03-10", "--as-of", "2026-03-12"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        keys_of(&world_of_two.path("published/hot/day=2026-03-10/part-0.parquet")),
        ["other"]
    );
}

fn keys_of(path: &std::path::Path) -> Vec<String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    batch.column(0).as_string::<i32>().iter().map(|key| key.unwrap().to_owned()).collect()
}

#[test]
fn their_delta_is_charged_and_never_exceeds_the_ledgers() {
    let world = many_requesters();
    world.edit("budget_share = 0.7", "budget_share = 0.3");
    assert_eq!(world.day("2026-03-02").code, 0);
    let block = |world: &World| world.ledger()["blocks"][0].clone();
    let spent = |block: &Value| block["key_delta_spent_atto"].as_u64().unwrap();
    // Three tenths of a tenth of 1e-6, less what the division into rounds rounds down.
    let first = spent(&block(&world));
    assert!((29_999_999_990..=30_000_000_000).contains(&first), "{first}");
    // The delta lasts for three such releases, whatever rho is left.
    for (name, code) in [("second", 0), ("third", 0), ("fourth", 1)] {
        let text = std::fs::read_to_string(world.path("release.toml")).unwrap();
        let (_, rest) = text.split_once('\n').unwrap();
        world.write("release.toml", format!("name = \"{name}\"\n{rest}").as_bytes());
        let ran = world.run(&[
            "run",
            "release.toml",
            "--day",
            "2026-03-02",
            "--as-of",
            "2026-03-10",
            "--out",
            name,
        ]);
        assert_eq!(ran.code, code, "{name}: {}", ran.stderr);
    }
    assert!(spent(&block(&world)) <= 100_000_000_000);
}

#[test]
fn without_a_delta_for_keys_they_are_refused_before_anything_is_spent() {
    let world = many_requesters();
    world.edit("delta = 1e-6", "delta = 1e-6\nkey_delta = 0.0");
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("key_delta"), "{}", ran.stderr);
}

#[test]
fn a_day_without_rows_finds_nothing_and_says_so_like_any_other() {
    let world = many_requesters();
    let ran = world.day("2026-03-03");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("2026-03-03  looks empty"), "{}", ran.stdout);
    assert!(world.published().is_empty());
    // Nothing was looked for, so no delta is spent.
    let block = &world.ledger()["blocks"][0];
    assert_eq!(
        (&block["block"], &block["key_delta_spent_atto"]),
        (&"2026-03-03".into(), &0.into())
    );
}

/// The prefixes that the ledger says were found, for each round.
fn rounds(world: &World) -> Vec<String> {
    let connection = rusqlite::Connection::open(world.path("daily.ledger")).unwrap();
    let sql = "SELECT payload FROM journal WHERE event = 'prefixes-found' ORDER BY sequence";
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_was_found_is_not_looked_for_again() {
    let command = |world: &World| {
        world.command(&["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10"])
    };
    let (ran, calls) = disturb(command(&many_requesters()), "none");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    // Killed at the first call behind which a round is stored.
    let killed_after = |call: usize| {
        let world = many_requesters();
        assert_eq!(disturb(command(&world), &format!("after {call}")).0.code, KILLED);
        world
    };
    let (mut before, mut after) = (1, calls.len());
    while after - before > 1 {
        let middle = before.midpoint(after);
        let world = killed_after(middle);
        let is_found = world.path("daily.ledger").exists() && !rounds(&world).is_empty();
        *(if is_found { &mut after } else { &mut before }) = middle;
    }
    let world = killed_after(after);
    let found = rounds(&world);
    assert_eq!(found.len(), 1);
    assert_eq!(world.ledger()["entries"][0]["state"], "drawn");
    let ran = world.day("2026-03-02");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let all = rounds(&world);
    assert_eq!(all[..1], found);
    assert_eq!(world.ledger()["entries"][0]["attempts"], 2);
    // Once more, to the end: each round was stored once.
    let undisturbed = many_requesters();
    assert_eq!(undisturbed.day("2026-03-02").code, 0);
    assert_eq!(rounds(&undisturbed).len(), all.len());
    let verified = world.run(&["ledger", "verify", "release.toml"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}
