//! The layers of the total add up to the lookups, bit by bit.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::world::{Lookup, Setup, lookup, setup, tallies};
use crate::plan::Contribution;
use crate::plan::kinds::Layers;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn layers_add_up_to_each_requesters_lookups_up_to_the_clip(
        setup in setup(),
        rows in prop::collection::vec(lookup(), 0..150),
        heavy in 0_usize..700,
    ) {
        let setup = Setup { persons: false, ..setup };
        let row = Lookup { requester: 200, target: 1, second: 7, app: None, route: None, number: None };
        let rows = [rows, vec![row; heavy]].concat();
        let plan = setup.plan();
        let place = plan.tables.iter().position(|table| table.name == "all lookups").unwrap();
        let total = &plan.tables[place];
        prop_assert_eq!(&total.contribution, &Contribution::Layers(Layers { count: 16 }));
        let layers = &tallies(setup, std::slice::from_ref(&rows), 2)[place];
        let mut lookups: BTreeMap<u8, i64> = BTreeMap::new();
        for row in rows.iter().filter(|row| (0..86_400).contains(&row.second)) {
            *lookups.entry(row.requester).or_default() += 1 << 16;
        }
        let most = i64::try_from(total.asked_clip().units()).unwrap();
        prop_assert_eq!(layers.iter().sum::<i64>(), lookups.values().map(|own| *own.min(&most)).sum::<i64>());
        // No more requesters reach a higher layer than a lower one.
        prop_assert!(layers.is_sorted_by(|lower, higher| lower >= higher));
    }
}
