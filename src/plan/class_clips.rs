//! The clips that the tables of a class may have.
//!
//! The planner chooses among them by the noisy look, and what a contact pair can lose is bounded over
//! all of them (docs/mechanisms.md, section 12). No limit covers a clip of shapes that is not here.
//! Distinct counts have clips of their own (`super::distinct`).

use super::kinds::SHAPE_ONE;

/// The bounds on a requester's shape to choose from, as parts of one.
pub const CLIPS: [f64; 9] = [0.08, 0.11, 0.16, 0.22, 0.31, 0.44, 0.62, 0.8, 1.0];
/// The least clip of the lightest class, which decides what a contact pair can lose.
pub const LEAST_CLIP: f64 = 0.31;

/// The clips that a table of this class may have.
pub fn clips_of(class: usize) -> impl Iterator<Item = f64> {
    CLIPS.into_iter().filter(move |clip| class > 0 || *clip >= LEAST_CLIP)
}

/// A clip in steps of the lattice of shapes, rounded down.
pub fn steps(clip: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1")]
    let steps = (clip.clamp(0.0, 1.0) * SHAPE_ONE as f64).floor() as u64;
    steps
}
