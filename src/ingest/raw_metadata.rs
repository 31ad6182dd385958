//! The texts of a columnar file that are no rows: metadata of the file and of its columns.

use std::collections::HashMap;

use arrow_schema::{DataType, Field, Schema};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use parquet::file::metadata::KeyValue;

/// Keys and values of a Parquet footer; what is base64 inside is told decoded as well, since the
/// Arrow schema that some writers store is.
pub(super) fn of_parquet(pairs: Option<&Vec<KeyValue>>) -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for pair in pairs.into_iter().flatten() {
        texts.push(pair.key.clone().into_bytes());
        let value = pair.value.clone().unwrap_or_default();
        texts.extend(BASE64_STANDARD.decode(&value).ok());
        texts.push(value.into_bytes());
    }
    texts
}

/// Keys and values of an Arrow schema, of every field in it, and of the file's own.
pub(super) fn of_arrow(schema: &Schema, own: &HashMap<String, String>) -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    push(own, &mut texts);
    push(schema.metadata(), &mut texts);
    schema.fields().iter().for_each(|field| of_field(field, &mut texts));
    texts
}

fn of_field(field: &Field, texts: &mut Vec<Vec<u8>>) {
    push(field.metadata(), texts);
    match field.data_type() {
        DataType::List(inner)
        | DataType::LargeList(inner)
        | DataType::FixedSizeList(inner, _)
        | DataType::Map(inner, _) => of_field(inner, texts),
        DataType::Struct(fields) => fields.iter().for_each(|inner| of_field(inner, texts)),
        _ => {}
    }
}

fn push<'p>(pairs: impl IntoIterator<Item = (&'p String, &'p String)>, texts: &mut Vec<Vec<u8>>) {
    for (key, value) in pairs {
        texts.extend([key.clone().into_bytes(), value.clone().into_bytes()]);
    }
}
