//! Columns within columns: `src.user.id` is the field `id` of the field `user` of the column `src`,
//! unless a column, or a field on the way, is called like the rest of the path.

use std::collections::BTreeSet;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::{DataType, Field, Fields};
use arrow_select::nullif::nullif;

/// The place of the column that a name leads to or into, and the field that it stands for.
pub(super) fn find<'f>(fields: &'f Fields, name: &str) -> Option<(usize, &'f Field)> {
    if let Some((place, field)) = fields.find(name) {
        return Some((place, field));
    }
    let inside = |(place, field): (usize, &'f std::sync::Arc<Field>)| {
        let DataType::Struct(inner) = field.data_type() else { return None };
        let rest = name.strip_prefix(field.name().as_str())?.strip_prefix('.')?;
        Some((place, find(inner, rest)?.1))
    };
    fields.iter().enumerate().find_map(inside)
}

/// The names of all columns, and the paths of the fields within.
pub(super) fn names(fields: &Fields) -> Vec<String> {
    let mut all = Vec::new();
    for field in fields {
        all.push(field.name().clone());
        if let DataType::Struct(inner) = field.data_type() {
            all.extend(names(inner).iter().map(|name| format!("{}.{name}", field.name())));
        }
    }
    all
}

/// Whether none of these names is of a column that lies in the one of this name.
pub(super) fn is_leaf(name: &str, names: &BTreeSet<String>) -> bool {
    let path = format!("{name}.");
    names.range(path.clone()..).next().is_none_or(|first| !first.starts_with(&path))
}

/// The column that a name stands for. Its value is null where a column that it lies in is null.
pub(super) fn column(batch: &RecordBatch, name: &str) -> Option<ArrayRef> {
    within(batch.schema().fields(), batch.columns(), name)
}

fn within(fields: &Fields, columns: &[ArrayRef], name: &str) -> Option<ArrayRef> {
    if let Some((place, _)) = fields.find(name) {
        return columns.get(place).cloned();
    }
    let (place, _) = find(fields, name)?;
    let parent = columns.get(place)?.as_struct_opt()?;
    let rest = name.strip_prefix(fields[place].name().as_str())?.strip_prefix('.')?;
    let child = within(parent.fields(), parent.columns(), rest)?;
    let Some(nulls) = parent.nulls() else { return Some(child) };
    nullif(&child, &BooleanArray::new(!nulls.inner(), None)).ok()
}
