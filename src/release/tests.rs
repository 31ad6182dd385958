//! Draws: what they may cost, and what they add.

use std::path::Path;

use super::*;
use crate::aggregate::{Adding, ExactTally, PrefixTally};
use crate::ledger::DrawPermit;
use crate::plan::kinds::CLASSES;
use crate::plan::{FoundPrefixes, MeasuredTable, Plan, Split};
use crate::release_file::ReleaseFile;
use crate::release_file::lattice::{Clip, LATTICE_ONE};
use crate::release_file::privacy_loss::NanoRho;

const QUESTIONS: &str = "[[question]]\nname = \"volume\"\ncount = \"lookups\"\nby = [\"hour\", \"route\"]\n\
     [[question]]\nname = \"total\"\ncount = \"lookups\"\n\
     [[question]]\nname = \"sms\"\nshare = \"route = 'sms'\"\n\
     [[question]]\nname = \"speed\"\nmean = \"latency_ms\"\nrange = [1, 60000]\nby = [\"route\"]\n\
     [[question]]\nname = \"quick\"\nquantiles = [0.5]\nof = \"latency_ms\"\nrange = [1, 1000]\n\
     [[question]]\nname = \"people\"\ndistinct = \"requester\"\nby = [\"hour\"]\n\
     [[question]]\nname = \"prefixes\"\ncount = \"lookups\"\nkeys = \"private\"\nby = [\"target_prefix:6\"]\n";

fn release(questions: &str) -> ReleaseFile {
    let text = format!(
        "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
         delta = 1e-6\n{questions}"
    );
    ReleaseFile::parse(&text, "r.toml", Path::new(".")).unwrap()
}

fn split(release_file: &ReleaseFile) -> Split {
    Split::new(release_file, NanoRho::new(27_730_440)).unwrap()
}

fn nothing(cells: &[u32]) -> ExactTally {
    Adding::new(cells).finish()
}

fn priced(plan: &Plan) -> Vec<PricedTable> {
    plan.tables.iter().cloned().map(|table| PricedTable::new(table).unwrap()).collect()
}

/// Looks of empty days, of small and large ones, and of such that no log makes.
const LOOKS: [[f64; CLASSES]; 5] = [
    [0.0; CLASSES],
    [178.0, 25.0, 3.7, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [607_360.0, 91_004.0, 9_620.0, 1_058.0, 171.0, 12.0, 0.1, 0.0, 0.0, 0.0],
    [1e9; CLASSES],
    [0.0, 1e5, 0.0, 1e5, 0.0, 1e5, 0.0, 1e5, 0.0, 1e5],
];

#[test]
fn whatever_the_look_shows_no_class_costs_more_than_what_was_reserved() {
    let release_file = release(QUESTIONS);
    let split = split(&release_file);
    let shapes = split.shapes(&release_file.questions);
    let found = FoundPrefixes::from([("prefixes".to_owned(), (911_800..912_300).collect())]);
    for numbers in LOOKS {
        let plan = Plan::of_day(&release_file, &split, &numbers, &found).unwrap();
        let tables = priced(&plan);
        let (mut alone, mut classes) = (0, [0; CLASSES]);
        for table in &tables {
            let charge = table.charge.nano();
            assert!(charge <= table.table.charge.nano());
            match table.table.class() {
                Some(class) => classes[class] += charge,
                None => alone += charge,
            }
        }
        for class in classes {
            assert!(class <= shapes.nano());
            // Roundings down are small.
            assert!(class + 500 >= shapes.nano(), "{class} of {shapes}");
        }
        let rounds = Plan::prefix_rounds(&release_file, &split);
        let rounds: u64 = rounds.iter().map(|round| round.charge.nano()).sum();
        let all = split.look.nano() + alone + rounds + shapes.nano();
        assert!(all <= split.charge().nano() && all + 1_000 >= split.charge().nano());
        // The draws agree.
        let mut draws = Draws::new(DrawPermit::for_test(), &split);
        let noisy = draws.tables(tables, nothing(&plan.sizes())).unwrap();
        assert_eq!(noisy.len(), plan.tables.len());
    }
}

#[test]
fn nothing_is_drawn_twice_or_beyond_the_reservation() {
    let release_file = release(QUESTIONS);
    let own = split(&release_file);
    let plan = Plan::of_day(&release_file, &own, &LOOKS[1], &FoundPrefixes::new()).unwrap();
    let refused = |result: crate::Result<Vec<NoisyTable>>, what: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    };
    let mut draws = Draws::new(DrawPermit::for_test(), &own);
    assert!(draws.tables(priced(&plan), nothing(&plan.sizes())).is_ok());
    refused(draws.tables(priced(&plan), nothing(&plan.sizes())), "drawn twice");
    // A plan of a larger budget.
    let mut less = own.clone();
    less.questions = vec![NanoRho::ZERO; less.questions.len()];
    let mut draws = Draws::new(DrawPermit::for_test(), &less);
    refused(draws.tables(priced(&plan), nothing(&plan.sizes())), "costs more");
    // Tables of another shape.
    let mut draws = Draws::new(DrawPermit::for_test(), &own);
    refused(draws.tables(priced(&plan), nothing(&[])), "lacks a measured table");
    // A look that is not the reserved one.
    let look = Plan::of_look(&release_file, &own).unwrap();
    let look = priced(&look).remove(0);
    let mut draws = Draws::new(DrawPermit::for_test(), &own);
    assert_eq!(draws.look(&look, nothing(&[10])).unwrap().len(), CLASSES);
    assert!(draws.look(&look, nothing(&[10])).is_err());
    less.look = less.look.part(9, 10);
    let mut draws = Draws::new(DrawPermit::for_test(), &less);
    assert!(draws.look(&look, nothing(&[10])).is_err());
}

