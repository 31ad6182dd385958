//! The expired rows that a hold asks for, each with all its columns.
//!
//! In: a file, the holds, the cutoff. Out: each held row as JSON, once for every hold that asks for
//! it. Numbers are compared in canonical form, by their keyed digests. Requester and target are
//! matched independently, so that one that cannot be read does not hide the other.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Field};
use serde_json::{Map, Value, json};

use crate::ingest::{Identities, LogRows, OpenLog};
use crate::ledger::{Custody, Hold, Ledger, LedgerKey, Role};
use crate::release_file::logs::Logs;
use crate::retain::Now;
use crate::{Error, Result};

/// How many distinct texts are remembered.
const REMEMBERED_MAX: usize = 65_536;

/// The keyed digest that the ledger holds in place of a canonical number.
pub fn number_digest(key: &LedgerKey, canonical: &str) -> String {
    key.digest("pointillist number under hold", &[canonical.as_bytes()])
}

/// Refuses to delete while a hold knows its numbers as another number library reads them: its rows might
/// not be found.
pub(super) fn require_known_numbers(ledger: &Ledger, custody: &Custody, now: Now) -> Result<()> {
    let rules = &ledger.rules().numbers;
    let of_other_rules =
        |hold: &&Hold| hold.is_active(now.of_holds()) && ledger.number_rules(hold) != *rules;
    let Some(hold) = custody.holds.iter().find(of_other_rules) else { return Ok(()) };
    Err(Error::refused(format!(
        "the order {} was entered when numbers were read by other rules ({}, and now {rules}), so that \
         rows under it might not be found; nothing was deleted",
        hold.terms.order,
        ledger.number_rules(hold)
    ))
    .help(
        "enter it again with `pointillist hold add`, with the same reference, period and numbers: its \
         hold then knows them by the rules of now",
    ))
}

/// Finds the holds that ask for a row.
pub(super) struct Matcher<'h> {
    holds: &'h [&'h Hold],
    key: &'h LedgerKey,
    identities: Identities,
    /// The places of the holds that ask for a text, for the texts seen lately.
    remembered: HashMap<String, Vec<usize>>,
}

impl<'h> Matcher<'h> {
    pub(super) fn new(logs: &Logs, holds: &'h [&'h Hold], key: &'h LedgerKey) -> Result<Self> {
        Ok(Self { holds, key, identities: Identities::new(logs)?, remembered: HashMap::new() })
    }

    /// The places of the holds that ask for a row of these identifiers at this time.
    fn asking(&mut self, time: i64, requester: Option<&str>, target: Option<&str>) -> Vec<usize> {
        let in_window =
            |hold: &&Hold| hold.terms.from_micros <= time && time < hold.terms.to_micros;
        if !self.holds.iter().any(in_window) {
            return Vec::new();
        }
        let requester = requester.map_or_else(Vec::new, |text| self.naming(text));
        let target = target.map_or_else(Vec::new, |text| self.naming(text));
        let asks = |(place, hold): (usize, &&Hold)| {
            let is_named = match hold.terms.role {
                Role::Requester => requester.contains(&place),
                Role::Target => target.contains(&place),
                Role::Either => requester.contains(&place) || target.contains(&place),
            };
            (is_named && in_window(hold)).then_some(place)
        };
        self.holds.iter().enumerate().filter_map(asks).collect()
    }

    /// The places of the holds that name this number.
    fn naming(&mut self, text: &str) -> Vec<usize> {
        if let Some(known) = self.remembered.get(text) {
            return known.clone();
        }
        let digest = self.identities.canonical(text).map(|known| number_digest(self.key, known));
        let names = |(place, hold): (usize, &&Hold)| {
            let digest = digest.as_ref()?;
            hold.terms.numbers.binary_search(digest).is_ok().then_some(place)
        };
        let places: Vec<usize> = self.holds.iter().enumerate().filter_map(names).collect();
        if self.remembered.len() >= REMEMBERED_MAX {
            self.remembered.clear();
        }
        self.remembered.insert(text.to_owned(), places.clone());
        places
    }

    fn canonical(&mut self, text: Option<&str>) -> Value {
        let canonical = text.and_then(|text| self.identities.canonical(text));
        canonical.map_or(Value::Null, |known| Value::String(known.to_owned()))
    }
}

/// A held row of a row group or batch, before its other columns are read.
struct Found {
    row: usize,
    asking: Vec<usize>,
    line: Map<String, Value>,
}

