//! The arithmetic of a block: what it may spend, what it has spent, what is left.
//!
//! In: the terms and the sums of a block. Out: a [`Balance`], the sums after one more charge, or
//! the refusal. Invariant: both sums are integers and no addition wraps, so a small charge is never
//! lost in a large sum and a large one never overflows it; a charge that fits exactly is granted.
//! Deliberately not here: converting rho to (epsilon, delta).

use super::state::EntryId;
use super::terms::Terms;
use crate::Error;
use crate::release_file::day::Day;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};

/// What one block may spend, has spent and has left.
///
/// # Units
/// Billionths of rho, and 10^-18 of delta for private prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Balance {
    /// The budget in rho.
    pub budget: NanoRho,
    /// What entries have charged, less what those that ended early gave back.
    pub spent: NanoRho,
    /// The budget less what is spent.
    pub left: NanoRho,
    /// The part of delta that private prefixes may spend.
    pub key_delta_budget: AttoDelta,
    /// The part of delta that private prefixes have spent.
    pub key_delta_spent: AttoDelta,
    /// The part of delta that private prefixes may still spend.
    pub key_delta_left: AttoDelta,
}

/// A loss in both coins: a charge, or a sum of charges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Loss {
    pub(super) rho: NanoRho,
    pub(super) key_delta: AttoDelta,
}

impl Loss {
    /// Both sums, or `None` past the end of the integers.
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            rho: self.rho.checked_add(other.rho)?,
            key_delta: self.key_delta.checked_add(other.key_delta)?,
        })
    }

    /// Both differences, or `None` when more is taken back than was spent.
    pub(super) fn less(self, other: Self) -> Option<Self> {
        Some(Self {
            rho: NanoRho::new(self.rho.nano().checked_sub(other.rho.nano())?),
            key_delta: AttoDelta::new(self.key_delta.atto().checked_sub(other.key_delta.atto())?),
        })
    }
}

impl Balance {
    /// The balance of a block that has spent `spent`.
    pub(super) fn new(terms: &Terms, spent: Loss) -> Self {
        let key_delta_left = terms.key_delta.atto().saturating_sub(spent.key_delta.atto());
        Self {
            budget: terms.budget,
            spent: spent.rho,
            left: terms.budget.left_after(spent.rho),
            key_delta_budget: terms.key_delta,
            key_delta_spent: spent.key_delta,
            key_delta_left: AttoDelta::new(key_delta_left),
        }
    }

    /// What the block has spent after one more charge, or which coin is short.
    pub(super) fn charge(&self, asked: Loss) -> Result<Loss, Coin> {
        let spent = Loss { rho: self.spent, key_delta: self.key_delta_spent };
        match spent.plus(asked) {
            Some(sum) if mutant!("budget-for-each-charge") && asked.rho <= self.budget => Ok(sum),
            Some(sum) if sum.rho > self.budget => Err(Coin::Rho),
            Some(sum) if sum.key_delta > self.key_delta_budget => Err(Coin::KeyDelta),
            Some(sum) => Ok(sum),
            None if asked.rho > self.left => Err(Coin::Rho),
            None => Err(Coin::KeyDelta),
        }
    }
}

/// Which of the two budgets of a block is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coin {
    /// The budget in rho.
    Rho,
    /// What private prefixes may spend of delta.
    KeyDelta,
}

/// A block that cannot bear a charge.
#[derive(Debug)]
pub(super) struct Short {
    pub(super) block: Day,
    pub(super) balance: Balance,
    pub(super) coin: Coin,
    /// How many later blocks of the same release are short too.
    pub(super) more: usize,
    /// Reservations of the block that are not finished.
    pub(super) unfinished: Vec<EntryId>,
}

impl Short {
    /// The refusal: the block, what was asked, what is left, and the three ways out.
    pub(super) fn refuse(&self, asked: Loss) -> Error {
        let (left, budget, asked, what) = match self.coin {
            Coin::Rho => (
                self.balance.left.to_string(),
                self.balance.budget.to_string(),
                asked.rho.to_string(),
                "rho",
            ),
            Coin::KeyDelta => (
                delta_text(self.balance.key_delta_left),
                delta_text(self.balance.key_delta_budget),
                delta_text(asked.key_delta),
                "key delta",
            ),
        };
        let mut message = format!(
            "the day {} has {left} {what} left of {budget}, and this release asks for {asked}",
            self.block
        );
        match self.more {
            0 => {}
            1 => message.push_str("; one more day is short"),
            more => message.push_str(&format!("; {more} more days are short")),
        }
        Error::refused(message).help(format!(
            "there are three ways out: {}; release other days (--day, --from, --to); {}",
            self.ask_for_less(),
            self.third_way()
        ))
    }

    fn ask_for_less(&self) -> String {
        let balance = &self.balance;
        // In thousandths, rounded down: a share that is copied from here must fit.
        let share =
            u128::from(balance.left.nano()) * 1_000 / u128::from(balance.budget.nano().max(1));
        match self.coin {
            Coin::KeyDelta => "ask fewer questions with private prefixes".to_owned(),
            Coin::Rho if share == 0 => "ask nothing more of this day".to_owned(),
            Coin::Rho => format!(
                "ask for less, with `[privacy] budget_share` at most {}.{:03}",
                share / 1_000,
                share % 1_000
            ),
        }
    }

