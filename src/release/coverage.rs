//! Do the intervals hold what they promise? Thousands of values of each kind, through the real draw.
//!
//! The share of intervals that hold is binomial with sd 0.0022 for 10,000 independent values at
//! 95 %; 0.011 is five of them, less one that rounding counts outwards may take: a right interval
//! fails here once in about 15,000 runs. Where the
//! values share the noise of a total, draws are repeated instead and values counted apart.

use std::path::Path;

use super::*;
use crate::aggregate::{Adding, ExactTally};
use crate::ledger::DrawPermit;
use crate::plan::Plan;
use crate::spec::Release;
use crate::spec::privacy_loss::NanoRho;

fn release(keys: &str, questions: &str) -> Release {
    let text = format!(
        "name = \"r\"\n[logs]\npath = \"x\"\n[keys]\n{keys}\n[ledger]\npath = \"r.ledger\"\n\
         epsilon = 1.0\ndelta = 1e-6\n{questions}"
    );
    Release::parse(&text, "r.toml", Path::new(".")).unwrap()
}

fn plan(release: &Release) -> Plan {
    Plan::new(release, NanoRho::new(24_000_000), None).unwrap()
}

/// A tally of these sums, table by table.
fn tally(plan: &Plan, truth: &[Vec<i64>]) -> ExactTally {
    let mut adding = Adding::new(&plan.sizes());
    for (table, sums) in truth.iter().enumerate() {
        for (cell, units) in (0..).zip(sums) {
            adding.add(table, cell, *units);
        }
    }
    adding.finish()
}

fn drawn(plan: &Plan, truth: &[Vec<i64>]) -> Vec<NoisyTable> {
    let priced = price(&plan.tables, crate::spec::release::Sampler::Integer).unwrap();
    Draws::new(DrawPermit::for_test()).tables(tally(plan, truth), &priced).unwrap()
}

/// The same sums without noise, as a table that was drawn: what every estimate aims at.
fn exact(plan: &Plan, truth: &[Vec<i64>]) -> Vec<NoisyTable> {
    let priced = price(&plan.tables, crate::spec::release::Sampler::Integer).unwrap();
    priced.iter().zip(truth).map(|(priced, sums)| NoisyTable::for_test(priced, sums)).collect()
}

