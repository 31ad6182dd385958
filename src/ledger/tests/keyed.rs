//! The key of the journal: whoever does not have it can write no event, and old events stay as they were.

use super::edits::{cheapen, edit, full, is_found, rehash};
use super::opening::make_older;
use super::*;

/// What a journal looks like to somebody who writes it again without the key.
fn forged(bench: &Bench, how: &str, connection: &rusqlite::Connection) {
    let chain = match how {
        // As an earlier version wrote it.
        "without a key" => {
            let check = bench.key().earlier_check();
            let sql = "UPDATE journal SET event = 'is not keyed' WHERE event = 'keyed'";
            connection.execute(sql, []).unwrap();
            let chain = Chain::of(connection, &bench.key(), &check).unwrap().unwrap();
            let sql = "UPDATE journal SET event = 'keyed' WHERE event = 'is not keyed'";
            connection.execute(sql, []).unwrap();
            chain
        }
        _ => Chain::new(&LedgerKey::for_test([7; 32])),
    };
    rehash(connection, &chain);
}

#[test]
fn a_journal_that_was_written_again_without_the_key_is_found_and_not_built_upon() {
    for how in ["without a key", "with another key"] {
        for version in [None, Some(3)] {
            let bench = full();
            edit(&bench, |connection| {
                connection.execute("UPDATE entries SET charge = 1 WHERE id = 1", []).unwrap();
                connection.execute("UPDATE charges SET charge = 1 WHERE entry = 1", []).unwrap();
                connection
                    .execute("UPDATE blocks SET spent = spent - 9 WHERE day < '2026-03-03'", [])
                    .unwrap();
                cheapen(connection);
                forged(&bench, how, connection);
                if let Some(version) = version {
                    connection.pragma_update(None, "user_version", version).unwrap();
                }
            });
            assert!(is_found(&bench), "{how}, version {version:?}");
            assert_eq!(kind_of(bench.try_open()), Some(Kind::Io), "{how}, version {version:?}");
        }
    }
}

/// A ledger of the version before the key, with a published day, an entry that is drawn and one reserved.
fn older() -> Bench {
    let bench = Bench::new();
    let mut ledger = bench.open();
    publish(&mut ledger, &asking("daily", 1..=2, 10));
    let drawn = ledger.reserve(&asking("drawn", 1..=1, 11)).unwrap().id;
    ledger.mark_drawn(drawn).unwrap();
    ledger.reserve(&asking("reserved", 3..=3, 12)).unwrap();
    drop(ledger);
    make_older(&bench, 3);
    bench
}

fn hashes(bench: &Bench) -> Vec<String> {
    let connection = bench.by_hand();
    let mut statement = connection.prepare("SELECT hash FROM journal ORDER BY sequence").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(|hash| hash.unwrap()).collect()
}

#[test]
fn an_earlier_ledgers_events_stay_and_the_key_begins_with_the_next() {
    let bench = older();
    let before = hashes(&bench);
    let reader = Ledger::open_existing(&bench.path()).unwrap();
    assert_eq!(reader.verify().unwrap().events, before.len() as u64, "a reader begins nothing");
    let head = reader.entry(EntryId(1)).unwrap().unwrap().head;
    drop(reader);
    for _ in 0..2 {
        let ledger = bench.open();
        assert_eq!(ledger.verify().unwrap().events, before.len() as u64 + 1, "once");
        assert_eq!(entry(&ledger, EntryId(1)).head, head);
    }
    assert_eq!(hashes(&bench)[..before.len()], before);
    let mut ledger = bench.open();
    ledger.mark_drawn(EntryId(3)).unwrap();
    ledger.commit(EntryId(2), &files()).unwrap();
    publish(&mut ledger, &asking("new", 4..=4, 10));
    ledger.verify().unwrap();
}

#[test]
fn an_earlier_ledgers_journal_cannot_be_written_again_once_the_key_has_begun() {
    type Edit = fn(&Bench, &rusqlite::Connection);
    let rows: [(&str, Edit); 7] = [
        ("an old event", |_, connection| cheapen(connection)),
        ("an old event, with all hashes of an earlier version", |bench, connection| {
            cheapen(connection);
            forged(bench, "without a key", connection);
        }),
        ("an old event, with the hashes before the key", |bench, connection| {
            cheapen(connection);
            let kept: Vec<(i64, String, String)> = connection
                .prepare("SELECT sequence, previous, hash FROM journal WHERE sequence >= 9")
                .unwrap()
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .unwrap()
                .map(|row| row.unwrap())
                .collect();
            forged(bench, "without a key", connection);
            for row in kept {
                let sql = "UPDATE journal SET previous = ?2, hash = ?3 WHERE sequence = ?1";
                connection.execute(sql, row).unwrap();
            }
        }),
        ("no word of the key", |_, connection| {
            connection.execute("DELETE FROM journal WHERE event = 'keyed'", []).unwrap();
        }),
        ("the key begins later", |_, connection| {
            let swap = "UPDATE journal SET event = 'keyed', entry = NULL WHERE sequence = 10";
            connection.execute(swap, []).unwrap();
            connection
                .execute("UPDATE journal SET event = 'drawn', entry = 3 WHERE sequence = 9", [])
                .unwrap();
        }),
        ("the key begins earlier", |_, connection| {
            let sql = "UPDATE journal SET event = 'keyed', entry = NULL WHERE sequence = 8";
            connection.execute(sql, []).unwrap();
        }),
        ("an event of an earlier program after the key", |bench, connection| {
            let check = bench.key().earlier_check();
            connection.execute("UPDATE journal SET event = 'x' WHERE event = 'keyed'", []).unwrap();
            let chain = Chain::of(connection, &bench.key(), &check).unwrap().unwrap();
            connection.execute("UPDATE journal SET event = 'keyed' WHERE event = 'x'", []).unwrap();
            let last =
                "INSERT INTO journal SELECT sequence + 1, at, 'committed', 2, payload, hash, hash
                        FROM journal ORDER BY sequence DESC LIMIT 1";
            connection.execute(last, []).unwrap();
            let mut record = super::super::record::Record::last(connection).unwrap().unwrap();
            record.hash = chain.hash(&record);
            let sql = "UPDATE journal SET hash = ?2 WHERE sequence = ?1";
            connection.execute(sql, (record.sequence, record.hash)).unwrap();
        }),
    ];
    for (what, change) in rows {
        let bench = older();
        let mut ledger = bench.open();
        ledger.mark_drawn(EntryId(3)).unwrap();
        drop(ledger);
        edit(&bench, |connection| change(&bench, connection));
        assert!(is_found(&bench), "{what}");
    }
}

#[test]
fn neither_a_reader_nor_a_run_goes_by_another_key() {
    for spoil in [None, Some([7; 32])] {
        let bench = full();
        match spoil {
            None => std::fs::remove_file(bench.beside(".key")).unwrap(),
            Some(bytes) => std::fs::write(bench.beside(".key"), bytes).unwrap(),
        }
        assert_eq!(kind_of(Ledger::open_existing(&bench.path())), Some(Kind::Io));
        assert_eq!(kind_of(bench.try_open()), Some(Kind::Io));
    }
}
