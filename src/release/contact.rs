//! What lookups by one requester about one target can lose, whatever plan follows from the look.
//!
//! *Claim* (docs/mechanisms.md, section 12): taking up to `k` lookups of one requester away costs at
//! most [`pair_limit`], for every look, every plan that the planner may make of it and every
//! requester. With `n` lookups before and `m = n - k` after, the squared movement of class `i` of a
//! table in units of its clip is at most
//!
//! ```text
//! A^2 s^2 - A B (s^2 + t^2 - k^2) + B^2 t^2,   A = min(a, u/s),  B = min(b, v/t)
//! ```
//!
//! where `s` and `t` are the norms of the counts before and after, `a = w_i/(n clip)` and
//! `u = w_i/|w|` belong to `n`, and `b`, `v` alike to `m`. Every piece of it is convex or monotone in
//! `s` and `t`, so its maximum is at one of finitely many points. What a class moves is linear in how
//! its loss is divided, so the costliest way to spend all of it bounds every division. For large `n`
//! a bound that falls with `1/n^2` ends the search.

use crate::plan::class_clips::{clips_of, steps};
use crate::plan::kinds::{CLASSES, SHAPE_ONE, nodes};
use crate::release_file::privacy_loss::NanoRho;

/// Requesters of up to this many lookups are checked one by one.
const LAST: u32 = 4_096;
/// Nothing is claimed for a requester of more lookups a day than this.
const MOST_LOOKUPS: f64 = 1e8;

/// The most that up to `lookups` lookups of one requester about one target lose, in rho: by a look
/// that costs `look`, and tables of all classes that cost `shapes` together.
///
/// # Privacy
/// It holds for requesters of at most 100 million lookups a day, for every clip of [`clips_of`], for
/// rows that fall into no cell, and for numbers that are measured again; it includes the rounding of
/// the lattice, and is never above twice the whole.
///
/// # Examples
/// One lookup of a contact is a small part of a requester, however few the others are.
/// ```
/// use pointillist::release::pair_limit;
/// use pointillist::release_file::privacy_loss::NanoRho;
///
/// let (look, shapes) = (NanoRho::spendable(0.003), NanoRho::spendable(0.017));
/// let (one, all) = (pair_limit(look, shapes, 1), look.rho() + shapes.rho());
/// assert!(one < all / 5.0 && pair_limit(look, shapes, 10) > one);
/// ```
pub fn pair_limit(look: NanoRho, shapes: NanoRho, lookups: u32) -> f64 {
    let bound = Bound::new(vec![Part::look(look.rho()), Part::any(shapes.rho())]);
    let limit = 2.0 * bound.whole();
    let mut most = 0.0_f64;
    for lookups in 1..=lookups {
        most = most.max(bound.most(lookups, |loss, n| bound.rounded(loss, n)));
        if most >= limit {
            break;
        }
    }
    most.min(limit)
}

/// How a class may be measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Way {
    /// The number of its requesters.
    Number,
    /// A table of shapes with this clip, from 0 to 1.
    Shape(f64),
}

impl Way {
    /// All that the planner may choose in a class.
    pub(super) fn all(class: usize) -> Vec<Self> {
        let exact = |clip: f64| steps(clip) as f64 / SHAPE_ONE as f64;
        clips_of(class).map(exact).map(Self::Shape).chain([Self::Number]).collect()
    }

    /// The longest vector of a whole weight before it is clipped, in units of the clip.
    pub(super) fn inverse(self) -> f64 {
        match self {
            Self::Number => 1.0,
            Self::Shape(clip) => 1.0 / clip,
        }
    }
}

/// Measurements of all classes that share one loss.
#[derive(Debug, Clone)]
struct Part {
    rho: f64,
    /// What each class may be measured by.
    ways: [Vec<Way>; CLASSES],
    /// Whether every lookup falls into a cell.
    has_all_rows: bool,
}

impl Part {
    fn look(rho: f64) -> Self {
        Self { rho, ways: std::array::from_fn(|_| vec![Way::Number]), has_all_rows: true }
    }

