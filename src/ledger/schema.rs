//! The database: how it is opened, made, and brought up to date.
//!
//! Durability: a write-ahead log (`journal_mode=WAL`) with `synchronous=EXTRA`, so a step is on the
//! disk before the next begins, and readers never hold it up, however long they take. (With a
//! write-ahead log, `EXTRA` does what `FULL` does; it does more while a ledger is made, which has
//! none yet.) The log is a second file, `-wal`, that the last connection merges into the database
//! when it is closed; after a crash it stays, and a backup needs it. `fullfsync` asks the same of
//! macOS's disks. After a power loss a step is there whole or not at all, as SQLite promises for
//! disks that do not lie about a flush. `trusted_schema`, the defensive mode, `cell_size_check` and
//! `foreign_keys` are against edits and damage, `query_only` keeps readers from writing.
//! Making: in a file of another name, in one transaction, renamed when it is whole; a crash leaves
//! no half ledger. A ledger that is gone while its key or its log is there is not made again: that would
//! forget what was charged.

use std::fs;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, ffi};

use super::chain::Chain;
use super::event::Event;
use super::file_system;
use super::journal::Journal;
use super::key::LedgerKey;
use super::ledger_files::{LedgerFiles, beside};
use super::terms::Terms;
use super::trouble::{Outcome, Trouble};
use crate::files::{OWNER, make_new, remove_if_there};
use crate::{Error, Result};

/// A step that brings the database from one version to the next.
struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// In order; the version of a database is how many of them it has seen. Never edit one that was
/// released: add another.
const MIGRATIONS: [Migration; 5] = [
    Migration {
        name: "entries, charges, stored releases, journal",
        sql: include_str!("migration_1.sql"),
    },
    Migration { name: "the conversion of the budget", sql: include_str!("migration_2.sql") },
    Migration { name: "looks and empty days", sql: include_str!("migration_3.sql") },
    // No table changes. An older program, which would add events without the key, refuses this version.
    Migration { name: "the keyed journal, the write-ahead log", sql: "" },
    // Nor here. An older program would draw again what was found.
    Migration { name: "found prefixes", sql: "" },
];

/// Marks the file as a ledger: "POIN".
const APPLICATION: i32 = 0x504F_494E;

/// The longest time that SQLite is asked to wait; more than it can count would be a mistake.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// Whether a connection may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Reads and writes, and upgrades an older database.
    Write,
    /// Only reads.
    Read,
}

/// Opens an existing ledger and checks that it is one, of a version that this program knows.
pub(super) fn open(place: &LedgerFiles, access: Access, wait: Duration) -> Outcome<Connection> {
    // A reader too opens for writing where it may, since only so can SQLite undo what a crashed
    // run left half written; after that `query_only` keeps it from writing.
    let mut connection = match access {
        Access::Read if file_system::is_read_only(place) && is_merged(place) => {
            connect_to_still(&place.ledger)?
        }
        _ => connect(&place.ledger, wait)?,
    };
    let newest = MIGRATIONS.len();
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION {
        return Err(Error::io(format!("the file {} is not a ledger", place.shown))
            .help("it is a database of another program: correct `[ledger] path`")
            .into());
    }
    let known = match usize::try_from(version(&connection)?) {
        Err(_) | Ok(0) => return Err(Trouble::Damaged("its version is missing".to_owned())),
        Ok(known) if known <= newest => known,
        Ok(known) => {
            return Err(Error::refused(format!(
                "the ledger {} was written by a newer pointillist: it has version {known}, and \
                 this program knows {newest}",
                place.shown
            ))
            .help("install the newer version; an older one would not keep all of its rules")
            .into());
        }
    };
    match access {
        // What the migrations have added may be absent: readers know older versions too.
        Access::Read => connection.pragma_update(None, "query_only", true)?,
        // SQLite falls back to reading where it may not write; a run must hear of it before it
        // has read any logs.
        Access::Write if connection.is_readonly("main")? => {
            return Err(Trouble::Sqlite(rusqlite::Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_READONLY),
                None,
            )));
        }
        Access::Write => {
            log_ahead(&connection)?;
            upgrade(&mut connection, known)?;
        }
    }
    Ok(connection)
}

