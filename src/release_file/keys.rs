//! Keys of published tables and their public lists of values.
//!
//! A [`Key`] is fixed before any log is read: its values come from the release file or from a list
//! shipped with the program, never from the data. Whatever a row holds beyond the list counts as
//! `other` (or `unknown` for the route), which every list therefore contains.

use std::collections::{BTreeMap, BTreeSet};

use super::logs::{Logs, PROTECTED};
use super::nearest::nearest;
use super::number::Grid;
use crate::phone::CallingCodes;
use crate::{Error, Result};

/// The value that stands for everything off a public list.
pub const OTHER: &str = "other";
/// The value of a route that the log does not state.
pub const UNKNOWN: &str = "unknown";
/// The routes, sorted.
pub const ROUTES: [&str; 3] = ["messenger", "sms", UNKNOWN];
/// What a log may call each route that it states, in small letters.
pub const ROUTE_WORDS: [(&str, [&str; 5]); 2] = [
    ("messenger", ["true", "1", "t", "yes", "messenger"]),
    ("sms", ["false", "0", "f", "no", "sms"]),
];
/// How many cells the tables of one question, and of all counts and shares together, may have: estimates
/// hold a few numbers for each cell of each class of requesters.
pub const MOST_CELLS: u64 = 1_000_000;

/// How like a known name a typed one must be to be taken for it.
pub(super) const ALIKE: f64 = 0.85;

/// The canonical column that holds a number.
const NUMBER: &str = "latency_ms";

/// The keys that need no list.
const BUILT_IN: [&str; 5] =
    ["hour", "hour_of_week", "target_country", "requester_country", "route"];

/// Refuses a country that no calling code has: its row would always be empty.
fn require_countries(name: &str, list: &BTreeSet<String>) -> Result<()> {
    let known = CallingCodes::shipped().countries();
    match list.iter().find(|code| *code != OTHER && !known.contains(&code.as_str())) {
        None => Ok(()),
        Some(code) => {
            let upper = code.to_uppercase();
            let help = if known.contains(&upper.as_str()) {
                format!("did you mean {upper}? Codes are in capitals")
            } else if upper == "UK" {
                "did you mean GB? So ISO 3166 calls the United Kingdom".to_owned()
            } else {
                "codes are those of ISO 3166, such as BR, DE, US".to_owned()
            };
            Err(Error::usage(format!("`[keys] {name}` lists `{code}`, which is no country"))
                .help(help))
        }
    }
}

/// Where the value of a key comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum KeySource {
    /// The local hour, 0 to 23.
    Hour,
    /// 24 times the weekday (Monday 0) plus the local hour.
    HourOfWeek,
    /// The country of the target's calling code.
    TargetCountry,
    /// The country of the requester's calling code.
    RequesterCountry,
    /// The canonical `app` column.
    App,
    /// The answer: messenger, sms or unknown.
    Route,
    /// A column of the log, by its name there.
    Column(String),
    /// A number of the row on a grid: never in `by`, but measured like a key.
    Number(Grid),
}

/// One key of a table, with its public list.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    name: String,
    source: KeySource,
    values: Vec<String>,
    fallback: u16,
}

impl Key {
    /// Its name in `by` and in the published columns.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its value comes from.
    pub const fn source(&self) -> &KeySource {
        &self.source
    }

    /// The public list, sorted; for the hours, the 24 hours of a day; for a grid, nothing.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// How many positions a row can have.
    pub fn size(&self) -> u64 {
        match &self.source {
            KeySource::Number(grid) => u64::from(grid.size()),
            _ => self.values.len() as u64,
        }
    }

    /// The position of the value that stands for everything else.
    pub const fn fallback(&self) -> u16 {
        self.fallback
    }

    /// Whether the key is one of the two hours.
    pub const fn is_hour(&self) -> bool {
        matches!(self.source, KeySource::Hour | KeySource::HourOfWeek)
    }

    /// Whether its published values say which weekday a day is.
    pub fn is_of_week(&self) -> bool {
        self.source == KeySource::HourOfWeek
    }

