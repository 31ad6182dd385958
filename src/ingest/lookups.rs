//! Raw batches → the canonical lookup.
//!
//! In: arrays as the file has them. Out: [`Lookups`], in which identifiers are normalised, times
//! are UTC microseconds and keys are positions in their public lists. A row that cannot be read is
//! a reject, counted by reason; the decision about a row depends on that row alone.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use arrow_array::types::ByteViewType;
use arrow_array::{Array, GenericByteViewArray, StringViewArray};
use arrow_buffer::ScalarBuffer;

use super::parquet_texts::TakeText;
use super::positions::{country_positions, positions};
use super::raw_batch::RawBatch;
use super::reject_forms::SharedForms;
use super::rejects::{Reason, RejectedRows, Rejects};
use super::unlisted::ReadRows;
use super::wanted::Wanted;
use crate::Result;
use crate::phone::{CountryIndex, Normaliser};
use crate::release_file::day::DayBounds;
use crate::release_file::expression::Condition;
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::logs::Logs;

/// Rows of the canonical lookup.
pub struct Lookups {
    /// Who asked. In every column, values of rows that are not readable mean nothing.
    pub(crate) requester: Identifiers,
    /// About whom they asked, in the same form as the requesters.
    pub(crate) target: Identifiers,
    /// UTC microseconds.
    pub(crate) requested_at: ScalarBuffer<i64>,
    /// For each key of the layout its positions in the public list; empty for the hours.
    pub(crate) keys: Vec<Vec<u16>>,
    /// The rows that count: they passed `where` and are no reject.
    pub(crate) readable: Vec<bool>,
}

/// The requesters or the targets of a batch, one for each row.
pub(crate) enum Identifiers {
    /// The digits of E.164 numbers: equal for the same number, however it was written.
    Numbers(Vec<u64>),
    /// Opaque names.
    Names(StringViewArray),
}

/// What `check` counts beside the lookups. Secret.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct RowCounts {
    /// Rows in the files.
    pub rows: u64,
    /// Rows that `where` left out.
    pub filtered: u64,
    /// Rows that could not be read.
    pub rejects: Rejects,
    /// Rows of another day than the name of their file promises; a run does not count them.
    pub misfiled: u64,
}

impl RowCounts {
    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.filtered += other.filtered;
        self.rejects.add(&other.rejects);
        self.misfiled += other.misfiled;
    }
}

/// Turns raw batches into lookups; one for each thread, since it remembers numbers.
pub(super) struct Canonical<'a> {
    logs: &'a Logs,
    wanted: &'a Wanted,
    keys: &'a [Key],
    /// For each country of the calling codes its position in the list of each country key.
    countries: Vec<Vec<u16>>,
    normaliser: Option<Normaliser>,
    rejected_rows: Option<&'a RejectedRows>,
    forms: Option<&'a SharedForms>,
    pub(super) counts: RowCounts,
}

impl<'a> Canonical<'a> {
    pub(super) fn new(logs: &'a Logs, wanted: &'a Wanted, keys: &'a [Key]) -> Result<Self> {
        let normaliser = logs.normaliser()?;
        let countries = keys.iter().map(country_positions).collect();
        Ok(Self {
            logs,
            wanted,
            keys,
            countries,
            normaliser,
            rejected_rows: None,
            forms: None,
            counts: RowCounts::default(),
        })
    }

    /// Also writes out rejected rows, and notes what they look like.
    pub(super) const fn with_rejects(
        mut self,
        rows: Option<&'a RejectedRows>,
        forms: Option<&'a SharedForms>,
    ) -> Self {
        (self.rejected_rows, self.forms) = (rows, forms);
        self
    }

