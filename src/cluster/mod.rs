//! Rows that lie on a cluster → the statements that tally them there.
//!
//! The cluster reads, keeps, bounds and adds up, and returns exact sums. The look, the noise, the ledger and
//! what is published never leave this program, because a cluster repeats tasks at will and must never
//! draw noise. The statements return the same integers as [`crate::engine`]: both take their constants from
//! [`crate::plan::kinds`] and the places of keys from [`crate::plan`].
//!
//! Deliberately not here: rows. No statement returns one, or an identifier.

mod bounding;
mod cells;
#[cfg(feature = "spark")]
mod checked;
#[cfg(feature = "spark")]
mod connect;
#[cfg(feature = "spark")]
mod day;
#[cfg(feature = "spark")]
mod failure;
mod lookups;
mod persons;
mod positions;
mod prefixes;
mod quote;
mod statements;
mod supported;
#[cfg(feature = "spark")]
mod table;
#[cfg(feature = "spark")]
mod token;

pub use cells::TOTALS;
#[cfg(all(test, feature = "spark"))]
pub(crate) use day::session_for_test;
#[cfg(feature = "spark")]
pub use day::{ClusterDay, ClusterFile, ClusterLogs};
pub use lookups::{Role, columns, path};
pub use statements::{Check, Statement, statements, weights};
pub use supported::require_supported;

/// What a session is set to before it is asked: that no number overflows in silence, that instants are those
/// of UTC, that names are as they are spelled, that every file is read or the query fails, and that a text is
/// no variable.
pub const SETTINGS: [(&str, &str); 10] = [
    ("spark.sql.ansi.enabled", "true"),
    ("spark.sql.session.timeZone", "UTC"),
    ("spark.sql.caseSensitive", "true"),
    ("spark.sql.decimalOperations.allowPrecisionLoss", "true"),
    ("spark.sql.files.ignoreCorruptFiles", "false"),
    ("spark.sql.files.ignoreMissingFiles", "false"),
    ("spark.sql.parquet.datetimeRebaseModeInRead", "CORRECTED"),
    ("spark.sql.parquet.int96RebaseModeInRead", "CORRECTED"),
    ("spark.sql.parquet.mergeSchema", "true"),
    ("spark.sql.variable.substitute", "false"),
];
