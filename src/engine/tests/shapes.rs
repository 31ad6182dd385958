//! Activity and shapes of real rows: a plain form of their integers, and what one requester and one
//! person move, through reading, partitions, both passes and both stages.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::reference::{by_requester, cell, scaled};
use super::world::{EXEMPT, Lookup, Setup, adversary, lookup, setup, with_rows};
use crate::plan::kinds::{CLASSES, Hat, PrefixShapes, SHAPE_ONE, ShapeSums, Shapes};
use crate::plan::{Axis, Contribution, MeasuredTable, Plan, Role, ShapeTargets};
use crate::release_file::lattice::Clip;
use crate::release_file::prefix::{Prefix, PrefixOf};
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::unit::Exempt;

const ONE: u128 = SHAPE_ONE as u128;
/// The prefixes that were found, of those that the world's numbers have.
const FOUND: [u64; 3] = [1_212, 1_415, 2_347];

fn table(name: String, axes: &[&str], contribution: Contribution, clip: u64) -> MeasuredTable {
    let axis = |name: &&str| match (name.strip_prefix('?'), name.strip_prefix('*')) {
        (Some(question), _) => Axis::Condition(question.to_owned()),
        (None, Some(question)) => Axis::Prefix(question.to_owned()),
        (None, None) => Axis::Key((*name).to_owned()),
    };
    MeasuredTable {
        name,
        role: Role::Shapes,
        axes: axes.iter().map(axis).collect(),
        contribution,
        clip: Clip::lattice(clip),
        target_clip: Some(Clip::lattice(SHAPE_ONE)),
        charge: NanoRho::ZERO,
        key_delta: AttoDelta::ZERO,
    }
}

/// The look.
fn look() -> MeasuredTable {
    table("look".to_owned(), &[], Contribution::Activity, SHAPE_ONE)
}

/// The look, and tables of every kind in every class, with other clips in each.
fn plan(setup: Setup, clips: &[u64]) -> Plan {
    let (release_file, mut tables) = (setup.release_here(), vec![look()]);
    let mut clips = clips.iter().cycle().copied();
    for class in 0..10_u8 {
        let shapes = Contribution::Shapes(Shapes { class });
        let mut add = |axes: &[&str], contribution: &Contribution, clip| {
            let name = format!("{class} {axes:?} {contribution:?} {clip}");
            tables.push(table(name, axes, contribution.clone(), clip));
        };
        add(&[], &shapes, SHAPE_ONE);
        let axes: [&[&str]; 5] =
            [&["app"], &["hour", "app", "route"], &["?sms", "hour"], &[], &["route"]];
        // Classes differ in what they measure.
        for axes in axes.into_iter().skip(usize::from(class % 3)) {
            add(axes, &shapes, clips.next().unwrap());
        }
        if !setup.has_few_keys {
            // Rows without a number are in no cell of the first, and in one of its margin by app.
            let bins = setup.number("median");
            add(&[&bins, "app"], &shapes, clips.next().unwrap());
            add(&[&bins], &shapes, clips.next().unwrap());
            let number = setup.number("mean");
            let sums = Contribution::ShapeSums(ShapeSums { class, number });
            add(&["app"], &sums, clips.next().unwrap());
            add(&[], &sums, SHAPE_ONE);
        }
        if setup.has_private_prefixes {
            for of in [PrefixOf::Target, PrefixOf::Requester] {
                let prefix = Prefix { of, digits: 4 };
                let shapes = Contribution::PrefixShapes(PrefixShapes { class, prefix });
                add(&["*hot"], &shapes, clips.next().unwrap());
            }
        }
    }
    let mut plan = Plan::for_test(&release_file, tables);
    plan.prefix_places.insert("hot".to_owned(), FOUND.into_iter().zip(0..).collect());
    plan
}

/// A requester's weights, written as the document has them.
fn weights(lookups: u64) -> [u128; CLASSES] {
    let node = |class: usize| 8 * 4_u64.pow(u32::try_from(class).unwrap());
    let mut weights = [0; CLASSES];
    if lookups <= 8 {
        weights[0] = u128::from(lookups) << 17;
        return weights;
    }
    let upper = (1..CLASSES).find(|class| lookups <= node(*class)).unwrap();
    let (low, high) = (node(upper - 1), node(upper));
    weights[upper - 1] = (u128::from(high - lookups) << 20) / u128::from(3 * low);
    weights[upper] = (u128::from(lookups - low) << 20) / u128::from(3 * low);
    weights
}

