//! The tables of a question whose keys are private: rounds that find keys, then the count by them.
//!
//! Keys are found in two rounds of a weighted Gaussian threshold: each requester spreads a vector of
//! length one over its keys, and what the first round finds takes no weight from the others in the
//! second. A requester has one prefix of its own number, so one round is enough there. Keys that the
//! seven days before published are public: they are counted without being looked for.
//!
//! # Source
//! `docs/mechanisms.md, section 10` has the proof, the paper, and what was tried instead.

use super::tables::{Contribution, MeasuredTable, clip_of};
use crate::release_file::lattice::Clip;
use crate::release_file::prefix::{Prefix, PrefixOf};
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::question::Question;
use crate::{Error, Result};

/// How many keys one requester may put weight on: those it has the most lookups for.
pub const MOST_KEYS_OF_ONE: usize = 10;
/// How many keys one round of a question may find, those of the greatest noisy weight, and how many
/// may be known from the days before.
pub const MOST_KEYS: usize = 16_384;

/// The parts of the rounds. Simulated with five keys for each requester and lognormal
/// activity, 1 to 6 found 1.64 times the keys of a plain Gaussian threshold, 1 to 3 to 9 found 1.57
/// times and one round 1.2 times.
const ROUNDS: [u64; 2] = [1, 6];

/// The tables of one question, in the order in which they are drawn; the count has its name.
///
/// # Privacy
/// Charges and deltas add up to at most what is given.
///
/// # Errors
/// Usage, when the ledger has no delta for keys.
pub(super) fn tables(
    question: &Question,
    prefix: Prefix,
    charge: NanoRho,
    key_delta: AttoDelta,
) -> Result<Vec<MeasuredTable>> {
    let rounds: &[u64] = match prefix.of {
        PrefixOf::Target => &ROUNDS,
        PrefixOf::Requester => &ROUNDS[..1],
    };
    let parts = rounds.iter().sum::<u64>();
    if key_delta.part(1, parts) == AttoDelta::ZERO {
        return Err(Error::usage(format!(
            "question `{}`: private keys need a part of delta, and `[ledger] key_delta` is too small",
            question.name
        ))
        .help("raise it, for example to a tenth of `delta`; it is fixed with the ledger"));
    }
    let mut tables = Vec::new();
    for (round, part) in (1..).zip(rounds) {
        tables.push(MeasuredTable {
            name: format!("{}: keys, round {round}", question.name),
            axes: Vec::new(),
            contribution: Contribution::KeyWeights { prefix },
            clip: Clip::whole(1),
            target_clip: None,
            // Half for finding the keys, half for counting by them.
            charge: charge.part(*part, 2 * parts),
            key_delta: key_delta.part(*part, parts),
        });
    }
    let contribution = Contribution::KeyCounts { prefix };
    tables.push(MeasuredTable {
        name: question.name.clone(),
        axes: Vec::new(),
        clip: clip_of(question, &contribution),
        contribution,
        target_clip: None,
        charge: charge.part(1, 2),
        key_delta: AttoDelta::ZERO,
    });
    Ok(tables)
}
