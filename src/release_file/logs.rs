//! Where the logs are and how to read a row of them: `[logs]` checked.

use std::path::Path;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::columns::{Columns, Made};
use super::day::parse_zone;
use super::day_names::DayNames;
use super::dialect::Dialect;
use super::expression::Condition;
use super::nearest::nearest;
use super::parse::Lines;
use super::place::Place;
use super::raw::{RawExpect, RawLogs};
use super::region;
use super::time_format::TimeFormats;
use crate::phone::Normaliser;
use crate::{Error, Result};

/// The columns of the canonical lookup that a log may map.
pub const CANONICAL: [&str; 7] =
    ["requester", "target", "requested_at", "client_ip", "app", "route", "latency_ms"];

/// Columns whose values identify a person; never keys, filters or published values.
pub const PROTECTED: [&str; 3] = ["requester", "target", "client_ip"];

/// The unit of integer and decimal epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

impl TimeUnit {
    /// The word in a release file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
        }
    }

    fn parse(word: &str) -> Result<Self> {
        match word {
            "s" => Ok(Self::Seconds),
            "ms" => Ok(Self::Milliseconds),
            "us" => Ok(Self::Microseconds),
            "ns" => Ok(Self::Nanoseconds),
            other => Err(Error::usage(format!("`[logs] time_unit` is `{other}`, which is no unit"))
                .help("write \"s\", \"ms\", \"us\" or \"ns\": 1772445903 is in seconds, 1772445903250 in \"ms\"")),
        }
    }
}

/// What requesters and targets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identifier {
    /// Phone numbers, normalised to E.164.
    E164,
    /// Phone numbers that stand in E.164 already: text in another spelling is no number.
    E164Exact,
    /// Text that is compared as it stands.
    Opaque,
}

impl Identifier {
    /// The word in a release file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::E164 => "e164",
            Self::E164Exact => "e164-exact",
            Self::Opaque => "opaque",
        }
    }

    /// Whether people are phone numbers, which have countries and prefixes.
    pub const fn are_numbers(self) -> bool {
        matches!(self, Self::E164 | Self::E164Exact)
    }

    fn parse(word: Option<&str>) -> Result<Self> {
        match word {
            None | Some("e164") => Ok(Self::E164),
            Some("e164-exact") => Ok(Self::E164Exact),
            Some("opaque") => Ok(Self::Opaque),
            Some(other) => Err(Error::usage(format!(
                "`[logs] identifier` is `{other}`, which is no kind of identifier"
            ))
            .help(
                "write \"e164\" for phone numbers, such as +436641234567, \"e164-exact\" if each stands \
                 in exactly that form, or \"opaque\" for names, addresses and the like",
            )),
        }
    }
}

/// `[logs]`, checked.
#[derive(Debug, Clone)]
pub struct Logs {
    /// Where the files are; for a table its name behind `table://`, which no folder has.
    pub place: Place,
    /// The parts of the name of a table on a cluster, which is read in place of files.
    pub table: Option<Vec<String>>,
    /// The unit of numeric epochs, when declared.
    pub time_unit: Option<TimeUnit>,
    /// How times in text are written, where that is declared.
    pub time_formats: TimeFormats,
    /// The zone of times that name none, and of the days and hours in names.
    pub time_zone: TimeZone,
    /// The name of that zone.
    pub time_zone_name: String,
    /// The region of numbers without `+`.
    pub default_region: Option<String>,
    /// Phone numbers or opaque text.
    pub identifier: Identifier,
    /// Which rows count at all.
    pub filter: Option<Condition>,
    /// How long after its end a day stays open.
    pub settle: SignedDuration,
    /// Where names say of which day a file is.
    pub day_names: Option<DayNames>,
    /// What a whole day's files look like.
    pub expect: Option<Expect>,
    /// How text is divided into fields.
    pub dialect: Dialect,
    columns: Columns,
}

/// What the files of a whole day look like, judged by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// A folder `hour=HH` for each hour of the day: 24, or 23 and 25 when the clock changes.
    EveryHour,
    /// This many files for each day that names say.
    FilesPerDay(u32),
}

