//! One published day of a question, read back and, where asked, its cells added up.

use arrow_array::cast::AsArray;
use polars::prelude::{Column, DataFrame};

use super::super::read::Published;
use super::asked::{Coarser, KeyBecomes};
use super::frame::{NUMBERS, OF_LOOKUPS, PERIOD, SHARED, add_up, broken, to_key, with_cells};
use super::rule::Rule;
use super::sum::{Counted, Over};
use crate::Result;
use crate::ledger::StoredFile;
use crate::release_file::day::Day;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::question::Question;
use crate::release_file::regions::region_of;

/// One day as the ledger keeps it.
#[derive(Debug, Clone)]
pub struct ReleasedDay {
    /// The day.
    pub day: Day,
    /// The question's file.
    pub file: StoredFile,
    /// What the whole release of the day was charged.
    pub charge: NanoRho,
    /// What its private prefixes spent.
    pub key_delta: AttoDelta,
}

impl Published {
    /// The loss by the tables that the question is answered from, if the file says so.
    pub(super) fn rho(&self) -> Option<f64> {
        self.facts["rho"].as_f64()
    }

    /// Whether the intervals say nothing of what bounding took, as those of earlier versions.
    ///
    /// A requester of a histogram counts once, and bounding takes nothing.
    pub(super) fn is_about_bounded(&self, counted: Counted) -> bool {
        let is_earlier = self.facts.get("raked").is_some()
            || self.batch.column_by_name("value_display").is_some();
        is_earlier && counted != Counted::Requesters
    }

    /// Whether it says of how many lookups its shares or means are, which earlier versions did not.
    pub(super) fn says_lookups(&self) -> bool {
        OF_LOOKUPS.into_iter().all(|name| self.batch.column_by_name(name).is_some())
    }

    /// The cells with what their keys become, of one period.
    pub(super) fn cells(
        &self,
        question: &Question,
        coarser: &Coarser,
        period: &str,
    ) -> Result<DataFrame> {
        let rows = self.batch.num_rows();
        let mut columns = vec![Column::new(PERIOD.into(), vec![period; rows])];
        // Bins of a histogram stand between the keys and the value.
        for (field, column) in self.batch.schema().fields().iter().zip(self.batch.columns()) {
            let name = field.name().as_str();
            if name == "value" {
                break;
            }
            let key = question.by.iter().find(|key| key.name() == name);
            match key.map_or(KeyBecomes::Itself, |key| coarser.of(key)) {
                KeyBecomes::Nothing => {}
                KeyBecomes::Itself => columns.push(to_key(name, column)?),
                KeyBecomes::Region => {
                    let countries = column.as_string_opt::<i32>().ok_or_else(broken)?;
                    let regions = countries.iter().map(|country| country.map(region_of));
                    let name = name.replace("country", "region");
                    columns.push(Column::new(name.into(), regions.collect::<Vec<_>>()));
                }
            }
        }
        for name in NUMBERS.into_iter().chain(OF_LOOKUPS).chain(SHARED) {
            let is_left_out =
                SHARED.contains(&name) || OF_LOOKUPS.contains(&name) && !self.says_lookups();
            let numbers = if is_left_out { vec![None; rows] } else { self.numbers(name)? };
            let numbers = numbers.into_iter().map(Option::unwrap_or_default);
            columns.push(Column::new(name.into(), numbers.collect::<Vec<f64>>()));
        }
        let cells = DataFrame::new_infer_height(columns).map_err(|_| broken())?;
        let rule = Rule::by(&question.measure);
        let is_raked = self.facts["raked"].as_bool() == Some(true);
        let over = if is_raked { Over::RAKED_CELLS } else { Over::CELLS };
        let sums = add_up(&cells, |cells| rule.add_up(cells, over))?;
        with_cells(&sums, |cells| rule.of_day(cells))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, UInt8Array};
    use arrow_schema::{Field, Schema};
    use serde_json::{Value, json};

    use super::super::asked::{Countries, Period};
    use super::super::frame;
    use super::*;
    use crate::release_file::ReleaseFile;

    /// Hours of one day, each with a standard deviation of 40.
    fn published(metadata: &Value) -> Published {
        let columns: [(&str, ArrayRef); 5] = [
            ("hour", Arc::new(UInt8Array::from_iter_values(0..24))),
            ("value", Arc::new(Int64Array::from(vec![500; 24]))),
            ("noise_sd", Arc::new(Float64Array::from(vec![40.0; 24]))),
            ("ci_low", Arc::new(Int64Array::from(vec![421; 24]))),
            ("ci_high", Arc::new(Int64Array::from(vec![579; 24]))),
        ];
        let field = |(name, column): &(&str, ArrayRef)| {
            Field::new(*name, column.data_type().clone(), false)
        };
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        let batch = RecordBatch::try_new(schema, columns).unwrap();
        let bytes = super::super::super::table::encode(&batch, metadata).unwrap();
        Published::read(&bytes).unwrap()
    }

    #[test]
    fn days_of_every_version_are_read() {
        let text = "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\n\
                    epsilon = 1.0\ndelta = 1e-6\n[[question]]\nname = \"hours\"\n\
                    count = \"lookups\"\nby = [\"hour\"]\n";
        let release_file = ReleaseFile::parse(text, "r.toml", Path::new(".")).unwrap();
        let question = &release_file.questions[0];
        let coarser = |drop: &[&str]| Coarser {
            period: Period::Week,
            drop: drop.iter().map(|key| (*key).to_owned()).collect(),
            countries: Countries::Keep,
        };
        for (metadata, is_bounded, rho, sd) in [
            (json!({ "rho": 0.25 }), false, Some(0.25), 40.0 * 24.0_f64.sqrt()),
            (json!({ "raked": false, "rho": 0.5 }), true, Some(0.5), 40.0 * 24.0_f64.sqrt()),
            (json!({ "raked": true }), true, None, 40.0 * 24.0),
        ] {
            let day = published(&metadata);
            assert_eq!(day.is_about_bounded(Counted::Lookups), is_bounded);
            assert!(!day.is_about_bounded(Counted::Requesters));
            assert_eq!(day.rho(), rho);
            assert_eq!(day.cells(question, &coarser(&[]), "2026-W02").unwrap().shape(), (24, 11));
            let whole = day.cells(question, &coarser(&["hour"]), "2026-W02").unwrap();
            let whole = frame::cells(&whole).unwrap()[0].of;
            assert!((whole.value - 12_000.0).abs() < 1e-9);
            assert!((whole.noise_sd - sd).abs() < 1e-9);
        }
    }
}