    /// Converts one batch of the file `log`.
    pub(super) fn convert(&mut self, log: &Path, raw: &RawBatch) -> Result<Lookups> {
        let mut rows = self.passed(raw)?;
        let times = raw.times(self.wanted, self.logs)?;
        if times.null_count() > 0 {
            rows.reject(Reason::BadTime, |row| times.is_null(row));
        }
        let decimal = self.logs.dialect.decimal();
        let mut keys: Vec<Vec<u16>> = Vec::with_capacity(self.keys.len());
        for (key, place) in self.keys.iter().zip(&self.wanted.keys) {
            keys.push(match place {
                Some(place) => positions(key, raw.column(*place), raw, decimal)?,
                None => Vec::new(),
            });
        }
        let [requester, target] = match &mut self.normaliser {
            None => {
                let names = |place| raw.names(raw.column(place));
                let names = [names(self.wanted.requester)?, names(self.wanted.target)?];
                rows.require(&names);
                names.map(Identifiers::Names)
            }
            Some(normaliser) => {
                let mut read = |place| Numbers::read(normaliser, raw, place, &rows.readable);
                let numbers = [read(self.wanted.requester)?, read(self.wanted.target)?];
                rows.reject(Reason::NoRequester, |row| numbers[0].is_missing(row));
                rows.reject(Reason::NoTarget, |row| numbers[1].is_missing(row));
                rows.reject(Reason::BadNumber, |row| numbers.iter().any(|side| side.is_bad(row)));
                self.place_countries(&numbers, &mut keys);
                numbers.map(|side| Identifiers::Numbers(side.numbers))
            }
        };
        rows.rejected.iter().for_each(|(_, reason)| self.counts.rejects.count(*reason));
        if !rows.rejected.is_empty() {
            self.rejected_rows
                .map_or(Ok(()), |writer| writer.write(log, raw, self.wanted, &rows.rejected))?;
            self.forms.map_or(Ok(()), |forms| forms.add(raw, self.wanted, &rows.rejected))?;
        }
        let (requested_at, readable) = (times.values().clone(), rows.readable);
        let lookups = Lookups { requester, target, requested_at, keys, readable };
        self.forms.map_or(Ok(()), |forms| self.note_unlisted(forms, raw, &lookups))?;
        Ok(lookups)
    }

    /// Notes the values of keys that are on no list.
    fn note_unlisted(&self, forms: &SharedForms, raw: &RawBatch, lookups: &Lookups) -> Result<()> {
        let requester = |row: usize| match &lookups.requester {
            Identifiers::Numbers(numbers) => numbers[row],
            Identifiers::Names(names) => {
                let mut hasher = DefaultHasher::new();
                names.value(row).hash(&mut hasher);
                hasher.finish()
            }
        };
        let (keys, positions) = (self.keys, lookups.keys.as_slice());
        let read = ReadRows { keys, positions, readable: &lookups.readable, requester: &requester };
        forms.add_unlisted(raw, self.wanted, &read)
    }

    /// Counts the lookups that lie outside of the day which the name of their file promises.
    pub(super) fn count_misfiled(&mut self, promised: &DayBounds, lookups: &Lookups) {
        let rows = lookups.readable.iter().zip(lookups.requested_at.iter());
        let misfiled = rows.filter(|(readable, instant)| **readable && !promised.holds(**instant));
        self.counts.misfiled += misfiled.count() as u64;
    }

    /// Fills the keys that are countries of requesters or targets.
    fn place_countries(&self, [requester, target]: &[Numbers; 2], keys: &mut [Vec<u16>]) {
        for ((key, positions), countries) in self.keys.iter().zip(keys).zip(&self.countries) {
            let side = match key.source() {
                KeySource::RequesterCountry => requester,
                KeySource::TargetCountry => target,
                _ => continue,
            };
            let position = |country: &u16| countries.get(usize::from(*country)).copied();
            let of_row = |country: &u16| position(country).unwrap_or(key.fallback());
            *positions = side.countries.iter().map(of_row).collect();
        }
    }

    /// The rows that pass `where`, counted. A record that cannot be read is a reject, whatever
    /// `where` makes of its nulls.
    fn passed(&mut self, raw: &RawBatch) -> Result<Rows> {
        let mut readable = match &self.logs.filter {
            Some(filter) => self.filtered(filter, raw)?,
            None => vec![true; raw.rows],
        };
        raw.malformed().iter().for_each(|row| readable[*row] = true);
        let kept = readable.iter().filter(|kept| **kept).count();
        self.counts.rows += raw.rows as u64;
        self.counts.filtered += (raw.rows - kept) as u64;
        let mut rows = Rows { readable, rejected: Vec::new() };
        for row in raw.malformed() {
            rows.readable[*row] = false;
            rows.rejected.push((*row, Reason::Malformed));
        }
        Ok(rows)
    }

