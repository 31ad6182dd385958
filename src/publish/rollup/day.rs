//! One published day of a question, read back and, where asked, its cells added up.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::{DataType, Field};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use super::super::table::{METADATA_KEY, key_column};
use super::asked::{Coarser, KeyBecomes};
use crate::ledger::StoredFile;
use crate::plan::LookupMarginals;
use crate::release::{Groups, PricedTable, Raking, sums};
use crate::release_file::question::Question;
use crate::release_file::window::Day;
use crate::{Error, Result};

/// One day as the ledger keeps it.
#[derive(Debug, Clone)]
pub struct ReleasedDay {
    /// The day.
    pub day: Day,
    /// The question's file.
    pub file: StoredFile,
    /// The measured tables with their noise; `None` if another version of the program froze them.
    pub tables: Option<Vec<PricedTable>>,
}

/// The cells of one day: their keys, values and variances.
pub(super) struct Cells {
    pub(super) keys: Vec<(Field, ArrayRef)>,
    pub(super) value: Vec<f64>,
    pub(super) variance: Vec<f64>,
}

impl Cells {
    /// Reads a day's cells and adds them up as asked.
    ///
    /// # Errors
    /// Refused, when the day does not state what the noise of sums needs; internal, when stored bytes
    /// are not as published.
    pub(super) fn read(
        released: &ReleasedDay,
        question: &Question,
        lookups: &LookupMarginals,
        coarser: &Coarser,
    ) -> Result<Self> {
        let (batch, metadata) = read(&released.file)?;
        let number = |name: &str| -> Result<Vec<f64>> {
            let column = batch.column_by_name(name).ok_or_else(broken)?;
            let column = cast(column, &DataType::Float64).map_err(|_| broken())?;
            Ok(column.as_primitive::<Float64Type>().values().to_vec())
        };
        let (value, sd) = (number("value")?, number("noise_sd")?);
        if !coarser.adds_cells() {
            let schema = batch.schema();
            let names = schema.fields().iter().take_while(|field| field.name() != "value");
            let keys = names
                .zip(batch.columns())
                .map(|(field, column)| (field.as_ref().clone(), Arc::clone(column)))
                .collect();
            let variance = sd.iter().map(|sd| sd * sd).collect();
            return Ok(Self { keys, value, variance });
        }
        let becomes: Vec<KeyBecomes> = question.by.iter().map(|key| coarser.of(key)).collect();
        let groups: Vec<&Groups> = becomes.iter().map(KeyBecomes::groups).collect();
        let (value, variance) = if question.measure.is_count() {
            let tables = released.tables.as_deref().ok_or_else(|| {
                unknown_noise(released.day, "another version of the program froze its plan")
            })?;
            let raking = raking(&metadata).ok_or_else(|| {
                unknown_noise(released.day, "its file does not say what it was raked with")
            })?;
            let sums = sums(question, lookups, tables, raking.as_ref(), &value, &groups)?;
            sums.into_iter().unzip()
        } else {
            // A table of its own has independent cells.
            let variance: Vec<f64> = sd.iter().map(|sd| sd * sd).collect();
            (Groups::add_up(&groups, &value), Groups::add_up(&groups, &variance))
        };
        Ok(Self { keys: keys(question, released.day, &becomes), value, variance })
    }
}

/// The sums that a count was raked with, `Some(None)` if it was not raked; `None` if the file does
/// not say.
#[expect(clippy::option_option, reason = "not raked and not stated are two answers")]
fn raking(metadata: &Value) -> Option<Option<Raking>> {
    match (metadata.get("raking"), metadata.get("raked")?.as_bool()?) {
        (_, false) => Some(None),
        (Some(raking), true) => serde_json::from_value(raking.clone()).ok().map(Some),
        (None, true) => None,
    }
}

/// The key columns of the sums.
fn keys(question: &Question, day: Day, becomes: &[KeyBecomes]) -> Vec<(Field, ArrayRef)> {
    let count: usize = becomes.iter().map(|key| key.groups().count).product();
    let rows: Vec<usize> = (0..count).collect();
    let mut repeat = count;
    let mut columns = Vec::new();
    for (key, becomes) in question.by.iter().zip(becomes) {
        repeat /= becomes.groups().count;
        let (name, column): (String, ArrayRef) = match becomes {
            KeyBecomes::Nothing(_) => continue,
            KeyBecomes::Itself(_) => (key.name().to_owned(), key_column(key, day, &rows, repeat)),
            KeyBecomes::Regions(regions, _) => {
                let names = rows.iter().map(|row| regions.get(row / repeat % regions.len()));
                let name = key.name().replace("country", "region");
                (name, Arc::new(names.collect::<StringArray>()))
            }
        };
        columns.push((Field::new(name, column.data_type().clone(), false), column));
    }
    columns
}

