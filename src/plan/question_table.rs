//! The table that a question has for itself, if it is not answered from several.

use super::kinds::Contribution;
use super::role::Role;
use super::table::MeasuredTable;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::question::Question;

/// The question's own table with this charge; `None` for counts, shares and private prefixes.
pub(super) fn own_table(question: &Question, charge: NanoRho) -> Option<MeasuredTable> {
    let (contribution, axes) = Contribution::of(question)?;
    Some(MeasuredTable {
        name: question.name.clone(),
        role: Role::Own { question: question.name.clone() },
        clip: contribution.kind().clip(question.clip, &axes),
        axes,
        contribution,
        target_clip: None,
        charge,
        key_delta: AttoDelta::ZERO,
    })
}
