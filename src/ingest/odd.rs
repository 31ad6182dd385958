//! What the readers of plain blocks leave aside: stray quotes, escapes, nested values, repeated names.
//!
//! The polars parsers read it, with a fixed schema of text columns. Their own words may quote a row
//! and are dropped, and a parser that panics has refused. The hand-over from polars to Arrow is here
//! and nowhere else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, StringViewArray};
use polars::io::csv::read::_csv_read_internal::read_chunk;
use polars::io::csv::read::{CommentPrefix, CsvParseOptions, NullValues};
use polars::io::ndjson::core::parse_ndjson;
use polars::prelude::{Column, DataFrame, DataType, PlSmallStr, Schema};

use super::delimited::Layout;
use super::lines::{are_whole, first_uneven, without_blank_lines, without_nested};
use super::shard::TextFormat;

/// Parses JSON lines into one column for each name; none when a line is no JSON object.
pub(super) fn json(lines: &[u8], names: &[String]) -> Option<Vec<ArrayRef>> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let frame = guarded(|| parse_ndjson(lines, None, &text_schema(&names), false).ok())?;
    let column = |name: &&str| {
        let array = frame.column(name).ok().and_then(to_arrow)?;
        Some(without_nested(array, name, lines))
    };
    names.iter().map(column).collect()
}

/// Parses separated values: the number of records, and the wanted columns; those that the file does
/// not have are empty. None when a record cannot be read.
pub(super) fn delimited(
    block: &[u8],
    format: TextFormat,
    layout: &Layout,
) -> Option<(usize, Vec<ArrayRef>)> {
    let bytes = without_blank_lines(block, format == TextFormat::Csv);
    let frame = guarded(|| separated(&bytes, format, layout))?;
    let (rows, fields) = (frame.height(), layout.places.len());
    let is_whole = match format {
        TextFormat::Csv => are_whole(&bytes, b',', true, fields, rows),
        TextFormat::Tsv => are_whole(&bytes, b'\t', false, fields, rows),
        // Comment lines may hold anything.
        TextFormat::Zeek => first_uneven(&bytes, b'\t', false, fields).is_none(),
        TextFormat::Ndjson => false,
    };
    if !is_whole {
        return None;
    }
    let column = |wanted: usize| {
        let place = layout.places.iter().position(|place| *place == Some(wanted));
        match place {
            Some(place) => to_arrow(frame.column(&place.to_string()).ok()?),
            None => Some(Arc::new(StringViewArray::new_null(0)) as ArrayRef),
        }
    };
    Some((rows, (0..layout.wanted).map(column).collect::<Option<_>>()?))
}

fn separated(bytes: &[u8], format: TextFormat, layout: &Layout) -> Option<DataFrame> {
    // Names in the file may repeat or be empty; positions do not.
    let places = 0..layout.places.len();
    let projection: Vec<usize> =
        places.clone().filter(|place| layout.places[*place].is_some()).collect();
    let names: Vec<String> = places.map(|place| place.to_string()).collect();
    let schema = text_schema(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let nulls = match format {
        TextFormat::Zeek => {
            let unset = NullValues::AllColumnsSingle(PlSmallStr::from_static("-"));
            Some(unset.compile(&schema).ok()?)
        }
        TextFormat::Csv | TextFormat::Tsv | TextFormat::Ndjson => None,
    };
    let capacity = bytes.len() / 64 + 16;
    read_chunk(
        bytes,
        &options(format),
        &schema,
        false,
        &projection,
        0,
        capacity,
        nulls.as_ref(),
        usize::MAX,
        bytes.len(),
        Some(0),
    )
    .ok()
}

fn options(format: TextFormat) -> CsvParseOptions {
    let defaults = CsvParseOptions::default();
    match format {
        TextFormat::Csv | TextFormat::Ndjson => defaults,
        TextFormat::Tsv => CsvParseOptions { separator: b'\t', quote_char: None, ..defaults },
        TextFormat::Zeek => CsvParseOptions {
            separator: b'\t',
            quote_char: None,
            comment_prefix: Some(CommentPrefix::new_single(b'#')),
            ..defaults
        },
    }
}

fn guarded<T>(parse: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(parse)).ok().flatten()
}

fn text_schema(names: &[&str]) -> Schema {
    names.iter().map(|name| (PlSmallStr::from_str(name), DataType::String)).collect()
}

/// The hand-over: a polars text column as an Arrow one.
fn to_arrow(column: &Column) -> Option<ArrayRef> {
    let text = column.str().ok()?;
    let mut builder = StringViewBuilder::with_capacity(text.len());
    for value in text.iter() {
        builder.append_option(value);
    }
    Some(Arc::new(builder.finish()))
}
