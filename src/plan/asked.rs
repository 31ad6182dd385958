//! Which shapes the questions ask for: the axes of all of them together, and the table of each.
//!
//! A share is read off the cells of a count that has all of its keys; if there is none, it brings
//! its condition as an axis of two values. Sums and means of a number ask how many lookups have
//! one.

use super::axis::{Axis, axis_name, block};
use super::class_tables::{AxisSize, TableAxes};
use super::kinds::MOST_PREFIX_CELLS;
use crate::release_file::keys::{Key, MOST_CELLS};
use crate::release_file::question::Question;
use crate::{Error, Result};

/// The most axes of one question: its estimates go through every subset of them.
const MOST_AXES: usize = 8;

/// An axis that some question asks by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedAxis {
    /// What it distinguishes.
    pub axis: Axis,
    /// How many values it has; for prefixes one until they are found.
    pub size: u64,
    /// How many neighbouring values make a block.
    pub block: Option<u64>,
    /// Whether its values are bins of a number.
    pub is_number: bool,
}

impl AskedAxis {
    /// How many blocks it has, if its values are bins of a number.
    fn number_blocks(&self) -> Option<u64> {
        self.block.filter(|_| self.is_number).map(|block| self.size.div_ceil(block))
    }
}

/// A question that is answered from shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedTable {
    /// The name of the question.
    pub name: String,
    /// Its place among the questions of the release file.
    pub question: usize,
    /// The places of its axes, ascending; none for a total.
    pub axes: Vec<usize>,
    /// The number that it sums up, by its key.
    pub sums: Option<String>,
}

/// The axes and tables of all questions that are answered from shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The axes, in the order in which questions name them.
    pub axes: Vec<AskedAxis>,
    /// The tables, in the order of the questions.
    pub tables: Vec<AskedTable>,
}

impl Asked {
    /// Finds the axes and tables of all questions.
    ///
    /// # Errors
    /// Usage, for more keys or cells than estimates can hold.
    pub fn new(questions: &[Question]) -> Result<Self> {
        let mut asked = Self { axes: Vec::new(), tables: Vec::new() };
        let counts: Vec<Vec<Axis>> = questions
            .iter()
            .filter(|question| question.measure.is_count())
            .map(|question| question.by.iter().map(Axis::of).collect())
            .collect();
        for (place, question) in questions.iter().enumerate() {
            let Some(axes) = axes_of(question, &counts) else { continue };
            if axes.len() > MOST_AXES {
                return Err(Error::usage(format!(
                    "question `{}`: it names more than {MOST_AXES} keys",
                    question.name
                ))
                .help("drop a key from `by`"));
            }
            let places = axes.into_iter().map(|axis| asked.place(axis, question));
            let mut axes = places.collect::<Result<Vec<usize>>>()?;
            axes.sort_unstable();
            let sums = question.measure.summed().map(|key| key.name().to_owned());
            let name = question.name.clone();
            asked.tables.push(AskedTable { name, question: place, axes, sums });
        }
        asked.require_cells(questions)?;
        Ok(asked)
    }

    /// The places of these axes, in the order given.
    ///
    /// # Errors
    /// Internal, when no question asks by one of them.
    pub fn places(&self, axes: &[Axis]) -> Result<Vec<usize>> {
        let place = |axis: &Axis| {
            self.axes.iter().position(|known| match (axis, &known.axis) {
                (Axis::Blocks(name), Axis::Key(key)) => name == key,
                (axis, known) => axis == known,
            })
        };
        axes.iter()
            .map(|axis| place(axis).ok_or_else(|| Error::internal("an axis is of no question")))
            .collect()
    }

    /// The table of a question; `None` if it is not answered from shapes.
    pub fn table(&self, question: &str) -> Option<&AskedTable> {
        self.tables.iter().find(|table| table.name == question)
    }

    /// The sizes of the axes, for the plan of a class.
    pub(super) fn sizes(&self) -> Vec<AxisSize> {
        let size = |axis: &AskedAxis| AxisSize {
            values: axis.size as f64,
            blocks: axis.number_blocks().map(|blocks| blocks as f64),
        };
        self.axes.iter().map(size).collect()
    }

    /// How many tables of shapes a class has at most, whatever its look shows: every subset of the axes of
    /// every question, by bins and by blocks of them, and its sums.
    pub fn most_tables(&self) -> u64 {
        let of = |table: &AskedTable| {
            let has_blocks = |axis: &usize| self.axes[*axis].number_blocks().is_some();
            let subsets = 1_u64 << table.axes.len();
            subsets * (1 + u64::from(table.axes.iter().any(has_blocks)))
                + u64::from(table.sums.is_some())
        };
        self.tables.iter().map(of).sum()
    }

