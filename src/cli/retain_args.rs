//! Every argument of `retain` with its help; nothing is computed here.

use std::path::PathBuf;

use clap::Args;

/// The arguments of `retain`.
#[derive(Debug, Args)]
pub(crate) struct Retain {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// Delete from these logs instead of those that the release file names
    #[arg(long, value_name = "GLOB")]
    pub(crate) logs: Option<PathBuf>,
    /// Use this ledger instead of the one that the release file names
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Decide as if it were this instant, which must have passed unless for --dry-run, instead of now; a date is its
    /// start in the ledger's time zone
    #[arg(long, value_name = "T")]
    pub(crate) as_of: Option<String>,
    /// Show what would be deleted, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Release every closed day inside retention before anything is deleted
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) release_first: bool,
    /// Leave files alone that hold rows of days that were never released; they are listed as waiting
    #[arg(long)]
    pub(crate) keep_unreleased: bool,
    /// How long to wait for a ledger that another run holds
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub(crate) wait: String,
}
