//! A golden ledger of the last version whose journal had no key, with a cap, an order, and a deletion that
//! was cut short: it verifies as it was written, heals, and goes on under its key.
//!
//! `tests/golden/README.md` says what is in it and how it was made.

use crate::golden::{Golden, OF_BLOCKS, OF_ENTRIES, fixed};
use crate::world::Ran;

const DAY: &str = "2026-06-01";

fn golden() -> Golden {
    Golden::copy("unkeyed", "daily.ledger")
}

/// The journal's events with their hashes, oldest first.
fn journal(golden: &Golden) -> Vec<(String, String)> {
    let connection = rusqlite::Connection::open(golden.world.path("daily.ledger")).unwrap();
    let mut statement =
        connection.prepare("SELECT event, hash FROM journal ORDER BY sequence").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

#[test]
fn it_is_whole_heals_byte_for_byte_and_its_key_begins_with_the_next_event() {
    let golden = golden();
    golden.verify();
    let (shown, showed) = (golden.shown(), golden.showed());
    for (list, fields) in [("entries", &OF_ENTRIES[..]), ("blocks", &OF_BLOCKS[..])] {
        assert_eq!(fixed(&shown, list, fields), fixed(&showed, list, fields));
    }
    let before = journal(&golden);
    for _ in 0..2 {
        golden.day("daily.toml", DAY);
        golden.outputs_are_the_stored_ones();
    }
    let after = journal(&golden);
    assert_eq!(after[..before.len()], before, "what was written stays");
    let added: Vec<&str> = after[before.len()..].iter().map(|(event, _)| event.as_str()).collect();
    assert_eq!(added, ["keyed"]);
    golden.verify();
}

#[test]
fn its_deletion_is_finished_and_what_was_held_is_handed_over() {
    let golden = golden();
    golden.world.settle();
    // On 2 July, as when it was cut short.
    let at = |arguments: &[&str]| {
        let command = golden.world.command(arguments);
        Ran::of(&crate::clock::at(command, 1_782_993_600_000_000).output().unwrap())
    };
    let ran = at(&["retain", "daily.toml", "--as-of", "2026-07-02T12:00:00Z"]);
    assert!(ran.stdout.contains("finished a deletion that was cut short"), "{}", ran.stderr);
    assert!(!golden.world.path("logs/day=2026-06-01").exists());
    golden.verify();
    let mut open = vec!["hold", "open", "daily.toml", "--order", "24-117"];
    open.extend(["--identity", "custodian.key", "--out", "package"]);
    let ran = at(&open);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let rows = std::fs::read_to_string(golden.world.path("package/rows.csv")).unwrap();
    assert_eq!(rows.lines().filter(|row| row.contains("+14155550123")).count(), 3);
    golden.verify();
}
