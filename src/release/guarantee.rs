//! The promise of a release in figures and in words, all from the same noise (docs/mechanisms.md,
//! section 12).

use serde::{Deserialize, Serialize};

use super::accounting::{budget_of, cap_of, epsilon_of};
use super::contact::pair_limit;
use super::draw::PricedTable;
use super::struck_out::{Stages, pair_limit_of_persons, target_limit, target_limit_of_persons};
use super::threshold;
use crate::Result;
use crate::plan::kinds::CLASSES;
use crate::plan::{FoundPrefixes, MeasuredTable, Plan, Role, Split};
use crate::release_file::ReleaseFile;
use crate::release_file::file::LedgerTerms;
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::privacy_loss::NanoRho;
use crate::release_file::unit::Unit;
use crate::words::{short_delta, short_epsilon};

/// How many lookups of one target the figure of a target is stated for.
const TARGET_LOOKUPS: [u32; 4] = [1, 10, 100, 1_000];

/// The figures of one release of one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guarantee {
    /// One unit, one day, this release alone.
    pub one_day: Figure,
    /// One lookup by one requester about one target.
    pub contact_pair: Figure,
    /// All lookups about one target, struck out, by how many they are.
    pub target: Vec<TargetFigure>,
    /// One unit, any 30 days released like this one.
    pub thirty_days: Figure,
    /// One unit, 365 days released like this one.
    pub one_year: Figure,
    /// One unit, whatever else is released through the ledger; `None` if it does not limit 30 days.
    pub limits: Option<Limits>,
}

/// What a ledger with `epsilon_30_days` lets any unit lose at most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Over any 30 consecutive days.
    pub thirty_days: Figure,
    /// Over any 365 consecutive days: twelve times 30, and five.
    pub one_year: Figure,
}

/// A loss with its epsilon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// As zero-concentrated loss.
    pub rho: f64,
    /// At the delta of this figure, rounded up.
    pub epsilon: f64,
    /// The delta of the conversion, and what private prefixes spend on all of the days.
    pub delta: f64,
}

impl Figure {
    /// The figure of a loss, with the `key_delta` that private prefixes spend beside it.
    pub fn new(rho: NanoRho, key_delta: f64, terms: &LedgerTerms) -> Self {
        let conversion = terms.conversion_delta();
        let mut epsilon = epsilon_of(rho, conversion);
        if mutant!("epsilon-rounded-down") {
            epsilon *= 0.999;
        }
        Self { rho: rho.rho(), epsilon, delta: (conversion + key_delta).min(1.0) }
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (epsilon, delta) = (short_epsilon(self.epsilon), short_delta(self.delta));
        write!(formatter, "epsilon {epsilon} at delta {delta}")
    }
}

/// The figure of a target by how often it was looked up that day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TargetFigure {
    /// How many lookups.
    pub lookups: u32,
    /// Their loss.
    #[serde(flatten)]
    pub figure: Figure,
}

/// What one release of one day costs a contact pair and a target, as a statement adds it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// One lookup by one requester about one target.
    pub contact_pair: NanoRho,
    /// All lookups about one target, by how many they are.
    pub target: Vec<(u32, NanoRho)>,
}

/// The loss in rho that tables outside the classes add for lookups about one target, by one
/// requester (a pair) or by as many requesters as there are lookups.
fn moved(tables: &[(PricedTable, u32)], lookups: f64, is_pair: bool) -> f64 {
    let loss = |(priced, cells): &(PricedTable, u32)| {
        let kind = priced.table.contribution.kind();
        let cells = f64::from(kind.touched_cells(*cells));
        let clip = priced.table.clip.contributions();
        let (each, most) = match priced.table.target_clip {
            None => {
                let reach = kind.reach(clip);
                (reach.one_lookup, reach.any_two)
            }
            Some(target) => (kind.struck_out(), clip.min(target.contributions())),
        };
        let rounding = (2.0 * cells).sqrt() / LATTICE_ONE as f64;
        let norm = lookups * (each + rounding);
        let norm = match (is_pair, priced.table.target_clip) {
            (true, _) => norm.min(most),
            // All that is asked about one target was bounded together.
            (false, Some(target)) => norm.min(target.contributions()),
            (false, None) => norm,
        };
        priced.charge.rho() * (norm / priced.table.sensitivity().contributions()).powi(2)
    };
    tables.iter().map(loss).sum()
}

