//! Entries: one release over its blocks, from reservation to publication.
//!
//! In: what a caller asks, and rows of `entries` and `charges`. Out: [`Entry`], whole and equal to
//! what the journal says was reserved. Invariants: everything but the state is fixed at
//! reservation, the frozen plan above all; an entry whose charges or events are not what it says is
//! an error and never a wrong answer. Nothing is written here.

use std::ops::Deref;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::account::Loss;
use super::event::Event;
use super::instant::Instant;
use super::journal::{self, Journal};
use super::state::{EntryId, State};
use super::trouble::{Outcome, Trouble};
use crate::release_file::day::Day;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};

/// What a release asks of the ledger; the journal keeps it whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reservation {
    /// The release's name.
    pub release: String,
    /// The hash of name, fingerprint and blocks, made by the caller.
    pub release_id: String,
    /// The fingerprint of the release file.
    pub fingerprint: String,
    /// Every day that is charged, whether it has data or not; in an entry, oldest first.
    pub blocks: Vec<Day>,
    /// What each block is charged, by the privacy maps of the measurements that were built.
    pub charge: NanoRho,
    /// The part of `charge` that the look costs, for a release that has one; absent in what older
    /// programs wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look_charge: Option<NanoRho>,
    /// What private prefixes cost each block.
    pub key_delta: AttoDelta,
    /// The plan with its mechanism events, as JSON, which a resumed run must use.
    pub plan: String,
    /// The keyed digest of the log files.
    ///
    /// # Privacy
    /// Never published.
    pub logs_digest: String,
    /// The version of the program.
    pub code_version: String,
}

/// One release over its blocks, as the ledger knows it: what was reserved, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: EntryId,
    /// What was reserved.
    pub reserved: Reservation,
    /// How far it has come.
    pub state: State,
    /// When it was reserved.
    pub reserved_at: Timestamp,
    /// The hash of the event that reserved it.
    pub head: String,
    /// How often it was drawn: more than once when draws died before their commit.
    pub attempts: u64,
}

/// What was reserved never changes, and an entry is mostly asked about that.
impl Deref for Entry {
    type Target = Reservation;

    fn deref(&self) -> &Reservation {
        &self.reserved
    }
}

/// Which entries to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// All of them.
    All,
    /// This many of those that were reserved last.
    Newest(u32),
    /// Those that charged a block.
    Block(Day),
    /// Those of a release name.
    Release(&'a str),
}

impl Entry {
    /// What it costs each block now: the charge, unless it ended early.
    pub fn spent(&self) -> NanoRho {
        self.charge.left_after(self.freed(self.state).rho)
    }

    /// What each block gets back when the entry comes to `state`.
    pub(super) fn freed(&self, state: State) -> Loss {
        let kept = match state {
            State::Void => NanoRho::new(0),
            State::Empty if mutant!("look-that-is-not-charged") => NanoRho::new(0),
            State::Empty => self.look_charge.unwrap_or(self.charge),
            State::Reserved | State::Drawn | State::Committed | State::Published => {
                return Loss::default();
            }
        };
        Loss { rho: self.charge.left_after(kept), key_delta: self.key_delta }
    }

    /// Reads one entry, if it is there.
    pub(super) fn read(journal: Journal<'_>, id: EntryId) -> Outcome<Option<Self>> {
        let Some(mut entry) = Self::load(journal.connection, id)? else { return Ok(None) };
        entry.hold_against(journal)?;
        Ok(Some(entry))
    }

    /// Checks the entry against its events: what was reserved, the frozen plan above all, and its
    /// state.
    /// since.
    fn hold_against(&mut self, journal: Journal<'_>) -> Outcome<()> {
        let id = self.id;
        let damaged = |what: &str| Trouble::Damaged(format!("entry {id} is not {what}"));
        let events = journal.of_entry(id)?;
        let of = |event: Event| events.iter().filter(move |record| record.event == event.word());
        let mut reserved = of(Event::Reserved);
        match (reserved.next(), reserved.next()) {
            (Some(only), None) if only.payload == journal::payload(&self.reserved)? => {
                self.head.clone_from(&only.hash);
            }
            _ => return Err(damaged("what the journal says was reserved")),
        }
        let mut states = events.iter().filter_map(|record| Event::parse(&record.event)?.state());
        if states.next_back() != Some(self.state) {
            return Err(damaged("in the state that the journal has"));
        }
        self.attempts = of(Event::Drawn).count() as u64;
        Ok(())
    }