    /// How many cells all these tables have at most.
    pub fn most_cells(&self) -> u64 {
        let of = |table: &AskedTable| -> u64 {
            let and_without = |axis: &usize| match self.axes[*axis].axis {
                Axis::Prefix(_) => u64::from(MOST_PREFIX_CELLS) + 1,
                _ => {
                    let axis = &self.axes[*axis];
                    axis.size + axis.number_blocks().unwrap_or(0) + 1
                }
            };
            table.axes.iter().map(and_without).product()
        };
        self.tables.iter().map(of).sum()
    }

    /// The axes of a table.
    pub fn named(&self, axes: &TableAxes) -> Vec<Axis> {
        let named = |place: &usize| match &self.axes[*place] {
            AskedAxis { axis: Axis::Key(name), is_number: true, .. } if axes.in_blocks => {
                Axis::Blocks(name.clone())
            }
            known => known.axis.clone(),
        };
        axes.places.iter().map(named).collect()
    }

    /// Sets how many values the axis of a question's prefixes has.
    pub(super) fn set_prefixes(&mut self, question: &str, size: u64) {
        let is_of =
            |axis: &&mut AskedAxis| matches!(&axis.axis, Axis::Prefix(name) if name == question);
        self.axes.iter_mut().filter(is_of).for_each(|axis| axis.size = size);
    }

    fn place(&mut self, axis: Axis, question: &Question) -> Result<usize> {
        if let Some(place) = self.axes.iter().position(|known| known.axis == axis) {
            return Ok(place);
        }
        let (size, block, is_number) = match &axis {
            Axis::Condition(_) | Axis::HasNumber(_) => (2, None, false),
            Axis::Prefix(_) => (1, None, false),
            Axis::Key(name) | Axis::Blocks(name) => {
                let key = keys_of(question)
                    .find(|key| axis_name(key) == name)
                    .ok_or_else(|| Error::internal("a key is missing from its question"))?;
                (key.size(), block(key), key.grid().is_some())
            }
        };
        self.axes.push(AskedAxis { axis, size, block, is_number });
        Ok(self.axes.len() - 1)
    }

    fn require_cells(&self, questions: &[Question]) -> Result<()> {
        let mut seen: Vec<&[usize]> = Vec::new();
        let mut cells = 0_u64;
        for table in &self.tables {
            if seen.contains(&&table.axes[..]) {
                continue;
            }
            seen.push(&table.axes);
            let own = table
                .axes
                .iter()
                .try_fold(1_u64, |cells, axis| cells.checked_mul(self.axes[*axis].size));
            cells = cells.saturating_add(own.unwrap_or(u64::MAX));
            if cells > MOST_CELLS {
                return Err(Error::usage(format!(
                    "question `{}`: the tables of all questions together have more than 1,000,000 \
                     cells",
                    questions[table.question].name
                ))
                .help("drop a key from `by`, or shorten a list in `[keys]`"));
            }
        }
        Ok(())
    }
}

/// The axes that a question reads: its keys, and for a share those of its condition if some count has
/// all of them, otherwise the condition itself. `None` for questions about requesters.
fn axes_of(question: &Question, counts: &[Vec<Axis>]) -> Option<Vec<Axis>> {
    let by: Vec<Axis> = question.by.iter().map(Axis::of).collect();
    let measure = &question.measure;
    if measure.is_of_requesters() {
        return None;
    }
    if measure.prefix().is_some() {
        return Some(vec![Axis::Prefix(question.name.clone())]);
    }
    let own = if let Some((_, keys)) = measure.condition() {
        let mut all = by.clone();
        for axis in keys.iter().map(Axis::of) {
            if !all.contains(&axis) {
                all.push(axis);
            }
        }
        if counts.iter().any(|count| all.iter().all(|axis| count.contains(axis))) {
            return Some(all);
        }
        Some(Axis::Condition(question.name.clone()))
    } else if let Some(key) = measure.summed() {
        Some(Axis::HasNumber(key.name().to_owned()))
    } else {
        measure.number().map(Axis::of)
    };
    Some(by.into_iter().chain(own).collect())
}

fn keys_of(question: &Question) -> impl Iterator<Item = &Key> {
    let read = question.measure.condition().map_or(&[][..], |(_, keys)| keys);
    question.by.iter().chain(read).chain(question.measure.number())
}
