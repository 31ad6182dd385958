//! What a release may spend of a block, divided over the look and the questions.
//!
//! Fixed before any log is read and frozen with the reservation: whatever the look shows, no
//! mechanism of the day costs more than its part. Questions get equal parts unless the release file
//! gives them weights. Distinct counts, histograms and a total without keys get a quarter of what a
//! question about shapes gets: no class multiplies their noise (docs/mechanisms.md, section 5).

use serde::{Deserialize, Serialize};

use super::condition_met;
use crate::release_file::ReleaseFile;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::question::Question;
use crate::{Error, Result};

/// The look's part, in hundredths. From 10 to 25 the errors differ by less than draws do.
const LOOK_PART: u64 = 15;
/// What a question about shapes weighs against one about requesters or the total.
const SHAPES_WEIGHT: u64 = 4;

/// What the look and each question may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// The look: the numbers of requesters by class of activity.
    pub look: NanoRho,
    /// Each question, in the order of the release file.
    pub questions: Vec<NanoRho>,
    /// What each question may spend on prefixes that only one requester has.
    pub key_deltas: Vec<AttoDelta>,
}

impl Split {
    /// Divides what the release may spend of a block whose budget is `budget`.
    ///
    /// # Privacy
    /// The parts add up to at most `budget` times the release's share: every part rounds down.
    ///
    /// # Errors
    /// Refused, when the budget is too small for this many questions; usage, when prefixes have no
    /// part of delta, or for questions that only earlier versions took.
    pub fn new(release_file: &ReleaseFile, budget: NanoRho) -> Result<Self> {
        let questions = &release_file.questions;
        let unit = release_file.ledger.unit;
        for question in questions {
            question.require_current(unit)?;
            require_telling(question)?;
        }
        let share = budget.part(release_file.budget_share_millionths, 1_000_000);
        let look = share.part(LOOK_PART, 100);
        let rest = share.part(100 - LOOK_PART, 100);
        let all: u64 = questions.iter().map(weight).sum();
        let parts = questions.iter().map(|question| rest.part(weight(question), all)).collect();
        let key_delta =
            release_file.ledger.key_delta.part(release_file.budget_share_millionths, 1_000_000);
        let split = Self { look, questions: parts, key_deltas: key_deltas(questions, key_delta) };
        split.require_enough(questions)?;
        Ok(split)
    }

    /// What a release charges its block at most.
    pub fn charge(&self) -> NanoRho {
        let parts = self.questions.iter().map(|part| part.nano()).fold(0, u64::saturating_add);
        if mutant!("look-left-out-of-the-charge") {
            return NanoRho::new(parts);
        }
        NanoRho::new(self.look.nano().saturating_add(parts))
    }

    /// What it may spend on prefixes that only one requester has.
    pub fn key_delta(&self) -> AttoDelta {
        let parts = self.key_deltas.iter().map(|part| part.atto());
        AttoDelta::new(parts.fold(0, u64::saturating_add))
    }

    /// What the tables of shapes of any one class may cost together: classes do not add up, because
    /// a requester is in two neighbours whose squared weights add up to one.
    pub fn shapes(&self, questions: &[Question]) -> NanoRho {
        let parts = questions.iter().zip(&self.questions);
        let parts = parts.map(|(question, part)| shapes_part(question, *part).nano());
        NanoRho::new(parts.fold(0, u64::saturating_add))
    }

    fn require_enough(&self, questions: &[Question]) -> Result<()> {
        for ((question, part), key_delta) in
            questions.iter().zip(&self.questions).zip(&self.key_deltas)
        {
            // The part is divided further, for example into halves and sevenths.
            if part.nano() < 1_000 {
                return Err(Error::refused(format!(
                    "the question `{}` would get no part of the budget",
                    question.name
                ))
                .help("raise `[privacy] budget_share` or a question's `weight`, or ask fewer"));
            }
            if question.measure.prefix().is_some() && key_delta.atto() < 1_000 {
                return Err(Error::usage(format!(
                    "question `{}`: private prefixes need a part of delta, and `[ledger] key_delta` is \
                     too small",
                    question.name
                ))
                .help("raise it, for example to a tenth of `delta`; it is fixed with the ledger"));
            }
        }
        Ok(())
    }
}

