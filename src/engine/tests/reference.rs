//! A plain form of the kernel, for the properties: each unit's vector, scaled, summed.
//!
//! It shares with the kernel the plan's tables alone: where a row lies on an axis, what it adds and
//! how vectors are scaled is all written again, slowly.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{EXEMPT, Lookup, Setup};
use crate::plan::kinds::{Presence, SHAPE_ONE};
use crate::plan::{Axis, Cells, Contribution, MeasuredTable};
use crate::release_file::measure::Counted;

/// The slow, plain form of the same mathematics, in floats: each unit's vector, scaled, summed.
pub(super) fn reference(setup: Setup, rows: &[Lookup]) -> Vec<Vec<f64>> {
    let plan = setup.plan();
    let units = by_requester(rows);
    let mut sums = Vec::new();
    for (table, cells) in plan.tables.iter().zip(&plan.cells) {
        let mut sum = vec![0.0; cells.count() as usize];
        for rows in units.values() {
            let vector = vector(table, rows, sum.len());
            let norm = vector.iter().map(|count| count * count).sum::<f64>().sqrt();
            let scale = (table.clip.contributions() / norm).min(1.0);
            sum.iter_mut().zip(vector).for_each(|(sum, count)| *sum += count * scale);
        }
        sums.push(sum);
    }
    sums
}

/// The same in the kernel's integers, for a table of counts: bit by bit what it must give.
pub(super) fn exact_reference(setup: Setup, rows: &[Lookup]) -> Vec<Vec<i64>> {
    let plan = setup.plan();
    let units = by_requester(rows);
    let of_table = |(table, cells): (&MeasuredTable, &Cells)| {
        let mut sum = vec![0_i64; cells.count() as usize];
        for rows in units.values() {
            let vector = vector(table, rows, sum.len());
            let units = |count: &f64| (count * SHAPE_ONE as f64) as u128;
            let vector: Vec<u128> = vector.iter().map(units).collect();
            let square: u128 = vector.iter().map(|units| units * units).sum();
            for (sum, units) in sum.iter_mut().zip(vector) {
                *sum += i64::try_from(scaled(units, square, table.clip.steps())).unwrap();
            }
        }
        sum
    };
    plan.tables.iter().zip(&plan.cells).map(of_table).collect()
}

/// The rows of the day by requester.
pub(super) fn by_requester(rows: &[Lookup]) -> BTreeMap<u8, Vec<&Lookup>> {
    let mut units: BTreeMap<u8, Vec<&Lookup>> = BTreeMap::new();
    for row in rows.iter().filter(|row| (0..86_400).contains(&row.second)) {
        units.entry(row.requester).or_default().push(row);
    }
    units
}

/// What one requester's rows about one target count for in a cell at last.
pub(super) struct Part {
    pub(super) requester: u8,
    pub(super) target: u8,
    pub(super) cell: usize,
    pub(super) units: i64,
}

/// The parts of every table where persons are the unit, in integers.
pub(super) fn person_parts(setup: Setup, rows: &[Lookup]) -> Vec<Vec<Part>> {
    let plan = setup.plan();
    let units = by_requester(rows);
    plan.tables.iter().map(|table| parts_of(table, &units)).collect()
}

