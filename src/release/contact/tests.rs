//! The bounds of contact pairs and of rows beside an independent program, and beside whole numbers.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::plan::kinds::{Hat, contribution};
use crate::release::struck_out::target_limit;

fn rho(whole: f64) -> NanoRho {
    NanoRho::new((whole * 1e9).round() as u64)
}

/// Tables with these clips by class, the last one in all classes above.
fn shapes(clips: &[f64], rho: f64) -> Part {
    let last = clips[clips.len() - 1];
    let way = |class: usize| vec![Way::Shape(clips.get(class).copied().unwrap_or(last))];
    Part { rho, ways: std::array::from_fn(way), has_all_rows: true }
}

#[test]
fn pairs_lose_what_an_independent_program_found() {
    let cases: [(Vec<Part>, [f64; 3]); 8] = [
        (vec![shapes(&[1.0], 1.0)], [0.0350, 0.2048, 0.8472]),
        (vec![shapes(&[0.31], 1.0)], [0.1626, 1.0000, 1.5694]),
        (vec![shapes(&[0.11], 1.0)], [1.0000, 1.3675, 1.8030]),
        (vec![shapes(&[1.0, 0.31], 1.0)], [0.0352, 0.2092, 1.0551]),
        (vec![shapes(&[1.0, 0.08], 1.0)], [0.0374, 0.2824, 1.1447]),
        (vec![shapes(&[0.5, 0.08, 1.0], 1.0)], [0.0692, 0.5625, 1.3356]),
        (vec![Part::look(1.0)], [0.0156, 0.1406, 0.8472]),
        (
            vec![Part::look(0.25), shapes(&[1.0], 0.5), shapes(&[0.31], 0.25)],
            [0.0524, 0.3555, 0.8897],
        ),
    ];
    for (parts, expected) in cases {
        let bound = Bound::new(parts);
        for (k, expected) in [1, 3, 10].into_iter().zip(expected) {
            let found = bound.most(k, |loss, _| loss);
            assert!((found - expected).abs() < 6e-5, "{k} of {:?}: {found}", bound.parts);
            assert!(bound.most(k, |loss, n| bound.rounded(loss, n)) >= found);
        }
    }
}

#[test]
fn one_lookup_loses_a_sixth_of_the_shapes_and_a_64th_of_the_look() {
    let close = |found: f64, expected: f64| (found / expected - 1.0).abs() < 3e-3;
    // 1/(8 0.31)^2 and 1/8^2.
    assert!(close(pair_limit(NanoRho::ZERO, rho(1.0), 1), 0.162_59));
    assert!(close(pair_limit(rho(1.0), NanoRho::ZERO, 1), 1.0 / 64.0));
    assert!(close(pair_limit(rho(0.15), rho(0.85), 1), 0.85 * 0.162_59 + 0.15 / 64.0));
    assert!(pair_limit(NanoRho::ZERO, rho(1.0), 1) < 0.163);
}

#[test]
fn more_lookups_lose_more_and_never_above_twice_the_whole() {
    let limits: Vec<f64> =
        [1, 2, 3, 10, 30].iter().map(|k| pair_limit(rho(0.15), rho(0.85), *k)).collect();
    assert!(limits.is_sorted() && limits[4] <= 2.0, "{limits:?}");
    let all = Bound::new(vec![Part::look(0.15), Part::any(0.85)]);
    assert!(all.most(5_000, |loss, n| all.rounded(loss, n)).min(2.0) >= 2.0);
    assert!(pair_limit(NanoRho::ZERO, NanoRho::ZERO, 3) <= 0.0);
}

/// A requester and a plan.
#[derive(Debug, Clone)]
struct Case {
    /// By table and cell: lookups that stay and lookups that go.
    tables: Vec<Vec<(u64, u64)>>,
    stay: u64,
    go: u64,
    /// By class and table: the clip, and a part of the loss.
    plan: Vec<Vec<(usize, u8)>>,
}

