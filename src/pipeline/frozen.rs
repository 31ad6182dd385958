//! The plan of a reservation, as the ledger keeps it.

use serde::{Deserialize, Serialize};

use super::fixed::FixedRules;
use crate::ledger::{Entry, State};
use crate::plan::{FoundPrefixes, Split};
use crate::release::{Losses, PricedTable};
use crate::{Error, Result};

/// What is fixed before any log is read. All else follows from it, the noisy look and the release file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Frozen {
    /// What the look and each question may cost.
    pub(super) split: Split,
    /// The mechanism of the look.
    pub(super) look: FrozenLook,
    /// The private prefixes that were public already. Ledgers store them under an older name.
    #[serde(rename = "known_keys", default, skip_serializing_if = "FoundPrefixes::is_empty")]
    pub(super) known_prefixes: FoundPrefixes,
    /// What the release costs a contact pair and a target, for statements.
    pub(super) losses: Losses,
    /// What is fixed of the rules of times and numbers; absent in what earlier versions wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<FixedRules>,
}

/// The mechanism of the look, and what it loses when nothing follows it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FrozenLook {
    /// How far one unit moves the numbers of the classes, in lattice steps.
    pub(super) sensitivity_steps: u64,
    /// The standard deviation of the noise, in lattice steps.
    pub(super) noise_scale_steps: f64,
    /// What the look alone costs a contact pair and a target.
    pub(super) losses: Losses,
}

impl Frozen {
    /// The plan that an entry was reserved with.
    ///
    /// # Errors
    /// Refused, for a plan that another version wrote.
    pub(super) fn of(entry: &Entry) -> Result<Self> {
        serde_json::from_str(&entry.plan).map_err(|_| of_another_version(entry))
    }

    /// Checks that the look is the one that was reserved: its numbers may be drawn already, and
    /// under another noise scale they would mean something else.
    ///
    /// # Errors
    /// Refused, for a look that this version prices otherwise.
    pub(super) fn require_look(&self, entry: &Entry, look: &PricedTable) -> Result<()> {
        let is_same = self.look.sensitivity_steps == look.table.sensitivity().steps()
            && self.look.noise_scale_steps.to_bits() == look.noise_scale.steps().to_bits();
        if is_same { Ok(()) } else { Err(of_another_version(entry)) }
    }
}

fn of_another_version(entry: &Entry) -> Error {
    let way_out = if entry.state == State::Drawn {
        "finish it with a version that reads its plan: its charge stays spent"
    } else {
        "finish it with the version that reserved it, or give it up with `pointillist ledger void ID \
         RELEASE.toml` and run again"
    };
    Error::refused(format!("entry {} was planned by another version", entry.id.0)).help(way_out)
}

/// What an entry cost a contact pair and a target; none for entries that do not say.
pub fn losses(entry: &Entry) -> Option<Losses> {
    /// What a plan of any version may say.
    #[derive(Deserialize)]
    struct Stated {
        losses: Option<Losses>,
        look: Option<FrozenLook>,
    }
    let stated: Stated = serde_json::from_str(&entry.plan).ok()?;
    match entry.state {
        // Nothing was drawn after the look.
        State::Empty => stated.look.map(|look| look.losses),
        _ => stated.losses,
    }
}