    fn any(rho: f64) -> Self {
        // Lookups without a number are in none of its bins.
        Self { rho, ways: std::array::from_fn(Way::all), has_all_rows: false }
    }

    /// The largest of `of` over the ways of a class.
    fn most(&self, class: usize, of: impl Fn(Way) -> f64) -> f64 {
        self.ways[class].iter().map(|way| of(*way)).fold(0.0, f64::max)
    }

    /// The bound on its movement in a gap, as a multiple of `(k/m)^2`, by the classes below and
    /// above.
    fn slope(&self, gap: usize) -> f64 {
        let low = |way| match way {
            Way::Number => 1.78,
            Way::Shape(clip) => 3.56 + clip.powi(-2),
        };
        let high = |way| match way {
            Way::Number => 1.78,
            Way::Shape(clip) => 1.45 + 0.96 / clip + clip.powi(-2),
        };
        let lower = gap.checked_sub(1).map_or(0.0, |class| self.most(class, low));
        let upper = if gap < CLASSES { self.most(gap, high) } else { 0.0 };
        self.rho * (lower + upper)
    }
}

/// All measurements that a requester takes part in.
struct Bound {
    parts: Vec<Part>,
    /// The bounds on movements between two nodes, as multiples of `(k/m)^2`; gap 0 lies below the
    /// first node.
    slopes: [f64; CLASSES + 1],
}

impl Bound {
    fn new(parts: Vec<Part>) -> Self {
        let slopes = std::array::from_fn(|gap| parts.iter().map(|part| part.slope(gap)).sum());
        Self { parts, slopes }
    }

    /// What a requester loses at most.
    fn whole(&self) -> f64 {
        self.parts.iter().map(|part| part.rho).sum()
    }

    /// The most that `k` lookups lose; `rounded` adds what the lattice can add for requesters of up
    /// to some number of lookups.
    fn most(&self, k: u32, rounded: impl Fn(f64, f64) -> f64) -> f64 {
        let beyond = |n: u32| {
            let doubled = |from: &f64| Some(from * 2.0).filter(|next| *next < MOST_LOOKUPS);
            std::iter::successors(Some(f64::from(n)), doubled)
                .map(|from| rounded(self.tail(from, f64::from(k)), from * 2.0))
                .fold(0.0, f64::max)
        };
        let mut most = 0.0_f64;
        for n in k..=LAST {
            most = most.max(rounded(self.at(n, k), f64::from(n)));
            if n >= 2 * k && n % 8 == 0 && beyond(n) <= most {
                return most;
            }
        }
        most.max(beyond(LAST))
    }

    /// The loss when `k` of `n` lookups go, in real numbers.
    fn at(&self, n: u32, k: u32) -> f64 {
        let (before, after) = (Weights::of(n), Weights::of(n - k));
        let mut sum = 0.0;
        for class in 0..CLASSES {
            let (w, v) = (before.of[class], after.of[class]);
            if w <= 0.0 && v <= 0.0 {
                continue;
            }
            for part in &self.parts {
                let moved = |way| match way {
                    Way::Number => (w - v).powi(2),
                    Way::Shape(clip) => {
                        Movement::new(class, clip, [&before, &after], part.has_all_rows).most()
                    }
                };
                sum += part.rho * part.most(class, moved);
            }
        }
        let sides = if n > k { 2.0 } else { 1.0 };
        f64::min(sum, sides * self.whole())
    }

    /// A loss in real numbers with what rounding adds to it for requesters of up to `n` lookups.
    fn rounded(&self, loss: f64, n: f64) -> f64 {
        // In a class a vector of o occupied cells is within sqrt(o) + 9 steps of the real one; a
        // requester is in two classes, and there is one vector before and one after.
        let off = n.min(MOST_LOOKUPS).sqrt() + 9.0;
        let each = |part: &Part| {
            let longest = (0..CLASSES).map(|class| part.most(class, Way::inverse));
            (2.0 * part.rho).sqrt() * off * longest.fold(0.0, f64::max) / SHAPE_ONE as f64
        };
        let sum: f64 = self.parts.iter().map(each).sum();
        (loss.sqrt() + 2.0 * sum).powi(2)
    }

