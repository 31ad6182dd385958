//! How the budget of the lookups is divided over candidate tables: a convex problem, solved before
//! any log is read.
//!
//! The objective is the sum over questions of weight times cells^[`DETAIL`] times the logarithm of the
//! variance of a cell's least-squares estimate. Tables that would get hardly anything are dropped
//! (docs/mechanisms.md, section 5).

use super::family::{AxisSet, Family, subsets};

/// The power of its number of cells by which a question counts more: finer tables are read in more
/// places, and their cells are lost in the noise first.
const DETAIL: f64 = 0.2;
/// A table with a smaller part is not worth measuring.
const LEAST_PART: f64 = 0.01;
const ROUNDS: usize = 400;

/// A table that may be measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) axes: AxisSet,
    /// The bound on a requester's norm.
    pub(super) clip: f64,
    /// Whether it alone decides what belongs to its axes.
    pub(super) is_loose: bool,
}

/// A marginal that some question asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wanted {
    pub(super) axes: AxisSet,
    pub(super) weight: f64,
}

/// The part of the budget of each candidate, summing to one; zero for tables not worth measuring.
pub(super) fn split(sizes: &[u64], candidates: &[Candidate], wanted: &[Wanted]) -> Vec<f64> {
    let even = 1.0 / candidates.len().max(1) as f64;
    let mut parts = improve(sizes, candidates, wanted, vec![even; candidates.len()]);
    loop {
        // The smallest part is dropped first, as long as every question still has a table.
        let small = (0..parts.len())
            .filter(|&place| {
                let without = parts
                    .iter()
                    .enumerate()
                    .map(|(other, part)| if other == place { 0.0 } else { *part });
                (0.0..LEAST_PART).contains(&parts[place])
                    && parts[place] > 0.0
                    && covers(candidates, wanted, &without.collect::<Vec<_>>())
            })
            .min_by(|left, right| parts[*left].total_cmp(&parts[*right]));
        let Some(small) = small else { return parts };
        parts[small] = 0.0;
        let total: f64 = parts.iter().sum();
        parts.iter_mut().for_each(|part| *part /= total);
        parts = improve(sizes, candidates, wanted, parts);
    }
}

fn covers(candidates: &[Candidate], wanted: &[Wanted], parts: &[f64]) -> bool {
    wanted.iter().all(|want| {
        candidates
            .iter()
            .zip(parts)
            .any(|(table, part)| *part > 0.0 && table.axes & want.axes == want.axes)
    }) && candidates.iter().zip(parts).all(|(table, part)| *part > 0.0 || !table.is_loose)
}

/// Multiplicative steps along the gradient; zero stays zero.
fn improve(
    sizes: &[u64],
    candidates: &[Candidate],
    wanted: &[Wanted],
    mut parts: Vec<f64>,
) -> Vec<f64> {
    let geometry = Family::new(sizes.to_vec(), Vec::new());
    let cells: Vec<f64> = candidates.iter().map(|table| geometry.cells(table.axes)).collect();
    // For each question: every interaction with the factor of its combined variance.
    let terms: Vec<(f64, Vec<(AxisSet, f64)>)> = wanted
        .iter()
        .map(|want| {
            let all = geometry.cells(want.axes);
            let term =
                |interaction: AxisSet| (interaction, geometry.freedom(interaction) / (all * all));
            (want.weight * all.powf(DETAIL), subsets(want.axes).map(term).collect())
        })
        .collect();
    for _ in 0..ROUNDS {
        let mut gain = vec![0.0; parts.len()];
        for (weight, terms) in &terms {
            let mut variance = 0.0;
            let mut slope = vec![0.0; parts.len()];
            for (interaction, factor) in terms {
                let says = |table: &Candidate| table.axes & interaction == *interaction;
                let is_loose = *interaction != 0
                    && candidates.iter().any(|table| table.is_loose && says(table));
                let precision = |place: usize| {
                    let table = &candidates[place];
                    if says(table) && (!is_loose || table.is_loose) {
                        1.0 / (cells[place] * table.clip * table.clip)
                    } else {
                        0.0
                    }
                };
                let total: f64 =
                    parts.iter().enumerate().map(|(place, part)| part * precision(place)).sum();
                variance += factor / total;
                for (place, slope) in slope.iter_mut().enumerate() {
                    *slope += factor * precision(place) / (total * total);
                }
            }
            for (gain, slope) in gain.iter_mut().zip(slope) {
                *gain += weight * slope / variance;
            }
        }
        for (part, gain) in parts.iter_mut().zip(gain) {
            *part *= gain.sqrt();
        }
        let total: f64 = parts.iter().sum();
        parts.iter_mut().for_each(|part| *part /= total);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [u64; 4] = [24, 21, 5, 3];

    fn tables(sets: &[AxisSet]) -> Vec<Candidate> {
        sets.iter().map(|axes| Candidate { axes: *axes, clip: 10.0, is_loose: false }).collect()
    }

    fn wants(sets: &[AxisSet]) -> Vec<Wanted> {
        sets.iter().map(|axes| Wanted { axes: *axes, weight: 1.0 }).collect()
    }

    #[test]
    fn one_table_gets_everything() {
        assert_eq!(split(&SIZES, &tables(&[0b11]), &wants(&[0b11])), [1.0]);
    }

    #[test]
    fn no_step_away_from_the_split_is_better() {
        let sets = [0b0010, 0b0100, 0b0110, 0b1110, 0b0001, 0b0011, 0b1111];
        let (tables, wants) = (tables(&sets), wants(&sets));
        let parts = split(&SIZES, &tables, &wants);
        let loss = |parts: &[f64]| -> f64 {
            let measured = tables.iter().zip(parts).map(|(table, part)| (table.axes, 1.0 / part));
            let family = Family::new(SIZES.to_vec(), measured.collect());
            wants
                .iter()
                .map(|want| {
                    let cells = family.cells(want.axes);
                    cells.powf(DETAIL) * family.variance(want.axes).unwrap().ln()
                })
                .sum()
        };
        let best = loss(&parts);
        for place in 0..parts.len() {
            for factor in [0.8, 1.25] {
                let mut other = parts.clone();
                other[place] *= factor;
                let total: f64 = other.iter().sum();
                other.iter_mut().for_each(|part| *part /= total);
                assert!(loss(&other) >= best - 1e-3, "{parts:?}");
            }
        }
        let finest = parts.iter().copied().fold(0.0, f64::max);
        assert!((parts[6] - finest).abs() < 1e-12, "the finest table gets the most: {parts:?}");
    }

    #[test]
    fn weight_moves_budget() {
        let sets = [0b0001, 0b0010];
        let even = split(&SIZES, &tables(&sets), &wants(&sets));
        let mut heavy = wants(&sets);
        heavy[1].weight = 10.0;
        assert!(split(&SIZES, &tables(&sets), &heavy)[1] > even[1] + 0.1);
    }

    #[test]
    fn what_is_not_worth_measuring_is_dropped_and_still_answered() {
        let sets = [0b1111, 0b0001];
        let mut wanted = wants(&sets);
        wanted[1].weight = 1e-6;
        let parts = split(&SIZES, &tables(&sets), &wanted);
        assert!(parts[1].abs() < 1e-12);
        assert!((parts[0] - 1.0).abs() < 1e-12);
    }
}
