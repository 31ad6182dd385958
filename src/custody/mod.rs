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
//! | an archive is gone or damaged | reported by `status` and `retain` (1) where its size shows it, by `hold list` (0) and `ledger verify` (1) always | `holds::what_is_about_to_be_lost_is_reported_in_time` |
//! | an order is only about rows past retention | entered with a warning | `holds::what_is_about_to_be_lost_is_reported_in_time` |
//! | a package would lie among the logs | refused as usage (2) | `holds::no_package_is_written_among_the_logs` |
//! | an order comes after a deletion | its statement says so, by the order of the journal | `holds::a_late_order_learns_what_was_deleted_before_it`, `holds::a_deletion_after_an_order_was_not_before_it_whatever_instant_it_names` |
//! | a deletion is killed | the next finishes it | `custody::a_deletion_that_is_killed_at_any_moment_is_finished_by_the_next` |
//! | a deletion is killed, and the next has another `[logs] path` | refused (1), and nothing is noted, until it is finished by the path of then | `interrupted::a_deletion_is_finished_by_the_path_that_it_began_with_and_by_no_other` |
//! | a deletion is killed, and the next finds another folder without logs, as where a volume is not mounted | refused (65), and nothing is noted | `interrupted::a_deletion_is_not_noted_as_done_while_its_logs_are_not_mounted` |
//! | a deletion of an earlier version is killed | this version finishes it | `interrupted::noted_and_not_begun` |
//! | a path names a person | the operator sees the path; the journal keeps a keyed digest | `naming::no_path_is_in_the_journal_not_even_of_somebody_whose_rows_stay` |
//! | a newer number library | while an order is in force whose numbers the earlier one read, no row goes (1), until it is entered again | `interrupted::rows_of_a_hold_by_other_rules_of_numbers_wait_until_its_numbers_are_entered_again` |
//! | a deletion is killed before, in or after any call that changes a file, or that call fails, or finds the disk full | the next finishes it: each row that stays is there, each row under hold is sealed, nothing is left over | `faults::a_deletion_that_is_disturbed_at_any_call_is_finished_by_the_next` |
//! | the same happens to an opening | the next opening or deletion removes what it left of rows in clear | `faults::an_opening_that_is_disturbed_at_any_call_leaves_no_rows_in_clear` |
//! | the volume of such an opening is not mounted | `retain` says so (1) each time, an opening is refused (74), and the next one with it removes the rows | `faults::rows_in_clear_on_a_volume_that_is_not_mounted_are_not_forgotten` |
//! | a text file with rows past retention was written to in the last hour | nothing is deleted (65) | `retain::a_log_that_is_written_to_loses_no_rows` |
//! | another program has such a file of any format open to write to it, as far as the system shows that | the same | `retain::a_log_that_another_program_has_open_to_write_to_stays` |
//!
//! | file | holds |
//! |---|---|
//! | `purge` | the order of a deletion, from the shortened copies to the last note |
//! | `expired` | which rows and files are past retention |
//! | `undated` | which lines without a time go with the lines around them |
//! | `consent` | which days that were never released wait for a word of the operator |
//! | `stamp` | whether a file changed since it was looked at, and whether its rows can be of the year that its times are read in |
//! | `resumed` | what a deletion that was cut short leaves to the next |
//! | `held`, `seal` | which expired rows are under a hold, and the encrypted archives |
//! | `rewrite*` | a file without some of its rows, one way for each format |
//! | `naming`, `strays` | names that would give a number away, and files that look like logs and are not read as such |
//! | `writers` | which logs another program still writes to |
//! | `disclose`, `package` | opens the archives of one order and writes what is handed over |
//! | `unfinished` | what a crash left of a package, rows in clear among it |
//! | `files` | what the others share: folders of the owner alone, digests, names of unfinished copies, removing summaries and empty folders |

mod consent;
mod disclose;
mod expired;
mod files;
mod held;
mod naming;
mod package;
mod purge;
mod resumed;
mod rewrite;
mod rewrite_ipc;
mod rewrite_parquet;
mod rewrite_text;
mod rows_of_file;
mod seal;
mod stamp;
mod strays;
mod undated;
mod unfinished;
mod writers;

pub use consent::{Consent, Waiting};
pub use disclose::disclose;
pub use expired::{Expired, Expiry};
pub use held::number_digest;
pub use purge::{Purged, preview, purge};
pub use seal::{Sign, archive_path, lost_archives, recipient};
pub use unfinished::Unreached;
pub use writers::require_quiet;
