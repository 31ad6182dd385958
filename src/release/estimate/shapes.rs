//! The shapes of all classes from their noisy tables, from light to heavy.
//!
//! Every class starts with the shape of the class below. Each level of it, coarse ones first, moves
//! towards what the class's own tables show by the weight of evidence: how far classes differ from
//! one another is estimated from the same table, over a grid of spreads. What is kept of each step
//! (the weight, the variance of the noise and of the model) gives the deviation of any sum of
//! answers later.

use super::fitted::{held_to_sum, lifted_to_least, scale_to, smooth_in_blocks, to_one};
use super::geometry::Geometry;
use super::levels::Level;
use super::observed::{Observed, Seen};
use super::step::Spreads;
use crate::plan::kinds::CLASSES;

/// Factors this close to one differ from it by rounding alone.
const UNMOVED: f64 = 1e-13;
/// How often tables that share several levels are fitted to one another.
const SHARED_ROUNDS: usize = 20;
/// The square root of a share's change from one class to the next goes on in the class after it; a
/// change counts up to this factor.
const AHEAD: f64 = 4.0;

/// One level of all classes; every list has a list of cells for each class.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct LevelShapes {
    /// The shares of the cells.
    pub(super) shares: Vec<Vec<f64>>,
    /// The weight that the class's own tables had; no cells if none of them has the level.
    pub(super) weights: Vec<Vec<f64>>,
    /// The variance of the noise, in squared shares; no cells if there is none.
    pub(super) noise: Vec<Vec<f64>>,
    /// The variance of the model, in squared shares.
    pub(super) model: Vec<Vec<f64>>,
    /// The variance of the shares after the last class that was added.
    own: Vec<f64>,
}

/// The shapes of all classes.
pub(super) struct Shapes {
    /// The axes.
    pub(super) geometry: Geometry,
    /// The levels, coarse ones first.
    pub(super) levels: Vec<(Level, LevelShapes)>,
    /// The tables that no other one holds, with the shares of the class at hand.
    tops: Vec<(Level, Vec<f64>)>,
    /// The shares of the top tables in the class before.
    before: Vec<Vec<f64>>,
}

impl Shapes {
    /// Estimates the shapes of classes with these numbers of requesters; `asked` are the axes of all
    /// questions.
    pub(super) fn new(
        geometry: Geometry,
        asked: &[Vec<usize>],
        numbers: &[f64; CLASSES],
        observed: &[Vec<Observed>; CLASSES],
    ) -> Self {
        let full: Vec<Level> = asked.iter().map(|table| geometry.full(table)).collect();
        let mut tops: Vec<Level> = Vec::new();
        for level in full.iter().filter(|level| level.rank() > 0) {
            let is_inside = full.iter().any(|other| level.is_within(other) && level != other);
            if !is_inside && !tops.contains(level) {
                tops.push(level.clone());
            }
        }
        let mut levels: Vec<Level> = tops.iter().flat_map(Level::below).collect();
        levels.sort_by_key(Level::order);
        levels.dedup();
        let blank = |level: Level| {
            let own = vec![0.0; geometry.cells(&level)];
            (level, LevelShapes { own, ..LevelShapes::default() })
        };
        let even = |level: Level| {
            let cells = geometry.cells(&level);
            (level, vec![1.0 / cells as f64; cells])
        };
        let levels = levels.into_iter().map(blank).collect();
        let tops: Vec<(Level, Vec<f64>)> = tops.into_iter().map(even).collect();
        let before = tops.iter().map(|(_, shares)| shares.clone()).collect();
        let mut shapes = Self { geometry, levels, tops, before };
        for (class, (number, observed)) in numbers.iter().zip(observed).enumerate() {
            shapes.go_ahead(class);
            shapes.add_class(*number, observed);
        }
        shapes
    }

    /// One level of all classes; `None` if no question has it.
    pub(super) fn level(&self, level: &Level) -> Option<&LevelShapes> {
        self.levels.iter().find(|(known, _)| known == level).map(|(_, shapes)| shapes)
    }

    fn add_class(&mut self, number: f64, observed: &[Observed]) {
        let whole = number.max(1e-12);
        let mut levels = std::mem::take(&mut self.levels);
        let mut posts = Vec::with_capacity(levels.len());
        let class = levels.first().map_or(0, |(_, shapes)| shapes.shares.len());
        for (level, shapes) in &mut levels {
            let mean: Vec<f64> = self.shares(level).iter().map(|share| share * whole).collect();
            let seen = Seen::of(&self.geometry, level, number, observed);
            let spreads = Spreads::new(&self.geometry, level, (whole, class), &mean);
            let cells = shapes.step(&spreads, seen.as_ref());
            let ratios: Vec<f64> =
                cells.iter().zip(&mean).map(|(cell, mean)| cell / mean.max(1e-300)).collect();
            // Where nothing was seen and no cell was lifted, shapes stay as they are.
            if ratios.iter().any(|ratio| (ratio - 1.0).abs() > UNMOVED) {
                let geometry = &self.geometry;
                for (top, shares) in self.tops.iter_mut().filter(|(top, _)| level.is_within(top)) {
                    geometry.places(top, level).scale(shares, &ratios);
                }
            }
            // Only in the first class: each later one starts from the one before it.
            if class == 0 {
                self.smooth(level, &cells);
            }
            posts.push((level.clone(), cells));
        }
        for place in 0..self.tops.len() {
            rake(&self.geometry, &mut self.tops[place], &posts, whole);
            self.fit_to_earlier(place, &levels);
        }
        self.keep_shares(&mut levels);
        self.levels = levels;
    }

