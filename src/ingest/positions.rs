//! The position of each row's value in the public list of a key.
//!
//! A value that the list does not have gets the position of the key's fallback, and so does null.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, ArrayRef, BinaryViewArray, Float64Array};
use arrow_cast::cast;
use arrow_schema::DataType;

use super::raw_batch::RawBatch;
use super::texts;
use crate::phone::CallingCodes;
use crate::release_file::decimal::Decimal;
use crate::release_file::keys::{Key, KeySource, ROUTE_WORDS, UNKNOWN};
use crate::{Error, Result};

/// The position of each row's value in the public list of a key.
pub(super) fn positions(
    key: &Key,
    array: Option<&ArrayRef>,
    raw: &RawBatch,
    decimal: Decimal,
) -> Result<Vec<u16>> {
    let Some(array) = array else { return Ok(vec![key.fallback(); raw.rows]) };
    if let KeySource::Number(grid) = key.source() {
        let numbers = numbers(array, decimal)?;
        let Some(otherwise) = grid.otherwise_written() else {
            return Ok(numbers.iter().map(|number| grid.position(number)).collect());
        };
        let others = self::numbers(array, decimal.other())?;
        let position = |(number, other): (Option<f64>, Option<f64>)| match (number, other) {
            (None, Some(_)) => otherwise,
            (number, _) => grid.position(number),
        };
        return Ok(numbers.iter().zip(&others).map(position).collect());
    }
    if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() {
        let values = texts::values(dictionary.values())?.to_binary_view();
        let known: Vec<u16> =
            (0..values.len()).map(|place| position(key, &values, place)).collect();
        let place = |code: i32| usize::try_from(code).ok().and_then(|code| known.get(code));
        let position = |code: i32| place(code).copied().unwrap_or(key.fallback());
        let mut positions: Vec<u16> =
            dictionary.keys().values().iter().map(|code| position(*code)).collect();
        if let Some(nulls) = dictionary.keys().nulls() {
            let rows = positions.iter_mut().zip(nulls.iter());
            rows.filter(|(_, is_valid)| !is_valid).for_each(|(row, _)| *row = key.fallback());
        }
        return Ok(positions);
    }
    let values = raw.values(Some(array))?;
    let mut recent = Recent::default();
    let position =
        |row: usize| recent.position(values.views()[row], || position(key, &values, row));
    if values.null_count() == 0 {
        return Ok((0..raw.rows).map(position).collect());
    }
    // The view of a null means nothing.
    let mut position = position;
    let row = |row: usize| if values.is_null(row) { key.fallback() } else { position(row) };
    Ok((0..raw.rows).map(row).collect())
}

/// A column as numbers; other values are null.
fn numbers(array: &ArrayRef, decimal: Decimal) -> Result<Float64Array> {
    let unreadable = |_| Error::input("a column of numbers cannot be read as such");
    let array = &decimal.with_points(array).map_err(unreadable)?;
    if let DataType::Dictionary(_, values) = array.data_type() {
        return numbers(&cast(array, values).map_err(unreadable)?, Decimal::Point);
    }
    let array = match array.data_type() {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            &cast(array, &DataType::Utf8View).map_err(unreadable)?
        }
        _ => array,
    };
    Ok(cast(array, &DataType::Float64).map_err(unreadable)?.as_primitive::<Float64Type>().clone())
}

/// The positions of short texts that were met lately: a key has few values, and a log repeats them.
struct Recent([(u128, u16); 1 << Self::BITS]);

impl Default for Recent {
    fn default() -> Self {
        // No short text has this view.
        Self([(u128::MAX, 0); 1 << Self::BITS])
    }
}

impl Recent {
    const BITS: u32 = 6;
    /// Views of texts up to this length hold them whole.
    const SHORT: u32 = 12;

    #[inline(always)]
    fn position(&mut self, view: u128, find: impl FnOnce() -> u16) -> u16 {
        /// Spreads what differs over the highest bits.
        const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
        if view as u32 > Self::SHORT {
            return find();
        }
        let mixed = ((view >> 64) as u64 ^ view as u64).wrapping_mul(SPREAD);
        let entry = &mut self.0[(mixed >> (u64::BITS - Self::BITS)) as usize];
        if entry.0 != view {
            *entry = (view, find());
        }
        entry.1
    }
}

fn position(key: &Key, values: &BinaryViewArray, row: usize) -> u16 {
    let Some(value) = values.is_valid(row).then(|| values.value(row)) else {
        return key.fallback();
    };
    let Ok(value) = std::str::from_utf8(value) else { return key.fallback() };
    let value = if *key.source() == KeySource::Route { route(value) } else { value };
    key.values()
        .binary_search_by(|listed| listed.as_str().cmp(value))
        .ok()
        .and_then(|place| u16::try_from(place).ok())
        .unwrap_or(key.fallback())
}

/// The route that a log's word means.
fn route(word: &str) -> &'static str {
    let word = word.trim().to_ascii_lowercase();
    let known = ROUTE_WORDS.iter().find(|(_, words)| words.contains(&word.as_str()));
    known.map_or(UNKNOWN, |(route, _)| route)
}

/// For each country of the calling codes its position; empty for a key of another kind.
pub(super) fn country_positions(key: &Key) -> Vec<u16> {
    if !matches!(key.source(), KeySource::TargetCountry | KeySource::RequesterCountry) {
        return Vec::new();
    }
    CallingCodes::shipped()
        .countries()
        .iter()
        .map(|country| {
            key.values()
                .binary_search_by(|listed| listed.as_str().cmp(country))
                .ok()
                .and_then(|place| u16::try_from(place).ok())
                .unwrap_or(key.fallback())
        })
        .collect()
}
