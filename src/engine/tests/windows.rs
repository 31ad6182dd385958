//! What must hold over the days of a window: properties over random and adversarial rows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::properties::{Lookup, Setup, adversary, lookup, setup, square, with_rows_under};
use super::reference::window_reference;
use crate::bound::{RunningCap, UnitKey};
use crate::engine::RunningLosses;
use crate::ledger::Spent;
use crate::plan::{Contribution, MeasuredTable};
use crate::spec::privacy_loss::NanoRho;

/// Where requesters are in a window, and what each has lost.
type State = BTreeMap<usize, Vec<Spent>>;

/// What each table charges for a vector as long as its clip; none for those bounded day by day.
fn prices(setup: Setup) -> Vec<Option<u64>> {
    let price = |(number, table): (u64, &MeasuredTable)| {
        let is_priced = match table.contribution {
            Contribution::Lookups => !table.axes.is_empty(),
            Contribution::Mean { .. } => true,
            _ => false,
        };
        is_priced.then_some(1_000_000 + 37 * number)
    };
    (0..).zip(&setup.plan().tables).map(price).collect()
}

/// Each day's sums of each table, and what requesters have lost after the last.
fn tallies(
    setup: Setup,
    days: &[Vec<Vec<Lookup>>],
    cap: u64,
    threads: usize,
) -> (Vec<Vec<Vec<i64>>>, State) {
    let prices = prices(setup);
    let state = Mutex::new(State::new());
    let of_day = |files: &Vec<Vec<Lookup>>| {
        let key = UnitKey::of(&[9; 32]);
        with_rows_under(key, setup, files, threads, |rows, plan, exempt| {
            let priced: Vec<_> = plan
                .tables
                .iter()
                .zip(&prices)
                .map(|(table, price)| price.map(|price| (NanoRho::new(price), table.clip)))
                .collect();
            let losses = RunningLosses {
                cap: Arc::new(RunningCap::new(NanoRho::new(cap), &priced, [3; 32])),
                before: &|partition| {
                    Ok(state.lock().unwrap().get(&partition).cloned().unwrap_or_default())
                },
                after: &|partition, spent| {
                    state.lock().unwrap().insert(partition, spent);
                    Ok(())
                },
            };
            let exact = rows.tally(plan, exempt, Some(&losses)).unwrap();
            (0..plan.tables.len()).map(|place| exact.table(place).unwrap().to_vec()).collect()
        })
    };
    let sums = days.iter().map(of_day).collect();
    (sums, state.into_inner().unwrap())
}

fn whole(days: &[Vec<Lookup>]) -> Vec<Vec<Vec<Lookup>>> {
    days.iter().map(|rows| vec![rows.clone()]).collect()
}

fn days() -> impl Strategy<Value = Vec<Vec<Lookup>>> {
    prop::collection::vec(prop::collection::vec(lookup(), 0..60), 1..6)
}

/// Sometimes so little that nearly nothing is left, sometimes more than anybody loses.
fn cap() -> impl Strategy<Value = u64> {
    prop_oneof![1_u64..100, 100_000_u64..3_000_000, Just(1_000_000_000)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn one_requester_moves_all_days_of_a_window_together_by_at_most_the_cap(
        setup in setup(),
        days in days(),
        more in prop::collection::vec(adversary(), 6),
        cap in cap(),
    ) {
        let setup = Setup { persons: false, ..setup };
        let with: Vec<Vec<Lookup>> =
            days.iter().zip(more).map(|(rows, more)| [rows.clone(), more].concat()).collect();
        let (with, lost) = tallies(setup, &whole(&with), cap, 2);
        let (without, lost_without) = tallies(setup, &whole(&days), cap, 2);
        let mut all = 0.0;
        for (with, without) in with.iter().zip(&without) {
            for (((with, without), table), price) in
                with.iter().zip(without).zip(setup.plan().tables).zip(prices(setup))
            {
                let moved = with.iter().zip(without).map(|(with, without)| with - without);
                let (moved, clip) = (square(moved), u128::from(table.clip.units()).pow(2));
                prop_assert!(moved <= clip, "{}", table.name);
                all += price.map_or(0.0, |price| price as f64 * moved as f64 / clip as f64);
            }
        }
        prop_assert!(all <= cap as f64 * (1.0 + 1e-12), "{all} of {cap}");
        // Nobody else's losses are touched.
        let all_lost: Vec<Spent> = lost.into_values().flatten().collect();
        let others: Vec<Spent> = lost_without.into_values().flatten().collect();
        prop_assert!(others.iter().all(|spent| all_lost.contains(spent)));
        prop_assert!(all_lost.len() <= others.len() + 1);
    }

    #[test]
    fn over_a_window_the_kernel_agrees_with_the_plain_form_bit_by_bit(
        setup in setup(),
        days in days(),
        cap in cap(),
    ) {
        let setup = Setup { persons: false, has_few_keys: true, ..setup };
        let (sums, _) = tallies(setup, &whole(&days), cap, 2);
        prop_assert_eq!(sums, window_reference(setup, &days, &prices(setup), cap << 16));
    }

    #[test]
    fn neither_files_nor_threads_nor_the_disk_matter_to_what_is_lost(
        setup in setup(),
        days in days(),
        cap in cap(),
        cut in 0_usize..60,
    ) {
        let setup = Setup { persons: false, ..setup };
        let split: Vec<Vec<Vec<Lookup>>> = days
            .iter()
            .map(|rows| {
                let (left, right) = rows.split_at(cut.min(rows.len()));
                vec![right.to_vec(), left.to_vec()]
            })
            .collect();
        let on_disk = Setup { memory: 0, ..setup };
        prop_assert_eq!(tallies(setup, &whole(&days), cap, 1), tallies(on_disk, &split, cap, 3));
    }
}
