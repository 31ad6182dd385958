//! What struck-out lookups lose, whatever plan follows from the look: those about one target, and
//! those of a person where persons are the unit.
//!
//! *Claim* (docs/mechanisms.md, sections 11 and 12): a row weighs at most `g`, the square root of a
//! loss, over all classes and tables together, so that `m` rows lose at most `(m g)^2`. Where persons
//! are the unit, all rows about a target are scaled to a limit together, and a person loses at most
//! the square of the sum of both limits' roots.

use super::contact::{Way, Weights};
use crate::plan::kinds::CLASSES;
use crate::release_file::privacy_loss::NanoRho;

/// What rounding on the lattice can add to the weight of a row, as a part.
const SLACK: f64 = 1.0 + 1e-4;

/// The most that `lookups` lookups about one target lose when they count as nothing, in rho: by a
/// look that costs `look`, and tables of all classes that cost `shapes` together.
///
/// # Privacy
/// It holds for every plan that [`super::pair_limit`] holds for, whoever made the lookups.
pub fn target_limit(look: NanoRho, shapes: NanoRho, lookups: u32) -> f64 {
    f64::from(lookups).powi(2) * heaviest_row(look.rho(), shapes.rho()) * SLACK
}

/// The limits that one measurement is scaled to where persons are the unit, as losses under its
/// noise, in rho.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stages {
    /// A requester's own rows, by the first stage.
    pub requester: NanoRho,
    /// All rows about a target, by the second.
    pub target: NanoRho,
}

impl Stages {
    /// The limits that a price buys if both stages have the same one: a person loses four times
    /// that.
    pub const fn of_price(price: NanoRho) -> Self {
        let limit = NanoRho::new(price.nano().div_ceil(4));
        Self { requester: limit, target: limit }
    }

    /// The most that a person loses, in rho, by its own rows and the rows about it.
    pub fn person(self) -> f64 {
        (self.requester.rho().sqrt() + self.target.rho().sqrt()).powi(2)
    }

    /// The most that the rows of one requester about one target lose.
    fn pair(self) -> f64 {
        self.requester.min(self.target).rho()
    }
}

/// As [`target_limit`], where persons are the unit.
pub fn target_limit_of_persons(look: Stages, shapes: Stages, lookups: u32) -> f64 {
    let rows = target_limit(look.requester, shapes.requester, lookups);
    rows.min(look.target.rho() + shapes.target.rho())
}

/// The most that `lookups` lookups of one requester about one target lose when they count as nothing,
/// where persons are the unit.
pub fn pair_limit_of_persons(look: Stages, shapes: Stages, lookups: u32) -> f64 {
    let rows = target_limit(look.requester, shapes.requester, lookups);
    rows.min(look.pair() + shapes.pair())
}

/// The most that one row weighs, squared, in units of noise.
fn heaviest_row(look: f64, shapes: f64) -> f64 {
    let ways: [Vec<Way>; CLASSES] = std::array::from_fn(Way::all);
    let longest = ways.map(|ways| ways.into_iter().map(Way::inverse).fold(0.0, f64::max));
    let any = longest.into_iter().fold(0.0, f64::max);
    let mut most = 0.0_f64;
    for n in 1.. {
        let weights = Weights::of(n);
        let n = weights.lookups;
        // No row of a requester with more lookups weighs more, so the search ends here.
        if (look + shapes * any * any) / (n * n) <= most {
            break;
        }
        let sum = weights.of.iter().zip(longest).map(|(weight, longest)| {
            // The norm of the counts is at least that of the row itself.
            let factor = f64::min(longest, n / weights.norm);
            (weight / n).powi(2) * (look + shapes * factor * factor)
        });
        most = most.max(sum.sum());
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rho(whole: f64) -> NanoRho {
        NanoRho::new((whole * 1e9).round() as u64)
    }

    #[test]
    fn a_row_weighs_an_eighth_at_most() {
        // With a look of 1 a lookup weighs 1/8; with shapes of 1 and a clip of 0.31, 1/(8 0.31).
        let close = |found: f64, expected: f64| (found / expected - 1.0).abs() < 1e-3;
        assert!(close(target_limit(rho(1.0), NanoRho::ZERO, 1), 1.0 / 64.0));
        assert!(close(target_limit(NanoRho::ZERO, rho(1.0), 1), 0.162_59));
        assert!(close(target_limit(rho(0.2), rho(1.0), 1), 0.162_59 + 0.2 / 64.0));
        assert!(close(target_limit(NanoRho::ZERO, rho(1.0), 100), 1_625.9));
        assert!(target_limit(NanoRho::ZERO, NanoRho::ZERO, 100) <= 0.0);
    }

    #[test]
    fn a_person_loses_by_its_rows_and_by_those_about_it() {
        let (look, shapes) = (
            Stages { requester: rho(0.01), target: rho(0.04) },
            Stages { requester: rho(0.25), target: rho(0.25) },
        );
        assert!((look.person() - 0.09).abs() < 1e-9 && (shapes.person() - 1.0).abs() < 1e-9);
        // One row weighs what it weighs; however many weigh no more than both limits.
        let one = target_limit(rho(0.01), rho(0.25), 1);
        assert!((target_limit_of_persons(look, shapes, 1) - one).abs() < 1e-12);
        assert!((pair_limit_of_persons(look, shapes, 1) - one).abs() < 1e-12);
        assert!((target_limit_of_persons(look, shapes, 1_000) - 0.29).abs() < 1e-9);
        assert!((pair_limit_of_persons(look, shapes, 1_000) - 0.26).abs() < 1e-9);
    }
}
