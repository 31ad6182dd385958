//! Every broken version is run, and an audit or a named test must notice it.
//!
//! The test program runs itself once for each: with the variable that chooses the broken version, and
//! with the one test that must fail then. What notices what is written into `docs/audit.md`.

use std::fmt::Write;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use Killer::{Audit, Named, Stops};

/// What notices a broken version.
enum Killer {
    /// An audit of requesters or persons, by this test of its table.
    Audit(&'static str, &'static str),
    /// An audit that cannot go on, since another part of the program refuses what is wrong.
    Stops(&'static str),
    /// A test of this program.
    Named(&'static str),
}

const REQUESTERS: &str = "audit::tests::requesters_are_protected_as_stated";
const PERSONS: &str = "audit::tests::persons_are_protected_as_stated";
/// A broken version that takes longer goes round in circles: none needs more than a few seconds.
const LONGEST: Duration = Duration::from_secs(180);

/// The name of each broken version, what is wrong about it, and what notices it.
const MUTANTS: &[(&str, &str, &[Killer])] = &[
    (
        "clip-one-step-longer",
        "a clip that is one step longer than stated",
        &[Named("bound::ball::tests::a_vector_outside_lands_on_the_ball_and_keeps_its_direction")],
    ),
    (
        "first-value-outside-of-the-bound",
        "rows with the first value of every key are not bounded",
        &[
            Audit(REQUESTERS, "sensitivity"),
            Named("engine::tests::properties::one_requester_moves_every_table_by_at_most_its_clip"),
        ],
    ),
    (
        "bounded-before-cells-are-merged",
        "values of keys that share a cell are bounded as if they did not",
        &[
            Audit(REQUESTERS, "sensitivity"),
            Named("engine::tests::properties::the_kernel_agrees_with_the_plain_form"),
        ],
    ),
    (
        "bounded-batch-by-batch",
        "64 rows of a requester are bounded at a time",
        &[Audit(REQUESTERS, "sensitivity")],
    ),
    (
        "sums-of-32-bits",
        "sums of a cell stop at the end of 32 bits",
        &[Audit(REQUESTERS, "sums by hand")],
    ),
    (
        "light-rows-weigh-double",
        "rows of light requesters weigh twice what they may",
        &[
            Audit(REQUESTERS, "sensitivity"),
            Named("engine::tests::shapes::the_tables_of_all_classes_agree_with_the_plain_form"),
        ],
    ),
    (
        "larger-of-both-multipliers",
        "a shape is never scaled into its clip",
        &[
            Audit(REQUESTERS, "loss of all tables"),
            Named("plan::kinds::activity::tests::multipliers_are_the_smaller_of_both_quotients"),
        ],
    ),
    (
        "class-ends-one-lookup-later",
        "a class of activity has its edge one lookup too far",
        &[
            Audit(REQUESTERS, "sums by hand"),
            Named("plan::kinds::activity::tests::weights_give_the_number_of_lookups_back"),
        ],
    ),
    (
        "norm-of-the-heavier-weight",
        "of a requester in two classes only the heavier weight counts",
        &[
            Audit(REQUESTERS, "loss of all tables"),
            Named(
                "plan::kinds::activity::tests::adversaries_lose_at_most_what_the_costliest_class_costs",
            ),
        ],
    ),
    (
        "target-stage-without-its-term",
        "noise for a person covers its own rows and not those about it",
        &[Audit(PERSONS, "loss of all tables")],
    ),
    ("exemptions-leak", "one exempt target exempts all", &[Audit(PERSONS, "loss of all tables")]),
    (
        "no-limit-on-targets",
        "what is asked about one target has no limit in tables of shapes",
        &[
            Audit(PERSONS, "loss of all tables"),
            Named("bound::limit::tests::what_is_left_is_never_beyond_the_limit_and_hardly_below"),
        ],
    ),
    (
        "prefixes-weigh-one-each",
        "every prefix of a requester gets a whole weight",
        &[
            Audit(REQUESTERS, "sensitivity"),
            Named(
                "engine::tests::properties::one_requester_moves_the_weights_of_keys_by_at_most_one",
            ),
        ],
    ),
    (
        "any-number-of-prefixes",
        "a requester may put weight on more than ten prefixes",
        &[Audit(REQUESTERS, "prefixes of one requester")],
    ),
    (
        "half-the-noise",
        "noise has half of the stated scale",
        &[
            Audit(REQUESTERS, "standard deviation"),
            Named("release::mechanism::tests::the_noise_has_the_stated_spread_and_no_bias"),
        ],
    ),
    (
        "nine-tenths-of-the-noise",
        "noise has nine tenths of the stated scale",
        &[
            Audit(REQUESTERS, "standard deviation"),
            Named("release::mechanism::tests::the_noise_has_the_stated_spread_and_no_bias"),
        ],
    ),
    (
        "noise-for-two-cells",
        "two cells next to each other share their noise",
        &[Audit(REQUESTERS, "equal noise")],
    ),
    (
        "noise-of-even-steps",
        "noise is never negative and a multiple of two steps",
        &[
            Audit(REQUESTERS, "last bits"),
            Named(
                "release::sampler::tests::large_scales_have_the_stated_moments_and_use_every_residue",
            ),
        ],
    ),
    (
        "laplace-for-gauss",
        "the last coin of the sampler always comes up, which leaves a Laplace law",
        &[
            Audit(REQUESTERS, "bell shape"),
            Named(
                "release::sampler::tests::a_scale_of_real_tables_agrees_with_the_reference_sampler",
            ),
        ],
    ),
    (
        "seed-that-never-changes",
        "every source of random words begins with the same key",
        &[
            Audit(REQUESTERS, "equal noise"),
            Named(
                "release::sampler::words::tests::no_word_comes_twice_within_a_source_or_between_sources",
            ),
        ],
    ),
    (
        "threshold-that-is-reached",
        "a prefix is found whose weight only reaches the threshold",
        &[Named("release::tests::prefixes_that_only_reach_the_threshold_are_not_found")],
    ),
    (
        "threshold-without-the-weight",
        "the threshold leaves out what a lone requester adds",
        &[Audit(REQUESTERS, "delta of a threshold")],
    ),
    (
        "delta-for-each-prefix",
        "each of a requester's prefixes may spend the whole delta",
        &[
            Audit(REQUESTERS, "rate of finding a lone prefix"),
            Named(
                "release::threshold::tests::one_requesters_keys_are_found_at_most_as_often_as_delta_says",
            ),
        ],
    ),
    (
        "price-of-a-shorter-clip",
        "a mechanism states the price of a clip one part in a hundred shorter",
        &[Audit(REQUESTERS, "published tables against the charge")],
    ),
    (
        "rounds-that-cost-nothing",
        "the rounds that find prefixes are left out of the charge",
        &[
            Audit(REQUESTERS, "published tables against the charge"),
            Named(
                "release::tests::whatever_the_look_shows_no_class_costs_more_than_what_was_reserved",
            ),
        ],
    ),
    (
        "look-left-out-of-the-charge",
        "a reservation does not charge the look",
        &[
            Stops(REQUESTERS),
            Named(
                "release::tests::whatever_the_look_shows_no_class_costs_more_than_what_was_reserved",
            ),
        ],
    ),
    (
        "look-that-is-not-charged",
        "a day that looks empty gives the charge of its look back",
        &[
            Audit(REQUESTERS, "ledger against plain sums"),
            Named(
                "ledger::tests::looks::a_day_that_looks_empty_keeps_the_charge_of_its_look_alone",
            ),
        ],
    ),
    (
        "delta-spent-twice",
        "the conversion spends the delta of private prefixes, too",
        &[Audit(REQUESTERS, "delta of a block's budget")],
    ),
    (
        "epsilon-rounded-down",
        "files state an epsilon that is a thousandth too small",
        &[Audit(REQUESTERS, "published tables against the charge")],
    ),
    (
        "empty-days-look-inhabited",
        "a class need not stand out of the noise",
        &[Audit(REQUESTERS, "empty days that look inhabited")],
    ),
    (
        "plan-that-reads-the-rows",
        "tables are planned by an exact number",
        &[Audit(REQUESTERS, "going on")],
    ),
    (
        "charge-forgotten",
        "a reservation charges nothing",
        &[
            Stops(REQUESTERS),
            Named(
                "ledger::tests::steps::one_row_per_outcome_of_reserve_in_the_order_in_which_they_are_checked",
            ),
        ],
    ),
    (
        "charge-of-another-day",
        "a reservation charges the next day",
        &[
            Stops(REQUESTERS),
            Named(
                "ledger::tests::steps::one_row_per_outcome_of_reserve_in_the_order_in_which_they_are_checked",
            ),
        ],
    ),
    (
        "asked-twice-charged-twice",
        "asking again for a reservation charges again",
        &[
            Stops(REQUESTERS),
            Named(
                "ledger::tests::steps::a_resumed_entry_keeps_its_frozen_plan_and_charges_nothing_more",
            ),
        ],
    ),
    (
        "budget-for-each-charge",
        "each charge alone must fit the budget, and not their sum",
        &[
            Audit(REQUESTERS, "ledger against plain sums"),
            Named("ledger::account::tests::one_row_per_outcome_of_a_charge"),
        ],
    ),
    (
        "void-after-the-draw",
        "a charge comes back after noise was drawn",
        &[
            Audit(REQUESTERS, "ledger against plain sums"),
            Named("ledger::state::tests::one_row_per_pair_of_states"),
        ],
    ),
    (
        "look-drawn-twice",
        "a second look replaces the first",
        &[
            Stops(REQUESTERS),
            Named("ledger::tests::looks::a_run_that_dies_after_its_look_leaves_it_to_the_next"),
        ],
    ),
    (
        "cap-of-29-days",
        "the cap on 30 days is one on 29",
        &[
            Audit(PERSONS, "ledger against plain sums"),
            Named("ledger::tests::cap::any_30_days_stay_within_it_whatever_their_order"),
        ],
    ),
    (
        "cutoff-one-microsecond-late",
        "rows expire a microsecond early",
        &[
            Audit(REQUESTERS, "retention"),
            Named("retain::tests::every_branch_and_both_sides_of_each_bound"),
        ],
    ),
    (
        "days-that-expire-as-a-whole",
        "a day is released whose first rows have expired",
        &[
            Audit(REQUESTERS, "retention"),
            Named("retain::tests::every_branch_and_both_sides_of_each_bound"),
        ],
    ),
    (
        "days-that-hold-their-end",
        "the first instant of the next day belongs to the day",
        &[Audit(REQUESTERS, "retention")],
    ),
    (
        "rollups-of-independent-noise",
        "sums over cells that share noise add it as if it were independent",
        &[Named("publish::rollup::sum::tests::cells_that_were_raked_may_share_all_of_their_noise")],
    ),
];

#[test]
fn each_is_noticed_and_documented() {
    let next = Mutex::new(MUTANTS.iter());
    let unnoticed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((name, _, killers)) = next.lock().unwrap().next() else { break };
                    for killer in *killers {
                        if let Err(printed) = run(name, killer) {
                            unnoticed.lock().unwrap().push(format!("{name}: {printed}"));
                        }
                    }
                }
            });
        }
    });
    let unnoticed = unnoticed.into_inner().unwrap();
    assert!(unnoticed.is_empty(), "not noticed:\n{}", unnoticed.join("\n"));
    compare_with_document();
}

