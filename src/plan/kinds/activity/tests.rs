//! The integers of activity and shapes, against the mathematics and against neighbours made to break
//! the bound.

use proptest::prelude::*;

use super::*;

/// A whole number of any size, for losses that must be compared exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Big(Vec<u32>);

impl Big {
    fn of(mut number: u128) -> Self {
        let mut limbs = Vec::new();
        while number > 0 {
            limbs.push(number as u32);
            number >>= 32;
        }
        Self(limbs)
    }

    fn times(&self, other: &Self) -> Self {
        let mut limbs = vec![0_u32; self.0.len() + other.0.len()];
        for (low, left) in self.0.iter().enumerate() {
            let mut carry = 0_u64;
            for (place, limb) in limbs[low..].iter_mut().enumerate() {
                let right = other.0.get(place).copied().unwrap_or(0);
                carry += u64::from(*left) * u64::from(right) + u64::from(*limb);
                *limb = carry as u32;
                carry >>= 32;
            }
        }
        Self(limbs).trimmed()
    }

    fn plus(&self, other: &Self) -> Self {
        let mut carry = 0_u64;
        let mut limbs = Vec::new();
        for place in 0..=self.0.len().max(other.0.len()) {
            let limb = |of: &Self| u64::from(of.0.get(place).copied().unwrap_or(0));
            carry += limb(self) + limb(other);
            limbs.push(carry as u32);
            carry >>= 32;
        }
        Self(limbs).trimmed()
    }

    fn trimmed(mut self) -> Self {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    fn is_at_most(&self, other: &Self) -> bool {
        let key = |of: &Self| (of.0.len(), of.0.iter().rev().copied().collect::<Vec<_>>());
        key(self) <= key(other)
    }
}

/// What a requester has in the cells of one table, and how much one row counts at most.
#[derive(Debug, Clone)]
struct Vector {
    /// Equal cells: how many of them there are, and what is in each.
    cells: Vec<(u64, u64)>,
    bits: u32,
}

impl Vector {
    fn square(&self) -> u128 {
        self.cells
            .iter()
            .map(|(count, amount)| u128::from(*count) * u128::from(*amount).pow(2))
            .sum()
    }

