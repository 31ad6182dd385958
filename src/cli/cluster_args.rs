//! The arguments that are about a cluster, with their help.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The arguments of `sql`.
#[derive(Debug, Args)]
pub(crate) struct Sql {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// The day, in the ledger's time zone [default: the last one that is closed]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) day: Option<String>,
    /// The load that the look shows, which decides what is asked then
    #[command(flatten)]
    pub(crate) load: Expected,
}

/// The expected load of a day.
#[derive(Debug, Args)]
pub(crate) struct Expected {
    /// Expected lookups per day
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) lookups: u64,
    /// Expected requesters per day [default: lookups / 10]
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requesters: Option<u64>,
}

/// The engine of a run.
#[derive(Debug, Args)]
pub(crate) struct EnginePlace {
    /// Where rows are read and tallied [default: here, or the cluster of `[engine]`]
    #[arg(long, value_enum)]
    pub(crate) engine: Option<EngineName>,
    /// The cluster's place, such as sc://host:15002, instead of the one that the release file names
    #[arg(long, value_name = "URL", requires = "engine")]
    pub(crate) remote: Option<String>,
}

/// Where rows are read and tallied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// On this machine
    Here,
    /// On a Spark cluster
    Spark,
}