fn read(file: &StoredFile) -> Result<(RecordBatch, Value)> {
    let bytes = bytes::Bytes::copy_from_slice(&file.bytes);
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|_| broken())?;
    let about = builder.metadata().file_metadata();
    let rows = usize::try_from(about.num_rows()).unwrap_or(0);
    let metadata = about
        .key_value_metadata()
        .and_then(|pairs| pairs.iter().find(|pair| pair.key == METADATA_KEY))
        .and_then(|pair| serde_json::from_str(pair.value.as_deref()?).ok())
        .ok_or_else(broken)?;
    let mut reader = builder.with_batch_size(rows.max(1)).build().map_err(|_| broken())?;
    let batch = reader.next().and_then(std::result::Result::ok).ok_or_else(broken)?;
    Ok((batch, metadata))
}

fn unknown_noise(day: Day, why: &str) -> Error {
    Error::refused(format!("the noise of sums over cells of {day} is not known: {why}"))
        .help("roll it up to weeks or months alone, or ask the coarser question in a release")
}

pub(super) fn broken() -> Error {
    Error::internal("a stored file does not read back as published")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use arrow_array::{Float64Array, Int64Array, UInt8Array};
    use arrow_schema::Schema;
    use serde_json::json;

    use super::super::asked::{Countries, Period};
    use super::*;
    use crate::plan::Plan;
    use crate::release_file::ReleaseFile;
    use crate::release_file::privacy_loss::NanoRho;
    #[test]
    fn raked_days_say_with_what_and_older_ones_do_not() {
        assert_eq!(raking(&json!({ "raked": false })), Some(None));
        assert_eq!(raking(&json!({ "raked": true })), None);
        assert_eq!(raking(&json!({ "raked": true, "raking": { "total": 1 } })), None);
        let facts = json!({ "raked": true, "raking": { "total": 9.5, "sums": { "a": 7.25 } } });
        let sums = [("a".to_owned(), 7.25)].into();
        assert_eq!(raking(&facts), Some(Some(Raking { total: 9.5, sums })));
    }

    #[test]
    fn days_that_do_not_state_their_noise_are_refused_by_name() {
        let text = "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\n\
                    epsilon = 1.0\ndelta = 1e-6\n[[question]]\nname = \"hours\"\n\
                    count = \"lookups\"\nby = [\"hour\"]\n";
        let release_file = ReleaseFile::parse(text, "r.toml", Path::new(".")).unwrap();
        let plan = Plan::new(&release_file, NanoRho::new(20_000_000), None).unwrap();
        let tables = crate::release::price(&plan.tables).unwrap();
        let columns: [(&str, ArrayRef); 3] = [
            ("hour", Arc::new(UInt8Array::from_iter_values(0..24))),
            ("value", Arc::new(Int64Array::from(vec![500; 24]))),
            ("noise_sd", Arc::new(Float64Array::from(vec![40.0; 24]))),
        ];
        let fields = columns
            .iter()
            .map(|(name, column)| Field::new(*name, column.data_type().clone(), false));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let columns = columns.iter().map(|(_, column)| Arc::clone(column)).collect();
        let batch = RecordBatch::try_new(schema, columns).unwrap();
        let read = |metadata: Value, tables: Option<Vec<PricedTable>>, drop: &[&str]| {
            let bytes = super::super::super::table::encode(&batch, &metadata).unwrap();
            let file = StoredFile { path: "hours/day=2026-01-05/part-0.parquet".to_owned(), bytes };
            let released = ReleasedDay { day: "2026-01-05".parse().unwrap(), file, tables };
            let coarser = Coarser {
                period: Period::Week,
                drop: drop.iter().map(|key| (*key).to_owned()).collect(),
                countries: Countries::Keep,
            };
            Cells::read(&released, &release_file.questions[0], &plan.lookups, &coarser)
        };
        let older = json!({ "raked": true });
        for (facts, tables, reason) in [
            (older.clone(), Some(tables.clone()), "raked with"),
            (json!({ "raked": false }), None, "another version"),
        ] {
            let error = read(facts, tables, &["hour"]).err().unwrap();
            assert_eq!(error.kind(), crate::Kind::Refused);
            let text = error.to_string();
            assert!(text.contains("2026-01-05") && text.contains(reason), "{text}");
        }
        // Weeks alone need neither.
        assert_eq!(read(older, None, &[]).ok().unwrap().value.len(), 24);
        let whole = read(json!({ "raked": false }), Some(tables), &["hour"]).ok().unwrap();
        assert_eq!((whole.value.as_slice(), whole.keys.len()), ([12_000.0].as_slice(), 0));
    }
}
