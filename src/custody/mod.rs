//! Custody of the log files: rows past retention are deleted, rows under a legal hold are sealed
//! first, and a court gets what was sealed.
//!
//! In: a release, its ledger and an instant. Out: log files without expired rows, encrypted archives,
//! disclosure packages, and an event in the ledger's journal for each step. Commands alone call it:
//! a run of a day reads neither holds nor archives, so that what it publishes is the same with them
//! or without.
//!
//! | file | holds |
//! |---|---|
//! | `purge` | the order of a deletion, from the shortened copies to the last note |
//! | `expired` | which rows and files are past retention |
//! | `held`, `seal` | which of them are under a hold, and the encrypted archives |
//! | `rewrite*` | a file without some of its rows, one way for each format |
//! | `naming`, `strays` | names that would give a number away, and what a killed deletion left |
//! | `disclose`, `package` | opens the archives of one order and writes what is handed over |
//! | `files` | copying, syncing and replacing files |

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
