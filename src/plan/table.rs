//! Measured tables: the tables that get noise.

use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::cells::Cells;
use super::kinds::{Contribution, Layering, Needs};
use super::layout::Layout;
use super::role::Role;
use crate::Result;
use crate::release_file::lattice::Clip;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::question::Question;

/// A table that gets noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "FrozenTable")]
pub struct MeasuredTable {
    /// Its name in metadata and plans.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_clip: Option<Clip>,
    /// The most that drawing it may charge, in billionths of rho.
    pub charge: NanoRho,
    /// The delta that it spends on prefixes that only one requester has.
    pub key_delta: AttoDelta,
}

/// A table as a plan keeps it; plans of earlier versions lack some fields.
#[derive(Deserialize)]
struct FrozenTable {
    name: String,
    role: Option<Role>,
    axes: Vec<Axis>,
    contribution: Contribution,
    clip: Clip,
    target_clip: Option<Clip>,
    charge: NanoRho,
    #[serde(default)]
    key_delta: AttoDelta,
}

impl From<FrozenTable> for MeasuredTable {
    fn from(frozen: FrozenTable) -> Self {
        let FrozenTable { name, role, axes, contribution, clip, target_clip, charge, key_delta } =
            frozen;
        let role = role.unwrap_or_else(|| Role::of_older(&name, &axes, &contribution));
        Self { name, role, axes, contribution, clip, target_clip, charge, key_delta }
    }
}

impl MeasuredTable {
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

    /// How a requester's lookups are divided; `None` if they are not.
    #[must_use]
    pub fn layering(&self) -> Option<Layering> {
        self.contribution.layering(self.clip)
    }

    /// The clip as a release file sets it; for a total in layers, how many lookups of a requester count.
    #[must_use]
    pub fn asked_clip(&self) -> Clip {
        self.layering().map_or(self.clip, Layering::most)
    }

    /// How far one privacy unit can move the table, in L2.
    #[must_use]
    pub fn sensitivity(&self) -> Clip {
        let target = self.target_clip.map_or(0, Clip::units);
        Clip::lattice(self.clip.units().saturating_add(target))
    }
}
