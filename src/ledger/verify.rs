//! Finds every edit: the journal is walked and all other tables are computed from it again.
//!
//! In: an open ledger. Out: what was counted, or each fault found. Invariant: every table takes
//! part, down to the stored bytes and the text of the schema, so a change of any value, a missing
//! row and a surplus one are all found; an unknown event is a fault and never skipped. A journal cut
//! off at its end, together with the changes that the lost events record, shows only against a
//! mark, or a head that was noted elsewhere.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::Connection;

use super::account::Loss;
use super::custody::Custody;
use super::entry::Entry;
use super::event::Event;
use super::files;
use super::found;
use super::journal::{self, Journal};
use super::look;
use super::record::{GENESIS, Record};
use super::rules::Rules;
use super::schema;
use super::state::{EntryId, State};
use super::terms::Terms;
use super::thirty_days::Cap;
use super::trouble::{Outcome, Trouble};
use crate::release_file::day::Day;

/// What a sound ledger was found to hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verification {
    /// Events in the journal.
    pub events: u64,
    /// Entries, void ones too.
    pub entries: u64,
    /// Days that were ever charged.
    pub blocks: u64,
    /// Stored files.
    pub files: u64,
    /// The last hash of the journal, which stands for all of it.
    pub head: String,
}

/// Walks the ledger in one read transaction; the faults are in the order in which they were found.
pub(super) fn walk(journal: Journal<'_>) -> Outcome<(Verification, Vec<String>)> {
    // Dropped without a commit: there is nothing to write.
    let snapshot = journal.connection.unchecked_transaction()?;
    let mut walk = Walk::default();
    walk.check_database(&snapshot)?;
    Record::each(&snapshot, |record| walk.event(journal, record))?;
    walk.check_sums(&snapshot)?;
    walk.check_counts(&snapshot)?;
    let verification = Verification {
        events: walk.events,
        entries: walk.states.len() as u64,
        blocks: walk.blocks.len() as u64,
        files: walk.files,
        head: walk.head,
    };
    Ok((verification, walk.faults))
}

/// What the events so far add up to.
pub(super) struct Walk {
    pub(super) events: u64,
    head: String,
    /// The state of each entry.
    pub(super) states: HashMap<EntryId, State>,
    /// How often each entry was drawn.
    attempts: HashMap<EntryId, u64>,
    /// The entries whose look is stored.
    looks: HashSet<EntryId>,
    /// The sum of each block's charges.
    pub(super) blocks: BTreeMap<Day, Loss>,
    pub(super) charges: u64,
    pub(super) files: u64,
    /// What 30 consecutive days may cost, which no table repeats.
    pub(super) cap: Option<Cap>,
    /// Deletions and holds, which no table repeats either.
    custody: Custody,
    faults: Vec<String>,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            events: 0,
            head: GENESIS.to_owned(),
            states: HashMap::new(),
            attempts: HashMap::new(),
            looks: HashSet::new(),
            blocks: BTreeMap::new(),
            charges: 0,
            files: 0,
            cap: None,
            custody: Custody::default(),
            faults: Vec::new(),
        }
    }
}