impl Expect {
    fn parse(raw: &RawExpect, day_names: Option<&DayNames>) -> Result<Self> {
        let Some(day_names) = day_names else {
            return Err(Error::usage("`[logs] expect` needs `day_folder` or `day_file`").help(
                "which files belong to a day follows only from names: set day_folder = \"day\" for folders \
                 called day=2026-01-05, or day_file = true for files called by their day",
            ));
        };
        match (raw.hours, raw.files_per_day) {
            (Some(24), None) if *day_names == DayNames::File => Err(Error::usage(
                "`[logs] expect` asks for folders of hours, and `day_file` is set",
            )
            .help("if each hour has a file, write expect = { files_per_day = 24 }")),
            (Some(24), None) => Ok(Self::EveryHour),
            (None, Some(files)) if files > 0 => Ok(Self::FilesPerDay(files)),
            _ => Err(Error::usage("`[logs] expect` cannot be used as it is")
                .help("write expect = { hours = 24 } or expect = { files_per_day = 4 }")),
        }
    }
}

impl Logs {
    /// Checks `[logs]`; `listed` names the keys of the release's own lists.
    pub(crate) fn parse<'a>(
        raw: RawLogs,
        folder: &Path,
        listed: impl Iterator<Item = &'a str>,
        lines: &Lines<'_>,
    ) -> Result<Self> {
        refuse_unavailable(&raw)?;
        let listed: Vec<&str> = listed.collect();
        for name in raw.columns.keys() {
            check_canonical(name, &listed)?;
        }
        let identifier = Identifier::parse(raw.identifier.as_deref())?;
        if identifier == Identifier::E164Exact && raw.default_region.is_some() {
            return Err(Error::usage(
                "`[logs] default_region` belongs to numbers that are dialled, and `identifier` is \"e164-exact\"",
            )
            .help("remove it, or set `identifier = \"e164\"`, which reads numbers however they are written"));
        }
        let can_be_made =
            |name: &str| ["app", "route"].contains(&name) || !CANONICAL.contains(&name);
        let columns = Columns::parse(&raw, can_be_made, lines)?;
        let dialect = Dialect::parse(&raw, &columns, lines)?;
        let time_formats = TimeFormats::parse(&raw, lines)?;
        let day_names = DayNames::parse(&raw)?;
        let expected = |raw: &RawExpect| Expect::parse(raw, day_names.as_ref());
        let zone_name = raw.time_zone.unwrap_or_else(|| "UTC".to_owned());
        let table = raw.table.as_deref().map(table_of).transpose()?;
        let logs = Self {
            place: place_of(raw.path, raw.table.as_deref(), folder)?,
            table,
            time_unit: raw.time_unit.as_deref().map(TimeUnit::parse).transpose()?,
            time_formats,
            time_zone: parse_zone(&zone_name, "[logs] time_zone")?,
            time_zone_name: zone_name,
            default_region: region::chosen(raw.default_region)?,
            identifier,
            filter: raw
                .filter
                .as_deref()
                .map(|text| Condition::parse(text, "[logs] where"))
                .transpose()?,
            settle: raw.settle.as_deref().map_or(Ok(SignedDuration::ZERO), parse_settle)?,
            expect: raw.expect.as_ref().map(expected).transpose()?,
            day_names,
            dialect,
            columns,
        };
        logs.refuse_protected(&listed)?;
        Ok(logs)
    }

    /// What reads requesters and targets; `None` if they are compared as they stand. One for each thread.
    ///
    /// # Errors
    /// Usage, when the default region is no region with a calling code.
    pub fn normaliser(&self) -> Result<Option<Normaliser>> {
        match self.identifier {
            Identifier::E164 => Normaliser::new(self.default_region.as_deref()).map(Some),
            Identifier::E164Exact => Normaliser::exact().map(Some),
            Identifier::Opaque => Ok(None),
        }
    }

    /// The name in the log of a canonical column or listed key; the address of one that is made.
    pub fn column<'a>(&'a self, canonical: &'a str) -> &'a str {
        self.columns.address(canonical)
    }

    /// What a canonical column or listed key is read from, as messages and ledgers have it.
    pub fn shown<'a>(&'a self, canonical: &'a str) -> &'a str {
        self.columns.shown(canonical)
    }

    /// How what stands at an address is made; `None` for a column of the log.
    pub fn made(&self, address: &str) -> Option<&Made> {
        self.columns.made(address)
    }

    /// The mapping.
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Whether a protected column or the time is read from this column of the log.
    pub fn is_hidden(&self, column: &str) -> bool {
        let reads = |name: &&str| self.columns.reads(name).contains(&column);
        PROTECTED.iter().chain(&["requested_at"]).any(reads)
    }

    /// A protected column must not come back under another name.
    fn refuse_protected(&self, listed: &[&str]) -> Result<()> {
        if self.column("requester") == self.column("target") {
            return Err(Error::usage(format!(
                "`[logs] columns` reads both `requester` and `target` from the column `{}`",
                self.shown("target")
            ))
            .help("one column says who asks, and another one about whom"));
        }
        let hidden = |column: &str| PROTECTED.iter().any(|name| self.column(name) == column);
        let open = CANONICAL.iter().filter(|name| !PROTECTED.contains(name)).chain(listed);
        for name in open {
            if self.columns.reads(name).into_iter().any(hidden) {
                return Err(Error::usage(format!("`{name}` would read a protected column"))
                    .help("requester, target and client_ip may not be read as anything else"));
            }
        }
        let Some(filter) = &self.filter else { return Ok(()) };
        for name in filter.columns_read() {
            if self.columns.reads(name).into_iter().any(|column| self.is_hidden(column)) {
                return Err(Error::usage(format!("`[logs] where` reads `{name}`")).help(
                    "requester, target, client_ip and requested_at may only be tested with IS NULL",
                ));
            }
        }
        Ok(())
    }
}

