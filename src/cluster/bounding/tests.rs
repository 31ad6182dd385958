//! The expressions against the kernel, up to the largest numbers that it takes.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::super::connect::Connection;
use super::*;
use crate::plan::kinds::{Hat, LEVEL_BITS, contribution};
use crate::release_file::engine::Engine;

/// One amount of a requester in one table of one of its two classes.
#[derive(Debug, Clone, Copy)]
struct Given {
    amount: u64,
    lookups: u64,
    square: u128,
    is_upper: bool,
    clip: u64,
    bits: u32,
}

impl Given {
    fn expected(self) -> i64 {
        let hat = Hat::of(self.lookups);
        let weights: Vec<(usize, u64)> = hat.weights().collect();
        let weight = weights.get(usize::from(self.is_upper)).map_or(0, |(_, weight)| *weight);
        let multiplier = hat.shape_of(self.square, self.bits).multiplier(self.clip, weight);
        contribution(self.amount, multiplier)
    }
}

fn given() -> impl Strategy<Value = Given> {
    let bits = prop_oneof![Just(0), Just(LEVEL_BITS)];
    let clip = prop_oneof![Just(83_886), Just(325_058), Just(SHAPE_ONE), 1..=SHAPE_ONE];
    // As many digits of each length; sums of squares next to a square are the hardest for a root.
    (bits, clip, 1_u32..=40, any::<[u64; 2]>(), 0_u32..4, -1_i128..=1, any::<bool>()).prop_map(
        |(bits, clip, length, [first, second], kind, beside, is_upper)| {
            let most = most_rows(bits);
            let lookups = (first >> (64 - length.min(most.ilog2() + 1))).clamp(1, most);
            let lookups = if kind == 0 { most } else { lookups };
            let whole = lookups << bits;
            let amount = if kind == 1 { whole } else { second % whole + 1 };
            let square = (u128::from(amount).pow(2)).saturating_add_signed(beside).max(1);
            let square = square.min(u128::from(whole).pow(2));
            Given { amount, lookups, square, is_upper, clip, bits }
        },
    )
}

#[test]
#[ignore = "needs a cluster: tests/cluster/run.sh"]
fn a_cluster_scales_the_largest_numbers_as_the_kernel_does() {
    let remote = std::env::var("POINTILLIST_SPARK").expect("the place of a cluster");
    let engine = Engine::at(&remote, None).unwrap();
    let connection = Connection::open(&engine, "pointillist-test", Box::new(|| Ok(()))).unwrap();
    let mut runner = TestRunner::default();
    let givens: Vec<Given> =
        (0..4_000).map(|_| given().new_tree(&mut runner).unwrap().current()).collect();
    let row = |(id, given): (usize, &Given)| {
        let Given { amount, lookups, square, is_upper, clip, bits } = given;
        format!(
            "({id}, {amount}L, {lookups}L, {square}BD, {is_upper}, {clip}L, {bits}, {}L)",
            1_u64 << bits
        )
    };
    let rows: Vec<String> = givens.iter().enumerate().map(row).collect();
    let sql = format!(
        "WITH given AS (SELECT *, false AS adds_rows, false AS holds_all FROM VALUES {}\n\
         AS t(id, amount, n, square, is_upper, clip, bits, one)),\n\
         hats AS (SELECT *, {} FROM given),\n\
         products AS (SELECT *, CAST(square * (lower * lower + upper * upper) AS DECIMAL(38, 0)) AS product,\n\
         CASE WHEN is_upper THEN upper ELSE lower END AS weight FROM hats),\n{}\n\
         SELECT id, {} AS steps FROM rooted",
        rows.join(","),
        hat(),
        rooted("products", "rooted"),
        shape_steps()
    );
    let mut seen = 0;
    for batch in connection.answer("sums", &sql).unwrap() {
        let ids = batch.column(0).as_primitive::<Int32Type>().values().iter();
        for (id, steps) in ids.zip(batch.column(1).as_primitive::<Int64Type>().values()) {
            let given = givens[usize::try_from(*id).unwrap()];
            assert_eq!(*steps, given.expected(), "{given:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, givens.len());
}
