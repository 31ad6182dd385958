//! The largest rows: their intervals hold all at once, whichever noise picked them.

use super::*;

/// In which share of draws every picked row's interval holds, and the noise of one.
fn all_hold(top: u32, each: i64) -> (f64, f64) {
    let release_file = release(
        "",
        &format!(
            "[[question]]\nname = \"busiest\"\ncount = \"lookups\"\nby = [\"hour\"]\ntop = {top}\n"
        ),
    );
    let plan = plan(&release_file);
    let hours = vec![each; 24];
    let truth = vec![in_layers(&plan, hours.iter().sum()), hours];
    let draws = draws();
    let (mut held, mut sd) = (0, 0.0);
    for _ in 0..draws {
        let noisy = &answers(&release_file.questions, &plan, &drawn(&plan, &truth)).unwrap()[0];
        let (low, high) = (column(noisy, "ci_low"), column(noisy, "ci_high"));
        sd = column(noisy, "noise_sd")[0];
        let truth = each as f64 / 65_536.0;
        held += u32::from(low.iter().zip(&high).all(|(low, high)| *low <= truth && truth <= *high));
    }
    (f64::from(held) / f64::from(draws), sd)
}

#[test]
fn intervals_of_the_largest_hold_all_at_once() {
    let slack = five_sds(draws());
    // Every row picked, nothing raked: independent cells, so the bound is met. One of 24 cells has
    // 3.078 standard deviations to each side.
    let (all, sd) = all_hold(24, 7 << 16);
    let expected = (1.0 - 0.05 / 24.0 + rounding(3.078, sd)).powi(24);
    assert!((all - expected).abs() < slack && expected < 0.96, "{all} against {expected}");
    // Few picked of equals, by their noise alone, raked or not: never less.
    for each in [7 << 16, 90_000 << 16] {
        let (few, _) = all_hold(3, each);
        assert!(few > 0.95 - slack, "{few}");
    }
}
