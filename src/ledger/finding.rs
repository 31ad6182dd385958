//! Finding entries in the database.
//!
//! In: rows of `entries` and `charges`. Out: [`Entry`], always whole, oldest first. Invariant: an
//! entry whose charges are not what it says is an error and never a wrong answer. Nothing is
//! written here.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::columns::Instant;
use super::entry::{Entry, EntryId, Which};
use super::trouble::{Outcome, Trouble};
use crate::spec::privacy_loss::{AttoDelta, NanoRho};
use crate::spec::window::Day;

impl Entry {
    /// Reads one entry, if it is there.
    pub(super) fn read(connection: &Connection, id: EntryId) -> Outcome<Option<Self>> {
        let found = connection
            .prepare_cached(
                "SELECT id, release, release_id, fingerprint, charge, key_delta, state, plan,
                     logs_digest, code_version, reserved_at
                 FROM entries WHERE id = ?1",
            )?
            .query_row([id], Self::from_row)
            .optional()?;
        let Some(mut entry) = found else { return Ok(None) };
        let mut charges = connection.prepare_cached(
            "SELECT block, charge, key_delta FROM charges WHERE entry = ?1 ORDER BY block",
        )?;
        let mut rows = charges.query([id])?;
        while let Some(row) = rows.next()? {
            let charged: (NanoRho, AttoDelta) = (row.get(1)?, row.get(2)?);
            if charged != (entry.charge, entry.key_delta) {
                let what = format!("entry {id} and its charges disagree");
                return Err(Trouble::Damaged(what));
            }
            entry.blocks.push(row.get(0)?);
        }
        Ok(Some(entry))
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            release: row.get(1)?,
            release_id: row.get(2)?,
            fingerprint: row.get(3)?,
            blocks: Vec::new(),
            charge: row.get(4)?,
            key_delta: row.get(5)?,
            state: row.get(6)?,
            plan: row.get(7)?,
            logs_digest: row.get(8)?,
            code_version: row.get(9)?,
            reserved_at: row.get::<_, Instant>(10)?.0,
        })
    }

    /// The entry that a release id may still resume or publish, if any.
    pub(super) fn live(connection: &Connection, release_id: &str) -> Outcome<Option<Self>> {
        let id = connection
            .prepare_cached(
                "SELECT id FROM entries
                 WHERE release_id = ?1 AND state IN ('reserved', 'committed', 'published')",
            )?
            .query_row([release_id], |row| row.get(0))
            .optional()?;
        id.map_or(Ok(None), |id| Self::read(connection, id))
    }

    /// Lists entries, oldest first, void ones too.
    pub(super) fn list(connection: &Connection, which: Which<'_>) -> Outcome<Vec<Self>> {
        let ids = match which {
            Which::All => ids(connection, "SELECT id FROM entries ORDER BY id", []),
            Which::Newest(most) => ids(
                connection,
                "SELECT id FROM (SELECT id FROM entries ORDER BY id DESC LIMIT ?1) ORDER BY id",
                params![most],
            ),
            Which::Block(day) => ids(
                connection,
                "SELECT entry FROM charges WHERE block = ?1 ORDER BY entry",
                params![day],
            ),
            Which::Release(name) => ids(
                connection,
                "SELECT id FROM entries WHERE release = ?1 ORDER BY id",
                params![name],
            ),
        }?;
        Self::read_all(connection, ids)
    }

    /// The entries of a release name that charged a block and were not made void, oldest first.
    pub(super) fn standing(
        connection: &Connection,
        release: &str,
        block: Day,
    ) -> Outcome<Vec<Self>> {
        let ids = ids(
            connection,
            "SELECT id FROM charges JOIN entries ON id = entry
             WHERE block = ?1 AND release = ?2 AND state <> 'void' ORDER BY id",
            params![block, release],
        )?;
        Self::read_all(connection, ids)
    }

    /// The blocks for which a release's bytes are stored, oldest first.
    ///
    /// Walks from block to block, so that it does not matter how many entries charged each.
    pub(super) fn stored_blocks(connection: &Connection, release: &str) -> Outcome<Vec<Day>> {
        let mut statement = connection.prepare_cached(
            "WITH RECURSIVE blocks (day) AS (
                 SELECT min(block) FROM charges
                 UNION ALL
                 SELECT (SELECT min(block) FROM charges WHERE block > day) FROM blocks
                 WHERE day IS NOT NULL
             )
             SELECT day FROM blocks WHERE day IS NOT NULL AND EXISTS (
                 SELECT 1 FROM charges JOIN entries ON id = entry
                 WHERE block = day AND release = ?1 AND state IN ('committed', 'published')
             )",
        )?;
        let days = statement.query_map([release], |row| row.get(0))?;
        Ok(days.collect::<rusqlite::Result<_>>()?)
    }

    fn read_all(connection: &Connection, ids: Vec<EntryId>) -> Outcome<Vec<Self>> {
        let read = |id| Self::read(connection, id);
        ids.into_iter().filter_map(|id| read(id).transpose()).collect()
    }
}

fn ids(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Outcome<Vec<EntryId>> {
    let mut statement = connection.prepare_cached(sql)?;
    let ids = statement.query_map(parameters, |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}
