//! The second half of `verify`: the tables compared with the journal.
//!
//! In: the sums, states and counts that the walk along the journal computed. Out: a fault for each
//! table that holds something else. Invariant: rows are compared both ways, so that a missing row
//! and a surplus one are found as surely as a changed one.

use rusqlite::{Connection, Row};

use super::account::Loss;
use super::state::{EntryId, State};
use super::terms::Terms;
use super::trouble::{Outcome, Trouble};
use super::verify::Walk;
use crate::release_file::day::Day;

impl Walk {
    /// Compares the sum of each block with the journal and the budget, and the sums of 30 days with
    /// the cap.
    pub(super) fn check_sums(&mut self, connection: &Connection) -> Outcome<()> {
        let budget = self.found(Terms::read(connection))?.map(|(terms, _)| terms);
        let mut statement =
            connection.prepare("SELECT day, spent, key_delta_spent FROM blocks ORDER BY day")?;
        let mut rows = statement.query([])?;
        let mut computed = self.blocks.clone();
        while let Some(row) = rows.next()? {
            let read = |row: &Row<'_>| -> rusqlite::Result<(Day, Loss)> {
                Ok((row.get(0)?, Loss { rho: row.get(1)?, key_delta: row.get(2)? }))
            };
            let Some((day, stored)) = self.found(read(row).map_err(Trouble::from))? else {
                continue;
            };
            if computed.remove(&day) != Some(stored) {
                self.fault(format!("the sum of the day {day} is not that of its charges"));
            }
            if let Some(terms) = &budget
                && (stored.rho > terms.budget || stored.key_delta > terms.key_delta)
            {
                self.fault(format!("the day {day} has spent more than its budget"));
            }
        }
        for day in computed.keys() {
            self.fault(format!("the sum of the day {day} is missing"));
        }
        let charges = self.blocks.iter().map(|(day, spent)| (*day, spent.rho));
        if let Some(found) = self.cap.and_then(|cap| cap.exceeded(charges)) {
            self.fault(format!("the 30 days up to {} have spent more than their cap", found.last));
        }
        Ok(())
    }

    /// Compares how many rows there are, and the state of each entry.
    pub(super) fn check_counts(&mut self, connection: &Connection) -> Outcome<()> {
        if self.events == 0 {
            self.fault("the journal is empty");
        }
        let rows = [
            ("SELECT count(*) FROM terms", 1, "terms"),
            ("SELECT count(*) FROM entries", self.states.len() as u64, "entries"),
            ("SELECT count(*) FROM charges", self.charges, "charges"),
            ("SELECT count(*) FROM stored", self.files, "stored files"),
        ];
        for (sql, expected, what) in rows {
            let count: i64 = connection.query_row(sql, [], |row| row.get(0))?;
            if u64::try_from(count) != Ok(expected) {
                self.fault(format!("there are {count} {what}, and the journal has {expected}"));
            }
        }
        let mut statement = connection.prepare("SELECT id, state FROM entries ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let read = |row: &Row<'_>| -> rusqlite::Result<(EntryId, State)> {
                Ok((row.get(0)?, row.get(1)?))
            };
            if let Some((id, state)) = self.found(read(row).map_err(Trouble::from))?
                && self.states.get(&id) != Some(&state)
            {
                self.fault(format!("entry {id} is not in the state that the journal has"));
            }
        }
        Ok(())
    }
}
