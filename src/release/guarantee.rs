//! What a release promises, in figures and in words, all from the same noise.

use serde::{Deserialize, Serialize};

use super::accounting::{block_budget, epsilon_of};
use super::draw::{PricedTable, total_charge};
use crate::Result;
use crate::plan::{Contribution, MOST_KEYS, MOST_KEYS_OF_ONE};
use crate::spec::privacy_loss::NanoRho;
use crate::spec::question::LATTICE_ONE;
use crate::spec::release::LedgerTerms;
use crate::spec::unit::{Unit, WINDOW_DAYS};

/// How many lookups of one target the target figure is told for.
const TARGET_LOOKUPS: [u32; 4] = [1, 10, 100, 1_000];

/// The figures of one release of one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guarantee {
    /// At which delta every epsilon here holds.
    pub delta: f64,
    /// One unit, one day, this release alone.
    pub one_day: Figure,
    /// One lookup by one requester about one target.
    pub contact_pair: Figure,
    /// All lookups about one target, struck out, by how many they are.
    pub target: Vec<TargetFigure>,
    /// One requester, all blocks of one of the ledger's windows released like this one, where windows
    /// are the unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_window: Option<Figure>,
    /// One unit, any 30 days released like this one.
    pub thirty_days: Figure,
    /// One unit, 365 days released like this one.
    pub one_year: Figure,
}

/// A loss with its epsilon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// As zero-concentrated loss.
    pub rho: f64,
    /// At the guarantee's delta, rounded up.
    pub epsilon: f64,
}

/// The figure of a target that was looked up so many times that day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TargetFigure {
    /// How many lookups.
    pub lookups: u32,
    /// What they lose.
    #[serde(flatten)]
    pub figure: Figure,
}

/// What one release of one day costs a contact pair and a target, as a statement adds it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// One lookup by one requester about one target. Where windows are the unit, the sum over several
    /// draws counts twice: what is moved and what is used up add up under the root.
    pub contact_pair: NanoRho,
    /// All lookups about one target, by how many they are.
    pub target: Vec<(u32, NanoRho)>,
}

/// How far one lookup can move a requester's vector, and how far apart two of them can lie.
fn reach(contribution: &Contribution, clip: f64) -> (f64, f64) {
    let root = std::f64::consts::SQRT_2;
    match contribution {
        Contribution::Lookups | Contribution::Presence { .. } | Contribution::KeyCounts { .. } => {
            (1.0, root * clip)
        }
        // A lookup more reaches one layer, or parts of two.
        Contribution::Layers { .. } => (1.0, root * clip),
        // A signed sum may point either way.
        Contribution::Sum { .. } => (1.0, 2.0 * clip),
        // The sum never exceeds the count beside it, so two such vectors are at right angles at most.
        Contribution::Mean { .. } => (root, root * clip),
        // One lookup moves a requester from one bin to another.
        Contribution::Histogram => (root, root),
        // All lookups about one target are of one key: without them it is not there, or another of
        // the keys that have weight takes its place.
        Contribution::KeyWeights { .. } => (1.0, 1.0),
    }
}

/// How many caps of a window 30 days that are no window can cost: two in each that they lie in.
pub const CAPS_OF_30_DAYS: u64 = 4;
/// The same of 365 days: one in each of twelve whole windows, two in each of the two at the ends.
pub const CAPS_OF_A_YEAR: u64 = 16;

/// What one lookup can use up of what a requester may still lose in its window.
fn used_up(priced: &PricedTable, cells: f64) -> f64 {
    let clip = priced.table.clip.contributions();
    let (each, _) = reach(&priced.table.contribution, clip);
    let rounding = (2.0 * cells).sqrt() / LATTICE_ONE as f64;
    let part = ((each + rounding) / clip).min(1.0);
    priced.charge.rho() * (2.0 - part) * part
}

/// How far one lookup that counts as nothing can move a vector: nothing else of it changes.
const fn struck_out(contribution: &Contribution) -> f64 {
    match contribution {
        Contribution::Mean { .. } => std::f64::consts::SQRT_2,
        _ => 1.0,
    }
}

