//! Every argument with its help; nothing is computed here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::hold_args::HoldVerb;
use crate::simulate::Format;

/// Operational answers from lookup logs, without exposing any individual contact
#[derive(Debug, Parser)]
#[command(name = "pointillist", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Print one JSON object on stdout instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Tell each step on stderr as it happens
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
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
    /// Read the logs, report conformance and rejects by reason; spends nothing, output is sensitive
    Check(Check),
    /// Show measured tables, clips, budget shares and expected error; reads no logs, spends nothing
    Plan(Plan),
    /// Release every closed day that is not released yet, or the days given
    Run(Run),
    /// Show each day as released, open, pending or expired unreleased; exit 1 if someone must look
    Status(Status),
    /// Add published days up to weeks or months, hours to days, countries to regions; spends nothing
    Rollup(Rollup),
    /// Delete what is past retention from the logs; rows under a legal hold are sealed before
    Retain(Retain),
    /// Legal holds: what must be kept longer for a court, and its hand-over
    Hold {
        /// What to do
        #[command(subcommand)]
        verb: HoldVerb,
    },
    /// Tell the promise and the error of a published file, in words
    Inspect {
        /// A published Parquet file
        #[arg(value_name = "FILE.parquet")]
        file: PathBuf,
    },
    /// Write realistic logs of a lookup service that never was
    Simulate(Simulate),
    /// Read the budget ledger
    Ledger {
        /// What to do with it
        #[command(subcommand)]
        verb: LedgerVerb,
    },
}

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// Other logs than the release file names
    #[arg(long, value_name = "GLOB")]
    pub(crate) logs: Option<PathBuf>,
    /// Write the rows that cannot be read to a file in this folder, for its owner alone
    #[arg(long, value_name = "DIR")]
    pub(crate) rejects: Option<PathBuf>,
}

/// The arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// How many lookups a day is expected to have, such as 1000000: tells relative errors too
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) lookups: Option<u64>,
    /// By how many requesters; a tenth of the lookups unless told
    #[arg(long, value_name = "M", requires = "lookups", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requesters: Option<u64>,
}

/// The arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// The instant to decide by, instead of now
    #[arg(long, value_name = "T")]
    pub(crate) as_of: Option<String>,
    /// Read the files of released days too, and say which changed since
    #[arg(long)]
    pub(crate) check_logs: bool,
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
    #[arg(long, value_name = "YYYY-MM-DD", requires = "to")]
    pub(crate) from: Option<String>,
    /// The last of several days
    #[arg(long, value_name = "YYYY-MM-DD", requires = "from")]
    pub(crate) to: Option<String>,
    /// Other logs than the release file names
    #[arg(long, value_name = "GLOB")]
    pub(crate) logs: Option<PathBuf>,
    /// Another output folder than the release file names
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Another ledger than the release file names
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// The instant to decide by, instead of now
    #[arg(long, value_name = "T")]
    pub(crate) as_of: Option<String>,
    /// How long to wait for a ledger that another run holds
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub(crate) wait: String,
    /// Write the rows that cannot be read to a file in this folder, for its owner alone
    #[arg(long, value_name = "DIR")]
    pub(crate) rejects: Option<PathBuf>,
    /// How much memory to take, such as 4GiB; half of the machine unless told
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<String>,
    /// Refuse logs that may not fit into memory, instead of writing rows to encrypted temporary files
    #[arg(long)]
    pub(crate) no_spill: bool,
    /// Release days whose files look half-delivered, against `[logs] expect`
    #[arg(long)]
    pub(crate) incomplete: bool,
    /// Release days again that were released from another release file, at a further charge
    #[arg(long)]
    pub(crate) again: bool,
    /// Charge a ledger of its own although another one charges the same logs: both add up
    #[arg(long)]
    pub(crate) new_ledger: bool,
}

/// The arguments of `rollup`.
#[derive(Debug, Args)]
pub(crate) struct Rollup {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// What to add days up to
    #[arg(long, value_enum)]
    pub(crate) to: RollupPeriod,
    /// Add all values of this key up, such as hour; can be given several times
    #[arg(long, value_name = "KEY")]
    pub(crate) drop: Vec<String>,
    /// Add countries up to the regions of UN M49
    #[arg(long)]
    pub(crate) regions: bool,
    /// One question alone
    #[arg(long, value_name = "NAME")]
    pub(crate) question: Option<String>,
    /// Another output folder than the release file names
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// What days are added up to.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RollupPeriod {
    /// Days stay days: keys alone are added up
    Day,
    /// ISO weeks, Monday to Sunday
    Week,
    /// Calendar months
    Month,
}

/// The arguments of `retain`.
#[derive(Debug, Args)]
pub(crate) struct Retain {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// Other logs than the release file names
    #[arg(long, value_name = "GLOB")]
    pub(crate) logs: Option<PathBuf>,
    /// Another ledger than the release file names
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// The instant to decide by, instead of now
    #[arg(long, value_name = "T")]
    pub(crate) as_of: Option<String>,
    /// Show what would go, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Release every closed day inside retention before anything is deleted
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) release_first: bool,
    /// How long to wait for a ledger that another run holds
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub(crate) wait: String,
}

/// The arguments of `simulate`.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The folder that gets one folder per UTC day
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// How many days
    #[arg(long, default_value_t = 7)]
    pub(crate) days: u32,
    /// How many lookups each day has, exactly
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) lookups_per_day: u64,
    /// How many requesters there are
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) requesters: u64,
    /// Same seed, same bytes
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The first day
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2026-01-01")]
    pub(crate) start: String,
    /// The format of the files
    #[arg(long, value_enum, default_value_t = FileFormat::Parquet)]
    pub(crate) format: FileFormat,
}

/// The formats that logs are written in.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FileFormat {
    /// Parquet
    Parquet,
    /// Comma-separated values
    Csv,
    /// One JSON object per line
    Ndjson,
    /// Arrow IPC
    Arrow,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Parquet => Self::Parquet,
            FileFormat::Csv => Self::Csv,
            FileFormat::Ndjson => Self::Ndjson,
            FileFormat::Arrow => Self::Arrow,
        }
    }
}

/// What can be done with a ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerVerb {
    /// Show what each block may spend, has spent and has left
    Show {
        /// How many of the newest entries to list
        #[arg(long, value_name = "N", default_value_t = 50)]
        entries: u32,
        /// Which ledger
        #[command(flatten)]
        place: LedgerPlace,
    },
    /// Print every entry with the mechanisms that ran, as JSON for another accountant
    Export(LedgerPlace),
    /// Walk the hash chain, add up the charges again, check the stored bytes
    Verify(LedgerPlace),
    /// Give a reservation up that was never drawn, and free its charge
    Void {
        /// The entry's number, as `ledger show` lists it
        #[arg(value_name = "ID")]
        entry: u64,
        /// Which ledger
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
