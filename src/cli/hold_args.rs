//! Every argument of `hold` with its help; nothing is computed here.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::ledger::Role;

/// What can be done with legal holds.
#[derive(Debug, Subcommand)]
pub(crate) enum HoldVerb {
    /// Enter an order: rows of its numbers are sealed for its custodians before they are deleted
    Add(HoldAdd),
    /// Extend the hold of an order by 30 days
    Extend(HoldOrder),
    /// End the hold of an order now; the next `retain` deletes its archives
    Lift(HoldOrder),
    /// List every hold, without its numbers
    List(HoldPlace),
    /// Open the archives of an order with a custodian's identity, and write the package to hand over
    Open(HoldOpen),
    /// Count orders, extensions and openings by month
    Report(HoldPlace),
}

/// The release whose holds are meant.
#[derive(Debug, Args)]
pub(crate) struct HoldPlace {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// Use this ledger instead of the one that the release file names
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
}

/// One order.
#[derive(Debug, Args)]
pub(crate) struct HoldOrder {
    /// The release whose holds are meant
    #[command(flatten)]
    pub(crate) place: HoldPlace,
    /// The order's reference
    #[arg(long, value_name = "REF")]
    pub(crate) order: String,
}

/// The arguments of `hold add`.
#[derive(Debug, Args)]
pub(crate) struct HoldAdd {
    /// The order
    #[command(flatten)]
    pub(crate) order: HoldOrder,
    /// A number or opaque id that the order names; can be given several times
    #[arg(long = "number", value_name = "NUMBER", required_unless_present = "numbers")]
    pub(crate) number: Vec<String>,
    /// A file with one number per line, so that numbers do not show in the list of processes
    #[arg(long, value_name = "FILE")]
    pub(crate) numbers: Option<PathBuf>,
    /// In which column the numbers count
    #[arg(long, value_enum, default_value_t = Role::Either)]
    pub(crate) role: Role,
    /// The first day of the period, in the ledger's time zone, or its first instant
    #[arg(long, value_name = "T")]
    pub(crate) from: String,
    /// The last day of the period, in the ledger's time zone, or the first instant after it
    #[arg(long, value_name = "T")]
    pub(crate) to: String,
    /// When the hold ends unless it is extended; a bare day counts in full [default: in 30 days]
    #[arg(long, value_name = "T")]
    pub(crate) expires: Option<String>,
    /// A custodian's age public key; can be given several times, and each key opens everything
    #[arg(long = "recipient", value_name = "age1...", required = true)]
    pub(crate) recipients: Vec<String>,
}

/// The arguments of `hold open`.
#[derive(Debug, Args)]
pub(crate) struct HoldOpen {
    /// The order
    #[command(flatten)]
    pub(crate) order: HoldOrder,
    /// The custodian's age identity file
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: PathBuf,
    /// The folder for rows, digests and statement; it must not exist yet
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}
