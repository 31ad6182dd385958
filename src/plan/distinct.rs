//! The clip of a distinct count, from the look: the best balance of noise with what the clip takes
//! from requesters in many cells (docs/mechanisms.md, section 8).

/// What a clip takes of a distinct count, in requesters, if everybody is in as many cells as it can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lost {
    /// The most that one cell may lose.
    pub most: f64,
    /// What an average cell may lose.
    pub average: f64,
}

/// The square of the best clip of a distinct count with this many cells at this loss. `classes` has
/// the lookups of one requester and the number of such requesters, for each class.
pub fn squared_clip(cells: u32, classes: &[(f64, f64)], rho: f64) -> u32 {
    let doublings = std::iter::successors(Some(1_u32), |square| square.checked_mul(2));
    let choices = doublings.take_while(|square| *square < cells).chain([cells]);
    let error = |square: u32| {
        let lost = lost(f64::from(square), cells, classes).average;
        (f64::from(square) / (2.0 * rho) + (lost / 2.0).powi(2), square)
    };
    let best = choices.map(error).reduce(|best, next| if next.0 < best.0 { next } else { best });
    best.map_or(1, |(_, square)| square)
}

/// What a clip with this square takes of a distinct count with this many cells.
pub fn lost(square: f64, cells: u32, classes: &[(f64, f64)]) -> Lost {
    let count = f64::from(cells);
    let of_class = |(lookups, number): &(f64, f64)| {
        let cells = lookups.min(count);
        (number * (1.0 - (square / cells).sqrt()).max(0.0), cells)
    };
    let sum: f64 = classes.iter().map(of_class).map(|(lost, cells)| lost * cells).sum();
    Lost { most: classes.iter().map(|class| of_class(class).0).sum(), average: sum / count }
}