    fn filtered(&self, filter: &Condition, raw: &RawBatch) -> Result<Vec<bool>> {
        let column = |name: &str| {
            let place = self.wanted.names.iter().position(|raw| raw == self.logs.column(name))?;
            raw.column(place).cloned()
        };
        let met = filter.evaluate(raw.rows, self.logs.dialect.decimal(), &column)?;
        Ok((0..raw.rows).map(|row| met.is_valid(row) && met.value(row)).collect())
    }
}

/// One column of numbers, read.
struct Numbers {
    numbers: Vec<u64>,
    /// Places in the list of countries.
    countries: Vec<u16>,
}

/// Stands for a valid number of no country.
const NO_COUNTRY: u16 = u16::MAX;
/// Stands for a text that is no valid number.
const NO_NUMBER: u16 = u16::MAX - 1;
/// Stands for an empty text, or none.
const MISSING: u16 = u16::MAX - 2;

impl Numbers {
    /// Normalises the column in every readable row.
    fn read(
        normaliser: &mut Normaliser,
        raw: &RawBatch,
        place: usize,
        readable: &[bool],
    ) -> Result<Self> {
        let rows = readable.len();
        let mut all = Self { numbers: vec![0; rows], countries: vec![MISSING; rows] };
        let numbers = all.numbers.iter_mut().zip(&mut all.countries);
        let mut reading = ReadNumbers { normaliser, rows: readable.iter().zip(numbers) };
        match raw.texts(place) {
            Some(texts) => texts.each(&mut reading),
            None => {
                let texts = raw.identifiers(raw.column(place))?;
                for row in 0..rows {
                    reading.take(texts.is_valid(row).then(|| texts.value(row)));
                }
            }
        }
        Ok(all)
    }

    fn is_missing(&self, row: usize) -> bool {
        self.countries[row] == MISSING
    }

    fn is_bad(&self, row: usize) -> bool {
        self.countries[row] == NO_NUMBER
    }
}

/// Reads the numbers of one row after another.
struct ReadNumbers<'r, R> {
    normaliser: &'r mut Normaliser,
    /// For each row whether it is readable, and where its number and its country go.
    rows: R,
}

impl<'r, R> TakeText for ReadNumbers<'r, R>
where
    R: Iterator<Item = (&'r bool, (&'r mut u64, &'r mut u16))>,
{
    #[inline(always)]
    fn take(&mut self, text: Option<&[u8]>) {
        let Some((true, (into, country))) = self.rows.next() else { return };
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        *country = match self.normaliser.number(text) {
            Some((number, country)) => {
                *into = number;
                country.map_or(NO_COUNTRY, CountryIndex::as_u16)
            }
            None => NO_NUMBER,
        };
    }
}

/// The rows of a batch that still count, and the others with their reasons.
struct Rows {
    readable: Vec<bool>,
    rejected: Vec<(usize, Reason)>,
}

impl Rows {
    fn reject(&mut self, reason: Reason, is_bad: impl Fn(usize) -> bool) {
        for (row, readable) in self.readable.iter_mut().enumerate() {
            if *readable && is_bad(row) {
                *readable = false;
                self.rejected.push((row, reason));
            }
        }
    }

    /// Rejects rows without a requester or a target.
    fn require<T: ByteViewType>(&mut self, [requester, target]: &[GenericByteViewArray<T>; 2]) {
        // The lowest 32 bits of a view are the length.
        let is_empty = |texts: &GenericByteViewArray<T>, row: usize| {
            texts.views()[row] as u32 == 0 || texts.is_null(row)
        };
        self.reject(Reason::NoRequester, |row| is_empty(requester, row));
        self.reject(Reason::NoTarget, |row| is_empty(target, row));
    }
}
