//! The measured tables of a day: the look, the rounds that find prefixes, and what follows from both.

use super::asked::{Asked, AskedTable};
use super::axis::Axis;
use super::class_clips::steps;
use super::class_tables::{ClassTable, TableAxes, TableShare, class_tables, clip_of_sums};
use super::distinct;
use super::kinds::{CLASSES, Contribution, PrefixShapes, PrefixWeights, ShapeSums, Shapes, nodes};
use super::role::Role;
use super::split::{Split, shapes_part};
use super::table::MeasuredTable;
use crate::release_file::ReleaseFile;
use crate::release_file::keys::Key;
use crate::release_file::lattice::Clip;
use crate::release_file::prefix::{Prefix, PrefixOf};
use crate::release_file::privacy_loss::{AttoDelta, NanoRho};
use crate::release_file::question::Question;
use crate::release_file::unit::Unit;
use crate::{Error, Result};

/// The parts of the rounds that find prefixes. Simulated with five prefixes for each requester and
/// lognormal activity, 1 to 6 found 1.64 times the prefixes of a plain Gaussian threshold, 1 to 3 to 9
/// found 1.57 times and one round 1.2 times.
const ROUNDS: [u64; 2] = [1, 6];

/// The part that counts the lookups with a number, and the part that measures the sums of the
/// number. Sums of a number that lies low in its range bring by far the larger relative noise, and
/// in any range more than half of it.
fn of_sums(part: NanoRho) -> [NanoRho; 2] {
    [part.part(1, 5), part.part(4, 5)]
}

/// The number of requesters in each class.
pub type ClassNumbers = [f64; CLASSES];

/// Makes the tables of a release.
pub(super) struct Tables<'a> {
    pub(super) release_file: &'a ReleaseFile,
    pub(super) split: &'a Split,
}

