//! Noise, its price and its conversion: the only module that imports opendp.
//!
//! In: exact integers on the lattice of 2^-20 and the L2 clip they obey. Out: noisy integers and
//! the charge, which is what the built measurement's own privacy map says. Deliberately not here:
//! whether a block can pay for it, which the ledger decides before anything is drawn.

mod accounting;
mod contact;
mod draw;
mod estimate;
mod guarantee;
mod mechanism;
mod odds;
mod rehearsal;
mod sampler;
mod struck_out;
mod threshold;

pub use accounting::{budget_of, cap_of, epsilon_of};
pub use contact::pair_limit;
pub use draw::{Draws, NoisyTable, PricedTable};
pub use estimate::{
    Answer, Answers, ClassNumber, Column, NoisyNumbers, Rows, Values, Z_95, answers, class_numbers,
    looks_empty, may_be_none, normal_quantile, takes_up,
};
pub use guarantee::{Figure, Guarantee, Losses, TargetFigure};
pub use mechanism::{DiscreteGaussian, NoiseScale};
pub use rehearsal::{Load, Rehearsal, rehearse};
pub use struck_out::{Stages, pair_limit_of_persons, target_limit, target_limit_of_persons};

use crate::Error;

/// An opendp failure with its message, which names parameters and never data.
fn fault(what: &str, error: &opendp::error::Error) -> Error {
    let detail = error.message.as_deref().unwrap_or("no detail");
    Error::internal(format!("{what}: {:?}: {detail}", error.variant))
}

#[cfg(test)]
mod tests;
