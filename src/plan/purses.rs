//! Which tables a requester is bounded in over a window, and what they and the others may spend.

use super::family::{FamilyBudget, Lookups};
use super::tables::{Axis, Contribution, own_table};
use crate::spec::Release;
use crate::spec::privacy_loss::NanoRho;

/// Whether a requester may count less in a table towards the end of a window: where the answer is
/// raked to the total or is a ratio, so that it does not shrink with what the table holds.
pub(super) fn may_be_bounded_over_windows(contribution: &Contribution, axes: &[Axis]) -> bool {
    match contribution {
        Contribution::Lookups => !axes.is_empty(),
        Contribution::Mean { .. } => true,
        _ => false,
    }
}

/// Some rho, and the weight of everything that shares it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purse {
    rho: NanoRho,
    weight: u64,
}

impl Purse {
    /// The part of a question or of several.
    pub(super) fn part(&self, weight: u64) -> NanoRho {
        self.rho.part(weight, self.weight)
    }
}

/// What a release may spend of a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purses {
    /// On tables that are bounded day by day.
    pub(super) day: Purse,
    /// On those that are bounded over a window too.
    window: Option<Purse>,
}

impl Purses {
    /// Divides the budget of a block, and what a requester may lose over a window.
    pub(super) fn new(release: &Release, budget: NanoRho, lookups: &Lookups) -> Self {
        let share = |rho: NanoRho| rho.part(release.budget_share_millionths, 1_000_000);
        let Some(cap) = release.ledger.unit.running_cap(budget) else {
            let weight = release.questions.iter().map(|question| question.weight).sum();
            return Self { day: Purse { rho: share(budget), weight }, window: None };
        };
        // The family has its total in one and its finer tables in the other.
        let mut day = lookups.weight();
        let mut window = if lookups.has_finer() { lookups.weight() } else { 0 };
        for question in &release.questions {
            match own_table(question) {
                Some((contribution, axes)) if may_be_bounded_over_windows(&contribution, &axes) => {
                    window += question.weight;
                }
                Some(_) => day += question.weight,
                None => {}
            }
        }
        let whole = cap.part(1, u64::from(release.whole_days));
        Self {
            day: Purse { rho: share(budget), weight: day },
            window: Some(Purse { rho: share(whole), weight: window }),
        }
    }

    /// What counts and shares of lookups may spend.
    pub(super) fn of_family(&self, lookups: &Lookups) -> FamilyBudget {
        let (weight, all) = (lookups.weight(), self.day.part(lookups.weight()));
        match &self.window {
            None => FamilyBudget::Together(all),
            Some(window) => FamilyBudget::Apart { total: all, finer: window.part(weight) },
        }
    }

    /// What the table of another question is paid from.
    pub(super) fn of_table(&self, contribution: &Contribution, axes: &[Axis]) -> &Purse {
        let bounded = may_be_bounded_over_windows(contribution, axes);
        self.window.as_ref().filter(|_| bounded).unwrap_or(&self.day)
    }
}
