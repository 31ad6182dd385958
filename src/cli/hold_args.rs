//! Every argument of `hold` with its help; nothing is computed here.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::ledger::Role;

/// What can be done with legal holds.
#[derive(Debug, Subcommand)]
pub(crate) enum HoldVerb {
    /// Enter an order: rows of its numbers are sealed for its custodians instead of being lost
    Add(HoldAdd),
    /// Give an order's hold 30 more days
    Extend(HoldOrder),
    /// End an order's hold now; its archives go at the next `retain`
    Lift(HoldOrder),
    /// List every hold, without its numbers
    List(HoldPlace),
    /// Open an order's archives with a custodian's identity, and write what is handed over
    Open(HoldOpen),
    /// Count orders, extensions and openings by month
    Report(HoldPlace),
}

/// Which release's holds.
#[derive(Debug, Args)]
pub(crate) struct HoldPlace {
    /// The release file
    #[arg(value_name = "RELEASE.toml")]
    pub(crate) release: PathBuf,
    /// Another ledger than the release file names
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// The instant to decide by, instead of now
    #[arg(long, value_name = "T")]
    pub(crate) as_of: Option<String>,
}

/// One order.
#[derive(Debug, Args)]
pub(crate) struct HoldOrder {
    /// Which release's holds
    #[command(flatten)]
    pub(crate) place: HoldPlace,
    /// The order's reference
    #[arg(long, value_name = "REF")]
    pub(crate) order: String,
}

/// The arguments of `hold add`.
#[derive(Debug, Args)]
pub(crate) struct HoldAdd {
    /// Which order of which release
    #[command(flatten)]
    pub(crate) order: HoldOrder,
    /// A number, or an opaque id, that the order names; may be given more than once
    #[arg(long = "number", value_name = "NUMBER", required_unless_present = "numbers")]
    pub(crate) number: Vec<String>,
    /// A file with one number per line, which keeps them out of the list of processes
    #[arg(long, value_name = "FILE")]
    pub(crate) numbers: Option<PathBuf>,
    /// In which column the numbers count
    #[arg(long, value_enum, default_value_t = RoleWord::Either)]
    pub(crate) role: RoleWord,
    /// The first day or instant of the window
    #[arg(long, value_name = "T")]
    pub(crate) from: String,
    /// The last day of the window, or the first instant after it
    #[arg(long, value_name = "T")]
    pub(crate) to: String,
    /// When the hold ends unless it is extended, of a bare day its end; 30 days from now unless told
    #[arg(long, value_name = "T")]
    pub(crate) expires: Option<String>,
    /// A custodian's age public key; may be given more than once, and each key opens everything
    #[arg(long = "recipient", value_name = "age1...", required = true)]
    pub(crate) recipients: Vec<String>,
}

/// The arguments of `hold open`.
#[derive(Debug, Args)]
pub(crate) struct HoldOpen {
    /// Which order of which release
    #[command(flatten)]
    pub(crate) order: HoldOrder,
    /// The custodian's age identity file
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: PathBuf,
    /// The folder that gets rows, digests and statement; it must not exist yet
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// In which column a number counts.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleWord {
    /// Who asked
    Requester,
    /// Who was asked about
    Target,
    /// Both
    Either,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Requester => Self::Requester,
            RoleWord::Target => Self::Target,
            RoleWord::Either => Self::Either,
        }
    }
}
