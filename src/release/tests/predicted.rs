//! Is the error that a plan predicts the error that draws show? For every kind, within 10 %.

use super::*;
use crate::release_file::measure::Measure;

/// The number of finest cells: hours, apps, routes.
const FINEST: usize = 24 * 4 * 3;

/// Every kind of question, over tables that hold about `each` lookups in each finest cell.
struct Kinds {
    release_file: ReleaseFile,
    plan: Plan,
    truth: Vec<Vec<i64>>,
    lookups: f64,
}

fn kinds(each: i64) -> Kinds {
    let release_file = release(
        "app = [\"a\", \"b\", \"c\"]\nkind = [\"x\"]",
        "[[question]]\nname = \"all\"\ncount = \"lookups\"\n\
         [[question]]\nname = \"finest\"\ncount = \"lookups\"\nby = [\"hour\", \"app\", \"route\"]\n\
         [[question]]\nname = \"apps\"\ncount = \"lookups\"\nby = [\"app\"]\n\
         [[question]]\nname = \"busiest\"\ncount = \"lookups\"\nby = [\"hour\"]\ntop = 3\n\
         [[question]]\nname = \"sms\"\nshare = \"route = 'sms'\"\nby = [\"app\"]\n\
         [[question]]\nname = \"mixed\"\nshare = \"route = 'sms' OR app = 'b'\"\nby = [\"app\"]\n\
         [[question]]\nname = \"half\"\nshare = \"kind = 'x'\"\nby = [\"hour\"]\n\
         [[question]]\nname = \"people\"\ndistinct = \"requester\"\nby = [\"app\"]\n\
         [[question]]\nname = \"busy\"\ndistinct = \"requester\"\nhaving = \"lookups >= 9\"\nby = [\"app\"]\n\
         [[question]]\nname = \"waits\"\nsum = \"latency_ms\"\nrange = [0, 500]\nby = [\"app\"]\n\
         [[question]]\nname = \"wait\"\nmean = \"latency_ms\"\nrange = [0, 500]\nby = [\"app\"]\n\
         [[question]]\nname = \"median\"\nquantiles = [0.5]\nof = \"latency_ms\"\nrange = [0, 128]\n\
         [[question]]\nname = \"per_requester\"\nhistogram = \"lookups per requester\"\n",
    );
    let plan = plan(&release_file);
    // Half of the lookups go by SMS, a quarter by each other route; three hours lie a little above.
    let cell = |cell: usize| {
        let hour = 100 + [9, 6, 3].get(cell / 12).copied().unwrap_or(0);
        let route = if cell % 3 == 1 { 2 } else { 1 };
        (each << 16) * hour * route / 100
    };
    let finest: Vec<i64> = (0..FINEST).map(cell).collect();
    let truth = plan
        .tables
        .iter()
        .map(|table| {
            let fold = |size: usize, of: &dyn Fn(usize) -> usize| {
                let mut sums = vec![0; size];
                finest.iter().enumerate().for_each(|(cell, units)| sums[of(cell)] += units);
                sums
            };
            match table.name.as_str() {
                "all lookups" => in_layers(&plan, finest.iter().sum()),
                "lookups by hour, app, route" => finest.clone(),
                "lookups by app" => fold(4, &|cell| cell / 3 % 4),
                "lookups by app, route" => fold(12, &|cell| cell % 12),
                "lookups by hour" => fold(24, &|cell| cell / 12),
                "lookups by hour, half met" => {
                    let hours = fold(24, &|cell| cell / 12);
                    hours.iter().flat_map(|units| [units / 2, units / 2]).collect()
                }
                "people" | "busy" => vec![5_000 << 16; 4],
                "waits" => vec![9_000 << 16; 4],
                // In the middle of the range: the centred sum is zero.
                "wait" => [0, LOOKUPS_OF_MEAN << 16].repeat(4),
                "median" => vec![LOOKUPS_OF_BIN << 16; 128],
                "per_requester" => vec![5_000 << 16; 21],
                other => panic!("an unknown table {other}"),
            }
        })
        .collect();
    let lookups = finest.iter().sum::<i64>() as f64 / 65_536.0;
    Kinds { release_file, plan, truth, lookups }
}

