//! The root of what is left of a target, up to the largest numbers, and quotients of decimals.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int32Type};

use super::super::connect::Connection;
use super::*;
use crate::release_file::engine::Engine;

#[test]
#[ignore = "needs a cluster: tests/cluster/run.sh"]
fn a_cluster_takes_the_largest_roots_and_quotients_as_the_kernel_does() {
    let remote = std::env::var("POINTILLIST_SPARK").expect("the place of a cluster");
    let engine = Engine::at(&remote, None).unwrap();
    let connection = Connection::open(&engine, "pointillist-test", Box::new(|| Ok(()))).unwrap();
    // As many of each length, those around squares and powers of two among them.
    let mut given: Vec<u128> = vec![0, 1, 2, 3, u64::MAX.into(), u128::from(u64::MAX) - 1];
    let mut word = 1_u64;
    for length in (1..=64_u32).cycle().take(3_000) {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let some = u128::from(word >> (64 - length));
        let square = some.isqrt().pow(2);
        given.extend([some, square, square.saturating_sub(1)]);
    }
    let row = |(id, q): (usize, &u128)| format!("({id}, {})", decimal(*q));
    let rows: Vec<String> = given.iter().enumerate().map(row).collect();
    let divisor = 3_000_000_007_u128;
    let sql = format!(
        "WITH quotients AS (SELECT * FROM VALUES {} AS t(id, q)),\n{}\n\
         SELECT id, h, {} AS quotient FROM held",
        rows.join(","),
        held("quotients"),
        quotient(&format!("(q * {})", decimal(1 << 40)), &decimal(divisor)),
    );
    let mut seen = 0;
    for batch in connection.answer("roots", &sql).unwrap() {
        let ids = batch.column(0).as_primitive::<Int32Type>().values();
        let decimals = |place: usize| batch.column(place).as_primitive::<Decimal128Type>().clone();
        let (roots, quotients) = (decimals(1), decimals(2));
        for (row, id) in ids.iter().enumerate() {
            let q = given[usize::try_from(*id).unwrap()];
            assert_eq!(roots.value(row).unsigned_abs(), (q << 64).isqrt(), "{q}");
            assert_eq!(quotients.value(row).unsigned_abs(), (q << 40) / divisor, "{q}");
            seen += 1;
        }
    }
    assert_eq!(seen, given.len());
}