    /// The sum of the squares that a class receives, and the plain sum.
    fn received(&self, hat: &Hat, clip: u64, weight: u64) -> (u128, u128) {
        let multiplier = hat.shape_of(self.square(), self.bits).multiplier(clip, weight);
        let (mut square, mut sum) = (0, 0);
        for (count, amount) in &self.cells {
            let steps = u128::from(contribution(*amount, multiplier).unsigned_abs());
            square += u128::from(*count) * steps.pow(2);
            sum += u128::from(*count) * steps;
        }
        (square, sum)
    }
}

/// A table of a class: its clip, and what it may cost.
type Table = (u64, u64);

/// Whether one requester loses at most what the costliest class costs, exactly: the loss by a table is
/// `square * rho / clip^2`. Every vector is measured in the tables of each class.
fn is_within(lookups: u64, vectors: &[Vector], classes: &[Vec<Table>; CLASSES]) -> bool {
    let hat = Hat::of(lookups);
    let most = classes.iter().map(|tables| tables.iter().map(|(_, rho)| u128::from(*rho)).sum());
    let most: u128 = most.max().unwrap();
    // Over one denominator, the product of the squares of all clips.
    let (mut loss, mut denominator) = (Big::of(0), Big::of(1));
    for (class, weight) in hat.weights() {
        for ((clip, rho), vector) in classes[class].iter().zip(vectors.iter().cycle()) {
            let (square, _) = vector.received(&hat, *clip, weight);
            let clip = Big::of(u128::from(*clip).pow(2));
            let own = Big::of(square).times(&Big::of((*rho).into())).times(&denominator);
            loss = loss.times(&clip).plus(&own);
            denominator = denominator.times(&clip);
        }
    }
    loss.is_at_most(&denominator.times(&Big::of(most)))
}

/// Numbers of lookups where the weights turn, and far from there.
fn turning_points() -> Vec<u64> {
    let mut points: Vec<u64> = (0..=40).collect();
    for node in nodes() {
        points.extend([node - 1, node, node + 1]);
        points.extend([node * 5 / 2 - 1, node * 5 / 2]);
    }
    points.extend([
        1_000_000,
        10_000_000,
        MOST_ADDED,
        MOST_ADDED + 1,
        MOST_COUNTED,
        MOST_COUNTED + 1,
    ]);
    points
}

/// Rows that are made to weigh as much as rows can: in one cell, all apart, in two cells of which one
/// is large, in no cell but for one, and the same with numbers at the ends of their range.
fn adversaries(lookups: u64) -> Vec<Vector> {
    let n = lookups.max(1);
    let half = n / 2;
    let counts = [
        vec![(1, n)],
        vec![(n, 1)],
        vec![(1, n - half), (half, 1)],
        vec![(1, n - half), (1, half)],
        vec![(1, 1)],
        vec![(1, half)],
        Vec::new(),
    ];
    let mut vectors = Vec::new();
    for cells in counts {
        for level in [1, 2, 12_345, 32_767, 32_768] {
            // Beyond what may be added up, sums would not fit.
            let of_level = |amount: u64| amount.saturating_mul(level);
            let cells = cells.iter().map(|(count, amount)| (*count, of_level(*amount))).collect();
            vectors.push(Vector { cells, bits: LEVEL_BITS });
        }
        vectors.push(Vector { cells, bits: 0 });
    }
    vectors
}

const CLIPS: [u64; 9] =
    [83_886, 115_343, 167_772, 230_686, 325_058, 461_373, 650_117, 838_860, SHAPE_ONE];

#[test]
fn weights_give_the_number_of_lookups_back() {
    let nodes = nodes();
    assert_eq!((nodes[0], nodes[9]), (8, 2_097_152));
    let check = |lookups: u64| {
        let hat = Hat::of(lookups);
        let sum: u64 = hat.weights().map(|(class, weight)| weight * nodes[class]).sum();
        let node = nodes.into_iter().find(|node| *node > lookups).unwrap_or(nodes[CLASSES - 1]);
        let whole = lookups.min(nodes[CLASSES - 1]) << SHAPE_BITS;
        assert!(sum <= whole && whole - sum <= 2 * node, "{lookups}");
        assert_eq!(
            hat.weights().map(|(class, _)| hat.weight(class)).collect::<Vec<_>>(),
            hat.weights().map(|(_, weight)| weight).collect::<Vec<_>>()
        );
    };
    (0..10_000).chain(turning_points()).for_each(check);
    assert_eq!(Hat::of(u64::MAX).weights().collect::<Vec<_>>(), [(9, SHAPE_ONE)]);
    assert_eq!(Hat::of(0).weights().count(), 0);
    assert_eq!(Hat::of(4).weights().collect::<Vec<_>>(), [(0, SHAPE_ONE / 2)]);
    assert_eq!(Hat::of(20).weights().collect::<Vec<_>>(), [(0, SHAPE_ONE / 2), (1, SHAPE_ONE / 2)]);
}

#[test]
fn one_requester_moves_the_look_by_at_most_one_and_a_lookup_by_an_eighth() {
    let weights = |lookups: u64| {
        let mut weights = [0_u64; CLASSES];
        Hat::of(lookups).weights().for_each(|(class, weight)| weights[class] = weight);
        weights
    };
    let square = |left: [u64; CLASSES], right: [u64; CLASSES]| {
        let parts = left.into_iter().zip(right);
        parts.map(|(left, right)| u128::from(left.abs_diff(right)).pow(2)).sum::<u128>()
    };
    for lookups in (0..200_000).chain(turning_points()) {
        assert!(square(weights(lookups), [0; CLASSES]) <= 1 << (2 * SHAPE_BITS), "{lookups}");
        let moved = square(weights(lookups), weights(lookups + 1));
        assert!(moved <= 1 << (2 * (SHAPE_BITS - 3)), "{lookups}");
    }
}

#[test]
fn no_requester_moves_a_class_by_more_than_its_part_of_the_clip() {
    for lookups in turning_points() {
        let hat = Hat::of(lookups);
        let all: u128 = hat.weights().map(|(_, weight)| u128::from(weight).pow(2)).sum();
        for vector in adversaries(lookups) {
            for ((_, weight), clip) in
                hat.weights().flat_map(|class| CLIPS.into_iter().map(move |clip| (class, clip)))
            {
                let (square, sum) = vector.received(&hat, clip, weight);
                let most = u128::from(clip * weight).pow(2);
                assert!(square <= most / all, "{lookups} {vector:?} {clip}");
                assert!(sum <= u128::from(weight), "{lookups} {vector:?} {clip}");
            }
        }
    }
}

#[test]
fn adversaries_lose_at_most_what_the_costliest_class_costs() {
    // Clips and costs that differ by table and class, in an order that no class repeats.
    let tables = |class: usize| {
        let table =
            |at: usize| (CLIPS[(7 * class + 4 * at) % 9], 1 + (31 * class + 17 * at) as u64 % 50);
        (0..3).map(table).collect::<Vec<_>>()
    };
    let classes: [Vec<Table>; CLASSES] = std::array::from_fn(tables);
    for lookups in turning_points() {
        let vectors = adversaries(lookups);
        for first in 0..vectors.len() {
            let three: Vec<Vector> = vectors.iter().cycle().skip(first).take(3).cloned().collect();
            assert!(is_within(lookups, &three, &classes), "{lookups} {first}");
            // Alike in all tables: the bound is nearly reached.
            assert!(is_within(lookups, &three[..1], &classes), "{lookups} {first}");
        }
    }
}

#[test]
fn the_bound_is_reached_and_not_far_above_what_is_lost() {
    // At a node with all rows in one cell a requester has all its weight in one class, and loses all.
    for (class, node) in nodes().into_iter().enumerate() {
        let hat = Hat::of(node);
        let vector = Vector { cells: vec![(1, node)], bits: 0 };
        for clip in CLIPS {
            let (square, _) = vector.received(&hat, clip, hat.weight(class));
            assert!(square.isqrt() + 2 >= u128::from(clip), "{class} {clip}");
        }
    }
}

#[test]
fn more_rows_than_can_be_counted_add_nothing() {
    let received = |lookups: u64, bits: u32| {
        let hat = Hat::of(lookups);
        Vector { cells: vec![(1, lookups << bits)], bits }.received(&hat, SHAPE_ONE, SHAPE_ONE).1
    };
    assert!(received(MOST_COUNTED, 0) > 0 && received(MOST_ADDED, LEVEL_BITS) > 0);
    assert_eq!((received(MOST_COUNTED + 1, 0), received(MOST_ADDED + 1, LEVEL_BITS)), (0, 0));
    assert_eq!(received(0, 0), 0);
}

#[test]
fn light_requesters_add_an_eighth_for_each_lookup() {
    // With a clip of one nothing of a requester of up to eight lookups is cut.
    for counts in [[1_u64, 0], [3, 2], [8, 0], [4, 4]] {
        let hat = Hat::of(counts.iter().sum());
        let square = counts.iter().map(|count| u128::from(*count).pow(2)).sum();
        for (class, weight) in hat.weights() {
            assert_eq!(class, 0);
            let multiplier = hat.shape(square).multiplier(SHAPE_ONE, weight);
            for count in counts {
                let exact = (count * SHAPE_ONE / 8).cast_signed();
                assert_eq!(contribution(count, multiplier), exact);
            }
        }
    }
}

#[test]
fn what_is_kept_of_light_requesters_is_what_would_be_computed() {
    for clip in CLIPS {
        let light = LightMultipliers::of(clip);
        for lookups in 0..=8_u64 {
            for square in 0..=lookups.pow(2) {
                let hat = Hat::of(lookups);
                let expected = hat.shape(square.into()).multiplier(clip, hat.weight(0));
                assert_eq!(light.get(lookups, square), Some(expected));
            }
        }
        assert!(light.get(9, 1).is_none() && light.get(u64::MAX, 1).is_none());
        assert!(light.get(8, u64::MAX).is_none());
    }
}

/// A number of lookups of any size.
fn lookups() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => (0_u32..28, any::<u64>()).prop_map(|(bits, any)| any % (1 << (bits + 1))),
        1 => prop::sample::select(turning_points()),
        1 => (0_u32..40, any::<u64>()).prop_map(|(bits, any)| any % (1 << (bits + 1))),
    ]
}

