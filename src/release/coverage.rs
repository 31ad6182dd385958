//! Do the intervals hold what they promise? 10,000 cells of each kind, through the real draw.
//!
//! The share of intervals that hold is binomial with sd 0.0022 at 95 %; 0.01 is 4.6 of them, so a
//! right interval fails here once in about 400,000 runs.

use std::path::Path;

use super::*;
use crate::aggregate::Adding;
use crate::ledger::DrawPermit;
use crate::plan::Plan;
use crate::spec::Release;
use crate::spec::privacy_loss::NanoRho;

const CELLS: u32 = 10_000;

fn release() -> Release {
    let many: Vec<String> = (0..CELLS - 1).map(|value| format!("\"v{value:04}\"")).collect();
    let text = format!(
        "name = \"r\"\n[logs]\npath = \"x\"\n[keys]\nkind = [{}]\n[ledger]\npath = \"r.ledger\"\n\
         epsilon = 1.0\ndelta = 1e-6\n\
         [[question]]\nname = \"counts\"\ncount = \"lookups\"\nby = [\"kind\"]\n\
         [[question]]\nname = \"people\"\ndistinct = \"requester\"\nby = [\"kind\"]\n\
         [[question]]\nname = \"shares\"\nshare = \"route = 'sms'\"\nby = [\"kind\"]\n",
        many.join(",")
    );
    Release::parse(&text, "r.toml", Path::new(".")).unwrap()
}

#[test]
fn intervals_hold_the_bounded_truth_in_95_of_100_cells() {
    let release = release();
    let plan = Plan::new(&release, NanoRho::new(24_000_000)).unwrap();
    let sizes: Vec<u32> = plan.cells.iter().map(crate::plan::Cells::count).collect();
    assert_eq!(sizes, [CELLS, CELLS, 2 * CELLS]);
    // Bounded sums are not whole: fractions of the lattice are part of the truth.
    let truth = |table: usize, cell: u32| -> i64 {
        let spread = i64::from(cell).wrapping_mul(2_654_435_761) % 1_000_003;
        if table == 2 { (700 << 16) + spread * 40 } else { spread * 13 }
    };
    let adding = Adding::new(&sizes);
    for (table, cells) in sizes.iter().enumerate() {
        for cell in 0..*cells {
            adding.add(table, cell, truth(table, cell));
        }
    }
    let priced = price(&plan.tables).unwrap();
    let noisy = draw(adding.finish(), &priced, DrawPermit::for_test()).unwrap();
    for (table, (question, noisy)) in release.questions.iter().zip(&noisy).enumerate() {
        let mut held = 0_u32;
        match estimate(question, noisy).unwrap() {
            Estimates::Counts { rows, .. } => {
                for (cell, row) in (0..CELLS).zip(&rows) {
                    let exact = truth(table, cell);
                    held += u32::from((row.ci_low << 16) <= exact && exact <= (row.ci_high << 16));
                }
            }
            Estimates::Shares(rows) => {
                for (cell, row) in (0..CELLS).zip(&rows) {
                    let (rest, part) = (truth(table, 2 * cell), truth(table, 2 * cell + 1));
                    let exact = part as f64 / (part + rest) as f64;
                    assert!(row.value.is_some());
                    held += u32::from((row.ci_low..=row.ci_high).contains(&exact));
                }
            }
        }
        let share = f64::from(held) / f64::from(CELLS);
        assert!((share - 0.95).abs() < 0.01, "{}: {share}", question.name);
    }
}
