//! A table by its name: what the cluster says that it is, and which files it consists of.
//!
//! The ledger recognises logs by their files, which each kind of table lists in its own way. Tables
//! of Parquet files and of Delta show the file of each row in a hidden column. Iceberg has, beside
//! each table, a table of its files, which never change. A table that cannot list its files is
//! refused by the name of its provider.

use super::quote::{name, names, text};
use crate::release_file::ReleaseFile;
use crate::release_file::day::DayBounds;
use crate::release_file::day_names::DayNames;
use crate::{Error, Result};

/// How a table lists its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    /// By the hidden column of their rows.
    Rows,
    /// By the table of files beside it.
    Beside,
}

impl Listing {
    /// How a table lists its files, by its description: pairs of a fact and its value, after the
    /// columns.
    ///
    /// # Errors
    /// Usage, for what cannot list its files.
    pub(super) fn of(description: &[(String, String)]) -> Result<Self> {
        // A column may have the name of a fact, so the columns are passed over.
        let facts = description.iter().skip_while(|(fact, _)| !fact.starts_with("# Detailed"));
        let provider = facts.clone().find(|(fact, _)| fact == "Provider");
        let kind = facts.clone().find(|(fact, _)| fact == "Type");
        let is_view = kind.is_some_and(|(_, kind)| kind.contains("VIEW"));
        match provider.map(|(_, provider)| provider.to_ascii_lowercase()).as_deref() {
            Some("parquet" | "delta") if !is_view => Ok(Self::Rows),
            Some("iceberg") if !is_view => Ok(Self::Beside),
            Some(other) if !is_view => {
                let other: String = other.chars().filter(char::is_ascii_alphanumeric).collect();
                refuse(&format!("is a table of `{other}`"))
            }
            _ => refuse("is a view, or says nothing of how it is stored"),
        }
    }
}

fn refuse(what: &str) -> Result<Listing> {
    Err(Error::usage(format!("`[logs] table` {what}, which a cluster cannot be asked yet")).help(
        "name a table of Parquet, Delta or Iceberg: the ledger recognises logs by their files",
    ))
}

/// The query of what a table is.
pub(super) fn description(table: &[String]) -> String {
    format!("DESCRIBE TABLE EXTENDED {}", names(table))
}

/// The query of the table of files beside a table; of the day alone if that is part of its
/// partitions.
pub(super) fn files_beside(
    table: &[String],
    release_file: &ReleaseFile,
    bounds: &DayBounds,
) -> String {
    let of_day = match &release_file.logs.day_names {
        Some(DayNames::Folder(key)) => {
            let days: Vec<String> = bounds
                .days_in(&release_file.logs.time_zone)
                .iter()
                .map(|day| text(&day.to_string()))
                .collect();
            format!("\nWHERE CAST(partition.{} AS STRING) IN ({})", name(key), days.join(", "))
        }
        _ => String::new(),
    };
    format!(
        "SELECT file_path AS path, file_size_in_bytes AS size, 0L AS changed_at\nFROM {}.files{of_day}",
        names(table)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(facts: &[(&str, &str)]) -> Result<Listing> {
        let columns = [
            ("Provider", "string"),
            ("Type", "string"),
            ("", ""),
            ("# Detailed Table Information", ""),
        ];
        let rows = columns.iter().chain(facts);
        let rows: Vec<(String, String)> =
            rows.map(|(fact, value)| ((*fact).to_owned(), (*value).to_owned())).collect();
        Listing::of(&rows)
    }

    #[test]
    fn what_cannot_list_its_files_is_refused_by_its_name() {
        let managed = ("Type", "MANAGED");
        assert_eq!(listing(&[managed, ("Provider", "parquet")]).unwrap(), Listing::Rows);
        assert_eq!(listing(&[("Provider", "DELTA"), ("Type", "EXTERNAL")]).unwrap(), Listing::Rows);
        assert_eq!(listing(&[("Provider", "iceberg")]).unwrap(), Listing::Beside);
        for (facts, named) in [
            (&[managed, ("Provider", "csv")][..], "`csv`"),
            (&[managed, ("Provider", "a`\nb")], "`ab`"),
            (&[("Type", "VIEW"), ("Provider", "parquet")], "view"),
            (&[("Type", "VIEW")], "view"),
            (&[], "view"),
        ] {
            let error = listing(facts).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
        assert!(Listing::of(&[("Provider".to_owned(), "parquet".to_owned())]).is_err());
    }

    #[test]
    fn no_part_of_a_name_ends_its_quotes() {
        let table = ["lake".to_owned(), "a`b".to_owned(), "x; DROP TABLE y".to_owned()];
        assert_eq!(description(&table), "DESCRIBE TABLE EXTENDED `lake`.`a``b`.`x; DROP TABLE y`");
    }
}