    fn third_way(&self) -> String {
        let ids: Vec<String> =
            self.unfinished.iter().take(MOST_NAMED).map(EntryId::to_string).collect();
        match ids.as_slice() {
            [] => "use what was already published about the block, which `pointillist ledger \
                   show` lists"
                .to_owned(),
            ids => format!(
                "free what is reserved and unfinished (entry {}) with `pointillist ledger void ID RELEASE.toml`",
                ids.join(", entry ")
            ),
        }
    }
}

/// How many unfinished entries one refusal names.
const MOST_NAMED: usize = 5;

/// Writes a delta exactly and with the fewest digits, as `25e-9`.
fn delta_text(delta: AttoDelta) -> String {
    let (mut digits, mut exponent) = (delta.atto(), 18);
    if digits == 0 {
        return "0".to_owned();
    }
    while digits % 10 == 0 {
        digits /= 10;
        exponent -= 1;
    }
    format!("{digits}e-{exponent}")
}

#[cfg(test)]
mod tests {
    use super::super::terms::tests::terms;
    use super::*;

    fn loss(rho: u64, key_delta: u64) -> Loss {
        Loss { rho: NanoRho::new(rho), key_delta: AttoDelta::new(key_delta) }
    }

    #[test]
    fn one_row_per_outcome_of_a_charge() {
        const MOST: u64 = u64::MAX;
        // budget 100 and 1000; spent, asked, outcome
        let rows = [
            (loss(0, 0), loss(100, 1_000), Ok(loss(100, 1_000))),
            (loss(99, 0), loss(1, 0), Ok(loss(100, 0))),
            (loss(100, 0), loss(1, 0), Err(Coin::Rho)),
            (loss(0, 0), loss(101, 0), Err(Coin::Rho)),
            (loss(0, 0), loss(MOST, 0), Err(Coin::Rho)),
            (loss(1, 0), loss(MOST, 0), Err(Coin::Rho)),
            (loss(100, 1_000), loss(1, 1), Err(Coin::Rho)),
            (loss(1, 1), loss(MOST, MOST), Err(Coin::Rho)),
            (loss(0, 1_000), loss(1, 1), Err(Coin::KeyDelta)),
            (loss(0, 1), loss(1, MOST), Err(Coin::KeyDelta)),
            (loss(0, 1_000), loss(1, 0), Ok(loss(1, 1_000))),
        ];
        for (number, (spent, asked, expected)) in rows.into_iter().enumerate() {
            let outcome = Balance::new(&terms(100), spent).charge(asked);
            assert_eq!(outcome, expected, "row {number}");
        }
    }

    #[test]
    fn balances_add_up_and_never_go_below_zero() {
        let balance = Balance::new(&terms(100), loss(40, 250));
        assert_eq!((balance.left.nano(), balance.key_delta_left.atto()), (60, 750));
        let over = Balance::new(&terms(100), loss(140, 2_000));
        assert_eq!((over.left.nano(), over.key_delta_left.atto()), (0, 0));
        assert_eq!(loss(5, 5).less(loss(5, 6)), None);
        assert_eq!(loss(5, 5).less(loss(5, 5)), Some(Loss::default()));
    }

    #[test]
    fn a_refusal_names_the_block_the_asked_the_left_and_three_ways_out() {
        let mut short = Short {
            block: "2026-03-01".parse().unwrap(),
            balance: Balance::new(&terms(24_400_000), loss(17_080_000, 0)),
            coin: Coin::Rho,
            more: 0,
            unfinished: Vec::new(),
        };
        let error = short.refuse(loss(9_000_000, 0));
        assert_eq!(
            error.to_string(),
            "the day 2026-03-01 has 0.007320000 rho left of 0.024400000, and this release asks \
             for 0.009000000"
        );
        let help = error.hint().unwrap();
        assert!(help.contains("three ways out: ask for less"), "{help}");
        assert!(help.contains("at most 0.300;"), "{help}");
        assert!(help.contains("--day") && help.contains("already published"), "{help}");

        short.unfinished = vec![EntryId(3), EntryId(7)];
        short.more = 2;
        short.coin = Coin::KeyDelta;
        let error = short.refuse(loss(1, 25_000));
        assert_eq!(
            error.to_string(),
            "the day 2026-03-01 has 1e-15 key delta left of 1e-15, and this release asks for \
             25e-15; 2 more days are short"
        );
        assert!(error.hint().unwrap().contains("entry 3, entry 7) with `pointillist ledger void"));
    }

    #[test]
    fn a_spent_block_offers_no_share_of_zero() {
        let short = Short {
            block: "2026-03-01".parse().unwrap(),
            balance: Balance::new(&terms(100_000), loss(99_999, 0)),
            coin: Coin::Rho,
            more: 1,
            unfinished: Vec::new(),
        };
        let error = short.refuse(loss(2, 0));
        assert!(error.to_string().ends_with("one more day is short"));
        assert!(error.hint().unwrap().contains("ask nothing more of this day"));
    }
}
