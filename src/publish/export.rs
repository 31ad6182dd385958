//! All published tables of one folder → one CSV file, for a spreadsheet.

use std::fs;
use std::path::Path;

use arrow_cast::display::array_value_to_string;
use csv::Writer;

use super::checked::Checked;
use super::read::name_a_question;
use super::table::DATE;
use crate::{Error, Result};

/// The names of the first column and of the folders of tables.
const PERIODS: [&str; 3] = ["day", "week", "month"];

/// The tables of a question, or of sums of it, as CSV.
pub struct Csv {
    /// The file.
    pub text: Vec<u8>,
    /// How many days, weeks or months it has.
    pub periods: usize,
    /// How many rows it has, without their header.
    pub rows: usize,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// Writes the tables of a folder of an output below each other, oldest first, with their day, week or month
/// in the first column. The columns are those of the newest table; what an older one does not have
/// is empty.
///
/// # Errors
/// Usage, for a folder that holds no tables; input, for a file that is not as it was published; I/O.
pub fn csv(out: &Path, question: &str) -> Result<Csv> {
    let Some((word, periods)) = periods(out, question) else {
        return Err(Error::usage(format!("{} holds no tables", out.join(question).display()))
            .help(name_a_question(out)));
    };
    let mut tables = Vec::new();
    let mut warnings = Vec::new();
    for period in &periods {
        let path = format!("{question}/{word}={period}/part-0.parquet");
        let checked = Checked::read(out, &path, period)?;
        warnings.extend(checked.warning(&out.join(&path)));
        tables.push(checked.table);
    }
    let newest = tables.last().map(|table| table.batch.schema());
    let names = newest.iter().flat_map(|schema| schema.fields().iter().map(|field| field.name()));
    // For days, the first column is the date already.
    let names: Vec<&String> = names.filter(|name| word != "day" || *name != DATE).collect();
    let mut writer = Writer::from_writer(Vec::new());
    let mut rows = 0;
    let header = std::iter::once(word).chain(names.iter().map(|name| name.as_str()));
    writer.write_record(header).map_err(|_| broken())?;
    for (period, table) in periods.iter().zip(&tables) {
        for row in 0..table.batch.num_rows() {
            let cell = |name: &&String| match table.batch.column_by_name(name) {
                Some(column) if !column.is_null(row) => array_value_to_string(column, row),
                _ => Ok(String::new()),
            };
            let cells = names.iter().map(cell).collect::<Result<Vec<_>, _>>();
            let cells = cells.map_err(|_| broken())?;
            let line = std::iter::once(period).chain(&cells);
            writer.write_record(line).map_err(|_| broken())?;
            rows += 1;
        }
    }
    let text = writer.into_inner().map_err(|_| broken())?;
    Ok(Csv { text, periods: periods.len(), rows, warnings })
}

/// Whether a text begins as [`csv`] writes it.
pub fn is_csv(text: &str) -> bool {
    let mut names = text.lines().next().unwrap_or_default().split(',');
    let begins = names.next().is_some_and(|first| PERIODS.contains(&first));
    begins
        && ["value", "noise_sd", "ci_low", "ci_high"].iter().all(|of| names.any(|name| name == *of))
}

/// The word of a folder's periods, and these in order; `None` if it holds no table.
fn periods(out: &Path, question: &str) -> Option<(&'static str, Vec<String>)> {
    let names = fs::read_dir(out.join(question)).into_iter().flatten().flatten();
    let names: Vec<String> =
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    PERIODS.into_iter().find_map(|word| {
        let period = |name: &String| Some(name.strip_prefix(word)?.strip_prefix('=')?.to_owned());
        let mut periods: Vec<String> = names.iter().filter_map(period).collect();
        periods.sort();
        (!periods.is_empty()).then_some((word, periods))
    })
}

fn broken() -> Error {
    Error::internal("a published table cannot be written as CSV")
}
