//! The broken versions, and what notices each.

use Killer::{Audit, Named, Stops};

/// What notices a broken version.
pub(super) enum Killer {
    /// An audit of requesters or persons, by this test of its table.
    Audit(&'static str, &'static str),
    /// An audit that stops with an error, since another part of the program refuses what is wrong.
    Stops(&'static str),
    /// A test of this program.
    Named(&'static str),
}

const REQUESTERS: &str = "audit::tests::requesters_are_protected_as_stated";
pub(super) const PERSONS: &str = "audit::tests::persons_are_protected_as_stated";

/// The name of each broken version, what is wrong about it, and what notices it.
pub(super) const MUTANTS: &[(&str, &str, &[Killer])] = &[
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
    (
        "exemptions-leak",
        "if one target is exempt, no target is limited",
        &[Audit(PERSONS, "loss of all tables")],
    ),
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
                "release::threshold::tests::one_requesters_prefixes_are_found_at_most_as_often_as_delta_says",
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
        &[Audit(REQUESTERS, "delta of a day's budget")],
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