/// The cell of a row in a table, and what the row adds there before it is scaled.
fn amount(setup: Setup, table: &MeasuredTable, row: &Lookup) -> Option<(usize, u128)> {
    match &table.contribution {
        Contribution::Shapes(_) => Some((cell(table, row)?, 1)),
        Contribution::ShapeSums(_) => {
            let number = f64::from(row.number.filter(|number| *number >= 0)?).clamp(10.0, 90.0);
            let level = ((number - 10.0) / 80.0 * 32_768.0 + 0.5).floor();
            Some((cell(table, row)?, level as u128))
        }
        Contribution::PrefixShapes(PrefixShapes { prefix, .. }) => {
            let of = if prefix.of == PrefixOf::Target { row.target } else { row.requester };
            let prefix = setup.name(of)[1..5].parse::<u64>().unwrap();
            Some((FOUND.iter().position(|found| *found == prefix).unwrap_or(FOUND.len()), 1))
        }
        _ => panic!("no table of shapes"),
    }
}

/// What the rows of one requester about each target are left in each cell of a table by the first
/// stage; with one target for all rows, what the requester adds.
fn first_stage(
    setup: Setup,
    table: &MeasuredTable,
    rows: &[&Lookup],
    target: impl Fn(&Lookup) -> u8,
) -> BTreeMap<(u8, usize), u128> {
    let weights = weights(rows.len() as u64);
    let n = rows.len() as u128;
    let mut left: BTreeMap<(u8, usize), u128> = BTreeMap::new();
    if table.contribution == Contribution::Activity {
        for row in rows {
            for (class, _) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
                *left.entry((target(row), class)).or_default() += 1;
            }
        }
        left.iter_mut().for_each(|((_, class), rows)| *rows = weights[*class] * *rows / n);
        return left;
    }
    let mut cells: BTreeMap<usize, u128> = BTreeMap::new();
    for row in rows {
        if let Some((cell, amount)) = amount(setup, table, row) {
            *left.entry((target(row), cell)).or_default() += amount;
            *cells.entry(cell).or_default() += amount;
        }
    }
    let class = usize::from(table.contribution.class().unwrap());
    let levels = matches!(table.contribution, Contribution::ShapeSums(_));
    let shift = if levels { 55 } else { 40 };
    let square: u128 = cells.values().map(|amount| amount * amount).sum();
    let norms = weights.iter().map(|weight| weight * weight).sum::<u128>() * square;
    let root = norms.isqrt() + u128::from(norms.isqrt().pow(2) < norms);
    let bounded = (u128::from(table.clip.steps()) * weights[class]) << shift;
    let by = bounded.checked_div(root).map_or(0, |by| by.min((weights[class] << 40) / n));
    left.values_mut().for_each(|amount| *amount = (*amount * by) >> shift);
    left
}

/// What the kernel must give for each table, bit by bit.
fn exact(setup: Setup, plan: &Plan, rows: &[Lookup]) -> Vec<Vec<i64>> {
    let sum_up = |(table, cells): (&MeasuredTable, u32)| {
        let mut sums = vec![0_i64; cells as usize];
        for rows in by_requester(rows).values() {
            let is_count = matches!(table.contribution, Contribution::Shapes(_));
            if is_count
                && table.clip.steps() == SHAPE_ONE
                && rows.len() <= 32
                && !table.axes.is_empty()
            {
                let class = usize::from(table.contribution.class().unwrap());
                let each = weights(rows.len() as u64)[class] / rows.len() as u128;
                for row in rows.iter().filter_map(|row| cell(table, row)) {
                    sums[row] += each as i64;
                }
                continue;
            }
            let left = first_stage(setup, table, rows, |_| 0);
            left.into_iter().for_each(|((_, cell), steps)| sums[cell] += steps as i64);
            let one_cell = table.axes.is_empty() && table.clip.steps() == SHAPE_ONE;
            if one_cell && matches!(table.contribution, Contribution::Shapes(_)) {
                // Its cell holds the weight itself, which is up to a step more.
                let weight =
                    weights(rows.len() as u64)[usize::from(table.contribution.class().unwrap())];
                let n = rows.len() as u128;
                sums[0] += (weight - ((n * ((weight << 40) / n)) >> 40)) as i64;
            }
        }
        sums
    };
    plan.tables.iter().zip(plan.sizes()).map(sum_up).collect()
}

/// The tables of a plan, after the look alone if `has_look`.
fn tallies(
    setup: Setup,
    plan: &Plan,
    has_look: bool,
    files: &[Vec<Lookup>],
    threads: usize,
) -> Vec<Vec<i64>> {
    with_rows(setup, files, threads, |rows, _, exempt: &Exempt| {
        if has_look {
            let first = Plan::for_test(&setup.release_here(), vec![look()]);
            rows.tally(&first, exempt).unwrap();
        }
        let exact = rows.tally(plan, exempt).unwrap();
        (0..plan.tables.len()).map(|place| exact.table(place).unwrap().to_vec()).collect()
    })
}

