//! The family of lookups: which marginals are measured together for counts and shares.
//!
//! Candidates are the marginals that the questions ask for; a share whose keys some count has
//! already comes from the same cells, any other brings its condition as an axis of two values. A
//! part of the budget goes to the total with a loose clip, to which finer tables are raked; the rest
//! is divided by [`super::split`]. A fine table's clip is the norm that a requester of many lookups
//! has in it: the finer the table, the more its lookups lie apart, and the shorter its vector.

use super::cells::axis_size;
use super::history::History;
use super::layout::axis_name;
use super::least_squares::{AxisSet, MOST_AXES};
use super::split::{Candidate, Wanted, split};
use super::tables::{Axis, Contribution, MeasuredTable};
use crate::spec::measure::Measure;
use crate::spec::privacy_loss::{AttoDelta, NanoRho};
use crate::spec::question::{Clip, LATTICE_ONE, MOST_CLIP, Question};
use crate::{Error, Result};

/// How many lookups of a requester stay whole in fine tables, when nothing was released before.
const TYPICAL_MOST: f64 = 20.0;
/// The clip of the total then: about one requester-day in ten thousand lies above.
const TOTAL_CLIP: Clip = Clip::whole(300);
/// Which part of the family's budget the total gets, in hundredths.
const TOTAL_PART: u64 = 25;

/// How likely two lookups of one requester on one day fall on the same value of a key: of the same
/// hour, and of the same country (most people ask about one). Guesses, for clips only.
const SAME_HOUR: f64 = 1.0 / 12.0;
const SAME_COUNTRY: f64 = 0.6;

/// The questions over lookups and their axes.
#[derive(Debug, Clone)]
pub struct Lookups {
    axes: Vec<Axis>,
    sizes: Vec<u64>,
    wanted: Vec<Marginal>,
}

/// What the family may spend of a block.
#[derive(Debug, Clone, Copy)]
pub(super) enum FamilyBudget {
    /// The total and the finer tables share it.
    Together(NanoRho),
    /// Each has its own.
    Apart {
        /// What the total may spend.
        total: NanoRho,
        /// What the finer tables may spend.
        finer: NanoRho,
    },
}

/// What one question of the family reads.
#[derive(Debug, Clone)]
struct Marginal {
    question: String,
    axes: AxisSet,
    weight: u64,
    clip: Option<Clip>,
    target_clip: Option<Clip>,
    is_loose: bool,
}

impl Lookups {
    /// Finds the axes and the marginals of all counts and shares.
    ///
    /// # Errors
    /// Usage, for more axes than can be laid out.
    pub fn new(questions: &[Question]) -> Result<Self> {
        let mut family = Self { axes: Vec::new(), sizes: Vec::new(), wanted: Vec::new() };
        let counts: Vec<Vec<Axis>> = questions
            .iter()
            .filter(|question| question.measure == Measure::Count)
            .map(axes_of)
            .collect();
        for question in questions {
            let Some(axes) = marginal_axes(question, &counts) else { continue };
            let mut set = 0;
            for axis in axes {
                set |= 1 << family.place(axis, question)?;
            }
            family.wanted.push(Marginal {
                question: question.name.clone(),
                axes: set,
                weight: question.weight,
                clip: question.clip,
                target_clip: question.target_clip,
                is_loose: question.is_loose,
            });
        }
        Ok(family)
    }

    /// The axes, in the order of their bits.
    #[must_use]
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// How many values each axis has.
    #[must_use]
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    /// The axes that a question's answer is made of; none when it is not of this family.
    #[must_use]
    pub fn marginal(&self, question: &str) -> Option<AxisSet> {
        self.wanted.iter().find(|wanted| wanted.question == question).map(|wanted| wanted.axes)
    }

    /// The axes of a table as a set; none when one is not of this family.
    #[must_use]
    pub fn set(&self, axes: &[Axis]) -> Option<AxisSet> {
        axes.iter().try_fold(0, |set, axis| {
            let place = self.axes.iter().position(|known| known == axis)?;
            Some(set | 1 << place)
        })
    }