    /// Reads one entry as its tables have it, without comparing it with the journal.
    pub(super) fn load(connection: &Connection, id: EntryId) -> Outcome<Option<Self>> {
        let found = connection
            .prepare_cached("SELECT * FROM entries WHERE id = ?1")?
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
            entry.reserved.blocks.push(row.get(0)?);
        }
        Ok(Some(entry))
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let reserved = Reservation {
            release: row.get("release")?,
            release_id: row.get("release_id")?,
            fingerprint: row.get("fingerprint")?,
            blocks: Vec::new(),
            charge: row.get("charge")?,
            // A reader may find a ledger of an earlier version, which has no such column.
            look_charge: match row.get("look_charge") {
                Err(rusqlite::Error::InvalidColumnName(_)) => None,
                look_charge => look_charge?,
            },
            key_delta: row.get("key_delta")?,
            plan: row.get("plan")?,
            logs_digest: row.get("logs_digest")?,
            code_version: row.get("code_version")?,
        };
        let reserved_at = row.get::<_, Instant>("reserved_at")?.0;
        let (id, state) = (row.get("id")?, row.get("state")?);
        Ok(Self { id, reserved, state, reserved_at, head: String::new(), attempts: 0 })
    }

    /// The entry with which a release goes on, if it has one that is neither void nor empty.
    ///
    /// Older programs reserved again after a draw that died, so there may be several. Then it is
    /// the newest that is not `drawn`, or the newest of all if every one is.
    pub(super) fn live(journal: Journal<'_>, release_id: &str) -> Outcome<Option<Self>> {
        let id = journal
            .connection
            .prepare_cached(
                "SELECT id FROM entries WHERE release_id = ?1 AND state NOT IN ('void', 'empty')
                 ORDER BY state = 'drawn', id DESC LIMIT 1",
            )?
            .query_row([release_id], |row| row.get(0))
            .optional()?;
        id.map_or(Ok(None), |id| Self::read(journal, id))
    }

    /// Lists entries, oldest first, void ones too.
    pub(super) fn list(journal: Journal<'_>, which: Which<'_>) -> Outcome<Vec<Self>> {
        let ids = match which {
            Which::All => ids(journal.connection, "SELECT id FROM entries ORDER BY id", []),
            Which::Newest(most) => ids(
                journal.connection,
                "SELECT id FROM (SELECT id FROM entries ORDER BY id DESC LIMIT ?1) ORDER BY id",
                params![most],
            ),
            Which::Block(day) => ids(
                journal.connection,
                "SELECT entry FROM charges WHERE block = ?1 ORDER BY entry",
                params![day],
            ),
            Which::Release(name) => ids(
                journal.connection,
                "SELECT id FROM entries WHERE release = ?1 ORDER BY id",
                params![name],
            ),
        }?;
        Self::read_all(journal, ids)
    }

    /// The entries that charged any block from `first` to `last`, void ones too.
    pub(super) fn charging(journal: Journal<'_>, first: Day, last: Day) -> Outcome<Vec<Self>> {
        let ids = ids(
            journal.connection,
            "SELECT DISTINCT entry FROM charges WHERE block BETWEEN ?1 AND ?2 ORDER BY entry",
            params![first, last],
        )?;
        Self::read_all(journal, ids)
    }

    /// The entries of a release name that charged a block and were not made void, oldest first.
    pub(super) fn standing(journal: Journal<'_>, release: &str, block: Day) -> Outcome<Vec<Self>> {
        let ids = ids(
            journal.connection,
            "SELECT id FROM charges JOIN entries ON id = entry
             WHERE block = ?1 AND release = ?2 AND state <> 'void' ORDER BY id",
            params![block, release],
        )?;
        Self::read_all(journal, ids)
    }

    /// The blocks for which a release's bytes are stored, oldest first.
    ///
    /// Walks from block to block, so that its time does not grow with the number of entries that
    /// charged each block.
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

    fn read_all(journal: Journal<'_>, ids: Vec<EntryId>) -> Outcome<Vec<Self>> {
        let gone = |id| Trouble::Damaged(format!("entry {id} was charged and is not there"));
        let read = |id| Self::read(journal, id)?.ok_or_else(|| gone(id));
        ids.into_iter().map(read).collect()
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
