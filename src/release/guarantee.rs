//! What a release promises, in figures and in words, all from the same noise.

use serde::{Deserialize, Serialize};

use super::accounting::epsilon_of;
use super::draw::{PricedTable, total_charge};
use crate::Result;
use crate::release_file::file::LedgerTerms;
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::privacy_loss::NanoRho;
use crate::release_file::unit::Unit;

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
    /// One lookup by one requester about one target.
    pub contact_pair: NanoRho,
    /// All lookups about one target, by how many they are.
    pub target: Vec<(u32, NanoRho)>,
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
    /// # Errors
    /// Internal, when a loss cannot be converted.
    pub fn new(tables: &[PricedTable], cells: &[u32], terms: &LedgerTerms) -> Result<Self> {
        let delta = terms.conversion_delta();
        let figure = |rho: f64| -> Result<Figure> {
            Ok(Figure { rho, epsilon: epsilon_of(NanoRho::spent(rho)?, delta) })
        };
        let total = total_charge(tables)?.rho();
        let moved = |lookups: f64, is_pair: bool| -> f64 {
            tables
                .iter()
                .zip(cells)
                .map(|(priced, cells)| {
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
                let figure = figure(moved(f64::from(lookups), false))?;
                Ok(TargetFigure { lookups, figure })
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            delta,
            one_day: figure(total)?,
            contact_pair: figure(moved(1.0, true))?,
            target,
            thirty_days: figure(total * 30.0)?,
            one_year: figure(total * 365.0)?,
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
        format!(
            "For any {who} and any one day ({zone}), everything ever published about that day \
             through this ledger is ({epsilon}, {delta})-indistinguishable from what it would be \
             {promise}. This release alone: epsilon {alone:.3}. \
             That one requester looked up one target once: epsilon {pair:.3}. Released like this \
             every day, 30 days add up to epsilon {month:.2} and a year to {year:.1}. It does not \
             hide facts about crowds.",
            zone = terms.time_zone_name,
            epsilon = terms.epsilon.value(),
            delta = terms.delta.value(),
            alone = self.one_day.epsilon,
            pair = self.contact_pair.epsilon,
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
    use crate::release::price;
    use crate::release_file::ReleaseFile;

    fn guarantee(questions: &str) -> (Guarantee, f64) {
        let text = format!(
            "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
             delta = 1e-6\n{questions}"
        );
        let release_file = ReleaseFile::parse(&text, "r.toml", Path::new(".")).unwrap();
        let plan = Plan::new(&release_file, NanoRho::new(20_000_000), None).unwrap();
        let priced = price(&plan.tables).unwrap();
        let total = total_charge(&priced).unwrap().rho();
        (Guarantee::new(&priced, &plan.sizes(), &release_file.ledger).unwrap(), total)
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
    fn a_lookup_moves_the_sum_and_the_count_of_a_mean() {
        let (told, total) = guarantee(
            "[[question]]\nname = \"q\"\nmean = \"latency_ms\"\nrange = [0, 10]\nclip = 10\n",
        );
        // The vector of both moves by the root of two, against a clip of ten times that.
        assert!((told.contact_pair.rho / total - 0.01).abs() < 1e-4, "{told:?}");
    }
}
