//! The noise of released days and of the configured mechanisms: how much, of which shape, and never twice.

use std::collections::BTreeMap;

use super::days::{Days, Residuals};
use super::finding::Finding;
use super::statistics::{chi_square_limits, deviations, upper_tail};
use super::world::World;
use crate::Result;
use crate::release::{DiscreteGaussian, PricedTable};

/// The false alarm of each test; the standard deviations of all tables together count as one test.
const EACH: f64 = 4e-4;
/// How many equal parts of the bell curve are counted.
const PARTS: usize = 20;
/// Of how many residues the last bits of noise are counted.
const RESIDUES: i64 = 16;

/// What was drawn on all days for one table, in standard deviations.
type Pooled = BTreeMap<String, Vec<f64>>;

/// Tests what was added on released days.
pub(super) fn check_days(days: &Days) -> Vec<Finding> {
    let all: Vec<&Residuals> = days.released.iter().flat_map(|day| &day.residuals).collect();
    let mut pooled = Pooled::new();
    for own in &all {
        let scaled = own.noise.iter().map(|noise| *noise as f64 / own.scale);
        pooled.entry(own.subject.clone()).or_default().extend(scaled);
    }
    let mut findings = Vec::new();
    for (subject, scaled) in &pooled {
        findings.push(variance(subject, scaled, EACH / pooled.len() as f64));
    }
    let everything: Vec<f64> = pooled.into_values().flatten().collect();
    findings.push(mean(&everything));
    findings.push(shape("all tables", &everything));
    findings.push(last_bits("all tables", all.iter().flat_map(|own| own.noise.iter().copied())));
    findings.extend(reuse(days));
    findings
}

/// Tests the mechanisms of the plan as they are configured, over more cells than a day has.
pub(super) fn check_mechanisms(world: &World<'_>) -> Result<Vec<Finding>> {
    let look = world.look()?.priced;
    let mut mechanisms: Vec<PricedTable> = look;
    // The first plan is of a small day: it has a table of each question and class.
    mechanisms.extend(world.plans()?.swap_remove(0).priced);
    let least = mechanisms
        .iter()
        .min_by(|one, other| one.noise_scale.steps().total_cmp(&other.noise_scale.steps()));
    let Some(least) = least else { return Ok(Vec::new()) };
    let mechanism = DiscreteGaussian::new(least.table.sensitivity(), least.noise_scale)?;
    let cells = if world.is_short() { 20_000 } else { 200_000 };
    let draws = [(); 2].map(|()| mechanism.draw(&vec![0; cells]));
    let mut noise = Vec::new();
    for draw in draws {
        noise.extend(draw?);
    }
    let scale = least.noise_scale.steps();
    let scaled: Vec<f64> = noise.iter().map(|noise| *noise as f64 / scale).collect();
    let subject = "the mechanism of least noise";
    Ok(vec![
        variance(subject, &scaled, EACH),
        shape(subject, &scaled),
        last_bits(subject, noise.iter().copied()),
        repeats(subject, noise, scale),
    ])
}

/// The sum of the squares against a chi-square of as many degrees.
fn variance(subject: &str, scaled: &[f64], alpha: f64) -> Finding {
    let n = scaled.len() as f64;
    let (low, high) = chi_square_limits(n, alpha / 2.0);
    let sum: f64 = scaled.iter().map(|one| one * one).sum();
    let part = |square: f64| (square / n).max(0.0).sqrt();
    Finding::between("standard deviation", subject, part(sum), [part(low), part(high)], alpha)
}

fn mean(scaled: &[f64]) -> Finding {
    let n = scaled.len() as f64;
    let z = scaled.iter().sum::<f64>() / n.sqrt();
    let reach = deviations(EACH / 2.0);
    Finding::between("mean, in deviations", "all tables", z, [-reach, reach], EACH)
}

/// How many lie in each of twenty parts of the bell curve.
fn shape(subject: &str, scaled: &[f64]) -> Finding {
    let mut counts = [0_u64; PARTS];
    for one in scaled {
        let part = (upper_tail(*one) * PARTS as f64).floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 20")]
        let part = (part as usize).min(PARTS - 1);
        counts[part] += 1;
    }
    uniform("bell shape", subject, &counts)
}

