//! What a contact pair loses: the most that `k` lookups of one requester move the tables.
//!
//! With `n` lookups before and `m = n - k` after, the squared movement of class `i` of a table is
//!
//! ```text
//! A^2 s^2 - A B (s^2 + t^2 - k^2) + B^2 t^2,   A = min(a, u/s),  B = min(b, v/t)
//! ```
//!
//! where `s` and `t` are the norms of the counts before and after, `a = w_i/(n kappa)` and
//! `u = w_i/|w|` belong to `n`, and `b`, `v` alike to `m`. It grows when all `k` lookups are put in
//! one cell. In `s` and `t` every piece is convex or monotone, so its maximum is at one of finitely
//! many points. For large `n` a bound that falls with `1/n^2` ends the search.

use pointillist::plan::kinds::{CLASSES, nodes};

/// One group of measurements: the loss that each class of it was given, and the clip of each class;
/// without clips it is the number of requesters of each class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    /// The clip of a class, from 0 to 1; none for the numbers of requesters.
    pub(crate) clips: Option<[f64; CLASSES]>,
    /// The loss that a requester wholly in a class has by it, in rho.
    pub(crate) rho: [f64; CLASSES],
    /// Whether every lookup falls into a cell.
    pub(crate) has_all_rows: bool,
}

/// The most that a requester of more lookups than this is looked at one by one.
const LAST: u32 = 4_096;
/// What rounding on the lattice and in floats may add, as a part.
const SLACK: f64 = 1.001;

/// The most that a pair of up to `lookups` lookups loses by these measurements, in rho.
pub(crate) fn pair(tables: &[Measured], lookups: u32) -> f64 {
    (1..=lookups).map(|k| pair_of(tables, k)).fold(0.0, f64::max) * SLACK
}

/// The most that a pair of this many lookups loses, before rounding.
pub(crate) fn pair_of(tables: &[Measured], k: u32) -> f64 {
    let mut most = 0.0_f64;
    for n in k..=LAST {
        most = most.max(at(tables, n, k));
        if n >= 2 * k && n % 8 == 0 && tail(tables, n, k) <= most {
            return most;
        }
    }
    most.max(tail(tables, LAST, k))
}

/// The loss when `k` of `n` lookups go.
fn at(tables: &[Measured], n: u32, k: u32) -> f64 {
    let (before, after) = (Weights::of(n), Weights::of(n - k));
    let mut sum = 0.0;
    for table in tables {
        for class in 0..CLASSES {
            let (w, v) = (before.of[class], after.of[class]);
            if table.rho[class] <= 0.0 || (w <= 0.0 && v <= 0.0) {
                continue;
            }
            let moved = match table.clips {
                None => (w - v).powi(2),
                Some(clips) => Movement::new(class, clips[class], &before, &after, table).most(),
            };
            sum += table.rho[class] * moved;
        }
    }
    let sides = if n > k { 2.0 } else { 1.0 };
    f64::min(sum, sides * whole(tables))
}

/// What a requester loses by everything.
fn whole(tables: &[Measured]) -> f64 {
    let of = |is_shape: bool| {
        (0..CLASSES)
            .map(|class| {
                let here = tables.iter().filter(|table| table.clips.is_some() == is_shape);
                here.map(|table| table.rho[class]).sum()
            })
            .fold(0.0, f64::max)
    };
    of(false) + of(true)
}

struct Weights {
    of: [f64; CLASSES],
    norm: f64,
    lookups: f64,
}

impl Weights {
    fn of(lookups: u32) -> Self {
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
    /// `a`, `u` and the norm from which on the clip holds, before and after.
    before: (f64, f64, f64),
    after: (f64, f64, f64),
}

impl Movement {
    fn new(class: usize, clip: f64, before: &Weights, after: &Weights, table: &Measured) -> Self {
        let side = |weights: &Weights| {
            if weights.lookups <= 0.0 {
                return (0.0, 0.0, 0.0);
            }
            let weight = weights.of[class];
            let turn = clip * weights.lookups / weights.norm;
            (weight / (weights.lookups * clip), weight / weights.norm, turn)
        };
        let m = after.lookups;
        let least = if table.has_all_rows { m.sqrt() } else { 0.0 };
        Self { k: before.lookups - m, m, least, before: side(before), after: side(after) }
    }

    fn most(&self) -> f64 {
        let (k, turn, turned) = (self.k, self.before.2, self.after.2);
        let inside = |norm: f64| norm.clamp(self.least, self.m);
        let corners = [
            self.least,
            self.m,
            inside(turned),
            inside((turn * turn - k * k).max(0.0).sqrt()),
            inside(turn - k),
        ];
        let ends = corners.iter().flat_map(|after| [(after.hypot(k), *after), (after + k, *after)]);
        let between =
            [self.least, self.m].map(|after| (turn.clamp(after.hypot(k), after + k), after));
        ends.chain(between).map(|(before, after)| self.term(before, after)).fold(0.0, f64::max)
    }

    fn term(&self, s: f64, t: f64) -> f64 {
        let factor = |(whole, bounded, _): (f64, f64, f64), norm: f64| {
            if norm > 0.0 { f64::min(whole, bounded / norm) } else { whole }
        };
        let (a, b) = (factor(self.before, s), factor(self.after, t));
        a * a * s * s - a * b * (s * s + t * t - self.k * self.k) + b * b * t * t
    }
}

/// A bound for every requester of more than `n` lookups.
fn tail(tables: &[Measured], n: u32, k: u32) -> f64 {
    let nodes = nodes().map(|node| node as f64);
    let end = |gap: usize| nodes.get(gap).copied().unwrap_or(f64::INFINITY);
    let start = |gap: usize| gap.checked_sub(1).map_or(0.0, |class| nodes[class]);
    let (n, k) = (f64::from(n), f64::from(k));
    (0..=CLASSES)
        .filter(|gap| end(*gap) > n)
        .map(|gap| {
            let least = n.max(start(gap)) - k;
            let slopes = (0..=gap).filter(|gap| end(*gap) > least).map(|gap| slope(tables, gap));
            slopes.fold(0.0, f64::max) * (k / least).powi(2)
        })
        .fold(0.0, f64::max)
}

/// How fast the movement falls with `(k/m)^2` between two nodes: gap 0 lies below the first node.
fn slope(tables: &[Measured], gap: usize) -> f64 {
    let lower = gap.checked_sub(1);
    let upper = Some(gap).filter(|class| *class < CLASSES);
    let of = |table: &Measured| match table.clips {
        None => {
            let rho = |class: Option<usize>| class.map_or(0.0, |class| table.rho[class]);
            3.56 * f64::max(rho(lower), rho(upper))
        }
        Some(clips) => {
            let low = lower.map_or(0.0, |class| table.rho[class] * (3.56 + clips[class].powi(-2)));
            let high = upper.map_or(0.0, |class| {
                let clip = clips[class];
                table.rho[class] * (1.45 + 0.96 / clip + clip.powi(-2))
            });
            low + high
        }
    };
    tables.iter().map(of).sum()
}
