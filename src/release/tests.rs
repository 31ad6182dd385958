//! Coverage: do the intervals contain the truth as often as they promise? Thousands of values of each
//! kind, through the real draw.
//!
//! The share of intervals that hold is binomial with sd 0.0022 for 10,000 independent values at
//! 95 %; 0.011 is five of them. Where the values share the noise of a total, draws are repeated
//! instead and values counted apart: `POINTILLIST_DRAWS` of them (default 10,000). Whole values
//! have intervals that are rounded outwards, by up to one on either side of a whole truth: what that
//! adds is known from the noise and added to the 95 %, at a standard deviation of 10 one of 100.

mod largest;
mod predicted;
mod quantiles;
mod raked;

use std::path::Path;

use super::*;
use crate::aggregate::{Adding, ExactTally};
use crate::ledger::DrawPermit;
use crate::plan::Plan;
use crate::release_file::ReleaseFile;
use crate::release_file::privacy_loss::NanoRho;

fn release(keys: &str, questions: &str) -> ReleaseFile {
    let text = format!(
        "name = \"r\"\n[logs]\npath = \"x\"\n[keys]\n{keys}\n[ledger]\npath = \"r.ledger\"\n\
         epsilon = 1.0\ndelta = 1e-6\n{questions}"
    );
    ReleaseFile::parse(&text, "r.toml", Path::new(".")).unwrap()
}

fn plan(release_file: &ReleaseFile) -> Plan {
    Plan::new(release_file, NanoRho::new(24_000_000), None).unwrap()
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
    let priced = price(&plan.tables).unwrap();
    Draws::new(DrawPermit::for_test(), &priced).tables(tally(plan, truth)).unwrap()
}

/// The same sums without noise, as a drawn table: the values that every estimate aims at.
fn exact(plan: &Plan, truth: &[Vec<i64>]) -> Vec<NoisyTable> {
    let priced = price(&plan.tables).unwrap();
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

fn assert_holds(name: &str, (held, values): (u32, u32), rounding: f64) {
    let share = f64::from(held) / f64::from(values);
    let slack = five_sds(values);
    assert!((share - 0.95 - rounding).abs() < slack, "{name}: {share} of {values}, {rounding}");
}

/// Five standard deviations of the share of this many intervals that hold.
fn five_sds(values: u32) -> f64 {
    5.0 * (0.05 * 0.95 / f64::from(values)).sqrt()
}

/// How much more often an interval of `z` standard deviations holds a whole truth when its
/// ends are rounded outwards to whole numbers.
fn rounding(z: f64, sd: f64) -> f64 {
    2.0 / sd * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// Whether an answer's values are whole numbers.
fn is_whole(answer: &Answer) -> bool {
    let value = answer.columns.iter().find(|column| column.name == "value").unwrap();
    matches!(value.values, Values::Whole(_))
}

/// Sums that are not whole, about `base` lookups large, different in every cell.
fn sums(cells: u32, base: i64) -> Vec<i64> {
    (0..i64::from(cells))
        .map(|cell| (base << 16) + cell.wrapping_mul(2_654_435_761) % (1_000_003 + base * 9_000))
        .collect()
}

/// A total in the layers that a plan's first table has, the lowest with what they do not divide.
fn in_layers(plan: &Plan, total: i64) -> Vec<i64> {
    let count = i64::from(plan.sizes()[0]);
    let mut layers = vec![total / count; plan.sizes()[0] as usize];
    layers[0] += total % count;
    layers
}

/// How often to draw.
fn draws() -> u32 {
    std::env::var("POINTILLIST_DRAWS").map_or(10_000, |text| text.parse().unwrap())
}

#[test]
fn intervals_hold_the_bounded_truth_in_95_of_100_values() {
    let many: Vec<String> = (0..9_999).map(|value| format!("\"v{value:04}\"")).collect();
    let release_file = release(
        &format!("kind = [{}]", many.join(",")),
        "[[question]]\nname = \"people\"\ndistinct = \"requester\"\nby = [\"kind\"]\n\
         [[question]]\nname = \"busy\"\ndistinct = \"requester\"\nhaving = \"lookups >= 9\"\nby = [\"kind\"]\n\
         [[question]]\nname = \"shares\"\nshare = \"route = 'sms'\"\nby = [\"kind\"]\n\
         [[question]]\nname = \"sums\"\nsum = \"latency_ms\"\nrange = [0, 500]\nby = [\"kind\"]\n\
         [[question]]\nname = \"means\"\nmean = \"latency_ms\"\nrange = [0, 500]\nby = [\"kind\"]\n",
    );
    let plan = plan(&release_file);
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
    let noisy = answers(&release_file.questions, &plan, &drawn(&plan, &truth)).unwrap();
    let target = answers(&release_file.questions, &plan, &exact(&plan, &truth)).unwrap();
    for ((question, noisy), target) in release_file.questions.iter().zip(&noisy).zip(&target) {
        let added =
            if is_whole(noisy) { rounding(Z_95, column(noisy, "noise_sd")[0]) } else { 0.0 };
        assert!(added < 0.01, "{}: rounding adds {added}", question.name);
        assert_holds(&question.name, held(noisy, target), added);
    }
}
