//! Raw batches → the canonical lookup.
//!
//! In: arrays as the file has them. Out: [`Lookups`], in which identifiers are normalised, times
//! are UTC microseconds and keys are positions in their public lists. A row that cannot be read is
//! a reject, counted by reason; the decision about a row depends on that row alone.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryViewArray, StringViewArray};
use arrow_cast::cast;
use arrow_schema::DataType;

use super::positions::{country_positions, positions};
use super::rejects::{Reason, RejectedRows};
use super::time;
use super::wanted::{RawBatch, Wanted};
use crate::phone::{CountryIndex, Normaliser};
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::logs::{Identifier, Logs};
use crate::{Error, Result};

/// Rows of the canonical lookup.
pub struct Lookups {
    /// Who asked; what stands in a row that is not readable means nothing.
    pub(crate) requester: Identifiers,
    /// About whom; as above, and of the same kind.
    pub(crate) target: Identifiers,
    /// UTC microseconds; as above.
    pub(crate) requested_at: Vec<i64>,
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

/// Why rows could not be read. Secret: exact counts of rows.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Rejects {
    /// No time, or one outside the years 1 to 9999.
    pub bad_time: u64,
    /// The requester is null or empty.
    pub no_requester: u64,
    /// The target is null or empty.
    pub no_target: u64,
    /// The requester or the target is not a valid number.
    pub bad_number: u64,
}

impl Rejects {
    fn count(&mut self, rejected: &[(usize, Reason)]) {
        for (_, reason) in rejected {
            match reason {
                Reason::BadTime => self.bad_time += 1,
                Reason::NoRequester => self.no_requester += 1,
                Reason::NoTarget => self.no_target += 1,
                Reason::BadNumber => self.bad_number += 1,
            }
        }
    }
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
}

impl RowCounts {
    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.filtered += other.filtered;
        self.rejects.bad_time += other.rejects.bad_time;
        self.rejects.no_requester += other.rejects.no_requester;
        self.rejects.no_target += other.rejects.no_target;
        self.rejects.bad_number += other.rejects.bad_number;
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
    pub(super) counts: RowCounts,
}

impl<'a> Canonical<'a> {
    pub(super) fn new(
        logs: &'a Logs,
        wanted: &'a Wanted,
        keys: &'a [Key],
        rejected_rows: Option<&'a RejectedRows>,
    ) -> Result<Self> {
        let normaliser = match logs.identifier {
            Identifier::E164 => Some(Normaliser::new(logs.default_region.as_deref())?),
            Identifier::Opaque => None,
        };
        let countries = keys.iter().map(country_positions).collect();
        Ok(Self {
            logs,
            wanted,
            keys,
            countries,
            normaliser,
            rejected_rows,
            counts: RowCounts::default(),
        })
    }

    /// Converts one batch of the file `log`.
    ///
    /// # Errors
    /// Input, when a column cannot be converted as a whole; internal, for a condition that fails.
    pub(super) fn convert(&mut self, log: &Path, raw: &RawBatch) -> Result<Lookups> {
        let rows = raw.rows;
        let mut readable = self.passed(raw)?;
        let kept = readable.iter().filter(|kept| **kept).count() as u64;
        self.counts.rows += rows as u64;
        self.counts.filtered += rows as u64 - kept;

        let column = |place: usize| raw.columns.get(place).and_then(Option::as_ref);
        let times = match column(self.wanted.requested_at) {
            Some(array) => time::to_micros(array, self.logs)?,
            None => time::to_micros(&time::no_times(rows), self.logs)?,
        };
        let mut rejected = Vec::new();
        if times.null_count() > 0 {
            reject(&mut readable, &mut rejected, Reason::BadTime, |row| times.is_null(row));
        }
        let requester = bytes(column(self.wanted.requester), raw)?;
        reject(&mut readable, &mut rejected, Reason::NoRequester, |row| is_empty(&requester, row));
        let target = bytes(column(self.wanted.target), raw)?;
        reject(&mut readable, &mut rejected, Reason::NoTarget, |row| is_empty(&target, row));

        let mut keys: Vec<Vec<u16>> = Vec::with_capacity(self.keys.len());
        for (key, place) in self.keys.iter().zip(&self.wanted.keys) {
            keys.push(match place {
                Some(place) => positions(key, column(*place), raw)?,
                None => Vec::new(),
            });
        }
        let (requester, target) = match &mut self.normaliser {
            None => (
                Identifiers::Names(text(column(self.wanted.requester), rows)?),
                Identifiers::Names(text(column(self.wanted.target), rows)?),
            ),
            Some(normaliser) => {
                let asked = Numbers::read(normaliser, &requester, &readable);
                let about = Numbers::read(normaliser, &target, &readable);
                let is_bad = |row: usize| asked.is_bad(row) || about.is_bad(row);
                reject(&mut readable, &mut rejected, Reason::BadNumber, is_bad);
                for ((key, positions), countries) in
                    self.keys.iter().zip(&mut keys).zip(&self.countries)
                {
                    let numbers = match key.source() {
                        KeySource::RequesterCountry => &asked,
                        KeySource::TargetCountry => &about,
                        _ => continue,
                    };
                    let position = |country: &u16| countries.get(usize::from(*country)).copied();
                    *positions = numbers
                        .countries
                        .iter()
                        .map(|country| position(country).unwrap_or(key.fallback()))
                        .collect();
                }
                (Identifiers::Numbers(asked.numbers), Identifiers::Numbers(about.numbers))
            }
        };
        self.counts.rejects.count(&rejected);
        if let (Some(rows), false) = (self.rejected_rows, rejected.is_empty()) {
            rows.write(log, raw, self.wanted, &rejected)?;
        }
        Ok(Lookups { requester, target, requested_at: times.values().to_vec(), keys, readable })
    }

