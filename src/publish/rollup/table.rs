//! The sums of one period as a table of a file.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema};
use polars::prelude::DataFrame;

use super::frame::{Cell, NUMBERS, OF_LOOKUPS, broken, cells, from_key, keys};
use super::rule::Rule;
use crate::Result;

/// A column's numbers, one for each cell.
type Of = fn(&Cell) -> f64;

/// The columns of keys, values and what belongs to them.
pub(super) fn columns(sums: &DataFrame, rule: Rule) -> Result<Vec<(String, ArrayRef)>> {
    let cells = cells(sums)?;
    let numbers = |of: Of| cells.iter().map(of).collect::<Vec<f64>>();
    let value = |of: Of, round: fn(f64) -> f64| match rule.is_whole() {
        true => whole(numbers(of), round),
        false => real(numbers(of)),
    };
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for key in keys(sums) {
        let column = from_key(sums.column(&key).map_err(|_| broken())?)?;
        columns.push((key, column));
    }
    let values = [
        value(|cell| cell.of.value, f64::round),
        real(numbers(|cell| cell.of.noise_sd)),
        value(|cell| cell.of.low, f64::floor),
        value(|cell| cell.of.high, f64::ceil),
    ];
    columns.extend(NUMBERS.map(str::to_owned).into_iter().zip(values));
    let mean = numbers(|cell| cell.of.value).iter().sum::<f64>() / cells.len().max(1) as f64;
    let is_lost = cells.iter().map(|cell| Some(rule.is_uninformative(cell, mean)));
    let is_lost: BooleanArray = is_lost.collect();
    columns.push(("uninformative".to_owned(), Arc::new(is_lost)));
    if rule.needs_lookups() {
        let lookups = [
            whole(numbers(|cell| cell.lookups.value), f64::round),
            whole(numbers(|cell| cell.lookups.low), f64::floor),
            whole(numbers(|cell| cell.lookups.high), f64::ceil),
        ];
        columns.extend(OF_LOOKUPS.map(str::to_owned).into_iter().zip(lookups));
    }
    Ok(columns)
}

/// A table of these columns.
pub(super) fn batch(columns: Vec<(String, ArrayRef)>) -> Result<RecordBatch> {
    let field = |(name, column): &(String, ArrayRef)| {
        Field::new(name, column.data_type().clone(), column.null_count() > 0)
    };
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|_| broken())
}

fn real(values: Vec<f64>) -> ArrayRef {
    Arc::new(Float64Array::from(values))
}

fn whole(values: Vec<f64>, round: fn(f64) -> f64) -> ArrayRef {
    #[expect(clippy::cast_possible_truncation, reason = "sums of whole numbers")]
    let whole = values.into_iter().map(|value| round(value) as i64);
    Arc::new(whole.collect::<Int64Array>())
}
