//! Frames of published cells: the period, a column for each key, and the numbers of a value.
//!
//! polars groups and sorts them. Their columns are handed over here and nowhere else.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt8Type};
use arrow_array::{ArrayRef, Int64Array, StringArray, UInt8Array};
use polars::prelude::{Column, DataFrame, GroupsIndicator, SortMultipleOptions};

use super::sum::Summand;
use crate::{Error, Result};

/// The column of the period that a cell is added up to.
pub(super) const PERIOD: &str = "period";
/// What is added up, as days publish it.
pub(super) const NUMBERS: [&str; 4] = ["value", "noise_sd", "ci_low", "ci_high"];
/// How many lookups a share or mean is of, with the interval.
pub(super) const OF_LOOKUPS: [&str; 3] = ["of_lookups", "of_lookups_low", "of_lookups_high"];

/// What all cells of a day share, as a part of each.
pub(super) const SHARED: [&str; 2] = ["shared_low", "shared_high"];

/// A published value with the lookups that it is of, which are zero where values are no averages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    /// The value.
    pub(super) of: Summand,
    /// The lookups, without their noise, which is in their interval.
    pub(super) lookups: Summand,
    /// What all cells of its day may be off by beyond their noise, as a part of each.
    pub(super) shared: [f64; 2],
}

impl Cell {
    /// A value that is no average.
    pub(super) const fn of_itself(of: Summand) -> Self {
        let lookups = Summand { value: 0.0, noise_sd: 0.0, low: 0.0, high: 0.0 };
        Self { of, lookups, shared: [0.0; 2] }
    }

    const fn new(numbers: [f64; 9]) -> Self {
        let [value, noise_sd, low, high, all, least, most, shared_low, shared_high] = numbers;
        Self {
            of: Summand { value, noise_sd, low, high },
            lookups: Summand { value: all, noise_sd: 0.0, low: least, high: most },
            shared: [shared_low, shared_high],
        }
    }

    const fn numbers(&self) -> [f64; 9] {
        let Self { of, lookups: all, shared: [below, above] } = self;
        [of.value, of.noise_sd, of.low, of.high, all.value, all.low, all.high, *below, *above]
    }
}

/// The columns of a cell's numbers.
fn names() -> impl Iterator<Item = &'static str> {
    NUMBERS.into_iter().chain(OF_LOOKUPS).chain(SHARED)
}

/// The columns by which the cells of a period differ.
pub(super) fn keys(cells: &DataFrame) -> Vec<String> {
    let names = cells.get_column_names().into_iter().map(|name| name.as_str());
    let is_key = |name: &&str| *name != PERIOD && !self::names().any(|number| number == *name);
    names.filter(is_key).map(str::to_owned).collect()
}

/// Adds up the rows of a period that agree in their keys, in order of both.
pub(super) fn add_up(rows: &DataFrame, sum: impl Fn(Vec<Cell>) -> Cell) -> Result<DataFrame> {
    let keys = keys(rows);
    let by = || std::iter::once(PERIOD).chain(keys.iter().map(String::as_str));
    let cells = cells(rows)?;
    let groups = rows.group_by(by()).map_err(|_| broken())?;
    let mut sums = Vec::new();
    for group in groups.get_groups().iter() {
        let members = match group {
            GroupsIndicator::Idx((_, members)) => {
                members.iter().filter_map(|row| cells.get(*row as usize)).copied().collect()
            }
            GroupsIndicator::Slice([first, length]) => {
                let first = first as usize;
                cells.get(first..first + length as usize).ok_or_else(broken)?.to_vec()
            }
        };
        sums.push(sum(members));
    }
    let sums = frame(groups.keys(), &sums)?;
    sums.sort(by(), SortMultipleOptions::default()).map_err(|_| broken())
}

/// Cells of these periods and keys.
pub(super) fn frame(mut columns: Vec<Column>, cells: &[Cell]) -> Result<DataFrame> {
    let numbers: Vec<[f64; 9]> = cells.iter().map(Cell::numbers).collect();
    for (place, name) in names().enumerate() {
        let column = numbers.iter().map(|numbers| numbers[place]);
        columns.push(Column::new(name.into(), column.collect::<Vec<f64>>()));
    }
    DataFrame::new_infer_height(columns).map_err(|_| broken())
}