/// Makes a ledger with its key, whole or not at all.
pub(super) fn make(place: &LedgerFiles, terms: &Terms, at: Timestamp) -> Result<LedgerKey> {
    if !is_merged(place) {
        // SQLite would write what these files hold into the new ledger.
        return Err(gone(place, "log", "-wal or -journal"));
    }
    if place.key.exists() && !place.unfinished.exists() {
        return Err(gone(place, "key", ".key"));
    }
    // The key goes first: a key without an unfinished ledger would mean a ledger that was lost.
    let stale =
        [place.key.clone(), beside(&place.unfinished, "-journal"), place.unfinished.clone()];
    for path in &stale {
        remove_if_there(path).map_err(|error| place.cannot_make("file", error))?;
    }
    make_new(&place.unfinished, OWNER).map_err(|error| place.cannot_make("file", error))?;
    // The name of the unfinished ledger must be durable before the key's is: a key without it means
    // a ledger that was lost.
    place.sync_folder()?;
    let key = LedgerKey::make(place)?;
    fill(place, terms, &key, at).map_err(|trouble| trouble.into_error(place))?;
    place.sync_folder()?;
    fs::rename(&place.unfinished, &place.ledger)
        .map_err(|error| place.cannot_make("file", error))?;
    place.sync_folder()?;
    Ok(key)
}

/// The error of a ledger of which only another file is left.
fn gone(place: &LedgerFiles, what: &str, file: &str) -> Error {
    Error::refused(format!("the ledger {} is gone, but its {what} is still there", place.shown))
        .help(format!(
            "restore the ledger from a backup: a new one would forget what was charged; to forget it on \
             purpose, move the {file} file away too"
        ))
}

/// Every table, index and trigger of a database, with the SQL that made it.
pub(super) fn objects(connection: &Connection) -> Outcome<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '')
         FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The same for a database that is made afresh in the version of this one.
pub(super) fn expected_objects(connection: &Connection) -> Outcome<Vec<String>> {
    let version = usize::try_from(version(connection)?).unwrap_or(0);
    let mut made = Connection::open_in_memory()?;
    let transaction = made.transaction()?;
    for migration in MIGRATIONS.iter().take(version) {
        transaction.execute_batch(migration.sql)?;
    }
    objects(&transaction)
}

fn fill(place: &LedgerFiles, terms: &Terms, key: &LedgerKey, at: Timestamp) -> Outcome<()> {
    let mut connection = connect(&place.unfinished, Duration::ZERO)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    apply(&transaction, 0)?;
    let check = key.check();
    terms.write(&transaction, &check)?;
    let chain = Chain::new(key);
    let journal = Journal { connection: &transaction, chain: &chain };
    journal.append(at, Event::Created, None, &terms.payload(&check)?)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

fn connect(path: &std::path::Path, wait: Duration) -> Outcome<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(wait.min(LONGEST_WAIT))?;
    guard(&connection)?;
    Ok(connection)
}

/// Connects to a database on a read-only file system. SQLite cannot make its `-wal` and `-shm` files
/// there, and opens the database only if it is declared immutable.
pub(super) fn connect_to_still(path: &std::path::Path) -> Outcome<Connection> {
    let path = path.display().to_string();
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(format!("file:{path}?immutable=1"), flags)?;
    guard(&connection)?;
    Ok(connection)
}

/// Whether the database is all there is: after a crash, the files beside it hold a part of it.
pub(super) fn is_merged(place: &LedgerFiles) -> bool {
    ["-wal", "-journal"].iter().all(|ending| !beside(&place.ledger, ending).exists())
}

/// Switches on what guards against edits and damage, and against a loss of power.
fn guard(connection: &Connection) -> Outcome<()> {
    // SQL that was put into the schema does not run, and no statement edits the schema itself.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    connection.pragma_update(None, "fullfsync", true)?;
    Ok(())
}

/// Turns the write-ahead log on, so that readers do not hold up a step. Earlier versions had none.
fn log_ahead(connection: &Connection) -> Outcome<()> {
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode == "wal" {
        return Ok(());
    }
    Err(Error::io("the ledger is open in a mode that other programs keep it in")
        .help("close every program that has the ledger open")
        .into())
}

fn version(connection: &Connection) -> Outcome<i32> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn upgrade(connection: &mut Connection, from: usize) -> Outcome<()> {
    if from == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    apply(&transaction, from)?;
    Ok(transaction.commit()?)
}

/// Applies the migrations after the first `seen`, with the version, in the caller's transaction.
fn apply(transaction: &Transaction<'_>, seen: usize) -> Outcome<()> {
    for migration in MIGRATIONS.iter().skip(seen) {
        tracing::debug!(migration = migration.name, "bringing the ledger up to date");
        transaction.execute_batch(migration.sql)?;
    }
    let version = i32::try_from(MIGRATIONS.len())
        .map_err(|_| Error::internal("there are too many migrations of the ledger"))?;
    Ok(transaction.pragma_update(None, "user_version", version)?)
}