fn cases() -> impl Strategy<Value = Case> {
    let stay = prop_oneof![0_u64..10, 0_u64..50, 0_u64..5_000, 0_u64..10_000_000];
    let go = prop_oneof![1_u64..4, 1_u64..13];
    let cells = prop::collection::vec((0_u8..4, 0_u8..3), 1..5);
    // The least clip and all of the loss come often.
    let tables = prop::collection::vec((prop_oneof![Just(0_usize), 0_usize..10], 0_u8..3), 2);
    let plan = prop::collection::vec(tables, CLASSES);
    (stay, go, prop::collection::vec(cells, 2), plan).prop_map(|(stay, go, cells, plan)| {
        let divided = |all: u64, parts: Vec<u64>| -> Vec<u64> {
            // What is left by rounding is in no cell.
            let sum = parts.iter().sum::<u64>().max(1);
            parts.into_iter().map(|part| all * part / sum).collect()
        };
        let table = |cells: Vec<(u8, u8)>| {
            let stay = divided(stay, cells.iter().map(|cell| cell.0.into()).collect());
            let go = divided(go, cells.iter().map(|cell| cell.1.into()).collect());
            stay.into_iter().zip(go).collect()
        };
        Case { tables: cells.into_iter().map(table).collect(), stay, go, plan }
    })
}

impl Case {
    fn counts(&self, table: usize, is_before: bool) -> Vec<u64> {
        let cells = self.tables[table].iter();
        cells.map(|(stay, go)| if is_before { stay + go } else { *stay }).collect()
    }

    /// The sum over the look and all tables of the square of a vector that `of` gives for a class, a
    /// table and a way, times the loss that the plan gives it.
    fn loss(&self, of: impl Fn(usize, usize, Way) -> Vec<f64>) -> f64 {
        let square = |vector: Vec<f64>| vector.iter().map(|one| one * one).sum::<f64>();
        let class = |class: usize| {
            let (ways, parts) = (Way::all(class), &self.plan[class]);
            let whole: u8 = parts.iter().map(|(_, part)| part).sum();
            let tables = parts.iter().enumerate().map(|(table, (way, part))| {
                let rho = SHAPES * f64::from(*part) / f64::from(whole.max(1));
                rho * square(of(class, table, ways[way % ways.len()]))
            });
            LOOK * square(of(class, 0, Way::Number)) + tables.sum::<f64>()
        };
        (0..CLASSES).map(class).sum()
    }
}

/// What lookups in these cells add in a class, in units of the clip, as the lattice has it, for a
/// requester with these counts.
fn added(cells: &[u64], counts: &[u64], lookups: u64, class: usize, way: Way) -> Vec<f64> {
    let hat = Hat::of(lookups);
    let weight = hat.weights().find(|(known, _)| *known == class).map_or(0, |(_, weight)| weight);
    match way {
        Way::Number => vec![weight as f64 / SHAPE_ONE as f64],
        Way::Shape(clip) => {
            let clip = (clip * SHAPE_ONE as f64).round() as u64;
            let square = counts.iter().map(|count| u128::from(*count).pow(2)).sum();
            let multiplier = hat.shape(square).multiplier(clip, weight);
            cells.iter().map(|one| contribution(*one, multiplier) as f64 / clip as f64).collect()
        }
    }
}

/// The losses of the look and of the tables of a class.
const LOOK: f64 = 0.15;
const SHAPES: f64 = 0.85;

/// The limit for pairs, by their number of lookups.
static LIMITS: LazyLock<[f64; 13]> = LazyLock::new(|| {
    std::array::from_fn(|lookups| pair_limit(rho(LOOK), rho(SHAPES), lookups as u32))
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Whatever the planner chooses, with the whole numbers that a run adds up.
    #[test]
    fn no_plan_lets_a_pair_or_a_row_lose_more_than_its_limit(case in cases()) {
        let all = case.stay + case.go;
        let moved = case.loss(|class, table, way| {
            let (before, after) = (case.counts(table, true), case.counts(table, false));
            let before = added(&before, &before, all, class, way);
            let after = added(&after, &after, case.stay, class, way);
            before.into_iter().zip(after).map(|(before, after)| before - after).collect()
        });
        let limit = LIMITS[usize::try_from(case.go).unwrap()];
        prop_assert!(moved <= limit, "{moved} {limit}");

        // A row's part is seen best in very many of them.
        const MANY: u64 = 1 << 30;
        let row = case.loss(|class, table, way| {
            let one = match way {
                Way::Number => added(&[], &[], all, class, way)[0] / all as f64,
                Way::Shape(_) => {
                    added(&[MANY], &case.counts(table, true), all, class, way)[0] / MANY as f64
                }
            };
            vec![one]
        });
        let limit = target_limit(rho(LOOK), rho(SHAPES), 1);
        prop_assert!(row <= limit, "{row} {limit}");
    }
}