    /// Spreads the blocks of a number smoothly over their bins, in every top table that has these.
    fn smooth(&mut self, level: &Level, blocks: &[f64]) {
        let Some((axis, bins)) = level.bins_of_blocks(&self.geometry.axes) else { return };
        let parts = smooth_in_blocks(blocks, axis);
        let geometry = &self.geometry;
        for (top, shares) in self.tops.iter_mut().filter(|(top, _)| bins.is_within(top)) {
            geometry.places(top, &bins).scale(shares, &parts);
        }
    }

    /// Notes the shares of every level, fine ones first: each is added up from the smallest finer one.
    fn keep_shares(&self, levels: &mut [(Level, LevelShapes)]) {
        for place in (0..levels.len()).rev() {
            let (here, finer) = levels.split_at_mut(place + 1);
            let (level, shapes) = &mut here[place];
            // A finer level of another top table may have other shares.
            let home = self.tops.iter().find(|(top, _)| level.is_within(top));
            let Some((top, cells)) = home else { continue };
            let known = finer
                .iter()
                .filter(|(other, _)| level.is_within(other) && other.is_within(top))
                .min_by_key(|(other, _)| self.geometry.cells(other));
            let shares =
                match known.and_then(|(other, shapes)| Some((other, shapes.shares.last()?))) {
                    Some((other, shares)) => self.geometry.margin(shares, other, level),
                    None => self.geometry.margin(cells, top, level),
                };
            shapes.shares.push(shares);
        }
    }

    /// Lets what changed between the last two classes go on at half the pace.
    fn go_ahead(&mut self, class: usize) {
        for ((_, shares), before) in self.tops.iter_mut().zip(&mut self.before) {
            let now = shares.clone();
            // The first class has no class before it.
            if class > 1 {
                for (share, before) in shares.iter_mut().zip(&*before) {
                    let change = *share / before.max(1e-300);
                    *share *= change.clamp(1.0 / AHEAD, AHEAD).sqrt();
                }
            }
            to_one(shares);
            *before = now;
        }
    }

    /// Fits a top table to the levels that it shares with earlier ones, so that answers add up.
    fn fit_to_earlier(&mut self, place: usize, levels: &[(Level, LevelShapes)]) {
        let (earlier, rest) = self.tops.split_at_mut(place);
        let Some((top, cells)) = rest.first_mut() else { return };
        let home = |level: &Level| earlier.iter().find(|(other, _)| level.is_within(other));
        let shared: Vec<&Level> = levels
            .iter()
            .map(|(level, _)| level)
            .filter(|level| level.is_within(top) && home(level).is_some())
            .collect();
        let finest: Vec<&Level> = shared
            .iter()
            .copied()
            .filter(|level| !shared.iter().any(|other| *level != *other && level.is_within(other)))
            .collect();
        let rounds = if finest.len() == 1 { 1 } else { SHARED_ROUNDS };
        for _ in 0..rounds {
            for level in &finest {
                let Some((other, theirs)) = home(level) else { continue };
                let wanted = self.geometry.margin(theirs, other, level);
                scale_to(cells, &self.geometry.places(top, level), &wanted);
            }
        }
    }

    /// The present shares of a level, from the first top table that has it.
    fn shares(&self, level: &Level) -> Vec<f64> {
        let top = self.tops.iter().find(|(top, _)| level.is_within(top));
        top.map_or_else(Vec::new, |(top, cells)| self.geometry.margin(cells, top, level))
    }
}

impl LevelShapes {
    /// Moves a class's cells from where they are expected towards what was seen, and notes the step.
    fn step(&mut self, spreads: &Spreads<'_>, seen: Option<&Seen>) -> Vec<f64> {
        let (mean, number) = (spreads.mean, spreads.number);
        let (count, square) = (mean.len(), number * number);
        let Some(seen) = seen else {
            let model: Vec<f64> = spreads.unseen().map(|model| model / square).collect();
            self.own.iter_mut().zip(&model).for_each(|(own, model)| *own += model);
            self.noise.push(Vec::new());
            self.model.push(model);
            self.weights.push(Vec::new());
            return lifted_to_least(mean.to_vec(), number);
        };
        let (seen_cells, variance) = (&seen.cells, &seen.variance);
        let own: Vec<f64> = self.own.iter().map(|own| own * square).collect();
        let step = spreads.towards(seen, &own);
        let moved = |cell: usize| mean[cell] + step.weights[cell] * (seen_cells[cell] - mean[cell]);
        let left: Vec<f64> =
            step.weights.iter().zip(variance).map(|(weight, variance)| weight * variance).collect();
        let cells = held_to_sum((0..count).map(moved).collect(), &left, number);
        for (cell, own) in self.own.iter_mut().enumerate() {
            let (weight, rest) = (step.weights[cell], 1.0 - step.weights[cell]);
            *own = weight * weight * variance[cell] / square
                + rest * rest * (step.model[cell] / square + *own);
        }
        self.noise.push(variance.iter().map(|variance| variance / square).collect());
        self.model.push(step.model.iter().map(|model| model / square).collect());
        self.weights.push(step.weights);
        cells
    }
}

/// Fits a top table to what its levels came to, fine ones first, and scales it to one.
fn rake(
    geometry: &Geometry,
    (top, cells): &mut (Level, Vec<f64>),
    posts: &[(Level, Vec<f64>)],
    number: f64,
) {
    let inside = |(level, _): &&(Level, Vec<f64>)| level.is_within(top) && level != top;
    let levels: Vec<_> = posts
        .iter()
        .rev()
        .filter(inside)
        .map(|(level, post)| {
            let shares: Vec<f64> = post.iter().map(|cell| cell / number).collect();
            (geometry.places(top, level), shares)
        })
        .collect();
    for (places, post) in &levels {
        scale_to(cells, places, post);
    }
    to_one(cells);
}
