//! Fits cells to what is known of them: their sums, that none is negative, and how smooth blocks
//! are.

use super::levels::LevelAxis;
use super::places::Places;

/// The least part of an even spread that a cell keeps.
pub(super) const LEAST: f64 = 1e-4;

/// Cells with this sum, none below the least. What the cells below the least gain is taken from the
/// others in proportion to the variance that noise left in each (`left`) and not to their size, so
/// that large cells do not pay for those near zero.
pub(super) fn held_to_sum(mut cells: Vec<f64>, left: &[f64], sum: f64) -> Vec<f64> {
    let least = LEAST * sum / cells.len() as f64;
    scale_to_sum(&mut cells, sum);
    let mut is_above = vec![true; cells.len()];
    loop {
        let (mut surplus, mut all) = (-sum, 0.0);
        for ((cell, left), is_above) in cells.iter().zip(left).zip(&is_above) {
            (surplus, all) =
                if *is_above { (surplus + cell, all + left) } else { (surplus + least, all) };
        }
        let off = if all > 0.0 { surplus / all } else { 0.0 };
        let falls: Vec<bool> = cells
            .iter()
            .zip(left)
            .zip(&is_above)
            .map(|((cell, left), is_above)| *is_above && cell - off * left < least)
            .collect();
        if !falls.contains(&true) {
            for ((cell, left), is_above) in cells.iter_mut().zip(left).zip(&is_above) {
                *cell = if *is_above { (*cell - off * left).max(least) } else { least };
            }
            scale_to_sum(&mut cells, sum);
            return cells;
        }
        for (is_above, falls) in is_above.iter_mut().zip(falls) {
            *is_above &= !falls;
        }
    }
}

/// The same for cells of which nothing was seen: noise left no variance in any of them.
pub(super) fn lifted_to_least(mut cells: Vec<f64>, sum: f64) -> Vec<f64> {
    let least = LEAST * sum / cells.len() as f64;
    scale_to_sum(&mut cells, sum);
    cells.iter_mut().for_each(|cell| *cell = cell.max(least));
    scale_to_sum(&mut cells, sum);
    cells
}

/// Scales cells to a sum, unless their own is not above zero.
fn scale_to_sum(cells: &mut [f64], sum: f64) {
    let own: f64 = cells.iter().sum();
    if own > 0.0 {
        cells.iter_mut().for_each(|cell| *cell *= sum / own);
    }
}

/// Each bin of a number as a multiple of an even part of its block, if the distribution is as
/// smooth as a monotone cubic through the sums of the blocks. The last value, for rows without a
/// number, lies in no block.
pub(super) fn smooth_in_blocks(blocks: &[f64], axis: LevelAxis) -> Vec<f64> {
    let Some(length) = axis.block else { return vec![1.0; axis.size] };
    let blocks = &blocks[..(axis.size - 1) / length];
    let mut parts = vec![1.0; axis.size];
    for (place, block) in blocks.iter().enumerate() {
        // The slopes at both ends, in units of the mean slope: harmonic means, and zero at the ends
        // of the range.
        let slope = |other: Option<&f64>| {
            other.map_or(0.0, |other| 2.0 * other / (block + other).max(1e-300))
        };
        let first = slope(place.checked_sub(1).and_then(|before| blocks.get(before)));
        let last = slope(blocks.get(place + 1));
        let below = |step: usize| {
            let x = step as f64 / length as f64;
            let (square, cube) = (x * x, x * x * x);
            (cube - 2.0 * square + x) * first + (3.0 * square - 2.0 * cube) + (cube - square) * last
        };
        for step in 0..length {
            parts[place * length + step] = (below(step + 1) - below(step)) * length as f64;
        }
    }
    parts
}

/// Scales cells so that they add up to these sums by place.
pub(super) fn scale_to(cells: &mut [f64], places: &Places, wanted: &[f64]) {
    let mut factors = places.margin(cells, wanted.len());
    for (factor, wanted) in factors.iter_mut().zip(wanted) {
        *factor = wanted / factor.max(1e-300);
    }
    places.scale(cells, &factors);
}

/// Scales cells to a sum of one.
pub(super) fn to_one(cells: &mut [f64]) {
    let sum: f64 = cells.iter().sum();
    cells.iter_mut().for_each(|cell| *cell /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f64], expected: &[f64]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn what_lies_below_zero_is_taken_off_by_the_noise_that_is_left() {
        // 3 below the least, and the others have noise of 1 and 2.
        let least = LEAST * 90.0 / 3.0;
        let found = held_to_sum(vec![60.0, 33.0, -3.0], &[1.0, 2.0, 5.0], 90.0);
        close(&found, &[60.0 - (3.0 + least) / 3.0, 33.0 - 2.0 * (3.0 + least) / 3.0, least]);
        // Without anything below, cells are scaled alone, and so they are without any noise.
        close(&held_to_sum(vec![30.0, 10.0], &[1.0, 9.0], 80.0), &[60.0, 20.0]);
        let found = held_to_sum(vec![50.0, 0.0], &[0.0, 0.0], 50.0);
        assert!((found.iter().sum::<f64>() - 50.0).abs() < 1e-9 && found[1] > 0.0, "{found:?}");
        // Nothing but noise below zero leaves even cells.
        close(&held_to_sum(vec![-5.0, -5.0], &[1.0, 1.0], 4.0), &[2.0, 2.0]);
        let cells = vec![30.0, 10.0, 1e-9];
        assert_eq!(lifted_to_least(cells.clone(), 80.0), held_to_sum(cells, &[0.0; 3], 80.0));
    }

    #[test]
    fn blocks_are_spread_smoothly_and_keep_their_sums() {
        let axis = LevelAxis { size: 13, block: Some(4), is_number: true, is_split: false };
        let parts = smooth_in_blocks(&[4.0, 2.0, 1.0, 9.0], axis);
        for block in parts[..12].chunks(4) {
            assert!((block.iter().sum::<f64>() - 4.0).abs() < 1e-9, "{block:?}");
            assert!(block.iter().all(|part| *part >= 0.0), "{block:?}");
        }
        // The middle block falls from the first to the last; rows without a number stay alone.
        assert!(parts[4..8].windows(2).all(|pair| pair[0] > pair[1]), "{parts:?}");
        assert!((parts[12] - 1.0).abs() < 1e-12);
        // Between equal blocks nothing bends.
        close(&smooth_in_blocks(&[3.0; 4], axis)[4..8], &[1.0; 4]);
    }
}