fn clips() -> impl Strategy<Value = Vec<u64>> {
    let known = prop::sample::select(vec![83_886, 115_343, 325_058, 650_117, SHAPE_ONE]);
    prop::collection::vec(prop_oneof![4 => known, 1 => 1..=SHAPE_ONE], 1..9)
}

/// Where prefixes are looked for, numbers are.
fn setup_of_shapes() -> impl Strategy<Value = Setup> {
    (setup(), any::<bool>()).prop_map(|(setup, prefixes)| Setup {
        persons: false,
        has_private_prefixes: prefixes && setup.has_numbers,
        ..setup
    })
}

fn square(units: &[i64]) -> u128 {
    units.iter().map(|units| u128::from(units.unsigned_abs()).pow(2)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_tables_of_all_classes_agree_with_the_plain_form(
        setup in setup_of_shapes(),
        rows in prop::collection::vec(lookup(), 0..200),
        more in adversary(),
        clips in clips(),
        has_look in any::<bool>(),
    ) {
        let (plan, rows) = (plan(setup, &clips), [rows, more].concat());
        let tallied = tallies(setup, &plan, has_look, std::slice::from_ref(&rows), 2);
        for ((units, exact), table) in
            tallied.iter().zip(exact(setup, &plan, &rows)).zip(&plan.tables)
        {
            prop_assert_eq!(units, &exact, "{}", &table.name);
        }
        // The table without axes holds what the look does.
        for (units, table) in tallied.iter().zip(&plan.tables) {
            if let (Contribution::Shapes(Shapes { class }), true) =
                (&table.contribution, table.axes.is_empty() && table.clip.steps() == SHAPE_ONE)
            {
                prop_assert_eq!(units[0], tallied[0][usize::from(*class)]);
            }
        }
    }

    #[test]
    fn order_files_threads_and_an_earlier_pass_do_not_matter(
        setup in setup_of_shapes(),
        rows in prop::collection::vec(lookup(), 0..150),
        clips in clips(),
        cut in 0_usize..150,
    ) {
        let plan = plan(setup, &clips);
        let whole = tallies(setup, &plan, false, std::slice::from_ref(&rows), 1);
        let mut mixed = rows;
        mixed.reverse();
        let (left, right) = mixed.split_at(cut.min(mixed.len()));
        let split = [left.to_vec(), Vec::new(), right.to_vec()];
        prop_assert_eq!(&whole, &tallies(setup, &plan, true, &split, 3));
    }

    #[test]
    fn one_requester_moves_each_class_by_at_most_its_part_of_each_clip(
        setup in setup_of_shapes(),
        rows in prop::collection::vec(lookup(), 0..100),
        more in adversary(),
        clips in clips(),
    ) {
        let plan = plan(setup, &clips);
        let without = tallies(setup, &plan, true, std::slice::from_ref(&rows), 2);
        let with = tallies(setup, &plan, true, &[rows, more.clone()], 2);
        let own = by_requester(&more).get(&200).map_or(0, Vec::len) as u64;
        let weights = weights(own);
        let all: u128 = weights.iter().map(|weight| weight * weight).sum();
        prop_assert!(all <= ONE * ONE);
        for ((with, without), table) in with.iter().zip(&without).zip(&plan.tables) {
            let moved: Vec<i64> = with.iter().zip(without).map(|(with, without)| with - without).collect();
            let Some(class) = table.contribution.class() else {
                prop_assert_eq!(square(&moved), all);
                continue;
            };
            // So the losses of all tables add up to at most the costliest class: these parts of all
            // classes add up to one.
            let most = u128::from(table.clip.steps()) * weights[usize::from(class)];
            prop_assert!(square(&moved) * all <= most * most, "{}", &table.name);
        }
    }
}

/// What one requester's rows about one target count for in a cell of a table at last.
struct Part {
    table: usize,
    requester: u8,
    target: u8,
    cell: usize,
    steps: u128,
}

/// All parts after both stages.
fn parts(setup: Setup, plan: &Plan, rows: &[Lookup]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (place, table) in plan.tables.iter().enumerate() {
        for (requester, rows) in by_requester(rows) {
            for ((target, cell), steps) in first_stage(setup, table, &rows, |row| row.target) {
                parts.push(Part { table: place, requester, target, cell, steps });
            }
        }
    }
    let targets = plan.shape_targets.as_ref().unwrap();
    let mut sums: HashMap<u8, BTreeMap<(usize, usize), u128>> = HashMap::new();
    for part in &parts {
        *sums.entry(part.target).or_default().entry((part.table, part.cell)).or_default() +=
            part.steps;
    }
    let of_table = |own: &BTreeMap<(usize, usize), u128>, table: usize| -> u128 {
        own.range((table, 0)..(table + 1, 0)).map(|(_, steps)| steps * steps).sum()
    };
    let limit = ((u128::from(targets.limit.nano()) << 32) / 1_000_000_000).min((1 << 63) - 1);
    let loss = |own: &BTreeMap<(usize, usize), u128>| -> u128 {
        let tables = 1..plan.tables.len();
        let scale = |table: usize| u128::from(targets.scales[table]);
        tables.map(|at| (of_table(own, at) << 32).div_ceil(2 * scale(at) * scale(at))).sum()
    };
    let losses: HashMap<u8, (u128, u128)> =
        sums.iter().map(|(target, own)| (*target, (of_table(own, 0), loss(own)))).collect();
    for part in parts.iter_mut().filter(|part| !EXEMPT.contains(&part.target)) {
        let (look, loss) = losses[&part.target];
        if part.table == 0 {
            part.steps = scaled(part.steps, look, SHAPE_ONE);
        } else if loss > limit {
            part.steps = (part.steps * (((limit << 64) / loss) << 64).isqrt()) >> 64;
        }
    }
    parts
}

/// What some parts add up to in every cell of every table.
fn add_up<'a>(plan: &Plan, parts: impl Iterator<Item = &'a Part>) -> Vec<Vec<i64>> {
    let mut sums: Vec<Vec<i64>> =
        plan.sizes().into_iter().map(|cells| vec![0; cells as usize]).collect();
    parts.for_each(|part| sums[part.table][part.cell] += part.steps as i64);
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_person_whose_rows_count_as_nothing_loses_at_most_both_bounds_together(
        setup in setup(),
        rows in prop::collection::vec(lookup(), 0..80),
        more in adversary(),
        clips in clips(),
        scales in prop::collection::vec(1_000_u64..2_000_000, 1..6),
        limit in prop_oneof![1_u64..1_000, 1_000_u64..100_000_000, Just(u64::MAX)],
    ) {
        let setup = Setup { persons: true, ..setup };
        let mut plan = plan(setup, &clips);
        let scales: Vec<u64> = scales.iter().cycle().take(plan.tables.len()).copied().collect();
        let limit = NanoRho::new(limit);
        plan.shape_targets = Some(ShapeTargets { scales: scales.clone(), limit });
        let rows = [rows, more].concat();
        let tallied = tallies(setup, &plan, true, std::slice::from_ref(&rows), 2);
        let parts = parts(setup, &plan, &rows);
        prop_assert_eq!(&add_up(&plan, parts.iter()), &tallied);

        // What the tables of each class cost one requester together.
        let cost = |table: usize, square: u128| square as f64 / (2.0 * (scales[table] as f64).powi(2));
        let mut classes = [0.0; CLASSES];
        for (place, table) in plan.tables.iter().enumerate().skip(1) {
            let class = usize::from(table.contribution.class().unwrap());
            classes[class] += cost(place, u128::from(table.clip.steps()).pow(2));
        }
        let most = classes.into_iter().fold(0.0, f64::max);
        let both = (most.sqrt() + limit.rho().sqrt()).powi(2);
        for person in (0..30).chain([200]) {
            let is_of = |part: &&Part| {
                part.requester == person || part.target == person && !EXEMPT.contains(&person)
            };
            let moved = add_up(&plan, parts.iter().filter(is_of));
            prop_assert!(square(&moved[0]) <= (2 * ONE).pow(2));
            let tables = moved.iter().enumerate().skip(1);
            let loss: f64 = tables.map(|(place, moved)| cost(place, square(moved))).sum();
            prop_assert!(loss <= both * (1.0 + 1e-12), "{} {}", loss, both);
        }
    }
}

#[test]
fn shapes_of_persons_need_a_limit_on_targets() {
    let setup = Setup {
        has_numbers: true,
        has_few_keys: true,
        has_targets: false,
        has_private_prefixes: false,
        persons: true,
        memory: usize::MAX,
    };
    let plan = plan(setup, &[SHAPE_ONE]);
    with_rows(setup, &[Vec::new()], 1, |rows, _, exempt| {
        assert!(rows.tally(&plan, exempt).is_err());
    });
}

#[test]
fn the_plain_weights_are_those_of_the_kernel() {
    for lookups in 0..5_000 {
        let mut found = [0; CLASSES];
        Hat::of(lookups).weights().for_each(|(class, weight)| found[class] = weight.into());
        assert_eq!(found, weights(lookups));
    }
}