    /// The grid of a number; `None` for other keys.
    pub const fn grid(&self) -> Option<&Grid> {
        match &self.source {
            KeySource::Number(grid) => Some(grid),
            _ => None,
        }
    }

    fn listed(name: &str, source: KeySource, mut values: BTreeSet<String>) -> Result<Self> {
        let fallback = if source == KeySource::Route { UNKNOWN } else { OTHER };
        values.insert(fallback.to_owned());
        let values: Vec<String> = values.into_iter().collect();
        let position = values.iter().position(|value| value == fallback).unwrap_or(0);
        let too_many = || {
            Error::usage(format!("`[keys] {name}` lists {} values", values.len()))
                .help("a public list holds at most 65,534 values")
        };
        if values.len() > usize::from(u16::MAX) {
            return Err(too_many());
        }
        let fallback = u16::try_from(position).map_err(|_| too_many())?;
        Ok(Self { name: name.to_owned(), source, values, fallback })
    }

    /// The positions of a number, under a name of their own.
    pub(crate) fn number(name: String, grid: Grid) -> Self {
        let fallback = grid.none();
        Self { name, source: KeySource::Number(grid), values: Vec::new(), fallback }
    }

    fn hours(name: &str, source: KeySource) -> Self {
        let values = (0..24).map(|hour| hour.to_string()).collect();
        Self { name: name.to_owned(), source, values, fallback: 0 }
    }
}

/// The public lists of a release: `[keys]` checked.
#[derive(Debug, Clone)]
pub(crate) struct KeyLists {
    lists: BTreeMap<String, BTreeSet<String>>,
}

impl KeyLists {
    /// Checks `[keys]`.
    ///
    /// # Errors
    /// Usage, for a protected column, an empty list, or a value that is empty or given twice.
    pub(crate) fn parse(raw: &BTreeMap<String, Vec<String>>) -> Result<Self> {
        let mut lists = BTreeMap::new();
        for (name, values) in raw {
            let refuse = |detail: String| Error::usage(format!("`[keys] {name}` {detail}"));
            if PROTECTED.contains(&name.as_str()) {
                return Err(refuse("would publish a protected column".to_owned()).help(
                    "keys group people; use target_country, app, route or a column with few values",
                ));
            }
            if name == NUMBER {
                return Err(refuse("is a number, and no key".to_owned()).help(
                    "remove it from `[keys]`, and ask for `quantiles`, `mean` or `sum` of it",
                ));
            }
            if matches!(name.as_str(), "hour" | "hour_of_week" | "day" | "requested_at") {
                return Err(refuse("takes no list: its values are known".to_owned())
                    .help("remove it from `[keys]`"));
            }
            if values.is_empty() {
                return Err(refuse("is empty".to_owned()).help("list the values to count apart"));
            }
            let mut list = BTreeSet::new();
            for value in values {
                if value.is_empty() || !list.insert(value.clone()) {
                    return Err(refuse(format!("holds `{value}` twice, or an empty value"))
                        .help("list each value once; empty values count as `other`"));
                }
            }
            if name == "route" && !list.iter().all(|value| ROUTES.contains(&value.as_str())) {
                return Err(refuse("lists an unknown route".to_owned())
                    .help("routes are messenger, sms and unknown, whatever the log calls them"));
            }
            if name.ends_with("_country") {
                require_countries(name, &list)?;
            }
            lists.insert(name.clone(), list);
        }
        Ok(Self { lists })
    }

    /// Whether a key has this value on its list.
    pub(crate) fn has_value(&self, key: &str, value: &str) -> bool {
        key == "route" && ROUTES.contains(&value)
            || self.lists.get(key).is_some_and(|list| list.contains(value))
    }

