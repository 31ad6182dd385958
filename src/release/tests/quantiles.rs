//! Quantiles of a well-resolved distribution.

use super::*;

#[test]
fn quantiles_hold_over_draws() {
    let release_file = release(
        "",
        "[[question]]\nname = \"latency\"\nquantiles = [0.1, 0.5, 0.95]\nof = \"latency_ms\"\nrange = [1, 60000]\n",
    );
    let plan = plan(&release_file);
    // A smooth hump over the bins, 60,000 lookups.
    let hump = |bin: i32| {
        let lookups = 1_500.0 * (-f64::from((bin - 60) * (bin - 60)) / 512.0).exp();
        #[expect(clippy::cast_possible_truncation, reason = "far below the end")]
        let units = (lookups * 65_536.0) as i64;
        units
    };
    let truth = vec![(0..128).map(hump).collect()];
    let target = column(
        &answers(&release_file.questions, &plan, &exact(&plan, &truth)).unwrap()[0],
        "value",
    );
    let draws = draws();
    let mut counted = [0_u32; 3];
    for _ in 0..draws {
        let noisy = &answers(&release_file.questions, &plan, &drawn(&plan, &truth)).unwrap()[0];
        let (low, high) = (column(noisy, "ci_low"), column(noisy, "ci_high"));
        for (row, truth) in target.iter().enumerate() {
            counted[row] += u32::from(low[row] <= *truth && *truth <= high[row]);
        }
    }
    for (quantile, held) in [0.1, 0.5, 0.95].iter().zip(counted) {
        assert_holds(&format!("quantile {quantile}"), (held, draws), 0.0);
    }
}

#[test]
fn where_the_curve_is_flat_the_interval_spans_the_flat_part() {
    let release_file = release(
        "",
        "[[question]]\nname = \"latency\"\nquantiles = [0.5]\nof = \"latency_ms\"\nrange = [0, 128]\n",
    );
    let plan = plan(&release_file);
    // Half of the lookups in the first bins, half in the last, nothing between: any number between
    // is the median.
    let units = |bin: i64| if (10..118).contains(&bin) { 0 } else { 3_000 << 16 };
    let truth = vec![(0..128).map(units).collect()];
    let draws = draws() / 5;
    let mut held = [0_u32; 3];
    for _ in 0..draws {
        let noisy = &answers(&release_file.questions, &plan, &drawn(&plan, &truth)).unwrap()[0];
        let (low, high) = (column(noisy, "ci_low")[0], column(noisy, "ci_high")[0]);
        for (held, median) in held.iter_mut().zip([10.0, 64.0, 118.0]) {
            *held += u32::from(low <= median && median <= high);
        }
    }
    let slack = five_sds(draws);
    let share = |held: u32| f64::from(held) / f64::from(draws);
    assert!(held.iter().all(|held| share(*held) > 0.95 - slack), "{held:?}");
}
