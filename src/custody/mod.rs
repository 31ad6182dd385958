//! Custody of the log files: rows past retention are deleted, rows under a legal hold are sealed
//! first, and a court gets what was sealed.
//!
//! In: a release, its ledger and an instant. Out: log files without expired rows, encrypted archives,
//! disclosure packages, and an event in the ledger's journal for each step. Commands alone call it:
//! a run of a day reads neither holds nor archives, so that what it publishes is the same with them
//! or without.
//!
//! What can go wrong around it, what happens then, and the test that shows it:
//!
//! | what happens | outcome | test |
//! |---|---|---|
//! | the clock goes back, or an instant is named | holds go by the clock alone; `extend`, `lift` and `open` refuse one that has gone back (65) | `holds::holds_know_no_other_time_than_the_clock` |
//! | an order comes under a clock that has gone back | entered: it only keeps more | `holds::an_order_can_be_entered_whatever_the_clock_says` |
//! | the clock jumps ahead | no row and no archive goes (65) unless a person names that day | `retain::a_clock_that_jumped_deletes_nothing`, `holds::archives_outlive_a_clock_that_cannot_be_right` |
//! | a hold ends within seven days | reported (1) by `status` and `retain` | `holds::what_is_about_to_be_lost_is_reported_in_time` |
//! | an archive is gone or damaged | reported (1) by `status` and `retain` where its size shows it, by `hold list` and `ledger verify` always | `holds::what_is_about_to_be_lost_is_reported_in_time` |
//! | an order is only about rows past retention | entered with a warning | `holds::what_is_about_to_be_lost_is_reported_in_time` |
//! | a package would lie among the logs | refused as usage (2) | `holds::no_package_is_written_among_the_logs` |
//! | an order comes after a deletion | its statement says so, by the order of the journal | `holds::a_late_order_learns_what_was_deleted_before_it`, `holds::a_deletion_after_an_order_was_not_before_it_whatever_instant_it_names` |
//! | a deletion is killed | the next finishes it | `custody::a_deletion_that_is_killed_at_any_moment_is_finished_by_the_next` |
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
pub use seal::{Sign, archive_path, lost_archives, recipient};