    /// The names of the listed keys.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.lists.keys().map(String::as_str)
    }

    /// Finds the key that a question's `by` names.
    ///
    /// # Errors
    /// Usage, when the key has no public list, is protected, or needs phone numbers.
    pub(crate) fn key(&self, name: &str, question: &str, logs: &Logs) -> Result<Key> {
        let refuse = |detail: String| Error::usage(format!("question `{question}`: {detail}"));
        let country = |source: KeySource| -> Result<Key> {
            if !logs.identifier.are_numbers() {
                return Err(refuse(format!(
                    "`{name}` needs phone numbers, and `identifier` is \"opaque\""
                ))
                .help("remove the key, or set `identifier = \"e164\"`"));
            }
            let values = self.lists.get(name).cloned().unwrap_or_else(|| {
                CallingCodes::shipped().countries().iter().map(|code| (*code).to_owned()).collect()
            });
            Key::listed(name, source, values)
        };
        match name {
            "hour" => Ok(Key::hours(name, KeySource::Hour)),
            "hour_of_week" => Ok(Key::hours(name, KeySource::HourOfWeek)),
            "target_country" => country(KeySource::TargetCountry),
            "requester_country" => country(KeySource::RequesterCountry),
            "route" => Key::listed(name, KeySource::Route, ROUTES.map(str::to_owned).into()),
            _ if name.starts_with("target_prefix") || name.starts_with("requester_prefix") => {
                Err(refuse(format!("`{name}` has no public list of values"))
                    .help("write keys = \"private\" beside it, or use a country"))
            }
            _ if PROTECTED.contains(&name) => {
                Err(refuse(format!("`{name}` is protected and may not be a key"))
                    .help("keys group people; use target_country, app, route or a listed column"))
            }
            _ => {
                let Some(values) = self.lists.get(name).cloned() else {
                    let (what, help) = self.unlisted(name, logs);
                    return Err(refuse(what).help(help));
                };
                let source = match name {
                    "app" => KeySource::App,
                    _ => KeySource::Column(logs.column(name).to_owned()),
                };
                Key::listed(name, source, values)
            }
        }
    }

    /// Why a name without a list is no key, and what to write instead.
    fn unlisted(&self, name: &str, logs: &Logs) -> (String, String) {
        match name {
            "day" | "date" | "weekday" | "week" | "month" => (
                format!("`{name}` is no key: every table is of one day already"),
                format!("remove `{name}` from `by`; published tables have a column `date`"),
            ),
            "minute" | "second" => {
                (format!("`{name}` is no key"), "`hour` is the finest".to_owned())
            }
            NUMBER => (
                format!("`{name}` is a number, and no key"),
                "ask for `quantiles`, `mean` or `sum` of it, with `range`".to_owned(),
            ),
            _ => {
                let help = match name.contains([',', ' ']) {
                    true => {
                        "write each key in quotes of its own: by = [\"hour\", \"app\"]".to_owned()
                    }
                    false => self.instead_of(name, logs),
                };
                (format!("the key `{name}` has no public list of values"), help)
            }
        }
    }

    /// What to write in place of a key that has no list.
    fn instead_of(&self, name: &str, logs: &Logs) -> String {
        let built_in = || {
            let has_countries = logs.identifier.are_numbers();
            BUILT_IN.into_iter().filter(move |key| has_countries || !key.ends_with("_country"))
        };
        let known: BTreeSet<&str> = built_in().chain(self.names()).collect();
        // What the log itself calls a key, or what a key ends with.
        let is_read = |known: &&str| logs.columns().reads(known).contains(&name);
        let is_end = |known: &&str| known.ends_with(&format!("_{name}"));
        let near = known.iter().copied().find(is_read);
        let near = near
            .or_else(|| nearest(name, known.iter().copied(), ALIKE))
            .or_else(|| built_in().find(is_end))
            .map_or_else(|| "the".to_owned(), |near| format!("did you mean `{near}`? The"));
        let known: Vec<&str> = known.into_iter().collect();
        format!(
            "{near} keys that have one are {}; for a column `{name}` of the log write [keys] {name} = \
             [\"…\", \"…\"], and all else counts as `other`",
            known.join(", ")
        )
    }
}
