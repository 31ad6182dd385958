//! What opening finds, and what it says of each.

use super::super::Which;
use super::super::terms::Terms;
use super::edits::{edit, rehash};
use super::*;

#[test]
fn made_on_first_use_for_its_owner_alone_and_durably() {
    let bench = Bench::new();
    let ledger = bench.open();
    assert_eq!(ledger.terms(), &terms(100));
    let pragma = |name: &str| -> String {
        ledger
            .connection
            .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|value| format!("{value:?}"))
            .unwrap()
    };
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma("synchronous"), "Integer(3)", "EXTRA");
    assert_eq!(pragma("foreign_keys"), "Integer(1)");
    assert_eq!(pragma("fullfsync"), "Integer(1)");
    assert!(!exists(&bench.beside(".new")));
    #[cfg(unix)]
    for ending in ["", ".key", ".lock"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(bench.beside(ending)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "daily.ledger{ending}");
    }
    drop(ledger);
    let mut left: Vec<_> = std::fs::read_dir(bench.folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["daily.ledger", "daily.ledger.key", "daily.ledger.lock"]);
}

#[test]
fn one_row_per_thing_that_is_wrong_on_the_disk() {
    type Break = fn(&Bench);
    let rows: [(&str, Break, Kind); 15] = [
        (
            "is a folder",
            |bench| {
                std::fs::remove_file(bench.path()).unwrap();
                std::fs::create_dir(bench.path()).unwrap();
            },
            Kind::Io,
        ),
        ("is empty", |bench| std::fs::write(bench.path(), b"").unwrap(), Kind::Io),
        (
            "is not a ledger",
            |bench| {
                std::fs::write(bench.path(), "a text, and long enough for a header. ".repeat(40))
                    .unwrap();
            },
            Kind::Io,
        ),
        (
            "is not a ledger",
            |bench| {
                std::fs::remove_file(bench.path()).unwrap();
                bench.by_hand().execute_batch("CREATE TABLE other (x)").unwrap();
            },
            Kind::Io,
        ),
        (
            "is damaged",
            |bench| {
                let bytes = std::fs::read(bench.path()).unwrap();
                std::fs::write(bench.path(), &bytes[..bytes.len() / 2]).unwrap();
            },
            Kind::Io,
        ),
        (
            "is damaged",
            |bench| {
                let mut bytes = std::fs::read(bench.path()).unwrap();
                let length = bytes.len();
                bytes[4096..length].fill(0xa5);
                std::fs::write(bench.path(), bytes).unwrap();
            },
            Kind::Io,
        ),
        (
            "version is missing",
            |bench| {
                bench.by_hand().pragma_update(None, "user_version", 0).unwrap();
            },
            Kind::Io,
        ),
        (
            "by a newer pointillist",
            |bench| {
                bench.by_hand().pragma_update(None, "user_version", 7).unwrap();
            },
            Kind::Refused,
        ),
        (
            "not those that it was made with",
            |bench| {
                bench
                    .by_hand()
                    .execute_batch("DROP TRIGGER terms_stay; UPDATE terms SET budget = budget * 2")
                    .unwrap();
            },
            Kind::Io,
        ),
        ("is gone", |bench| std::fs::remove_file(bench.beside(".key")).unwrap(), Kind::Io),
        (
            "another ledger",
            |bench| std::fs::write(bench.beside(".key"), [7; 32]).unwrap(),
            Kind::Io,
        ),
        (
            "is gone, but its key",
            |bench| std::fs::remove_file(bench.path()).unwrap(),
            Kind::Refused,
        ),
        ("is gone, but its log", |bench| leave_only(bench, "-wal"), Kind::Refused),
        ("is gone, but its log", |bench| leave_only(bench, "-journal"), Kind::Refused),
        (
            "another program holds",
            |bench| {
                let other = bench.by_hand();
                let sql = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE";
                other.execute_batch(sql).unwrap();
                // Kept open for as long as the test runs.
                std::mem::forget(other);
            },
            Kind::Busy,
        ),
    ];
    for (words, spoil, kind) in rows {
        let bench = Bench::new();
        publish(&mut bench.open(), &asking("daily", 1..=1, 10));
        spoil(&bench);
        let error = bench.try_open().unwrap_err();
        assert_eq!(error.kind(), kind, "{words}: {error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert!(error.to_string().contains("daily.ledger"), "{error}");
        assert!(error.hint().is_some(), "{words}");
    }
}

/// Removes a ledger and its key, and leaves a file that a crash left beside them.
fn leave_only(bench: &Bench, ending: &str) {
    for name in ["", ".key"] {
        std::fs::remove_file(bench.beside(name)).unwrap();
    }
    std::fs::write(bench.beside(ending), "steps").unwrap();
}

#[test]
fn differing_terms_are_refused_and_leave_the_ledger_free() {
    let bench = Bench::new();
    drop(bench.open());
    let other = Terms { time_zone: "Europe/Berlin".to_owned(), ..terms(100) };
    let error = Ledger::open(&bench.path(), &other, Duration::ZERO, clock()).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.to_string().starts_with("`[ledger] time_zone` is Europe/Berlin"), "{error}");
    // As long a wait as can be said is no mistake either.
    Ledger::open(&bench.path(), &terms(100), Duration::MAX, clock()).unwrap();
}

