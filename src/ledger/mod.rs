//! The durable budget: what each day may spend, what was spent, and what was drawn for it.
//!
//! In: what a release asks of its days. Out: an entry that says how far the release has come, and
//! the bytes to publish. Each verb is one durable transaction; a crash leaves one of these:
//!
//! | state | charge | what the next run does |
//! |---|---|---|
//! | `reserved` | spent | resumes with the entry's frozen plan and charges nothing more |
//! | `drawn`, no look stored | stays spent | draws again with the frozen plan, fresh noise and the same logs; charges nothing more |
//! | `drawn`, look stored | stays spent | the same, but goes on with the stored look and the prefixes that were found, which are never drawn again |
//! | `committed` | spent | publishes the stored bytes and reads no logs |
//! | `published` | spent | nothing, or heals the output from the stored bytes |
//! | `void` | free again | reserves again |
//! | `empty` | that of the look stays spent, the rest is free again | nothing as long as the logs are the same, else reserves again |
//!
//! The world around it changes too. Each change has one outcome, and a test that shows it:
//!
//! | what changed | outcome | test |
//! |---|---|---|
//! | the release file, after a day was released | refused (1) unless `--again`, which charges the day once more | `reruns::a_changed_release_file_releases_a_day_again_only_when_asked_to` |
//! | the release file, after a day was reserved | refused (1), with what gives the charge back | `begun::a_reserved_day_of_another_release_file_is_finished_by_that_one_or_given_up` |
//! | the release file, after a day was drawn | refused (1) unless `--again`, which charges the day once more | `begun::a_drawn_day_of_another_release_file_is_finished_by_that_one_or_charged_once_more` |
//! | the release file, in what a ledger fixes: budget, unit, zone, who a requester is | refused (1), naming the field | `refusals::other_terms_than_the_ledgers_are_refused_by_name` |
//! | the logs of a released day, or a late file for it | the stored bytes stay; `status --check-logs` names the day | `changed_worlds::a_late_file_is_reported_and_never_released` |
//! | the logs of a reserved day | the reservation is given up and made again: nothing was drawn | `reruns::a_damaged_file_that_is_mended_is_released_for_one_charge` |
//! | the logs of a drawn day | refused (65) until they are restored | `reruns::a_draw_that_died_is_good_for_the_logs_of_its_reservation_alone` |
//! | the logs of a day that looked empty | the day is reserved again; the charge of its look stays spent | `empty::a_day_that_looked_empty_is_released_when_its_logs_have_come` |
//! | the release file, after a day looked empty | the same: nothing of the day was published | `empty::another_release_file_may_release_a_day_that_looked_empty` |
//! | nothing, after a day looked empty | reported as it is, and nothing is charged | `empty::a_day_that_looks_empty_stays_so_as_long_as_its_logs_are_the_same` |
//! | a run dies after it found private prefixes | the next run goes on with them, and finds what is left | `prefixes::what_was_found_is_not_looked_for_again` |
//! | a run dies after its look | the next run finds the look and goes on with it | `looks::a_run_that_dies_after_its_look_leaves_it_to_the_next`, `crash` in `tests/ledger_sim` |
//! | a run is killed, at any moment | nothing: the next run finishes the day for the same charge | `kills::runs_that_are_killed_at_any_moment_leave_nothing_half_done`, `crash` in `tests/ledger_sim` |
//! | a run is killed before, in or after any call that changes a file, or that call fails, or finds the disk full | I/O (74) unless it was killed; the next run finishes the day for the same charge, and nothing is left over | `faults::a_run_that_is_disturbed_at_any_call_is_finished_by_the_next` |
//! | the power fails while a day is published | the day has a manifest only when all else of it is durable; else the next run writes it again | `faults::a_day_is_published_in_the_order_that_a_power_failure_needs` |
//! | SIGTERM or SIGINT | stops (75) before the next day or draw; a draw that has begun is published first | `kills::a_signal_stops_a_range_between_draws_and_the_next_run_goes_on` |
//! | `retain` took rows of other days from its files | nothing: the journal excuses it | `changed_worlds::what_retention_takes_is_no_change_of_a_released_day` and the test after it |
//! | the folder that logs or job are in | nothing | `changed_worlds::it_does_not_matter_from_where_logs_are_read` |
//! | an instant that is yet to come is named | refused as usage (2); only `retain --dry-run` looks ahead | `clock::nothing_is_decided_by_an_instant_that_is_yet_to_come` |
//! | the clock is ahead of the logs, by the days in names or times of writing | input (65) before anything is charged; released days stay done | `clock::a_clock_that_is_ahead_of_the_logs_releases_nothing` |
//! | an instant that has passed is named | decides about the days; the journal's time is the clock's | `clock::the_time_in_the_journal_is_that_of_the_clock` |
//! | the clock went back | released days stay done, unclosed days are refused (1) | `changed_worlds::a_clock_that_went_back_neither_draws_again_nor_opens_a_day` |
//! | a second ledger over the same logs | refused (1) unless `--new-ledger` | `changed_worlds::a_second_ledger_over_the_same_logs_is_refused_unless_it_is_meant` |
//! | its logs lie in folders above or below, or are named through a link | the same | `marks::a_second_ledger_is_noticed_above_below_and_behind_links` |
//! | several ledgers are made at once | one goes on at most | `marks::of_ledgers_that_are_made_at_once_one_at_most_goes_on` |
//! | a day has no log file, where folders name the day of each | refused (65) and not charged, the other days go on | `missing_days::a_range_begins_with_the_first_day_that_has_files_and_goes_on_after_one_that_has_none` |
//! | restored from an older backup | refused (1) by what would write, reported (1) by `status` and `verify` | `marks::no_backup_of_a_history_is_taken_for_its_newest_state` |
//! | copied with its key, and both go on | the second one is refused (1) | `marks::of_a_ledger_and_its_copy_only_the_one_that_went_on_does` |
//! | copied with its key, and both run at once | the one whose step comes second is refused (1) before it draws | `marks::of_a_ledger_and_its_copy_that_run_at_once_one_draws` |
//! | its file has another name (a hard link) | refused (1) by what would write | `marks::a_ledger_of_two_names_is_not_written` |
//! | the output holds a day that the ledger does not know | refused (1), nothing is written over | `marks::a_published_day_that_the_ledger_does_not_know_is_never_written_over` |
//! | the output belongs to another release | refused (1) before anything is charged | `marks::two_releases_never_share_an_output` |
//! | a release asks fewer questions when a day is released again | the tables of the others go | `marks::a_table_that_a_new_manifest_does_not_list_goes` |
//! | a mark cannot be written, or lies behind a link | the run says so; a link is replaced | `marks::a_mark_that_cannot_be_raised_is_reported_and_one_behind_a_link_is_replaced` |
//! | another ledger with a key of its own is put in its place | reported (1) by `status` and `verify`, refused by what would write | `marks::a_ledger_with_another_key_in_the_place_of_one_is_noticed_by_its_marks` |
//! | several ledgers mark one output at once | each waits for the lock of the folder | `marks::ledgers_that_mark_one_output_at_once_lose_no_mark` |
//! | the cap on 30 days: added later | from then on no 30 days are charged more; refused (1) where some were already | `cap::it_can_be_added_later_if_the_past_allows_it_and_never_changes` |
//! | a newer program wrote the ledger | refused (1) | `opening::one_row_per_thing_that_is_wrong_on_the_disk` |
//! | a newer time zone database | noted once; released days heal, and others are released: a day begins and ends where a charged day beside it ends and begins | `rules::a_change_is_noted_once_and_what_was_released_heals`, `rules::a_day_begins_and_ends_where_the_days_beside_it_did` |
//! | the same, beside a day that an earlier version charged without noting its bounds | refused (1), unless the zones have no clock changes | `rules::where_an_earlier_version_noted_no_bounds_only_days_beside_it_are_refused` |
//! | the same, with other offsets for logs of local times | refused (1) beside that day | `rules::days_beside_one_whose_rows_had_other_times_are_refused` |
//! | a newer number library | noted once; released days heal, and others are released; no more of a day that was charged by the earlier one (1) | `rules::a_change_is_noted_once_and_what_was_released_heals`, `rules::a_reservation_by_other_rules_can_be_given_up` |
//! | an older program wrote the ledger | brought up to date when a run opens it; it keeps its budget | `opening::a_ledger_of_the_first_version_keeps_its_budget_and_is_brought_up_to_date`, `opening::entries_of_an_earlier_version_stay_as_they_are_and_go_on` |
//! | its journal was begun by an older program | its events stay as they are; the key begins with the next one | `keyed::an_earlier_ledgers_events_stay_and_the_key_begins_with_the_next` |
//! | it lies on a network file system | refused (1) by what would write, where Linux says so; `run` warns where it cannot know | `file_system::tests::one_row_per_kind_of_file_system` |
//! | it lies where nothing can be written | readers read it | `opening::a_ledger_that_nothing_can_be_written_beside_is_read` |
//! | the ledger may not be written | I/O (74) when a run opens it; readers go on | `opening::a_ledger_that_may_not_be_written_says_so_when_a_run_opens_it` |
//! | a reader is reading it, or was suspended | nothing: no step waits for a reader | `steps::a_reader_that_stands_still_holds_up_nothing` |
//! | another run holds it | waits, then busy (75) | `opening::one_run_at_a_time_and_readers_beside_it`, `race` in `tests/ledger_sim` |
//! | truncated, no ledger, or damaged | I/O (74), nothing is made in its place | `opening::one_row_per_thing_that_is_wrong_on_the_disk` |
//! | gone, while its key or its write-ahead log is there | refused (1), nothing is made again | `opening::one_row_per_thing_that_is_wrong_on_the_disk` |
//! | its unit is one that this version does not have | refused (1), naming it | `opening::a_ledger_of_a_unit_that_is_gone_is_refused_by_name` |
//! | its key is gone, or belongs to another ledger | I/O (74), for readers too: restore it | `opening::one_row_per_thing_that_is_wrong_on_the_disk` |
//! | the disk is full | I/O (74) before the draw, for which room is taken; the entry stays where it was, and a range stops there | `steps::a_full_disk_leaves_the_entry_where_it_was`, `refusals::a_disk_that_fills_up_costs_no_day` |
//! | its lock is a link, or has another name | I/O (74); what is behind it stays as it is. Any other link in the place of a file is replaced | `faults::no_link_leads_a_write_elsewhere` |
//! | others can read its key | a run says so, `status` and `retain` report it (1) | `faults::a_key_that_others_can_read_is_reported` |
//! | an older program reserved again after a draw that died | the newest goes on; the charge of each stays | `steps::of_several_draws_of_an_older_program_only_the_last_goes_on` |
//! | a sum, a charge or a state was edited or damaged | I/O (74) at the next charge or refund within 30 days of it | `edits::no_charge_and_no_refund_is_built_upon_a_sum_or_an_entry_that_was_changed` |
//! | edited by hand | found by `verify` (1), and before anything is built upon it | `edits`, in this module's tests |
//! | its journal was written again without the key | the same | `keyed::a_journal_that_was_written_again_without_the_key_is_found_and_not_built_upon`, `keyed::an_earlier_ledgers_journal_cannot_be_written_again_once_the_key_has_begun` |
//!
//! A reservation holds one digest of all files that were opened: only rows say which files belong
//! to the day, and after the reservation nothing may depend on a row. So if files do not have their
//! day in their names, the file of a new day changes the logs of every reserved day.

