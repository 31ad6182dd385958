//! One day of logs on a cluster: opened and listed before the reservation, tallied after it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use spark_connect_proto::data_type::Kind;

use super::checked::{Sums, Totals, prefix_weights, wrong};
use super::connect::Connection;
use super::lookups::{Role, columns, files, header};
use super::statements::{Check, statements, weights};
use super::supported::require_supported;
use super::table::{Listing, description, files_beside};
use crate::aggregate::{Adding, ExactTally, PrefixTally};
use crate::engine::Tallies;
use crate::plan::{Layout, Plan};
use crate::release_file::ReleaseFile;
use crate::release_file::day::DayBounds;
use crate::release_file::day_names::DayNames;
use crate::release_file::engine::Engine;
use crate::release_file::logs::Logs;
use crate::release_file::prefix::Prefix;
use crate::release_file::unit::Exempt;
use crate::{Error, Result};

/// A file of the logs, by what the cluster says of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterFile {
    /// Where it lies.
    pub path: String,
    /// How long it is, in bytes.
    pub size: i64,
    /// When it was written, in UTC microseconds.
    pub changed_at: i64,
}

/// The logs of one day on a cluster, of which no row was read yet.
pub struct ClusterLogs {
    connection: Connection,
    release_file: ReleaseFile,
    bounds: DayBounds,
    listing: Listing,
    files: Vec<ClusterFile>,
}

/// The rows of one day on a cluster. Secret.
pub struct ClusterDay {
    logs: ClusterLogs,
    layout: Layout,
    /// What the look returned.
    look: Sums,
    totals: Totals,
}

impl ClusterLogs {
    /// Connects, and checks the columns and lists the files of the logs.
    ///
    /// # Privacy
    /// Names, types, sizes and times of files are asked for, and no row.
    ///
    /// # Errors
    /// Usage, for a release file that a cluster cannot be asked; input, for a column that is missing or of
    /// another type; I/O.
    pub fn open(
        release_file: &ReleaseFile,
        engine: &Engine,
        bounds: &DayBounds,
        first: &Plan,
        stop: Box<dyn Fn() -> Result<()>>,
    ) -> Result<Self> {
        require_supported(release_file, first)?;
        let tag = format!("pointillist-{}-{}", release_file.name, bounds.day());
        let connection = Connection::open(engine, &tag, stop)?;
        let (release_file, bounds) = (release_file.clone(), bounds.clone());
        let (listing, files) = (Listing::Rows, Vec::new());
        let mut logs = Self { connection, release_file, bounds, listing, files };
        logs.listing = logs.listing()?;
        logs.require_columns(&first.layout)?;
        logs.files = logs.list()?;
        logs.require_dates()?;
        logs.require_own_columns(&first.layout)?;
        Ok(logs)
    }

    /// The files, in the order of their paths.
    pub fn files(&self) -> &[ClusterFile] {
        &self.files
    }

    /// What the release file says of these logs.
    pub const fn settings(&self) -> &Logs {
        &self.release_file.logs
    }

    /// Asks for the look.
    ///
    /// # Privacy
    /// From here on rows are read, so the day must be reserved.
    ///
    /// # Errors
    /// Input, when the answer cannot be right; I/O; stopped.
    pub fn gather(self, first: &Plan) -> Result<ClusterDay> {
        let (mut look, mut totals) = (Sums::new(first), None);
        for statement in statements(&self.release_file, first, &self.bounds)? {
            let answer = self.connection.answer(&statement.name, &statement.sql)?;
            let counted = look.take(&statement, &answer)?;
            if statement.check == Check::Look {
                let place = statement.tables.first().copied().unwrap_or(0);
                let of_day = Totals::of_look(&look, place, counted)?;
                look.require(&statement, first, &of_day)?;
                totals = Some(of_day);
            }
        }
        let totals = totals.ok_or_else(|| Error::internal("a look has no statement"))?;
        Ok(ClusterDay { logs: self, layout: first.layout.clone(), look, totals })
    }

