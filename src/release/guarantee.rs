//! The promise of a release in figures and in words, all from the same noise (docs/mechanisms.md,
//! section 12).

use serde::{Deserialize, Serialize};

use super::accounting::{budget_of, cap_of, epsilon_of};
use super::draw::{PricedTable, total_charge, total_key_delta};
use super::threshold;
use crate::Result;
use crate::release_file::file::LedgerTerms;
use crate::release_file::lattice::LATTICE_ONE;
use crate::release_file::privacy_loss::{NanoRho, short_delta};
use crate::release_file::unit::Unit;

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
    #[must_use]
    pub fn new(rho: NanoRho, key_delta: f64, terms: &LedgerTerms) -> Self {
        let conversion = terms.conversion_delta();
        let epsilon = epsilon_of(rho, conversion);
        Self { rho: rho.rho(), epsilon, delta: (conversion + key_delta).min(1.0) }
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = if self.epsilon < 1.0 { 3 } else { 2 };
        write!(formatter, "epsilon {:.digits$} at delta {}", self.epsilon, short_delta(self.delta))
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

/// The loss in rho of lookups about one target, by one requester (a pair) or by as many requesters as
/// there are lookups.
fn moved(tables: &[PricedTable], cells: &[u32], lookups: f64, is_pair: bool) -> f64 {
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
                // Everything that is asked about one target was bounded.
                (false, Some(target)) => norm.min(target.contributions()),
                (false, None) => norm,
            };
            priced.charge.rho() * (norm / priced.table.sensitivity().contributions()).powi(2)
        })
        .sum()
}

/// The chance that a release finds any private prefix that vanishes with lookups about one target.
fn chance_of_keys(tables: &[PricedTable], lookups: u32) -> f64 {
    let found = |priced: &PricedTable| {
        Some(threshold::chance(priced.noise_scale, priced.threshold?, lookups))
    };
    tables.iter().filter_map(found).sum()
}

