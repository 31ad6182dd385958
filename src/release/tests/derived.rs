//! Sums of published counts: dropped keys, groups of values, several days.

use super::raked::{Apps, FINEST, Tables, of_one_log, planned_before, tables};
use super::*;

/// Every value in a group of its own.
fn apart(size: usize) -> Groups {
    Groups { of: (0..size).collect(), count: size }
}

/// All values in one group.
fn together(size: usize) -> Groups {
    Groups { of: vec![0; size], count: 1 }
}

/// A name, and a grouping for each of hour, app and route.
type Grouping = (&'static str, [Groups; 3]);

fn groupings() -> Vec<Grouping> {
    let halves = Groups { of: vec![0, 0, 1, 1], count: 2 };
    vec![
        ("without hours", [together(24), apart(4), apart(3)]),
        ("apps in groups", [apart(24), halves.clone(), apart(3)]),
        ("without hours and routes, apps in groups", [together(24), halves, together(3)]),
        ("without anything", [together(24), together(4), together(3)]),
    ]
}

/// The sums of the published values of `hours`, each with its variance.
fn added(tables: &Tables, answers: &[Answer], groups: &[Groups; 3]) -> Vec<(f64, f64)> {
    let (place, question) = tables.question("hours");
    let answer = &answers[place];
    let values = column(answer, "value");
    let groups: Vec<&Groups> = groups.iter().collect();
    let raking = answer.raking.as_ref();
    estimate::sums(question, &tables.plan.lookups, &tables.priced, raking, &values, &groups)
        .unwrap()
}

/// Counts how often sums of `days` draws hold, against the same sums without noise.
fn assert_sums_hold(tables: &Tables, days: u32) {
    let exact = tables.exact();
    let groupings = groupings();
    let targets: Vec<Vec<f64>> = groupings
        .iter()
        .map(|(_, groups)| {
            let sums = added(tables, &exact, groups);
            sums.iter().map(|(value, _)| value * f64::from(days)).collect()
        })
        .collect();
    let mut held: Vec<Vec<u32>> = targets.iter().map(|rows| vec![0; rows.len()]).collect();
    let mut seen = vec![(0.0, 0.0); targets.len()];
    let draws = draws() / days;
    for _ in 0..draws {
        let drawn: Vec<Vec<Answer>> = (0..days).map(|_| tables.drawn()).collect();
        for (place, (_, groups)) in groupings.iter().enumerate() {
            let mut sums = vec![(0.0, 0.0); targets[place].len()];
            for day in &drawn {
                for (sum, (value, variance)) in sums.iter_mut().zip(added(tables, day, groups)) {
                    *sum = (sum.0 + value, sum.1 + variance);
                }
            }
            for (row, (value, variance)) in sums.into_iter().enumerate() {
                let off = value - targets[place][row];
                held[place][row] += u32::from(off.abs() <= Z_95 * variance.sqrt());
                seen[place].0 += off * off;
                seen[place].1 += variance;
            }
        }
    }
    for (place, (name, _)) in groupings.iter().enumerate() {
        for (row, held) in held[place].iter().enumerate() {
            assert_holds(&format!("{name}, row {row}, {days} days"), (*held, draws), 0.0);
        }
        let ratio = (seen[place].0 / seen[place].1).sqrt();
        let slack = 5.0 / (2.0 * f64::from(draws)).sqrt();
        assert!((ratio - 1.0).abs() < slack, "{name}, {days} days: {ratio}");
    }
}

#[test]
fn sums_over_keys_of_raked_counts_hold() {
    assert_sums_hold(&of_one_log(), 1);
}

#[test]
fn sums_over_keys_of_days_planned_before_layers_hold() {
    let before = planned_before();
    assert_eq!(before.plan.sizes()[0], 1);
    // One cell has the noise that the sum of the layers has.
    let sd = |tables: &Tables| column(&tables.exact()[0], "noise_sd")[0];
    assert!((sd(&before) / sd(&of_one_log()) - 1.0).abs() < 1e-6);
    assert_sums_hold(&before, 1);
}

#[test]
fn sums_over_keys_of_several_days_hold() {
    assert_sums_hold(&of_one_log(), 7);
}

#[test]
fn sums_over_keys_hold_where_nothing_is_raked() {
    // Too few lookups for raking: the tables stand as they are.
    let tables = tables(&sums(FINEST, 0), 1, Apps::Plain);
    assert!(tables.drawn()[tables.question("hours").0].raking.is_none());
    assert_sums_hold(&tables, 1);
}

#[test]
fn dropping_keys_gives_what_the_coarser_question_says_of_itself() {
    // One table lost more than the others, and more from one app: clips differ by the grain.
    let mut tables = of_one_log();
    for (table, sums) in tables.plan.tables.iter().zip(&mut tables.truth) {
        if table.name == "lookups by hour, app, route" {
            sums.iter_mut().enumerate().for_each(|(cell, units)| {
                *units = if cell / 3 % 4 == 0 { *units * 7 / 10 } else { *units * 9 / 10 };
            });
        }
    }
    let answers = tables.drawn();
    let sums = added(&tables, &answers, &[together(24), apart(4), apart(3)]);
    let coarser = &answers[tables.question("routes").0];
    let (value, sd) = (column(coarser, "value"), column(coarser, "noise_sd"));
    for (row, (sum, variance)) in sums.iter().enumerate() {
        // Up to 24 roundings of a half.
        assert!((sum - value[row]).abs() <= 12.5, "{sum} {}", value[row]);
        assert!((variance.sqrt() / sd[row] - 1.0).abs() < 0.01, "{variance} {}", sd[row]);
    }
    // Without any key the total is left, whose noise is known.
    let (total, total_sd) = (column(&answers[0], "value")[0], column(&answers[0], "noise_sd")[0]);
    let (sum, variance) = added(&tables, &answers, &[together(24), together(4), together(3)])[0];
    assert!((sum - total).abs() <= 0.5 * f64::from(FINEST) + 0.5);
    assert!((variance.sqrt() / total_sd - 1.0).abs() < 0.01);
}