/// The chance that a release finds any private prefix that vanishes with lookups about one target.
fn chance_of_keys(tables: &[(PricedTable, u32)], lookups: u32) -> f64 {
    let found = |(priced, _): &(PricedTable, u32)| {
        Some(threshold::chance(priced.noise_scale, priced.threshold?, lookups))
    };
    tables.iter().filter_map(found).sum()
}

impl Losses {
    /// What the look alone costs: all that is ever lost of a day that looks empty.
    ///
    /// # Errors
    /// Internal, when a loss cannot be counted.
    pub fn of_look(release_file: &ReleaseFile, look: NanoRho) -> Result<Self> {
        let look = Fixed { release_file, look, shapes: NanoRho::ZERO, alone: Vec::new() };
        let of = |lookups, is_pair| NanoRho::spent(look.of_lookups(lookups, is_pair));
        let target = TARGET_LOOKUPS.iter().map(|lookups| Ok((*lookups, of(*lookups, false)?)));
        Ok(Self { contact_pair: of(1, true)?, target: target.collect::<Result<_>>()? })
    }
}

impl Limits {
    fn new(terms: &LedgerTerms) -> Option<Self> {
        let cap = cap_of(terms)?;
        let one_year = cap.of_a_year(budget_of(terms.epsilon, terms.conversion_delta()));
        let of = |rho, days: f64| Figure::new(rho, terms.key_delta.delta() * days, terms);
        Some(Self { thirty_days: of(cap.budget, 30.0), one_year: of(one_year, 365.0) })
    }
}

/// What a release measures, as far as it is fixed before the look.
struct Fixed<'a> {
    release_file: &'a ReleaseFile,
    look: NanoRho,
    /// What the tables of any one class cost together.
    shapes: NanoRho,
    /// Tables that stand alone, with the least clips that the look may choose for them, and how many
    /// cells each has.
    alone: Vec<(PricedTable, u32)>,
}

impl<'a> Fixed<'a> {
    fn new(release_file: &'a ReleaseFile, split: &Split) -> Result<Self> {
        let nobody = Plan::of_day(release_file, split, &[0.0; CLASSES], &FoundPrefixes::new())?;
        let sizes = nobody.sizes();
        let own = |(table, _): &(MeasuredTable, u32)| matches!(table.role, Role::Own { .. });
        let alone = nobody.tables.into_iter().zip(sizes).filter(own);
        let rounds = Plan::prefix_rounds(release_file, split).into_iter().map(|table| (table, 0));
        let price = |(table, cells)| Ok((PricedTable::new(table)?, cells));
        Ok(Self {
            release_file,
            look: split.look,
            shapes: split.shapes(&release_file.questions),
            alone: alone.chain(rounds).map(price).collect::<Result<_>>()?,
        })
    }

    /// What lookups about one target lose at most, whatever plan comes of the look.
    fn of_lookups(&self, lookups: u32, is_pair: bool) -> f64 {
        let Self { look, shapes, .. } = *self;
        let by_classes = match (self.release_file.ledger.unit, is_pair) {
            (Unit::RequesterDay, true) => pair_limit(look, shapes, lookups),
            (Unit::RequesterDay, false) => target_limit(look, shapes, lookups),
            (Unit::PersonDay, _) => {
                let (look, shapes) = (Stages::of_price(look), Stages::of_price(shapes));
                if is_pair {
                    pair_limit_of_persons(look, shapes, lookups)
                } else {
                    target_limit_of_persons(look, shapes, lookups)
                }
            }
        };
        by_classes + moved(&self.alone, f64::from(lookups), is_pair)
    }
}

