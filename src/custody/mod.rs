//! Custody of the log files: rows past retention are deleted, rows under a legal hold are sealed
//! first, and a court gets what was sealed.
//!
//! In: a release, its ledger and an instant. Out: log files without expired rows, encrypted archives,
//! disclosure packages, and an event in the ledger's journal for each step. Commands alone call it:
//! a run of a day reads neither holds nor archives, so that what it publishes is the same with them
//! or without.
//!
//! [`preview`] and [`purge`] find the rows that are past retention (`expired`), seal those under a
//! hold (`held`, `seal`), and delete or shorten the files (`rewrite`). [`disclose`] opens the
//! archives of one order and writes a `package`.

mod disclose;
mod expired;
mod files;
mod held;
mod naming;
mod package;
mod purge;
mod rewrite;
mod rewrite_ipc;
mod rewrite_parquet;
mod rewrite_text;
mod seal;
mod strays;

pub use disclose::disclose;
pub use expired::{Expired, Expiry};
pub use held::number_digest;
pub use purge::{Purged, preview, purge};
pub use seal::{archive_path, recipient};