/// The same rows with other numbers.
pub(super) fn with_cells(
    rows: &DataFrame,
    change: impl FnOnce(Vec<Cell>) -> Vec<Cell>,
) -> Result<DataFrame> {
    let cells = change(cells(rows)?);
    let names: Vec<&str> = names().collect();
    let keys = rows.drop_many(names).into_columns();
    frame(keys, &cells)
}

/// The numbers of every row.
pub(super) fn cells(rows: &DataFrame) -> Result<Vec<Cell>> {
    let columns = names().map(|name| {
        let column = rows.column(name).and_then(Column::f64).map_err(|_| broken())?;
        Ok(column.iter().map(Option::unwrap_or_default).collect())
    });
    let columns: Vec<Vec<f64>> = columns.collect::<Result<_>>()?;
    let of = |row: usize| Cell::new(std::array::from_fn(|place| columns[place][row]));
    Ok((0..rows.height()).map(of).collect())
}

/// A key of a published table as a column: hours, words, or the ends of a histogram's bins.
pub(super) fn to_key(name: &str, array: &ArrayRef) -> Result<Column> {
    if let Some(hours) = array.as_primitive_opt::<UInt8Type>() {
        let hours: Vec<Option<u32>> = hours.iter().map(|hour| hour.map(u32::from)).collect();
        return Ok(Column::new(name.into(), hours));
    }
    if let Some(ends) = array.as_primitive_opt::<Int64Type>() {
        return Ok(Column::new(name.into(), ends.iter().collect::<Vec<_>>()));
    }
    let words = array.as_string_opt::<i32>().ok_or_else(broken)?;
    Ok(Column::new(name.into(), words.iter().collect::<Vec<_>>()))
}

/// The same column as an array of a file.
pub(super) fn from_key(column: &Column) -> Result<ArrayRef> {
    if let Ok(hours) = column.u32() {
        let hours = hours.iter().map(|hour| hour.and_then(|hour| u8::try_from(hour).ok()));
        return Ok(Arc::new(hours.collect::<UInt8Array>()));
    }
    if let Ok(ends) = column.i64() {
        return Ok(Arc::new(ends.iter().collect::<Int64Array>()));
    }
    let words = column.str().map_err(|_| broken())?;
    Ok(Arc::new(words.iter().collect::<StringArray>()))
}

/// A column of text.
pub(super) fn text(frame: &DataFrame, name: &str) -> Result<Vec<String>> {
    let column = frame.column(name).and_then(Column::str).map_err(|_| broken())?;
    Ok(column.iter().flatten().map(str::to_owned).collect())
}

pub(super) fn broken() -> Error {
    Error::internal("a stored file does not read back as published")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_added_up_by_their_keys_and_come_in_the_order_of_periods_and_keys() {
        let hours: ArrayRef = Arc::new(UInt8Array::from(vec![10, 9, 10, 9, 9]));
        let ends: ArrayRef = Arc::new(Int64Array::from(vec![None, None, None, None, Some(7)]));
        let words: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a", "b", "b"]));
        let columns = vec![
            Column::new(PERIOD.into(), vec!["w2", "w1", "w2", "w1", "w1"]),
            to_key("hour", &hours).unwrap(),
            to_key("end", &ends).unwrap(),
            to_key("word", &words).unwrap(),
        ];
        let cell = |value: f64| Cell::new([value, 1.0, 0.5, value + 2.0, 9.0, 8.0, 10.0, 0.0, 0.1]);
        let rows = frame(columns, &[1.0, 2.0, 4.0, 8.0, 16.0].map(cell)).unwrap();
        let add = |members: Vec<Cell>| cell(members.iter().map(|one| one.of.value).sum());
        let sums = add_up(&rows, add).unwrap();
        assert_eq!(keys(&sums), ["hour", "end", "word"]);
        assert_eq!(text(&sums, PERIOD).unwrap(), ["w1", "w1", "w2"]);
        assert_eq!(super::cells(&sums).unwrap(), [10.0, 16.0, 5.0].map(cell));
        let back = |name: &str| from_key(sums.column(name).unwrap()).unwrap();
        assert_eq!(*back("hour").as_primitive::<UInt8Type>(), UInt8Array::from(vec![9, 9, 10]));
        let ends = Int64Array::from(vec![None, Some(7), None]);
        assert_eq!(*back("end").as_primitive::<Int64Type>(), ends);
        assert_eq!(*back("word").as_string::<i32>(), StringArray::from(vec!["b", "b", "a"]));
    }
}
