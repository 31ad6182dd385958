//! How far one unit moves what is measured, with the noise off.
//!
//! One requester's rows are put beside a crowd and taken away again, in every plan that some look leads to:
//! numbers of lookups around the edges of classes, in one cell, in every cell, in none that a list has, and
//! at random. Where persons are the unit, the rows are of a requester alone, about a target alone, or both.
//! All of these people's other rows are nothing, so taking the rows away is the same as striking them out.

use std::collections::BTreeMap;
use std::time::Instant;

use fastrand::Rng;

use super::finding::Finding;
use super::world::{Planned, Row, World};
use crate::Result;
use crate::plan::{MeasuredTable, Role};
use crate::release::PricedTable;
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::unit::Unit;

const TEST: &str = "sensitivity";
const LOSS: &str = "loss of all tables";
/// The numbers of the people that are put beside the crowd.
const CANARY: u64 = 900_000;
/// How many lookups, the ones that have shown most first.
const LOOKUPS: [u64; 16] = [8, 512, 20, 33, 1, 80, 128, 9, 3, 32, 2_000, 2, 31, 127, 129, 511];

/// How many of them are always tried.
const LEAST_TRIED: usize = 5;

/// Whose rows are put beside the crowd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// One requester, who asks about people that nobody else asks about.
    Requester,
    /// A target: requesters who ask about nobody else.
    Target,
    /// Both, about one person.
    Person,
}

