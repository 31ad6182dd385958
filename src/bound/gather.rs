//! Rows into partitions, and partitions into bounded contributions.

use siphasher::sip128::SipHasher13;

use super::ball::{Entry, scale_into_ball};
use super::vector::{AtomCount, collect};
use crate::plan::{Cells, Contribution, Layout};
use crate::retain::Retained;
use crate::spec::keys::KeySource;
use crate::spec::question::Clip;
use crate::spec::window::DayWindow;
use crate::{Error, Result};

/// How many partitions rows are dealt into: each is small enough to sort in cache.
pub const PARTITIONS: usize = 256;

/// The secret key of one run's unit hashes.
///
/// # Privacy
/// Units are told apart by a 128-bit hash under a key drawn anew for each run: nobody can choose
/// names that collide, and results do not depend on the key.
#[derive(Clone)]
pub struct UnitKey(SipHasher13);

impl UnitKey {
    /// Draws a key from the system's randomness.
    ///
    /// # Errors
    /// I/O, when the system has none to give.
    pub fn draw() -> Result<Self> {
        let mut key = [0; 16];
        getrandom::fill(&mut key)
            .map_err(|error| Error::io("the system gives no randomness").because(error))?;
        Ok(Self(SipHasher13::new_with_key(&key)))
    }
}

/// A row reduced to what counts: whose it is and which key values it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    unit: (u64, u64),
    atom: u64,
}

/// One thread's rows, dealt into partitions.
pub struct Gatherer {
    key: UnitKey,
    partitions: Vec<Vec<Row>>,
    atoms: Vec<u64>,
}

impl Gatherer {
    /// Starts empty.
    #[must_use]
    pub fn new(key: &UnitKey) -> Self {
        let partitions = (0..PARTITIONS).map(|_| Vec::new()).collect();
        Self { key: key.clone(), partitions, atoms: Vec::new() }
    }

    /// Takes the kept rows of a batch.
    pub fn add(&mut self, retained: &Retained<'_>, layout: &Layout, window: &DayWindow) {
        let lookups = retained.lookups();
        self.atoms.clear();
        self.atoms.resize(lookups.requested_at.len(), 0);
        for ((key, stride), positions) in
            layout.keys().iter().zip(layout.strides()).zip(&lookups.keys)
        {
            match key.source() {
                KeySource::Hour | KeySource::HourOfWeek => {
                    for row in retained.rows() {
                        let hour = window.hour(lookups.requested_at[row]);
                        self.atoms[row] += u64::from(hour) * stride;
                    }
                }
                _ => {
                    for (atom, position) in self.atoms.iter_mut().zip(positions) {
                        *atom += u64::from(*position) * stride;
                    }
                }
            }
        }
        for row in retained.rows() {
            let hash = self.key.0.hash(lookups.requester.value(row).as_bytes());
            let partition = (hash.h1 >> 56) as usize % PARTITIONS;
            self.partitions[partition]
                .push(Row { unit: (hash.h1, hash.h2), atom: self.atoms[row] });
        }
    }
}

/// How one table takes a unit's rows.
pub struct TableBound<'a> {
    /// Where atoms land.
    pub cells: &'a Cells,
    /// What a row adds.
    pub contribution: &'a Contribution,
    /// The bound.
    pub clip: Clip,
}

/// Bounds all units of one partition over all threads' rows, and hands each contribution on as
/// (table, cell, units).
///
/// # Privacy
/// For each table one unit's contributions have an L2 norm of at most the clip, whatever its rows;
/// see [`scale_into_ball`]. No unit's scaling depends on another's rows.
pub fn bound_partition(
    gatherers: &[Gatherer],
    partition: usize,
    tables: &[TableBound<'_>],
    add: &mut dyn FnMut(usize, u32, i64),
) {
    let mut rows: Vec<Row> = Vec::with_capacity(
        gatherers.iter().map(|gatherer| gatherer.partitions[partition].len()).sum(),
    );
    for gatherer in gatherers {
        rows.extend_from_slice(&gatherer.partitions[partition]);
    }
    rows.sort_unstable();
    let mut atoms: Vec<AtomCount> = Vec::new();
    let mut vector: Vec<Entry> = Vec::new();
    for unit in rows.chunk_by(|left, right| left.unit == right.unit) {
        atoms.clear();
        atoms.extend(unit.chunk_by(|left, right| left.atom == right.atom).map(|same| AtomCount {
            atom: same[0].atom,
            lookups: i64::try_from(same.len()).unwrap_or(i64::MAX),
        }));
        for (table, bound) in tables.iter().enumerate() {
            collect(&atoms, bound, &mut vector);
            scale_into_ball(&vector, bound.clip, |cell, units| add(table, cell, units));
        }
    }
}