/// What a question's tables of shapes may cost in each class: all of it, or what the rounds that find
/// its prefixes leave.
pub(super) fn shapes_part(question: &Question, part: NanoRho) -> NanoRho {
    match (question.measure.is_of_requesters(), question.measure.prefix()) {
        (true, _) => NanoRho::ZERO,
        (false, Some(_)) if mutant!("rounds-that-cost-nothing") => part,
        (false, Some(_)) => part.part(1, 2),
        (false, None) => part,
    }
}

fn weight(question: &Question) -> u64 {
    let is_total = question.measure.is_count() && question.by.is_empty();
    let of_kind = if is_total || question.measure.is_of_requesters() { 1 } else { SHAPES_WEIGHT };
    question.weight * of_kind
}

fn key_deltas(questions: &[Question], all: AttoDelta) -> Vec<AttoDelta> {
    let private = |question: &Question| {
        if question.measure.prefix().is_some() { question.weight } else { 0 }
    };
    let weights: u64 = questions.iter().map(private).sum();
    questions.iter().map(|question| all.part(private(question), weights)).collect()
}

/// Refuses a share that says nothing: all lookups are in the part, or none can be, whatever their keys.
fn require_telling(question: &Question) -> Result<()> {
    let Some((condition, keys)) = question.measure.condition() else { return Ok(()) };
    let met = condition_met(condition, keys)?;
    let all = met.first().copied().unwrap_or_default();
    if met.contains(&!all) {
        return Ok(());
    }
    let who = if all { "every lookup meets" } else { "no lookup can meet" };
    Err(Error::usage(format!(
        "question `{}`: {who} the condition of `share`, `{}`",
        question.name,
        condition.text()
    ))
    .help("compare keys with values on their lists; hours are '0' to '23'"))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    const KINDS: [&str; 6] = [
        "count = \"lookups\"\nby = [\"hour\"]",
        "distinct = \"requester\"",
        "share = \"route = 'sms'\"",
        "mean = \"latency_ms\"\nrange = [1, 1000]",
        "count = \"lookups\"",
        "count = \"lookups\"\nby = [\"target_prefix:6\"]\nkeys = \"private\"",
    ];

    fn release(questions: usize, share: f64, weights: &[f64]) -> ReleaseFile {
        let mut text = format!(
            "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
             delta = 1e-6\n[privacy]\nbudget_share = {share}\n"
        );
        for number in 0..questions {
            let (weight, kind) = (weights[number % weights.len()], KINDS[number % KINDS.len()]);
            write!(text, "[[question]]\nname = \"q{number}\"\n{kind}\nweight = {weight:.3}\n")
                .unwrap();
        }
        ReleaseFile::parse(&text, "r.toml", Path::new(".")).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_parts_never_exceed_the_share(
            questions in 1_usize..50,
            share in prop_oneof![Just(1.0), 0.01_f64..1.0],
            weights in prop::collection::vec(0.01_f64..10.0, 1..8),
            budget in 100_000_000_u64..1_000_000_000,
        ) {
            let release_file = release(questions, share, &weights);
            let split = match Split::new(&release_file, NanoRho::new(budget)) {
                Ok(split) => split,
                Err(error) => {
                    prop_assert_eq!(error.kind(), crate::Kind::Refused);
                    return Ok(());
                }
            };
            let spent = split.charge().nano() as f64;
            prop_assert!(spent <= budget as f64 * share + 1e-3, "{spent}");
            // Each part, and the share itself, round down by less than a billionth or a millionth.
            let lost = questions as f64 + 4.0 + budget as f64 * 1e-6;
            prop_assert!(spent >= budget as f64 * share - lost, "{spent}");
            let key_delta = release_file.ledger.key_delta.atto() as f64 * share;
            prop_assert!(split.key_delta().atto() as f64 <= key_delta + 1.0);
            prop_assert!(split.shapes(&release_file.questions) <= split.charge());
        }
    }

    #[test]
    fn a_budget_too_small_to_divide_is_refused_by_name() {
        let error = Split::new(&release(3, 1.0, &[1.0]), NanoRho::new(2)).unwrap_err();
        assert_eq!(error.kind(), crate::Kind::Refused);
        assert!(error.to_string().contains("`q0`"), "{error}");
    }
}
