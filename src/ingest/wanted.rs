//! Which columns of a log are read, under the names that they have there. The release file decides.
//!
//! Requester, target and time must be in every file; other columns may be absent from some, and count as null there.

use arrow_schema::{DataType, Schema};

use super::{nested, texts, time};
use crate::release_file::columns::Made;
use crate::release_file::keys::{Key, KeySource};
use crate::release_file::logs::{Identifier, Logs};
use crate::release_file::nearest::nearest;
use crate::{Error, Result};

/// How alike two names must be for one to be suggested.
pub(super) const ALIKE: f64 = 0.8;

/// The names that columns have when the release file does not say otherwise.
const CANONICAL: [&str; 3] = ["requester", "target", "requested_at"];

/// Where a file has the names of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// In a schema, behind a mark, or in the release file.
    Apart,
    /// In its first line, which is a row if nobody wrote names there.
    FirstLine,
}

/// The columns to read, each once.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) names: Vec<String>,
    pub(super) requester: usize,
    pub(super) target: usize,
    pub(super) requested_at: usize,
    /// For each key of the layout, the column that holds it, where one does.
    pub(super) keys: Vec<Option<usize>>,
    /// Whether identifiers are phone numbers and nothing but the numbers is wanted of them.
    pub(super) are_numbers: bool,
    /// The columns whose numbers are read.
    pub(super) numbers: Vec<usize>,
    /// Those among the names that are made from others.
    pub(super) derived: Vec<Derived>,
    /// Whether nothing but the time is read.
    pub(super) is_time_alone: bool,
}

/// A wanted column that the log does not have.
#[derive(Debug, Clone)]
pub(super) struct Derived {
    /// Its place among the wanted columns.
    pub(super) place: usize,
    /// The places of those that it is made from.
    pub(super) parts: Vec<usize>,
    pub(super) made: Made,
}

impl Wanted {
    pub(super) fn new(logs: &Logs, keys: &[Key]) -> Self {
        let mut wanted = Self::nothing();
        let mut place = |address: &str| wanted.place(logs, address);
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
        let are_numbers = logs.identifier != Identifier::Opaque;
        Self { requester, target, requested_at, keys, are_numbers, numbers, ..wanted }
    }

    /// The place of what stands at an address, and places for what it is made from.
    fn place(&mut self, logs: &Logs, address: &str) -> usize {
        if let Some(place) = self.names.iter().position(|name| name == address) {
            return place;
        }
        if let Some(made) = logs.made(address) {
            let parts = made.reads().iter().map(|column| self.place(logs, column)).collect();
            self.derived.push(Derived { place: self.names.len(), parts, made: made.clone() });
        }
        self.names.push(address.to_owned());
        self.names.len() - 1
    }

