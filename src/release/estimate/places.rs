//! Where a question and its keys lie among the marginals and axes of a plan.

use crate::plan::{Axis, LookupMarginals, Plan};
use crate::release_file::keys::Key;
use crate::release_file::question::Question;
use crate::{Error, Result};

/// The marginal of lookups that answers a question.
///
/// # Errors
/// Internal, when the question is not of the plan.
pub(super) fn marginal(question: &Question, plan: &Plan) -> Result<u32> {
    plan.lookups
        .marginal(&question.name)
        .ok_or_else(|| Error::internal("a question is missing from the plan"))
}

/// The axes of keys among those of the plan, in the order of the keys.
///
/// # Errors
/// Internal, when a key is not of the plan.
pub(super) fn order<'a>(
    keys: impl IntoIterator<Item = &'a Key>,
    lookups: &LookupMarginals,
) -> Result<Vec<usize>> {
    keys.into_iter()
        .map(|key| {
            let name = if key.is_hour() { "hour" } else { key.name() };
            lookups
                .axes()
                .iter()
                .position(|axis| matches!(axis, Axis::Key(known) if known == name))
                .ok_or_else(|| Error::internal("a key is missing from the plan"))
        })
        .collect()
}
