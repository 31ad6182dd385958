//! The rows of the journal, as they stand in the file.
//!
//! In: the end of a statement. Out: rows. Whether they were changed is not known here.

use rusqlite::{Connection, Params, Row};

use super::trouble::{Outcome, Trouble};

/// One row, as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) sequence: i64,
    pub(super) at: String,
    pub(super) event: String,
    pub(super) entry: Option<i64>,
    pub(super) payload: String,
    pub(super) previous: String,
    pub(super) hash: String,
}

impl Record {
    /// The columns, in the order in which [`Self::from_row`] and whatever inserts rows have them.
    pub(super) const COLUMNS: &str = "sequence, at, event, entry, payload, previous, hash";

    /// The last row of a journal, if it has one.
    pub(super) fn last(connection: &Connection) -> Outcome<Option<Self>> {
        Ok(Self::select(connection, "ORDER BY sequence DESC LIMIT 1", [])?.pop())
    }

    /// The rows that the rest of a statement chooses.
    pub(super) fn select(
        connection: &Connection,
        rest: &str,
        parameters: impl Params,
    ) -> Outcome<Vec<Self>> {
        let sql = format!("SELECT {} FROM journal {rest}", Self::COLUMNS);
        let mut statement = connection.prepare_cached(&sql)?;
        let records = statement.query_map(parameters, Self::from_row)?;
        Ok(records.collect::<rusqlite::Result<_>>()?)
    }

    /// Calls `take` with each row, in order.
    pub(super) fn each(
        connection: &Connection,
        mut take: impl FnMut(Outcome<Self>) -> Outcome<()>,
    ) -> Outcome<()> {
        let sql = format!("SELECT {} FROM journal ORDER BY sequence", Self::COLUMNS);
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            take(Self::from_row(row).map_err(Trouble::from))?;
        }
        Ok(())
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            sequence: row.get(0)?,
            at: row.get(1)?,
            event: row.get(2)?,
            entry: row.get(3)?,
            payload: row.get(4)?,
            previous: row.get(5)?,
            hash: row.get(6)?,
        })
    }
}

/// What stands before the first hash.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
