//! An output folder, read: manifests, the tables that they list, and roll-ups beside them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use arrow_schema::DataType;
use serde_json::Value;

use crate::ledger::StoredFile;
use crate::publish::sum::Summand;
use crate::publish::{MANIFESTS, Published};
use crate::release_file::day::Day;
use crate::{Error, Result};

/// What was published in a folder.
pub(super) struct Output {
    /// The manifest of each released day.
    pub(super) days: BTreeMap<Day, Value>,
    /// The tables of each question by day, in the order of the newest manifest.
    pub(super) questions: Vec<Series<Day>>,
    /// Roll-ups to weeks and months by period.
    pub(super) rolled: Vec<Series<String>>,
}

/// The tables of one folder.
pub(super) struct Series<K> {
    /// The name of the folder.
    pub(super) name: String,
    /// Its tables, oldest first.
    pub(super) tables: BTreeMap<K, Table>,
}

/// One table.
#[derive(Default)]
pub(super) struct Table {
    /// What the file says of itself.
    pub(super) facts: Value,
    /// The columns of its keys.
    pub(super) keys: Vec<String>,
    /// The place of the key that holds hours.
    pub(super) hour: Option<usize>,
    /// The rows that have a value.
    pub(super) rows: Vec<Row>,
    /// How many rows have no value.
    pub(super) without_value: usize,
}

/// One row.
#[derive(Clone)]
pub(super) struct Row {
    /// Its keys, as text.
    pub(super) keys: Vec<String>,
    /// Its value.
    pub(super) cell: Cell,
}

/// A value with its interval.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    /// The numbers.
    pub(super) of: Summand,
    /// Whether it says nothing.
    pub(super) is_lost: bool,
}

impl Output {
    /// Reads a folder. Every table is checked against the digest in its manifest.
    pub(super) fn read(out: &Path) -> Result<Self> {
        let mut days = BTreeMap::new();
        for name in names(&out.join(MANIFESTS))? {
            let day = name.strip_prefix("day=").and_then(|name| name.strip_suffix(".json"));
            let Some(day) = day.and_then(|day| day.parse::<Day>().ok()) else { continue };
            let path = out.join(MANIFESTS).join(&name);
            let manifest: Value =
                serde_json::from_slice(&bytes(&path)?).map_err(|_| damaged(&path))?;
            // A file that says less is no manifest, and its day would be one without numbers.
            if !manifest["files"].is_array() || manifest["day"].as_str() != Some(&day.to_string()) {
                return Err(damaged(&path));
            }
            days.insert(day, manifest);
        }
        let Some(newest) = days.values().next_back() else {
            return Err(Error::usage(format!("{} holds no published days", out.display())).help(
                "give the folder that `[output] path` or --out names, after a run has published days",
            ));
        };
        let mut questions: Vec<Series<Day>> = Vec::new();
        let listed = |manifest: &Value| -> Vec<Value> {
            manifest["files"].as_array().into_iter().flatten().cloned().collect()
        };
        for file in listed(newest) {
            let name = file["facts"]["question"].as_str().unwrap_or_default().to_owned();
            questions.push(Series { name, tables: BTreeMap::new() });
        }
        for (day, manifest) in &days {
            for file in listed(manifest) {
                let question = file["facts"]["question"].as_str().unwrap_or_default();
                // A question that is no longer asked is not reported.
                let series = questions.iter_mut().find(|series| series.name == question);
                let Some(series) = series else { continue };
                series.tables.insert(*day, Table::listed(out, &file)?);
            }
        }
        questions.iter_mut().for_each(Series::keep_alike);
        let rolled = rolled(out)?;
        Ok(Self { days, questions, rolled })
    }

    /// The manifest of the newest day.
    pub(super) fn newest(&self) -> &Value {
        self.days.values().next_back().unwrap_or(&Value::Null)
    }

    /// Every day from the first to the last released one.
    pub(super) fn span(&self) -> Vec<Day> {
        let first = self.days.keys().next().copied();
        let last = self.days.keys().next_back().copied();
        let days = std::iter::successors(first, |day| day.next());
        days.take_while(|day| last.is_some_and(|last| *day <= last)).collect()
    }
}