/// Where logs are, of which a release file names a path or a table.
fn place_of(path: Option<String>, table: Option<&str>, folder: &Path) -> Result<Place> {
    let folder = folder.to_path_buf();
    match (path, table) {
        (Some(path), None) if !path.is_empty() => Ok(Place { folder, glob: path }),
        (None, Some(table)) => Ok(Place { folder, glob: format!("table://{table}") }),
        (Some(_), Some(_)) => Err(Error::usage("`[logs] table` stands beside `path`").help(
            "keep the one that is meant: files, or a table of the cluster that `[engine]` names",
        )),
        (path, None) => {
            let what = if path.is_some() { "empty" } else { "missing" };
            Err(Error::usage(format!("`[logs] path` is {what}"))
                .help("give a file, a folder or a glob such as \"lookups/**/*.parquet\""))
        }
    }
}

/// The parts of the name of a table.
fn table_of(name: &str) -> Result<Vec<String>> {
    let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
    if parts.iter().any(String::is_empty) || parts.len() > 4 {
        return Err(Error::usage(format!("`[logs] table` is `{name}`, which names no table"))
            .help("write its name with those of its catalog and schema, such as \"lake.calls.lookups\""));
    }
    Ok(parts)
}

fn parse_settle(text: &str) -> Result<SignedDuration> {
    let refuse = |why: &str| {
        Error::usage(format!("`[logs] settle` is `{text}`, which is {why}"))
            .help("write a duration such as \"2h\" or \"90m\", from \"0s\" to 366 days")
    };
    match text.parse::<SignedDuration>() {
        Err(_) => Err(refuse("no duration")),
        Ok(settle) if settle.is_negative() => Err(refuse("below zero")),
        Ok(settle) if settle.as_hours() > 24 * 366 => Err(refuse("more than 366 days")),
        Ok(settle) => Ok(settle),
    }
}

fn check_canonical(name: &str, listed: &[&str]) -> Result<()> {
    if CANONICAL.contains(&name) || listed.contains(&name) {
        return Ok(());
    }
    let help = match nearest(name, CANONICAL.iter().chain(listed).copied(), 0.7) {
        Some(known) => format!("did you mean `{known}`?"),
        None => {
            format!("the left side is one of {}, or a key listed in `[keys]`", CANONICAL.join(", "))
        }
    };
    Err(Error::usage(format!("`[logs] columns` maps an unknown column `{name}`")).help(help))
}

fn refuse_unavailable(raw: &RawLogs) -> Result<()> {
    match raw.collapse {
        None => Ok(()),
        Some(_) => {
            Err(Error::usage("`[logs] collapse` is not available yet").help("remove the field"))
        }
    }
}
