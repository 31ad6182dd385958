//! The family of lookups: which marginals are measured together for counts and shares.
//!
//! Candidates are the marginals that the questions ask for; a share whose keys some count has
//! already comes from the same cells, any other brings its condition as an axis of two values. A
//! part of the budget goes to the total with a loose clip, to which finer tables are raked; the rest
//! is divided by [`super::split`]. A fine table's clip is the norm that a requester of many lookups
//! has in it: the finer the table, the more its lookups lie apart, and the shorter its vector.

use super::axis::{Axis, axis_name, axis_size};
use super::clips::{Clips, norm};
use super::family::{AxisSet, Family, MOST_AXES};
use super::history::History;
use super::kinds::{Contribution, Layers};
use super::role::Role;
use super::split::{Candidate, Wanted, split};
use super::table::MeasuredTable;
use crate::release_file::lattice::Clip;
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::question::Question;
use crate::release_file::unit::Unit;
use crate::{Error, Result};

/// The part of the family's budget that the total gets, in hundredths.
const TOTAL_PART: u64 = 40;

/// The questions over lookups and their axes.
#[derive(Debug, Clone)]
pub struct LookupMarginals {
    axes: Vec<Axis>,
    sizes: Vec<u64>,
    wanted: Vec<Marginal>,
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

impl LookupMarginals {
    /// Finds the axes and the marginals of all counts and shares.
    ///
    /// # Errors
    /// Usage, for more axes than can be laid out.
    pub fn new(questions: &[Question]) -> Result<Self> {
        let mut family = Self { axes: Vec::new(), sizes: Vec::new(), wanted: Vec::new() };
        let counts: Vec<Vec<Axis>> = questions
            .iter()
            .filter(|question| question.measure.is_count())
            .map(|question| question.by.iter().map(Axis::of).collect())
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

    /// The axes that the answer of a question is made of; `None` if it is not of this family.
    #[must_use]
    pub fn marginal(&self, question: &str) -> Option<AxisSet> {
        self.wanted.iter().find(|wanted| wanted.question == question).map(|wanted| wanted.axes)
    }

    /// The axes of a table as a set; `None` if one of them is not of this family.
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

    /// The tables to measure with this budget: the total first, then in the order asked.
    pub(super) fn tables(
        &self,
        budget: NanoRho,
        unit: Unit,
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
        let total_budget = budget.part(total_part, 100);
        let rest = budget.part(100 - total_part, 100);
        let clips = Clips::new(self.asked_clip(0), total_budget, rest, history);
        let loose = self.loose();
        let geometry = Family::new(self.sizes.clone(), Vec::new());
        let clip = |axes: AxisSet| {
            let cells = geometry.cells(axes);
            let has_hours = geometry.axes(axes).any(|axis| self.axes[axis].is_hour());
            let lookups = clips.whole_lookups(cells, has_hours, loose.contains(&axes));
            self.asked_clip(axes).unwrap_or_else(|| norm(&self.axes, &self.sizes, axes, lookups))
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
        // Layers are not sums of row weights, so they cannot be bounded at both ends.
        let total = match unit {
            Unit::PersonDay => Contribution::Lookups,
            Unit::RequesterDay => Contribution::Layers(Layers::up_to(clips.total)),
        };
        let mut tables = vec![self.table(0, total, clips.total, total_budget)];
        for (table, part) in candidates.iter().zip(parts) {
            if part > 0.0 {
                let charge = rest.part(parts_per_billion(part), 1_000_000_000);
                let (axes, counts) = (table.axes, Contribution::Lookups);
                tables.push(self.table(axes, counts, clip(axes), charge));
            }
        }
        Ok(tables)
    }

    fn table(
        &self,
        set: AxisSet,
        contribution: Contribution,
        asked: Clip,
        charge: NanoRho,
    ) -> MeasuredTable {
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
        MeasuredTable {
            name,
            role: if set == 0 { Role::Total } else { Role::Marginal },
            clip: contribution.kind().clip(Some(asked), &axes),
            axes,
            contribution,
            target_clip: self.asked_target_clip(set),
            charge,
            key_delta: AttoDelta::ZERO,
        }
    }

    /// The largest target clip that a question with exactly these axes sets.
    fn asked_target_clip(&self, set: AxisSet) -> Option<Clip> {
        let same = self.wanted.iter().filter(|wanted| wanted.axes == set);
        same.filter_map(|wanted| wanted.target_clip).max_by_key(|clip| clip.units())
    }

    /// The largest clip that a question with exactly these axes sets.
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

/// The axes that a count or a share reads: its keys, and for a share the keys of its condition if
/// some count has all of them, otherwise the condition itself.
fn marginal_axes(question: &Question, counts: &[Vec<Axis>]) -> Option<Vec<Axis>> {
    let by: Vec<Axis> = question.by.iter().map(Axis::of).collect();
    if question.measure.is_count() {
        return Some(by);
    }
    let (_, keys) = question.measure.condition()?;
    let mut all = by.clone();
    for axis in keys.iter().map(Axis::of) {
        if !all.contains(&axis) {
            all.push(axis);
        }
    }
    let counted = |count: &Vec<Axis>| all.iter().all(|axis| count.contains(axis));
    if counts.iter().any(counted) {
        return Some(all);
    }
    let condition = Axis::Condition(question.name.clone());
    Some(by.into_iter().chain([condition]).collect())
}

fn keys_of(question: &Question) -> impl Iterator<Item = &crate::release_file::keys::Key> {
    let read = question.measure.condition().map_or(&[][..], |(_, keys)| keys);
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
mod tests;