/// Makes the rows of some people with this number of lookups.
type MakeRows = fn(&World<'_>, Who, u64, &mut Rng) -> Vec<Row>;
/// The most that was found for each group of tables, as a part of its bound.
type Most = BTreeMap<String, f64>;

/// Searches for rows that move a table, or all tables together, by more than is stated.
pub(super) fn check(world: &World<'_>) -> Result<Vec<Finding>> {
    let mut plans = vec![world.look()?];
    plans.extend(world.plans()?);
    let crowd = world.crowd(60);
    let before: Vec<_> =
        plans.iter().map(|own| world.tally(&own.plan, &crowd)).collect::<Result<_>>()?;
    let (mut moved, mut lost) = (Most::new(), Most::new());
    let mut search = Rng::with_seed(1);
    let deadline = world.deadline(0.25);
    let are_persons = world.release_file.ledger.unit == Unit::PersonDay;
    let who: &[Who] = match are_persons {
        false => &[Who::Requester],
        true => &[Who::Requester, Who::Target, Who::Person],
    };
    let shapes: [MakeRows; 4] = [in_one_cell, in_every_cell, in_no_list, anywhere];
    for (tried, lookups) in LOOKUPS.iter().cycle().enumerate() {
        if tried >= LEAST_TRIED && Instant::now() >= deadline {
            break;
        }
        for shape in shapes {
            for who in who {
                let own = shape(world, *who, *lookups, &mut search);
                let rows: Vec<Row> = crowd.iter().chain(&own).cloned().collect();
                for (planned, before) in plans.iter().zip(&before) {
                    let after = world.tally(&planned.plan, &rows)?;
                    let squares = squares(before, &after);
                    note_moves(planned, are_persons, &squares, &mut moved);
                    note_losses(world, *who, planned, &squares, &mut lost);
                }
            }
        }
    }
    let mut findings: Vec<Finding> = moved
        .into_iter()
        .map(|(table, most)| match Finding::at_most(TEST, table, most, 1.0, 0.0) {
            // A threshold may be above what was tried.
            unmoved if most <= 0.0 => {
                Finding { statistic: "no rows move it".to_owned(), ..unmoved }
            }
            moved => moved,
        })
        .collect();
    findings.extend(
        lost.into_iter().map(|(what, most)| Finding::at_most(LOSS, what, most, 1.0 + 1e-9, 0.0)),
    );
    Ok(findings)
}

/// The square of how far each table moved, in steps.
fn squares(before: &[Vec<i64>], after: &[Vec<i64>]) -> Vec<u128> {
    let square = |(before, after): (&Vec<i64>, &Vec<i64>)| {
        let moves = before.iter().zip(after).map(|(before, after)| before.abs_diff(*after));
        moves.map(|by| u128::from(by).pow(2)).sum()
    };
    before.iter().zip(after).map(square).collect()
}

fn note(most: &mut Most, what: String, part: f64) {
    let known = most.entry(what).or_default();
    *known = known.max(part);
}

/// The root of a square as a part of a whole number; above one exactly if the square is above that
/// of the number, however floats round.
fn part(square: u128, of: u64) -> f64 {
    let (of_square, root) = (u128::from(of).pow(2), (square as f64).sqrt() / of as f64);
    if square > of_square { root.max(1.0 + 1e-9) } else { root.min(1.0) }
}

fn note_moves(planned: &Planned, are_persons: bool, squares: &[u128], moved: &mut Most) {
    for (priced, square) in planned.priced.iter().zip(squares) {
        // The rows about one target are limited in all tables of shapes together, and in none alone.
        if are_persons && priced.table.class().is_some() {
            continue;
        }
        note(moved, subject(&priced.table), part(*square, priced.table.sensitivity().steps()));
    }
}

/// What the tables cost together, in parts of what is reserved for them.
fn note_losses(world: &World<'_>, who: Who, planned: &Planned, squares: &[u128], lost: &mut Most) {
    let loss = |(priced, square): (&PricedTable, &u128)| {
        *square as f64 / (2.0 * priced.noise_scale.steps().powi(2))
    };
    let tables = || planned.priced.iter().zip(squares);
    let sum = |is_of: &dyn Fn(&MeasuredTable) -> bool| {
        tables().filter(|(priced, _)| is_of(&priced.table)).map(loss).sum::<f64>()
    };
    // Where a person can be both, a quarter of each price is for the one and a quarter for the other.
    let of_one = match (world.release_file.ledger.unit, who) {
        (Unit::PersonDay, Who::Requester | Who::Target) => 0.25,
        _ => 1.0,
    };
    let split = world.split;
    let all = split.charge().rho();
    let of_shapes = split.shapes(&world.release_file.questions).rho();
    if planned.plan.tables.iter().any(|table| table.role == Role::Look) {
        note(lost, "look".to_owned(), sum(&|_| true) / (split.look.rho() * of_one));
        return;
    }
    let of_classes = sum(&|table| table.class().is_some());
    if of_shapes > 0.0 {
        note(lost, "shapes of all classes".to_owned(), of_classes / (of_shapes * of_one));
    }
    let both = of_classes + sum(&|table| table.class().is_none()) + split.look.rho();
    note(lost, "everything, with the look".to_owned(), both / all);
}

/// The name of a table without its class.
pub(super) fn subject(table: &MeasuredTable) -> String {
    match table.class() {
        Some(class) => table.name.replacen(&format!("class {class}"), "shapes", 1),
        None => table.name.clone(),
    }
}

/// Who asks about whom in the rows that are put beside the crowd.
fn pairs(who: Who, lookups: u64) -> Vec<(u64, u64)> {
    let own = World::requester(CANARY);
    let by_it = (0..lookups).map(|number| (own, World::target(CANARY + number)));
    // Requesters with several lookups each, up to the eight of a whole weight.
    let each = (lookups / 20).clamp(1, 8);
    let about_it = (0..lookups).map(|number| (World::requester(CANARY + 1 + number / each), own));
    match who {
        Who::Requester => by_it.collect(),
        Who::Target => about_it.collect(),
        Who::Person => by_it.chain(about_it).collect(),
    }
}

fn in_one_cell(world: &World<'_>, who: Who, lookups: u64, search: &mut Rng) -> Vec<Row> {
    let cell = search.u64(..1 << 20);
    let row = |(requester, target)| world.row_of(requester, target, cell);
    pairs(who, lookups).into_iter().map(row).collect()
}

fn in_every_cell(world: &World<'_>, who: Who, lookups: u64, _: &mut Rng) -> Vec<Row> {
    let row = |(number, (requester, target))| world.row_of(requester, target, number);
    (0..).zip(pairs(who, lookups)).map(row).collect()
}

fn in_no_list(world: &World<'_>, who: Who, lookups: u64, _: &mut Rng) -> Vec<Row> {
    let row = |(requester, target)| world.unlisted_row(requester, target);
    pairs(who, lookups).into_iter().map(row).collect()
}

fn anywhere(world: &World<'_>, who: Who, lookups: u64, search: &mut Rng) -> Vec<Row> {
    let row = |(requester, target)| world.any_row(requester, target, search);
    pairs(who, lookups).into_iter().map(row).collect()
}

/// How far one requester moves the weights by which private prefixes are found, and over how many.
pub(super) fn check_weights(world: &World<'_>) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for question in &world.release_file.questions {
        let Some(prefix) = question.measure.prefix() else { continue };
        let mut search = Rng::with_seed(2);
        let crowd = world.crowd(60);
        let weights = |rows: &[Row]| -> Result<BTreeMap<u64, i64>> {
            let day = world.day(&[world.batch(rows)], usize::MAX)?;
            let (keys, weights) = day.prefix_weights(prefix, &Default::default())?.into_weights();
            Ok(keys.into_iter().zip(weights).collect())
        };
        let (before, mut most, mut prefixes) = (weights(&crowd)?, 0.0_f64, 0);
        for targets in [1, 2, 3, 5, 9, 10, 11, 100, 1_000] {
            let own = World::requester(CANARY);
            // In different places of the numbering plan.
            let scatter = |number: u64| World::target(number * 10_000_019 % 9_000_000_000);
            let rows = (0..targets).map(|number| world.any_row(own, scatter(number), &mut search));
            let after = weights(&crowd.iter().cloned().chain(rows).collect::<Vec<Row>>())?;
            let by = |(key, after): (&u64, &i64)| after - before.get(key).copied().unwrap_or(0);
            let moves: Vec<i64> = after.iter().map(by).filter(|by| *by != 0).collect();
            let square = moves.iter().map(|by| u128::from(by.unsigned_abs()).pow(2)).sum();
            most = most.max(part(square, LATTICE_ONE));
            prefixes = prefixes.max(moves.len());
        }
        let name = format!("{}: keys", question.name);
        findings.push(Finding::at_most(TEST, name.clone(), most, 1.0, 0.0));
        findings.push(Finding::at_most(
            "prefixes of one requester",
            name,
            prefixes as f64,
            10.0,
            0.0,
        ));
    }
    Ok(findings)
}
