//! Every argument with its help; nothing is computed here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::cluster_args::{EnginePlace, Sql};
use super::hold_args::HoldVerb;
use super::packaging_args::Packaging;
use super::retain_args::Retain;
use super::simulate_args::Simulate;
use super::size;
use crate::publish::Period;

/// Operational answers from lookup logs, without exposing any individual contact
#[derive(Debug, Parser)]
#[command(name = "pointillist", version)]
pub(crate) struct Arguments {
    /// Print one JSON object on stdout instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Report each step on stderr as it happens
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Print warnings and errors alone, without results and progress
    #[arg(short, long, global = true, conflicts_with_all = ["json", "verbose"])]
    pub(crate) quiet: bool,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate a week of logs, release it day by day, show answers beside their error
    Demo {
        /// The folder of the demo
        #[arg(long, value_name = "DIR", default_value = "pointillist-demo")]
        out: PathBuf,
    },
    /// Look at logs and write a release file for them, with a reason for each guess; reads a sample
    Init(Init),
    /// Read the logs: what they hold, what cannot be read, what would mend it; spends nothing, output is sensitive
    Check(Check),
    /// Show measured tables, clips, budget shares and expected error; reads no logs, spends nothing
    Plan(Plan),
    /// Say in plain words what is promised to whom, and what is not; reads no logs, spends nothing
    Explain {
        /// The release file
        #[arg(value_name = "RELEASE.toml")]
        release: PathBuf,
    },
    /// Show the SQL that a Spark cluster would be asked for one day; reads no logs, needs no cluster, spends nothing
    Sql(Sql),
    /// Attack the release on made-up days: sensitivity, noise, charges; reads no logs, spends nothing
    Audit(Audit),
    /// Release every closed day that is not released yet, or only the given days
    Run(Run),
    /// Show each day as released, open, pending, looks empty or expired unreleased; exit 1 if someone must look
    Status(Status),
    /// Add published days up to weeks or months, hours to days, countries to regions; spends nothing
    Rollup(Rollup),
    /// Compare two published days, weeks or months of a question: difference, ratio, and whether it is real
    Compare(Compare),
    /// Delete rows that are past retention from the logs, after sealing those under a legal hold
    Retain(Retain),
    /// Legal holds: keep rows longer for a court, and hand them over
    Hold {
        /// What to do
        #[command(subcommand)]
        verb: HoldVerb,
    },
    /// Show the promise and the error of a published file, in words
    Inspect {
        /// A published Parquet file
        #[arg(value_name = "FILE.parquet")]
        file: PathBuf,
    },
    /// Print the newest manifest of a folder as JSON, or an entry for a public registry
    Manifest {
        /// The folder of the published tables
        #[arg(value_name = "OUT")]
        out: PathBuf,
        /// Print the fields that public registries of differential privacy ask for; what only you know is null
        #[arg(long)]
        registry: bool,
    },
    /// Show everything that was published in a folder as one HTML page; reads published files alone
    Report {
        /// The folder of the published tables
        #[arg(value_name = "OUT")]
        out: PathBuf,
        /// The page to write
        #[arg(long, value_name = "FILE")]
        html: PathBuf,
    },
    /// Write the published tables of a question as one CSV file; reads published files alone
    Export {
        /// The folder of the published tables
        #[arg(value_name = "OUT")]
        out: PathBuf,
        /// The question, or a folder of sums of it
        #[arg(long, value_name = "NAME")]
        question: String,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        csv: PathBuf,
    },
    /// Write realistic logs of a made-up lookup service
    Simulate(Simulate),
    /// Read the budget ledger
    Ledger {
        /// What to do with it
        #[command(subcommand)]
        verb: LedgerVerb,
    },
    /// What the program prints or writes about itself
    #[command(flatten)]
    Packaging(Packaging),
}

/// The arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The logs: a file, a folder, or a pattern in quotes
    #[arg(value_name = "LOGS")]
    pub(crate) logs: PathBuf,
    /// The release file to write [default: named after the logs, here]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// Read these logs instead of those that the release file names
    #[arg(long, value_name = "GLOB")]
    pub(crate) logs: Option<PathBuf>,
    /// Write rows that cannot be read to a file in this folder; only its owner can open it
    #[arg(long, value_name = "DIR")]
    pub(crate) rejects: Option<PathBuf>,
}

/// The arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// Expected lookups per day, such as 1000000: adds relative errors to the plan
    #[arg(long, value_name = "N", value_parser = size::count)]
    pub(crate) lookups: Option<u64>,
    /// Expected requesters per day [default: lookups / 10]
    #[arg(long, value_name = "M", requires = "lookups", value_parser = size::count)]
    pub(crate) requesters: Option<u64>,
}