#[test]
fn a_ledger_of_a_unit_that_is_gone_is_refused_by_name() {
    let bench = Bench::new();
    let unit = "requester-window".to_owned();
    let made = Ledger::open(&bench.path(), &Terms { unit, ..terms(100) }, Duration::ZERO, clock());
    for opened in [
        made,
        Ledger::reopen(&bench.path(), Duration::ZERO, clock()),
        Ledger::open_existing(&bench.path()),
    ] {
        let error = opened.err().unwrap();
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        assert!(error.to_string().contains("unit = \"requester-window\""), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("the version that made it")));
    }
}

#[test]
fn terms_come_back_exactly() {
    let bench = Bench::new();
    let mut made = terms(100);
    made.epsilon = crate::release_file::privacy_loss::Epsilon::new(0.1 + 0.2, "epsilon").unwrap();
    made.delta =
        crate::release_file::privacy_loss::Delta::new(1e-15_f64.next_up(), "delta").unwrap();
    made.identity.insert("\"quoted\"".to_owned(), "ünïcode\n".to_owned());
    made.logs = Some("logs/**/*.parquet".to_owned());
    drop(Ledger::open(&bench.path(), &made, Duration::ZERO, clock()).unwrap());
    assert_eq!(Ledger::open_existing(&bench.path()).unwrap().terms(), &made);
}

#[test]
fn a_crash_while_the_ledger_is_made_leaves_none() {
    type Leave = fn(&Bench);
    let rows: [(&str, Leave); 4] = [
        ("an empty file", |bench| std::fs::write(bench.beside(".new"), b"").unwrap()),
        ("half a key", |bench| {
            std::fs::write(bench.beside(".new"), b"").unwrap();
            std::fs::write(bench.beside(".key"), [1; 5]).unwrap();
        }),
        ("a file half written, with its journal", |bench| {
            std::fs::write(bench.beside(".new"), [3; 5000]).unwrap();
            std::fs::write(bench.beside(".new-journal"), [4; 5000]).unwrap();
            std::fs::write(bench.beside(".key"), [1; 32]).unwrap();
        }),
        ("a whole ledger that was not renamed", |bench| {
            drop(bench.open());
            std::fs::rename(bench.path(), bench.beside(".new")).unwrap();
        }),
    ];
    for (left, leave) in rows {
        let bench = Bench::new();
        leave(&bench);
        assert!(Ledger::open_existing(&bench.path()).is_err(), "{left}");
        let ledger = bench.open();
        assert_eq!(ledger.verify().unwrap().events, 1, "{left}");
        assert!(!exists(&bench.beside(".new")) && !exists(&bench.beside(".new-journal")), "{left}");
        drop(ledger);
        bench.open();
    }
}

#[test]
fn one_run_at_a_time_and_readers_beside_it() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    assert_eq!(kind_of(bench.try_open()), Some(Kind::Busy));
    let again = Ledger::reopen(&bench.path(), Duration::ZERO, clock());
    assert_eq!(kind_of(again), Some(Kind::Busy));
    let reader = Ledger::open_existing(&bench.path()).unwrap();
    publish(&mut ledger, &asking("daily", 1..=1, 10));
    assert_eq!(spent(&reader, 1), 10, "a reader sees what was written after it opened");
    drop(ledger);
    let mut person = Ledger::reopen(&bench.path(), Duration::ZERO, clock()).unwrap();
    let held = person.reserve(&asking("weekly", 1..=1, 10)).unwrap();
    person.void(held.id).unwrap();
}