#[test]
fn keys_may_have_any_name_of_a_column() {
    let release_file = release(
        "[keys]\na = [\"x\"]\nb = [\"x\"]\n\"a, b\" = [\"x\"]\n\"s met\" = [\"x\"]\n\
         [[question]]\nname = \"both\"\ncount = \"lookups\"\nby = [\"a\", \"b\"]\n\
         [[question]]\nname = \"one\"\ncount = \"lookups\"\nby = [\"a, b\"]\n\
         [[question]]\nname = \"other\"\ncount = \"lookups\"\nby = [\"s met\"]\n\
         [[question]]\nname = \"s\"\nshare = \"route = 'sms'\"\n",
    );
    let split = split(&release_file);
    let plan = Plan::of_day(&release_file, &split, &LOOKS[3], &FoundPrefixes::new()).unwrap();
    let mut draws = Draws::new(DrawPermit::for_test(), &split);
    assert!(draws.tables(priced(&plan), nothing(&plan.sizes())).is_ok());
}

#[test]
fn the_noise_of_every_table_has_the_spread_that_it_states() {
    let release_file = release(QUESTIONS);
    let split = split(&release_file);
    let found = FoundPrefixes::from([("prefixes".to_owned(), (911_800..912_300).collect())]);
    let plan = Plan::of_day(&release_file, &split, &LOOKS[2], &found).unwrap();
    let (mut squares, mut cells) = (0.0, 0.0);
    for _ in 0..4 {
        let mut draws = Draws::new(DrawPermit::for_test(), &split);
        for table in draws.tables(priced(&plan), nothing(&plan.sizes())).unwrap() {
            squares +=
                table.contributions().map(|one| (one / table.noise_sd()).powi(2)).sum::<f64>();
            cells += table.contributions().count() as f64;
        }
    }
    // The mean of that many squares has this deviation; five of them are missed in one of two million
    // runs.
    let sd = (2.0_f64 / cells).sqrt();
    assert!((squares / cells - 1.0).abs() < 5.0 * sd, "{} of {cells}", squares / cells);
}

#[test]
fn prefixes_that_only_reach_the_threshold_are_not_found() {
    const LONE: u64 = 16_000;
    let release_file = release(QUESTIONS);
    let mut split = split(&release_file);
    let round = Plan::prefix_rounds(&release_file, &split).remove(0);
    // Noise so fine that reaching the threshold is much likelier than being above it.
    split.questions.fill(NanoRho::new(200_000_000));
    let (clip, noise_scale) = (Clip::lattice(1), NoiseScale::for_test(2.0));
    let table = MeasuredTable { clip, ..round };
    let charge = DiscreteGaussian::new(clip, noise_scale).unwrap().charge();
    let threshold = Some(LATTICE_ONE as i64 + 4);
    let priced = PricedTable { table, noise_scale, charge, threshold };
    let mut weights = PrefixTally::default();
    (0..LONE).for_each(|prefix| weights.add(prefix, LATTICE_ONE as i64));
    let found = Draws::new(DrawPermit::for_test(), &split).prefixes(&priced, weights).unwrap();
    // The exact law, summed here; six deviations of a binomial are missed once in 500 million runs.
    let density = |x: i32| (-f64::from(x * x) / 8.0).exp();
    let above = (5..60).map(density).sum::<f64>() / (-60..60).map(density).sum::<f64>();
    let (n, seen) = (LONE as f64, found.len() as f64);
    let off = (seen - n * above) / (n * above * (1.0 - above)).sqrt();
    assert!(off.abs() < 6.0, "{seen} of {n} found, {above} expected");
}
