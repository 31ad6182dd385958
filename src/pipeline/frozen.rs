//! The plan of a reservation, as the ledger keeps it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ledger::{Entry, State};
use crate::release::{Losses, PricedTable};
use crate::{Error, Result};

/// For each question with private prefixes those that earlier days published.
pub(super) type KnownKeys = BTreeMap<String, BTreeSet<u64>>;

/// The plan as the ledger freezes it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Frozen {
    pub(super) tables: Vec<PricedTable>,
    /// The private prefixes that were public already.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) known_keys: KnownKeys,
    /// What they cost a contact pair and a target, for statements.
    #[serde(default)]
    pub(super) losses: Option<Losses>,
}

impl Frozen {
    /// The plan that an entry was reserved with.
    ///
    /// # Errors
    /// Refused, for a plan that another version wrote.
    pub(super) fn of(entry: &Entry) -> Result<Self> {
        serde_json::from_str(&entry.plan).map_err(|_| {
            let way_out = if entry.state == State::Drawn {
                "finish it with a version that reads its plan: its charge stays spent"
            } else {
                "finish it with the version that reserved it, or `pointillist ledger void` it"
            };
            Error::refused(format!("entry {} was planned by another version", entry.id.0))
                .help(way_out)
        })
    }
}