fn column(answer: &Answer, name: &str) -> Vec<f64> {
    answer.numbers(name).unwrap().into_iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

/// How many of the intervals of `answer` hold the values of `truth`, and how many there are.
fn held(answer: &Answer, truth: &Answer) -> (u32, u32) {
    let (low, high) = (column(answer, "ci_low"), column(answer, "ci_high"));
    let rows = column(truth, "value");
    let inside = rows
        .iter()
        .zip(low.iter().zip(&high))
        .filter(|(value, (low, high))| **low <= **value && **value <= **high);
    (u32::try_from(inside.count()).unwrap(), u32::try_from(rows.len()).unwrap())
}

fn assert_holds(name: &str, (held, values): (u32, u32), slack: f64) {
    let share = f64::from(held) / f64::from(values);
    assert!((share - 0.95).abs() < slack, "{name}: {share} of {values}");
}

/// Sums that are not whole, about `base` lookups large, different in every cell.
fn sums(cells: u32, base: i64) -> Vec<i64> {
    (0..i64::from(cells))
        .map(|cell| (base << 16) + cell.wrapping_mul(2_654_435_761) % (1_000_003 + base * 9_000))
        .collect()
}

#[test]
fn intervals_hold_the_bounded_truth_in_95_of_100_values() {
    let many: Vec<String> = (0..9_999).map(|value| format!("\"v{value:04}\"")).collect();
    let release = release(
        &format!("kind = [{}]", many.join(",")),
        "[[question]]\nname = \"people\"\ndistinct = \"requester\"\nby = [\"kind\"]\n\
         [[question]]\nname = \"busy\"\ndistinct = \"requester\"\nhaving = \"lookups >= 9\"\nby = [\"kind\"]\n\
         [[question]]\nname = \"shares\"\nshare = \"route = 'sms'\"\nby = [\"kind\"]\n\
         [[question]]\nname = \"sums\"\nsum = \"latency_ms\"\nrange = [0, 500]\nby = [\"kind\"]\n\
         [[question]]\nname = \"means\"\nmean = \"latency_ms\"\nrange = [0, 500]\nby = [\"kind\"]\n",
    );
    let plan = plan(&release);
    let truth: Vec<Vec<i64>> = plan
        .tables
        .iter()
        .zip(plan.sizes())
        .map(|(table, cells)| match table.name.as_str() {
            "people" | "busy" => sums(cells, 0),
            // The sum beside each count lies between minus and plus the count.
            "means" => sums(cells, 9_000)
                .into_iter()
                .enumerate()
                .map(|(cell, units)| if cell % 2 == 0 { units / 3 } else { units })
                .collect(),
            _ => sums(cells, 9_000),
        })
        .collect();
    let noisy = answers(&release.questions, &plan, &drawn(&plan, &truth)).unwrap();
    let target = answers(&release.questions, &plan, &exact(&plan, &truth)).unwrap();
    for ((question, noisy), target) in release.questions.iter().zip(&noisy).zip(&target) {
        assert_holds(&question.name, held(noisy, target), 0.011);
    }
}

#[test]
fn raked_counts_and_shares_of_several_tables_hold_as_well() {
    let release = release(
        "app = [\"a\", \"b\", \"c\"]",
        "[[question]]\nname = \"all\"\ncount = \"lookups\"\n\
         [[question]]\nname = \"hours\"\ncount = \"lookups\"\nby = [\"hour\", \"app\", \"route\"]\n\
         [[question]]\nname = \"apps\"\ncount = \"lookups\"\nby = [\"app\"]\n\
         [[question]]\nname = \"routes\"\ncount = \"lookups\"\nby = [\"app\", \"route\"]\n\
         [[question]]\nname = \"sms\"\nshare = \"route = 'sms'\"\nby = [\"app\"]\n\
         [[question]]\nname = \"mixed\"\nshare = \"route = 'sms' OR app = 'b'\"\nby = [\"app\"]\n\
         [[question]]\nname = \"per_requester\"\nhistogram = \"lookups per requester\"\n",
    );
    let plan = plan(&release);
    // One log's tables: sums over the same cells, with a total that bounding took less from.
    let finest = sums(24 * 4 * 3, 400);
    let truth: Vec<Vec<i64>> = plan
        .tables
        .iter()
        .map(|table| {
            let fold = |size: usize, of: &dyn Fn(usize) -> usize| {
                let mut sums = vec![0; size];
                finest.iter().enumerate().for_each(|(cell, units)| sums[of(cell)] += units);
                sums
            };
            match table.name.as_str() {
                "lookups" => vec![finest.iter().sum::<i64>() * 5 / 4],
                "lookups by hour, app, route" => finest.clone(),
                "lookups by app" => fold(4, &|cell| cell / 3 % 4),
                "lookups by app, route" => fold(12, &|cell| cell % 12),
                "per_requester" => sums(21, 300),
                other => panic!("an unknown table {other}"),
            }
        })
        .collect();
    let target = answers(&release.questions, &plan, &exact(&plan, &truth)).unwrap();
    // Values of one draw share its total, so each value is counted over draws: with 1,000 draws
    // its share has sd 0.0069, and 0.035 is five of them.
    const DRAWS: u32 = 1_000;
    let mut counted: Vec<Vec<u32>> =
        target.iter().map(|answer| vec![0; column(answer, "value").len()]).collect();
    let mut squares: Vec<Vec<f64>> = counted.iter().map(|rows| vec![0.0; rows.len()]).collect();
    let mut stated: Vec<Vec<f64>> = squares.clone();
    for _ in 0..DRAWS {
        let noisy = answers(&release.questions, &plan, &drawn(&plan, &truth)).unwrap();
        for (place, (noisy, target)) in noisy.iter().zip(&target).enumerate() {
            let (low, high) = (column(noisy, "ci_low"), column(noisy, "ci_high"));
            let (value, sd) = (column(noisy, "value"), column(noisy, "noise_sd"));
            for (row, truth) in column(target, "value").iter().enumerate() {
                let inside = low[row] <= *truth && *truth <= high[row];
                counted[place][row] += u32::from(inside);
                squares[place][row] += (value[row] - truth).powi(2);
                stated[place][row] += sd[row].powi(2);
            }
        }
    }
    for (place, question) in release.questions.iter().enumerate() {
        for (row, held) in counted[place].iter().enumerate() {
            // All lookups of app b meet `mixed`: that share is known without noise.
            if stated[place][row] == 0.0 {
                assert_eq!((question.name.as_str(), row, *held), ("mixed", 1, DRAWS));
                continue;
            }
            assert_holds(&format!("{} row {row}", question.name), (*held, DRAWS), 0.035);
        }
        // What is stated beforehand is what is seen: within 10 %, for each question as a whole.
        let seen = squares[place].iter().sum::<f64>().sqrt();
        let said = stated[place].iter().sum::<f64>().sqrt();
        assert!((seen / said - 1.0).abs() < 0.1, "{}: {seen} against {said}", question.name);
    }
}

#[test]
fn quantiles_hold_over_draws() {
    let release = release(
        "",
        "[[question]]\nname = \"latency\"\nquantiles = [0.1, 0.5, 0.95]\nof = \"latency_ms\"\nrange = [1, 60000]\n",
    );
    let plan = plan(&release);
    // A smooth hump over the bins, 60,000 lookups.
    let truth = vec![
        (0..128_i32)
            .map(|bin| {
                let lookups = 1_500.0 * (-f64::from((bin - 60) * (bin - 60)) / 512.0).exp();
                #[expect(clippy::cast_possible_truncation, reason = "far below the end")]
                let units = (lookups * 65_536.0) as i64;
                units
            })
            .collect(),
    ];
    let target =
        column(&answers(&release.questions, &plan, &exact(&plan, &truth)).unwrap()[0], "value");
    const DRAWS: u32 = 1_000;
    let mut counted = [0_u32; 3];
    for _ in 0..DRAWS {
        let noisy = &answers(&release.questions, &plan, &drawn(&plan, &truth)).unwrap()[0];
        let (low, high) = (column(noisy, "ci_low"), column(noisy, "ci_high"));
        for (row, truth) in target.iter().enumerate() {
            counted[row] += u32::from(low[row] <= *truth && *truth <= high[row]);
        }
    }
    // The interval is the hull of all places that cannot be told apart, so it may hold more often.
    for held in counted {
        let share = f64::from(held) / f64::from(DRAWS);
        assert!((0.915..=0.99).contains(&share), "{counted:?}");
    }
}