    /// A bound for every requester of more than `n` lookups.
    fn tail(&self, n: f64, k: f64) -> f64 {
        let nodes = nodes().map(|node| node as f64);
        let end = |gap: usize| nodes.get(gap).copied().unwrap_or(f64::INFINITY);
        let start = |gap: usize| gap.checked_sub(1).map_or(0.0, |class| nodes[class]);
        (0..=CLASSES)
            .filter(|gap| end(*gap) > n)
            .map(|gap| {
                let least = (n.max(start(gap)) - k).max(0.0);
                let slopes = (0..=gap).filter(|gap| end(*gap) > least).map(|gap| self.slopes[gap]);
                slopes.fold(0.0, f64::max) * (k / least).powi(2)
            })
            .fold(0.0, f64::max)
    }
}

/// The weights of a requester, in real numbers.
pub(super) struct Weights {
    pub(super) of: [f64; CLASSES],
    pub(super) norm: f64,
    pub(super) lookups: f64,
}

impl Weights {
    pub(super) fn of(lookups: u32) -> Self {
        let (mut of, nodes, n) =
            ([0.0; CLASSES], nodes().map(|node| node as f64), f64::from(lookups));
        match nodes.iter().rposition(|node| *node <= n) {
            None => of[0] = n / nodes[0],
            Some(last) if last + 1 == CLASSES => of[last] = 1.0,
            Some(class) => {
                let part = (n - nodes[class]) / (nodes[class + 1] - nodes[class]);
                (of[class], of[class + 1]) = (1.0 - part, part);
            }
        }
        let norm = of.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
        Self { of, norm, lookups: n }
    }
}

/// The movement of one class of one table.
struct Movement {
    k: f64,
    m: f64,
    least: f64,
    before: Side,
    after: Side,
}

/// A requester's vector before lookups go, or after.
#[derive(Default)]
struct Side {
    /// What multiplies the counts where the clip does not hold.
    whole: f64,
    /// The longest that the vector can be.
    longest: f64,
    /// The norm of the counts from which on the clip holds.
    turn: f64,
}

impl Side {
    fn new(class: usize, clip: f64, weights: &Weights) -> Self {
        if weights.lookups <= 0.0 {
            return Self::default();
        }
        let weight = weights.of[class];
        Self {
            whole: weight / (weights.lookups * clip),
            longest: weight / weights.norm,
            turn: clip * weights.lookups / weights.norm,
        }
    }

    fn factor(&self, norm: f64) -> f64 {
        if norm > 0.0 { f64::min(self.whole, self.longest / norm) } else { self.whole }
    }
}

impl Movement {
    fn new(class: usize, clip: f64, [before, after]: [&Weights; 2], has_all_rows: bool) -> Self {
        let m = after.lookups;
        Self {
            k: before.lookups - m,
            m,
            least: if has_all_rows { m.sqrt() } else { 0.0 },
            before: Side::new(class, clip, before),
            after: Side::new(class, clip, after),
        }
    }

    fn most(&self) -> f64 {
        let (k, turn) = (self.k, self.before.turn);
        let inside = |norm: f64| norm.clamp(self.least, self.m);
        let corners = [
            self.least,
            self.m,
            inside(self.after.turn),
            inside((turn * turn - k * k).max(0.0).sqrt()),
            inside(turn - k),
        ];
        let ends = corners.iter().flat_map(|after| [(after.hypot(k), *after), (after + k, *after)]);
        let between =
            [self.least, self.m].map(|after| (turn.clamp(after.hypot(k), after + k), after));
        ends.chain(between).map(|(before, after)| self.term(before, after)).fold(0.0, f64::max)
    }

    fn term(&self, s: f64, t: f64) -> f64 {
        let (a, b) = (self.before.factor(s), self.after.factor(t));
        a * a * s * s - a * b * (s * s + t * t - self.k * self.k) + b * b * t * t
    }
}

#[cfg(test)]
mod tests;