impl Tables<'_> {
    /// The numbers of requesters by class.
    pub(super) fn look(&self) -> MeasuredTable {
        let role = Role::Look;
        // No question can have a name with spaces.
        let name = "requesters by activity".to_owned();
        self.table(name, role, Contribution::Activity, self.split.look)
    }

    /// The rounds that find the prefixes of each question; each finds prefixes that the rounds
    /// before it did not.
    pub(super) fn prefix_rounds(&self) -> Vec<MeasuredTable> {
        let mut tables = Vec::new();
        for (place, question) in self.release_file.questions.iter().enumerate() {
            let Some(prefix) = question.measure.prefix() else { continue };
            let (charge, key_delta) = (self.split.questions[place], self.split.key_deltas[place]);
            // Half for finding the prefixes, half for counting by them.
            tables.extend(self.rounds(question, prefix, charge.part(1, 2), key_delta));
        }
        tables
    }

    /// Everything else, as the numbers of the look and the prefixes ask for it.
    ///
    /// # Errors
    /// Internal, when questions and axes do not agree.
    pub(super) fn of_day(
        &self,
        asked: &Asked,
        numbers: &ClassNumbers,
    ) -> Result<Vec<MeasuredTable>> {
        let mut tables = Vec::new();
        for (place, question) in self.release_file.questions.iter().enumerate() {
            if let Some((contribution, axes)) = Contribution::of_requesters(question) {
                let charge = self.split.questions[place];
                tables.push(self.requesters_table(question, contribution, axes, numbers, charge));
            }
        }
        let shares = self.shares(asked);
        let sizes = asked.sizes();
        for (class, number) in numbers.iter().enumerate() {
            let class_number = u8::try_from(class).unwrap_or(u8::MAX);
            for table in class_tables(class, *number, &sizes, &shares) {
                tables.extend(self.shapes(asked, class_number, &table)?);
            }
            for table in &asked.tables {
                tables.extend(self.sums(asked, class_number, table)?);
            }
        }
        Ok(tables)
    }

    /// What each question's own table may cost, for the plan of a class.
    fn shares(&self, asked: &Asked) -> Vec<TableShare> {
        asked
            .tables
            .iter()
            .map(|table| {
                let question = &self.release_file.questions[table.question];
                let part = shapes_part(question, self.split.questions[table.question]);
                let part = if table.sums.is_some() { of_sums(part)[0] } else { part };
                TableShare { axes: table.axes.clone(), rho: part.rho() / self.sides() }
            })
            .collect()
    }

    /// How much more a table costs than it would if requesters alone were the unit: where targets are
    /// bounded as tightly as requesters, a person can be both.
    fn sides(&self) -> f64 {
        match self.release_file.ledger.unit {
            Unit::RequesterDay => 1.0,
            Unit::PersonDay => 4.0,
        }
    }

    /// A class's table of shapes; `None` if its part of the budget is too small to draw anything.
    fn shapes(
        &self,
        asked: &Asked,
        class: u8,
        table: &ClassTable,
    ) -> Result<Option<MeasuredTable>> {
        let axes = asked.named(&table.axes);
        let prefix = axes.iter().find_map(|axis| match axis {
            Axis::Prefix(question) => Some(question.as_str()),
            _ => None,
        });
        let contribution = match prefix {
            Some(question) => {
                Contribution::PrefixShapes(PrefixShapes { class, prefix: self.prefix(question)? })
            }
            None => Contribution::Shapes(Shapes { class }),
        };
        let words: Vec<String> = axes.iter().map(Axis::words).collect();
        let name = match words.as_slice() {
            [] => format!("class {class}"),
            words => format!("class {class} by {}", words.join(", ")),
        };
        let charge = NanoRho::spendable(table.rho * self.sides());
        let clip = Clip::lattice(steps(table.clip));
        let made = self.table(name, Role::Shapes, contribution, charge);
        Ok((charge > NanoRho::ZERO).then_some(MeasuredTable { axes, ..made.with_clip(clip) }))
    }

    /// A class's sums of a question's number; `None` for other questions.
    fn sums(&self, asked: &Asked, class: u8, table: &AskedTable) -> Result<Option<MeasuredTable>> {
        let Some(number) = &table.sums else { return Ok(None) };
        let question = &self.release_file.questions[table.question];
        let key = question.measure.summed();
        let grid = key.and_then(Key::grid);
        let grid = grid.ok_or_else(|| Error::internal("a sum is of a key that is no number"))?;
        let clip = clip_of_sums(class.into(), grid.is_long());
        let part = shapes_part(question, self.split.questions[table.question]);
        let contribution = Contribution::ShapeSums(ShapeSums { class, number: number.clone() });
        let axes = asked.named(&TableAxes { places: table.axes.clone(), in_blocks: false });
        let axes: Vec<Axis> =
            axes.into_iter().filter(|axis| !matches!(axis, Axis::HasNumber(_))).collect();
        let role = Role::Sums { question: question.name.clone() };
        let name = format!("class {class}, sums of {}", question.name);
        let made = self.table(name, role, contribution, of_sums(part)[1]);
        Ok(Some(MeasuredTable { axes, ..made.with_clip(Clip::lattice(steps(clip))) }))
    }

    fn prefix(&self, question: &str) -> Result<Prefix> {
        let questions = &self.release_file.questions;
        let found = questions.iter().find(|known| known.name == question);
        found
            .and_then(|found| found.measure.prefix())
            .ok_or_else(|| Error::internal("a table has prefixes of no question"))
    }

    /// The table of a question about requesters: a distinct count or a histogram.
    fn requesters_table(
        &self,
        question: &Question,
        contribution: Contribution,
        axes: Vec<Axis>,
        numbers: &ClassNumbers,
        charge: NanoRho,
    ) -> MeasuredTable {
        let role = Role::Own { question: question.name.clone() };
        let is_distinct_count = matches!(contribution, Contribution::Presence(_));
        let cells: u64 = question.by.iter().map(Key::size).product();
        let cells = u32::try_from(cells).unwrap_or(u32::MAX);
        let made = self.table(question.name.clone(), role, contribution, charge);
        let square = if is_distinct_count {
            let nodes = nodes().map(|node| node as f64);
            let classes: Vec<(f64, f64)> = nodes.into_iter().zip(*numbers).collect();
            distinct::squared_clip(cells, &classes, charge.rho() / self.sides())
        } else {
            1
        };
        MeasuredTable { axes, ..made.with_clip(Clip::root_of(square)) }
    }

    fn rounds(
        &self,
        question: &Question,
        prefix: Prefix,
        charge: NanoRho,
        key_delta: AttoDelta,
    ) -> Vec<MeasuredTable> {
        let rounds: &[u64] = match prefix.of {
            PrefixOf::Target => &ROUNDS,
            PrefixOf::Requester => &ROUNDS[..1],
        };
        let parts = rounds.iter().sum::<u64>();
        let of_round = |(round, part): (usize, &u64)| MeasuredTable {
            key_delta: key_delta.part(*part, parts),
            ..self.table(
                format!("{}: keys, round {round}", question.name),
                Role::PrefixRound { question: question.name.clone() },
                Contribution::PrefixWeights(PrefixWeights { prefix }),
                charge.part(*part, parts),
            )
        };
        (1..).zip(rounds).map(of_round).collect()
    }

    /// A table of no axes with a clip of one.
    fn table(
        &self,
        name: String,
        role: Role,
        contribution: Contribution,
        charge: NanoRho,
    ) -> MeasuredTable {
        let clip = Clip::whole(1);
        let target_clip = match self.release_file.ledger.unit {
            Unit::RequesterDay => None,
            Unit::PersonDay => Some(clip),
        };
        let (axes, key_delta) = (Vec::new(), AttoDelta::ZERO);
        MeasuredTable { name, role, axes, contribution, clip, target_clip, charge, key_delta }
    }
}
