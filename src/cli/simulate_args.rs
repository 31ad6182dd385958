//! The arguments of `simulate`.

use std::path::PathBuf;

use clap::Args;

use crate::simulate::Format;

/// The arguments of `simulate`.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The folder to write to; it gets one folder per UTC day
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The number of days
    #[arg(long, default_value_t = 7)]
    pub(crate) days: u32,
    /// The exact number of lookups of each day
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) lookups_per_day: u64,
    /// The number of requesters
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) requesters: u64,
    /// The seed; the same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The first day
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2026-01-01")]
    pub(crate) start: String,
    /// The format of the files
    #[arg(long, value_enum, default_value_t = Format::Parquet)]
    pub(crate) format: Format,
}