fn parts_of(table: &MeasuredTable, units: &BTreeMap<u8, Vec<&Lookup>>) -> Vec<Part> {
    let mut parts = Vec::new();
    for (requester, rows) in units {
        // For each cell how many rows are about each target.
        let mut cells: BTreeMap<usize, BTreeMap<u8, u64>> = BTreeMap::new();
        for row in rows {
            let cell = match table.contribution {
                Contribution::Histogram => Some(bin(rows.len())),
                _ => cell(table, row),
            };
            if let Some(cell) = cell {
                *cells.entry(cell).or_default().entry(row.target).or_default() += 1;
            }
        }
        if let Contribution::Presence(Presence { at_least, of }) = table.contribution {
            cells.retain(|_, targets| match of {
                Counted::Lookups => targets.values().sum::<u64>() >= u64::from(at_least),
                Counted::Targets => targets.len() >= at_least as usize,
            });
        }
        let one = u128::from(SHAPE_ONE);
        let square = cells.values().map(|_| one * one).sum();
        for (cell, targets) in &cells {
            let rows: u64 = targets.values().sum();
            for (target, own) in targets {
                let units =
                    scaled(one, square, table.clip.steps()) * u128::from(*own) / u128::from(rows);
                let (requester, target, cell) = (*requester, *target, *cell);
                parts.push(Part { requester, target, cell, units: i64::try_from(units).unwrap() });
            }
        }
    }
    let mut targets: BTreeMap<u8, BTreeMap<usize, u128>> = BTreeMap::new();
    for part in &parts {
        *targets.entry(part.target).or_default().entry(part.cell).or_default() +=
            part.units as u128;
    }
    for part in parts.iter_mut().filter(|part| !EXEMPT.contains(&part.target)) {
        let square = targets[&part.target].values().map(|units| units * units).sum();
        let clip = table.target_clip.unwrap().steps();
        part.units = i64::try_from(scaled(part.units as u128, square, clip)).unwrap();
    }
    parts
}

pub(super) fn scaled(units: u128, square: u128, clip: u64) -> u128 {
    let clip = u128::from(clip);
    let floor = square.isqrt();
    let root = if floor * floor == square { floor } else { floor + 1 };
    if square > clip * clip { units * clip / root } else { units }
}

fn bin(rows: usize) -> usize {
    // The bins of the histogram begin at these.
    let edges = [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500];
    edges.iter().filter(|edge| **edge <= rows).count() - 1
}

pub(super) fn cell(table: &MeasuredTable, row: &Lookup) -> Option<usize> {
    table.axes.iter().try_fold(0, |cell, axis| {
        let (position, size) = position(axis, row)?;
        Some(cell * size + position)
    })
}

fn vector(table: &MeasuredTable, rows: &[&Lookup], cells: usize) -> Vec<f64> {
    let mut vector = vec![0.0; cells];
    if table.contribution == Contribution::Histogram {
        vector[bin(rows.len())] = 1.0;
        return vector;
    }
    let mut seen = BTreeSet::new();
    for row in rows {
        let Some(cell) = cell(table, row) else {
            continue;
        };
        match &table.contribution {
            Contribution::Presence(Presence { of: Counted::Targets, .. }) => {
                vector[cell] += f64::from(u8::from(seen.insert((cell, row.target))));
            }
            _ => vector[cell] += 1.0,
        }
    }
    if let Contribution::Presence(Presence { at_least, .. }) = table.contribution {
        vector.iter_mut().for_each(|count| *count = f64::from(*count >= f64::from(at_least)));
    }
    vector
}

/// Where a row lies on an axis, and how many values that has.
fn position(axis: &Axis, row: &Lookup) -> Option<(usize, usize)> {
    let app = usize::from(row.app.filter(|app| *app < 3).unwrap_or(3));
    let route = row.route.map_or(2, usize::from);
    Some(match axis {
        Axis::Key(name) if name == "hour" => (usize::try_from(row.second / 3_600).unwrap(), 24),
        Axis::Key(name) if name == "app" => (app, 4),
        Axis::Key(name) if name == "route" => (route, 3),
        // 128 bins from 1 to 100, equal in ratio, and behind them the place of rows without a number.
        Axis::Key(name) if name.starts_with("latency_ms in bins") => {
            let bin = row.number.filter(|number| *number >= 0).map_or(128, |number| {
                let number = f64::from(number).clamp(1.0, 100.0);
                let bin = (number.ln() / 100_f64.ln() * 128.0).floor().min(127.0);
                (0..128).find(|place| *place as f64 >= bin).unwrap()
            });
            (bin, 129)
        }
        Axis::Blocks(name) => {
            let (bin, _) = position(&Axis::Key(name.clone()), row)?;
            (bin / 8, 17)
        }
        Axis::Condition(question) if question == "sms" => (usize::from(route == 1 && app != 1), 2),
        Axis::Condition(question) if question == "sms_of_other_kinds" => {
            (usize::from(row.second % 2 == 0), 2)
        }
        _ => panic!("an axis that the test does not know: {axis:?}"),
    })
}