    /// The marginals whose tables bound heavy users as loosely as the total.
    #[must_use]
    pub fn loose(&self) -> Vec<AxisSet> {
        let loose = self.wanted.iter().filter(|wanted| wanted.is_loose);
        loose.map(|wanted| wanted.axes).collect()
    }

    /// The summed weight of the family's questions.
    pub(super) fn weight(&self) -> u64 {
        self.wanted.iter().map(|wanted| wanted.weight).sum()
    }

    /// Whether any question of the family has keys.
    pub(super) fn has_finer(&self) -> bool {
        self.wanted.iter().any(|wanted| wanted.axes != 0)
    }

    /// The tables to measure with this budget: the total first, then in the order asked.
    pub(super) fn tables(
        &self,
        budget: FamilyBudget,
        history: Option<&History>,
    ) -> Result<Vec<MeasuredTable>> {
        let mut sets: Vec<AxisSet> = Vec::new();
        for wanted in &self.wanted {
            if wanted.axes != 0 && !sets.contains(&wanted.axes) {
                sets.push(wanted.axes);
            }
        }
        if self.wanted.is_empty() {
            return Ok(Vec::new());
        }
        let total_part = if sets.is_empty() { 100 } else { TOTAL_PART };
        let (total_budget, rest) = match budget {
            FamilyBudget::Together(all) => {
                (all.part(total_part, 100), all.part(100 - total_part, 100))
            }
            FamilyBudget::Apart { total, finer } => (total, finer),
        };
        let learned = || {
            // Past the best clip there are as many requesters as the noise has contributions per
            // contribution of the clip (MECHANISMS 2.3).
            let past = 1.0 / (2.0 * total_budget.rho()).sqrt();
            let learned = history.and_then(|history| history.clip(TOTAL_CLIP, past));
            learned.unwrap_or(TOTAL_CLIP)
        };
        let total_clip = self.asked_clip(0).unwrap_or_else(learned);
        let typical = history.map_or(TYPICAL_MOST, History::typical_most);
        let loose = self.loose();
        let clip = |axes: AxisSet| {
            // A loose table takes of heavy users what the total takes.
            let is_loose = loose.contains(&axes);
            self.clip(axes, if is_loose { total_clip.contributions() } else { typical })
        };
        let candidates: Vec<Candidate> = sets
            .iter()
            .map(|axes| Candidate {
                axes: *axes,
                clip: clip(*axes).contributions(),
                is_loose: loose.contains(axes),
            })
            .collect();
        let wanted: Vec<Wanted> = self
            .wanted
            .iter()
            .filter(|wanted| wanted.axes != 0)
            .map(|wanted| Wanted { axes: wanted.axes, weight: wanted.weight as f64 })
            .collect();
        let parts = split(&self.sizes, &candidates, &wanted);
        let mut tables = vec![self.table(0, total_clip, total_budget)];
        for (table, part) in candidates.iter().zip(parts) {
            if part > 0.0 {
                let charge = rest.part(parts_per_billion(part), 1_000_000_000);
                tables.push(self.table(table.axes, clip(table.axes), charge));
            }
        }
        Ok(tables)
    }

    fn table(&self, set: AxisSet, clip: Clip, charge: NanoRho) -> MeasuredTable {
        let axes: Vec<Axis> = (0..self.axes.len())
            .filter(|axis| set >> axis & 1 == 1)
            .map(|axis| self.axes[axis].clone())
            .collect();
        let words: Vec<String> = axes
            .iter()
            .map(|axis| match axis {
                Axis::Key(name) => name.clone(),
                Axis::Condition(question) => format!("{question} met"),
            })
            .collect();
        let name = match words.as_slice() {
            // Never the name of a question, which has no space.
            [] => "all lookups".to_owned(),
            words => format!("lookups by {}", words.join(", ")),
        };
        let contribution = Contribution::Lookups;
        MeasuredTable {
            name,
            axes,
            contribution,
            clip,
            target_clip: self.asked_target_clip(set),
            over_window: false,
            charge,
            key_delta: AttoDelta::ZERO,
        }
    }

