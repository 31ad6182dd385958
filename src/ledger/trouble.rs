//! Failures inside the ledger, and the message that a person gets for each.
//!
//! In: SQLite's codes and the ledger's own findings. Out: [`Error`], one message per cause.
//! Invariant: each SQLite code has one kind; a code that is not listed is a fault of the program.
//! Nothing here repeats a stored value: the messages name the ledger and what failed.

use rusqlite::ErrorCode;

use super::ledger_files::LedgerFiles;
use crate::Error;

/// What a step inside the ledger returns.
pub(super) type Outcome<T> = std::result::Result<T, Trouble>;

/// Why a step inside the ledger failed, before the ledger is named.
#[derive(Debug)]
pub(super) enum Trouble {
    /// SQLite refused.
    Sqlite(rusqlite::Error),
    /// The content contradicts itself.
    Damaged(String),
    /// The text is finished already.
    Explained(Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Explained(error)
    }
}

impl Trouble {
    /// The message for a person.
    pub(super) fn into_error(self, place: &LedgerFiles) -> Error {
        let shown = &place.shown;
        match self {
            Self::Explained(error) => error,
            Self::Damaged(what) => damaged(&format!("the ledger {shown} is damaged: {what}")),
            Self::Sqlite(error) if unreadable(&error) => {
                damaged(&format!("the ledger {shown} is damaged: it holds what cannot be read"))
                    .because(error)
            }
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(code) => of_code(code, shown).because(error),
                None => {
                    Error::internal(format!("a statement on the ledger {shown} is wrong: {error}"))
                }
            },
        }
    }
}

fn of_code(code: ErrorCode, shown: &str) -> Error {
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            Error::busy(format!("another program holds the ledger {shown}"))
                .help("close it, or give it more time with --wait")
        }
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            Error::io(format!("the ledger {shown} cannot be written")).help(
                "give this user the right to write the ledger, the -wal and -shm files beside it and its \
                 folder, and check that the disk is not mounted read-only",
            )
        }
        ErrorCode::CannotOpen => Error::io(format!("the ledger {shown} cannot be opened")).help(
            "give this user the right to read and write the ledger and its folder, and keep the \
             folder in place",
        ),
        ErrorCode::DiskFull => Error::io(format!("the disk of the ledger {shown} is full"))
            .help("free some space and run again: nothing was half written"),
        ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed => {
            Error::io(format!("the disk of the ledger {shown} failed"))
                .help("check the disk; keep the ledger on a local one")
        }
        // Unknown is also what SQLite says of tables of another format.
        ErrorCode::DatabaseCorrupt | ErrorCode::Unknown => {
            damaged(&format!("the ledger {shown} is damaged"))
        }
        ErrorCode::NotADatabase => Error::io(format!("the file {shown} is not a ledger"))
            .help("correct `[ledger] path`, or restore the ledger from a backup"),
        ErrorCode::TooBig => Error::refused(format!(
            "a file of this release is too large to be stored in the ledger {shown}"
        ))
        .help("ask for fewer cells in one question: the limit is a thousand million bytes"),
        ErrorCode::OutOfMemory => {
            Error::io(format!("there is not enough memory for the ledger {shown}"))
                .help("free some memory and run again")
        }
        _ => Error::internal(format!("a statement on the ledger {shown} broke a rule of its own")),
    }
}

/// Whether the error is about what was read, not about how it was asked.
fn unreadable(error: &rusqlite::Error) -> bool {
    use rusqlite::Error as Sql;
    // The program writes values of the right type and form: a value that breaks such a rule was in
    // the file already, or the rule itself is damaged.
    let breaks_a_form = |error: &rusqlite::ffi::Error| {
        use rusqlite::ffi::{SQLITE_CONSTRAINT_CHECK, SQLITE_CONSTRAINT_DATATYPE};
        [SQLITE_CONSTRAINT_CHECK, SQLITE_CONSTRAINT_DATATYPE].contains(&error.extended_code)
    };
    matches!(error, Sql::SqliteFailure(error, _) if breaks_a_form(error))
        || matches!(
            error,
            Sql::FromSqlConversionFailure(..)
            | Sql::IntegralValueOutOfRange(..)
            | Sql::Utf8Error(..)
            | Sql::InvalidColumnType(..)
            | Sql::InvalidColumnName(..)
            | Sql::QueryReturnedNoRows
            // Statements are the program's own: this one has met other tables.
            | Sql::SqlInputError { .. }
        )
}

fn damaged(message: &str) -> Error {
    Error::io(message).help(
        "run `pointillist ledger verify` to see what is wrong, remove the -wal and -shm files beside the \
         ledger, and restore it from a backup",
    )
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;
    use crate::Kind;

    #[test]
    fn one_row_per_sqlite_code() {
        let folder = tempfile::tempdir().unwrap();
        let place = LedgerFiles::new(&folder.path().join("daily.ledger")).unwrap();
        let rows = [
            (ffi::SQLITE_BUSY, Kind::Busy, "another program holds"),
            (ffi::SQLITE_LOCKED, Kind::Busy, "another program holds"),
            (ffi::SQLITE_READONLY, Kind::Io, "cannot be written"),
            (ffi::SQLITE_READONLY_DIRECTORY, Kind::Io, "cannot be written"),
            (ffi::SQLITE_READONLY_ROLLBACK, Kind::Io, "cannot be written"),
            (ffi::SQLITE_PERM, Kind::Io, "cannot be written"),
            (ffi::SQLITE_CANTOPEN, Kind::Io, "cannot be opened"),
            (ffi::SQLITE_FULL, Kind::Io, "is full"),
            (ffi::SQLITE_IOERR_FSYNC, Kind::Io, "failed"),
            (ffi::SQLITE_CORRUPT, Kind::Io, "is damaged"),
            (ffi::SQLITE_ERROR, Kind::Io, "is damaged"),
            (ffi::SQLITE_NOTADB, Kind::Io, "not a ledger"),
            (ffi::SQLITE_TOOBIG, Kind::Refused, "too large"),
            (ffi::SQLITE_NOMEM, Kind::Io, "memory"),
            (ffi::SQLITE_CONSTRAINT_DATATYPE, Kind::Io, "cannot be read"),
            (ffi::SQLITE_CONSTRAINT, Kind::Internal, "rule of its own"),
            (ffi::SQLITE_MISUSE, Kind::Internal, "rule of its own"),
        ];
        for (code, kind, words) in rows {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = Trouble::from(error).into_error(&place);
            assert_eq!(error.kind(), kind, "{code}");
            assert!(error.to_string().contains(words), "{code}: {error}");
            assert!(error.hint().is_some() || kind == Kind::Internal, "{code}");
        }
        let error = Trouble::from(rusqlite::Error::QueryReturnedNoRows).into_error(&place);
        assert_eq!(error.kind(), Kind::Io);
        let error = Trouble::from(rusqlite::Error::InvalidQuery).into_error(&place);
        assert_eq!(error.kind(), Kind::Internal);
    }
}
