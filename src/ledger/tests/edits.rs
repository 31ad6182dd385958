//! Edits by hand: every table, every column, every row that is missing or too many.

use rusqlite::types::Value;

use super::super::FoundRound;
use super::super::event::Event;
use super::super::journal::Journal;
use super::super::record::{GENESIS, Record};
use super::*;

/// A ledger with an entry in each state, closed.
pub(super) fn full() -> Bench {
    let bench = Bench::new();
    let mut ledger = bench.open();
    publish(&mut ledger, &asking("daily", 1..=2, 10));
    let void = ledger.reserve(&asking("weekly", 1..=3, 20)).unwrap();
    ledger.void(void.id).unwrap();
    let lost = ledger.reserve(&asking("lost", 2..=2, 5)).unwrap();
    ledger.mark_drawn(lost.id).unwrap();
    let id = ledger.reserve(&asking("hourly", 3..=3, 7)).unwrap().id;
    ledger.mark_drawn(id).unwrap();
    ledger.commit(id, &files()).unwrap();
    drop(ledger);
    let mut ledger = bench.open();
    ledger.mark_drawn(lost.id).unwrap();
    ledger.reserve(&asking("held", 4..=4, 9)).unwrap();
    for name in ["looked", "empty"] {
        let id = ledger.reserve(&asking_with_look(name, 4, 8, 2)).unwrap().id;
        ledger.mark_drawn(id).unwrap();
        ledger.note_look(id, &[12, -7]).unwrap();
    }
    let found = [1_212, 7].into();
    ledger.note_found(EntryId(6), &FoundRound { question: "hot".to_owned(), found }).unwrap();
    ledger.mark_empty(EntryId(7)).unwrap();
    ledger.verify().unwrap();
    drop(ledger);
    bench
}