/// Vectors of a requester with this many lookups: some of its rows in some cells.
fn vector(lookups: u64) -> impl Strategy<Value = Vector> {
    let parts = prop::collection::vec((any::<u32>(), 0_u64..=32_768), 1..8);
    (parts, any::<bool>()).prop_map(move |(parts, has_levels)| {
        let mut left = lookups;
        let mut cells = Vec::new();
        for (part, level) in parts {
            let count = ((u128::from(left) * u128::from(part)) >> 31).min(left.into()) as u64;
            left -= count;
            let one = if has_levels { level } else { 1 };
            cells.push((1, count.saturating_mul(one)));
        }
        Vector { cells, bits: if has_levels { LEVEL_BITS } else { 0 } }
    })
}

fn case() -> impl Strategy<Value = (u64, Vec<Vector>)> {
    lookups().prop_flat_map(|lookups| (Just(lookups), prop::collection::vec(vector(lookups), 1..4)))
}

fn classes() -> impl Strategy<Value = [Vec<Table>; CLASSES]> {
    let clip = prop_oneof![prop::sample::select(CLIPS.to_vec()), 1..=SHAPE_ONE];
    let tables = prop::collection::vec((clip, 1_u64..1_000_000_000), 0..4);
    prop::collection::vec(tables, CLASSES).prop_map(|tables| tables.try_into().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn any_requester_loses_at_most_what_the_costliest_class_costs(
        (lookups, vectors) in case(),
        classes in classes(),
    ) {
        prop_assert!(is_within(lookups, &vectors, &classes));
    }

    #[test]
    fn multipliers_are_the_smaller_of_both_quotients(
        (lookups, vectors) in case(),
        clip in prop_oneof![prop::sample::select(CLIPS.to_vec()), 1..=SHAPE_ONE],
    ) {
        let hat = Hat::of(lookups);
        let all: u128 = hat.weights().map(|(_, weight)| u128::from(weight).pow(2)).sum();
        for vector in vectors {
            let square = vector.square();
            let most = if vector.bits > 0 { MOST_ADDED } else { MOST_COUNTED };
            if lookups > most || square == 0 {
                continue;
            }
            let root = (all * square).isqrt();
            let root = root + u128::from(root * root < all * square);
            for (_, weight) in hat.weights() {
                let whole = (u128::from(weight) << 40) / u128::from(lookups);
                let bounded = (u128::from(clip * weight) << (40 + vector.bits)) / root;
                let expected = u64::try_from(whole.min(bounded)).unwrap();
                let found = hat.shape_of(square, vector.bits).multiplier(clip, weight);
                prop_assert_eq!(found, Multiplier { by: expected, bits: vector.bits });
            }
        }
    }

    #[test]
    fn with_a_clip_of_one_the_cells_add_up_to_the_weight((lookups, vectors) in case()) {
        let hat = Hat::of(lookups);
        for mut vector in vectors {
            if vector.bits > 0 || lookups > MOST_COUNTED {
                continue;
            }
            let rows: u64 = vector.cells.iter().map(|(count, amount)| count * amount).sum();
            vector.cells.push((1, lookups - rows));
            for (_, weight) in hat.weights() {
                let (_, sum) = vector.received(&hat, SHAPE_ONE, weight);
                let off = u128::from(weight) - sum;
                // Each cell is rounded down, and the multiplier once.
                prop_assert!(off <= vector.cells.len() as u128 + 1, "{}", off);
            }
        }
    }
}
