//! The axes of a day's levels, and where the cells of one level lie in another.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::levels::{Level, LevelAxis};
use super::places::Places;
use crate::plan::TableAxes;

/// The axes, with the places of cells once they were looked up.
pub(super) struct Geometry {
    /// The axes.
    pub(super) axes: Vec<LevelAxis>,
    known: RefCell<HashMap<(Level, Level), Rc<Places>>>,
}

impl Geometry {
    pub(super) fn new(axes: Vec<LevelAxis>) -> Self {
        Self { axes, known: RefCell::default() }
    }

    /// The level of a table: these axes at their full depth.
    pub(super) fn full(&self, table: &[usize]) -> Level {
        Level::full(&self.axes, table)
    }

    /// The level of a measured table.
    pub(super) fn of_table(&self, table: &TableAxes) -> Level {
        let full = self.full(&table.places);
        if table.in_blocks { full.with_numbers_in_blocks(&self.axes) } else { full }
    }

    /// How many cells a level has.
    pub(super) fn cells(&self, level: &Level) -> usize {
        level.cells(&self.axes)
    }

    /// For each cell of a level, in order, its cell in a coarser one.
    pub(super) fn places(&self, fine: &Level, coarse: &Level) -> Rc<Places> {
        let pair = (fine.clone(), coarse.clone());
        let mut known = self.known.borrow_mut();
        known.entry(pair).or_insert_with(|| fine.places(&self.axes, coarse).into()).clone()
    }

    /// The sums of a level's cells by those of a coarser one.
    pub(super) fn margin(&self, cells: &[f64], fine: &Level, coarse: &Level) -> Vec<f64> {
        self.places(fine, coarse).margin(cells, self.cells(coarse))
    }
}
