//! `[logs] columns`: where the log has what a lookup needs.
//!
//! A column of the log stands for itself. Some are made from others when a row is read: a time from a
//! date and a clock, a key from a constant or by a list of values. What is made has an address that
//! says how. It begins with a character that no column has, so that it can never be taken for one.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::Lines;
use super::raw::{RawColumn, RawLogs, RawPlace};
use crate::{Error, Result};

/// Where a value comes from that is no column of the log itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// The same for every row.
    Constant(String),
    /// A column's value, replaced; a value that is not listed becomes none.
    Mapped(String, BTreeMap<String, String>),
    /// The values of several columns with a space between them; none if one of them is none.
    Joined(Vec<String>),
}

impl Made {
    /// The columns of the log that it is made from.
    pub fn reads(&self) -> &[String] {
        match self {
            Self::Constant(_) => &[],
            Self::Mapped(column, _) => std::slice::from_ref(column),
            Self::Joined(columns) => columns,
        }
    }

    fn address(&self) -> String {
        let how = match self {
            Self::Constant(value) => format!("always {value:?}"),
            Self::Mapped(column, map) => format!("{column} by {map:?}"),
            Self::Joined(columns) => columns.join(" and "),
        };
        format!("{MADE}{how}")
    }
}

/// What addresses of made columns begin with.
const MADE: char = '\0';

/// The mapping, checked.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    addresses: BTreeMap<String, String>,
    made: BTreeMap<String, Made>,
}

impl Columns {
    /// Checks the mapping. `can_be_made` says which columns may have a constant or a list of values.
    pub(super) fn parse(
        raw: &RawLogs,
        can_be_made: impl Fn(&str) -> bool,
        lines: &Lines<'_>,
    ) -> Result<Self> {
        let mut columns = Self::default();
        for (name, given) in &raw.columns {
            let refuse = |what: &str, help: &str| {
                let what = format!("`[logs] columns.{name}` {what}");
                Err(lines.usage(given.span(), &what).help(help.to_owned()))
            };
            let made = match given.get_ref() {
                RawColumn::Place(place) => {
                    columns.addresses.insert(name.clone(), place.name());
                    continue;
                }
                RawColumn::Joined(parts) if name == "requested_at" && parts.len() > 1 => {
                    Made::Joined(parts.iter().map(RawPlace::name).collect())
                }
                RawColumn::Joined(_) => {
                    return refuse(
                        "joins columns",
                        "only `requested_at` has a list, of two or more, as in [\"date\", \"time\"]",
                    );
                }
                RawColumn::Constant(_) | RawColumn::Mapped(_) if !can_be_made(name) => {
                    return refuse(
                        "may only be a column of the log",
                        "constants and maps are for `app`, `route` and keys of `[keys]`",
                    );
                }
                RawColumn::Constant(made) => Made::Constant(made.value.clone()),
                RawColumn::Mapped(made) if made.map.is_empty() => {
                    return refuse(
                        "has an empty map",
                        "for example map = { \"1\" = \"messenger\" }",
                    );
                }
                RawColumn::Mapped(made) => Made::Mapped(made.column.name(), made.map.clone()),
            };
            columns.addresses.insert(name.clone(), made.address());
            columns.made.insert(made.address(), made);
        }
        Ok(columns)
    }

    /// Where a canonical column or a listed key is.
    pub fn address<'a>(&'a self, canonical: &'a str) -> &'a str {
        self.addresses.get(canonical).map_or(canonical, String::as_str)
    }

    /// What an address says to people, to a ledger and to a fingerprint.
    pub fn shown<'a>(&'a self, canonical: &'a str) -> &'a str {
        self.address(canonical).trim_start_matches(MADE)
    }

    /// How what stands at an address is made; `None` for a column of the log.
    pub fn made(&self, address: &str) -> Option<&Made> {
        self.made.get(address)
    }

    /// The columns of the log that a canonical column or a listed key is read from.
    pub fn reads<'a>(&'a self, canonical: &'a str) -> Vec<&'a str> {
        let address = self.address(canonical);
        match self.made(address) {
            Some(made) => made.reads().iter().map(String::as_str).collect(),
            None => vec![address],
        }
    }

    /// Whether a value comes from the log at all.
    pub(super) fn is_read(&self, canonical: &str) -> bool {
        !self.reads(canonical).is_empty()
    }

    /// The last position that is read.
    pub(super) fn last_position(&self) -> u16 {
        let reads = self.addresses.keys().flat_map(|name| self.reads(name));
        reads.filter_map(|column| column.parse().ok()).max().unwrap_or(0)
    }

    /// The left sides of the mapping.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.addresses.keys().map(String::as_str)
    }

    /// Refuses a constant or a value of a map that a key cannot have; `is_known` knows its values.
    pub(super) fn require_values(&self, is_known: impl Fn(&str, &str) -> bool) -> Result<()> {
        for (name, address) in &self.addresses {
            let values: BTreeSet<&String> = match self.made(address) {
                Some(Made::Constant(value)) => BTreeSet::from([value]),
                Some(Made::Mapped(_, map)) => map.values().collect(),
                Some(Made::Joined(_)) | None => continue,
            };
            if let Some(value) = values.into_iter().find(|value| !is_known(name, value)) {
                return Err(Error::usage(format!(
                    "`[logs] columns.{name}` gives the value `{value}`, which `{name}` does not have"
                ))
                .help("name a value of its list in `[keys]`; a route is messenger, sms or unknown"));
            }
        }
        Ok(())
    }
}

impl RawColumn {
    /// Whether it names columns by their positions; `false` for one that reads none.
    pub(super) fn has_positions(&self) -> bool {
        match self {
            Self::Place(place) => place.is_position(),
            Self::Mapped(made) => made.column.is_position(),
            Self::Joined(places) => places.iter().any(RawPlace::is_position),
            Self::Constant(_) => false,
        }
    }
}

impl RawPlace {
    const fn is_position(&self) -> bool {
        matches!(self, Self::Position(_))
    }

    fn name(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Position(position) => position.to_string(),
        }
    }
}