#[test]
fn every_place_that_can_be_broken_is_in_the_list() {
    let mut places = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut places);
    places.sort_unstable();
    places.dedup();
    let mut listed: Vec<String> = MUTANTS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    listed.sort_unstable();
    assert_eq!(places, listed);
    assert!(listed.len() >= 30);
}

/// The names that sources ask for.
fn collect(folder: &Path, places: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, places);
        } else if !path.ends_with("src/mutants.rs")
            && path.extension().is_some_and(|end| end == "rs")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            let asked = text.split(concat!("mutant!", "(\"")).skip(1);
            places.extend(asked.map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
}

/// Runs what must notice a broken version; what it printed if it did not.
fn run(name: &str, killer: &Killer) -> Result<(), String> {
    let (test, sign) = match killer {
        Audit(release, test) => (*release, format!("(\"{test}\",")),
        Stops(release) => (*release, "called `Result::unwrap()`".to_owned()),
        Named(test) => (*test, "test result: FAILED".to_owned()),
    };
    // A file and not a pipe, which is full after 64 KiB: a property that fails prints all of its input.
    let mut output = tempfile::tempfile().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    if let Audit(_, noticing) = killer {
        // Only the checks of the audit that this test belongs to.
        command.env("POINTILLIST_NOTICING", noticing);
    }
    let mut child = command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("POINTILLIST_MUTANT", name)
        // That it fails is enough: the smallest input is not looked for, and none is kept for later tests.
        .env("PROPTEST_MAX_SHRINK_ITERS", "0")
        .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1")
        .stdout(output.try_clone().unwrap())
        .stderr(output.try_clone().unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > LONGEST {
            child.kill().unwrap();
            return Err(format!("{test} does not end"));
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut printed = Vec::new();
    output.rewind().unwrap();
    output.read_to_end(&mut printed).unwrap();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let is_one = printed.contains("running 1 test");
    if is_one && !status.success() && printed.contains(&sign) { Ok(()) } else { Err(printed) }
}

/// The list as a table of the document.
fn table() -> String {
    let mut text = String::from(
        "| broken version | what is wrong | noticed by the audit | noticed by the test |\n|---|---|---|---|\n",
    );
    for (name, broken, killers) in MUTANTS {
        let (mut audit, mut named) = (Vec::new(), Vec::new());
        for killer in *killers {
            match killer {
                Audit(release, test) if *release == PERSONS => {
                    audit.push(format!("{test} (persons)"));
                }
                Audit(_, test) => audit.push((*test).to_owned()),
                Stops(_) => audit.push("it cannot go on".to_owned()),
                Named(test) => named.push(format!("`{}`", test.rsplit("::").next().unwrap())),
            }
        }
        let (audit, named) = (audit.join(", "), named.join(", "));
        writeln!(text, "| `{name}` | {broken} | {audit} | {named} |").unwrap();
    }
    text
}

/// Compares the table with the one of the document, or writes it with `POINTILLIST_ACCEPT=1`.
fn compare_with_document() {
    const BEGIN: &str = "<!-- The table is written by src/mutants/tests.rs. -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let end = rest.find("\n\n").map_or(rest.len(), |end| end + 1);
    if std::env::var_os("POINTILLIST_ACCEPT").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{}{}", table(), &rest[end..])).unwrap();
    } else {
        assert_eq!(
            &rest[..end],
            table(),
            "the table of docs/audit.md is another: POINTILLIST_ACCEPT=1 writes it"
        );
    }
}