/// The roll-ups to weeks and months in an output.
fn rolled(out: &Path) -> Result<Vec<Series<String>>> {
    let mut rolled = Vec::new();
    for (ending, word) in [("_by_week", "week="), ("_by_month", "month=")] {
        for name in names(out)?.into_iter().filter(|name| name.ends_with(ending)) {
            let mut tables = BTreeMap::new();
            for folder in names(&out.join(&name))? {
                let Some(period) = folder.strip_prefix(word) else { continue };
                let path = out.join(&name).join(&folder).join("part-0.parquet");
                tables.insert(period.to_owned(), Table::read(&bytes(&path)?, &path)?);
            }
            rolled.push(Series { name, tables });
        }
    }
    Ok(rolled)
}

impl<K: Ord> Series<K> {
    /// The newest table.
    pub(super) fn newest(&self) -> Option<(&K, &Table)> {
        self.tables.iter().next_back()
    }

    /// What the newest table says of itself.
    pub(super) fn facts(&self) -> &Value {
        self.newest().map_or(&Value::Null, |(_, table)| &table.facts)
    }
}

impl Series<Day> {
    /// Leaves out days on which the question of this name asked something else than on the newest
    /// day.
    fn keep_alike(&mut self) {
        let newest = self.facts().clone();
        self.tables.retain(|_, table| table.asks_what(&newest));
    }
}

impl Table {
    /// Whether the file answers the question of the facts. What a file of an earlier version does not say
    /// is taken for the same.
    fn asks_what(&self, facts: &Value) -> bool {
        let same = |own: &Value, other: &Value, name: &str| {
            own.get(name).is_none_or(|fact| *fact == other[name])
        };
        ["asks", "top", "unit", "where"].iter().all(|name| same(&self.facts, facts, name))
            && ["at_least", "condition", "of", "prefix"]
                .iter()
                .all(|name| same(&self.facts["details"], &facts["details"], name))
    }

    /// The place of a key.
    pub(super) fn place(&self, key: &str) -> Option<usize> {
        self.keys.iter().position(|known| known == key)
    }

    /// A table that a manifest lists.
    fn listed(out: &Path, file: &Value) -> Result<Self> {
        let path = file["path"].as_str().filter(|path| StoredFile::stays_inside(path));
        let path = out.join(path.ok_or_else(|| damaged(&out.join(MANIFESTS)))?);
        let bytes = bytes(&path)?;
        if file["blake3"].as_str() != Some(blake3::hash(&bytes).to_hex().as_str()) {
            return Err(damaged(&path));
        }
        Self::read(&bytes, &path)
    }

    fn read(bytes: &[u8], path: &Path) -> Result<Self> {
        Published::read(bytes).and_then(|read| Self::new(&read)).map_err(|_| damaged(path))
    }

    fn new(read: &Published) -> Result<Self> {
        let keys = read.keys();
        let schema = read.batch.schema();
        let is_hour = |key: &String| {
            schema.field_with_name(key).is_ok_and(|field| *field.data_type() == DataType::UInt8)
        };
        let hour = keys.iter().position(is_hour);
        let of_keys = keys.iter().map(|key| read.words(key)).collect::<Result<Vec<_>>>()?;
        let [value, noise_sd, low, high, lost] =
            ["value", "noise_sd", "ci_low", "ci_high", "uninformative"]
                .map(|name| read.numbers(name));
        let (value, noise_sd, low, high, lost) = (value?, noise_sd?, low?, high?, lost?);
        let mut table = Self { facts: read.facts.clone(), keys, hour, ..Self::default() };
        for row in 0..read.batch.num_rows() {
            let (Some(value), Some(low), Some(high)) = (value[row], low[row], high[row]) else {
                table.without_value += 1;
                continue;
            };
            let of = Summand { value, noise_sd: noise_sd[row].unwrap_or_default(), low, high };
            let cell = Cell { of, is_lost: lost[row] == Some(1.0) };
            let keys = of_keys.iter().map(|words| words[row].clone()).collect();
            table.rows.push(Row { keys, cell });
        }
        Ok(table)
    }
}

/// The names in a folder, sorted; none if there is no such folder.
fn names(folder: &Path) -> Result<Vec<String>> {
    let failed = |error: std::io::Error| {
        Error::io(format!("{} cannot be read", folder.display()))
            .help("check the path and its permissions")
            .because(error)
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(damaged(path)),
        read => read.map_err(|error| {
            Error::io(format!("{} cannot be read", path.display()))
                .help("check its permissions")
                .because(error)
        }),
    }
}

fn damaged(path: &Path) -> Error {
    Error::input(format!("{} is missing, or not as it was published", path.display())).help(
        "run `pointillist run` again, or `rollup` for sums of days: they write such files again, for \
         no charge",
    )
}