/// Edits with every guard switched off and put back, so that only the edit itself can be found.
pub(super) fn edit(bench: &Bench, change: impl FnOnce(&rusqlite::Connection)) {
    let connection = bench.by_hand();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.pragma_update(None, "ignore_check_constraints", true).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let triggers = texts(
        &connection,
        "SELECT name || '|' || sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid",
    );
    for trigger in &triggers {
        let (name, _) = trigger.split_once('|').unwrap();
        connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    change(&connection);
    for trigger in &triggers {
        let (_, sql) = trigger.split_once('|').unwrap();
        connection.execute_batch(sql).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
}

fn texts(connection: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(|text| text.unwrap()).collect()
}

/// Whether a reader or the verification notices that something is wrong.
pub(super) fn is_found(bench: &Bench) -> bool {
    Ledger::open_existing(&bench.path()).and_then(|ledger| ledger.verify()).is_err()
}

const TABLES: [&str; 6] = ["terms", "entries", "charges", "blocks", "stored", "journal"];

#[test]
fn an_edit_that_changes_nothing_is_not_found() {
    let bench = full();
    edit(&bench, |connection| {
        assert_eq!(connection.execute("UPDATE entries SET state = state", []).unwrap(), 7);
    });
    assert!(!is_found(&bench), "the guards are back as they were");
}

#[test]
fn a_changed_value_is_found_in_every_column_of_every_row_of_every_table() {
    let original = full();
    let mut tried = 0;
    for table in TABLES {
        let connection = original.by_hand();
        let columns = texts(&connection, &format!("SELECT name FROM pragma_table_info('{table}')"));
        let count = format!("SELECT count(*) FROM {table}");
        let rows: i64 = connection.query_row(&count, [], |row| row.get(0)).unwrap();
        drop(connection);
        for column in &columns {
            for row in 0..rows {
                // No other value fits the one row that is allowed.
                if (table, column.as_str()) == ("terms", "only") {
                    continue;
                }
                let bench = original.copy_as_after_a_crash();
                edit(&bench, |connection| change_one(connection, table, column, row));
                assert!(is_found(&bench), "{column} of row {row} of {table}");
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "{tried} values were tried");
}

#[test]
fn no_charge_and_no_refund_is_built_upon_a_sum_or_an_entry_that_was_changed() {
    let original = full();
    let mut tried = 0;
    for table in ["entries", "charges", "blocks"] {
        let connection = original.by_hand();
        let columns = texts(&connection, &format!("SELECT name FROM pragma_table_info('{table}')"));
        let count = format!("SELECT count(*) FROM {table}");
        let rows: i64 = connection.query_row(&count, [], |row| row.get(0)).unwrap();
        drop(connection);
        // When an entry was reserved is no matter of what it costs.
        for column in columns.iter().filter(|column| *column != "reserved_at") {
            for row in 0..rows {
                let bench = original.copy_as_after_a_crash();
                edit(&bench, |connection| change_one(connection, table, column, row));
                let mut ledger = bench.open();
                let charged = ledger.reserve(&asking("more", 1..=4, 1));
                assert_eq!(kind_of(charged), Some(Kind::Io), "{column} of row {row} of {table}");
                assert!(ledger.void(EntryId(5)).is_err(), "{column} of row {row} of {table}");
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried} values were tried");
    let bench = original.copy_as_after_a_crash();
    bench.by_hand().execute("UPDATE blocks SET spent = 0", []).unwrap();
    let error = bench.open().reserve(&asking("more", 3..=3, 1)).unwrap_err();
    assert!(error.to_string().contains("the sum of the day 2026-03-01 is not that"), "{error}");
    assert_eq!(kind_of(bench.open().balances()), Some(Kind::Io));
}

/// Puts another value of the same type into one cell.
fn change_one(connection: &rusqlite::Connection, table: &str, column: &str, row: i64) {
    let keys = texts(
        connection,
        &format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk"),
    )
    .join(", ");
    let select = format!("SELECT {column} FROM {table} ORDER BY {keys} LIMIT 1 OFFSET {row}");
    let value: Value = connection.query_row(&select, [], |row| row.get(0)).unwrap();
    let other = match value {
        Value::Null if column == "logs" => Value::Text("elsewhere".to_owned()),
        Value::Null => Value::Integer(1),
        Value::Integer(number) => Value::Integer(number + 1_000),
        Value::Real(number) => Value::Real(number * 1.5),
        Value::Text(text) => Value::Text(match text.as_str() {
            "reserved" => "drawn".to_owned(),
            "2026-03-01" => "2026-03-09".to_owned(),
            _ => format!("{text} "),
        }),
        Value::Blob(mut bytes) => {
            bytes[0] ^= 1;
            Value::Blob(bytes)
        }
    };
    let update = format!(
        "UPDATE {table} SET {column} = ?1 WHERE ({keys}) =
             (SELECT {keys} FROM {table} ORDER BY {keys} LIMIT 1 OFFSET {row})"
    );
    assert_eq!(connection.execute(&update, [other]).unwrap(), 1, "{update}");
}

#[test]
fn a_missing_row_is_found_in_every_table() {
    let original = full();
    for table in TABLES {
        let bench = original.copy_as_after_a_crash();
        edit(&bench, |connection| {
            // The middle row: neither the first nor the last link of the chain.
            let keys = texts(
                connection,
                &format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk"),
            )
            .join(", ");
            let delete = format!(
                "DELETE FROM {table} WHERE ({keys}) = (SELECT {keys} FROM {table} ORDER BY {keys}
                 LIMIT 1 OFFSET (SELECT count(*) / 2 FROM {table}))"
            );
            assert_eq!(connection.execute(&delete, []).unwrap(), 1, "{table}");
        });
        assert!(is_found(&bench), "{table}");
    }
}

#[test]
fn a_surplus_row_is_found_in_every_table() {
    let rows = [
        (
            "entries",
            "INSERT INTO entries SELECT 8, release, 'another id', fingerprint, charge,
              look_charge, key_delta, 'published', plan, logs_digest, code_version, reserved_at
              FROM entries WHERE id = 1",
        ),
        ("charges", "INSERT INTO charges VALUES (5, '2026-03-05', 9, 0)"),
        ("charges", "INSERT INTO charges VALUES (9, '2026-03-05', 9, 0)"),
        ("blocks", "INSERT INTO blocks VALUES ('2026-03-31', 1, 0)"),
        ("stored", "INSERT INTO stored SELECT entry, 'more', digest, bytes FROM stored LIMIT 1"),
        ("stored", "INSERT INTO stored SELECT 5, path, digest, bytes FROM stored LIMIT 1"),
        (
            "journal",
            "INSERT INTO journal SELECT max(sequence) + 1, at, 'drawn', 5, '{}', hash, hash
              FROM journal",
        ),
    ];
    for (table, sql) in rows {
        let bench = full();
        edit(&bench, |connection| assert_eq!(connection.execute(sql, []).unwrap(), 1, "{sql}"));
        assert!(is_found(&bench), "{table}: {sql}");
    }
}

#[test]
fn a_lost_guard_is_found() {
    for sql in ["DROP TRIGGER journal_stays", "DROP INDEX one_live_entry", "CREATE TABLE more (x)"]
    {
        let bench = full();
        bench.by_hand().execute_batch(sql).unwrap();
        assert!(is_found(&bench), "{sql}");
    }
}

#[test]
fn an_unknown_event_is_refused_though_its_chain_holds() {
    let bench = full();
    let connection = bench.by_hand();
    let chain = bench.chain();
    let journal = Journal { connection: &connection, chain: &chain };
    journal.append(clock().now(), Event::Drawn, Some(EntryId(5)), "{}").unwrap();
    drop(connection);
    edit(&bench, |connection| {
        let mut record = Record::last(connection).unwrap().unwrap();
        record.event = "refunded".to_owned();
        record.hash = chain.hash(&record);
        let sql = "UPDATE journal SET event = ?2, hash = ?3 WHERE sequence = ?1";
        connection.execute(sql, (record.sequence, record.event, record.hash)).unwrap();
    });
    let ledger = Ledger::open_existing(&bench.path()).unwrap();
    let error = ledger.verify().unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.to_string().contains("of an unknown kind"), "{error}");
}

/// Makes the first reservation cheaper, in the journal alone.
pub(super) fn cheapen(connection: &rusqlite::Connection) {
    let sql = "UPDATE journal SET payload = replace(payload, '\"charge\":10,', '\"charge\":1,')
               WHERE sequence = 2 AND instr(payload, '\"charge\":10,')";
    assert_eq!(connection.execute(sql, []).unwrap(), 1);
}

/// Gives every event the hash that a chain has for it.
pub(super) fn rehash(connection: &rusqlite::Connection, chain: &Chain) {
    let mut previous = GENESIS.to_owned();
    for mut record in Record::select(connection, "ORDER BY sequence", []).unwrap() {
        record.previous = previous;
        record.hash = chain.hash(&record);
        previous = record.hash.clone();
        let sql = "UPDATE journal SET previous = ?2, hash = ?3 WHERE sequence = ?1";
        connection.execute(sql, (record.sequence, record.previous, record.hash)).unwrap();
    }
}

#[test]
fn a_chain_that_was_computed_again_still_disagrees_with_the_entries() {
    let bench = full();
    edit(&bench, |connection| {
        cheapen(connection);
        rehash(connection, &bench.chain());
    });
    let error = Ledger::open_existing(&bench.path()).unwrap().verify().unwrap_err().to_string();
    assert!(error.contains("entry 1 is not what event 2 says"), "{error}");
    assert!(!error.contains("breaks the chain"), "{error}");
}

#[test]
fn an_edit_is_found_before_it_is_built_upon() {
    // A frozen plan that was edited is not resumed.
    let bench = full();
    edit(&bench, |connection| {
        connection.execute("UPDATE entries SET plan = '{}' WHERE id = 5", []).unwrap();
    });
    let mut ledger = bench.open();
    assert_eq!(kind_of(ledger.reserve(&asking("held", 4..=4, 9))), Some(Kind::Io));
    assert_eq!(kind_of(ledger.mark_drawn(EntryId(5))), Some(Kind::Io));
    drop(ledger);
    // Nothing is chained to a last event that was edited.
    let bench = full();
    edit(&bench, |connection| {
        let sql = "UPDATE journal SET at = at || ' '
                   WHERE sequence = (SELECT max(sequence) FROM journal)";
        assert_eq!(connection.execute(sql, []).unwrap(), 1);
    });
    assert_eq!(kind_of(bench.open().mark_drawn(EntryId(5))), Some(Kind::Io));
    // Bytes that were edited, with a digest to match, are not published.
    let bench = full();
    let other = blake3::hash(b"other").to_hex().to_string();
    edit(&bench, |connection| {
        let sql = "UPDATE stored SET bytes = ?1, digest = ?2 WHERE entry = 1 AND path LIKE 'v%'";
        assert_eq!(connection.execute(sql, (b"other".as_slice(), other)).unwrap(), 1);
    });
    let ledger = bench.open();
    assert_eq!(kind_of(ledger.stored(EntryId(1))), Some(Kind::Io));
    assert!(ledger.stored(EntryId(4)).is_ok());
}

#[test]
fn edited_prefixes_are_not_gone_on_with() {
    for payload in [
        "{\"question\":\"hot\",\"found\":[8,1212]}",
        "{\"question\":\"hot\",\"found\":[1212,7]}",
        "{\"question\":\"hot\",\"found\":[7,7,1212]}",
        "{}",
    ] {
        let bench = full();
        edit(&bench, |connection| {
            let sql = "UPDATE journal SET payload = ?1 WHERE event = 'prefixes-found'";
            assert_eq!(connection.execute(sql, [payload]).unwrap(), 1);
        });
        assert!(is_found(&bench), "{payload}");
        assert_eq!(kind_of(bench.open().found(EntryId(6))), Some(Kind::Io), "{payload}");
    }
}

#[test]
fn an_edited_look_is_not_gone_on_with() {
    for payload in
        ["{\"look\":[11,-7]}", "{\"look\": [12,-7]}", "{\"look\":[]}", "{\"look\":[0.5]}", "{}"]
    {
        for hashed in [false, true] {
            let bench = full();
            edit(&bench, |connection| {
                let of_look = "WHERE event = 'looked' AND entry = 6";
                let mut record = Record::select(connection, of_look, []).unwrap().remove(0);
                record.payload = payload.to_owned();
                if hashed {
                    record.hash = bench.chain().hash(&record);
                }
                let sql = "UPDATE journal SET payload = ?2, hash = ?3 WHERE sequence = ?1";
                connection.execute(sql, (record.sequence, record.payload, record.hash)).unwrap();
            });
            assert!(is_found(&bench), "{payload}");
            // With a hash to match, other numbers show only against the rest of the chain.
            if !hashed || payload != "{\"look\":[11,-7]}" {
                let mut ledger = bench.open();
                assert_eq!(kind_of(ledger.look(EntryId(6))), Some(Kind::Io), "{payload}");
                assert_eq!(kind_of(ledger.mark_empty(EntryId(6))), Some(Kind::Io), "{payload}");
                assert_eq!(kind_of(ledger.note_look(EntryId(6), &[1])), Some(Kind::Io));
            }
        }
    }
    // A cheaper look frees more than it may.
    let bench = full();
    edit(&bench, |connection| {
        connection.execute("UPDATE entries SET look_charge = 1 WHERE id = 6", []).unwrap();
    });
    assert_eq!(kind_of(bench.open().mark_empty(EntryId(6))), Some(Kind::Io));
}

#[test]
fn a_look_or_an_end_that_cannot_have_happened_is_found() {
    for (event, entry, payload) in [
        (Event::Looked, 6, "{\"look\":[1]}"),
        (Event::Looked, 7, "{\"look\":[1]}"),
        (Event::Looked, 3, "{\"look\":[1]}"),
        (Event::FoundEmpty, 3, "{}"),
        (Event::FoundEmpty, 7, "{}"),
    ] {
        let bench = full();
        let connection = bench.by_hand();
        let chain = bench.chain();
        let journal = Journal { connection: &connection, chain: &chain };
        journal.append(clock().now(), event, Some(EntryId(entry)), payload).unwrap();
        drop(connection);
        let error = Ledger::open_existing(&bench.path()).unwrap().verify().unwrap_err();
        let words = format!("cannot happen to entry {entry}");
        assert!(error.to_string().contains(&words), "{error}");
    }
}

#[test]
fn the_schema_itself_refuses_what_no_step_does() {
    let bench = full();
    let connection = bench.by_hand();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    for sql in [
        "UPDATE terms SET budget = 200",
        "DELETE FROM terms",
        "UPDATE entries SET charge = 1",
        "UPDATE entries SET state = 'void' WHERE id = 1",
        "UPDATE entries SET state = 'published' WHERE id = 5",
        "UPDATE entries SET state = 'empty' WHERE id = 3",
        "UPDATE entries SET state = 'drawn' WHERE id = 7",
        "UPDATE entries SET look_charge = 1 WHERE id = 6",
        "DELETE FROM entries",
        "UPDATE charges SET charge = 1",
        "DELETE FROM charges",
        "UPDATE blocks SET spent = -1",
        "DELETE FROM blocks",
        "UPDATE stored SET bytes = x'00'",
        "DELETE FROM stored",
        "UPDATE journal SET payload = '{}'",
        "DELETE FROM journal",
        "INSERT INTO charges VALUES (99, '2026-03-01', 1, 0)",
        "INSERT INTO entries SELECT 9, release, release_id, fingerprint, charge, look_charge,
             key_delta, 'reserved', plan, logs_digest, code_version, reserved_at FROM entries WHERE id = 1",
    ] {
        assert!(connection.execute(sql, []).is_err(), "{sql}");
    }
    drop(connection);
    assert!(!is_found(&bench));
}