#[test]
fn a_reader_makes_nothing_and_writes_nothing() {
    let bench = Bench::new();
    assert_eq!(kind_of(Ledger::open_existing(&bench.path())), Some(Kind::Io));
    assert_eq!(kind_of(Ledger::reopen(&bench.path(), Duration::ZERO, clock())), Some(Kind::Io));
    assert_eq!(std::fs::read_dir(bench.folder.path()).unwrap().count(), 0);
    drop(bench.open());
    let before = std::fs::read(bench.path()).unwrap();
    let mut reader = Ledger::open_existing(&bench.path()).unwrap();
    assert_eq!(kind_of(reader.reserve(&asking("a", 1..=1, 1))), Some(Kind::Internal));
    assert_eq!(kind_of(reader.void(EntryId(1))), Some(Kind::Internal));
    assert!(reader.connection.execute("DELETE FROM journal", []).is_err());
    drop(reader);
    assert_eq!(std::fs::read(bench.path()).unwrap(), before);
}

#[test]
fn a_ledger_that_may_not_be_written_says_so_when_a_run_opens_it() {
    let bench = Bench::new();
    publish(&mut bench.open(), &asking("daily", 1..=1, 10));
    let forbid = |path: &Path, read_only: bool| {
        let mut rights = std::fs::metadata(path).unwrap().permissions();
        rights.set_readonly(read_only);
        std::fs::set_permissions(path, rights).unwrap();
    };
    forbid(&bench.path(), true);
    if std::fs::OpenOptions::new().write(true).open(bench.path()).is_ok() {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "skipped: this user may write read-only files");
        return;
    }
    let error = bench.try_open().unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("cannot be written")), (Kind::Io, true));
    let reader = Ledger::open_existing(&bench.path()).unwrap();
    assert_eq!(spent(&reader, 1), 10);
    reader.verify().unwrap();
    drop(reader);
    forbid(&bench.path(), false);
    std::fs::remove_file(bench.beside(".lock")).unwrap();
    forbid(bench.folder.path(), true);
    let error = bench.try_open().unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("the lock of")), (Kind::Io, true));
    forbid(bench.folder.path(), false);
}

/// Gives a ledger the tables of an earlier version, with the rows that it has.
pub(super) fn make_older(bench: &Bench, version: usize) {
    const TABLES: [&str; 6] = ["terms", "entries", "charges", "blocks", "stored", "journal"];
    let connection = bench.by_hand();
    connection
        .execute_batch("PRAGMA journal_mode = DELETE; PRAGMA foreign_keys = OFF; BEGIN")
        .unwrap();
    for table in TABLES {
        let sql =
            format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}; DROP TABLE {table};");
        connection.execute_batch(&sql).unwrap();
    }
    let migrations = [
        include_str!("../migration_1.sql"),
        include_str!("../migration_2.sql"),
        include_str!("../migration_3.sql"),
    ];
    let (new, old) = (bench.key().check(), bench.key().earlier_check());
    let sql = "UPDATE kept_terms SET key_check = ?2 WHERE key_check = ?1";
    assert_eq!(connection.execute(sql, (&new, &old)).unwrap(), 1);
    let sql = "UPDATE kept_journal SET payload = replace(payload, ?1, ?2)";
    connection.execute(sql, (&new, &old)).unwrap();
    for migration in &migrations[..version] {
        connection.execute_batch(migration).unwrap();
    }
    for table in TABLES {
        let columns: String = connection
            .query_row(
                "SELECT group_concat(name, ', ') FROM pragma_table_info(?1)",
                [table],
                |row| row.get(0),
            )
            .unwrap();
        let sql = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM kept_{table};
             DROP TABLE kept_{table};"
        );
        connection.execute_batch(&sql).unwrap();
    }
    connection.execute_batch(&format!("PRAGMA user_version = {version}; COMMIT")).unwrap();
    drop(connection);
    edit(bench, |connection| {
        let chain = Chain::of(connection, &bench.key(), &old).unwrap().unwrap();
        rehash(connection, &chain);
    });
}