    /// The clip of a fine table: what the release file sets, or the norm of so many lookups of one
    /// requester, of which any two share a cell with the likelihood of their keys.
    fn clip(&self, set: AxisSet, lookups: f64) -> Clip {
        if let Some(clip) = self.asked_clip(set) {
            return clip;
        }
        let same: f64 = (0..self.axes.len())
            .filter(|axis| set >> axis & 1 == 1)
            .map(|axis| match &self.axes[axis] {
                Axis::Key(name) if name == "hour" => SAME_HOUR,
                Axis::Key(name) if name.ends_with("country") => SAME_COUNTRY,
                _ => 1.0 / (1.0 + (self.sizes[axis] as f64).log2()),
            })
            .product();
        let norm = (lookups + lookups * (lookups - 1.0) * same).sqrt().clamp(1.0, MOST_CLIP);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let units = (norm * LATTICE_ONE as f64).ceil() as u64;
        Clip::lattice(units)
    }

    /// The largest clip of a target that a question with these very axes sets.
    fn asked_target_clip(&self, set: AxisSet) -> Option<Clip> {
        let same = self.wanted.iter().filter(|wanted| wanted.axes == set);
        same.filter_map(|wanted| wanted.target_clip).max_by_key(|clip| clip.units())
    }

    /// The largest clip that a question with these very axes sets.
    fn asked_clip(&self, set: AxisSet) -> Option<Clip> {
        let same = self.wanted.iter().filter(|wanted| wanted.axes == set);
        same.filter_map(|wanted| wanted.clip).max_by_key(|clip| clip.units())
    }

    fn place(&mut self, axis: Axis, question: &Question) -> Result<usize> {
        if let Some(place) = self.axes.iter().position(|known| *known == axis) {
            return Ok(place);
        }
        if self.axes.len() == MOST_AXES {
            return Err(Error::usage(format!(
                "counts and shares have more than {MOST_AXES} keys together"
            ))
            .help("split the questions over two release files with one ledger"));
        }
        let size = match &axis {
            Axis::Condition(_) => 2,
            Axis::Key(name) => keys_of(question)
                .find(|key| axis_name(key) == name)
                .map(axis_size)
                .ok_or_else(|| Error::internal("a key is missing from its question"))?,
        };
        self.axes.push(axis);
        self.sizes.push(size);
        Ok(self.axes.len() - 1)
    }
}

/// The axes of a question's `by`.
pub(super) fn axes_of(question: &Question) -> Vec<Axis> {
    question.by.iter().map(|key| Axis::Key(axis_name(key).to_owned())).collect()
}

/// What a count or a share reads: its keys, and for a share the keys of its condition where some
/// count has them all, else the condition itself.
fn marginal_axes(question: &Question, counts: &[Vec<Axis>]) -> Option<Vec<Axis>> {
    let by = axes_of(question);
    match &question.measure {
        Measure::Count => Some(by),
        Measure::Share { keys, .. } => {
            let mut all = by.clone();
            for key in keys {
                let axis = Axis::Key(axis_name(key).to_owned());
                if !all.contains(&axis) {
                    all.push(axis);
                }
            }
            let counted = |count: &Vec<Axis>| all.iter().all(|axis| count.contains(axis));
            Some(if counts.iter().any(counted) {
                all
            } else {
                let mut axes = by;
                axes.push(Axis::Condition(question.name.clone()));
                axes
            })
        }
        _ => None,
    }
}

