//! Counts and shares of several tables, raked to a total.

use super::*;
use crate::release_file::question::Question;

/// A release whose counts come from several tables, and what those tables hold.
pub(super) struct Tables {
    pub(super) release_file: ReleaseFile,
    pub(super) plan: Plan,
    pub(super) priced: Vec<PricedTable>,
    /// The exact sums, table by table.
    pub(super) truth: Vec<Vec<i64>>,
}

/// Hours, apps and routes of one log whose finest cells hold `finest`, and `total` lookups beside
/// them.
pub(super) fn tables(finest: &[i64], total: i64, apps: Apps) -> Tables {
    let loose = if apps == Apps::Loose { "loose = true\n" } else { "" };
    let release_file = release(
        "app = [\"a\", \"b\", \"c\"]",
        &format!(
            "[[question]]\nname = \"all\"\ncount = \"lookups\"\n\
         [[question]]\nname = \"hours\"\ncount = \"lookups\"\nby = [\"hour\", \"app\", \"route\"]\n\
         [[question]]\nname = \"apps\"\ncount = \"lookups\"\nby = [\"app\"]\n{loose}\
         [[question]]\nname = \"routes\"\ncount = \"lookups\"\nby = [\"app\", \"route\"]\n\
         [[question]]\nname = \"sms\"\nshare = \"route = 'sms'\"\nby = [\"app\"]\n\
         [[question]]\nname = \"mixed\"\nshare = \"route = 'sms' OR app = 'b'\"\nby = [\"app\"]\n\
         [[question]]\nname = \"per_requester\"\nhistogram = \"lookups per requester\"\nweight = 0.02\n"
        ),
    );
    let plan = plan(&release_file);
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
                "all lookups" => in_layers(&plan, total),
                "lookups by hour, app, route" => finest.to_vec(),
                // Bounding took nothing from the first app's heavy users, where it is loose.
                "lookups by app" if apps == Apps::Loose => {
                    let mut apps = fold(4, &|cell| cell / 3 % 4);
                    apps[0] += total - finest.iter().sum::<i64>();
                    apps
                }
                "lookups by app" => fold(4, &|cell| cell / 3 % 4),
                "lookups by app, route" => fold(12, &|cell| cell % 12),
                "per_requester" => sums(21, 300),
                other => panic!("an unknown table {other}"),
            }
        })
        .collect();
    let priced = price(&plan.tables).unwrap();
    Tables { release_file, plan, priced, truth }
}

/// How many finest cells there are.
pub(super) const FINEST: u32 = 24 * 4 * 3;

/// Sums over the same cells, with a total that bounding took less from.
pub(super) fn of_one_log() -> Tables {
    let finest = sums(FINEST, 400);
    let total = finest.iter().sum::<i64>() * 5 / 4;
    tables(&finest, total, Apps::Plain)
}

/// How the lookups by app are measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Apps {
    /// Like the finer tables.
    Plain,
    /// As loosely as the total.
    Loose,
}

impl Tables {
    pub(super) fn exact(&self) -> Vec<Answer> {
        answers(&self.release_file.questions, &self.plan, &exact(&self.plan, &self.truth)).unwrap()
    }

    pub(super) fn drawn(&self) -> Vec<Answer> {
        let tally = tally(&self.plan, &self.truth);
        let noisy = Draws::new(DrawPermit::for_test(), &self.priced).tables(tally).unwrap();
        answers(&self.release_file.questions, &self.plan, &noisy).unwrap()
    }

    /// The place of a question, and the question.
    pub(super) fn question(&self, name: &str) -> (usize, &Question) {
        let mut questions = self.release_file.questions.iter().enumerate();
        questions.find(|(_, question)| question.name == name).unwrap()
    }
}

#[test]
fn raked_counts_and_shares_of_several_tables_hold_as_well() {
    all_hold(&of_one_log());
}

#[test]
fn a_loose_table_moves_its_values_and_finer_ones_and_all_of_them_hold() {
    let finest = sums(FINEST, 400);
    let total = finest.iter().sum::<i64>() * 5 / 4;
    let loose = tables(&finest, total, Apps::Loose);
    let plain = of_one_log();
    // The excess of the total is all of the first app, and its finer cells follow.
    let values = |tables: &Tables, question: &str| -> Vec<f64> {
        column(&tables.exact()[tables.question(question).0], "value")
    };
    let (loose_apps, plain_apps) = (values(&loose, "apps"), values(&plain, "apps"));
    let sums: Vec<f64> = (0..4)
        .map(|app| {
            (0..FINEST)
                .filter(|cell| cell / 3 % 4 == app)
                .map(|cell| finest[cell as usize] as f64 / 65_536.0)
                .sum()
        })
        .collect();
    let excess = sums.iter().sum::<f64>() / 4.0;
    assert!((loose_apps[0] - sums[0] - excess).abs() < 2.0, "{loose_apps:?} {sums:?}");
    assert!((loose_apps[1] - sums[1]).abs() < 2.0, "{loose_apps:?} {sums:?}");
    assert!((plain_apps[1] - sums[1] * 1.25).abs() < 2.0, "{plain_apps:?} {sums:?}");
    let routes = values(&loose, "routes");
    let first: f64 = routes.iter().take(3).sum();
    assert!((first - loose_apps[0]).abs() < 3.0, "{routes:?}");
    all_hold(&loose);
}

fn all_hold(tables: &Tables) {
    let target = tables.exact();
    // Values of one draw share its total, so each value is counted over draws.
    let draws = draws();
    let mut counted: Vec<Vec<u32>> =
        target.iter().map(|answer| vec![0; column(answer, "value").len()]).collect();
    let mut squares: Vec<Vec<f64>> = counted.iter().map(|rows| vec![0.0; rows.len()]).collect();
    let mut stated: Vec<Vec<f64>> = squares.clone();
    for _ in 0..draws {
        for (place, (noisy, target)) in tables.drawn().iter().zip(&target).enumerate() {
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
    for (place, question) in tables.release_file.questions.iter().enumerate() {
        for (row, held) in counted[place].iter().enumerate() {
            // All lookups of app b meet `mixed`: that share is known without noise.
            if stated[place][row] == 0.0 {
                assert_eq!((question.name.as_str(), row, *held), ("mixed", 1, draws));
                continue;
            }
            let sd = (stated[place][row] / f64::from(draws)).sqrt();
            let added = if is_whole(&target[place]) { rounding(Z_95, sd) } else { 0.0 };
            assert_holds(&format!("{} row {row}", question.name), (*held, draws), added);
        }
        // What is stated beforehand is what is seen, within five standard deviations of a sample of
        // this size: 4 % at 10,000.
        let seen = squares[place].iter().sum::<f64>().sqrt();
        let said = stated[place].iter().sum::<f64>().sqrt();
        let slack = 5.0 / (2.0 * f64::from(draws)).sqrt();
        assert!((seen / said - 1.0).abs() < slack, "{}: {seen} against {said}", question.name);
    }
}