mod account;
mod chain;
mod columns;
mod custody;
mod custody_records;
mod custody_verbs;
mod entry;
mod event;
mod file_system;
mod files;
mod found;
mod instant;
mod journal;
mod key;
mod ledger_files;
mod lock;
mod look;
mod look_verbs;
mod mark;
mod marks;
mod opening;
mod record;
mod recount;
mod room;
mod room_verbs;
mod rules;
mod schema;
mod state;
mod store;
mod sums;
mod terms;
mod thirty_days;
mod trouble;
mod verbs;
mod verify;

pub use self::account::Balance;
pub use self::custody::{Custody, Hold, MonthCounts};
pub use self::custody_records::{
    Archive, DeletedFile, Finished, HoldTerms, Opening, Renewal, Retention, Role, Sealed,
};
pub use self::entry::{Entry, Reservation, Which};
pub use self::files::StoredFile;
pub use self::found::{FoundRound, ROOM_OF_A_FOUND_PREFIX};
pub use self::key::{KeyedDigest, LedgerKey};
pub use self::ledger_files::is_file_of_ledger;
pub use self::marks::{Marks, Second};
pub use self::rules::Rules;
pub use self::state::{EntryId, State};
pub use self::terms::{Conversion, Terms};
pub use self::thirty_days::{Cap, Costliest, costliest};
pub use self::verbs::{DrawPermit, Ledger};
pub use self::verify::Verification;

#[cfg(test)]
mod tests;
