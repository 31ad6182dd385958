//! What one requester may lose over a window, and what it has lost so far, in integers.
//!
//! The loss of a requester on a day is the sum over tables of the table's charge times its share of
//! the clip squared: what the mechanism itself would say of a vector of that norm. Where it would go
//! past what is left of the cap, all vectors of that day are scaled by one more factor, so that it
//! goes just up to it. All of it follows from the requester's own rows, and what earlier releases
//! published: taking the requester out of the whole window changes nobody else's vectors, and moves
//! all releases together by at most the cap (MECHANISMS 1.5; individual filters of Feldman and
//! Zrnic 2021).

use std::collections::HashMap;
use std::sync::Arc;

use super::ball::{Entry, scale_into_ball};
use super::gather::UnitId;
use super::pairs::Pair;
use super::partition::TableBound;
use super::vector::{AtomCount, collect};
use crate::ledger::Spent;
use crate::spec::privacy_loss::NanoRho;
use crate::spec::question::Clip;

/// Losses are counted in 2^-16 of a billionth of rho, so that rounding up costs next to nothing.
const FRACTION_BITS: u32 = 16;
/// Factors are counted in 2^-32.
const FACTOR_BITS: u32 = 32;

/// The most that one requester may lose over a window, and what each table takes of it.
pub struct RunningCap {
    limit: u64,
    prices: Vec<Option<Price>>,
    key: [u8; 32],
}

/// A table's loss for a vector as long as its clip.
#[derive(Clone, Copy)]
struct Price {
    charge: u64,
    clip: u128,
}

impl RunningCap {
    /// `prices` gives each table's charge and clip, none for tables that are bounded day by day.
    /// `key` is the window's: requesters are known by a digest under it.
    #[must_use]
    pub fn new(cap: NanoRho, prices: &[Option<(NanoRho, Clip)>], key: [u8; 32]) -> Self {
        let price = |(charge, clip): (NanoRho, Clip)| Price {
            charge: charge.nano(),
            clip: clip.units().into(),
        };
        Self {
            limit: cap.nano().saturating_mul(1 << FRACTION_BITS),
            prices: prices.iter().map(|one| one.map(price)).collect(),
            key,
        }
    }

    /// By what a requester is known over the window.
    fn digest(&self, (first, second): UnitId) -> u128 {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&first.to_le_bytes());
        bytes[8..].copy_from_slice(&second.to_le_bytes());
        blake3::Hasher::new_keyed(&self.key).update(&bytes).finalize_xof().fill(&mut bytes);
        u128::from_be_bytes(bytes)
    }

    fn price(&self, table: usize) -> Option<Price> {
        self.prices.get(table).copied().flatten()
    }
}

impl Price {
    /// The loss of a vector whose squares sum to `square`, at most that of the clip; rounded up.
    fn loss(self, square: u128) -> u64 {
        // A square is below 2^72 and a charge below 2^38: with 16 bits more this stays below 2^126.
        let most = self.clip * self.clip;
        let loss = (square.min(most) * u128::from(self.charge)) << FRACTION_BITS;
        u64::try_from(loss.div_ceil(most.max(1))).unwrap_or(u64::MAX)
    }
}

/// What the requesters of one partition have lost, and room for one of them after another.
pub(super) struct Running {
    cap: Arc<RunningCap>,
    spent: HashMap<u128, u64, foldhash::fast::RandomState>,
    vectors: Vec<(usize, Entry)>,
}

impl Running {
    pub(super) fn new(cap: &Arc<RunningCap>) -> Self {
        Self { cap: Arc::clone(cap), spent: HashMap::default(), vectors: Vec::new() }
    }

    /// Begins a partition with what was lost before.
    pub(super) fn begin(&mut self, spent: Vec<Spent>) {
        self.spent = spent.into_iter().collect();
    }

    /// Ends it with what is lost now, in an order that tells nothing.
    pub(super) fn end(&mut self) -> Vec<Spent> {
        let mut spent: Vec<Spent> = self.spent.drain().collect();
        spent.sort_unstable();
        spent
    }

