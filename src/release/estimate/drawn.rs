//! What was drawn on a day, sorted by what answers need.

use super::super::draw::NoisyTable;
use super::answer::Answer;
use super::class_numbers::{NoisyNumbers, class_numbers};
use super::deviations::DayEstimate;
use super::geometry::Geometry;
use super::levels::{Level, LevelAxis};
use super::observed::{Observed, numbers_again};
use super::shapes::Shapes;
use super::value::Estimate;
use crate::plan::kinds::CLASSES;
use crate::plan::{Axis, Plan, Role, TableAxes};
use crate::release_file::question::Question;
use crate::{Error, Result};

/// How one kind of question is answered.
pub(super) trait Estimator {
    /// The answer to the question.
    ///
    /// # Errors
    /// Internal, when the tables are not of the question.
    fn answer(&self, question: &Question, drawn: &Drawn<'_>) -> Result<Answer>;
}

/// What was drawn for a plan.
pub(super) struct Drawn<'a> {
    pub(super) plan: &'a Plan,
    pub(super) tables: &'a [NoisyTable],
    pub(super) day: DayEstimate,
}

impl<'a> Drawn<'a> {
    /// Sorts the tables by class and estimates numbers and shapes.
    ///
    /// # Errors
    /// Internal, when a table is not of the plan.
    pub(super) fn new(
        plan: &'a Plan,
        look: &NoisyNumbers,
        tables: &'a [NoisyTable],
    ) -> Result<Self> {
        let mut observed: [Vec<Observed>; CLASSES] = std::array::from_fn(|_| Vec::new());
        for table in tables {
            let measured = &table.priced().table;
            let Some(class) = measured.class().filter(|_| measured.role == Role::Shapes) else {
                continue;
            };
            observed[class].push(Observed {
                axes: TableAxes {
                    places: plan.asked.places(&measured.axes)?,
                    in_blocks: measured.axes.iter().any(|axis| matches!(axis, Axis::Blocks(_))),
                },
                clip: measured.clip.contributions(),
                sd: table.noise_sd(),
                cells: table.contributions().collect(),
            });
        }
        let numbers = class_numbers(&numbers_again(look, &observed));
        let geometry = Geometry::new(plan.asked.axes.iter().map(LevelAxis::from).collect());
        let asked: Vec<Vec<usize>> =
            plan.asked.tables.iter().map(|table| table.axes.clone()).collect();
        let values = numbers.map(|class| class.number);
        let shapes = Shapes::new(geometry, &asked, &values, &observed);
        Ok(Self { plan, tables, day: DayEstimate { numbers, shapes } })
    }

    /// The table that was measured for one question alone, with its place.
    ///
    /// # Errors
    /// Internal, when there is none.
    pub(super) fn own(&self, question: &Question) -> Result<(usize, &'a NoisyTable)> {
        let mut tables = self.tables.iter().enumerate();
        tables
            .find(|(_, table)| table.priced().table.role.answers(&question.name))
            .ok_or_else(|| Error::internal("a question has no measured table"))
    }

    /// The level of these axes.
    ///
    /// # Errors
    /// Internal, when no question asks by one of them.
    pub(super) fn level(&self, axes: &[Axis]) -> Result<Level> {
        Ok(self.day.shapes.geometry.full(&self.plan.asked.places(axes)?))
    }

    /// The cell of each combination of these axes' values: combinations are in the order of the axes as
    /// given, the last changing fastest, cells in that of the plan.
    ///
    /// # Errors
    /// Internal, when no question asks by one of the axes.
    pub(super) fn cells_in_order(&self, axes: &[Axis]) -> Result<Vec<usize>> {
        let places = self.plan.asked.places(axes)?;
        let size = |axis: usize| self.day.shapes.geometry.axes[axis].size;
        let mut cells = vec![0];
        for axis in &places {
            // How far apart the values of this axis lie among the cells.
            let stride: usize =
                places.iter().filter(|other| *other > axis).map(|axis| size(*axis)).product();
            cells = cells
                .into_iter()
                .flat_map(|cell| (0..size(*axis)).map(move |value| cell + value * stride))
                .collect();
        }
        Ok(cells)
    }

    /// The lookups in each combination of a question's keys, in the order of its rows, with
    /// intervals that are this many times as long.
    ///
    /// # Errors
    /// Internal, when no question asks by one of the keys.
    pub(super) fn counts(&self, question: &Question, widened: f64) -> Result<Vec<Estimate>> {
        if question.by.is_empty() {
            return Ok(vec![self.day.total()]);
        }
        let axes: Vec<Axis> = question.by.iter().map(Axis::of).collect();
        let cells = self.day.counts(&self.level(&axes)?, widened)?;
        Ok(self.cells_in_order(&axes)?.into_iter().map(|cell| cells[cell]).collect())
    }

    /// The places of the tables that say something of a question's shapes: margins of its table, and
    /// tables that have all of its axes.
    pub(super) fn sources(&self, question: &Question) -> Vec<usize> {
        let is_of = |table: &NoisyTable| match &table.priced().table.role {
            Role::Shapes => true,
            Role::Sums { question: name } => *name == question.name,
            _ => false,
        };
        let Some(asked) = self.plan.asked.table(&question.name) else { return Vec::new() };
        let touches = |table: &NoisyTable| {
            let Ok(axes) = self.plan.asked.places(&table.priced().table.axes) else { return true };
            axes.iter().all(|axis| asked.axes.contains(axis))
                || asked.axes.iter().all(|axis| axes.contains(axis))
        };
        let tables = self.tables.iter().enumerate();
        let tables = tables.filter(|(_, table)| is_of(table) && touches(table));
        tables.map(|(place, _)| place).collect()
    }
}
