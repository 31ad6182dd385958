//! Which columns of a log are read, under the names that they have there.
//!
//! The release file decides. Requester, target and time must be in every file; other columns may be
//! absent from some files, and count as null there.

use arrow_schema::{DataType, Schema};

use super::{texts, time};
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::logs::Logs;
use crate::{Error, Result};

/// How alike two names must be for one to be suggested.
pub(super) const ALIKE: f64 = 0.8;

/// The columns to read, each once.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) names: Vec<String>,
    pub(super) requester: usize,
    pub(super) target: usize,
    pub(super) requested_at: usize,
    /// For each key of the layout, the column that holds it, where one does.
    pub(super) keys: Vec<Option<usize>>,
    /// The columns whose numbers are read.
    pub(super) numbers: Vec<usize>,
}

impl Wanted {
    pub(super) fn new(logs: &Logs, keys: &[Key]) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut place = |raw: &str| match names.iter().position(|name| name == raw) {
            Some(place) => place,
            None => {
                names.push(raw.to_owned());
                names.len() - 1
            }
        };
        let requester = place(logs.column("requester"));
        let target = place(logs.column("target"));
        let requested_at = place(logs.column("requested_at"));
        let mut numbers = Vec::new();
        let keys = keys
            .iter()
            .map(|key| match key.source() {
                KeySource::App => Some(place(logs.column("app"))),
                KeySource::Route => Some(place(logs.column("route"))),
                KeySource::Column(raw) => Some(place(raw)),
                KeySource::Number(grid) => {
                    let place = place(grid.column());
                    numbers.push(place);
                    Some(place)
                }
                KeySource::Hour
                | KeySource::HourOfWeek
                | KeySource::TargetCountry
                | KeySource::RequesterCountry => None,
            })
            .collect();
        for name in logs.filter.iter().flat_map(|filter| filter.columns()) {
            place(logs.column(name));
        }
        Self { names, requester, target, requested_at, keys, numbers }
    }

    /// No column at all.
    pub(super) const fn nothing() -> Self {
        Self {
            names: Vec::new(),
            requester: 0,
            target: 0,
            requested_at: 0,
            keys: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// Columns by name, none of which is needed or means anything yet.
    pub(super) fn some(names: Vec<String>) -> Self {
        let nowhere = usize::MAX;
        Self {
            names,
            requester: nowhere,
            target: nowhere,
            requested_at: nowhere,
            ..Self::nothing()
        }
    }

    /// The time column alone.
    pub(super) fn only_time(&self) -> Self {
        Self { names: vec![self.names[self.requested_at].clone()], ..Self::nothing() }
    }

    /// Whether a column says who asked, or about whom.
    #[inline(always)]
    pub(super) fn is_identifier(&self, place: usize) -> bool {
        place == self.requester || place == self.target
    }

    /// The columns that every file must have.
    pub(super) fn required(&self) -> [usize; 3] {
        [self.requester, self.target, self.requested_at]
    }

    /// Checks that a file has the required columns, and no wanted one twice. Says for each wanted
    /// column whether the file has it.
    pub(super) fn check_names(&self, file: &str, names: &[&str]) -> Result<Vec<bool>> {
        for (place, wanted) in self.names.iter().enumerate() {
            let times = names.iter().filter(|name| *name == wanted).count();
            if times > 1 {
                return Err(Error::input(format!(
                    "{file} has the column `{wanted}` {times} times"
                ))
                .help("give each column its own name"));
            }
            if times == 0 && self.required().contains(&place) {
                let has = names.iter().take(20).copied().collect::<Vec<_>>().join(", ");
                let near = names.iter().find(|name| strsim::jaro_winkler(wanted, name) > ALIKE);
                let near =
                    near.map_or_else(String::new, |near| format!("did you mean `{near}`? Or "));
                return Err(Error::input(format!("{file} has no column `{wanted}`"))
                    .help(format!("{near}map it in `[logs] columns`; the file has: {has}")));
            }
        }
        Ok(self.names.iter().map(|wanted| names.contains(&wanted.as_str())).collect())
    }

    /// Checks names and types against a schema.
    pub(super) fn check_schema(
        &self,
        file: &str,
        schema: &Schema,
        logs: &Logs,
    ) -> Result<Vec<bool>> {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let present = self.check_names(file, &names)?;
        for (place, name) in self.names.iter().enumerate() {
            let Some((_, field)) = schema.column_with_name(name) else { continue };
            let named = |error: Error| {
                let help = error.hint().unwrap_or_default().to_owned();
                Error::input(format!("{file}: {error}")).help(help)
            };
            self.check_type(place, field.data_type(), logs).map_err(named)?;
        }
        Ok(present)
    }

    fn check_type(&self, place: usize, data_type: &DataType, logs: &Logs) -> Result<()> {
        if place == self.requested_at {
            return time::check_type(data_type, logs);
        }
        let (is_readable, help) = if self.is_identifier(place) {
            (
                texts::can_identify(data_type),
                "write identifiers as text or whole numbers; in other types they are not exact",
            )
        } else if self.numbers.contains(&place) {
            (is_number(data_type), "numbers, and text that says numbers, can be added up")
        } else {
            (is_plain(data_type), "text, numbers and booleans can be read; nested values cannot")
        };
        if is_readable {
            return Ok(());
        }
        let name = &self.names[place];
        Err(Error::input(format!("the column `{name}` has the type {data_type}")).help(help))
    }
}

/// Whether values of a type have one obvious form as text.
pub(super) fn is_plain(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_plain(values),
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::Boolean
        | DataType::Null => true,
        other => other.is_primitive(),
    }
}

/// Whether a column of this type holds numbers, or text that may say some.
fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        other => is_plain(other) && (other.is_numeric() || !other.is_primitive()),
    }
}
