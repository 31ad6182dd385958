//! Columns that are made from others when rows are read: constants, values by a list, times in parts.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};

use super::raw_batch::RawBatch;
use super::wanted::Derived;
use crate::Result;
use crate::release_file::columns::Made;

/// Fills the columns that are made from others.
pub(super) fn fill(raw: &mut RawBatch, derived: &[Derived]) -> Result<()> {
    for Derived { place, parts, made } in derived {
        let parts = parts.iter().map(|part| raw.values(raw.column(*part)));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let text = |part: usize, row: usize| {
            let column = parts.get(part)?;
            let is_valid = arrow_array::Array::is_valid(column, row);
            std::str::from_utf8(column.value(row)).ok().filter(|_| is_valid)
        };
        let rows = 0..raw.rows;
        let column: StringViewArray = match made {
            Made::Constant(value) => rows.map(|_| Some(value.as_str())).collect(),
            Made::Mapped(_, map) => {
                rows.map(|row| map.get(text(0, row)?).map(String::as_str)).collect()
            }
            Made::Joined(columns) => {
                let joined = |row| {
                    let texts = (0..columns.len()).map(|part| text(part, row));
                    Some(texts.collect::<Option<Vec<_>>>()?.join(" "))
                };
                rows.map(joined).collect()
            }
        };
        if let Some(made) = raw.columns.get_mut(*place) {
            *made = Some(Arc::new(column) as ArrayRef);
        }
    }
    Ok(())
}