    /// Which rows pass `where`.
    fn passed(&self, raw: &RawBatch) -> Result<Vec<bool>> {
        let Some(filter) = &self.logs.filter else { return Ok(vec![true; raw.rows]) };
        let column = |name: &str| {
            let place = self.wanted.names.iter().position(|raw| raw == self.logs.column(name))?;
            let array = raw.columns.get(place)?.clone()?;
            // Bytes that are text in all but name are compared as text.
            match array.data_type() {
                DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
                    cast(&array, &DataType::Utf8View).ok()
                }
                _ => Some(array),
            }
        };
        let met = filter.evaluate(raw.rows, &column)?;
        Ok((0..raw.rows).map(|row| met.is_valid(row) && met.value(row)).collect())
    }
}

/// One column of numbers, read.
struct Numbers {
    numbers: Vec<u64>,
    /// Places in the list of countries.
    countries: Vec<u16>,
}

/// The place of no country.
const NO_COUNTRY: u16 = u16::MAX;
/// Where a text is no valid number; no country is as far.
const NO_NUMBER: u16 = u16::MAX - 1;

impl Numbers {
    /// Normalises the column in every readable row.
    fn read(normaliser: &mut Normaliser, texts: &BinaryViewArray, readable: &[bool]) -> Self {
        let mut numbers = vec![0; readable.len()];
        let mut countries = vec![NO_NUMBER; readable.len()];
        let rows = readable.iter().zip(numbers.iter_mut().zip(&mut countries)).enumerate();
        for (row, (readable, (number, country))) in rows {
            if *readable && let Some((known, place)) = normaliser.number(texts.value(row)) {
                *number = known;
                *country = place.map_or(NO_COUNTRY, CountryIndex::as_u16);
            }
        }
        Self { numbers, countries }
    }

    fn is_bad(&self, row: usize) -> bool {
        self.countries[row] == NO_NUMBER
    }
}

fn reject(
    readable: &mut [bool],
    rejected: &mut Vec<(usize, Reason)>,
    reason: Reason,
    is_bad: impl Fn(usize) -> bool,
) {
    for (row, readable) in readable.iter_mut().enumerate() {
        if *readable && is_bad(row) {
            *readable = false;
            rejected.push((row, reason));
        }
    }
}

#[inline]
fn is_empty(text: &BinaryViewArray, row: usize) -> bool {
    // The length stands in the lower half of a view.
    text.views()[row] as u32 == 0 || text.is_null(row)
}

/// A column as text; bytes that are not UTF-8 are null.
pub(super) fn text(array: Option<&ArrayRef>, rows: usize) -> Result<StringViewArray> {
    let Some(array) = array else { return Ok(StringViewArray::new_null(rows)) };
    if let Some(text) = array.as_string_view_opt() {
        return Ok(text.clone());
    }
    let cast = cast(array, &DataType::Utf8View)
        .map_err(|_| Error::input("an identifier column cannot be read as text"))?;
    Ok(cast.as_string_view().clone())
}

/// A column as the bytes of its text; bytes that are not UTF-8 are null.
pub(super) fn bytes(array: Option<&ArrayRef>, raw: &RawBatch) -> Result<BinaryViewArray> {
    match array.and_then(|array| array.as_binary_view_opt()) {
        Some(bytes) if raw.is_utf8 => Ok(bytes.clone()),
        _ => Ok(text(array, raw.rows)?.to_binary_view()),
    }
}
