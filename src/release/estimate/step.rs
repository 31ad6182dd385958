//! How far the shape of a class may lie from that of the class below, and how far it moves.

use super::geometry::Geometry;
use super::levels::Level;
use super::observed::Seen;

/// How far the cells of a class may differ from the class below: relative spreads to choose from.
const SPREADS: [f64; 6] = [0.03, 0.06, 0.12, 0.25, 0.5, 1.0];
/// The spread where nothing was measured: of a level of rank one, and of a finer one.
const UNSEEN: (f64, f64) = (0.8, 0.25);
/// The variance that single requesters give a cell, as a part of the cell's number.
const OWN: f64 = 0.1;
/// The power of a spread by which it is expected within a block: neighbouring values move together from class
/// to class, so that small spreads are likelier, but in the first class nothing says that they are alike.
const TOGETHER: f64 = -1.0;
const EVEN: f64 = 0.5;
/// How much higher that power is in the variance of the model where a condition alone divides all rows, from this
/// class on: heavy users meet it more or less often than light ones, and are too few to be seen. Where cells move it
/// stays as it is, because larger steps would let in more noise.
const OPEN: f64 = 0.5;
const OPEN_FROM: usize = 2;
/// With 97.5 % probability, a cell of fewer requesters has nobody with a part of [`OWN`] of a day
/// in it.
const RARE: f64 = 0.025 * OWN;

/// How far a class may lie from the one below in the cells of a level.
pub(super) struct Spreads<'a> {
    /// The requesters of the class.
    pub(super) number: f64,
    /// Where its cells are expected.
    pub(super) mean: &'a [f64],
    /// What each cell's spread is measured by.
    bases: Vec<f64>,
    is_rank_one: bool,
    /// The power of a spread by which it is expected where cells move, and in their intervals.
    expected: (f64, f64),
}

/// How far each cell moves, and how far classes differ.
pub(super) struct Step {
    /// The weight of what was seen.
    pub(super) weights: Vec<f64>,
    /// The variance of the model.
    pub(super) model: Vec<f64>,
}

impl<'a> Spreads<'a> {
    /// For a class with this number of requesters; in the first, no lighter one shows where cells are expected.
    pub(super) fn new(
        geometry: &Geometry,
        level: &Level,
        (number, class): (f64, usize),
        mean: &'a [f64],
    ) -> Self {
        let even = mean.iter().sum::<f64>() / mean.len() as f64;
        let bases = if level.has_number(&geometry.axes) {
            // Bins far from the others are empty in every class, so a small one may not grow as much.
            mean.iter().map(|cell| cell * (cell + even)).collect()
        } else if let Some(whole) = level.without_split(&geometry.axes) {
            // Neither part can gain more than the other one has.
            let wholes = geometry.margin(mean, level, &whole);
            let base = |(cell, place): (&f64, usize)| {
                let whole = wholes[place];
                cell * (whole - cell) + (whole / 2.0).powi(2)
            };
            mean.iter().zip(geometry.places(level, &whole).iter()).map(base).collect()
        } else {
            mean.iter().map(|cell| (cell + even / 2.0).powi(2)).collect()
        };
        let expected = match level.is_within_blocks(&geometry.axes) {
            false => 0.0,
            // Bins of a number start from a smooth curve, and other values from even parts of their block.
            true if class == 0 && !level.has_number(&geometry.axes) => EVEN,
            true => TOGETHER,
        };
        let is_open = class >= OPEN_FROM && level.is_split_alone(&geometry.axes);
        let more = if is_open { OPEN } else { 0.0 };
        let expected = (expected, expected + more);
        Self { number, mean, bases, is_rank_one: level.rank() == 1, expected }
    }

    /// The variance of a cell with one of the spreads.
    fn of(&self, spread: f64, cell: usize) -> f64 {
        let mean = self.mean[cell];
        let own = if mean < RARE { 0.0 } else { OWN * mean };
        f64::min(spread * spread * self.bases[cell] + own, self.number * mean)
    }

    /// The variance of the model in a class of which nothing was seen.
    pub(super) fn unseen(&self) -> impl Iterator<Item = f64> + '_ {
        let spread = if self.is_rank_one { UNSEEN.0 } else { UNSEEN.1 };
        (0..self.mean.len()).map(move |cell| self.of(spread, cell))
    }

    /// Averages over the spreads by how well each explains what was seen. `own` is the variance of where the
    /// cells are expected.
    pub(super) fn towards(&self, seen: &Seen, own: &[f64]) -> Step {
        let count = self.mean.len();
        let prior = |spread: f64, cell: usize| self.of(spread, cell) + own[cell];
        let fit = |spread: f64| -> f64 {
            let one = |cell: usize| {
                let all = prior(spread, cell) + seen.variance[cell];
                all.ln() + (seen.cells[cell] - self.mean[cell]).powi(2) / all
            };
            -0.5 * (0..count).map(one).sum::<f64>()
        };
        let fits = SPREADS.map(fit);
        let [moving, within] = [self.expected.0, self.expected.1].map(|power| likely(fits, power));
        let mut step = Step { weights: vec![0.0; count], model: vec![0.0; count] };
        let cells = step.weights.iter_mut().zip(&mut step.model).zip(own);
        for (cell, ((weight, model), own)) in cells.enumerate() {
            for ((spread, moving), within) in SPREADS.iter().zip(moving).zip(within) {
                let prior = prior(*spread, cell);
                *weight += moving * prior / (prior + seen.variance[cell]);
                *model += within * prior;
            }
            *model = (*model - own).max(0.0);
        }
        step
    }
}

/// How likely each spread is by how well it explains what was seen, if it is expected by this power of itself.
fn likely(fits: [f64; SPREADS.len()], power: f64) -> [f64; SPREADS.len()] {
    let mut likely = fits;
    likely.iter_mut().zip(SPREADS).for_each(|(fit, spread)| *fit += power * spread.ln());
    let most = likely.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let likely = likely.map(|one| (one - most).exp());
    let all: f64 = likely.iter().sum();
    likely.map(|one| one / all)
}
