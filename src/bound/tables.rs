//! The tables of a plan, sorted by how they are bounded: those of shapes by class, since a
//! requester enters only those of its one or two classes.

use std::collections::HashMap;
use std::sync::Arc;

use super::row_sums::{Entered, LIGHT_CLASSES, RowSums};
use crate::plan::kinds::{Bounding, CLASSES, LightMultipliers, Needs, SHAPE_ONE, TableBound};
use crate::plan::{MeasuredTable, Plan};

/// The tables of a plan, by how they are bounded.
pub struct TableBounds<'a> {
    /// What must be known of rows.
    pub(super) needs: Needs,
    /// Tables that scale every requester into a ball, with their places in the plan.
    pub(super) balls: Vec<(usize, TableBound<'a>)>,
    /// The different vectors that a requester's rows make in tables of shapes.
    pub(super) vectors: Vec<TableBound<'a>>,
    /// The tables of shapes of each class.
    pub(super) classes: [Vec<ShapeTable>; CLASSES],
    /// Sums to which rows of requesters of few lookups are added, in place of the tables that such
    /// rows enter by themselves.
    pub(super) row_sums: Vec<RowSums>,
}

/// One table of one class of activity.
pub struct ShapeTable {
    /// Its place in the plan.
    pub table: usize,
    /// Which of the vectors it scales.
    pub vector: usize,
    /// The bound on what the class receives, in lattice steps.
    pub clip: u64,
    /// Fractional bits of what a row adds.
    pub bits: u32,
    /// What requesters of few lookups are multiplied by, in tables of counts of the first class.
    pub(super) light: Option<LightMultipliers>,
    /// The finer vector of an earlier table of the class that its own can be made from, and the
    /// coarser cell of each finer one; `None` if it is made from the rows.
    pub(super) finer: Option<(usize, Arc<[u32]>)>,
    /// Whether each row of a requester of few lookups adds its part by itself: in counts by public
    /// keys whose clip cuts nothing.
    pub adds_rows: bool,
    /// Whether such rows are added up by [`RowSums`] first.
    pub(super) is_summed: bool,
    /// Whether its one cell holds all rows of a requester, so that it receives the whole weight.
    pub holds_all: bool,
}

impl<'a> TableBounds<'a> {
    /// Tables that scale every requester into a ball, with their places in the plan.
    pub fn balls(&self) -> &[(usize, TableBound<'a>)] {
        &self.balls
    }

    /// The different vectors that a requester's rows make in tables of shapes.
    pub fn vectors(&self) -> &[TableBound<'a>] {
        &self.vectors
    }

    /// The tables of shapes of each class.
    pub const fn classes(&self) -> &[Vec<ShapeTable>; CLASSES] {
        &self.classes
    }

    /// Whether there are tables of shapes.
    pub const fn have_shapes(&self) -> bool {
        !self.vectors.is_empty()
    }

    /// The number of cells of each of the sums of rows, which stand behind the tables of the plan.
    pub fn row_sums(&self) -> impl Iterator<Item = u32> + '_ {
        self.row_sums.iter().map(RowSums::cells)
    }

    /// Spreads the sums of rows, in the order of [`Self::row_sums`], over the tables as (table, cell, steps).
    pub fn spread(&self, sums: &[Vec<i64>], add: &mut impl FnMut(usize, u32, i64)) {
        for (own, sums) in self.row_sums.iter().zip(sums) {
            own.spread(sums, &self.vectors, add);
        }
    }