fn last_bits(subject: &str, noise: impl Iterator<Item = i64>) -> Finding {
    let mut counts = [0_u64; RESIDUES as usize];
    for one in noise {
        counts[usize::try_from(one.rem_euclid(RESIDUES)).unwrap_or(0)] += 1;
    }
    uniform("last bits", subject, &counts)
}

/// The statistic of Pearson against the bound on a chi-square.
fn uniform(test: &'static str, subject: &str, counts: &[u64]) -> Finding {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    let square = |count: &u64| (*count as f64 - expected).powi(2) / expected.max(1.0);
    let most = chi_square_limits(counts.len() as f64 - 1.0, EACH).1;
    Finding::at_most(test, subject, counts.iter().map(square).sum(), most, EACH)
}

/// How often two of these are the same number.
fn repeats(subject: &str, mut noise: Vec<i64>, scale: f64) -> Finding {
    let n = noise.len() as f64;
    noise.sort_unstable();
    let pairs = |same: &[i64]| (same.len() * (same.len() - 1) / 2) as f64;
    let seen: f64 = noise.chunk_by(|left, right| left == right).map(pairs).sum();
    let expected = n * (n - 1.0) / 2.0 / (2.0 * scale * std::f64::consts::PI.sqrt());
    // Pairs of equal numbers are not independent: this is the variance of how many there are over
    // their mean, where `0.0873` is `2 / sqrt(3 pi) - 1 / sqrt(pi)`, from the integrals of the cube
    // and of the square of the density.
    let together = 1.0 + 0.0873 * n / scale;
    let most = together * most_by_chance(expected / together);
    Finding::at_most("equal noise in pairs of cells", subject, seen, most, EACH)
}

/// A number that a count of rare events with this mean exceeds with a probability of at most
/// [`EACH`]: by Chernoff's bound, the least `t` whose `t log(t / mean) - t + mean` is at least
/// `-log(EACH)`.
fn most_by_chance(mean: f64) -> f64 {
    let mut most = mean.max(1.0).ceil();
    while most * (most / mean.max(1e-300)).ln() - most + mean < -EACH.ln() {
        most += 1.0;
    }
    most
}

/// Whether cells next to each other, the same cells of days after one another, or tables share noise.
fn reuse(days: &Days) -> Vec<Finding> {
    let (mut cells, mut tables, mut apart) = (Pairs::default(), Pairs::default(), Pairs::default());
    for day in &days.released {
        for own in &day.residuals {
            cells.add(own.noise.iter().zip(own.noise.iter().skip(1)), own.scale, own.scale);
        }
        for pair in day.residuals.windows(2) {
            tables.add(pair[0].noise.iter().zip(&pair[1].noise), pair[0].scale, pair[1].scale);
        }
    }
    for pair in days.released.windows(2) {
        for (left, right) in pair[0].residuals.iter().zip(&pair[1].residuals) {
            apart.add(left.noise.iter().zip(&right.noise), left.scale, right.scale);
        }
    }
    let named = [("cells", cells), ("tables", tables), ("days", apart)];
    named.into_iter().flat_map(|(what, pairs)| pairs.findings(what)).collect()
}

/// Pairs of noise that must have nothing to do with each other.
#[derive(Default)]
struct Pairs {
    count: f64,
    /// The sum of the products, in deviations.
    products: f64,
    squares: f64,
    equal: f64,
    equal_by_chance: f64,
}

impl Pairs {
    fn add<'a>(&mut self, pairs: impl Iterator<Item = (&'a i64, &'a i64)>, one: f64, other: f64) {
        let wide = one.hypot(other);
        for (left, right) in pairs {
            let product = (*left as f64 / one) * (*right as f64 / other);
            self.count += 1.0;
            self.products += product;
            self.squares += product * product;
            self.equal += f64::from(u8::from(left == right));
            self.equal_by_chance += 1.0 / (wide * (2.0 * std::f64::consts::PI).sqrt());
        }
    }

    fn findings(self, what: &str) -> [Finding; 2] {
        // Given the magnitudes the signs of the products are fair coins: Hoeffding's bound on their sum.
        let z = self.products.abs() / self.squares.sqrt().max(1e-300);
        let reach = (2.0 * (2.0 / EACH).ln()).sqrt();
        let subject = format!("between {what}");
        [
            Finding::at_most("correlation, in deviations", subject.clone(), z, reach, EACH),
            Finding::at_most(
                "equal noise",
                subject,
                self.equal,
                most_by_chance(self.equal_by_chance),
                EACH,
            ),
        ]
    }
}