fn keys_of(question: &Question) -> impl Iterator<Item = &crate::spec::keys::Key> {
    let read = match &question.measure {
        Measure::Share { keys, .. } => keys.as_slice(),
        _ => &[],
    };
    question.by.iter().chain(read)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "parts lie between 0 and 1"
)]
fn parts_per_billion(part: f64) -> u64 {
    (part.clamp(0.0, 1.0) * 1e9).floor() as u64
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::spec::Release;
    use crate::spec::measure::HISTOGRAM_BINS;

    fn release(questions: &str) -> Release {
        let text = format!(
            "name = \"r\"\n[logs]\npath = \"x\"\n[keys]\napp = [\"a\", \"b\"]\n[ledger]\n\
             path = \"r.ledger\"\nepsilon = 1.0\ndelta = 1e-6\n{questions}"
        );
        Release::parse(&text, "r.toml", Path::new(".")).unwrap()
    }

    fn tables(questions: &str) -> Vec<MeasuredTable> {
        let release = release(questions);
        let budget = NanoRho::new(20_000_000);
        Lookups::new(&release.questions)
            .unwrap()
            .tables(FamilyBudget::Together(budget), None)
            .unwrap()
    }

    #[test]
    fn equal_questions_share_a_table_and_a_total_stands_beside_it() {
        let tables = tables(
            "[[question]]\nname = \"one\"\ncount = \"lookups\"\nby = [\"hour\", \"app\"]\n\
             [[question]]\nname = \"two\"\ncount = \"lookups\"\nby = [\"app\", \"hour\"]\nclip = 7\n\
             [[question]]\nname = \"three\"\nshare = \"app = 'a'\"\nby = [\"hour\"]\n",
        );
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["all lookups", "lookups by hour, app"]);
        assert_eq!((tables[0].clip, tables[1].clip), (TOTAL_CLIP, Clip::whole(7)));
        assert_eq!(tables[0].charge.nano(), 5_000_000);
        assert!((14_999_990..=15_000_000).contains(&tables[1].charge.nano()));
    }

    #[test]
    fn a_share_without_a_count_brings_its_condition() {
        let tables = tables(
            "[[question]]\nname = \"sms\"\nshare = \"route = 'sms'\"\nby = [\"app\"]\nclip = 5\n",
        );
        assert_eq!(tables[1].name, "lookups by app, sms met");
        assert_eq!(
            tables[1].axes,
            [Axis::Key("app".to_owned()), Axis::Condition("sms".to_owned())]
        );
        assert_eq!(tables[1].clip, Clip::whole(5));
    }

    #[test]
    fn clips_shrink_with_the_grain_and_follow_the_history() {
        let asked = "[[question]]\nname = \"app\"\ncount = \"lookups\"\nby = [\"app\"]\n\
                     [[question]]\nname = \"fine\"\ncount = \"lookups\"\nby = [\"app\", \"hour\"]\n";
        let constant = tables(asked);
        assert!(constant[2].clip.units() < constant[1].clip.units());
        let release = release(asked);
        let lookups = Lookups::new(&release.questions).unwrap();
        let with = |heavy: f64, noise_sd: f64| {
            let mut bins = vec![0.0; HISTOGRAM_BINS];
            (bins[0], bins[4], bins[16]) = (90_000.0, 9_000.0, heavy);
            let history = History::new(&[(bins, noise_sd)]).unwrap();
            {
                let budget = FamilyBudget::Together(NanoRho::new(20_000_000));
                lookups.tables(budget, Some(&history)).unwrap()
            }
        };
        // Nobody asks more than six times: the least clip takes nothing.
        let light = with(0.0, 1.0);
        assert_eq!(light[0].clip, Clip::whole(20));
        // A thousand requesters ask 500 times or more.
        let heavy = with(1_000.0, 1.0);
        assert_eq!(heavy[0].clip, Clip::whole(700));
        // Where the noise of the histogram hides a thousand, nothing is learned of them.
        assert_eq!(with(0.0, 1_000.0)[0].clip, TOTAL_CLIP);
        let spent = |tables: &[MeasuredTable]| -> u64 {
            tables.iter().map(|table| table.charge.nano()).sum()
        };
        assert!(spent(&light) <= 20_000_000 && spent(&heavy) <= 20_000_000);
    }

    #[test]
    fn the_total_alone_gets_everything() {
        let tables = tables("[[question]]\nname = \"all\"\ncount = \"lookups\"\n");
        assert_eq!(tables.len(), 1);
        assert_eq!(tables[0].charge.nano(), 20_000_000);
    }
}