/// The arguments of `audit`.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// About how long to attack it, in seconds: longer finds smaller faults
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: u64,
    /// Write the table to this file as a web page, too
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// The arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// Decide as if it were this instant, which must have passed, instead of now; a date is its start in the ledger's time zone
    #[arg(long, value_name = "T")]
    pub(crate) as_of: Option<String>,
    /// Also read the log files of released days, and report which changed since; exit 1 if any has
    #[arg(long)]
    pub(crate) check_logs: bool,
    /// Also write the facts to this file in the OpenMetrics text format
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,
}

/// The arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// One day, in the ledger's time zone
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["from", "to"])]
    pub(crate) day: Option<String>,
    /// The first of several days
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) from: Option<String>,
    /// The last of several days [default: the newest that is over]
    #[arg(long, value_name = "YYYY-MM-DD", requires = "from")]
    pub(crate) to: Option<String>,
    /// Read these logs instead of those that the release file names
    #[arg(long, value_name = "GLOB")]
    pub(crate) logs: Option<PathBuf>,
    /// Write to this folder instead of the one that the release file names
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Charge this ledger instead of the one that the release file names
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Decide as if it were this instant, which must have passed, instead of now; a date is its start in the ledger's time zone
    #[arg(long, value_name = "T")]
    pub(crate) as_of: Option<String>,
    /// Where rows are read and tallied
    #[command(flatten)]
    pub(crate) place: EnginePlace,
    /// How long to wait for a ledger that another run holds
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub(crate) wait: String,
    /// Write rows that cannot be read to a file in this folder; only its owner can open it
    #[arg(long, value_name = "DIR")]
    pub(crate) rejects: Option<PathBuf>,
    /// Memory to use, such as 4GiB [default: half of the machine's]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<String>,
    /// Refuse logs that may not fit into memory instead of writing rows to encrypted temporary files
    #[arg(long)]
    pub(crate) no_spill: bool,
    /// Release days although `[logs] expect` says that files are missing
    #[arg(long)]
    pub(crate) incomplete: bool,
    /// Release days again that were released from another release file; charges them once more
    #[arg(long)]
    pub(crate) again: bool,
    /// Charge this ledger although another one charges the same logs: their losses add up
    #[arg(long)]
    pub(crate) new_ledger: bool,
}

/// The arguments of `rollup`.
#[derive(Debug, Args)]
pub(crate) struct Rollup {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// The period to add days up to
    #[arg(long, value_enum)]
    pub(crate) to: Period,
    /// Add up all values of this key, such as hour; can be given several times
    #[arg(long, value_name = "KEY")]
    pub(crate) drop: Vec<String>,
    /// Add countries up to the regions of UN M49
    #[arg(long)]
    pub(crate) regions: bool,
    /// Roll up only this question
    #[arg(long, value_name = "NAME")]
    pub(crate) question: Option<String>,
    /// Write to this folder instead of the one that the release file names
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// The arguments of `compare`.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The output folder
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// The question
    #[arg(long, value_name = "NAME")]
    pub(crate) question: String,
    /// A day, week or month: 2026-03-02, 2026-W10, 2026-03
    #[arg(value_name = "A")]
    pub(crate) first: String,
    /// The one that is compared with it
    #[arg(value_name = "B")]
    pub(crate) second: String,
}

/// What can be done with a ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerVerb {
    /// Show what each block may spend, has spent and has left
    Show {
        /// How many of the newest entries to list
        #[arg(long, value_name = "N", default_value_t = 50)]
        entries: u32,
        /// The ledger to show
        #[command(flatten)]
        place: LedgerPlace,
    },
    /// Print every entry with the mechanisms that ran, as JSON for another accountant
    Export(LedgerPlace),
    /// Check the hash chain, the sums of all charges, and the stored bytes
    Verify(LedgerPlace),
    /// Give up a reservation that was never drawn, and free its charge
    Void {
        /// The entry's number, as `ledger show` lists it
        #[arg(value_name = "ID", value_parser = size::count)]
        entry: u64,
        /// The ledger of the entry
        #[command(flatten)]
        place: LedgerPlace,
    },
}

/// Which ledger.
#[derive(Debug, Args)]
pub(crate) struct LedgerPlace {
    /// The release file whose ledger it is
    #[arg(value_name = "RELEASE.toml", required_unless_present = "ledger")]
    pub(crate) release: Option<PathBuf>,
    /// The ledger file itself
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
}