impl Limits {
    fn new(terms: &LedgerTerms) -> Option<Self> {
        let cap = cap_of(terms)?;
        let one_year = cap.of_a_year(budget_of(terms.epsilon, terms.conversion_delta()));
        let of = |rho, days: f64| Figure::new(rho, terms.key_delta.delta() * days, terms);
        Some(Self { thirty_days: of(cap.budget, 30.0), one_year: of(one_year, 365.0) })
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
    /// # Errors
    /// Internal, when a loss cannot be converted.
    pub fn new(tables: &[PricedTable], cells: &[u32], terms: &LedgerTerms) -> Result<Self> {
        let total = total_charge(tables)?;
        let key_delta = total_key_delta(tables)?.delta();
        let of_days = |days: u32| {
            let rho = NanoRho::new(total.nano().saturating_mul(days.into()));
            Figure::new(rho, key_delta * f64::from(days), terms)
        };
        let of_lookups = |lookups: u32, is_pair: bool| {
            let rho = moved(tables, cells, f64::from(lookups), is_pair);
            let chance = chance_of_keys(tables, lookups);
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
            delta = terms.delta.value(),
            alone = self.one_day,
            pair = self.contact_pair,
            month = self.thirty_days,
            year = self.one_year,
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
        let (figures, total) =
            guarantee("[[question]]\nname = \"q\"\ncount = \"lookups\"\nclip = 10\n");
        assert!(is_just(figures.contact_pair.rho, total / 100.0), "{figures:?}");
        // Ten lookups of one target by ten requesters move it as far as the clip.
        let ten = figures.target.iter().find(|figure| figure.lookups == 10).unwrap();
        assert!(is_just(ten.figure.rho, total), "{figures:?}");
    }

    #[test]
    fn a_lookup_that_moves_a_requester_between_bins_loses_more_than_the_requester() {
        let (figures, total) =
            guarantee("[[question]]\nname = \"q\"\nhistogram = \"lookups per requester\"\n");
        assert!((figures.contact_pair.rho - 2.0 * total).abs() < total * 1e-3, "{figures:?}");
        assert!((figures.one_day.rho - total).abs() < 1e-9);
    }

    #[test]
    fn no_target_loses_more_than_a_person_where_persons_are_the_unit() {
        let (figures, total) = guarantee(
            "[privacy]\nunit = \"person-day\"\n[[question]]\nname = \"q\"\ncount = \"lookups\"\nclip = 6\n\
             target_clip = 4\n",
        );
        // One lookup moves the table by one of ten, and however many about one target by four.
        assert!(is_just(figures.contact_pair.rho, total / 100.0), "{figures:?}");
        for figure in &figures.target {
            let most = f64::from(figure.lookups).min(4.0) / 10.0;
            assert!(is_just(figure.figure.rho, total * most * most), "{figures:?}");
        }
        assert!(figures.one_day.rho >= figures.target.last().unwrap().figure.rho);
    }

    #[test]
    fn a_lookup_moves_the_sum_and_the_count_of_a_mean() {
        let (figures, total) = guarantee(
            "[[question]]\nname = \"q\"\nmean = \"latency_ms\"\nrange = [0, 10]\nclip = 10\n",
        );
        // The vector of both moves by the root of two, against a clip of ten times that.
        assert!((figures.contact_pair.rho / total - 0.01).abs() < 1e-4, "{figures:?}");
    }

    #[test]
    fn each_figure_names_its_own_delta() {
        let (figures, _) = guarantee(
            "[[question]]\nname = \"q\"\ncount = \"lookups\"\nkeys = \"private\"\n\
             by = [\"target_prefix:6\"]\n",
        );
        // A tenth of delta is for private prefixes, of which this release asks for 0.7.
        let of_days =
            |figure: Figure, days: f64| (figure.delta / (9e-7 + days * 0.7e-7) - 1.0).abs() < 1e-9;
        assert!(of_days(figures.one_day, 1.0) && of_days(figures.thirty_days, 30.0), "{figures:?}");
        assert!(of_days(figures.one_year, 365.0), "{figures:?}");
        // One lookup is found as seldom as a requester; a key that only a target's lookups have the
        // more often the more they are.
        assert!(figures.contact_pair.delta < figures.one_day.delta, "{figures:?}");
        assert!(figures.contact_pair.delta > 9e-7 && figures.contact_pair.epsilon > 0.0);
        let deltas: Vec<f64> = figures.target.iter().map(|target| target.figure.delta).collect();
        assert!(deltas.is_sorted() && deltas[3] >= 1.0, "{deltas:?}");

        let (figures, _) = guarantee("[[question]]\nname = \"q\"\ncount = \"lookups\"\n");
        for figure in
            [figures.one_day, figures.contact_pair, figures.one_year, figures.target[3].figure]
        {
            assert!((figure.delta / 9e-7 - 1.0).abs() < 1e-9, "{figures:?}");
        }
        assert_eq!(figures.limits, None);
        assert!(figures.one_day.to_string().ends_with(" at delta 9e-7"));
    }

    #[test]
    fn a_capped_ledger_promises_30_days_and_a_year() {
        let text = "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\n\
                    epsilon = 1.0\nepsilon_30_days = 4.0\ndelta = 1e-6\nkey_delta = 0.0\n\
                    [[question]]\nname = \"q\"\ncount = \"lookups\"\n";
        let release_file = ReleaseFile::parse(text, "r.toml", Path::new(".")).unwrap();
        let plan = Plan::new(&release_file, NanoRho::new(20_000_000), None).unwrap();
        let priced = price(&plan.tables).unwrap();
        let figures = Guarantee::new(&priced, &plan.sizes(), &release_file.ledger).unwrap();
        let limits = figures.limits.unwrap();
        // Twelve times the cap and five days of a block's budget; independently: epsilon 17.8.
        let month = limits.thirty_days;
        assert!(month.epsilon <= 4.0 && month.epsilon > 3.999_99, "{limits:?}");
        let year = 12.0 * month.rho + 5.0 * 0.028_014_48;
        assert!((limits.one_year.rho / year - 1.0).abs() < 1e-5, "{limits:?}");
        assert!((limits.one_year.epsilon - 17.8).abs() < 0.05, "{limits:?}");
        let words = figures.words(&release_file.ledger);
        let promise = "any 30 consecutive days add up to epsilon 4.00 at delta 1e-6 and any 365 to \
                       epsilon 17.";
        assert!(words.contains(promise), "{words}");
    }
}
