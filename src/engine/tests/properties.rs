//! What must hold of every tally, whatever the logs: properties over random and adversarial rows.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::reference::{Part, exact_reference, person_parts, reference};
use super::world::{EXEMPT, Lookup, Setup, adversary, lookup, setup, tallies, with_rows};
use crate::plan::kinds::MOST_PREFIXES_OF_ONE;
use crate::release_file::prefix::{Prefix, PrefixOf};

/// The weights of keys, without those found before.
fn weights(setup: Setup, files: &[Vec<Lookup>], found: &BTreeSet<u64>) -> BTreeMap<u64, i64> {
    with_rows(setup, files, 2, |rows, plan, exempt| {
        if setup.has_private_prefixes {
            // Leaves the rows sorted, if they are not on disk.
            rows.tally(plan, exempt).unwrap();
        }
        let prefix = Prefix { of: PrefixOf::Target, digits: 4 };
        let (keys, weights) = rows.prefix_weights(prefix, found).unwrap().into_weights();
        keys.into_iter().zip(weights).collect()
    })
}

fn clips(setup: Setup) -> Vec<u64> {
    setup.plan().tables.iter().map(|table| table.clip.steps()).collect()
}

fn square(units: impl Iterator<Item = i64>) -> u128 {
    units.map(|units| u128::from(units.unsigned_abs()).pow(2)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn one_requester_moves_every_table_by_at_most_its_clip(
        setup in setup(),
        rows in prop::collection::vec(lookup(), 0..150),
        more in adversary(),
    ) {
        let setup = Setup { persons: false, ..setup };
        let without = tallies(setup, std::slice::from_ref(&rows), 2);
        let with = tallies(setup, &[rows, more], 2);
        for ((with, without), clip) in with.iter().zip(&without).zip(clips(setup)) {
            let moved = with.iter().zip(without).map(|(with, without)| with - without);
            prop_assert!(square(moved) <= u128::from(clip).pow(2));
        }
    }

    #[test]
    fn a_person_whose_rows_count_as_nothing_moves_every_table_by_at_most_both_clips(
        setup in setup(),
        rows in prop::collection::vec(lookup(), 0..120),
        more in adversary(),
    ) {
        let setup = Setup { persons: true, has_few_keys: true, ..setup };
        let rows = [rows, more].concat();
        let tallied = tallies(setup, std::slice::from_ref(&rows), 2);
        let plan = setup.plan();
        for ((units, parts), table) in
            tallied.iter().zip(person_parts(setup, &rows)).zip(&plan.tables)
        {
            let mut sums = vec![0; units.len()];
            parts.iter().for_each(|part| sums[part.cell] += part.units);
            prop_assert_eq!(&sums, units, "{}", &table.name);
            for person in 0..=u8::MAX {
                let mut moved = vec![0; units.len()];
                let is_of = |part: &&Part| {
                    part.requester == person
                        || part.target == person && !EXEMPT.contains(&person)
                };
                parts.iter().filter(is_of).for_each(|part| moved[part.cell] += part.units);
                let most = u128::from(table.sensitivity().steps());
                prop_assert!(square(moved.into_iter()) <= most * most, "{}", &table.name);
            }
        }
    }

    #[test]
    fn one_requester_moves_the_weights_of_keys_by_at_most_one(
        rows in prop::collection::vec(lookup(), 0..80),
        more in adversary(),
        found in prop::collection::btree_set(prop_oneof![Just(1_415_u64), Just(1_212), Just(2_347)], 0..3),
        memory in prop_oneof![Just(usize::MAX), Just(0)],
        has_private_prefixes in any::<bool>(),
    ) {
        let setup = Setup {
            has_numbers: true,
            has_few_keys: true,
            has_targets: true,
            has_private_prefixes,
            persons: false,
            memory,
        };
        let without = weights(setup, std::slice::from_ref(&rows), &found);
        let with = weights(setup, &[rows.clone(), more], &found);
        let moved: Vec<i64> = with
            .iter()
            .map(|(key, weight)| weight - without.get(key).copied().unwrap_or(0))
            .filter(|moved| *moved != 0)
            .collect();
        prop_assert!(without.keys().all(|key| with.contains_key(key)));
        prop_assert!(moved.len() <= MOST_PREFIXES_OF_ONE);
        prop_assert!(square(moved.into_iter()) <= 1 << 40);
        prop_assert!(with.keys().all(|key| !found.contains(key)));

        // By hand: each requester's keys, those it has the most lookups for.
        let mut expected: BTreeMap<u64, i64> = BTreeMap::new();
        let mut units: BTreeMap<u8, BTreeMap<u64, i64>> = BTreeMap::new();
        for row in rows.iter().filter(|row| (0..86_400).contains(&row.second)) {
            let key = setup.name(row.target)[1..5].parse().unwrap();
            *units.entry(row.requester).or_default().entry(key).or_default() += 1;
        }
        for own in units.into_values() {
            let mut own: Vec<(u64, i64)> =
                own.into_iter().filter(|(key, _)| !found.contains(key)).collect();
            own.sort_by_key(|(_, lookups)| -lookups);
            own.truncate(10);
            for (key, _) in &own {
                let weight = (1_048_576.0 / (own.len() as f64).sqrt()).floor();
                *expected.entry(*key).or_default() += weight as i64;
            }
        }
        prop_assert_eq!(&without, &expected);
    }

    #[test]
    fn order_files_and_threads_do_not_matter(
        setup in setup(),
        rows in prop::collection::vec(lookup(), 0..200),
        cut in 0.0_f64..1.0,
        seed in any::<u64>(),
    ) {
        let whole = tallies(setup, std::slice::from_ref(&rows), 1);
        let mut mixed = rows;
        let mut state = seed;
        for place in (1..mixed.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from((state >> 33) % (place as u64 + 1)).unwrap();
            mixed.swap(place, other);
        }
        let at = (mixed.len() as f64 * cut).floor();
        let at = (0..=mixed.len()).find(|place| *place as f64 >= at).unwrap_or(0);
        let (left, right) = mixed.split_at(at);
        let split = [left.to_vec(), Vec::new(), right.to_vec()];
        prop_assert_eq!(&whole, &tallies(setup, &split, 3));
    }

    #[test]
    fn the_kernel_agrees_with_the_plain_form(
        setup in setup(),
        rows in prop::collection::vec(lookup(), 0..200),
    ) {
        let setup = Setup { persons: false, ..setup };
        let tallied = tallies(setup, std::slice::from_ref(&rows), 2);
        for (units, exact) in tallied.iter().zip(exact_reference(setup, &rows)) {
            prop_assert_eq!(&exact, units);
        }
        let expected = reference(setup, &rows);
        // Each of at most twelve requesters may be off by one rounding step in each cell; a row's
        // number by half a step of its grid, which is a step of the lattice.
        for (units, expected) in tallied.iter().zip(&expected) {
            for (units, expected) in units.iter().zip(expected) {
                let off = expected * 1_048_576.0 - *units as f64;
                prop_assert!(off.abs() <= 13.0 + rows.len() as f64, "off by {off} steps");
            }
        }
    }
}