    /// How a table lists its files; files by a path are listed by their rows.
    fn listing(&self) -> Result<Listing> {
        let Some(table) = &self.release_file.logs.table else { return Ok(Listing::Rows) };
        let mut facts = Vec::new();
        for batch in self.connection.answer("what the table is", &description(table))? {
            let [names, values] = ["col_name", "data_type"].map(|name| texts(&batch, name));
            let (names, values) = (names?, values?);
            facts.extend(names.into_iter().zip(values));
        }
        Listing::of(&facts)
    }

    /// The files of the day.
    fn list(&self) -> Result<Vec<ClusterFile>> {
        match (&self.release_file.logs.table, self.listing) {
            (Some(table), Listing::Beside) => {
                self.listed(&files_beside(table, &self.release_file, &self.bounds))
            }
            _ => self.listed(&files(&self.release_file, Some(&self.bounds))),
        }
    }

    fn listed(&self, sql: &str) -> Result<Vec<ClusterFile>> {
        let mut listed = Vec::new();
        for batch in self.connection.answer("the files of the logs", sql)? {
            let number = |name: &str| {
                let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
                (column.null_count() == 0).then_some(column)
            };
            let (Some(sizes), Some(times)) = (number("size"), number("changed_at")) else {
                return Err(wrong("other columns than it was asked for"));
            };
            let facts = sizes.values().iter().zip(times.values());
            let file = |(path, (size, changed_at)): (String, (&i64, &i64))| ClusterFile {
                path,
                size: *size,
                changed_at: *changed_at,
            };
            listed.extend(texts(&batch, "path")?.into_iter().zip(facts).map(file));
        }
        listed.sort();
        Ok(listed)
    }

    /// Where names of files say the day, refuses a name that holds no date or several, and a
    /// cluster that finds other files of the day than this program does.
    fn require_dates(&self) -> Result<()> {
        let Some(names @ DayNames::File) = &self.release_file.logs.day_names else { return Ok(()) };
        let days = self.bounds.days_in(&self.release_file.logs.time_zone);
        let mut of_day = Vec::new();
        for file in self.listed(&files(&self.release_file, None))? {
            let Some(day) = names.day_of(Path::new(&file.path)) else {
                return Err(Error::usage("`[logs] day_file` is given, and the name of a file holds no date, or two")
                    .help("such files are read for each day here, which a cluster cannot be asked yet: move them away"));
            };
            of_day.extend(days.contains(&day).then_some(file));
        }
        of_day.sort();
        if of_day == self.files { Ok(()) } else { Err(wrong("other files than those of the day")) }
    }

    /// Refuses a column that the logs do not have, or whose values engines read differently.
    fn require_columns(&self, layout: &Layout) -> Result<()> {
        let wanted = columns(&self.release_file, layout);
        let there = self.connection.columns(&header(&self.release_file, &wanted))?;
        let there: BTreeMap<&str, &Kind> =
            there.iter().map(|(name, kind)| (name.as_str(), kind)).collect();
        let is_utc = self.release_file.logs.time_zone_name.eq_ignore_ascii_case("utc");
        for (name, role) in &wanted {
            let is_read = there.get(name.as_str()).is_some_and(|it| is_read(it, *role, is_utc));
            if !is_read {
                return Err(Error::input(format!(
                    "the column `{name}` has a type that a cluster cannot be asked about yet"
                ))
                .help(match role {
                    Role::Identifier => "requesters and targets are text or whole numbers",
                    Role::Timestamp => {
                        "times are timestamps, or whole numbers with `[logs] time_unit`; a timestamp \
                         without a zone is read as UTC alone"
                    }
                    Role::Epoch => "with `[logs] time_unit` times are whole numbers",
                    Role::Text => "keys and conditions are of text, whole numbers or booleans",
                    Role::Number => "numbers are whole or floats, no decimals and no text",
                }));
            }
        }
        Ok(())
    }