const LOOKUPS_OF_MEAN: i64 = 90_000;
const LOOKUPS_OF_BIN: i64 = 20_000;

impl Kinds {
    /// For each of these questions: the predicted error and the one that draws show, both times the
    /// lookups behind a value if the error is stated per lookup.
    fn compare(&self, names: &[&str]) -> Vec<(f64, f64)> {
        let load = Load { lookups: self.lookups, requesters: 1.0 };
        let priced = price(&self.plan.tables).unwrap();
        let questions = &self.release_file.questions;
        let target = answers(questions, &self.plan, &exact(&self.plan, &self.truth)).unwrap();
        let asked: Vec<usize> = names
            .iter()
            .map(|name| questions.iter().position(|question| question.name == *name).unwrap())
            .collect();
        let mut squares = vec![0.0; asked.len()];
        let mut values = vec![0.0; asked.len()];
        for _ in 0..draws() / 10 {
            let noisy = answers(questions, &self.plan, &drawn(&self.plan, &self.truth)).unwrap();
            for (sum, &place) in asked.iter().enumerate() {
                let truth = column(&target[place], "value");
                for (value, truth) in column(&noisy[place], "value").iter().zip(truth) {
                    // A share that is everything has no noise, and is not predicted.
                    if questions[place].name == "mixed" && (truth - 1.0).abs() < 1e-12 {
                        continue;
                    }
                    squares[sum] += (value - truth).powi(2);
                    values[sum] += 1.0;
                }
            }
        }
        asked
            .iter()
            .enumerate()
            .map(|(sum, &place)| {
                let question = &questions[place];
                let seen = (squares[sum] / values[sum]).sqrt();
                match expected(question, &self.plan, &priced, Some(load)).unwrap() {
                    Expected::Fixed(sd) => (sd, seen),
                    Expected::PerLookup { sd, .. } => (sd, seen * self.per_lookup(question)),
                }
            })
            .collect()
    }

    /// What an error of a ratio is multiplied by: the lookups behind it, over its range.
    fn per_lookup(&self, question: &crate::release_file::question::Question) -> f64 {
        let rows: u64 = question.by.iter().map(crate::release_file::keys::Key::size).product();
        match question.measure {
            Measure::Share { .. } => self.lookups / rows as f64,
            Measure::Mean(_) => LOOKUPS_OF_MEAN as f64 / 500.0,
            // The bins are equally full and one wide: a number is its rank times 128.
            _ => LOOKUPS_OF_BIN as f64,
        }
    }
}

fn assert_close(names: &[&str], compared: &[(f64, f64)]) {
    for (name, (predicted, seen)) in names.iter().zip(compared) {
        assert!((predicted / seen - 1.0).abs() < 0.1, "{name}: {predicted} predicted, {seen} seen");
    }
}

#[test]
fn predictions_of_every_kind_are_what_draws_show() {
    let names = [
        "all",
        "finest",
        "apps",
        "busiest",
        "sms",
        "mixed",
        "half",
        "people",
        "busy",
        "waits",
        "wait",
        "median",
        "per_requester",
    ];
    let kinds = kinds(4_000);
    assert_eq!(names.len(), kinds.release_file.questions.len());
    assert_close(&names, &kinds.compare(&names));
}

#[test]
fn predictions_of_counts_that_are_not_raked_are_what_draws_show() {
    let names = ["all", "finest", "apps"];
    let kinds = kinds(1);
    assert_close(&names, &kinds.compare(&names));
    // Without a load the prediction is the same: nothing is raked without an expectation.
    let priced = price(&kinds.plan.tables).unwrap();
    for question in kinds.release_file.questions.iter().take(3) {
        let load = Load { lookups: kinds.lookups, requesters: 1.0 };
        let with = expected(question, &kinds.plan, &priced, Some(load));
        assert_eq!(with, expected(question, &kinds.plan, &priced, None));
    }
}