    /// No column at all.
    pub(super) const fn nothing() -> Self {
        Self {
            names: Vec::new(),
            requester: 0,
            target: 0,
            requested_at: 0,
            keys: Vec::new(),
            are_numbers: false,
            numbers: Vec::new(),
            derived: Vec::new(),
            is_time_alone: false,
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

    /// The same columns, identifiers as texts.
    pub(super) fn as_written(&self) -> Self {
        Self { are_numbers: false, ..self.clone() }
    }

    /// The time column alone.
    pub(super) fn only_time(&self, logs: &Logs) -> Self {
        let mut alone = Self { is_time_alone: true, ..Self::nothing() };
        alone.requested_at = alone.place(logs, &self.names[self.requested_at]);
        // The time column names nobody, so no column is one of identifiers.
        (alone.requester, alone.target) = (usize::MAX, usize::MAX);
        alone
    }

    /// The place of a wanted column, if the log has its name exactly once.
    pub(super) fn place_of(&self, name: &str, names: &[String]) -> Option<usize> {
        let place = self.names.iter().position(|wanted| wanted == name)?;
        let is_one = names.iter().filter(|other| *other == name).count() == 1;
        (is_one && !self.is_derived(place)).then_some(place)
    }

    /// For each wanted column whether a file with these names has it.
    pub(super) fn has(&self, names: &[String]) -> Vec<bool> {
        self.names.iter().map(|wanted| self.place_of(wanted, names).is_some()).collect()
    }

    /// Whether a column is made from others.
    pub(super) fn is_derived(&self, place: usize) -> bool {
        self.derived.iter().any(|derived| derived.place == place)
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

    /// Whether every file must have a column, for itself or for what is made from it.
    pub(super) fn is_needed(&self, place: usize) -> bool {
        let makes_one = |derived: &Derived| {
            self.required().contains(&derived.place) && derived.parts.contains(&place)
        };
        !self.is_derived(place)
            && (self.required().contains(&place) || self.derived.iter().any(makes_one))
    }

    /// The names of the columns that every file must have.
    pub(super) fn needed(&self) -> Vec<String> {
        let needed = (0..self.names.len()).filter(|place| self.is_needed(*place));
        needed.map(|place| self.names[place].clone()).collect()
    }

    /// Refuses a first line that lacks a needed column and looks like a row, and quotes none of it.
    pub(super) fn require_header(&self, file: &str, names: &[&str]) -> Result<()> {
        if self.needed().iter().all(|name| names.contains(&name.as_str())) {
            return Ok(());
        }
        let between =
            |names: &str| [';', '\t', '|', ',', ' '].into_iter().find(|it| names.contains(*it));
        if let ([one], Some(mark)) = (names, names.first().and_then(|one| between(one)))
            && !looks_like_value(one)
        {
            return Err(Error::input(format!("{file}: its header is a single name")).help(
                format!(
                    "if it has several, say what stands between them: `[logs] delimiter = {:?}`",
                    if mark == ' ' { "blanks".to_owned() } else { mark.to_string() }
                ),
            ));
        }
        if !names.iter().any(|name| looks_like_value(name)) {
            return Ok(());
        }
        Err(like_a_row(file))
    }

    /// Checks that a file has the required columns, and no wanted one twice. Says for each wanted
    /// column whether the file has it.
    pub(super) fn check_names(
        &self,
        file: &str,
        names: &[&str],
        stand: Stand,
    ) -> Result<Vec<bool>> {
        for (place, wanted) in self.names.iter().enumerate().filter(|it| !self.is_derived(it.0)) {
            let times = names.iter().filter(|name| *name == wanted).count();
            if times > 1 {
                return Err(Error::input(format!(
                    "{file} has the column `{wanted}` {times} times"
                ))
                .help("give each column its own name"));
            }
            if times == 0 && self.is_needed(place) {
                return Err(Error::input(format!("{file} has no column `{wanted}`"))
                    .help(self.help_with(wanted, names, stand)));
            }
        }
        let has =
            |place: usize| !self.is_derived(place) && names.contains(&self.names[place].as_str());
        Ok((0..self.names.len()).map(has).collect())
    }

    /// What to do about a column that a file does not have. Names in a first line that may be a row
    /// are shown only if one of them is known, or is the sought one with other capitals or marks.
    fn help_with(&self, wanted: &str, names: &[&str], stand: Stand) -> String {
        let is_known =
            |name: &&str| self.names.iter().any(|known| known == name) || CANONICAL.contains(name);
        let are_names = stand == Stand::Apart || names.iter().any(is_known);
        let all = names.iter().map(|name| (*name).to_owned()).collect();
        let is_shown = |name: &&str| !has_time(name) && nested::is_leaf(name, &all);
        let shown = || names.iter().copied().filter(is_shown);
        let mut unused = shown().filter(|name| !self.names.iter().any(|used| used == name));
        let near = match are_names {
            true => nearest(wanted, unused, ALIKE),
            false => {
                unused.find(|name| !letters(name).is_empty() && letters(name) == letters(wanted))
            }
        };
        let near = near.map_or_else(
            || "say in `[logs] columns` which column it is".to_owned(),
            |near| format!("did you mean `{near}`? Say so in `[logs] columns`"),
        );
        if are_names {
            let has = shown().take(20).collect::<Vec<_>>().join(", ");
            return format!("{near}; the file has: {has}");
        }
        let other = "what its first line has is not shown, since it may be a row: look there, and if it is one, write \
                     `[logs] header = false` and columns by position, as in requester = 1";
        format!("{near}; {other}")
    }

    /// Checks names and types against a schema.
    pub(super) fn check_schema(
        &self,
        file: &str,
        schema: &Schema,
        logs: &Logs,
    ) -> Result<Vec<bool>> {
        let names = nested::names(schema.fields());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let present = self.check_names(file, &names, Stand::Apart)?;
        for (place, name) in self.names.iter().enumerate().filter(|it| !self.is_derived(it.0)) {
            let Some((_, field)) = nested::find(schema.fields(), name) else { continue };
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
            (
                texts::can_be_number(data_type),
                "numbers, and text that says numbers, can be added up",
            )
        } else {
            (
                texts::is_plain(data_type),
                "text, numbers and booleans can be read; nested values cannot",
            )
        };
        if is_readable {
            return Ok(());
        }
        let name = &self.names[place];
        Err(Error::input(format!("the column `{name}` has the type {data_type}")).help(help))
    }
}

/// The refusal of a first line that is no header. It quotes no word of the line.
pub(super) fn like_a_row(file: &str) -> Error {
    Error::input(format!("{file}: its first line looks like a row, not like a header")).help(
        "if the log has no header, write `[logs] header = false` and columns by position, as in \
         requester = 1, or header = [\"…\", \"…\"] with a name for each column; or name its delimiter",
    )
}

/// Whether a text is more like a value than like the name of a column: it begins like a number, or has
/// the digits of a time. Every record has a time.
pub(crate) fn looks_like_value(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 4
        || text
            .trim_start_matches(['+', '-', '.', '[', '"'])
            .starts_with(|first: char| first.is_ascii_digit())
}

/// A name without capitals and marks.
fn letters(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a name has the digits of a time or of a number. Every row has such a value and hardly
/// any header does, but for one that was joined with a row. No message shows such a name.
pub(super) fn has_time(name: &str) -> bool {
    name.bytes().filter(u8::is_ascii_digit).count() >= 6
}
