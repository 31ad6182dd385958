//! What the ledger should do, without durability, in as few lines as say it.

use pointillist::Kind;
use pointillist::ledger::State;

use crate::ground::{APART, DAYS, look_charge};

/// A mistake made on purpose, which the simulation must notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mistake {
    None,
    /// A commit gives the charge back.
    CommitForgetsTheCharge,
    /// A void keeps the charge.
    VoidKeepsTheCharge,
    /// An empty day keeps all of its charge.
    EmptyKeepsTheCharge,
    /// An empty day gives back what its look cost too.
    EmptyFreesTheLook,
    /// A look takes the place of the one before.
    LooksAgain,
    /// A resumed reservation is charged again.
    ResumeChargesAgain,
    /// Only the first block of a release is charged.
    ChargesOneBlock,
    /// A draw after one that died is charged again.
    RedrawChargesAgain,
    /// A charge that fills a block exactly is refused.
    RefusesTheLastBit,
    /// Days that lie within 30 are not added up.
    ForgetsTheCap,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelEntry {
    pub(crate) release: usize,
    pub(crate) days: std::ops::Range<usize>,
    pub(crate) charge: u64,
    pub(crate) look_charge: Option<u64>,
    pub(crate) key_delta: u64,
    /// What was noted first.
    pub(crate) look: Option<Vec<i64>>,
    pub(crate) state: State,
    pub(crate) attempts: u64,
    /// Whether the run that is going on has drawn it.
    drawn_here: bool,
    resumed: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) entries: Vec<ModelEntry>,
    pub(crate) mistake: Mistake,
}

pub(crate) const BUDGET: u64 = 100;
pub(crate) const KEY_DELTA: u64 = 50;
/// What any 30 days may cost together.
pub(crate) const CAP: u64 = 180;

impl Model {
    pub(crate) fn spent(&self, day: usize) -> (u64, u64) {
        let mut sum = (0, 0);
        for entry in self.entries.iter().filter(|entry| entry.days.contains(&day)) {
            let charged = match (entry.state, self.mistake) {
                (State::Empty, Mistake::EmptyKeepsTheCharge) => true,
                (State::Empty, _) => {
                    sum.0 += entry.look_charge.unwrap()
                        * u64::from(self.mistake != Mistake::EmptyFreesTheLook);
                    false
                }
                (State::Void, mistake) => mistake == Mistake::VoidKeepsTheCharge,
                (State::Committed, Mistake::CommitForgetsTheCharge) => false,
                (_, Mistake::ChargesOneBlock) => entry.days.start == day,
                _ => true,
            };
            let times = match self.mistake {
                Mistake::ResumeChargesAgain => 1 + entry.resumed,
                Mistake::RedrawChargesAgain => entry.attempts.max(1),
                _ => 1,
            };
            sum.0 += entry.charge * u64::from(charged) * times;
            sum.1 += entry.key_delta * u64::from(charged) * times;
        }
        sum
    }

    /// The number of the entry, from 1, and whether it is new.
    pub(crate) fn reserve(
        &mut self,
        release: usize,
        days: std::ops::Range<usize>,
        charge: u64,
        key_delta: u64,
    ) -> Result<(usize, bool), Kind> {
        let is_live = |entry: &ModelEntry| {
            entry.release == release && !matches!(entry.state, State::Void | State::Empty)
        };
        if let Some(found) = self.entries.iter().position(is_live) {
            self.entries[found].resumed += 1;
            return Ok((found + 1, false));
        }
        let most = BUDGET - u64::from(self.mistake == Mistake::RefusesTheLastBit);
        let fits =
            |(rho, delta): (u64, u64)| rho + charge <= most && delta + key_delta <= KEY_DELTA;
        if !days.clone().all(|day| fits(self.spent(day))) {
            return Err(Kind::Refused);
        }
        let state = State::Reserved;
        self.entries.push(ModelEntry {
            release,
            days,
            charge,
            look_charge: look_charge(release, charge),
            key_delta,
            look: None,
            state,
            attempts: 0,
            drawn_here: false,
            resumed: 0,
        });
        if self.mistake != Mistake::ForgetsTheCap && self.most_of_30_days() > CAP {
            self.entries.pop();
            return Err(Kind::Refused);
        }
        Ok((self.entries.len(), true))
    }

    /// Every span of 30 days of the calendar, by its first day.
    fn most_of_30_days(&self) -> u64 {
        let sum = |first: usize| {
            let inside = |day: &usize| (first..first + 30).contains(&(30 + APART * day));
            (0..DAYS).filter(inside).map(|day| self.spent(day).0).sum()
        };
        (0..30 + APART * DAYS).map(sum).max().unwrap_or(0)
    }

    /// Another run begins.
    pub(crate) fn begin_run(&mut self) {
        for entry in &mut self.entries {
            entry.drawn_here = false;
        }
    }

    pub(crate) fn look(&mut self, number: usize, look: &[i64]) -> Result<(), Kind> {
        let again = self.mistake == Mistake::LooksAgain;
        let Some(entry) = number.checked_sub(1).and_then(|index| self.entries.get_mut(index))
        else {
            return Err(Kind::Usage);
        };
        let first = entry.look.is_none() || again;
        if entry.state != State::Drawn || entry.look_charge.is_none() || !first {
            return Err(Kind::Internal);
        }
        entry.look = Some(look.to_vec());
        Ok(())
    }

    pub(crate) fn advance(&mut self, number: usize, next: State) -> Result<(), Kind> {
        let Some(entry) = number.checked_sub(1).and_then(|index| self.entries.get(index)) else {
            return Err(Kind::Usage);
        };
        let allowed = match (entry.state, next) {
            (State::Reserved, State::Drawn | State::Void)
            | (State::Drawn, State::Committed)
            | (State::Committed, State::Published) => true,
            (State::Drawn, State::Drawn) => !entry.drawn_here,
            (State::Drawn, State::Empty) => entry.look.is_some(),
            _ => false,
        };
        match (allowed, next) {
            (true, _) => {
                let entry = &mut self.entries[number - 1];
                entry.state = next;
                if next == State::Drawn {
                    entry.attempts += 1;
                    entry.drawn_here = true;
                }
            }
            (false, State::Void) => return Err(Kind::Refused),
            (false, _) => return Err(Kind::Internal),
        }
        Ok(())
    }
}
