//! One published day of a question, read back and, where asked, its cells added up.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_cast::cast;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use polars::prelude::{Column, DataFrame};
use serde_json::Value;

use super::super::table::METADATA_KEY;
use super::asked::{Coarser, KeyBecomes};
use super::frame::{PERIOD, add_up, broken, to_key};
use crate::ledger::StoredFile;
use crate::plan::LookupMarginals;
use crate::release::{Groups, PricedTable, Raking, sums};
use crate::release_file::question::Question;
use crate::release_file::regions::region_of;
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

/// The cells of one day with what their keys become, for [`add_up`].
///
/// Cells are added up here where the variance of their sum is not the sum of their variances.
pub(super) fn cells(
    released: &ReleasedDay,
    question: &Question,
    lookups: &LookupMarginals,
    coarser: &Coarser,
    period: &str,
) -> Result<DataFrame> {
    let (batch, metadata) = read(&released.file)?;
    let number = |name: &str| -> Result<Vec<f64>> {
        let column = batch.column_by_name(name).ok_or_else(broken)?;
        let column = cast(column, &DataType::Float64).map_err(|_| broken())?;
        Ok(column.as_primitive::<Float64Type>().values().to_vec())
    };
    let value = number("value")?;
    let variance: Vec<f64> = number("noise_sd")?.iter().map(|sd| sd * sd).collect();
    let mut columns = vec![Column::new(PERIOD.into(), vec![period; value.len()])];
    // Bins of a histogram stand between the keys and the value.
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = field.name().as_str();
        if name == "value" {
            break;
        }
        let Some(key) = question.by.iter().find(|key| key.name() == name) else {
            columns.push(to_key(name, column)?);
            continue;
        };
        match coarser.of(key) {
            KeyBecomes::Nothing(_) => {}
            KeyBecomes::Itself(_) => columns.push(to_key(name, column)?),
            KeyBecomes::Regions(..) => {
                let countries = column.as_string_opt::<i32>().ok_or_else(broken)?;
                let regions = countries.iter().map(|country| country.map(region_of));
                let name = name.replace("country", "region");
                columns.push(Column::new(name.into(), regions.collect::<Vec<_>>()));
            }
        }
    }
    columns.push(Column::new("value".into(), &value));
    columns.push(Column::new("variance".into(), variance));
    let cells = DataFrame::new_infer_height(columns).map_err(|_| broken())?;
    if !question.measure.is_count() || !coarser.adds_cells() {
        return Ok(cells);
    }
    let tables = released.tables.as_deref().ok_or_else(|| {
        unknown_noise(released.day, "another version of the program froze its plan")
    })?;
    let raking = raking(&metadata).ok_or_else(|| {
        unknown_noise(released.day, "its file does not say what it was raked with")
    })?;
    let becomes: Vec<KeyBecomes> = question.by.iter().map(|key| coarser.of(key)).collect();
    let groups: Vec<&Groups> = becomes.iter().map(KeyBecomes::groups).collect();
    let sums = sums(question, lookups, tables, raking.as_ref(), &value, &groups)?;
    let (value, variance): (Vec<f64>, Vec<f64>) = sums.into_iter().unzip();
    // Both are in the order of the keys' values.
    let mut cells = add_up(&cells)?;
    for column in [Column::new("value".into(), value), Column::new("variance".into(), variance)] {
        cells.with_column(column).map_err(|_| broken())?;
    }
    Ok(cells)
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, Int64Array, UInt8Array};
    use arrow_schema::{Field, Schema};
    use serde_json::json;

    use super::super::asked::{Countries, Period};
    use super::super::frame::numbers;
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
            cells(&released, &release_file.questions[0], &plan.lookups, &coarser, "2026-W02")
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
        assert_eq!(read(older, None, &[]).ok().unwrap().shape(), (24, 4));
        let whole = read(json!({ "raked": false }), Some(tables), &["hour"]).ok().unwrap();
        assert_eq!(whole.shape(), (1, 3));
        assert_eq!(numbers(&whole, "value").ok().unwrap(), [12_000.0]);
    }
}
