//! The largest rows: their intervals hold all at once, whichever noise picked them.

use super::*;

/// Counts in how many draws every picked row's interval holds.
fn all_hold(top: u32, each: i64) -> f64 {
    let release = release(
        "",
        &format!(
            "[[question]]\nname = \"busiest\"\ncount = \"lookups\"\nby = [\"hour\"]\ntop = {top}\n"
        ),
    );
    let plan = plan(&release);
    let hours = vec![each; 24];
    let truth = vec![vec![hours.iter().sum()], hours];
    let draws = draws();
    let mut held = 0;
    for _ in 0..draws {
        let noisy = &answers(&release.questions, &plan, &drawn(&plan, &truth)).unwrap()[0];
        let (low, high) = (column(noisy, "ci_low"), column(noisy, "ci_high"));
        let truth = each as f64 / 65_536.0;
        held += u32::from(low.iter().zip(&high).all(|(low, high)| *low <= truth && truth <= *high));
    }
    f64::from(held) / f64::from(draws)
}

#[test]
fn intervals_of_the_largest_hold_all_at_once() {
    let slack = 0.11 / (f64::from(draws()) / 100.0).sqrt();
    // Every row picked, nothing raked: independent cells, so the bound is met.
    let all = all_hold(24, 7 << 16);
    assert!((all - 0.95).abs() < slack, "{all}");
    // Few picked of equals, by their noise alone, raked or not: never less.
    for each in [7 << 16, 90_000 << 16] {
        let few = all_hold(3, each);
        assert!(few > 0.95 - slack, "{few}");
    }
}