    /// Sorts the tables of a plan by class.
    pub fn of(plan: &'a Plan) -> Self {
        let (needs, balls, vectors) = (Needs::Lookups, Vec::new(), Vec::new());
        let (classes, row_sums) = (Default::default(), Vec::new());
        let mut bounds = Self { needs, balls, vectors, classes, row_sums };
        // The table that each of the vectors was made for first.
        let mut made: Vec<&MeasuredTable> = Vec::new();
        for (place, (table, cells)) in plan.tables.iter().zip(&plan.cells).enumerate() {
            let (kind, places) = (table.contribution.kind(), plan.places(table));
            if kind.needs() == Needs::Prefixes {
                // It has no cells yet.
                continue;
            }
            let bound = TableBound { kind, cells, clip: table.clip, places };
            let Bounding::Shape { class, bits } = kind.bounding() else {
                bounds.needs = bounds.needs.max(kind.needs());
                bounds.balls.push((place, bound));
                continue;
            };
            let known = made.iter().position(|made| {
                let same_places = match (plan.places(made), places) {
                    (Some(left), Some(right)) => std::ptr::eq(left, right),
                    (left, right) => left.is_none() && right.is_none(),
                };
                let rows = |table: &MeasuredTable| table.contribution.in_first_class();
                same_places && made.axes == table.axes && rows(made) == rows(table)
            });
            let vector = known.unwrap_or_else(|| {
                made.push(table);
                bounds.vectors.push(bound);
                made.len() - 1
            });
            let one_cell = table.axes.is_empty() && kind.needs() == Needs::Atoms && bits == 0;
            let (clip, holds_all) =
                (table.clip.steps(), one_cell && table.clip.steps() >= SHAPE_ONE);
            if !holds_all {
                bounds.needs = bounds.needs.max(kind.needs());
            }
            if let Some(tables) = bounds.classes.get_mut(class) {
                let light = (class == 0 && bits == 0).then(|| LightMultipliers::of(clip));
                let counts = kind.needs() == Needs::Atoms && bits == 0;
                tables.push(ShapeTable {
                    table: place,
                    vector,
                    clip,
                    bits,
                    light,
                    finer: None,
                    adds_rows: counts && clip >= SHAPE_ONE && !holds_all,
                    is_summed: false,
                    holds_all,
                });
            }
        }
        bounds.find_finer();
        bounds.sum_rows(plan.tables.len());
        bounds
    }

    /// Makes sums of rows for tables that rows enter by themselves, behind the `first` tables of the plan.
    fn sum_rows(&mut self, first: usize) {
        let Self { classes, vectors, row_sums, .. } = self;
        let of_class = |(class, tables): (usize, &Vec<ShapeTable>)| {
            let entered = tables.iter().filter(|table| table.adds_rows);
            let entered = entered.map(|ShapeTable { table, vector, .. }| Entered {
                bits: vectors[*vector].cells.bits(),
                class,
                table: *table,
                vector: *vector,
            });
            entered.collect::<Vec<_>>()
        };
        let first_classes = classes.iter().enumerate().take(LIGHT_CLASSES);
        *row_sums = RowSums::of(first_classes.flat_map(of_class).collect(), first);
        for table in classes.iter_mut().flatten() {
            table.is_summed = row_sums.iter().any(|sums| sums.have(table.table));
        }
    }

    /// Puts the finest tables of each class first, and finds for each table of counts the smallest
    /// one before it from which its vector can be made.
    fn find_finer(&mut self) {
        let mut known: HashMap<(usize, usize), Option<Arc<[u32]>>> = HashMap::new();
        let vectors = &self.vectors;
        for tables in &mut self.classes {
            tables
                .sort_by_key(|table| std::cmp::Reverse(vectors[table.vector].cells.combinations()));
            let mut before: Vec<usize> = Vec::new();
            for table in tables {
                let counts =
                    |of: usize| vectors[of].kind.number().is_none() && vectors[of].places.is_none();
                if table.holds_all || !counts(table.vector) {
                    continue;
                }
                let own = table.vector;
                table.finer = before.iter().rev().find_map(|finer| {
                    let cells = || vectors[*finer].cells.onto(vectors[own].cells).map(Arc::from);
                    let cells = known.entry((*finer, own)).or_insert_with(cells);
                    Some((*finer, Arc::clone(cells.as_ref()?)))
                });
                before.push(own);
            }
        }
    }
}
