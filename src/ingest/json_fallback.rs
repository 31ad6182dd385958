//! Lines of JSON that the fast reader leaves aside: escapes, nested values, repeated names, numbers
//! in other forms, and lines that are no object at all.
//!
//! `serde_json` decides. It bounds how deep values may nest, so that no line overflows the stack.

use serde_json::{Map, Value};

use super::text_rows::TextRows;
use super::texts::is_exact;
use super::wanted::Wanted;

/// The object that a line holds; `None` when it holds anything else, or nests too deep.
pub(super) fn object(line: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(line).ok()
}

/// The texts that a line has in the wanted columns; `None` when it is no object.
///
/// Of a repeated name the last value counts. A nested value names no person, so it counts as absent.
pub(super) fn texts(line: &[u8], wanted: &Wanted) -> Option<Vec<Option<String>>> {
    let object = object(line)?;
    let value = |(place, name): (usize, &String)| {
        text(at(&object, name)?.clone(), wanted.is_identifier(place))
    };
    Some(wanted.names.iter().enumerate().map(value).collect())
}

/// Pushes the texts of a row.
pub(super) fn push(texts: Vec<Option<String>>, rows: &mut TextRows) {
    for (column, text) in rows.columns.iter_mut().zip(texts) {
        match text {
            Some(text) => column.push_apart(text.as_bytes()),
            None => column.push_null(),
        }
    }
}

/// The member of this name, or else the one that the name leads to as a path: `src.user` is the member
/// `user` of the member `src`, unless a member is called `src.user`.
fn at<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o Value> {
    if let Some(value) = object.get(name) {
        return Some(value);
    }
    let inside = |(dot, _)| at(object.get(&name[..dot])?.as_object()?, &name[dot + 1..]);
    name.match_indices('.').find_map(inside)
}

/// A single value as text. A number is written in full, without an exponent, so that numbers mean
/// the same however they were written. An identifier is exact or absent: whole numbers from 2^64 on
/// are parsed as floats, like all that are not written as whole ones.
fn text(value: Value, is_identifier: bool) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::Bool(value) => Some(value.to_string()),
        Value::String(text) => Some(text),
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64()?;
            (!is_identifier || is_exact(number)).then(|| (number + 0.0).to_string())
        }
        Value::Number(number) => Some(number.to_string()),
    }
}
