//! The tables of a question by private prefixes: rounds that find prefixes, then the count by them.
//!
//! Prefixes are found in two rounds of a weighted Gaussian threshold: each requester spreads a vector
//! of length one over its prefixes, and what the first round finds takes no weight from the others in
//! the second. A requester has one prefix of its own number, so one round is enough there. Prefixes
//! that the seven days before published are public: they are counted without being looked for.
//!
//! # Source
//! `docs/mechanisms.md`, "Private prefixes", has the proof, the paper, and what was tried instead.

use super::kinds::{Contribution, PrefixCounts, PrefixWeights};
use super::role::Role;
use super::table::MeasuredTable;
use crate::release_file::prefix::{Prefix, PrefixOf};
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::question::Question;
use crate::{Error, Result};

/// The parts of the rounds. Simulated with five prefixes for each requester and lognormal
/// activity, 1 to 6 found 1.64 times the prefixes of a plain Gaussian threshold, 1 to 3 to 9 found 1.57
/// times and one round 1.2 times.
const ROUNDS: [u64; 2] = [1, 6];

/// The tables of one question, in the order in which they are drawn; the count has its name.
///
/// # Privacy
/// Charges and deltas add up to at most what is given.
///
/// # Errors
/// Usage, when the ledger has no delta for prefixes.
pub(super) fn prefix_tables(
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
    let table = |name: String, role: Role, contribution: Contribution, charge, key_delta| {
        let clip = contribution.kind().clip(question.clip, &[]);
        let (axes, target_clip) = (Vec::new(), None);
        MeasuredTable { name, role, axes, contribution, clip, target_clip, charge, key_delta }
    };
    let name = &question.name;
    let mut tables = Vec::new();
    for (round, part) in (1..).zip(rounds) {
        tables.push(table(
            format!("{name}: keys, round {round}"),
            Role::PrefixRound { question: name.clone() },
            Contribution::PrefixWeights(PrefixWeights { prefix }),
            // Half for finding the prefixes, half for counting by them.
            charge.part(*part, 2 * parts),
            key_delta.part(*part, parts),
        ));
    }
    tables.push(table(
        name.clone(),
        Role::PrefixCounts { question: name.clone() },
        Contribution::PrefixCounts(PrefixCounts { prefix }),
        charge.part(1, 2),
        AttoDelta::ZERO,
    ));
    Ok(tables)
}
