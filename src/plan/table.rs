//! Measured tables: the tables that get noise.

use super::axis::Axis;
use super::cells::Cells;
use super::kinds::{Contribution, Needs};
use super::layout::Layout;
use super::role::Role;
use crate::Result;
use crate::release_file::lattice::Clip;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::question::Question;

/// A table that gets noise.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredTable {
    /// Its name in metadata.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Its axes; the last changes fastest.
    pub axes: Vec<Axis>,
    /// What a requester adds to a cell.
    pub contribution: Contribution,
    /// The bound on the L2 norm of one requester's vector.
    pub clip: Clip,
    /// The bound on what is asked about one target, if persons are the unit.
    pub target_clip: Option<Clip>,
    /// The most that drawing it may charge, in billionths of rho.
    pub charge: NanoRho,
    /// The delta that it spends on prefixes that only one requester has.
    pub key_delta: AttoDelta,
}

impl MeasuredTable {
    /// The same table with this clip, also for targets where these are bounded.
    #[must_use]
    pub(super) fn with_clip(self, clip: Clip) -> Self {
        Self { clip, target_clip: self.target_clip.map(|_| clip), ..self }
    }

    /// Where atoms land in the table.
    ///
    /// # Errors
    /// Internal, when the table is not of these questions.
    pub fn cells(&self, layout: &Layout, questions: &[Question]) -> Result<Cells> {
        let kind = self.contribution.kind();
        // The values of a prefix are no digits of atoms.
        let axes = if kind.needs() == Needs::Places { &[] } else { &self.axes[..] };
        Cells::new(axes, kind.cells_per_combination(), kind.number(), layout, questions)
    }

    /// The class of activity that it belongs to; `None` for tables of all requesters.
    pub fn class(&self) -> Option<usize> {
        self.contribution.class().map(usize::from)
    }

    /// How far one privacy unit can move the table, in L2.
    pub fn sensitivity(&self) -> Clip {
        let mut target = self.target_clip.map_or(0, Clip::steps);
        if mutant!("target-stage-without-its-term") {
            target = 0;
        }
        Clip::lattice(self.clip.steps().saturating_add(target))
    }
}