/// Calls `take` with every held row of a file and the place of each hold that asks for it.
pub(super) fn each_held(
    log: &OpenLog<'_>,
    matcher: &mut Matcher<'_>,
    cutoff: i64,
    take: &mut dyn FnMut(usize, &Value) -> Result<()>,
) -> Result<()> {
    let file = log.path().display().to_string();
    // For columnar files: the held rows of each row group or batch, still without other columns.
    let mut found: Vec<(usize, Vec<Found>)> = Vec::new();
    let (mut place, mut rows_before) = (usize::MAX, 0);
    log.scan(true, &mut |piece| {
        if piece.place != place {
            (place, rows_before) = (piece.place, 0);
        }
        let mut records = piece.segments().into_iter().filter(|segment| segment.is_record);
        for (row, time) in piece.times.iter().enumerate() {
            let record = records.next();
            let Some(time) = time.filter(|time| *time < cutoff) else { continue };
            let requester = LogRows::identifier(&piece.requester, row);
            let target = LogRows::identifier(&piece.target, row);
            let asking = matcher.asking(time, requester, target);
            if asking.is_empty() {
                continue;
            }
            let mut line = Map::new();
            line.insert("file".to_owned(), json!(file));
            line.insert("at".to_owned(), json!(instant(time)));
            line.insert("requester".to_owned(), matcher.canonical(requester));
            line.insert("target".to_owned(), matcher.canonical(target));
            match record {
                Some(record) => {
                    // A record whose fields cannot be read is sealed as it stands.
                    let whole = || {
                        let text = String::from_utf8_lossy(record.bytes).into_owned();
                        Map::from_iter([("line".to_owned(), Value::String(text))])
                    };
                    let fields = log.fields(&piece, record.bytes).unwrap_or_else(whole);
                    line.insert("row".to_owned(), Value::Object(fields));
                    emit(&asking, &Value::Object(line), take)?;
                }
                None => {
                    if found.last().is_none_or(|(known, _)| *known != place) {
                        found.push((place, Vec::new()));
                    }
                    if let Some((_, rows)) = found.last_mut() {
                        rows.push(Found { row: rows_before + row, asking, line });
                    }
                }
            }
        }
        rows_before += piece.times.len();
        Ok(())
    })?;
    for (place, rows) in found {
        complete(log, place, rows, take)?;
    }
    Ok(())
}

/// Reads the other columns of the rows found in one place.
fn complete(
    log: &OpenLog<'_>,
    place: usize,
    rows: Vec<Found>,
    take: &mut dyn FnMut(usize, &Value) -> Result<()>,
) -> Result<()> {
    let mut rows = rows.into_iter().peekable();
    let mut before = 0;
    log.whole(place, &mut |batch| {
        while let Some(found) = rows.next_if(|found| found.row < before + batch.num_rows()) {
            let mut line = found.line;
            let fields = fields(&batch, found.row - before)
                .ok_or_else(|| unreadable(&log.path().display().to_string()))?;
            line.insert("row".to_owned(), Value::Object(fields));
            emit(&found.asking, &Value::Object(line), take)?;
        }
        before += batch.num_rows();
        Ok(())
    })?;
    if rows.next().is_some() {
        return Err(unreadable(&log.path().display().to_string()));
    }
    Ok(())
}

fn emit(
    asking: &[usize],
    line: &Value,
    take: &mut dyn FnMut(usize, &Value) -> Result<()>,
) -> Result<()> {
    asking.iter().try_for_each(|place| take(*place, line))
}

/// Every column of a row as text; nulls stay nulls.
fn fields(batch: &RecordBatch, row: usize) -> Option<Map<String, Value>> {
    let options = FormatOptions::default();
    let mut fields = Map::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let value = if column.is_null(row) {
            Value::Null
        } else {
            // Only one row is cast, which costs next to nothing.
            let one = cast(&column.slice(row, 1), &in_utc(column.data_type())).ok()?;
            let formatter = ArrayFormatter::try_new(&one, &options).ok()?;
            Value::String(formatter.value(0).try_to_string().ok()?)
        };
        fields.insert(field.name().clone(), value);
    }
    Some(fields)
}

/// The type with every time zone replaced by UTC's offset: the formatter knows no zones by name.
fn in_utc(data_type: &DataType) -> DataType {
    let inner = |field: &Arc<Field>| {
        Arc::new(field.as_ref().clone().with_data_type(in_utc(field.data_type())))
    };
    match data_type {
        DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some("+00:00".into())),
        DataType::List(field) => DataType::List(inner(field)),
        DataType::LargeList(field) => DataType::LargeList(inner(field)),
        DataType::FixedSizeList(field, length) => DataType::FixedSizeList(inner(field), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        DataType::Map(field, sorted) => DataType::Map(inner(field), *sorted),
        other => other.clone(),
    }
}

fn instant(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), |at| at.to_string())
}

fn unreadable(file: &str) -> Error {
    Error::input(format!("{file} has a row under hold that cannot be read in full"))
        .help("the file is damaged or changed meanwhile: fetch it again; nothing of it was deleted")
}