impl Walk {
    /// Notes a fault.
    pub(super) fn fault(&mut self, text: impl Into<String>) {
        // One edit can break every later link; a person needs the first few.
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(text.into());
        }
    }

    /// Notes a fault that was found while reading, so that the walk goes on.
    pub(super) fn found<T>(&mut self, outcome: Outcome<T>) -> Outcome<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(Trouble::Damaged(what)) => {
                self.fault(what);
                Ok(None)
            }
            Err(Trouble::Sqlite(error)) if error.sqlite_error_code().is_none() => {
                self.fault("a value cannot be read");
                Ok(None)
            }
            Err(trouble) => Err(trouble),
        }
    }

    fn check_database(&mut self, connection: &Connection) -> Outcome<()> {
        let mut statement = connection.prepare("PRAGMA integrity_check")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text: String = row.get(0)?;
            if text != "ok" {
                self.fault(format!("SQLite's own check fails: {text}"));
            }
        }
        let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
        if statement.exists([])? {
            self.fault("a row belongs to an entry that is not there");
        }
        if schema::objects(connection)? != schema::expected_objects(connection)? {
            self.fault("the tables, indices or triggers were changed");
        }
        Ok(())
    }

    fn event(&mut self, journal: Journal<'_>, record: Outcome<Record>) -> Outcome<()> {
        self.events += 1;
        let Some(record) = self.found(record)? else { return Ok(()) };
        let connection = journal.connection;
        let number = record.sequence;
        if i64::try_from(self.events) != Ok(number) {
            self.fault(format!(
                "the journal has event {number} where event {} belongs",
                self.events
            ));
        }
        if record.previous != self.head || !journal.chain.has_made(&record) {
            self.fault(format!("event {number} of the journal breaks the chain"));
        }
        self.head.clone_from(&record.hash);
        let entry = record.entry.map(u64::try_from);
        match (Event::parse(&record.event), entry) {
            (Some(Event::Created), None) if number == 1 => self.created(connection, &record),
            (Some(Event::Keyed), None) if journal.chain.begins_with(&record) => Ok(()),
            (Some(Event::RulesChanged), None) => {
                self.found(Rules::parse(&record.payload)).map(drop)
            }
            (Some(Event::Capped), None) if self.cap.is_none() => {
                self.cap = self.found(Cap::parse(&record.payload))?;
                Ok(())
            }
            (Some(event), Some(Ok(entry))) if let Some(state) = event.state() => {
                self.moved(connection, &record, EntryId(entry), state)
            }
            (Some(Event::Looked), Some(Ok(entry))) => {
                self.looked(connection, &record, EntryId(entry))
            }
            (Some(Event::PrefixesFound), Some(Ok(entry))) => {
                let id = EntryId(entry);
                self.found(found::parse(&record, id))?;
                if self.states.get(&id) != Some(&State::Drawn) || !self.looks.contains(&id) {
                    self.fault(format!("event {number} cannot happen to entry {id}"));
                }
                Ok(())
            }
            (Some(event), None) if Custody::is_about(event) => {
                if let Err(what) = self.custody.take(event, &record.at, &record.payload) {
                    self.fault(format!("event {number} cannot have happened: {what}"));
                }
                Ok(())
            }
            (None, _) => {
                self.fault(format!("event {number} is of an unknown kind"));
                Ok(())
            }
            (Some(event), _) => {
                self.fault(format!("event {number} is a `{}` out of place", event.word()));
                Ok(())
            }
        }
    }

    fn created(&mut self, connection: &Connection, record: &Record) -> Outcome<()> {
        let terms = Terms::read(connection).and_then(|(terms, check)| terms.payload(&check));
        if self.found(terms)?.is_none_or(|payload| payload != record.payload) {
            self.fault("the terms are not those that the ledger was made with");
        }
        Ok(())
    }

    fn moved(
        &mut self,
        connection: &Connection,
        record: &Record,
        id: EntryId,
        next: State,
    ) -> Outcome<()> {
        let before = self.states.insert(id, next);
        let allowed = match before {
            None => next == State::Reserved,
            Some(before) => before.may_become(next),
        } && (next != State::Empty || self.looks.contains(&id));
        if !allowed {
            self.fault(format!("event {} cannot happen to entry {id}", record.sequence));
        }
        let Some(Some(entry)) = self.found(Entry::load(connection, id))? else {
            self.fault(format!("entry {id} cannot be read"));
            return Ok(());
        };
        let payload = match next {
            State::Reserved => {
                self.charge(&entry);
                if entry.reserved_at.to_string() != record.at {
                    self.fault(format!("entry {id} was reserved at another time"));
                }
                journal::payload(&entry.reserved)?
            }
            State::Committed => {
                let stored = self.found(files::read_unchecked(connection, id))?;
                let Some((stored, payload)) = stored else { return Ok(()) };
                self.files += stored.len() as u64;
                payload
            }
            State::Void | State::Empty => {
                self.refund(&entry, next);
                journal::NOTHING_MORE.to_owned()
            }
            State::Drawn => {
                let attempt = self.attempts.entry(id).or_default();
                *attempt += 1;
                journal::attempt_payload(*attempt)?
            }
            State::Published => journal::NOTHING_MORE.to_owned(),
        };
        if payload != record.payload {
            self.fault(format!("entry {id} is not what event {} says", record.sequence));
        }
        Ok(())
    }

    fn looked(&mut self, connection: &Connection, record: &Record, id: EntryId) -> Outcome<()> {
        self.found(look::parse(record, id))?;
        let entry = self.found(Entry::load(connection, id))?.flatten();
        let allowed = entry.is_some_and(|entry| entry.look_charge.is_some())
            && self.states.get(&id) == Some(&State::Drawn);
        if !self.looks.insert(id) || !allowed {
            self.fault(format!("event {} cannot happen to entry {id}", record.sequence));
        }
        Ok(())
    }

    fn charge(&mut self, entry: &Entry) {
        self.charges += entry.blocks.len() as u64;
        let loss = Loss { rho: entry.charge, key_delta: entry.key_delta };
        for &block in &entry.blocks {
            let spent = self.blocks.entry(block).or_default();
            match spent.plus(loss) {
                Some(sum) => *spent = sum,
                None => self.fault(format!("the charges of the day {block} cannot be added up")),
            }
        }
    }

    fn refund(&mut self, entry: &Entry, end: State) {
        let loss = entry.freed(end);
        for &block in &entry.blocks {
            let spent = self.blocks.entry(block).or_default();
            match spent.less(loss) {
                Some(rest) => *spent = rest,
                None => self.fault(format!("more is freed of the day {block} than was charged")),
            }
        }
    }
}

const MOST_FAULTS: usize = 20;