impl Guarantee {
    /// Computes the figures; `cells` gives each table's number of cells.
    ///
    /// # Source
    /// The pair figure is the sum over tables of rho times (min(k (L + e), M) / C)^2 for k lookups:
    /// L is how far one lookup moves a requester's vector before scaling, e the rounding of the
    /// lattice, M how far two scaled vectors can lie apart. The target figure is the same sum
    /// without M, since a target's lookups are spread over requesters; where persons are the unit, M
    /// is the clip of a target.
    ///
    /// Where requesters are held to a cap over a window, a lookup also uses up what is left for days
    /// drawn later: at most the difference of two squared norms, (2 C n - n^2) / C^2 of the charge for
    /// n = L + e, and later vectors move by no more than that in all. For one draw both add up; over
    /// several draws twice their sum is a bound (see [`Losses`]).
    ///
    /// Taking a requester's lookups of some days out of a window frees what they used up, for the days
    /// that stay: the window then moves by up to twice the cap, and by twice what the taken days
    /// charge. Any 30 days that are no window lie in two; 365 days in twelve whole ones and two more.
    ///
    /// # Errors
    /// Internal, when a loss cannot be converted.
    pub fn new(tables: &[PricedTable], cells: &[u32], terms: &LedgerTerms) -> Result<Self> {
        let delta = terms.conversion_delta();
        let figure = |rho: f64| -> Result<Figure> {
            Ok(Figure { rho, epsilon: epsilon_of(NanoRho::spent(rho)?, delta)? })
        };
        let total = total_charge(tables)?.rho();
        let moved = |lookups: f64, is_pair: bool, of: &dyn Fn(&PricedTable) -> bool| -> f64 {
            tables
                .iter()
                .zip(cells)
                .filter(|(priced, _)| of(priced))
                .map(|(priced, cells)| {
                    let cells = match priced.table.contribution {
                        Contribution::KeyWeights { .. } => MOST_KEYS_OF_ONE as f64,
                        // Known ones and two rounds of found ones.
                        Contribution::KeyCounts { .. } => 3.0 * MOST_KEYS as f64,
                        _ => f64::from(*cells),
                    };
                    let clip = priced.table.clip.contributions();
                    let (each, most) = match priced.table.target_clip {
                        None => reach(&priced.table.contribution, clip),
                        Some(target) => (
                            struck_out(&priced.table.contribution),
                            clip.min(target.contributions()),
                        ),
                    };
                    let rounding = (2.0 * cells).sqrt() / LATTICE_ONE as f64;
                    let norm = lookups * (each + rounding);
                    let norm = match (is_pair, priced.table.target_clip) {
                        (true, _) => norm.min(most),
                        // All that is asked about one target was bounded.
                        (false, Some(target)) => norm.min(target.contributions()),
                        (false, None) => norm,
                    };
                    priced.charge.rho()
                        * (norm / priced.table.sensitivity().contributions()).powi(2)
                })
                .sum()
        };
        let target = TARGET_LOOKUPS
            .iter()
            .map(|&lookups| {
                let figure = figure(moved(f64::from(lookups), false, &|_| true))?;
                Ok(TargetFigure { lookups, figure })
            })
            .collect::<Result<_>>()?;
        let bounded = |priced: &PricedTable| priced.table.over_window;
        let held = tables.iter().filter(|priced| bounded(priced));
        let over_window = NanoRho::new(held.map(|priced| priced.charge.nano()).sum());
        let each_day = total_charge(tables)?.left_after(over_window).rho();
        let over_window = over_window.rho();
        let cap = terms.unit.running_cap(block_budget(terms)?).map(NanoRho::rho);
        // So many blocks, and what is bounded over windows so often, up to so many caps.
        let over = |blocks: f64, often: f64, caps: f64| {
            let most = cap.map_or(f64::INFINITY, |cap| cap * caps);
            figure(each_day * blocks + (over_window * blocks * often).min(most))
        };
        let used: f64 = tables
            .iter()
            .zip(cells)
            .filter(|(priced, _)| bounded(priced))
            .map(|(priced, cells)| used_up(priced, f64::from(*cells)))
            .sum();
        let pair = moved(1.0, true, &|_| true) + used;
        Ok(Self {
            delta,
            one_day: figure(total)?,
            contact_pair: figure(pair)?,
            target,
            one_window: cap.map(|_| over(f64::from(WINDOW_DAYS), 1.0, 1.0)).transpose()?,
            thirty_days: over(30.0, 2.0, CAPS_OF_30_DAYS as f64)?,
            one_year: over(365.0, 2.0, CAPS_OF_A_YEAR as f64)?,
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
    #[must_use]
    pub fn words(&self, terms: &LedgerTerms) -> String {
        let promise = match terms.unit {
            Unit::RequesterDay => {
                "without that requester's lookups of that day. This release alone"
            }
            Unit::RequesterWindow => {
                "without that requester's lookups of that window. Released like this on each of its \
                 days"
            }
            Unit::PersonDay => {
                "if every lookup of that day by that person or about that person had counted as \
                 nothing: what those say, how many they are up to the noise, and that a contact \
                 between two given people took place is hidden. Exempt targets are covered as \
                 requesters alone. It is not promised that figures look as if the person had never \
                 been there: lookups of others that made room for those stay as they are. This \
                 release alone"
            }
        };
        let alone = self.one_window.unwrap_or(self.one_day);
        let (who, when, what) = match terms.unit {
            Unit::RequesterDay => ("requester", "any one day", "that day"),
            Unit::RequesterWindow => (
                "requester",
                "any window of 30 days, counted from the first that the ledger charged",
                "that window",
            ),
            Unit::PersonDay => ("person", "any one day", "that day"),
        };
        format!(
            "For any {who} and {when} ({zone}), everything ever published about {what} \
             through this ledger is ({epsilon}, {delta})-indistinguishable from what it would be \
             {promise}: epsilon {alone:.3}. \
             That one requester looked up one target once: epsilon {pair:.3}. {span}, 30 days \
             add up to epsilon {month:.2} and a year to {year:.1}. It does not hide facts about \
             crowds.",
            zone = terms.time_zone_name,
            epsilon = terms.epsilon.value(),
            delta = terms.delta.value(),
            alone = alone.epsilon,
            pair = self.contact_pair.epsilon,
            span = if self.one_window.is_some() {
                "Other days can lie in two windows and make room in both: released like this every \
                 day"
            } else {
                "Released like this every day"
            },
            month = self.thirty_days.epsilon,
            year = self.one_year.epsilon,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::plan::Plan;
    use crate::release::{budget_of, price};
    use crate::spec::Release;
    use crate::spec::privacy_loss::Epsilon;
    fn guarantee(questions: &str) -> (Guarantee, f64) {
        let text = format!(
            "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
             delta = 1e-6\n{questions}"
        );
        let release = Release::parse(&text, "r.toml", Path::new(".")).unwrap();
        let budget = match release.ledger.unit {
            Unit::RequesterWindow => block_budget(&release.ledger).unwrap(),
            _ => NanoRho::new(20_000_000),
        };
        let plan = Plan::new(&release, budget, None).unwrap();
        let priced = price(&plan.tables).unwrap();
        let total = total_charge(&priced).unwrap().rho();
        (Guarantee::new(&priced, &plan.sizes(), &release.ledger).unwrap(), total)
    }

    /// Whether `rho` is `expected`, or above it by the rounding of the lattice.
    fn is_just(rho: f64, expected: f64) -> bool {
        rho >= expected && rho < expected * 1.001
    }

    #[test]
    fn one_lookup_moves_a_count_by_one_over_its_clip() {
        let (told, total) =
            guarantee("[[question]]\nname = \"q\"\ncount = \"lookups\"\nclip = 10\n");
        assert!(is_just(told.contact_pair.rho, total / 100.0), "{told:?}");
        // Ten lookups of one target by ten requesters move it as far as the clip.
        let ten = told.target.iter().find(|figure| figure.lookups == 10).unwrap();
        assert!(is_just(ten.figure.rho, total), "{told:?}");
    }

    #[test]
    fn a_lookup_that_moves_a_requester_between_bins_loses_more_than_the_requester() {
        let (told, total) =
            guarantee("[[question]]\nname = \"q\"\nhistogram = \"lookups per requester\"\n");
        assert!((told.contact_pair.rho - 2.0 * total).abs() < total * 1e-3, "{told:?}");
        assert!((told.one_day.rho - total).abs() < 1e-9);
    }

    #[test]
    fn no_target_loses_more_than_a_person_where_persons_are_the_unit() {
        let (told, total) = guarantee(
            "[privacy]\nunit = \"person-day\"\n[[question]]\nname = \"q\"\ncount = \"lookups\"\nclip = 6\n\
             target_clip = 4\n",
        );
        // One lookup moves the table by one of ten, and however many about one target by four.
        assert!(is_just(told.contact_pair.rho, total / 100.0), "{told:?}");
        for figure in &told.target {
            let most = f64::from(figure.lookups).min(4.0) / 10.0;
            assert!(is_just(figure.figure.rho, total * most * most), "{told:?}");
        }
        assert!(told.one_day.rho >= told.target.last().unwrap().figure.rho);
    }

    #[test]
    fn a_window_adds_its_days_up_to_the_cap_and_other_days_lie_in_two() {
        let (told, _) = guarantee(
            "[privacy]\nunit = \"requester-window\"\nwhole_days = 5\nbudget_share = 1.0\n\
             [keys]\napp = [\"a\"]\n[[question]]\nname = \"q\"\ncount = \"lookups\"\n\
             by = [\"app\"]\nclip = 4\n",
        );
        let whole = budget_of(Epsilon::new(1.0, "epsilon").unwrap(), 1e-6).unwrap().rho();
        let window = told.one_window.unwrap();
        assert!(
            window.rho <= whole && window.rho > whole * 0.99 && window.epsilon <= 1.0,
            "{told:?}"
        );
        // One half for the blocks, and four times the other: two windows, each moved twice.
        assert!((told.thirty_days.rho / whole - 2.5).abs() < 0.01, "{told:?}");
        // A thirtieth of one half, and a fifth of the other.
        assert!((told.one_day.rho / whole - 0.5 / 30.0 - 0.5 / 5.0).abs() < 1e-3, "{told:?}");
        // One of four lookups, and what it uses up: 7 of 16; one of 75 in the layers of the total.
        let pair = whole * 0.1 * (1.0 / 16.0 + 7.0 / 16.0) + whole / 60.0 / 5_625.0;
        assert!(is_just(told.contact_pair.rho, pair * 0.999_9), "{told:?} {pair}");
    }

    #[test]
    fn a_lookup_moves_the_sum_and_the_count_of_a_mean() {
        let (told, total) = guarantee(
            "[[question]]\nname = \"q\"\nmean = \"latency_ms\"\nrange = [0, 10]\nclip = 10\n",
        );
        // The vector of both moves by the root of two, against a clip of ten times that.
        assert!((told.contact_pair.rho / total - 0.01).abs() < 1e-4, "{told:?}");
    }
}