    /// Refuses folders that would stand in place of a column: a cluster reads `app=calls` as a value.
    fn require_own_columns(&self, layout: &Layout) -> Result<()> {
        // The columns that a table is divided by are its own.
        if self.release_file.logs.table.is_some() {
            return Ok(());
        }
        let wanted = columns(&self.release_file, layout);
        let folders = self.files.iter().flat_map(|file| file.path.split('/').rev().skip(1));
        let keys = folders.filter_map(|folder| folder.split_once('=')).map(|(key, _)| key);
        let clash = keys.into_iter().find(|key| wanted.iter().any(|(name, _)| name == key));
        match clash {
            Some(key) => Err(Error::input(format!(
                "the logs have folders `{key}=…`, which a cluster reads instead of the column `{key}`"
            ))
            .help("name the folders otherwise, or read the column under another name")),
            None => Ok(()),
        }
    }
}

/// Has a cluster run statements as they are.
#[cfg(test)]
pub(crate) fn session_for_test(engine: &Engine) -> impl Fn(&str) {
    let connection = Connection::open(engine, "pointillist-test", Box::new(|| Ok(()))).unwrap();
    move |sql| drop(connection.answer("a statement", sql).unwrap())
}

/// A column of texts.
fn texts(batch: &RecordBatch, name: &str) -> Result<Vec<String>> {
    let column = batch.column_by_name(name);
    let column = column.map(|column| arrow_cast::cast(column, &arrow_schema::DataType::Utf8));
    let Some(Ok(column)) = column else {
        return Err(wrong("other columns than it was asked for"));
    };
    let column = column.as_string::<i32>().iter();
    Ok(column.map(|text| text.unwrap_or_default().to_owned()).collect())
}

/// Whether values of a type are read on a cluster as they are here.
fn is_read(kind: &Kind, role: Role, is_utc: bool) -> bool {
    let is_whole =
        matches!(kind, Kind::Byte(_) | Kind::Short(_) | Kind::Integer(_) | Kind::Long(_));
    match (role, kind) {
        (Role::Identifier, Kind::Decimal(decimal)) => decimal.scale() == 0,
        (Role::Identifier | Role::Text, Kind::String(_))
        | (Role::Text, Kind::Boolean(_))
        | (Role::Timestamp, Kind::Timestamp(_))
        | (Role::Number, Kind::Float(_) | Kind::Double(_)) => true,
        (Role::Timestamp, Kind::TimestampNtz(_)) => is_utc,
        (Role::Identifier | Role::Text | Role::Epoch | Role::Number, _) => is_whole,
        (Role::Timestamp, _) => false,
    }
}

impl Tallies for ClusterDay {
    fn tally(&mut self, plan: &Plan, _: &Exempt) -> Result<ExactTally> {
        require_supported(&self.logs.release_file, plan)?;
        let mut sums = Sums::new(plan);
        for statement in statements(&self.logs.release_file, plan, &self.logs.bounds)? {
            if statement.check == Check::Look {
                sums.0.clone_from(&self.look.0);
                continue;
            }
            let answer = self.logs.connection.answer(&statement.name, &statement.sql)?;
            sums.take(&statement, &answer)?;
            sums.require(&statement, plan, &self.totals)?;
        }
        // Both steps of a day, and all of their statements, must have read the same files.
        if self.logs.list()? != self.logs.files {
            return Err(Error::input("the log files changed while the cluster read them").help(
                "wait until they are whole, and run again: if nothing was drawn yet, the day is reserved again; else \
                 its noise is good for the files of its reservation alone, and these must be restored",
            ));
        }
        let mut adding = Adding::new(&plan.sizes());
        for (table, sums) in sums.0.iter().enumerate() {
            for (cell, steps) in (0..).zip(sums) {
                adding.add(table, cell, steps.unwrap_or(0));
            }
        }
        Ok(adding.finish())
    }

    fn prefix_weights(&self, prefix: Prefix, found: &BTreeSet<u64>) -> Result<PrefixTally> {
        let ClusterLogs { connection, release_file, bounds, .. } = &self.logs;
        let statement = weights(release_file, &self.layout, bounds, prefix, found)?;
        let answer = connection.answer(&statement.name, &statement.sql)?;
        prefix_weights(&answer, prefix, found, &self.totals)
    }
}