    /// Bounds one unit in every table and hands each contribution on as (table, cell, units).
    ///
    /// # Privacy
    /// In each table the norm is at most the clip. Over all days of the window the losses of the
    /// tables that have a price sum to at most the cap, exactly: losses and roots are rounded so
    /// that a vector only becomes shorter and what is noted only larger.
    pub(super) fn contribute(
        &mut self,
        unit: UnitId,
        atoms: &[AtomCount],
        pairs: &[Pair],
        tables: &[TableBound<'_>],
        vector: &mut Vec<Entry>,
        add: &mut impl FnMut(usize, u32, i64),
    ) {
        let Self { cap, spent, vectors } = self;
        vectors.clear();
        let mut loss = 0_u64;
        for (table, bound) in tables.iter().enumerate() {
            collect(atoms, pairs, bound, vector);
            let Some(price) = cap.price(table) else {
                scale_into_ball(vector, bound.clip, |cell, units| add(table, cell, units));
                continue;
            };
            let mut square = 0_u128;
            scale_into_ball(vector, bound.clip, |cell, units| {
                square += u128::from(units.unsigned_abs()).pow(2);
                vectors.push((table, Entry { cell, units }));
            });
            loss = loss.saturating_add(price.loss(square));
        }
        if loss == 0 {
            return;
        }
        let spent = spent.entry(cap.digest(unit)).or_default();
        let left = cap.limit.saturating_sub(*spent);
        *spent = spent.saturating_add(loss).min(cap.limit);
        if loss <= left {
            vectors.iter().for_each(|(table, entry)| add(*table, entry.cell, entry.units));
            return;
        }
        // The root of what is left over what would be lost, rounded down: below one.
        let factor = ((u128::from(left) << (2 * FACTOR_BITS)) / u128::from(loss)).isqrt();
        let factor = i128::try_from(factor).unwrap_or(0);
        for (table, entry) in vectors {
            // Towards zero, whatever the sign.
            let units = i128::from(entry.units) * factor / (1 << FACTOR_BITS);
            add(*table, entry.cell, i64::try_from(units).unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::{Plan, measured_tables};
    use crate::spec::Release;
    use crate::spec::question::LATTICE_ONE;

    const CLIP: Clip = Clip::whole(10);
    const CHARGE: u64 = 1_000_000;

    fn plan() -> Plan {
        let text = "name = \"r\"\n[logs]\npath = \"x\"\n[keys]\napp = [\"a\", \"b\", \"c\"]\n[ledger]\n\
                    path = \"r.ledger\"\nepsilon = 1.0\ndelta = 1e-6\n[[question]]\nname = \"q\"\n\
                    count = \"lookups\"\nby = [\"app\"]\n";
        let release = Release::parse(text, "r.toml", std::path::Path::new(".")).unwrap();
        let tables = measured_tables(&release, NanoRho::new(CHARGE), None).unwrap();
        Plan::with_tables(&release, tables).unwrap()
    }

    /// What a requester adds to the four apps on each day, where it may be whole on `whole` days.
    fn days(lookups: &[[u32; 4]], whole: u64) -> Vec<[i64; 4]> {
        let plan = plan();
        let bounds = [TableBound {
            cells: &plan.cells[1],
            contribution: &plan.tables[1].contribution,
            clip: CLIP,
        }];
        let cap = NanoRho::new(whole * CHARGE);
        let cap = Arc::new(RunningCap::new(cap, &[Some((NanoRho::new(CHARGE), CLIP))], [7; 32]));
        let mut spent = Vec::new();
        lookups
            .iter()
            .map(|day| {
                let atoms: Vec<AtomCount> = (0..)
                    .zip(day)
                    .filter(|(_, lookups)| **lookups > 0)
                    .map(|(atom, lookups)| AtomCount { atom, lookups: i64::from(*lookups) })
                    .collect();
                let mut running = Running::new(&cap);
                running.begin(std::mem::take(&mut spent));
                let mut cells = [0; 4];
                let add = &mut |_, cell: u32, units| cells[cell as usize] += units;
                running.contribute((5, 0), &atoms, &[], &bounds, &mut Vec::new(), add);
                spent = running.end();
                cells
            })
            .collect()
    }

    fn square(cells: &[i64; 4]) -> f64 {
        cells.iter().map(|units| (*units as f64 / LATTICE_ONE as f64).powi(2)).sum()
    }

    #[test]
    fn a_requester_is_whole_until_the_cap_and_then_counts_for_what_is_left() {
        let heavy = days(&[[20, 0, 0, 0]; 4], 2);
        let units = |lookups: f64| (lookups * LATTICE_ONE as f64) as i64;
        assert_eq!(
            heavy.iter().map(|day| day[0]).collect::<Vec<_>>(),
            [units(10.0), units(10.0), 0, 0]
        );
        // Six lookups take 0.36 of a day: of one day there is 0.64 left after the first, 0.28 after
        // the second, which is a vector of 5.29.
        let light = days(&[[6, 0, 0, 0]; 4], 1);
        assert_eq!((light[0][0], light[1][0], light[3][0]), (units(6.0), units(6.0), 0));
        assert!((square(&light[2]) - 28.0).abs() < 1e-3, "{light:?}");
    }

    #[test]
    fn losses_are_what_the_mechanism_says_rounded_up() {
        let price = Price { charge: CHARGE, clip: CLIP.units().into() };
        let whole = CHARGE << FRACTION_BITS;
        let of = |lookups: u64| price.loss(u128::from(lookups * LATTICE_ONE).pow(2));
        assert_eq!((of(0), of(10), of(11)), (0, whole, whole));
        assert_eq!(of(1), whole / 100);
        let thirds = Price { clip: Clip::whole(3).units().into(), ..price };
        assert_eq!(thirds.loss(u128::from(LATTICE_ONE).pow(2)), whole / 9 + 1);
        // The largest clip and charge that there are do not leave the integers.
        let clip = u128::from(Clip::whole(1 << 20).units());
        let most = Price { charge: 100_000_000_000, clip };
        assert_eq!(most.loss(clip * clip), 100_000_000_000 << FRACTION_BITS);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn over_all_days_a_requester_never_loses_more_than_the_cap(
            lookups in prop::collection::vec(prop::array::uniform4(0_u32..40), 1..30),
            whole in 1_u64..9,
        ) {
            let days = days(&lookups, whole);
            let exact: u128 = days
                .iter()
                .flatten()
                .map(|units| u128::from(units.unsigned_abs()).pow(2))
                .sum();
            prop_assert!(exact <= u128::from(whole) * u128::from(CLIP.units()).pow(2));
        }

        #[test]
        fn lookups_of_a_pair_move_all_days_together_by_no_more_than_is_printed(
            lookups in prop::collection::vec(heavy(), 1..10),
            pair in 0_usize..2,
            at in 0_usize..10,
            whole in 1_u64..4,
            each_day in any::<bool>(),
        ) {
            // One lookup of the pair is taken away on one day, or on each from one on.
            let mut less = lookups.clone();
            let mut touched = 0.0;
            let days_on = if each_day { usize::MAX } else { 1 };
            for day in less.iter_mut().skip(at).take(days_on) {
                touched += f64::from(day[pair].min(1));
                day[pair] = day[pair].saturating_sub(1);
            }
            let moved = moved(&days(&lookups, whole), &days(&less, whole));
            // In squared lookups: what one moves directly, and what it uses up of later days.
            let (direct, used) = (1.0, 2.0 * 10.0 - 1.0);
            let often = if touched > 1.0 { 2.0 } else { 1.0 };
            prop_assert!(moved <= often * touched * (direct + used) + 1e-3, "{moved} {touched}");
        }

        #[test]
        fn some_days_of_a_window_move_all_of_it_by_at_most_twice_the_cap(
            lookups in prop::collection::vec(heavy(), 1..10),
            taken in prop::collection::vec(any::<bool>(), 10),
            whole in 1_u64..4,
        ) {
            // Days are in the order in which they are drawn, which need not be that of the calendar.
            let mut less = lookups.clone();
            let gone = less.iter_mut().zip(&taken).filter(|(_, taken)| **taken);
            let gone = gone.map(|(day, _)| *day = [0; 4]).count() as f64;
            let moved = moved(&days(&lookups, whole), &days(&less, whole));
            let most = 2.0 * 100.0 * gone.min(whole as f64);
            prop_assert!(moved <= most + 1e-3, "{moved} of {most}");
        }
    }

    /// Days near the clip, so that caps are reached.
    fn heavy() -> impl Strategy<Value = [u32; 4]> {
        prop_oneof![
            3 => (6_u32..12, 0_u32..4).prop_map(|(one, other)| [one, other, 0, 0]),
            1 => prop::array::uniform4(0_u32..8),
        ]
    }

    fn moved(with: &[[i64; 4]], without: &[[i64; 4]]) -> f64 {
        let days = with.iter().zip(without);
        days.map(|(left, right)| square(&std::array::from_fn(|cell| left[cell] - right[cell])))
            .sum()
    }

    #[test]
    fn both_bounds_are_reached() {
        // One of ten lookups, where one day may be whole: the next day gets what it had used up.
        let (with, without) = ([[10, 0, 0, 0], [0, 10, 0, 0]], [[9, 0, 0, 0], [0, 10, 0, 0]]);
        assert!((moved(&days(&with, 1), &days(&without, 1)) - 20.0).abs() < 1e-3);
        // The first of two days: the second takes its place.
        let without = [[0; 4], [0, 10, 0, 0]];
        assert!((moved(&days(&with, 1), &days(&without, 1)) - 200.0).abs() < 1e-3);
    }
}