impl Guarantee {
    /// Computes the figures of a release.
    ///
    /// # Source
    /// For the look and the shapes of classes the figures of a pair and of a target hold for every plan
    /// (docs/mechanisms.md, section 12). A table of its own adds rho times (min(k (L + e), M) / C)^2 for
    /// k lookups: L is how far one lookup moves a requester's vector before scaling, e the rounding of
    /// the lattice, M how far two scaled vectors can lie apart. For a target there is no M, since its
    /// lookups are spread over requesters; where persons are the unit, M is the clip of a target.
    ///
    /// # Errors
    /// Internal, when a loss cannot be converted.
    pub fn new(release_file: &ReleaseFile, split: &Split) -> Result<Self> {
        let terms = &release_file.ledger;
        let fixed = Fixed::new(release_file, split)?;
        let of_days = |days: u32| {
            let rho = NanoRho::new(split.charge().nano().saturating_mul(days.into()));
            Figure::new(rho, split.key_delta().delta() * f64::from(days), terms)
        };
        let of_lookups = |lookups: u32, is_pair: bool| {
            let rho = fixed.of_lookups(lookups, is_pair);
            let chance = chance_of_keys(&fixed.alone, lookups);
            Ok(Figure { rho, ..Figure::new(NanoRho::spent(rho)?, chance, terms) })
        };
        let target = TARGET_LOOKUPS
            .iter()
            .map(|&lookups| Ok(TargetFigure { lookups, figure: of_lookups(lookups, false)? }))
            .collect::<Result<_>>()?;
        Ok(Self {
            one_day: of_days(1),
            contact_pair: of_lookups(1, true)?,
            target,
            thirty_days: of_days(30),
            one_year: of_days(365),
            limits: Limits::new(terms),
        })
    }

    /// The losses of a contact pair and of a target, rounded up.
    ///
    /// # Errors
    /// Internal, when a loss cannot be counted.
    pub fn losses(&self) -> Result<Losses> {
        let target = self
            .target
            .iter()
            .map(|target| Ok((target.lookups, NanoRho::spent(target.figure.rho)?)))
            .collect::<Result<_>>()?;
        Ok(Losses { contact_pair: NanoRho::spent(self.contact_pair.rho)?, target })
    }

    /// The promise in words.
    pub fn words(&self, terms: &LedgerTerms) -> String {
        let (who, promise) = match terms.unit {
            Unit::RequesterDay => ("requester", "without that requester's lookups of that day"),
            Unit::PersonDay => (
                "person",
                "if every lookup of that day by that person or about that person had counted as \
                 nothing: what those say, how many they are up to the noise, and that a contact \
                 between two given people took place is hidden. Exempt targets are covered as \
                 requesters alone. It is not promised that figures look as if the person had never \
                 been there: lookups of others that made room for those stay as they are",
            ),
        };
        let limits = self.limits.map_or_else(String::new, |limits| {
            format!(
                " Whatever else is released through this ledger, any 30 consecutive days add up to \
                 {} and any 365 to {}, for any {who}.",
                limits.thirty_days, limits.one_year
            )
        });
        format!(
            "For any {who} and any one day ({zone}), everything ever published about that day \
             through this ledger is ({epsilon}, {delta})-indistinguishable from what it would be \
             {promise}. This release alone: {alone}. \
             That one requester looked up one target once: {pair}. Released like this every day, \
             30 days add up to {month} and a year to {year}.{limits} It does not hide facts about \
             crowds.",
            zone = terms.time_zone_name,
            epsilon = terms.epsilon.value(),
            delta = short_delta(terms.delta.value()),
            alone = self.one_day,
            pair = self.contact_pair,
            month = self.thirty_days,
            year = self.one_year,
        )
    }
}

#[cfg(test)]
mod tests;