#[test]
fn entries_of_an_earlier_version_stay_as_they_are_and_go_on() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    publish(&mut ledger, &asking("daily", 1..=2, 10));
    let drawn = ledger.reserve(&asking("drawn", 1..=1, 11)).unwrap().id;
    ledger.mark_drawn(drawn).unwrap();
    let void = ledger.reserve(&asking("void", 1..=1, 12)).unwrap().id;
    ledger.void(void).unwrap();
    let held = ledger.reserve(&asking("held", 2..=2, 13)).unwrap().id;
    let mut entries = ledger.entries(Which::All).unwrap();
    let verified = ledger.verify().unwrap();
    drop(ledger);
    make_older(&bench, 2);

    // Readers know it as it is; an earlier version had other hashes.
    let reader = Ledger::open_existing(&bench.path()).unwrap();
    for (entry, read) in entries.iter_mut().zip(reader.entries(Which::All).unwrap()) {
        entry.head = read.head.clone();
        assert_eq!(*entry, read);
    }
    assert_eq!(
        (reader.look(drawn).unwrap(), reader.verify().unwrap().events),
        (None, verified.events)
    );
    drop(reader);

    let mut ledger = bench.open();
    assert_eq!(ledger.entries(Which::All).unwrap(), entries);
    assert_eq!(ledger.verify().unwrap().events, verified.events + 1, "the key begins");
    for id in [drawn, held] {
        ledger.mark_drawn(id).unwrap();
        assert_eq!(kind_of(ledger.note_look(id, &[1])), Some(Kind::Internal));
        ledger.commit(id, &files()).unwrap();
    }
    let id = ledger.reserve(&asking_with_look("new", 3, 14, 2)).unwrap().id;
    ledger.mark_drawn(id).unwrap();
    ledger.note_look(id, &[1]).unwrap();
    ledger.mark_empty(id).unwrap();
    ledger.verify().unwrap();
    assert_eq!(ledger.stored(EntryId(1)).unwrap().len(), 2);
}

#[test]
fn a_ledger_of_the_first_version_keeps_its_budget_and_is_brought_up_to_date() {
    let bench = Bench::new();
    // As the first version made it: no conversion, and a smaller budget for the same epsilon.
    let first = Terms { conversion: None, ..terms(90) };
    drop(Ledger::open(&bench.path(), &first, Duration::ZERO, clock()).unwrap());
    make_older(&bench, 1);

    // Readers know it as it is.
    let reader = Ledger::open_existing(&bench.path()).unwrap();
    assert_eq!(reader.terms(), &first);
    reader.verify().unwrap();
    drop(reader);

    let mut ledger = bench.open();
    assert_eq!(ledger.terms(), &first);
    assert_eq!(balance(&ledger, 1), None);
    assert!(ledger.reserve(&asking("too much", 1..=1, 91)).is_err());
    ledger.reserve(&asking("all of it", 1..=1, 90)).unwrap();
    ledger.verify().unwrap();
    drop(ledger);

    // All other terms are still compared.
    let other = Terms { key_delta: AttoDelta::ZERO, ..terms(100) };
    let error = Ledger::open(&bench.path(), &other, Duration::ZERO, clock()).unwrap_err();
    assert!(error.to_string().starts_with("`[ledger] key_delta`"), "{error}");
}

#[test]
fn a_ledger_that_nothing_can_be_written_beside_is_read() {
    use super::super::schema;

    let bench = Bench::new();
    publish(&mut bench.open(), &asking("daily", 1..=1, 10));
    let odd = bench.folder.path().join("50% of? a #1.ledger");
    std::fs::copy(bench.path(), &odd).unwrap();
    let files = || std::fs::read_dir(bench.folder.path()).unwrap().count();
    let before = files();
    let connection = schema::connect_to_still(&odd).unwrap();
    let count = "SELECT count(*) FROM journal";
    let events: i64 = connection.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!((events, files()), (5, before));
    assert!(connection.execute("DELETE FROM blocks", []).is_err());
    // What a crash left beside it is a part of it, so that the rest alone is not read for the whole.
    let place = |path: &Path| LedgerFiles::new(path).unwrap();
    assert!(schema::is_merged(&place(&odd)));
    std::fs::write(bench.folder.path().join("50% of? a #1.ledger-wal"), b"x").unwrap();
    assert!(!schema::is_merged(&place(&odd)));
}
