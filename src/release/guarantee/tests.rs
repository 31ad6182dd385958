//! Figures of small releases, by hand.

use std::path::Path;

use super::*;

fn guarantee(questions: &str) -> (Guarantee, Split) {
    let text = format!(
        "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
         delta = 1e-6\n{questions}"
    );
    let release_file = ReleaseFile::parse(&text, "r.toml", Path::new(".")).unwrap();
    let split = Split::new(&release_file, NanoRho::new(20_000_000)).unwrap();
    (Guarantee::new(&release_file, &split).unwrap(), split)
}

/// Whether `rho` is `expected`, or above it by roundings.
fn is_just(rho: f64, expected: f64) -> bool {
    rho >= expected && rho < expected * 1.003
}

#[test]
fn one_lookup_moves_a_count_by_a_sixth_of_its_price() {
    let (figures, split) =
        guarantee("[[question]]\nname = \"q\"\ncount = \"lookups\"\nby = [\"hour\"]\n");
    // The whole of a lookup by the look and in a table whose clip is 0.31.
    let (look, shapes) = (split.look.rho(), split.questions[0].rho());
    let most = look / 64.0 + shapes / (8.0_f64 * 0.31).powi(2);
    assert!(is_just(figures.contact_pair.rho, most), "{figures:?} {most}");
    // Ten requesters of one lookup each.
    let ten = figures.target.iter().find(|figure| figure.lookups == 10).unwrap();
    assert!(is_just(ten.figure.rho, 100.0 * most), "{figures:?}");
}

#[test]
fn a_lookup_costs_a_distinct_count_all_of_its_price_and_a_histogram_twice() {
    for (asks, times) in
        [("distinct = \"requester\"", 1.0), ("histogram = \"lookups per requester\"", 2.0)]
    {
        let (figures, split) = guarantee(&format!("[[question]]\nname = \"q\"\n{asks}\n"));
        let most = split.look.rho() / 64.0 + times * split.questions[0].rho();
        assert!(is_just(figures.contact_pair.rho, most), "{asks}: {figures:?}");
        assert!((figures.one_day.rho - split.charge().rho()).abs() < 1e-12);
    }
}

#[test]
fn no_target_loses_more_than_a_person_where_persons_are_the_unit() {
    let (figures, split) = guarantee(
        "[privacy]\nunit = \"person-day\"\n[[question]]\nname = \"q\"\ncount = \"lookups\"\nby = [\"hour\"]\n",
    );
    // Half of the root of each price is a requester's, half a target's.
    let most = split.charge().rho() / 4.0;
    for figure in &figures.target {
        assert!(figure.figure.rho <= most * 1.001, "{figures:?}");
    }
    assert!(is_just(figures.target.last().unwrap().figure.rho, most * 0.999), "{figures:?}");
    assert!(figures.one_day.rho >= figures.target.last().unwrap().figure.rho);
}

#[test]
fn each_figure_names_its_own_delta() {
    let (figures, _) = guarantee(
        "[[question]]\nname = \"q\"\ncount = \"lookups\"\nkeys = \"private\"\n\
         by = [\"target_prefix:6\"]\n",
    );
    // A tenth of delta is for private prefixes, of which this release asks for 0.7.
    let of_days =
        |figure: Figure, days: f64| (figure.delta / (9e-7 + days * 0.7e-7) - 1.0).abs() < 1e-9;
    assert!(of_days(figures.one_day, 1.0) && of_days(figures.thirty_days, 30.0), "{figures:?}");
    assert!(of_days(figures.one_year, 365.0), "{figures:?}");
    // One lookup is found as seldom as a requester; a key that only a target's lookups have the
    // more often the more they are.
    assert!(figures.contact_pair.delta < figures.one_day.delta, "{figures:?}");
    assert!(figures.contact_pair.delta > 9e-7 && figures.contact_pair.epsilon > 0.0);
    let deltas: Vec<f64> = figures.target.iter().map(|target| target.figure.delta).collect();
    assert!(deltas.is_sorted() && deltas[3] >= 1.0, "{deltas:?}");
    let (figures, _) = guarantee("[[question]]\nname = \"q\"\ncount = \"lookups\"\n");
    for figure in
        [figures.one_day, figures.contact_pair, figures.one_year, figures.target[3].figure]
    {
        assert!((figure.delta / 9e-7 - 1.0).abs() < 1e-9, "{figures:?}");
    }
    assert_eq!(figures.limits, None);
    assert!(figures.one_day.to_string().ends_with(" at delta 9e-7"));
}

#[test]
fn a_capped_ledger_promises_30_days_and_a_year() {
    let text = "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\n\
                epsilon = 1.0\nepsilon_30_days = 4.0\ndelta = 1e-6\nkey_delta = 0.0\n\
                [[question]]\nname = \"q\"\ncount = \"lookups\"\n";
    let release_file = ReleaseFile::parse(text, "r.toml", Path::new(".")).unwrap();
    let split = Split::new(&release_file, NanoRho::new(20_000_000)).unwrap();
    let figures = Guarantee::new(&release_file, &split).unwrap();
    let limits = figures.limits.unwrap();
    // Twelve times the cap and five days of a block's budget; independently: epsilon 17.8.
    let month = limits.thirty_days;
    assert!(month.epsilon <= 4.0 && month.epsilon > 3.999_99, "{limits:?}");
    let year = 12.0 * month.rho + 5.0 * 0.028_014_48;
    assert!((limits.one_year.rho / year - 1.0).abs() < 1e-5, "{limits:?}");
    assert!((limits.one_year.epsilon - 17.8).abs() < 0.05, "{limits:?}");
    let words = figures.words(&release_file.ledger);
    let promise = "any 30 consecutive days add up to epsilon 4.00 at delta 1e-6 and any 365 to \
                   epsilon 17.";
    assert!(words.contains(promise), "{words}");
}
